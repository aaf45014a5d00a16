"""The scheduler: wakes when a schedule is due and starts a process for it; of several schedulers one is awake.

APScheduler wakes it, with the instants of ``Times``; it keeps nothing, as all that must outlive a scheduler lies in the
store. Each schedule has one process at a time, ``fcwork schedule run NAME --due``, which holds the schedule's lease
itself: it goes on when the scheduler is killed, and the next scheduler waits for it.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from fcwork import log, settings
from fcwork.errors import FcworkError, LeaseTakenError, StoreError
from fcwork.schedule.book import UNDER_WAY, Book, Standing
from fcwork.schedule.overdue import tell_overdue
from fcwork.schedule.plan import Schedule, due
from fcwork.schedule.times import Times
from fcwork.store import Held, hold

LOOK_SECONDS = 2.0  # between two looks at what is kept and what has ended
STANDBY_SECONDS = 2.0
LEASE_SECONDS = 30.0
GRACE_SECONDS = 25.0  # a run has ten for its notebook's `finally`, and writes its files after it
AGAIN_SECONDS = 30.0  # before a process that did not do what was due is started anew
COMMAND = (sys.executable, "-m", "fcwork", "--quiet", "schedule", "run")
_GLANCE_SECONDS = 0.2  # between two glances at whether it is over
_LOOK, _WATCH = "look", "watch"  # no schedules' names: those are prefixed
_LEASE = "scheduler"
_logger = log.get("schedule")


class Scheduler:
    """Runs the schedules of a store until it is stopped.

    Args:
        book: the schedules.
        on_change: told in words when it becomes the one that is awake, and when it waits for another.
        look_seconds: how soon a schedule that was added, changed or removed is known.
    """

    def __init__(
        self,
        book: Book,
        *,
        on_change: Callable[[str], None] | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._book = book
        self._on_change = on_change or _ignore
        self._look_seconds = look_seconds
        self._over = False  # no Event: setting one in a signal's handler may wait for the thread that it interrupts
        self._lock = threading.Lock()
        self._processes: dict[str, _Process] = {}
        self._known: dict[str, tuple[str, str]] = {}

    def stop(self) -> None:
        """Have ``run`` end; safe in a signal's handler."""
        self._over = True

    def run(self) -> bool:
        """Run what is due until ``stop`` is called, and say whether all that was under way came to its end then.

        Raises:
            StoreError: the store cannot be used at the start.
        """
        self._book.all()
        waits = False
        while not self._over:
            try:
                with hold(self._book.store, _LEASE, ttl=LEASE_SECONDS, outlive=True) as held:
                    waits = False
                    self._on_change("running the schedules")
                    self._awake(held)
            except LeaseTakenError:
                if not waits:
                    self._on_change("another scheduler is running them; this one waits")
                waits = True
            except StoreError as error:
                _logger.warning("scheduler.without_store", error=error.message)
            self._pause(STANDBY_SECONDS)
        return self._end()

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._over and time.monotonic() < until:
            time.sleep(_GLANCE_SECONDS)

    def _awake(self, held: Held) -> None:
        """Run schedules for as long as the lease is ours."""
        clockwork = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(4)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._known = {}
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a look takes long is no news
        clockwork.add_job(
            self._look, "interval", args=[clockwork, held], id=_LOOK, seconds=self._look_seconds, next_run_time=_now()
        )
        clockwork.add_job(self._watch, "interval", args=[held], id=_WATCH, seconds=self._look_seconds)
        clockwork.start()
        try:
            while not self._over and not held.lost:
                time.sleep(_GLANCE_SECONDS)
        finally:
            clockwork.shutdown(wait=True)

    def _look(self, clockwork: BackgroundScheduler, held: Held) -> None:
        """Follow what is kept, and start what is due and was not started when it came to be: after a run, a restart."""
        try:
            kept = self._book.all()
        except FcworkError as error:
            _logger.warning("scheduler.cannot_read", error=error.message)
            return
        wanted = {each.name: (each.cron, each.zone) for each in kept if not each.paused}
        for name in [name for name in self._known if wanted.get(name) != self._known[name]]:
            clockwork.remove_job(_job(name))
            del self._known[name]
        for name in wanted.keys() - self._known.keys():
            self._known[name] = wanted[name]
            clockwork.add_job(self._wake, _Trigger(Times(*wanted[name])), args=[name, held], id=_job(name))
        for schedule in kept:
            self._wake(schedule.name, held)

    def _watch(self, held: Held) -> None:
        """Tell of loads that did not arrive; by itself, as whoever is told may take long to answer."""
        try:
            held.check()
            tell_overdue(self._book)
        except FcworkError as error:
            _logger.warning("scheduler.cannot_watch", error=error.message)

    def _wake(self, name: str, held: Held) -> None:
        """Start a process for a schedule, if there is something to do for one and none is at it."""
        try:
            with self._lock:
                if self._is_free(name) and self._has_work(self._book.get(name)) and not self._over:
                    held.check()
                    found, now = self._book.standing(name), self._book.clock.monotonic()
                    self._processes[name] = _Process(self._start(name), found, now)
        except (FcworkError, OSError) as error:
            _logger.warning("schedule.not_started", schedule=name, error=str(error))

    def _is_free(self, name: str) -> bool:
        """Say whether a process may be started: none is there, and the last did its work or had its time."""
        last = self._processes.get(name)
        if last is None:
            return True
        if last.process.poll() is None:
            return False
        did_something = self._book.standing(name) != last.found
        return did_something or self._book.clock.monotonic() - last.started > AGAIN_SECONDS

    def _has_work(self, schedule: Schedule) -> bool:
        standing = self._book.standing(schedule.name)
        if self._book.is_running(schedule.name):
            return False
        if standing.turn and standing.turn.state == UNDER_WAY:
            return True
        instant, decided = due(schedule, standing.decided, self._book.clock.now())
        return not schedule.paused and (instant is not None or decided != standing.decided)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        environment = {"FCWORK_STORE": str(settings.store_place()), "FCWORK_HOME": str(settings.home())}
        _logger.info("schedule.started", schedule=name)
        return subprocess.Popen(
            [*COMMAND, name, "--due"],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is the scheduler's; it tells its processes
        )

    def _end(self) -> bool:
        """Tell the processes to stop, and wait for what their runs have to write."""
        left = [each.process for each in self._processes.values() if each.process.poll() is None]
        for process in left:
            process.terminate()
        deadline = self._book.clock.monotonic() + GRACE_SECONDS
        return all([_ended(process, deadline - self._book.clock.monotonic()) for process in left])  # noqa: C419 - each is waited for


@dataclass(frozen=True)
class _Process:
    """A process that was started for a schedule: how far that had come then, and when it was by the monotonic clock."""

    process: subprocess.Popen[bytes]
    found: Standing
    started: float


class _Trigger(BaseTrigger):  # type: ignore[misc]
    """The instants of a schedule, for APScheduler."""

    def __init__(self, times: Times) -> None:
        self._times = times

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return when to wake next."""
        return self._times.after(previous_fire_time or now - timedelta(microseconds=1))


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(max(seconds, 0.0))
    except subprocess.TimeoutExpired:
        return False
    return True


def _job(name: str) -> str:
    return f"schedule {name}"


def _now() -> datetime:
    return datetime.now(UTC)


def _ignore(_words: str) -> None:
    """Tell nobody."""
