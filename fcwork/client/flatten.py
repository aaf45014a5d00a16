"""Nodes as a frame: nested objects become columns such as ``catalogue.ref``, lists stay lists."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

import polars as pl

from fcwork import log
from fcwork.client.columns import Column
from fcwork.client.fitting import fitted, kinds_of, text_of

INSTANT = pl.Datetime("ms", "UTC")
_USUAL_FORM = "%Y-%m-%dT%H:%M:%S%.f%#z"
_OTHER_FORMS = ("%Y-%m-%dT%H:%M%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y%m%dT%H%M%S%.f%#z")
_LOCAL_FORMS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f")

_logger = log.get("client")

Values = list[Any]


class Flattener:
    """Makes frames of nodes, one row a node, with the columns that a query asks for, in its order.

    What the schema knows has the schema's type, whatever the nodes hold and however few they are:

    - ``DateTime`` is an instant in UTC, to the millisecond; one without an offset is taken as UTC (assumed).
    - ``Int`` is a whole number, wider than 64 bits where one needs it, and ``Float`` a float.
    - Money is text, so that no digit of it is lost: ``9.95`` as the platform wrote it, but for zeros at its end.
    - ``Json`` is text: a text as it is, anything else as JSON.
    - A list stays a list, of structs where it holds objects. A connection inside a node is the list of its nodes.

    Values that do not fit the schema's type are kept all the same: their column has the type that holds them, and a
    warning is logged. What the schema does not know has the type that holds its values; objects in it become a column
    for each name in them.

    Args:
        columns: of the query; see ``columns.columns``.
    """

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self.columns = columns
        self._told: set[str] = set()

    @property
    def schema(self) -> pl.Schema:
        """The types of a frame without rows; what the schema does not know is text there."""
        return self.frame([]).schema

    @property
    def unknown(self) -> tuple[str, ...]:
        """The columns that hold something the schema does not know, so that their type may differ between frames."""
        return tuple(dict.fromkeys(name for column in self.columns for name in _unknown(column, column.name)))

    def frame(self, nodes: list[dict[str, Any]]) -> pl.DataFrame:
        """Return nodes as a frame."""
        made = (
            series for column in self.columns for series in self._flat(column, column.name, _under(nodes, column.name))
        )
        return pl.DataFrame(list(made))

    def _flat(self, column: Column, name: str, values: Values) -> Iterator[pl.Series]:
        """Yield the columns of a field: those of an object are its fields'."""
        if column.kind == "unknown":
            yield from _guessed(column, name, values)
        elif column.kind == "object" and not column.lists and kinds_of(values) <= {dict}:
            for child in column.below:
                yield from self._flat(child, f"{name}.{child.name}", _under(values, child.name))
        else:
            yield self._series(column, name, values)

    def _series(self, column: Column, name: str, values: Values) -> pl.Series:
        """Return a field as one column, lists and structs in it."""
        try:
            return self._typed(column, name, values).alias(name)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
            self._warn(name, column, error)
        return _by_values(name, [_without_edges(value) for value in values])

    def _typed(self, column: Column, name: str, values: Values, *, lists: int | None = None) -> pl.Series:
        lists = column.lists if lists is None else lists
        if lists:
            return _listed(self._typed(column, name, _items(values), lists=lists - 1), values)
        if column.kind == "connection":
            held = [None if value is None else _nodes(value) for value in values]
            return _listed(self._struct(column, name, _items(held)), held)
        if column.kind == "unknown":
            return _by_values(name, [_without_edges(value) for value in values])
        if column.kind == "object":
            return self._struct(column, name, values)
        return _SCALARS[column.kind](values)

    def _struct(self, column: Column, name: str, values: Values) -> pl.Series:
        if not kinds_of(values) <= {dict}:
            raise TypeError("they are no objects")
        fields = [self._series(child, f"{name}.{child.name}", _under(values, child.name)) for child in column.below]
        named = [field.alias(child.name) for field, child in zip(fields, column.below, strict=True)]
        structs = pl.DataFrame(named).to_struct("")
        if None not in values:
            return structs
        known = pl.Series([value is not None for value in values], dtype=pl.Boolean)
        return pl.select(pl.when(known).then(structs)).to_series()

    def _warn(self, name: str, column: Column, error: Exception) -> None:
        if name not in self._told:
            self._told.add(name)
            _logger.warning("frame.unfitting", column=name, kind=column.kind, reason=str(error)[:200])


def by_values(nodes: list[dict[str, Any]]) -> Flattener:
    """Return what makes frames of nodes of which nothing is known but what they hold."""
    names = dict.fromkeys(name for node in nodes for name in node)
    return Flattener(tuple(Column(name, "unknown") for name in names))


def _under(values: Values, name: str) -> Values:
    return [None if value is None else value.get(name) for value in values]


def _items(values: Values) -> Values:
    """Return what lists hold, one after the other."""
    if not kinds_of(values) <= {list}:
        raise TypeError("they are no lists")
    return list(chain.from_iterable(filter(None, values)))


