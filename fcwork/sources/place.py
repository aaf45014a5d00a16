"""Where a source lies, and what to say if it fails.

One URI syntax: a path, ``~``, ``file://``; ``warehouse://in/a.csv`` by a named connection; ``s3://``, ``sftp://``.
Each may be a glob with braces.
"""

from __future__ import annotations

import difflib
import errno
import hashlib
import os
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote_to_bytes

import polars as pl

from fcwork.errors import SourceError
from fcwork.frames import UTC_TIME
from fcwork.sources.elsewhere import found
from fcwork.sources.filesystems import Entry, Filesystem
from fcwork.sources.filesystems.local import Local

if TYPE_CHECKING:
    from hashlib import _Hash

FILES = pl.Schema(
    {
        "uri": pl.String(),
        "name": pl.String(),
        "size": pl.Int64(),  # bytes
        "modified_at": UTC_TIME,
        "etag": pl.String(),  # what the store says of the content; empty where it says nothing
    }
)
SHOWN_NAMES = 5
LOOKED_AT_NAMES = 1_000  # of a folder, to say what may have been meant
MAX_PATTERNS = 1_000  # what the braces of one glob may stand for
LOCAL = Local()
_UNTOLD = datetime.fromtimestamp(0, UTC)  # of a file whose place does not say when it was written
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_+.-]+)://")
_BRACES = re.compile(r"\{([^{}]*)\}")
_WAYS_OUT: tuple[tuple[tuple[type[OSError] | tuple[()], set[int]], str], ...] = (
    ((PermissionError, {errno.EROFS}), "may this user write to {folder}?"),
    (((), {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}), "make room in {folder}; nothing was left there"),
    ((ConnectionError, {errno.ETIMEDOUT}), "write it again when the place answers"),
    ((IsADirectoryError, set()), "a folder stands there: give the path of a file, such as one in it"),
    ((FileExistsError, {errno.ENOTDIR}), "a file stands where a folder is needed: name another folder"),
    (((), {errno.ENAMETOOLONG}), "give it a shorter name"),
)


@dataclass(frozen=True)
class Place:
    """One file: where, and how people are told of it."""

    path: str
    uri: str
    filesystem: Filesystem = LOCAL

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.uri).name

    @property
    def local(self) -> Path | None:
        """The path of a file of this machine; None where it lies elsewhere."""
        return Path(self.path) if isinstance(self.filesystem, Local) else None

    def look(self) -> Entry | None:
        """Return what stands there; None where nothing does.

        Raises:
            SourceError: it may not be looked at.
        """
        try:
            return self.filesystem.look(self.path)
        except OSError as error:
            raise refused(self, error) from error


