"""Many events asked for at once, and lost ones looked for, against a canned log."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
import polars as pl
import pytest

from fcwork.client import FluentClient, event_log, event_matching
from fcwork.clock import ManualClock
from fcwork.errors import AuthError, BadRequestError, ServerError
from fcwork.retry import RetryPolicy
from fcwork.routes import Receipt

SEARCH = "/api/v4.1/event"
NOON = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
CANCEL = {"name": "OrderCancel", "entityType": "ORDER"}
CATALOGUE = {"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE", "entityRef": "PC"}


class Log:
    """Answers searches and single look-ups from a list of events, the oldest first.

    Args:
        events: what it holds.
        searchable: whether a search finds them.
    """

    def __init__(self, events: list[dict[str, Any]], *, searchable: bool = True) -> None:
        self.events, self.searchable = events, searchable
        self.searches: list[dict[str, str]] = []
        self.single = 0

    def search(self, request: httpx.Request) -> Any:
        """Return a page."""
        query = dict(request.url.params)
        self.searches.append(query)
        start, count = int(query["start"]), int(query["count"])
        held = self.events if self.searchable else []
        page = held[start : start + count]
        return 200, {"start": start, "count": len(page), "hasMore": start + count < len(held), "results": page}

    def one(self, request: httpx.Request) -> Any:
        """Return one event."""
        self.single += 1
        named = request.url.path.rpartition("/")[2]
        return next(((200, event) for event in self.events if event["id"] == named), (404, {}))

    def behind(self, platform: Any) -> Log:
        """Answer for a platform."""
        platform.on(SEARCH, self.search)
        for event in self.events:
            platform.on(f"{SEARCH}/{event['id']}", self.one)
        return self


def entry(event_id: str, status: str = "COMPLETE", attributes: Any = None, **context: Any) -> dict[str, Any]:
    """Return an event as the log tells it."""
    told = [{"name": name, "value": value, "type": "JSON"} for name, value in (attributes or {}).items()]
    about = {"entityType": "ORDER", "entityRef": "O-1", "entityId": "77", **context}
    fields = {"id": event_id, "name": "OrderCancel", "retailerId": "5", "eventStatus": status, "type": "ORCHESTRATION"}
    return {**fields, "context": about, "attributes": told or None}


def receipt(event_id: str, *, minutes: float = 0, size_bytes: int = 200, name: str = "OrderCancel") -> Receipt:
    """Return the receipt of an event that was sent so long after noon."""
    sent_at = (NOON + dt.timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    told = {"event_id": event_id, "refs": [f"R-{event_id}"], "name": name, "entity_type": "ORDER"}
    return Receipt(event_id, 1, {**told, "sent_at": sent_at, "bytes": size_bytes})


def outcomes(findings: Any) -> dict[str, str]:
    """Return the outcomes by reference."""
    return dict(findings.records.select("ref", "outcome").rows())


def test_many_are_searched_for(platform: Any, client: FluentClient) -> None:
    """Many events take a search by name and time, not a request each; others in the log are passed over."""
    ours = [entry(f"e{at}", "FAILED" if at == 3 else "COMPLETE") for at in range(200)]
    log = Log([entry("stranger", "FAILED"), *ours]).behind(platform)
    findings = client.event_sender(CANCEL).outcomes([receipt(f"e{at}", minutes=at / 60) for at in range(200)])
    assert outcomes(findings) == {f"R-e{at}": "rejected" if at == 3 else "delivered" for at in range(200)}
    assert (len(log.searches), log.single) == (1, 0)
    filters = {"name": "OrderCancel", "context.entityType": "ORDER"}
    times = {"from": "2026-01-15T11:59:00.000Z", "to": "2026-01-15T12:06:19.000Z"}
    assert log.searches[0].items() >= {**filters, **times}.items()


def test_few_are_asked_for_one_by_one(platform: Any, client: FluentClient) -> None:
    """A few events are asked for by their ids."""
    log = Log([entry(f"e{at}") for at in range(event_log.FEW)]).behind(platform)
    findings = client.event_sender(CANCEL).outcomes([receipt(f"e{at}") for at in range(event_log.FEW)])
    assert len(outcomes(findings)) == event_log.FEW
    assert (log.searches, log.single) == ([], event_log.FEW)


@pytest.mark.parametrize("searchable", [True, False])
def test_what_no_search_finds_is_asked_for(platform: Any, client: FluentClient, searchable: bool) -> None:  # noqa: FBT001
    """What a search does not show is asked for by its id, and is open where it is not there yet."""
    log = Log([entry(f"e{at}") for at in range(30)], searchable=searchable).behind(platform)
    findings = client.event_sender(CANCEL).outcomes([receipt(f"e{at}") for at in range(31)])
    assert len(outcomes(findings)) == 30
    assert findings.open == ("e30",)
    assert log.single == (0 if searchable else 30)


def test_refused_search_is_not_the_end(platform: Any, client: FluentClient) -> None:
    """Where the log takes no such search, as for times too far back, each event is asked for by its id."""
    log = Log([entry(f"e{at}") for at in range(30)]).behind(platform)
    platform.on(SEARCH, (400, {"message": "from is too far back"}))
    assert len(outcomes(client.event_sender(CANCEL).outcomes([receipt(f"e{at}") for at in range(30)]))) == 30
    assert log.single == 30


def test_windows_leave_out_what_was_between(platform: Any, client: FluentClient) -> None:
    """Events of two names, or of two times far apart, are searched for separately."""
    log = Log([]).behind(platform)
    morning = [receipt(f"a{at}") for at in range(25)]
    evening = [receipt(f"b{at}", minutes=480) for at in range(25)]
    others = [receipt(f"c{at}", name="Other") for at in range(25)]
    findings = client.event_sender(CANCEL).outcomes([*evening, *others, *morning])
    assert len(findings.open) == 75
    times = [(query["name"], query["from"][11:16]) for query in log.searches]
    assert sorted(times) == [("OrderCancel", "11:59"), ("OrderCancel", "19:59"), ("Other", "11:59")]


def test_search_stops_where_others_crowd_the_log(platform: Any, client: FluentClient) -> None:
    """Where the log is full of others' events the search ends, and each of ours is asked for by its id."""
    strangers = [entry(f"x{at}") for at in range(2_000)]
    log = Log([*strangers, *(entry(f"e{at}") for at in range(25))]).behind(platform)
    big = 16_000_000 // 10
    receipts = [receipt(f"e{at}", size_bytes=big) for at in range(25)]
    assert len(outcomes(client.event_sender(CANCEL).outcomes(receipts))) == 25
    assert {query["count"] for query in log.searches} == {"9"}
    assert (len(log.searches), log.single) == (8, 25)


