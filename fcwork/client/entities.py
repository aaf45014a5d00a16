"""What mutations create: how the platform tells one from another, where it lists them, and how one is updated.

Source: the platform's schema as github.com/openmindlab/fluent-dts has it (23.10.1). That no two entities of a kind
share their identity is assumed where docs.fluentcommerce.com: error-codes (C0121, C0123) does not say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]
Identity = tuple[str, ...]

_REF: Path = ("ref",)
_IN_CATALOGUE: tuple[Path, ...] = (_REF, ("catalogue", "ref"))
_OF_RETAILER: tuple[Path, ...] = (_REF, ("retailer", "id"))


@dataclass(frozen=True)
class Entity:
    """What one mutation creates.

    Attributes:
        root: the connection that lists all of the kind.
        identity: paths of the values that no two share; ``root`` is filtered by the first.
        update: the mutation that changes one; empty where there is none.
        by_id: whether that names what it changes by ``id``; else by the identity.
        naming: fields of a create that only name it or a part of it, where an update has ids; dotted inside an object.
        parts: objects inside that an update names by an ``id`` of their own.
        create_only: fields of a create that its update does not take.
        returns: what a mutation answers with, where that is not ``id`` and ``ref``.
        is_dated: whether the platform tells when one was created.
    """

    root: str
    identity: tuple[Path, ...]
    update: str = ""
    by_id: bool = False
    naming: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    create_only: tuple[str, ...] = ()
    returns: tuple[str, ...] | None = None
    is_dated: bool = True

    def identity_of(self, values: Mapping[str, Any]) -> Identity | None:
        """Return the identity that an input or a node has; None where a part of it is missing."""
        found = [_at(values, path) for path in self.identity]
        return None if any(value in {None, ""} for value in found) else tuple(map(str, found))

    @property
    def key(self) -> str:
        """The field by which entities of the kind are listed, such as ``ref``."""
        return self.identity[0][0]

    def key_of(self, values: Mapping[str, Any]) -> str:
        """Return that field of an input or a node as text; empty where it has none."""
        value = _at(values, self.identity[0])
        return "" if value is None else str(value)

    def agree(self, given: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
        """Say whether a node has all that an input says of its identity; it need not say all."""
        pairs = [(_at(given, path), _at(node, path)) for path in self.identity]
        return all(said in {None, ""} or str(said) == str(held) for said, held in pairs)

    def query(self) -> str:
        """Return the query that lists those whose first value of identity is among ``$keys``."""
        paths = [("id",), *self.identity, *((part, "id") for part in self.parts), *[("createdOn",)] * self.is_dated]
        fields = " ".join(_selected(path) for path in dict.fromkeys(paths))
        name = self.key
        return f"query ($keys: [String!]) {{ {self.root}({name}: $keys) {{ edges {{ node {{ {fields} }} }} }} }}"


ENTITIES: Mapping[str, Entity] = {
    "createLocation": Entity(
        "locations",
        (_REF,),
        "updateLocation",
        by_id=True,
        naming=("ref", "primaryAddress.ref"),
        parts=("primaryAddress", "openingSchedule"),
    ),
    "createCustomer": Entity("customers", (("username",),), "updateCustomer", create_only=("department", "retailer")),
    "createControl": Entity("controls", (_REF, ("controlGroup", "ref")), "updateControl"),
    "createStandardProduct": Entity("standardProducts", _IN_CATALOGUE, "updateStandardProduct"),
    "createVariantProduct": Entity("variantProducts", _IN_CATALOGUE, "updateVariantProduct"),
    "createCategory": Entity("categories", _IN_CATALOGUE),
    "createInventoryPosition": Entity("inventoryPositions", _IN_CATALOGUE, "updateInventoryPosition"),
    "createInventoryQuantity": Entity(
        "inventoryQuantities", _IN_CATALOGUE, "updateInventoryQuantity", create_only=("position",)
    ),
    "createVirtualPosition": Entity("virtualPositions", _IN_CATALOGUE, "updateVirtualPosition"),
    "createOrder": Entity(
        "orders",
        _OF_RETAILER,
        "updateOrder",
        by_id=True,
        naming=("ref", "retailer"),
        create_only=(
            "type",
            "billingAddress",
            "fulfilmentChoice",
            "fulfilmentChoices",
            "customer",
            "items",
            "financialTransactions",
        ),
    ),
    "createOrderAndCustomer": Entity(
        "orders",
        _OF_RETAILER,
        "updateOrder",
        by_id=True,
        naming=("ref", "retailer"),
        create_only=("type", "fulfilmentChoice", "fulfilmentChoices", "customer", "items"),
    ),
    "createFulfilment": Entity(
        "fulfilments",
        (_REF, ("order", "id")),
        "updateFulfilment",
        by_id=True,
        naming=("ref", "order"),
        create_only=("fulfilmentChoiceRef", "fromAddress", "toAddress", "customer", "items"),
    ),
    "createReturnOrder": Entity(
        "returnOrders", _OF_RETAILER, "updateReturnOrder", create_only=("type", "customer", "returnOrderItems")
    ),
    "createSetting": Entity(
        "settings",
        (("name",), ("context",), ("contextId",)),
        "updateSetting",
        by_id=True,
        returns=("id", "name"),
        is_dated=False,
    ),
}
"""By the mutation that creates it. Items of an update are named by ids that no row has, so they are ``create_only``."""


def _at(values: Any, path: Path) -> Any:
    for name in path:
        values = values.get(name) if isinstance(values, Mapping) else None
    return None if isinstance(values, Mapping | list) else values


def _selected(path: Path) -> str:
    name, *rest = path
    return f"{name} {{ {_selected(tuple(rest))} }}" if rest else name
