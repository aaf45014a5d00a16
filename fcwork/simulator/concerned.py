"""Which entity a webhook is about, in the platform's fields."""

import hashlib
from collections.abc import Mapping
from typing import Any

from fcwork.simulator.event_values import ROOT_ENTITY_TYPES
from fcwork.simulator.world import World

# The GraphQL types of an entity type.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "ORDER": ("Order",),
    "FULFILMENT": ("Fulfilment",),
    "ARTICLE": ("Article",),
    "CONSIGNMENT": ("Consignment",),
    "LOCATION": ("Location",),
    "PRODUCT_CATALOGUE": ("ProductCatalogue",),
    "CATEGORY": ("Category",),
    "PRODUCT": ("VariantProduct", "StandardProduct", "GroupProduct"),
    "INVENTORY_CATALOGUE": ("InventoryCatalogue",),
    "INVENTORY_POSITION": ("InventoryPosition",),
    "INVENTORY_QUANTITY": ("InventoryQuantity",),
    "VIRTUAL_CATALOGUE": ("VirtualCatalogue",),
    "VIRTUAL_POSITION": ("VirtualPosition",),
    "CONTROL_GROUP": ("ControlGroup",),
    "CONTROL": ("Control",),
    "RETURN_ORDER": ("ReturnOrder",),
    "RETURN_FULFILMENT": ("ReturnFulfilment",),
}
# Under which field an entity holds the id of the one above it, and of which type that is.
_ABOVE: Mapping[str, tuple[str, str]] = {
    "FULFILMENT": ("order", "ORDER"),
    "ARTICLE": ("fulfilment", "FULFILMENT"),
    "CATEGORY": ("catalogue", "PRODUCT_CATALOGUE"),
    "PRODUCT": ("catalogue", "PRODUCT_CATALOGUE"),
    "INVENTORY_POSITION": ("catalogue", "INVENTORY_CATALOGUE"),
    "INVENTORY_QUANTITY": ("catalogue", "INVENTORY_CATALOGUE"),
    "VIRTUAL_POSITION": ("catalogue", "VIRTUAL_CATALOGUE"),
    "CONTROL": ("controlGroup", "CONTROL_GROUP"),
    "RETURN_FULFILMENT": ("returnOrder", "RETURN_ORDER"),
}


def concerned(
    world: World, entity_type: str, entity_ref: str | None, entity_id: str | None = None
) -> dict[str, str | None]:
    """Return what an event says of its entity and of the root of that, such as the order of a fulfilment.

    An entity goes by its reference, or by its id where there is no reference. Where the world does not know it, an id
    that is not given is made from the reference, and the rest is null.
    """
    wanted = {"id": str(entity_id)} if entity_ref is None else {"ref": entity_ref}
    with world.lock:
        found = world.locate(_KINDS.get(entity_type, ()), wanted)
        row = found[0].row(found[1]) if found else {}
        root_type, root = _root(world, entity_type, row)
    own = {"id": str(row.get("id") or entity_id or made_id(entity_ref)), "ref": row.get("ref") or entity_ref}
    known_root = {**own, **root} if root_type else {}
    return {
        "entityId": own["id"],
        "entityRef": own["ref"],
        "entityType": entity_type,
        "entitySubtype": row.get("type"),
        "entityStatus": row.get("status"),
        "rootEntityType": root_type,
        "rootEntityId": known_root.get("id"),
        "rootEntityRef": known_root.get("ref"),
    }


def made_id(entity_ref: object) -> str:
    """Return an id for an entity that nobody knows, always the same for a reference."""
    return str(int(hashlib.sha256(str(entity_ref).encode()).hexdigest()[:8], 16))


def _root(world: World, entity_type: str, row: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """Return the type and row of the entity at the top; no type where the world cannot say."""
    while entity_type in _ABOVE:
        name, entity_type = _ABOVE[entity_type]
        above = world.entity(str(row.get(name)))
        if above is None:
            return None, {}
        row = above
    return (entity_type, row) if entity_type in ROOT_ENTITY_TYPES else (None, {})
