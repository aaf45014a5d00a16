"""Inventory: positions, their quantities, and what is available to sell; written by the column, as it is long."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fcwork.simulator import instants
from fcwork.simulator.seed.calendar import EDGE, creations, updates
from fcwork.simulator.seed.terms import (
    CONTROL_GROUP,
    DEFAULT_CATALOGUE,
    NULL_ROWS,
    PRODUCT_CATALOGUE,
    RETAILER_ID,
    VIRTUAL_CATALOGUE,
    WORKFLOWS,
    workflow,
)
from fcwork.simulator.table import Table

_EXPECTED_EVERY = 10  # every so many positions wait for a delivery too
_DELIVERY_MS = instants.to_ms(EDGE) + 14 * 86_400_000
_MOST = 500


def sow_stock(tables: Mapping[str, Table], random: Random, *, positions: int) -> None:
    """Fill the tables of inventory and virtual catalogues and their rows.

    The positions of ``NULL_ROWS`` were never counted: they have no quantity and no ``onHand``.
    """
    tables["InventoryCatalogue"].add(_catalogue("InventoryCatalogue", DEFAULT_CATALOGUE, "DEFAULT"))
    tables["VirtualCatalogue"].add({**_catalogue("VirtualCatalogue", VIRTUAL_CATALOGUE, "BASE"), **_sources(tables)})
    _sow_positions(tables, random, positions)
    _sow_quantities(tables)
    _sow_virtual(tables, random)


def _catalogue(kind: str, ref: str, type_: str) -> dict[str, Any]:
    times = {"createdOn": creations(1)[0], "updatedOn": updates(1)[0], "retailerRefs": [str(RETAILER_ID)]}
    return {**workflow(kind), **times, "ref": ref, "type": type_, "status": "ACTIVE", "name": f"Catalogue {ref}"}


def _sources(tables: Mapping[str, Table]) -> dict[str, Any]:
    return {
        "inventoryCatalogueRef": DEFAULT_CATALOGUE,
        "productCatalogueRef": PRODUCT_CATALOGUE,
        "controlGroupRef": CONTROL_GROUP,
        "networkIds": [tables["Network"].id_at(0)],
    }


def _rows(kind: str, catalogue: str, count: int) -> dict[str, list[Any]]:
    return {
        "createdOn": creations(count),
        "updatedOn": updates(count),
        "workflowRef": [WORKFLOWS[kind]] * count,
        "workflowVersion": [1] * count,
        "status": ["ACTIVE"] * count,
        "catalogue": [catalogue] * count,
    }


def _sow_positions(tables: Mapping[str, Table], random: Random, count: int) -> None:
    skus, locations = tables["VariantProduct"].column("ref"), tables["Location"].column("ref")
    across = len(locations)
    at_sku = [skus[at // across] for at in range(count)]
    at_location = [locations[at % across] for at in range(count)]
    on_hand: list[int | None] = [*random.choices(range(_MOST), k=count)]
    for at in NULL_ROWS:
        on_hand[at : at + 1] = [None] * len(on_hand[at : at + 1])
    tables["InventoryPosition"].fill(
        {
            **_rows("InventoryPosition", tables["InventoryCatalogue"].id_at(0), count),
            "ref": [f"{sku}:{place}:DEFAULT" for sku, place in zip(at_sku, at_location, strict=True)],
            "type": ["DEFAULT"] * count,
            "productRef": at_sku,
            "locationRef": at_location,
            "onHand": on_hand,
        }
    )


def _sow_quantities(tables: Mapping[str, Table]) -> None:
    positions = tables["InventoryPosition"]
    counted = [at for at, on_hand in enumerate(positions.column("onHand")) if on_hand is not None]
    expected = list(range(1, len(positions), _EXPECTED_EVERY))
    of = counted + expected
    count = len(of)
    types = ["LAST_ON_HAND"] * len(counted) + ["EXPECTED"] * len(expected)
    skus, places = _picked(positions.column("productRef"), of), _picked(positions.column("locationRef"), of)
    tables["InventoryQuantity"].fill(
        {
            **_rows("InventoryQuantity", tables["InventoryCatalogue"].id_at(0), count),
            "ref": [f"{sku}:{place}:{kind}" for sku, place, kind in zip(skus, places, types, strict=True)],
            "type": types,
            "quantity": _picked(positions.column("onHand"), counted) + [100] * len(expected),
            "condition": [None if at in NULL_ROWS else "NEW" for at in range(count)],
            "storageAreaRef": [None if at in NULL_ROWS else f"ZONE-{at % 7}" for at in range(count)],
            "expectedOn": [None] * len(counted) + [_DELIVERY_MS] * len(expected),
            "position": [positions.id_at(at) for at in of],
            "productRef": skus,
            "locationRef": places,
        }
    )


def _sow_virtual(tables: Mapping[str, Table], random: Random) -> None:
    skus, group = tables["VariantProduct"].column("ref"), tables["Network"].column("ref")[0]
    count = len(skus)
    quantities: list[int | None] = [*random.choices(range(_MOST), k=count)]
    tables["VirtualPosition"].fill(
        {
            **_rows("VirtualPosition", tables["VirtualCatalogue"].id_at(0), count),
            "ref": [f"{sku}:{group}" for sku in skus],
            "type": ["DEFAULT"] * count,
            "productRef": list(skus),
            "groupRef": [None if at in NULL_ROWS else group for at in range(count)],
            "quantity": quantities,
        }
    )


def _picked(column: Sequence[Any], places: Sequence[int]) -> list[Any]:
    return [column[at] for at in places]
