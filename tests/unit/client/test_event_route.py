"""The event route: one event a row, never twice, judged by its status."""

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import httpx
import polars as pl
import pytest

from fcwork.client import FluentClient
from fcwork.errors import BadRequestError, ConfigError, ConnectionFailedError, NotFoundError, OutcomeUnknownError
from fcwork.routes import OUTCOME_SCHEMA, Paced, ReadsBack, Receipt, Route

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
        assert isinstance(route, ReadsBack)
        assert isinstance(route, Paced)
        assert route.rate_per_second is None


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
    told = {"event_id": "e1", "refs": ["O-1"], "name": "OrderCancel", "entity_type": "ORDER"}
    sent = {"sent_at": "2026-01-15T12:00:00.000+00:00", "bytes": len(route.pack(EVENTS.slice(0, 1)))}
    assert receipts[0] == Receipt("e1", 1, {**told, **sent})


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
    assert route.post(route.pack(row), 1).details["refs"] == route.entity_ref(row).to_list()


def test_outcomes_of_async_events(platform: Any, client: FluentClient) -> None:
    """Async, the platform's log tells the outcome; an event that is not there yet is open, one without id is silent."""
    ends = {"e1": "COMPLETE", "e2": "SUCCESS", "e3": "FAILED", "e4": "NO_MATCH", "e5": "PENDING", "e7": "MUSING"}
    for event, status in ends.items():
        platform.on(f"/api/v4.1/event/{event}", (200, {"id": event, "eventStatus": status}))
    receipts = [Receipt(event, 1, {"event_id": event, "refs": [f"R-{event}"]}) for event in (*ends, "e6")]
    findings = client.event_sender().outcomes([*receipts, Receipt("x", 1, {"event_id": "", "refs": ["R"]})])
    assert findings.open == ("e5", "e7", "e6")
    assert findings.records.schema == OUTCOME_SCHEMA
    told = findings.records.select("receipt", "ref", "outcome", "code").rows()
    assert told == [
        ("e1", "R-e1", "delivered", "COMPLETE"),
        ("e2", "R-e2", "delivered", "SUCCESS"),
        ("e3", "R-e3", "rejected", "FAILED"),
        ("e4", "R-e4", "rejected", "NO_MATCH"),
    ]
    assert client.event_sender().outcomes([]).records.schema == OUTCOME_SCHEMA


def test_receipt_of_an_older_ledger(platform: Any, client: FluentClient) -> None:
    """A receipt that names one reference and no instant is asked for by its id."""
    platform.on("/api/v4.1/event/e1", (200, {"id": "e1", "eventStatus": "COMPLETE"}))
    records = client.event_sender().outcomes([Receipt("e1", 1, {"event_id": "e1", "ref": "R"})]).records
    assert records.select("ref", "outcome").rows() == [("R", "delivered")]


@pytest.mark.parametrize("answer", [{"eventId": "e", "eventStatus": "PENDING"}, {"eventId": "e", "eventStatus": "?"}])
def test_sync_event_that_is_not_done(platform: Any, client: FluentClient, answer: Any) -> None:
    """P16: a sync answer that tells no end leaves the row unknown and names the event and its status."""
    platform.on(SYNC, (200, answer))
    route = client.event_sender(mode="sync")
    with pytest.raises(OutcomeUnknownError, match=rf"event e: it is {re.escape(answer['eventStatus'])}"):
        route.post(route.pack(EVENTS.slice(0, 1)), 1)


def test_async_404_is_no_missing_rule(platform: Any, client: FluentClient) -> None:
    """An async 404 is a place that is not there, told as it came: no rule is said to be missing."""
    platform.on(ASYNC, (404, b"<html>"))
    route = client.event_sender()
    with pytest.raises(NotFoundError) as raised:
        route.post(route.pack(EVENTS.slice(0, 1)), 1)
    assert raised.value.code == ""


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


CATALOGUE = {"name": "UPSERT_PRODUCTS", "entityType": "PRODUCT_CATALOGUE", "entityRef": "PC:MASTER:2"}
PRODUCTS = pl.DataFrame({"_row": [1, 2, 3], "ref": ["P-1", "P-2", None], "name": ["a", None, "c"]})


