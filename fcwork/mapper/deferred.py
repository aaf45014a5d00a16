"""Lazy frames: a mapping as part of a query that has not run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.clock import Clock
from fcwork.mapper import engine
from fcwork.mapper.engine import Outcome
from fcwork.mapper.plan import Fields, Plan
from fcwork.mapper.result import LazyCounts, MapResult, counted


def can_wait(plan: Plan) -> bool:
    """Say whether the types of the result are known before any value is."""
    return not plan.nodes and _typed(plan.fields)


def apply(plan: Plan, frame: pl.LazyFrame, clock: Clock) -> MapResult:
    """Return the result of a lazy frame, each part of it lazy too.

    Raises:
        MappingError: the frame lacks the source column of a required field.
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
        return counted(engine.run(plan, rows.collect(), at=at), before.issues)

    issues = part(lambda outcome: outcome.issues)
    return MapResult(
        frame=part(lambda outcome: outcome.mapped),
        rejected=part(lambda outcome: outcome.rejected),
        issues=pl.concat([before.issues.lazy(), issues]),
        counts=LazyCounts(counts),
    )


def _typed(fields: Fields) -> bool:
    calls = [step.call for field in fields.values for step in field.steps if step.call]
    lists = [items.step for items in fields.items if items.step]
    lenient = any(field.lenient and field.steps for field in fields.values)
    known = all(call.gives is not None for call in calls) and not lists and not lenient
    return known and all(_typed(items.fields) for items in fields.items)


def _plain(frame: pl.LazyFrame) -> pl.LazyFrame:
    kinds = (pl.Categorical, pl.Enum)
    strange = [name for name, dtype in frame.collect_schema().items() if dtype in kinds]
    return frame.with_columns(pl.col(name).cast(pl.String) for name in strange) if strange else frame


def _with_identity(frame: pl.LazyFrame) -> pl.LazyFrame:
    schema: Any = frame.collect_schema()
    if frames.ROW not in schema:
        frame = frame.with_row_index(frames.ROW, offset=1)
        names = [*(name for name in schema if name != frames.ROW), frames.ROW]
        frame = frame.select(names).with_columns(pl.col(frames.ROW).cast(pl.Int64))
    elif schema[frames.ROW] != pl.Int64:
        frame = frame.with_columns(pl.col(frames.ROW).cast(pl.Int64))
    return frame if frames.SOURCE in schema else frame.with_columns(pl.lit("").alias(frames.SOURCE))
