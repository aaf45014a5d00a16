"""What became of each row of a load."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import polars as pl

from fcwork import cards, frames
from fcwork.ingestion.gate import Gate
from fcwork.stages import Stage

NAMED = 3  # skipped or waiting files in a line, and waiting ones in a record
State = Literal["SUCCEEDED", "COMPLETED_WITH_ERRORS", "REFUSED", "SKIPPED"]
COUNTS = ("read", "mapped", "rejected", "delivered", "unknown", "ready")


@dataclass(frozen=True)
class Skipped:
    """A file that was not loaded, and why: it is loaded already, or another worker is at it."""

    uri: str
    reason: str


@dataclass(frozen=True)
class Moved:
    """A file that was put away: where it was, where it is, and as what, ``archived`` or ``error``."""

    uri: str
    to: str
    state: str


@dataclass(frozen=True, repr=False, kw_only=True)
class IngestResult:
    """What became of each row of a load; rows read = delivered + rejected + unknown + ready.

    The frames are of the kind of the source: polars for a file, else what the caller gave.

    Attributes:
        delivered: the rows that the platform holds, as they were sent.
        rejected: the rows of the source that did not get through, with ``_stage`` and ``_errors`` saying where and why.
        unknown: the rows, as sent, of which nobody can say: look before sending them again.
        ready: in a dry run, the rows that passed every check; empty otherwise.
        dead_letters: the rows of the source that were not delivered, behind ``_row``, ``_source``, ``_key``, ``_code``,
            ``_message`` and ``_attempts``: to be mended and loaded again.
        issues: one line a finding, in the columns of ``frames.ISSUES``.
        counts: ``read, mapped, rejected, delivered, unknown, ready``; rejected counts the rows of every stage.
        state: SUCCEEDED, COMPLETED_WITH_ERRORS, REFUSED (the gate was closed) or SKIPPED (there was nothing to load).
        target: whose platform: host and retailer, or ``SIMULATOR``.
        source: ``uri``, ``format``, ``bytes`` and ``sha256`` of what was read.
        mapping: which mapping was applied, with its hash.
        skipped: the files that were not loaded, and why; their rows count nowhere.
        waiting: the files that were left for another run, and why.
        moved: the files that were put away.
        stages: name, rows and seconds of each stage.
        checkpoint: the name to resume with, where something is left to do; of several files that of the first.
        checkpoints: the names of all of them.
        jobs, job_status: the platform's jobs that were used, and the status of the last, OPEN or CLOSED.
        requests: how many requests it took, those refused and repeated included.
        repeats: how many of them tried something again.
        read_back: how many of the delivered rows the platform told nothing of, and were found there.
        masked: columns whose values the mapping masks, so that pages for others hide them.
        feed: how the load is beside those before it, in words; empty where nothing was expected.
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
    dead_letters: Any = field(default_factory=list)
    skipped: tuple[Skipped, ...] = ()
    waiting: tuple[Skipped, ...] = ()
    moved: tuple[Moved, ...] = ()
    checkpoint: str = ""
    checkpoints: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    job_status: str = ""
    requests: int = 0
    repeats: int = 0
    read_back: int = 0
    masked: tuple[str, ...] = ()
    feed: str = ""

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
        rows = f"{self.counts['read']:,} rows read, {told}"
        feed = f"; the feed is {self.feed}" if self.feed else ""
        files = told_of(self.skipped) + told_of(self.waiting, "waiting") + self._told_moves()
        return cards.line(f"{loud}{rows} → {self.target} [{self.state}]{gate}{feed}{files}")

    @property
    def counts_by_code(self) -> dict[str, int]:
        """How many issues there are of each code, errors and warnings alike, in the order of their stages."""
        issues = frames.enter_issues(self.issues)
        return dict(issues.group_by("code", maintain_order=True).len().rows())

    @property
    def details(self) -> dict[str, Any]:
        """What a tracked job keeps of the load, under the names of the SDK's production workflow (0.1.56, module 6)."""
        counts = self.counts
        issues = frames.enter_issues(self.issues).filter(pl.col("row").is_not_null())
        of_map = pl.col("stage").is_in(["read", "map"]) & (pl.col("severity") == "error")
        sent = issues.filter((pl.col("stage") == "send") & (pl.col("code") != "send.not_sent"))
        refused = sent.filter(pl.col("code").is_in(["send.rejected", "send.retries_exhausted"]))
        checked = issues.filter(pl.col("stage") == "check")
        failed = checked.filter(severity="error").select("source", "row").n_unique() if checked.height else 0
        return {
            "fluentJobId": self.jobs[-1] if self.jobs else None,
            "fluentJobStatus": self.job_status or None,
            "sourceRecords": counts["read"],
            "mappedRecords": counts["mapped"],
            "mappingErrors": issues.filter(of_map).select("source", "row").n_unique(),
            "validationResult": {
                "validRecords": counts["mapped"] - failed,
                "warnings": checked.filter(severity="warning").height,
            },
            "recoveryResult": {
                "successCount": counts["delivered"],
                "failedCount": sent.select("source", "row").n_unique(),
                "checkpointId": self.checkpoint or None,
            },
            "fluentErrors": refused.select("source", "row").n_unique(),
            "skippedFiles": len(self.skipped),
        }

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
            **({"masked": list(self.masked)} if self.masked else {}),
            **({"feed": self.feed} if self.feed else {}),
            "skipped": [asdict(file) for file in self.skipped],
            "waiting": {"files": len(self.waiting), "first": [asdict(file) for file in self.waiting[:NAMED]]},
            "moved": [asdict(file) for file in self.moved],
            "stages": [asdict(stage) for stage in self.stages],
            "issues": self.counts_by_code,
            "checkpoint": self.checkpoint,
            "checkpoints": list(self.checkpoints),
            "sending": {"requests": self.requests, "repeats": self.repeats},
            "details": self.details,
        }

    def _told_moves(self) -> str:
        archived = sum(file.state == "archived" for file in self.moved)
        told = {"archived": archived, "put away as errors": len(self.moved) - archived}
        return "".join(f"; {files:,} {_files(files)} {what}" for what, files in told.items() if files)

    def __str__(self) -> str:
        return self.summary

    __repr__ = __str__

    def _repr_html_(self) -> str:
        names = ("read", "mapped")
        return cards.Card(
            line=self.summary,
            state=f"DRY RUN: {self.state}" if self.dry_run else self.state,
            tone=cards.tone_of(self.state),
            parts=cards.piles(self.counts),
            figures={name: self.counts[name] for name in names} | {"requests": self.requests, "repeats": self.repeats},
            facts={"Target": self.target, "Gate": self.gate, "Feed": self.feed, "Checkpoint": self.checkpoint},
            below=[cards.issues(frames.enter_issues(self.issues))],
        ).html()


def told_of(skipped: Sequence[Skipped], what: str = "skipped") -> str:
    """Return the files that were skipped, or are waiting, as the end of a line: each where they are few."""
    if not skipped:
        return ""
    named = [f"{file.uri} ({file.reason})" for file in skipped[:NAMED]]
    more = f" and {len(skipped) - NAMED} more" if len(skipped) > NAMED else ""
    return f"; {what} {', '.join(named)}{more}"


def _files(number: int) -> str:
    return "file" if number == 1 else "files"
