"""How a query is paged, read from its parsed text."""

from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from fcwork.client.queries import plan
from fcwork.errors import BadRequestError

QUERIES = Path(__file__).parents[2] / "data" / "queries" / "fluent.graphql"


def squeezed(text: str) -> str:
    """Return a query on one line."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("declared", "arguments", "cursor", "sizes"),
    [
        ("$n: Int!, $c: String", "first: $n, after: $c", "c", {"n": 100}),
        (
            "$itemsFirst: Int!, $itemsAfter: String",
            "first: $itemsFirst, after: $itemsAfter",
            "itemsAfter",
            {"itemsFirst": 100},
        ),
        ("$FIRST: Int, $AFTER: ID", "first: $FIRST, after: $AFTER", "AFTER", {"FIRST": 100}),
        ("$first: Int = 50, $after: Cursor", "first: $first, after: $after", "after", {"first": 50}),
        ("$updatedAfter: String, $after: String", "on: {from: $updatedAfter}, after: $after", "after", {}),
        ('$s: String = "(after: $s)", $after: String', "name: $s, first: 5, after: $after", "after", {}),
    ],
)
def test_cursor_is_what_stands_at_after(declared: str, arguments: str, cursor: str, sizes: dict[str, int]) -> None:
    """P21: cursor and size are the variables used at after: and first:, whatever they are called; the text stays."""
    query = (
        f"query Q({declared}) {{ a({arguments}) {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage }} }} }}"
    )
    how = plan(query, {})
    assert (how.cursor, dict(how.sizes), how.text) == (cursor, sizes, query)


def test_filters_are_never_touched() -> None:
    """P21: variables of filters whose names look like cursors are left alone; a cursor variable is added instead."""
    query = "query Q($createdBefore: String) { orders(createdOn: {to: $createdBefore}) { edges { node { id } } } }"
    how = plan(query, {"createdBefore": "2026-01-01"})
    assert how.cursor == "pageCursor"
    assert how.sizes == {}
    assert "$createdBefore: String, $pageCursor: String" in how.text
    assert "orders(createdOn: { to: $createdBefore }, after: $pageCursor)" in squeezed(how.text)


def test_what_paging_needs_is_added() -> None:
    """P21: a query without cursor, edge cursors and pageInfo is given them, once, and nothing else changes."""
    how = plan("{ orders(first: 10) { edges { node { ref } } } }", {})
    assert squeezed(how.text) == (
        "query ($pageCursor: String) { orders(first: 10, after: $pageCursor) "
        "{ edges { node { ref } } edges { cursor } pageInfo { hasNextPage } } }"
    )


def test_page_size_replaces_what_the_query_says() -> None:
    """A page size that is asked for takes the place of the query's own: a variable's value, a number or nothing."""
    for arguments, name in (("(first: $n)", "n"), ("(first: 10)", "pageSize"), ("", "pageSize")):
        declared = "query Q($n: Int) " if "$n" in arguments else ""
        how = plan(f"{declared}{{ a{arguments} {{ edges {{ node {{ id }} }} }} }}", {"n": 5}, page_size=77)
        assert how.sizes == {name: 77}
        assert f"first: ${name}" in how.text


def test_variable_used_twice_is_left_alone() -> None:
    """P21: a variable that stands at after: and in a filter too is not overwritten: the cursor gets one of its own."""
    query = (
        "query Q($x: String, $n: Int) { a(after: $x, ref: $x, first: $n) { edges { node { b(first: $n) { id } } } } }"
    )
    how = plan(query, {"x": "start", "n": 7}, page_size=9)
    assert (how.cursor, how.start) == ("pageCursor", "start")
    assert how.sizes == {"pageSize": 9}
    assert "a(ref: $x, after: $pageCursor, first: $pageSize)" in squeezed(how.text)
    assert "b(first: $n)" in how.text


@pytest.mark.parametrize(
    ("arguments", "variables", "start"),
    [
        ("(after: $c)", {"c": "x"}, "x"),
        ("(after: $c)", {}, "usual"),
        ("(after: $c)", {"c": None}, None),
        ('(after: "lit")', {}, "lit"),
        ("(after: null)", {}, None),
        ("", {}, None),
    ],
)
def test_paging_begins_where_the_query_says(arguments: str, variables: dict[str, Any], start: str | None) -> None:
    """Paging begins at the cursor given by variable, default or in the text."""
    declared = 'query Q($c: String = "usual") ' if "$c" in arguments else ""
    assert plan(f"{declared}{{ a{arguments} {{ edges {{ node {{ id }} }} }} }}", variables).start == start


@pytest.mark.parametrize(
    ("query", "direction"),
    [
        (
            "query Q($last: Int!, $before: String) { a(last: $last, before: $before) { edges { node { id } } } }",
            "forward",
        ),
        ("{ a(last: 5) { edges { node { id } } } }", "forward"),
        ("{ a { edges { node { id } } } }", "backward"),
        ("query Q($f: Int, $l: Int) { a(first: $f, last: $l) { edges { node { id } } } }", "backward"),
    ],
)
def test_backward(query: str, direction: Any) -> None:
    """P21: paging goes backward where the query has only last or before, or the caller says so."""
    how = plan(query, {}, direction=direction)
    assert (how.way.cursor, how.way.more) == ("before", "hasPreviousPage")
    assert f"before: ${how.cursor}" in how.text
    assert "hasPreviousPage" in how.text


def test_backward_over_first_is_refused() -> None:
    """A query for first nodes cannot be paged backward, nor any query sideways."""
    with pytest.raises(BadRequestError, match="sideways"):
        plan("{ a { edges { node { id } } } }", {}, direction="sideways")  # type: ignore[arg-type] # the case
    with pytest.raises(BadRequestError, match="backward"):
        plan("{ a(first: 5) { edges { node { id } } } }", {}, direction="backward")


TWO = "{ orders(first: 1) { edges { node { id } } } me { x: items { edges { node { id } } } } }"


def test_ambiguous_queries_are_refused() -> None:
    """P21: two connections and no path is refused, naming both."""
    with pytest.raises(BadRequestError) as raised:
        plan(TWO, {})
    assert "orders, me.x" in raised.value.hint


def test_path_picks_one() -> None:
    """P21: with a path, only that connection is paged."""
    how = plan(TWO, {}, path="me.x")
    assert how.path == ("me", "x")
    assert "x: items(after: $pageCursor)" in how.text
    assert "orders(first: 1) {" in how.text


@pytest.mark.parametrize("path", ["orders.items", "items", "", "me", "orders.edges.node.items"])
def test_unknown_path_is_told(path: str) -> None:
    """A path that is no connection, or one inside the nodes, is refused with the paths there are."""
    with pytest.raises(BadRequestError) as raised:
        plan(TWO, {}, path=path)
    assert "orders, me.x" in raised.value.hint


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("{ me { ref } }", "no connection"),
        ("{ a { edges { cursor } } }", "no nodes"),
        ("mutation M($after: String) { a(after: $after) { edges { node { id } } } }", "mutation"),
        ("subscription S { a { edges { node { id } } } }", "subscription"),
        ("{ a { ", "no GraphQL"),
        ("query A { a } query B { b }", "2 operations"),
        ("fragment F on A { a }", "0 operations"),
        ("{ ...F } fragment F on Query { a { ...F } }", "circle"),
        ("{ ...F } fragment F on Query { ...F }", "circle"),
        ("{ a " * 5_000, "no GraphQL"),
        ("{ a { ...G } b { ...G } } fragment G on X { c { edges { node { id } } } }", "several"),
    ],
)
def test_what_cannot_be_paged_is_told(query: str, match: str) -> None:
    """P21: no connection, no nodes, a mutation, no GraphQL: refused before anything is sent."""
    with pytest.raises(BadRequestError, match=match):
        plan(query, {})


def test_shared_fragment_is_refused() -> None:
    """A connection in a fragment that is used twice cannot be paged alone."""
    with pytest.raises(BadRequestError, match="fragment"):
        plan("{ a { ...G } b { ...G } } fragment G on X { c { edges { node { id } } } }", {}, path="a.c")


def test_syntax_error_names_its_place() -> None:
    """A query that cannot be parsed is told with line and column."""
    with pytest.raises(BadRequestError, match="line 2, column 3"):
        plan("{\n  ) }", {})


def test_fragments_are_looked_into() -> None:
    """A connection spelled with fragments is found, and paged by its own arguments."""
    query = (
        "query Q($c: String) { a(after: $c) { ...Conn pageInfo { hasNextPage } } } "
        "fragment Conn on AConnection { edges { ...Edge } } "
        "fragment Edge on AEdge { cursor node { ... on A { id ref } } }"
    )
    how = plan(query, {})
    assert (how.cursor, how.text, how.flattener.schema.names()) == ("c", query, ["id", "ref"])


def test_nested_connections_are_watched() -> None:
    """P21: each connection inside the nodes is asked whether it is cut, at any depth, in its own direction."""
    how = plan(
        "{ orders { edges { node { id items(first: 2) { edges { node { id fs: fulfilments(last: 1) "
        "{ edges { node { id } } } } } } customer { pets { edges { node { id } } pageInfo { hasNextPage } } } } } } }",
        {},
    )
    assert [(place, way.more) for place, way in how.nested] == [
        (("items",), "hasNextPage"),
        (("items", "edges", "node", "fs"), "hasPreviousPage"),
        (("customer", "pets"), "hasNextPage"),
    ]
    assert squeezed(how.text).count("pageInfo { hasNextPage }") == 3
    assert how.text.count("hasPreviousPage") == 1


def test_columns_follow_the_query() -> None:
    """Columns are the fields asked for, by alias, in their order; a connection counts as one, and a field once."""
    how = plan("{ a { edges { node { id no: ref c { ref d { e } } items { edges { node { id } } } c { f } } } } }", {})
    assert how.flattener.schema.names() == ["id", "no", "c.ref", "c.d.e", "c.f", "items"]


def test_what_following_needs_is_added() -> None:
    """P21: to follow inner connections, their cursors and what finds their nodes again are asked for, once."""
    text = "{ orders { edges { node { ref items { edges { node { ref } } } } } } }"
    how = plan(text, {}, nested="follow")
    assert how.hidden == (("_id",),)
    assert (
        "node { ref items { edges { node { ref } } edges { cursor } pageInfo { hasNextPage } } _id: id }"
        in squeezed(how.text)
    )
    with_id = plan(text.replace("node { ref items", "node { id items"), {}, nested="follow")
    assert (with_id.hidden, "_id" in with_id.text) == ((), False)
    with pytest.raises(BadRequestError, match="nested"):
        plan(text, {}, nested="ignore")  # type: ignore[arg-type] # the wrong value is the case


def test_another_page_size_keeps_the_rest() -> None:
    """A query of another page size is the same query, wherever its size was said."""
    for arguments, size in (("(first: $n)", 5), ("(first: 10)", 10), ("", 100)):
        declared = "query Q($n: Int) " if "$n" in arguments else ""
        how = plan(f"{declared}{{ a{arguments} {{ edges {{ node {{ id }} }} }} }}", {"n": 5})
        assert how.size == size
        smaller = how.resized(2, {"n": 5})
        assert (smaller.size, list(smaller.sizes.values()), smaller.cursor) == (2, [2], how.cursor)


def test_the_sample_queries_can_be_paged() -> None:
    """Every sample query with a connection is paged by its own variables, and the changed text is still GraphQL."""
    document = parse(QUERIES.read_text("utf-8"))
    seen = 0
    for node in document.definitions:
        assert isinstance(node, OperationDefinitionNode)
        text = node.loc.source.body[node.loc.start : node.loc.end]
        if "$after" not in text:
            continue
        how = plan(text, {})
        parse(how.text)
        assert (how.cursor, dict(how.sizes)) == ("after", {"first": 100})
        seen += 1
    assert seen >= 10
