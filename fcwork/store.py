"""Small state that outlives a process: values with expiry, compare-and-set, and leases.

Values are JSON. A lease carries a token that only ever grows, so the late write of a worker that lost its lease is
refused (``fence=``).
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, Self

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import StoreError

SCHEMA_VERSION = 1
BUSY_SECONDS = 10.0
NETWORK_SYSTEMS = frozenset(
    {"9p", "afs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3"}
)
NETWORK_SYSTEMS |= {"smbfs", "fuse.s3fs", "fuse.sshfs", "fuse.gcsfuse"}
_TABLES = """
CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS expiring ON entries (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, owner TEXT, token INTEGER NOT NULL, expires_at REAL NOT NULL)
WITHOUT ROWID;
"""
_SET = """
INSERT INTO entries VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
_ACQUIRE = """
INSERT INTO leases VALUES (?, ?, 1, ?)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = token + 1, expires_at = excluded.expires_at
WHERE owner IS NULL OR leases.expires_at <= ?
RETURNING token
"""
_inherited: list[sqlite3.Connection | None] = []  # a child process must neither use nor close its parent's connection


@dataclass(frozen=True)
class Lease:
    """The word that one worker, and no other, may do something until ``expires_at``.

    Attributes:
        token: grows with each change of hands, and tells a late write from a rightful one.
    """

    name: str
    owner: str
    token: int
    expires_at: datetime


class Store(Protocol):
    """What the package needs of a store; every method raises ``StoreError`` when the store cannot be used."""

    def get(self, key: str) -> Any:
        """Return the value of ``key``, or None where there is none or it has expired."""
        ...

    def set(self, key: str, value: Any, *, expires: float | None = None, fence: Lease | None = None) -> None:
        """Keep a value, for ``expires`` seconds or for good; a ``fence`` that is no longer held is refused."""
        ...

    def delete(self, key: str, *, fence: Lease | None = None) -> bool:
        """Forget a value and say whether there was one."""
        ...

    def items(self, prefix: str = "") -> list[tuple[str, Any]]:
        """Return keys that begin with ``prefix``, and their values, in the order of the keys."""
        ...

    def compare_and_set(
        self, key: str, expected: Any, new: Any, *, expires: float | None = None, fence: Lease | None = None
    ) -> bool:
        """Set ``new`` if the value is ``expected`` (None: if there is none), and say whether it was."""
        ...

    def acquire(self, name: str, owner: str, *, ttl: float) -> Lease | None:
        """Return a lease of ``ttl`` seconds, or None while another holds it; an expired one is taken over."""
        ...

    def renew(self, lease: Lease, *, ttl: float) -> Lease:
        """Return the lease, held for ``ttl`` seconds from now; one that was lost is a ``StoreError``."""
        ...

    def release(self, lease: Lease) -> bool:
        """Give the lease back and say whether it was still held."""
        ...

    def check(self, lease: Lease) -> bool:
        """Say whether the lease is still held."""
        ...


