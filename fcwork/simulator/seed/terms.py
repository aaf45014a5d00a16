"""Names that seed data and the simulator share, and the awkward ones among the references."""

from collections.abc import Sequence

RETAILER_ID = 2
DEFAULT_CATALOGUE = "DEFAULT:1"
VIRTUAL_CATALOGUE = "BASE:2"
PRODUCT_CATALOGUE = "PC:MASTER:2"
CONTROL_GROUP = "CG:BASE:2"

_ROOTS = {
    "ORDER::DEFAULT": ("Order", "FulfilmentChoice", "Fulfilment"),
    "LOCATION::DEFAULT": ("Location",),
    "INVENTORY_CATALOGUE::DEFAULT": ("InventoryCatalogue", "InventoryPosition", "InventoryQuantity"),
    "VIRTUAL_CATALOGUE::BASE": ("VirtualCatalogue", "VirtualPosition"),
    "CONTROL_GROUP::DEFAULT": ("ControlGroup", "Control"),
    "PRODUCT_CATALOGUE::MASTER": ("ProductCatalogue", "Category", "StandardProduct", "VariantProduct", "GroupProduct"),
    "RETURN_ORDER::DEFAULT": ("ReturnOrder",),
}
WORKFLOWS = {kind: workflow for workflow, kinds in _ROOTS.items() for kind in kinds}
"""The workflow of each GraphQL type that names one: that of its root entity (the names after ``::`` are assumed)."""

NULL_ROWS = frozenset({0, 7})
"""The rows whose optional fields are null: the first, which readers guess columns from, and a later one."""
_FIRST_AWKWARD = 3


def awkward(refs: Sequence[str]) -> list[str]:
    """Return ``refs`` with six of the first made awkward; still no two are the same."""
    spoilt = list(refs)
    marks = (",", '"', "\n", "&", "📦")
    for at, mark in enumerate(marks, _FIRST_AWKWARD):
        if at < len(spoilt):
            spoilt[at] = f"{spoilt[at]}{mark}{at}"
    zeros = _FIRST_AWKWARD + len(marks)
    if zeros < len(spoilt):
        spoilt[zeros] = f"000{zeros}"
    return spoilt


def workflow(kind: str) -> dict[str, object]:
    """Return the workflow columns of a kind."""
    return {"workflowRef": WORKFLOWS[kind], "workflowVersion": 1}


def price(cents: int) -> float:
    """Return an amount of cents as the decimal number that JSON carries."""
    return cents / 100
