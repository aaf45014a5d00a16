"""Reads and transactions on a PostgreSQL server, over a connection that is opened again when it was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from fcwork.store.postgres_link import Link, LostError
from fcwork.store.postgres_url import Address
from fcwork.store.processes import Own

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

T = TypeVar("T")


class Session:
    """Runs one thing at a time, for any thread, over a connection of each process's own.

    Args:
        address: which server, database and schema.
        timeout_seconds: how long the server may take to let in, and to answer.
    """

    def __init__(self, address: Address, *, timeout_seconds: float) -> None:
        self._own: Own[Link] = Own()
        self._address = address
        self._timeout = timeout_seconds

    def close(self) -> None:
        """Let the server go."""
        with self._own.lock:
            if self._own.value is not None:
                self._own.value.close()
            self._own.value = None

    def read(self, query: Composed, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query that changes nothing."""
        return self._twice(lambda link: link.run(lambda run: run.execute(query, values).fetchall()), repeatable=True)

    def write(self, work: Callable[[Connection[Any]], T], *, repeatable: bool = False) -> T:
        """Do ``work`` in one transaction, and once more where the connection was lost before it was to be kept.

        Args:
            work: what to execute; a ``StoreError`` of its own takes the transaction back.
            repeatable: doing it twice is as good as once, so it is also repeated where nobody knows if it was kept.
        """
        return self._twice(lambda link: link.transaction(work), repeatable=repeatable)

    def _twice(self, act: Callable[[Link], T], *, repeatable: bool) -> T:
        with self._own.lock:
            try:
                return act(self._open())
            except LostError as lost:
                if lost.unknown and not repeatable:
                    raise lost.told from lost.__cause__
            try:
                return act(self._open())
            except LostError as lost:
                raise lost.told from lost.__cause__

    def _open(self) -> Link:
        if self._own.value is None or self._own.value.closed:
            self._own.value = Link(self._address, timeout_seconds=self._timeout)
        return self._own.value