def test_many_rows_are_one_event(platform: Any, client: FluentClient) -> None:
    """Rows go into one event as a list in its attributes, beside those that all share, and the receipt names each."""
    platform.on(ASYNC, (200, {"eventId": "e1", "eventStatus": "PENDING"}))
    shared = {**CATALOGUE, "attributes": {"locale": "de"}}
    route = client.event_sender(shared, rows="attributes", per_event=100, into="items", rate_per_second=5)
    receipt = route.post(route.pack(PRODUCTS), 3)
    items = [{"ref": "P-1", "name": "a"}, {"ref": "P-2"}, {"name": "c"}]
    assert platform.sent(ASYNC) == [{"retailerId": "5", **CATALOGUE, "attributes": {"locale": "de", "items": items}}]
    assert receipt.details["refs"] == route.entity_ref(PRODUCTS).to_list()
    assert (route.limits.max_rows, route.rate_per_second) == (100, 5)


def test_event_of_many_rows_is_what_was_packed(platform: Any, client: FluentClient) -> None:
    """P27: what leaves is byte for byte what was packed, and a decimal keeps its digits."""
    platform.on(ASYNC, (200, {"eventId": "e1"}))
    rows = pl.DataFrame({"ref": ["P"], "price": [Decimal("12345678901234567.89")]})
    for how in ({}, {"per_event": 10}):
        route = client.event_sender(CATALOGUE, rows="attributes", **how)
        route.post(route.pack(rows), 1)
        assert platform.requests[-1].content == route.pack(rows)
        assert b'"price":12345678901234567.89' in route.pack(rows)


def test_shared_attributes_stand_beside_a_rows_own(client: FluentClient) -> None:
    """Attributes that all events share are kept, and a row's own of that name goes before."""
    route = client.event_sender({**CATALOGUE, "attributes": {"locale": "de", "name": "?"}}, rows="attributes")
    sent = [json.loads(route.pack(row))["attributes"] for row in PRODUCTS.head(2).iter_slices(1)]
    assert sent == [{"locale": "de", "ref": "P-1", "name": "a"}, {"locale": "de", "name": "?", "ref": "P-2"}]


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("status", ["FAILED", "COMPLETE"])
def test_status_decides_for_all_rows_of_an_event(platform: Any, client: FluentClient, mode: Any, status: str) -> None:
    """A status that was answered for good decides for all rows of the event, and nobody is asked again."""
    platform.on(f"/api/v4.1/event/{mode}", (200, {"eventId": "e1", "eventStatus": status}))
    platform.on("/api/v4.1/event/e1", (200, {"id": "e1", "eventStatus": status}))
    route = client.event_sender(CATALOGUE, mode=mode, rows="attributes", per_event=3)
    receipt = route.post(route.pack(PRODUCTS), 3)
    told = route.outcomes([receipt]).records
    expected = "delivered" if status == "COMPLETE" else "rejected"
    assert told.select("ref", "outcome", "code").rows() == [
        (ref, expected, status) for ref in route.entity_ref(PRODUCTS)
    ]
    assert receipt.told == (mode == "sync" or status == "FAILED")
    assert len(platform.requests) == 1 + (not receipt.told)
    assert route.verifiable


@pytest.mark.parametrize(
    ("mode", "answer"),
    [
        ("sync", (404, {"eventId": "e", "eventStatus": "NO_MATCH"})),
        ("sync", (200, {"eventId": "e", "eventStatus": "NO_MATCH"})),
        ("async", (200, {"eventId": "e", "eventStatus": "NO_MATCH"})),
        ("async", (400, {"errors": [{"message": "no rule set of PRODUCT_CATALOGUE is called 'UPSERT_PRODUCTS'"}]})),
        ("async", (400, {"message": "Unknown event name UPSERT_PRODUCTS"})),
    ],
)
@pytest.mark.parametrize("per_event", [None, 3])
def test_no_rule_for_what_all_rows_are_sent_as(
    platform: Any, client: FluentClient, mode: Any, answer: Any, per_event: int | None
) -> None:
    """Where name and entity are the same for all rows, an event without a rule is a NotFoundError: none can go."""
    platform.on(f"/api/v4.1/event/{mode}", answer)
    route = client.event_sender(CATALOGUE, mode=mode, rows="attributes", per_event=per_event)
    with pytest.raises(NotFoundError) as raised:
        route.post(route.pack(PRODUCTS.head(per_event or 1)), per_event or 1)
    assert raised.value.code == "NO_MATCH"
    assert "name" in raised.value.hint


