"""The store in PostgreSQL, for the workers of a team on any number of machines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, LiteralString, NoReturn, Self

from fcwork.clock import SYSTEM, Clock, SystemClock
from fcwork.errors import ConfigError
from fcwork.store.contract import Lease, checked_seconds, checked_text, in_transit, lost, to_json
from fcwork.store.postgres_session import Session
from fcwork.store.postgres_tables import query
from fcwork.store.postgres_url import parse

if TYPE_CHECKING:
    from psycopg import Connection

_SWEEP_SECONDS = 60.0
_GET: LiteralString = """
SELECT value FROM {entries} WHERE key = %(key)s AND (expires_at IS NULL OR expires_at > {now})
"""
_ITEMS: LiteralString = """
SELECT key, value FROM {entries}
WHERE key >= %(prefix)s AND starts_with(key, %(prefix)s) AND (expires_at IS NULL OR expires_at > {now}) ORDER BY key
"""
_SET: LiteralString = """
INSERT INTO {entries} AS known (key, value, expires_at)
VALUES (%(key)s, %(new)s, {now} + make_interval(secs => %(expires)s))
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
_SET_IF_NONE: LiteralString = _SET + " WHERE known.expires_at <= {now} OR known.value = 'null' RETURNING 1"
_SET_IF: LiteralString = """
UPDATE {entries} SET value = %(new)s, expires_at = {now} + make_interval(secs => %(expires)s)
WHERE key = %(key)s AND value = %(expected)s AND (expires_at IS NULL OR expires_at > {now}) RETURNING 1
"""
_DELETE: LiteralString = """
DELETE FROM {entries} WHERE key = %(key)s RETURNING expires_at IS NULL OR expires_at > {now}
"""
_SWEEP: LiteralString = """
DELETE FROM {entries} WHERE key IN (
    SELECT key FROM {entries} WHERE expires_at <= (SELECT {now}) LIMIT 1000 FOR UPDATE SKIP LOCKED
)
"""  # skips what others have locked, as two that waited for each other would never end
_ACQUIRE: LiteralString = """
INSERT INTO {leases} AS known (name, owner, token, acquired_at, expires_at)
VALUES (%(name)s, %(owner)s, 1, {now}, {now} + make_interval(secs => %(ttl)s))
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, token = known.token + 1, acquired_at = {now},
    expires_at = {now} + make_interval(secs => %(ttl)s)
WHERE known.owner IS NULL OR known.expires_at <= {now}
RETURNING name, owner, token, expires_at, acquired_at
"""
_RENEW: LiteralString = """
UPDATE {leases} SET expires_at = {now} + make_interval(secs => %(ttl)s) WHERE {held}
RETURNING name, owner, token, expires_at, acquired_at
"""
_RELEASE: LiteralString = "UPDATE {leases} SET owner = NULL WHERE {held} RETURNING 1"
_CHECK: LiteralString = "SELECT 1 FROM {leases} WHERE {held}"
_FENCE: LiteralString = _CHECK + " FOR UPDATE"  # so that nobody takes it over before what it guards is kept
_LEASES: LiteralString = """
SELECT name, owner, token, expires_at, acquired_at FROM {leases}
WHERE name >= %(prefix)s AND starts_with(name, %(prefix)s) AND owner IS NOT NULL AND expires_at > {now} ORDER BY name
"""


