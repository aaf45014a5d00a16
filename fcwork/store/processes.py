"""What belongs to one process.

A forked child must neither use nor close its parent's connection, nor wait for a lock that a thread of its parent held.
Neither may a thread be inside SQLite while its process forks: SQLite has locks of its own, which the child would find
closed for ever. So a fork waits until nobody is inside, and for the fork of another thread.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")


class Own(Generic[T]):
    """A connection and the lock for it; after a fork the child has a free lock and no connection."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.value: T | None = None
        with _fork.turn:
            _all.add(self)

    def begin_anew(self) -> None:
        """Leave what the parent had to the parent."""
        _inherited.append(self.value)
        self.lock, self.value = threading.RLock(), None


class _Fork:
    """What threads that fork at the same time need of each other: ``turn`` is for one of them at a time."""

    def __init__(self) -> None:
        self.turn = threading.RLock()  # also of a thread that adds to what belongs to the process
        self.taken = _Taken()

    def begin_anew(self) -> None:
        """Forget the parent's threads: nobody is left who would release what they held."""
        self.turn, self.taken = threading.RLock(), _Taken()


class _Taken(threading.local):
    """The locks that a thread took before it forks, in their order: never those of another."""

    def __init__(self) -> None:
        self.locks: list[Any] = []


_fork = _Fork()
_all: WeakSet[Own[Any]] = WeakSet()
_inherited: list[object] = []  # kept, as letting go of a connection would close it for the parent


def _take(lock: Any) -> None:
    lock.acquire()
    _fork.taken.locks.append(lock)


def _before() -> None:
    _take(_fork.turn)  # first: two that each hold some of the others would wait for each other
    for own in list(_all):
        _take(own.lock)


def _in_parent() -> None:
    while _fork.taken.locks:
        _fork.taken.locks.pop().release()


def _in_child() -> None:
    _fork.begin_anew()
    for own in list(_all):
        own.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
