"""The mutations of orders and fulfilments, which bring their items along."""

from collections.abc import Mapping
from typing import Any

from fcwork.simulator.graphql.codes import Code, PlatformError
from fcwork.simulator.graphql.inputs import found
from fcwork.simulator.graphql.resolvers import PRODUCTS
from fcwork.simulator.graphql.work import Brought, Work
from fcwork.simulator.seed import PRODUCT_CATALOGUE
from fcwork.simulator.world import World


def create_order(work: Work, given: Mapping[str, Any], **known: Any) -> int:
    """Create an order with its choices, items, payments and billing address."""
    work.refuse_twin(given)
    order, order_id = {**work.columns(given), **known}, work.ids(1)[0]
    choices, addresses = _choices(work, given)
    items = _items(work, given, choices)
    payments = work.bring(given, "financialTransactions", "FinancialTransaction")
    billing = work.bring(given, "billingAddress", "OrderBillingAddress")
    order["retailerId"] = int(order["retailer"])
    order.setdefault("customerLink", _link(work.world, order["customer"]))
    order["fulfilmentChoice"] = next(iter(choices.ids()), None)
    order["billingAddress"] = next(iter(billing.ids()), None)
    billing.add()
    for part in (items, payments):
        part.add(order=order_id)
    addresses.add()
    choices.add(order=order_id)
    return work.add(order)


def create_order_and_customer(work: Work, given: Mapping[str, Any]) -> int:
    """Create an order and the customer who placed it."""
    work.refuse_twin(given)
    customer = work.bring(given, "customer", "Customer")
    customer.work.refuse_twin(given["customer"])
    ref = given["customer"]["username"]
    at = create_order(work, given, customer=customer.ids()[0], customerLink={"ref": ref})
    customer.add(ref=ref)
    return at


def update_order(work: Work, given: Mapping[str, Any]) -> int:
    """Change an order and the items that the input names."""
    at, values = work.existing(given), work.columns(given)
    items = work.bring(given, "items", "OrderItem")
    places = items.places(order=given["id"])
    for row in items.rows:
        if "productRef" in row:
            row["product"] = _product(work.world, row)
    items.change(places)
    work.change(at, values)
    return at


def create_fulfilment(work: Work, given: Mapping[str, Any]) -> int:
    """Create a fulfilment of an order, and its items."""
    work.refuse_twin(given)
    row, world = work.columns(given), work.world
    owner = {"id": given["order"]["id"]}
    items = work.bring(given, "items", "FulfilmentItem")
    for one in items.inputs:
        found(world, ("OrderItem",), {**one["orderItem"], "order": owner})
    if "fulfilmentChoiceRef" in row:
        table, at = found(world, ("FulfilmentChoice",), {"ref": row["fulfilmentChoiceRef"], "order": owner})
        row["fulfilmentChoice"] = table.id_at(at)
    order = world.entity(row["order"]) or {}
    items.add(fulfilment=work.ids(1)[0])
    return work.add({**row, "retailerId": order["retailerId"], "fromLocation": _from_location(world, row)})


def update_fulfilment(work: Work, given: Mapping[str, Any]) -> int:
    """Change a fulfilment and the items that the input names."""
    at, values = work.existing(given), work.columns(given)
    items = work.bring(given, "items", "FulfilmentItem")
    items.change(items.places(fulfilment=given["id"]))
    work.change(at, values)
    return at


def _choices(work: Work, given: Mapping[str, Any]) -> tuple[Brought, Brought]:
    """Return the fulfilment choices of a new order and the addresses that they deliver to."""
    one, several = given.get("fulfilmentChoice"), given.get("fulfilmentChoices") or ()
    asked = [choice for choice in (one, *several) if choice]
    choices = work.bring({"fulfilmentChoices": asked}, "fulfilmentChoices", "FulfilmentChoice")
    delivered = [at for at, choice in enumerate(asked) if choice.get("deliveryAddress")]
    addressed = {"deliveryAddress": [asked[at]["deliveryAddress"] for at in delivered]}
    addresses = choices.work.bring(addressed, "deliveryAddress", "CustomerAddress")
    for at, address_id in zip(delivered, addresses.ids(), strict=True):
        choices.rows[at]["deliveryAddress"] = address_id
    for row in choices.rows:
        row.setdefault("type", row["deliveryType"])
    return choices, addresses


def _items(work: Work, given: Mapping[str, Any], choices: Brought) -> Brought:
    """Return the items of a new order; one that names no choice belongs to the first (assumed)."""
    items = work.bring(given, "items", "OrderItem")
    by_ref = dict(zip([row.get("ref") for row in choices.rows], choices.ids(), strict=True))
    for row in items.rows:
        if row["quantity"] < 1:
            raise PlatformError(Code.BAD_NUMBER, f"item {row['ref']!r} has the quantity {row['quantity']}")
        choice = row.get("fulfilmentChoiceRef", next(iter(by_ref), None))
        if choice is not None and choice not in by_ref:
            raise PlatformError(
                Code.NOT_FOUND, f"item {row['ref']!r} names a fulfilment choice {choice!r} that is not there"
            )
        row["fulfilmentChoice"] = by_ref.get(choice)
        row["product"] = _product(work.world, row)
    return items


def _product(world: World, item: Mapping[str, Any]) -> str:
    """Return the id of an item's product, from the master catalogue unless it names another (assumed)."""
    catalogue = {"ref": item.get("productCatalogueRef", PRODUCT_CATALOGUE)}
    table, at = found(world, PRODUCTS, {"ref": item["productRef"], "catalogue": catalogue})
    return table.id_at(at)


def _link(world: World, customer_id: str) -> dict[str, Any]:
    return {"ref": (world.entity(customer_id) or {}).get("ref")}


def _from_location(world: World, fulfilment: Mapping[str, Any]) -> dict[str, Any] | None:
    address = world.entity(fulfilment.get("fromAddress", "")) or {}
    location = world.entity(address.get("location") or "")
    return location and {"ref": location["ref"]}
