"""Numbers: texts read exactly, in plain digits or in the format that the mapping states, never in a guessed one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import polars as pl

EXACT = 2**53 - 1  # past it, a float no longer holds every whole number
DIGITS = 15  # as many significant digits a float always keeps
SCALE = 9  # decimal places of an exact number, unless the mapping states another
PRECISION = 38
_SAMPLE = re.compile(r"1(?P<thousands>[^\d]?)234(?:(?P<decimal>[^\d])5+6?)?")
_SPACES = " \u00a0\u202f"  # which a thousands mark that is a space may be written as
FORMATS = '1,234.56, 1.234,56, "1 234,56", 1\'234.56, 1234,56 or 1,234'


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written.

    Attributes:
        thousands: the mark between groups of three digits; empty for none.
        decimal: the mark before the decimals.
    """

    thousands: str = ""
    decimal: str = "."

    @classmethod
    def of(cls, sample: str) -> NumberFormat:
        """Return the format of a sample such as ``1.234,56``.

        Raises:
            ValueError: it is no such sample.
        """
        found = _SAMPLE.fullmatch(sample)
        if not found or found["thousands"] == (found["decimal"] or "."):
            raise ValueError(f"a number format is a sample: {FORMATS}; not {sample!r}")
        return cls(found["thousands"], found["decimal"] or ("," if found["thousands"] == "." else "."))

    def plain(self, texts: pl.Expr) -> pl.Expr:
        """Return texts in this format as plain digits with a point; null where they are not in it."""
        if self == PLAIN:
            return texts
        digits: pl.Expr = pl.when(texts.str.contains(self._shape)).then(texts)
        if self.thousands:
            digits = digits.str.replace_all(self._marks, "")
        return digits.str.replace(self.decimal, ".", literal=True)

    @cached_property
    def _marks(self) -> str:
        return f"[{_SPACES}]" if self.thousands == " " else f"[{re.escape(self.thousands)}]"

    @cached_property
    def _shape(self) -> str:
        grouped = rf"[0-9]{{1,3}}(?:{self._marks}[0-9]{{3}})+|" if self.thousands else ""
        return rf"^[+-]?(?:{grouped}[0-9]+)(?:[{re.escape(self.decimal)}][0-9]+)?$"

    def __str__(self) -> str:
        return f"1{self.thousands}234{self.decimal}56"


PLAIN = NumberFormat()


def whole(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return a column as whole numbers of 64 bits; null where it holds another number, or none."""
    if dtype.is_float():
        value = pl.when((value == value.floor()) & (value.abs() <= EXACT)).then(value)
    elif dtype.is_decimal():
        value = pl.when(value.cast(pl.Int64, strict=False).cast(dtype, strict=False) == value).then(value)
    elif not (dtype.is_integer() or dtype == pl.String):
        value = pl.lit(None)
    return value.cast(pl.Int64, strict=False)


def floating(texts: pl.Expr) -> pl.Expr:
    """Return texts as floats; null where a float would not hold every digit, or where there is no finite number."""
    return texts.map_batches(_floats, return_dtype=pl.Float64)


def decimal(value: pl.Expr, dtype: pl.DataType, scale: int) -> pl.Expr:
    """Return numbers, or texts of numbers, as decimals; null where there are more decimals than ``scale``."""
    kind = pl.Decimal(PRECISION, scale)
    if dtype == pl.String:
        return value.map_batches(lambda texts: _decimals(texts, kind), return_dtype=kind)
    if dtype.is_float():
        return decimal(value.cast(pl.String), pl.String(), scale)
    return value.cast(kind, strict=False) if dtype.is_numeric() else pl.lit(None, dtype=kind)


def _floats(texts: pl.Series) -> pl.Series:
    read = texts.cast(pl.Float64, strict=False)
    long = (texts.str.len_bytes() > DIGITS) & read.is_finite()
    if long.any():
        lossy = pl.Series([not _is_held(text) for text in texts.filter(long)], dtype=pl.Boolean)
        read = read.scatter(long.arg_true().filter(lossy), None)
    return read.set(~read.is_finite(), None)


def _is_held(text: str) -> bool:
    """Say whether a float is written with the very digits of a text."""
    try:
        return Decimal(text) == Decimal(repr(float(text)))
    except (ArithmeticError, ValueError):
        return False


def _decimals(texts: pl.Series, kind: pl.Decimal) -> pl.Series:
    plain = texts.set(~texts.str.contains(r"^[+-]?[0-9]+(?:\.[0-9]*)?$|^[+-]?\.[0-9]+$"), None)
    digits = plain.str.replace(r"(\.[0-9]*?)0+$", "${1}").str.extract(r"\.([0-9]*)$").str.len_bytes().fill_null(0)
    return plain.set(digits > kind.scale, None).cast(kind, strict=False)
