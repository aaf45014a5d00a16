"""What is remembered: files that were loaded, and who holds what."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import get_args

import polars as pl

from fcwork import settings
from fcwork.errors import ConfigError
from fcwork.frames import UTC_TIME
from fcwork.ingestion import FileLedger
from fcwork.ingestion.files import FileState
from fcwork.ingestion.known import known_files
from fcwork.names import did_you_mean
from fcwork.operations.asked import Asked, known_states
from fcwork.operations.operation import Operation, Outcome, Table, simply
from fcwork.operations.words import counted, listed
from fcwork.store import Lease, Store, open_store
from fcwork.store.workers import life_of

LEASES = pl.Schema(
    {
        "name": pl.String(),
        "holder": pl.String(),  # alive, dead, or unknown where its process runs somewhere else
        "owner": pl.String(),
        "acquired_at": UTC_TIME,
        "expires_at": UTC_TIME,
    }
)


def files(asked: Asked) -> Operation:
    """List what is known of files."""
    found = known_files(_store(), target=asked.platform.target)
    if states := known_states(asked.states, get_args(FileState)):
        found = found.filter(pl.col("state").is_in(states))
    if asked.name:
        found = found.filter([fnmatchcase(name, asked.name) for name in found["name"]])
    shown = {"Files": Table(found.head(asked.limit))}
    told = listed(found, "file", "state")
    return Operation(action=asked.action, told=told, tables=shown, target=asked.platform.target)


def forget(asked: Asked) -> Operation:
    """Forget a file, for the workflows that know it."""
    store, target = _store(), asked.platform.target
    known = known_files(store, target=target)
    found = known.filter(pl.col("name") == asked.which)
    if not found.height:
        near = did_you_mean(asked.which, known["name"].to_list())
        raise ConfigError(f"no file {asked.which!r} is known of {target}{near}", hint="the action files lists them")

    def do() -> Outcome:
        gone = [FileLedger(store, workflow=one, target=target).forget(asked.which) for one in found["workflow"]]
        return Outcome(f"{asked.which} is forgotten by {counted(sum(gone), 'workflow')}: its next delivery is loaded")

    return Operation(
        action=asked.action,
        told=f"{asked.which} is {', '.join(found['state'])} in {', '.join(found['workflow'])}",
        tables={"Files": Table(found)},
        target=target,
        proposed="forget it, and load its next delivery whatever it holds",
        change=simply(do),
    )


def leases(asked: Asked) -> Operation:
    """List who holds what."""
    found = _leases(_store())
    if asked.name:
        found = found.filter([fnmatchcase(name, asked.name) for name in found["name"]])
    shown = {"Leases": Table(found.head(asked.limit))}
    return Operation(action=asked.action, told=listed(found, "lease", "holder"), tables=shown)


def release(asked: Asked) -> Operation:
    """Take a lease from a worker that is gone."""
    store = _store()
    held = {lease.name: lease for lease in store.leases()}
    lease = held.get(asked.which)
    if lease is None:
        near = did_you_mean(asked.which, held)
        raise ConfigError(f"nobody holds a lease {asked.which!r}{near}", hint="the action leases lists those held")
    life = life_of(lease.owner)
    if life == "alive":
        raise ConfigError(
            f"{lease.owner} holds {lease.name!r}, and is alive", hint="end that process; its lease goes with it"
        )
    return Operation(
        action=asked.action,
        told=f"{lease.name} is held by {lease.owner}, which is {life}",
        tables={"Leases": Table(_frame([lease]))},
        proposed="release it; a late write of its holder is refused",
        change=simply(lambda: _released(store, lease)),
    )


def _released(store: Store, lease: Lease) -> Outcome:
    if store.release(lease):
        return Outcome(f"{lease.name} is released")
    return Outcome(f"{lease.name} is not held by {lease.owner} any more", "SKIPPED")


def _leases(store: Store) -> pl.DataFrame:
    return _frame(store.leases())


def _frame(held: list[Lease]) -> pl.DataFrame:
    facts = ("name", "owner", "acquired_at", "expires_at")
    rows = [{**{name: getattr(lease, name) for name in facts}, "holder": life_of(lease.owner)} for lease in held]
    return pl.DataFrame(rows, schema=LEASES)


def _store() -> Store:
    return open_store(settings.store_place())
