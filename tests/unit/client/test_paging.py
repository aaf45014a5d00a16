"""Pages: nothing lost in silence, no endless loop, limits exact."""

import json
from typing import Any

import httpx
import polars as pl
import pytest

from fcwork.client import FluentClient, Page, Pages
from fcwork.errors import BadRequestError, GraphQLError, RateLimitError, ServerError

QUERY = """
query Q($first: Int!, $after: String) {
  items(first: $first, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage } }
}
"""


def page(ids: list[int], *, more: Any, cursors: list[str] | None = None, errors: list[Any] | None = None) -> Any:
    """Return the answer of one page; the cursor of node 3 is ``c3`` unless given."""
    given = cursors or [f"c{item}" for item in ids]
    edges = [{"cursor": cursor, "node": {"id": item}} for item, cursor in zip(ids, given, strict=True)]
    body: dict[str, Any] = {"data": {"items": {"edges": edges, "pageInfo": {"hasNextPage": more}}}}
    return 200, {**body, "errors": errors} if errors else body


def ids(pages: Pages) -> list[int]:
    """Return the ids of all nodes."""
    return [node["id"] for each in pages for node in each.nodes]


def asked(platform: Any) -> list[Any]:
    """Return the cursor that each request asked from."""
    return [body["variables"].get("after") for body in platform.sent("/graphql")]


def test_pages_follow_the_last_cursor(platform: Any, client: FluentClient) -> None:
    """P21: each page begins after the last cursor of the one before, and complete is True at the end."""
    platform.on("/graphql", page([1, 2], more=True), page([3], more=True), page([4, 5], more=False))
    pages = client.pages(QUERY, page_size=2)
    assert ids(pages) == [1, 2, 3, 4, 5]
    assert asked(platform) == [None, "c2", "c3"]
    assert (pages.complete, pages.reason) == (True, "")
    assert {body["variables"]["first"] for body in platform.sent("/graphql")} == {2}


def test_completeness_is_known_with_the_last_page(platform: Any, client: FluentClient) -> None:
    """P28: until the last page is there, the answer is unfinished; with it in hand, it is complete."""
    platform.on("/graphql", page([1], more=True), page([2], more=False))
    pages = client.pages(QUERY)
    assert (pages.complete, pages.reason) == (False, "unfinished")
    assert next(pages) == Page(1, [{"id": 1}], "c1")
    assert (pages.complete, pages.reason) == (False, "unfinished")
    next(pages)
    assert pages.complete
    with pytest.raises(StopIteration):
        next(pages)


def test_short_page_is_not_the_end(platform: Any, client: FluentClient) -> None:
    """P21: a page shorter than asked for is followed by the next while the platform says that there is more."""
    platform.on("/graphql", page([1], more=True), page([2, 3], more=False))
    pages = client.pages(QUERY, page_size=2)
    assert ids(pages) == [1, 2, 3]
    assert pages.complete


def test_empty_page_without_a_cursor_is_told(platform: Any, client: FluentClient) -> None:
    """P21: an empty page that says there is more ends the paging, incomplete, by that name."""
    platform.on("/graphql", page([1], more=True), page([], more=True))
    pages = client.pages(QUERY)
    assert ids(pages) == [1]
    assert (pages.complete, pages.reason) == (False, "empty_pages")
    assert len(platform.requests) == 2


def test_empty_page_with_a_cursor_is_passed(platform: Any, client: FluentClient) -> None:
    """P21: an empty page that gives an end cursor is passed over."""
    empty = (200, {"data": {"items": {"edges": [], "pageInfo": {"hasNextPage": True, "endCursor": "e1"}}}})
    platform.on("/graphql", page([1], more=True), empty, page([2], more=False))
    pages = client.pages(QUERY)
    assert (ids(pages), asked(platform), pages.complete) == ([1, 2], [None, "c1", "e1"], True)


