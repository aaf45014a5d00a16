"""Events: what is sent, what its answer means, and the search."""

import datetime as dt
from typing import Any

import pytest

from fcwork.client import FluentClient
from fcwork.errors import BadRequestError, ConfigError, NotFoundError, ServerError

EVENT = {"name": "OrderCancel", "entityType": "ORDER", "entityRef": "O-1"}


@pytest.mark.parametrize(
    ("mode", "answer", "expected"),
    [
        ("sync", {"eventId": "e1", "entityId": "143", "eventStatus": "COMPLETE"}, ("e1", "COMPLETE", True)),
        ("sync", {"eventId": "e1", "eventStatus": "SUCCESS"}, ("e1", "SUCCESS", True)),
        ("sync", {"eventId": "e1", "eventStatus": "FAILED", "success": True}, ("e1", "FAILED", False)),
        ("sync", {"eventId": "e1", "eventStatus": "NO_MATCH"}, ("e1", "NO_MATCH", False)),
        ("sync", {"eventId": "e1"}, ("e1", "", False)),
        ("async", {"eventId": "e1", "eventStatus": "PENDING"}, ("e1", "PENDING", True)),
        ("async", {"id": 7}, ("7", "", True)),
        ("async", {"id": "e1", "success": False}, ("e1", "", False)),
        ("async", {"id": "e1", "eventStatus": "FAILED"}, ("e1", "FAILED", False)),
        ("async", {}, ("", "", True)),
    ],
)
def test_status_decides(platform: Any, client: FluentClient, mode: Any, answer: Any, expected: Any) -> None:
    """The platform's eventStatus decides whether an event did what it was sent for, never HTTP 200 alone."""
    platform.on(f"/api/v4.1/event/{mode}", (200, answer))
    receipt = client.send_event(EVENT, mode=mode)
    assert (receipt.id, receipt.status, receipt.ok) == expected
    assert (receipt.mode, receipt.answer) == (mode, answer)
    assert platform.sent(f"/api/v4.1/event/{mode}") == [{"retailerId": "5", **EVENT}]


def test_empty_answer_to_an_async_event_is_taken(platform: Any, client: FluentClient) -> None:
    """A queued event may be answered without a body."""
    platform.on("/api/v4.1/event/async", (202, b""))
    assert client.send_event(EVENT).ok


def test_no_rule_matched(platform: Any, client: FluentClient) -> None:
    """A sync event that no rule matched is a NotFoundError that says so."""
    platform.on("/api/v4.1/event/sync", (404, {"eventId": "e1", "eventStatus": "NO_MATCH"}))
    with pytest.raises(NotFoundError, match="NO_MATCH"):
        client.send_event(EVENT, mode="sync")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"entityType": None}, "entityType"),
        ({"entityRef": None}, "entityRef"),
        ({"colour": "red"}, "colour"),
        ({"entityRef": ["A", "B"]}, "entityRef of an event is one text"),
        ({"attributes": {"x": object()}}, "object"),
    ],
)
def test_senseless_events_are_not_sent(platform: Any, client: FluentClient, change: Any, match: str) -> None:
    """An event that lacks a field, has an unknown one or cannot be written is refused before anything is sent."""
    with pytest.raises(BadRequestError, match=match):
        client.send_event({**EVENT, **change})
    assert platform.requests == []


def test_event_needs_a_retailer(make_client: Any) -> None:
    """An event without a retailer is refused; its own goes before the client's."""
    with pytest.raises(ConfigError, match="retailer"):
        make_client(retailer_id=None).send_event(EVENT)


def test_own_retailer_and_attributes(platform: Any, client: FluentClient) -> None:
    """An event's own retailer goes before the client's; dates in attributes are written in UTC; nulls are left out."""
    platform.on("/api/v4.1/event/async", (200, {"id": "1"}))
    at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    client.send_event({**EVENT, "retailerId": "9", "entityId": None, "attributes": {"at": at}})
    assert platform.sent("/api/v4.1/event/async") == [
        {**EVENT, "retailerId": "9", "attributes": {"at": "2026-01-02T00:00:00Z"}}
    ]


def test_unknown_mode(client: FluentClient) -> None:
    """The mode is async or sync, and nothing that leads to another path."""
    with pytest.raises(BadRequestError, match="mode"):
        client.send_event(EVENT, mode="../../admin")  # type: ignore[arg-type] # the wrong value is the case


