"""The event routes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from fcwork.clock import ManualClock
from fcwork.simulator import Fault, Faults, Simulator

CANCEL = {"name": "OrderCancel", "retailerId": "2", "entityType": "ORDER", "entityRef": "HD-1"}
PRODUCT = {
    "name": "UPSERT_PRODUCT",
    "retailerId": "2",
    "entityType": "PRODUCT_CATALOGUE",
    "entityRef": "PC:MASTER:2",
    "entitySubtype": "MASTER",
    "rootEntityType": "PRODUCT_CATALOGUE",
    "rootEntityRef": "PC:MASTER:2",
    "attributes": {"ref": "P-1", "price": 9.5, "stock": 3, "active": True, "tags": ["a"]},
}


def _post(client: httpx.Client, event: dict[str, Any], mode: str = "async") -> httpx.Response:
    return client.post(f"/api/v4.1/event/{mode}", json=event)


def _search(client: httpx.Client, **query: str) -> dict[str, Any]:
    answer = client.get("/api/v4.1/event", params={name.replace("__", "."): value for name, value in query.items()})
    assert answer.status_code == 200
    return dict(answer.json())


def _message(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def test_async_event_is_queued_and_found(client: httpx.Client) -> None:
    """An event sent async is answered as PENDING with its id, under which it is found with what it carried."""
    answer = _post(client, PRODUCT).json()
    found = client.get(f"/api/v4.1/event/{answer['eventId']}").json()
    assert answer["eventStatus"] == "PENDING"
    assert (found["name"], found["type"], found["retailerId"]) == ("UPSERT_PRODUCT", "ORCHESTRATION", "2")
    assert found["context"]["rootEntityRef"] == "PC:MASTER:2"
    types = {attribute["name"]: attribute["type"] for attribute in found["attributes"]}
    assert types == {"ref": "STRING", "price": "FLOAT", "stock": "INTEGER", "active": "BOOLEAN", "tags": "JSON"}


def test_sync_event_tells_how_its_workflow_ended(client: httpx.Client, sim: Simulator) -> None:
    """An event sent sync is COMPLETE, or 404 and NO_MATCH where no rule set knows it; the latter has no effect."""
    done = _post(client, {**CANCEL, "entityId": "143"}, "sync")
    lost = _post(client, {**CANCEL, "name": "Nonsense"}, "sync")
    assert (done.status_code, done.json()["eventStatus"], done.json()["entityId"]) == (200, "COMPLETE", "143")
    assert (lost.status_code, lost.json()["eventStatus"]) == (404, "NO_MATCH")
    assert dict(sim.ledger.events.select("name", "effects").rows()) == {"OrderCancel": 1, "Nonsense": 0}


def test_async_event_with_an_unknown_name_is_refused(client: httpx.Client, sim: Simulator) -> None:
    """An async event that no rule set knows is a 400 that names it, and is not kept."""
    answer = _post(client, {**CANCEL, "name": "Nonsense"})
    assert answer.status_code == 400
    assert "Nonsense" in _message(answer)
    assert sim.ledger.events.is_empty()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": None}, "name"),
        ({"retailerId": "9"}, "retailer 9"),
        ({"entityRef": None}, "entityRef or entityId"),
        ({"entityRef": ["HD-1"]}, "entityRef"),
        ({"entityType": "STORE"}, "entityType"),
        ({"rootEntityType": "FULFILMENT"}, "rootEntityType"),
        ({"attributes": [1]}, "attributes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_event_is_refused_by_field(client: httpx.Client, changes: dict[str, Any], told: str) -> None:
    """An event that lacks a field, or has a field or value that nobody knows, is a 400 that names it."""
    for mode in ("async", "sync"):
        answer = _post(client, {**CANCEL, **changes}, mode)
        assert answer.status_code == 400
        assert told in _message(answer)


def test_ledger_shows_a_doubled_event(client: httpx.Client, sim: Simulator) -> None:
    """P16: the same event sent twice is one row with two effects, whatever the order of its fields."""
    _post(client, CANCEL)
    _post(client, dict(reversed(CANCEL.items())))
    _post(client, {**CANCEL, "entityRef": "HD-2"})
    assert sim.ledger.events.select("entityRef", "effects").rows() == [("HD-1", 2), ("HD-2", 1)]


def test_search_takes_every_filter(client: httpx.Client) -> None:
    """Each filter of the platform picks the events it describes and no other."""
    _post(client, PRODUCT)
    cancelled = _post(client, {**CANCEL, "entityId": "7", "rootEntityType": "ORDER", "rootEntityId": "7"}).json()
    filters = {
        "name": "OrderCancel",
        "context__entityType": "ORDER",
        "context__entityId": "7",
        "context__entityRef": "HD-1",
        "context__rootEntityType": "ORDER",
        "context__rootEntityId": "7",
        "eventId": cancelled["eventId"],
    }
    for name, value in filters.items():
        found = _search(client, **{name: value})["results"]
        assert [event["id"] for event in found] == [cancelled["eventId"]], name
    both = {"eventType": "ORCHESTRATION", "eventStatus": "COMPLETE", "category": "snapshot", "retailerId": "2"}
    assert len(_search(client, **both)["results"]) == 2
    assert _search(client, context__sourceEvents="none")["results"] == []
    assert _search(client, context__rootEntityRef="none")["results"] == []


def test_search_pages(client: httpx.Client) -> None:
    """Events come by start and count, the oldest first, and hasMore says whether to go on."""
    for number in range(5):
        _post(client, {**CANCEL, "entityRef": f"HD-{number}"})
    first, last = _search(client, count="3"), _search(client, start="3", count="3")
    assert (first["start"], first["count"], first["hasMore"]) == (0, 3, True)
    assert (last["start"], last["count"], last["hasMore"]) == (3, 2, False)
    refs = [event["context"]["entityRef"] for event in first["results"] + last["results"]]
    assert refs == [f"HD-{number}" for number in range(5)]


def test_search_looks_30_days_back(
    make: Callable[..., Simulator], enter: Callable[[Simulator], httpx.Client], clock: ManualClock
) -> None:
    """Both ends of from and to are included; without them the last 30 days are searched."""
    client = enter(make(token_seconds=1e9))
    sent_at = clock.now()
    _post(client, CANCEL)
    clock.advance(timedelta(days=31).total_seconds())
    assert _search(client)["results"] == []
    instant = sent_at.isoformat().replace("+00:00", "Z")
    assert len(_search(client, **{"from": instant, "to": instant})["results"]) == 1
    assert _search(client, **{"from": instant, "to": "2026-01-15T11:59:59.99Z"})["results"] == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"eventType": "NEWS"}, "eventType"),
        ({"eventStatus": "DONE"}, "eventStatus"),
        ({"category": "x"}, "category"),
        ({"context.entityType": "STORE"}, "context.entityType"),
        ({"context.rootEntityType": "FULFILMENT"}, "context.rootEntityType"),
        ({"count": "5001"}, "count"),
        ({"start": "x"}, "start"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2025-01-01"}, "from"),
        ({"to": "2027-01-01"}, "to"),
        ({"entityRef": "HD-1"}, "entityRef"),
    ],
)
def test_wrong_search_is_refused(client: httpx.Client, query: dict[str, str], told: str) -> None:
    """A filter or value that nobody knows, or a date out of bounds, is a 400 that names it."""
    answer = client.get("/api/v4.1/event", params=query)
    assert answer.status_code == 400
    assert told in _message(answer)


def test_unknown_event_is_not_found(client: httpx.Client) -> None:
    """An event id that is not there is a 404."""
    assert client.get("/api/v4.1/event/nothing").status_code == 404


@pytest.mark.parametrize(
    ("status", "answered", "effects"),
    [("FAILED", 200, 0), ("NO_MATCH", 404, 0), ("PENDING", 200, 0), ("SCHEDULED", 200, 0), ("SUCCESS", 200, 1)],
)
def test_event_ends_as_arranged(
    make: Callable[..., Simulator], enter: Callable[[Simulator], httpx.Client], status: str, answered: int, effects: int
) -> None:
    """An event ends in the status of the script: sync it is answered so, async it is found so; others are as ever."""
    sim = make(faults=Faults([Fault("event_status", event_status=status, ref="HD-1")]))
    client = enter(sim)
    other = {**CANCEL, "entityRef": "HD-2"}
    told = {mode: _post(client, CANCEL, mode) for mode in ("sync", "async")}
    assert _post(client, other, "sync").json()["eventStatus"] == "COMPLETE"
    assert (told["sync"].status_code, told["sync"].json()["eventStatus"]) == (answered, status)
    assert told["async"].json()["eventStatus"] == "PENDING"
    assert {event["eventStatus"] for event in _search(client, context__entityRef="HD-1")["results"]} == {status}
    assert sim.ledger.events.select("entityRef", "effects").rows() == [("HD-1", 2 * effects), ("HD-2", 1)]


@pytest.mark.parametrize("attributes", [{"ref": "P-1"}, {"products": [{"ref": "P-0"}, {"ref": "P-1"}]}])
def test_event_ends_as_arranged_for_what_it_carries(
    make: Callable[..., Simulator], enter: Callable[[Simulator], httpx.Client], attributes: dict[str, Any]
) -> None:
    """A fault may name what the attributes are about, one thing or one of a list, and happens as often as it says."""
    client = enter(make(faults=Faults([Fault("event_status", event_status="FAILED", refs=["P-1"], times=1)])))
    event = {**PRODUCT, "attributes": attributes}
    other = {**PRODUCT, "attributes": {"ref": "P-2", "products": [], "tags": ["P-1"]}}
    told = [_post(client, changed, "sync").json()["eventStatus"] for changed in (other, event, event)]
    assert told == ["COMPLETE", "FAILED", "COMPLETE"]


def test_event_carries_any_number_of_things(client: httpx.Client, sim: Simulator) -> None:
    """An event of more than 100 products is taken: no page tells of a limit."""
    products = {"products": [{"ref": f"P-{number}"} for number in range(250)]}
    assert _post(client, {**PRODUCT, "name": "UPSERT_PRODUCTS", "attributes": products}, "sync").status_code == 200
    assert sim.ledger.events["effects"].to_list() == [1]
