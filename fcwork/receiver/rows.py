"""What is asked of the inbox's tables, one function a question."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fcwork.receiver.message import STATES, Arrival, Message, State, Stored, short_key

_COLUMNS = (
    "number, job_id, door, replay_key, sha256, state, attempts, next_at, error, repeats,"
    " replays, received_at, updated_at, headers, facts"
)
FARTHEST_SECONDS = 3_600.0  # ahead of now; attempts are minutes apart
_DUE = "state = 'waiting' AND next_at <= ?"
_SETTLED = "state IN ('done', 'duplicate', 'dropped') AND updated_at < ?"


def identity(connection: sqlite3.Connection) -> str:
    """Return what this inbox is called."""
    [name] = connection.execute("SELECT value FROM facts WHERE name = 'inbox'").fetchone()
    return str(name)


def note(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Write down a fact of the inbox itself."""
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def store(
    connection: sqlite3.Connection,
    arrival: Arrival,
    job_id: Callable[[sqlite3.Connection, Arrival], str],
    now: float,
) -> Stored:
    """Keep an arrival, or say which message it repeats, or contradicts."""
    key = short_key(arrival.replay_key)
    query = "SELECT number, job_id, sha256 FROM messages WHERE door = ? AND replay_key = ?"
    known = connection.execute(query, (arrival.door, key)).fetchone()
    mine = job_id(connection, arrival)
    if known is None:
        _insert(connection, arrival, mine, key, now)
        return Stored(outcome="accepted", job_id=mine)
    number, first, sha256 = known
    if sha256 != arrival.sha256:
        return Stored(outcome="conflict", job_id=mine, of=first)
    connection.execute("UPDATE messages SET repeats = repeats + 1 WHERE number = ?", (number,))
    return Stored(outcome="duplicate", job_id=mine, of=first)


def _insert(connection: sqlite3.Connection, arrival: Arrival, job_id: str, key: str, now: float) -> None:
    came = arrival.received_at.timestamp()
    found = connection.execute(
        "INSERT INTO messages (job_id, door, replay_key, sha256, state, next_at, received_at, updated_at, headers,"
        " facts) VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
        (
            job_id,
            arrival.door,
            key,
            arrival.sha256,
            came,
            came,
            now,
            json.dumps(dict(arrival.headers)),
            json.dumps(dict(arrival.facts)),
        ),
    )
    connection.execute("INSERT INTO bodies VALUES (?, ?)", (found.lastrowid, arrival.body))


def is_known(connection: sqlite3.Connection, job_id: str) -> bool:
    """Say whether a message is called so."""
    return connection.execute("SELECT 1 FROM messages WHERE job_id = ?", (job_id,)).fetchone() is not None


def claim(
    connection: sqlite3.Connection, doors: Collection[str], owner: str, now: float, until: float
) -> Message | None:
    """Take the message that is due for longest."""
    query = f"SELECT number FROM messages WHERE {_DUE} AND door IN ({_marks(doors)}) ORDER BY next_at, number LIMIT 1"  # noqa: S608 - marks only
    found = connection.execute(query, (now, *doors)).fetchone()
    if found is None:
        return None
    connection.execute(
        "UPDATE messages SET state = 'running', attempts = attempts + 1, owner = ?, leased_until = ?, updated_at = ?"
        " WHERE number = ?",
        (owner, until, now, *found),
    )
    return _whole(connection, "number = ?", found[0])


def renew(connection: sqlite3.Connection, owner: str, until: float) -> None:
    """Hold what somebody holds until then."""
    query = "UPDATE messages SET leased_until = ? WHERE state = 'running' AND owner = ?"
    connection.execute(query, (until, owner))


def take_back(connection: sqlite3.Connection, mine: str, is_gone: Callable[[str], bool], now: float) -> int:
    """Let messages of others wait again whose lease is over, or whose holder is gone.

    What waits for longer than any message does was put there by a clock that has been set back: it is due now.
    """
    query = "SELECT number, owner, leased_until FROM messages WHERE state = 'running' AND owner <> ?"
    held = connection.execute(query, (mine,)).fetchall()
    left = [number for number, owner, until in held if until <= now or is_gone(owner)]
    query = (
        "UPDATE messages SET state = 'waiting', owner = '', next_at = ?, updated_at = ?,"
        " error = 'the process that handled it is gone' WHERE number = ?"
    )
    connection.executemany(query, [(now, now, number) for number in left])
    query = "UPDATE messages SET next_at = ? WHERE state = 'waiting' AND next_at > ?"
    early = connection.execute(query, (now, now + FARTHEST_SECONDS)).rowcount
    return len(left) + early


@dataclass(frozen=True)
class Settling:
    """Says how an attempt ended, if it is still the one that counts."""

    number: int
    owner: str
    attempt: int
    state: State
    error: str
    next_at: float
    now: float

    def __call__(self, connection: sqlite3.Connection) -> bool:
        """Write it down, and say whether the message was still held."""
        query = (
            "UPDATE messages SET state = ?, error = ?, next_at = ?, updated_at = ?, owner = ''"
            " WHERE number = ? AND state = 'running' AND owner = ? AND attempts = ?"
        )
        said = (self.state, self.error, self.next_at, self.now)
        return connection.execute(query, (*said, self.number, self.owner, self.attempt)).rowcount == 1


