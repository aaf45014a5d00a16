"""Events sent through the client to the simulator, one row each and many in one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import polars as pl
import pytest

from fcwork import recovery
from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import OutcomeUnknownError
from fcwork.simulator import Fault, Simulator

Arrange = Callable[..., tuple[Simulator, FluentClient]]
Mode = Literal["sync", "async"]

CATALOGUE = {
    "name": "UPSERT_PRODUCTS",
    "entityType": "PRODUCT_CATALOGUE",
    "entityRef": "PC:MASTER:2",
    "entitySubtype": "MASTER",
}
POSTS = "/event/*sync"
BOTH = pytest.mark.parametrize("mode", ["sync", "async"])


def products(n: int) -> pl.DataFrame:
    """Return ``n`` products P0, P1 and so on."""
    return pl.DataFrame({"ref": [f"P{at}" for at in range(n)], "price": [at / 2 for at in range(n)]})


def codes(result: recovery.SendResult) -> dict[str, int]:
    """Count the issues by code."""
    return dict(result.issues.group_by("code").len().sort("code").iter_rows())


def settled(result: recovery.SendResult, route: Any, since: Any) -> dict[str, str]:
    """Return what became of each row, those that the send left unknown looked for in the log."""
    lost = result.unknown.drop("_errors")
    found = route.read_back(lost, route.entity_ref(lost), since)
    told = dict.fromkeys(result.unknown["ref"], "unknown") | dict.fromkeys(result.delivered["ref"], "delivered")
    return told | dict.fromkeys(result.rejected["ref"], "rejected") | dict(found.select("ref", "outcome").iter_rows())


@BOTH
def test_products_go_together(arrange: Arrange, clock: ManualClock, mode: Mode) -> None:
    """P26: 250 products are three events of at most 100, each product in one of them."""
    there, client = arrange()
    route = client.event_sender(CATALOGUE, mode=mode, rows="attributes", per_event=100)
    result = recovery.send(products(250), route, clock=clock)
    assert result.ok
    assert there.ledger.count("POST", POSTS) == 3
    assert there.ledger.events["effects"].to_list() == [1, 1, 1]
    held = [event["attributes"][0]["value"] for event in client.events(name="UPSERT_PRODUCTS")]
    assert [len(one) for one in held] == [100, 100, 50]
    assert [product for one in held for product in one] == products(250).to_dicts()


@BOTH
@pytest.mark.parametrize("status", ["FAILED", "PENDING"])
def test_one_of_three_events_ends_otherwise(arrange: Arrange, clock: ManualClock, mode: Mode, status: str) -> None:
    """P26: the status of an event decides for its rows alone, which are named; its workflow is not run again."""
    there, client = arrange(Fault("event_status", event_status=status, ref="P142"))
    route = client.event_sender(CATALOGUE, mode=mode, rows="attributes", per_event=100)
    result = recovery.send(products(250), route, clock=clock)
    assert sorted(result.delivered["ref"]) == sorted(f"P{at}" for at in range(250) if not 100 <= at < 200)
    other = result.rejected if status == "FAILED" else result.unknown
    assert other["ref"].to_list() == [f"P{at}" for at in range(100, 200)]
    assert result.issues["key"].to_list() == other["ref"].to_list()
    assert there.ledger.count("POST", POSTS) == 3
    if status == "FAILED":
        assert codes(result) == {"send.rejected": 100}
        assert result.issues["message"].str.contains("with 100 rows ended as FAILED").all()


@BOTH
@pytest.mark.parametrize("per_event", [None, 100])
def test_unknown_name_costs_one_request(
    arrange: Arrange, clock: ManualClock, mode: Mode, per_event: int | None
) -> None:
    """P32: where no rule is for the name that all rows go under, one request tells it and the send stops."""
    there, client = arrange()
    event = {**CATALOGUE, "name": "UPSERT_PRODUKT"}
    route = client.event_sender(event, mode=mode, rows="attributes", per_event=per_event)
    result = recovery.send(products(250), route, clock=clock)
    assert codes(result) == {"send.not_sent": 250}
    assert there.ledger.count("POST", POSTS) == 1
    assert result.rejected.height == 250
    assert "NO_MATCH" in result.issues["message"][0]
    assert "check the event's name" in result.issues["message"][0]
    mended = client.event_sender(CATALOGUE, mode=mode, rows="attributes", per_event=per_event)
    assert recovery.resume(result.checkpoint, mended, clock=clock).ok


@BOTH
def test_names_of_single_rows(arrange: Arrange, clock: ManualClock, mode: Mode) -> None:
    """P26: where rows name their own events, one without a rule is rejected alone."""
    there, client = arrange()
    rows = pl.DataFrame({"entityRef": ["O-1", "O-2", "O-3"], "name": ["OrderCancel", "OrderCancle", "OrderCancel"]})
    result = recovery.send(rows, client.event_sender({"entityType": "ORDER"}, mode=mode), clock=clock)
    assert result.rejected["entityRef"].to_list() == ["O-2"]
    assert codes(result) == {"send.rejected": 1}
    assert result.counts["delivered"] == 2
    assert there.ledger.count("POST", POSTS) == 3


@BOTH
@pytest.mark.parametrize("per_event", [None, 5])
@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "half_body", "malformed_json"])
def test_lost_answer_is_looked_up(
    arrange: Arrange, clock: ManualClock, mode: Mode, per_event: int | None, kind: str
) -> None:
    """P16: an event whose answer was lost is unknown, found in the log where it arrived, and never sent again."""
    there, client = arrange(Fault(kind, method="POST", path=POSTS, nth=2))
    route = client.event_sender(CATALOGUE, mode=mode, rows="attributes", per_event=per_event)
    since = clock.now()
    result = recovery.send(products(15), route, clock=clock)
    lost = ["P1"] if per_event is None else [f"P{at}" for at in range(5, 10)]
    expected = {f"P{at}": "delivered" for at in range(15)}
    if kind == "drop_before":
        expected |= dict.fromkeys(lost, "unknown")
    assert settled(result, route, since) == expected
    assert there.ledger.count("POST", POSTS) == (3 if per_event else 15)
    assert there.ledger.events["effects"].max() == 1
    assert there.ledger.events.height == (3 if per_event else 15) - (kind == "drop_before")


@pytest.mark.parametrize(("status", "outcome"), [("FAILED", "rejected"), ("PENDING", "unknown")])
def test_lost_event_that_did_not_go_well(arrange: Arrange, clock: ManualClock, status: str, outcome: str) -> None:
    """P16: a lost event that the log tells as FAILED is rejected, one that is still open stays unknown."""
    faults = (Fault("drop_after", path=POSTS, nth=2), Fault("event_status", event_status=status, ref="P1"))
    there, client = arrange(*faults)
    route = client.event_sender(CATALOGUE, rows="attributes")
    since = clock.now()
    result = recovery.send(products(3), route, clock=clock)
    assert settled(result, route, since) == {"P0": "delivered", "P1": outcome, "P2": "delivered"}
    assert there.ledger.count("POST", POSTS) == 3


def test_twin_of_a_lost_row_is_no_proof_of_it(arrange: Arrange, clock: ManualClock) -> None:
    """P16: of two rows that say the same the event of the one that arrived proves nothing of the one that did not."""
    there, client = arrange(Fault("drop_before", path=POSTS, nth=2))
    route = client.event_sender(CATALOGUE, rows="attributes")
    since = clock.now() - timedelta(seconds=1)
    twins = pl.concat([products(1)] * 2)
    result = recovery.send(twins, route, clock=clock)
    assert (result.counts["delivered"], result.counts["unknown"]) == (1, 1)
    lost = result.unknown.drop("_errors")
    assert route.read_back(lost, route.entity_ref(lost), since).is_empty()
    assert there.ledger.events["effects"].to_list() == [1]


def test_event_that_was_found_is_not_found_for_a_later_twin(arrange: Arrange, clock: ManualClock) -> None:
    """P16: what was read back for one row is no proof of a row that says the same and was sent, and lost, later."""
    faults = (Fault("drop_after", path=POSTS, nth=1), Fault("drop_before", path=POSTS, nth=2))
    there, client = arrange(*faults)
    route = client.event_sender(CATALOGUE, rows="attributes")
    since, row = clock.now(), products(1)
    for _ in range(2):
        with pytest.raises(OutcomeUnknownError):
            route.post(route.pack(row), 1)
    looks = [route.read_back(row, route.entity_ref(row), since)["outcome"].to_list() for _ in range(2)]
    assert looks == [["delivered"], []]
    assert there.ledger.events["effects"].to_list() == [1]


def test_one_bad_product_is_singled_out_before_a_workflow_runs(arrange: Arrange, clock: ManualClock) -> None:
    """P18: an event that is refused unexplained is bisected: one product is named, the others arrive once."""
    there, client = arrange(Fault("status", method="POST", path="/event/async", match='"P7"', status=400))
    route = client.event_sender(CATALOGUE, rows="attributes", per_event=100)
    result = recovery.send(products(100), route, clock=clock)
    assert result.rejected["ref"].to_list() == ["P7"]
    assert result.counts["delivered"] == 99
    assert there.ledger.count("POST", POSTS) - 1 <= 2 * 7 + 1
    assert there.ledger.events["effects"].max() == 1


def test_event_is_cut_before_it_is_too_large(arrange: Arrange, clock: ManualClock) -> None:
    """P18: no event over 2 MB leaves."""
    there, client = arrange()
    rows = products(200).with_columns(summary=pl.lit("s" * 30_000))
    result = recovery.send(rows, client.event_sender(CATALOGUE, rows="attributes", per_event=100), clock=clock)
    assert result.ok
    sizes = [seen.body_bytes for seen in there.ledger.requests if "/event/" in seen.path and seen.method == "POST"]
    assert len(sizes) == 4
    assert max(sizes) <= 2_000_000


def test_many_events_are_verified_with_few_requests(arrange: Arrange, clock: ManualClock) -> None:
    """What became of 300 events takes a few searches of the log, and one that failed is named."""
    there, client = arrange(Fault("event_status", event_status="FAILED", ref="P123"))
    result = recovery.send(products(300), client.event_sender(CATALOGUE, rows="attributes"), workers=4, clock=clock)
    assert result.rejected["ref"].to_list() == ["P123"]
    assert result.counts["delivered"] == 299
    assert there.ledger.count("GET") <= 3


def test_events_of_one_entity_keep_their_order(arrange: Arrange, clock: ManualClock) -> None:
    """Events of one order happen in the order of their rows, whatever the number of workers."""
    _, client = arrange()
    names = ["PaymentCaptured", "PaymentRefunded", "OrderCancel"]
    rows = pl.DataFrame({"entityRef": ["O-1", "O-2"] * 3, "name": [name for name in names for _ in range(2)]})
    result = recovery.send(rows, client.event_sender({"entityType": "ORDER"}), workers=4, clock=clock)
    assert result.ok
    for order in ("O-1", "O-2"):
        assert [event["name"] for event in client.events(entity_ref=order)] == names


def test_events_about_one_catalogue_go_side_by_side(arrange: Arrange, clock: ManualClock) -> None:
    """Events about different things of one entity do not wait for each other."""
    there, client = arrange()
    about = {"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE"}
    rows = [{**about, "entityRef": "PC:MASTER:2", "attributes": {"ref": f"P{at}"}} for at in range(50)]
    result = recovery.send(rows, client.event_sender(), clock=clock)
    assert result.ok
    assert result.counts["requests"] == there.ledger.count("POST", POSTS) == 50
    assert there.ledger.count("GET") <= 2


def test_an_equal_event_of_before_proves_nothing(arrange: Arrange, clock: ManualClock) -> None:
    """P16: an event that was in the log when the send began may be another's: the row stays unknown."""
    there, client = arrange(Fault("drop_before", method="POST", path="/event/async", nth=2))
    event = {"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE", "entityRef": "PC:MASTER:2"}
    client.send_event({**event, "attributes": {"ref": "A"}})
    clock.sleep(2)
    route = client.event_sender(event, rows="attributes")
    result = recovery.send([{"ref": "A"}], route, clock=clock)
    assert result.counts["unknown"] == 1
    assert "earlier event" in result.issues[0]["message"]
    assert there.ledger.events["effects"].sum() == 1


@pytest.mark.parametrize("how", [{"mode": "sync"}, {"mode": "async"}, {"mode": "sync", "per_event": 2}])
def test_a_key_of_the_caller_s_own_does_for_events(arrange: Arrange, clock: ManualClock, how: dict[str, Any]) -> None:
    """P15: with a key of one's own the events' ends reach their rows."""
    _, client = arrange()
    event = {"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE", "entityRef": "PC:MASTER:2"}
    rows = [{"ref": f"P{i}", "sku": f"S{i}"} for i in range(5)]
    assert recovery.send(rows, client.event_sender(event, rows="attributes", **how), key="sku", clock=clock).ok
