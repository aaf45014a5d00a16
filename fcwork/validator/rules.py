"""The rules that judge a column cell by cell. Null passes each of them but ``Required``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import polars as pl

from fcwork.validator.columns import Column
from fcwork.validator.readings import FORMS, READINGS

LISTED = 5  # allowed values that a message names


@dataclass(frozen=True)
class FieldRule(ABC):
    """A rule on one field.

    Attributes:
        field: the column, or a path into it: ``address.city`` in a struct, ``items[].sku`` in each item of a list.
        name: what the rule is called in a rule file.
        code: what its issues are called.
        skippable: whether a frame that lacks the field is only warned of: its cells then count as null.
    """

    field: str
    name: ClassVar[str]
    code: ClassVar[str]
    skippable: ClassVar[bool] = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields it reads."""
        return (self.field,)

    @abstractmethod
    def passes(self, column: Column) -> pl.Expr:
        """Say which cells keep the rule; null where that cannot be told, which is no pass."""

    @abstractmethod
    def reason(self, column: Column) -> pl.Expr:
        """Return what is wrong with the cells that break the rule, to stand behind ``qty is -3, ``."""

    def fails(self, column: Column) -> pl.Expr:
        """Say which cells break the rule."""
        return column.value.is_not_null() & ~self.passes(column).fill_null(value=False)

    def holds(self, column: Column) -> pl.Expr:
        """Say which cells hold a value that keeps the rule: what a condition asks, to which null is no answer."""
        return column.value.is_not_null() & self.passes(column).fill_null(value=False)

    def message(self, column: Column) -> pl.Expr:
        """Return the whole message for the cells that break the rule."""
        return pl.format("{} is {}, {}", column.label, column.quoted(), self.reason(column))


@dataclass(frozen=True)
class Required(FieldRule):
    """The field holds a value: not null, not empty, not only white space."""

    name: ClassVar[str] = "required"
    code: ClassVar[str] = "check.required"

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells hold something."""
        return ~column.missing()

    def fails(self, column: Column) -> pl.Expr:
        """Say which cells hold nothing, null among them."""
        return column.missing()

    def reason(self, column: Column) -> pl.Expr:
        """Return whether a cell is null, empty or blank."""
        if not column.is_text:
            return pl.lit("missing")
        blank = pl.when(column.value == "").then(pl.lit("empty")).otherwise(pl.lit("blank"))
        return pl.when(column.value.is_null()).then(pl.lit("missing")).otherwise(blank)

    def message(self, column: Column) -> pl.Expr:
        """Return such as ``qty is missing, but required``."""
        return pl.format("{} is {}, but required", column.label, self.reason(column))


@dataclass(frozen=True)
class Blank(Required):
    """The field holds nothing; a condition only."""

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells hold nothing."""
        return column.missing()

    def holds(self, column: Column) -> pl.Expr:
        """Say which cells hold nothing, null among them."""
        return column.missing()


@dataclass(frozen=True)
class Typed(FieldRule):
    """The field's values are of a type, one of ``READINGS``, or text that reads as one."""

    kind: str
    name: ClassVar[str] = "types"
    code: ClassVar[str] = "check.type"

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells read as the type."""
        return READINGS[self.kind](column)

    def reason(self, column: Column) -> pl.Expr:
        """Name the type; for text that came as something else, that too."""
        came = "" if column.is_text or self.kind != "string" else f": the column holds {column.dtype}"
        return pl.lit(f"not {FORMS[self.kind]}{came}")


@dataclass(frozen=True)
class Enumerated(FieldRule):
    """The field is of the type enum: text that is one of a few names, letter by letter."""

    values: tuple[str, ...] = field(repr=False)
    name: ClassVar[str] = "types"
    code: ClassVar[str] = "check.type"

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells are one of the names."""
        return column.value.is_in(self.values) if column.is_text else pl.lit(value=False)

    def reason(self, column: Column) -> pl.Expr:
        """Name the first of the names."""
        came = "" if column.is_text else f": the column holds {column.dtype}"
        return pl.lit(f"not one of {_listed(self.values)}{came}")


