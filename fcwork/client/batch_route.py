"""The batch route: a send's rows as records of batches, in a job that it keeps open."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

import polars as pl

from fcwork import frames
from fcwork.client.calls import Answer
from fcwork.client.http import Http
from fcwork.client.jobs import COMPLETE, LIMITS, BatchForm, Jobs, Preprocessing, batch_call, has_id, posted
from fcwork.client.packing import pack_rows
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
)
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt
from fcwork.settings import store_place
from fcwork.store import Store, open_store

_DAY_SECONDS = 86_400.0
_OUTCOMES = {200: "delivered", 404: "rejected", 301: "rejected", 400: "rejected", 500: "retryable"}
_BUILT_REF = ("skuRef", "locationRef", "type")  # how the platform builds a reference that is not given: assumed
_CLOSED = re.compile(r": .*\bjob\b.{0,40}\b(closed|expired)\b", re.IGNORECASE | re.DOTALL)


class JobSource(Protocol):
    """Where a batch route has its job from."""

    def id(self, *, closed: str | None = None) -> str:
        """Return the job to post to; ``closed`` is one that the platform did not take a batch for."""
        ...


class GivenJob:
    """A job that the caller named; it is never replaced.

    Args:
        job_id: its id.
    """

    def __init__(self, job_id: str) -> None:
        self._id = job_id

    def id(self, *, closed: str | None = None) -> str:
        """Return the caller's job, or refuse where it takes no batches."""
        if closed is not None:
            raise NotFoundError(
                f"job {closed} takes no batches: it is closed or unknown",
                hint='jobs close at midnight UTC: create another, or let the route open its own with job="per-run"',
            )
        return self._id


class OwnJob:
    """A job that is opened when it is first needed, and replaced when a new UTC day or the platform has closed it.

    Safe to share between threads. With a store, all processes that use it share the job of a day.

    Args:
        jobs: what opens it.
        name: what to call it.
        preprocessing, retailer_id: as in ``FluentClient.create_job``.
        clock: tells the day.
        store: where the day's job is kept for others.
        target: whose platform, for the store.
    """

    def __init__(
        self,
        jobs: Jobs,
        *,
        name: str,
        preprocessing: Preprocessing | None,
        retailer_id: str | None,
        clock: Clock,
        store: Store | None = None,
        target: str = "",
    ) -> None:
        self._jobs = jobs
        self._given: dict[str, Any] = {"preprocessing": preprocessing, "retailer_id": jobs.retailer(retailer_id)}
        self._name = name
        self._clock = clock
        self._store = store
        self._key = ":".join(("daily-job", target, *map(str, self._given.values()), name))
        self._lock = threading.Lock()
        self._open: tuple[str, date] | None = None
        if store is not None:
            store.get(self._key)  # one that cannot be used is told now, not when rows are under way

    def id(self, *, closed: str | None = None) -> str:
        """Return an open job.

        Raises:
            ConfigError: the platform refuses to open one; no row is at fault.
            RetryableError: it could not be opened now.
        """
        with self._lock:
            today = self._clock.now().date()
            if self._open is None or self._open[0] == closed or self._open[1] != today:
                self._open = self._shared(f"{self._key}:{today}", closed), today
            return self._open[0]

    def _shared(self, key: str, closed: str | None) -> str:
        """Return the job that others use today, or open one for all; of two opened at once, one stays empty."""
        if self._store is None:
            return self._new()
        known = self._store.get(key)
        if known and known != closed:
            return str(known)
        opened = self._new()
        taken = self._store.compare_and_set(key, known, opened, expires=_DAY_SECONDS)
        return opened if taken else str(self._store.get(key) or opened)

    def _new(self) -> str:
        try:  # an empty job has no effect, so a second one does no harm
            return self._jobs.create(self._name, **self._given, repeat_safe=True).id
        except (OutcomeUnknownError, RejectedError) as error:
            failure = _job_failure(error)
        raise failure


