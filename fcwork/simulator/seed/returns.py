"""Return orders, their items and the fulfilments that bring goods back."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from fcwork.simulator.seed.calendar import creations, updates
from fcwork.simulator.seed.terms import NULL_ROWS, PRODUCT_CATALOGUE, RETAILER_ID, awkward, price, workflow
from fcwork.simulator.table import Table

RETURNS = 30
RETURN_STATUSES = ("CREATED", "LODGED", "RECEIVED", "APPROVED", "REFUNDED", "REJECTED", "COMPLETE")
_RETAILER = {"id": str(RETAILER_ID)}
_TAX = {"country": "US", "group": "STANDARD", "tariff": "6109.10"}
_REASONS = ("DAMAGED", "SIZE", "LATE")
_LONG = {10: 120}  # items of the return that does not fit one page of 100


def sow_returns(tables: Mapping[str, Table], random: Random) -> None:
    """Fill the tables of return orders, their items and fulfilments."""
    refs = awkward([f"RET-{number:05d}" for number in range(1, RETURNS + 1)])
    for at, (ref, created, updated) in enumerate(zip(refs, creations(RETURNS), updates(RETURNS), strict=True)):
        times = {"createdOn": created, "updatedOn": updated}
        cents = [random.randint(500, 20_000) for _ in range(_LONG.get(at, at % 3 + 1))]
        return_order = tables["ReturnOrder"].id_at(at)
        tables["ReturnOrder"].add({**times, **_return_order(tables, at, sum(cents)), "ref": ref})
        tables["ReturnOrderItem"].extend({**times, **item} for item in _items(tables, at, cents, return_order))
        tables["ReturnFulfilment"].add({**times, **_return_fulfilment(tables, at), "returnOrder": return_order})


def _amount(cents: int) -> dict[str, Any]:
    return {"amount": price(cents), "scale": 2, "unscaledValue": cents}


def _order_link(tables: Mapping[str, Table], at: int) -> dict[str, Any]:
    return {"ref": tables["Order"].column("ref")[at], "retailer": _RETAILER}


def _location_link(tables: Mapping[str, Table], at: int) -> dict[str, Any]:
    refs = tables["Location"].column("ref")
    return {"ref": refs[at % len(refs)]}


def _return_order(tables: Mapping[str, Table], at: int, cents: int) -> dict[str, Any]:
    bare = at in NULL_ROWS
    return {
        **workflow("ReturnOrder"),
        "type": "DEFAULT",
        "status": RETURN_STATUSES[at % len(RETURN_STATUSES)],
        "retailer": _RETAILER,
        "retailerId": RETAILER_ID,
        "customer": tables["Order"].column("customerLink")[at],
        "order": None if bare else _order_link(tables, at),
        "returnAuthorisationKey": f"RMA-{at + 1:04d}",
        "returnAuthorisationDisposition": {"value": "RETURN", "label": "Return"},
        "lodgedLocation": None if bare else _location_link(tables, at),
        "destinationLocation": _location_link(tables, at + 1),
        "pickupAddress": None
        if bare
        else {"name": "Ada", "street": "1 Main Street", "city": "Newark", "country": "US"},
        "currency": {"alphabeticCode": "USD"},
        "defaultTaxType": _TAX,
        "subTotalAmount": _amount(cents),
        "totalTax": _amount(0),
        "totalAmount": _amount(cents),
    }


def _items(tables: Mapping[str, Table], at: int, prices: list[int], return_order: str) -> Iterator[dict[str, Any]]:
    products = tables["VariantProduct"].column("ref")
    for number, cents in enumerate(prices, 1):
        reason = _REASONS[(at + number) % len(_REASONS)]
        yield {
            "ref": f"{number:03d}",
            "status": "CREATED",
            "product": {"ref": products[(at + number) % len(products)], "catalogue": {"ref": PRODUCT_CATALOGUE}},
            "orderItem": {"ref": "001", "order": _order_link(tables, at)},
            "returnReason": {"value": reason, "label": reason.title()},
            "returnReasonComment": None if at in NULL_ROWS else 'Said: "too small", twice',
            "returnCondition": None if at in NULL_ROWS else {"value": "NEW", "label": "New"},
            "unitQuantity": {"quantity": 1, "unit": "EA"},
            "unitAmount": _amount(cents),
            "unitTaxType": _TAX,
            "itemTaxAmount": _amount(0),
            "itemAmount": _amount(cents),
            "returnOrder": return_order,
        }


def _return_fulfilment(tables: Mapping[str, Table], at: int) -> dict[str, Any]:
    return {
        **workflow("ReturnOrder"),
        "ref": f"RF-{at + 1:05d}",
        "type": "DEFAULT",
        "status": RETURN_STATUSES[at % len(RETURN_STATUSES)],
        "destinationLocation": _location_link(tables, at + 1),
    }
