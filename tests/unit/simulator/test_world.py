"""The seed set, what batches change in it, and how fast it is there."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest

from fcwork.clock import ManualClock
from fcwork.simulator import instants
from fcwork.simulator.graphql import GraphQLService
from fcwork.simulator.seed import EDGE
from fcwork.simulator.seed.orders import FULFILMENT_STATUSES
from fcwork.simulator.world import KINDS, World

NEW = {"skuRef": "NEW", "locationRef": "LOC001", "qty": 7, "type": "LAST_ON_HAND", "status": "ACTIVE"}


@pytest.fixture(scope="module")
def seeded() -> World:
    """The usual world, for tests that only read."""
    return World.seeded()


@pytest.fixture
def small(clock: ManualClock) -> World:
    """A small world that a test may change."""
    return World.seeded(1, 10, clock=clock)


def rows(world: World, kind: str) -> list[dict[str, Any]]:
    """Return all rows of a kind."""
    table = world.tables[kind]
    return [table.row(at) for at in range(len(table))]


def as_bytes(world: World) -> bytes:
    """Return all that a world holds."""
    return json.dumps({kind: rows(world, kind) for kind in KINDS}).encode()


def test_seed_set_has_everything(seeded: World) -> None:
    """One retailer, the three catalogues, and enough of everything to fill several pages."""
    assert [row["id"] for row in rows(seeded, "Retailer")] == ["2"]
    catalogues = [kind for kind in KINDS if kind.endswith("Catalogue")]
    assert [rows(seeded, kind)[0]["ref"] for kind in catalogues] == ["DEFAULT:1", "BASE:2", "PC:MASTER:2"]
    assert seeded.count("InventoryPosition") == 2500
    assert seeded.count("InventoryQuantity") >= 2500
    assert min(seeded.count(kind) for kind in ("Location", "VariantProduct", "StandardProduct")) >= 3
    assert [kind for kind in KINDS if not seeded.count(kind)] == ["OrderBillingAddress"]


def test_variants_have_two_price_types(seeded: World) -> None:
    """Products have prices of two types, and some lack the second."""
    priced = Counter(len(row["prices"]) for row in rows(seeded, "VariantProduct"))
    assert priced.keys() == {1, 2}
    types = {price["type"] for row in rows(seeded, "VariantProduct") for price in row["prices"]}
    assert types == {"DEFAULT", "SPECIAL"}


def test_some_orders_do_not_fit_a_page(seeded: World) -> None:
    """Orders have up to 300 items, one just 100, one just 101."""
    sizes = Counter(row["order"] for row in rows(seeded, "OrderItem")).values()
    assert {100, 101, 300} <= set(sizes)


def test_fulfilments_are_in_all_statuses(seeded: World) -> None:
    """There is a fulfilment in each status, and those that were sent have parcels with tracking."""
    assert {row["status"] for row in rows(seeded, "Fulfilment")} == set(FULFILMENT_STATUSES)
    assert all(row["trackingLabel"] for row in rows(seeded, "Consignment"))


@pytest.mark.parametrize(
    "kind", ["InventoryPosition", "InventoryQuantity", "VirtualPosition", "Order", "VariantProduct"]
)
def test_many_rows_share_one_millisecond(seeded: World, kind: str) -> None:
    """At least 50 rows of each long list were changed in the same millisecond, the last committed one before it."""
    updated = seeded.tables[kind].column("updatedOn")
    edge = instants.to_ms(EDGE)
    assert updated.count(edge) >= 50
    assert edge - 60_000 < updated[-1] < edge
    assert updated[-2] > edge


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("InventoryPosition", "onHand"),
        ("InventoryQuantity", "condition"),
        ("VirtualPosition", "groupRef"),
        ("Order", "totalTaxPrice"),
        ("Fulfilment", "eta"),
        ("VariantProduct", "summary"),
        ("Customer", "firstName"),
        ("ReturnOrder", "order"),
    ],
)
def test_first_row_and_a_later_one_have_nulls(seeded: World, kind: str, field: str) -> None:
    """An optional field is null in the first row and in a later one, and has a value in between."""
    values = seeded.tables[kind].column(field)
    assert [value is None for value in values[:9]] == [True, *[False] * 6, True, False]


@pytest.mark.parametrize("kind", ["VariantProduct", "StandardProduct", "Order", "ReturnOrder"])
def test_references_are_awkward_and_unique(seeded: World, kind: str) -> None:
    """References hold what breaks careless files, and no two are the same."""
    refs = seeded.tables[kind].column("ref")
    assert len(set(refs)) == len(refs)
    assert all(any(mark in ref for ref in refs) for mark in ',"\n&📦')
    assert any(ref.startswith("000") for ref in refs)


def test_same_seed_gives_the_same_bytes() -> None:
    """A world is the same for the same seed whatever the clock says, and another for another seed."""
    early, late = ManualClock(), ManualClock()
    late.advance(1e6)
    first = as_bytes(World.seeded(3, 60, clock=early))
    assert first == as_bytes(World.seeded(3, 60, clock=late))
    assert first != as_bytes(World.seeded(4, 60, clock=early))


@pytest.mark.parametrize("positions", [0, 1, 9, 61])
def test_any_size_will_do(positions: int) -> None:
    """A world may have any number of positions."""
    world = World.seeded(1, positions)
    assert world.count("InventoryPosition") == positions
    assert world.quantities().height == world.count("InventoryQuantity")


def test_large_world_is_there_in_seconds() -> None:
    """A quarter of a million positions are ready and read in pages at once, not eventually."""
    started = time.perf_counter()
    world = World.seeded(1, 250_000)
    service = GraphQLService(world, clock=ManualClock())
    query = """query($after: String) { inventoryPositions(updatedOn: {from: "2026-01-10"}, first: 500, after: $after) {
        edges { cursor node { ref } } pageInfo { hasNextPage } } }"""
    after = None
    for _ in range(10):
        page = service.execute(query, {"after": after})["data"]["inventoryPositions"]
        after = page["edges"][-1]["cursor"]
    assert time.perf_counter() - started < 20


def test_upsert_adds_quantity_and_position(small: World, clock: ManualClock) -> None:
    """A new pair of SKU and location becomes a position and a quantity, which GraphQL shows."""
    clock.advance(5)
    done = small.upsert_quantity({**NEW, "expectedOn": "2026-02-01", "condition": "USED"})
    assert (done.changed, done.ref) == (True, "NEW:LOC001:LAST_ON_HAND")
    quantity = small.entity(done.entity_id) or {}
    position = small.entity(quantity["position"]) or {}
    assert (position["ref"], position["onHand"], position["status"]) == ("NEW:LOC001:DEFAULT", 7, "ACTIVE")
    assert quantity["createdOn"] == quantity["updatedOn"] == instants.to_ms(clock.now())
    query = """{ inventoryQuantities(ref: ["NEW:LOC001:LAST_ON_HAND"]) { edges { node { quantity condition expectedOn
        position { onHand productRef catalogue { ref } } } } } }"""
    answer = GraphQLService(small, clock=clock).execute(query)["data"]["inventoryQuantities"]["edges"]
    owner = {"onHand": 7, "productRef": "NEW", "catalogue": {"ref": "DEFAULT:1"}}
    shown = {"quantity": 7, "condition": "USED", "expectedOn": "2026-02-01T00:00:00.000Z", "position": owner}
    assert answer == [{"node": shown}]


def test_same_upsert_changes_nothing(small: World, clock: ManualClock) -> None:
    """An entity that says what is there already is not changed, nor stamped."""
    first = small.upsert_quantity(NEW)
    clock.advance(60)
    again = small.upsert_quantity(NEW)
    assert again == (False, first.ref, first.entity_id)
    assert (small.entity(first.entity_id) or {})["updatedOn"] == instants.to_ms(clock.now()) - 60_000


@pytest.mark.parametrize("change", [{"qty": 8}, {"status": "INACTIVE"}, {"condition": "USED"}])
def test_different_upsert_changes_the_row(small: World, change: dict[str, Any]) -> None:
    """Another quantity, status or condition changes the row that is there."""
    first = small.upsert_quantity(NEW)
    count = small.count("InventoryQuantity")
    assert small.upsert_quantity({**NEW, **change}) == (True, first.ref, first.entity_id)
    assert small.count("InventoryQuantity") == count


def test_on_hand_is_the_sum_of_what_counts(small: World) -> None:
    """A position has on hand what its active quantities add up to, without what is only expected."""
    for kind, qty in (("LAST_ON_HAND", 7), ("DELTA", -2), ("EXPECTED", 50)):
        small.upsert_quantity({**NEW, "type": kind, "qty": qty})
    positions = small.tables["InventoryPosition"]
    assert positions.column("onHand")[-1] == 5
    small.upsert_quantity({**NEW, "type": "DELTA", "qty": -2, "status": "INACTIVE"})
    assert positions.column("onHand")[-1] == 7


def test_upsert_keeps_a_reference_of_its_own(small: World) -> None:
    """An entity's own reference is that of the new quantity and of the answer."""
    done = small.upsert_quantity({**NEW, "ref": "MINE"})
    assert done.ref == "MINE"
    assert small.quantities().filter(ref="MINE").rows() == [("LOC001", "NEW", "LAST_ON_HAND", 7, "ACTIVE", "MINE")]


