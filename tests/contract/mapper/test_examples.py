"""The shipped example mappings on the shipped samples: what is mapped, and what is told."""

import importlib.util
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import fcwork as fw
from fcwork import frames
from fcwork.errors import MappingError

ROOT = Path(__file__).parents[3]
NOTEBOOKS = ROOT / "notebooks"
# What is run by its presets (tests/notebooks), with samples of a few lines that are written by hand.
OF_PRESETS = {
    *("order_attributes", "order_cancel", "order_update", "order_update_xml"),
    *("channel_a", "channel_b", "channel_feed", "counted", "reconciled"),
}
BY_HAND = {
    *("channel_a.json", "channel_b.csv", "channel_listing.csv", "cycle_count.csv", "dead_letters.csv"),
    *("stock_count.csv", "transfer_dispatches.csv", "transfer_receipts.csv"),
}
Record = dict[str, Any]


def test_the_planted_faults_and_no_others_are_told(example: Any) -> None:
    """P26, P27: read rows are mapped or rejected, and each planted fault is an issue with its row, field and code."""
    result = example.mapper.apply(example.rows)

    rejected = example.read - example.mapped
    assert result.counts == {"read": example.read, "mapped": example.mapped, "rejected": rejected, "warnings": 0}
    assert result.issues.select("row", "field", "code").rows() == example.faults
    assert set(result.issues["severity"]) <= {"error"}
    assert set(result.rejected["_row"]) == {row for row, *_ in example.faults}
    assert set(result.rejected["_row"]) | set(result.frame["_row"]) == set(example.rows["_row"])


def test_a_single_record_is_mapped_as_in_a_frame(example: Any) -> None:
    """P27: row by row each record gives what the frame gave, or fails with the same fields."""
    mapper, found = example.mapper, example.good
    told: list[tuple[int, str, str]] = []
    for row in example.rows.to_dicts():
        try:
            assert mapper.map(row) == found.pop(row["_row"])
        except MappingError as error:
            told += [(row["_row"], issue["field"], issue["code"]) for issue in error.issues]

    assert not found
    assert told == example.faults


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "lazy", "records"])
def test_every_kind_of_frame_gives_the_same(example: Any, kind: frames.Kind) -> None:
    """P26: whatever the caller's frame is, it comes out as the same kind with the same rows and issues."""
    mapper, rows = example.mapper, example.rows
    result = mapper.apply(frames.leave(rows, kind))

    assert frames.kind_of(result.frame) == kind
    assert frames.enter(result.frame).to_dicts() == mapper.apply(rows).frame.to_dicts()
    assert frames.enter_issues(result.issues).select("row", "field", "code").rows() == example.faults


@pytest.mark.parametrize("name", ["products", "products_nested"])
def test_no_product_loses_a_digit(examples: Mapping[str, Any], name: str) -> None:
    """P27: GTINs and references keep their leading zeros, amounts every cent, and no price stands for a blank one."""
    rows = {row["_row"]: row for row in examples[name].rows.to_dicts()}
    for number, product in examples[name].good.items():
        row, amounts = rows[number], _amounts(rows[number])
        assert [product[key] for key in ("ref", "gtin", "name")] == [row[key] for key in ("ref", "gtin", "name")]
        assert [(price["type"], f"{price['value']:.2f}") for price in product["price"]] == amounts
    kept = [product for product in examples[name].good.values() if product["ref"].startswith("000")]
    assert kept
    assert {len(product["gtin"]) for product in examples[name].good.values()} == {13}


def _amounts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a row, flat or nested, says of prices."""
    if "prices" in row:
        return [(price["type"], price["value"]) for price in row["prices"]]
    named = [(kind.upper(), row[f"price_{kind}_value"]) for kind in ("default", "special")]
    return [(kind, amount) for kind, amount in named if amount]


def test_a_flat_product_becomes_a_nested_one(examples: Mapping[str, Any]) -> None:
    """A row's categories become a list, its prices objects, its tax columns one object; what is blank is left out."""
    products = {product["ref"]: product for product in examples["products"].good.values()}
    assert products["00011"] == {
        "ref": "00011",
        "type": "VARIANT",
        "status": "DISCONTINUED",
        "gtin": "5012340000119",
        "name": "Gift box 🎁, large",
        "summary": "<ul><li>one</li></ul>",
        "price": [{"type": "DEFAULT", "currency": "EUR", "value": Decimal("25.67")}],
        "taxType": {"country": "AT", "group": "STANDARD", "tariff": "8528.72"},
    }
    assert products["G_PROD_0003"]["categoryRefs"] == ["HOME", "BAGS", "SALE"]


def test_a_nested_product_keeps_its_lists(examples: Mapping[str, Any]) -> None:
    """Lists of objects are mapped item by item, and an object that is not there is left out."""
    products = examples["products_nested"].good
    assert products[2]["attributes"] == [
        {"name": "COLOUR", "type": "STRING", "value": "黒"},
        {"name": "WEIGHT", "type": "STRING", "value": "01"},
    ]
    assert products[4]["attributes"] == []
    assert "taxType" not in products[6]
    assert all(isinstance(price["value"], Decimal) for product in products.values() for price in product["price"])


