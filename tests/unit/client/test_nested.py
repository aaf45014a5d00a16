"""Connections inside nodes, followed to their end."""

import json
from typing import Any

import httpx
import pytest

from fcwork.client import FluentClient, Pages
from fcwork.client.documents import document
from fcwork.client.lookups import Inner, inner_connections, lookup_of
from fcwork.errors import BadRequestError, GraphQLError, ServerError

QUERY = "{ orders { edges { node { ref items(first: 2) { edges { node { ref } } } } } } }"
PLACE = "orders.edges.node.items"


def connection(refs: list[str], *, more: Any, cursors: list[Any] | None = None) -> dict[str, Any]:
    """Return a connection; the cursor of the node ``a`` is ``ca`` unless given."""
    given = cursors or [f"c{ref}" for ref in refs]
    edges = [{"cursor": cursor, "node": {"ref": ref}} for ref, cursor in zip(refs, given, strict=True)]
    return {"edges": edges, "pageInfo": {"hasNextPage": more}}


def orders(*items: Any) -> Any:
    """Return a page of orders with these items."""
    edges = [
        {"cursor": f"o{at}", "node": {"ref": f"O{at}", "_id": str(at), "items": each}} for at, each in enumerate(items)
    ]
    return 200, {"data": {"orders": {"edges": edges, "pageInfo": {"hasNextPage": False}}}}


def again(*items: Any, errors: list[Any] | None = None) -> Any:
    """Return the answer to a look-up of these items."""
    answers = {f"n{at}": each if each is None else {"items": each} for at, each in enumerate(items)}
    return 200, {"data": answers, **({"errors": errors} if errors else {})}


def followed(client: FluentClient, query: str = QUERY, **options: Any) -> tuple[list[list[str]], Pages]:
    """Return the refs of each order's items, and the pages."""
    pages = client.pages(query, nested="follow", **options)
    nodes = [node for page in pages for node in page.nodes]
    return [[edge["node"]["ref"] for edge in node["items"]["edges"]] for node in nodes], pages


def test_the_rest_is_fetched(platform: Any, client: FluentClient) -> None:
    """P21: what a connection inside a node has more is fetched by the node's id, page after page, and put into it."""
    platform.on(
        "/graphql",
        orders(connection(["a", "b"], more=True), connection(["x"], more=False)),
        again(connection(["c", "d"], more=True)),
        again(connection(["e"], more=False)),
    )
    refs, pages = followed(client)
    assert refs == [["a", "b", "c", "d", "e"], ["x"]]
    assert (pages.complete, pages.reason) == (True, "")
    _, second, third = platform.sent("/graphql")
    assert "orderById(id: $again0_id)" in second["query"]
    assert second["variables"] == {"again0_cursor": "cb", "again0_id": "0"}
    assert third["variables"] == {"again0_cursor": "cd", "again0_id": "0"}


def test_what_was_asked_besides_is_not_shown(platform: Any, client: FluentClient) -> None:
    """The id by which a node is looked up is neither in the nodes nor in the frame, unless the query asks for it."""
    platform.on("/graphql", orders(connection(["a"], more=False)))
    (page,) = client.pages(QUERY, nested="follow")
    assert (list(page.nodes[0]), page.frame.columns) == (["ref", "items"], ["ref", "items"])


def test_many_nodes_are_looked_up_in_one_request(platform: Any, client: FluentClient) -> None:
    """Connections of several nodes are asked for together, twenty in a request."""
    platform.on(
        "/graphql",
        orders(*(connection([f"a{at}"], more=True) for at in range(45))),
        *(again(*(connection(["z"], more=False) for _ in range(size))) for size in (20, 20, 5)),
    )
    refs, pages = followed(client)
    assert refs == [[f"a{at}", "z"] for at in range(45)]
    assert (len(platform.requests), pages.complete) == (4, True)


