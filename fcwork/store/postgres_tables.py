"""The tables of a store in PostgreSQL, in a schema of their own, and the version that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from fcwork.errors import StoreError
from fcwork.store.contract import SCHEMA_VERSION
from fcwork.store.postgres_url import Address

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

_NOW: LiteralString = "COALESCE(%(now)s::timestamptz, clock_timestamp())"
_HELD: LiteralString = f"name = %(name)s AND token = %(token)s AND owner IS NOT NULL AND expires_at > {_NOW}"
_STEPS: dict[int, tuple[LiteralString, ...]] = {  # what each version added to the one before; the first is 2
    2: (
        'CREATE TABLE {entries} (key text COLLATE "C" PRIMARY KEY, value text NOT NULL, expires_at timestamptz)',
        "CREATE INDEX entries_expiring ON {entries} (expires_at) WHERE expires_at IS NOT NULL",
        """
        CREATE TABLE {leases} (name text COLLATE "C" PRIMARY KEY, owner text, token bigint NOT NULL,
                               acquired_at timestamptz NOT NULL, expires_at timestamptz NOT NULL)
        """,
        "CREATE TABLE {version} (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL)",
    ),
}
_MARK: LiteralString = """
INSERT INTO {version} (version) VALUES (%(version)s) ON CONFLICT (one) DO UPDATE SET version = excluded.version
"""
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('fcwork store ' || %(schema)s, 0))"
_HAS_SCHEMA = "SELECT 1 FROM pg_namespace WHERE nspname = %(schema)s"
_HAS_VERSION = "SELECT to_regclass(format('%%I.%%I', %(schema)s::text, 'schema_version'))"


def query(text: LiteralString, schema: str) -> Composed:
    """Return ``text`` with its names in braces filled in: the tables, the schema, ``{now}`` and ``{held}``.

    ``{now}`` is the server's own clock unless the value ``now`` is given; ``{held}`` says that the lease of ``name``
    and ``token`` is held.
    """
    from psycopg.sql import SQL, Identifier

    return SQL(text).format(
        schema=Identifier(schema),
        entries=Identifier(schema, "entries"),
        leases=Identifier(schema, "leases"),
        version=Identifier(schema, "schema_version"),
        now=SQL(_NOW),
        held=SQL(_HELD),
    )


def prepare(connection: Connection[Any], address: Address) -> None:
    """Make the tables, or bring them to today's version: all of it or nothing, and by one of those that come at once.

    Raises:
        StoreError: a newer fcwork made them, or the database is not of UTF-8.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"the database {address.name} keeps texts as {encoding}, which holds not every character",
            hint="name a database that was made with ENCODING 'UTF8'",
        )
    if _version(connection, address) == SCHEMA_VERSION:
        return
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")
        _step_up(connection, address)


def _step_up(connection: Connection[Any], address: Address) -> None:
    named = {"schema": address.schema}
    connection.execute(_ALONE, named)
    if connection.execute(_HAS_SCHEMA, named).fetchone() is None:
        connection.execute(query("CREATE SCHEMA {schema}", address.schema))
    done = _version(connection, address)
    for number in (number for number in _STEPS if number > done):
        for statement in _STEPS[number]:
            connection.execute(query(statement, address.schema))
        connection.execute(query(_MARK, address.schema), {"version": number})


def _version(connection: Connection[Any], address: Address) -> int:
    """Return the version of the tables; 0 where there are none."""
    [table] = connection.execute(_HAS_VERSION, {"schema": address.schema}).fetchone() or [None]
    if table is None:
        return 0
    [version] = connection.execute(query("SELECT version FROM {version}", address.schema)).fetchone() or [0]
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the schema {address.schema!r} of {address.name} was made by a newer fcwork",
            hint="update fcwork, or name another schema: ?schema=… at the end of the URL",
        )
    return int(version)
