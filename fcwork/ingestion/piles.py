"""The rows of a load, put on piles: always the source's own rows, which a person mends and loads again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from fcwork import frames
from fcwork.recovery.result import dead_letters

STAGE = "_stage"  # the column of `rejected` that says which stage refused the row
DOUBTFUL = ("send.unknown", "send.stuck")  # the codes of rows of which nobody knows whether they arrived
_FILE = "_file"
ON_ROW = [frames.ROW, frames.SOURCE]


def file_of(origins: Mapping[str, str], column: str = frames.SOURCE) -> pl.Expr:
    """Return the file of a row or issue, whose source may be a part of it, such as a member of a zip."""
    return pl.col(column).replace(origins) if origins else pl.col(column)


def by_file(rows: pl.DataFrame, origins: Mapping[str, str]) -> dict[str, pl.DataFrame]:
    """Return the rows of each file that has some."""
    if not rows.height:
        return {}
    parts = rows.with_columns(file_of(origins).alias(_FILE)).partition_by(_FILE, as_dict=True, include_key=False)
    return {str(uri): part for (uri,), part in parts.items()}


def held_back(rows: pl.DataFrame, reason: str, *, doubtful: bool, at: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows that were not sent, with ``_errors``, and an issue for each of them."""
    code = "send.unknown" if doubtful else "send.not_sent"
    kept = rows.with_columns(_errors=pl.lit(f"{code}: {reason}"))
    return kept, frames.issues(kept, stage="send", field="", code=code, message=reason, at=at)


def refused(read: pl.DataFrame, rows: pl.DataFrame, stage: str) -> pl.DataFrame:
    """Return the source's own rows of those that a stage refused."""
    why = rows.select(*ON_ROW, "_errors")
    there = read if why.height else read.clear()
    return there.join(why, on=ON_ROW, nulls_equal=True).with_columns(pl.lit(stage).alias(STAGE))


def stack(piles: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return piles as one, in the order of source and row."""
    kept = [pile for pile in piles if pile.height] or piles[-1:]
    return pl.concat(kept, how="diagonal_relaxed").sort(frames.SOURCE, frames.ROW, maintain_order=True)


def letters(read: pl.DataFrame, rejected: pl.DataFrame, unknown: pl.DataFrame, issues: pl.DataFrame) -> pl.DataFrame:
    """Return the source's own rows of those that were not delivered, each behind where it is from and why."""
    doubtful = refused(read, unknown, "send") if unknown.height else rejected.clear()
    return dead_letters(stack([rejected, doubtful]), issues)