def test_endless_empty_pages_end(platform: Any, client: FluentClient) -> None:
    """P21: empty pages whose cursors move for ever are given up, incomplete."""
    cursors = iter(range(1_000))

    def empty(_: httpx.Request) -> Any:
        info = {"hasNextPage": True, "endCursor": f"e{next(cursors)}"}
        return 200, {"data": {"items": {"edges": [], "pageInfo": info}}}

    platform.on("/graphql", empty)
    pages = client.pages(QUERY)
    assert ids(pages) == []
    assert (pages.complete, pages.reason) == (False, "empty_pages")
    assert len(platform.requests) < 20


@pytest.mark.parametrize("cursors", [["c1", "c1"], ["c1", "c2", "c1"], ["c1", "c2", "c3", "c2"]])
def test_repeated_cursor_ends(platform: Any, client: FluentClient, cursors: list[str]) -> None:
    """P21: a cursor seen on any page before ends the paging, incomplete, and its page is handed out."""
    platform.on("/graphql", *(page([at], more=True, cursors=[cursor]) for at, cursor in enumerate(cursors)))
    pages = client.pages(QUERY)
    assert ids(pages) == list(range(len(cursors)))
    assert (pages.complete, pages.reason) == (False, "repeated_cursor")


def test_start_cursor_counts_as_seen(platform: Any, client: FluentClient) -> None:
    """P21: a page that leads back to where paging began is a loop."""
    platform.on("/graphql", page([1], more=True, cursors=["begin"]))
    pages = client.pages(QUERY, {"after": "begin"})
    assert ids(pages) == [1]
    assert pages.reason == "repeated_cursor"
    assert asked(platform) == ["begin"]


@pytest.mark.parametrize("cursor", [None, ""])
def test_no_cursor_is_told(platform: Any, client: FluentClient, cursor: str | None) -> None:
    """P21: more without a cursor ends the paging, incomplete."""
    platform.on("/graphql", page([1], more=True, cursors=[cursor]))
    pages = client.pages(QUERY)
    assert (ids(pages), pages.complete, pages.reason) == ([1], False, "no_cursor")


@pytest.mark.parametrize("info", [None, {}, {"hasNextPage": None}, {"hasNextPage": "true"}])
def test_no_page_info_is_told(platform: Any, client: FluentClient, info: Any) -> None:
    """P21: a page that does not say whether there is more leaves the answer incomplete."""
    platform.on("/graphql", (200, {"data": {"items": {"edges": [], "pageInfo": info}}}))
    pages = client.pages(QUERY)
    assert (ids(pages), pages.complete, pages.reason) == ([], False, "no_page_info")


def test_duplicates_are_kept(platform: Any, client: FluentClient) -> None:
    """A node that comes on two pages is handed out twice: nothing is dropped in silence."""
    platform.on("/graphql", page([1, 2], more=True), page([2, 3], more=False, cursors=["d2", "d3"]))
    assert ids(client.pages(QUERY)) == [1, 2, 2, 3]


@pytest.mark.parametrize(
    ("limit", "expected", "complete", "requests"),
    [
        (1, [1], False, 1),
        (2, [1, 2], False, 1),
        (3, [1, 2, 3], False, 2),
        (5, [1, 2, 3, 4, 5], True, 3),
        (9, [1, 2, 3, 4, 5], True, 3),
    ],
)
def test_max_records_is_exact(
    platform: Any, client: FluentClient, *, limit: int, expected: list[int], complete: bool, requests: int
) -> None:
    """P21: max_records is met exactly, asks for no page too many, and is told only where there is more."""
    platform.on("/graphql", page([1, 2], more=True), page([3, 4], more=True), page([5], more=False))
    pages = client.pages(QUERY, max_records=limit)
    assert (ids(pages), pages.complete, len(platform.requests)) == (expected, complete, requests)
    assert pages.reason == ("" if complete else "max_records")


def test_cut_page_tells_where_to_go_on(platform: Any, client: FluentClient) -> None:
    """A page cut by max_records has the cursor of its last node, so that nothing is skipped when one goes on."""
    platform.on("/graphql", page([1, 2, 3], more=True))
    assert [each.cursor for each in client.pages(QUERY, max_records=2)] == ["c2"]


