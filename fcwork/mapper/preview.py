"""A look at a mapping at work: what stands in the source beside what becomes of it."""

from __future__ import annotations

import polars as pl

from fcwork import frames
from fcwork.mapper.cells import cell
from fcwork.mapper.engine import Traced
from fcwork.mapper.found import Found
from fcwork.mapper.levels import Level
from fcwork.mapper.plan import Field, Items
from fcwork.redact import MASK

PREVIEW = pl.Schema(
    {"_row": pl.Int64, "source": pl.String, "from": pl.String, "target": pl.String, "to": pl.String, "issue": pl.String}
)


def lines(outcome: Traced) -> pl.DataFrame:
    """Return one line for each row and target, in their order; the items of a list stand in their list's line."""
    found = outcome.found
    tables = [_of(found, entry, at) for at, entry in enumerate(found.fields.order) if isinstance(entry, Field | Items)]
    if not tables:
        return pl.DataFrame(schema=PREVIEW)
    told = outcome.issues.filter(pl.col("row").is_not_null()).group_by("row", "field", maintain_order=True)
    issues = told.agg(pl.col("message").str.join("; ").alias("issue"))
    issues = issues.with_columns(pl.col("field").str.replace(r"\[\d+\].*$", "").alias("whole"))
    by_target = issues.group_by("row", "whole", maintain_order=True).agg(pl.col("issue").str.join("; "))
    lines = pl.concat(tables)
    table = lines.join(by_target, left_on=["_row", "target"], right_on=["row", "whole"], how="left")
    others = by_target.filter(~pl.col("whole").is_in(lines["target"].implode()))  # of a node, which is no target
    nodes = others.select(pl.col("row").alias("_row"), pl.col("whole").alias("target"), "issue", at=pl.lit(-1))
    table = pl.concat([table, nodes], how="diagonal_relaxed")
    failed = pl.col("issue").is_not_null() & pl.col("to").is_null()
    return table.sort("_row", "at").with_columns(pl.when(~failed).then("to").alias("to")).select(PREVIEW.names())


def _of(found: Found, entry: Field | Items, at: int) -> pl.DataFrame:
    rows = found.level.rows
    if isinstance(entry, Field):
        raw, source = _raw(found.level, entry), entry.source or "(a constant)"
        values = found.values[entry]
    else:
        raw, source = pl.lit(None, dtype=pl.String), entry.source.text
        values = found.lists[entry].counts
    table = rows.select(pl.col(frames.ROW), raw.alias("from")).select(  # in two steps: a constant is in all rows first
        pl.col(frames.ROW),
        pl.lit(source).alias("source"),
        frames.as_text(pl.col("from")),
        pl.lit(entry.label).alias("target"),
        pl.lit(at).alias("at"),
    )
    shown = values.alias("to").to_frame().select(frames.as_text(pl.col("to"))).to_series()
    if isinstance(entry, Items):
        shown = pl.select(pl.format("{} items", values)).to_series()
    table = table.with_columns(shown.alias("to"))
    if entry.masked:
        hidden = [pl.when(pl.col(name).is_not_null()).then(pl.lit(MASK)).alias(name) for name in ("from", "to")]
        table = table.with_columns(hidden)
    return table.with_columns(pl.col("from").cast(pl.String))


def _raw(level: Level, field: Field) -> pl.Expr:
    return cell(field, level.scope).raw