def test_fewer_at_once_where_they_are_too_complex(platform: Any, client: FluentClient) -> None:
    """P21: look-ups that are too complex together are asked for half as many at a time, and none is lost."""

    def answer(request: httpx.Request) -> Any:
        asked = json.loads(request.content)["query"].count("orderById")
        if asked > 3:
            return 200, {"data": None, "errors": [{"message": "too complex", "extensions": {"code": "C0001E"}}]}
        return again(*(connection(["z"], more=False) for _ in range(asked)))

    platform.on("/graphql", orders(*(connection([f"a{at}"], more=True) for at in range(8))), answer)
    refs, pages = followed(client)
    assert sorted(refs) == [[f"a{at}", "z"] for at in range(8)]
    assert (pages.complete, len(platform.requests)) == (True, 1 + 2 + 4)


@pytest.mark.parametrize(
    ("answers", "reason", "refs"),
    [
        ([connection([], more=True)], "nested_empty_page", ["a"]),
        ([connection(["b"], more=True, cursors=["ca"])], "nested_repeated_cursor", ["a", "b"]),
        ([connection(["b"], more=True), connection(["c"], more=True, cursors=["ca"])], "nested_repeated_cursor", None),
        ([connection(["b"], more=True, cursors=[None])], "nested_no_cursor", ["a", "b"]),
        ([connection(["b"], more=None)], "nested_no_page_info", ["a", "b"]),
        ([None], "nested_gone", ["a"]),
    ],
)
def test_what_leads_nowhere_ends(
    platform: Any, client: FluentClient, answers: list[Any], reason: str, refs: list[str] | None
) -> None:
    """P21: following ends at an empty page, a repeated or missing cursor or a missing node, incomplete, by its name."""
    platform.on("/graphql", orders(connection(["a"], more=True)), *(again(each) for each in answers))
    found, pages = followed(client)
    assert (pages.complete, pages.reason) == (False, f"{reason}: {PLACE}")
    assert found == [refs or ["a", "b", "c"]]
    with pytest.raises(ServerError, match=reason):
        pages.raise_if_incomplete()


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (connection([], more=True), "nested_empty_page"),
        (connection(["a"], more=True, cursors=[""]), "nested_no_cursor"),
    ],
)
def test_no_way_on_is_told(platform: Any, client: FluentClient, items: Any, reason: str) -> None:
    """P21: a connection that has more and gives no cursor is told, and nothing is asked."""
    platform.on("/graphql", orders(items))
    _, pages = followed(client)
    assert (pages.reason, len(platform.requests)) == (f"{reason}: {PLACE}", 1)


def test_what_cannot_be_looked_up_is_told(platform: Any, client: FluentClient) -> None:
    """P21: a connection of a node that the platform has no way to look up is told as truncated, by its path."""
    query = QUERY.replace("orders", "things")
    _, body = orders(connection(["a"], more=True))
    platform.on("/graphql", (200, {"data": {"things": body["data"]["orders"]}}))
    refs, pages = followed(client, query)
    assert (refs, pages.reason) == ([["a"]], "nested_truncated: things.edges.node.items")
    with pytest.raises(BadRequestError, match="nested_truncated"):
        pages.raise_if_incomplete()


def test_a_node_without_its_id_is_told(platform: Any, client: FluentClient) -> None:
    """P21: a node whose id is null cannot be looked up, and that is told."""
    _, body = orders(connection(["a"], more=True))
    body["data"]["orders"]["edges"][0]["node"]["_id"] = None
    platform.on("/graphql", (200, body))
    _, pages = followed(client)
    assert pages.reason == f"nested_truncated: {PLACE}"


def test_errors_of_following_raise(platform: Any, client: FluentClient) -> None:
    """P21: errors of a look-up raise, as those of a page do."""
    platform.on("/graphql", orders(connection(["a"], more=True)), again(None, errors=[{"message": "boom"}]))
    with pytest.raises(GraphQLError, match="boom"):
        followed(client)


