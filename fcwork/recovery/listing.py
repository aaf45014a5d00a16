"""The checkpoints there are: what each holds and how far it came."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from fcwork.errors import CheckpointError
from fcwork.frames import UTC_TIME
from fcwork.recovery.checkpoint import LEDGER, SPOOL, folder_of, root
from fcwork.recovery.entries import Closed, Entry, Opened, Superseded
from fcwork.recovery.ledger import in_use, peek
from fcwork.recovery.standing import Standing

# One row a checkpoint, oldest first.
CHECKPOINTS = pl.Schema(
    {
        "name": pl.String(),
        "state": pl.String(),  # running, interrupted (cut off), incomplete (rows left), superseded, unsent, damaged
        "series": pl.String(),
        "route": pl.String(),
        "target": pl.String(),
        "rows": pl.Int64(),
        "delivered": pl.Int64(),
        "rejected": pl.Int64(),
        "unknown": pl.Int64(),
        "open": pl.Int64(),  # rows to send, or to be told of
        "bytes": pl.Int64(),
        "created_at": UTC_TIME,
        "updated_at": UTC_TIME,
    }
)


def checkpoints() -> pl.DataFrame:
    """Return the sends that are under way or have something left to do, one a row, those touched last at the end.

    Columns: ``name, state, series, route, target, rows, delivered, rejected, unknown, open, bytes, created_at,
    updated_at``.
    """
    return pl.DataFrame([_line(folder) for folder in folders()], schema=CHECKPOINTS).sort("updated_at", "name")


def check_known(name: str | None) -> None:
    """Refuse the name of a checkpoint that is not there.

    Raises:
        CheckpointError: there is none of that name.
        ConfigError: the name cannot be one.
    """
    if name is None:  # as SendResult.checkpoint is
        raise CheckpointError("there is nothing to resume: all rows of that send are settled", hint="send rows anew")
    if (folder_of(name) / LEDGER).is_file():
        return
    known = [folder.name for folder in folders()]
    near = difflib.get_close_matches(name, known, 3) or known[-3:]
    hint = f"there are: {', '.join(near)}" if near else "none is open: what is settled needs no resuming"
    raise CheckpointError(f"there is no checkpoint {name!r} in {root()}", hint=hint, checkpoint=name)


def folders() -> list[Path]:
    """Return the folders of all checkpoints, by name."""
    return sorted(folder for folder in root().glob("*") if folder.is_dir())


def _line(folder: Path) -> dict[str, Any]:
    ledger = folder / LEDGER
    files = [file.stat() for file in (folder / SPOOL, ledger) if file.exists()]
    facts = {
        "name": folder.name,
        "updated_at": datetime.fromtimestamp(max((file.st_mtime for file in files), default=0.0), UTC),
        "bytes": sum(file.st_size for file in files),
    }
    try:
        entries = peek(ledger, checkpoint=folder.name) if ledger.exists() else []
    except CheckpointError:
        return {**facts, "state": "damaged"}
    return {**facts, **_progress(entries), "state": _state(entries, ledger)}


def _state(entries: list[Entry], ledger: Path) -> str:
    if in_use(ledger):
        return "running"
    if not entries:
        return "unsent"
    if any(isinstance(entry, Superseded) for entry in entries):
        return "superseded"
    return "incomplete" if isinstance(entries[-1], Closed) else "interrupted"


def _progress(entries: list[Entry]) -> dict[str, Any]:
    if not entries or not isinstance(opened := entries[0], Opened):
        return {}
    standing = Standing.of(opened.rows, entries)
    return {
        "series": opened.series,
        "route": opened.route,
        "target": opened.target,
        "rows": opened.rows,
        **standing.counts,
        "open": opened.rows - sum(standing.counts.values()),
        "created_at": datetime.fromisoformat(opened.at),
    }