def release(connection: sqlite3.Connection, message: Message, owner: str, due: float) -> bool:
    """Let a held message wait until it is due again, its attempt not counted."""
    query = (
        "UPDATE messages SET state = 'waiting', attempts = attempts - 1, owner = '', next_at = ?"
        " WHERE number = ? AND state = 'running' AND owner = ? AND attempts = ?"
    )
    return connection.execute(query, (due, message.number, owner, message.attempts)).rowcount == 1


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many messages are in each state."""
    found = dict(connection.execute("SELECT state, count(*) FROM messages GROUP BY state").fetchall())
    return {state: found.get(state, 0) for state in STATES}


def oldest(connection: sqlite3.Connection) -> float | None:
    """Return when the oldest message came that is still to be handled."""
    query = "SELECT min(received_at) FROM messages WHERE state IN ('waiting', 'running')"
    [found] = connection.execute(query).fetchone()
    return None if found is None else float(found)


def listed(connection: sqlite3.Connection, state: State | None, limit: int | None) -> list[Message]:
    """Return messages without their bodies, the newest first."""
    where, values = ("WHERE state = ?", [state]) if state else ("", [])
    query = f"SELECT {_COLUMNS} FROM messages {where} ORDER BY number DESC LIMIT ?"  # noqa: S608 - columns only
    return [_message(row) for row in connection.execute(query, (*values, -1 if limit is None else limit))]


def lately_done(connection: sqlite3.Connection, limit: int) -> list[Message]:
    """Return the messages that were done last, without their bodies."""
    query = (
        f"SELECT {_COLUMNS} FROM messages WHERE state IN ('done', 'duplicate', 'dropped')"  # noqa: S608 - columns only
        " ORDER BY updated_at DESC LIMIT ?"
    )
    return [message for row in connection.execute(query, (limit,)) if (message := _message(row)).state == "done"]


def one(connection: sqlite3.Connection, known_as: str) -> Message | None:
    """Return a message with its body."""
    found = _whole(connection, "job_id = ?", known_as)
    if found is None and known_as.isdecimal() and len(known_as) < 19:  # noqa: PLR2004 - digits of SQLite's integers
        found = _whole(connection, "number = ?", int(known_as))
    return found


def replay(connection: sqlite3.Connection, number: int, now: float) -> bool:
    """Let a message wait from the beginning, unless it is being handled or has no body any more."""
    query = (
        "UPDATE messages SET state = 'waiting', attempts = 0, replays = replays + 1, error = '', next_at = ?,"
        " updated_at = ?"
        " WHERE number = ? AND state NOT IN ('running', 'dropped')"
    )
    return connection.execute(query, (now, now, number)).rowcount == 1


def drop(connection: sqlite3.Connection, number: int, now: float) -> bool:
    """Forget a message's body, unless it is being handled."""
    query = "UPDATE messages SET state = 'dropped', updated_at = ? WHERE number = ? AND state <> 'running'"
    dropped = connection.execute(query, (now, number)).rowcount == 1
    if dropped:
        connection.execute("UPDATE bodies SET body = x'' WHERE number = ?", (number,))
    return dropped


def settled(connection: sqlite3.Connection, before: float) -> tuple[int, int]:
    """Return how many messages were settled before then, and the size of their bodies."""
    query = f"SELECT count(*), coalesce(sum(length(body)), 0) FROM messages JOIN bodies USING (number) WHERE {_SETTLED}"  # noqa: S608 - our own words
    count, size = connection.execute(query, (before,)).fetchone()
    return int(count), int(size)


def tidy(connection: sqlite3.Connection, before: float) -> int:
    """Remove a thousand messages that were settled before then, so that nobody waits for long."""
    some = f"SELECT number FROM messages WHERE {_SETTLED} LIMIT 1000"  # noqa: S608 - our own words
    numbers = connection.execute(some, (before,)).fetchall()
    connection.executemany("DELETE FROM bodies WHERE number = ?", numbers)
    connection.executemany("DELETE FROM messages WHERE number = ?", numbers)
    return len(numbers)


def _whole(connection: sqlite3.Connection, where: str, value: str | int) -> Message | None:
    query = f"SELECT {_COLUMNS}, body FROM messages JOIN bodies USING (number) WHERE {where}"  # noqa: S608 - our own words
    row = connection.execute(query, (value,)).fetchone()
    return _message(row) if row else None


def _message(row: Sequence[object]) -> Message:
    names = [*_COLUMNS.replace(",", " ").split(), "body"]
    known: dict[str, Any] = dict(zip(names, row, strict=False))
    instants = {name: datetime.fromtimestamp(float(str(known[name])), UTC) for name in names if name.endswith("_at")}
    parsed = {name: json.loads(str(known[name])) for name in ("headers", "facts")}
    return Message(**{**known, **instants, **parsed})


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))
