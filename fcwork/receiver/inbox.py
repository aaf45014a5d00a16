"""The inbox: what was answered with 200 lies in it, on the disk, until it is handled, and for some time after."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TypeVar

from fcwork import settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import StoreError
from fcwork.receiver import inbox_file, rows
from fcwork.receiver.message import Arrival, Message, State, Stored
from fcwork.receiver.writer import Writer
from fcwork.store.workers import life_of, someone

LEASE_SECONDS = 60.0
KEPT_SECONDS = 30 * 86_400.0  # as long as a repeat is known as one
_Found = TypeVar("_Found")


def place() -> Path:
    """Return where the inbox of this workspace lies."""
    return settings.home() / "receiver" / "inbox.sqlite"


class Inbox:
    """A durable queue in a file of its own, which processes of one machine share.

    Who handles a message holds it by a lease: it is another's once the lease is over, or at once where the process
    of its holder is gone.

    Args:
        path: the file; ``receiver/inbox.sqlite`` of fcwork's run-time folder unless given.
        clock: the time.
        taken: says whether a job of an id is there already.
    """

    def __init__(
        self, path: Path | None = None, *, clock: Clock = SYSTEM, taken: Callable[[str], bool] | None = None
    ) -> None:
        self.path = (place() if path is None else Path(path)).absolute()
        self.owner = someone()
        self._clock = clock
        self._taken = taken or (lambda _: False)
        self._writer = Writer(self.path, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is asked for, and let go of the file."""
        self._writer.close()

    def identity(self) -> str:
        """Return what no other inbox is called; the file is made if need be.

        Raises:
            StoreError: the file cannot be used, here and below.
        """
        return self._writer.ask(rows.identity).result()

    def put(self, arrival: Arrival) -> Future[Stored]:
        """Keep an arrival; the answer comes when it is on the disk."""
        now = self._now()
        return self._writer.ask(lambda connection: rows.store(connection, arrival, self._job_id, now))

    def probe(self) -> Future[None]:
        """Write a word, to see whether writing is possible."""
        now = self._now()
        return self._writer.ask(lambda connection: rows.note(connection, "probed_at", str(now)))

    def claim(self, doors: Collection[str]) -> Message | None:
        """Return the message that is due for longest, now held by this process, or None where there is none."""
        now, until = self._now(), self._now() + LEASE_SECONDS
        return self._changed(lambda connection: rows.claim(connection, doors, self.owner, now, until))

    def renew(self) -> None:
        """Hold what this process holds for longer."""
        now = self._now()
        self._changed(lambda connection: rows.renew(connection, self.owner, now + LEASE_SECONDS))

    def take_back(self) -> int:
        """Let be handled again what is held by processes that are gone, or for too long; say how many there were."""
        now = self._now()
        return self._changed(lambda connection: rows.take_back(connection, self.owner, _is_gone, now))

    def settle(self, message: Message, state: State, *, error: str = "", after_seconds: float = 0.0) -> bool:
        """Say how an attempt ended, and whether the message was still held by this process.

        Args:
            message: as it was claimed.
            state: ``done``, ``dead``, ``duplicate``, or ``waiting`` for another attempt.
            error: why it failed.
            after_seconds: how long to wait before another attempt.
        """
        now = self._now()
        change = rows.Settling(message.number, self.owner, message.attempts, state, error, now + after_seconds, now)
        return self._changed(change)

    def release(self, message: Message, *, after_seconds: float = 0.0) -> bool:
        """Give a claimed message back as if it had not been claimed, to be claimed again after some seconds."""
        due = self._now() + after_seconds
        return self._changed(lambda connection: rows.release(connection, message, self.owner, due))

    def counts(self) -> dict[str, int]:
        """Return how many messages are in each state."""
        return self._read(rows.counts)

    def oldest_waiting_seconds(self) -> float:
        """Return for how long the oldest message that is to be handled has been there; 0 where there is none."""
        oldest = self._read(rows.oldest)
        return 0.0 if oldest is None else max(self._now() - oldest, 0.0)

    def messages(self, *, state: State | None = None, limit: int | None = None) -> list[Message]:
        """Return messages without their bodies, the newest first."""
        return self._read(lambda connection: rows.listed(connection, state, limit))

    def lately_done(self, limit: int) -> list[Message]:
        """Return the messages that were done last, without their bodies."""
        return self._read(lambda connection: rows.lately_done(connection, limit))

    def get(self, known_as: str) -> Message | None:
        """Return a message with its body, by its id or its number."""
        return self._read(lambda connection: rows.one(connection, known_as))

    def replay(self, message: Message) -> bool:
        """Have a message handled again, with all its attempts; one that is being handled is left alone."""
        now = self._now()
        return self._changed(lambda connection: rows.replay(connection, message.number, now))

    def drop(self, message: Message) -> bool:
        """Forget a message's body and have it handled no more; a repeat of it is still known as one."""
        now = self._now()
        return self._changed(lambda connection: rows.drop(connection, message.number, now))

    def settled(self, *, older_than_seconds: float = KEPT_SECONDS) -> tuple[int, int]:
        """Return how many messages were settled so long ago, and how many bytes their bodies have."""
        before = self._now() - older_than_seconds
        return self._read(lambda connection: rows.settled(connection, before))

    def tidy(self, *, older_than_seconds: float = KEPT_SECONDS) -> int:
        """Remove a thousand at the most of the messages that were settled so long ago, and say how many that were.

        A repeat of one that is gone is a message like others.
        """
        before = self._now() - older_than_seconds
        return self._changed(lambda connection: rows.tidy(connection, before))

    def _job_id(self, connection: sqlite3.Connection, arrival: Arrival) -> str:
        """Return the id that was asked for, or that with a suffix if another has it."""
        found = arrival.request_id
        while rows.is_known(connection, found) or (arrival.id_given and self._is_taken(found)):
            found = f"{arrival.request_id}-{secrets.token_hex(3)}"
        return found

    def _is_taken(self, job_id: str) -> bool:
        try:
            return self._taken(job_id)
        except StoreError:  # the jobs are told elsewhere; the message is what counts
            return False

    def _changed(self, change: Callable[[sqlite3.Connection], _Found]) -> _Found:
        return self._writer.ask(change).result()

    def _read(self, ask: Callable[[sqlite3.Connection], _Found]) -> _Found:
        """Ask by a connection of one's own, as readers and the writer do not wait for each other."""
        try:
            if not self.path.exists():
                self.identity()
            with closing(inbox_file.reader(self.path)) as connection:
                return ask(connection)
        except (sqlite3.Error, OSError) as error:
            raise inbox_file.unusable(self.path, error) from error

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _is_gone(owner: str) -> bool:
    return life_of(owner) == "dead"


def as_facts(message: Message) -> dict[str, Any]:
    """Return a message as JSON-like data, without its body."""
    told = {name: getattr(message, name) for name in Message.__dataclass_fields__ if name != "body"}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in told.items()}
