"""What the benchmarks ask of stock lines: the mapping of six fields, and the rules for what it gives."""

from typing import Any

MAPPING: dict[str, Any] = {
    "fields": {
        "ref": {"source": "sku", "required": True},
        "type": {"value": "INVENTORY_POSITION"},
        "qty": {"source": "quantity", "resolver": "sdk.parseInt", "required": True},
        "productRef": {"source": "product_id", "required": True},
        "locationRef": {"source": "location_id", "required": True},
        "condition": {"source": "condition", "defaultValue": "NEW"},
    }
}
RULES: dict[str, Any] = {
    "required": ["ref", "qty", "productRef", "locationRef"],
    "types": {"ref": "string", "qty": "integer"},
    "pattern": {"ref": "^[A-Z0-9-]+$"},
    "range": {"qty": {"min": 0}},
    "unique": ["ref"],
}
