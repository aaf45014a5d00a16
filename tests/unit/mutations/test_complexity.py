"""What one mutation takes up of the platform's complexity, beside what the simulator counts."""

from pathlib import Path

import pytest
from graphql import build_schema, get_operation_ast, parse

import fcwork
from fcwork.mutations import MAX_COMPLEXITY, Operation, complexity, fitting
from fcwork.simulator.graphql.complexity import complexity as counted

SCHEMA = build_schema((Path(fcwork.__file__).parent / "fluent.graphql").read_text("utf-8"))
INNER = "edges { node { id } }"


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        (None, 1),
        (("id", "retailer { id ref }"), 1),
        ((f"networks(first: 5) {{ {INNER} }}",), 2),
        (("networks(first: 5) { edges { node { locations(first: 7) { edges { node { id } } } } } }",), 7),
        (("networks { edges { node { locations { edges { node { id } } } } } }",), 102),
        (("networks(last: 3) { edges { node { ... on Network { locations(first: 1) { edges { cursor } } } } } }",), 5),
        ((f"a: networks(first: 5) {{ {INNER} }}", f"b: networks(first: 5) {{ {INNER} }}"), 3),
    ],
)
def test_a_connection_costs_its_page(returns: tuple[str, ...] | None, expected: int) -> None:
    """A mutation is one query, and so is a connection for each node it hangs on: one more than the simulator counts."""
    operation = Operation("createLocation", returns=returns)
    assert complexity(operation) == expected
    document = parse(operation.document())
    asked = get_operation_ast(document)
    assert asked is not None
    assert counted(SCHEMA, document, asked, {}) == expected - 1


def test_requests_hold_what_stays_under_the_limit() -> None:
    """So many mutations go into one request that it stays under the limit, and always one."""
    usual = Operation("createLocation")
    assert fitting(usual, 25) == 25
    assert fitting(usual, 50_000) == MAX_COMPLEXITY
    heavy = Operation("x", returns=(f"a(first: 1000) {{ edges {{ node {{ b {{ {INNER} }} }} }} }}",))
    assert (complexity(heavy), fitting(heavy, 25)) == (1_002, 11)
    assert fitting(Operation("x", returns=(f"a(first: 99999) {{ edges {{ b {{ {INNER} }} }} }}",)), 25) == 1
