"""``rate``: how many a time, over time."""

from __future__ import annotations

from typing import Any

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.plots import drawing
from fcwork.plots.labels import column, counted, open_to_all
from fcwork.plots.plot import Plot

MOST = 240  # spans in a picture
_NOTHING = pl.DataFrame(schema={"at": pl.Datetime("us", "UTC"), "value": pl.Float64()})
_TIMES = ("at", "created_at", "createdOn", "started_at", "generatedOn", "updatedOn")
_SPANS = {
    "second": 1,
    "10 seconds": 10,
    "minute": 60,
    "10 minutes": 600,
    "hour": 3_600,
    "6 hours": 21_600,
    "day": 86_400,
    "week": 604_800,
}


def rate(what: Any, *, at: str | None = None, total: str | None = None) -> Plot:
    """Draw how many rows there are in each span of time, which is chosen so that the picture can be read.

    Args:
        what: events, orders or anything with an instant, as a frame of any kind; or the ``course`` of a monitor.
        at: the column of instants; ``at``, ``createdOn`` and the like unless given.
        total: a column with a running total: drawn is by how much it grew, a second.

    Raises:
        ConfigError: there is no such column, it holds no instants, or its values are hidden.
    """
    frame = frames.enter(what)
    named = open_to_all(column(frame, at, _TIMES, "instant"), "instants")
    told = frame.select(_instants(frame, named).alias("at"), *_total(frame, total))
    there = told.drop_nulls("at").sort("at")
    without = told.height - there.height
    left_out = f"; {counted(without)} without an instant left out" if without else ""
    if not there.height:
        return _drawn(_NOTHING, "rows", f"no rows{left_out}")
    span, seconds = _span(there["at"])
    spans = _filled(there, seconds, total is not None)
    if total is not None:
        grown = spans["value"].sum() * seconds
        return _drawn(spans, f"{total} a second", f"{total} grew by {grown:,.10g}; a point a {span}{left_out}")
    most = max(spans["value"])
    return _drawn(spans, f"rows a {span}", f"{counted(there.height)}, at most {most:,.10g} a {span}{left_out}")


def _drawn(rows: pl.DataFrame, unit: str, summary: str) -> Plot:
    figure = drawing.line(rows, title="Rate over time", summary=summary, unit=unit)
    return Plot("Rate over time", summary, rows.rename({"value": unit}), figure)


def _instants(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column as instants in UTC.

    Raises:
        ConfigError: it holds something else.
    """
    kind = frame.schema[name]
    if isinstance(kind, pl.Datetime):
        value = pl.col(name)
        return (value.dt.convert_time_zone("UTC") if kind.time_zone else value.dt.replace_time_zone("UTC")).cast(
            pl.Datetime("us", "UTC")
        )
    if kind == pl.Date:
        return pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if kind == pl.String:
        return pl.col(name).str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    raise ConfigError(f"the column {name!r} holds {kind} and no instants", hint="name a column of instants by at=")


def _total(frame: pl.DataFrame, total: str | None) -> list[pl.Expr]:
    if total is None:
        return []
    name = open_to_all(column(frame, total, (), "running total"), "sums")
    if not frame.schema[name].is_numeric():
        raise ConfigError(f"the column {name!r} holds no numbers", hint="name a column with a running total by total=")
    return [pl.col(name).cast(pl.Float64).alias("total")]


def _span(at: pl.Series) -> tuple[str, int]:
    """Return the shortest span of which there are not too many, by its name and in seconds."""
    first, last = at[0], at[-1]
    whole = (last - first).total_seconds()
    return next((one for one in _SPANS.items() if whole / one[1] < MOST), ("week", _SPANS["week"]))


def _filled(there: pl.DataFrame, seconds: int, running: bool) -> pl.DataFrame:  # noqa: FBT001 - our own
    """Return a row a span, also for those in which nothing was."""
    start = there["at"].dt.epoch("s") // seconds * seconds
    value = pl.col("total").last() if running else pl.len().cast(pl.Float64)
    found = there.with_columns(start.alias("start")).group_by("start").agg(value.alias("value"))
    first, last = int(found["start"].min()), int(found["start"].max())  # type: ignore[arg-type]  # there are rows
    every = pl.DataFrame({"start": range(first, last + 1, seconds)}, schema={"start": pl.Int64})
    spans = every.join(found, on="start", how="left", maintain_order="left")
    grown = pl.col("value").fill_null(strategy="forward")
    before = there["total"][0] if running else 0
    amount = (grown - grown.shift(1, fill_value=before)) / seconds if running else pl.col("value").fill_null(0)
    return spans.select(pl.from_epoch("start", "s").dt.replace_time_zone("UTC").alias("at"), amount.alias("value"))
