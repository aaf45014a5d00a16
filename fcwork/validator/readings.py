"""The types that a rule file may name, and what reads as one.

A column has one type in every frame library, so a single bad cell may turn a column of numbers into text. Each type
therefore says what its values look like in a column of their own type and as text. Null reads as any type.
"""

from collections.abc import Callable
from typing import Final

import polars as pl

from fcwork.validator.columns import DATE, TIME, ZONE, Column


def _string(column: Column) -> pl.Expr:
    return pl.lit(column.is_text)


def _integer(column: Column) -> pl.Expr:
    """Whole numbers that fit 64 bits: digits with an optional sign, or a number without a fraction."""
    if not (column.is_text or column.dtype.is_numeric()):
        return pl.lit(value=False)
    whole = column.value.cast(pl.Int64, strict=False)
    return whole.is_not_null() if column.is_text or column.dtype.is_integer() else whole == column.value


def _decimal(column: Column) -> pl.Expr:
    """Finite numbers: no NaN, no infinity; as text with a point, not a comma, and no thousands marks."""
    return column.number().is_not_null()


def _boolean(column: Column) -> pl.Expr:
    """True and false; as text in any case."""
    return column.value.str.contains("^(?i:true|false)$") if column.is_text else pl.lit(column.dtype == pl.Boolean)


def _date(column: Column) -> pl.Expr:
    """Days of the calendar: dates, instants at midnight (pandas has no dates), or text as 2026-01-31."""
    if column.is_text:
        return column.value.str.contains(f"^{DATE}$") & _real_day(column)
    if isinstance(column.dtype, pl.Datetime):
        return column.value == column.value.dt.truncate("1d")
    return pl.lit(column.dtype == pl.Date)


def _timestamp(column: Column) -> pl.Expr:
    """Instants, with or without a zone; as text in ISO 8601 with a T, such as 2026-01-31T08:30:00Z."""
    if column.is_text:
        return column.value.str.contains(f"^{DATE}T{TIME}{ZONE}$") & _real_day(column)
    return pl.lit(isinstance(column.dtype, pl.Datetime))


def _real_day(column: Column) -> pl.Expr:
    return column.value.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).is_not_null()


READINGS: Final[dict[str, Callable[[Column], pl.Expr]]] = {
    "string": _string,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
FORMS: Final = {
    "string": "text",
    "integer": "a whole number",
    "decimal": "a number",
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "timestamp": "an instant such as 2026-01-31T08:30:00Z",
}
