"""A job for each request among the tracked ones: what happened to it, and how far its handling is.

The inbox is what counts, and the jobs tell of it: where their store cannot be used, requests are answered and messages
handled all the same. A job of the receiver keeps no heartbeat, as a message whose worker is gone is handled again.
"""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fcwork import log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import JobError, StoreError
from fcwork.jobs import JobRecord, JobTracker, StageRecord
from fcwork.receiver.limits import Rate
from fcwork.receiver.message import Message, Stored
from fcwork.store import Store

MOST = 20_000  # jobs on their way to the store; beyond that they are not told
PATIENCE_SECONDS = 10.0  # at the end, with jobs that are still to be written
ASKS_SECONDS = 1.0  # for a name: the answers of all requests wait for it
AWAY_SECONDS = 30.0  # for which a store that failed is not asked for names
FAILED_A_SECOND = 10.0  # a flood of forged requests does not fill the store
_logger = log.get("receiver")
_STAGES = ("reception", "verification", "storage")


@dataclass
class Course:
    """What one request went through: when its stages ended, and what is known of it."""

    door: str
    request_id: str
    begun_at: datetime
    ended_at: list[datetime] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def record(self, now: datetime, job_id: str = "") -> JobRecord:
        """Return its job under way, with the stages that it came to."""
        stages = []
        start = self.begun_at
        for name, end in zip(_STAGES, [*self.ended_at, now], strict=False):
            stages.append(StageRecord(name, "", start, end))
            start = end
        return JobRecord(
            job_id or self.request_id,
            f"receive {self.door}",
            self.begun_at,
            now,
            status="processing",
            stage=stages[-1].name,
            stages=tuple(stages),
            started_at=self.begun_at,
            triggered_by="webhook",
            details=self.details,
        )


class Telling:
    """Writes the jobs of requests in a thread of its own, so that nobody waits for it.

    Args:
        store: where jobs are kept.
        clock: the time.
    """

    def __init__(self, store: Store, *, clock: Clock = SYSTEM) -> None:
        self._tracker = JobTracker(store, heartbeat_seconds=None, clock=clock)
        self._store = store
        self._clock = clock
        self._failed = Rate(FAILED_A_SECOND, FAILED_A_SECOND, clock=clock)
        self._untold = 0
        self._trouble = False
        self._away_until = 0.0
        self._asker = ThreadPoolExecutor(1, "receiver's names")
        self._waiting: queue.Queue[JobRecord | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="receiver's jobs", daemon=True)
        self._thread.start()

    def is_taken(self, job_id: str) -> bool:
        """Say whether there is a job of that id; a store that stays away, or hangs, is not asked again and again.

        Raises:
            StoreError: the store cannot say, or not soon.
        """
        if self._clock.monotonic() < self._away_until:
            return False
        try:
            return self._asker.submit(self._store.get, f"job:{job_id}").result(ASKS_SECONDS) is not None
        except (StoreError, TimeoutError) as error:
            self._away_until = self._clock.monotonic() + AWAY_SECONDS
            raise StoreError(f"the store of jobs does not say whether {job_id} is taken") from error

    def received(self, course: Course, stored: Stored) -> None:
        """Tell of a request that came into the inbox, or repeats one that is in it."""
        record = course.record(self._clock.now(), stored.job_id)
        details = {**record.details, **({"of": stored.of} if stored.of else {})}
        if stored.outcome == "accepted":
            self._put(replace(record, details=details, message="waits to be handled"))
        else:
            self._put(_ended(record, "completed", f"a duplicate of {stored.of}", details))

    def refused(self, course: Course, reason: str, detail: str) -> None:
        """Tell of a request that was refused; of a flood of them not each is told."""
        if self._failed.wait_seconds("") > 0:
            self._untold += 1
            return
        record = course.record(self._clock.now())
        details = {**record.details, "reason": reason, **({"untold_before": self._untold} if self._untold else {})}
        self._untold = 0
        self._put(replace(_ended(record, "failed", "", details), error=f"{reason}: {detail}"))

    def handling(self, message: Message, attempt_of: int) -> None:
        """Tell that a message's handling begins."""
        said = f"attempt {message.attempts} of {attempt_of}"
        self._tell(message, lambda tracker, job: tracker.update(job, stage="handling", message=said))

    def handled(self, message: Message, said: str, details: Mapping[str, Any], *, with_errors: bool) -> None:
        """Tell that it came to its end."""
        self._tell(
            message,
            lambda tracker, job: tracker.complete(job, with_errors=with_errors, message=said, details=details),
        )

    def put_off(self, message: Message, error: str, after_seconds: float) -> None:
        """Tell that it failed and will be tried again."""
        said = f"attempt {message.attempts} failed, another in {after_seconds:.0f} s: {error}"
        self._tell(message, lambda tracker, job: tracker.update(job, message=said))

    def given_up(self, message: Message, error: BaseException | str) -> None:
        """Tell that it is dead."""
        self._tell(message, lambda tracker, job: tracker.fail(job, error, details={"state": "dead"}))

    def catch_up(self, ended: Iterable[Message]) -> None:
        """Tell of messages that came to their end just before their receiver was killed, as far as not told."""
        for message in ended:
            try:
                stored = self._store.get(f"job:{message.told_as}")
                if stored is None or stored.get("status") != "processing":
                    continue
                if message.state == "dead":
                    self._tracker.fail(message.told_as, message.error, details={"state": "dead"})
                else:
                    self._tracker.complete(message.told_as, message="handled; its receiver ended before it was told")
            except (StoreError, JobError) as error:
                self._warn(str(error))
                return

    def close(self) -> None:
        """Write what is to be told, as far as there is time for it, and stop."""
        self._asker.shutdown(wait=False)
        self._waiting.put(None)
        self._thread.join(PATIENCE_SECONDS)

    def _put(self, record: JobRecord) -> None:
        if self._waiting.qsize() < MOST:
            self._waiting.put(record)
        else:
            self._warn("too many jobs wait to be written")

    def _run(self) -> None:
        while (record := self._waiting.get()) is not None:
            try:
                self._add(record)
            except (StoreError, JobError) as error:
                self._warn(str(error))
            else:
                self._trouble = False

    def _add(self, record: JobRecord) -> None:
        """Write a job; one that is there already was told by whoever handles it, or has a name that is taken."""
        try:
            self._tracker.add(record)
        except JobError:
            if record.status in {"failed", "completed"}:
                self._tracker.add(replace(record, id=f"{record.id}-{secrets.token_hex(3)}"))

    def _tell(self, message: Message, change: Callable[[JobTracker, str], object]) -> None:
        try:
            if self._store.get(f"job:{message.told_as}") is None:
                with suppress(JobError):  # it was told meanwhile
                    self._tracker.add(_of(message))
            change(self._tracker, message.told_as)
        except (StoreError, JobError) as error:
            self._warn(str(error))

    def _warn(self, trouble: str) -> None:
        if not self._trouble:  # a store that stays away is told once
            _logger.warning("receiver.jobs_not_told", trouble=trouble)
        self._trouble = True


def _of(message: Message) -> JobRecord:
    """Return the job of a message that is replayed, or of which none was told before its receiver ended."""
    details = {**message.facts, "request_id": message.job_id, "replay_key": message.replay_key}
    course = Course(message.door, message.told_as, message.received_at, [message.received_at] * 2, details)
    return course.record(message.received_at)


def _ended(record: JobRecord, status: Any, message: str, details: dict[str, Any]) -> JobRecord:
    return replace(record, status=status, message=message, ended_at=record.updated_at, details=details)
