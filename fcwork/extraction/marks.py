"""How far an incremental extraction has come: a named instant in the store, and which rows near it are written.

The next run asks from the watermark less an overlap, since rows may be committed late; rows of the overlap that are
written already, by id and time of change, are left out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import polars as pl

from fcwork import log, passing, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.extraction.asking import instant, wire
from fcwork.frames import UTC_TIME
from fcwork.store import Held, Store, open_store

EMBEDDED = "SIMULATOR"  # the target of a simulator in this process
HASH_BYTES = 8
MAX_SEEN = 100_000  # rows near the watermark that are known; older ones may come twice
WATERMARKS = pl.Schema(
    {
        "name": pl.String(),
        "target": pl.String(),
        "at": UTC_TIME,  # up to which all that was changed is written
        "moved_at": UTC_TIME,
        "run_id": pl.String(),
        "rows": pl.Int64(),  # of the run that moved it
    }
)
_PREFIX = "watermark:"
_SEPARATOR = "\x1f"
_logger = log.get("extraction")


@dataclass(frozen=True)
class Watermark:
    """A named instant up to which all that was changed is written.

    Attributes:
        at: the instant.
        seen: hashes of the rows near it that are written.
        seen_to: the latest change among them.
        run_begun_at: when the run that moved it was begun; None where it was set by hand.
        asked: a hash of what that run asked; empty where it was set by hand.
    """

    at: datetime
    seen: frozenset[bytes] = frozenset()
    seen_to: datetime | None = None
    run_begun_at: datetime | None = None
    asked: str = ""

    def written(self, rows: pl.DataFrame) -> pl.Series:
        """Say of each row, by its ``id`` and ``changed_at``, whether it is written already."""
        if not self.seen or self.seen_to is None or not rows.height:
            return pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
        near = rows["changed_at"].is_not_null() & (rows["changed_at"] <= self.seen_to)
        hashes = iter(_hashes(rows.filter(near)))
        return pl.Series([next(hashes) in self.seen if close else False for close in near], dtype=pl.Boolean)


def key(target: str, name: str) -> str:
    """Return the key of a watermark: a sandbox never moves production's."""
    return f"{_PREFIX}{target}{_SEPARATOR}{name}"


def read(store: Store, target: str, name: str) -> Watermark | None:
    """Return a watermark; None where it was never set."""
    told = store.get(key(target, name))
    if told is None:
        return None
    packed = base64.b64decode(told.get("seen", ""))
    seen = frozenset(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES))
    seen_to, begun_at = (instant(told.get(name), name) for name in ("seen_to", "run_begun_at"))
    return Watermark(datetime.fromisoformat(told["at"]), seen, seen_to, begun_at, told.get("asked", ""))


def write(
    store: Store,
    target: str,
    name: str,
    mark: Watermark,
    *,
    run_id: str = "",
    rows: int = 0,
    clock: Clock = SYSTEM,
    held: Held | None = None,
) -> None:
    """Move a watermark.

    Raises:
        StoreError: the store cannot be used, or another worker has the extraction now.
    """
    told = {
        "at": wire(mark.at),
        "seen": base64.b64encode(b"".join(sorted(mark.seen))).decode(),
        "seen_to": wire(mark.seen_to) if mark.seen_to else None,
        "moved_at": wire(clock.now()),
        "run_begun_at": mark.run_begun_at.isoformat() if mark.run_begun_at else None,
        "asked": mark.asked,
        "run_id": run_id,
        "rows": rows,
    }
    store.set(key(target, name), told, fence=held.lease if held else None)
    _logger.info("watermark.moved", name=name, target=target, at=told["at"])


def near(at: datetime, rows: pl.DataFrame) -> Watermark:
    """Return a watermark that knows rows near it, by their ``id`` and ``changed_at``; of very many the latest."""
    latest = rows.sort("changed_at", descending=True).head(MAX_SEEN)
    return Watermark(at, frozenset(_hashes(latest)), rows.select(pl.col("changed_at").max()).item())


def store_of(target: str) -> Store:
    """Return where watermarks and claims are; those of an embedded simulator go with its process, as its data do."""
    return _passing() if target == EMBEDDED else open_store(settings.store_place())


@cache
def _passing() -> Store:
    return open_store(passing.until_exit() / "state.sqlite")


def watermarks() -> pl.DataFrame:
    """Return the watermarks that are set, in the columns of ``WATERMARKS``; also those of the embedded simulator."""
    items = [*open_store(settings.store_place()).items(_PREFIX), *_passing().items(_PREFIX)]
    return pl.DataFrame([_line(name, told) for name, told in items], schema=WATERMARKS)


def set_watermark(client: Any, name: str, at: Any) -> None:
    """Set a watermark by hand, so that the next extraction of this name begins there; None forgets it.

    Args:
        client: whose platform.
        name: of the watermark.
        at: an instant or its text.

    Raises:
        ConfigError: ``at`` is no instant.
    """
    store = store_of(client.target)
    when = instant(at, "at")
    if when is None:
        store.delete(key(client.target, name))
    elif when > SYSTEM.now():
        raise ConfigError(f"the watermark {name} cannot lie in the future: {wire(when)}")
    else:
        write(store, client.target, name, Watermark(when))


def _hashes(rows: pl.DataFrame) -> Iterable[bytes]:
    for ident, changed_at in rows.select("id", pl.col("changed_at").dt.epoch("ms")).iter_rows():
        yield hashlib.blake2b(f"{ident}|{changed_at}".encode(), digest_size=HASH_BYTES).digest()


def _line(name: str, told: dict[str, Any]) -> dict[str, Any]:
    target, _, own = name.removeprefix(_PREFIX).partition(_SEPARATOR)
    at, moved_at = (datetime.fromisoformat(told[what]).astimezone(UTC) for what in ("at", "moved_at"))
    return {
        "name": own,
        "target": target,
        "at": at,
        "moved_at": moved_at,
        "run_id": told["run_id"],
        "rows": told["rows"],
    }
