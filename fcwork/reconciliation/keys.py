"""Keys of two frames made comparable: the same types, or a loud no, as "1" and 1 are different keys."""

from __future__ import annotations

import polars as pl

from fcwork.errors import ConfigError

Column = pl.Series


def alike(left: Column, right: Column, *, as_text: bool) -> tuple[Column, Column]:
    """Return a column of the key of both sides in one type.

    Args:
        left, right: as they came.
        as_text: compare whole numbers, dates and texts by their texts.

    Raises:
        ConfigError: they hold different types, or what no key is made of.
    """
    left, right = _plain(left, "left"), _plain(right, "right")
    if as_text:
        return left.cast(pl.String), right.cast(pl.String)
    if left.dtype.is_integer() and right.dtype.is_integer():
        return _whole_numbers(left, right)
    if left.dtype == right.dtype:
        return left, right
    if left.dtype.base_type() == right.dtype.base_type() == pl.Datetime and _zone(left) == _zone(right):
        return left.dt.cast_time_unit("ns"), right.dt.cast_time_unit("ns")
    if not left.len() or not right.len():  # an empty frame has no types
        return left.cast(pl.String), right.cast(pl.String)
    raise ConfigError(
        f"the key {left.name} holds {left.dtype} on the left and {right.dtype} in {right.name} on the right, so that "
        f"no row would meet another ({_first(left)!r} is not {_first(right)!r})",
        hint="make them alike, or give as_text=True to compare their texts",
    )


def nearly(column: pl.Expr) -> pl.Expr:
    """Return a key without what people and spreadsheets change by accident: blanks, case, zeros in front."""
    return column.str.strip_chars().str.to_lowercase().str.replace("^0+([0-9])", "${1}")


def _plain(column: Column, side: str) -> Column:
    """Return a column as what keys are made of; floats are whole numbers that met a null."""
    kind = column.dtype
    if kind.is_float():
        known = column.fill_nan(None)
        whole = known.cast(pl.Int64, strict=False)
        if (whole.cast(pl.Float64) == known).all():  # nulls are passed over
            return whole
    elif kind.is_nested() or kind in (pl.Binary, pl.Duration, pl.Object):
        pass
    elif kind.is_integer() and kind not in (pl.UInt64, pl.Int128):
        return column.cast(pl.Int64)
    else:
        return column
    raise ConfigError(
        f"the key {column.name} of the {side} holds {kind}", hint="a key is texts, whole numbers or dates"
    )


def _whole_numbers(left: Column, right: Column) -> tuple[Column, Column]:
    """Return whole numbers in the first type that holds all of both: no file has room for 128 bits."""
    for kind in (pl.Int64, pl.UInt64):
        ours, theirs = left.cast(kind, strict=False), right.cast(kind, strict=False)
        if (ours.null_count(), theirs.null_count()) == (left.null_count(), right.null_count()):
            return ours, theirs
    return left.cast(pl.String), right.cast(pl.String)


def _zone(column: Column) -> str | None:
    return getattr(column.dtype, "time_zone", None)


def _first(column: Column) -> object:
    return column.drop_nulls().first() if column.drop_nulls().len() else None
