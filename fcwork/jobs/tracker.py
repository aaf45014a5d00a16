"""The tracker: every change is one compare-and-set, so several processes may write of one job without losing a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from fcwork import log, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import JobError, StoreError
from fcwork.jobs import facts, heartbeat, history, holding, record
from fcwork.jobs.holding import Holding
from fcwork.jobs.job import Job
from fcwork.jobs.record import MOVES, JobRecord, Status
from fcwork.store import Store, open_store
from fcwork.store.contract import LONGEST_SECONDS

WEEK_SECONDS = 604_800
_PREFIX = "job:"
_TRIES = 100  # of one change, while other processes write of the same job
_logger = log.get("jobs")


class JobTracker:
    """Keeps the records of jobs.

    Args:
        store: where to; that of ``FCWORK_STORE``, else ``state.sqlite`` of fcwork's run-time folder, unless given.
        ttl_seconds: how long a record outlives its last change and its last heartbeat; None keeps it for good.
        heartbeat_seconds: how often a job that was started by this tracker gives a sign of life; None for never.
        lost_after_seconds: how long without one until others see the job as lost; three times that unless given.
        clock: the time.
        on_change: called with the ``JobRecord`` after each change made by this tracker, such as for a live display.

    Raises:
        JobError: one of the times is none.
    """

    def __init__(
        self,
        store: Store | None = None,
        ttl_seconds: float | None = WEEK_SECONDS,
        *,
        heartbeat_seconds: float | None = heartbeat.HEARTBEAT_SECONDS,
        lost_after_seconds: float | None = None,
        clock: Clock = SYSTEM,
        on_change: Callable[[JobRecord], object] | None = None,
    ) -> None:
        if ttl_seconds is not None and not (heartbeat.is_number(ttl_seconds) and 0 < ttl_seconds <= LONGEST_SECONDS):
            hint = "give seconds, above zero and at most a hundred years, or None for good"
            raise JobError(f"ttl_seconds={ttl_seconds!r} is no time", hint=hint)
        self._lost_after = heartbeat.checked_seconds(heartbeat_seconds, lost_after_seconds)
        self._heartbeat = heartbeat_seconds
        self._store = open_store(settings.store_place(), clock=clock) if store is None else store
        self._ttl = ttl_seconds
        self._clock = clock
        self._on_change = on_change

    @property
    def heartbeat_seconds(self) -> float | None:
        """Seconds from one heartbeat to the next, three at least in the life of a record; None where none is kept."""
        return self._heartbeat if self._heartbeat is None or self._ttl is None else min(self._heartbeat, self._ttl / 3)

    def job(
        self,
        name: str,
        *,
        job_id: str | None = None,
        triggered_by: str = "manual",
        details: Mapping[str, Any] | None = None,
    ) -> Job:
        """Create a job and return a handle to it, which is a context too: left by an error, the job has failed.

        Raises:
            JobError: there is a job of that id, or the id or the details cannot be kept.
        """
        return Job(self, self.create(name, job_id=job_id, triggered_by=triggered_by, details=details))

    def open(self, job_id: str) -> Job:
        """Return a handle to a job that is there: one that waits for a worker, or a lost one that another goes on with.

        Raises:
            JobError: there is no such job.
        """
        return Job(self, self.get(job_id))

    def create(
        self,
        name: str,
        *,
        job_id: str | None = None,
        triggered_by: str = "manual",
        details: Mapping[str, Any] | None = None,
    ) -> JobRecord:
        """Write down a queued job; its id is made unless given.

        Raises:
            JobError: there is a job of that id, or the id or the details cannot be kept.
        """
        now, name = self._clock.now(), facts.text(name)
        known = facts.new_id(name, now) if job_id is None else facts.checked_id(job_id)
        added, trigger = facts.details(known, details), facts.text(triggered_by)
        made = JobRecord(known, name, now, now, triggered_by=trigger, details=added)
        if not self._store.compare_and_set(_PREFIX + known, None, record.to_json(made), expires=self._ttl):
            raise JobError(f"there is a job {known!r} already", hint="give another id, or none", job_id=known)
        return self._announced(made)

    def add(self, made: JobRecord) -> JobRecord:
        """Write down a job that had done things before it could be told, as it stands, its stages included.

        Raises:
            JobError: there is a job of that id, or the id or the details cannot be kept.
        """
        known, added = facts.checked_id(made.id), facts.details(made.id, made.details)
        said = {"name": facts.text(made.name), "message": facts.text(made.message), "error": facts.text(made.error)}
        kept: JobRecord = replace(made, details=added, **said)  # type: ignore[arg-type]  # all three are texts
        if not self._store.compare_and_set(_PREFIX + known, None, record.to_json(kept), expires=self._ttl):
            raise JobError(f"there is a job {known!r} already", hint="give another id", job_id=known)
        return self._announced(kept)

    def start(self, job_id: str, *, by: Holding | None = None) -> JobRecord:
        """Put a job under way with a heartbeat: from now on it is lost when ``beat`` is not called in time.

        A handle that is used as a context does both by itself. A lost job is taken over by it: the handle that worked
        on it before is refused from now on.

        Args:
            job_id: which.
            by: what a handle shows of itself, here and below; None for code without a handle.

        Raises:
            JobTakenError: another worker works on it, and it is not lost.
            JobError: there is no such job, or it has ended.
        """
        token = by.token if by else holding.new_token()

        def change(found: JobRecord) -> JobRecord:
            moved = self._moved(found, "processing")
            holding.check_free(self._seen(found), token)
            return replace(moved, holder=token, held_at=moved.updated_at, lost_after_seconds=self._lost_after)

        started = self._change(job_id, change)
        if self._lost_after is not None:
            self.beat(job_id, by=by)
        return started

    def beat(self, job_id: str, *, by: Holding | None = None) -> bool:
        """Give a sign of life of a job, and say whether more are wanted: no more once it has ended or is not there.

        Raises:
            JobTakenError: another worker took the job over.
        """
        if not self._wants_signs(job_id, by):
            return False
        self._store.set(heartbeat.PREFIX + job_id, self._clock.now().isoformat(), expires=self._ttl)
        return self._wants_signs(job_id, by)  # one that ended meanwhile keeps no heartbeat

    def update(
        self,
        job_id: str,
        *,
        status: Status | None = None,
        stage: str | None = None,
        message: str | None = None,
        counts: Mapping[str, int] | None = None,
        details: Mapping[str, Any] | None = None,
        by: Holding | None = None,
    ) -> JobRecord:
        """Change a job: what is None stays, a new stage ends the one before it.

        Args:
            job_id: which.
            status: where it goes.
            stage, message: what it does now.
            counts: whole numbers by name, merged into those of the stage: the new one, else the last that was begun.
            details: facts of the job, merged into those that it has.
            by: as in ``start``.

        Raises:
            JobTakenError: another worker took the job over; so below.
            JobError: there is no such job, it has ended, it cannot go from its status to the new one, or what is said
                of it cannot be kept.
        """
        added, numbers = facts.details(job_id, details), facts.counts(job_id, counts)

        def change(found: JobRecord) -> JobRecord:
            changed = self._moved(found, status or ("processing" if stage is not None else None))
            if stage is not None:
                changed = record.begin_stage(changed, facts.text(stage), facts.text(message or ""), self._clock.now())
            elif message is not None:
                changed = replace(changed, message=facts.text(message))
            told = replace(record.count(changed, numbers), details={**changed.details, **added})
            begins = by and found.status == "queued" and told.status == "processing"
            return replace(told, holder=by.token, held_at=told.updated_at) if by and begins else told

        return self._change(job_id, change, by)

    def complete(
        self,
        job_id: str,
        *,
        with_errors: bool = False,
        message: str | None = None,
        details: Mapping[str, Any] | None = None,
        by: Holding | None = None,
    ) -> JobRecord:
        """End a job that went well, or well but for some rows (``with_errors``).

        Raises:
            JobError: there is no such job, or it is not processing.
        """
        status: Status = "completed_with_errors" if with_errors else "completed"
        return self.update(job_id, status=status, message=message, details=details, by=by)

    def fail(
        self,
        job_id: str,
        error: BaseException | str,
        *,
        details: Mapping[str, Any] | None = None,
        by: Holding | None = None,
    ) -> JobRecord:
        """End a job that failed, with the error and, of an exception, its traceback; known secrets are masked.

        Raises:
            JobError: there is no such job, or it has ended.
        """
        added = facts.details(job_id, details)
        told, trace = facts.error_texts(error)

        def change(found: JobRecord) -> JobRecord:
            failed = self._moved(found, "failed")
            return replace(failed, error=told, traceback=trace, details={**failed.details, **added})

        return self._change(job_id, change, by)

    def cancel(self, job_id: str, message: str = "", *, by: Holding | None = None) -> JobRecord:
        """End a job that was stopped.

        Raises:
            JobError: there is no such job, or it has ended.
        """
        return self.update(job_id, status="cancelled", message=message or None, by=by)

    def end_stage(self, job_id: str, number: int, *, by: Holding | None = None) -> JobRecord:
        """End the stage of that number (from 0) if it is the last one begun and still open.

        Raises:
            JobError: there is no such job.
        """

        def change(found: JobRecord) -> JobRecord:
            is_last = number == len(found.stages) - 1 and not found.ended
            return record.end_stage(found, self._clock.now()) if is_last else found

        return self._change(job_id, change, by)

    def get(self, job_id: str) -> JobRecord:
        """Return a job as it stands; one whose heartbeat has stopped is ``lost``.

        Raises:
            JobError: there is no such job, its record has expired, or it cannot be read.
        """
        holding.check_text(job_id)
        life = self._store.get(heartbeat.PREFIX + job_id)
        return heartbeat.seen(record.from_json(job_id, self._stored(job_id)), life, self._clock.now())

    def history(
        self,
        name: str | None = None,
        *,
        status: str | Iterable[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Return jobs in the columns of ``JOBS``, the newest first; a record that cannot be read is told in the log.

        Args:
            name: of the jobs, or a shell pattern such as ``load *``.
            status: one or several, ``lost`` among them.
            since, until: aware instants; jobs created from the one on, and before the other.
            limit: the most jobs.

        Raises:
            JobError: an unknown status, a name that is no text, an instant without its time zone, or a limit that is
                none.
        """
        wanted = history.Wanted(name, history.statuses(status), since, until, limit)
        return history.jobs_frame(wanted.among(self._all()))

    def stages(self, job_id: str) -> pl.DataFrame:
        """Return a job's stages in the columns of ``STAGES``, in their order.

        Raises:
            JobError: there is no such job.
        """
        return history.stages_frame(self.get(job_id))

    def _all(self) -> Iterator[JobRecord]:
        lives = dict(self._store.items(heartbeat.PREFIX))
        now = self._clock.now()
        for key, values in self._store.items(_PREFIX):
            job_id = key.removeprefix(_PREFIX)
            try:
                found = record.from_json(job_id, values)
            except JobError as error:
                _logger.warning("job.unreadable", job=job_id, trouble=error.message)
            else:
                yield heartbeat.seen(found, lives.get(heartbeat.PREFIX + job_id), now)

    def _moved(self, found: JobRecord, status: Status | None) -> JobRecord:
        """Return the record in its new status, or in its own if None, with the times that go with it."""
        wanted = found.status if status is None else status
        if found.ended:
            raise JobError(
                f"job {found.id!r} has ended: {found.status}",
                hint="an ended job stays as it is: begin another",
                job_id=found.id,
            )
        if wanted != found.status and wanted not in MOVES[found.status]:
            raise JobError(
                f"job {found.id!r} is {found.status} and cannot become {wanted}",
                hint=f"it may become {record.next_statuses(found)}",
                job_id=found.id,
            )
        now = self._clock.now()
        started = found.started_at or (now if wanted == "processing" else None)
        moved = replace(found, status=wanted, started_at=started, updated_at=now)
        return replace(record.end_stage(moved, now), ended_at=now) if moved.ended else moved

    def _seen(self, found: JobRecord) -> JobRecord:
        """Return a job as it is shown now; what changed since it was found is told by the compare-and-set."""
        return heartbeat.seen(found, self._store.get(heartbeat.PREFIX + found.id), self._clock.now())

    def _wants_signs(self, job_id: str, by: Holding | None) -> bool:
        """Say whether a job wants signs of life, and if so give its record a new term."""
        holding.check_text(job_id)
        key = f"{_PREFIX}{job_id}"
        stored = self._store.get(key)
        found = None if stored is None else record.from_json(job_id, stored)
        if by and found:
            by.check(found)
        if found is None or found.ended:
            self._store.delete(heartbeat.PREFIX + job_id)
            return False
        self._store.compare_and_set(key, stored, stored, expires=self._ttl)
        return True

    def _change(self, job_id: str, change: Callable[[JobRecord], JobRecord], by: Holding | None = None) -> JobRecord:
        """Apply a change to what the store holds at that moment, again if another process was quicker."""
        for _ in range(_TRIES):
            stored = self._stored(job_id)
            found = record.from_json(job_id, stored)
            if by:
                by.check(found)
            changed = change(found)
            if changed == found:
                return found
            new = {**stored, **record.to_json(changed)}  # what a newer fcwork wrote of it stays
            if self._store.compare_and_set(f"{_PREFIX}{job_id}", stored, new, expires=self._ttl):
                return self._announced(changed)
        raise JobError(f"job {job_id!r} changes too fast to be written", hint="try again", job_id=job_id)

    def _stored(self, job_id: str) -> Any:
        holding.check_text(job_id)
        found = self._store.get(f"{_PREFIX}{job_id}")
        if found is None:
            raise JobError(
                f"there is no job {job_id!r}", hint="history(), or `fcwork jobs`, lists those there are", job_id=job_id
            )
        return found

    def _announced(self, changed: JobRecord) -> JobRecord:
        _logger.info("job.changed", job=changed.id, name=changed.name, status=changed.status, stage=changed.stage)
        if changed.ended:
            self._forget_heartbeat(changed)
        if self._on_change is not None:
            self._on_change(changed)
        return changed

    def _forget_heartbeat(self, ended: JobRecord) -> None:
        """Take the heartbeat away, also of a job that another is about to start at this very moment."""
        try:
            self._store.delete(heartbeat.PREFIX + ended.id)
        except StoreError as error:  # the end itself is written
            _logger.warning("job.heartbeat_left", job=ended.id, trouble=str(error))
