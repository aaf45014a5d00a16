"""What may stand at the cursor of a query that is still being written."""

import pytest

from fcwork import schema
from fcwork.ipython import halfread

PLATFORM = schema.platform()


def offered(text: str) -> list[str]:
    """Return what may stand at the bar in a text."""
    before, _, after = text.partition("|")
    return [option.text for option in halfread.spot(PLATFORM, before, after).options]


@pytest.mark.parametrize(
    ("text", "first", "stranger"),
    [
        ("{ |", "me", "ref"),
        ("{ inv|", "me", "ref"),
        ("query Q { |", "me", "createOrder"),
        ("mutation { |", "createOrder", "me"),
        ("query { a: |", "me", "ref"),
        ("{ orders { edges { node { |", "id", "me"),
        ("{ orders { edges { node { items(first: 3) { edges { node { |", "id", "orders"),
        ("{ orders(first: 1) @include(if: true) { edges { node { |", "id", "me"),
        ('{ orders(ref: ["} )", "x"]) { edges { node { |', "id", "me"),
        ('{ orders(ref: """ } " ) """) { edges { node { |', "id", "me"),
        ("{ orders { edges { node { ref # } } } }\n |", "id", "me"),
        ("{ orders { |} }", "edges", "me"),
        ("{ orders { edges { node { ref } } } |", "me", "edges"),
        ("query { customer(ref: 1) { ...|", "on", "ref"),
        ("fragment F on |", "PageInfo", "OrderId"),
        ("fragment F on Order { |", "id", "me"),
        ("{ orders { edges { node { ... on Order { |", "id", "me"),
        ("query ($a: |", "DateTime", "Order"),
        ("query ($a: [|", "DateTime", "Order"),
        ("|", "query", "me"),
        ("{ me { username } } |", "query", "username"),
        ("{ me @|", "include", "username"),
        ("{ me @skip(|", "if: ", "username"),
    ],
)
def test_what_may_stand_there_is_offered(text: str, first: str, stranger: str) -> None:
    """Root fields, nested fields, types and words are offered where they may stand, and nowhere else."""
    assert first in offered(text)
    assert stranger not in offered(text)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("{ inventoryPosition(|", ["ref: ", "catalogue: "]),
        ("{ inventoryPosition(ref: 1, |", ["catalogue: "]),
        ('{ inventoryPosition(ref: "A" cat|', ["catalogue: "]),
        ("{ inventoryPosition(|: 1)", ["ref", "catalogue"]),
        ("{ inventoryPosition(catalogue: {|", ["ref: "]),
        ("{ product(catalogue: {ref: 1}, |", ["ref: "]),
        ("query ($a: Int, $b: [String]) { orders(first: $|", ["a", "b"]),
        ("query ($a: Int, $b: [String]) { orders(ref: |", ["$b", "$a"]),
        ("query ($a: Int = 5, $b: [String!]! = []) { orders(ref: [|", ["$b", "$a"]),
        ("query ($a: Boolean!) { me @include(if: |", ["true", "false", "$a"]),
        ("{ nothing(|", []),
        ("{ nothing { |", []),
    ],
)
def test_arguments_and_values_are_offered(text: str, listed: list[str]) -> None:
    """Arguments that are not there yet are offered, the required ones first; and the variables that fit, first."""
    assert offered(text) == listed


def test_values_of_enums_are_offered() -> None:
    """The values of an enum are offered where one is asked for."""
    import graphql

    own = graphql.build_schema(
        "enum Mood { GLAD SAD } input In { mood: Mood! } type Query { a(mood: Mood, in: In): Int }"
    )
    for text in ("{ a(mood: ", "{ a(in: {mood: "):
        assert [option.text for option in halfread.spot(own, text).options] == ["GLAD", "SAD"]


def test_fragments_and_possible_types_are_offered() -> None:
    """After three dots come the fragments of the cell, also those below, and the types that it may turn out to be."""
    assert offered("{ me { ...| } } fragment Who on User { id }") == ["on", "Who"]
    assert "CustomerAddress" in offered("fragment F on Address { ... on |")


@pytest.mark.parametrize("text", ['{ orders(ref: "ab|', "{ me { # comment |", '{ orders(ref: """a\nb|'])
def test_nothing_is_offered_inside_a_text_or_a_comment(text: str) -> None:
    """In a string or a comment anything may stand."""
    assert offered(text) == []


@pytest.mark.parametrize(
    "text",
    ["{" * 50_000, "{ orders(" * 5_000, "[" * 10_000, ")}]" * 100, '"' * 7, "\x00$ $$ !!", "query (((", "{ a: : : b",
     "fragment on on on { }", "@@@", "{ orders(ref: [ [ ] ) { edges", "query ($a: = 5", "\u202e{ me {"],
)  # fmt: skip
def test_half_written_and_broken_queries_are_survived(text: str) -> None:
    """Whatever stands in a cell, completion answers."""
    halfread.spot(PLATFORM, text)


def test_the_type_stands_beside_what_is_offered() -> None:
    """A person sees of what type a field is."""
    spot = halfread.spot(PLATFORM, "{ inventoryPositions { edges { node { onH")
    assert spot.word == "onH"
    assert halfread.Option("onHand", "Int") in spot.options
