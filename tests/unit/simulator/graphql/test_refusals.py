"""What is refused before it is executed, each with a code in the platform's form."""

from collections.abc import Callable
from typing import Any

import pytest

from fcwork.simulator.graphql import GraphQLService

Codes = Callable[..., list[str]]
ITEMS = """fragment Items on OrderConnection { edges { node { ... on Order {
    fulfilments { edges { node { items { edges { cursor } } } } } } } } }"""


@pytest.mark.parametrize(
    "query",
    [
        "",
        "{ orders {",
        "{ products { edges { cursor } } }",
        "{ orders { edges { node { sku } } } }",
        "{ orders(sku: 1) { edges { cursor } } }",
        '{ orders(first: "1") { edges { cursor } } }',
        "{ orders }",
        "{ orders { pageInfo { endCursor } } }",
        "query($first: Int) { orders(first: $count) { edges { cursor } } }",
        "query A { me { id } } query B { me { id } }",
        "mutation { createOrder(input: {ref: 1}) { id } }",
        "subscription { me { id } }",
        "{ " * 3000,
    ],
)
def test_invalid_query_is_refused(seeded: GraphQLService, query: str) -> None:
    """A query that is not valid is answered with errors, each with a code, and without data."""
    answer = seeded.execute(query)
    assert answer["data"] is None
    assert {error["extensions"]["code"] for error in answer["errors"]} <= {"C0159E", "C0001E"}
    assert all(error["message"] for error in answer["errors"])


def test_error_names_the_field(seeded: GraphQLService) -> None:
    """An unknown field is named, with where it stands."""
    (error,) = seeded.execute("{ products { id } }")["errors"]
    assert "products" in error["message"]
    assert error["locations"] == [{"line": 1, "column": 3}]


@pytest.mark.parametrize("variables", [{}, {"first": None}])
def test_missing_variable_is_refused(codes: Codes, variables: dict[str, Any]) -> None:
    """A required variable that is missing has the platform's code for it."""
    assert codes("query($first: Int!) { orders(first: $first) { edges { cursor } } }", **variables) == ["C0140E"]


def test_variable_of_wrong_type_is_refused(codes: Codes) -> None:
    """A variable of another type is a bad request."""
    assert codes("query($first: Int!) { orders(first: $first) { edges { cursor } } }", first="x") == ["C0159E"]


def test_named_operation_runs(seeded: GraphQLService) -> None:
    """The operation's name chooses among several; a wrong one is refused."""
    query = "query A { me { id } } query B { me { ref } }"
    assert seeded.execute(query, None, "B") == {"data": {"me": {"ref": "fcwork"}}}
    assert seeded.execute(query, None, "C")["errors"]


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("{ orders(first: 100) { edges { node { fulfilments(first: 100) { edges { node { ref } } } } } } }", False),
        ("{ orders(first: 150) { ...Items } }", True),
        ("query($n: Int = 110) { orders(first: $n) { ...Items } }", False),
        ("query($n: Int = 111) { orders(first: $n) { ...Items } }", True),
    ],
)
def test_complexity_is_limited(codes: Codes, query: str, *, refused: bool) -> None:
    """Connections inside connections add up to the limit of 11,111 and are refused beyond it."""
    assert codes(query + ITEMS if "...Items" in query else query) == (["C0001E"] if refused else [])


def test_five_levels_of_ten_are_just_allowed(seeded: GraphQLService) -> None:
    """Five connections of ten inside one another are 11,111 queries: just the limit."""
    query = "childCategories(first: 10) { edges { cursor } }"
    for root in ("childCategories", "childCategories", "childCategories", "categories"):
        query = f"{root}(first: 10) {{ edges {{ node {{ {query} }} }} }}"
    query = f"{{ {query} }}"
    assert "errors" not in seeded.execute(query)
    stricter = GraphQLService(seeded._world, clock=seeded._clock, max_complexity=11_110)
    assert stricter.execute(query)["errors"][0]["extensions"]["code"] == "C0001E"


def test_size_from_a_variable_counts(codes: Codes) -> None:
    """A page size that comes as a variable counts as much as a written one."""
    query = """query($n: Int) { orders(first: $n) { edges { node { fulfilments(first: $n) { edges { node {
        items { edges { cursor } } } } } } } } }"""
    assert (codes(query, n=10), codes(query, n=200)) == ([], ["C0001E"])


def test_fragments_spread_in_fragments_stay_cheap(codes: Codes) -> None:
    """A chain of fragments, each spread twice by the next, is judged at once."""
    chain = "".join(f"fragment F{n} on Query {{ a{n}: me {{ id }} ...F{n + 1} ...F{n + 1} }} " for n in range(24))
    assert codes(f"{{ ...F0 }} {chain} fragment F24 on Query {{ me {{ id }} }}") == []


def test_lookup_by_nothing_is_refused(seeded: GraphQLService) -> None:
    """A lookup that names neither id nor ref is an error of its field, beside the data of the others."""
    answer = seeded.execute('{ order { id } me { ref } location(ref: "LOC001") { ref } }')
    assert answer["data"] == {"order": None, "me": {"ref": "fcwork"}, "location": {"ref": "LOC001"}}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [(["order"], "C0140E")]
