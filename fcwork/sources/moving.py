"""Files are moved when they are through: copied, the copy read back and compared, and only then deleted."""

from __future__ import annotations

import itertools
import os
import posixpath
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath

from fcwork import log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import SourceError
from fcwork.sources.filesystems import Entry
from fcwork.sources.place import Place, locate, opened, place_at, refused, way_out, whole

BLOCK_BYTES = 1_000_000
DATE = "{date}"
_DAY = r"\d{4}-\d\d-\d\d"
_PACKED = {".gz", ".zip"}
_logger = log.get("sources")


def move(uri: str | os.PathLike[str], to: str | os.PathLike[str], *, sha256: str = "", clock: Clock = SYSTEM) -> str:
    """Move a file and return its new URI; a move that was cut off is completed by a second one.

    The copy is read back before the file is deleted. Another file that stands under the new name stays: the name then
    gets the time at which the file was written, and a number if need be (``stock-20261125T101500Z-2.csv``).

    Args:
        uri: which file.
        to: its new path or URI, on the same file system or another; missing folders are made.
        sha256: what its content must be; a file that has changed meanwhile is not moved.
        clock: the time, for a file whose place does not tell when it was written.

    Raises:
        SourceError: the file is missing, has changed, or could not be copied or deleted; it is where it was then.
    """
    return _moved(locate(uri), _jailed(locate(to)), sha256, clock)


def archive(
    uri: str | os.PathLike[str],
    folder: str,
    *,
    sha256: str = "",
    at: datetime | None = None,
    clock: Clock = SYSTEM,
) -> str:
    """Move a file into a folder, under its own name, and return its new URI.

    Args:
        uri: which file.
        folder: beside the file, such as ``archive`` or ``archive/{date}``; or a whole path, or a URI of its own.
        sha256: as in ``move``.
        at: whose day ``{date}`` is; the present one unless given.
        clock: the time.

    Raises:
        SourceError: as ``move``; or a folder or name that leads elsewhere.
    """
    source = locate(uri)
    return _moved(source, within(folder, source, at=at or clock.now()), sha256, clock)


def within(folder: str, beside: Place, *, at: datetime, name: str = "") -> Place:
    """Return the place that a file has in a folder.

    Args:
        folder: as in ``archive``.
        beside: the file that a relative folder is beside.
        at: whose day ``{date}`` is.
        name: of the file; that of ``beside`` unless given.

    Raises:
        SourceError: the folder or the name leads elsewhere.
    """
    check_folder(folder)
    dated = _plain(folder).replace(DATE, f"{at:%Y-%m-%d}")
    own = name or _name(beside)
    if is_whole(folder):
        return _in(locate(dated), own)
    if beside.local is not None:
        return _in(place_at(beside.filesystem, str(beside.local.parent / dated)), own)
    return _in(place_at(beside.filesystem, beside.path[: len(beside.path) - len(_name(beside))] + dated), own)


def check_folder(folder: str) -> None:
    """Refuse a folder into which nothing could be moved.

    Raises:
        SourceError: it is none, leads upwards, or has braces that stand for nothing.
    """
    if not folder.strip() or "\0" in folder or _plain(folder) == ".":
        raise SourceError(f"{folder!r} is no folder", hint="give the name of one, such as archive")
    if ".." in re.split(r"[/\\]", folder):
        raise SourceError(f"the folder {folder!r} leads upwards", hint="give the whole path, or a URI of its own")
    if braces := re.search(r"\{(?!date\})[^}]*\}?", folder):
        raise SourceError(f"{braces[0]} in the folder {folder!r} stands for nothing", hint=f"known: {DATE}")
    if is_whole(folder):
        locate(folder.replace(DATE, "2000-01-01"))


def is_whole(folder: str) -> bool:
    """Say whether a folder is a whole path or a URI of its own, and not one beside a file."""
    return "://" in folder or folder.startswith("~") or Path(folder).is_absolute()


def _plain(folder: str) -> str:
    """Return a folder beside a file by its names alone: ``./archive/`` is ``archive``."""
    return folder if is_whole(folder) else posixpath.normpath(folder)


def lies_in(folder: str, place: Place) -> bool:
    """Say whether a file lies in such a folder already, so that a glob for any folders passes it over."""
    pattern = re.escape(_plain(folder) if not is_whole(folder) else _absolute(locate(folder))).rstrip("/")
    pattern = pattern.replace(re.escape(DATE), _DAY)
    start = "" if is_whole(folder) else "(?:.*/)?"
    return re.fullmatch(f"{start}{pattern}/[^/]+", _absolute(place)) is not None


def folder_of_glob(glob: Place) -> Place | None:
    """Return the folder in which all that a glob may match lies; None where it is no glob."""
    wild = re.search(r"[*?\[{]", glob.path)
    if wild is None:
        return None
    start = glob.path[: wild.start()]
    return place_at(glob.filesystem, start[: max(start.rfind(sign) for sign in ("/", os.sep)) + 1])


def is_there(folder: Place) -> bool:
    """Say whether a folder can be listed, whatever it holds."""
    path = folder.path.rstrip("/") or folder.path or ("." if folder.local is not None else "")
    try:
        next(iter(folder.filesystem.inside(path)), None)
    except OSError:
        return False
    return True


def unused(place: Place, written_at: datetime) -> Place:
    """Return a place under whose name nothing stands yet: this one, or with the time and a number in its name."""
    return next(one for one in _names(place, written_at) if one.look() is None)


