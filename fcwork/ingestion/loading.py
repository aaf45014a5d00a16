"""Sends what a plan holds: file by file, each claimed by one worker, under a checkpoint of its version.

What a file's send came to is written down, by ``conclude``, when all files are through: a worker that dies before
leaves settled checkpoints, by which the same load begun again gives the same result and sends nothing twice.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from fcwork import frames, log, settings
from fcwork.errors import ApiError, CheckpointError, FcworkError
from fcwork.ingestion.files import Claim, FileState, FileVersion
from fcwork.ingestion.piles import ON_ROW, by_file
from fcwork.ingestion.result import Skipped
from fcwork.recovery import Allowance, Progress, SendResult, checkpoints, drop, send
from fcwork.retry import RetryPolicy
from fcwork.routes import LooksOver, Route

if TYPE_CHECKING:
    from fcwork.ingestion.ways import Way
    from fcwork.stages import Stages

Watch = Callable[[Progress], None]
ARRIVED = "it may have arrived when it was sent before, and was not sent again"
_SUMMED = ("batches", "delivered", "rejected", "unknown", "requests")
_logger = log.get("ingestion")


@dataclass(frozen=True)
class Held:
    """Rows that this load did not send, and why; of those that are ``doubtful`` nobody knows whether they arrived."""

    rows: pl.DataFrame
    reason: str
    doubtful: bool


@dataclass
class Load:
    """One file under way, under its claim.

    Attributes:
        version, claim: of the file; no claim where no account is kept.
        rows: what is to be sent of it.
        rejected: how many rows of it are not.
        name: of its checkpoint.
        sent: what its send came to.
        refused: why none of it is sent: the gate is closed.
        stays: it is not put away, as the fault lies with other files.
        jobs: of the platform, that were used.
        started_at, ended_at: of its send.
    """

    version: FileVersion
    claim: Claim | None
    rows: pl.DataFrame
    rejected: int
    name: str | None = None
    sent: SendResult | None = None
    refused: str = ""
    stays: bool = False
    jobs: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows it had, and on which piles they are."""
        nothing = {"rows": self.rows.height, "delivered": 0, "rejected": self.rows.height, "unknown": 0}
        counts = self.sent.counts if self.sent else nothing
        kept = {name: counts[name] for name in nothing}
        return kept | {"rows": kept["rows"] + self.rejected, "rejected": kept["rejected"] + self.rejected}


@dataclass(frozen=True)
class Loaded:
    """What became of a plan's files.

    Attributes:
        files: those that are through.
        sends: one for each that was sent.
        held: rows of these files that were not sent.
        skipped: those that another worker loads or has loaded meanwhile.
        jobs: the platform's jobs that were used.
        job_status: of the last of them, where the platform tells.
    """

    files: tuple[Load, ...]
    sends: tuple[SendResult, ...]
    held: tuple[Held, ...]
    skipped: tuple[Skipped, ...]
    jobs: tuple[str, ...]
    job_status: str


