"""Small state that outlives a process: values with expiry, compare-and-set, and leases.

In one file for one machine (``SQLiteStore``), in PostgreSQL for a team (``PostgresStore``); ``open_store`` takes the
place of either. Values are JSON. A lease carries a token that only ever grows, so the late write of a worker that lost
its lease is refused (``fence=``); ``hold`` keeps a lease for as long as a block runs.
"""

from fcwork.store.contract import SCHEMA_VERSION, UNKNOWN_AT, Lease, Store
from fcwork.store.holding import Held, hold
from fcwork.store.place import open_store
from fcwork.store.postgres import PostgresStore
from fcwork.store.sqlite import SQLiteStore
from fcwork.store.sqlite_file import network_system

__all__ = [
    "SCHEMA_VERSION",
    "UNKNOWN_AT",
    "Held",
    "Lease",
    "PostgresStore",
    "SQLiteStore",
    "Store",
    "hold",
    "network_system",
    "open_store",
]
