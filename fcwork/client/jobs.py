"""Jobs and their batches over REST (docs.fluentcommerce.com: job-api, batch-api).

A job is open until midnight UTC and then closed. A batch holds at most 5,000 records, is PENDING, RUNNING and then
COMPLETE, with or without errors: what became of a record stands in the batch's results, under its entity reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import polars as pl

from fcwork import frames, log
from fcwork.client import failures
from fcwork.client.calls import Answer, Call, encoded, path_of
from fcwork.client.http import Http
from fcwork.client.packing import pack_records, pack_rows
from fcwork.errors import ApiError, BadRequestError, ConfigError, OutcomeUnknownError
from fcwork.routes import Limits

Preprocessing = Literal["skip", "enabled"]

RESULTS = pl.Schema(
    {
        "job_id": pl.String(),
        "batch_id": pl.String(),
        "entity_id": pl.String(),
        "entity_ref": pl.String(),
        "response_code": pl.Int64(),  # 200 done, 404, 301 and 400 refused, 500 failed
        "message": pl.String(),
    }
)
COMPLETE = "COMPLETE"
CHANGES = ("DELTA", "CORRECTION")  # types whose quantity is a change, not a level (SDK 0.1.56: inventory types)
LIMITS = Limits()
PAGE = 5_000  # results asked for at once; that the platform gives so many is assumed, and fewer do no harm

_logger = log.get("client")


@dataclass(frozen=True)
class Job:
    """A job: a day's folder of batches.

    Attributes:
        id: given by the platform.
        name: its own.
        status: OPEN or CLOSED, where it was asked for.
        batches: id and status of each of its batches, where it was asked for.
    """

    id: str
    name: str = ""
    status: str = ""
    batches: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


_NO_RESULTS = pl.DataFrame(schema=RESULTS)


@dataclass(frozen=True)
class Batch:
    """A batch.

    Attributes:
        id, job_id: given by the platform.
        rows: the records that were sent with it, where it was sent just now.
        status: PENDING, RUNNING or COMPLETE, where it was asked for.
        total: how many results there are, where the platform tells.
        results: a frame of ``RESULTS``: the results of this page, one row a record.
    """

    id: str
    job_id: str
    rows: int = 0
    status: str = ""
    total: int | None = None
    results: pl.DataFrame = field(default_factory=lambda: _NO_RESULTS, repr=False)


@dataclass(frozen=True)
class BatchForm:
    """What a batch says of its records."""

    entity_type: str = "INVENTORY"
    action: str = "UPSERT"
    source: str | None = None
    event: str | None = None
    catalogue_ref: str | None = None

    @property
    def repeat_safe(self) -> bool:
        """Whether the same records may arrive twice: an upsert sets what is set already."""
        return self.action == "UPSERT"

    def body(self, entities: bytes) -> bytes:
        """Return a request body around a JSON array of records."""
        fields = {
            "action": self.action,
            "entityType": self.entity_type,
            "source": self.source,
            "event": self.event,
            "catalogueRef": self.catalogue_ref,
        }
        head = orjson.dumps({name: value for name, value in fields.items() if value is not None})
        return head[:-1] + b',"entities":' + entities + b"}"


class Jobs:
    """Job and batch calls.

    Args:
        http: what sends.
        retailer_id: whose jobs, unless a call says otherwise.
    """

    def __init__(self, http: Http, retailer_id: str | None) -> None:
        self._http = http
        self._retailer_id = retailer_id

    def create(
        self,
        name: str,
        *,
        retailer_id: str | None = None,
        preprocessing: Preprocessing | None = None,
        meta: Mapping[str, Any] | None = None,
        repeat_safe: bool = False,
    ) -> Job:
        """Open a job; ``repeat_safe`` where a second, empty one does no harm."""
        retailer = self.retailer(retailer_id)
        if preprocessing not in (None, "skip", "enabled"):  # a set would ask for its hash
            raise BadRequestError(f"preprocessing={preprocessing!r} is not known", hint="it is 'skip' or 'enabled'")
        given = {**(meta or {}), **({"preprocessing": preprocessing} if preprocessing else {})}
        document = {"name": name, "retailerId": retailer, **({"meta": given} if given else {})}
        call = Call("POST", "/api/v4.1/job", "repeatable" if repeat_safe else "once", body=encoded(document, "a job"))
        answer = self._http.send(call, judge=has_id)
        job = Job(answer.text("id"), name, answer.text("status"))
        _logger.info("job.created", job=job.id, name=name)
        return job

    def retailer(self, retailer_id: str | None) -> str:
        """Return whose job it is to be, or raise a ``ConfigError``."""
        retailer = retailer_id or self._retailer_id
        if not retailer:
            raise ConfigError(
                "a job belongs to a retailer, and none is set",
                hint="set retailer_id (FLUENT_RETAILER_ID)",
            )
        return retailer

    def status(self, job_id: str) -> Job:
        """Ask for a job."""
        answer = self._http.send(Call("GET", path_of("/api/v4.1/job/{job_id}", job_id=job_id)))
        found = answer.data.get("batch", answer.data.get("batches")) if isinstance(answer.data, Mapping) else None
        batches = tuple(batch for batch in found if isinstance(batch, Mapping)) if isinstance(found, list) else ()
        return Job(str(job_id), answer.text("name"), answer.text("status"), batches)

    def post(self, job_id: str, entities: Any, form: BatchForm) -> Batch:
        """Send one batch of records, a list of dicts or a frame."""
        if frames.kind_of(entities) == "records":  # as they are: a column of a frame would give them one type
            packed, rows = pack_records(entities), len(entities)
            changes = any(str(entity.get("type")).upper() in CHANGES for entity in entities)
        else:
            entered = frames.enter(entities)
            packed, rows = pack_rows(entered), entered.height
            changes = hold_changes(entered)
        call = batch_call(job_id, form.body(packed), rows, repeat_safe=form.repeat_safe and not changes)
        return posted(self._http.send(call, judge=has_id), job_id, rows)

    def batch(self, job_id: str, batch_id: str, *, start: int = 0, count: int = PAGE) -> Batch:
        """Ask for a batch and a page of its results."""
        path = path_of("/api/v4.1/job/{job_id}/batch/{batch_id}", job_id=job_id, batch_id=batch_id)
        answer = self._http.send(Call("GET", path, query={"start": str(start), "count": str(count)}))
        data = answer.data if isinstance(answer.data, Mapping) else {}
        total = data.get("total")
        return Batch(
            str(batch_id),
            str(job_id),
            status=answer.text("status"),
            total=total if isinstance(total, int) else None,
            results=_results(job_id, batch_id, data.get("entities") or data.get("results")),
        )

    def results(self, first: Batch) -> pl.DataFrame:
        """Return all results of a complete batch, whose first page is ``first``."""
        pages = [first.results]
        expected = LIMITS.max_rows if first.total is None else first.total
        while pages[-1].height and (known := sum(page.height for page in pages)) < expected:
            page = self.batch(first.job_id, first.id, start=known).results
            if page.equals(pages[-1]):  # the same again: there is nothing beyond it
                break
            pages.append(page)
        return pl.concat(pages)


def hold_changes(rows: pl.DataFrame) -> bool:
    """Say whether some of the rows are changes of stock, not levels: such count twice when they arrive twice."""
    is_told = rows.schema.get("type") == pl.String
    return is_told and bool(rows["type"].str.to_uppercase().is_in(CHANGES).any())


def batch_call(job_id: str, body: bytes, rows: int, *, repeat_safe: bool) -> Call:
    """Return the call that posts a batch. Raises as ``check_limits``."""
    check_limits(body, rows)
    path = path_of("/api/v4.1/job/{job_id}/batch", job_id=job_id)
    return Call("POST", path, "repeatable" if repeat_safe else "once", body=body)


def check_limits(body: bytes, rows: int) -> None:
    """Refuse what no batch may hold.

    Raises:
        BadRequestError: no records, more than 5,000, or more than 2 MB; nothing is sent.
    """
    if not 1 <= rows <= LIMITS.max_rows:
        raise BadRequestError(
            f"a batch holds 1 to {LIMITS.max_rows:,} records, and this one {rows:,}",
            hint="send several batches: recovery.send cuts rows to size",
        )
    if len(body) > LIMITS.max_bytes:
        raise BadRequestError(
            f"a request holds at most {LIMITS.max_bytes:,} bytes, and this batch has {len(body):,}",
            hint="put fewer records into a batch: recovery.send cuts rows to size",
        )


def posted(answer: Answer, job_id: str, rows: int) -> Batch:
    """Return the batch that the platform took."""
    batch = Batch(answer.text("id"), str(job_id), rows)
    _logger.debug("batch.posted", job=batch.job_id, batch=batch.id, rows=rows)
    return batch


def has_id(call: Call, answer: Answer) -> ApiError | None:
    """Return the error that an answer is which names nothing: what was made cannot be asked for."""
    if answer.text("id"):
        return None
    message = f"{call.method} {call.path} was answered without an id"
    return OutcomeUnknownError(message, hint=failures.LOOK, **answer.facts())


def _results(job_id: str, batch_id: str, told: Any) -> pl.DataFrame:
    entities = [entity for entity in (told if isinstance(told, list) else ()) if isinstance(entity, Mapping)]
    columns = {
        "entity_id": [_text(entity.get("entityId")) for entity in entities],
        "entity_ref": [_text(entity.get("entityRef")) for entity in entities],
        "response_code": [_text(entity.get("responseCode")) for entity in entities],
        "message": [_text(entity.get("message")) for entity in entities],
    }
    whose = {"job_id": [str(job_id)] * len(entities), "batch_id": [str(batch_id)] * len(entities)}
    texts = pl.DataFrame({**whose, **columns}, schema=dict.fromkeys(RESULTS, pl.String()))
    return texts.cast({"response_code": pl.Int64}, strict=False)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
