"""Looks at open batches: all of a job by one question where the platform lists them, else one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import polars as pl

from fcwork import log
from fcwork.client.jobs import COMPLETE, RESULTS, Jobs
from fcwork.clock import Clock
from fcwork.errors import (
    ApiError,
    AuthError,
    ConnectionFailedError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
)

Place: TypeAlias = tuple[str, str]
"""A batch: the id of its job and its own."""

_FIRST_POLL_SECONDS, _POLL_FACTOR, _LAST_POLL_SECONDS = 2.0, 1.5, 30.0
_NAMED = 20  # ids in a message
_UNANSWERED = 3  # questions in a row to which no answer comes: the platform is asked no more in this look
_STUCK = (
    "wait for the same batches again before sending anything; one that stays PENDING is stuck: give its id and its "
    "job's to Fluent's support"  # docs.fluentcommerce.com: troubleshoot-pending-status-on-create-retailer-batch
)

_logger = log.get("client")


class Look:
    """One look at batches, as many as there are; what goes wrong with one leaves the others alone.

    Args:
        jobs: what asks.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._unanswered = 0
        self._over: ApiError | None = None
        self.results: dict[Place, pl.DataFrame] = {}
        """All results of each batch that is complete, a frame of ``RESULTS``."""
        self.open: dict[Place, str] = {}
        """The status of each batch that is not."""
        self.failures: dict[Place, ApiError] = {}
        """Why a batch could not be looked at."""
        self.skipped: list[Place] = []
        """Batches that were not asked for, as asking on made no sense."""

    def at(self, job_id: str, batch_ids: Sequence[str]) -> None:
        """Look at batches of one job: several are asked for together, and then only the complete ones each."""
        try:
            listed = self._listed(job_id) if len(batch_ids) > 1 and not self._over else {}
        except ApiError as error:
            self._fail([(job_id, batch_id) for batch_id in batch_ids], error)
            return
        for batch_id in batch_ids:
            status = listed.get(batch_id, COMPLETE)
            if status == COMPLETE:
                self._ask((job_id, batch_id))
            else:
                self.open[job_id, batch_id] = status

    def raise_if_nothing(self) -> None:
        """Raise what befell the batches where not one of them could be looked at: a refusal before a failure."""
        if self.failures and not self.results and not self.open:
            failures = list(self.failures.values())
            raise next((error for error in failures if isinstance(error, RejectedError)), failures[0])

    def _listed(self, job_id: str) -> Mapping[str, str]:
        """Return the status of each batch that the job names; it may name none, as JOB_VIEW is a right of its own."""
        try:
            batches = self._jobs.status(job_id).batches
        except RejectedError as error:
            _logger.debug("job.not_listed", job=job_id, error=error.message)
            return {}
        return {str(batch.get("id")): str(batch["status"]) for batch in batches if batch.get("status")}

    def _ask(self, place: Place) -> None:
        if self._over:
            self.skipped.append(place)
            return
        try:
            batch = self._jobs.batch(*place)
            told = self._jobs.results(batch) if batch.status == COMPLETE else None
        except ApiError as error:
            self._fail([place], error)
            return
        self._unanswered = 0
        if told is None:
            self.open[place] = batch.status
        else:
            self.results[place] = told

    def _fail(self, places: Iterable[Place], error: ApiError) -> None:
        """Note a failure, and end the look where asking on makes no sense."""
        self.failures.update(dict.fromkeys(places, error))
        _logger.info("batch.not_looked_at", failures=len(self.failures), error=error.message)
        silent = isinstance(error, ConnectionFailedError | RateLimitError | OutcomeUnknownError)
        self._unanswered = self._unanswered + 1 if silent else 0
        if isinstance(error, AuthError) or self._unanswered >= _UNANSWERED:
            self._over = error


def wait(jobs: Jobs, clock: Clock, job_id: str, batch_ids: Sequence[str], *, timeout: float) -> pl.DataFrame:
    """Wait until all batches are complete and return their results; see ``FluentClient.wait_for_batches``."""
    pause, deadline = _FIRST_POLL_SECONDS, clock.monotonic() + timeout
    wanted = [batch_ids] if isinstance(batch_ids, str) else list(dict.fromkeys(map(str, batch_ids)))
    found: dict[Place, pl.DataFrame] = {}
    while True:
        look = Look(jobs)
        look.at(job_id, [batch_id for batch_id in wanted if (job_id, batch_id) not in found])
        found |= look.results
        if len(found) == len(wanted):
            return pl.concat([pl.DataFrame(schema=RESULTS), *(found[job_id, batch_id] for batch_id in wanted)])
        for error in look.failures.values():
            if isinstance(error, RejectedError):  # such as an id that is none: waiting does not make it one
                raise error
        left = deadline - clock.monotonic()
        if left <= 0:
            raise _still_open(job_id, look, timeout)
        clock.sleep(min(pause, left))
        pause = min(pause * _POLL_FACTOR, _LAST_POLL_SECONDS)


def _still_open(job_id: str, look: Look, timeout: float) -> OutcomeUnknownError:
    told = [f"{batch_id} ({status or 'no status'})" for (_, batch_id), status in look.open.items()]
    told += [f"{batch_id} ({error.message})" for (_, batch_id), error in look.failures.items()]
    told += [f"{batch_id} (not asked for)" for _, batch_id in look.skipped]
    names = ", ".join(told[:_NAMED]) + (f" and {len(told) - _NAMED} more" if len(told) > _NAMED else "")
    return OutcomeUnknownError(
        f"{len(told)} batches of job {job_id} are not complete after {timeout:g} s: {names}", hint=_STUCK
    )
