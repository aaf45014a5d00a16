"""Cells: one field of a plan against a scope, as expressions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import polars as pl

from fcwork.mapper import places
from fcwork.mapper.numbers import PRECISION
from fcwork.mapper.paths import Key, Path
from fcwork.mapper.places import NOWHERE, Place, Scope
from fcwork.mapper.plan import Field, Items, Part
from fcwork.mapper.resolvers import text

_SHORT_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
_IN_A_SHORT_FLOAT = (pl.Int8, pl.Int16, pl.UInt8, pl.UInt16)
_TEXTS = (pl.Categorical, pl.Enum)  # which only their library tells from texts
_LONGEST_INTEGER = 20  # digits, of 64 bits
_Values = TypeVar("_Values", pl.Expr, pl.Series)


@dataclass(frozen=True, eq=False)
class Cell:
    """A field, ready to be evaluated in one scope.

    Attributes:
        raw: what the source holds, for issues.
        given: what the first resolver is given, of type ``dtype``.
        void: whether there is no value before the resolvers.
        several: where one source leads to several items.
        there: where the objects around it are; None where there are none that could be missing.
        absent: no source is a place of the scope.
        beyond: the only source leads into what holds nothing.
        untyped: nothing is known of its type, and it is text for want of another.
    """

    field: Field
    raw: pl.Expr
    given: pl.Expr
    dtype: pl.DataType
    void: pl.Expr
    several: pl.Expr | None
    there: pl.Expr | None
    absent: bool
    beyond: bool
    untyped: bool


def cell(field: Field, scope: Scope) -> Cell:
    """Return the cell of ``field``."""
    inner, there = within(scope, field)
    whole = field.lenient and field.order == "fields"  # the SDK's first dialect leaves an element with attributes whole
    found = [_sound(place, whole=whole) for path in field.sources if (place := located(path, field, scope, inner))]
    if field.literal is None or _beats_literal(field, scope):
        place = _first_of(found, _mark(field))
    else:
        place = _constant(field.literal)
    raw, dtype = place.value, place.dtype
    given = raw
    if field.default is not None and field.order == "fields" and not field.needs_source:
        given, dtype = defaulted(given, dtype, field.default, mark=_mark(field))
    untyped = dtype == pl.Null
    if untyped:  # a type is needed: that of the default which may stand in later, else text
        dtype = pl.String() if field.default is None or field.default.dtype == pl.Null else field.default.dtype
        given = given.cast(dtype)
    absent = not found and field.literal is None and bool(field.sources)
    return Cell(field, raw, given, dtype, empty(given, dtype), place.several, there, absent, place.beyond, untyped)


def empty(values: _Values, dtype: pl.DataType) -> _Values:
    """Return which values are none: null or the empty text; blanks are a value."""
    return values.is_null() | (values == "") if dtype == pl.String else values.is_null()


def defaulted(
    value: pl.Expr, dtype: pl.DataType, default: pl.Series, *, blank: bool = True, mark: str = "."
) -> tuple[pl.Expr, pl.DataType]:
    """Return the value with its default; where no type holds both, both are text.

    Args:
        value: a column of type ``dtype``.
        dtype: its type.
        default: one item.
        blank: whether it stands in for an empty text too.
        mark: the decimal mark in which texts will be read.
    """
    stand_in, kind = _constant(default)[:2]
    if dtype == pl.Null:
        return stand_in, kind
    gone = empty(value, dtype) if blank else value.is_null()
    shared = shared_type(dtype, kind)
    if shared is None:
        told = default.alias("default").to_frame().select(_written(pl.col("default"), kind, mark)).item()
        return pl.when(gone).then(pl.lit(told)).otherwise(_written(value, dtype, mark)), pl.String()
    return pl.when(gone).then(stand_in.cast(shared)).otherwise(value.cast(shared)), shared


def shared_type(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    """Return the type that two types of values share without loss, or None."""
    if other in {one, pl.Null}:
        return one
    if one == pl.Null or (one in _SHORT_INTEGERS and other == pl.Int64):
        return other
    if one.is_float() and other.is_numeric():
        return one if other in _IN_A_SHORT_FLOAT else pl.Float64()
    if isinstance(one, pl.Decimal) and other.is_integer():
        return pl.Decimal(PRECISION, one.scale) if one.scale <= PRECISION - _LONGEST_INTEGER else None
    if isinstance(one, pl.List) and isinstance(other, pl.List):
        inner = shared_type(places.inner_of(one), places.inner_of(other))
        return None if inner is None else pl.List(inner)
    return None


def within(scope: Scope, entry: Field | Part | Items) -> tuple[Scope, pl.Expr | None]:
    """Return the scope of the innermost object around an entry, and where all those objects are."""
    there: list[pl.Expr] = []
    here = scope
    for path in entry.within:
        place = here.locate(path)
        if place is None and entry.whose == "record":
            place = scope.locate(path) or (scope.root or scope).locate(path)
        place = place or NOWHERE
        here = places.of_value(place, scope.root or scope, called=here.called)
        if isinstance(entry, Field) and entry.whose == "record" and path.text[:1] != "$":
            continue
        there.append(place.value.is_not_null() if place.dtype != pl.Null else pl.lit(value=False))
    return here, reduce(lambda one, other: one & other, there) if there else None


def listed(items: Items, scope: Scope) -> tuple[Place, pl.Expr | None]:
    """Return the place of a list, and where the objects around it are."""
    inner, there = within(scope, items)
    return located(items.source, items, scope, inner) or NOWHERE, there


def located(path: Path, entry: Field | Part | Items, scope: Scope, inner: Scope) -> Place | None:
    """Return the place of a source, where a lenient entry finds nothing in several items, as in the SDK."""
    place = _located(path, entry, scope, inner)
    if place is None or place.several is None or not entry.lenient:
        return place
    return place._replace(value=pl.when(~place.several.fill_null(value=False)).then(place.value))


def _located(path: Path, entry: Field | Part | Items, scope: Scope, inner: Scope) -> Place | None:
    """Return the innermost object's place, or in a mutation's ``fields`` the record's first."""
    if entry.whose == "item":
        return inner.locate(path)
    head = path.steps[0]
    if isinstance(head, Key) and head.name[:1] == "$":
        return inner.locate(path) or (scope.root or scope).locate(path)
    nearest = [inner, scope, scope.root or scope]
    own = bool(entry.within) and entry.within[-1].text[:1] == "$"
    found = next((place for one in (nearest if own else reversed(nearest)) if (place := one.locate(path))), None)
    if found is None and isinstance(head, Key) and head.name == scope.called and path.steps[1:]:
        return scope.locate(path.after(1))  # a list's own last name before a field of its items
    return found


