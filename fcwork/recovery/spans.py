"""Sets of rows: a series of ascending positions in memory, ``[start, stop)`` pairs in the ledger."""

from collections.abc import Iterable, Sequence

import polars as pl

Spans = Sequence[Sequence[int]]

POSITION = pl.UInt32


def between(start: int, stop: int) -> pl.Series:
    """Return the positions from ``start`` up to, not including, ``stop``."""
    return pl.int_range(start, stop, dtype=POSITION, eager=True)


def spell(rows: pl.Series) -> list[list[int]]:
    """Return ascending positions as pairs, each run of neighbours as one."""
    if not len(rows):
        return []
    if is_run(rows):
        return [[int(rows[0]), int(rows[-1]) + 1]]
    wide = rows.cast(pl.Int64)
    begins = (wide.diff() != 1).fill_null(value=True)
    ends = begins.shift(-1, fill_value=True)
    return [list(pair) for pair in zip(wide.filter(begins), wide.filter(ends) + 1, strict=True)]


def read(spans: Spans) -> pl.Series:
    """Return the positions that the pairs stand for, in their order."""
    if len(spans) == 1:
        return between(*spans[0])
    starts = pl.Series([span[0] for span in spans], dtype=pl.Int64)
    stops = pl.Series([span[1] for span in spans], dtype=pl.Int64)
    return pl.select(pl.int_ranges(starts, stops).explode()).to_series().drop_nulls().cast(POSITION)


def union(parts: Iterable[pl.Series]) -> pl.Series:
    """Return the positions of all parts, ascending; no position may be in two of them."""
    kept = [part for part in parts if len(part)]
    return pl.concat(kept).sort() if kept else between(0, 0)


def is_run(rows: pl.Series) -> bool:
    """Say whether the positions follow one another without a gap."""
    return int(rows[-1]) - int(rows[0]) + 1 == len(rows)


def take(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Return the rows at these positions; a run of neighbours is not copied."""
    if not len(rows):
        return frame.clear()
    return frame.slice(int(rows[0]), len(rows)) if is_run(rows) else frame[rows]
