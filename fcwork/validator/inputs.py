"""The rules that a GraphQL input type makes for a frame whose rows are to be inputs of it.

The type and the frame's columns are gone through together, so a type that holds itself ends where the columns do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import polars as pl

from fcwork import frames
from fcwork.validator.clauses import Clause, Condition
from fcwork.validator.columns import Column, column_of, nearest
from fcwork.validator.levels import Levels, Located
from fcwork.validator.readings import READINGS
from fcwork.validator.rules import Enumerated, FieldRule, Required, Shaped

if TYPE_CHECKING:
    from graphql import GraphQLInputField, GraphQLInputObjectType, GraphQLInputType

INT_BITS = 32  # of GraphQL's Int


def _int(column: Column) -> pl.Expr:
    """Whole numbers of 32 bits; as floats too, since a frame with a null in it may have no others."""
    if not column.dtype.is_numeric():
        return pl.lit(value=False)
    bound = 2 ** (INT_BITS - 1)
    return READINGS["integer"](column) & column.value.is_between(-bound, bound - 1)


def _float(column: Column) -> pl.Expr:
    return READINGS["decimal"](column) if column.dtype.is_numeric() else pl.lit(value=False)


def _id(column: Column) -> pl.Expr:
    return pl.lit(value=True) if column.is_text else READINGS["integer"](column)


def _boolean(column: Column) -> pl.Expr:
    return pl.lit(column.dtype == pl.Boolean)


def _instant(column: Column) -> pl.Expr:
    """ISO 8601 dates and instants, as the platform reads them (assumed for those without an offset)."""
    return column.instant().is_not_null()


SCALARS: Final[dict[str, tuple[Callable[[Column], pl.Expr], str]]] = {
    "Int": (_int, "a whole number of 32 bits"),
    "Float": (_float, "a number"),
    "String": (READINGS["string"], "text"),
    "ID": (_id, "text or a whole number"),
    "Boolean": (_boolean, "true or false"),
    # The platform's own; a Json may be anything.
    "DateTime": (_instant, "an instant such as 2026-01-31T08:30:00Z"),
}
FREE = frozenset({"Json", "JSON"})


@dataclass(frozen=True)
class Given(Required):
    """The field is not null: GraphQL takes an empty text for a value."""

    graphql: str = ""

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells hold something."""
        return column.value.is_not_null()

    def fails(self, column: Column) -> pl.Expr:
        """Say which cells are null."""
        return column.value.is_null()

    def message(self, column: Column) -> pl.Expr:
        """Return such as ``ref is missing, but required: String!``."""
        return pl.format("{} is missing, but required: {}", column.label, pl.lit(self.graphql))


@dataclass(frozen=True)
class Scalar(FieldRule):
    """The field is of a scalar type of GraphQL: unlike in a rule file, text is no number."""

    kind: str
    name: ClassVar[str] = "types"
    code: ClassVar[str] = "check.type"

    def passes(self, column: Column) -> pl.Expr:
        """Say which cells are of the type."""
        return SCALARS[self.kind][0](column)

    def reason(self, column: Column) -> pl.Expr:
        """Name the type, and that of the column."""
        return pl.lit(f"not {SCALARS[self.kind][1]}: the column holds {column.dtype}")


@dataclass(frozen=True)
class Warned:
    """What is said of a frame's column as a whole."""

    field: str
    code: str
    message: str


