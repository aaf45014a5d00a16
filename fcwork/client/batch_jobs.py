"""Where batches go: a job of the caller's, jobs of one run, or the jobs of a day that many workers share."""

from __future__ import annotations

import os
import threading
import uuid
from datetime import date
from typing import Any, Protocol, get_args

from fcwork import log
from fcwork.client.jobs import Jobs, Preprocessing
from fcwork.clock import Clock
from fcwork.errors import (
    ApiError,
    AuthError,
    BadRequestError,
    ConfigError,
    ConnectionFailedError,
    FcworkError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    StoreError,
)
from fcwork.settings import store_place
from fcwork.store import Lease, Store, open_store

_DAY_SECONDS = 86_400.0
_LEASE_SECONDS = 60.0  # longer than opening a job takes; one whose holder died is taken over after it
_WAIT_SECONDS = 150.0  # for another worker to open the job: two leases and a little
_POLL_SECONDS = 0.1

_logger = log.get("client")

Held = list[tuple[str, int]]
"""Jobs that take batches, in the order in which they were opened, and the batches counted in each."""


class JobSource(Protocol):
    """Where a batch route has its jobs from. Safe to share between threads."""

    def take(self, *, closed: str | None = None) -> str:
        """Return a job for one more batch, its place counted; ``closed`` is one that the platform took none for."""
        ...

    def give_back(self, job_id: str) -> None:
        """Say that the batch did not come into the job: its place there is free again."""
        ...


class GivenJob:
    """A job that the caller named; it is never replaced.

    Args:
        job_id: its id.
    """

    def __init__(self, job_id: str) -> None:
        self._id = job_id

    def take(self, *, closed: str | None = None) -> str:
        """Return the caller's job, or refuse where it takes no batches."""
        if closed is not None:
            raise NotFoundError(
                f"job {closed} takes no batches: it is closed or unknown",
                hint='jobs close at midnight UTC: create another, or let the route open its own with job="per-run"',
            )
        return self._id

    def give_back(self, job_id: str) -> None:
        """Count nothing: how much goes into the caller's job is the caller's."""


class Opening:
    """Opens jobs of one kind.

    Args:
        jobs: what opens them.
        name: what to call them.
        preprocessing, retailer_id: as in ``FluentClient.create_job``.
    """

    def __init__(self, jobs: Jobs, *, name: str, preprocessing: Preprocessing, retailer_id: str | None) -> None:
        self._jobs, self._name = jobs, name
        self._given: dict[str, Any] = {"preprocessing": preprocessing, "retailer_id": jobs.retailer(retailer_id)}
        self.kind = (*map(str, self._given.values()), name)

    def new(self) -> str:
        """Open a job and return its id.

        Raises:
            ConfigError: the platform refuses to open one; no row is at fault.
            RetryableError: it could not be opened now.
        """
        try:  # an empty job has no effect, so a second one does no harm
            return self._jobs.create(self._name, **self._given, repeat_safe=True).id
        except (OutcomeUnknownError, RejectedError) as error:
            failure = _job_failure(error)
        raise failure


class RunJobs:
    """Jobs of one route: opened when first needed, replaced when a new UTC day or the platform has closed them.

    Args:
        opening: what opens them.
        clock: tells the day.
        most: batches in one job.
    """

    def __init__(self, opening: Opening, *, clock: Clock, most: int | None) -> None:
        self._opening, self._clock, self._most = opening, clock, most
        self._lock = threading.Lock()
        self._day: date | None = None
        self._held: Held = []

    def take(self, *, closed: str | None = None) -> str:
        """Return a job for one more batch. Raises as ``Opening.new``."""
        with self._lock:
            today = self._clock.now().date()
            kept = _without(self._held, closed) if self._day == today else []
            job_id = _with_room(kept, self._most)
            if job_id is None:
                job_id = self._opening.new()
                kept = [*kept, (job_id, 0)]
            self._day, self._held = today, _counted(kept, job_id, 1)
            return job_id

    def give_back(self, job_id: str) -> None:
        """Free a place in a job."""
        with self._lock:
            self._held = _counted(self._held, job_id, -1)


