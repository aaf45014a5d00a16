"""Files that are through are put away: into the archive or the folder of errors, each with a log of its load.

It goes on while the claims on the files are held. What was not delivered is written first, then the account says what
became of the file, then it is moved: a worker that dies in between leaves a file that the next run moves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames, log, sources
from fcwork.clock import Clock
from fcwork.errors import ConfigError, LeaseTakenError, SourceError
from fcwork.ingestion.files import Claim, FileState, FileVersion
from fcwork.ingestion.loading import Load, conclude
from fcwork.ingestion.piles import by_file, file_of
from fcwork.ingestion.result import IngestResult, Moved
from fcwork.personal import hidden_names
from fcwork.redact import mask_values
from fcwork.sources import moving
from fcwork.sources.place import locate

if TYPE_CHECKING:
    from fcwork.ingestion.deliveries import Unreadable
    from fcwork.ingestion.ways import Way

NOT_MOVED, NOT_WRITTEN = "file.not_moved", "file.not_written"
_logger = log.get("ingestion")


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where files go when they are through: folders beside them, whole paths, or URIs; None where they stay.

    Attributes:
        archive: for files whose rows are settled.
        errors_to: for files of which nothing was delivered, and for the rejected rows of the others.
        logs: for a log of each file.
    """

    archive: str | None = None
    errors_to: str | None = None
    logs: str | None = None

    @property
    def folders(self) -> tuple[str, ...]:
        """Those that are given."""
        return tuple(folder for folder in (self.archive, self.errors_to, self.logs) if folder is not None)

    def check(self, source: Any, *, track_files: bool) -> None:
        """Refuse what no file could be put away by.

        Raises:
            ConfigError: there are no files, or no account of them.
            SourceError: a folder that is none.
        """
        if self.folders and not isinstance(source, str | PurePath):
            raise ConfigError(
                "archive, errors_to and logs are for files", hint="a frame is not put away: leave them out"
            )
        if (self.archive or self.errors_to) and not track_files:
            raise ConfigError("files are moved by the account that is kept of them", hint="leave track_files as it is")
        for folder in self.folders:
            moving.check_folder(folder)