@pytest.mark.parametrize(("limit", "complete"), [(1, False), (2, False), (3, True), (4, True)])
def test_max_pages_is_exact(platform: Any, client: FluentClient, *, limit: int, complete: bool) -> None:
    """P21: max_pages is met exactly, and told only where there is more."""
    platform.on("/graphql", page([1], more=True), page([2], more=True), page([3], more=False))
    pages = client.pages(QUERY, max_pages=limit)
    assert (len(ids(pages)), pages.complete) == (min(limit, 3), complete)
    assert pages.reason == ("" if complete else "max_pages")


@pytest.mark.parametrize("limits", [{"max_pages": 0}, {"max_records": -1}, {"page_size": 0}, {"max_records": 1.5}])
def test_senseless_limits_are_refused(client: FluentClient, limits: dict[str, Any]) -> None:
    """A limit is a whole number above zero."""
    with pytest.raises(BadRequestError, match="above zero"):
        client.pages(QUERY, **limits)


def test_errors_with_data_raise(platform: Any, client: FluentClient) -> None:
    """P21: errors beside partial data of a page, with HTTP 200, raise, and the pages before were handed out."""
    platform.on("/graphql", page([1], more=True), page([2], more=True, errors=[{"message": "boom"}]))
    pages = client.pages(QUERY)
    assert next(pages).nodes == [{"id": 1}]
    with pytest.raises(GraphQLError, match="boom") as raised:
        next(pages)
    assert raised.value.data["items"]["edges"][0]["node"] == {"id": 2}
    assert (pages.complete, pages.reason) == (False, "unfinished")


def test_partial_keeps_pages_and_errors(platform: Any, client: FluentClient) -> None:
    """P21: with errors="partial" every page is handed out with its errors, and the answer is not complete."""
    platform.on("/graphql", page([1], more=True, errors=[{"message": "boom"}]), page([2], more=False))
    pages = client.pages(QUERY, errors="partial")
    handed = list(pages)
    assert [len(each.errors) for each in handed] == [1, 0]
    assert [each.nodes for each in handed] == [[{"id": 1}], [{"id": 2}]]
    assert (pages.complete, pages.reason) == (False, "errors")


def test_partial_without_data_ends(platform: Any, client: FluentClient) -> None:
    """P21: with errors="partial" a page without data ends the paging; earlier pages stay."""
    platform.on("/graphql", page([1], more=True), (200, {"data": None, "errors": [{"message": "boom"}]}))
    pages = client.pages(QUERY, errors="partial")
    assert ids(pages) == [1]
    assert (pages.complete, pages.reason) == (False, "errors")


def test_passing_errors_are_tried_again(platform: Any, client: FluentClient) -> None:
    """A rate limit in the middle of paging, told with HTTP 200, is waited out."""
    limited = (200, {"errors": [{"message": "slow", "extensions": {"code": "C0011E"}}]})
    platform.on("/graphql", page([1], more=True), limited, page([2], more=False))
    pages = client.pages(QUERY)
    assert (ids(pages), pages.complete) == ([1, 2], True)
    platform.on("/graphql", limited)
    with pytest.raises(RateLimitError):
        next(client.pages(QUERY))


def test_expiry_mid_pagination_is_invisible(platform: Any, client: FluentClient) -> None:
    """P20: a token that ends between two pages is renewed once, and no page is lost."""

    def expire(_: httpx.Request) -> Any:
        platform.good = "another"
        return page([2], more=True)

    platform.on("/graphql", page([1], more=True), expire, page([3], more=True), page([4], more=False))
    assert ids(client.pages(QUERY)) == [1, 2, 3, 4]
    assert [grant["grant_type"] for grant in platform.grants] == ["password", "refresh_token"]


def test_null_nodes_are_told(platform: Any, client: FluentClient) -> None:
    """P21: edges without a node are left out, and the answer is not complete."""
    edges = [{"cursor": "c1", "node": {"id": 1}}, None, {"cursor": "c3", "node": None}]
    platform.on("/graphql", (200, {"data": {"items": {"edges": edges, "pageInfo": {"hasNextPage": False}}}}))
    pages = client.pages(QUERY)
    assert (ids(pages), pages.complete, pages.reason) == ([1], False, "null_nodes")


