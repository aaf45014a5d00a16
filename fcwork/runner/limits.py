"""What a run may take: time for all of it, time for each of its cells, and memory."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Protocol, Self

from fcwork.errors import NotebookError
from fcwork.runner.signals import GRACE_SECONDS

_UNITS = {"h": 3600, "min": 60}
_CELL_IS_OVER = frozenset({"cell.ended", "cell.failed", "cell.left"})


@dataclass(frozen=True)
class Limits:
    """What a run may take at the most; None is without limit.

    Attributes:
        timeout_seconds: for the whole run, the start of its kernel included.
        cell_timeout_seconds: for each cell.
        memory_mb: for the data of the kernel, and for those of each process that it starts, in units of 2**20 bytes.

    Raises:
        NotebookError: a limit is no number above zero, more than can be waited for, or none that this system keeps.
    """

    timeout_seconds: float | None = None
    cell_timeout_seconds: float | None = None
    memory_mb: float | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None and not _is_limit(value):
                raise NotebookError(
                    f"{one.name} is {value!r}: nothing was run", hint="give a number above 0, or None for no limit"
                )
        if self.memory_mb and sys.platform != "linux":
            raise NotebookError(
                "memory_mb is kept on Linux only: nothing was run", hint="run it there, or without a limit of memory"
            )

    @property
    def memory_told(self) -> str:
        """The limit of memory in words; nothing without one."""
        return f"the run's memory limit is {self.memory_mb:g} MB" if self.memory_mb else ""

    def keep_memory(self, process: int) -> None:
        """Let a process, and those that it starts from now on, have no more memory than the limit."""
        if self.memory_mb and sys.platform == "linux":
            from resource import RLIM_INFINITY, RLIMIT_DATA, prlimit

            _, allowed = prlimit(process, RLIMIT_DATA)
            most = int(self.memory_mb * 2**20)
            most = most if allowed == RLIM_INFINITY else min(most, allowed)
            prlimit(process, RLIMIT_DATA, (most, most))


class Stop(Protocol):
    """Asks a run to stop as it reached a limit, and says whether there was anything left to stop."""

    def __call__(self, limit: str, cell: int | None) -> bool:
        """Stop; ``limit`` says in words which one, ``cell`` whose it is, None for the run's own."""
        ...


class Overtime:
    """Stops a run that takes longer than it may: asks it first, and ends it when the grace is over.

    It listens to the run, which tells of its cells.

    Args:
        limits: of the run.
        stop: asks the run to stop.
        kill: ends its kernel.
        grace_seconds: for what a notebook does in its ``finally``.
    """

    def __init__(
        self, limits: Limits, stop: Stop, kill: Callable[[], None], *, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._limits, self._stop, self._kill, self._grace = limits, stop, kill, grace_seconds
        self._timers: list[threading.Timer] = []
        self._cell: threading.Timer | None = None

    def __enter__(self) -> Self:
        if self._limits.timeout_seconds:
            self._after(
                self._limits.timeout_seconds,
                self._reached,
                f"the run's limit of {_told(self._limits.timeout_seconds)}",
                None,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for timer in self._timers:
            timer.cancel()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take notice of a cell that begins or is over."""
        seconds = self._limits.cell_timeout_seconds
        if event["event"] == "cell.started" and seconds:
            self._cell = self._after(seconds, self._reached, f"a cell's limit of {_told(seconds)}", event["cell"])
        elif event["event"] in _CELL_IS_OVER and self._cell:
            self._cell.cancel()
            self._timers.remove(self._cell)
            self._cell = None

    def _reached(self, limit: str, cell: int | None) -> None:
        if self._stop(limit, cell):
            self._after(self._grace, self._kill)

    def _after(self, seconds: float, do: Callable[..., None], *given: Any) -> threading.Timer:
        timer = threading.Timer(seconds, do, given)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)
        return timer


def _is_limit(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= threading.TIMEOUT_MAX


def _told(seconds: float) -> str:
    """Return seconds in the largest unit that needs no fraction."""
    unit, size = next(((unit, size) for unit, size in _UNITS.items() if seconds % size == 0), ("s", 1))
    return f"{seconds / size:g} {unit}"
