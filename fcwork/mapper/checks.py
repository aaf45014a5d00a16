"""Checks: the ways in which rows fail, and how each is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fcwork import frames
from fcwork.mapper.levels import Level
from fcwork.redact import MASK

ERRORS = "_errors"


@dataclass(frozen=True, eq=False)
class Check:
    """One way in which the rows of a level can fail.

    Attributes:
        level: whose rows.
        label: the target, as the level calls it.
        code: of the issues.
        message: one for all, or one a row.
        failed: true for each row that did.
        raw: what the source held, for issues.
        masked: whether issues hide it.
        severity: a warning rejects no row.
    """

    level: Level
    label: str
    code: str
    message: str | pl.Series
    failed: pl.Series
    raw: pl.Expr
    masked: bool = False
    severity: frames.Severity = "error"

    def issues(self, at: datetime) -> pl.DataFrame:
        """Return one line for each row that failed."""
        value = self.raw
        if self.masked:
            value = pl.when(value.is_not_null()).then(pl.lit(MASK))
        told = self.message if isinstance(self.message, str) else self.message.filter(self.failed)
        fields = self.level.labels(self.failed.arg_true(), self.label)
        failed = self.level.rows.filter(self.failed)
        lines = failed.select(*frames.IDENTITY, value=value, message=pl.lit(told), field=pl.lit(fields))
        return frames.issues(
            lines,
            stage="map",
            field=pl.col("field"),
            code=self.code,
            message=pl.col("message"),
            at=at,
            value=pl.col("value"),
            severity=self.severity,
        )

    def words(self) -> pl.DataFrame:
        """Return, for each row that failed, the record it belongs to (``at``) and what is told of it (``word``)."""
        rows = self.failed.arg_true()
        word = pl.select(pl.format(f"{self.code} {{}}", self.level.labels(rows, self.label))).to_series()
        return pl.DataFrame({"at": self.level.records(rows).cast(pl.UInt32), "word": word})


def rejected(checks: Sequence[Check], height: int) -> pl.Series | None:
    """Return which records failed, or None where none did."""
    failed = [check for check in checks if check.severity == "error"]
    if not failed:
        return None
    flat = [check.failed for check in failed if check.level.above is None]
    bad = pl.select(pl.any_horizontal(flat)).to_series() if flat else pl.repeat(value=False, n=height, eager=True)
    deep = [check.level.records(check.failed.arg_true()) for check in failed if check.level.above is not None]
    return bad.scatter(pl.concat(deep).unique(), values=True) if deep else bad


def described(rows: pl.DataFrame, checks: Sequence[Check], bad: pl.Series | None) -> pl.DataFrame:
    """Return the rows that failed, with all that is told of each in ``_errors``."""
    if bad is None:
        return rows.clear().with_columns(pl.lit(None, dtype=pl.String).alias(ERRORS))
    failed = [check for check in checks if check.severity == "error"]
    if all(check.level.above is None for check in failed):
        words = [
            pl.when(pl.lit(check.failed.filter(bad))).then(pl.lit(f"{check.code} {check.label}")) for check in failed
        ]
        return rows.filter(bad).with_columns(pl.concat_str(words, separator="; ", ignore_nulls=True).alias(ERRORS))
    told = pl.concat([check.words() for check in failed])
    by_row = told.group_by("at", maintain_order=True).agg(pl.col("word").str.join("; ")).sort("at")
    return rows.filter(bad).with_columns(by_row["word"].alias(ERRORS))
