"""Filters: each argument of each list lets through what it says."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_named_type

from fcwork.simulator import instants
from fcwork.simulator.graphql import GraphQLService
from fcwork.simulator.graphql.paging import ARGUMENTS
from fcwork.simulator.graphql.schema import schema
from fcwork.simulator.seed import EDGE, LATE_SECONDS

Ask = Callable[..., dict[str, Any]]
ROOTS = schema().query_type.fields
FILTERS = sorted(
    (root, argument)
    for root, field in ROOTS.items()
    if "Connection" in str(field.type) and root != "prices"
    for argument in field.args.keys() - ARGUMENTS
)
OWNED = {"catalogue": "catalogue", "category": "categories"}
WINDOW = """query($updatedOn: DateRange) { inventoryPositions(updatedOn: $updatedOn, first: 500) {
    edges { node { ref updatedOn } } } }"""


@pytest.mark.parametrize(("root", "argument"), FILTERS)
def test_every_filter_lets_through_what_it_says(seeded: GraphQLService, read: Ask, root: str, argument: str) -> None:
    """Each filter, asked for the value of some row, gives exactly the rows with that value."""
    kind = str(ROOTS[root].type).removesuffix("Connection")
    table = seeded._world.tables[kind]
    column = table.column(OWNED.get(argument, argument))
    sample = next((value for value in reversed(column) if value is not None), None)
    wanted, expected = asked_for(seeded, root, argument, sample)
    declared = f"$wanted: {ROOTS[root].args[argument].type}"
    query = f"query({declared}) {{ {root}({argument}: $wanted, first: 500) {{ edges {{ cursor }} }} }}"
    data = read(query, {"wanted": wanted})
    assert len(data[root]["edges"]) == sum(expected(value) for value in column)


def asked_for(seeded: GraphQLService, root: str, argument: str, sample: Any) -> tuple[Any, Callable[[Any], bool]]:
    """Return the variable that asks for rows like a sample, and a test of the rows' own values."""
    kind = get_named_type(ROOTS[root].args[argument].type).name
    if argument in OWNED:
        owner = sample[-1] if isinstance(sample, list) else sample
        row = seeded._world.entity(owner) or {}
        scope = {"catalogue": {"ref": "PC:MASTER:2"}} if kind == "CategoryKey" else {}
        return {"ref": row["ref"], **scope}, lambda value: owner in value if isinstance(value, list) else value == owner
    if kind == "DateRange":
        moment = instants.to_text(sample or 0)
        return {"from": moment, "to": moment}, lambda value: value is not None and value == sample
    if str(ROOTS[root].args[argument].type).startswith("["):
        return [sample], lambda value: value == sample
    return sample, lambda value: value == sample


def moment(milliseconds: int) -> str:
    """Return the instant that lies some milliseconds after the edge."""
    return instants.to_text(instants.to_ms(EDGE) + milliseconds)


def test_window_is_inclusive_on_both_ends(read: Ask) -> None:
    """A window that is one millisecond long holds all rows of that millisecond, at least 50."""
    on_edge = read(WINDOW, {"updatedOn": {"from": moment(0), "to": moment(0)}})["inventoryPositions"]["edges"]
    assert len(on_edge) >= 50
    assert {edge["node"]["updatedOn"] for edge in on_edge} == {moment(0)}
    until, since = ({"to": moment(0)}, {"from": moment(0)})
    shared = len(on_edge)
    for window, beyond in ((until, {"to": moment(-1)}), (since, {"from": moment(1)})):
        with_edge = read(WINDOW, {"updatedOn": window})["inventoryPositions"]["edges"]
        without = read(WINDOW, {"updatedOn": beyond})["inventoryPositions"]["edges"]
        assert len(with_edge) == len(without) + shared


def test_fractions_of_a_millisecond_count(read: Ask) -> None:
    """A window that begins after a row's millisecond does not hold the row."""
    found = read(WINDOW, {"updatedOn": {"from": moment(0).replace("Z", "001Z")}})["inventoryPositions"]["edges"]
    assert moment(0) not in {edge["node"]["updatedOn"] for edge in found}


def test_last_committed_row_is_late(seeded: GraphQLService, read: Ask) -> None:
    """The row that was committed last lies before the edge, so only an overlapping window finds it."""
    late = seeded._world.tables["InventoryPosition"].column("ref")[-1]

    def found_since(milliseconds: int) -> set[str]:
        data = read(WINDOW, {"updatedOn": {"from": moment(milliseconds)}})
        return {edge["node"]["ref"] for edge in data["inventoryPositions"]["edges"]}

    assert late in found_since(-LATE_SECONDS * 1000)
    assert late not in found_since(0)


