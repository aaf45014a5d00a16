"""What a source delivers: rows, of which versions of which files, without those that are loaded already."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from fcwork import frames, sources
from fcwork.errors import ConfigError
from fcwork.ingestion.files import FRAME, FileLedger, FileVersion
from fcwork.ingestion.result import Skipped
from fcwork.sources import ReadResult


@dataclass(frozen=True)
class Deliveries:
    """What was taken in.

    Attributes:
        taken: the rows, and the lines that are none.
        versions: the files that they are of, or the one frame.
        skipped: the files that need no loading.
        kind: the kind of frame that a result is to give.
    """

    taken: ReadResult
    versions: tuple[FileVersion, ...]
    skipped: tuple[Skipped, ...] = ()
    kind: frames.Kind = "polars"


def taken_of(
    source: Any, form: str | None, options: Mapping[str, Any], *, files: FileLedger | None, force: bool
) -> Deliveries:
    """Read a path or URI, or take a frame as it is; either way with ``_row`` and ``_source``.

    Args:
        source, form, options: as in ``sources.read``.
        files: what is loaded already; None where it does not matter.
        force: take it all the same.
    """
    if not isinstance(source, str | Path):
        return _of_frame(source)
    if not str(source).strip():
        raise ConfigError("no source is named", hint="SOURCE is the path or URI of the file to load")
    if files is None:
        return _of_files(sources.read_with_issues(source, form, **options))
    known = () if force else _loaded(source, files)
    there = sources.list(source)["uri"]
    wanted = [uri for uri in there if uri not in {file.uri for file in known}]
    if not wanted:
        return Deliveries(_nothing(str(source)), (), known)
    read = _of_files(sources.read_with_issues(source, form, only=wanted, **options))
    for version in read.versions:
        files.see(version)
    again = [Skipped(one.uri, why) for one in read.versions if (why := files.loaded_already(one)) and not force]
    return _without(read, (*known, *again))


def _loaded(source: str | Path, files: FileLedger) -> tuple[Skipped, ...]:
    """Return the files that are loaded already, so that they need not be parsed."""
    there = [
        FileVersion(_name(uri), uri, size, modified_at, sha256=sources.digest(uri))
        for uri, size, modified_at in sources.list(source).select("uri", "size", "modified_at").iter_rows()
        if files.may_be_loaded(_name(uri), size)
    ]
    return tuple(Skipped(version.uri, why) for version in there if (why := files.loaded_already(version)))


def _of_files(taken: ReadResult) -> Deliveries:
    versions = [
        FileVersion(_name(file.uri), file.uri, file.bytes, file.modified_at, sha256=file.sha256) for file in taken.files
    ]
    return Deliveries(taken, tuple(versions))


def _of_frame(source: Any) -> Deliveries:
    rows = frames.with_identity(frames.enter(source))
    if rows[frames.ROW].null_count() or rows.select(frames.IDENTITY).is_duplicated().any():
        raise ConfigError("several rows of the frame share one _row", hint="drop _row: they are then numbered in order")
    digest = hashlib.sha256(rows.hash_rows().to_numpy().tobytes()).hexdigest()
    taken = replace(_nothing(""), frame=rows, rejected=rows.clear(), format=FRAME, sha256=digest)
    return Deliveries(taken, (FileVersion(FRAME, sha256=digest),), kind=frames.kind_of(source))


def _without(read: Deliveries, skipped: tuple[Skipped, ...]) -> Deliveries:
    """Leave out what turned out to be loaded already."""
    gone = [file.uri for file in skipped]
    taken, there = read.taken, ~pl.col(frames.SOURCE).is_in(gone)
    kept = replace(
        taken,
        frame=taken.frame.filter(there),
        rejected=taken.rejected.filter(there),
        issues=taken.issues.filter(~pl.col("source").is_in(gone)),
    )
    versions = tuple(version for version in read.versions if version.uri not in gone)
    return Deliveries(kept if len(versions) < len(read.versions) else taken, versions, skipped)


def _nothing(uri: str) -> ReadResult:
    rows = pl.DataFrame(schema={frames.ROW: pl.Int64, frames.SOURCE: pl.String})
    return ReadResult(frame=rows, rejected=rows, issues=frames.no_issues(), uri=uri, format="", bytes=0, sha256="")


def _name(uri: str) -> str:
    """Return the name that a file keeps whatever folder one works in; a link is a name of its own."""
    return uri if "://" in uri else os.path.normpath(Path(uri).absolute())