@dataclass
class InputRules:
    """The rules for one frame.

    Attributes:
        levels: the frame.
        clauses: the rules, in the order of judging.
        warnings: columns that the type does not know, or whose type is not known here.
    """

    levels: Levels
    clauses: list[Clause] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)

    def take(self, kind: GraphQLInputObjectType) -> None:
        """Make the rules for rows that are inputs of a type."""
        names = frames.without_identity(self.levels.root.lines).columns
        self._object(kind, _tree(names, ""), "", None)

    def _object(
        self, kind: GraphQLInputObjectType, fields: dict[str, list[str]], prefix: str, there: Condition | None
    ) -> None:
        for name in fields:
            if name not in kind.fields:
                told = f"{prefix}{name} is no field of {kind.name}{nearest(name, kind.fields)}"
                self.warnings.append(Warned(f"{prefix}{name}", "check.unknown_field", told))
        for name, asked in kind.fields.items():
            self._field(f"{prefix}{name}", asked, fields.get(name), there)

    def _field(self, name: str, asked: GraphQLInputField, parts: list[str] | None, there: Condition | None) -> None:
        from graphql import GraphQLNonNull, is_required_input_field

        if parts:  # columns such as address.city, which together are an address
            self.levels.keep(_virtual(name, parts, self.levels))
        if is_required_input_field(asked):
            self._add(Given(name, str(asked.type)), there)
        bare = asked.type.of_type if isinstance(asked.type, GraphQLNonNull) else asked.type
        if parts is not None:
            self._value(name, bare, parts)

    def _value(self, name: str, kind: GraphQLInputType, parts: list[str]) -> None:
        from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull

        if isinstance(kind, GraphQLNonNull):
            self._add(Given(name, str(kind)))
            self._value(name, kind.of_type, parts)
        elif isinstance(kind, GraphQLList):
            self._list(name, kind.of_type, parts)
        elif isinstance(kind, GraphQLInputObjectType):
            self._input(name, kind, parts)
        else:
            self._leaf(name, kind)

    def _list(self, name: str, inner: GraphQLInputType, parts: list[str]) -> None:
        column = self._column(name)
        if isinstance(column.dtype, pl.List) and not parts:
            self._value(f"{name}[]", inner, [])
        else:
            self._add(Shaped(name, "a list"))

    def _input(self, name: str, kind: GraphQLInputObjectType, parts: list[str]) -> None:
        column = self._column(name)
        if parts:
            self._object(kind, _tree(parts, f"{name}."), f"{name}.", _there(name))
        elif isinstance(column.dtype, pl.Struct):
            inner: dict[str, list[str]] = {one.name: [] for one in column.dtype.fields}
            self._object(kind, inner, f"{name}.", _there(name))
        else:
            self._add(Shaped(name, "an object"))

    def _leaf(self, name: str, kind: Any) -> None:
        from graphql import GraphQLEnumType

        if isinstance(kind, GraphQLEnumType):
            self._add(Enumerated(name, tuple(kind.values)))
        elif kind.name in SCALARS:
            self._add(Scalar(name, kind.name))
        elif kind.name not in FREE:
            told = f"{name} is of the scalar {kind.name}, whose values are not known here: they were not judged"
            self.warnings.append(Warned(name, "check.unknown_scalar", told))

    def _column(self, name: str) -> Column:
        return cast("Column", self.levels.locate(name).column)

    def _add(self, rule: FieldRule, there: Condition | None = None) -> None:
        self.clauses.append(Clause(rule, only=there))


def _there(name: str) -> Condition:
    """Return the condition that an object is there: what it must have is asked of no other."""
    return Condition((Given(name),))


def _tree(names: list[str], prefix: str) -> dict[str, list[str]]:
    """Return fields by name, and for one that stands in several columns, those."""
    fields: dict[str, list[str]] = {}
    for name in names:
        head, dot, _ = name[len(prefix) :].partition(".")
        whole = f"{prefix}{head}" in names
        fields.setdefault(name[len(prefix) :] if whole and dot else head, [])
        if dot and not whole:
            fields[head].append(name)
    return fields


def _virtual(name: str, parts: list[str], levels: Levels) -> Column:
    held = [place.column.value.is_not_null() for place in _located(parts, levels) if place.column]
    return column_of(name, pl.when(pl.any_horizontal(held)).then(pl.lit(value=True)), pl.Boolean())


def _located(parts: list[str], levels: Levels) -> Iterator[Located]:
    return (levels.locate(part) for part in parts)