@dataclass(frozen=True)
class Shaped(FieldRule):
    """The field is a list or an object; judged of a column that is not, so that each of its values breaks it."""

    shape: str
    name: ClassVar[str] = "types"
    code: ClassVar[str] = "check.type"

    def passes(self, column: Column) -> pl.Expr:
        """Say that no cell does."""
        return column.value.is_null()

    def reason(self, column: Column) -> pl.Expr:
        """Name what it should be, and the type of the column."""
        why = ", as where its values share no type" if column.is_text else ""
        return pl.lit(f"not {self.shape}: the column holds {column.dtype}{why}")


@dataclass(frozen=True)
class Pattern(FieldRule):
    """The field's text holds a match of a regular expression; anchors stand where the expression has them."""

    regex: str
    name: ClassVar[str] = "pattern"
    code: ClassVar[str] = "check.pattern"

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells match."""
        return column.text().str.contains(self.regex)

    def reason(self, column: Column) -> pl.Expr:
        """Name the expression."""
        return pl.lit(f"which does not match {self.regex}" if column.is_plain else "no single value to match")


@dataclass(frozen=True)
class Bounds(FieldRule):
    """A figure of each cell lies between two bounds, both allowed; None is no bound."""

    minimum: float | None
    maximum: float | None

    @abstractmethod
    def figure(self, column: Column) -> pl.Expr:
        """Return the figure that is bounded, null where a cell has none."""

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells lie within the bounds."""
        figure = self.figure(column)
        within = figure.is_not_null()
        if self.minimum is not None:
            within &= figure >= self.minimum
        return within if self.maximum is None else within & (figure <= self.maximum)


@dataclass(frozen=True)
class Range(Bounds):
    """The field's number, or text that reads as one, lies within bounds."""

    name: ClassVar[str] = "range"
    code: ClassVar[str] = "check.range"

    def figure(self, column: Column) -> pl.Expr:
        """Return the number."""
        return column.number()

    def reason(self, column: Column) -> pl.Expr:
        """Name the bound that was passed, or say that there is no number."""
        number, below, above = column.number(), f"below the minimum {self.minimum}", f"above the maximum {self.maximum}"
        bounds = (
            pl.lit(above)
            if self.minimum is None
            else pl.when(number < self.minimum).then(pl.lit(below)).otherwise(pl.lit(above))
        )
        return pl.when(number.is_null()).then(pl.lit("not a number, so its range cannot be judged")).otherwise(bounds)


@dataclass(frozen=True)
class Length(Bounds):
    """The field's text has a number of characters within bounds."""

    name: ClassVar[str] = "length"
    code: ClassVar[str] = "check.length"

    def figure(self, column: Column) -> pl.Expr:
        """Return the number of characters."""
        return column.text().str.len_chars()

    def reason(self, column: Column) -> pl.Expr:
        """Name the length and the bounds."""
        if not column.is_plain:
            return pl.lit("no single value to measure")
        bounds = " and ".join(
            f"{word} {bound}"
            for word, bound in (("at least", self.minimum), ("at most", self.maximum))
            if bound is not None
        )
        return pl.format(f"{{}} characters long: it takes {bounds}", self.figure(column))


@dataclass(frozen=True)
class OneOf(FieldRule):
    """The field's value is one of a few, compared as text: 5 is 5.0 and ``"5"``, but ``new`` is not ``NEW``."""

    values: pl.Series = field(repr=False)
    name: ClassVar[str] = "one_of"
    code: ClassVar[str] = "check.one_of"

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells are among the values."""
        return column.text().is_in(self.values.implode())

    def reason(self, column: Column) -> pl.Expr:
        """Name the first of the values."""
        if not column.is_plain:
            return pl.lit("no single value to look up")
        return pl.lit(f"not one of {_listed(self.values)}")


@dataclass(frozen=True)
class Reference(OneOf):
    """The field's value exists in another frame or list; a frame without the field cannot be judged."""

    name: ClassVar[str] = "reference"
    code: ClassVar[str] = "check.reference"
    skippable: ClassVar[bool] = False

    def reason(self, column: Column) -> pl.Expr:
        """Say how many values were looked through."""
        return pl.lit(
            f"not among the {len(self.values):,} known values" if column.is_plain else "no single value to look up"
        )


def _listed(values: Sequence[str] | pl.Series) -> str:
    more = f" and {len(values) - LISTED:,} more" if len(values) > LISTED else ""
    return f"{', '.join(values[:LISTED])}{more}"
