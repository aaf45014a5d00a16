"""What an extraction came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl

from fcwork import cards, frames
from fcwork.errors import ServerError
from fcwork.sources.written import Written
from fcwork.stages import Stage

State = Literal["SUCCEEDED", "COMPLETED_WITH_ERRORS", "SKIPPED", "FAILED"]
_FIRST = 10  # rows shown
_FACTS = {"From": "from", "Until": "to", "Watermark": "watermark"}
COUNTS = ("read", "repeated", "known", "mapped", "rejected", "written", "ready")


@dataclass(frozen=True, repr=False, kw_only=True)
class ExtractResult:
    """What an extraction came to; nodes read = repeated + known + those that became rows.

    Attributes:
        frame: the rows, where there is no sink; in a dry run the first of them. Else None.
        rejected: the rows that could not be mapped, as they were fetched, with ``_errors``.
        issues: one line a finding, in the columns of ``frames.ISSUES``: rows that could not be mapped, and what went
            wrong beside pages that were kept.
        rows: how many rows were written, or are in ``frame``.
        pages: how many pages were fetched.
        complete: whether nothing is missing; ``reasons`` say what is.
        limited: whether no more is missing than the caller's own limits cut off.
        counts: ``read`` (nodes fetched), ``repeated`` (older versions of a node that came again), ``known`` (written by
            an earlier run), ``mapped``, ``rejected``, ``written`` and, of a dry run, ``ready``, which count rows.
        state: SUCCEEDED, COMPLETED_WITH_ERRORS (rows were rejected, or pages came with errors), SKIPPED (another worker
            is at it) or FAILED (the platform gave no whole answer; nothing was written).
        entity, target: what was extracted, and from whose platform.
        since, until: the window; None where it is open.
        watermark: where the named watermark stands now; None without one.
        watermark_name: its name; empty without one.
        mapping: which mapping was applied, with its hash; ``none`` without one.
        moved: whether this run moved it.
        files: what was written; None where nothing was.
        dry_run: whether only the first page was looked at.
        resumed: whether it went on with the pages of a run that was cut off.
        stages: name, rows and seconds of each stage.
        masked: columns whose values the mapping masks, so that pages for others hide them.
    """

    frame: Any
    rejected: Any
    issues: Any
    rows: int
    pages: int
    complete: bool
    reasons: tuple[str, ...]
    limited: bool
    counts: dict[str, int]
    state: State
    entity: str
    target: str
    since: datetime | None = None
    until: datetime | None = None
    watermark: datetime | None = None
    watermark_name: str = ""
    mapping: str = "none"
    moved: bool = False
    files: Written | None = None
    dry_run: bool = False
    resumed: bool = False
    reason: str = ""
    stages: tuple[Stage, ...] = ()
    masked: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every row is where it should be."""
        return self.state in {"SUCCEEDED", "SKIPPED"}

    @property
    def summary(self) -> str:
        """The extraction in one honest line."""
        loud = "DRY RUN, the first page only, nothing was written: " if self.dry_run else ""
        told = [f"{self.counts['read']:,} {self.entity} read", f"{self.rows:,} rows"]
        told += [f"{self.counts[name]:,} {name}" for name in ("rejected", "repeated", "known") if self.counts[name]]
        where = f" → {self.files}" if self.files else ""
        missing = f"; not complete: {', '.join(self.reasons)}" if self.reasons and not self.dry_run else ""
        why = f"; {self.reason}" if self.reason else ""
        return cards.line(f"{loud}{', '.join(told)} from {self.target}{where} [{self.state}]{missing}{why}")

    @property
    def details(self) -> dict[str, Any]:
        """What a tracked job keeps: ``recordCount``, ``fileName`` as the SDK's job tracker has them, and more."""
        return {
            "entity": self.entity,
            "recordCount": self.rows,
            "pageCount": self.pages,
            "complete": self.complete,
            "rejectedRecords": self.counts["rejected"],
            "fileName": self.files.files[0].name if self.files and self.files.files else None,
            "fileSize": self.files.bytes if self.files else None,
            "fileCount": len(self.files.files) if self.files else 0,
            "from": _told(self.since),
            "to": _told(self.until),
            "watermark": _told(self.watermark),
            "watermarkName": self.watermark_name or None,
        }

    def raise_if_incomplete(self) -> None:
        """Raise unless everything is there that was asked for.

        Raises:
            ServerError: the platform gave no whole answer.
        """
        if not (self.complete or self.limited):
            raise ServerError(
                f"the extraction of {self.entity} is not complete: {', '.join(self.reasons)}",
                hint="run it again; nothing was written, and the watermark stands where it stood",
            )

    def to_record(self) -> dict[str, Any]:
        """Return the result without its frames."""
        return {
            "state": self.state,
            "summary": self.summary,
            "target": self.target,
            "dry_run": self.dry_run,
            "read": self.counts["read"],
            "mapped": self.counts["mapped"],
            "rejected": self.counts["rejected"],
            "written": self.counts["written"],
            "ready": self.counts["ready"],
            "rows": self.rows,
            "pages": self.pages,
            "complete": self.complete,
            "reasons": list(self.reasons),
            "files": [one.to_record() for one in self.files.files] if self.files else [],
            "manifest": self.files.manifest if self.files else "",
            "details": self.details,
            **({"masked": list(self.masked)} if self.masked else {}),
            "stages": [asdict(stage) for stage in self.stages],
        }

    def __str__(self) -> str:
        return self.summary

    __repr__ = __str__

    def _repr_html_(self) -> str:
        told, counts = self.details, self.counts
        rows = frames.enter(cards.first(self.frame, _FIRST)) if self.frame is not None else pl.DataFrame()
        return cards.Card(
            line=self.summary,
            state=self.state,
            tone="doubt" if self.ok and not (self.complete or self.limited) else cards.tone_of(self.state),
            parts=[
                cards.Part("ready" if self.dry_run else "rows", self.rows, "calm" if self.dry_run else "good"),
                cards.Part("rejected", counts["rejected"], "bad"),
            ],
            figures={name: counts[name] for name in ("read", "repeated", "known")} | {"pages": self.pages},
            facts={
                "Complete": "yes" if self.complete else f"no: {', '.join(self.reasons)}",
                **{title: told[name] for title, name in _FACTS.items()},
                "Files": self.files,
            },
            below=[
                cards.issues(frames.enter_issues(self.issues)),
                cards.table(frames.without_identity(rows), caption="First rows") if rows.width else "",
            ],
        ).html()


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def empty_counts() -> dict[str, int]:
    """Return the counts of an extraction that did nothing."""
    return dict.fromkeys(COUNTS, 0)