@dataclass
class Loading:
    """Loads files one after the other, within one rate, one deadline and one budget of retries.

    Args:
        way: how.
        stages: told of what is done.
        doubtful: the rows, by ``_row`` and ``_source``, that may have arrived by an earlier send.
        claims: where the claims are held, so that they outlast the sends.
        closed: the files, by their URIs, whose own gate is closed, and why.
        origins: of parts of files that rows name as their source: which file it is.
    """

    way: Way
    stages: Stages
    doubtful: pl.DataFrame
    claims: ExitStack
    closed: Mapping[str, str]
    origins: Mapping[str, str]
    _routes: list[Route] = field(default_factory=list)
    _sent: list[Load] = field(default_factory=list)
    _held: list[Held] = field(default_factory=list)
    _skipped: list[Skipped] = field(default_factory=list)
    _allowance: Allowance | None = None
    _stopped: str = ""

    def run(
        self, rows: pl.DataFrame, files: Sequence[FileVersion], rejected: pl.DataFrame, on_progress: Watch | None
    ) -> Loaded:
        """Send the rows of each file; of a frame, which is no file, all at once.

        Args:
            rows: what is to be sent.
            files: the versions that they are of.
            rejected: the rows of these files that are not sent.
            on_progress: told of the progress of all files together.
        """
        watched = _Total(rows.height, on_progress)
        for version, own, left in parted(files, rows, rejected, self.origins):
            ledger = self.way.files if version.uri else None
            claim = self.claims.enter_context(ledger.claim(version)) if ledger else None
            self._load(Load(version, claim, own, left.height), watched)
        jobs = tuple(dict.fromkeys(job for route in self._routes for job in _jobs(route)))
        sends = tuple(file.sent for file in self._sent if file.sent)
        return Loaded(tuple(self._sent), sends, tuple(self._held), tuple(self._skipped), jobs, self._status(jobs))

    def _load(self, file: Load, watched: _Total) -> None:
        """Send one file, unless it is not to be; where others were sent before, its failure is told in the result."""
        reason = self._refusal(file)
        if reason:
            self._skipped.append(Skipped(file.version.uri, reason))
            watched.total -= file.rows.height
        elif file.version.uri in self.closed:
            file.refused = self.closed[file.version.uri]
            self._held.append(Held(file.rows, f"not sent: {file.refused}", doubtful=False))
            self._sent.append(file)
            watched.total -= file.rows.height
        elif self._stopped:
            self._held.append(Held(file.rows, self._stopped, doubtful=False))
        else:
            file.started_at = self.way.terms["clock"].now()
            try:
                self._send(file, watched)
            except FcworkError as error:
                self._give_up(file, error)

    def _refusal(self, file: Load) -> str:
        """Return why a file is not loaded by this worker; empty where it is."""
        if file.claim is None or self.way.files is None:
            return ""
        already = "" if self.way.force else self.way.files.loaded_already(file.version)
        return file.claim.refused or already

    def _give_up(self, file: Load, error: FcworkError) -> None:
        left = bool(file.name) and file.name in checkpoints()["name"]
        if file.claim and not file.claim.lost:
            where = {"checkpoint": file.name or "", "place": _here()} if left else {}
            file.claim.note("error", reason=f"{type(error).__name__}: {error.message}", **where)
        if not any(other.sent for other in self._sent):
            raise error
        told = f"{type(error).__name__}: {error.message}"
        self._stopped = f"another file of the load could not be sent: {told}"
        self._held.append(Held(file.rows, told, doubtful=left))
        _logger.warning("ingestion.stopped", file=file.version.name, error=error.message)

    def _send(self, file: Load, watched: _Total) -> None:
        if not file.rows.height:
            self._sent.append(file)
            return
        route = self._route()
        rows = self._without_doubtful(file.rows, route)
        file.name = self.way.name(file.version, route, rows)
        self._check_earlier(file, route)
        if self.way.force and file.name and file.name in checkpoints()["name"]:
            drop(file.name)
        if file.claim:
            file.claim.note("claimed", checkpoint=file.name or "", place=_here())
        self.stages.begin("send", f"Sending {rows.height:,} rows to {self.way.client.target}", rows.height)

        def watch(progress: Progress) -> None:
            if progress.phase == "verifying" and self.stages.current == "send":
                self.stages.begin("verify", "Asking what became of each row", progress.rows)
            watched(progress)

        file.sent = send(
            rows,
            route,
            checkpoint=file.name,
            series=self.way.series(file.version.name, route) if file.name and file.version.uri else None,
            on_progress=watch,
            before_request=file.claim.check if file.claim else None,
            allowance=self._limits(route),
            keep=file.name is not None,
            **self.way.terms,
        )
        file.jobs, file.ended_at = _jobs(route), self.way.terms["clock"].now()
        watched.done(file.sent)
        self._stopped = file.sent.stopped
        self._sent.append(file)

    def _without_doubtful(self, rows: pl.DataFrame, route: Route) -> pl.DataFrame:
        """Hold back what may have arrived before, where sending it again would do it twice."""
        if not self.doubtful.height:
            return rows
        if isinstance(route, LooksOver):
            route.look_over(rows)
        if route.repeat_safe:
            return rows
        again = rows.join(self.doubtful, on=ON_ROW, how="semi", nulls_equal=True)
        if again.height:
            self._held.append(Held(again, ARRIVED, doubtful=True))
        return rows.join(self.doubtful, on=ON_ROW, how="anti", nulls_equal=True, maintain_order="left")

    def _check_earlier(self, file: Load, route: Route) -> None:
        """Refuse to send again what an earlier load of the same content sent in part, where that would do it twice.

        Raises:
            CheckpointError: what is left of that load is kept elsewhere, or under another name.
        """
        known = self.way.files.get(file.version.name) if file.claim and self.way.files else None
        if route.repeat_safe or self.way.force or known is None or not known.checkpoint:
            return
        here, same = known.place == _here(), known.checkpoint == file.name
        begun = not here or known.checkpoint in checkpoints()["name"]
        if known.version.sha256 == file.version.sha256 and begun and not (here and same):
            raise CheckpointError(
                f"an earlier load of {file.version.name} was cut off, and what it sent must not be sent again: "
                f"what is left of it is kept under {known.checkpoint!r} in {known.place}",
                hint="run it again there, with the same mapping and options, or load it from its beginning by force",
                checkpoint=known.checkpoint,
            )

    def _route(self) -> Route:
        """Return the route of all files, or a new one where each has a job of its own."""
        if not self._routes or self.way.per_file:
            self.stages.begin("open", "Opening the way to the platform")
            self._routes.append(self.way.open())
        return self._routes[-1]

    def _limits(self, route: Route) -> Allowance:
        if self._allowance is None:
            self._allowance = Allowance(policy=RetryPolicy(), clock=self.way.terms["clock"], **self.way.limits(route))
        return self._allowance

    def _status(self, jobs: Sequence[str]) -> str:
        if not jobs:
            return ""
        try:
            return self.way.client.job_status(jobs[-1]).status
        except ApiError as error:  # it is told for people's sake, and nothing hangs on it
            _logger.info("job.status_not_told", job=jobs[-1], error=error.message)
            return ""


