"""What a kernel prints leaves it in whole lines, so that a value is not cut off from the name that hides it.

Jupyter sends what was printed five times a second, wherever it then ends. A line that is only begun is sent a little
later: as soon as it is whole, when it is flushed, or when nothing more came.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import partial
from io import StringIO
from typing import Any


def install() -> None:
    """Have the streams of this kernel send whole lines."""
    from ipykernel.iostream import OutStream

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, OutStream):
            _teach(stream)


def _teach(stream: Any) -> None:
    send_all, rotate = stream._flush, stream._rotate_buffers  # noqa: SLF001 - the one place that knows how it sends
    kept: dict[Any, str] = {}

    def send_lines() -> None:
        """Send what is whole, and all of it where nothing more came since the last time."""
        stream._rotate_buffers = partial(_whole_lines, stream, kept)  # noqa: SLF001
        try:
            send_all()
        finally:
            stream._rotate_buffers = rotate  # noqa: SLF001
        if kept:
            stream._schedule_flush()  # noqa: SLF001

    def schedule() -> None:
        if not stream._flush_pending:  # noqa: SLF001
            stream._flush_pending = True  # noqa: SLF001
            later = partial(stream._io_loop.call_later, stream.flush_interval, send_lines)  # noqa: SLF001
            stream.pub_thread.schedule(later)

    stream._schedule_flush = schedule  # noqa: SLF001


def _whole_lines(stream: Any, kept: dict[Any, str]) -> dict[Any, StringIO]:
    """Take the whole lines out of a stream's buffers; what is left of each goes into ``kept``."""
    with stream._buffer_lock:  # noqa: SLF001
        held: defaultdict[Any, StringIO] = defaultdict(StringIO)
        taken: dict[Any, StringIO] = stream._buffers  # noqa: SLF001
        for parent, buffer in taken.items():
            lines, begun = _parted(buffer.getvalue())
            if begun and kept.get(parent) != begun:
                taken[parent] = StringIO(lines)
                taken[parent].seek(0, 2)
                held[parent].write(begun)
        stream._buffers = held  # noqa: SLF001
        kept.clear()
        kept.update({parent: buffer.getvalue() for parent, buffer in held.items()})
    return taken


def _parted(text: str) -> tuple[str, str]:
    """Return the whole lines of a text, and what is begun behind them."""
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:end], text[end:]
