"""Which window an extraction asks for, and where its watermark stands after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from fcwork.errors import ConfigError
from fcwork.extraction.asking import instant, wire
from fcwork.extraction.marks import Watermark

Mode = Literal["full", "range", "incremental"]
LAG_SECONDS = 60.0  # a row may be committed so long after the instant that it bears


@dataclass(frozen=True)
class Window:
    """From when to when; None is open.

    Attributes:
        mode: how it was chosen.
        since, until: both inside (assumed of the platform's ``DateRange``).
        now: when it was chosen.
    """

    mode: Mode
    since: datetime | None
    until: datetime | None
    now: datetime

    @property
    def asked(self) -> bool:
        """Whether the platform is asked for a window at all."""
        return self.since is not None or self.until is not None


def choose(
    mode: Mode | None,
    *,
    since: Any,
    until: Any,
    overlap: float,
    named: str | None,
    mark: Watermark | None,
    now: datetime,
) -> Window:
    """Return the window of an extraction.

    Args:
        mode: ``full``, ``range``, ``incremental``; told by the rest unless given.
        since, until: what the caller says.
        overlap: seconds before the watermark from which an incremental run asks again.
        named: the watermark's name.
        mark: where it stands.
        now: the time.

    Raises:
        ConfigError: an unknown mode, a first incremental run without a start, a window that ends before it begins.
    """
    if mode is not None and mode not in get_args(Mode):
        raise ConfigError(f"mode={mode!r} is not known", hint=f"known: {', '.join(get_args(Mode))}")
    start, end = instant(since, "since"), instant(until, "until")
    mode = mode or ("incremental" if named else "range" if start or end else "full")
    if mode == "incremental":
        if not named:
            raise ConfigError("an incremental extraction needs a watermark", hint="give it a name: watermark='orders'")
        if mark is None and start is None:
            raise ConfigError(
                f"the watermark {named!r} was never set: where is the first run to begin?",
                hint="say it: since='2026-01-01', --since of the command line, FROM of the notebook",
            )
        start = before(mark.at, overlap) if mark else start
    elif mode == "range" and not (start or end):
        raise ConfigError("a range needs since= or until=")
    elif mode == "full" and (start or end):
        raise ConfigError("a full extraction has no window", hint="leave since and until out, or say mode='range'")
    if named and end is None:
        end = now
    if start and end and end < start:
        known = f"; it begins at the watermark {named!r}" if mark and mode == "incremental" else ""
        raise ConfigError(
            f"the window ends before it begins: {wire(start)} to {wire(end)}{known}",
            hint="is the clock of this machine right, and until= what is meant?" if known else "",
        )
    return Window(mode, start, end, now)


def before(at: datetime, seconds: float) -> datetime:
    """Return the instant so long before another; the first that there is where it would lie before that."""
    try:
        return at - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def joins(mark: Watermark | None, window: Window) -> bool:
    """Say whether a window leaves no gap to the watermark, so that the watermark may move.

    A range that begins after it would move it past what nobody has written, and one that ends before it knows nothing
    of the rows near it. Where there is none yet, a range with a beginning does not tell where the first run begins.
    """
    if mark is None:
        return window.mode != "range" or window.since is None
    return (window.since is None or window.since <= mark.at) and min(window.until or window.now, window.now) >= mark.at


def moved(
    mark: Watermark | None,
    window: Window,
    *,
    newest: datetime | None,
    unwritten_since: datetime | None,
    lag: float,
) -> datetime:
    """Return where the watermark stands after a complete run.

    It is the latest change that was written, or of a run that found nothing the window's end less ``lag``; never past
    a row that was not written, and never back.
    """
    end = min(window.until or window.now, window.now)
    at = min(newest, end) if newest else before(end, lag)
    if unwritten_since is not None:
        at = min(at, unwritten_since)
    return max(at, mark.at) if mark else at
