from collections.abc import Iterator
from pathlib import Path

import pytest

from fcwork import connect, reconciliation
from fcwork.client import FluentClient
from fcwork.errors import ConfigError, SourceError, ValidationError


@pytest.fixture
def client() -> Iterator[FluentClient]:
    """Return a client of the embedded simulator."""
    with connect(profile="simulator") as client:
        yield client


def test_a_side_is_a_file_or_what_the_platform_holds(client: FluentClient, home: Path) -> None:
    """A path is read, and fluent: with an entity or the path of a query is asked for, all of it."""
    (home / "stock.csv").write_text("sku;qty\na;1\n")
    assert reconciliation.take("stock.csv", read_options={"delimiter": ";", "encoding": None})["qty"].to_list() == ["1"]
    (home / "own.graphql").write_text("{ inventoryPositions(first: 100) { edges { node { ref onHand } } } }")
    positions = reconciliation.take("fluent:inventory_positions", client=client)
    own = reconciliation.take("fluent:own.graphql", client=client)
    assert positions.height == own.height == 2_500
    assert own.columns == ["ref", "onHand", "_row", "_source"]
    assert own["_source"].unique().to_list() == ["fluent:own.graphql"]
    none = reconciliation.take("fluent:inventory_positions", client=client, filters={"ref": ["nobody"]})
    assert none.height == 0


def test_several_sources_are_one_side_each_by_its_mapping(home: Path) -> None:
    """Channels that call the same by other names are mapped alike, and put one below the other."""
    (home / "a.csv").write_text("product_id,available\nx,5\n")
    (home / "b.json").write_text('[{"sku": "x", "qty": 7}]')
    by_name = {"sku": {"source": "product_id"}, "qty": {"source": "available", "resolver": "sdk.parseInt"}}
    rows = reconciliation.take({"a.csv": {"fields": by_name}, "b.json": None})
    assert rows.select("sku", "qty").rows() == [("x", 5), ("x", 7)]
    (home / "c.json").write_text('[{"sku": 1, "qty": 7}]')
    with pytest.raises(ConfigError, match="the column sku is String in one source and Int64 in another"):
        reconciliation.take({"b.json": None, "c.json": None})


def test_a_row_that_is_left_out_is_an_error(home: Path) -> None:
    """P27: a line that is no row, or a row that cannot be mapped, is an error: it would look like goods gone."""
    (home / "ragged.csv").write_text("sku,qty\na,1\nb,2,3\n")
    with pytest.raises(SourceError):
        reconciliation.take("ragged.csv")
    (home / "bad.csv").write_text("sku,qty\na,one\n")
    mapping = {
        "fields": {"sku": {"source": "sku"}, "qty": {"source": "qty", "resolver": "sdk.parseInt", "required": True}}
    }
    with pytest.raises(ValidationError, match=r"1 rows of bad\.csv cannot be mapped; row 2"):
        reconciliation.take("bad.csv", mapping=mapping)


def test_the_platform_needs_a_client() -> None:
    """P32: fluent: without a client is an error that says what to give."""
    with pytest.raises(ConfigError, match="needs a client"):
        reconciliation.take("fluent:orders")
