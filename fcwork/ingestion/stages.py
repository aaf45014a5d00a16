"""The stages of a load: timed, logged, and told to whoever watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fcwork import log
from fcwork.clock import Clock

_logger = log.get("ingestion")


@dataclass(frozen=True)
class Stage:
    """One stage that ended: its name, how many rows it took in, and its seconds."""

    name: str
    rows: int
    seconds: float


class Stages:
    """Times the stages of one load and tells of each as it begins."""

    def __init__(self, on_stage: Callable[[str, str], object] | None, clock: Clock) -> None:
        self._on_stage = on_stage
        self._clock = clock
        self._ended: list[Stage] = []

    @contextmanager
    def stage(self, name: str, message: str, rows: int = 0) -> Iterator[Callable[[int], None]]:
        """Time a block; the callable it gives sets the rows where they are known only inside."""
        seen = [rows]
        if self._on_stage:
            self._on_stage(name, message)
        started = self._clock.monotonic()
        with log.context(stage=name):
            yield lambda count: seen.__setitem__(0, count)
            seconds = self._clock.monotonic() - started
            _logger.info("stage.ended", rows=seen[0], duration_seconds=round(seconds, 3))
        self._ended.append(Stage(name, seen[0], seconds))

    def ended(self) -> tuple[Stage, ...]:
        """Return the stages that have ended."""
        return tuple(self._ended)