@pytest.mark.parametrize("data", [True, False])
def test_errors_of_following_are_kept(platform: Any, client: FluentClient, *, data: bool) -> None:
    """P21: with errors="partial" errors of look-ups are kept with the page, with the path of the connection in it."""
    errors = [{"message": "boom", "path": ["n1", "items"]}, {"message": "bare"}]
    status, body = again(connection(["b"], more=False), None, errors=errors)
    platform.on(
        "/graphql",
        orders(connection(["a"], more=True), connection(["x"], more=True)),
        (status, body if data else {**body, "data": None}),
    )
    pages = client.pages(QUERY, nested="follow", errors="partial")
    (page,) = pages
    assert page.errors == (
        {"message": "boom", "path": ["orders", "edges", 1, "node", "items"]},
        {"message": "bare"},
    )
    assert (pages.complete, pages.reason) == (False, f"errors; nested_truncated: {PLACE}")
    assert len(page.nodes[0]["items"]["edges"]) == (2 if data else 1)


def test_what_is_no_connection_is_told(platform: Any, client: FluentClient) -> None:
    """P21: a look-up that is answered with another form is an error, never an end."""
    platform.on("/graphql", orders(connection(["a"], more=True)), again({"edges": "x"}))
    with pytest.raises(ServerError, match="no connection"):
        followed(client)


def test_the_queries_own_variables_go_along(platform: Any, client: FluentClient) -> None:
    """Look-ups take the arguments of the connection with their variables, its fragments, and no variable besides."""
    query = """
    query Q($status: [String!], $size: Int = 2, $again: String, $first: Int) {
      orders(first: $first, ref: [$again]) {
        edges { node { ref list: items(status: $status, first: $size) { ...Items } } }
      }
    }
    fragment Items on OrderItemConnection { edges { node { ...Item } } }
    fragment Item on OrderItem { ref }
    """
    _, body = orders(connection(["a"], more=True))
    node = body["data"]["orders"]["edges"][0]["node"]
    node["list"] = node.pop("items")
    answer = (200, {"data": {"n0": {"list": connection(["b"], more=False)}}})
    platform.on("/graphql", (200, body), answer)
    given = {"status": ["NEW"], "again": None, "first": 7}
    pages = client.pages(query, given, nested="follow")
    (page,) = pages
    assert [edge["node"]["ref"] for edge in page.nodes[0]["list"]["edges"]] == ["a", "b"]
    sent = platform.sent("/graphql")[1]
    assert sent["variables"] == {"status": ["NEW"], "again_0_cursor": "ca", "again_0_id": "0"}
    text = " ".join(sent["query"].split())
    assert text.startswith(
        "query ($status: [String!], $size: Int = 2, $again_0_cursor: String, $again_0_id: ID!) "
        "{ n0: orderById(id: $again_0_id) { list: items(status: $status, first: $size, after: $again_0_cursor)"
    )
    assert text.count("fragment") == 2


def test_a_query_is_prepared_anew(platform: Any, client: FluentClient) -> None:
    """A query that was followed before is prepared as the first time, however many others came between."""
    for at in range(2):
        platform.on("/graphql", orders(connection(["a"], more=True)), again(connection(["b"], more=False)))
        assert followed(client)[0] == [["a", "b"]]
        assert "_id: id" in platform.sent("/graphql")[2 * at]["query"]
        for other in range(100):
            document(f"{{ other{other} }}")


