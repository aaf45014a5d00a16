"""The event route: one event a row, never twice, judged by its status."""

import json
from typing import Any

import httpx
import polars as pl
import pytest

from fcwork.client import FluentClient
from fcwork.errors import BadRequestError, ConfigError, ConnectionFailedError, OutcomeUnknownError
from fcwork.routes import OUTCOME_SCHEMA, Receipt, Route

SYNC, ASYNC = "/api/v4.1/event/sync", "/api/v4.1/event/async"
EVENTS = pl.DataFrame(
    {
        "_row": [1, 2],
        "_source": ["", ""],
        "name": ["OrderCancel", "OrderCancel"],
        "entityType": ["ORDER", "ORDER"],
        "entityRef": ["O-1", "O-2"],
        "attributes": [{"reason": "late"}, {"reason": None}],
    }
)


def test_is_a_route(client: FluentClient) -> None:
    """The route takes one row a request, never twice; sync, the answer itself tells the outcome."""
    for mode, verifiable in (("sync", False), ("async", True)):
        route = client.event_sender(mode=mode)
        assert isinstance(route, Route)
        assert (route.limits.max_rows, route.repeat_safe, route.verifiable) == (1, False, verifiable)


def test_row_is_an_event(platform: Any, client: FluentClient) -> None:
    """A row's columns are an event's fields; what all events share may be given once, and identity stays here."""
    platform.on(ASYNC, (200, {"eventId": "e1"}))
    route = client.event_sender({"rootEntityType": "ORDER", "name": "Other"})
    receipts = [route.post(route.pack(EVENTS.slice(at, 1)), 1) for at in range(2)]
    common = {"retailerId": "5", "rootEntityType": "ORDER", "name": "OrderCancel", "entityType": "ORDER"}
    assert platform.sent(ASYNC) == [
        {**common, "entityRef": "O-1", "attributes": {"reason": "late"}},
        {**common, "entityRef": "O-2"},
    ]
    assert receipts[0] == Receipt("e1", 1, {"event_id": "e1", "ref": "O-1"})


def test_row_is_an_events_attributes(platform: Any, client: FluentClient) -> None:
    """A row may be what goes into attributes, in an event that is given once."""
    platform.on(SYNC, (200, {"eventId": "e1", "eventStatus": "COMPLETE"}))
    product = pl.DataFrame({"_row": [1], "ref": ["P-1"], "name": ["Shirt"], "gtin": [None]})
    event = {"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE", "entityRef": "PC:MASTER:2"}
    route = client.event_sender(event, mode="sync", rows="attributes")
    route.post(route.pack(product), 1)
    assert platform.sent(SYNC) == [{"retailerId": "5", **event, "attributes": {"ref": "P-1", "name": "Shirt"}}]
    assert route.entity_ref(product).to_list() == ["P-1"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, {"eventId": "e", "eventStatus": "FAILED"}), BadRequestError),
        ((200, {"eventId": "e", "eventStatus": "NO_MATCH"}), BadRequestError),
        ((404, {"eventId": "e", "eventStatus": "NO_MATCH"}), BadRequestError),
        ((400, {"message": "no rule set"}), BadRequestError),
        ((200, {"eventId": "e"}), OutcomeUnknownError),
        ((500, b""), OutcomeUnknownError),
        (httpx.ReadTimeout("slow"), OutcomeUnknownError),
        (httpx.ConnectError("refused"), ConnectionFailedError),
    ],
)
def test_answers_of_sync_events(platform: Any, client: FluentClient, answer: Any, kind: type[Exception]) -> None:
    """P16: FAILED and NO_MATCH refuse the row, a lost or silent answer is unknown, and each event is sent once."""
    platform.on(SYNC, answer)
    route = client.event_sender(mode="sync")
    with pytest.raises(kind) as raised:
        route.post(route.pack(EVENTS.slice(0, 1)), 1)
    assert len(platform.requests) == 1
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("row", "kind"),
    [({"name": ["N"]}, BadRequestError), ({"name": ["N"], "colour": ["red"]}, BadRequestError)],
)
def test_senseless_row_is_refused_when_sent(
    platform: Any, client: FluentClient, row: dict[str, Any], kind: type[Exception]
) -> None:
    """A row that makes no event is packed, and refused as a row when it is sent; the platform is not asked."""
    route = client.event_sender()
    body = route.pack(pl.DataFrame(row))
    with pytest.raises(kind):
        route.post(body, 1)
    assert platform.requests == []


