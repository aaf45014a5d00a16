"""How a rule reads a column, so that each answers alike whatever type a frame library gave the column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork import frames, names

DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
ZONE = r"(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?"
SHOWN = 80  # characters of a value that stand in a message; the issue's own value holds more


@dataclass(frozen=True)
class Column:
    """A column of a frame, a field within a struct column, or what the items of a list column hold there.

    NaN is read as null: pandas has no other null for numbers, and JSON no NaN.

    Attributes:
        name: as the rule calls it, such as ``qty``, ``address.city`` or ``items[].sku``.
        value: the values, NaN as null.
        dtype: their type.
        label: what messages call a cell: the name, with the position of a list's item in it.
    """

    name: str
    value: pl.Expr
    dtype: pl.DataType
    label: pl.Expr

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

    def instant(self) -> pl.Expr:
        """Return the values as instants in UTC, null where they read as none; a date is its midnight."""
        if isinstance(self.dtype, pl.Datetime):
            value = self.value.dt.convert_time_zone("UTC") if self.dtype.time_zone else self.value
            return value.dt.replace_time_zone(None).dt.cast_time_unit("us")
        if self.dtype == pl.Date:
            return self.value.cast(pl.Datetime("us"))
        return _read_instant(self.value) if self.is_text else pl.lit(None, dtype=pl.Datetime("us"))

    def shown(self) -> pl.Expr:
        """Return the values as an issue shows them: nested ones as JSON."""
        return self.text() if self.is_plain else frames.as_text(self.value)

    def quoted(self) -> pl.Expr:
        """Return the values as a message shows them: text in quotes, long values cut, null as ``null``."""
        shown = self.shown()
        cut = pl.when(shown.str.len_chars() > SHOWN).then(shown.str.slice(0, SHOWN) + "…").otherwise(shown)
        return (pl.format('"{}"', cut) if self.is_text else cut).fill_null("null")


def column_of(name: str, value: pl.Expr, dtype: pl.DataType, label: pl.Expr | None = None) -> Column:
    """Return a column, its values as all kinds of frames can hold them."""
    if dtype.is_float():
        value = value.fill_nan(None)
    elif isinstance(dtype, pl.Array):
        value, dtype = value.arr.to_list(), pl.List(dtype.inner)
    elif dtype in (pl.Null, pl.Categorical, pl.Enum):  # within a struct or list; the door changes only whole columns
        value, dtype = value.cast(pl.String), pl.String()
    return Column(name, value, dtype, pl.lit(name) if label is None else label)


def texts_of(values: Iterable[Any]) -> pl.Series:
    """Return the distinct texts under which ``Column.text`` shows these values; nulls are left out."""
    by_type: dict[type, list[Any]] = {}
    for value in values:
        by_type.setdefault(type(value), []).append(value)
    columns = [frames.enter([{"value": value} for value in alike]) for alike in by_type.values()]
    texts = [texts_in(column, "value") for column in columns] or [pl.Series("value", [], pl.String)]
    return pl.concat(texts).unique(maintain_order=True)


def texts_in(rows: pl.DataFrame, name: str) -> pl.Series:
    """Return the distinct texts of a frame's column; nulls are left out."""
    column = column_of(name, pl.col(name), rows.schema[name])
    return rows.select(column.text().alias("value"))["value"].drop_nulls().unique(maintain_order=True)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``, did you mean 'x'?`` where a known name is like ``name``, else nothing."""
    close = names.nearest(name, known)
    return f", did you mean {close!r}?" if close else ""


def _read_instant(text: pl.Expr) -> pl.Expr:
    """Read ISO 8601 dates and instants; one without an offset is taken as UTC."""
    whole = text.str.contains(f"^{DATE}(?:T{TIME}{ZONE})?$")
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    hours, minutes = (_digits(text, rf"T{at}") for at in ("([0-9]{2})", "[0-9]{2}:([0-9]{2})"))
    seconds = text.str.extract(r"T[0-9]{2}:[0-9]{2}:([0-9.]+)").cast(pl.Float64, strict=False).fill_null(0)
    ahead = pl.when(text.str.contains(r"T.*-")).then(-1).otherwise(1)
    offset = _digits(text, r"T.*[+-]([0-9]{2}):?[0-9]{2}$") * 60 + _digits(text, r"T.*[+-][0-9]{2}:?([0-9]{2})$")
    since = ((hours * 60 + minutes - ahead * offset) * 60_000_000) + (seconds * 1_000_000).round().cast(pl.Int64)
    return pl.when(whole).then(day + pl.duration(microseconds=since))


def _digits(text: pl.Expr, pattern: str) -> pl.Expr:
    return text.str.extract(pattern).cast(pl.Int64, strict=False).fill_null(0)
