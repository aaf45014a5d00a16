"""Numbers: texts read exactly, in plain digits or in the format that the mapping states, never in a guessed one."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import polars as pl

from fcwork.mapper.javascript.values import SPACES

EXACT = 2**53 - 1  # past it, a float no longer holds every whole number
DIGITS = 15  # as many significant digits a float always keeps
SCALE = 9  # decimal places of an exact number, unless the mapping states another
PRECISION = 38
_SPACES, _QUOTES = " \u00a0\u2009\u202f", "'\u2019"  # a thousands mark that is one of these may be any of them
_SAMPLE = re.compile(rf"1(?P<thousands>[,._{_SPACES}{_QUOTES}]?)234(?:(?P<decimal>[.,])5+6?)?")
_EXPONENT = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,3}$"
_NORMAL = sys.float_info.min  # below it, a float holds fewer digits and at last none
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
        thousands = next((marks[0] for marks in (_SPACES, _QUOTES) if found["thousands"] in [*marks]), None)
        return cls(found["thousands"] if thousands is None else thousands, found["decimal"] or ".")

    def plain(self, texts: pl.Series) -> pl.Series:
        """Return texts in this format as plain digits with a point; null where they are not in it."""
        texts = texts.str.strip_chars(SPACES)
        if self == PLAIN:
            return texts
        digits = texts.set(~texts.str.contains(self._shape), None)
        if self.thousands:
            digits = digits.str.replace_all(self._marks, "")
        return digits.str.replace(self.decimal, ".", literal=True)

    @cached_property
    def _marks(self) -> str:
        alike = next((marks for marks in (_SPACES, _QUOTES) if self.thousands in [*marks]), re.escape(self.thousands))
        return f"[{alike}]"

    @cached_property
    def _shape(self) -> str:
        grouped = rf"[0-9]{{1,3}}(?:{self._marks}[0-9]{{3}})+|" if self.thousands else ""
        return rf"^[+-]?(?:{grouped}[0-9]+)(?:[{re.escape(self.decimal)}][0-9]+)?$"

    def __str__(self) -> str:
        return f"1{self.thousands}234{self.decimal}56"


PLAIN = NumberFormat()


def nothing(dtype: pl.DataType) -> pl.Expr:
    """Return null in every row, as a column and no literal, which would be of one row."""
    return pl.repeat(None, pl.len(), dtype=dtype)


def wholes(texts: pl.Expr, shape: NumberFormat) -> pl.Expr:
    """Return texts as whole numbers of 64 bits; null where they spell none."""
    return texts.map_batches(lambda given: _read(given, shape, pl.Int64()), return_dtype=pl.Int64)


def whole(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return numbers as whole ones of 64 bits; null where they are not whole, or no numbers."""
    if dtype.is_float():
        value = pl.when((value == value.floor()) & (value.abs() <= EXACT)).then(value)
    elif dtype.is_decimal():
        value = pl.when(value.cast(pl.Int64, strict=False).cast(dtype, strict=False) == value).then(value)
    elif not dtype.is_integer():
        value = nothing(pl.Int64())
    return value.cast(pl.Int64, strict=False)


def floats(texts: pl.Expr, shape: NumberFormat) -> pl.Expr:
    """Return texts as floats; null where a float would not hold every digit, or where there is no finite number."""
    return texts.map_batches(lambda given: _floats(given, shape), return_dtype=pl.Float64)


def decimal(value: pl.Expr, dtype: pl.DataType, kind: pl.Decimal, shape: NumberFormat) -> pl.Expr:
    """Return numbers, or texts of numbers, as decimals; null where there are more decimals than these have."""
    if dtype == pl.String:
        return value.map_batches(lambda texts: _decimals(texts, kind, shape), return_dtype=kind)
    if dtype.is_float():
        return decimal(value.cast(pl.String), pl.String(), kind, PLAIN)
    if not dtype.is_numeric():
        return nothing(kind)
    read = value.cast(kind, strict=False)
    return pl.when(read.cast(dtype, strict=False) == value).then(read) if dtype.is_decimal() else read


def _read(texts: pl.Series, shape: NumberFormat, dtype: pl.DataType) -> pl.Series:
    """Return texts as numbers; what blanks or marks keep from being one is looked at again without them."""
    if shape != PLAIN:
        return shape.plain(texts).cast(dtype, strict=False)
    read = texts.cast(dtype, strict=False)
    if read.null_count() == texts.null_count():
        return read
    failed = read.is_null() & texts.is_not_null()
    return read.scatter(failed.arg_true(), shape.plain(texts.filter(failed)).cast(dtype, strict=False))


def _floats(given: pl.Series, shape: NumberFormat) -> pl.Series:
    read = _read(given, shape, pl.Float64())
    long = given.str.len_bytes() > DIGITS
    if long.any():
        texts = shape.plain(given.filter(long))
        lossy = pl.Series([text is None or not _is_held(text) for text in texts], dtype=pl.Boolean)
        read = read.scatter(long.arg_true().filter(lossy), None)
    tiny = read.abs() < _NORMAL
    if tiny.any():  # 0, or what has become 0
        lost = given.filter(tiny).str.contains("^[^eE]*[1-9]")
        read = read.scatter(tiny.arg_true().filter(lost), None)
    return read.set(read.is_infinite() | read.is_nan(), None) if not read.is_finite().all() else read


def _is_held(text: str) -> bool:
    """Say whether a float is written with the very digits of a text."""
    try:
        return Decimal(text) == Decimal(repr(float(text)))
    except (ArithmeticError, ValueError):
        return False


def _decimals(texts: pl.Series, kind: pl.Decimal, shape: NumberFormat) -> pl.Series:
    """Return texts as decimals; what polars may have rounded, or could not read for its blanks, is looked at again."""
    if shape != PLAIN:
        texts = shape.plain(texts)
    read = texts.cast(kind, strict=False)
    unsure = texts.str.contains(rf"\.[0-9]{{{kind.scale + 1}}}|[eE]")
    if read.null_count() > texts.null_count():
        unsure |= read.is_null()
    return read.scatter(unsure.arg_true(), _exact(PLAIN.plain(texts.filter(unsure)), kind)) if unsure.any() else read


def _exact(texts: pl.Series, kind: pl.Decimal) -> pl.Series:
    """Return plain digits, with or without a power of ten, as decimals; null where there are more decimals than fit."""
    powers = texts.str.contains(_EXPONENT)
    if powers.any():
        texts = texts.scatter(powers.arg_true(), [f"{Decimal(text):f}" for text in texts.filter(powers)])
    plain = texts.set(~texts.str.contains(r"^[+-]?[0-9]+(?:\.[0-9]*)?$|^[+-]?\.[0-9]+$"), None)
    digits = plain.str.replace(r"(\.[0-9]*?)0+$", "${1}").str.extract(r"\.([0-9]*)$").str.len_bytes().fill_null(0)
    return plain.set(digits > kind.scale, None).cast(kind, strict=False)
