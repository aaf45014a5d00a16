"""The rules of the platform's entities."""

from pathlib import Path
from typing import Any

import pytest

import fcwork
from fcwork.errors import ConfigError
from fcwork.validator import Validator
from fcwork.validator.entities import ENTITIES, HOURS

PLATFORM = Path(fcwork.__file__).with_name("fluent.graphql")
GOOD: dict[str, dict[str, Any]] = {
    "INVENTORY": {"locationRef": "L1", "skuRef": "S1", "qty": 5, "type": "LAST_ON_HAND", "status": "ACTIVE"},
    "PRODUCT": {"ref": "P1", "type": "STANDARD", "gtin": "00012345", "name": "Shirt", "summary": "<p>Warm</p>"},
    "LOCATION": {
        "ref": "L1",
        "type": "STORE",
        "name": "Shop",
        "retailer": {"id": "1"},
        "primaryAddress": {"ref": "L1", "latitude": 41.9, "longitude": 12.5},
        "openingSchedule": {"allHours": False, **{name.partition(".")[2]: 800 for name in HOURS}},
    },
    "CONTROL": {
        "ref": "C1",
        "type": "EXCLUSION",
        "name": "Not here",
        "controlGroup": {"ref": "CG"},
        "executionOrder": 1,
    },
    "PRICE": {"sku": "S1", "priceType": "DEFAULT", "amount": 9.99, "currency": "EUR"},
    "ORDER": {
        "ref": "O1",
        "type": "HD",
        "retailer": {"id": "1"},
        "customer": {"id": "5"},
        "items": [{"ref": "I1", "productRef": "S1", "quantity": 1}],
    },
    "CUSTOMER": {
        "username": "ada",
        "primaryEmail": "ada@example.com",
        "timezone": "Europe/Rome",
        "promotionOptIn": False,
        "retailer": {"id": "1"},
    },
    "FULFILMENT": {
        "ref": "F1",
        "type": "CC",
        "order": {"id": "7"},
        "items": [{"ref": "I1", "filledQuantity": 0, "rejectedQuantity": 1, "orderItem": {"id": "3"}}],
    },
    "CATEGORY": {"ref": "K1", "type": "CATEGORY", "name": "Shirts", "catalogue": {"ref": "PC:MASTER:2"}},
}
INPUTS = {
    "LOCATION": "CreateLocationInput",
    "CONTROL": "CreateControlInput",
    "ORDER": "CreateOrderInput",
    "CUSTOMER": "CreateCustomerInput",
    "FULFILMENT": "CreateFulfilmentInput",
    "CATEGORY": "CreateCategoryInput",
}


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_good_row_passes_without_a_warning(entity: str) -> None:
    """A row with what an entity must have is valid, and what it need not have is not asked for."""
    result = Validator.for_entity(entity).check([GOOD[entity]])
    assert (result.ok, result.counts) == (True, {})


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_required_field_is_asked_for(entity: str) -> None:
    """Each field that an entity must have is missed where it is null, and where the frame has no such column."""
    for name in GOOD[entity]:
        if not any(field.partition(".")[0].removesuffix("[]") == name for field in ENTITIES[entity]["required"]):
            continue
        for row in ({**GOOD[entity], name: None}, {k: v for k, v in GOOD[entity].items() if k != name}):
            result = Validator.for_entity(entity).check([GOOD[entity], row])
            assert result.rejected[-1]["_row"] == 2, name
            assert "check.required" in result.counts


@pytest.mark.parametrize(
    ("entity", "fault", "code"),
    [
        ("INVENTORY", {"qty": -1}, "check.range"),
        ("INVENTORY", {"qty": 1.5}, "check.type"),
        ("INVENTORY", {"locationRef": 7}, "check.type"),
        ("PRODUCT", {"ref": "P" * 101}, "check.length"),
        ("PRODUCT", {"type": "T" * 51}, "check.length"),
        ("PRODUCT", {"gtin": "1" * 21}, "check.length"),
        ("PRODUCT", {"name": "n" * 256}, "check.length"),
        ("PRODUCT", {"summary": "s" * 256}, "check.length"),
        ("PRODUCT", {"gtin": 12345}, "check.type"),
        ("LOCATION", {"primaryAddress": {"ref": "L1", "latitude": 91, "longitude": 0}}, "check.range"),
        ("CONTROL", {"executionOrder": 1000}, "check.range"),
        ("PRICE", {"priceType": "CHEAP"}, "check.one_of"),
        ("PRICE", {"amount": 0}, "check.range"),
        ("PRICE", {"currency": "€"}, "check.pattern"),
        ("PRICE", {"effectiveDate": "2026-02-01", "expiryDate": "2026-01-01"}, "check.compare"),
        ("PRICE", {"minQuantity": "100", "maxQuantity": "99"}, "check.compare"),
        ("ORDER", {"items": [{"ref": "I1", "productRef": None, "quantity": 1}]}, "check.required"),
        ("ORDER", {"items": [{"ref": "I1", "productRef": "S1", "quantity": 0}]}, "check.range"),
        ("CUSTOMER", {"primaryEmail": "ada"}, "check.pattern"),
        ("FULFILMENT", {"items": [{"ref": "I", "filledQuantity": None, "rejectedQuantity": 0}]}, "check.required"),
        ("FULFILMENT", {"items": [{"ref": "I", "filledQuantity": -1, "rejectedQuantity": 0}]}, "check.range"),
    ],
)
def test_a_fault_is_found(entity: str, fault: dict[str, Any], code: str) -> None:
    """What an entity cannot have is refused by the rule that says so."""
    assert list(Validator.for_entity(entity).check([{**GOOD[entity], **fault}]).counts) == [code]


@pytest.mark.parametrize("entity", [entity for entity in ENTITIES if "unique" in ENTITIES[entity]])
def test_a_key_stands_once(entity: str) -> None:
    """Two rows with the key of an entity are a duplicate."""
    assert Validator.for_entity(entity).check([GOOD[entity]] * 2).counts == {"check.duplicate": 1}


@pytest.mark.parametrize("entity", INPUTS)
def test_the_rules_agree_with_the_platforms_schema(entity: str) -> None:
    """What the rules of an entity take is an input of its type in the platform's schema."""
    result = Validator.from_schema(PLATFORM, INPUTS[entity]).check([GOOD[entity]])
    assert (result.ok, result.counts) == (True, {})


@pytest.mark.parametrize("entity", ["inventory", "PRODUKT", "", None, ["INVENTORY"]])
def test_an_entity_without_rules_is_refused(entity: Any) -> None:
    """P32: an unknown entity is a ConfigError that names the known ones."""
    with pytest.raises(ConfigError, match="known: INVENTORY, PRODUCT, LOCATION"):
        Validator.for_entity(entity)
