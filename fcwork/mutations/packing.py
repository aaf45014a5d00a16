"""Requests for many rows: each row in exactly one, within the platform's size, values only as variables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mutations.mistakes import Mistake, told, unknown
from fcwork.mutations.operation import INPUT, Numbered, Operation

MAX_BYTES = 2_000_000  # docs.fluentcommerce.com: graphql-query-limits says 2 MB; decimal megabytes are assumed

_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY  # as the client writes values
_EMPTY_BODY = len(b'{"query":"","variables":{}}')
_TOLD = 20  # rows that one error names
_KEYS = ("ref", "id")  # SDK 0.1.56 tells a failed mutation by its input's ref, else its id


@dataclass(frozen=True, repr=False, eq=False)
class MutationRequest:
    """One request, ready to be posted.

    Attributes:
        mutation: what is called.
        document: the text.
        variables: the values, by variable.
        rows: the ``_row`` of each row in it.
        sources: the ``_source`` of each.
        aliases: the name under which each row's mutation is answered.
        used: the variables of each row.
        keys: the ref or id of each row's input, for messages; None where it has neither.
        size: the bytes of ``payload`` as JSON.
        too_large: a single row that is larger than a request may be: the platform will refuse it.
    """

    mutation: str
    document: str = field(repr=False)
    variables: dict[str, Any]
    rows: tuple[int, ...]
    sources: tuple[str, ...]
    aliases: tuple[str, ...]
    used: tuple[tuple[str, ...], ...]
    keys: tuple[str | None, ...]
    size: int
    too_large: bool = False

    @property
    def payload(self) -> dict[str, Any]:
        """What is posted to ``/graphql``."""
        return {"query": self.document, "variables": self.variables}

    @property
    def body(self) -> bytes:
        """``payload`` as JSON: instants in UTC, a decimal as a number."""
        return _json(self.payload)

    def __len__(self) -> int:
        return len(self.aliases)

    def __repr__(self) -> str:
        larger = ", larger than a request may be" if self.too_large else ""
        return f"MutationRequest({len(self)} x {self.mutation}, {self.size:,} bytes{larger})"


def requests(
    operation: Operation,
    variables: Sequence[Mapping[str, Any]],
    *,
    rows: pl.DataFrame | Sequence[int] | None = None,
    per_request: int = 1,
    max_bytes: int = MAX_BYTES,
    key: str = "",
) -> list[MutationRequest]:
    """Return the requests for many rows: all of them, in their order, each once.

    Args:
        operation: what is called for each row.
        variables: for each row the values of the operation's arguments, by name; a value is JSON-like.
        rows: where they came from: a frame with ``_row`` and ``_source``, or the numbers of the rows; else counted
            from 1.
        per_request: the most mutations in one request; with 1 the text is that of a single mutation, without an alias.
        max_bytes: the most bytes of a request's JSON. A row that alone needs more stands alone, marked ``too_large``.
        key: the field that names a row in messages, such as ``username``; else ``ref`` or ``id``.

    Raises:
        MappingError: a row's values name no argument, lack one that is required, or hold what JSON has no form for;
            or an argument's type is not known.
        ValueError: ``per_request`` is less than 1, or there are not as many rows as values.
    """
    if per_request < 1:
        raise ValueError(f"a request holds at least one mutation: per_request cannot be {per_request}")
    identity = _identity(rows, len(variables))
    _refuse_strangers(operation, variables, identity)
    weights = _weights(variables, identity)
    texts = _Texts(operation, numbered=per_request > 1)
    return [
        _request(
            texts.layout(end - start),
            variables[start:end],
            identity[start:end],
            key,
            size=size,
            too_large=size > max_bytes,
        )
        for start, end, size in _cuts(texts, weights, per_request=per_request, max_bytes=max_bytes)
    ]


class _Layout:
    """What all requests of one operation and as many mutations share.

    Args:
        operation: what is called.
        parts: its mutations.
        text: in which they stand; else that of the parts.
    """

    def __init__(self, operation: Operation, parts: Sequence[Numbered], *, text: str = "") -> None:
        self.mutation = operation.mutation
        self.text = text or operation.joined(parts)
        self.aliases = tuple(part.alias for part in parts)
        self.variables = tuple(part.variables for part in parts)
        self.used = tuple(tuple(names.values()) for names in self.variables)


class _Texts:
    """The texts of an operation by how many mutations they hold, each made once, and what each adds to a body.

    Args:
        operation: what is called.
        numbered: whether mutations have aliases; without them a text holds one.
    """

    def __init__(self, operation: Operation, *, numbered: bool) -> None:
        self.operation = operation
        self.shell = _EMPTY_BODY
        self._parts: list[Numbered] = []
        self._costs: list[int] = []
        self._layouts: dict[int, _Layout] = {}
        if numbered:
            self.shell += _inside(operation.joined([])) + len("()") * bool(operation.arguments)
        else:
            names = {item.name: item.name for item in operation.arguments}
            self._parts.append(Numbered(operation.mutation, names, suffix="", declared="", call=""))
            self._layouts[1] = _Layout(operation, self._parts, text=operation.document())
            self._costs.append(_inside(self._layouts[1].text))

    def cost(self, number: int, count: int) -> int:
        """Return the bytes that the ``number``-th mutation adds to a body, with ``count`` variables' suffixes."""
        self._extend(number)
        return self._costs[number - 1] + count * len(self._parts[number - 1].suffix)

    def layout(self, count: int) -> _Layout:
        """Return what all requests of ``count`` mutations share."""
        if count not in self._layouts:
            self._extend(count)
            self._layouts[count] = _Layout(self.operation, self._parts[:count])
        return self._layouts[count]

    def _extend(self, count: int) -> None:
        for number in range(len(self._parts) + 1, count + 1):
            part = self.operation.numbered(number)
            joint = len(r"\n") + len(", ") * bool(part.declared) if number > 1 else 0
            self._parts.append(part)
            self._costs.append(_inside(part.call) + _inside(part.declared) + joint)


