"""Cells: one field of a plan against the columns of one frame, as expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from fcwork.mapper.paths import NOWHERE, Place, locate
from fcwork.mapper.plan import Field
from fcwork.mapper.resolvers import SDK, text

_SHORT_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
_Values = TypeVar("_Values", pl.Expr, pl.Series)


@dataclass(frozen=True, eq=False)
class Cell:
    """A field, ready to be evaluated on one frame.

    Attributes:
        raw: what the source holds, for issues.
        value: the target's value; of a called resolver, what it is given.
        void: whether there is no value before the resolver, where a check needs to know.
        absent: the frame has no such column at all.
    """

    field: Field
    raw: pl.Expr
    value: pl.Expr
    void: pl.Expr | None
    absent: bool


def cell(field: Field, columns: Mapping[str, pl.DataType]) -> Cell:
    """Return the cell of ``field`` in a frame with ``columns``, in the order of the SDK.

    A column of type Null holds nothing in any row.
    """
    place = _origin(field, columns)
    raw, dtype = place or NOWHERE
    given = raw.fill_nan(None) if dtype.is_float() else raw
    if field.default is not None and not field.needs_source:
        given, dtype = _defaulted(given, dtype, field.default)
    if dtype == pl.Null:
        given, dtype = given.cast(pl.String), pl.String()
    sdk = SDK.get(field.resolver)
    value = sdk.read(given, dtype)[0] if sdk else given
    checked = field.needs_source or bool(sdk and sdk.expected)
    return Cell(field, raw, value, empty(given, dtype) if checked else None, absent=place is None)


def empty(values: _Values, dtype: pl.DataType) -> _Values:
    """Return which values are none: null or the empty text; blanks are a value."""
    return values.is_null() | (values == "") if dtype == pl.String else values.is_null()


def _origin(field: Field, columns: Mapping[str, pl.DataType]) -> Place | None:
    if field.literal is not None:
        return _constant(field.literal)
    return locate(field.source, columns) if field.source else NOWHERE


def _constant(column: pl.Series) -> Place:
    return Place(pl.lit(column).get(0), column.dtype)


def _defaulted(value: pl.Expr, dtype: pl.DataType, default: pl.Series) -> Place:
    """Return the value with its default; where no type holds both, both are text."""
    stand_in, kind = _constant(default)
    if dtype == pl.Null:
        return Place(stand_in, kind)
    shared = _shared(dtype, kind)
    if shared is None:
        filled = pl.when(empty(value, dtype)).then(text(stand_in, kind)).otherwise(text(value, dtype))
        return Place(filled, pl.String())
    filled = pl.when(empty(value, dtype)).then(stand_in.cast(shared)).otherwise(value.cast(shared))
    return Place(filled, shared)


def _shared(column: pl.DataType, default: pl.DataType) -> pl.DataType | None:
    """Return the type that holds a column and its default without loss, or None."""
    if column in _SHORT_INTEGERS and default == pl.Int64:
        return default
    if (column.is_float() and default.is_numeric()) or (column.is_decimal() and default.is_integer()):
        return column
    empty_list = isinstance(column, pl.List) and default == pl.List(pl.Null)
    return column if column == default or empty_list else None