def test_never_counted_position_gets_a_quantity(small: World) -> None:
    """A seeded position without a quantity is found and counted by the first upsert."""
    before = small.count("InventoryPosition")
    small.upsert_quantity({**NEW, "skuRef": "SKU-00001"})
    assert small.count("InventoryPosition") == before
    assert small.tables["InventoryPosition"].column("onHand")[0] == 7


def test_quantities_are_a_frame(seeded: World) -> None:
    """All quantities can be looked at as a frame of declared columns."""
    quantities = seeded.quantities()
    expected = {**dict.fromkeys(("locationRef", "skuRef", "type"), pl.String), "qty": pl.Int64}
    assert dict(quantities.schema) == {**expected, "status": pl.String, "ref": pl.String}
    assert quantities.height == seeded.count("InventoryQuantity")


def test_threads_do_not_lose_upserts(small: World) -> None:
    """Upserts from several threads, while others read, each happen once."""
    service = GraphQLService(small, clock=small.clock)
    query = "{ inventoryQuantities(first: 500) { edges { node { ref position { onHand } } } } }"
    entities = [{**NEW, "skuRef": f"T{number % 250}", "qty": number} for number in range(1000)]
    before = small.count("InventoryQuantity")
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(service.execute, query) for _ in range(20)]
        list(pool.map(small.upsert_quantity, entities))
        assert all("errors" not in answer.result() for answer in answers)
    assert small.count("InventoryQuantity") == before + 250


def test_ids_lead_to_their_rows(seeded: World) -> None:
    """An id leads to one row of one kind; what is no id leads nowhere."""
    assert (seeded.entity("2") or {})["__typename"] == "Retailer"
    ids = [seeded.tables[kind].id_at(0) for kind in KINDS]
    assert [(seeded.entity(entity_id) or {}).get("__typename") for entity_id in ids if entity_id] == [
        kind if seeded.count(kind) else None for kind in KINDS
    ]
    assert [seeded.entity(text) for text in ("", "x", "-2", "0", "3", "9" * 5000, "²")] == [None] * 7
