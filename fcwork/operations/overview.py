"""How much there is of everything, and what wants a look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from fcwork import recovery, runner
from fcwork.jobs import JobTracker
from fcwork.operations import keeping, messages
from fcwork.operations.asked import MOST, Asked
from fcwork.operations.looking import TROUBLE
from fcwork.operations.operation import Operation, Table
from fcwork.operations.words import counted

# One row a kind and state.
OVERVIEW = pl.Schema(
    {
        "what": pl.String(),
        "state": pl.String(),
        "count": pl.Int64(),
        "look": pl.String(),
    }  # look: which action tells more
)
_LOOK = {
    "runs": {"FAILED", "LOST", "TIMEOUT", "COMPLETED_WITH_ERRORS", "REFUSED"},
    "jobs": set(TROUBLE),
    "checkpoints": {"interrupted", "incomplete", "damaged"},
    "leases": {"dead"},
    "inbox": {"dead"},
}


def overview(asked: Asked) -> Operation:
    """Count runs, jobs, checkpoints, leases and messages by their states."""
    found = pl.concat([OVERVIEW.to_frame(), *_counted(replace(asked, name=None, limit=MOST))])
    wanting = found.filter(pl.col("look") != "")
    number = int(wanting["count"].sum())
    told = (
        f"{counted(number, 'thing')} {'wants' if number == 1 else 'want'} a look" if number else "nothing wants a look"
    )
    return Operation(
        action=asked.action,
        told=f"{told}, of {counted(int(found['count'].sum()), 'thing')} in {asked.days:g} days",
        tables={"Overview": Table(found)},
    )


def _counted(asked: Asked) -> Iterator[pl.DataFrame]:
    yield _lines("runs", runner.history(since=asked.since)["state"])
    yield _lines("jobs", JobTracker(clock=asked.clock).history(since=asked.since)["status"])
    yield _lines("checkpoints", recovery.checkpoints()["state"])
    yield _lines("leases", keeping.leases(asked).rows["holder"])
    yield _lines("inbox", messages.inbox(asked).rows["state"])


def _lines(what: str, states: pl.Series) -> pl.DataFrame:
    """Return one line a state, the most frequent first."""
    counts = states.alias("state").to_frame().group_by("state").agg(pl.len().cast(pl.Int64).alias("count"))
    told = "`fcwork runs`" if what == "runs" else f'ACTION = "{what}"'
    look = pl.when(pl.col("state").is_in(_LOOK[what])).then(pl.lit(told)).otherwise(pl.lit(""))
    return counts.sort("count", "state", descending=[True, False]).select(
        pl.lit(what).alias("what"), "state", "count", look.alias("look")
    )