def _beats_literal(field: Field, scope: Scope) -> bool:
    """Say whether the rows themselves hold what ``$context`` names, which goes before the context given."""
    path = next(iter(field.sources), None)
    return bool(path and path.text.startswith("$context.") and "$context" in scope.fields)


def _sound(place: Place, *, whole: bool) -> Place:
    place = place if whole else places.unwrapped(place)
    if place.dtype in _TEXTS:
        return place._replace(value=place.value.cast(pl.String), dtype=pl.String())
    return place._replace(value=place.value.fill_nan(None)) if place.dtype.is_float() else place


def _mark(field: Field) -> str:
    return field.steps[0].mark if field.steps else "."


def _written(value: pl.Expr, dtype: pl.DataType, mark: str) -> pl.Expr:
    """Return a column as text; numbers as they will be read, with the decimal mark that the mapping states."""
    written = text(value, dtype)
    has_decimals = dtype.is_float() or dtype.is_decimal()
    return written.str.replace(".", mark, literal=True) if has_decimals and mark != "." else written


def _first_of(places: list[Place], mark: str) -> Place:
    """Return, for each row, the first place with a value; of several types, all are text."""
    if len(places) < 2:  # noqa: PLR2004 - two make a choice
        return places[0] if places else NOWHERE
    kind: pl.DataType | None = places[0].dtype
    for place in places[1:]:
        kind = None if kind is None else shared_type(kind, place.dtype) or shared_type(place.dtype, kind)
    values = [_written(p.value, p.dtype, mark) if kind is None else p.value.cast(kind) for p in places]
    dtype = kind if kind is not None else pl.String()
    chosen = values[-1]
    for value in reversed(values[:-1]):
        chosen = pl.when(~empty(value, dtype)).then(value).otherwise(chosen)
    return Place(chosen, dtype, _several(places, values, dtype))


def _several(places: list[Place], values: list[pl.Expr], dtype: pl.DataType) -> pl.Expr | None:
    """Say where a place leads to several items and none before it has a value."""
    told = []
    for at, place in enumerate(places):
        if place.several is not None:
            told.append(reduce(lambda one, value: one & empty(value, dtype), values[:at], place.several))
    return reduce(lambda one, other: one | other, told) if told else None


def _constant(column: pl.Series) -> Place:
    return Place(pl.lit(column).get(0), column.dtype)
