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
    told = outcome.issues.filter(pl.col("row").is_not_null())
    told = told.select(
        pl.col("source").alias(frames.SOURCE),
        pl.col("row").alias(frames.ROW),
        pl.col("field").str.replace(r"\[\d+\].*$", "").alias("target"),
        pl.col("message").alias("issue"),
    )
    line = [*frames.IDENTITY, "target"]
    issues = told.group_by(line, maintain_order=True).agg(pl.col("issue").str.join("; "))
    lines = pl.concat(tables)
    table = lines.join(issues, on=line, how="left")
    places = lines.select(*frames.IDENTITY, "place").unique(maintain_order=True)
    others = issues.join(lines, on=line, how="anti").join(places, on=frames.IDENTITY)  # of a node, which is no target
    table = pl.concat([table, others.with_columns(at=pl.lit(-1))], how="diagonal_relaxed")
    failed = pl.col("issue").is_not_null() & pl.col("to").is_null()
    return table.sort("place", "at").with_columns(pl.when(~failed).then("to").alias("to")).select(PREVIEW.names())


def _of(found: Found, entry: Field | Items, at: int) -> pl.DataFrame:
    rows = found.level.rows
    if isinstance(entry, Field):
        raw, source = _raw(found.level, entry), entry.source or "(a constant)"
        values = found.values[entry]
    else:
        raw, source = pl.lit(None, dtype=pl.String), entry.source.text
        values = found.lists[entry].counts
    table = rows.select(*frames.IDENTITY, raw.alias("from")).select(  # in two steps: a constant is in all rows first
        *frames.IDENTITY,
        pl.int_range(pl.len()).alias("place"),
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
