"""The figures of a result: what became of the rows, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from fcwork.ingestion import IngestResult

PILES = ("delivered", "ready", "unknown", "rejected")  # together they are the rows read
STAGES = ("read", "map", "check", "send")


@dataclass(frozen=True)
class Reason:
    """Why rows were found fault with: one code of one stage.

    Attributes:
        rows: how many rows it concerns; 0 for a finding about the whole frame.
        lines: how often it stands in the issues table.
        example: one of its messages.
    """

    stage: str
    code: str
    severity: str
    rows: int
    lines: int
    example: str


@dataclass(frozen=True)
class Figures:
    """What became of the rows.

    Attributes:
        counts: ``read, mapped, delivered, ready, unknown, rejected``.
        rejected_by_stage: rows by the stage that refused them; together they are those rejected.
        reasons: the codes of the issues table, the most frequent first.
    """

    counts: dict[str, int]
    rejected_by_stage: dict[str, int]
    reasons: tuple[Reason, ...]

    @property
    def adds_up(self) -> bool:
        """Whether every row that was read is on one pile, and every rejected one belongs to a stage."""
        accounted = sum(self.counts[pile] for pile in PILES) == self.counts["read"]
        return accounted and sum(self.rejected_by_stage.values()) == self.counts["rejected"]

    @property
    def equation(self) -> str:
        """The rows read as the sum of the piles that hold any."""
        parts = [f"{self.counts[pile]:,} {pile}" for pile in PILES if self.counts[pile]]
        return f"{self.counts['read']:,} read {'=' if self.adds_up else '≠'} {' + '.join(parts) or '0'}"


def figures(result: IngestResult, rejected: pl.DataFrame, issues: pl.DataFrame) -> Figures:
    """Return the figures of a result, whose rejected rows and issues are given as polars frames."""
    counts = {name: result.counts.get(name, 0) for name in ("read", "mapped", *PILES)}
    return Figures(counts, _by_stage(rejected), reasons(issues))


def _by_stage(rejected: pl.DataFrame) -> dict[str, int]:
    if not rejected.height or "_stage" not in rejected.columns:
        return {}
    counted = dict(rejected.group_by("_stage").len().iter_rows())
    known = {stage: counted.pop(stage) for stage in STAGES if stage in counted}
    return {**known, **counted}


def reasons(issues: pl.DataFrame) -> tuple[Reason, ...]:
    """Return the codes of an issues table, the most frequent first."""
    rows = pl.struct("source", "row")
    counted = (
        issues.group_by("stage", "code", "severity", maintain_order=True)
        .agg(
            rows.filter(pl.col("row").is_not_null()).n_unique().alias("rows"),
            pl.len().alias("lines"),
            pl.col("message").first().fill_null("").alias("example"),
        )
        .sort("rows", "lines", descending=True, maintain_order=True)
    )
    return tuple(Reason(**reason) for reason in counted.iter_rows(named=True))