def default_store(clock: Clock) -> Store:
    """Return the store of the workspace, or that of the team where ``FCWORK_STORE`` names one."""
    return open_store(store_place(), clock=clock)


class BatchRoute:
    """Rows as records of batches; see ``FluentClient.batches``.

    Args:
        http, jobs: what sends.
        target: whose platform.
        form: what a batch says of its records.
        job: where batches go.
    """

    name = "batch"
    limits: Limits = LIMITS
    verifiable = True

    def __init__(self, http: Http, jobs: Jobs, *, target: str, form: BatchForm, job: JobSource) -> None:
        self._http = http
        self._jobs = jobs
        self._form = form
        self._job = job
        self.target = target
        self.repeat_safe = form.repeat_safe

    def __repr__(self) -> str:
        return f"BatchRoute({self._form.entity_type} {self._form.action} to {self.target})"

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return each row's ``ref``, else the one that the platform builds: ``skuRef:locationRef:type`` (assumed)."""
        parts = [name for name in _BUILT_REF if name in rows.columns]
        built = [frames.key_text(parts)] if {"skuRef", "locationRef"} <= set(parts) else []
        given = [pl.col("ref").cast(pl.String)] if "ref" in rows.columns else []
        if not given and not built:
            raise BadRequestError(
                "the rows have no reference by which the platform tells what became of them",
                hint="give them a ref, or skuRef, locationRef and type",
            )
        return rows.select(pl.coalesce([*given, *built]).alias("ref")).to_series()

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the body of a batch with these rows."""
        return self._form.body(pack_rows(rows))

    def post(self, body: bytes, rows: int) -> Receipt:
        """Post a batch once; a job that is closed is replaced first, as nothing was done for it."""
        job_id = self._job.id()
        outcome = self._post(job_id, body, rows)
        if isinstance(outcome, ApiError) and _is_closed(outcome):
            job_id = self._job.id(closed=job_id)
            outcome = self._post(job_id, body, rows)
        if isinstance(outcome, ApiError):
            raise outcome
        batch = posted(outcome, job_id, rows)
        return Receipt(f"{job_id}/{batch.id}", rows, {"job_id": job_id, "batch_id": batch.id})

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Ask once for each batch: COMPLETE ones tell of every record, the others are open."""
        told, still_open = [pl.DataFrame(schema=OUTCOME_SCHEMA)], []
        for receipt in receipts:
            batch = self._jobs.batch(receipt.details["job_id"], receipt.details["batch_id"])
            if batch.status == COMPLETE:
                told.append(_outcomes(receipt.id, self._jobs.results(batch)))
            else:
                still_open.append(receipt.id)
        return Findings(pl.concat(told), tuple(still_open))

    def _post(self, job_id: str, body: bytes, rows: int) -> Answer | ApiError:
        return self._http.attempt(batch_call(job_id, body, rows, repeat_safe=self.repeat_safe), judge=has_id)


def _is_closed(error: ApiError) -> bool:
    told = isinstance(error, BadRequestError) and _CLOSED.search(error.message)
    return bool(told) or isinstance(error, NotFoundError)


def _job_failure(error: ApiError) -> FcworkError:
    """Return what a failed opening means for the rows: none of them was sent, and none is at fault."""
    if isinstance(error, AuthError):
        return error
    message = f"the job could not be opened: {error.message}"
    if isinstance(error, OutcomeUnknownError):
        return ConnectionFailedError(message, **{**error.facts(), "hint": "no row was sent: try again later"})
    return ConfigError(message, hint="check retailer_id, and that the user may create jobs")


def _outcomes(receipt: str, results: pl.DataFrame) -> pl.DataFrame:
    code = pl.col("response_code")
    return results.select(
        receipt=pl.lit(receipt),
        ref=pl.col("entity_ref"),
        outcome=code.replace_strict(_OUTCOMES, default="unknown", return_dtype=pl.String).fill_null("unknown"),
        code=code.cast(pl.String),
        message=pl.col("message"),
    )
