"""One thread that writes to the inbox's file for all others, so that many requests share one sync of the disk."""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from fcwork.clock import Clock
from fcwork.errors import StoreError
from fcwork.receiver import inbox_file

_Found = TypeVar("_Found")
_Change = Callable[[sqlite3.Connection], Any]
_Asked = tuple[_Change, "Future[Any]"]
_Identities = tuple[tuple[int, int], tuple[int, int]]
MOST = 500  # changes in one transaction


class Writer:
    """Carries out changes one after the other; a change is told as done when it is on the disk.

    What is asked for while the disk is busy goes into the next transaction together. A change that raises leaves no
    trace and fails alone; where the file fails, all of the transaction fail, and nothing of them is kept.

    Args:
        path: the file.
        clock: the time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._asked: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._files: _Identities = ((0, 0), (0, 0))
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="inbox writer", daemon=True)
        self._thread.start()

    def ask(self, change: Callable[[sqlite3.Connection], _Found]) -> Future[_Found]:
        """Return what the change will have found, once it is on the disk.

        Raises:
            StoreError: the writer is closed.
        """
        asked: Future[_Found] = Future()
        with self._lock:
            if self._closed:
                raise StoreError(f"the inbox {self._path} is closed")
            self._asked.put((change, asked))
        return asked

    def close(self) -> None:
        """Carry out what was asked for, and close the file."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._asked.put(None)
        self._thread.join()

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._next()
            if batch:
                self._write(batch)
        self._let_go()

    def _next(self) -> tuple[list[_Asked], bool]:
        """Wait for a change, and return it with all that came meanwhile; False as soon as there will be no more."""
        batch: list[_Asked] = []
        asked = self._asked.get()
        while asked is not None:
            batch.append(asked)
            if len(batch) >= MOST or self._asked.empty():
                return batch, True
            asked = self._asked.get()
        return batch, False

    def _write(self, asked_for: Sequence[_Asked]) -> None:
        batch = [each for each in asked_for if each[1].set_running_or_notify_cancel()]  # nobody waits for the others
        try:
            done = self._transaction(batch)
        except (sqlite3.Error, OSError, StoreError) as error:
            told = error if isinstance(error, StoreError) else inbox_file.unusable(self._path, error)
            self._let_go()
            for _, asked in batch:
                asked.set_exception(told)
            return
        for asked, found, raised in done:
            if raised is None:
                asked.set_result(found)
            else:
                asked.set_exception(raised)

    def _transaction(self, batch: Sequence[_Asked]) -> list[tuple[Future[Any], Any, Exception | None]]:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        done = [(asked, *_alone(connection, change)) for change, asked in batch]
        connection.execute("COMMIT")
        if self._names() != self._files:  # what was written has no name any more, and would end with this process
            raise OSError("somebody took its files away")
        return done

    def _open(self) -> sqlite3.Connection:
        """Return the connection; to a new file if somebody took the old one away, as writes to that would be lost."""
        if self._connection is None or self._names() != self._files:
            self._let_go()
            self._connection = inbox_file.connect(self._path, self._clock)
            self._files = self._names()
        return self._connection

    def _names(self) -> _Identities:
        """Return which files the inbox's names stand for: the database and its write-ahead log."""
        return _identity(self._path), _identity(f"{self._path}-wal")

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()  # what was not committed is rolled back
        self._connection = None


def _alone(connection: sqlite3.Connection, change: _Change) -> tuple[Any, Exception | None]:
    """Carry out one change so that nothing of it stays if it raises; trouble with the file goes on up."""
    connection.execute("SAVEPOINT one")
    try:
        found = change(connection)
    except (sqlite3.OperationalError, OSError):
        raise
    except Exception as error:
        if isinstance(error, sqlite3.DatabaseError) and not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return None, error
    connection.execute("RELEASE one")
    return found, None


def _identity(path: Path | str) -> tuple[int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked before each transaction
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino
