"""The shipped examples, and a simulator with a client of it through each of the two doors."""

import runpy
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import frames
from fcwork.clock import SYSTEM, Clock, ManualClock
from fcwork.simulator import Simulator

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
OWN = runpy.run_path(str(NOTEBOOKS / "mappings" / "resolvers.py"))["resolvers"]
CONTEXT = {"retailerId": "2", "guestId": "20000000"}
Fault = tuple[int, str, str]


@dataclass(frozen=True)
class Example:
    """A mapping, its sample and what becomes of that: rows read, rows mapped, and each planted fault."""

    mapping: str
    sample: str
    read: int
    mapped: int
    faults: list[Fault]
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> pl.DataFrame:
        """The rows of the sample."""
        found: pl.DataFrame = fw.sources.read(NOTEBOOKS / "samples" / self.sample, **self.options)
        return found

    @property
    def mapper(self) -> fw.Mapper:
        """The mapper of the mapping, with the context and the resolvers that examples need."""
        return fw.Mapper.load(NOTEBOOKS / "mappings" / f"{self.mapping}.json", resolvers=OWN, context=CONTEXT)

    @property
    def good(self) -> dict[int, dict[str, Any]]:
        """The mapped rows by their number, without what has no value."""
        found = self.mapper.apply(self.rows).frame
        numbers, rows = found[frames.ROW], frames.without_identity(found).to_dicts()
        return dict(zip(numbers, map(bare, rows), strict=True))


def bare(value: Any) -> Any:
    """Return a value without the fields that hold nothing; a null in a list stays."""
    if isinstance(value, dict):
        return {name: bare(item) for name, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value


PRODUCTS: list[Fault] = [
    (7, "price", "map.resolver"),
    (15, "ref", "map.required"),
    (22, "price", "map.resolver"),
    (30, "name", "map.required"),
    (37, "price", "map.resolver"),
]
NESTED: list[Fault] = [
    (5, "price[1].value", "map.type"),
    (9, "price", "map.required"),
    (13, "gtin", "map.required"),
    (17, "attributes[0].name", "map.required"),
]
LOCATIONS: list[Fault] = [
    (5, "primaryAddress.latitude", "map.type"),
    (9, "ref", "map.required"),
    (9, "primaryAddress.ref", "map.required"),
    (13, "openingSchedule.monStart", "map.type"),
    (17, "name", "map.required"),
]
ORDERS: list[Fault] = [
    (4, "input.ref", "map.required"),
    (8, "input.items[0].quantity", "map.type"),
    (12, "input.customer.username", "map.required"),
    (12, "input.customer.primaryEmail", "map.required"),
    (16, "input.fulfilmentChoice.deliverBefore", "map.type"),
]
GUEST_ORDERS: list[Fault] = [
    (4, "ref", "map.required"),
    (4, "fulfilmentChoice.deliveryAddress.ref", "map.required"),
    (8, "items[0].quantity", "map.type"),
    (16, "fulfilmentChoice.deliverBefore", "map.type"),
    (20, "$delivery", "map.node"),
    (20, "fulfilmentChoice.deliveryType", "map.required"),
]
POSITIONS: list[Fault] = [
    (7, "on_hand", "map.type"),
    (14, "product_ref", "map.required"),
    (21, "created_on", "map.type"),
    (28, "updated_on", "map.required"),
]
CONTROLS: list[Fault] = [
    (5, "values[0].value", "map.type"),
    (9, "controlGroup.ref", "map.required"),
    (13, "executionOrder", "map.type"),
    (17, "ref", "map.resolver"),
    (21, "ref", "map.resolver"),
]
EXAMPLES = {
    example.mapping: example
    for example in (
        Example("products", "products.csv", 40, 35, PRODUCTS),
        Example("products_nested", "products.json", 24, 20, NESTED, {"path": "products"}),
        Example("locations", "locations.xml", 24, 20, LOCATIONS, {"path": "locations.location"}),
        Example("orders", "orders.xml", 30, 26, ORDERS, {"path": "orders.order"}),
        Example("guest_orders", "orders.xml", 30, 26, GUEST_ORDERS, {"path": "orders.order"}),
        Example("positions", "positions.jsonl", 40, 36, POSITIONS),
        Example("controls", "controls.csv", 30, 25, CONTROLS),
        Example("inventory_csv", "inventory_stock.csv", 3, 3, []),
        Example("inventory_json", "inventory_records.json", 3, 3, []),
        Example("inventory_xml", "inventory_many.xml", 3, 3, [], {"path": "inventories.inventory"}),
    )
}


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> Example:
    """Give one example after the other, or those that a test names."""
    return EXAMPLES[request.param]


@pytest.fixture
def examples() -> Mapping[str, Example]:
    """Give all examples by their mapping's name."""
    return EXAMPLES


@dataclass(frozen=True)
class Platform:
    """A simulator, a client of it and the clock that both go by."""

    sim: Simulator
    client: fw.FluentClient
    clock: Clock


@pytest.fixture(params=["in-process", pytest.param("socket", marks=pytest.mark.socket)])
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """Give a platform of 300 positions; over the socket time is real."""
    with ExitStack() as opened:
        if request.param == "in-process":
            clock: Clock = ManualClock()
            sim = Simulator(positions=300, clock=clock)
            client = fw.FluentClient(**sim.connect(), transport=sim.transport(), clock=clock)
        else:
            clock = SYSTEM
            sim = opened.enter_context(Simulator(positions=300))
            client = fw.FluentClient(**sim.connect())
        opened.callback(client.close)
        yield Platform(sim, client, clock)
