"""The heartbeat of a job under way: a thread that writes a sign of life until the job ends, and how readers judge it.

The heartbeat has a key of its own in the store, so it never gets in the way of a change of the record. A process that
is killed or stopped gives no sign any more, and its job is shown as lost.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from fcwork import log
from fcwork.errors import JobError, JobTakenError, StoreError
from fcwork.jobs.record import JobRecord, instant

PREFIX = "job-heartbeat:"
HEARTBEAT_SECONDS = 10.0
MISSED = 3  # heartbeats in a row, until a job is lost
PATIENCE_SECONDS = 5.0  # with a last heartbeat that is being written
_logger = log.get("jobs")


class Heartbeat:
    """Calls ``beat`` again and again in a thread of its own, until that says no or ``stop`` is called.

    A job that another worker took over gets no more signs of life from here, as they would hide the other's death.

    Args:
        job_id: whose.
        beat: writes one sign of life, and says whether more are wanted; where the store fails the next one is tried.
        interval_seconds: from one to the next.
    """

    def __init__(self, job_id: str, beat: Callable[[], bool], *, interval_seconds: float) -> None:
        self._job_id = job_id
        self._beat = beat
        self._interval = interval_seconds
        self._stopped = threading.Event()
        self._process = os.getpid()
        run = contextvars.copy_context().run  # what it logs belongs to the run around it
        self._thread = threading.Thread(target=run, args=(self._run,), name=f"heartbeat of {job_id}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether signs of life are given, in this process."""
        mine = self._process == os.getpid()  # asked first: a forked child must not touch the parent's locks
        return mine and not self._stopped.is_set() and self._thread.is_alive()

    def stop(self) -> None:
        """Write no more; in a forked child there is nothing to stop."""
        if self.alive:
            self._stopped.set()
            self._thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        wanted, failing = True, False
        while wanted and not self._stopped.wait(self._interval):
            try:
                wanted = self._beat()
            except JobTakenError as taken:
                _logger.warning("job.taken_over", job=self._job_id, trouble=taken.message)
                return
            except (StoreError, JobError) as error:
                if not failing:  # a store that stays away is told once
                    _logger.warning("job.heartbeat_failed", job=self._job_id, trouble=str(error))
                failing = True
            else:
                failing = False


def is_number(seconds: Any) -> bool:
    """Say whether a value is a number, as seconds are."""
    return isinstance(seconds, int | float) and not isinstance(seconds, bool)


def checked_seconds(heartbeat_seconds: float | None, lost_after_seconds: float | None) -> float | None:
    """Return after how many seconds without a heartbeat a job is lost; None where none is kept.

    Raises:
        JobError: one of the times is none, or a job would be lost between two heartbeats.
    """
    if heartbeat_seconds is None:
        return None
    if not is_number(heartbeat_seconds) or not 0 < heartbeat_seconds <= threading.TIMEOUT_MAX:
        raise JobError(
            f"heartbeat_seconds={heartbeat_seconds!r} is no time",
            hint="give seconds above zero, or None for no heartbeat",
        )
    lost_after = MISSED * heartbeat_seconds if lost_after_seconds is None else lost_after_seconds
    if not is_number(lost_after) or not heartbeat_seconds < lost_after < float("inf"):
        raise JobError(
            f"lost_after_seconds={lost_after!r} is no time after a heartbeat of every {heartbeat_seconds!r} seconds",
            hint="give some heartbeats' time: one that comes late is no loss",
        )
    return lost_after


def seen(record: JobRecord, heartbeat: Any, now: datetime) -> JobRecord:
    """Return a record as it is shown: with the last heartbeat, and as lost where that was too long ago.

    Args:
        record: as stored. The heartbeat must have been read before it: one that ends takes its heartbeat away.
        heartbeat: what the store holds of it.
        now: the instant of looking.
    """
    if record.status != "processing" or record.lost_after_seconds is None:
        return record
    heartbeat_at = _stamp(heartbeat)
    signs = (heartbeat_at or record.updated_at, record.held_at)  # the heartbeat may be of the holder before
    silent_seconds = (now - max(at for at in signs if at)).total_seconds()
    is_lost = silent_seconds >= record.lost_after_seconds
    return replace(record, heartbeat_at=heartbeat_at, status="lost" if is_lost else record.status)


def _stamp(heartbeat: Any) -> datetime | None:
    try:
        return instant(heartbeat)
    except (TypeError, ValueError):  # none, or damaged
        return None
