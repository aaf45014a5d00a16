"""Parsed records as rows: fast where they are alike, and where they are not, as ``frames`` makes them alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from fcwork import alike, frames
from fcwork.sources.pieces import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_DEPTH,
    OURS,
    BadLine,
    Piece,
    bad_lines,
    check_cells,
    check_width,
    note_ours,
    too_deep,
    uncollected,
)

RUN_BYTES = 1_000_000  # of a text that are made values at once: the processor's caches hold what these take
_NESTED = (dict, list)


@dataclass(frozen=True)
class Run:
    """Some parsed items, their numbers in the file, and the lines between them that could not be parsed."""

    numbers: Sequence[int]
    items: Sequence[Any]
    bad: list[BadLine] = field(default_factory=list)

    def objects(self, format: str) -> Run:  # noqa: A002 - the public name
        """Return the items that are objects, the others as bad lines."""
        if not set(map(type, self.items)) - {dict}:
            return self
        what = "line" if format == "jsonl" else "item"
        numbered = list(zip(self.numbers, self.items, strict=True))
        strangers = [(number, item) for number, item in numbered if not isinstance(item, dict)]
        bad = [bad_line(number, f"{what} {number} is no object", orjson.dumps(item)) for number, item in strangers]
        kept = [(number, item) for number, item in numbered if isinstance(item, dict)]
        return Run([number for number, _ in kept], [item for _, item in kept], self.bad + bad)


@uncollected()
def piece(run: Run, uri: str, format: str) -> Piece:  # noqa: A002 - the public name
    """Return items as rows, and those that are no objects as bad lines.

    Raises:
        SourceError: they are too wide, too deep or too scattered for a frame.
    """
    run = run.objects(format)
    made = alike.frame(run.items, alike.Room(MAX_COLUMNS, MAX_CELLS))
    if made is None:
        _check_shape(run.items, uri, format)
        made = frames.enter(run.items)
    return _piece(made, [run.numbers], run.bad, uri)


@uncollected()
def alike_piece(runs: Iterable[Run], uri: str, format: str) -> Piece | None:  # noqa: A002 - the public name
    """Return runs of items as one piece, with the rows that all items at once would give, or None where that is unsure.

    Only one run of items is held at a time. Where each has the same columns of the same types, all have.
    """
    made: list[pl.DataFrame] = []
    numbers: list[Sequence[int]] = []
    bad: list[BadLine] = []
    room = alike.Room(MAX_COLUMNS, MAX_CELLS)
    for each in runs:
        run = each.objects(format)
        bad += run.bad
        if not run.items:
            continue
        room.columns = MAX_COLUMNS
        part = alike.frame(run.items, room)
        if part is None or (made and part.schema != made[0].schema):
            return None
        made.append(part)
        numbers.append(run.numbers)
    return _piece(pl.concat(made), numbers, bad, uri) if made else None


def _piece(rows: pl.DataFrame, numbers: Sequence[Sequence[int]], bad: list[BadLine], uri: str) -> Piece:
    note_ours(rows.columns, uri)
    told = pl.concat([pl.Series(frames.ROW, each, dtype=pl.Int64) for each in numbers])
    return Piece(rows.drop(OURS, strict=False).with_columns(told), bad_lines(bad).sort("row"))


def bad_line(number: int, message: str, text: bytes) -> BadLine:
    """Return a line or item that is no row."""
    return number, "read.json", message, text.strip().decode(errors="replace"), []


def _check_shape(records: Sequence[dict[str, Any]], uri: str, format: str) -> None:  # noqa: A002 - the public name
    """Refuse records that are too wide, too deep or too scattered for a frame.

    At each place in them, every object gets all the names that any has there.
    """
    width, cells, level = 0, 0, [list[Any](records)]
    for _ in range(MAX_DEPTH + 1):
        inside = []
        for values in level:
            objects = [value for value in values if type(value) is dict]
            names, nested = _within(objects)
            width += len(names)
            cells += len(names) * len(objects)
            check_width(width, uri=uri, format=format)
            check_cells(cells, uri=uri, format=format)
            inside += nested
            inside.append([item for value in values if type(value) is list for item in value if type(item) in _NESTED])
        level = [values for values in inside if values]
        if not level:
            return
    raise too_deep(uri=uri, format=format)


def _within(objects: Sequence[dict[str, Any]]) -> tuple[set[str], list[list[Any]]]:
    """Return the names of objects at one place, and the objects and arrays in them, name by name."""
    nested: dict[str, list[Any]] = {}
    for each in objects:
        for name, value in each.items():
            if type(value) in _NESTED:
                nested.setdefault(name, []).append(value)
    return set[str]().union(*objects), [*nested.values()]
