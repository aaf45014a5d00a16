"""The inbox's file: made, opened, and refused where it cannot be trusted."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path

from fcwork.clock import Clock
from fcwork.errors import StoreError
from fcwork.store.sqlite_file import BUSY_SECONDS, opened

VERSION = 1
_TABLES = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL UNIQUE,
        door TEXT NOT NULL, replay_key TEXT NOT NULL, sha256 TEXT NOT NULL,
        state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL,
        owner TEXT NOT NULL DEFAULT '', leased_until REAL NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT '', repeats INTEGER NOT NULL DEFAULT 0,
        replays INTEGER NOT NULL DEFAULT 0,
        received_at REAL NOT NULL, updated_at REAL NOT NULL,
        headers TEXT NOT NULL, facts TEXT NOT NULL,
        UNIQUE (door, replay_key))
    """,
    "CREATE INDEX waiting ON messages (next_at, number) WHERE state = 'waiting'",
    "CREATE INDEX running ON messages (number) WHERE state = 'running'",
    "CREATE INDEX settled ON messages (updated_at) WHERE state IN ('done', 'duplicate', 'dropped')",
    "CREATE INDEX states ON messages (state)",
    "CREATE TABLE bodies (number INTEGER PRIMARY KEY, body BLOB NOT NULL)",  # apart: a change of state writes no body
)


def connect(path: Path, clock: Clock) -> sqlite3.Connection:
    """Return a connection that writes; what it commits is on the disk.

    Raises:
        StoreError: the file lies on a network, or is of another version.
    """
    return opened(path, clock, synchronous="FULL", prepare=_prepare_durably)


def reader(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads.

    Raises:
        StoreError: the file is of another version.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = ON")
        _version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def unusable(path: Path, error: Exception) -> StoreError:
    """Return what to tell of an error of the file."""
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        hint = "stop the receiver and keep the file: what is in it may be saved by SQLite's own .recover"
    elif "locked" in str(error):
        hint = "another process has held it for long: try again"
    else:
        hint = f"is there room, and may this user write to {path.parent}? FCWORK_HOME names another folder"
    return StoreError(f"the inbox {path} cannot be used: {error}", hint=hint)


def _prepare_durably(connection: sqlite3.Connection, path: Path) -> None:
    _prepare(connection, path)
    sync_folder(path.parent)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables: all of them or none, and by one of those that open the file at once."""
    if _version(connection, path) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    if _version(connection, path) != VERSION:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO facts VALUES ('inbox', ?)", (secrets.token_hex(8),))
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StoreError(f"{path} was made by a newer fcwork", hint="update fcwork, or set FCWORK_HOME elsewhere")
    return int(version)


def sync_folder(folder: Path) -> None:
    """Put the names of new files on the disk too; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
