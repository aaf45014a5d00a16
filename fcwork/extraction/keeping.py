"""Which of the rows fetched are kept: of each id the newest version, and none that an earlier run has written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from fcwork.extraction import alike
from fcwork.extraction.asking import ID
from fcwork.extraction.keys import UTC_MS
from fcwork.extraction.marks import Watermark
from fcwork.extraction.spool import Part

AT = "at"  # the position of a row among all that were fetched


@dataclass(frozen=True)
class Kept:
    """The rows that are kept.

    Attributes:
        mask: of each row fetched, in their order, whether it is kept.
        repeated: how many were left out as another version of their id came, or the same row again.
        known: how many were left out as an earlier run has written them.
        newest: when the latest row was changed, those that are written already included; None where no row is kept or
            that is not told.
        cut: how many were left out as the limit was reached before them.
    """

    mask: pl.Series
    repeated: int = 0
    known: int = 0
    newest: datetime | None = None
    cut: int = 0


def kept(parts: Sequence[Part], *, has_id: bool, mark: Watermark | None, limit: int | None = None) -> Kept:
    """Judge the rows of all parts; ids are looked at themselves where their hashes alone leave a doubt.

    Args:
        parts: what was fetched.
        has_id: whether rows tell their id.
        mark: the watermark, which knows what is written already.
        limit: how many are kept at the most, of all parts together.
    """
    keys = _keys(parts)
    everything = Kept(pl.repeat(value=True, n=keys.height, dtype=pl.Boolean, eager=True))
    judged = _judged(parts, keys, everything, mark) if has_id and keys.height else everything
    newest = keys.select(pl.col("changed").max()).item() if judged.mask.any() else None
    return replace(_limited(judged, limit), newest=newest)


def _limited(judged: Kept, limit: int | None) -> Kept:
    cut = 0 if limit is None else max(0, int(judged.mask.sum()) - limit)
    return replace(judged, mask=judged.mask & (judged.mask.cum_sum() <= limit), cut=cut) if cut else judged


def _judged(parts: Sequence[Part], keys: pl.DataFrame, everything: Kept, mark: Watermark | None) -> Kept:
    keys = keys.with_row_index(AT)
    doubtful = pl.col("hash").is_in(_repeated(keys["hash"]))
    if mark and mark.seen_to:
        doubtful |= pl.col("hash").is_not_null() & (pl.col("changed") <= mark.seen_to)
    asked = keys.filter(doubtful)
    if not asked.height:
        return everything
    rows = asked.select(pl.col(AT).cast(pl.Int64), pl.col("changed").alias("changed_at")).with_columns(
        _ids(parts, asked[AT].cast(pl.Int64))
    )
    newest = rows.sort("changed_at", AT, nulls_last=False).unique("id", keep="last", maintain_order=True)
    of_this_run = newest.filter(~mark.written(newest)) if mark else newest
    gone = rows.join(of_this_run, on=AT, how="anti")[AT]
    mask = everything.mask.scatter(gone, False) if gone.len() else everything.mask  # noqa: FBT003 - a value
    return Kept(mask, rows.height - newest.height, newest.height - of_this_run.height)


def _repeated(hashes: pl.Series) -> pl.Series:
    """Return the hashes that stand there more than once; by sorting, which takes less room than counting."""
    ordered = hashes.drop_nulls().sort()
    return ordered.filter(ordered == ordered.shift(1)).unique()


def near(parts: Sequence[Part], since: datetime, without: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return ``id`` and ``changed_at`` of the rows changed at ``since`` or later, without some of them."""
    keys = _keys(parts).with_row_index(AT).filter(pl.col("changed") >= since)
    if not keys.height:
        return pl.DataFrame(schema={"id": pl.String, "changed_at": UTC_MS})
    rows = keys.select(_ids(parts, keys[AT].cast(pl.Int64)), pl.col("changed").alias("changed_at"))
    return rows.join(pl.concat(without), on=["id", "changed_at"], how="anti") if without else rows


def batches(parts: Sequence[Part], mask: pl.Series, *, schema: pl.Schema, rows: int) -> Iterator[pl.DataFrame]:
    """Yield the rows that are kept, some ``rows`` at once, all with the same columns."""
    held: list[pl.DataFrame] = []
    at = height = 0
    for frame in _pages(parts):
        keep = mask.slice(at, frame.height)
        at += frame.height
        held.append(frame if keep.all() else frame.filter(keep))
        height += held[-1].height
        if height >= rows:
            yield alike.together(held, schema)
            held, height = [], 0
    if height:
        yield alike.together(held, schema)


def common(parts: Sequence[Part]) -> pl.Schema:
    """Return the columns of all pages, each of a type that holds what it is in any of them."""
    return alike.common([schema for part in parts for schema in part.schemas])


def _keys(parts: Sequence[Part]) -> pl.DataFrame:
    return pl.concat([part.keys.table() for part in parts])


def _ids(parts: Sequence[Part], places: pl.Series) -> pl.Series:
    """Return the ids of the rows at some places, which rise."""
    found, at = [], 0
    for frame in _pages(parts):
        here = places.filter((places >= at) & (places < at + frame.height))
        if here.len():
            found.append(frame[ID].cast(pl.String).gather(here - at))
        at += frame.height
    return pl.concat(found).alias("id")


def _pages(parts: Sequence[Part]) -> Iterator[pl.DataFrame]:
    for part in parts:
        yield from part.frames()