def test_retailer_is_needed(make_client: Any) -> None:
    """Without a retailer no row is at fault."""
    route = make_client(retailer_id=None).event_sender()
    with pytest.raises(ConfigError):
        route.post(route.pack(EVENTS.slice(0, 1)), 1)


def test_references(client: FluentClient) -> None:
    """A row is known by its entity reference; one without is known by a digest of its event, the same each time."""
    assert client.event_sender().entity_ref(EVENTS).to_list() == ["O-1", "O-2"]
    route = client.event_sender({"entityId": "7"})
    rows = pl.DataFrame({"name": ["A", "B"]})
    refs = route.entity_ref(rows).to_list()
    assert len(set(refs)) == 2
    assert refs == route.entity_ref(rows).to_list()


def test_reference_of_a_digest_is_in_the_receipt(platform: Any, client: FluentClient) -> None:
    """What the receipt keeps is the reference that entity_ref gave, so that outcomes can be joined."""
    platform.on(ASYNC, (200, {"id": "e1"}))
    route = client.event_sender({"entityId": "7", "entityType": "ORDER"})
    row = pl.DataFrame({"name": ["A"]})
    assert route.post(route.pack(row), 1).details["ref"] == route.entity_ref(row).item()


def test_outcomes_of_async_events(platform: Any, client: FluentClient) -> None:
    """Async, the platform's log tells the outcome; an event that is not there yet is open, one without id is silent."""
    ends = {"e1": "COMPLETE", "e2": "SUCCESS", "e3": "FAILED", "e4": "NO_MATCH", "e5": "PENDING"}
    for event, status in ends.items():
        platform.on(f"/api/v4.1/event/{event}", (200, {"id": event, "eventStatus": status}))
    receipts = [Receipt(event, 1, {"event_id": event, "ref": f"R-{event}"}) for event in (*ends, "e6")]
    findings = client.event_sender().outcomes([*receipts, Receipt("x", 1, {"event_id": "", "ref": "R"})])
    assert findings.open == ("e5", "e6")
    assert findings.records.schema == OUTCOME_SCHEMA
    told = findings.records.select("receipt", "ref", "outcome", "code").rows()
    assert told == [
        ("e1", "R-e1", "delivered", "COMPLETE"),
        ("e2", "R-e2", "delivered", "SUCCESS"),
        ("e3", "R-e3", "rejected", "FAILED"),
        ("e4", "R-e4", "rejected", "NO_MATCH"),
    ]
    assert client.event_sender().outcomes([]).records.schema == OUTCOME_SCHEMA


def test_unknown_choices(client: FluentClient) -> None:
    """What rows are and how events are sent is known by name."""
    with pytest.raises(BadRequestError, match="sync"):
        client.event_sender(mode="later")  # type: ignore[arg-type] # the wrong value is the case
    with pytest.raises(BadRequestError, match="attributes"):
        client.event_sender(rows="lines")  # type: ignore[arg-type] # the wrong value is the case


def test_packing_is_deterministic(client: FluentClient) -> None:
    """The same row gives the same bytes."""
    route = client.event_sender({"name": "N"})
    assert route.pack(EVENTS.slice(0, 1)) == route.pack(EVENTS.slice(0, 1))
    assert json.loads(route.pack(EVENTS.slice(1, 1)))["entityRef"] == "O-2"
