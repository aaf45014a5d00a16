"""The file of a SQLite store: made, opened, brought up to today's version, and refused where it cannot be trusted."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from fcwork.clock import Clock
from fcwork.errors import StoreError
from fcwork.store.contract import SCHEMA_VERSION

BUSY_SECONDS = 10.0
NETWORK_SYSTEMS = frozenset(
    {"9p", "afs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3"}
)
NETWORK_SYSTEMS |= {"smbfs", "fuse.s3fs", "fuse.sshfs", "fuse.gcsfuse"}
_STEPS = {  # what each version added to the one before
    1: (
        "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL) WITHOUT ROWID",
        "CREATE INDEX IF NOT EXISTS expiring ON entries (expires_at) WHERE expires_at IS NOT NULL",
        """
        CREATE TABLE IF NOT EXISTS leases
        (name TEXT PRIMARY KEY, owner TEXT, token INTEGER NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID
        """,
    ),
    2: ("ALTER TABLE leases ADD COLUMN acquired_at REAL NOT NULL DEFAULT 0",),
}


def network_system(path: Path, mounts: str) -> str:
    """Return the kind of network file system that ``path`` lies on, by the lines of ``/proc/mounts``; empty if none."""
    kinds = {}
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        kinds[Path(point.replace(r"\040", " ").replace(r"\011", "\t"))] = kind
    nearest = next((folder for folder in (path, *path.parents) if folder in kinds), None)
    kind = kinds[nearest] if nearest else ""
    return kind if kind in NETWORK_SYSTEMS else ""


def connect(path: Path, clock: Clock) -> sqlite3.Connection:
    """Return a connection to the file, made if need be and of today's version.

    Raises:
        StoreError: it lies on a network, or a newer fcwork made it.
    """
    return opened(path, clock, synchronous="NORMAL", prepare=_prepare)


def opened(
    path: Path,
    clock: Clock,
    *,
    synchronous: Literal["NORMAL", "FULL"],
    prepare: Callable[[sqlite3.Connection, Path], object],
) -> sqlite3.Connection:
    """Return a connection to a file that its owner alone may read, made if need be, and prepared.

    Raises:
        StoreError: it lies on a network; or as ``prepare``.
    """
    refuse_network(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):  # what is there is not opened here: closing it would end SQLite's locks
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _to_wal(connection, clock)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _to_wal(connection: sqlite3.Connection, clock: Clock) -> None:
    """Let readers and a writer work side by side; the change itself needs the file alone and waits for nobody."""
    deadline = clock.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or clock.monotonic() > deadline:
                raise
            clock.sleep(0.02)
        else:
            return


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to today's version: all of it or nothing, and by one of those that open it at once."""
    if _version(connection, path) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    for number in range(_version(connection, path) + 1, SCHEMA_VERSION + 1):
        for statement in _STEPS[number]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was made by a newer fcwork",
            hint="update fcwork, or set FCWORK_HOME or FCWORK_STORE to another place",
        )
    return int(version)


def refuse_network(path: Path) -> None:
    """Refuse a file that lies on a network.

    Raises:
        StoreError: it does.
    """
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return  # no Linux
    kind = network_system(path.resolve(), mounts)
    if kind:
        raise StoreError(
            f"{path} lies on a network file system ({kind}), where locks cannot be relied on",
            hint="set FCWORK_HOME to a folder of this machine's own disk, or FCWORK_STORE to a postgresql:// URL",
        )


def unusable(path: Path, error: Exception) -> StoreError:
    """Return what to tell of an error of the file."""
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        hint = "move the file away; a new one is made"
    elif "locked" in str(error):
        hint = "another process has held it for long: try again"
    else:
        hint = f"is there room, and may this user write to {path.parent}? FCWORK_HOME names another folder"
    return StoreError(f"the store {path} cannot be used: {error}", hint=hint)