def test_what_was_told_before_a_failure_is_kept(platform: Any, make_client: Any) -> None:
    """What could be had before the platform failed is told, the rest stays open; nothing at all is an error."""
    client = make_client(policy=RetryPolicy(max_retries=0))
    Log([entry("e1"), entry("e2")]).behind(platform)
    platform.on(f"{SEARCH}/e2", (503, {}))
    route = client.event_sender(CANCEL)
    findings = route.outcomes([receipt("e1"), receipt("e2")])
    assert (outcomes(findings), findings.open) == ({"R-e1": "delivered"}, ("e2",))
    with pytest.raises(ServerError):
        route.outcomes([receipt("e2")])
    platform.on(f"{SEARCH}/e2", (403, {}))
    with pytest.raises(AuthError):
        route.outcomes([receipt("e1"), receipt("e2")])


def test_another_event_is_never_taken_for_ours(platform: Any, client: FluentClient) -> None:
    """An answer that is about another event than was asked for tells nothing."""
    platform.on(f"{SEARCH}/e1", (200, {"id": "e2", "eventStatus": "COMPLETE"}))
    assert client.event_sender(CANCEL).outcomes([receipt("e1")]).open == ("e1",)


def back(client: FluentClient, lost: list[dict[str, Any]], **how: Any) -> list[tuple[str, str, str]]:
    """Read rows back and return reference, outcome and code."""
    frame = pl.DataFrame(lost)
    route = client.event_sender(how.pop("event", CANCEL), **how)
    found = route.read_back(frame, route.entity_ref(frame), NOON)
    assert found.columns == ["ref", "outcome", "code", "message"]
    return found.select("ref", "outcome", "code").rows()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("COMPLETE", "delivered"),
        ("SUCCESS", "delivered"),
        ("FAILED", "rejected"),
        ("NO_MATCH", "rejected"),
        ("PENDING", "unknown"),
        ("SCHEDULED", "unknown"),
        ("MUSING", "unknown"),
    ],
)
def test_lost_event_is_found(platform: Any, client: FluentClient, status: str, outcome: str) -> None:
    """P16: an event that says what a row says decides by its status; the search is about its name and entity only."""
    log = Log([entry("e1", status, {"reason": "late", "n": 9})]).behind(platform)
    rows = [{"_row": 1, "_source": "f", "entityRef": "O-1", "attributes": {"reason": "late", "n": 9.0, "x": None}}]
    assert back(client, rows) == [("O-1", outcome, status)]
    query = {name: log.searches[0][name] for name in ("name", "context.entityRef", "from", "retailerId")}
    told = {"name": "OrderCancel", "context.entityRef": "O-1", "from": "2026-01-15T11:59:55.000Z", "retailerId": "5"}
    assert query == told