def _nodes(connection: Any) -> Values:
    edges = connection.get("edges") if isinstance(connection, dict) else None
    if not isinstance(edges, list):
        raise TypeError("they are no connections")
    return [edge.get("node") for edge in edges if edge]


def _listed(items: pl.Series, lists: Values) -> pl.Series:
    """Return a column of lists: ``items`` in pieces as long as each of ``lists``."""
    at = pl.Series("at", [place for place, held in enumerate(lists) if held for _ in held], dtype=pl.UInt32)
    filled = pl.DataFrame([at, items.alias("items")]).group_by("at", maintain_order=True).agg("items")
    places = pl.DataFrame(
        [
            pl.Series("at", range(len(lists)), dtype=pl.UInt32),
            pl.Series("known", [held is not None for held in lists], dtype=pl.Boolean),
        ]
    )
    rows = places.join(filled, on="at", how="left", maintain_order="left")
    empty = pl.lit(pl.Series([[]], dtype=pl.List(items.dtype)))
    return rows.select(pl.when("known").then(pl.col("items").fill_null(empty))).to_series()


def _texts(values: Values) -> pl.Series:
    try:
        return pl.Series(values, dtype=pl.String)
    except TypeError:
        return pl.Series([_text(value) for value in values], dtype=pl.String)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else text_of(value)


def _wholes(values: Values) -> pl.Series:
    _check(values, {int}, "whole numbers")
    try:
        return pl.Series(values, dtype=pl.Int64)
    except TypeError:
        return pl.Series(values, dtype=pl.Int128)


def _numbers(values: Values) -> pl.Series:
    _check(values, {int, float}, "numbers")
    return pl.Series(values, dtype=pl.Float64)


def _truths(values: Values) -> pl.Series:
    _check(values, {bool}, "truths")
    return pl.Series(values, dtype=pl.Boolean)


def _moneys(values: Values) -> pl.Series:
    return pl.Series([_money(value) for value in values], dtype=pl.String)


def _money(value: Any) -> str | None:
    """Return an amount as the platform wrote it, never with an exponent."""
    if not isinstance(value, float):
        return _text(value)
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def _instants(values: Values) -> pl.Series:
    _check(values, {str}, "texts")
    texts = pl.Series(values, dtype=pl.String)
    read = _read(texts, _USUAL_FORM)
    for form in _OTHER_FORMS:
        if read.null_count() == texts.null_count():
            return read
        read = read.fill_null(_read(texts, form))
    for form in _LOCAL_FORMS:
        read = read.fill_null(texts.str.to_datetime(form, time_unit="ms", strict=False).dt.replace_time_zone("UTC"))
    read = read.fill_null(
        texts.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    )
    if read.null_count() > texts.null_count():
        wrong = texts.filter(read.is_null() & texts.is_not_null())[0]
        raise ValueError(f"{wrong[:40]!r} is no ISO 8601 instant")
    return read


def _read(texts: pl.Series, form: str) -> pl.Series:
    return texts.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False)


_SCALARS = {
    "text": _texts,
    "whole": _wholes,
    "number": _numbers,
    "money": _moneys,
    "truth": _truths,
    "instant": _instants,
    "free": _texts,
}


def _check(values: Values, kinds: set[type], what: str) -> None:
    if not kinds_of(values) <= kinds:
        raise TypeError(f"they are no {what}")


def _unknown(column: Column, name: str) -> Iterator[str]:
    """Yield the columns of a field in which something is unknown."""
    if column.kind == "object" and not column.lists:
        for child in column.below:
            yield from _unknown(child, f"{name}.{child.name}")
    elif column.kind == "unknown":
        yield name
    else:
        yield from (name for child in column.below for _ in _unknown(child, name))


def _guessed(column: Column, name: str, values: Values) -> Iterator[pl.Series]:
    """Yield the columns of a field that the schema does not know, by what it holds."""
    kinds, below = kinds_of(values), column.below
    if kinds == {dict} and not below:
        values, below = _opened(values)
        kinds = kinds_of(values)
    if below and kinds <= {dict}:
        for child in below:
            yield from _guessed(child, f"{name}.{child.name}", _under(values, child.name))
    else:
        yield _by_values(name, [_without_edges(value) for value in values])


def _opened(values: Values) -> tuple[Values, tuple[Column, ...]]:
    """Return connections as lists of their nodes; or free-form objects as they are, with the names in them."""
    if all(value is None or isinstance(value.get("edges"), list) for value in values):
        return [_without_edges(value) for value in values], ()
    names = dict.fromkeys(name for value in values if value for name in value)
    if any("." in name for name in names):
        return values, ()  # as columns they might go by the name of another
    return values, tuple(Column(name, "unknown") for name in names)


def _without_edges(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_edges(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("edges"), list):
        return [_without_edges(edge.get("node")) for edge in value["edges"] if edge]
    return {name: _without_edges(item) for name, item in value.items()}


def _by_values(name: str, values: Values) -> pl.Series:
    held, dtype = fitted(values)
    return pl.Series(name, held, dtype=dtype)
