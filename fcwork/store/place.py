"""Where a store lies: a file of this machine, or a database that a team shares."""

from __future__ import annotations

import re
from pathlib import Path

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.redact import register_url
from fcwork.store.contract import Store
from fcwork.store.postgres import PostgresStore
from fcwork.store.sqlite import SQLiteStore

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters or more: C: is a drive


def open_store(place: str | Path, *, clock: Clock = SYSTEM) -> Store:
    """Return the store at ``place``; nothing is opened before its first use.

    Args:
        place: a file, or a URL ``postgresql://user:password@host:5432/database``.
        clock: the time by which values and leases expire; a database judges by its own unless this is another than
            the machine's.

    Raises:
        ConfigError: a URL of another kind, or one that cannot be read; psycopg is missing.
    """
    if not _URL.match(str(place)):
        return SQLiteStore(place, clock=clock)
    store = _database(str(place), clock)
    del place  # what raises has it in no local variable
    if isinstance(store, ConfigError):
        raise store
    return store


def _database(url: str, clock: Clock) -> Store | ConfigError:
    """Return the store, or why there is none."""
    if not url.startswith(("postgresql://", "postgres://")):
        register_url(url)
        return ConfigError(
            f"a store cannot be kept at {url.partition(':')[0]}:…",
            hint="give a file's path, or postgresql://user:password@host/database",
        )
    try:
        return PostgresStore(url, clock=clock)
    except ConfigError as error:
        return error.with_traceback(None)