@pytest.mark.parametrize(
    "other",
    [
        entry("e1", attributes={"reason": "early"}),
        entry("e1", attributes={"reason": "late", "more": 1}),
        entry("e1"),
        entry("e1", attributes={"reason": "late"}, entityRef="O-2"),
        entry("e1", attributes={"reason": "late"}, entityType="FULFILMENT"),
        {**entry("e1", attributes={"reason": "late"}), "name": "Other"},
        {**entry("e1", attributes={"reason": "late"}), "name": None, "attributes": None},
        {**entry("e1", attributes={"reason": "late"}), "retailerId": "9"},
        {**entry("e1", attributes={"reason": "late"}), "id": None},
    ],
)
def test_event_that_says_something_else_is_not_ours(platform: Any, client: FluentClient, other: Any) -> None:
    """P16: an event that differs in any of what the row says is no proof of it."""
    Log([other]).behind(platform)
    assert back(client, [{"entityRef": "O-1", "attributes": {"reason": "late"}}]) == []


def test_values_that_the_log_spells_as_text(platform: Any, client: FluentClient) -> None:
    """A number or object that the log tells as text, by its type, is the same value; a text like one is not."""
    told = entry("e1")
    told["attributes"] = [
        {"name": "n", "value": "9", "type": "INTEGER"},
        {"name": "o", "value": '{"b":true,"a":[1]}', "type": "JSON"},
        {"name": "s", "value": "9", "type": "STRING"},
        {"name": "t", "value": "x{", "type": "JSON"},
    ]
    Log([told]).behind(platform)
    attributes = {"n": 9, "o": {"a": [1], "b": True}, "s": "9", "t": "x{"}
    assert back(client, [{"entityRef": "O-1", "attributes": attributes}]) == [("O-1", "delivered", "COMPLETE")]
    assert back(client, [{"entityRef": "O-1", "attributes": {**attributes, "s": 9}}]) == []


def test_entity_may_be_named_by_its_id(platform: Any, client: FluentClient) -> None:
    """An event is found by the id or reference that it was sent with, and differs where one of both does."""
    Log([entry("e1")]).behind(platform)
    assert back(client, [{"entityId": 77}]) == [("77", "delivered", "COMPLETE")]
    assert back(client, [{"entityId": 77, "entityRef": "O-1"}]) == [("O-1", "delivered", "COMPLETE")]
    assert back(client, [{"entityId": 78, "entityRef": "O-1"}]) == []


def test_rows_that_say_the_same(platform: Any, client: FluentClient) -> None:
    """P16: rows that say the same need an event each; with fewer, or different ends, nobody can tell whose they are."""
    rows = [{"entityRef": "O-1"}] * 2
    Log([entry("e1")]).behind(platform)
    assert back(client, rows) == [("O-1", "unknown", "")]
    Log([entry("e1"), entry("e2")]).behind(platform)
    assert back(client, rows) == [("O-1", "delivered", "COMPLETE")]
    Log([entry("e1"), entry("e2", "FAILED")]).behind(platform)
    assert back(client, rows) == back(client, rows[:1]) == [("O-1", "unknown", "")]
    Log([entry("e1"), entry("e1")]).behind(platform)
    assert back(client, rows) == [("O-1", "unknown", "")]


def test_reference_of_rows_that_say_different_things(platform: Any, client: FluentClient) -> None:
    """P16: of two rows with one reference both must be found, else neither is told as delivered."""
    Log([entry("e1")]).behind(platform)
    rows = [{"entityRef": "O-1", "attributes": {"n": None}}, {"entityRef": "O-1", "attributes": {"n": 1}}]
    assert back(client, rows) == [("O-1", "unknown", "")]


def test_event_of_another_row_is_not_ours(platform: Any, client: FluentClient) -> None:
    """P16: an event that is known to be another row's, by its receipt or an earlier look, is none of a later row."""
    platform.on(f"{SEARCH}/async", (200, {"eventId": "e1", "eventStatus": "PENDING"}))
    Log([entry("e1")]).behind(platform)
    rows = pl.DataFrame({"entityRef": ["O-1"]})
    route = client.event_sender(CANCEL)
    route.post(route.pack(rows), 1)
    refs = route.entity_ref(rows)
    assert route.read_back(rows, refs, NOON).is_empty()
    Log([entry("e1"), entry("e2")]).behind(platform)
    assert [route.read_back(rows, refs, NOON).height for _ in range(2)] == [1, 0]
    resumed = client.event_sender(CANCEL)
    resumed.outcomes([receipt("e1"), receipt("e2")])
    assert resumed.read_back(rows, refs, NOON).is_empty()