NESTED = (
    "{ orders { edges { node { id items(first: 2) { edges { node { id parts { edges { node { id } } } } } } } } } }"
)


def order(items: Any) -> Any:
    """Return the answer of one order with these items."""
    edges = [{"cursor": "c1", "node": {"id": 1, "items": items}}]
    return 200, {"data": {"orders": {"edges": edges, "pageInfo": {"hasNextPage": False}}}}


def connection(nodes: list[Any], *, more: Any) -> Any:
    """Return a connection."""
    return {"edges": [{"node": node} for node in nodes], "pageInfo": {"hasNextPage": more}}


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (connection([], more=False), ""),
        (None, ""),
        (connection([{"id": 1, "parts": connection([], more=False)}, {"id": 2, "parts": None}], more=None), ""),
        (connection([], more=True), "nested_truncated: orders.edges.node.items"),
        (
            connection([{"id": 1}, {"id": 2, "parts": connection([], more=True)}], more=False),
            "nested_truncated: orders.edges.node.items.edges.node.parts",
        ),
    ],
)
def test_nested_truncation_is_told(platform: Any, client: FluentClient, items: Any, reason: str) -> None:
    """P21: a connection inside a node that holds more than was asked of it makes the answer incomplete, by path."""
    platform.on("/graphql", order(items))
    pages = client.pages(NESTED)
    assert ids(pages) == [1]
    assert (pages.complete, pages.reason) == (not reason, reason)


def test_backward_pages(platform: Any, client: FluentClient) -> None:
    """P21: backward, each page ends before the first cursor of the one before, in the platform's order."""

    def last(items: list[int], *, more: bool) -> Any:
        edges = [{"cursor": f"c{item}", "node": {"id": item}} for item in items]
        return 200, {"data": {"items": {"edges": edges, "pageInfo": {"hasPreviousPage": more}}}}

    platform.on("/graphql", last([4, 5], more=True), last([2, 3], more=True), last([1], more=False))
    pages = client.pages("{ items(last: 2) { edges { node { id } } } }")
    assert [[node["id"] for node in each.nodes] for each in pages] == [[4, 5], [2, 3], [1]]
    assert [body["variables"] for body in platform.sent("/graphql")[1:]] == [{"pageCursor": "c4"}, {"pageCursor": "c2"}]
    assert pages.complete
    platform.on("/graphql", last([4, 5, 6], more=True))
    cut = next(client.pages("{ items(last: 3) { edges { node { id } } } }", max_records=2))
    assert ([node["id"] for node in cut.nodes], cut.cursor) == ([5, 6], "c5")


def test_missing_parent_has_no_nodes(platform: Any, client: FluentClient) -> None:
    """An object that does not exist has no nodes, and that is the whole answer."""
    platform.on("/graphql", (200, {"data": {"order": None}}))
    pages = client.pages("{ order(ref: 1) { items { edges { node { id } } } } }")
    assert (list(pages), pages.complete) == ([Page(1, [])], True)


def test_connection_that_vanishes_is_told(platform: Any, client: FluentClient) -> None:
    """P21: a later page without the connection leaves the answer incomplete."""
    platform.on("/graphql", page([1], more=True), (200, {"data": {"items": None}}))
    pages = client.pages(QUERY)
    assert (ids(pages), pages.reason) == ([1], "no_connection")


def test_list_of_connections_is_refused(platform: Any, client: FluentClient) -> None:
    """Connections below a list have no cursor in common: the error says to page one of them."""
    platform.on("/graphql", (200, {"data": {"orders": [{"items": {"edges": []}}]}}))
    with pytest.raises(BadRequestError, match="list of connections"):
        next(client.pages("{ orders { items { edges { node { id } } } } }"))


