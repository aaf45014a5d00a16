"""One connection to a PostgreSQL server, which is never waited for without an end."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

from fcwork.errors import StoreError
from fcwork.store.postgres_tables import prepare
from fcwork.store.postgres_url import Address

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

T = TypeVar("T")
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_SET_UP = """
SELECT set_config('statement_timeout', %(answer)s, false), set_config('lock_timeout', '0', false),
       set_config('idle_in_transaction_session_timeout', %(idle)s, false), set_config('TimeZone', 'UTC', false)
"""
_ENDED = frozenset({"57P01", "57P02", "57P03", "25P03"})  # the server, or this session of it, was shut down
_UNDONE = frozenset({"40001", "40P01"})  # two transactions met, and this one was taken back
_HINTS = {
    "57014": "the server is slow, or another worker keeps the row locked: try again",
    "42501": "the database's user needs the right to make the schema, or all rights in it: ask who keeps the database",
    "25006": "this is a copy that only reads: name the server that is written to",
    "42P01": "its tables were dropped while it was open: try again, they are made anew",
    "3F000": "its schema was dropped while it was open: try again, it is made anew",
}
_UNREACHABLE = "is the server up, and does it let this user in? FCWORK_STORE names another place"
_REFUSED = "the server does not do it: show the message to who keeps the database"
_LOOK_FIRST = "the connection went while it was being kept, so it may have happened or not: look before trying again"


class LostError(Exception):
    """The connection went, or the transaction was taken back; what was asked may be asked again.

    Attributes:
        told: what to tell if it is not.
        unknown: it may have happened all the same.
    """

    def __init__(self, told: StoreError, *, unknown: bool) -> None:
        super().__init__(told.message)
        self.told = told
        self.unknown = unknown


class Link:
    """An open connection, with the schema's tables made and of today's version.

    Args:
        address: which server, database and schema.
        timeout_seconds: how long the server may take to let in, and to answer.

    Raises:
        StoreError: nobody is let in, or the tables cannot be used.
    """

    def __init__(self, address: Address, *, timeout_seconds: float) -> None:
        self._address = address
        self._timeout = timeout_seconds
        self._committing = False
        self._connection = _let_in(address, timeout_seconds)
        try:
            self.run(self._set_up)
        except LostError as error:
            raise error.told from error.__cause__
        except StoreError:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """Whether it is of no use any more."""
        return self._connection.closed

    def close(self) -> None:
        """Let the server go."""
        self._connection.close()

    def run(self, act: Callable[[Connection], T]) -> T:
        """Return what ``act`` returns; after any trouble but a ``StoreError`` of its own the connection is closed.

        Raises:
            LostError: it may be tried again, over another connection.
            StoreError: it may not.
        """
        import psycopg

        watch = _Watch(self._timeout * 1.5)
        self._committing = False
        try:
            with watch.over(self._connection.fileno()):
                return act(self._connection)
        except StoreError:
            raise
        except psycopg.Error as error:
            trouble = self._judged(error, late=watch.cut)
            self.close()
            raise trouble from error
        except BaseException:
            self.close()
            raise

    def transaction(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``, all of it or nothing; a ``StoreError`` of its own takes it back."""

        def act(connection: Connection) -> T:
            connection.execute(_BEGIN)
            try:
                found = work(connection)
            except StoreError:
                connection.execute("ROLLBACK")
                raise
            self._committing = True
            connection.execute("COMMIT")
            return found

        return self.run(act)

    def _set_up(self, connection: Connection) -> None:
        answer, idle = (str(math.ceil(seconds * 1_000)) for seconds in (self._timeout, self._timeout / 2))
        connection.execute(_SET_UP, {"answer": answer, "idle": idle})
        prepare(connection, self._address)

    def _judged(self, error: psycopg.Error, *, late: bool) -> LostError | StoreError:
        state = error.sqlstate or ""
        if late:
            problem = f"no answer within {self._timeout * 1.5:g} seconds"
            return self._told(problem, _LOOK_FIRST if self._committing else _UNREACHABLE)
        lost = self._connection.closed or state in _ENDED | _UNDONE
        unknown = lost and self._committing and state not in _UNDONE
        told = self._told(
            _text(error), _LOOK_FIRST if unknown else _HINTS.get(state, _UNREACHABLE if lost else _REFUSED)
        )
        return LostError(told, unknown=unknown) if lost else told

    def _told(self, problem: str, hint: str) -> StoreError:
        return StoreError(f"the store {self._address.name} cannot be used: {problem}", hint=hint)


class _Watch:
    """Cuts a line over which no answer comes in time: libpq itself would wait for a stopped server for ever."""

    def __init__(self, seconds: float) -> None:
        self.cut = False
        self._lock = threading.Lock()
        self._descriptor = -1
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def over(self, descriptor: int) -> Self:
        self._descriptor = descriptor
        return self

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:  # the number may be another line's soon
            self._descriptor = -1

    def _cut(self) -> None:
        with self._lock:
            if self._descriptor < 0:
                return
            self.cut = True
            line = socket.socket(fileno=self._descriptor)
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.detach()


def _let_in(address: Address, timeout_seconds: float) -> Connection:
    import psycopg

    usual = {
        "connect_timeout": str(math.ceil(timeout_seconds)),
        "target_session_attrs": "read-write",
        "fallback_application_name": "fcwork",
    }
    options: dict[str, Any] = {**usual, **address.options, "client_encoding": "UTF8", "prepare_threshold": None}
    try:
        return psycopg.connect(**options, **_revealed(address), autocommit=True)
    except psycopg.Error as error:
        problem = _text(error)
    # told outside the except: the frames of the error hold the password
    raise StoreError(f"the store {address.name} cannot be opened: {problem}", hint=_UNREACHABLE)


def _revealed(address: Address) -> dict[str, Any]:
    return {name: secret.reveal() for name, secret in address.secrets.items()}


def _text(error: psycopg.Error) -> str:
    return " ".join((error.diag.message_primary or str(error) or type(error).__name__).split())