def conclude(file: Load) -> tuple[FileState, str]:
    """Write down what became of a file, and return its state and the reason.

    It is verified, or sent where something is left that a rerun would go on with, or in error where nothing of it was
    delivered.
    """
    left, counts = file.sent.checkpoint if file.sent else None, file.counts
    state: FileState = "verified"
    reason = file.refused
    if left and file.sent:
        state, reason = "sent", file.sent.summary
    elif reason or (counts["rows"] and not counts["delivered"]):
        state, reason = "error", reason or "not one of its rows was delivered"
    if file.claim:
        where = {"checkpoint": left, "place": _here()} if left else {}
        file.claim.note(state, reason=reason, counts=counts, **where)
    if file.sent and file.name and not left:
        drop(file.name)
    return state, reason


class _Total:
    """The progress of several sends as that of one."""

    def __init__(self, total: int, on_progress: Watch | None) -> None:
        self.total = total
        self._on_progress = on_progress
        self._rows = 0
        self._before = dict.fromkeys(_SUMMED, 0)

    def __call__(self, progress: Progress) -> None:
        if self._on_progress:
            sums = {name: getattr(progress, name) + before for name, before in self._before.items()}
            rows, rate = self._rows + progress.rows, progress.rate_per_second
            eta = (self.total - rows) / rate if rate > 0 else None
            self._on_progress(replace(progress, rows=rows, total=self.total, eta_seconds=eta, **sums))

    def done(self, sent: SendResult) -> None:
        """Take in a send that has ended."""
        self._rows += sent.counts["rows"]
        counts = {**sent.counts, "batches": int((frames.enter(sent.batches)["outcome"] == "accepted").sum())}
        self._before = {name: before + counts[name] for name, before in self._before.items()}


def parted(
    files: Sequence[FileVersion], rows: pl.DataFrame, rejected: pl.DataFrame, origins: Mapping[str, str]
) -> list[tuple[FileVersion, pl.DataFrame, pl.DataFrame]]:
    """Return each file with its rows and its rejected rows; of one they are not copied."""
    if len(files) == 1:
        return [(files[0], rows, rejected)]
    ready, refused = by_file(rows, origins), by_file(rejected, origins)
    return [(file, ready.get(file.uri, rows.clear()), refused.get(file.uri, rejected.clear())) for file in files]


def _jobs(route: Route) -> tuple[str, ...]:
    return tuple(getattr(route, "job_ids", ()))


def _here() -> str:
    """Return where checkpoints are kept: this machine and its folder."""
    return f"{socket.gethostname()}:{settings.home()}"
