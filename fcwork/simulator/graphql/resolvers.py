"""How each field of the schema finds its value; rows are dicts, and most fields are a look into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLArgument, GraphQLResolveInfo, get_named_type

from fcwork.simulator import instants
from fcwork.simulator.graphql import paging
from fcwork.simulator.graphql.codes import Code, PlatformError
from fcwork.simulator.graphql.filters import narrowed
from fcwork.simulator.seed import PRODUCT_CATALOGUE
from fcwork.simulator.table import Table
from fcwork.simulator.world import World

PRODUCTS = ("VariantProduct", "StandardProduct", "GroupProduct")
CHILDREN = {
    ("Order", "items"): "order",
    ("Order", "fulfilments"): "order",
    ("Order", "fulfilmentChoices"): "order",
    ("Order", "financialTransactions"): "order",
    ("FulfilmentChoice", "items"): "fulfilmentChoice",
    ("FulfilmentChoice", "fulfilments"): "fulfilmentChoice",
    ("Fulfilment", "items"): "fulfilment",
    ("Fulfilment", "articles"): "fulfilment",
    ("Article", "consignmentArticles"): "article",
    ("ReturnOrder", "returnOrderItems"): "returnOrder",
    ("ReturnOrder", "returnOrderFulfilments"): "returnOrder",
    ("InventoryCatalogue", "inventoryPositions"): "catalogue",
    ("InventoryPosition", "quantities"): "position",
    ("VirtualCatalogue", "virtualPositions"): "catalogue",
    ("ControlGroup", "controls"): "controlGroup",
    ("ProductCatalogue", "categories"): "catalogue",
    ("Category", "childCategories"): "parentCategory",
    ("StandardProduct", "variants"): "product",
    ("Network", "locations"): "networks",
}
"""The column by which the rows of a nested connection name the row they hang on; the other connections are lists of
ids in their own row."""

Resolver = Callable[..., Any]


@dataclass(frozen=True)
class Request:
    """What one execution works with."""

    world: World
    now_ms: int
    max_size: int


def plain(row: Mapping[str, Any], info: GraphQLResolveInfo[Request], **_: Any) -> Any:
    """Return what the row holds under the field's name."""
    return row.get(info.field_name)


def instant(row: Mapping[str, Any], info: GraphQLResolveInfo[Request]) -> str | None:
    """Return an instant as text."""
    ms = row.get(info.field_name)
    return None if ms is None else instants.to_text(ms)


def reference(row: Mapping[str, Any], info: GraphQLResolveInfo[Request]) -> dict[str, Any] | None:
    """Return the entity whose id the row holds."""
    entity_id = row.get(info.field_name)
    return None if entity_id is None else info.context.world.entity(entity_id)


def me(_: Any, info: GraphQLResolveInfo[Request]) -> dict[str, Any]:
    """Return the user that asks: there is one."""
    return info.context.world.tables["User"].row(0)


def single(kinds: Sequence[str]) -> Resolver:
    """Return a resolver of the one entity of ``kinds`` that the arguments name; there may be none."""

    def resolve(_: Any, info: GraphQLResolveInfo[Request], **arguments: Any) -> dict[str, Any] | None:
        wanted = {name: value for name, value in arguments.items() if value is not None}
        if not wanted:
            raise PlatformError(Code.MISSING, f"{info.field_name} needs an id or a ref")
        found = info.context.world.locate(kinds, wanted)
        return found and found[0].row(found[1])

    return resolve


def every(kind: str, arguments: Mapping[str, GraphQLArgument]) -> Resolver:
    """Return a resolver of the connection over all entities of a kind."""
    kinds = _filter_kinds(arguments)

    def resolve(_: Any, info: GraphQLResolveInfo[Request], **given: Any) -> dict[str, Any]:
        request = info.context
        table, wanted = request.world.tables[kind], _wanted(given)
        key = tuple(sorted((name, repr(value)) for name, value in wanted.items()))
        places = table.selection(key, lambda: _chosen(request, table, range(len(table)), wanted, kinds))
        return paging.page(kind, places, given, node=table.row, max_size=request.max_size)

    return resolve


def nested(parent: str, field: str, kind: str, arguments: Mapping[str, GraphQLArgument]) -> Resolver:
    """Return a resolver of the connection from a row to those that belong to it."""
    kinds, column = _filter_kinds(arguments), CHILDREN.get((parent, field))

    def resolve(row: Mapping[str, Any], info: GraphQLResolveInfo[Request], **given: Any) -> dict[str, Any]:
        request = info.context
        table = request.world.tables[kind]
        held = table.find((column,), row["id"]) if column else _listed(table, row.get(field))
        places = _chosen(request, table, held, _wanted(given), kinds)
        return paging.page(kind, places, given, node=table.row, max_size=request.max_size)

    return resolve


def prices(_: Any, info: GraphQLResolveInfo[Request], **given: Any) -> dict[str, Any]:
    """Return the connection over the prices of all products, in their order; a cursor is a place in it (assumed)."""
    request = info.context
    tables = (request.world.tables[kind] for kind in PRODUCTS)
    held = [price for table in tables for listed in table.column("prices") for price in listed or ()]
    wanted = {name: frozenset(values) for name, values in _wanted(given).items()}
    places = [at for at, price in enumerate(held) if all(price[name] in values for name, values in wanted.items())]
    return paging.page("Price", places, given, node=held.__getitem__, max_size=request.max_size)


def product_of_position(
    row: Mapping[str, Any], info: GraphQLResolveInfo[Request], catalogue: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """Return the product of an inventory position, from the master catalogue unless another is asked for."""
    wanted = {"ref": row["productRef"], "catalogue": catalogue or {"ref": PRODUCT_CATALOGUE}}
    found = info.context.world.locate(PRODUCTS, wanted)
    return found and found[0].row(found[1])


def address_of_position(row: Mapping[str, Any], info: GraphQLResolveInfo[Request]) -> dict[str, Any] | None:
    """Return the address of an inventory position's location."""
    world = info.context.world
    found = world.locate(["Location"], {"ref": row["locationRef"]})
    return found and world.entity(found[0].column("primaryAddress")[found[1]])


def _filter_kinds(arguments: Mapping[str, GraphQLArgument]) -> dict[str, str]:
    return {name: get_named_type(argument.type).name for name, argument in arguments.items()}


def _wanted(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None and name not in paging.ARGUMENTS}


def _listed(table: Table, ids: Sequence[str] | None) -> Sequence[int]:
    places = (table.place_of(int(entity_id)) for entity_id in ids or ())
    return sorted(at for at in places if at is not None)


def _chosen(
    request: Request, table: Table, places: Sequence[int], wanted: Mapping[str, Any], kinds: Mapping[str, str]
) -> Sequence[int]:
    for name, value in wanted.items():
        places = narrowed(request.world, table, places=places, name=name, kind=kinds[name], wanted=value)
    return places
