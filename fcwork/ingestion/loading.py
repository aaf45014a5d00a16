"""Sends what a plan holds: file by file, each claimed by one worker, under a checkpoint of its version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from fcwork import frames, log
from fcwork.errors import ApiError
from fcwork.ingestion.files import Claim, FileVersion
from fcwork.ingestion.result import Skipped
from fcwork.recovery import Progress, SendResult, checkpoints, drop, send

if TYPE_CHECKING:
    from fcwork.ingestion.stages import Stages
    from fcwork.ingestion.ways import Way
    from fcwork.routes import Route

Watch = Callable[[Progress], None]
_logger = log.get("ingestion")


@dataclass(frozen=True)
class Loaded:
    """What became of a plan's files.

    Attributes:
        sends: one for each that was sent.
        skipped: those that another worker loads or has loaded meanwhile.
        jobs: the platform's jobs that were used.
        job_status: of the last of them, where the platform tells.
    """

    sends: tuple[SendResult, ...]
    skipped: tuple[Skipped, ...]
    jobs: tuple[str, ...]
    job_status: str


@dataclass
class Loading:
    """Loads files one after the other.

    Args:
        way: how.
        stages: told of what is done.
        target: whose platform, for people.
    """

    way: Way
    stages: Stages
    target: str
    _routes: list[Route] = field(default_factory=list)

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
        sends, skipped = [], []
        watched = _Total(rows.height, on_progress)
        for version in files:
            own = _of(rows, version)
            ledger = self.way.files
            with ledger.claim(version) if ledger and version.uri else nullcontext() as claim:
                reason = self._refused(version, claim)
                if reason:
                    skipped.append(Skipped(version.uri, reason))
                    watched.total -= own.height
                    continue
                sent = self._send(own, version, claim, watched) if own.height else None
                if claim:
                    _note(claim, sent, _of(rejected, version).height)
            if sent is not None:
                sends.append(sent)
        jobs = tuple(dict.fromkeys(job for route in self._routes for job in getattr(route, "job_ids", ())))
        return Loaded(tuple(sends), tuple(skipped), jobs, self._status(jobs))

    def _refused(self, version: FileVersion, claim: Claim | None) -> str:
        if claim is None or claim.refused:
            return claim.refused if claim else ""
        assert self.way.files  # noqa: S101 - it gave the claim
        already = "" if self.way.force else self.way.files.loaded_already(version)
        if already:
            claim.refused = already
        else:
            claim.note("claimed")
        return already

    def _send(self, rows: pl.DataFrame, version: FileVersion, claim: Claim | None, watched: _Total) -> SendResult:
        route = self._route()
        name = self.way.name(version, route)
        if self.way.force and name and name in checkpoints()["name"]:
            drop(name)
        self.stages.begin("send", f"Sending {rows.height:,} rows to {self.target}", rows.height)

        def watch(progress: Progress) -> None:
            if claim:
                claim.check()
            if progress.phase == "verifying" and self.stages.current == "send":
                self.stages.begin("verify", "Asking what became of each row", progress.rows)
            watched(progress)

        sent = send(
            rows,
            route,
            checkpoint=name,
            series=self.way.series(version.name, route) if name and version.uri else None,
            on_progress=watch,
            **self.way.terms,
        )
        watched.done(rows.height)
        return sent

    def _route(self) -> Route:
        """Return the route of all files, or a new one where each has a job of its own."""
        if not self._routes or self.way.per_file:
            self.stages.begin("open", "Opening the way to the platform")
            self._routes.append(self.way.open())
        return self._routes[-1]

    def _status(self, jobs: Sequence[str]) -> str:
        if not jobs:
            return ""
        try:
            return self.way.client.job_status(jobs[-1]).status
        except ApiError as error:  # it is told for people's sake, and nothing hangs on it
            _logger.info("job.status_not_told", job=jobs[-1], error=error.message)
            return ""


class _Total:
    """The progress of several sends as that of one."""

    def __init__(self, total: int, on_progress: Watch | None) -> None:
        self.total = total
        self._on_progress = on_progress
        self._before = 0

    def __call__(self, progress: Progress) -> None:
        if self._on_progress:
            self._on_progress(replace(progress, rows=self._before + progress.rows, total=self.total))

    def done(self, rows: int) -> None:
        """Say that a send of so many rows has ended."""
        self._before += rows


def _of(rows: pl.DataFrame, version: FileVersion) -> pl.DataFrame:
    return rows.filter(pl.col(frames.SOURCE) == version.uri) if version.uri else rows


def _note(claim: Claim, sent: SendResult | None, rejected: int) -> None:
    """Write down what became of a file: verified, or sent where something is left that a rerun would go on with."""
    counts = dict(sent.counts) if sent else dict.fromkeys(("rows", "delivered", "rejected", "unknown"), 0)
    kept = {name: counts[name] for name in ("rows", "delivered", "rejected", "unknown")}
    kept |= {"rows": kept["rows"] + rejected, "rejected": kept["rejected"] + rejected}
    left = sent is not None and sent.checkpoint is not None
    claim.note("sent" if left else "verified", reason=sent.summary if sent and left else "", counts=kept)