def test_refusal_that_may_be_one_rows_fault(platform: Any, client: FluentClient) -> None:
    """A refusal that is not about the event's name is one that a row may be at fault for."""
    platform.on(ASYNC, (400, {"message": "attribute gtin is too long"}))
    route = client.event_sender(CATALOGUE, rows="attributes", per_event=3)
    with pytest.raises(BadRequestError, match="gtin"):
        route.post(route.pack(PRODUCTS), 3)


@pytest.mark.parametrize(
    ("choices", "match"),
    [
        ({"per_event": 10}, "per_event"),
        ({"rows": "attributes", "per_event": 0}, "per_event is 0"),
        ({"rows": "attributes", "per_event": 101}, "per_event is 101"),
        ({"rows": "attributes", "per_event": True}, "per_event is True"),
        ({"rows": "attributes", "per_event": 10, "into": ""}, "into"),
        ({"rows": "attributes", "per_event": 10, "event": {**CATALOGUE, "attributes": {"products": 1}}}, "products"),
        ({"rows": "attributes", "event": {"name": "N"}}, "lacks entityType"),
        ({"event": {"colour": "red"}}, "colour"),
        ({"event": {"attributes": [1]}}, "attributes"),
        ({"event": "N"}, "dict"),
        ({"mode": "later"}, "mode='later' is not known"),
        ({"mode": ["sync"]}, r"mode=\['sync'\] is not known"),
        ({"rows": ["events"]}, r"rows=\['events'\] is not known"),
        ({"rate_per_second": 0}, "rate_per_second"),
        ({"rate_per_second": "5"}, "rate_per_second"),
        ({"rate_per_second": float("nan")}, "rate_per_second"),
    ],
)
def test_senseless_choices_are_told_at_once(client: FluentClient, choices: dict[str, Any], match: str) -> None:
    """P32: choices that exclude each other or mean nothing are refused before a row is looked at, with a way out."""
    event = choices.pop("event", CATALOGUE)
    with pytest.raises(BadRequestError, match=match) as raised:
        client.event_sender(event, **choices)
    assert raised.value.hint


@pytest.mark.parametrize(
    "rows",
    [
        {"entityRef": ["A", "B", None, ""]},
        {"entityRef": [7, 8, None, 7]},
        {"entityId": [7, 8, None, 9], "at": [1.5, None, 2.0, 2.5]},
        {"entityRef": ["A", "A", "B", None], "attributes": [{"ref": "x"}, {"ref": "y"}, {"ref": None}, {"ref": "z"}]},
        {"entityRef": ["SHARED"] * 4, "attributes": [{"ref": "x"}, {"ref": "y"}, {"ref": None}, {"ref": "z"}]},
        {"entityRef": [1.5, 2.5, None, 4.0], "flag": [True, None, False, True]},
        {"at": [dt.date(2026, 1, day) for day in range(1, 5)], "bytes": [dt.time(1), None, None, dt.time(2)]},
    ],
)
@pytest.mark.parametrize("how", [{}, {"rows": "attributes"}, {"rows": "attributes", "per_event": 3}])
def test_references_are_those_of_the_receipts(client: FluentClient, rows: dict[str, Any], how: dict[str, Any]) -> None:
    """Whatever a row is known by, entity_ref and the receipt of its event say the same, however rows are cut."""
    frame = pl.DataFrame(rows)
    frame = frame.rename({"entityRef": "ref"}, strict=False) if how else frame
    frame = frame.drop("attributes", strict=False) if how else frame
    route = client.event_sender({"name": "N", "entityType": "ORDER", "entityRef": "SHARED"}, **how)
    parts = list(frame.iter_slices(route.limits.max_rows))
    told = [ref for part in parts for ref in route._form.refs_of(json.loads(route.pack(part)))]
    assert told == route.entity_ref(frame).to_list()
    assert "SHARED" not in told or how


def test_references_name_entity_and_thing(client: FluentClient) -> None:
    """What all rows share is no row's own reference; the ref in the attributes is, also beside an entity's."""
    things = pl.DataFrame({"entityRef": ["PC", "C-2"], "attributes": [{"ref": "P-1"}, {"ref": "P-2"}]})
    assert client.event_sender({"entityRef": "PC"}).entity_ref(things).to_list() == ["P-1", "C-2:P-2"]
    assert client.event_sender().entity_ref(things).to_list() == ["PC:P-1", "C-2:P-2"]
    assert client.event_sender().entity_ref(things.clear()).to_list() == []
