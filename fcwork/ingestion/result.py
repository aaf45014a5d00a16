"""What became of each row of a load."""

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import polars as pl

from fcwork import frames
from fcwork.ingestion.gate import Gate
from fcwork.ingestion.stages import Stage

State = Literal["SUCCEEDED", "COMPLETED_WITH_ERRORS", "REFUSED", "SKIPPED"]
COUNTS = ("read", "mapped", "rejected", "delivered", "unknown", "ready")


@dataclass(frozen=True, repr=False, kw_only=True)
class IngestResult:
    """What became of each row of a load; rows read = delivered + rejected + unknown + ready.

    The frames are of the kind of the source: polars for a file, else what the caller gave.

    Attributes:
        delivered: the rows that the platform holds, as they were sent.
        rejected: the rows of the source that did not get through, with ``_stage`` and ``_errors`` saying where and why.
        unknown: the rows, as sent, of which nobody can say: look before sending them again.
        ready: in a dry run, the rows that passed every check; empty otherwise.
        issues: one line a finding, in the columns of ``frames.ISSUES``.
        counts: ``read, mapped, rejected, delivered, unknown, ready``; rejected counts the rows of every stage.
        state: SUCCEEDED, COMPLETED_WITH_ERRORS, REFUSED (the gate was closed) or SKIPPED (the source has no rows).
        target: whose platform: host and retailer, or ``SIMULATOR``.
        source: ``uri``, ``format``, ``bytes`` and ``sha256`` of what was read.
        mapping: which mapping was applied, with its hash.
        stages: name, rows and seconds of each stage.
        checkpoint: the name to resume with, where something is left to do.
    """

    delivered: Any
    rejected: Any
    unknown: Any
    ready: Any
    issues: Any
    counts: dict[str, int]
    state: State
    target: str
    dry_run: bool
    gate: Gate
    source: dict[str, Any]
    mapping: str
    stages: tuple[Stage, ...]
    checkpoint: str = ""

    @property
    def ok(self) -> bool:
        """Whether every row went where it should."""
        return self.state in {"SUCCEEDED", "SKIPPED"}

    @property
    def summary(self) -> str:
        """The load in one honest line."""
        piles = ("ready", "rejected") if self.dry_run else ("delivered", "rejected", "unknown")
        told = ", ".join(f"{self.counts[pile]:,} {pile}" for pile in piles)
        loud = "DRY RUN, nothing was sent: " if self.dry_run else ""
        gate = "" if self.gate.is_open else f"; the gate is {self.gate}"
        return f"{loud}{self.counts['read']:,} rows read, {told} → {self.target} [{self.state}]{gate}"

    @property
    def counts_by_code(self) -> dict[str, int]:
        """How many issues there are of each code, errors and warnings alike, in the order of their stages."""
        issues = frames.enter(self.issues)
        return dict(issues.group_by("code", maintain_order=True).len().rows())

    def to_record(self) -> dict[str, Any]:
        """Return the result as JSON-like data without the frames: what a run records."""
        return {
            "state": self.state,
            **self.counts,
            "summary": self.summary,
            "target": self.target,
            "dry_run": self.dry_run,
            "gate": str(self.gate),
            "source": self.source,
            "mapping": self.mapping,
            "stages": [asdict(stage) for stage in self.stages],
            "issues": self.counts_by_code,
            "checkpoint": self.checkpoint,
        }

    def __str__(self) -> str:
        return self.summary

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p><b>{html.escape(self.summary)}</b></p>{figures(self.counts)}{findings(frames.enter(self.issues))}"


def figures(counts: Mapping[str, int]) -> str:
    """Return the counts as a small HTML table."""
    rows = "".join(
        f"<tr><td>{name}</td><td style='text-align:right'>{count:,}</td></tr>" for name, count in counts.items()
    )
    return f"<table>{rows}</table>"


def findings(issues: pl.DataFrame) -> str:
    """Return the first issues as a small HTML table; nothing where there are none."""
    shown = issues.select("row", "key", "stage", "field", "code", "value", "message")
    return frames.to_html(shown, limit=10, caption="Issues") if issues.height else ""
