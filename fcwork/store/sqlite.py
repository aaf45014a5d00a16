"""The store in one file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, Self

from fcwork.clock import SYSTEM, Clock
from fcwork.store.contract import Lease, checked_seconds, checked_text, in_transit, lost, to_json
from fcwork.store.processes import Own
from fcwork.store.sqlite_file import connect, unusable

_SET = """
INSERT INTO entries (key, value, expires_at) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
_ACQUIRE = """
INSERT INTO leases (name, owner, token, acquired_at, expires_at) VALUES (:name, :owner, 1, :now, :until)
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, token = token + 1, acquired_at = excluded.acquired_at, expires_at = excluded.expires_at
WHERE owner IS NULL OR leases.expires_at <= :now
RETURNING name, owner, token, expires_at, acquired_at
"""
_RENEW = "UPDATE leases SET expires_at = ? WHERE name = ? RETURNING name, owner, token, expires_at, acquired_at"
_ITEMS = """
SELECT key, value FROM entries
WHERE key >= :prefix AND substr(key, 1, length(:prefix)) = :prefix AND (expires_at IS NULL OR expires_at > :now)
ORDER BY key
"""
_LEASES = """
SELECT name, owner, token, expires_at, acquired_at FROM leases
WHERE name >= :prefix AND substr(name, 1, length(:prefix)) = :prefix AND owner IS NOT NULL AND expires_at > :now
ORDER BY name
"""


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
        self._own: Own[sqlite3.Connection] = Own()
        self.path = Path(path).expanduser().absolute()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})"

    def __reduce__(self) -> NoReturn:
        raise in_transit()

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._own.lock:
            if self._own.value is not None:
                self._own.value.close()
            self._own.value = None

    def get(self, key: str) -> Any:
        """Return the value of ``key``, or None where there is none or it has expired."""
        with self._open() as connection:
            found = self._text(connection, checked_text("key", key))
        return None if found is None else json.loads(found)

    def set(self, key: str, value: Any, *, expires: float | None = None, fence: Lease | None = None) -> None:
        """Keep a value, for ``expires`` seconds or for good.

        Raises:
            StoreError: the key, value or time cannot be kept, or the lease ``fence`` is no longer held.
        """
        text = to_json(checked_text("key", key), value)
        with self._transaction(fence) as connection:
            self._write(connection, key, text, expires)

    def delete(self, key: str, *, fence: Lease | None = None) -> bool:
        """Forget a value and say whether there was one."""
        checked_text("key", key)
        with self._transaction(fence) as connection:
            known = self._text(connection, key) is not None
            connection.execute("DELETE FROM entries WHERE key = ?", (key,))
        return known

    def items(self, prefix: str = "") -> list[tuple[str, Any]]:
        """Return keys that begin with ``prefix``, and their values, in the order of the keys."""
        return [(key, json.loads(value)) for key, value in self._beginning(_ITEMS, prefix)]

    def compare_and_set(
        self, key: str, expected: Any, new: Any, *, expires: float | None = None, fence: Lease | None = None
    ) -> bool:
        """Set ``new`` if the value is ``expected`` (None: if there is none), and say whether it was."""
        text = to_json(checked_text("key", key), new)
        with self._transaction(fence) as connection:
            if (self._text(connection, key) or "null") != to_json(key, expected):
                return False
            self._write(connection, key, text, expires)
        return True

    def acquire(self, name: str, owner: str, *, ttl: float) -> Lease | None:
        """Return a lease of ``ttl`` seconds, or None while another holds it; an expired one is taken over."""
        asked = {"name": checked_text("lease's name", name), "owner": checked_text("lease's owner", owner)}
        seconds = checked_seconds("ttl", ttl)
        with self._transaction() as connection:
            now = self._now()
            row = connection.execute(_ACQUIRE, {**asked, "now": now, "until": now + seconds}).fetchone()
        return _lease(row) if row else None

    def renew(self, lease: Lease, *, ttl: float) -> Lease:
        """Return the lease, held for ``ttl`` seconds from now.

        Raises:
            StoreError: it was lost meanwhile; stop what it stood for.
        """
        seconds = checked_seconds("ttl", ttl)
        with self._transaction(lease) as connection:
            return _lease(connection.execute(_RENEW, (self._now() + seconds, lease.name)).fetchone())

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

    def leases(self, prefix: str = "") -> list[Lease]:
        """Return the leases that are held now and whose names begin with ``prefix``, in the order of their names."""
        return [_lease(row) for row in self._beginning(_LEASES, prefix)]

    def _beginning(self, query: str, prefix: str) -> list[tuple[Any, ...]]:
        with self._open() as connection:
            return connection.execute(query, {"prefix": checked_text("prefix", prefix), "now": self._now()}).fetchall()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _text(self, connection: sqlite3.Connection, key: str) -> str | None:
        query = "SELECT value FROM entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)"
        row = connection.execute(query, (key, self._now())).fetchone()
        return row[0] if row else None

    def _write(self, connection: sqlite3.Connection, key: str, text: str, expires: float | None) -> None:
        now = self._now()
        until = None if expires is None else now + checked_seconds("expires", expires)
        connection.execute("DELETE FROM entries WHERE expires_at <= ?", (now,))
        connection.execute(_SET, (key, text, until))

    def _holds(self, connection: sqlite3.Connection, lease: Lease) -> bool:
        query = "SELECT 1 FROM leases WHERE name = ? AND token = ? AND owner IS NOT NULL AND expires_at > ?"
        return connection.execute(query, (lease.name, lease.token, self._now())).fetchone() is not None

    def _require(self, connection: sqlite3.Connection, fence: Lease | None) -> None:
        if fence is not None and not self._holds(connection, fence):
            raise lost(fence)

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
        with self._own.lock:
            try:
                if self._own.value is None:
                    self._own.value = connect(self.path, self._clock)
                yield self._own.value
            except (sqlite3.Error, OSError) as error:
                raise unusable(self.path, error) from error


def _lease(row: tuple[str, str, int, float, float]) -> Lease:
    name, owner, token, expires, acquired = row
    return Lease(name, owner, token, datetime.fromtimestamp(expires, UTC), datetime.fromtimestamp(acquired, UTC))
