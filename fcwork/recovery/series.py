"""Versions of one input: a newer one takes the place of an unsettled older one, which must not be sent any more.

What is left of yesterday's stock would overwrite today's. So the load that begins last is the one that counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from fcwork import locks, log
from fcwork.errors import CheckpointError, ConfigError
from fcwork.recovery.checkpoint import LEDGER, Checkpoint, folder_of, remove, root
from fcwork.recovery.entries import Opened, Superseded
from fcwork.recovery.ledger import peek, seized
from fcwork.recovery.listing import folders

if TYPE_CHECKING:
    from pathlib import Path

_logger = log.get("recovery")


def check_series(series: object) -> str:
    """Return the name of a series, or refuse what is none."""
    if series is None:
        return ""
    if not isinstance(series, str) or not series.strip():
        raise ConfigError(f"series is {series!r}", hint="give a text that is the same for each version of an input")
    return series


@contextmanager
def newest(series: str, held: Checkpoint, *, at: datetime) -> Iterator[None]:
    """Make the send that begins in this block the newest of its series: unsettled others are superseded.

    Raises:
        CheckpointError: one of them is being sent at this moment; nothing is left of the new one.
    """
    if not series:
        yield
        return
    with _alone(series):  # of two that begin at once, one sees the other
        try:
            _supersede(series, by=held.name, at=at)
        except CheckpointError:
            held.discard()
            raise
        yield


def forget_superseded(name: str) -> None:
    """Remove a superseded send of this name: to send its rows anew, as the newest, is no resuming."""
    ledger = folder_of(name) / LEDGER
    if ledger.exists() and any(isinstance(entry, Superseded) for entry in peek(ledger, checkpoint=name)):
        with seized(ledger, checkpoint=name):
            remove(ledger.parent)


def _supersede(series: str, *, by: str, at: datetime) -> None:
    for name in _others(series, by):
        with Checkpoint(name) as older:
            if older.opened and not older.superseded:
                older.ledger.append(Superseded(at=at.isoformat(timespec="milliseconds"), by=by), sync=True)
                _logger.warning("checkpoint.superseded", checkpoint=name, by=by)


@contextmanager
def _alone(series: str) -> Iterator[None]:
    digest = hashlib.sha256(series.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    path = root() / f".series-{digest}.lock"
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        locks.wait_for(file.fileno())
        yield


def refuse_superseded(held: Checkpoint) -> None:
    """Refuse to go on with a send that a newer version has superseded.

    Raises:
        CheckpointError: it was.
    """
    told = held.superseded
    if told:
        raise CheckpointError(
            f"checkpoint {held.name!r} is superseded: a newer version was sent under {told.by!r} at {told.at}, "
            "and what is left of this one would overwrite it",
            hint=f"send the newest version; recovery.drop({held.name!r}) removes this one",
            checkpoint=held.name,
        )


def _others(series: str, by: str) -> Iterator[str]:
    if not series:
        return
    for folder in folders():
        if folder.name != by and _series_of(folder) == series:
            yield folder.name


def _series_of(folder: Path) -> str | None:
    try:
        entries = peek(folder / LEDGER, checkpoint=folder.name)
    except CheckpointError:  # damaged, or gone in this moment: it tells no series, and nobody can resume it
        return None
    first = next(iter(entries), None)
    return first.series if isinstance(first, Opened) else None
