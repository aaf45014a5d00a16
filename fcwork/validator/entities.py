"""The rules of the entities that the platform's batch jobs take."""

from typing import Any, Final

# docs.fluentcommerce.com: batch-api; the fields of SDK 0.1.56's own entity (ref, productRef) are not the platform's.
ENTITIES: Final[dict[str, dict[str, Any]]] = {
    "INVENTORY": {
        "required": ["locationRef", "skuRef", "qty", "type", "status"],
        "types": {
            "locationRef": "string",
            "skuRef": "string",
            "qty": "integer",
            "type": "string",
            "status": "string",
        },
        "range": {"qty": {"min": 0}},
        "unique": ["locationRef", "skuRef", "type"],
    },
}