@pytest.mark.parametrize("status", ["FAILED", "NO_MATCH"])
def test_refused_event_is_its_own_rows(platform: Any, client: FluentClient, status: str) -> None:
    """P16: an event that was answered as FAILED or NO_MATCH is the row's that it was answered for."""
    platform.on(f"{SEARCH}/sync", (200, {"eventId": "e1", "eventStatus": status}))
    Log([entry("e1", status)]).behind(platform)
    rows = pl.DataFrame({"entityRef": ["O-1"]})
    route = client.event_sender(CANCEL, mode="sync")
    with pytest.raises(BadRequestError, match=status):
        route.post(route.pack(rows), 1)
    assert route.read_back(rows, route.entity_ref(rows), NOON).is_empty()


def test_what_stays_unknown_can_be_looked_for_again(platform: Any, client: FluentClient) -> None:
    """P16: an event that settled nothing, still open or one too few, counts in a later look."""
    route = client.event_sender(CANCEL)
    twins = pl.DataFrame({"entityRef": ["O-1"] * 2})
    for events, told in (
        ([entry("e1")], "unknown"),
        ([entry("e1"), entry("e2", "PENDING")], "unknown"),
        ([entry("e1"), entry("e2")], "delivered"),
    ):
        Log(events).behind(platform)
        assert route.read_back(twins, route.entity_ref(twins), NOON)["outcome"].to_list() == [told]


def test_memory_of_other_rows_events_is_bounded(client: FluentClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the events of other rows the last are remembered."""
    monkeypatch.setattr(event_matching, "KEPT", 3)
    route = client.event_sender(CANCEL)
    route._matching.exclude(f"e{at}" for at in range(5))
    assert list(route._matching._others) == ["e2", "e3", "e4"]


def test_rows_of_an_event_are_found_one_by_one(platform: Any, client: FluentClient) -> None:
    """P16: each row in an event of many is found by what it says, in an event whose other attributes are the same."""
    products = [{"ref": "P-1", "n": 1}, {"ref": "P-2"}, {"ref": "P-2"}]
    about = {"entityType": "PRODUCT_CATALOGUE", "entityRef": "PC"}
    shared = {"locale": "de"}
    told = entry("e1", attributes={"products": products, **shared}, **about)
    Log([{**told, "name": "UPSERT_PRODUCT"}]).behind(platform)
    how: dict[str, Any] = {"rows": "attributes", "per_event": 100}
    rows = [{"ref": "P-1", "n": 1}, {"ref": "P-2", "n": None}, {"ref": "P-3", "n": 1}]
    found = back(client, rows, event={**CATALOGUE, "attributes": shared}, **how)
    assert found == [("P-1", "delivered", "COMPLETE"), ("P-2", "delivered", "COMPLETE")]
    assert back(client, rows, event=CATALOGUE, **how) == []
    assert back(client, rows, event={**CATALOGUE, "attributes": shared}, rows="attributes") == []


def test_many_entities_take_one_search(platform: Any, client: FluentClient) -> None:
    """Rows about many entities are looked for by the event's name, in one search over its pages."""
    log = Log([entry(f"e{at}", entityRef=f"O-{at}") for at in range(50)]).behind(platform)
    assert len(back(client, [{"entityRef": f"O-{at}"} for at in range(60)])) == 50
    assert len(log.searches) == 1
    assert "context.entityRef" not in log.searches[0]


def test_no_rows_are_not_searched_for(platform: Any, client: FluentClient) -> None:
    """Without rows, or for one that names no event, nobody is asked."""
    route = client.event_sender(CANCEL)
    nothing = pl.DataFrame({"entityRef": []}, schema={"entityRef": pl.String})
    assert route.read_back(nothing, route.entity_ref(nothing), NOON).is_empty()
    assert back(client, [{"entityRef": "O-1"}], event={}) == []
    assert platform.requests == []


def test_clock_of_the_client_stamps_receipts(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """A receipt holds the instant before its event left, from which a search begins."""
    platform.on(f"{SEARCH}/async", (200, {"eventId": "e1"}))
    route = client.event_sender(CANCEL)
    clock.advance(90)
    told = route.post(route.pack(pl.DataFrame({"entityRef": ["O-1"]})), 1)
    assert told.details["sent_at"] == "2026-01-15T12:01:30.000+00:00"
