"""Where a source lies: one URI syntax (a path, ``~``, ``file://``, a glob with braces), and what to say if it fails."""

from __future__ import annotations

import difflib
import glob
import hashlib
import os
import re
import stat
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal
from urllib.parse import unquote_to_bytes

import polars as pl

from fcwork.errors import SourceError
from fcwork.frames import UTC_TIME
from fcwork.redact import mask_url

if TYPE_CHECKING:
    from hashlib import _Hash

FILES = pl.Schema(
    {
        "uri": pl.String(),
        "name": pl.String(),
        "size": pl.Int64(),  # bytes
        "modified_at": UTC_TIME,
    }
)
SHOWN_NAMES = 5
MAX_PATTERNS = 1_000  # what the braces of one glob may stand for
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Place:
    """One file: its path, and how people are told of it."""

    path: Path
    uri: str


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
        SourceError: a scheme other than ``file``, another host, an empty text or a NUL byte.
    """
    text = os.fsdecode(uri)
    if not text or "\0" in text:
        shown = _readable(text.replace("\0", "\\0"))
        raise SourceError(f"{shown!r} is no path", hint="give the path of a file", uri=shown)
    scheme = _SCHEME.match(text)
    if not scheme:
        return Place(_expanded(text), _readable(text))
    if scheme[1].lower() != "file":
        raise SourceError(
            f"{scheme[1]}:// is not supported yet: {mask_url(text)}",
            hint="files of this machine are: a path, ~/a/path or file:///a/path",
            uri=mask_url(text),
        )
    host, slash, rest = text[scheme.end() :].partition("/")
    if host not in {"", "localhost"}:
        raise SourceError(f"{text} names the host {host!r}", hint="a file of this machine is file:///a/path", uri=text)
    path = os.fsdecode(unquote_to_bytes(slash + rest))
    if not rest or "\0" in path:
        raise SourceError(f"{text} names no file", hint="a file of this machine is file:///a/path", uri=text)
    return Place(Path(path), _readable(path))


def find(uri: str | os.PathLike[str]) -> list[Place]:
    """Return the files that ``uri`` names, sorted: the one, or all that a glob matches.

    A glob has ``*``, ``?``, ``[]``, ``**`` for any folders, and ``{a,b}`` for one of several.

    Raises:
        SourceError: nothing is there, or a folder is.
    """
    place = locate(uri)
    if _kind(place) != "missing" or not re.search(r"[*?\[{]", place.uri):
        return [place]
    names = {name for pattern in _patterns(place) for name in _matches(pattern)}
    files = sorted(name for name in names if Path(name).is_file())
    if not files:
        raise SourceError(f"no file matches {place.uri}", hint=_nearby(place.path), uri=place.uri)
    return [Place(Path(name), _readable(name)) for name in files]


def list_files(uri: str | os.PathLike[str]) -> pl.DataFrame:
    """Return the files that a folder holds, a glob matches or a path names, in the columns of ``FILES``.

    Raises:
        SourceError: there is no such folder or file, or it may not be listed.
    """
    place = locate(uri)
    if _kind(place) == "folder":
        try:
            inside = sorted(item for item in place.path.iterdir() if item.is_file())
        except OSError as error:
            raise refused(place, error) from error
        places = [Place(item, _readable(str(item))) for item in inside]
    else:
        places = find(uri)
    return pl.DataFrame([_line(place) for place in places], schema=FILES, orient="row")


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
    kind = _kind(place)
    if kind == "folder":
        raise SourceError(f"{place.uri} is a folder", hint=_glob_of(place), uri=place.uri)
    if kind == "other":  # opening a pipe without a writer would block for ever
        raise SourceError(f"{place.uri} is no plain file", hint="a pipe or device is not read", uri=place.uri)
    try:
        stream = place.path.open("rb")
    except OSError as error:
        raise refused(place, error) from error
    with stream:
        modified_at = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, UTC)
        yield Intake(place, stream, modified_at)


def refused(place: Place, error: OSError) -> SourceError:
    """Return what to tell of a file that the system does not give."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceError(f"there is no file {place.uri}", hint=_nearby(place.path), uri=place.uri)
    if isinstance(error, PermissionError):
        hint = "ask for permission to read it, or run as a user who may"
        return SourceError(f"{place.uri} may not be read", hint=hint, uri=place.uri)
    return SourceError(f"{place.uri} cannot be read: {error.strerror or error}", uri=place.uri)


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SourceError(
            f"{text} names a user whose home is not known", hint="write the whole path", uri=text
        ) from error


def _readable(name: str) -> str:
    """Return a name as text that can be written down: bytes that are no UTF-8 show as a replacement sign."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _kind(place: Place) -> Literal["file", "folder", "other", "missing"]:
    try:
        mode = place.path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError as error:
        raise refused(place, error) from error
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


def _line(place: Place) -> tuple[str, str, int, datetime]:
    try:
        facts = place.path.stat()
    except OSError as error:
        raise refused(place, error) from error
    return place.uri, _readable(place.path.name), facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC)


def _matches(pattern: str) -> Iterator[str]:
    return glob.iglob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern


def _patterns(place: Place) -> list[str]:
    """Return the globs that the braces of one stand for."""
    done, open_ = [], [str(place.path)]
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


def _nearby(path: Path) -> str:
    """Return the names that may have been meant, or the folder that is missing."""
    folder = path.parent
    try:
        names = [item.name for item in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return f"there is no folder {folder}; the working folder is {Path.cwd()}"
    except OSError:
        return f"the folder {folder} may not be listed"
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if not names:
        return f"the folder {folder.absolute()} is empty"
    more = " and more" if len(names) > SHOWN_NAMES else ""
    return f"{folder.absolute()} holds {', '.join(sorted(names)[:SHOWN_NAMES])}{more}"


def _glob_of(place: Place) -> str:
    try:
        kinds = Counter(item.suffix for item in place.path.iterdir() if item.suffix and item.is_file())
    except OSError:
        kinds = Counter()
    usual = kinds.most_common(1)[0][0] if kinds else ".csv"
    return f"read the files in it with a glob: {place.path / f'*{usual}'}"