def test_other_variables_go_along_unchanged(platform: Any, client: FluentClient) -> None:
    """P21: the caller's other variables are the same on every page, and the caller's own dict is not changed."""
    platform.on("/graphql", page([1], more=True), page([2], more=False))
    given = {"first": 1, "updatedAfter": "2026-01-01", "after": None}
    list(client.pages(QUERY.replace("$first: Int!", "$updatedAfter: String, $first: Int!"), given))
    assert [body["variables"] for body in platform.sent("/graphql")] == [given, {**given, "after": "c1"}]
    assert given["after"] is None


def test_pages_are_fetched_when_asked_for(platform: Any, client: FluentClient) -> None:
    """Nothing is sent before the first page is asked for, and no page ahead of time."""
    platform.on("/graphql", page([1], more=True), page([2], more=False))
    pages = client.pages(QUERY)
    assert platform.requests == []
    next(pages)
    assert len(platform.requests) == 1
    assert repr(pages) == "Pages(items, unfinished)"


def test_frame_raises_unless_all_is_there(platform: Any, client: FluentClient) -> None:
    """P28: a frame of a truncated answer is an error that names the reason, except for the caller's own limit."""
    platform.on("/graphql", page([1], more=True), page([], more=True))
    with pytest.raises(ServerError, match="empty_pages"):
        client.frame(QUERY)
    platform.on("/graphql", page([1], more=True), page([], more=True))
    with pytest.raises(ServerError, match="empty_pages"):
        client.frame(QUERY, max_records=10)
    platform.on("/graphql", page([1, 2], more=True))
    assert client.frame(QUERY, max_records=2).to_dict(as_series=False) == {"id": [1, 2]}
    platform.on("/graphql", order(connection([], more=True)))
    with pytest.raises(BadRequestError, match=r"nested_truncated: orders\.edges\.node\.items"):
        client.frame(NESTED, nested="report")
    with pytest.raises(ServerError, match=r"nested_empty_page: orders\.edges\.node\.items"):
        client.frame(NESTED)


@pytest.mark.parametrize(
    "items",
    [
        "x",
        {"edges": {"a": 1}, "pageInfo": {"hasNextPage": False}},
        {"edges": ["x"], "pageInfo": {"hasNextPage": False}},
        {"edges": [{"cursor": "c", "node": "x"}], "pageInfo": {"hasNextPage": False}},
        {"edges": [{"cursor": ["c"], "node": {"id": 1}}], "pageInfo": {"hasNextPage": True}},
        {"edges": [], "pageInfo": [1]},
    ],
)
def test_what_is_no_connection_is_told(platform: Any, client: FluentClient, items: Any) -> None:
    """P21: an answer of another form is an error, never an end without nodes."""
    platform.on("/graphql", (200, {"data": {"items": items}}))
    pages = client.pages(QUERY)
    with pytest.raises(ServerError, match="items was answered with something that is no connection"):
        ids(pages)
    assert not pages.complete


def test_a_list_of_connections_is_told(platform: Any, client: FluentClient) -> None:
    """P21: a list in the place of the connection is refused, never taken for nothing."""
    platform.on("/graphql", (200, {"data": {"items": [page([1], more=False)[1]["data"]["items"]]}}))
    with pytest.raises(BadRequestError, match="list of connections"):
        ids(client.pages(QUERY))


TOO_COMPLEX = {"message": "a complexity of 20000 is over the limit", "extensions": {"code": "C0001E"}}


def by_size(limit: int) -> Any:
    """Return a platform of 20 items that finds pages of more than ``limit`` nodes too complex."""

    def answer(request: httpx.Request) -> Any:
        variables = json.loads(request.content).get("variables") or {}
        size = next((value for value in variables.values() if isinstance(value, int)), 100)
        if size > limit:
            return 200, {"data": None, "errors": [TOO_COMPLEX]}
        begin = next((int(value[1:]) for value in variables.values() if isinstance(value, str)), 0)
        return page(list(range(begin + 1, begin + size + 1)), more=begin + size < 20)

    return answer


