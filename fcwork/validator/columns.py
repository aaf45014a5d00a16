"""How a rule reads a column, so that each answers alike whatever type a frame library gave the column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork import frames

SHOWN = 80  # characters of a value that stand in a message; the issue's own value holds more


@dataclass(frozen=True)
class Column:
    """A column of a frame, or a field within a struct column.

    NaN is read as null: pandas has no other null for numbers, and JSON no NaN.

    Attributes:
        name: as the rule calls it, such as ``qty`` or ``address.city``.
        value: the values, NaN as null.
        dtype: their type.
    """

    name: str
    value: pl.Expr
    dtype: pl.DataType

    @property
    def is_text(self) -> bool:
        """Whether the column holds text."""
        return self.dtype == pl.String

    @property
    def is_plain(self) -> bool:
        """Whether each cell is one value that can be shown as text."""
        return not self.dtype.is_nested() and self.dtype not in (pl.Binary, pl.Duration)

    def missing(self) -> pl.Expr:
        """Say which cells are null or hold nothing but white space."""
        absent = self.value.is_null()
        return absent | self.value.str.contains(r"^\s*$") if self.is_text else absent

    def text(self) -> pl.Expr:
        """Return the values as a person would write them: 5 and not 5.0, true, ISO dates; null for nested values."""
        if not self.is_plain:
            return pl.lit(None, dtype=pl.String)
        text = self.value.cast(pl.String)
        if self.dtype.is_float():
            whole = self.value.cast(pl.Int64, strict=False)
            return pl.when(whole == self.value).then(whole.cast(pl.String)).otherwise(text)
        if self.dtype.is_decimal():
            return text.str.replace(r"(\.\d*?)0+$", "${1}").str.strip_suffix(".")
        if isinstance(self.dtype, pl.Datetime):  # pandas and polars count in different units
            return self.value.dt.cast_time_unit("us").dt.to_string("iso:strict")
        return text

    def number(self) -> pl.Expr:
        """Return the values as finite numbers, null where they read as none; text is read as a float."""
        if self.is_text:
            read = self.value.cast(pl.Float64, strict=False)
            return pl.when(read.is_finite()).then(read)
        if self.dtype.is_float():
            return pl.when(self.value.is_finite()).then(self.value)
        return self.value if self.dtype.is_numeric() else pl.lit(None, dtype=pl.Float64)

    def shown(self) -> pl.Expr:
        """Return the values as an issue shows them: nested ones as JSON."""
        return self.text() if self.is_plain else frames.as_text(self.value)

    def quoted(self) -> pl.Expr:
        """Return the values as a message shows them: text in quotes, long values cut, null as ``null``."""
        shown = self.shown()
        cut = pl.when(shown.str.len_chars() > SHOWN).then(shown.str.slice(0, SHOWN) + "…").otherwise(shown)
        return (pl.format('"{}"', cut) if self.is_text else cut).fill_null("null")


def find(schema: pl.Schema, name: str) -> Column | None:
    """Return the column that ``name`` means: one of that name, else the field that its dots lead to."""
    if name in schema:
        return _column(name, pl.col(name), schema[name])
    head, *fields = name.split(".")
    if not fields or head not in schema:
        return None
    value, dtype = pl.col(head), schema[head]
    for field in fields:
        inner = pl.Schema(dtype.to_schema() if isinstance(dtype, pl.Struct) else {})
        if field not in inner:
            return None
        value, dtype = value.struct.field(field), inner[field]
    return _column(name, value, dtype)


def texts_of(values: Iterable[Any]) -> pl.Series:
    """Return the distinct texts under which ``Column.text`` shows these values; nulls are left out."""
    by_type: dict[type, list[Any]] = {}
    for value in values:
        by_type.setdefault(type(value), []).append(value)
    columns = [frames.enter([{"value": value} for value in alike]) for alike in by_type.values()]
    texts = [texts_in(column, "value") for column in columns] or [pl.Series("value", [], pl.String)]
    return pl.concat(texts).unique(maintain_order=True)


def texts_in(rows: pl.DataFrame, name: str) -> pl.Series:
    """Return the distinct texts of a column that ``find`` knows; nulls are left out."""
    column = find(rows.schema, name)
    if column is None:
        raise KeyError(name)
    return rows.select(column.text().alias("value"))["value"].drop_nulls().unique(maintain_order=True)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``, did you mean 'x'?`` where a known name is like ``name``, else nothing."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f", did you mean {by_lower[close[0]]!r}?" if close else ""


def _column(name: str, value: pl.Expr, dtype: pl.DataType) -> Column:
    return Column(name, value.fill_nan(None) if dtype.is_float() else value, dtype)