class SQLiteStore:
    """A store in one file, for any number of threads and processes of one machine.

    Args:
        path: the file; it and its folder are made, readable by their owner alone.
        clock: the time by which values and leases expire.

    Raises:
        StoreError: the folder may not be written, lies on a network, or the file is no store of this version.
    """

    def __init__(self, path: str | Path, *, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()
        self.path = Path(path).expanduser().absolute()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def get(self, key: str) -> Any:
        """Return the value of ``key``, or None where there is none or it has expired."""
        with self._open() as connection:
            found = self._text(connection, key)
        return None if found is None else json.loads(found)

    def set(self, key: str, value: Any, *, expires: float | None = None, fence: Lease | None = None) -> None:
        """Keep a value, for ``expires`` seconds or for good.

        Raises:
            StoreError: the value is not JSON, or the lease ``fence`` is no longer held.
        """
        text = _json(key, value)
        with self._transaction(fence) as connection:
            self._write(connection, key, text, expires)

    def delete(self, key: str, *, fence: Lease | None = None) -> bool:
        """Forget a value and say whether there was one."""
        with self._transaction(fence) as connection:
            known = self._text(connection, key) is not None
            connection.execute("DELETE FROM entries WHERE key = ?", (key,))
        return known

    def items(self, prefix: str = "") -> list[tuple[str, Any]]:
        """Return keys that begin with ``prefix``, and their values, in the order of the keys."""
        query = (
            "SELECT key, value FROM entries WHERE key >= :prefix AND substr(key, 1, length(:prefix)) = :prefix "
            "AND (expires_at IS NULL OR expires_at > :now) ORDER BY key"
        )
        with self._open() as connection:
            found = connection.execute(query, {"prefix": prefix, "now": self._now()}).fetchall()
        return [(key, json.loads(value)) for key, value in found]

    def compare_and_set(
        self, key: str, expected: Any, new: Any, *, expires: float | None = None, fence: Lease | None = None
    ) -> bool:
        """Set ``new`` if the value is ``expected`` (None: if there is none), and say whether it was."""
        text = _json(key, new)
        with self._transaction(fence) as connection:
            if (self._text(connection, key) or "null") != _json(key, expected):
                return False
            self._write(connection, key, text, expires)
        return True

    def acquire(self, name: str, owner: str, *, ttl: float) -> Lease | None:
        """Return a lease of ``ttl`` seconds, or None while another holds it; an expired one is taken over."""
        now = self._now()
        with self._transaction() as connection:
            row = connection.execute(_ACQUIRE, (name, owner, now + ttl, now)).fetchone()
        return Lease(name, owner, row[0], datetime.fromtimestamp(now + ttl, UTC)) if row else None

    def renew(self, lease: Lease, *, ttl: float) -> Lease:
        """Return the lease, held for ``ttl`` seconds from now.

        Raises:
            StoreError: it was lost meanwhile; stop what it stood for.
        """
        until = self._now() + ttl
        with self._transaction(lease) as connection:
            connection.execute("UPDATE leases SET expires_at = ? WHERE name = ?", (until, lease.name))
        return Lease(lease.name, lease.owner, lease.token, datetime.fromtimestamp(until, UTC))

    def release(self, lease: Lease) -> bool:
        """Give the lease back and say whether it was still held; its token is never given again."""
        with self._transaction() as connection:
            held = self._holds(connection, lease)
            if held:
                connection.execute("UPDATE leases SET owner = NULL WHERE name = ?", (lease.name,))
        return held

    def check(self, lease: Lease) -> bool:
        """Say whether the lease is still held."""
        with self._open() as connection:
            return self._holds(connection, lease)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _text(self, connection: sqlite3.Connection, key: str) -> str | None:
        query = "SELECT value FROM entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)"
        row = connection.execute(query, (key, self._now())).fetchone()
        return row[0] if row else None

    def _write(self, connection: sqlite3.Connection, key: str, text: str, expires: float | None) -> None:
        now = self._now()
        connection.execute("DELETE FROM entries WHERE expires_at <= ?", (now,))
        connection.execute(_SET, (key, text, None if expires is None else now + expires))

    def _holds(self, connection: sqlite3.Connection, lease: Lease) -> bool:
        query = "SELECT 1 FROM leases WHERE name = ? AND token = ? AND owner IS NOT NULL AND expires_at > ?"
        return connection.execute(query, (lease.name, lease.token, self._now())).fetchone() is not None

    def _require(self, connection: sqlite3.Connection, fence: Lease | None) -> None:
        if fence is not None and not self._holds(connection, fence):
            raise StoreError(
                f"the lease {fence.name!r} is no longer held by {fence.owner!r}",
                hint="another worker may have taken it over: stop, and begin again with a lease of your own",
            )

    @contextmanager
    def _transaction(self, fence: Lease | None = None) -> Iterator[sqlite3.Connection]:
        """Write alone; all of it happens or nothing."""
        with self._open() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._require(connection, fence)
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection to one thread at a time; a forked process gets one of its own."""
        with self._lock:
            try:
                if self._process != os.getpid():
                    _inherited.append(self._connection)
                    self._connection, self._process = None, os.getpid()
                if self._connection is None:
                    self._connection = _connect(self.path, self._clock)
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                raise _unusable(self.path, error) from error


def network_system(path: Path, mounts: str) -> str:
    """Return the kind of network file system that ``path`` lies on, by the lines of ``/proc/mounts``; empty if none."""
    kinds = {}
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        kinds[Path(point.replace(r"\040", " ").replace(r"\011", "\t"))] = kind
    nearest = next((folder for folder in (path, *path.parents) if folder in kinds), None)
    kind = kinds[nearest] if nearest else ""
    return kind if kind in NETWORK_SYSTEMS else ""


def _connect(path: Path, clock: Clock) -> sqlite3.Connection:
    _refuse_network(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _to_wal(connection, clock)
        connection.execute("PRAGMA synchronous = NORMAL")
        _prepare(connection, path)
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
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was made by a newer fcwork", hint="update fcwork, or set FCWORK_HOME to another folder"
        )
    if version < SCHEMA_VERSION:
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def _refuse_network(path: Path) -> None:
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return  # no Linux
    kind = network_system(path.resolve(), mounts)
    if kind:
        raise StoreError(
            f"{path} lies on a network file system ({kind}), where locks cannot be relied on",
            hint="set FCWORK_HOME to a folder of this machine's own disk",
        )


def _json(key: str, value: Any) -> str:
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
        text.encode()  # half a character has no place in a file
    except (TypeError, ValueError) as error:
        raise StoreError(f"the value of {key!r} is not JSON: {error}") from error
    return text


def _unusable(path: Path, error: Exception) -> StoreError:
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        hint = "move the file away; a new one is made"
    elif "locked" in str(error):
        hint = "another process has held it for long: try again"
    else:
        hint = f"is there room, and may this user write to {path.parent}? FCWORK_HOME names another folder"
    return StoreError(f"the store {path} cannot be used: {error}", hint=hint)
