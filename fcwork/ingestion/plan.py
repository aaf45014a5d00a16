"""A load that was read, mapped and checked, and not sent yet."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from fcwork import cards, frames, log
from fcwork.clock import Clock
from fcwork.ingestion.deliveries import Unreadable
from fcwork.ingestion.files import FileVersion
from fcwork.ingestion.gate import Gate
from fcwork.ingestion.loading import Load, Loaded, Loading, parted
from fcwork.ingestion.piles import DOUBTFUL, ON_ROW, file_of, held_back, letters, refused, stack
from fcwork.ingestion.putting_away import PuttingAway
from fcwork.ingestion.result import IngestResult, Skipped, State, told_of
from fcwork.ingestion.ways import Way
from fcwork.recovery import Progress
from fcwork.stages import Stages

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
        waiting: the files that are left for another run, and why.
        unreadable: the files that could not be read; each is an issue ``read.file``.
        known: those of the files skipped that hold what was loaded last.
        gates: of several files, the gate of each by itself.
        origins: of parts of files that rows name as their source, such as members of a zip: which file it is.
        feed: how the load is beside those before it, in words; empty where nothing was expected.
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
    waiting: tuple[Skipped, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    known: tuple[FileVersion, ...] = ()
    gates: Mapping[str, Gate] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    masked: tuple[str, ...] = ()
    feed: str = ""

    @property
    def preview(self) -> pl.DataFrame:
        """The first rows as they would be sent."""
        return frames.without_identity(self.ready.head(5))

    def apply(self, *, dry_run: bool = True, on_progress: Callable[[Progress], None] | None = None) -> IngestResult:
        """Send the rows that passed every check, if the gate is open and this is no dry run.

        A file goes as a send of its own: claimed by this worker alone, under a checkpoint named for its version, and
        noted when it is done. One that another worker loads meanwhile is skipped. A file that is through is put away
        where a folder is given for it.

        Args:
            dry_run: send nothing and say what would be sent.
            on_progress: called with counts, rate and time left while rows are sent.

        Raises:
            AuthError, ConnectionFailedError: the platform cannot be reached with these settings; nothing was sent.
            CheckpointError: another process is sending the same load, or a newer version of it.
            StoreError: the state store cannot be used, or the claim on a file was lost to another worker.
        """
        if dry_run:
            return self._looked()
        with self.stages, ExitStack() as claims:
            if self.gate.is_open:
                loading = Loading(self.way, self.stages, self._doubtful(), claims, self._closed, self.origins)
                loaded = loading.run(self.ready, self.files, self.rejected, on_progress)
                result, files = self._without(loaded.skipped).concluded(loaded), loaded.files
                result = self._remembered(result, files)
            else:
                result, files = self._held_back(), self._refused(claims)
            if self.way.places.folders:
                self.stages.begin("archiving", "Putting files away")
            put_away = PuttingAway(self.way, self.clock, result, self.origins).after(files, self.known, self.unreadable)
        return replace(put_away, stages=self.stages.ended())

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
                "repeats": sum(int((frames.enter(sent.batches)["attempt"] > 1).sum()) for sent in sends),
                "jobs": loaded.jobs,
                "job_status": loaded.job_status,
            },
        )

    def _remembered(self, result: IngestResult, files: Sequence[Load]) -> IngestResult:
        """Leave the profile of what was applied, for the loads that come after it."""
        found = self.way.feed.keep(files) if self.way.feed.concerns(self.read) else frames.no_issues()
        if not found.height:
            return result
        issues = frames.join_issues([frames.enter_issues(result.issues), found])
        return replace(result, issues=frames.leave(issues, self.kind))

    @property
    def _closed(self) -> dict[str, str]:
        """The files that are judged by themselves and kept back, and why."""
        return {
            uri: f"the gate is {gate}" for uri, gate in self.gates.items() if self.way.per_file and not gate.is_open
        }

    def _looked(self) -> IngestResult:
        """Return what would be sent."""
        if not self._closed or not self.gate.is_open:
            return self._result(ready=self.ready, dry_run=True)
        at, of_file = self.clock.now(), file_of(self.origins)
        kept = [
            held_back(self.ready.filter(of_file == uri), f"not sent: {why}", doubtful=False, at=at)
            for uri, why in self._closed.items()
        ]
        return self._result(
            ready=self.ready.filter(~of_file.is_in(list(self._closed))),
            rejected=stack([self.rejected, *(refused(self.read, rows, "send") for rows, _ in kept)]),
            issues=frames.join_issues([self.issues, *(found for _, found in kept)]),
            dry_run=True,
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

    def _refused(self, claims: ExitStack) -> tuple[Load, ...]:
        """Return the files that the closed gate keeps back; those that are not at fault stay where they are."""
        at_fault = [uri for uri, gate in self.gates.items() if not gate.is_open]
        found = []
        for version, ready, rejected in parted(self.files, self.ready, self.rejected, self.origins):
            ledger = self.way.files if version.uri else None
            claim = claims.enter_context(ledger.claim(version)) if ledger else None
            stays = version.uri not in at_fault if at_fault else bool(self.gates) and not rejected.height
            refusal = f"the gate is {self.gate}"
            if claim is None or not claim.refused:
                found.append(Load(version, claim, ready, rejected.height, refused=refusal, stays=stays))
        return tuple(found)

    def _without(self, skipped: Collection[Skipped]) -> "IngestPlan":
        """Return the plan without files that another worker has loaded: their rows are no business of this load."""
        if not skipped:
            return self
        gone = [file.uri for file in skipped]
        there = ~file_of(self.origins).is_in(gone)
        kept = {name: getattr(self, name).filter(there) for name in ("read", "mapped", "ready", "rejected")}
        unread = kept["rejected"].filter(pl.col("_stage") == "read").height if self.rejected.height else 0
        counts = {name: kept[name].height for name in ("mapped", "rejected", "ready")}
        return replace(
            self,
            **kept,
            issues=self.issues.filter(~file_of(self.origins, "source").is_in(gone)),
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
            masked=self.masked,
            feed=self.feed,
            skipped=self.skipped or self._empty(counts),
            waiting=self.waiting,
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
        if not counts["read"] and not self.unreadable:
            return "SKIPPED"
        failed = counts["rejected"] or counts["unknown"] > self.max_unknown or self.unreadable
        return "COMPLETED_WITH_ERRORS" if failed else "SUCCEEDED"

    def __str__(self) -> str:
        told = ", ".join(f"{self.counts[name]:,} {name}" for name in ("read", "mapped", "rejected", "ready"))
        files = told_of(self.skipped) + told_of(self.waiting, "waiting")
        feed = f"; feed {self.feed}" if self.feed else ""
        return cards.line(f"Plan for {self.target}: {told}; gate {self.gate}; nothing sent{feed}{files}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = self.preview
        return cards.Card(
            line=str(self),
            state="gate open" if self.gate.is_open else "gate closed",
            tone="bad" if not self.gate.is_open else "doubt" if self.counts["rejected"] else "good",
            parts=cards.piles({name: self.counts[name] for name in ("ready", "rejected")}),
            figures={name: self.counts[name] for name in ("read", "mapped")},
            facts={"Target": self.target, "Gate": self.gate, "Feed": self.feed},
            below=[
                cards.table(rows, caption="First rows, as they would be sent") if rows.height else "",
                cards.issues(self.issues),
            ],
        ).html()
