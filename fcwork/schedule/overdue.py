"""A schedule whose load did not arrive: whoever is told of its failures is told of that too, once for each gap."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fcwork import log
from fcwork.schedule.arrivals import Waiting
from fcwork.schedule.book import Book
from fcwork.schedule.notifying import tell
from fcwork.schedule.plan import Schedule

OVERDUE = "OVERDUE"
_logger = log.get("schedule")


def overdue_since(schedule: Schedule, book: Book) -> datetime | None:
    """Return since when a load of a schedule is overdue; None where it is not, or none is expected of it now."""
    waiting = book.arrivals.get(schedule.name)
    return None if waiting is None else _since(schedule, waiting, book.clock.now())


def tell_overdue(book: Book) -> list[str]:
    """Tell of each schedule whose load is overdue and of which nobody was told, and return their names.

    Of several processes that look at a time one tells. One that dies while it tells leaves it to the next, some minutes
    later.

    Raises:
        StoreError: the store cannot be used.
    """
    expected = [schedule for schedule in book.all() if schedule.expect_seconds and not schedule.paused]
    return [schedule.name for schedule in expected if _told(schedule, book)]


def _told(schedule: Schedule, book: Book) -> bool:
    waiting = book.arrivals.get(schedule.name) or book.arrivals.begin(schedule.name)
    now = book.clock.now()
    since = _since(schedule, waiting, now)
    if since is None or not waiting.is_to_be_told(now):
        return False
    claimed = book.arrivals.claim(schedule.name, waiting)
    if claimed is None:
        return False
    facts = facts_of(schedule, waiting, since, book)
    _logger.warning("schedule.overdue", schedule=schedule.name, reason=facts["reason"])
    book.arrivals.told(schedule.name, claimed, tell(schedule, facts, clock=book.clock))
    return True


def facts_of(schedule: Schedule, waiting: Waiting, since: datetime, book: Book) -> dict[str, Any]:
    """Return what is told of a load that did not arrive, by name."""
    turn = book.standing(schedule.name).turn
    last = f"the last that did was over at {_text(waiting.arrived_at)}" if waiting.arrived_at else "none has so far"
    ended = f"; the latest run, {turn.run_id}, ended as {turn.state}" if turn and turn.ended_at else ""
    return {
        "kind": "overdue",
        "id": f"{schedule.name}-overdue-{since:%Y%m%dT%H%M%SZ}",
        "schedule": schedule.name,
        "notebook": schedule.notebook,
        "run_id": turn.run_id if turn else "",
        "state": OVERDUE,
        "reason": f"no run has loaded anything for {_span(schedule.expect_seconds or 0)}: {last}{ended}",
        "arrived_at": waiting.arrived_at.isoformat() if waiting.arrived_at else None,
        "overdue_at": since.isoformat(),
    }


def _since(schedule: Schedule, waiting: Waiting, now: datetime) -> datetime | None:
    if schedule.paused or not schedule.expect_seconds:
        return None
    at = waiting.overdue_at(schedule.expect_seconds)
    return at if now > at else None


def _span(seconds: float) -> str:
    """Return a span of time in the largest unit that it fills."""
    fits = ((unit, size) for unit, size in (("hours", 3_600), ("minutes", 60), ("seconds", 1)) if seconds >= size)
    unit, size = next(fits, ("seconds", 1))
    return f"{seconds / size:g} {unit}"


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
