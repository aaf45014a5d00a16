"""The stages of a load or an extraction: timed, logged, and told to whoever watches."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from fcwork import log
from fcwork.clock import Clock

# The names under which whoever watches is told of stages: those of the SDK's production workflow (0.1.56, module 6).
# It has none for archiving, which is told as such.
WATCHED = {
    "read": "extraction",
    "map": "transformation",
    "check": "validation",
    "open": "ingestion",
    "send": "batch-processing",
    "verify": "verification",
    "fetch": "extraction",
    "deliver": "transformation",
}
_TROUBLE = 200  # characters
_logger = log.get("stages")


@dataclass(frozen=True)
class Stage:
    """One stage that ended: its name, how many rows it took in, and its seconds; of several files the sums."""

    name: str
    rows: int
    seconds: float


class HowFar(Protocol):
    """How far a stage has come; where ``total`` is None, nobody knows of how many rows, and there may be ``pages``."""

    @property
    def rows(self) -> int:
        """Rows done so far."""
        ...

    @property
    def total(self) -> int | None:
        """Of how many."""
        ...

    @property
    def rate_per_second(self) -> float:
        """Rows a second."""
        ...


def facts(progress: HowFar) -> dict[str, Any]:
    """Return what an event tells of how far a stage has come."""
    told: dict[str, Any] = {"done": progress.rows, "total": progress.total}
    if progress.total is None:
        told |= {"pages": getattr(progress, "pages", None), "rate": progress.rate_per_second}
    if trouble := getattr(progress, "trouble", ""):
        told["trouble"] = trouble
    return told


def how_far(
    done: int, total: int | None, pages: int | None = None, rate: float | None = None, trouble: str = ""
) -> str:
    """Return in words how far a stage has come: by its total, or where that is not known by rows and pages."""
    told = [f"{done:,} of {total:,} rows" if total is not None else "1 row" if done == 1 else f"{done:,} rows"]
    if pages is not None:
        told.append("1 page" if pages == 1 else f"{pages:,} pages")
    if rate:
        told.append(f"{rate:,.0f} a second")
    return held_up(", ".join(told), trouble)


def held_up(told: str, trouble: str) -> str:
    """Return what is told of a stage, and what holds it up."""
    return f"{told}; tried again: {' '.join(trouble.split())[:_TROUBLE]}" if trouble else told


class Stages:
    """Times the stages of one piece of work, one after the other, and tells of each as it begins.

    As a context it ends the last stage with its block.
    """

    def __init__(self, on_stage: Callable[[str, str], object] | None, clock: Clock) -> None:
        self._on_stage = on_stage
        self._clock = clock
        self._ended: dict[str, Stage] = {}
        self._name, self._rows, self._started = "", 0, 0.0
        self._logging = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def current(self) -> str:
        """The stage that goes on; empty where there is none."""
        return self._name

    def begin(self, name: str, message: str, rows: int = 0) -> None:
        """Begin a stage; the one before it ends."""
        self.end()
        self._name, self._rows, self._started = name, rows, self._clock.monotonic()
        self._logging.enter_context(log.context(stage=name))
        if self._on_stage:
            self._on_stage(WATCHED.get(name, name), message)

    def counted(self, rows: int) -> None:
        """Say how many rows the stage has taken in, where that is known only later."""
        self._rows = rows

    def end(self) -> None:
        """End the stage that goes on, if any."""
        if not self._name:
            return
        before = self._ended.get(self._name, Stage(self._name, 0, 0.0))
        seconds = self._clock.monotonic() - self._started
        _logger.info("stage.ended", rows=self._rows, duration_seconds=round(seconds, 3))
        self._ended[self._name] = Stage(self._name, before.rows + self._rows, before.seconds + seconds)
        self._name = ""
        self._logging.close()

    def ended(self) -> tuple[Stage, ...]:
        """Return the stages that have ended, in the order in which they first began."""
        return tuple(self._ended.values())