class DailyJobs:
    """The jobs of a UTC day, shared by all workers that use one store.

    Looking, opening and noting the job is the work of one worker at a time, who holds a lease for it; the others wait
    and then find the job. The lease of a worker that died is taken over when it runs out, and its late note is refused.

    Args:
        opening: what opens them.
        clock: tells the day, and waits.
        store: where they are kept, with the batches that all workers put into each where ``most`` limits them.
        target: whose platform.
        most: batches in one job.

    Raises:
        StoreError: the store cannot be used.
    """

    def __init__(self, opening: Opening, *, clock: Clock, store: Store, target: str, most: int | None) -> None:
        self._opening, self._clock, self._store, self._most = opening, clock, store, most
        self._key = ":".join(("daily-jobs", target, *opening.kind))
        self._owner = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._lock = threading.Lock()
        self._current: tuple[str, date] | None = None
        store.get(self._key)  # one that cannot be used is told now, not when rows are under way

    def take(self, *, closed: str | None = None) -> str:
        """Return a job for one more batch.

        Raises:
            ConfigError: the platform refuses to open one; no row is at fault.
            RetryableError: it could not be opened or looked up now.
        """
        with self._lock:
            today = self._clock.now().date()
            current, day = self._current or (None, None)
            if self._most is not None or day != today or current in {None, closed}:
                current = self._shared(f"{self._key}:{today}", closed)
                self._current = current, today
            return str(current)

    def give_back(self, job_id: str) -> None:
        """Free a place in a job; one that cannot be freed stays empty."""
        if self._most is None:
            return
        key = f"{self._key}:{self._clock.now().date()}"
        try:
            held = self._held(key)
            while _without(held, job_id) != held and not self._note(key, held, _counted(held, job_id, -1)):
                held = self._held(key)
        except StoreError as error:
            _logger.info("job.place_kept", job=job_id, error=error.message)

    def _shared(self, key: str, closed: str | None) -> str:
        try:
            return self._found_or_opened(key, closed)
        except StoreError as error:
            told = f"the day's job could not be looked up: {error.message}"
        raise ConnectionFailedError(told, hint="no row was sent: see to the store, and try again")

    def _found_or_opened(self, key: str, closed: str | None) -> str:
        deadline = self._clock.monotonic() + _WAIT_SECONDS
        while True:
            job_id = self._found(key, closed)
            lease = None if job_id else self._store.acquire(f"{key}:opening", self._owner, ttl=_LEASE_SECONDS)
            job_id = self._opened(key, closed, lease) if lease else job_id
            if job_id:
                return job_id
            if self._clock.monotonic() >= deadline:
                raise ConnectionFailedError(
                    f"another worker has been opening the day's job for {_WAIT_SECONDS:.0f} s",
                    hint="no row was sent: try again later",
                )
            self._clock.sleep(_POLL_SECONDS)

    def _found(self, key: str, closed: str | None) -> str | None:
        """Return a job that others use today and that has room, its place counted."""
        while True:
            held = self._held(key)
            job_id = _with_room(_without(held, closed), self._most)
            if job_id is None or self._most is None:
                return job_id
            if self._note(key, held, _counted(_without(held, closed), job_id, 1)):
                return job_id

    def _opened(self, key: str, closed: str | None, lease: Lease) -> str | None:
        """Open a job and note it for all, unless somebody has; None where the lease was lost meanwhile."""
        try:
            job_id = self._found(key, closed)
            if job_id:
                return job_id
            job_id = self._opening.new()
            while not self._note(key, held := self._held(key), [*_without(held, closed), (job_id, 1)], lease):
                pass
        except StoreError:
            if self._store.check(lease):
                raise
            _logger.info("job.lease_lost", job=job_id)
            return None
        finally:
            self._store.release(lease)
        return job_id

    def _held(self, key: str) -> Held:
        return [(str(job_id), int(batches)) for job_id, batches in self._store.get(key) or ()]

    def _note(self, key: str, held: Held, noted: Held, fence: Lease | None = None) -> bool:
        """Keep what is now held, unless another was quicker, and say whether it is kept."""
        expected, new = (list(map(list, jobs)) or None for jobs in (held, noted))
        return self._store.compare_and_set(key, expected, new, expires=_DAY_SECONDS, fence=fence)


def source_of(
    jobs: Jobs,
    job_id: str | None,
    *,
    job: str,
    name: str,
    preprocessing: Preprocessing | None,
    retailer_id: str | None,
    batches_per_job: int | None,
    store: Store | None,
    clock: Clock,
    target: str,
) -> JobSource:
    """Return where a route has its jobs from; see ``FluentClient.batches``."""
    if job not in ("per-run", "daily"):  # a set would ask for its hash
        raise BadRequestError(f"job={job!r} is not known", hint="job is 'per-run' or 'daily', or give job_id")
    most = _most(batches_per_job, job_id)
    if job_id:
        return GivenJob(job_id)
    said = _said(preprocessing)
    opening = Opening(jobs, name=_named(name), preprocessing=said, retailer_id=retailer_id)
    if job == "per-run":
        return RunJobs(opening, clock=clock, most=most)
    return DailyJobs(opening, clock=clock, store=store or default_store(clock), target=target, most=most)


def default_store(clock: Clock) -> Store:
    """Return the store of the workspace, or that of the team where ``FCWORK_STORE`` names one."""
    return open_store(store_place(), clock=clock)


def _said(preprocessing: Preprocessing | None) -> Preprocessing:
    if preprocessing is None or preprocessing not in get_args(Preprocessing):
        raise ConfigError(
            f"preprocessing={preprocessing!r} does not say what the platform is to do with unchanged records",
            hint="'skip' has each record done and told of; 'enabled' lets the platform drop and merge, for snapshots",
        )
    return preprocessing


def _named(name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise ConfigError(f"name is {name!r}", hint="give the name of the jobs to open, or leave it out")
    return name


def _most(batches_per_job: Any, job_id: str | None) -> int | None:
    if batches_per_job is None:
        return None
    if not isinstance(batches_per_job, int) or isinstance(batches_per_job, bool) or batches_per_job < 1:
        raise ConfigError(f"batches_per_job is {batches_per_job!r}", hint="give a whole number of 1 or more, or None")
    if job_id:
        raise ConfigError(
            f"batches_per_job is {batches_per_job}, and job {job_id} is the caller's own",
            hint="a job that is given is not replaced when it is full: give one of the two",
        )
    return batches_per_job


def _without(held: Held, job_id: str | None) -> Held:
    return [job for job in held if job[0] != job_id]


def _with_room(held: Held, most: int | None) -> str | None:
    return next((job_id for job_id, batches in held if most is None or batches < most), None)


def _counted(held: Held, job_id: str, by: int) -> Held:
    return [(known, max(batches + by, 0) if known == job_id else batches) for known, batches in held]


def _job_failure(error: ApiError) -> FcworkError:
    """Return what a failed opening means for the rows: none of them was sent, and none is at fault."""
    if isinstance(error, AuthError):
        return error
    message = f"the job could not be opened: {error.message}"
    if isinstance(error, OutcomeUnknownError):
        return ConnectionFailedError(message, **{**error.facts(), "hint": "no row was sent: try again later"})
    return ConfigError(message, hint="check retailer_id, and that the user may create jobs")
