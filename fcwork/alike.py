"""Values that are alike already, as columns, without a look at each of them in Python.

What most files hold is records with the same names, and at each name values of one kind. Such values go from list to
column as they are, and come out as ``shapes.alike`` and pyarrow would have them. Of anything else nothing is made here:
whoever asks goes the slow way, which knows what to do with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

LEVELS = 32  # of nesting; more is unusual
NOTHING = type(None)
_KINDS: dict[frozenset[type], Any] = {
    frozenset(): pl.Null,
    frozenset({str}): pl.String,
    frozenset({bool}): pl.Boolean,
    frozenset({int}): pl.Int64,
    frozenset({float}): pl.Float64,
    frozenset({int, float}): pl.Float64,
}
_NUMBERS = frozenset({int, float})
_FLOAT_INTS = 2**53  # from here on floats pass over whole numbers
_EMPTY: Mapping[str, Any] = {}


class UnlikeError(Exception):
    """The values are not alike, or more than there is room for."""


@dataclass
class Room:
    """How much may be made: a place in the records has as many columns as names, and a cell for each in each object."""

    columns: float = float("inf")
    cells: float = float("inf")

    def take(self, names: int, objects: int) -> None:
        """Take the room that objects need.

        Raises:
            UnlikeError: there is not enough.
        """
        self.columns -= names
        self.cells -= names * objects
        if self.columns < 0 or self.cells < 0:
            raise UnlikeError


def frame(records: Sequence[dict[str, Any]], room: Room) -> pl.DataFrame | None:
    """Return records as a frame, None where they are not alike.

    Args:
        records: of what JSON has: texts, numbers, truths, None, lists and dicts.
        room: how much may be made; what was is taken from it.
    """
    try:
        fields = _fields(records, room)
        return pl.DataFrame([_top(name, values, room) for name, values in fields])
    except (UnlikeError, pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        return None


def column(name: str, values: Sequence[Any]) -> pl.Series | None:
    """Return the values of one column as a series, None where they are not alike."""
    try:
        return _top(name, values, Room())
    except (UnlikeError, pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        return None


def _top(name: str, values: Sequence[Any], room: Room) -> pl.Series:
    made = _column(values, room, LEVELS)
    made = made if isinstance(made, pl.Series) else pl.Series(pl.from_arrow(made))
    return (made.cast(pl.String) if made.dtype == pl.Null else made).alias(name)


def _column(values: Sequence[Any], room: Room, levels: int) -> pl.Series | pa.Array:
    """Return values as a column: scalars as polars makes it, as it is faster, nested ones as pyarrow does."""
    kinds = frozenset(map(type, values))
    some = kinds - {NOTHING}
    if some in _KINDS:
        return _scalars(values, some)
    if not levels or len(some) > 1:
        raise UnlikeError
    if list in some:
        return _lists(values, room, levels, gaps=len(kinds) > 1)
    if dict in some:
        return _objects(values, room, levels, gaps=len(kinds) > 1)
    raise UnlikeError


def _scalars(values: Sequence[Any], kinds: frozenset[type]) -> pl.Series:
    if kinds == _NUMBERS:
        whole = [value for value in values if type(value) is int]
        if max(whole) >= _FLOAT_INTS or min(whole) <= -_FLOAT_INTS:
            raise UnlikeError
        values = [None if value is None else float(value) for value in values]
    made = pl.Series(values, dtype=_KINDS[kinds], strict=True)
    if float in kinds and made.is_nan().any():  # which means nothing
        raise UnlikeError
    return made


def _lists(values: Sequence[Any], room: Room, levels: int, *, gaps: bool) -> pa.Array:
    import pyarrow as pa

    lists = [() if value is None else value for value in values] if gaps else values
    ends = pl.Series([*accumulate(map(len, lists), initial=0)], dtype=pl.Int64).to_arrow()
    items = _arrow(_column([*chain.from_iterable(lists)], room, levels - 1))
    return pa.LargeListArray.from_arrays(ends, items, mask=_missing(values) if gaps else None)


def _objects(values: Sequence[Any], room: Room, levels: int, *, gaps: bool) -> pa.Array:
    import pyarrow as pa

    fields = _fields(values, room, gaps=gaps)
    parts = {name: _arrow(_column(held, room, levels - 1)) for name, held in fields}
    return pa.StructArray.from_arrays([*parts.values()], names=[*parts], mask=_missing(values) if gaps else None)


def _fields(objects: Sequence[Any], room: Room, *, gaps: bool = False) -> Iterator[tuple[str, list[Any]]]:
    """Return what objects hold, name by name in the order in which they first come.

    Raises:
        UnlikeError: there are no names, names that are no texts, or more than there is room for.
    """
    held = [value for value in objects if value is not None] if gaps else objects
    same, names = _names(held)
    room.take(len(names), len(held))
    if set(map(type, names)) != {str}:
        raise UnlikeError
    if same and not gaps:
        return ((name, [*map(itemgetter(name), held)]) for name in names)
    filled = [_EMPTY if value is None else value for value in objects] if gaps else objects
    return ((name, [value.get(name) for value in filled]) for name in names)


def _names(held: Sequence[Any]) -> tuple[bool, list[Any]]:
    """Say whether all objects have the same names, and return those that any has."""
    names = [*held[0]] if held else []
    if set(map(len, held)) == {len(names)} and set().union(*held) == set(names):
        return True, names
    return False, [*dict.fromkeys(chain.from_iterable(held))]


def _arrow(made: pl.Series | pa.Array) -> pa.Array:
    return made.to_arrow() if isinstance(made, pl.Series) else made


def _missing(values: Sequence[Any]) -> pa.Array:
    return pl.Series([value is None for value in values], dtype=pl.Boolean).to_arrow()