@pytest.mark.parametrize("written", ["2026-01-10", "2026-01-10T00:00:00", "2026-01-10T01:00:00+01:00"])
def test_instants_may_be_written_in_several_ways(read: Ask, written: str) -> None:
    """A date, an instant without an offset and one with an offset mean the same."""
    edges = read(WINDOW, {"updatedOn": {"from": written, "to": written}})["inventoryPositions"]["edges"]
    assert {edge["node"]["updatedOn"] for edge in edges} == {moment(0)}


@pytest.mark.parametrize("window", [{"from": "yesterday"}, {"to": 5}, {"to": "2026-13-01"}, {"to": {}}])
def test_wrong_instant_is_refused(codes: Callable[..., list[str]], window: dict[str, Any]) -> None:
    """What is no instant has the platform's code for a bad date."""
    assert codes(WINDOW, updatedOn=window) == ["C0100E"]


@pytest.mark.parametrize("window", [{}, {"from": None}])
def test_window_without_ends_is_refused(codes: Callable[..., list[str]], window: dict[str, Any]) -> None:
    """A window with neither end has the platform's code for it."""
    assert codes(WINDOW, updatedOn=window) == ["C0101E"]


def test_lists_match_any_of_their_items(read: Ask) -> None:
    """A list lets through what equals one of its items; an empty one nothing; null is no filter."""
    query = "query($status: [String]) { orders(status: $status, first: 500) { edges { node { status } } } }"

    def counted(status: list[str] | None) -> int:
        return len(read(query, {"status": status})["orders"]["edges"])

    assert counted(["BOOKED"]) + counted(["SHIPPED"]) == counted(["BOOKED", "SHIPPED", "none"]) > 0
    assert (counted([]), counted(None)) == (0, 150)


def test_filters_must_all_agree(read: Ask) -> None:
    """Two filters let through what both do."""
    query = """{ inventoryPositions(productRef: ["SKU-12345", "SKU-67890"], locationRef: ["LOC002"]) {
        edges { node { ref } } } }"""
    found = [edge["node"]["ref"] for edge in read(query)["inventoryPositions"]["edges"]]
    assert found == ["SKU-12345:LOC002:DEFAULT", "SKU-67890:LOC002:DEFAULT"]


def test_nested_connections_filter_too(read: Ask) -> None:
    """A nested connection has filters of its own."""
    query = """{ inventoryPosition(ref: "SKU-12345:LOC001:DEFAULT", catalogue: {ref: "DEFAULT:1"}) {
        quantities(type: ["LAST_ON_HAND"]) { edges { node { type } } } product { ref } location { city } } }"""
    position = read(query)["inventoryPosition"]
    assert [edge["node"]["type"] for edge in position["quantities"]["edges"]] == ["LAST_ON_HAND"]
    assert (position["product"], position["location"]) == ({"ref": "SKU-12345"}, {"city": "Newark"})


def test_unknown_catalogue_holds_nothing(read: Ask) -> None:
    """A catalogue that there is not filters everything away."""
    query = '{ inventoryPositions(catalogue: {ref: "OTHER:1"}) { edges { cursor } } }'
    assert read(query)["inventoryPositions"]["edges"] == []


def test_prices_filter_by_type(read: Ask) -> None:
    """Prices of all products are listed, by type if asked for."""
    query = "query($type: [String!]) { prices(type: $type, first: 500) { edges { node { type } } } }"
    special = read(query, {"type": ["SPECIAL"]})["prices"]["edges"]
    assert 0 < len(special) < len(read(query)["prices"]["edges"])
    assert {edge["node"]["type"] for edge in special} == {"SPECIAL"}


def test_awkward_references_can_be_asked_for(seeded: GraphQLService, read: Ask) -> None:
    """References with a comma, a quote, a newline, an ampersand, an emoji and leading zeros are found as they are."""
    query = "query($ref: [String]) { orders(ref: $ref) { edges { node { ref } } } }"
    awkward = seeded._world.tables["Order"].column("ref")[3:9]
    assert [mark for mark, ref in zip(',"\n&📦', awkward, strict=False) if mark not in ref] == []
    assert awkward[-1].startswith("000")
    assert [edge["node"]["ref"] for edge in read(query, {"ref": awkward})["orders"]["edges"]] == awkward
