"""Which files elsewhere a glob matches, with as little listing as it takes."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from fcwork.sources.filesystems import Entry

_MAGIC = re.compile(r"[*?\[]")
Listing = Callable[[str, str], Iterator[Entry]]  # of a folder: what begins with a text
Below = Callable[[str], Iterator[Entry]]  # all files below a folder


def matching(pattern: str, *, inside: Listing, below: Below, look: Callable[[str], Entry | None]) -> Iterator[Entry]:
    """Yield the files that a glob matches, by the rules of Python's ``glob``: wildcards match no hidden names.

    Args:
        pattern: of a path below the root.
        inside: lists one folder; a missing one is a ``FileNotFoundError``.
        below: lists all files below a folder.
        look: what stands at a path.
    """
    ahead = [("", pattern.split("/"))]
    while ahead:
        folder, parts = ahead.pop()
        fixed = next((at for at, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
        folder, parts = posixpath.join(folder, *parts[:fixed]), parts[fixed:]
        if not parts:
            yield from _files([look(folder)])
        elif parts[0] == "**":
            yield from _deep(folder, parts, below)
        else:
            found = _level(folder, parts[0], inside)
            if len(parts) == 1:
                yield from _files(found)
            else:
                ahead += [(entry.path, parts[1:]) for entry in found if entry.kind == "folder"]


def _level(folder: str, part: str, inside: Listing) -> list[Entry]:
    """Return what in a folder has a name that matches; nothing where the folder is missing."""
    fixed = part[: met.start()] if (met := _MAGIC.search(part)) else part
    try:
        return [entry for entry in inside(folder, fixed) if _fits(posixpath.basename(entry.path), part)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _deep(folder: str, parts: list[str], below: Below) -> Iterator[Entry]:
    parts = [*parts, "*"] if parts[-1] == "**" else parts
    start = len(folder) + 1 if folder else 0
    try:
        yield from (entry for entry in below(folder) if _leads(entry.path[start:].split("/"), parts))
    except (FileNotFoundError, NotADirectoryError):
        return


def _leads(names: list[str], parts: list[str]) -> bool:
    """Say whether names lead through all parts, ``**`` being any number of folders; in one pass over the names."""
    at = _skipping({0}, parts)
    for name in names:
        stay = {place for place in at if place < len(parts) and parts[place] == "**" and not name.startswith(".")}
        on = {place + 1 for place in at if place < len(parts) and parts[place] != "**" and _fits(name, parts[place])}
        at = _skipping(stay | on, parts)
    return len(parts) in at


def _skipping(places: set[int], parts: list[str]) -> set[int]:
    """Return the places with those that are reached by passing over ``**``."""
    reached = set(places)
    for place, part in enumerate(parts):
        if place in reached and part == "**":
            reached.add(place + 1)
    return reached


def _fits(name: str, part: str) -> bool:
    return (part.startswith(".") or not name.startswith(".")) and fnmatch.fnmatchcase(name, part)


def _files(entries: Iterable[Entry | None]) -> Iterator[Entry]:
    yield from (entry for entry in entries if entry and entry.kind == "file")