@pytest.mark.parametrize("errors", ["raise", "partial"])
@pytest.mark.parametrize(
    "query",
    [
        QUERY,
        "{ items { edges { node { id } } } }",
        "{ items(first: 40) { edges { node { id } } } }",
        "query Q($n: Int = 16) { items(first: $n) { edges { node { id } } } }",
    ],
)
def test_pages_shrink_where_they_are_too_complex(
    platform: Any, client: FluentClient, capsys: pytest.CaptureFixture[str], query: str, errors: Any
) -> None:
    """P21: a page refused as too complex is asked for with half as many nodes until it goes; logged once."""
    platform.on("/graphql", by_size(5))
    pages = client.pages(query, errors=errors)
    assert [node["id"] for node in (node for each in pages for node in each.nodes)][:20] == list(range(1, 21))
    assert (pages.complete, pages.reason) == (True, "")
    assert capsys.readouterr().err.count("pages.smaller") == 1


def test_pages_shrink_where_they_are(platform: Any, client: FluentClient) -> None:
    """P21: a page refused in the middle is asked for again from the same cursor, also with a size of the caller's."""
    refused = (200, {"data": None, "errors": [TOO_COMPLEX]})
    platform.on("/graphql", page([1, 2, 3, 4], more=True), refused, page([5, 6], more=False))
    assert ids(client.pages(QUERY, page_size=4)) == [1, 2, 3, 4, 5, 6]
    assert [body["variables"] for body in platform.sent("/graphql")] == [
        {"first": 4},
        {"first": 4, "after": "c4"},
        {"first": 2, "after": "c4"},
    ]


def test_what_is_too_complex_by_itself_is_told(platform: Any, client: FluentClient) -> None:
    """P21: a query that is refused with one node a page too is the platform's refusal, after few requests."""
    platform.on("/graphql", by_size(0))
    with pytest.raises(GraphQLError, match="complexity"):
        next(client.pages(QUERY))
    assert len(platform.requests) == 7  # 100, 50, 25, 12, 6, 3, 1
    kept = client.pages(QUERY, errors="partial")
    assert (ids(kept), kept.reason) == ([], "errors")


def test_other_refusals_do_not_shrink(platform: Any, client: FluentClient) -> None:
    """Only what the platform calls too complex is asked for in smaller pages."""
    platform.on("/graphql", (200, {"data": None, "errors": [{"message": "no", "extensions": {"code": "C0120E"}}]}))
    with pytest.raises(GraphQLError, match="no"):
        next(client.pages(QUERY))
    assert len(platform.requests) == 1


def test_frames_of_pages(platform: Any, client: FluentClient) -> None:
    """Pages give a frame each, all with the types that their flattener tells before the first."""
    query = "{ orders { edges { node { id createdOn totalPrice } } } }"
    first = {"cursor": "c1", "node": {"id": "1", "createdOn": "2026-01-10T00:00:00Z", "totalPrice": 1.5}}
    second = {"cursor": "c2", "node": {"id": "2", "createdOn": None, "totalPrice": None}}
    platform.on(
        "/graphql",
        (200, {"data": {"orders": {"edges": [first], "pageInfo": {"hasNextPage": True}}}}),
        (200, {"data": {"orders": {"edges": [second], "pageInfo": {"hasNextPage": False}}}}),
    )
    pages = client.pages(query)
    types = pages.flattener.schema
    assert platform.requests == []
    assert types == {"id": pl.String, "createdOn": pl.Datetime("ms", "UTC"), "totalPrice": pl.String}
    frames = list(pages.frames())
    assert [frame.schema for frame in frames] == [types, types]
    assert pl.concat(frames)["totalPrice"].to_list() == ["1.5", None]


def test_errors_of_a_page_say_where(platform: Any, client: FluentClient) -> None:
    """P21: the errors kept with a page have the platform's message and the path of what is missing."""
    told = {"message": "boom", "path": ["items", "edges", 0, "node", "id"]}
    platform.on("/graphql", page([1], more=False, errors=[told, "text"]))
    errors = next(client.pages(QUERY, errors="partial")).errors
    assert errors == (told, {"message": "text"})
