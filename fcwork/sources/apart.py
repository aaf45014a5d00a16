"""Several files of which each is read by itself, so that one that cannot be read does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

import polars as pl

from fcwork import frames
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import SourceError
from fcwork.sources import formats
from fcwork.sources import options as opts
from fcwork.sources.place import locate, opened
from fcwork.sources.reading import FIXED, ReadResult, like, read_with_issues, stacked


@dataclass(frozen=True)
class Unread:
    """A file that was not read, while others were.

    Attributes:
        uri: which.
        error: what is wrong.
        why: ``content``, what is in it cannot be read; ``place``, its place does not give it; ``gone``, it is not there
            any more; ``apart``, it is of another format or has other columns than the first, and is read without it.
    """

    uri: str
    error: SourceError
    why: Literal["content", "place", "gone", "apart"]


@dataclass(frozen=True)
class Apart:
    """What was read of several files.

    Attributes:
        read: the rows of the files that go together, as ``read_with_issues`` gives them.
        unread: the others, be they all of them.
        origins: what rows call their source where that is not the file itself, such as a member of a zip: of which file
            it is.
    """

    read: ReadResult
    unread: tuple[Unread, ...] = ()
    origins: dict[str, str] = field(default_factory=dict)


def read_apart(
    uris: Sequence[str],
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    *,
    uri: str = "",
    clock: Clock = SYSTEM,
    **options: Any,
) -> Apart:
    """Read the first file that can be read and those that go together with it, and say why the others were not.

    Args:
        uris: the files, in their order; names, not globs.
        format, **options: as in ``read``.
        uri: what they are called together.
        clock: the time.

    Raises:
        SourceError: an unknown format or option.
    """
    taken: list[ReadResult] = []
    unread: list[Unread] = []
    for one in uris:
        _check_call(one, format, options)
        try:
            read = read_with_issues(one, format, only=[locate(one).uri], clock=clock, **options)
        except SourceError as error:
            unread.append(Unread(one, error, _why(one, error)))
            continue
        differs = _differs(taken[0], read) if taken else None
        if differs:
            unread.append(Unread(one, differs, "apart"))
        else:
            taken.append(read)
    return Apart(_together(taken, uri or ", ".join(uris[:1])), tuple(unread), _origins(taken))


def _check_call(uri: str, format: str | None, options: dict[str, Any]) -> None:  # noqa: A002 - the public name
    """Refuse what is wrong whatever the file holds.

    Raises:
        SourceError: an unknown format or option.
    """
    kind = formats.named(format, uri=uri) if format else formats.by_extension(uri.removesuffix(".gz"))
    if kind:
        opts.options(kind, options, uri=uri)


def _why(uri: str, error: SourceError) -> Literal["content", "place", "gone"]:
    """Tell a file that is bad from one that its place does not give, and may give tomorrow."""
    try:
        if locate(uri).look() is None:
            return "place" if "\ufffd" in uri else "gone"  # a name elsewhere that is no UTF-8 cannot be told
        with opened(locate(uri)) as intake:
            intake.peek(1)
    except SourceError:
        return "place"
    cut_off = isinstance(error.__cause__, OSError) and not error.format  # an error of the place's own, now over
    return "place" if cut_off else "content"


def _differs(first: ReadResult, other: ReadResult) -> SourceError | None:
    """Return what is wrong where two files do not go together."""
    if first.format != other.format:
        told = f"{other.uri} is {other.format}, and {first.uri} is {first.format}"
        return SourceError(told, hint="read them one format at a time", uri=other.uri)
    differ = sorted(set(first.frame.columns) ^ set(other.frame.columns)) if first.format in FIXED else []
    if not differ:
        return None
    told = f"{other.uri} and {first.uri} differ in the columns {', '.join(differ[:5])}"
    return SourceError(told, hint="give them the same header, or read them one by one", uri=other.uri)


def _together(taken: Sequence[ReadResult], uri: str) -> ReadResult:
    """Return what was read of several files as if they had been read at once."""
    if len(taken) == 1:
        return taken[0]
    frame = _joined(taken)
    files = tuple(file for read in taken for file in read.files)
    told = "\n".join(file.sha256 for file in files)
    return ReadResult(
        frame=frame,
        rejected=pl.concat([like(read.rejected, frame) for read in taken] or [like(frame.clear(), frame)]),
        issues=frames.join_issues([frames.no_issues(), *(read.issues for read in taken)]),
        uri=uri,
        format=taken[0].format if taken else "",
        bytes=sum(file.bytes for file in files),
        sha256=sha256(told.encode()).hexdigest(),
        files=files,
    )


def _joined(taken: Sequence[ReadResult]) -> pl.DataFrame:
    if not taken:
        return pl.DataFrame(schema={frames.ROW: pl.Int64, frames.SOURCE: pl.String})
    parts: list[pl.DataFrame] = [read.frame for read in taken]
    if taken[0].format in FIXED:
        parts = [part[parts[0].columns] for part in parts]  # as a name may be that of a pattern
    return stacked(parts, taken[0].format, taken[0].uri)


def _origins(taken: Sequence[ReadResult]) -> dict[str, str]:
    pairs = {
        source: read.files[0].uri
        for read in taken
        for pile in (read.frame, read.rejected)
        for source in pile[frames.SOURCE].unique().to_list()
    }
    return {source: uri for source, uri in pairs.items() if source != uri}
