"""Stopping a run: the first signal asks its kernel to stop, the second, or the end of patience, ends it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

GRACE_SECONDS = 10.0


@contextmanager
def stoppable(
    stop: Callable[[], None], kill: Callable[[], None], *, grace_seconds: float = GRACE_SECONDS
) -> Iterator[None]:
    """Answer Ctrl-C, SIGTERM and a closed terminal inside the block: by ``stop``, by ``kill`` if that is no help.

    Signals reach only the main thread; in another thread, and on Windows, the block runs as it is.
    """
    patience = threading.Timer(grace_seconds, kill)
    patience.daemon = True

    def answer(_number: int, _frame: Any) -> None:
        if patience.ident is None:
            patience.start()
            stop()
        else:
            kill()

    try:
        with _answered(answer):
            yield
    finally:
        patience.cancel()


@contextmanager
def held() -> Iterator[None]:
    """Keep a signal that comes inside the block, where something must be written to its end, and answer it after."""
    came: list[int] = []
    try:
        with _answered(lambda number, _frame: came.append(number)):
            yield
    finally:
        for number in came[:1]:
            os.kill(os.getpid(), number)


@contextmanager
def _answered(answer: Callable[[int, Any], None]) -> Iterator[None]:
    if os.name == "nt" or threading.current_thread() is not threading.main_thread():
        yield
        return
    closed = [] if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else [signal.SIGHUP]  # as nohup has it
    before = {number: signal.signal(number, answer) for number in (signal.SIGINT, signal.SIGTERM, *closed)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
