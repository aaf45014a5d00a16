"""What each mutation does to the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLResolveInfo, get_named_type

from fcwork.simulator.graphql.codes import Code, PlatformError
from fcwork.simulator.graphql.orders import (
    create_fulfilment,
    create_order,
    create_order_and_customer,
    update_fulfilment,
    update_order,
)
from fcwork.simulator.graphql.resolvers import Request, Resolver
from fcwork.simulator.graphql.work import Work

_LOCATION_PARTS = (("primaryAddress", "StoreAddress"), ("openingSchedule", "OpeningSchedule"))


def mutation(name: str, field: GraphQLField) -> Resolver:
    """Return the resolver of the mutation ``name``: it answers with the row that was created or updated."""
    fields, kind = get_named_type(field.args["input"].type), get_named_type(field.type).name
    act = _ACTS.get(name) or (_create if name.startswith("create") else _update)

    def resolve(_: Any, info: GraphQLResolveInfo[Request], **arguments: Any) -> dict[str, Any]:
        given = arguments.get("input")
        if given is None or not isinstance(fields, GraphQLInputObjectType):
            raise PlatformError(Code.MISSING, f"{name} needs an input")
        work = Work(info.context, kind, fields)
        return work.table.row(act(work, given))

    return resolve


def _create(work: Work, given: Mapping[str, Any]) -> int:
    work.refuse_twin(given)
    return work.add(work.columns(given))


def _update(work: Work, given: Mapping[str, Any]) -> int:
    at = work.existing(given)
    work.change(at, work.columns(given))
    return at


def _create_customer(work: Work, given: Mapping[str, Any]) -> int:
    """Create a customer, whose ref is the username (assumed)."""
    work.refuse_twin(given)
    return work.add({**work.columns(given), "ref": given["username"]})


def _create_quantity(work: Work, given: Mapping[str, Any]) -> int:
    """Create a quantity; the position's onHand stays, as setting it is a workflow's task (assumed)."""
    work.refuse_twin(given)
    quantity = work.columns(given)
    position = work.world.entity(quantity["position"]) or {}
    return work.add({**quantity, "productRef": position["productRef"], "locationRef": position["locationRef"]})


def _create_location(work: Work, given: Mapping[str, Any]) -> int:
    work.refuse_twin(given)
    location, location_id = work.columns(given), work.ids(1)[0]
    for name, kind in _LOCATION_PARTS:
        part = work.bring(given, name, kind)
        location[name] = part.ids()[0]
        part.add(location=location_id)
    return work.add(location)


def _update_location(work: Work, given: Mapping[str, Any]) -> int:
    at, values = work.existing(given), work.columns(given)
    parts = [work.bring(given, name, kind) for name, kind in _LOCATION_PARTS]
    places = [part.places(location=given["id"]) for part in parts]
    for part, held in zip(parts, places, strict=True):
        part.change(held)
    work.change(at, values)
    return at


def _create_return(work: Work, given: Mapping[str, Any]) -> int:
    work.refuse_twin(given)
    row, items = work.columns(given), work.bring(given, "returnOrderItems", "ReturnOrderItem")
    items.add(returnOrder=work.ids(1)[0])
    return work.add({**row, "retailerId": int(row["retailer"]["id"])})


_ACTS: Mapping[str, Callable[[Work, Mapping[str, Any]], int]] = {
    "createCustomer": _create_customer,
    "createInventoryQuantity": _create_quantity,
    "createLocation": _create_location,
    "updateLocation": _update_location,
    "createReturnOrder": _create_return,
    "createOrder": create_order,
    "createOrderAndCustomer": create_order_and_customer,
    "updateOrder": update_order,
    "createFulfilment": create_fulfilment,
    "updateFulfilment": update_fulfilment,
}
"""The mutations that do more than add or change one row."""
