"""What a mutation's input says, in the columns of a table: references are looked up, texts measured, dates read."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLNamedType, get_named_type

from fcwork.simulator.graphql.codes import Code, PlatformError
from fcwork.simulator.graphql.filters import instant
from fcwork.simulator.graphql.resolvers import PRODUCTS
from fcwork.simulator.table import Table
from fcwork.simulator.world import World

MAX_TEXT = 255  # docs.fluentcommerce.com: graphql-query-limits, where a field says nothing else
_REFERENCES = {
    "RetailerId": ("Retailer",),
    "RetailerLinkInput": ("Retailer",),
    "CustomerId": ("Customer",),
    "CustomerKey": ("Customer",),
    "CustomerLinkInput": ("Customer",),
    "OrderId": ("Order",),
    "OrderLinkInput": ("Order",),
    "OrderItemId": ("OrderItem",),
    "OrderItemLinkInput": ("OrderItem",),
    "AddressId": ("StoreAddress", "CustomerAddress"),
    "LocationId": ("Location",),
    "LocationLinkInput": ("Location",),
    "NetworkId": ("Network",),
    "InventoryCatalogueKey": ("InventoryCatalogue",),
    "VirtualCatalogueKey": ("VirtualCatalogue",),
    "ProductCatalogueKey": ("ProductCatalogue",),
    "ControlGroupKey": ("ControlGroup",),
    "CategoryKey": ("Category",),
    "ProductKey": PRODUCTS,
    "VariantProductKey": ("VariantProduct",),
    "InventoryPositionKey": ("InventoryPosition",),
    "InventoryQuantityKey": ("InventoryQuantity",),
}
_LINKING = frozenset({"ReturnOrder", "ReturnOrderItem"})
"""Kinds whose rows keep a reference as it was written, as they show it as a link."""
_RENAMED = {
    ("StandardProduct", "taxType"): "tax",
    ("VariantProduct", "taxType"): "tax",
    ("FinancialTransaction", "amount"): "total",
    ("FinancialTransaction", "paymentProvider"): "paymentProviderName",
    ("Fulfilment", "customer"): "user",
}


def columns(world: World, kind: str, fields: GraphQLInputObjectType, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row of ``kind`` that an input sets, without its id and the rows that it brings along.

    A null is taken as a field that was not given (assumed).

    Args:
        world: where references are looked up.
        kind: GraphQL type of the row.
        fields: the input's type.
        given: the input.
    """
    held = {}
    for name, value in given.items():
        named = get_named_type(fields.fields[name].type)
        if name != "id" and value is not None and not named.name.startswith(("Create", "Update")):
            held[_RENAMED.get((kind, name), name)] = _column(world, kind, named, value)
    return held


def inner(fields: GraphQLInputObjectType, name: str) -> GraphQLInputObjectType:
    """Return the type of the rows that an input brings along under ``name``."""
    named = get_named_type(fields.fields[name].type)
    if not isinstance(named, GraphQLInputObjectType):
        message = f"{fields.name}.{name} brings no rows"
        raise TypeError(message)
    return named


def found(world: World, kinds: tuple[str, ...], wanted: Mapping[str, Any]) -> tuple[Table, int]:
    """Return the table and place of the entity that ``wanted`` fits, or refuse."""
    named = {name: value for name, value in wanted.items() if value is not None}
    place = world.locate(kinds, named)
    if place is None:
        raise PlatformError(Code.NOT_FOUND, f"there is no {' or '.join(kinds)} {_shown(named)}")
    return place


def _column(world: World, kind: str, named: GraphQLNamedType, value: Any) -> Any:
    if named.name == "Json":
        return value
    if isinstance(value, list):
        return [_column(world, kind, named, item) for item in value if item is not None]
    if named.name == "DateTime":
        return int(instant(value))
    if named.name in _REFERENCES:
        table, at = found(world, _REFERENCES[named.name], value)
        return value if kind in _LINKING else table.id_at(at)
    _measure(named, value)
    return value


def _measure(named: GraphQLNamedType, value: Any) -> None:
    if isinstance(named, GraphQLInputObjectType):
        for name, item in value.items():
            _measure(get_named_type(named.fields[name].type), item)
    elif named.name == "String" and len(value or "") > MAX_TEXT:
        raise PlatformError(Code.TOO_LONG, f"{value[:20]!r}… has {len(value)} characters, and {MAX_TEXT} are allowed")


def _shown(wanted: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} ({_shown(value)})" if isinstance(value, Mapping) else f"{name} {value!r}"
        for name, value in wanted.items()
    )
