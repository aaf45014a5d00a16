"""Big frames: a mapping applied to one slice of the rows after the other, so that what is worked with stays small."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from fcwork import frames
from fcwork.mapper import engine
from fcwork.mapper.engine import Outcome
from fcwork.mapper.plan import Plan

ROWS = 131_072  # smaller slices save nothing
SLICES = 4  # each costs its planning anew; with four, what is worked with is about as big as what comes out


def run(plan: Plan, rows: pl.DataFrame, *, at: datetime) -> Outcome:
    """Map ``rows`` as ``engine.run`` does, in slices where each of them is sure to get the types of the whole.

    Functions are called on few rows at a time anyway, or on the whole column: where there are any, nothing is sliced.

    Raises:
        MappingError: the column of a required field is not there.
    """
    if rows.height <= ROWS or not plan.types_known or plan.calls_functions:
        return engine.run(plan, rows, at=at)
    told = engine.missing_columns(plan, rows, at)
    size = max(ROWS, -(-rows.height // SLICES))
    parts = [_run(plan, part, at) for part in rows.iter_slices(size)]
    return Outcome(
        mapped=pl.concat([part.mapped for part in parts], rechunk=False),
        rejected=pl.concat([part.rejected for part in parts], rechunk=False),
        issues=frames.join_issues([*told, *(part.issues for part in parts)]),
    )


def _run(plan: Plan, rows: pl.DataFrame, at: datetime) -> Outcome:
    """Return what became of a slice, without the values behind it."""
    outcome = engine.run(plan, rows, at=at, strict_columns=False)
    return Outcome(outcome.mapped, outcome.rejected, outcome.issues)
