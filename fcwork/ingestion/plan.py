"""A load that was read, mapped and checked, and not sent yet."""

import html
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from fcwork import frames, log
from fcwork.clock import Clock
from fcwork.ingestion.files import FileVersion
from fcwork.ingestion.gate import Gate
from fcwork.ingestion.loading import Loaded, Loading
from fcwork.ingestion.piles import DOUBTFUL, ON_ROW, held_back, letters, refused, stack
from fcwork.ingestion.result import IngestResult, Skipped, State, figures, findings, told_of
from fcwork.ingestion.stages import Stages
from fcwork.ingestion.ways import Way
from fcwork.recovery import Progress

_logger = log.get("ingestion")


@dataclass(frozen=True, repr=False, kw_only=True)
class IngestPlan:
    """A load that was read, mapped and checked, and not sent; ``apply`` sends it.

    Attributes:
        read, mapped, ready: the rows of the source, those that could be mapped, and those that passed every check.
        rejected: the rows of the source that will not be sent, with ``_stage`` and ``_errors``.
        issues: one line a finding, in the columns of ``frames.ISSUES``.
        gate: whether the load may be sent.
        counts: ``read, mapped, rejected, delivered, unknown, ready``.
        target: whose platform.
        source: ``uri``, ``format``, ``bytes`` and ``sha256`` of what was read.
        mapping: which mapping was applied, with its hash.
        files: the versions of the files that are to be loaded; none for a frame.
        skipped: the files that need no loading, and why; their rows are in none of the frames.
    """

    read: pl.DataFrame
    mapped: pl.DataFrame
    ready: pl.DataFrame
    rejected: pl.DataFrame
    issues: pl.DataFrame
    gate: Gate
    counts: dict[str, int]
    target: str
    source: dict[str, Any]
    mapping: str
    files: tuple[FileVersion, ...]
    skipped: tuple[Skipped, ...]
    kind: frames.Kind
    max_unknown: int
    stages: Stages
    clock: Clock
    way: Way = field(repr=False)

    @property
    def preview(self) -> pl.DataFrame:
        """The first rows as they would be sent."""
        return frames.without_identity(self.ready.head(5))

    def apply(self, *, dry_run: bool = True, on_progress: Callable[[Progress], None] | None = None) -> IngestResult:
        """Send the rows that passed every check, if the gate is open and this is no dry run.

        A file goes as a send of its own: claimed by this worker alone, under a checkpoint named for its version, and
        noted when it is done. One that another worker loads meanwhile is skipped.

        Args:
            dry_run: send nothing and say what would be sent.
            on_progress: called with counts, rate and time left while rows are sent.

        Raises:
            AuthError, ConnectionFailedError: the platform cannot be reached with these settings; nothing was sent.
            CheckpointError: another process is sending the same load, or a newer version of it.
            StoreError: the state store cannot be used, or the claim on a file was lost to another worker.
        """
        if dry_run:
            return self._result(ready=self.ready, dry_run=True)
        if not self.gate.is_open:
            self._note_refusal()
            return self._held_back()
        with self.stages:
            loading = Loading(self.way, self.stages, self._doubtful())
            loaded = loading.run(self.ready, self.files, self.rejected, on_progress)
        return self._without(loaded.skipped).concluded(loaded)

    def concluded(self, loaded: Loaded) -> IngestResult:
        """Return what became of the plan's rows."""
        sends, at = loaded.sends, self.clock.now()
        told = [(held, *held_back(held.rows, held.reason, doubtful=held.doubtful, at=at)) for held in loaded.held]
        doubtful = [rows for held, rows, _ in told if held.doubtful]
        unsent = [rows for held, rows, _ in told if not held.doubtful]
        return self._result(
            delivered=stack([self.ready.clear(), *(sent.delivered for sent in sends)]),
            unknown=stack([self.ready.clear(), *(sent.unknown for sent in sends), *doubtful]),
            rejected=stack(
                [self.rejected, *(refused(self.read, rows, "send") for rows in (*(s.rejected for s in sends), *unsent))]
            ),
            issues=frames.join_issues(
                [self.issues, *(sent.issues for sent in sends), *(issues for _, _, issues in told)]
            ),
            told={
                "checkpoint": next((sent.checkpoint for sent in sends if sent.checkpoint), ""),
                "checkpoints": tuple(sent.checkpoint for sent in sends if sent.checkpoint),
                "read_back": sum(sent.read_back for sent in sends),
                "requests": sum(sent.attempts for sent in sends),
                "jobs": loaded.jobs,
                "job_status": loaded.job_status,
            },
        )

    def _held_back(self) -> IngestResult:
        """Reject, by code, the good rows that the closed gate keeps back."""
        reason, at = f"not sent: the gate is {self.gate}", self.clock.now()
        kept, found = held_back(self.ready, reason, doubtful=False, at=at)
        return self._result(
            rejected=stack([self.rejected, refused(self.read, kept, "send")]),
            issues=frames.join_issues([self.issues, found]),
        )

    def _doubtful(self) -> pl.DataFrame:
        """Return the rows that are dead letters of which nobody knows whether they arrived."""
        if "_code" not in self.read.columns or self.way.resend_unknown:
            return self.read.select(ON_ROW).clear()
        return self.read.filter(pl.col("_code").cast(pl.String).is_in(DOUBTFUL)).select(ON_ROW)

    def _note_refusal(self) -> None:
        if self.way.files:
            for version in self.files:
                with self.way.files.claim(version) as claim:
                    if not claim.refused:
                        claim.note("error", reason=f"the gate is {self.gate}")

    def _without(self, skipped: Collection[Skipped]) -> "IngestPlan":
        """Return the plan without files that another worker has loaded: their rows are no business of this load."""
        if not skipped:
            return self
        gone = [file.uri for file in skipped]
        there = ~pl.col(frames.SOURCE).is_in(gone)
        kept = {name: getattr(self, name).filter(there) for name in ("read", "mapped", "ready", "rejected")}
        unread = kept["rejected"].filter(pl.col("_stage") == "read").height if self.rejected.height else 0
        counts = {name: kept[name].height for name in ("mapped", "rejected", "ready")}
        return replace(
            self,
            **kept,
            issues=self.issues.filter(~pl.col("source").is_in(gone)),
            counts={**self.counts, **counts, "read": kept["read"].height + unread},
            files=tuple(file for file in self.files if file.uri not in gone),
            skipped=(*self.skipped, *skipped),
        )

    def _result(
        self, *, dry_run: bool = False, told: Mapping[str, Any] | None = None, **changed: pl.DataFrame
    ) -> IngestResult:
        nothing = self.ready.clear()
        piles = {"delivered": nothing, "unknown": nothing, "ready": nothing, "rejected": self.rejected, **changed}
        issues = piles.pop("issues", self.issues)
        counts = {**self.counts, **{name: rows.height for name, rows in piles.items()}}
        piles["dead_letters"] = letters(self.read, piles["rejected"], piles["unknown"], issues)
        result = IngestResult(
            **{name: frames.leave(rows, self.kind) for name, rows in piles.items()},
            issues=frames.leave(issues, self.kind),
            counts=counts,
            state=self._state(counts),
            target=self.target,
            dry_run=dry_run,
            gate=self.gate,
            source=self.source,
            mapping=self.mapping,
            skipped=self.skipped or self._empty(counts),
            stages=self.stages.ended(),
            **(told or {}),
        )
        _logger.info("ingestion.ended", state=result.state, target=self.target, dry_run=dry_run, **counts)
        return result

    def _empty(self, counts: Mapping[str, int]) -> tuple[Skipped, ...]:
        nothing = not counts["read"] and self.gate.is_open
        return tuple(Skipped(version.uri, "it holds no rows") for version in self.files) if nothing else ()

    def _state(self, counts: Mapping[str, int]) -> State:
        if not self.gate.is_open:
            return "REFUSED"
        if not counts["read"]:
            return "SKIPPED"
        failed = counts["rejected"] or counts["unknown"] > self.max_unknown
        return "COMPLETED_WITH_ERRORS" if failed else "SUCCEEDED"

    def __str__(self) -> str:
        told = ", ".join(f"{self.counts[name]:,} {name}" for name in ("read", "mapped", "rejected", "ready"))
        return f"Plan for {self.target}: {told}; gate {self.gate}; nothing sent{told_of(self.skipped)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(str(self))}</b></p>", figures(self.counts)]
        parts.append(frames.to_html(self.preview, caption="First rows, as they would be sent"))
        return "".join([*parts, findings(self.issues)])
