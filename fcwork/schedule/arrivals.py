"""When a schedule last loaded anything, and whether somebody was told that it is long ago: kept in the store."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fcwork.clock import Clock
from fcwork.store import Store

RETELL_SECONDS = 300.0  # after which whoever began to tell is taken for dead
_KEPT = "schedule-arrival:"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How long a schedule has waited for a load.

    Attributes:
        since: from when time counts: the last arrival, else when it was added or resumed.
        arrived_at: when a run last loaded something.
        claimed_at: since when somebody tells that it is long ago.
        told_at: when that was told.
        untold: why nobody could be told.
    """

    since: datetime
    arrived_at: datetime | None = None
    claimed_at: datetime | None = None
    told_at: datetime | None = None
    untold: str = ""

    def overdue_at(self, expect_seconds: float) -> datetime:
        """Return from when on it is too long."""
        return self.since + timedelta(seconds=expect_seconds)

    def is_to_be_told(self, now: datetime) -> bool:
        """Say whether nobody has told of this gap, and nobody is at it."""
        if self.told_at:
            return False
        return self.claimed_at is None or now - self.claimed_at > timedelta(seconds=RETELL_SECONDS)


class Arrivals:
    """The arrivals of a store's schedules.

    Args:
        store: that of the schedules.
        clock: the time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def get(self, name: str) -> Waiting | None:
        """Return how long a schedule has waited; None where nobody has begun to count."""
        kept = self._store.get(_KEPT + name)
        return None if kept is None else _waiting(kept)

    def begin(self, name: str) -> Waiting:
        """Count from now on, as for a schedule that is added or resumed."""
        before = self.get(name)
        waiting = Waiting(since=self._clock.now(), arrived_at=before.arrived_at if before else None)
        self._store.set(_KEPT + name, _as_json(waiting))
        return waiting

    def came(self, name: str) -> None:
        """Write down that a run has loaded something now; a gap, if there was one, is over."""
        now = self._clock.now()
        self._store.set(_KEPT + name, _as_json(Waiting(since=now, arrived_at=now)))

    def claim(self, name: str, waiting: Waiting) -> Waiting | None:
        """Return the gap as one that the caller tells of, and no other; None where another was quicker."""
        return self._change(name, waiting, replace(waiting, claimed_at=self._clock.now()))

    def told(self, name: str, waiting: Waiting, untold: str) -> None:
        """Write down that the gap was told, or why that could not be; not where a load has come meanwhile."""
        self._change(name, waiting, replace(waiting, told_at=self._clock.now(), untold=untold))

    def remove(self, name: str) -> None:
        """Forget a schedule."""
        self._store.delete(_KEPT + name)

    def _change(self, name: str, before: Waiting, after: Waiting) -> Waiting | None:
        changed = self._store.compare_and_set(_KEPT + name, _as_json(before), _as_json(after))
        return after if changed else None


def _as_json(waiting: Waiting) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(waiting).items()
    }


def _waiting(kept: dict[str, Any]) -> Waiting:
    times: dict[str, Any] = {
        name: datetime.fromisoformat(value) for name, value in kept.items() if value and name != "untold"
    }
    return Waiting(**times, untold=kept["untold"])
