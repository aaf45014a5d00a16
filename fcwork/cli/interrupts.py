"""Ctrl-C, remembered: a library in whose depths it arrives may make another error of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def remembered() -> Iterator[Callable[[], bool]]:
    """Yield what says whether Ctrl-C came inside the block, where it raises ``KeyboardInterrupt`` as ever."""
    came = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        came.set()
        signal.default_int_handler(number, frame)

    if threading.current_thread() is not threading.main_thread():  # which alone is told of signals
        yield came.is_set
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield came.is_set
    finally:
        signal.signal(signal.SIGINT, before)
