"""Files for their owner's eyes alone: whatever is written on this machine within a ``with private():``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_wanted: ContextVar[bool] = ContextVar("private", default=False)


@contextmanager
def private(*, wanted: bool = True) -> Iterator[None]:
    """Have files that are written here made so that nobody but their owner reads them; elsewhere the place decides."""
    before = _wanted.set(wanted or _wanted.get())
    try:
        yield
    finally:
        _wanted.reset(before)


def opener() -> Callable[[str, int], int] | None:
    """Return what makes a file as it is wanted, or None for the usual way."""
    return _for_its_owner if _wanted.get() else None


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
