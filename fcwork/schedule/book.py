"""Where schedules are kept: in the store, with how far each has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from fcwork import settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError, StoreError
from fcwork.names import did_you_mean
from fcwork.schedule.arrivals import Arrivals
from fcwork.schedule.plan import Schedule
from fcwork.store import Held, Lease, Store, hold, open_store
from fcwork.store.workers import life_of

UNDER_WAY = "RUNNING"
LOST = "LOST"  # its process went away in the middle
LEASE_SECONDS = 60.0
_KEPT, _STANDING, _HELD = "schedule:", "schedule-standing:", "schedule-run:"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One run of a schedule: for an instant, under way or over.

    Attributes:
        instant: that it is for.
        run_id: of its last attempt.
        attempt: which it is, counted from 1.
        state: ``RUNNING``, ``LOST``, or how the last attempt ended.
        reason: why it ended so.
        untold: why nobody could be told of its failure.
    """

    instant: datetime
    run_id: str
    attempt: int
    state: str
    started_at: datetime
    ended_at: datetime | None = None
    reason: str = ""
    untold: str = ""


@dataclass(frozen=True)
class Standing:
    """How far a schedule has come.

    Attributes:
        decided: up to which instant all is decided: what was before is never run again.
        turn: the latest that was begun.
    """

    decided: datetime
    turn: Turn | None = None


class Book:
    """The schedules of a store.

    Args:
        store: that of ``FCWORK_STORE``, else of fcwork's run-time folder, unless given.
        clock: the time.
    """

    def __init__(self, store: Store | None = None, *, clock: Clock = SYSTEM) -> None:
        self.store = open_store(settings.store_place(), clock=clock) if store is None else store
        self.clock = clock
        self.arrivals = Arrivals(self.store, clock)

    def add(self, schedule: Schedule) -> None:
        """Keep a schedule that is checked already; the first instant that counts is the next.

        Raises:
            ConfigError: there is one of that name.
        """
        if not self.store.compare_and_set(_KEPT + schedule.name, None, schedule.to_json()):
            hint = f"`fcwork schedule remove {schedule.name}` first, or give another name"
            raise ConfigError(f"there is a schedule {schedule.name!r} already", hint=hint)
        self.store.set(_STANDING + schedule.name, _standing_as_json(Standing(self.clock.now())))
        self.arrivals.begin(schedule.name)

    def all(self) -> list[Schedule]:
        """Return the schedules by their names."""
        return [Schedule.from_json(kept) for _, kept in self.store.items(_KEPT)]

    def get(self, name: str) -> Schedule:
        """Return a schedule.

        Raises:
            ConfigError: there is none of that name.
        """
        kept = self.store.get(_KEPT + name)
        if kept is None:
            known = [key.removeprefix(_KEPT) for key, _ in self.store.items(_KEPT)]
            hint = f"known: {', '.join(known)}" if known else "`fcwork schedule add` makes one"
            raise ConfigError(f"there is no schedule {name!r}{did_you_mean(name, known)}", hint=hint)
        return Schedule.from_json(kept)

    def pause(self, name: str) -> bool:
        """Leave a schedule alone until it is resumed, and say whether that is new; a run under way goes on."""
        return self._change(name, paused=True)

    def resume(self, name: str) -> bool:
        """Go on with a schedule and say whether that is new; what was due meanwhile is passed over."""
        if not self.get(name).paused:
            return False
        self._pass_over(name)
        self.arrivals.begin(name)
        return self._change(name, paused=False)

    def remove(self, name: str) -> None:
        """Forget a schedule; its runs stay.

        Raises:
            ConfigError: there is none of that name.
        """
        self.get(name)
        self.store.delete(_KEPT + name)
        self.store.delete(_STANDING + name)
        self.arrivals.remove(name)

    def standing(self, name: str) -> Standing:
        """Return how far a schedule has come; one of which nothing is known begins now."""
        kept = self.store.get(_STANDING + name)
        return _standing(kept) if kept else Standing(self.clock.now())

    def keep(self, name: str, standing: Standing, fence: Lease) -> None:
        """Write down how far a schedule has come.

        Raises:
            StoreError: its lease was lost to another.
        """
        self.store.set(_STANDING + name, _standing_as_json(standing), fence=fence)

    @contextmanager
    def alone(self, name: str) -> Iterator[Held]:
        """Be the only one, of all processes and machines, who runs a schedule; from the dead it is taken over.

        Raises:
            LeaseTakenError: a run of it is under way.
        """
        with hold(self.store, _HELD + name, ttl=LEASE_SECONDS, outlive=True) as held:
            yield held

    def is_running(self, name: str) -> bool:
        """Say whether a run of a schedule is under way somewhere, as far as can be known."""
        held = [lease for lease in self.store.leases(_HELD + name) if lease.name == _HELD + name]
        return any(life_of(lease.owner) != "dead" for lease in held)

    def _change(self, name: str, *, paused: bool) -> bool:
        while True:
            before = self.get(name)
            if before.paused == paused:
                return False
            after = replace(before, paused=paused)
            if self.store.compare_and_set(_KEPT + name, before.to_json(), after.to_json()):
                return True

    def _pass_over(self, name: str) -> None:
        for _ in range(10):
            kept = self.store.get(_STANDING + name)
            standing = replace(_standing(kept), decided=self.clock.now()) if kept else Standing(self.clock.now())
            if self.store.compare_and_set(_STANDING + name, kept, _standing_as_json(standing)):
                return
        raise StoreError(f"the schedule {name!r} is being changed all the time", hint="try again")


def _standing(kept: dict[str, Any]) -> Standing:
    turn = kept["turn"]
    at = datetime.fromisoformat
    if turn is not None:
        ended = at(turn["ended_at"]) if turn["ended_at"] else None
        times = {"instant": at(turn["instant"]), "started_at": at(turn["started_at"]), "ended_at": ended}
        turn = Turn(**{**turn, **times})
    return Standing(at(kept["decided"]), turn)


def _standing_as_json(standing: Standing) -> dict[str, Any]:
    turn = asdict(standing.turn) if standing.turn else None
    if turn is not None:
        turn |= {name: value.isoformat() for name, value in turn.items() if isinstance(value, datetime)}
    return {"decided": standing.decided.isoformat(), "turn": turn}