def _cuts(
    texts: _Texts, weights: Sequence[tuple[int, int]], *, per_request: int, max_bytes: int
) -> Iterator[tuple[int, int, int]]:
    """Yield where each request begins and ends, and its bytes.

    Args:
        weights: for each row its bytes and how many variables it has; the commas between variables are counted here.
    """
    start, total, held = 0, texts.shell, 0
    for at, (size, count) in enumerate(weights):
        added = texts.cost(at - start + 1, count) + size
        full = at - start == per_request or total + added + _commas(held + count) > max_bytes
        if full and at > start:
            yield start, at, total + _commas(held)
            start, total, held = at, texts.shell, 0
            added = texts.cost(1, count) + size
        total, held = total + added, held + count
    if weights:
        yield start, len(weights), total + _commas(held)


def _commas(items: int) -> int:
    return max(items - 1, 0)


def _request(
    layout: _Layout, variables: Sequence[Mapping[str, Any]], identity: Sequence[tuple[int, str]], key: str, **size: Any
) -> MutationRequest:
    pairs = zip(layout.variables, variables, strict=True)
    return MutationRequest(
        layout.mutation,
        layout.text,
        {names[name]: value for names, values in pairs for name, value in values.items()},
        rows=tuple(row for row, _ in identity),
        sources=tuple(source for _, source in identity),
        aliases=layout.aliases,
        used=layout.used,
        keys=tuple(_key(values, key) for values in variables),
        **size,
    )


def _key(values: Mapping[str, Any], key: str) -> str | None:
    given = values.get(INPUT)
    held = given if isinstance(given, Mapping) else values
    found = (held.get(name) for name in ((key,) if key else _KEYS))
    return next((str(value) for value in found if value), None)


def _identity(rows: pl.DataFrame | Sequence[int] | None, count: int) -> list[tuple[int, str]]:
    if isinstance(rows, pl.DataFrame):
        identity = frames.with_identity(rows).select(frames.IDENTITY)
    else:
        numbers = range(1, count + 1) if rows is None else rows
        identity = frames.with_identity(pl.DataFrame({frames.ROW: numbers}, schema={frames.ROW: pl.Int64}))
    if identity.height != count:
        raise ValueError(f"{count:,} rows have values and {identity.height:,} have numbers: give one of each a row")
    return identity.rows()


def _refuse_strangers(
    operation: Operation, variables: Sequence[Mapping[str, Any]], identity: Sequence[tuple[int, str]]
) -> None:
    """Refuse values that no argument would carry, and rows that would make the platform refuse a whole request."""
    known = {item.name for item in operation.arguments}
    required = {item.name for item in operation.arguments if operation.type_of(item).endswith("!")}
    mistakes: list[Mistake] = []
    for at, values in enumerate(variables):
        if values.keys() <= known and all(values.get(name) is not None for name in required):
            continue
        row = f"row {identity[at][0]}"
        strange = (name for name in values if name not in known)
        mistakes += (unknown(row, f"{operation.mutation} is given no argument", str(name), known) for name in strange)
        missing = (item for item in operation.arguments if item.name in required and values.get(item.name) is None)
        mistakes += (Mistake(row, f"the argument {item.name!r} has no value and is required") for item in missing)
        if len(mistakes) >= _TOLD:
            break
    if mistakes:
        raise told(mistakes, f"what {operation.mutation} is given")


def _weights(variables: Sequence[Mapping[str, Any]], identity: Sequence[tuple[int, str]]) -> list[tuple[int, int]]:
    """Return for each row the bytes of its arguments' names and values as JSON, and how many they are."""
    weights: list[tuple[int, int]] = []
    try:
        for values in variables:
            size = sum(len(name) + len('"":') + len(_counted(value)) for name, value in values.items())
            weights.append((size, len(values)))
    except TypeError as error:
        row = identity[len(weights)][0]
        hint = "give texts, numbers, dates, lists, dicts"
        raise MappingError(f"row {row} cannot be written as JSON: {error}", hint=hint) from None
    return weights


def _counted(value: Any) -> bytes:
    """Return a value as JSON, refusing what would silently become null there."""
    text = _json(value)
    if b"null" in text and _is_no_number(value):
        raise TypeError("it holds a number that is infinite or none")
    return text


def _is_no_number(value: Any) -> bool:
    """Say whether there is, at any depth, a NaN or an infinite number."""
    if isinstance(value, Mapping):
        return any(map(_is_no_number, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_no_number, value))
    return isinstance(value, float | Decimal) and not math.isfinite(value)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return math.nan  # told as such
        return orjson.Fragment(frames.number_text(value))
    raise TypeError(type(value).__name__)


def _inside(text: str) -> int:
    """Return the bytes of a text inside a JSON text."""
    return len(orjson.dumps(text)) - len('""')
