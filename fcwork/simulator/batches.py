"""Jobs and inventory batches: accepted at once, settled after a while, told record by record."""

import itertools
import random
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fcwork.clock import Clock
from fcwork.simulator.arranged import Arranged
from fcwork.simulator.containers import Batch, Job, Outcome
from fcwork.simulator.entities import Dialect, all_refs, in_platform_fields, problem, refs_of
from fcwork.simulator.events import Events
from fcwork.simulator.exchange import (
    Call,
    RefusedError,
    Reply,
    instant_text,
    json_body,
    refuse_unknown,
    retailer_field,
    text_field,
    whole_number,
)
from fcwork.simulator.ledger import Ledger

if TYPE_CHECKING:
    from fcwork.simulator.world import World

MAX_RECORDS = 5_000  # docs.fluentcommerce.com: batch-api
USUAL_RESULTS = 100  # how many results a page holds unless asked otherwise: assumed
_JOB_FIELDS = ("name", "retailerId", "meta")
_BATCH_FIELDS = ("action", "entityType", "source", "event", "catalogueRef", "conditions", "entities")


class Jobs:
    """The job and batch routes, and what they keep.

    Args:
        world: what batches change.
        events: where a settled batch is told.
        faults: those about single records.
        ledger: where effects are noted.
        clock: what closes jobs.
        dialect: whose record fields are accepted.
        preprocessing: the account's setting ``fc.enable.batch.preprocessing``.
        settle_polls: how many looks at a batch find it unsettled.
        seed: of the order of shuffled results.
    """

    def __init__(
        self,
        world: "World",
        events: Events,
        *,
        faults: Arranged,
        ledger: Ledger,
        clock: Clock,
        dialect: Dialect,
        preprocessing: bool,
        settle_polls: int,
        seed: int,
    ) -> None:
        self._world = world
        self._events = events
        self._faults = faults
        self._ledger = ledger
        self._clock = clock
        self._dialect = dialect
        self._preprocessing = preprocessing
        self._settle_polls = settle_polls
        self._seed = seed
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._unsettled: dict[str, Batch] = {}
        self._batch_ids = itertools.count(1)
        ledger.follow(jobs=self._job_rows, batches=self._batch_rows)
        events.follow(self.look_at_all)

    def create_job(self, call: Call) -> Reply:
        """POST /api/v4.1/job: a container for batches.

        Source: docs.fluentcommerce.com: job-api, Send-Inventory-Batches (meta.preprocessing).

        Assumed:
            - the answer is the id alone, a text; meta may hold other keys
            - a retailer that the account does not have is refused with 400
        """
        document = json_body(call)
        refuse_unknown(document, _JOB_FIELDS, "field")
        meta = document.get("meta") or {}
        if not isinstance(meta, dict):
            raise RefusedError(400, "meta must be an object")
        name, retailer_id = text_field(document, "name"), retailer_field(document)
        with self._lock:
            job = Job(str(len(self._jobs) + 1), name, retailer_id, meta, self._clock.now())
            self._jobs[job.id] = job
        return Reply({"id": job.id})

    def show_job(self, call: Call, job_id: str) -> Reply:
        """GET /api/v4.1/job/{id}: the job's status and its batches.

        Source: docs.fluentcommerce.com: job-api (OPEN until midnight UTC, then CLOSED).

        Assumed:
            - the batches are listed under batch with id, status and createdOn; one that preprocessing merged into an
              earlier one is not
            - looking at a job counts as looking at each of its batches that it lists
        """
        del call
        with self._lock:
            job = self._job(job_id)
            batches = [
                {"id": batch.id, "status": self._look(batch), "createdOn": instant_text(batch.created_at)}
                for batch in job.batches
                if not batch.merged
            ]
            told = {"id": job.id, "name": job.name, "status": job.status(self._clock.now())}
        times = {"retailerId": job.retailer_id, "createdOn": instant_text(job.created_at)}
        return Reply({**told, **times, "meta": job.meta or None, "batch": batches})

    def create_batch(self, call: Call, job_id: str) -> Reply:
        """POST /api/v4.1/job/{id}/batch: up to 5,000 inventory records for an open job.

        Source: docs.fluentcommerce.com: batch-api, inventory-batches (fields, limit); SDK 0.1.56 (record fields);
        Send-Inventory-Batches and how-batch-pre-processing-works (preprocessing).

        Assumed:
            - records are applied when the batch is accepted, and told of when it is COMPLETE
            - an unknown job is answered with 404, a closed one with 400
            - a body or record field that is not known is refused with 400, which names the record and the field
            - a location or SKU that is not known makes a new position
            - a record goes by its ref, or without one by skuRef:locationRef:type
            - a text has at most 255 characters, a number 32 bits, and qty is below zero only for DELTA and CORRECTION
            - under preprocessing a record is unchanged where its quantity holds the same qty and status, whatever else
              it says; it is dropped without a result
            - under preprocessing a batch that comes while an earlier one of its job is unsettled is merged into that
              one, under which its results are then told, of several records of one quantity the last; its own id stays,
              and ends as COMPLETE without results
        """
        job = self._open_job(call, job_id)
        entities = self._entities(json_body(call))
        codes = self._codes(call, entities)
        stuck = call.due.has("stuck_pending")
        outcomes = [] if stuck else self._apply(entities, codes, preprocessed=self._preprocessed(job))
        with self._lock:
            batch = Batch(str(next(self._batch_ids)), job.id, self._clock.now(), len(entities), stuck)
            if call.due.has("shuffle_results"):
                random.Random(f"{self._seed}:{batch.id}").shuffle(outcomes)  # noqa: S311 - an order, no secret
            self._keep(job, batch, outcomes)
        return Reply({"id": batch.id})

    def show_batch(self, call: Call, job_id: str, batch_id: str) -> Reply:
        """GET /api/v4.1/job/{id}/batch/{batchId}: the batch's status and, when COMPLETE, what became of its records.

        Source: docs.fluentcommerce.com: batch-api (PENDING, RUNNING, COMPLETE; start, count, total; what is told of
        a record).

        Assumed:
            - the records stand under entities, in the order in which they were sent
            - start counts from 0; a page holds 100 results unless asked otherwise, and at most 5,000
            - a batch that is not COMPLETE tells of no records
        """
        start = whole_number(call.query, "start", usual=0, low=0, high=10**9)
        count = whole_number(call.query, "count", usual=USUAL_RESULTS, low=1, high=MAX_RECORDS)
        with self._lock:
            batch = next((kept for kept in self._job(job_id).batches if kept.id == batch_id), None)
            if batch is None:
                raise RefusedError(404, f"job {job_id} has no batch {batch_id}")
            status = self._look(batch)
            outcomes = batch.outcomes if status == "COMPLETE" else []
            page, total = [outcome.told() for outcome in outcomes[start : start + count]], len(outcomes)
        told = {"id": batch.id, "jobId": job_id, "status": status, "createdOn": instant_text(batch.created_at)}
        return Reply({**told, "start": start, "count": len(page), "total": total, "entities": page})

    def look_at_all(self) -> None:
        """Look at every unsettled batch, as whoever searches the events for finished ones does."""
        with self._lock:
            for batch in list(self._unsettled.values()):
                self._look(batch)

    def _look(self, batch: Batch) -> str:
        batch.looks += 1
        status = batch.status(self._settle_polls)
        if status == "COMPLETE" and batch.id in self._unsettled:
            del self._unsettled[batch.id]
            batch.tell_each_once()
            job = self._jobs[batch.job_id]
            self._events.batch_complete(
                batch_id=batch.id, job_id=job.id, job_name=job.name, retailer_id=job.retailer_id
            )
        return status

    def _job(self, job_id: str) -> Job:
        if job_id not in self._jobs:
            raise RefusedError(404, f"there is no job {job_id}")
        return self._jobs[job_id]

    def _open_job(self, call: Call, job_id: str) -> Job:
        with self._lock:
            job = self._job(job_id)
            job.closed |= call.due.has("job_closed")
            if job.status(self._clock.now()) == "CLOSED":
                raise RefusedError(400, f"job {job_id} is CLOSED: batches go into an open job")
        return job

    def _entities(self, document: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        refuse_unknown(document, _BATCH_FIELDS, "field")
        for name, only in (("action", "UPSERT"), ("entityType", "INVENTORY")):
            if document.get(name) != only:
                raise RefusedError(400, f"{name} must be {only}, not {document.get(name)!r}")
        entities = document.get("entities")
        if not isinstance(entities, list) or not 1 <= len(entities) <= MAX_RECORDS:
            held = f"{len(entities)} records" if isinstance(entities, list) else "none"
            raise RefusedError(400, f"entities must be a list of 1 to {MAX_RECORDS} records; it has {held}")
        if wrong := problem(entities, self._dialect):
            raise RefusedError(400, wrong)
        return in_platform_fields(entities, self._dialect)

    def _codes(self, call: Call, entities: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Return the response codes that the fault script wants, or refuse the batch without saying which record."""
        if not self._faults.by_content:
            return {}
        refs = all_refs(entities)
        poison = self._faults.poison(call.method, call.path, call.body, refs)
        if poison:
            call.due.kinds.append(poison)
            raise RefusedError(413 if poison == "poison_413" else 400, "the batch cannot be processed")
        codes = self._faults.codes(call.method, call.path, call.body, refs)
        call.due.kinds += ["record"] if codes else []
        return codes

    def _preprocessed(self, job: Job) -> bool:
        return self._preprocessing and job.meta.get("preprocessing") != "skip"

    def _apply(
        self, entities: Sequence[dict[str, Any]], codes: Mapping[str, int], *, preprocessed: bool
    ) -> list[Outcome]:
        outcomes, applied = [], []
        for entity in entities:
            code = next((codes[ref] for ref in refs_of(entity) if ref in codes), None) if codes else None
            if code is not None:
                outcomes.append(Outcome(None, entity.get("ref") or refs_of(entity)[-1], code))
                continue
            done = self._world.upsert_quantity(entity, preprocessed=preprocessed)
            if done.changed or not preprocessed:
                applied.append((entity, done.ref))
                outcomes.append(Outcome(done.entity_id, done.ref, 200))
        self._ledger.upserted(applied)
        return outcomes

    def _keep(self, job: Job, batch: Batch, outcomes: list[Outcome]) -> None:
        host = batch
        if self._preprocessed(job):
            waiting = (kept for kept in job.batches if kept.id in self._unsettled and not kept.stuck)
            host = next(waiting, batch)
            batch.merged = host is not batch
            host.hosts |= batch.merged
        host.outcomes += outcomes
        job.batches.append(batch)
        self._unsettled[batch.id] = batch

    def _job_rows(self) -> list[dict[str, Any]]:
        now = self._clock.now()
        with self._lock:
            return [
                {
                    "job_id": job.id,
                    "name": job.name,
                    "status": job.status(now),
                    "retailer_id": job.retailer_id,
                    "batches": len(job.batches),
                }
                for job in self._jobs.values()
            ]

    def _batch_rows(self) -> list[dict[str, Any]]:
        with self._lock:
            return [
                {
                    "job_id": batch.job_id,
                    "batch_id": batch.id,
                    "status": batch.status(self._settle_polls),
                    "rows": batch.rows,
                }
                for job in self._jobs.values()
                for batch in job.batches
            ]