def test_texts_within_an_order_are_read(examples: Mapping[str, Any]) -> None:
    """Escaped XML and JSON in CDATA give their values; an order with one custom attribute is read like the others."""
    orders = {order["ref"]: order for order in examples["guest_orders"].good.values()}

    choice = orders["00012002"]["fulfilmentChoice"]
    assert (choice["deliveryType"], choice["deliveryInstruction"]) == ("STANDARD", "Ring twice at 01")
    assert orders["00012002"]["attributes"] == [{"name": "WRAP", "type": "STRING", "value": "gold"}]
    assert orders["00012001"]["attributes"] == []
    assert orders["00012029"]["fulfilmentChoice"]["deliveryInstruction"] == "Ring twice at 028"
    paid = [tuple(payment.values()) for payment in orders["00012001"]["financialTransactions"]]
    assert paid == [
        ("0000-0", "PAYMENT", 5.0, "EUR", "VOUCHER"),
        ("0000-1", "PAYMENT", 67.41, "EUR", "CREDITCARD"),
    ]


def _traits(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the columns that begin with x_ as attributes."""
    return [{"name": name[2:], "type": "STRING", "value": value} for name, value in record.items() if name[:2] == "x_"]


def _pairs(item: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the names and values of an object, but for its key and state."""
    others = {name: str(value) for name, value in item.items() if name not in {"sku", "state"}}
    return [{"key": name, "value": value, "kind": "STRING"} for name, value in others.items()]


LINES = [{"@sku": f"00{number}", "count": str(number), "price": "9.95"} for number in (7, 8)]
ITEMS = [{"productRef": f"00{number}", "quantity": number, "price": 9.95} for number in (7, 8)]
FLOOR = {"name": "floor", "type": "STRING", "value": "02"}
SHAPES: list[tuple[str, Record, Record]] = [
    (
        "location_batch",
        {"code": " 0042 ", "state": "ACTIVE", "x_floor": "02"},
        {"retailerId": 2, "ref": "0042", "status": "ACTIVE", "attributes": [FLOOR]},
    ),
    (
        "order_mutation",
        {"order": {"@number": "000123", "kind": "HD", "lines": {"line": LINES[0]}}},
        {"retailerId": "2", "ref": "000123", "type": "HD", "items": ITEMS[:1]},
    ),
    (
        "order_mutation",
        {"order": {"@number": "000124", "kind": "CC", "lines": {"line": LINES}}},
        {"retailerId": "2", "ref": "000124", "type": "CC", "items": ITEMS},
    ),
    (
        "product_mutation",
        {"item": {"sku": "00S", "state": "ACTIVE", "colour": "黒"}},
        {"ref": "00S", "status": "ACTIVE", "attributes": [{"name": "colour", "value": "黒", "type": "STRING"}]},
    ),
    (
        "stock_extract",
        {"node": {"location": {"ref": " L1 "}, "product": {"ref": "007"}, "quantity": "4", "updatedOn": "2026-01-02"}},
        {"locationRef": "L1", "productRef": "007", "quantity": 4, "lastUpdated": "2026-01-02T00:00:00.000Z"},
    ),
]


@pytest.mark.parametrize(("name", "record", "expected"), SHAPES)
def test_the_shapes_of_the_sdk_s_own_examples_run(name: str, record: Record, expected: Record) -> None:
    """A file written as the SDK's documentation writes them is read as it is meant, one record or a frame of it."""
    mapper = fw.Mapper.load(
        ROOT / "tests" / "data" / "mappings" / f"{name}.json",
        resolvers={"custom.traits": _traits, "custom.pairs": _pairs},
        context={"retailerId": "2"},
    )
    assert mapper.map(record) == expected
    (row,) = frames.without_identity(frames.enter(mapper.apply([record]).frame)).to_dicts()
    assert {target: value for target, value in row.items() if value is not None} == expected


@pytest.fixture(scope="module")
def samples() -> Mapping[str, Callable[[], str]]:
    """Give the samples' names and what makes them."""
    spec = importlib.util.spec_from_file_location("make_samples", ROOT / "tests" / "data" / "make_samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Mapping[str, Callable[[], str]] = module.SAMPLES
    return made


def test_every_sample_is_what_its_script_writes(samples: Mapping[str, Callable[[], str]]) -> None:
    """The shipped samples can be made again, byte for byte; all but the stock file are small."""
    shipped = {path.name: path.read_bytes() for path in (NOTEBOOKS / "samples").iterdir() if path.is_file()}
    made = {name: shipped[name] for name in shipped.keys() - BY_HAND}
    assert made == {name: make().encode() for name, make in samples.items()}
    assert shipped.keys() >= BY_HAND
    assert {name for name, content in shipped.items() if len(content) > 60_000} == {"inventory.csv"}


def test_every_mapping_is_an_example_here(examples: Mapping[str, Any]) -> None:
    """No mapping is shipped without a test that runs it, and each says what it is for."""
    shipped = {path.stem: json.loads(path.read_text("utf-8")) for path in (NOTEBOOKS / "mappings").glob("*.json")}
    assert set(shipped) == {*examples, "inventory", *OF_PRESETS}
    assert all(mapping["name"] == name and mapping["description"] for name, mapping in shipped.items())


def test_a_stock_file_is_the_same_in_every_shape(examples: Mapping[str, Any]) -> None:
    """Flat columns, nested objects and elements with attributes give the same positions."""
    flat, nested, elements = (examples[f"inventory_{form}"].good for form in ("csv", "json", "xml"))
    assert list(flat.values()) == list(elements.values())
    assert [{**position, "locationRef": "DC-SOUTH"} for position in flat.values()] == list(nested.values())
    assert flat[2]["attributes"] == {
        "expiryDate": "2028-06-30",
        "batchNumber": "LOT-7781",
        "condition": "NEW",
        "storageZone": "N-01",
    }
