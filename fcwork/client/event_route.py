"""The event route: a send's rows as events, one each or many in one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
import orjson
import polars as pl

from fcwork.client.event_form import EventForm
from fcwork.client.event_log import EventLog, Sent
from fcwork.client.event_matching import Matching, verdicts
from fcwork.client.events import (
    DONE,
    REFUSED,
    EventReceipt,
    Events,
    Mode,
    check_fields,
    check_whole,
    event_call,
    known_mode,
    receipt_of,
)
from fcwork.client.http import Http
from fcwork.errors import ApiError, BadRequestError, NotFoundError, OutcomeUnknownError
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt

NO_MATCH = "NO_MATCH"
_NO_RULE = re.compile(
    rf"{NO_MATCH}|\bno (workflow )?(rule ?set|rule|workflow)|\b(unknown|invalid) event( name)?\b", re.IGNORECASE
)
_HINT = "no workflow rule matched: check the event's name and what it is about"
_FOUND_SCHEMA = pl.Schema({name: dtype for name, dtype in OUTCOME_SCHEMA.items() if name != "receipt"})


class EventRoute:
    """Rows as events; see ``FluentClient.event_sender``.

    Args:
        http, events: what sends.
        target: whose platform.
        form: what an event is made of.
        mode: async or sync.
        per_event: rows in one event; None where each is an event of its own.
        rate_per_second: requests a second that may be sent.
    """

    name = "event"
    repeat_safe = False

    def __init__(
        self,
        http: Http,
        events: Events,
        *,
        target: str,
        form: EventForm,
        mode: Mode,
        per_event: int | None = None,
        rate_per_second: float | None = None,
    ) -> None:
        self._http = http
        self._form = form
        self._log = EventLog(events)
        self._mode: Mode = known_mode(mode)
        self._matching = Matching(form)
        self.target = target
        self.limits = Limits(max_rows=per_event or 1)
        self.rate_per_second = rate_per_second
        # A sync answer tells the end itself; that of an event with many rows is told by `outcomes`, as it is no error.
        self.verifiable = mode == "async" or per_event is not None

    def __repr__(self) -> str:
        return f"EventRoute({self._mode} to {self.target})"

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return each row's own reference, or a digest of what it says where it has none."""
        return self._form.refs(rows)

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the event of the rows; whether it is one that can be sent is seen when it is sent."""
        return self._form.body(rows)

    def post(self, body: bytes, rows: int) -> Receipt:
        """Send an event once; its status decides, whatever HTTP says.

        Raises:
            BadRequestError: the one row in it is refused, or one of many may be at fault.
            NotFoundError: no rule matched what all rows are sent as, so none of them can go.
            OutcomeUnknownError: it may have happened.
        """
        event = orjson.loads(body)
        check_fields(event)
        check_whole(event)
        sent_at = self._http.clock.now()
        answer = self._http.attempt(event_call(body, self._mode))
        if isinstance(answer, ApiError):
            raise self._meaning(answer)
        receipt = receipt_of(answer, self._mode)
        if not (receipt.ok or (receipt.status == "FAILED" and rows > 1)):
            raise self._refusal(receipt)
        return self._receipt(receipt, event, sent_at, size_bytes=len(body))

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Ask once for the events, all together where they are many; one without an id tells nothing."""
        sent = [_sent(receipt) for receipt in receipts if receipt.details["event_id"] and not _told(receipt)]
        self._matching.exclude(one.id for one in sent)
        statuses = self._log.statuses(sent)
        told, still_open = [], []
        for receipt in receipts:
            event_id = receipt.details["event_id"]
            status = _told(receipt) or statuses.get(event_id, "")
            if status in DONE or status in REFUSED:
                told += _records(receipt, status)
            elif event_id:
                still_open.append(receipt.id)
        return Findings(pl.DataFrame(told, schema=OUTCOME_SCHEMA, orient="row"), tuple(still_open))

    def read_back(self, rows: pl.DataFrame, refs: pl.Series, since: datetime) -> pl.DataFrame:
        """Look in the platform's log for events that say what rows say; see ``fcwork.routes.ReadsBack``.

        An event that is known to have gone with another row is none of these. Where the log holds fewer such events
        than there are rows that say the same, or they ended differently, nobody can tell whose they are: the outcome
        stays unknown, with what was found. The log may be behind: a row that is not found can be looked for again. What
        is told as delivered or rejected is told once, as a row that says the same and is sent later needs an event of
        its own.
        """
        size_bytes = 2 * self.limits.max_rows * int(rows.estimated_size()) // max(rows.height, 1)
        contents = list(self._form.contents(rows))
        search = self._log.saying({content.about for content in contents}, since=since, size_bytes=size_bytes)
        found = self._matching.found(set(contents), search, since=since)
        told = verdicts(zip(refs, contents, strict=True), found)
        for ref, content in zip(refs, contents, strict=True):
            if ref in told and told[ref].outcome != "unknown":
                self._matching.claim(content, found[content])
        lines = [(ref, *verdict) for ref, verdict in told.items()]
        return pl.DataFrame(lines, schema=_FOUND_SCHEMA, orient="row")

    def _receipt(self, told: EventReceipt, event: Mapping[str, Any], sent_at: datetime, *, size_bytes: int) -> Receipt:
        self._matching.exclude([told.id])
        refs = self._form.refs_of(event)
        is_final = told.status in REFUSED or (self._mode == "sync" and told.status in DONE)
        details = {
            "event_id": told.id,
            "refs": refs,
            "name": str(event["name"]),
            "entity_type": str(event["entityType"]),
            "sent_at": sent_at.isoformat(timespec="milliseconds"),
            "bytes": size_bytes,
            **({"status": told.status} if is_final else {}),
        }
        return Receipt(told.id or uuid.uuid4().hex, len(refs), details, told=is_final)

    def _meaning(self, error: ApiError) -> ApiError:
        """Return what an answer outside 2xx means; an unknown name is told with 404 or 400 (SDK 0.1.56)."""
        unknown = error.status == httpx.codes.BAD_REQUEST and _NO_RULE.search(error.message)
        if isinstance(error, NotFoundError) if self._mode == "sync" else unknown:
            return self._unmatched(error.message, **error.facts())
        return error

    def _refusal(self, receipt: EventReceipt) -> ApiError:
        facts = {"method": "POST", "status": 200, "code": receipt.status}
        message = f"event {receipt.id} ended as {receipt.status}"
        if receipt.status in REFUSED:
            self._matching.exclude([receipt.id])
        if receipt.status == NO_MATCH:
            return self._unmatched(message, **facts)
        if receipt.status in REFUSED:
            return BadRequestError(message, hint="look at the event's own log of rules", **facts)
        hint = "it may have taken effect: look for the event before sending it again"
        named = f" {receipt.id}" if receipt.id else ""
        ended = f": it is {receipt.status}" if receipt.status else ""
        return OutcomeUnknownError(
            f"the answer does not tell what became of the event{named}{ended}", hint=hint, **facts
        )

    def _unmatched(self, message: str, **facts: Any) -> ApiError:
        """Return the error of an event that no rule is for: where all rows go under one name, none of them can go."""
        kind = NotFoundError if self._form.is_fixed else BadRequestError
        return kind(message, **{**facts, "code": NO_MATCH, "hint": _HINT})


def _told(receipt: Receipt) -> str:
    """Return the status that the answer told for good; empty where the log has to be asked."""
    return str(receipt.details.get("status", ""))


def _sent(receipt: Receipt) -> Sent:
    """Return what to look for; of a receipt in an older ledger only the id is known."""
    told = receipt.details
    sent_at = datetime.fromisoformat(told["sent_at"]) if "sent_at" in told else None
    return Sent(told["event_id"], told.get("name", ""), told.get("entity_type", ""), sent_at, told.get("bytes", 0))


def _records(receipt: Receipt, status: str) -> list[tuple[str, ...]]:
    """Return what an event's end says of each row in it."""
    outcome = "delivered" if status in DONE else "rejected"
    refs = receipt.details.get("refs") or [receipt.details["ref"]]
    message = f"the event ended as {status}"
    if len(refs) > 1:
        message = f"event {receipt.details['event_id']} with {len(refs)} rows ended as {status}"
        message += "" if status in {*DONE, NO_MATCH} else ": what it did for single rows is not told"
    return [(receipt.id, ref, outcome, status, message) for ref in refs]