class PostgresStore:
    """A store in a PostgreSQL database, for any number of threads, processes and machines.

    Values and leases expire by one clock for all: the database's own. Only where another clock than the machine's is
    passed in (as a test does) is that one asked instead. A lost connection is opened again; a read, or a write that was
    not yet to be kept or may be done twice, is then repeated once.

    Args:
        url: ``postgresql://user:password@host:5432/database``; options of libpq (``sslmode`` …) and ``schema``
            may follow as ``?name=value``. A pool in between must give each client a session of its own.
        clock: the time, if not the database's.
        schema: where its tables are, made when first used; ``fcwork`` unless given here or in the URL.
        timeout_seconds: how long the server may take to let in, and to answer.

    Raises:
        ConfigError: the URL or the schema's name cannot be used, or psycopg is missing.
        StoreError: of each method: the server is not reached, does not answer in time, or refuses.
    """

    def __init__(
        self, url: str, *, clock: Clock = SYSTEM, schema: str | None = None, timeout_seconds: float = 10.0
    ) -> None:
        address = parse(url, schema)
        del url  # what raises has it in no local variable
        if isinstance(address, ConfigError):
            raise address
        self._address = address
        self._session = Session(self._address, timeout_seconds=checked_seconds("timeout_seconds", timeout_seconds))
        self._clock = clock
        self._swept = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_session"):
            self.close()

    def __repr__(self) -> str:
        return f"PostgresStore({self._address.name!r}, schema={self._address.schema!r})"

    def __reduce__(self) -> NoReturn:
        raise in_transit()

    def close(self) -> None:
        """Let the server go; the next call connects again."""
        self._session.close()

    def get(self, key: str) -> Any:
        """Return the value of ``key``, or None where there is none or it has expired."""
        found = self._read(_GET, key=checked_text("key", key))
        return json.loads(found[0][0]) if found else None

    def set(self, key: str, value: Any, *, expires: float | None = None, fence: Lease | None = None) -> None:
        """Keep a value, for ``expires`` seconds or for good.

        Raises:
            StoreError: the key, value or time cannot be kept, or the lease ``fence`` is no longer held.
        """
        self._write(_SET, fence, repeatable=True, **_entry(key, value, expires))

    def delete(self, key: str, *, fence: Lease | None = None) -> bool:
        """Forget a value and say whether there was one."""
        return self._write(_DELETE, fence, key=checked_text("key", key)) == [(True,)]

    def items(self, prefix: str = "") -> list[tuple[str, Any]]:
        """Return keys that begin with ``prefix``, and their values, in the order of the keys."""
        return [(key, json.loads(value)) for key, value in self._read(_ITEMS, prefix=checked_text("prefix", prefix))]

    def compare_and_set(
        self, key: str, expected: Any, new: Any, *, expires: float | None = None, fence: Lease | None = None
    ) -> bool:
        """Set ``new`` if the value is ``expected`` (None: if there is none), and say whether it was."""
        entry = _entry(key, new, expires)
        if expected is None:
            return bool(self._write(_SET_IF_NONE, fence, **entry))
        return bool(self._write(_SET_IF, fence, **entry, expected=to_json(key, expected)))

    def acquire(self, name: str, owner: str, *, ttl: float) -> Lease | None:
        """Return a lease of ``ttl`` seconds, or None while another holds it; an expired one is taken over."""
        checked_text("lease's name", name)
        checked_text("lease's owner", owner)
        found = self._write(_ACQUIRE, name=name, owner=owner, ttl=checked_seconds("ttl", ttl))
        return _lease(found[0]) if found else None

    def renew(self, lease: Lease, *, ttl: float) -> Lease:
        """Return the lease, held for ``ttl`` seconds from now.

        Raises:
            StoreError: it was lost meanwhile; stop what it stood for.
        """
        found = self._write(
            _RENEW, repeatable=True, name=lease.name, token=lease.token, ttl=checked_seconds("ttl", ttl)
        )
        if not found:
            raise lost(lease)
        return _lease(found[0])

    def release(self, lease: Lease) -> bool:
        """Give the lease back and say whether it was still held; its token is never given again."""
        return bool(self._write(_RELEASE, name=lease.name, token=lease.token))

    def check(self, lease: Lease) -> bool:
        """Say whether the lease is still held."""
        return bool(self._read(_CHECK, name=lease.name, token=lease.token))

    def leases(self, prefix: str = "") -> list[Lease]:
        """Return the leases that are held now and whose names begin with ``prefix``, in the order of their names."""
        return [_lease(row) for row in self._read(_LEASES, prefix=checked_text("prefix", prefix))]

    def _read(self, text: LiteralString, **values: Any) -> list[tuple[Any, ...]]:
        return self._session.read(query(text, self._address.schema), {**values, "now": self._now()})

    def _write(
        self, text: LiteralString, fence: Lease | None = None, *, repeatable: bool = False, **values: Any
    ) -> list[tuple[Any, ...]]:
        """Execute one statement, after asking for the fence, in one transaction; return its rows."""

        def work(connection: Connection[Any]) -> list[tuple[Any, ...]]:
            self._require(connection, fence)
            done = connection.execute(query(text, self._address.schema), {**values, "now": self._now()})
            self._sweep(connection)
            return done.fetchall() if done.description else []

        return self._session.write(work, repeatable=repeatable)

    def _require(self, connection: Connection[Any], fence: Lease | None) -> None:
        if fence is None:
            return
        asked = {"name": fence.name, "token": fence.token, "now": self._now()}
        if connection.execute(query(_FENCE, self._address.schema), asked).fetchone() is None:
            raise lost(fence)

    def _sweep(self, connection: Connection[Any]) -> None:
        """Take away what has expired, now and then."""
        if self._clock.monotonic() - self._swept >= _SWEEP_SECONDS:
            connection.execute(query(_SWEEP, self._address.schema), {"now": self._now()})
            self._swept = self._clock.monotonic()

    def _now(self) -> datetime | None:
        return None if isinstance(self._clock, SystemClock) else self._clock.now()


def _entry(key: str, value: Any, expires: float | None) -> dict[str, Any]:
    until = None if expires is None else checked_seconds("expires", expires)
    return {"key": checked_text("key", key), "new": to_json(key, value), "expires": until}


def _lease(row: tuple[Any, ...]) -> Lease:
    name, owner, token, expires_at, acquired_at = row
    return Lease(name, owner, token, expires_at.astimezone(UTC), acquired_at.astimezone(UTC))
