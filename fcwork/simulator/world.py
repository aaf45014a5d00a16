"""What the simulated account holds: one table a kind of entity, read and changed by GraphQL and by batches."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import polars as pl

from fcwork.clock import SYSTEM, Clock
from fcwork.simulator import instants
from fcwork.simulator.seed import RETAILER_ID, WORKFLOWS, sow
from fcwork.simulator.table import Table

KINDS = (
    "Retailer",
    "User",
    "Customer",
    "Network",
    "Location",
    "StoreAddress",
    "CustomerAddress",
    "OrderBillingAddress",
    "OpeningSchedule",
    "InventoryCatalogue",
    "InventoryPosition",
    "InventoryQuantity",
    "VirtualCatalogue",
    "VirtualPosition",
    "ControlGroup",
    "Control",
    "ProductCatalogue",
    "Category",
    "StandardProduct",
    "VariantProduct",
    "GroupProduct",
    "Order",
    "OrderItem",
    "FulfilmentChoice",
    "FinancialTransaction",
    "Fulfilment",
    "FulfilmentItem",
    "Article",
    "ConsignmentArticle",
    "Consignment",
    "ReturnOrder",
    "ReturnOrderItem",
    "ReturnFulfilment",
    "Setting",
)
IDS_A_KIND = 10_000_000  # ids of two kinds never meet, so an id says whose it is
STOCK = ("productRef", "locationRef")
NOT_ON_HAND = frozenset({"EXPECTED"})  # assumed: every other type of quantity counts towards a position's onHand
_CARRIED = ("condition", "storageAreaRef")  # optional fields of a batch's entity that a quantity shows
_PREPROCESSED = ("quantity", "status")  # docs.fluentcommerce.com: how-batch-pre-processing-works
_QUANTITIES = {
    "locationRef": pl.String,
    "productRef": pl.String,
    "type": pl.String,
    "quantity": pl.Int64,
    "status": pl.String,
    "ref": pl.String,
}


class Upsert(NamedTuple):
    """What became of one entity of a batch: ``changed`` is false where the world already said the same."""

    changed: bool
    ref: str
    entity_id: str


class World:
    """The account's data; ``lock`` is held around each read or change of several tables.

    Args:
        clock: stamps what batches change.
    """

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.tables = {kind: Table(kind, place * IDS_A_KIND) for place, kind in enumerate(KINDS)}
        self.tables["Retailer"].first_id = RETAILER_ID

    @classmethod
    def seeded(cls, seed: int = 1, positions: int = 2_500, *, clock: Clock = SYSTEM) -> World:
        """Return a world of seed data: the same numbers always give the same data.

        Args:
            seed: of the random values; the shape of the data is the same for all.
            positions: how many inventory positions there are.
            clock: stamps later changes; seed data has fixed times around ``fcwork.simulator.seed.EDGE``.
        """
        world = cls(clock)
        sow(world.tables, seed=seed, positions=positions)
        for kind in ("InventoryPosition", "InventoryQuantity"):
            world.tables[kind].find(STOCK, None)  # makes the index now, so that the first batch does not wait for it
        return world

    def count(self, kind: str) -> int:
        """Return how many entities of a GraphQL type there are."""
        return len(self.tables[kind])

    def entity(self, entity_id: str) -> dict[str, Any] | None:
        """Return the entity with this id, of whatever kind."""
        found = self.place(entity_id)
        return found and found[0].row(found[1])

    def place(self, entity_id: str) -> tuple[Table, int] | None:
        """Return the table and place of the entity with this id."""
        if not entity_id.isdecimal() or len(entity_id) > len(str(IDS_A_KIND * len(KINDS))):
            return None
        number = int(entity_id) // IDS_A_KIND
        table = self.tables[KINDS[number]] if number < len(KINDS) else None
        at = table.place_of(int(entity_id)) if table else None
        return None if table is None or at is None else (table, at)

    def locate(self, kinds: Iterable[str], wanted: Mapping[str, Any]) -> tuple[Table, int] | None:
        """Return the table and place of the first entity of ``kinds`` that ``wanted`` fits.

        Args:
            kinds: GraphQL types to look among.
            wanted: values by field; a dict in it describes the entity that the field leads to. It names an ``id``, or
                else first the field to look up by, such as ``ref``; a description of neither fits nothing.
        """
        for kind in kinds:
            table = self.tables[kind]
            for at in self._candidates(table, wanted):
                if self._fits(table.row(at), wanted):
                    return table, at
        return None

    def upsert_quantity(self, entity: Mapping[str, Any], *, preprocessed: bool = False) -> Upsert:
        """Take one entity of an inventory batch: SKU, location and type say which quantity it is.

        The position's ``onHand`` follows. A reference that the entity does not bring is made of the three (assumed).

        Args:
            entity: ``skuRef``, ``locationRef``, ``qty`` and, where given, ``type``, ``status``, ``ref``,
                ``expectedOn``, ``condition``, ``storageAreaRef``.
            preprocessed: take an entity as unchanged where amount and status are, whatever else it says.

        Raises:
            ValueError: ``expectedOn`` is no ISO 8601 date or instant.
        """
        stock, kind = (entity["skuRef"], entity["locationRef"]), entity.get("type") or "LAST_ON_HAND"
        ref = entity.get("ref") or f"{stock[0]}:{stock[1]}:{kind}"
        values = _values(entity)
        quantities = self.tables["InventoryQuantity"]
        with self.lock:
            now = instants.to_ms(self.clock.now())
            at = self._quantity(stock, kind)
            if at is None:
                at = self._add_quantity(stock, {**values, "ref": ref, "type": kind}, now)
            elif all(
                quantities.column(name)[at] == values[name] for name in (_PREPROCESSED if preprocessed else values)
            ):
                return Upsert(changed=False, ref=ref, entity_id=quantities.id_at(at))
            else:
                quantities.change(at, {**values, "updatedOn": now})
            self._settle(stock, now)
            return Upsert(changed=True, ref=ref, entity_id=quantities.id_at(at))

    def quantities(self) -> pl.DataFrame:
        """Return every quantity, seeded or not: locationRef, skuRef, type, qty, status, ref."""
        with self.lock:
            table = self.tables["InventoryQuantity"]
            columns = {name: list(table.column(name)) for name in _QUANTITIES}
        return pl.DataFrame(columns, schema=_QUANTITIES).rename({"productRef": "skuRef", "quantity": "qty"})

    def _candidates(self, table: Table, wanted: Mapping[str, Any]) -> Iterable[int]:
        if "id" in wanted:
            found = self.place(wanted["id"])
            return (found[1],) if found and found[0] is table else ()
        name = next((name for name, value in wanted.items() if not isinstance(value, Mapping)), None)
        return table.find((name,), wanted[name]) if name else ()

    def _fits(self, row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
        for name, value in wanted.items():
            held = row.get(name)
            if not isinstance(value, Mapping):
                if held != value:
                    return False
                continue
            reached = self.entity(held) if isinstance(held, str) else held
            if reached is None or not self._fits(reached, value):
                return False
        return True

    def _quantity(self, stock: tuple[str, str], kind: str) -> int | None:
        table = self.tables["InventoryQuantity"]
        kinds = table.column("type")
        for at in table.find(STOCK, stock):
            if kinds[at] == kind:
                return at
        return None

    def _add_quantity(self, stock: tuple[str, str], values: Mapping[str, Any], now: int) -> int:
        """Add a quantity, and its position in the one inventory catalogue that batches reach, where there is none."""
        common = {
            "productRef": stock[0],
            "locationRef": stock[1],
            "catalogue": self.tables["InventoryCatalogue"].id_at(0),
            "status": "ACTIVE",
            "createdOn": now,
            "updatedOn": now,
            "workflowRef": WORKFLOWS["InventoryPosition"],
            "workflowVersion": 1,
        }
        positions = self.tables["InventoryPosition"]
        at = next(iter(positions.find(STOCK, stock)), None)
        if at is None:
            at = positions.add({**common, "ref": f"{stock[0]}:{stock[1]}:DEFAULT", "type": "DEFAULT"})
        position = {"position": positions.id_at(at)}
        return self.tables["InventoryQuantity"].add({**common, **values, **position})

    def _settle(self, stock: tuple[str, str], now: int) -> None:
        """Set ``onHand`` to the sum of the quantities that count and are not inactive (assumed)."""
        table, positions = self.tables["InventoryQuantity"], self.tables["InventoryPosition"]
        kinds, status, quantities = table.column("type"), table.column("status"), table.column("quantity")
        on_hand = 0
        for at in table.find(STOCK, stock):
            if kinds[at] not in NOT_ON_HAND and status[at] != "INACTIVE":
                on_hand += quantities[at] or 0
        for at in positions.find(STOCK, stock):
            positions.change(at, {"onHand": on_hand, "updatedOn": now})


def _values(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a quantity that a batch's entity sets."""
    values = {"quantity": entity["qty"], "status": entity.get("status") or "ACTIVE"}
    values |= {name: entity[name] for name in _CARRIED if entity.get(name) is not None}
    if entity.get("expectedOn") is not None:
        values["expectedOn"] = int(instants.parse(entity["expectedOn"]))
    return values
