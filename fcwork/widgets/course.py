"""How far a send is, taken in while it goes: it waits while it is paused, and ends where it is told to stop."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from fcwork.clock import SYSTEM, Clock
from fcwork.frames import UTC_TIME
from fcwork.recovery import Progress
from fcwork.stages import held_up
from fcwork.widgets.words import counted

if TYPE_CHECKING:
    from datetime import datetime

    from fcwork.widgets.work import Turn

EVERY_SECONDS = 0.2  # a person sees no more
LOOK_SECONDS = 0.1
MOST = 1_000  # points of a course; of a longer one every other is dropped
COURSE = pl.Schema(
    {
        "at": UTC_TIME,
        "phase": pl.String(),
        "rows": pl.Int64(),
        "delivered": pl.Int64(),
        "rejected": pl.Int64(),
        "unknown": pl.Int64(),
        "requests": pl.Int64(),
    }
)
_Point = tuple["datetime", Progress]


class Stoppable:
    """A clock whose sleep ends when the panel is to stop.

    Args:
        turn: of the panel.
        clock: the time.
    """

    def __init__(self, turn: Turn, clock: Clock) -> None:
        self._turn, self._clock = turn, clock
        self.now, self.monotonic = clock.now, clock.monotonic

    def sleep(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            StoppedError: somebody asked to stop.
        """
        if self._clock is SYSTEM:
            self._turn.wait(seconds)
        else:
            self._turn.check()
            self._clock.sleep(seconds)


class Course:
    """Is called with each ``Progress`` of a send, from the thread that sends.

    Args:
        turn: of the panel.
        goes_on: is cleared while the send is paused.
        clock: the time.
    """

    def __init__(self, turn: Turn, goes_on: threading.Event, clock: Clock = SYSTEM) -> None:
        self._turn, self._goes_on, self._clock = turn, goes_on, clock
        self._began, self._paused_seconds = clock.monotonic(), 0.0
        self._shown_at, self._told = -EVERY_SECONDS, ("", "")
        self._points: list[_Point] = []
        self.last: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        """Take in how far it is; come back when it may go on.

        Raises:
            StoppedError: somebody asked to stop. What was not sent stays in the checkpoint.
        """
        told = self.last = self._honest(progress)
        now = self._clock.monotonic()
        is_new = (told.phase, told.trouble) != self._told
        if is_new or now - self._shown_at >= EVERY_SECONDS or told.rows >= told.total:
            self._shown_at, self._told = now, (told.phase, told.trouble)
            self._show(told)
        if told.phase == "sending" and not self._goes_on.is_set():
            self._wait(told)
        self._turn.check()

    def _honest(self, progress: Progress) -> Progress:
        """Return it with the rate of the time in which rows went, as a pause is none of that."""
        seconds = self._clock.monotonic() - self._began
        if not self._paused_seconds or seconds <= self._paused_seconds:
            return progress
        rate = progress.rate_per_second * seconds / (seconds - self._paused_seconds)
        left = (progress.total - progress.rows) / rate if rate > 0 else None
        return replace(progress, rate_per_second=rate, eta_seconds=left)

    def _wait(self, progress: Progress) -> None:
        """Let time pass until it may go on; what is under way at the platform comes in meanwhile."""
        began = self._clock.monotonic()
        self._turn.put(progress=progress)
        self._turn.tell(f"paused; {counted(progress.total - progress.rows, 'row')} not sent yet", _share(progress))
        while not self._goes_on.wait(LOOK_SECONDS):
            self._turn.check()
        self._paused_seconds += self._clock.monotonic() - began

    def _show(self, progress: Progress) -> None:
        self._points.append((self._clock.now(), progress))
        if len(self._points) > MOST:
            self._points = [*self._points[:-1:2], self._points[-1]]
        self._turn.put(progress=progress, points=tuple(self._points))
        self._turn.tell(line(progress), _share(progress))


def as_frame(points: tuple[_Point, ...]) -> pl.DataFrame:
    """Return a course as a frame."""
    rows = [{"at": at, **{name: getattr(one, name) for name in COURSE if name != "at"}} for at, one in points]
    return pl.DataFrame(rows, schema=COURSE)


def line(progress: Progress) -> str:
    """Return how far it is in words, and what holds it up."""
    if progress.phase == "verifying":
        settled = progress.delivered + progress.rejected + progress.unknown
        told = f"the platform is asked what became of the rows: {settled:,} of {progress.total:,} are settled"
        return held_up(told, progress.trouble)
    rate = f", {progress.rate_per_second:,.0f} rows/s" if progress.rate_per_second > 0 else ""
    left = "" if progress.eta_seconds is None else f", {span(progress.eta_seconds)} left"
    batches = counted(progress.batches, "batch", "batches")
    told = f"{progress.rows:,} of {counted(progress.total, 'row')} in {batches}{rate}{left}"
    return held_up(told, progress.trouble)


def span(seconds: float) -> str:
    """Return a span of time as people say it."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _share(progress: Progress) -> float | None:
    settled = progress.delivered + progress.rejected + progress.unknown
    done = settled if progress.phase == "verifying" else progress.rows
    return min(done / progress.total, 1.0) if progress.total else None
