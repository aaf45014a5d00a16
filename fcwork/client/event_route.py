"""The event route: a send's rows as events, one each."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson
import polars as pl

from fcwork.client.calls import encoded
from fcwork.client.events import DONE, REFUSED, EventReceipt, Events, Mode, event_call, known_mode, receipt_of
from fcwork.client.http import Http
from fcwork.client.packing import pack_rows
from fcwork.errors import ApiError, BadRequestError, NotFoundError, OutcomeUnknownError
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt

RowsAs = Literal["events", "attributes"]
_NO_MATCH = "no workflow rule matched: check the event's name and what it is about"


class EventRoute:
    """Rows as events, one each; see ``FluentClient.event_sender``.

    Args:
        http, events: what sends.
        target: whose platform.
        envelope: fields that every event has.
        mode: async or sync.
        rows_as: whether a row is an event's fields or its attributes.
    """

    name = "event"
    limits = Limits(max_rows=1)
    repeat_safe = False

    def __init__(
        self, http: Http, events: Events, *, target: str, envelope: Mapping[str, Any], mode: Mode, rows_as: RowsAs
    ) -> None:
        self._http = http
        self._events = events
        self._envelope = dict(envelope)
        self._mode: Mode = known_mode(mode)
        self._as_attributes = rows_as == "attributes"
        self.target = target
        self.verifiable = mode == "async"  # a sync answer tells the outcome itself

    def __repr__(self) -> str:
        return f"EventRoute({self._mode} to {self.target})"

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return each row's own reference, or a digest of its event where it has none."""
        bodies = (self.pack(rows[at]) for at in range(rows.height))
        return pl.Series("ref", [self._ref(body) for body in bodies], dtype=pl.String)

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the event of one row; whether it is one that can be sent is seen when it is sent."""
        row = orjson.loads(pack_rows(rows))[0]
        event = {"attributes": row} if self._as_attributes else row
        return encoded({**self._envelope, **event}, "the event")

    def post(self, body: bytes, rows: int) -> Receipt:
        """Send an event once; FAILED and NO_MATCH are refusals, whatever the HTTP status says."""
        outcome = self._http.attempt(event_call(self._events.body(orjson.loads(body)), self._mode))
        if isinstance(outcome, NotFoundError):
            facts = {**outcome.facts(), "code": "NO_MATCH", "hint": _NO_MATCH}
            outcome = BadRequestError(outcome.message, **facts)
        if isinstance(outcome, ApiError):
            raise outcome
        receipt = receipt_of(outcome, self._mode)
        if not receipt.ok:
            raise _refusal(receipt)
        details = {"event_id": receipt.id, "ref": self._ref(body)}
        return Receipt(receipt.id or uuid.uuid4().hex, rows, details)

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Ask once for each event; one without an id tells nothing, so its end stays unknown."""
        told, still_open = [], []
        for receipt in receipts:
            status = self._status(receipt.details["event_id"]) if receipt.details["event_id"] else ""
            if status in DONE or status in REFUSED:
                outcome = "delivered" if status in DONE else "rejected"
                told.append((receipt.id, receipt.details["ref"], outcome, status, f"the event ended as {status}"))
            elif receipt.details["event_id"]:
                still_open.append(receipt.id)
        return Findings(pl.DataFrame(told, schema=OUTCOME_SCHEMA, orient="row"), tuple(still_open))

    def _status(self, event_id: str) -> str:
        try:
            return str(self._events.find(event_id).get("eventStatus") or "").upper()
        except NotFoundError:  # it is not written yet
            return ""

    def _ref(self, body: bytes) -> str:
        event = orjson.loads(body)
        named = (event.get("attributes") or {}).get("ref") if self._as_attributes else event.get("entityRef")
        return str(named or hashlib.sha256(body).hexdigest()[:32])


def _refusal(receipt: EventReceipt) -> ApiError:
    facts = {"method": "POST", "status": 200, "code": receipt.status}
    if receipt.status in REFUSED:
        hint = _NO_MATCH if receipt.status == "NO_MATCH" else "look at the event's own log of rules"
        return BadRequestError(f"event {receipt.id} ended as {receipt.status}", hint=hint, **facts)
    hint = "it may have taken effect: look for the event before sending it again"
    return OutcomeUnknownError("the answer does not tell what became of the event", hint=hint, **facts)
