"""What belongs to one process.

A forked child must neither use nor close its parent's connection, nor wait for a lock that a thread of its parent held.
Neither may a thread be inside SQLite while its process forks: SQLite has locks of its own, which the child would find
closed for ever. So a fork waits until nobody is inside.
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
        _all.add(self)

    def begin_anew(self) -> None:
        """Leave what the parent had to the parent."""
        _inherited.append(self.value)
        self.lock, self.value = threading.RLock(), None


_all: WeakSet[Own[Any]] = WeakSet()
_waiting: list[Own[Any]] = []  # while this process forks
_inherited: list[object] = []  # kept, as letting go of a connection would close it for the parent


def _before() -> None:
    for own in list(_all):
        own.lock.acquire()
        _waiting.append(own)


def _in_parent() -> None:
    while _waiting:
        _waiting.pop().lock.release()


def _in_child() -> None:
    _waiting.clear()
    for own in list(_all):
        own.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
