"""Levels: the rows of a frame, the items of a list in them, the items of a list in those; and the way back up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.mapper import places
from fcwork.mapper.places import Place, Scope

ITEM, RECORD = "item", "record"  # the columns of a level of items


@dataclass(frozen=True, eq=False)
class Level:
    """Rows at one depth.

    Attributes:
        rows: the frame; each row bears the identity of the record that it belongs to.
        scope: what sources are taken from.
        above: the level whose lists hold these rows; None for the records themselves.
        parents: for each row, the row of the level above.
        positions: for each row, its position in its list, from 0.
        label: what the list is called in the level above.
    """

    rows: pl.DataFrame
    scope: Scope
    above: Level | None = None
    parents: pl.Series | None = None
    positions: pl.Series | None = None
    label: str = ""

    def labels(self, at: pl.Series, field: str) -> pl.Series:
        """Return what a field is called in each of some rows: ``items[2].ref``."""
        if self.above is None or self.parents is None or self.positions is None:
            return same([field], pl.String(), len(at))
        lists = self.above.labels(self.parents.gather(at), self.label)
        return pl.select(pl.format(f"{{}}[{{}}].{_escaped(field)}", lists, self.positions.gather(at))).to_series()

    def records(self, at: pl.Series) -> pl.Series:
        """Return the row of the records that each of some rows belongs to."""
        if self.above is None or self.parents is None:
            return at
        return self.above.records(self.parents.gather(at))


def top(rows: pl.DataFrame) -> Level:
    """Return the level of the records."""
    return Level(rows, places.of_columns(dict(rows.schema)))


def below(above: Level, lists: pl.Series, label: str, *, called: str, needs_record: bool) -> tuple[Level, pl.Series]:
    """Return the level of a list's items, and how many each row has.

    Args:
        above: the level that the list is in.
        lists: the list, one a row; null counts as empty.
        label: what it is called there.
        called: the last name of its source.
        needs_record: whether sources lead to the record itself.
    """
    counts = counted(lists)
    items = lists.explode(empty_as_null=False, keep_nulls=False).alias(ITEM)
    parents = _repeated(counts)
    columns = [above.rows[name].gather(parents) for name in frames.IDENTITY]
    record = _record(above) if needs_record else None
    if record is not None:
        columns.append(record.gather(parents).alias(RECORD))
    rows = pl.DataFrame([*columns, items])
    root = None
    if record is not None:
        root = places.of_value(Place(pl.col(RECORD), record.dtype), None)
    scope = places.of_value(Place(pl.col(ITEM), items.dtype), root, called=called)
    return Level(rows, scope, above, parents, _positions(counts, parents), label), counts


def counted(lists: pl.Series) -> pl.Series:
    """Return how many items each list has; null has none."""
    return lists.list.len().fill_null(0).cast(pl.Int64)


def gathered(items: pl.Series, counts: pl.Series) -> pl.Series:
    """Return items as lists again: of the first row the first so many, and so on."""
    import pyarrow as pa

    ends = pl.concat([pl.Series([0], dtype=pl.Int64), counts.cum_sum()])
    kept = items if len(items) else pl.Series([], dtype=items.dtype)  # what is left of a slice may have no buffers
    values = kept.to_arrow(compat_level=pl.CompatLevel.newest())
    held = pl.Series(items.name, pl.from_arrow(pa.LargeListArray.from_arrays(ends.to_arrow(), values)))
    return held if held.dtype == pl.List(items.dtype) else held.cast(pl.List(items.dtype))


def same(one: list[Any], dtype: pl.DataType, count: int) -> pl.Series:
    """Return a column of one item, so many times."""
    return pl.Series(one, dtype=dtype).new_from_index(0, count) if count else pl.Series([], dtype=dtype)


def only(values: pl.Series, there: pl.Series | None) -> pl.Series:
    """Return values where something is there, null elsewhere."""
    if there is None:
        return values
    return values.zip_with(there.fill_null(value=False), same([None], values.dtype, len(values)))


def _record(above: Level) -> pl.Series | None:
    if above.above is None:
        own = frames.without_identity(above.rows)
        return own.to_struct(RECORD) if own.width else None
    return above.rows[RECORD] if RECORD in above.rows.columns else None


def _repeated(counts: pl.Series) -> pl.Series:
    rows = pl.int_range(len(counts), dtype=pl.UInt32, eager=True)
    return rows.repeat_by(counts).explode(empty_as_null=False, keep_nulls=False) if len(counts) else rows


def _positions(counts: pl.Series, parents: pl.Series) -> pl.Series:
    starts = (counts.cum_sum() - counts).gather(parents)
    return pl.int_range(len(parents), dtype=pl.Int64, eager=True) - starts


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
