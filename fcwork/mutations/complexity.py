"""How much of the platform's complexity one mutation of an operation takes up, so that a request stays under its limit.

The platform counts the queries that it would run, and takes 11,111 (docs.fluentcommerce.com: graphql-query-limits).
Assumed here: a mutation is one, a connection in what it returns one and its page's nodes times what is inside, and
nothing else costs. A connection is told by its ``edges``; without ``first`` or ``last`` its page has 100 nodes.
"""

from __future__ import annotations

from typing import Any

from fcwork.mutations.operation import Operation

MAX_COMPLEXITY = 11_111  # docs.fluentcommerce.com: graphql-query-limits
_USUAL_SIZE = 100  # SDK 0.1.56, its guides: the platform's own page
_SIZES = frozenset({"first", "last"})


def complexity(operation: Operation) -> int:
    """Return how many queries one mutation is, at least 1."""
    from graphql import parse

    (definition,) = parse("{ m" + operation.selection + " }").definitions
    return 1 + _inside(definition)


def fitting(operation: Operation, rows: int) -> int:
    """Return how many mutations of ``rows`` one request may hold, at least 1."""
    return max(1, min(rows, MAX_COMPLEXITY // complexity(operation)))


def _inside(node: Any) -> int:
    """Return what the selection below a node costs; fragments stand for their fields."""
    from graphql import FieldNode

    children = node.selection_set.selections if node.selection_set else ()
    return sum(_of(child) if isinstance(child, FieldNode) else _inside(child) for child in children)


def _of(field: Any) -> int:
    within, below = _inside(field), field.selection_set.selections if field.selection_set else ()
    is_connection = any(child.name.value == "edges" for child in below if hasattr(child, "alias"))
    return 1 + _size(field) * within if is_connection else within


def _size(field: Any) -> int:
    from graphql import IntValueNode

    given = [part.value for part in field.arguments or () if part.name.value in _SIZES]
    return max((int(value.value) for value in given if isinstance(value, IntValueNode)), default=_USUAL_SIZE)
