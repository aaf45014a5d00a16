"""Lazy frames: a mapping as part of a query that has not run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.clock import Clock
from fcwork.mapper import engine
from fcwork.mapper.engine import Outcome
from fcwork.mapper.plan import Plan
from fcwork.mapper.result import LazyCounts, MapResult, counted


def can_wait(plan: Plan, frame: pl.LazyFrame) -> bool:
    """Say whether the types of the result are known before any value is."""
    return plan.types_known and pl.Object not in frame.collect_schema().dtypes()


def apply(plan: Plan, frame: pl.LazyFrame, clock: Clock) -> MapResult:
    """Return the result of a lazy frame, each part of it lazy too.

    Raises:
        MappingError: the frame lacks the source column of a required field.
        TypeError: ``_row`` holds no whole numbers.
    """
    rows = _with_identity(_plain(frame))
    empty = pl.DataFrame(schema=rows.collect_schema())
    at = clock.now()
    before = engine.run(plan, empty, at=at)

    def part(take: Callable[[Outcome], pl.DataFrame]) -> pl.LazyFrame:
        def mapped(batch: pl.DataFrame) -> pl.DataFrame:
            return take(engine.run(plan, batch, at=at, strict_columns=False))

        return rows.map_batches(mapped, schema=take(before).schema, streamable=True)

    def counts() -> dict[str, int]:
        return counted(engine.run(plan, rows.collect(), at=at, strict_columns=False), before.issues)

    issues = part(lambda outcome: outcome.issues)
    return MapResult(
        frame=part(lambda outcome: outcome.mapped),
        rejected=part(lambda outcome: outcome.rejected),
        issues=pl.concat([before.issues.lazy(), issues]),
        counts=LazyCounts(counts),
    )


def _plain(frame: pl.LazyFrame) -> pl.LazyFrame:
    kinds = (pl.Categorical, pl.Enum)
    strange = [name for name, dtype in frame.collect_schema().items() if dtype in kinds]
    return frame.with_columns(pl.col(name).cast(pl.String) for name in strange) if strange else frame


def _with_identity(frame: pl.LazyFrame) -> pl.LazyFrame:
    schema: Any = frame.collect_schema()
    if frames.ROW not in schema:
        frame = frame.with_row_index(frames.ROW, offset=1)
        frame = frame.select(pl.exclude(frames.ROW), pl.col(frames.ROW).cast(pl.Int64))
    elif schema[frames.ROW] != pl.Int64:
        if not schema[frames.ROW].is_numeric():
            numbers = f"the column {frames.ROW} numbers the rows of a source and holds whole numbers"
            raise TypeError(f"{numbers}, not {schema[frames.ROW]}")
        frame = frame.with_columns(pl.col(frames.ROW).cast(pl.Int64))
    return frame if frames.SOURCE in schema else frame.with_columns(pl.lit("").alias(frames.SOURCE))
