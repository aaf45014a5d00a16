"""Pages of extractions that were cut off, cleared away when nobody goes on with them any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from fcwork import log, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError, LeaseTakenError
from fcwork.extraction import spool
from fcwork.store import hold, open_store

LONGEST_DAYS = 36_500
CLAIM_SECONDS = 30.0
CLEARED = pl.Schema(
    {"name": pl.String(), "touched_at": pl.Datetime("us", "UTC"), "bytes": pl.Int64(), "path": pl.String()}
)
_logger = log.get("extraction")


def clean(*, older_than_days: float = 30, dry_run: bool = False, clock: Clock = SYSTEM) -> pl.DataFrame:
    """Remove the pages of extractions that were cut off, and return what went.

    What can still be gone on with stays, which it can for a day; and so does what somebody works on.

    Args:
        older_than_days: for how long nobody wrote into what goes.
        dry_run: remove nothing, and return what would go.
        clock: the time.

    Returns:
        A frame of ``name``, ``touched_at``, ``bytes`` and ``path``.

    Raises:
        ConfigError: ``older_than_days`` is no such number.
        StoreError: the store cannot be asked whether somebody works on one.
    """
    before = clock.now() - max(_age(older_than_days), spool.KEPT)
    found = [row for folder in sorted((settings.home() / spool.FOLDER).glob("*/")) for row in _old(folder, before)]
    gone = found if dry_run else [row for row in found if _remove(Path(row["path"]), clock)]
    return pl.DataFrame(gone, schema=CLEARED)


def _old(folder: Path, before: datetime) -> Iterator[dict[str, Any]]:
    """Yield what is told of a folder that nobody wrote to since then; what goes away meanwhile is not there."""
    with suppress(FileNotFoundError):
        found = [folder.lstat(), *(file.lstat() for file in folder.rglob("*"))]
        touched_at = datetime.fromtimestamp(max(one.st_mtime for one in found), UTC)
        if touched_at < before:
            size = sum(one.st_size for one in found)
            yield {"name": folder.name, "touched_at": touched_at, "bytes": size, "path": str(folder)}


def _remove(folder: Path, clock: Clock) -> bool:
    """Remove pages as one who works on them would, so that nobody begins to meanwhile."""
    claim = spool.claim_of(folder)
    store = open_store(settings.store_place())
    try:
        with hold(store, claim, ttl=CLAIM_SECONDS, clock=clock) if claim else nullcontext():
            spool.delete(folder)
    except LeaseTakenError:
        return False
    if folder.exists():
        _logger.warning("extraction.kept", path=str(folder))
    return not folder.exists()


def _age(days: Any) -> timedelta:
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 <= days <= LONGEST_DAYS:
        raise ConfigError(f"older_than_days is {days!r}", hint="give a number of days, such as 30")
    return timedelta(days=days)
