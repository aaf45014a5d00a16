"""Events over REST (docs.fluentcommerce.com: event-api): send one, look some up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from fcwork.client.calls import Answer, Call, encoded, path_of
from fcwork.client.http import Http
from fcwork.errors import BadRequestError, ConfigError, ServerError

Mode = Literal["async", "sync"]

PATH = "/api/v4.1/event"
MOST = 5_000  # events a page (docs.fluentcommerce.com: using-the-event-api)
DONE = frozenset({"COMPLETE", "SUCCESS"})
REFUSED = frozenset({"FAILED", "NO_MATCH"})
FIELDS = (
    "name",
    "retailerId",
    "entityType",
    "entityRef",
    "entityId",
    "entitySubtype",
    "rootEntityType",
    "rootEntityRef",
    "rootEntityId",
    "type",
    "source",
    "attributes",
)
_CONTEXT = ("entityType", "entityId", "entityRef", "rootEntityType", "rootEntityId", "rootEntityRef", "sourceEvents")
_PLAIN = ("eventType", "eventStatus", "eventId", "name", "category", "from", "to", "retailerId")


@dataclass(frozen=True)
class EventReceipt:
    """What became of an event that was sent.

    Attributes:
        id: of the event, where the platform tells.
        status: such as COMPLETE, NO_MATCH or PENDING; empty where the platform tells none.
        ok: whether it did what it was sent for (sync), or was taken and not refused so far (async).
        mode: async or sync.
        answer: the platform's whole answer.
    """

    id: str
    status: str
    ok: bool
    mode: Mode
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Events:
    """Event calls.

    Args:
        http: what sends.
        retailer_id: whose events, unless an event says otherwise.
    """

    def __init__(self, http: Http, retailer_id: str | None) -> None:
        self._http = http
        self._retailer_id = retailer_id

    def body(self, event: Any) -> bytes:
        """Return an event as the platform takes it.

        Raises:
            BadRequestError: a field is missing, or unknown, or has no form in JSON.
            ConfigError: it names no retailer, and none is set.
        """
        check_is_event(event)
        document = self.with_retailer(event)
        check_fields(document)
        check_whole(document)
        return encoded(document, "the event")

    def with_retailer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return an event's fields without nulls, the retailer among them unless none is set."""
        given = {name: value for name, value in event.items() if value is not None}
        return {"retailerId": self._retailer_id, **given} if self._retailer_id else given

    def send(self, event: Mapping[str, Any], mode: Mode) -> EventReceipt:
        """Send one event; see ``FluentClient.send_event``."""
        return receipt_of(self._http.send(event_call(self.body(event), mode)), mode)

    def find(self, event_id: str) -> dict[str, Any]:
        """Return one event; see ``FluentClient.event``."""
        answer = self._http.send(Call("GET", path_of(PATH + "/{event_id}", event_id=event_id)))
        return dict(answer.data) if isinstance(answer.data, Mapping) else {}

    def search(self, *, start: int = 0, count: int = 1_000, **filters: Any) -> Iterator[dict[str, Any]]:
        """Yield events; see ``FluentClient.events``."""
        if not _is_whole(count) or not 1 <= count <= MOST:
            raise BadRequestError(f"count is {count!r}", hint=f"it is the events a page, 1 to {MOST:,}")
        if not _is_whole(start) or start < 0:
            raise BadRequestError(f"start is {start!r}", hint="it is how many events to skip, 0 or more")
        query = {_filter(name): _query_text(value) for name, value in filters.items() if value not in (None, "")}
        return self._search(query, start, count)

    def _search(self, query: Mapping[str, str], start: int, count: int) -> Iterator[dict[str, Any]]:
        more = True
        while more:
            page = {**query, "start": str(start), "count": str(count)}
            data = self._http.send(Call("GET", PATH, query=page)).data
            found = (data.get("results") or []) if isinstance(data, Mapping) else None
            if not isinstance(found, list):
                message = "the search for events was answered with something that is no list of events"
                raise ServerError(message, hint="check base_url", method="GET", status=200)
            yield from found
            more, start = bool(data.get("hasMore")), start + len(found)
            if more and not found:
                message = f"the search for events says that there is more after {start}, and gives none"
                raise ServerError(message, hint="narrow it with from_ and to", method="GET", status=200)


def check_is_event(event: Any) -> None:
    """Refuse what is no dict."""
    if not isinstance(event, Mapping):
        kind = type(event).__name__
        raise BadRequestError(f"an event is a dict of its fields, not {kind}", hint=f"fields: {', '.join(FIELDS)}")


def check_fields(event: Mapping[str, Any]) -> None:
    """Refuse fields that no event has, lists and objects where a text belongs, and attributes that are no dict."""
    if unknown := sorted(set(event) - set(FIELDS)):
        hint = f"known: {', '.join(FIELDS)}; what the workflow needs goes into attributes"
        raise BadRequestError(f"an event has no {', '.join(unknown)}", hint=hint)
    if nested := [name for name in FIELDS if name != "attributes" and isinstance(event.get(name), Mapping | list)]:
        raise BadRequestError(
            f"{', '.join(nested)} of an event is one text", hint="send an event for each that is meant"
        )
    if not isinstance(event.get("attributes") or {}, Mapping):
        kind = type(event["attributes"]).__name__
        raise BadRequestError(f"an event's attributes are a dict, not {kind}", hint="name each: {'reason': 'late'}")


def check_whole(event: Mapping[str, Any]) -> None:
    """Refuse an event that lacks a field; without a retailer that is a ``ConfigError``."""
    missing = [name for name in ("name", "entityType") if not event.get(name)]
    missing += [] if event.get("entityRef") or event.get("entityId") else ["entityRef (or entityId)"]
    if missing:
        raise BadRequestError(f"the event lacks {', '.join(missing)}", hint="name what happened, and to what")
    if not event.get("retailerId"):
        raise ConfigError("an event belongs to a retailer, and none is set", hint="set retailer_id or retailerId")


def event_call(body: bytes, mode: Mode) -> Call:
    """Return the call that sends an event: never repeated, as an event happens each time it arrives."""
    return Call("POST", f"{PATH}/{known_mode(mode)}", "once", body=body)


def known_mode(mode: Mode) -> Mode:
    """Return the mode, or raise a ``BadRequestError``."""
    if mode not in get_args(Mode):  # a set would ask for its hash
        raise BadRequestError(f"mode={mode!r} is not known", hint="mode is 'async' or 'sync'")
    return mode


def receipt_of(answer: Answer, mode: Mode) -> EventReceipt:
    """Return what an answer says of an event: ``eventStatus`` decides, never the HTTP status alone."""
    data = answer.data if isinstance(answer.data, Mapping) else {}
    status = answer.text("eventStatus", "status").upper()
    accepted = mode == "async" and status not in REFUSED and data.get("success") is not False
    return EventReceipt(answer.text("eventId", "id"), status, status in DONE or accepted, mode, data)


def _filter(name: str) -> str:
    """Return the wire name of a filter given in either spelling: ``entity_ref``, ``context.entityRef``, ``from_``."""
    known = {_snake(wire): f"context.{wire}" for wire in _CONTEXT} | {_snake(wire): wire for wire in _PLAIN}
    wires = set(known.values())
    found = name if name in wires else known.get(name.rstrip("_"))
    if found is None:
        raise BadRequestError(f"events have no filter {name!r}", hint=f"known: {', '.join(sorted(known))}")
    return found


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _query_text(value: Any) -> str:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{aware.microsecond // 1000:03d}Z"
    if isinstance(value, list | tuple | set):
        return ",".join(map(str, value))
    return str(value)
