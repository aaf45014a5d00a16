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
    text = str(place)
    if not _URL.match(text):
        return SQLiteStore(place, clock=clock)
    if text.startswith(("postgresql://", "postgres://")):
        return PostgresStore(text, clock=clock)
    register_url(text)
    scheme = text.partition(":")[0]
    raise ConfigError(
        f"a store cannot be kept at {scheme}:…", hint="give a file's path, or postgresql://user:password@host/database"
    )
