"""Pages: edge cursors, both directions, nested connections, and what is refused."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest

from fcwork.simulator.graphql import GraphQLService
from fcwork.simulator.world import World

Ask = Callable[..., dict[str, Any]]
CONTROLS = """query($first: Int, $after: String, $last: Int, $before: String) {
    controls(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { ref } } pageInfo { hasNextPage hasPreviousPage } } }"""
ITEMS = """query($first: Int, $after: String) { order(ref: "ORD-00011") {
    items(first: $first, after: $after) { edges { cursor node { ref } } pageInfo { hasNextPage } } } }"""


def coded(text: bytes) -> str:
    """Return a text as cursors are coded."""
    return urlsafe_b64encode(text).decode()


def refs(page: dict[str, Any]) -> list[str]:
    """Return the refs of a page's nodes."""
    return [edge["node"]["ref"] for edge in page["edges"]]


def walked(read: Ask, *, size: int) -> list[list[str]]:
    """Return the refs of all pages of the six controls."""
    pages, after = [], None
    while True:
        page = read(CONTROLS, {"first": size, "after": after})["controls"]
        pages.append(refs(page))
        if not page["pageInfo"]["hasNextPage"]:
            return pages
        after = page["edges"][-1]["cursor"]


@pytest.mark.parametrize(("size", "pages"), [(1, 6), (2, 3), (3, 2), (4, 2), (6, 1), (7, 1)])
def test_pages_hold_all_rows_once(read: Ask, size: int, pages: int) -> None:
    """Forward pages hold every row once, and one that ends with the last row says that none follows."""
    found = walked(read, size=size)
    assert len(found) == pages
    assert [ref for page in found for ref in page] == refs(read(CONTROLS)["controls"])


def test_backward_pages_hold_all_rows_once(read: Ask) -> None:
    """Backward pages come from the end, each in its natural order."""
    every = refs(read(CONTROLS)["controls"])
    last = read(CONTROLS, {"last": 4})["controls"]
    assert refs(last) == every[2:]
    assert last["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}
    first = read(CONTROLS, {"last": 4, "before": last["edges"][0]["cursor"]})["controls"]
    assert refs(first) == every[:2]
    assert first["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}


def test_before_alone_pages_backward(read: Ask) -> None:
    """A page before a cursor without a size ends right before it."""
    edges = read("{ orders(first: 150) { edges { cursor node { ref } } } }")["orders"]["edges"]
    query = "query($before: String) { orders(before: $before) { edges { node { ref } } } }"
    page = read(query, {"before": edges[140]["cursor"]})["orders"]
    assert refs(page) == [edge["node"]["ref"] for edge in edges[40:140]]


def test_page_between_two_cursors(read: Ask) -> None:
    """After and before together cut a page out."""
    edges = read(CONTROLS)["controls"]["edges"]
    page = read(CONTROLS, {"after": edges[0]["cursor"], "before": edges[3]["cursor"]})["controls"]
    assert refs(page) == [edge["node"]["ref"] for edge in edges[1:3]]


def test_page_without_size_holds_100(read: Ask) -> None:
    """A connection that names no size gives 100 rows."""
    page = read("{ orders { edges { cursor } pageInfo { hasNextPage } } }")["orders"]
    assert (len(page["edges"]), page["pageInfo"]["hasNextPage"]) == (100, True)


def test_empty_page(read: Ask) -> None:
    """A list without rows is an empty page, as is the one after the last row."""
    nothing = {"edges": [], "pageInfo": {"hasNextPage": False, "hasPreviousPage": False}}
    query = '{ controls(ref: ["none"]) { edges { cursor } pageInfo { hasNextPage hasPreviousPage } } }'
    assert read(query)["controls"] == nothing
    last = read(CONTROLS)["controls"]["edges"][-1]["cursor"]
    after = read(CONTROLS, {"first": 5, "after": last})["controls"]
    assert after == {"edges": [], "pageInfo": {"hasNextPage": False, "hasPreviousPage": True}}


def test_page_of_no_rows_says_there_are_more(read: Ask) -> None:
    """A size of zero is an empty page with more to come."""
    page = read(CONTROLS, {"first": 0})["controls"]
    assert (page["edges"], page["pageInfo"]["hasNextPage"]) == ([], True)


def test_nested_connection_is_paged_on_its_own(read: Ask) -> None:
    """The 300 items of one order come in pages of their own."""
    found, after = [], None
    for expected in (True, True, False):
        page = read(ITEMS, {"first": 100, "after": after})["order"]["items"]
        assert page["pageInfo"]["hasNextPage"] is expected
        found += refs(page)
        after = page["edges"][-1]["cursor"]
    assert found == [f"{number:03d}" for number in range(1, 301)]


def test_nested_connection_of_exactly_one_page(read: Ask) -> None:
    """The order of 100 items fits one page, that of 101 does not."""
    query = '{{ order(ref: "{}") {{ items {{ pageInfo {{ hasNextPage }} }} }} }}'
    more = [read(query.format(ref))["order"]["items"]["pageInfo"]["hasNextPage"] for ref in ("ORD-00041", "ORD-00031")]
    assert more == [False, True]


def test_inner_cursor_is_no_outer_cursor(codes: Callable[..., list[str]], read: Ask) -> None:
    """A cursor of one kind of rows is refused by pages of another."""
    inner = read(ITEMS, {"first": 1})["order"]["items"]["edges"][0]["cursor"]
    assert codes(CONTROLS, after=inner) == ["C0159E"]


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "nonsense!",
        "é",
        "\udc00",
        "Control:1",
        *(coded(text) for text in (b"Control", b"Control:x", b"Control:01")),
    ],
)
def test_wrong_cursor_is_refused(codes: Callable[..., list[str]], after: str) -> None:
    """A cursor that was never given out is an error, never a first page."""
    assert codes(CONTROLS, after=after) == ["C0159E"]


@pytest.mark.parametrize("arguments", [{"first": 1, "last": 1}, {"first": -1}, {"last": -1}, {"first": 501}])
def test_sizes_that_make_no_sense_are_refused(codes: Callable[..., list[str]], arguments: dict[str, int]) -> None:
    """Both sizes, a negative one and one over 500 are errors."""
    assert codes(CONTROLS, **arguments) == ["C0159E"]


def test_largest_page_is_settable(world: World, service: GraphQLService) -> None:
    """The most rows a page may ask for can be set for an account."""
    small = GraphQLService(world, clock=service._clock, max_size=5)
    assert small.execute(CONTROLS, {"first": 6})["errors"]
    assert len(small.execute(CONTROLS, {"first": 5})["data"]["controls"]["edges"]) == 5


def test_cursor_holds_while_rows_change(ask: Ask, world: World) -> None:
    """A row that leaves the selection between two pages takes no other row with it."""
    query = """query($after: String) { inventoryPositions(status: ["ACTIVE"], first: 2, after: $after) {
        edges { cursor node { ref } } } }"""
    first = ask(query)["inventoryPositions"]
    world.tables["InventoryPosition"].change(1, {"status": "INACTIVE"})
    second = ask(query, {"after": first["edges"][-1]["cursor"]})["inventoryPositions"]
    assert refs(second) == world.tables["InventoryPosition"].column("ref")[2:4]
