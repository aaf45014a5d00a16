"""What a source delivers: rows, of which versions of which files, without those that are loaded already."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from fcwork import frames, sources
from fcwork.errors import ConfigError, SourceError
from fcwork.ingestion.files import FRAME, FileLedger, FileVersion
from fcwork.ingestion.inbox import Inbox, name_of
from fcwork.ingestion.piles import file_of
from fcwork.ingestion.result import Skipped
from fcwork.sources import ReadResult, Unread
from fcwork.sources.place import locate


@dataclass(frozen=True)
class Unreadable:
    """A file that could not be read.

    Attributes:
        version: which; its hash is told where the file itself is at fault, and not the place where it lies.
        message: what is wrong.
    """

    version: FileVersion
    message: str


@dataclass(frozen=True)
class Deliveries:
    """What was taken in.

    Attributes:
        taken: the rows, and the lines that are none.
        versions: the files that they are of, or the one frame.
        skipped: the files that need no loading.
        kind: the kind of frame that a result is to give.
        waiting: the files that are left for another run.
        unreadable: the files that could not be read.
        known: those of the files skipped that hold what was loaded last.
        origins: of what rows call their source where it is not the file itself: which file it is in.
    """

    taken: ReadResult
    versions: tuple[FileVersion, ...]
    skipped: tuple[Skipped, ...] = ()
    kind: frames.Kind = "polars"
    waiting: tuple[Skipped, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    known: tuple[FileVersion, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)


def taken_of(
    source: Any,
    form: str | None,
    options: Mapping[str, Any],
    *,
    files: FileLedger | None,
    force: bool,
    inbox: Inbox,
    now: datetime,
) -> Deliveries:
    """Read a path or URI, or take a frame as it is; either way with ``_row`` and ``_source``.

    Args:
        source, form, options: as in ``sources.read``.
        files: what is loaded already; None where it does not matter.
        force: take it all the same.
        inbox: which of the files are taken.
        now: the time.

    Raises:
        SourceError: nothing is there, or nothing of it can be read.
    """
    if not isinstance(source, str | Path):
        return _of_frame(source)
    if not str(source).strip():
        raise ConfigError("no source is named", hint="SOURCE is the path or URI of the file to load")
    account = _Account(files, force=force)
    there = inbox.files(source, files)
    wanted, skipped, waiting = inbox.chosen(there, now, account.skipped_unread)
    if not wanted:
        none = [] if there else [Skipped(str(source), "no file is there")]
        taken = _nothing(str(source))
        return Deliveries(taken, (), (*none, *skipped), waiting=tuple(waiting), known=tuple(account.known))
    several = locate(source).uri if len(there) > 1 else ""
    apart = sources.read_apart([file.uri for file in wanted], form, uri=several, **options)
    read = apart.read
    if not read.files:
        _check_hope(apart.unread, inbox)
    versions = tuple(
        FileVersion(name_of(file.uri), file.uri, file.bytes, file.modified_at, sha256=file.sha256)
        for file in read.files
    )
    again = [skip for version in versions if (skip := account.skipped(version))]
    gone = [Skipped(one.uri, "another worker took it away") for one in apart.unread if one.why == "gone"]
    others = [Skipped(one.uri, one.error.message) for one in apart.unread if one.why == "apart"]
    deliveries = Deliveries(
        read,
        versions,
        (*skipped, *gone),
        waiting=(*waiting, *others),
        unreadable=_unreadable(apart.unread, wanted),
        known=tuple(account.known),
        origins=apart.origins,
    )
    return _without(deliveries, again)


@dataclass
class _Account:
    """What is known already of files, by their content."""

    files: FileLedger | None
    force: bool
    known: list[FileVersion] = field(default_factory=list)

    def skipped_unread(self, file: FileVersion) -> Skipped | None:
        """Return why a file need not even be parsed."""
        if self.files is None or self.force or not self.files.may_be_loaded(file.name, file.size):
            return None
        try:
            return self._skipped(replace(file, sha256=sources.digest(file.uri)))
        except SourceError:  # whoever reads it says what is wrong
            return None

    def skipped(self, version: FileVersion) -> Skipped | None:
        """Return why a file that was read need not be loaded; one that is to be is taken notice of."""
        if self.files is None:
            return None
        self.files.see(version)
        return None if self.force else self._skipped(version)

    def _skipped(self, version: FileVersion) -> Skipped | None:
        why = self.files.loaded_already(version) if self.files else ""
        if self.files and self.files.is_loaded(version):
            self.known.append(version)
        return Skipped(version.uri, why) if why else None


def _check_hope(unread: Sequence[Unread], inbox: Inbox) -> None:
    """Do nothing where files that cannot be read are put away, or were by another worker.

    Raises:
        SourceError: what is wrong with the first.
    """
    bad = [one for one in unread if one.why in {"content", "place"}]
    if bad and not (inbox.takes_bad and any(one.why == "content" for one in bad)):
        raise bad[0].error


def _unreadable(unread: Sequence[Unread], files: Sequence[FileVersion]) -> tuple[Unreadable, ...]:
    told = {file.uri: file for file in files}
    found = []
    for one in unread:
        if one.why == "content":
            found.append(Unreadable(_hashed(told[one.uri]), one.error.message))
        elif one.why == "place":
            found.append(Unreadable(told[one.uri], one.error.message))
    return tuple(found)


def _hashed(file: FileVersion) -> FileVersion:
    try:
        return replace(file, sha256=sources.digest(file.uri))
    except SourceError:
        return file


def _of_frame(source: Any) -> Deliveries:
    rows = frames.with_identity(frames.enter(source))
    if rows[frames.ROW].null_count() or rows.select(frames.IDENTITY).is_duplicated().any():
        raise ConfigError("several rows of the frame share one _row", hint="drop _row: they are then numbered in order")
    digest = hashlib.sha256(rows.hash_rows().to_numpy().tobytes()).hexdigest()
    taken = replace(_nothing(""), frame=rows, rejected=rows.clear(), format=FRAME, sha256=digest)
    return Deliveries(taken, (FileVersion(FRAME, sha256=digest),), kind=frames.kind_of(source))


def _without(read: Deliveries, loaded: Sequence[Skipped]) -> Deliveries:
    """Leave out what turned out to be loaded already."""
    if not loaded:
        return read
    gone = [file.uri for file in loaded]
    taken, there = read.taken, ~file_of(read.origins).is_in(gone)
    kept = replace(
        taken,
        frame=taken.frame.filter(there),
        rejected=taken.rejected.filter(there),
        issues=taken.issues.filter(~file_of(read.origins, "source").is_in(gone)),
    )
    versions = tuple(version for version in read.versions if version.uri not in gone)
    return replace(read, taken=kept, versions=versions, skipped=(*read.skipped, *loaded))


def _nothing(uri: str) -> ReadResult:
    rows = pl.DataFrame(schema={frames.ROW: pl.Int64, frames.SOURCE: pl.String})
    return ReadResult(frame=rows, rejected=rows, issues=frames.no_issues(), uri=uri, format="", bytes=0, sha256="")