def test_connections_cut_at_two_depths(platform: Any, client: FluentClient) -> None:
    """P21: what is cut inside nodes that were fetched later is followed too, each by its own parent's way."""
    query = """{ fulfilments { edges { node { id articles(first: 1) { edges { node { ref
        consignmentArticles(first: 1) { edges { node { consignment { ref } } } } } } } } } } }"""

    def parcels(ref: str, *carried: str, more: bool) -> Any:
        edges = [{"cursor": f"c{one}", "node": {"consignment": {"ref": one}}} for one in carried]
        held = {"edges": edges, "pageInfo": {"hasNextPage": more}}
        return {"cursor": f"a{ref}", "node": {"_id": f"i{ref}", "ref": ref, "consignmentArticles": held}}

    first = {"edges": [parcels("1", "x", more=True)], "pageInfo": {"hasNextPage": True}}
    second = {"edges": [parcels("2", "p", more=True)], "pageInfo": {"hasNextPage": False}}
    page = {"edges": [{"cursor": "f", "node": {"id": "F", "articles": first}}], "pageInfo": {"hasNextPage": False}}
    platform.on(
        "/graphql",
        (200, {"data": {"fulfilments": page}}),
        (200, {"data": {"n0": {"articles": second}, "n1": {"articles": {"edges": [parcels("1", "y", more=False)]}}}}),
        (
            200,
            {"data": {"n0": {"articles": {"edges": [parcels("9", "z", more=False), parcels("2", "q", more=False)]}}}},
        ),
    )
    pages = client.pages(query, nested="follow")
    (frame,) = pages.frames()
    assert (pages.complete, pages.reason) == (True, "")
    carried = [
        (article["ref"], [one["consignment"]["ref"] for one in article["consignmentArticles"]])
        for article in frame["articles"][0]
    ]
    assert carried == [("1", ["x", "y"]), ("2", ["p", "q"])]
    third = platform.sent("/graphql")[2]
    assert "articles(ref: [$again0_ref3])" in " ".join(third["query"].split())
    assert third["variables"] == {"again0_cursor": "cp", "again0_ref3": "2", "again0_id": "F"}


def ways(query: str, root: str) -> list[tuple[str, str | None, list[str]]]:
    """Return how each inner connection of a query is asked for again: its place, its look-up, the way from there."""
    return [
        (".".join(inner.place), inner.lookup and inner.lookup.field, _way(inner))
        for inner in inner_connections(document(query), (root,))
    ]


def _way(inner: Inner) -> list[str]:
    return [] if inner.begin is None else [field.key for field in inner.chain[inner.begin :]]


@pytest.mark.parametrize(
    ("kind", "field", "keys"),
    [
        ("Order", "orderById", ["id"]),
        ("Fulfilment", "fulfilmentById", ["id"]),
        ("Location", "locationById", ["id"]),
        ("ControlGroup", "controlGroup", ["ref"]),
        ("ReturnOrder", "returnOrder", ["ref", "retailer { id }"]),
        ("InventoryPosition", "inventoryPosition", ["ref", "catalogue { ref }"]),
    ],
)
def test_look_ups_are_the_schemas(kind: str, field: str, keys: list[str]) -> None:
    """A type is looked up by its id, else by its ref, else by its ref and what the ref is unique in."""
    found = lookup_of(kind)
    assert found is not None
    assert (found.field, [key.selection for key in found.keys]) == (field, keys)


def test_types_without_a_look_up() -> None:
    """A type that no field of the platform finds alone has no look-up, nor has what lists it."""
    assert [lookup_of(kind) for kind in ("Article", "Category", "User", "OrderConnection", "Nothing")] == [None] * 5


def test_ways_to_inner_connections() -> None:
    """The nearest object with a look-up is looked up; what has none is reached from there, or from the platform."""
    articles = "{ articles { edges { node { consignmentArticles { edges { node { __typename } } } } } } }"
    fulfilments = f"{{ fulfilments {{ edges {{ node {articles} }} }} }}"
    inside = ["articles", "edges", "node", "consignmentArticles"]
    assert ways(fulfilments, "fulfilments") == [
        ("articles", "fulfilmentById", ["articles"]),
        (".".join(inside), "fulfilmentById", inside),
    ]
    order = f"{{ fulfilments {{ edges {{ node {{ order {{ fulfilments {{ edges {{ node {articles} }} }} }} }} }} }} }}"
    assert [lookup for _, lookup, _ in ways(order, "fulfilments")] == ["orderById", "fulfilmentById", "fulfilmentById"]
    categories = "{ categories { edges { node { childCategories { edges { node { ref } } } } } } }"
    assert ways(categories, "categories") == [
        ("childCategories", None, ["categories", "edges", "node", "childCategories"])
    ]
    unknown = "{ things { edges { node { others { edges { node { ref } } } } } } }"
    assert ways(unknown, "things") == [("others", None, [])]
