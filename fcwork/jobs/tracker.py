"""The tracker: every change is one compare-and-set, so several processes may write of one job without losing a word."""

from __future__ import annotations

import json
import re
import secrets
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from fcwork import log, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import JobError
from fcwork.jobs.job import Job
from fcwork.jobs.record import (
    JOBS,
    MOVES,
    JobRecord,
    Status,
    begin_stage,
    end_stage,
    from_json,
    next_statuses,
    to_json,
)
from fcwork.redact import mask, mask_values
from fcwork.store import Store, open_store

WEEK_SECONDS = 604_800
_PREFIX = "job:"
_ID_LENGTH = 200
_TRIES = 100  # of one change, while other processes write of the same job
_logger = log.get("jobs")


class JobTracker:
    """Keeps the records of jobs.

    Args:
        store: where to; that of ``FCWORK_STORE``, else ``state.sqlite`` of fcwork's run-time folder, unless given.
        ttl_seconds: how long a record outlives its last change; None keeps it for good.
        clock: the time.
        on_change: called with the ``JobRecord`` after each change made by this tracker, such as for a live display.
    """

    def __init__(
        self,
        store: Store | None = None,
        ttl_seconds: float | None = WEEK_SECONDS,
        *,
        clock: Clock = SYSTEM,
        on_change: Callable[[JobRecord], object] | None = None,
    ) -> None:
        if ttl_seconds is not None and not ttl_seconds > 0:
            raise JobError(f"ttl_seconds={ttl_seconds!r} is no time", hint="give seconds above zero, or None for good")
        self._store = open_store(settings.store_place(), clock=clock) if store is None else store
        self._ttl = ttl_seconds
        self._clock = clock
        self._on_change = on_change

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
        now = self._clock.now()
        known = _checked_id(job_id) if job_id is not None else _new_id(name, now)
        record = JobRecord(known, mask(name), now, now, triggered_by=triggered_by, details=_plain(known, details))
        if not self._store.compare_and_set(_PREFIX + known, None, to_json(record), expires=self._ttl):
            raise JobError(f"there is a job {known!r} already", hint="give another id, or none", job_id=known)
        return self._announced(record)

    def update(
        self,
        job_id: str,
        *,
        status: Status | None = None,
        stage: str | None = None,
        message: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> JobRecord:
        """Change a job: what is None stays, details are merged, a new stage ends the one before it.

        Raises:
            JobError: there is no such job, it has ended, or it cannot go from its status to the new one.
        """
        added = _plain(job_id, details)

        def change(record: JobRecord) -> JobRecord:
            changed = self._moved(record, status or ("processing" if stage is not None else None))
            if stage is not None:
                changed = begin_stage(changed, mask(stage), mask(message or ""), self._clock.now())
            elif message is not None:
                changed = replace(changed, message=mask(message))
            return replace(changed, details={**changed.details, **added})

        return self._change(job_id, change)

    def complete(
        self,
        job_id: str,
        *,
        with_errors: bool = False,
        message: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> JobRecord:
        """End a job that went well, or well but for some rows (``with_errors``).

        Raises:
            JobError: there is no such job, or it is not processing.
        """
        status: Status = "completed_with_errors" if with_errors else "completed"
        return self.update(job_id, status=status, message=message, details=details)

    def fail(self, job_id: str, error: BaseException | str, *, details: Mapping[str, Any] | None = None) -> JobRecord:
        """End a job that failed, with the error and, of an exception, its traceback; known secrets are masked.

        Raises:
            JobError: there is no such job, or it has ended.
        """
        added = _plain(job_id, details)
        told, trace = _told(error)

        def change(record: JobRecord) -> JobRecord:
            failed = self._moved(record, "failed")
            return replace(failed, error=told, traceback=trace, details={**failed.details, **added})

        return self._change(job_id, change)

    def cancel(self, job_id: str, message: str = "") -> JobRecord:
        """End a job that was stopped.

        Raises:
            JobError: there is no such job, or it has ended.
        """
        return self.update(job_id, status="cancelled", message=message or None)

    def end_stage(self, job_id: str, number: int) -> JobRecord:
        """End the stage of that number (from 0) if it is the last one begun and still open.

        Raises:
            JobError: there is no such job.
        """

        def change(record: JobRecord) -> JobRecord:
            is_last = number == len(record.stages) - 1 and not record.ended
            return end_stage(record, self._clock.now()) if is_last else record

        return self._change(job_id, change)

    def get(self, job_id: str) -> JobRecord:
        """Return a job as it stands.

        Raises:
            JobError: there is no such job, or its record has expired.
        """
        found = self._store.get(f"{_PREFIX}{job_id}")
        if found is None:
            raise JobError(f"there is no job {job_id!r}", hint="history() lists those there are", job_id=job_id)
        return from_json(found)

    def history(self) -> pl.DataFrame:
        """Return all jobs in the columns of ``JOBS``, the newest first."""
        records = [from_json(value) for _, value in self._store.items(_PREFIX)]
        rows = [{name: getattr(record, name) for name in JOBS} for record in records]
        return pl.DataFrame(rows, schema=JOBS).sort("created_at", "id", descending=True)

    def _moved(self, record: JobRecord, status: Status | None) -> JobRecord:
        """Return the record in its new status, or in its own if None, with the times that go with it."""
        wanted = record.status if status is None else status
        if record.ended:
            raise JobError(
                f"job {record.id!r} has ended: {record.status}",
                hint="an ended job stays as it is: begin another",
                job_id=record.id,
            )
        if wanted != record.status and wanted not in MOVES[record.status]:
            raise JobError(
                f"job {record.id!r} is {record.status} and cannot become {wanted}",
                hint=f"it may become {next_statuses(record)}",
                job_id=record.id,
            )
        now = self._clock.now()
        started = record.started_at or (now if wanted == "processing" else None)
        moved = replace(record, status=wanted, started_at=started, updated_at=now)
        return replace(end_stage(moved, now), ended_at=now) if moved.ended else moved

    def _change(self, job_id: str, change: Callable[[JobRecord], JobRecord]) -> JobRecord:
        """Apply a change to what the store holds at that moment, again if another process was quicker."""
        for _ in range(_TRIES):
            record = self.get(job_id)
            changed = change(record)
            if changed == record:
                return record
            if self._store.compare_and_set(_PREFIX + job_id, to_json(record), to_json(changed), expires=self._ttl):
                return self._announced(changed)
        raise JobError(f"job {job_id!r} changes too fast to be written", hint="try again", job_id=job_id)

    def _announced(self, record: JobRecord) -> JobRecord:
        _logger.info("job.changed", job=record.id, name=record.name, status=record.status, stage=record.stage)
        if self._on_change is not None:
            self._on_change(record)
        return record


def _told(error: BaseException | str) -> tuple[str, str]:
    """Return an error's line and its traceback, known secrets masked."""
    if isinstance(error, str):
        return mask(error), ""
    said = traceback.TracebackException(type(error), error, error.__traceback__)  # it copes with a broken __str__
    return mask(f"{type(error).__name__}: {said}"), mask("".join(said.format()))


def _new_id(name: str, now: datetime) -> str:
    word = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:40] or "job"
    return f"{now:%Y%m%dT%H%M%SZ}-{word}-{secrets.token_hex(4)}"


def _checked_id(job_id: Any) -> str:
    if not isinstance(job_id, str):
        raise JobError(f"{job_id!r} is no id for a job", hint="an id is a text")
    if not job_id or len(job_id) > _ID_LENGTH or not job_id.isprintable():
        raise JobError(f"{job_id[:40]!r} is no id for a job", hint=f"give 1 to {_ID_LENGTH} printable characters")
    return job_id


def _plain(job_id: str, details: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return details as JSON has them, known secrets masked; what JSON has no form for becomes text."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(mask_values(dict(details or {})), default=str, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise JobError(f"the details of job {job_id!r} cannot be kept: {error}", job_id=job_id) from error
    return plain
