"""Customers, orders with their items, choices and payments, fulfilments and their parcels."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from fcwork.simulator.seed.calendar import creations, updates
from fcwork.simulator.seed.terms import NULL_ROWS, RETAILER_ID, awkward, price, workflow
from fcwork.simulator.table import Table

CUSTOMERS = 40
ORDERS = 150
LONG_ORDERS = {10: 300, 20: 150, 30: 101, 40: 100}
"""Items of the orders that do not fit one page of 100, and of one that just does."""
ORDER_STATUSES = ("CREATED", "BOOKED", "PICKED", "SHIPPED", "COMPLETE", "CANCELLED")
FULFILMENT_STATUSES = (
    "CREATED",
    "AWAITING_WAVE",
    "ASSIGNED",
    "PARTIALLY_FULFILLED",
    "FULFILLED",
    "SHIPPED",
    "DELIVERED",
    "COLLECTED",
    "REJECTED",
    "ESCALATED",
    "EXPIRED",
    "CANCELLED",
)
_SENT = frozenset({"SHIPPED", "DELIVERED", "COLLECTED"})
_PARCELS = {5: 7}  # one fulfilment has more parcels than a page of five
_FIRST_NAMES = ("Ada", "Zoë", "José", "Mary-Jane", "李")
_LAST_NAMES = ("O'Brien", "Smith, Jr.", "Müller", "García", 'Van "Dutch" Dyk')


def sow_orders(tables: Mapping[str, Table], random: Random) -> None:
    """Fill the tables of customers, orders, fulfilments and what belongs to them."""
    tables["Customer"].extend(_customers())
    tables["CustomerAddress"].extend(_addresses())
    refs = awkward([f"ORD-{number:05d}" for number in range(1, ORDERS + 1)])
    for at, (ref, times) in enumerate(zip(refs, _times(ORDERS), strict=True)):
        order = tables["Order"].id_at(at)
        choice = None if at in NULL_ROWS else tables["FulfilmentChoice"].id_at(len(tables["FulfilmentChoice"]))
        first_item = len(tables["OrderItem"])
        tables["OrderItem"].extend(_items(tables, random, at, {**times, "order": order, "fulfilmentChoice": choice}))
        items = range(first_item, len(tables["OrderItem"]))
        if choice:
            tables["FulfilmentChoice"].add({**times, **_choice(tables, at), "order": order})
        tables["Order"].add({**times, **_order(tables, at, items), "ref": ref, "fulfilmentChoice": choice})
        tables["FinancialTransaction"].add({**times, **_payment(tables, at), "order": order})
        _sow_fulfilment(tables, at, items, {**times, "order": order, "fulfilmentChoice": choice})


def _times(count: int) -> Iterator[dict[str, Any]]:
    for created, updated in zip(creations(count), updates(count), strict=True):
        yield {"createdOn": created, "updatedOn": updated}


def _customers() -> Iterator[dict[str, Any]]:
    for at, times in enumerate(_times(CUSTOMERS)):
        bare = at in NULL_ROWS
        first, last = _FIRST_NAMES[at % 5], _LAST_NAMES[at // 5 % 5]
        yield {
            **times,
            "ref": f"CUST-{at + 1:04d}",
            "username": f"customer{at + 1}@example.com",
            "primaryEmail": f"customer{at + 1}@example.com",
            "firstName": None if bare else first,
            "lastName": last,
            "primaryPhone": None if bare else f"+1 555 {at:04d}",
            "title": None if bare else "Dr",
            "country": "US",
            "status": "ACTIVE",
            "timezone": "America/New_York",
            "promotionOptIn": at % 2 == 0,
            "attributes": None if bare else [{"name": "TIER", "type": "STRING", "value": "VIP"}],
            "retailer": str(RETAILER_ID),
        }


def _addresses() -> Iterator[dict[str, Any]]:
    for at, times in enumerate(_times(CUSTOMERS)):
        yield {
            **times,
            "ref": f"CADDR-{at + 1:04d}",
            "type": "CUSTOMER",
            "name": f"{_FIRST_NAMES[at % 5]} {_LAST_NAMES[at // 5 % 5]}",
            "street": f"{at + 1} Main Street",
            "street2": None if at in NULL_ROWS else "Unit 2\nrear entrance",
            "city": "Newark",
            "state": "NJ",
            "postcode": f"{7102 + at:05d}",
            "country": "US",
            "timeZone": "America/New_York",
            "email": f"customer{at + 1}@example.com",
        }


def _items(tables: Mapping[str, Table], random: Random, at: int, common: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    products = tables["VariantProduct"]
    count = LONG_ORDERS.get(at, at % 4 + 1)
    for number in range(1, count + 1):
        cents, quantity = random.randint(500, 20_000), random.randint(1, 3)
        yield {
            **common,
            "ref": f"{number:03d}",
            "product": products.id_at((at + number) % len(products)),
            "status": "ACTIVE",
            "quantity": quantity,
            "currency": "USD",
            "price": price(cents),
            "paidPrice": price(cents),
            "taxPrice": price(cents // 10),
            "taxType": "EXCISE",
            "totalPrice": price(cents * quantity),
            "totalTaxPrice": price(cents // 10 * quantity),
        }


def _order(tables: Mapping[str, Table], at: int, items: range) -> dict[str, Any]:
    customers, bare = tables["Customer"], at in NULL_ROWS
    customer = at % len(customers)
    prices, taxes = tables["OrderItem"].column("totalPrice"), tables["OrderItem"].column("totalTaxPrice")
    return {
        **workflow("Order"),
        "type": _delivery(at),
        "status": ORDER_STATUSES[at % len(ORDER_STATUSES)],
        "totalPrice": round(sum(prices[item] for item in items), 2),
        "totalTaxPrice": None if bare else round(sum(taxes[item] for item in items), 2),
        "customer": customers.id_at(customer),
        "customerLink": {"ref": customers.column("ref")[customer]},
        "retailer": str(RETAILER_ID),
        "retailerId": RETAILER_ID,
        "attributes": None if bare else [{"name": "GIFT", "type": "BOOLEAN", "value": at % 2 == 0}],
    }


def _delivery(at: int) -> str:
    return "CC" if at % 3 == 2 else "HD"  # noqa: PLR2004 - every third is collected


def _choice(tables: Mapping[str, Table], at: int) -> dict[str, Any]:
    locations, collected = tables["Location"], _delivery(at) == "CC"
    return {
        **workflow("FulfilmentChoice"),
        "ref": f"FC-{at + 1:05d}",
        "type": _delivery(at),
        "status": "CREATED",
        "currency": "USD",
        "deliveryType": "STANDARD" if at % 2 else "EXPRESS",
        "fulfilmentType": "CC_PFS" if collected else "HD_PFS",
        "fulfilmentPrice": 9.95,
        "pickupLocationRef": locations.column("ref")[at % len(locations)] if collected else None,
        "deliveryAddress": None if collected else tables["CustomerAddress"].id_at(at % CUSTOMERS),
    }


def _payment(tables: Mapping[str, Table], at: int) -> dict[str, Any]:
    total = tables["Order"].column("totalPrice")[at]
    named = {"ref": f"PAY-{at + 1:05d}", "type": "PAYMENT", "status": "CAPTURED", "currency": "USD"}
    return {**named, "total": total, "paymentMethod": "CREDITCARD", "paymentProviderName": "Example Pay"}


def _sow_fulfilment(tables: Mapping[str, Table], at: int, items: range, common: Mapping[str, Any]) -> None:
    fulfilment, locations = tables["Fulfilment"].id_at(at), tables["Location"]
    status, place = FULFILMENT_STATUSES[at % len(FULFILMENT_STATUSES)], at % len(locations)
    tables["Fulfilment"].add(
        {
            **common,
            **workflow("Fulfilment"),
            "ref": f"FUL-{at + 1:05d}",
            "type": f"{_delivery(at)}_PFS",
            "status": status,
            "deliveryType": "STANDARD" if at % 2 else "EXPRESS",
            "fulfilmentChoiceRef": common["fulfilmentChoice"] and f"FC-{at + 1:05d}",
            "eta": None if at in NULL_ROWS else "2-3 days",
            "expiryTime": common["createdOn"] + 3_600_000,
            "fromAddress": tables["StoreAddress"].id_at(place),
            "toAddress": tables["CustomerAddress"].id_at(at % CUSTOMERS),
            "fromLocation": {"ref": locations.column("ref")[place]},
            "user": tables["Customer"].id_at(at % CUSTOMERS),
            "retailerId": RETAILER_ID,
        }
    )
    tables["FulfilmentItem"].extend(_fulfilment_items(tables, items, status, fulfilment))
    if status in _SENT:
        _sow_parcels(tables, _PARCELS.get(at, 1), common, fulfilment)


def _fulfilment_items(
    tables: Mapping[str, Table], items: range, status: str, fulfilment: str
) -> Iterator[dict[str, Any]]:
    wanted = tables["OrderItem"].column("quantity")
    for number, item in enumerate(items, 1):
        filled = wanted[item] if status in _SENT | {"FULFILLED"} else 0
        rejected = wanted[item] if status == "REJECTED" else 0
        yield {
            "ref": f"{number:03d}",
            "status": status,
            "requestedQuantity": wanted[item],
            "filledQuantity": filled,
            "rejectedQuantity": rejected,
            "fulfilment": fulfilment,
            "orderItem": tables["OrderItem"].id_at(item),
        }


def _sow_parcels(tables: Mapping[str, Table], count: int, common: Mapping[str, Any], fulfilment: str) -> None:
    times = {name: common[name] for name in ("createdOn", "updatedOn")}
    for number in range(1, count + 1):
        ref = f"PARCEL-{fulfilment}-{number}"
        size = {"height": 10.0, "length": 30.0, "weight": 1.5, "width": 20.0, "quantity": 1}
        article = tables["Article"].add(
            {
                **times,
                **size,
                "ref": ref,
                "type": "PARCEL",
                "status": "SHIPPED",
                "name": "Box",
                "fulfilment": fulfilment,
            }
        )
        tracking = {"consignmentReference": f"CON-{fulfilment}-{number}", "trackingLabel": f"TRACK{fulfilment}{number}"}
        consignment = tables["Consignment"].add({**times, **tracking, "ref": ref, "status": "SHIPPED"})
        tables["ConsignmentArticle"].add(
            {"article": tables["Article"].id_at(article), "consignment": tables["Consignment"].id_at(consignment)}
        )
