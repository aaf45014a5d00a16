"""Rows as mutations: the body of a request with one aliased mutation a row, and back from a body to its rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
import polars as pl

from fcwork import frames, names
from fcwork.client.calls import encoded
from fcwork.client.packing import pack_lines
from fcwork.errors import ConfigError
from fcwork.mutations import INPUT, Numbered, Operation

KEYS = ("ref", "id", "username")
Values = Mapping[str, Any]
"""What one mutation is given, by argument."""
Call = tuple[Numbered, Values]

_DIGEST = 32  # hexadecimal digits
_INT_DIGITS = 18  # any number of so many digits has 64 bits


class MutationForm:
    """What an operation makes of rows.

    A row is the ``input`` of an operation that takes nothing else; otherwise, or where ``input`` is the frame's only
    column, its columns are the operation's arguments.

    Args:
        operation: what is called for each row.
        keys: the fields that may name a row, the first before the others.
        needs_key: whether rows without any of these fields are refused.
    """

    def __init__(self, operation: Operation, keys: Sequence[str], *, needs_key: bool = False) -> None:
        self._needs_key = needs_key
        self.operation = operation
        self._keys = tuple(keys)
        self._arguments = tuple(item.name for item in operation.arguments)
        self.numbered = lru_cache(maxsize=None)(operation.numbered)
        self._text = lru_cache(maxsize=64)(self._written)

    def check(self, rows: pl.DataFrame) -> None:
        """Refuse rows whose columns are no arguments, or that lack the key.

        Raises:
            ConfigError: so it is.
        """
        if self._needs_key and not self._has_key(rows):
            known = ", ".join(frames.without_identity(rows).columns)
            raise ConfigError(f"the rows have no key {', '.join(self._keys)}", hint=f"they have: {known}")
        if self.holds_inputs(rows):
            return
        taken = self._arguments
        strangers = [name for name in frames.without_identity(rows).columns if name not in taken]
        if strangers:
            name = strangers[0]
            raise ConfigError(
                f"{self.operation.mutation} is given no argument {name!r}{names.did_you_mean(name, taken)}",
                hint=f"each column is an argument, and it takes {', '.join(taken) or 'none'}",
            )

    def holds_inputs(self, rows: pl.DataFrame) -> bool:
        """Say whether a row is an ``input``, and not the arguments."""
        columns = frames.without_identity(rows).schema
        whole = list(columns) == [INPUT] and isinstance(columns[INPUT], pl.Struct)
        return self._arguments == (INPUT,) and not whole

    def body(self, rows: pl.DataFrame) -> bytes:
        """Return the body of a request with these rows: the same rows always give the same bytes."""
        given = self._packed(rows)
        pairs = [
            b'"%b":%b' % (self.numbered(number).variables[name].encode(), value)
            for number, values in enumerate(given, 1)
            for name, value in values.items()
        ]
        return _body(self._text(len(given)), b",".join(pairs))

    def values(self, rows: pl.DataFrame) -> Iterator[Values]:
        """Yield what each row's mutation is given, as ``values_in`` reads it out of their body."""
        for values in self._packed(rows):
            yield {name: _read(value) for name, value in values.items()}

    def values_in(self, body: bytes, rows: int) -> list[Values]:
        """Return what each mutation in a body is given, with all digits of its numbers."""
        variables = _read(body)["variables"]
        return [
            {name: variables[variable] for name, variable in part.variables.items() if variable in variables}
            for part in map(self.numbered, range(1, rows + 1))
        ]

    def ref(self, values: Values) -> str:
        """Return the text by which a row is told apart: its first key that is set, or else a digest of all it says."""
        held = values.get(INPUT)
        fields = held if isinstance(held, Mapping) else values
        found = (fields.get(name) for name in self._keys)
        key = next((value for value in found if _can_name(value)), None)
        if key is None:
            return hashlib.sha256(encoded(values, "a record")).hexdigest()[:_DIGEST]
        return key if isinstance(key, str) else encoded(key, "a key").decode()

    def _has_key(self, rows: pl.DataFrame) -> bool:
        held = rows.schema.get(INPUT)
        inside = {field.name for field in held.fields} if isinstance(held, pl.Struct) else set()
        return not inside.union(rows.columns).isdisjoint(self._keys)

    def _written(self, count: int) -> str:
        return self.operation.joined([self.numbered(number) for number in range(1, count + 1)])

    def _packed(self, rows: pl.DataFrame) -> list[dict[str, bytes]]:
        rows = frames.without_identity(rows)
        if self.holds_inputs(rows):
            return [{INPUT: line} for line in pack_lines(rows)]
        columns = {name: _cells(rows, name) for name in self._arguments if name in rows.columns}
        return [{name: cells[at] for name, cells in columns.items() if cells[at]} for at in range(rows.height)]


def body_of(operation: Operation, calls: Sequence[Call]) -> bytes:
    """Return the body of a request with these mutations, which may be of several operations."""
    variables = {part.variables[name]: value for part, values in calls for name, value in values.items()}
    text = operation.joined([part for part, _ in calls])
    return _body(text, encoded(variables, "a record").removeprefix(b"{").removesuffix(b"}"))


def _can_name(value: Any) -> bool:
    return value not in (None, "") and not isinstance(value, Mapping | list)


def _body(text: str, variables: bytes) -> bytes:
    return b'{"query":%b,"variables":{%b}}' % (orjson.dumps(text), variables)


def _cells(rows: pl.DataFrame, name: str) -> list[bytes]:
    """Return a column's values as JSON, empty for a null; an object without a value is still an argument."""
    nothing = b"{}" if isinstance(rows.schema[name], pl.Struct) else b""
    key = len(orjson.dumps(name)) + len("{:")
    return [nothing if line == b"{}" else line[key:-1] for line in pack_lines(rows.select(name))]


def _read(text: bytes) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=_whole)


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _INT_DIGITS else Decimal(text)