@dataclass
class PuttingAway:
    """Puts the files of one load away.

    Args:
        way: how it was loaded.
        clock: the time.
        result: what became of its rows.
        origins: of parts of files that rows name as their source: which file it is.
    """

    way: Way
    clock: Clock
    result: IngestResult
    origins: Mapping[str, str]
    _moved: list[Moved] = field(default_factory=list)
    _found: list[pl.DataFrame] = field(default_factory=list)

    def after(
        self, files: Sequence[Load], known: Sequence[FileVersion], unreadable: Sequence[Unreadable]
    ) -> IngestResult:
        """Put the files away, and return the result with what came of that.

        Args:
            files: those that were loaded, or that their gate kept back.
            known: those that were loaded already, by an earlier run.
            unreadable: those that could not be read.

        Raises:
            StoreError: the claim on a file was lost to another worker.
        """
        letters = by_file(self.result.dead_letters, self.origins) if self.way.places.errors_to else {}
        for file in files:
            self._loaded(file, letters.get(file.version.uri))
        for version in known if self.way.places.archive else ():
            self._known(version)
        for bad in unreadable:
            self._unreadable(bad)
        if not self._found:
            return replace(self.result, moved=tuple(self._moved))
        issues = frames.join_issues([self.result.issues, *self._found])
        failed = (issues["code"] == NOT_MOVED).any() and self.result.ok
        state = "COMPLETED_WITH_ERRORS" if failed else self.result.state
        return replace(self.result, moved=tuple(self._moved), issues=issues, state=state)

    def _loaded(self, file: Load, letters: pl.DataFrame | None) -> None:
        left = file.stays or bool(file.sent and file.sent.checkpoint)
        if file.version.uri and letters is not None and not left:
            self._write_letters(file.version, letters)
        state, reason = conclude(file)
        if not file.version.uri:
            return
        to = ""
        if file.claim and not file.stays:
            state, to = self._move(file.version, file.claim, state, reason=reason, counts=file.counts)
        self._write_log(
            file.version,
            state=state,
            reason=reason,
            moved_to=to or None,
            **file.counts,
            jobs=file.jobs,
            batches=_receipts(file),
            checkpoint=file.sent.checkpoint if file.sent else None,
            started_at=file.started_at,
            ended_at=file.ended_at,
        )

    def _known(self, version: FileVersion) -> None:
        """Complete the move of a file whose load is concluded, or put away what was delivered once more."""
        ledger = self.way.files
        if ledger is None:
            return
        with ledger.claim(version) as claim:
            record = ledger.get(version.name)
            if not claim.refused and record and ledger.is_loaded(version):
                self._move(version, claim, "verified", counts=record.loaded_counts, at=record.loaded_at)

    def _unreadable(self, bad: Unreadable) -> None:
        """Put away a file that is bad itself; one that its place did not give is left to the next run."""
        version, ledger = bad.version, self.way.files
        if ledger is None or not version.sha256:
            return
        with ledger.claim(version) as claim:
            if not claim.refused:
                claim.note("error", reason=bad.message)
                _, to = self._move(version, claim, "error", reason=bad.message, counts={})
                self._write_log(version, state="error", reason=bad.message, moved_to=to or None)

    def _move(
        self,
        version: FileVersion,
        claim: Claim,
        state: FileState,
        *,
        counts: Mapping[str, int],
        reason: str = "",
        at: datetime | None = None,
    ) -> tuple[FileState, str]:
        """Move a file to where its state belongs, and return its state then, and where it is."""
        folder = {"verified": self.way.places.archive, "error": self.way.places.errors_to}.get(state)
        if folder is None or self.way.files is None:
            return state, ""
        claim.check()
        to = ""
        with self._told(version, NOT_MOVED, "error"), self.way.files.alone(_shared(folder, version.uri)):
            to = sources.archive(version.uri, folder, sha256=version.sha256, at=at, clock=self.clock)
        if not to:
            return state, ""
        new: FileState = "archived" if state == "verified" else "error"
        self._moved.append(Moved(version.uri, to, new))
        claim.note(new, reason="; ".join(filter(None, (reason, f"moved to {to}"))), counts=counts)
        return new, to

    def _write_letters(self, version: FileVersion, letters: pl.DataFrame) -> None:
        """Write what was not delivered, as the file has it, to be mended and loaded again."""
        folder = self.way.places.errors_to
        if folder is None:
            return
        with self._told(version, NOT_WRITTEN, "warning"):
            source, now = locate(version.uri), self.clock.now()
            place = moving.within(folder, source, at=now, name=f"{source.name}.rejected.csv")
            free = moving.unused(place, now)
            with sources.private(wanted=bool(hidden_names())):
                sources.write(letters, sources.literal(free.uri), safe="spreadsheet", identity=True)

    def _write_log(self, version: FileVersion, **facts: Any) -> None:
        folder = self.way.places.logs
        if folder is None:
            return
        with self._told(version, NOT_WRITTEN, "warning"):
            source, now = locate(version.uri), self.clock.now()
            issues = self.result.issues.filter(file_of(self.origins, "source") == version.uri)
            told = {
                "file": source.name,
                "uri": version.uri,
                "size": version.size,
                "modified_at": version.modified_at,
                "sha256": version.sha256,
                "workflow": self.way.workflow,
                "target": self.way.client.target,
                "run_id": os.environ.get("FCWORK_RUN_ID", ""),
                **facts,
                "issues": dict(issues.group_by("code", maintain_order=True).len().rows()),
                "written_at": now,
            }
            name = f"{source.name}-{now:%Y%m%dT%H%M%SZ}.json"
            place = moving.unused(moving.within(folder, source, at=now, name=name), now)
            text = json.dumps(mask_values(told), indent=2, ensure_ascii=False, default=_text)
            with sources.whole(place) as stream:
                stream.write(text.encode("utf-8", "backslashreplace"))

    @contextmanager
    def _told(self, version: FileVersion, code: str, severity: frames.Severity) -> Iterator[None]:
        """Make an issue of what went wrong with a file that is through: its rows are where they belong."""
        try:
            yield
        except (SourceError, LeaseTakenError) as error:
            _logger.warning(code, file=version.name, error=error.message)
            self._found.append(
                frames.frame_issue(
                    stage="read",
                    code=code,
                    message=error.message,
                    at=self.clock.now(),
                    source=version.uri,
                    severity=severity,
                )
            )


def _shared(folder: str, uri: str) -> str:
    """Return what is held of a folder while a file is moved there, whatever the day."""
    return folder if moving.is_whole(folder) else f"{uri.rpartition('/')[0]}/{folder}"


def _receipts(file: Load) -> list[str]:
    if file.sent is None:
        return []
    batches = frames.enter(file.sent.batches)
    return batches.filter(outcome="accepted")["receipt"].to_list()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
