"""The batch route: a send's rows as records of batches, in jobs that it keeps open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from fcwork import frames
from fcwork.client.batch_jobs import JobSource
from fcwork.client.batch_looks import Look, Place
from fcwork.client.calls import Answer
from fcwork.client.http import Http
from fcwork.client.jobs import LIMITS, BatchForm, Jobs, batch_call, check_limits, has_id, hold_changes, posted
from fcwork.client.packing import pack_rows
from fcwork.client.read_back import READ_BACK, ReadBack
from fcwork.errors import ApiError, BadRequestError, NotFoundError, OutcomeUnknownError
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt

_OUTCOMES = {200: "delivered", 404: "rejected", 301: "rejected", 400: "rejected", 500: "retryable"}
_BUILT_REF = ("skuRef", "locationRef", "type")  # how the platform builds a reference that is not given: assumed
_CLOSED = re.compile(r": .*\bjob\b.{0,40}\b(closed|expired)\b", re.IGNORECASE | re.DOTALL)
OPEN = "OPEN"  # what a job says of itself that takes batches
_REPLACEMENTS = 2  # of one post: the job that others share may be closed too, and no job is closed when it is opened


class BatchRoute:
    """Rows as records of batches; see ``FluentClient.batches``.

    Args:
        http, jobs: what sends.
        read_back: what looks at inventory on the platform.
        target: whose platform.
        form: what a batch says of its records.
        job: where batches go.
        merges: as the attribute.

    Attributes:
        merges: whether the platform may drop unchanged records and merge batches, so that it does not tell of each.
    """

    name = "batch"
    limits: Limits = LIMITS
    verifiable = True

    def __init__(
        self, http: Http, jobs: Jobs, read_back: ReadBack, *, target: str, form: BatchForm, job: JobSource, merges: bool
    ) -> None:
        self._http = http
        self._jobs = jobs
        self._read_back = read_back
        self._form = form
        self._job = job
        self._used: dict[str, None] = {}
        self._failed: frozenset[Place] = frozenset()
        self.target = target
        self.repeat_safe = form.repeat_safe
        self.merges = merges

    def __repr__(self) -> str:
        return f"BatchRoute({self._form.entity_type} {self._form.action} to {self.target})"

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs that hold, or may hold, batches of this route, in the order of their first use.

        A route that only asks for batches of an earlier process names their jobs.
        """
        return tuple(self._used)

    def look_over(self, rows: pl.DataFrame) -> None:
        """Repeat nothing from here on where some of the rows are changes, not levels: twice would count twice."""
        self.repeat_safe = self.repeat_safe and not hold_changes(rows)

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
        check_limits(body, rows)
        job_id = self._job.take()
        outcome = self._post(job_id, body, rows)
        for _ in range(_REPLACEMENTS):
            if self._is_closed(outcome, job_id):
                job_id = self._job.take(closed=job_id)
                outcome = self._post(job_id, body, rows)
        if isinstance(outcome, ApiError):
            raise self._refusal(outcome, job_id)
        batch = posted(outcome, job_id, rows)
        return Receipt(f"{job_id}/{batch.id}", rows, {"job_id": job_id, "batch_id": batch.id})

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Look once at all batches: COMPLETE ones tell of every record, the others are open.

        Several batches of a job are asked for together. A batch that cannot be looked at is open as long as the look
        found anything of another.

        Raises:
            ApiError: nothing could be looked at.
        """
        places = {(receipt.details["job_id"], receipt.details["batch_id"]): receipt.id for receipt in receipts}
        look = Look(self._jobs)
        for job_id, batch_ids in self._by_job(places).items():
            self._used.setdefault(job_id)
            look.at(job_id, batch_ids)
        self._failed = frozenset(look.failures)
        look.raise_if_nothing()
        told = [_outcomes(places[place], results) for place, results in look.results.items()]
        still_open = tuple(receipt for place, receipt in places.items() if place not in look.results)
        return Findings(pl.concat([pl.DataFrame(schema=OUTCOME_SCHEMA), *told]), still_open)

    def read_back(self, rows: pl.DataFrame, refs: pl.Series, since: datetime) -> pl.DataFrame:
        """Look once at what the platform holds, for rows of which nothing was told; see ``fcwork.routes.ReadsBack``.

        Only inventory is looked for, by the reference and then at the position. ``delivered`` is a row whose quantity,
        type and status the platform holds, and the condition, storage area and date that it names; its other fields
        are not compared, as preprocessing does not compare them either.
        A DELTA or CORRECTION is a change and not a level, so what is held cannot prove it: it stays ``unknown``.

        Raises:
            ApiError: nothing could be looked at.
        """
        if self._form.entity_type != "INVENTORY":
            return pl.DataFrame(schema=READ_BACK)
        return self._read_back.look(rows, refs, since)

    def _by_job(self, places: Sequence[Place] | dict[Place, str]) -> dict[str, list[str]]:
        """Return the batches of each job, those last that the look before failed at: they must not hide the others."""
        by_job: dict[str, list[str]] = {}
        for job_id, batch_id in sorted(places, key=self._failed.__contains__):
            by_job.setdefault(job_id, []).append(batch_id)
        return by_job

    def _post(self, job_id: str, body: bytes, rows: int) -> Answer | ApiError:
        """Post to a job; its place is free again where nothing was done."""
        outcome = self._http.attempt(batch_call(job_id, body, rows, repeat_safe=self.repeat_safe), judge=has_id)
        if isinstance(outcome, ApiError) and not isinstance(outcome, OutcomeUnknownError):
            self._job.give_back(job_id)
        else:
            self._used.setdefault(job_id)
        return outcome

    def _is_closed(self, outcome: Answer | ApiError, job_id: str) -> bool:
        """Say whether a job takes no batches; words that may quote a record are held against what the job says."""
        if isinstance(outcome, BadRequestError) and _CLOSED.search(outcome.message):
            try:
                return self._jobs.status(job_id).status != OPEN
            except ApiError:
                return True
        return isinstance(outcome, NotFoundError)

    def _refusal(self, error: ApiError, job_id: str) -> ApiError:
        """Return the error for a refused batch: that its job is closed, once more, is no row's fault."""
        if isinstance(error, NotFoundError) or not self._is_closed(error, job_id):
            return error
        hint = "the jobs that it opens are closed at once: check this machine's clock and the account"
        return NotFoundError(f"job {job_id} takes no batches: {error.message}", **{**error.facts(), "hint": hint})


def _outcomes(receipt: str, results: pl.DataFrame) -> pl.DataFrame:
    code = pl.col("response_code")
    return results.select(
        receipt=pl.lit(receipt),
        ref=pl.col("entity_ref"),
        outcome=code.replace_strict(_OUTCOMES, default="unknown", return_dtype=pl.String).fill_null("unknown"),
        code=code.cast(pl.String),
        message=pl.col("message"),
    )
