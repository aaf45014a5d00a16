"""Whether a named place does what is asked of it: list, write, read back, delete."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from itertools import islice
from typing import Any

import polars as pl

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import FcworkError, SourceError
from fcwork.sources.elsewhere import named, opened_once
from fcwork.sources.place import Place, opened, refused, whole

PROBE = pl.Schema(
    {"step": pl.String(), "ok": pl.Boolean(), "seconds": pl.Float64(), "answer": pl.String(), "hint": pl.String()}
)
LOOKED_AT = 1_000
PROBE_BYTES = 4_096


def probe(name: str, *, read_only: bool = False, clock: Clock = SYSTEM) -> pl.DataFrame:
    """Try a connection: list its root, then write a file, read it back, compare, and delete it.

    Args:
        name: of the connection.
        read_only: only list, as for a connection that is read_only itself.
        clock: the time.

    Returns:
        A frame of ``step, ok, seconds, answer, hint``, one row a step; what cannot be tried after a failure says so.

    Raises:
        SourceError: there is no such connection.
        ConfigError: it is not right.
    """
    connection = named(name)
    connection.terms()
    path, content = f".fcwork-probe-{secrets.token_hex(6)}", secrets.token_bytes(PROBE_BYTES)
    first, lines = _step("list", lambda: _list(name), clock), []
    lines.append(first)
    if not (read_only or connection.read_only):
        place = _place(name, path) if first["ok"] else None
        lines += _round(place, content, clock) if place else [{**_NOT_TRIED, "step": step} for step in _ROUND]
    return pl.DataFrame(lines, schema=PROBE)


_ROUND = ("write", "read back", "delete")
_NOT_TRIED = {"ok": False, "seconds": 0.0, "answer": "not tried", "hint": ""}


def _round(place: Place, content: bytes, clock: Clock) -> list[dict[str, Any]]:
    """Return what writing, reading and deleting came to; what was written is deleted whatever reading says."""
    write, read, delete = _ROUND
    lines = [_step(write, lambda: _write(place, content), clock)]
    if not lines[0]["ok"]:
        return [*lines, *({**_NOT_TRIED, "step": step} for step in (read, delete))]
    lines.append(_step(read, lambda: _read(place, content), clock))
    return [*lines, _step(delete, lambda: _delete(place), clock)]


def _step(name: str, ask: Callable[[], str], clock: Clock) -> dict[str, Any]:
    started = clock.monotonic()
    try:
        answer, ok, hint = ask(), True, ""
    except FcworkError as error:
        answer, ok, hint = error.message, False, error.hint
    return {"step": name, "ok": ok, "seconds": clock.monotonic() - started, "answer": answer, "hint": hint}


def _place(name: str, path: str) -> Place:
    files = opened_once(named(name))
    return Place(path, files.uri(path), files)


def _list(name: str) -> str:
    root = _place(name, "")
    try:
        found = len(list(islice(root.filesystem.inside(""), LOOKED_AT)))
    except OSError as error:
        raise refused(root, error) from error
    more = " or more" if found == LOOKED_AT else ""
    return f"{found:,}{more} files and folders in {root.uri}"


def _write(place: Place, content: bytes) -> str:
    with whole(place) as stream:
        stream.write(content)
    return f"{len(content):,} bytes as {place.name}"


def _read(place: Place, content: bytes) -> str:
    with opened(place) as intake:
        came = intake.read()
    if came != content:
        hint = "something between here and there changes files"
        raise SourceError(f"{len(came):,} other bytes came back than were written", hint=hint)
    return "the same bytes"


def _delete(place: Place) -> str:
    try:
        place.filesystem.remove(place.path)
    except OSError as error:
        hint = f"allow it, and delete {place.uri} by hand"
        raise SourceError(f"{place.uri} cannot be deleted: {error.strerror}", hint=hint) from error
    return "deleted"
