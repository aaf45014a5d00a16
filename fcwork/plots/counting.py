"""Plots of counts and sums: piles by stage, issues by code, stock by location, orders by state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.plots import drawing
from fcwork.plots.labels import LABEL, MOST, amounts, column, counted, labelled, topmost
from fcwork.plots.plot import Plot

PILES = ("read", "mapped", "ready", "delivered", "written", "rejected", "unknown")
SEVERITIES = ("error", "warning", "info")
_LOCATIONS = ("locationRef", "location.ref", "location_ref", "location", "locationId")
_QUANTITIES = ("onHand", "quantity", "qty", "available", "on_hand")
_STATES = ("status", "state")
_NAMES = ("stage", "name", "run_id", "file", "source")


def piles(what: Any, *, by: str | None = None) -> Plot:
    """Draw what became of rows: of one load stage by stage, of a frame of loads one after the other.

    Args:
        what: a result with ``counts``, the counts themselves, or a frame with columns such as ``delivered`` and
            ``rejected``, as ``fcwork.runner.history`` gives.
        by: of a frame, the column that names its rows.

    Raises:
        ConfigError: it has no counts of rows.
        TypeError: it is neither a result nor a frame.
    """
    counts = what if isinstance(what, Mapping) else getattr(what, "counts", None)
    if isinstance(counts, Mapping):
        rows, named = _by_stage(counts), "stage"
    else:
        frame = frames.enter(what)
        named = column(frame, by, _NAMES, "name of each bar")
        figures = [pl.col(name).fill_null(0) for name in PILES if name in frame.columns and name != named]
        rows = labelled(frame, named).select(LABEL, *figures)
    there = [name for name in PILES if name in rows.columns]
    drawn = [name for name in there if (rows[name] != 0).any()] or there
    if not drawn:
        raise ConfigError("nothing tells what became of rows", hint=f"it takes columns such as {', '.join(PILES)}")
    summary = _told(counts if isinstance(counts, Mapping) else {name: rows[name].sum() for name in there})
    if rows.height > MOST:
        summary = f"{summary} in {rows.height:,} loads, of which the first {MOST} are shown"
    return _bars(rows.head(MOST).select(LABEL, *drawn), drawn, named, "What became of rows", summary)


def issues(what: Any, *, by: str = "code") -> Plot:
    """Draw how many issues there are of each code, errors and warnings apart.

    Args:
        what: a result with ``issues``, or a frame of issues.
        by: another column to count by, such as ``field`` or ``stage``.

    Raises:
        ConfigError: there is no such column.
    """
    found = frames.enter_issues(getattr(what, "issues", what))
    named = column(found, by, (by,), "kind of issue")
    crossed = _crossed(labelled(found, named), "severity", SEVERITIES)
    drawn = [name for name in SEVERITIES if name in crossed.columns]
    summary = ", ".join(counted(int(crossed[name].sum()), name) for name in drawn) or "no issues"
    return _bars(topmost(crossed, drawn), drawn, named, f"Issues by {named}", summary)


def stock(what: Any, *, location: str | None = None, quantity: str | None = None) -> Plot:
    """Draw how much stock lies at each location.

    Args:
        what: positions, as a frame of any kind.
        location: the column that names it; ``locationRef`` and the like unless given.
        quantity: the column that is summed; ``onHand``, ``qty`` and the like unless given.

    Raises:
        ConfigError: there is no such column, or its values are hidden.
    """
    frame = frames.enter(what)
    named, summed = column(frame, location, _LOCATIONS, "location"), column(frame, quantity, _QUANTITIES, "quantity")
    there, without = amounts(labelled(frame, named), summed)
    by = there.group_by(LABEL).agg(pl.col("amount").sum().alias(summed)).select(LABEL, summed)
    if (by[summed] % 1 == 0).all():
        by = by.with_columns(pl.col(summed).cast(pl.Int64))
    left_out = f"; {counted(without)} without a number left out" if without else ""
    places, of = counted(by.height, "location"), counted(there.height)
    summary = f"{by[summed].sum():,.10g} in {places}, of {of}{left_out}"
    return _bars(topmost(by, [summed]), [summed], named, "Stock by location", summary)


def orders(what: Any, *, state: str | None = None) -> Plot:
    """Draw how many orders are in each state; of other things with a state as well.

    Args:
        what: orders, as a frame of any kind.
        state: the column that says it; ``status`` or ``state`` unless given.

    Raises:
        ConfigError: there is no such column.
    """
    frame = frames.enter(what)
    named = column(frame, state, _STATES, "state")
    by = labelled(frame, named).group_by(LABEL).agg(pl.len().cast(pl.Int64).alias("orders"))
    summary = f"{counted(frame.height, 'order')} in {counted(by.height, 'state')}"
    return _bars(topmost(by, ["orders"]), ["orders"], named, "Orders by state", summary)


def _by_stage(counts: Mapping[str, Any]) -> pl.DataFrame:
    """Return a row a stage, whose piles add up to the rows that came in."""
    told = {name: value for name, value in counts.items() if isinstance(value, int)}
    read = told.get("read", told.get("rows", 0))
    ends = {name: told[name] for name in ("ready", "delivered", "written", "rejected", "unknown") if told.get(name)}
    rows: list[dict[str, Any]] = []
    if "read" in told:
        rows.append({LABEL: "read", "read": read})
    if "mapped" in told:
        rows.append({LABEL: "mapped", "mapped": told["mapped"], "rejected": max(read - told["mapped"], 0)})
    rows.append({LABEL: "ended", **ends})
    schema = {LABEL: pl.String(), **{name: pl.Int64() for name in PILES if any(name in row for row in rows)}}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.exclude(LABEL).fill_null(0))


def _crossed(frame: pl.DataFrame, over: str, values: Sequence[str]) -> pl.DataFrame:
    """Return a row a label with how many rows it has of each value; values that no row has are left away."""
    there = [value for value in values if frame[over].eq(value).any()]
    return frame.group_by(LABEL).agg(pl.col(over).eq(value).sum().cast(pl.Int64).alias(value) for value in there)


def _bars(rows: pl.DataFrame, drawn: Sequence[str], named: str, title: str, summary: str) -> Plot:
    unit = drawn[0] if len(drawn) == 1 else "rows"
    figure = drawing.bars(rows, drawn, title=title, summary=summary, unit=unit)
    return Plot(title, summary, rows.rename({LABEL: f"{named} (value)" if named in drawn else named}), figure)


def _told(counts: Mapping[str, Any]) -> str:
    piles = [name for name in (*PILES, "rows") if isinstance(counts.get(name), int)]
    return ", ".join(f"{counts[name]:,} {name}" for name in piles)
