"""Runs of one schedule, one after the other: each instant once, whatever happens to the process.

Whoever runs a schedule holds its lease. That an instant is begun is written down before its run is, with the lease as
fence; so an instant whose process was killed is known, and is never begun as if nothing had been.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fcwork import log, runner
from fcwork.errors import ConfigError, FcworkError, MappingError, NotebookError, SourceError
from fcwork.retry import RetryPolicy
from fcwork.runner.folder import RESULT
from fcwork.runner.monitoring.figures import brought
from fcwork.schedule.book import LOST, UNDER_WAY, Book, Standing, Turn
from fcwork.schedule.notifying import learn, tell
from fcwork.schedule.plan import Schedule, due

if TYPE_CHECKING:
    from fcwork.runner.journal import Listener
    from fcwork.store import Held

REPEATED = frozenset({"FAILED", "KERNEL_DIED", "TIMEOUT", LOST})
QUIET = frozenset({"SUCCEEDED", "SKIPPED", "CANCELLED"})  # nobody is told of these
BACKOFF = RetryPolicy(base_seconds=30.0, cap_seconds=900.0, floor_seconds=15.0)
_MISTAKES = (ConfigError, SourceError, MappingError, NotebookError)  # a repeat would end alike
_NAMES_OF_MISTAKES = frozenset(kind.__name__ for kind in _MISTAKES)
_STOPPED = "CANCELLED"
_logger = log.get("schedule")


@dataclass(frozen=True)
class Work:
    """What a process does for a schedule while it holds its lease.

    Attributes:
        book: keeps the schedule.
        name: of the schedule.
        backoff: how long is waited before a failed run is repeated.
        on_event: told of each event of the runs.
        on_end: told of each turn that is over.
    """

    book: Book
    name: str
    backoff: RetryPolicy = BACKOFF
    on_event: Listener | None = None
    on_end: Callable[[Turn], None] | None = None

    def all_due(self) -> list[Turn]:
        """Run what is due when it is called, one instant after the other, and return what became of it.

        What comes to be due meanwhile is left to the next call, so that a process ends that nobody looks after.

        Raises:
            LeaseTakenError: another is at it.
            StoreError: the store cannot be used, or the lease was lost to another.
        """
        turns: list[Turn] = []
        with self.book.alone(self.name) as held:
            until = self.book.clock.now()
            while (turn := self._next(held, until)) is not None:
                turns.append(self._through(self.book.get(self.name), turn, held))
                if turns[-1].state == _STOPPED:
                    break
        return turns

    def now(self) -> Turn:
        """Run the schedule once, whether or not it is due or paused; when it is due stays as it is.

        Raises:
            ConfigError: there is no such schedule.
            LeaseTakenError: a run of it is under way.
        """
        schedule = self.book.get(self.name)
        with self.book.alone(self.name) as held:
            instant = self.book.clock.now()
            run_id = schedule.run_id(instant, 1, by_hand=True)
            turn = Turn(instant=instant, run_id=run_id, attempt=1, state=UNDER_WAY, started_at=instant)
            self._keep(held, turn=turn)
            return self._through(schedule, turn, held, by_hand=True)

    def _next(self, held: Held, until: datetime) -> Turn | None:
        """Return the turn to go on with: one that a dead process left, else the next that was due at ``until``."""
        schedule, standing = self.book.get(self.name), self.book.standing(self.name)
        if standing.turn and standing.turn.state == UNDER_WAY:
            return replace(standing.turn, state=LOST, reason="its process went away in the middle of the run")
        instant, decided = (None, standing.decided) if schedule.paused else due(schedule, standing.decided, until)
        turn = None
        if instant:
            run_id = schedule.run_id(instant, 1)
            now = self.book.clock.now()
            turn = Turn(instant=instant, run_id=run_id, attempt=1, state=UNDER_WAY, started_at=now)
        if decided != standing.decided:
            self._keep(held, decided=decided, turn=turn)
        return turn

    def _through(self, schedule: Schedule, turn: Turn, held: Held, *, by_hand: bool = False) -> Turn:
        """Return a turn that is over, after as many attempts as it may have, with whoever is to know told of it."""
        learn(schedule)
        turn, again = self._attempt(schedule, turn) if turn.state == UNDER_WAY else self._unheard(turn)
        with suppress(KeyboardInterrupt):
            while again and turn.state in REPEATED and turn.attempt <= schedule.retries:
                turn = self._another(schedule, turn, held, by_hand=by_hand)
                turn, again = self._attempt(schedule, turn)
        turn = replace(turn, ended_at=self.book.clock.now())
        if turn.state not in QUIET and not by_hand:
            turn = replace(turn, untold=tell(schedule, facts_of(schedule, turn), clock=self.book.clock))
        self._keep(held, turn=turn)
        _logger.info("schedule.ran", schedule=self.name, run=turn.run_id, state=turn.state, reason=turn.reason)
        if self.on_end:
            self.on_end(turn)
        return turn

    def _another(self, schedule: Schedule, turn: Turn, held: Held, *, by_hand: bool) -> Turn:
        """Wait, and return the next attempt of a turn, written down."""
        wait = replace(self.backoff, max_retries=schedule.retries).delay(turn.attempt, jitter=random.random())  # noqa: S311 - spreads load
        _logger.warning("schedule.repeats", schedule=self.name, run=turn.run_id, state=turn.state, wait_seconds=wait)
        self.book.clock.sleep(wait)
        attempt = turn.attempt + 1
        run_id = schedule.run_id(turn.instant, attempt, by_hand=by_hand)
        turn = replace(turn, attempt=attempt, run_id=run_id, state=UNDER_WAY)
        self._keep(held, turn=turn)
        return turn

    def _attempt(self, schedule: Schedule, turn: Turn) -> tuple[Turn, bool]:
        """Return how an attempt ended, and whether a repeat might end otherwise."""
        try:
            _enter(schedule.folder)
            result = runner.run(
                schedule.notebook,
                schedule.values(),
                texts=schedule.texts,
                run_id=turn.run_id,
                schedule=self.name,
                timeout_seconds=schedule.timeout_seconds,
                on_event=self.on_event,
            )
        except FcworkError as error:
            return replace(turn, state="FAILED", reason=error.message), not isinstance(error, _MISTAKES)
        except KeyboardInterrupt:
            return self._unheard(replace(turn, state=_STOPPED, reason="stopped before the notebook ran"))
        return self._ended(turn, runner.PastRun.of(result.folder))

    def _unheard(self, turn: Turn) -> tuple[Turn, bool]:
        """Return a turn whose end nobody waited for, as its run wrote it down, if it did."""
        folder = runner.runs() / turn.run_id
        if (folder / RESULT).is_file():
            return self._ended(turn, runner.PastRun.of(folder))
        return turn, turn.state != _STOPPED

    def _ended(self, turn: Turn, run: runner.PastRun) -> tuple[Turn, bool]:
        """Return a turn as its run ended, and whether a repeat might end otherwise."""
        if brought(run.state, run.figures):
            self.book.arrivals.came(self.name)
        return replace(turn, state=run.state, reason=run.reason), run.facts.get("ename") not in _NAMES_OF_MISTAKES

    def _keep(self, held: Held, *, turn: Turn | None, decided: datetime | None = None) -> None:
        before = self.book.standing(self.name)
        self.book.keep(self.name, Standing(decided or before.decided, turn or before.turn), held.lease)


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Let SIGTERM be what Ctrl-C is, so that a process that is told to go leaves no lease behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def facts_of(schedule: Schedule, turn: Turn) -> dict[str, Any]:
    """Return what is told of a turn, by name."""
    return {
        "kind": "failure",
        "schedule": schedule.name,
        "notebook": schedule.notebook,
        "run_id": turn.run_id,
        "state": turn.state,
        "reason": turn.reason,
        "attempt": turn.attempt,
        "scheduled_at": turn.instant.isoformat(),
        "started_at": turn.started_at.isoformat(),
        "ended_at": turn.ended_at.isoformat() if turn.ended_at else None,
        "folder": str(runner.runs() / turn.run_id),
    }


def _enter(folder: str) -> None:
    """Work in a schedule's folder from now on.

    Raises:
        ConfigError: it cannot be entered.
    """
    try:
        os.chdir(folder or ".")
    except OSError as error:
        raise ConfigError(
            f"the schedule's folder {folder} cannot be entered: {error.strerror}",
            hint="a schedule runs where it was added: at that path, on each machine that is to run it",
        ) from None
