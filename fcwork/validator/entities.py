"""The rules of the platform's entities.

A field that must be there is one that the platform's schema marks so (SCHEMA: the public introspection of 23.10), or
that the SDK's templates mark so (TEMPLATES: those of SDK 0.1.56). Texts have 255 characters where nothing else is said
(docs.fluentcommerce.com: graphql-query-limits). What no source says is marked as assumed. A row is what is sent for one
entity: an event's attributes or a mutation's input; columns such as ``retailer.id`` do for an object.
"""

from typing import Any, Final

TEXT: Final = {"max": 255}
FLAG = "boolean"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = [f"openingSchedule.{day}{end}" for day in DAYS for end in ("Start", "End")]
CURRENCY = "^[A-Z]{3}$"  # ISO 4217, assumed

# docs.fluentcommerce.com: batch-api; the fields of SDK 0.1.56's own entity (ref, productRef) are not the platform's.
# What counts stock is not negative; a DELTA or a CORRECTION takes some away (assumed).
INVENTORY: Final[dict[str, Any]] = {
    "required": ["locationRef", "skuRef", "qty", "type", "status"],
    "types": {
        "locationRef": "string",
        "skuRef": "string",
        "qty": "integer",
        "type": "string",
        "status": "string",
    },
    "when": [
        {
            "if": {"type": {"one_of": ["LAST_ON_HAND", "EXPECTED", "RESERVED"]}},
            "then": {"range": {"qty": {"min": 0}}},
        }
    ],
    "unique": ["locationRef", "skuRef", "type"],
}
# TEMPLATES: product events, attributes of UPSERT_PRODUCT, with their lengths; gtin is required there and in SCHEMA.
PRODUCT: Final[dict[str, Any]] = {
    "required": ["ref", "type", "gtin", "name"],
    "types": {"ref": "string", "type": "string", "gtin": "string", "name": "string"},
    "length": {"ref": {"max": 100}, "type": {"max": 50}, "gtin": {"max": 20}, "name": TEXT, "summary": TEXT},
    "unique": ["ref"],
}
# SCHEMA: CreateLocationInput, CreateStoreAddressInput, CreateOpeningScheduleInput; hours as 800 or 1800 (TEMPLATES).
LOCATION: Final[dict[str, Any]] = {
    "required": [
        *("ref", "type", "name", "retailer.id"),
        *("primaryAddress.ref", "primaryAddress.latitude", "primaryAddress.longitude"),
        *("openingSchedule.allHours", *HOURS),
    ],
    "types": {
        "ref": "string",
        "type": "string",
        "name": "string",
        "primaryAddress.latitude": "decimal",
        "primaryAddress.longitude": "decimal",
        "openingSchedule.allHours": FLAG,
        **dict.fromkeys(HOURS, "integer"),
    },
    "length": {"ref": TEXT, "name": TEXT},
    "range": {
        "primaryAddress.latitude": {"min": -90, "max": 90},
        "primaryAddress.longitude": {"min": -180, "max": 180},
        **{hour: {"min": 0, "max": 2400} for hour in HOURS},
    },
    "unique": ["ref"],
}
# SCHEMA: CreateControlInput. TEMPLATES: executionOrder 1 to 999; a ref is unique in its group.
CONTROL: Final[dict[str, Any]] = {
    "required": ["ref", "type", "name", "controlGroup.ref"],
    "types": {"ref": "string", "type": "string", "name": "string", "executionOrder": "integer"},
    "length": {"ref": TEXT, "name": TEXT},
    "range": {"executionOrder": {"min": 1, "max": 999}},
    "unique": ["controlGroup.ref", "ref"],
}
# TEMPLATES: the price file, one price a row; the platform itself holds type, currency and value (SCHEMA: PriceInput).
# That a span does not end before it begins is assumed.
PRICE: Final[dict[str, Any]] = {
    "required": ["sku", "priceType", "amount", "currency"],
    "types": {"sku": "string", "amount": "decimal", "minQuantity": "integer", "maxQuantity": "integer"},
    "one_of": {"priceType": ["DEFAULT", "SALE", "CLEARANCE", "BULK"]},
    "range": {"amount": {"min": 0.01, "max": 999_999.99}},
    "pattern": {"currency": CURRENCY},
    "compare": [
        {"left": "effectiveDate", "op": "<=", "right": "expiryDate", "as": "instant"},
        {"left": "minQuantity", "op": "<=", "right": "maxQuantity", "as": "number"},
    ],
}
# SCHEMA: CreateOrderInput, CreateOrderItemWithOrderInput; a quantity is at least 1 (assumed).
ORDER: Final[dict[str, Any]] = {
    "required": [
        *("ref", "type", "retailer.id", "customer.id", "items"),
        *("items[].ref", "items[].productRef", "items[].quantity"),
    ],
    "types": {"ref": "string", "type": "string", "items[].quantity": "integer"},
    "length": {"ref": TEXT, "items[].ref": TEXT, "items[].productRef": TEXT},
    "range": {"items[].quantity": {"min": 1}},
    "unique": ["ref"],
}
# SCHEMA: CreateCustomerInput; an address has an @ in it (assumed), a user name is unique (SCHEMA: UpdateCustomerInput).
CUSTOMER: Final[dict[str, Any]] = {
    "required": ["username", "primaryEmail", "timezone", "promotionOptIn", "retailer.id"],
    "types": {"username": "string", "promotionOptIn": FLAG},
    "length": {"username": TEXT, "primaryEmail": TEXT},
    "pattern": {"primaryEmail": r"^[^@\s]+@[^@\s]+$"},
    "unique": ["username"],
}
# SCHEMA: CreateFulfilmentInput, CreateFulfilmentItemWithFulfilmentInput; no count is negative (assumed).
FULFILMENT: Final[dict[str, Any]] = {
    "required": ["ref", "type", "order.id"],
    "types": {"ref": "string", "type": "string"},
    "length": {"ref": TEXT},
    "when": [
        {
            "if": {"items": {"required": True}},
            "then": {
                "required": [f"items[].{name}" for name in ("ref", "filledQuantity", "rejectedQuantity")],
                "types": {f"items[].{name}Quantity": "integer" for name in ("requested", "filled", "rejected")},
                "range": {f"items[].{name}Quantity": {"min": 0} for name in ("requested", "filled", "rejected")},
            },
        }
    ],
    "unique": ["ref"],
}
# SCHEMA: CreateCategoryInput; a ref is unique in its catalogue (SCHEMA: CategoryKey).
CATEGORY: Final[dict[str, Any]] = {
    "required": ["ref", "type", "name", "catalogue.ref"],
    "types": {"ref": "string", "type": "string", "name": "string"},
    "length": {"ref": TEXT, "name": TEXT},
    "unique": ["catalogue.ref", "ref"],
}

ENTITIES: Final[dict[str, dict[str, Any]]] = {
    "INVENTORY": INVENTORY,
    "PRODUCT": PRODUCT,
    "LOCATION": LOCATION,
    "CONTROL": CONTROL,
    "PRICE": PRICE,
    "ORDER": ORDER,
    "CUSTOMER": CUSTOMER,
    "FULFILMENT": FULFILMENT,
    "CATEGORY": CATEGORY,
}
