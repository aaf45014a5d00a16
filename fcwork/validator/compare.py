"""Rules that compare two columns of a row."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import polars as pl

from fcwork.validator.columns import Column

OPERATORS: Final[dict[str, tuple[Callable[[Any, Any], Any], str]]] = {
    "==": (operator.eq, "equal to"),
    "!=": (operator.ne, "different from"),
    "<": (operator.lt, "below"),
    "<=": (operator.le, "at most"),
    ">": (operator.gt, "above"),
    ">=": (operator.ge, "at least"),
}
AS: Final[dict[str, Callable[[Column], pl.Expr]]] = {
    "number": Column.number,
    "instant": Column.instant,
    "text": Column.text,
}
# What a types rule says of text: 10 is above 9 as a number and below it as text.
KINDS: Final = {
    "integer": "number",
    "decimal": "number",
    "date": "instant",
    "timestamp": "instant",
    "string": "text",
    "boolean": "text",
}


@dataclass(frozen=True)
class Compare:
    """One field of a row is equal to another, above or below it; null on either side passes.

    Attributes:
        left, right: the fields.
        op: one of ``OPERATORS``.
        kind: ``number``, ``instant`` or ``text``; empty where the columns' own types say it.
    """

    left: str
    op: str
    right: str
    kind: str = ""
    name: ClassVar[str] = "compare"
    code: ClassVar[str] = "check.compare"
    skippable: ClassVar[bool] = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields it reads."""
        return (self.left, self.right)

    @property
    def field(self) -> str:
        """What issues name as the field."""
        return ", ".join(self.columns)

    def fails(self, left: Column, right: Column) -> pl.Expr:
        """Say which rows break the rule; what cannot be compared does."""
        there = left.value.is_not_null() & right.value.is_not_null()
        one, other = self._sides(left, right)
        kept: pl.Expr = OPERATORS[self.op][0](one, other)
        return there & ~kept.fill_null(value=False)

    def message(self, left: Column, right: Column) -> pl.Expr:
        """Return such as ``start is 5, but must be at most end, which is 3``."""
        one, other = self._sides(left, right)
        must = pl.lit(f"but must be {OPERATORS[self.op][1]}")
        wanted = pl.when(one.is_null() | other.is_null()).then(pl.lit("which cannot be compared with")).otherwise(must)
        return pl.format("{} is {}, {} {}, which is {}", left.label, left.quoted(), wanted, right.label, right.quoted())

    def _sides(self, left: Column, right: Column) -> tuple[pl.Expr, pl.Expr]:
        read = AS[self.kind or _kind(left, right)]
        return read(left), read(right)


def _kind(left: Column, right: Column) -> str:
    """Return as what two columns are compared by their types: a number or date on one side asks for one on both."""
    types = (left.dtype, right.dtype)
    if any(dtype.is_numeric() for dtype in types):
        return "number"
    return "instant" if any(dtype == pl.Date or isinstance(dtype, pl.Datetime) for dtype in types) else "text"
