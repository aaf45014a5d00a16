"""One kind of entity as columns, so that a quarter of a million rows are ready at once and cheap to filter."""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

LOOKED_UP = frozenset({"ref", "productRef", "locationRef"})
"""Columns that many rows are picked by; the others are scanned."""
_SELECTIONS = 32


class _Index:
    """Where each key of some columns stands, places in rising order; the columns are lists that only ever grow."""

    def __init__(self, columns: Sequence[list[Any]]) -> None:
        self._columns = columns
        self.places: defaultdict[Any, list[int]] = defaultdict(list)
        for at, key in enumerate(columns[0] if len(columns) == 1 else zip(*columns, strict=True)):
            for item in key if isinstance(key, list) else (key,):
                self.places[item].append(at)

    def append(self, at: int) -> None:
        for key in self._keys(at):
            self.places[key].append(at)

    def insert(self, at: int) -> None:
        for key in self._keys(at):
            insort(self.places[key], at)

    def remove(self, at: int) -> None:
        for key in self._keys(at):
            self.places[key].remove(at)

    def _keys(self, at: int) -> Iterable[Any]:
        if len(self._columns) > 1:
            return (tuple([column[at] for column in self._columns]),)
        key = self._columns[0][at]
        return key if isinstance(key, list) else (key,)


class Table:
    """Rows that are added and changed but never removed; a row is known by its place, counted from 0.

    A column holds a scalar, a list, a dict of embedded values, or the id of another entity. Rows need not have the
    same columns. An index is made when it is first asked for and kept from then on.

    Args:
        kind: the GraphQL type of the rows.
        first_id: the id of the row at place 0; the rest count up from it.
    """

    def __init__(self, kind: str, first_id: int) -> None:
        self.kind = kind
        self.first_id = first_id
        self._columns: dict[str, list[Any]] = {}
        self._count = 0
        self._indexes: dict[tuple[str, ...], _Index] = {}
        self._selections: dict[Hashable, Sequence[int]] = {}

    def __len__(self) -> int:
        return self._count

    def fill(self, columns: Mapping[str, list[Any]]) -> None:
        """Take whole columns of one length as the rows of a table that has none."""
        self._columns = dict(columns)
        self._count = len(next(iter(columns.values()), []))

    def extend(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add several rows."""
        for row in rows:
            self.add(row)

    def add(self, row: Mapping[str, Any]) -> int:
        """Add a row and return its place."""
        at = self._count
        for name in row:
            if name not in self._columns:
                self._columns[name] = [None] * at
        for name, column in self._columns.items():
            column.append(row.get(name))
        self._count = at + 1
        for index in self._indexes.values():
            index.append(at)
        self._selections.clear()
        return at

    def change(self, at: int, values: Mapping[str, Any]) -> None:
        """Give the row at place ``at`` other values."""
        touched = [index for names, index in self._indexes.items() if not values.keys().isdisjoint(names)]
        for index in touched:
            index.remove(at)
        for name, value in values.items():
            self.column(name)[at] = value
        for index in touched:
            index.insert(at)
        self._selections.clear()

    def column(self, name: str) -> list[Any]:
        """Return a column, by place; one that no row has is all None."""
        if name not in self._columns:
            self._columns[name] = [None] * self._count
        return self._columns[name]

    def row(self, at: int) -> dict[str, Any]:
        """Return the row at place ``at`` with its id and ``__typename``."""
        row = {name: column[at] for name, column in self._columns.items()}
        row["id"] = self.id_at(at)
        row["__typename"] = self.kind
        return row

    def id_at(self, at: int) -> str:
        """Return the id of the row at place ``at``."""
        return str(self.first_id + at)

    def place_of(self, entity_id: int) -> int | None:
        """Return the place of the row with this id, if there is one."""
        at = entity_id - self.first_id
        return at if 0 <= at < self._count else None

    def find(self, names: tuple[str, ...], key: Any) -> Sequence[int]:
        """Return the places whose columns ``names`` hold ``key``: a tuple for several columns, a bare value for one.

        A column of lists is found by each of its items.
        """
        if names not in self._indexes:
            self._indexes[names] = _Index([self.column(name) for name in names])
        return self._indexes[names].places.get(key, ())

    def among(self, name: str, wanted: Sequence[Any], places: Sequence[int]) -> Sequence[int]:
        """Return those of ``places`` whose column ``name`` holds one of ``wanted``; a range is every row."""
        if name in LOOKED_UP and isinstance(places, range):
            return sorted({at for value in wanted for at in self.find((name,), value)})
        values, column = frozenset(wanted), self.column(name)
        return [at for at in places if column[at] in values]

    def holding(self, name: str, value: Any, places: Sequence[int]) -> Sequence[int]:
        """Return those of ``places`` whose column ``name`` holds ``value``, or a list with it; a range is every row."""
        held = self.find((name,), value)
        if isinstance(places, range):
            return held
        members = frozenset(held)
        return [at for at in places if at in members]

    def selection(self, key: Hashable, select: Callable[[], Sequence[int]]) -> Sequence[int]:
        """Return ``select()``, remembered under ``key`` until a row is added or changed: pages share one selection."""
        if key not in self._selections:
            if len(self._selections) >= _SELECTIONS:
                self._selections.clear()
            self._selections[key] = select()
        return self._selections[key]
