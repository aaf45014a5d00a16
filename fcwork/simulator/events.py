"""Events: sent to workflows, written when a batch is done, and searched."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fcwork.clock import Clock
from fcwork.simulator.account import ACCOUNT_ID
from fcwork.simulator.arranged import Arranged
from fcwork.simulator.concerned import made_id
from fcwork.simulator.event_values import (
    CATEGORIES,
    ENTITY_TYPES,
    EVENT_STATUSES,
    EVENT_TYPES,
    ROOT_ENTITY_TYPES,
    RULE_SETS,
)
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

MAX_EVENTS = 5_000  # docs.fluentcommerce.com: using-the-event-api, as the usual 100 and the usual 30 days
USUAL_EVENTS = 100
_USUAL_SPAN = timedelta(days=30)
_OLDEST, _NEWEST = timedelta(days=124), timedelta(days=31)  # SDK 0.1.56: about 4 months back, about 1 month ahead
_CONTEXT_FIELDS = ("entityType", "entityId", "entityRef", "rootEntityType", "rootEntityId", "rootEntityRef")
_SENT_FIELDS = (*_CONTEXT_FIELDS, "name", "retailerId", "entitySubtype", "attributes", "type", "source")
_CONTEXT_FILTERS = {f"context.{name}": name for name in _CONTEXT_FIELDS}
_FIELD_FILTERS = {
    "eventType": "type",
    "eventStatus": "eventStatus",
    "name": "name",
    "category": "category",
    "retailerId": "retailerId",
    "eventId": "id",
}
FILTERS = frozenset({*_CONTEXT_FILTERS, *_FIELD_FILTERS, "context.sourceEvents", "from", "to", "start", "count"})
_VALUES = {
    "eventType": EVENT_TYPES,
    "eventStatus": EVENT_STATUSES,
    "category": CATEGORIES,
    "context.entityType": ENTITY_TYPES,
    "context.rootEntityType": ROOT_ENTITY_TYPES,
}


@dataclass(frozen=True)
class _Kept:
    at: datetime
    item: dict[str, Any]


class Events:
    """The event routes, and what they keep.

    Args:
        faults: which events end otherwise than their workflow would have it.
        ledger: where events that callers send are noted.
        clock: what dates them.
        seed: makes their ids the same from run to run.
    """

    def __init__(self, *, faults: Arranged, ledger: Ledger, clock: Clock, seed: int) -> None:
        self._faults = faults
        self._ledger = ledger
        self._clock = clock
        self._seed = seed
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._settle: Callable[[], None] = _nothing
        self._announce: Callable[[Mapping[str, Any]], None] = _tell_nobody

    def follow(self, settle: Callable[[], None]) -> None:
        """Call ``settle`` before every search, so that what is done by then is found."""
        self._settle = settle

    def tell(self, announce: Callable[[Mapping[str, Any]], None]) -> None:
        """Call ``announce`` with every event that was sent and took effect."""
        self._announce = announce

    def send_async(self, call: Call) -> Reply:
        """POST /api/v4.1/event/async: queue an event for its workflow.

        No page tells how many things attributes may hold: no limit is assumed but the body's.

        Source: docs.fluentcommerce.com: event-api; SDK 0.1.56 (fields).

        Assumed:
            - the answer is eventId and eventStatus PENDING; the workflow has run by the time anyone looks
            - a name that no rule set knows is refused with 400; the rule sets themselves are made up
        """
        document = self._checked(call)
        if not _matches(document):
            raise RefusedError(400, f"no rule set of {document['entityType']} is called {document['name']!r}")
        event_id = self._sent(document, self._arranged(call, document) or "COMPLETE")
        return Reply({"eventId": event_id, "eventStatus": "PENDING"})

    def send_sync(self, call: Call) -> Reply:
        """POST /api/v4.1/event/sync: run an event's workflow and wait for it.

        Source: docs.fluentcommerce.com: event-api (answer); SDK 0.1.56 (404 where no rule set matches).

        Assumed:
            - the 404 carries eventId and eventStatus NO_MATCH
            - entityId is the id that was sent, else one made from the reference
        """
        document = self._checked(call)
        status = self._arranged(call, document) or ("COMPLETE" if _matches(document) else "NO_MATCH")
        event_id = self._sent(document, status)
        answer = {"eventId": event_id, "entityId": _entity_id(document), "eventStatus": status}
        return Reply(answer, 404 if status == "NO_MATCH" else 200)

    def search(self, call: Call) -> Reply:
        """GET /api/v4.1/event: the events that fit all filters, page by page.

        Source: docs.fluentcommerce.com: using-the-event-api (filters, values, 30 days and 100 events unless asked
        otherwise, at most 5,000); SDK 0.1.56 (start, count, hasMore, results; the bounds of from and to).

        Assumed:
            - the oldest event comes first
            - an unknown filter or value is refused with 400, as is a date out of bounds
            - a search counts as a look at every unsettled batch
        """
        query = {name: value for name, value in call.query.items() if value}
        for name, known in _VALUES.items():
            if query.get(name, known[0]) not in known:
                raise RefusedError(400, f"{name} cannot be {query[name]!r}; known: {', '.join(known)}")
        start = whole_number(query, "start", usual=0, low=0, high=10**9)
        count = whole_number(query, "count", usual=USUAL_EVENTS, low=1, high=MAX_EVENTS)
        since, until = self._span(query)
        self._settle()
        with self._lock:
            kept = [event.item for event in self._kept.values() if since <= event.at <= until]
        found = [item for item in kept if _fits(item, query)]
        page = found[start : start + count]
        return Reply({"start": start, "count": len(page), "hasMore": start + count < len(found), "results": page})

    def show(self, call: Call, event_id: str) -> Reply:
        """GET /api/v4.1/event/{id}: one event.

        Source: docs.fluentcommerce.com: event-api (404 where there is none).
        """
        del call
        with self._lock:
            kept = self._kept.get(event_id)
        if kept is None:
            raise RefusedError(404, f"there is no event {event_id}")
        return Reply(kept.item)

    def batch_complete(self, *, batch_id: str, job_id: str, job_name: str, retailer_id: str) -> None:
        """Write that a batch is done; the platform names such events BATCH_COMPLETE (SDK 0.1.56)."""
        context = {"entityType": "BATCH", "entityId": batch_id, "entityRef": batch_id}
        root = {"rootEntityType": "JOB", "rootEntityId": job_id, "rootEntityRef": job_name}
        facts = {
            "name": "BATCH_COMPLETE",
            "type": "ORCHESTRATION_AUDIT",
            "category": "BATCH",
            "eventStatus": "COMPLETE",
        }
        self._keep({**facts, "retailerId": retailer_id, "source": None}, {**context, **root}, None)

    def _checked(self, call: Call) -> dict[str, Any]:
        document = json_body(call)
        refuse_unknown(document, _SENT_FIELDS, "field")
        text_field(document, "name")
        retailer_field(document)
        if document.get("entityRef") is None and document.get("entityId") is None:
            raise RefusedError(400, "entityRef or entityId is required")
        if nested := [name for name in _CONTEXT_FIELDS if isinstance(document.get(name), dict | list)]:
            raise RefusedError(400, f"{nested[0]} must be a text")
        for name, known in (("entityType", ENTITY_TYPES), ("rootEntityType", ROOT_ENTITY_TYPES)):
            value = document.get(name)
            if value not in known and (value is not None or name == "entityType"):
                raise RefusedError(400, f"{name} cannot be {value!r}; known: {', '.join(known)}")
        if not isinstance(document.get("attributes") or {}, dict):
            raise RefusedError(400, "attributes must be an object")
        return document

    def _arranged(self, call: Call, document: Mapping[str, Any]) -> str | None:
        """Return the status in which a fault makes the event end, if any."""
        if not self._faults.by_content:
            return None
        return self._faults.event_status(call.method, call.path, call.body, _refs(document))

    def _sent(self, document: Mapping[str, Any], status: str) -> str:
        context = {name: document.get(name) for name in _CONTEXT_FIELDS}
        facts = {"name": document["name"], "type": "ORCHESTRATION", "category": "snapshot", "eventStatus": status}
        told = {**facts, "retailerId": str(document["retailerId"]), "source": document.get("source")}
        event_id = self._keep(told, context, document.get("attributes"))
        took_effect = status in {"COMPLETE", "SUCCESS"}
        self._ledger.event_seen(document, event_id=event_id, status=status, took_effect=took_effect)
        if took_effect:
            self._announce(document)
        return event_id

    def _keep(self, facts: Mapping[str, Any], context: Mapping[str, Any], attributes: Mapping[str, Any] | None) -> str:
        at = self._clock.now()
        texts = {name: None if value is None else str(value) for name, value in context.items()}
        listed = [
            {"name": name, "value": value, "type": _attribute_type(value)} for name, value in (attributes or {}).items()
        ]
        with self._lock:
            number = len(self._kept) + 1
            event_id = _uuid(f"{self._seed}:event:{number}")
            self._kept[event_id] = _Kept(
                at,
                {
                    "id": event_id,
                    **facts,
                    "accountId": ACCOUNT_ID,
                    "context": {"sourceEvents": [], **texts},
                    "attributes": listed or None,
                    "generatedBy": "simulator",
                    "generatedOn": instant_text(at),
                },
            )
        return event_id

    def _span(self, query: Mapping[str, str]) -> tuple[datetime, datetime]:
        now = self._clock.now()
        since, until = _instant(query, "from", now - _USUAL_SPAN), _instant(query, "to", now)
        if since < now - _OLDEST:
            raise RefusedError(400, f"from cannot be more than {_OLDEST.days} days back")
        if until > now + _NEWEST:
            raise RefusedError(400, f"to cannot be more than {_NEWEST.days} days ahead")
        return since, until


def _nothing() -> None:
    """Settle nothing: there are no batches yet."""


def _tell_nobody(event: Mapping[str, Any]) -> None:
    """Announce nothing: there are no webhooks yet."""
    del event


def _matches(document: Mapping[str, Any]) -> bool:
    return document["name"] in RULE_SETS.get(document["entityType"], ())


def _refs(document: Mapping[str, Any]) -> set[str]:
    """Return the references that an event names: its entity's, its attributes' own and those of lists in them."""
    attributes = document.get("attributes") or {}
    items = [item for value in attributes.values() if isinstance(value, list) for item in value]
    named = [attributes, *(item for item in items if isinstance(item, dict))]
    return {str(ref) for ref in (document.get("entityRef"), *(one.get("ref") for one in named)) if ref is not None}


def _entity_id(document: Mapping[str, Any]) -> str:
    return str(document.get("entityId") or made_id(document.get("entityRef")))


def _fits(item: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    context = item["context"]
    wanted_source = query.get("context.sourceEvents")
    return (
        all(query.get(name) in {None, item[field]} for name, field in _FIELD_FILTERS.items())
        and all(query.get(name) in {None, context[field]} for name, field in _CONTEXT_FILTERS.items())
        and (wanted_source is None or wanted_source in context["sourceEvents"])
    )


def _instant(query: Mapping[str, str], name: str, usual: datetime) -> datetime:
    if name not in query:
        return usual
    try:
        instant = datetime.fromisoformat(query[name])
    except ValueError:
        raise RefusedError(400, f"{name} is no ISO 8601 time: {query[name]!r}") from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def _attribute_type(value: Any) -> Literal["BOOLEAN", "INTEGER", "FLOAT", "STRING", "JSON"]:
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "INTEGER"
    if isinstance(value, float):
        return "FLOAT"
    return "STRING" if isinstance(value, str) else "JSON"


def _uuid(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