def _moved(source: Place, target: Place, sha256: str, clock: Clock) -> str:
    before = source.look()
    if before is None:
        return _moved_before(source, target, sha256)
    if before.kind != "file":
        raise SourceError(f"{source.uri} is no file that could be moved", uri=source.uri)
    content = sha256 or _sha256(source)
    place, stands = _free(source, before, target, content, clock)
    if stands:
        _compare(source, content, f"{source.uri} has changed")
    else:
        _copy(source, place)
        _verify(source, place, content)
    _delete(source, before, place)
    _logger.info("source.moved", uri=source.uri, to=place.uri, bytes=before.size)
    return place.uri


def _moved_before(source: Place, target: Place, sha256: str) -> str:
    """Return where a file is that is gone: under its new name, where a move was cut off at its very end."""
    there = target.look()
    if there is None or there.kind != "file" or (sha256 and _sha256(target) != sha256):
        raise refused(source, FileNotFoundError(source.path))
    return target.uri


def _free(source: Place, before: Entry, target: Place, content: str, clock: Clock) -> tuple[Place, bool]:
    """Return the first name that is free, or under which the very same content stands, and which of the two it is."""
    names = _names(target, before.modified_at or clock.now())
    return next(found for place in names if (found := _judged(source, before, place, content)))


def _judged(source: Place, before: Entry, place: Place, content: str) -> tuple[Place, bool] | None:
    """Return a name with whether the very same content stands there; None where another file has it."""
    there = place.look()
    if there is None:
        return place, False
    if there.kind != "file" or there.size != before.size or _sha256(place) != content:
        return None
    if _is_itself(source, before, place, there):
        raise SourceError(f"{source.uri} and {place.uri} are one file", hint="name another folder", uri=source.uri)
    return place, True


def _names(target: Place, written_at: datetime) -> Iterator[Place]:
    yield target
    name = PurePosixPath(_name(target))
    ending = "".join(name.suffixes[-2:]) if name.suffix in _PACKED else name.suffix
    stamped = f"{name.name.removesuffix(ending)}-{written_at:%Y%m%dT%H%M%SZ}"
    folder = target.path[: len(target.path) - len(name.name)]
    yield place_at(target.filesystem, f"{folder}{stamped}{ending}")
    for number in itertools.count(2):
        yield place_at(target.filesystem, f"{folder}{stamped}-{number}{ending}")


def _is_itself(source: Place, before: Entry, place: Place, there: Entry) -> bool:
    """Say whether two names may be of one file: to take the one for a copy of the other would lose it.

    Two connections may lead to one folder. There the same second of writing tells, as a copy is written later.
    """
    if source.local is not None and place.local is not None:
        return source.local.samefile(place.local)
    if source.filesystem is place.filesystem:
        return PurePosixPath(source.path) == PurePosixPath(place.path)
    stamps = [f"{entry.modified_at:%Y%m%dT%H%M%S}" if entry.modified_at else "" for entry in (before, there)]
    return _name(source) == _name(place) and stamps[0] == stamps[1]


def _copy(source: Place, target: Place) -> None:
    if source.filesystem is not target.filesystem:
        with opened(source) as intake, whole(target) as copy:
            while block := intake.read(BLOCK_BYTES):
                copy.write(block)
        return
    try:
        source.filesystem.copy(source.path, target.path)
    except OSError as error:
        told = f"{source.uri} cannot be copied to {target.uri}: {error.strerror or error}"
        raise SourceError(told, hint=way_out(error, target.uri.rpartition("/")[0]), uri=source.uri) from error


def _verify(source: Place, copy: Place, content: str) -> None:
    """Compare what was written with what was to be moved; a copy of something else is taken away."""
    try:
        _compare(copy, content, f"{source.uri} has changed, or its copy {copy.uri} is not what was written")
    except SourceError:
        with suppress(OSError):
            copy.filesystem.remove(copy.path)
        raise


def _compare(place: Place, content: str, told: str) -> None:
    if _sha256(place) != content:
        raise SourceError(told, hint="it stays where it is; what is new in it comes with the next load", uri=place.uri)


def _delete(source: Place, before: Entry, copy: Place) -> None:
    """Delete what was copied, unless something else has come to stand under its name."""
    now = source.look()
    if now is not None and now != before:
        told = f"{source.uri} has changed while it was copied to {copy.uri}"
        raise SourceError(told, hint="it stays where it is; what is new in it comes with the next load", uri=source.uri)
    try:
        source.filesystem.remove(source.path)
    except OSError as error:
        told = f"{source.uri} was copied to {copy.uri} and cannot be deleted: {error.strerror or error}"
        raise SourceError(told, hint="may this user delete files there?", uri=source.uri) from error


def _sha256(place: Place) -> str:
    with opened(place) as intake:
        while intake.read(BLOCK_BYTES):
            pass
        return intake.sha256()


def _jailed(place: Place) -> Place:
    if ".." in re.split(r"[/\\]", place.path):
        raise SourceError(f"{place.uri} leads upwards", hint="give the whole path", uri=place.uri)
    _check_name(_name(place), place)
    return place


def _in(folder: Place, name: str) -> Place:
    """Return the place of a name in a folder; a name is data, and must not lead out of it."""
    _check_name(name, folder)
    if folder.local is not None:
        return place_at(folder.filesystem, str(folder.local / name))
    path = "" if folder.path == "." else folder.path
    start = path.rstrip("/") if path.strip("/") else path
    return place_at(folder.filesystem, f"{start}/{name}" if start and not start.endswith("/") else f"{start}{name}")


def _check_name(name: str, place: Place) -> None:
    leads_out = "/" in name or (place.local is not None and Path(name).name != name)
    if name in {"", ".", ".."} or "\0" in name or leads_out:
        raise SourceError(f"{name!r} is no name that a file could have", uri=place.uri)


def _name(place: Place) -> str:
    return Path(place.path).name if place.local is not None else place.path.rpartition("/")[2]


def _absolute(place: Place) -> str:
    return place.uri if place.local is None else place.local.absolute().as_posix()
