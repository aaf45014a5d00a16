"""The columns that a query's nodes have, and the type of each by the platform's schema."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    is_list_type,
)

from fcwork.client.asked import Asked, Field
from fcwork.client.documents import Path, document

Kind = Literal["text", "whole", "number", "money", "truth", "instant", "free", "object", "connection", "unknown"]

_SCALARS: dict[str, Kind] = {
    "ID": "text",
    "String": "text",
    "Int": "whole",
    "Float": "number",
    "Boolean": "truth",
    "DateTime": "instant",
    "Json": "free",
}
MONEY = frozenset(
    {
        ("AmountType", "amount"),
        ("FinancialTransaction", "total"),
        ("FulfilmentChoice", "fulfilmentPrice"),
        ("FulfilmentChoice", "fulfilmentTaxPrice"),
        ("Order", "totalPrice"),
        ("Order", "totalTaxPrice"),
        ("OrderItem", "paidPrice"),
        ("OrderItem", "price"),
        ("OrderItem", "taxPrice"),
        ("OrderItem", "totalPrice"),
        ("OrderItem", "totalTaxPrice"),
        ("Price", "value"),
    }
)
"""The schema's Floats that are money: their digits count. The others are coordinates, weights and lengths."""


@dataclass(frozen=True)
class Column:
    """A field of the nodes.

    Attributes:
        name: the key of the answer.
        kind: what it holds; ``unknown`` where the schema does not say.
        lists: how many lists are around it.
        below: what is asked of it; of a connection, what is asked of its nodes.
    """

    name: str
    kind: Kind
    lists: int = 0
    below: tuple[Column, ...] = ()


@lru_cache(maxsize=64)
def columns(query: str, path: Path) -> tuple[Column, ...]:
    """Return the columns of a connection's nodes, in the query's order.

    Args:
        query: one operation, as its author wrote it.
        path: response keys of the connection.
    """
    asked = Asked(document(query))
    nodes = asked.nodes_of(asked.along(path)[-1])
    return _below(asked, nodes)


@lru_cache(maxsize=64)
def fields(query: str) -> tuple[Column, ...]:
    """Return what an operation asks of the platform itself, in its order: the columns of an answer that is one row."""
    asked = Asked(document(query))
    return tuple(_column(asked, field) for field in asked.roots().values())


def _below(asked: Asked, field: Field | None) -> tuple[Column, ...]:
    return tuple(_column(asked, child) for child in asked.below(field).values()) if field else ()


def _column(asked: Asked, field: Field) -> Column:
    lists, kind = _lists(field.kind), _known(field)
    if asked.is_connection(field):
        nodes = _below(asked, asked.nodes_of(field))
        return Column(field.key, "connection" if nodes else "unknown", lists, nodes)
    return Column(field.key, kind, lists, _below(asked, field))


def _lists(kind: GraphQLOutputType | None) -> int:
    if isinstance(kind, GraphQLNonNull):
        return _lists(kind.of_type)
    return 1 + _lists(kind.of_type) if is_list_type(kind) else 0


def _known(field: Field) -> Kind:
    named = field.named
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        return "object"
    if isinstance(named, GraphQLEnumType):
        return "text"
    if field.owner and (field.owner.name, field.name) in MONEY:
        return "money"
    return _SCALARS.get(named.name, "unknown") if named else "unknown"