@dataclass
class Intake:
    """A file being read, which takes notes of what passes: the hash is of the very bytes that were parsed."""

    place: Place
    stream: BinaryIO
    modified_at: datetime
    size: int = 0
    _digest: _Hash = field(default_factory=hashlib.sha256)
    _hashing: threading.Thread | None = None

    @property
    def uri(self) -> str:
        """How people are told of the file."""
        return self.place.uri

    def peek(self, size: int) -> bytes:
        """Return the first ``size`` bytes and begin anew."""
        start = self._next(size)
        self.stream.seek(0)
        return start

    def read(self, size: int = -1) -> bytes:
        """Return the next ``size`` bytes, all that is left by default, and nothing at the end."""
        taken = self._next(size)
        self.size += len(taken)
        self._settle()
        self._hashing = threading.Thread(target=self._digest.update, args=(taken,))  # beside the parsing
        self._hashing.start()
        return taken

    def sha256(self) -> str:
        """Return the hash of what was read, in hexadecimal digits."""
        self._settle()
        return self._digest.hexdigest()

    def _settle(self) -> None:
        if self._hashing:
            self._hashing.join()

    def _next(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except OSError as error:
            raise refused(self.place, error) from error


def locate(uri: str | os.PathLike[str]) -> Place:
    """Return where ``uri`` points, whether or not something is there.

    Raises:
        SourceError: there is no such connection, another host, a password in it, an empty text or a NUL byte.
        ConfigError: the connection that it names is not right.
    """
    text = os.fsdecode(uri)
    if not text or "\0" in text:
        shown = LOCAL.uri(text.replace("\0", "\\0"))
        raise SourceError(f"{shown!r} is no path", hint="give the path of a file", uri=shown)
    scheme = _SCHEME.match(text)
    if not scheme:
        path = _expanded(text)
        return Place(path, text) if LOCAL.uri(text) == text else place_at(LOCAL, path)
    if scheme[1].lower() != "file":
        files, path = found(scheme[1], text[scheme.end() :], text)
        return place_at(files, path)
    host, slash, rest = text[scheme.end() :].partition("/")
    if host not in {"", "localhost"}:
        raise SourceError(f"{text} names the host {host!r}", hint="a file of this machine is file:///a/path", uri=text)
    path = os.fsdecode(unquote_to_bytes(slash + rest))
    if not rest or "\0" in path:
        raise SourceError(f"{text} names no file", hint="a file of this machine is file:///a/path", uri=text)
    return place_at(LOCAL, path)


def find(uri: str | os.PathLike[str]) -> list[Place]:
    """Return the files that ``uri`` names, sorted: the one, or all that a glob matches.

    A glob has ``*``, ``?``, ``[]``, ``**`` for any folders, and ``{a,b}`` for one of several.

    Raises:
        SourceError: nothing is there.
    """
    return [place for place, _ in _found(uri)]


def list_files(uri: str | os.PathLike[str]) -> pl.DataFrame:
    """Return the files that a folder holds, a glob matches or a path names, in the columns of ``FILES``.

    Raises:
        SourceError: there is no such folder or file, or it may not be listed.
    """
    place = locate(uri)
    entry = place.look()
    if entry and entry.kind == "folder":
        found = [
            (place_at(place.filesystem, inside.path), inside) for inside in _inside(place) if inside.kind == "file"
        ]
    else:
        found = [(one, entry or _standing(one)) for one, entry in _found(uri)]
    lines = [(one.uri, one.name, entry.size, entry.modified_at, entry.etag) for one, entry in found]
    return pl.DataFrame(lines, schema=FILES, orient="row")


def digest(uri: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits, without reading it as rows.

    Raises:
        SourceError: it is missing, a folder, no plain file or not readable.
    """
    with opened(locate(uri)) as intake:
        try:
            return hashlib.file_digest(intake.stream, "sha256").hexdigest()  # type: ignore[arg-type]
        except OSError as error:
            raise refused(intake.place, error) from error


@contextmanager
def opened(place: Place) -> Iterator[Intake]:
    """Open a file for reading.

    Raises:
        SourceError: it is missing, a folder, no plain file or not readable.
    """
    entry = _standing(place)
    if entry.kind == "folder":
        raise SourceError(f"{place.uri} is a folder", hint=_glob_of(place), uri=place.uri)
    if entry.kind == "other":  # opening a pipe without a writer would block for ever
        raise SourceError(f"{place.uri} is no plain file", hint="a pipe or device is not read", uri=place.uri)
    with ExitStack() as opening:
        try:
            stream = opening.enter_context(place.filesystem.open(place.path))
        except OSError as error:
            raise refused(place, error) from error
        yield Intake(place, stream, entry.modified_at or _UNTOLD)


@contextmanager
def whole(place: Place | str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only when the block ends well.

    Raises:
        SourceError: it could not be written; nothing is left behind.
    """
    place = place if isinstance(place, Place) else locate(place)
    folder = _folder_of(place.uri) if place.local is None else Path(place.path).parent
    try:
        with place.filesystem.whole(place.path) as stream:
            yield stream
    except OSError as error:
        told = f"{folder} is no folder" if isinstance(error, FileExistsError) else error.strerror or error
        hint = way_out(error, str(folder))
        raise SourceError(f"{place.uri} cannot be written: {told}", hint=hint, uri=place.uri) from error


def way_out(error: OSError, folder: str) -> str:
    """Return what to do where a file could not be written."""
    ways = (hint for kinds, hint in _WAYS_OUT if isinstance(error, kinds[0]) or error.errno in kinds[1])
    return next(ways, "is there room, and may this user write to {folder}?").format(folder=folder)


def refused(place: Place, error: OSError) -> SourceError:
    """Return what to tell of a file that the system does not give."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceError(f"there is no file {place.uri}", hint=_nearby(place), uri=place.uri)
    if isinstance(error, PermissionError):
        hint = "ask for permission to read it, or run as a user who may"
        return SourceError(f"{place.uri} may not be read", hint=hint, uri=place.uri)
    hint = (
        "give it a shorter name" if error.errno == errno.ENAMETOOLONG else "try again; if it stays so, see to its place"
    )
    return SourceError(f"{place.uri} cannot be read: {error.strerror or error}", hint=hint, uri=place.uri)


def place_at(filesystem: Filesystem, path: str) -> Place:
    """Return the place of a path, with a URI that leads there again."""
    local = isinstance(filesystem, Local)
    if local and path.startswith("~"):
        return Place(path, f"./{filesystem.uri(path)}", filesystem)
    if local and filesystem.uri(path) != path:  # bytes that are no UTF-8: in percents they can be told
        return Place(path, Path(path).absolute().as_uri(), filesystem)
    return Place(path, filesystem.uri(path), filesystem)


def _folder_of(uri: str) -> str:
    """Return what stands before the last name of a URI, its place at least."""
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('/')[0]}"


def _expanded(text: str) -> str:
    found = os.path.expanduser(text)  # noqa: PTH111 - Path takes ./~a for ~a
    if found.startswith("~"):
        hint = f"write the whole path, or ./{text} for a file of that name"
        raise SourceError(f"{text} names a user whose home is not known", hint=hint, uri=text)
    return str(Path(found))


def _standing(place: Place) -> Entry:
    """Return what stands at a place.

    Raises:
        SourceError: nothing does.
    """
    entry = place.look()
    if entry is None:
        raise refused(place, FileNotFoundError(place.path))
    return entry


def _found(uri: str | os.PathLike[str]) -> list[tuple[Place, Entry | None]]:
    """Return the files that ``uri`` names, with what is known of them already."""
    place = locate(uri)
    entry = place.look()
    if entry or not re.search(r"[*?\[{]", place.path):
        return [(place, entry)]
    try:
        met = {found.path: found for pattern in _patterns(place) for found in place.filesystem.matching(pattern)}
    except OSError as error:
        raise refused(place, error) from error
    if not met:
        raise SourceError(f"no file matches {place.uri}", hint=_nearby(place), uri=place.uri)
    return [(place_at(place.filesystem, path), met[path]) for path in sorted(met)]


def _inside(place: Place) -> list[Entry]:
    try:
        return sorted(place.filesystem.inside(place.path), key=lambda entry: entry.path)
    except OSError as error:
        raise refused(place, error) from error


def _patterns(place: Place) -> list[str]:
    """Return the globs that the braces of one stand for."""
    done, open_ = [], [place.path]
    while open_:
        pattern = open_.pop()
        braces = _BRACES.search(pattern)
        if not braces:
            done.append(pattern)
            continue
        open_ += [pattern[: braces.start()] + choice + pattern[braces.end() :] for choice in braces[1].split(",")]
        if len(open_) + len(done) > MAX_PATTERNS:
            raise SourceError(
                f"the braces of {place.uri} stand for more than {MAX_PATTERNS:,} patterns",
                hint="use * instead",
                uri=place.uri,
            )
    return done


def _nearby(place: Place) -> str:
    """Return the names that may have been meant, or the folder that is missing."""
    parent = str(PurePosixPath(place.path).parent) if place.local is None else str(Path(place.path).parent)
    folder = place_at(place.filesystem, parent)
    shown = folder.uri if place.local is None else str(Path(parent).absolute())
    try:
        names = [PurePosixPath(entry.path).name for entry in islice(folder.filesystem.inside(parent), LOOKED_AT_NAMES)]
    except (FileNotFoundError, NotADirectoryError):
        here = "" if place.local is None else f"; the working folder is {Path.cwd()}"
        return f"there is no folder {folder.uri}{here}"
    except OSError:
        return f"the folder {folder.uri} may not be listed"
    close = difflib.get_close_matches(place.name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if not names:
        return f"the folder {shown} is empty"
    more = " and more" if len(names) > SHOWN_NAMES else ""
    return f"{shown} holds {', '.join(sorted(names)[:SHOWN_NAMES])}{more}"


def _glob_of(place: Place) -> str:
    try:
        inside = list(islice(place.filesystem.inside(place.path), LOOKED_AT_NAMES))
    except OSError:
        inside = []
    kinds = Counter(PurePosixPath(entry.path).suffix for entry in inside if entry.kind == "file")
    usual = next((kind for kind, _ in kinds.most_common() if kind), ".csv")
    return f"read the files in it with a glob: {place.uri.rstrip('/')}/*{usual}"
