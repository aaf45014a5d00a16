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
    """Answer Ctrl-C and SIGTERM inside the block by ``stop``, and by ``kill`` when that did not help.

    Signals reach only the main thread; in another thread, and on Windows, the block runs as it is.
    """
    if os.name == "nt" or threading.current_thread() is not threading.main_thread():
        yield
        return
    patience = threading.Timer(grace_seconds, kill)
    patience.daemon = True

    def answer(_number: int, _frame: Any) -> None:
        if patience.ident is None:
            patience.start()
            stop()
        else:
            kill()

    before = {number: signal.signal(number, answer) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        patience.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
