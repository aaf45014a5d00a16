"""The rows of a frame, and below them the items of its list columns, one line an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import polars as pl

from fcwork import frames
from fcwork.validator.columns import Column, column_of, nearest

ITEM = "_fcwork_item"
PLACE = "_fcwork_place_"  # of an item in its list, from 0; one column for each list around it


class Level:
    """Lines that rules judge: the rows of a frame, or all items of one of its lists.

    Attributes:
        path: what leads to the items, such as ``items[]``; empty for the rows.
        lines: the rows, or a frame of items and their places.
        schema: of the lines.
        above: the level whose lines hold the lists; None for the rows.
        at: for each item, which line above holds it.
    """

    def __init__(self, path: str, lines: pl.DataFrame, above: Level | None = None, at: pl.Series | None = None) -> None:
        self.path, self.lines, self.schema, self.above = path, lines, lines.schema, above
        self.at = pl.Series([], dtype=pl.UInt32) if at is None else at

    @property
    def height(self) -> int:
        """How many lines there are."""
        return self.lines.height

    def none(self) -> pl.Series:
        """Return a mark for no line."""
        return pl.repeat(value=False, n=self.height, dtype=pl.Boolean, eager=True)

    def rows(self, marks: pl.Series) -> pl.Series:
        """Return which rows of the frame hold a marked line."""
        if self.above is None:
            return marks
        held = self.at.filter(marks).unique()
        return self.above.rows(self.above.none().scatter(held, True))  # noqa: FBT003 - polars' own signature

    def lift(self, marks: pl.Series, source: Level) -> pl.Series:
        """Return marks of the lines above, or of those above them, for the lines here."""
        if self.path == source.path or self.above is None:
            return marks
        return self.above.lift(marks, source).gather(self.at)

    def row_of(self, lines: pl.Series) -> pl.Series:
        """Return in which rows of the frame some lines stand."""
        return lines if self.above is None else self.above.row_of(self.at.gather(lines))

    def label(self, name: str) -> pl.Expr:
        """Return what messages call a cell here: ``items[].sku`` is ``items[2].sku`` in the third item."""
        first, *rest = name.split("[]", self.path.count("[]"))
        parts = [pl.lit(first)]
        for depth, part in enumerate(rest):
            parts += [pl.lit("["), pl.col(f"{PLACE}{depth}"), pl.lit(f"]{part}")]
        return pl.concat_str(parts) if rest else parts[0]


@dataclass(frozen=True)
class Located:
    """Where the cells stand that a rule's field means.

    Attributes:
        level: the lines that hold them.
        column: the cells; None where the frame has none.
        lacks: why it has none.
    """

    level: Level
    column: Column | None
    lacks: str = ""


class Levels:
    """A frame and the lists in it, taken apart where a rule asks for their items.

    Attributes:
        root: the rows.
        misfits: by name the columns that a path leads into and that are no list or no object, with which it should be.
    """

    def __init__(self, rows: pl.DataFrame) -> None:
        self.root = Level("", rows)
        self.misfits: dict[str, str] = {}
        self._below: dict[str, Level] = {}
        self._found: dict[str, Located] = {}

    def locate(self, name: str) -> Located:
        """Return where the cells stand that ``name`` means."""
        if name not in self._found:
            self._found[name] = self._locate(name)
        return self._found[name]

    def keep(self, column: Column) -> None:
        """Let a name mean a column of rows that no single column of the frame is."""
        self._found[column.name] = Located(self.root, column)

    def items(self, level: Level, column: Column) -> Level:
        """Return the level of a list column's items."""
        path = f"{column.name}[]"
        if path not in self._below:
            self._below[path] = _items(level, column, path)
        return self._below[path]

    def nothing(self, level: Level, column: Column) -> bool:
        """Say whether a column holds no value at all: its type says nothing then."""
        return bool(level.lines.select(column.value.is_null().all()).item())

    def _locate(self, name: str) -> Located:
        schema, steps = self.root.schema, name.replace("[]", ".[]").split(".")
        for length in range(len(steps), 0, -1):  # a column's own name may have dots in it
            head = _joined(steps[:length])
            if head in schema:
                place = Located(self.root, column_of(head, pl.col(head), schema[head]))
                for step in steps[length:]:
                    place = self._step(place, step) if place.column else place
                return place
        return Located(self.root, None, f"the frame has no column {name}{nearest(name, _names(self.root.lines))}")

    def _step(self, place: Located, step: str) -> Located:
        """Go from a column to its items, or to a field of its structs; what lies within nothing is nothing."""
        level, column = place.level, place.column
        if column is None:
            return place
        wanted: type[pl.DataType] = pl.List if step == "[]" else pl.Struct
        if not isinstance(column.dtype, wanted):
            if not self.nothing(level, column):
                self._found.setdefault(column.name, place)
                self.misfits[column.name] = "a list" if wanted is pl.List else "an object"
            column = _nothing(column.name, pl.List(pl.String) if wanted is pl.List else pl.Struct({step: pl.String}))
        return self._first_item(level, column) if wanted is pl.List else _field(level, column, step)

    def _first_item(self, level: Level, column: Column) -> Located:
        below, name = self.items(level, column), f"{column.name}[]"
        return Located(below, column_of(name, pl.col(ITEM), below.schema[ITEM], below.label(name)))


def _field(level: Level, column: Column, step: str) -> Located:
    name, known = f"{column.name}.{step}", pl.Schema(cast("pl.Struct", column.dtype).to_schema())
    if step not in known:
        return Located(level, None, f"the frame has no column {name}{nearest(step, known)}")
    return Located(level, column_of(name, column.value.struct.field(step), known[step], level.label(name)))


def _joined(steps: Sequence[str]) -> str:
    return ".".join(steps).replace(".[]", "[]")


def _nothing(name: str, dtype: pl.DataType) -> Column:
    return column_of(name, pl.repeat(None, pl.len(), dtype=dtype), dtype)


def _items(level: Level, column: Column, path: str) -> Level:
    lengths = column.value.list.len()
    places = [name for name in level.lines.columns if name.startswith(PLACE)]
    depth = path.count("[]") - 1
    taken = level.lines.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("at"),
        column.value.alias(ITEM),
        pl.int_ranges(0, lengths.fill_null(0)).alias(f"{PLACE}{depth}"),
        *(places if level.above else []),
    )
    held = taken[ITEM].list.len().fill_null(0) > 0
    taken = taken if held.all() else taken.filter(held)  # an empty list would make a line of its own
    lines = taken.explode(ITEM, f"{PLACE}{depth}")
    return Level(path, lines.drop("at"), level, lines["at"])


def _names(lines: pl.DataFrame) -> Sequence[str]:
    return [name for name in frames.without_identity(lines).columns if not name.startswith((ITEM, PLACE))]