def test_event_by_id(platform: Any, client: FluentClient) -> None:
    """One event is returned as the platform tells it."""
    platform.on("/api/v4.1/event/e1", (200, {"id": "e1", "name": None}))
    assert client.event("e1") == {"id": "e1", "name": None}


def test_search_reads_all_pages(platform: Any, client: FluentClient) -> None:
    """The search yields every event, page by page, as long as the platform says that there is more."""

    def page(request: Any) -> Any:
        start, count = (int(request.url.params[name]) for name in ("start", "count"))
        results = [{"id": at} for at in range(start, min(start + count, 7))]
        return 200, {"start": start, "count": len(results), "hasMore": start + count < 7, "results": results}

    platform.on("/api/v4.1/event", page)
    found = client.events(count=3)
    assert platform.requests == []
    assert [event["id"] for event in found] == list(range(7))
    assert [request.url.params["start"] for request in platform.requests] == ["0", "3", "6"]


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({"entity_ref": "O-1", "event_type": "API"}, "context.entityRef=O-1&eventType=API"),
        (
            {"context.rootEntityType": "ORDER", "eventStatus": "FAILED"},
            "context.rootEntityType=ORDER&eventStatus=FAILED",
        ),
        ({"source_events": ["a", "b"]}, "context.sourceEvents=a%2Cb"),
        ({"name": None, "category": "", "retailer_id": 5}, "retailerId=5"),
        (
            {"from_": dt.datetime(2026, 2, 1, tzinfo=dt.UTC), "to": "2026-02-15T23:59:59.999Z"},
            "from=2026-02-01T00%3A00%3A00.000Z&to=2026-02-15T23%3A59%3A59.999Z",
        ),
        ({"name": "a+b &/é"}, "name=a%2Bb+%26%2F%C3%A9"),
    ],
)
def test_filters(platform: Any, client: FluentClient, filters: Any, query: str) -> None:
    """Filters may be spelled our way or the platform's; nothing is sent for None and empty ones."""
    platform.on("/api/v4.1/event", (200, {"hasMore": False, "results": []}))
    assert list(client.events(**filters)) == []
    sent = platform.requests[0].url.query.decode()
    assert sent == f"{query}&start=0&count=1000".replace("/", "%2F")


@pytest.mark.parametrize(
    ("filters", "match"),
    [
        ({"colour": 1}, "entity_ref"),
        ({"count": 0}, "5,000"),
        ({"count": 5_001}, "5,000"),
        ({"count": "5"}, "5,000"),
        ({"count": 5.0}, "5,000"),
        ({"count": None}, "5,000"),
        ({"start": -1}, "0 or more"),
        ({"start": "0"}, "0 or more"),
        ({"start": True}, "0 or more"),
    ],
)
def test_senseless_searches_are_refused_at_once(client: FluentClient, filters: Any, match: str) -> None:
    """An unknown filter or a senseless page is refused when asked for, not when the first event is read."""
    with pytest.raises(BadRequestError) as raised:
        client.events(**filters)
    assert match in raised.value.hint


def test_search_that_says_more_and_gives_none(platform: Any, client: FluentClient) -> None:
    """P21: a search that says that there is more and gives none is an error, not an endless loop or a silent end."""
    platform.on("/api/v4.1/event", (200, {"hasMore": True, "results": []}))
    with pytest.raises(ServerError, match="more"):
        list(client.events())
    assert len(platform.requests) == 1


@pytest.mark.parametrize("answer", [[1], {"results": {"a": 1}}])
def test_search_answered_with_another_form(platform: Any, client: FluentClient, answer: Any) -> None:
    """P21: an answer that is no list of events is an error, never an empty search."""
    platform.on("/api/v4.1/event", (200, answer))
    with pytest.raises(ServerError, match="no list of events"):
        list(client.events(entity_ref="R"))


@pytest.mark.parametrize("event", ["x", None, [1]])
def test_what_is_no_event_is_told(platform: Any, client: FluentClient, event: Any) -> None:
    """P32: an event that is no dict is refused before anything is sent."""
    with pytest.raises(BadRequestError, match="an event is a dict of its fields, not"):
        client.send_event(event)
    assert platform.requests == []
