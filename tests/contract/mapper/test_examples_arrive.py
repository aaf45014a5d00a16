"""The shipped example mappings through to the platform: what it holds is what the samples say."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from graphql import GraphQLSchema, build_schema
from graphql.utilities import coerce_input_value

import fcwork as fw
from fcwork import frames
from fcwork.mapper import MutationOutcome, Mutations

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
SCHEMA = build_schema((Path(fw.__file__).parent / "fluent.graphql").read_text("utf-8"))
CATALOGUE = "PC:MASTER:2"
EVENT = {
    "name": "UPSERT_PRODUCT",
    "entityType": "PRODUCT_CATALOGUE",
    "entityRef": CATALOGUE,
    "entitySubtype": "MASTER",
    "rootEntityType": "PRODUCT_CATALOGUE",
    "rootEntityRef": CATALOGUE,
}
POSITIONS = """
query ($first: Int, $after: String) {
  inventoryPositions(first: $first, after: $after) {
    edges { cursor node { ref productRef locationRef onHand type status catalogue { ref name } createdOn updatedOn } }
    pageInfo { hasNextPage }
  }
}"""
LOCATION = """
query ($ref: String) { location(ref: $ref) { name type supportPhoneNumber
  primaryAddress { ref postcode country latitude longitude timeZone }
  openingSchedule { allHours monStart satEnd sunStart sunEnd } attributes { name type value } } }"""
ORDER = """
query ($ref: String) { order(ref: $ref) { type totalPrice totalTaxPrice
  customer { username firstName lastName promotionOptIn }
  fulfilmentChoice { deliverBefore deliveryAddress { street postcode } }
  items(first: 9) { edges { node { ref quantity price product { ... on VariantProduct { ref } } } } } } }"""
CONTROL = """
query ($ref: String!) { control(ref: $ref, controlGroup: {ref: "CG:BASE:2"}) {
  type name executionOrder values { name type value } } }"""


@pytest.fixture(autouse=True)
def beside_the_notebooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Work where the notebooks are, and leave no file and no module of theirs behind."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path))
    monkeypatch.chdir(NOTEBOOKS)
    monkeypatch.syspath_prepend(NOTEBOOKS)
    yield
    for name in ("mappings", "mappings.resolvers"):
        sys.modules.pop(name, None)


def test_a_stock_file_arrives(platform: Any) -> None:
    """P26: of the stock file's 10,000 rows the faulty ones are told, and the platform holds the others, each once."""
    source, mapping = "samples/inventory.csv", "mappings/inventory.json"
    plan = fw.ingest(platform.client, source, mapping=mapping, max_rejected="5%", clock=platform.clock)
    result = plan.apply(dry_run=False)

    assert (result.counts["read"], result.counts["mapped"]) == (10_000, 9_840)
    assert [result.counts[pile] for pile in ("delivered", "rejected", "unknown")] == [9_780, 220, 0]
    codes = dict(result.issues["code"].value_counts().rows())
    assert codes == {"map.type": 90, "map.required": 70, "check.duplicate": 40, "check.range": 20}
    held, columns = platform.sim.ledger.quantities, ("locationRef", "skuRef", "qty")
    assert set(held["effects"]) == {1}
    assert sorted(held.select(columns).rows()) == sorted(result.delivered.select(columns).rows())


@pytest.mark.parametrize("example", ["products", "products_nested"], indirect=True)
def test_products_arrive_as_events(platform: Any, example: Any) -> None:
    """P26: each good product is one event of the catalogue; resolvers are named as a notebook names them."""
    plan = fw.ingest(
        platform.client,
        f"samples/{example.sample}",
        mapping=f"mappings/{example.mapping}.json",
        resolvers="mappings.resolvers:resolvers",
        route=platform.client.event_sender(EVENT, rows="attributes", mode="sync"),
        max_rejected="20%",
        read_options=example.options,
        clock=platform.clock,
    )
    result = plan.apply(dry_run=False)

    piles = [result.counts[pile] for pile in ("read", "delivered", "rejected", "unknown")]
    assert piles == [example.read, example.mapped, example.read - example.mapped, 0]
    assert result.issues.select("row", "field", "code").rows() == example.faults
    assert platform.sim.ledger.events.select("eventStatus", "effects").rows() == [("COMPLETE", 1)] * example.mapped
    told = [event["attributes"] for event in platform.client.events(name="UPSERT_PRODUCT")]
    arrived = [{item["name"]: item["value"] for item in attributes} for attributes in told]
    wanted = [json.loads(json.dumps(product, default=float)) for product in example.good.values()]
    assert sorted(arrived, key=str) == sorted(wanted, key=str)


def send(platform: Any, example: Any, schema: GraphQLSchema | None = SCHEMA) -> tuple[Mutations, MutationOutcome]:
    """Send an example's rows as mutations that fit the schema, and return them with what became of them."""
    made: Mutations = example.mapper.mutations(example.rows, schema=schema)
    assert SCHEMA.mutation_type is not None
    answers = []
    for request in made.requests:
        for given in json.loads(request.body)["variables"].values():
            coerce_input_value(given, SCHEMA.mutation_type.fields[request.mutation].args["input"].type)  # or it raises
        answers.append(platform.client.graphql(request.document, request.variables, errors="partial"))
    return made, made.parse(answers, clock=platform.clock)


@pytest.mark.parametrize("schema", [SCHEMA, None], ids=["schema", "no schema"])
@pytest.mark.parametrize(
    ("example", "mutation", "refused"),
    [
        ("locations", "createLocation", (21, "LOC001", "C0123E")),
        ("orders", "createOrderAndCustomer", (24, "00012024", "C0120E")),
        ("guest_orders", "createOrder", (24, "00012024", "C0120E")),
        ("controls", "createControl", (25, "BASE:2:QUANTITY_BUFFER:00001", "C0123E")),
    ],
    indirect=["example"],
)
def test_mutations_arrive(
    platform: Any, example: Any, mutation: str, refused: tuple[int, str, str], schema: GraphQLSchema | None
) -> None:
    """P26: each mapped row is one mutation; what the platform took it holds once, and what it refused names its row."""
    made, outcome = send(platform, example, schema)

    counts = [made.counts[name] for name in ("read", "mapped", "rejected")]
    assert counts == [example.read, example.mapped, example.read - example.mapped]
    assert made.issues.select("row", "field", "code").rows() == example.faults
    piles = [outcome.counts[name] for name in ("rows", "delivered", "rejected", "retryable", "unknown")]
    assert piles == [example.mapped, example.mapped - 1, 1, 0, 0]
    assert outcome.frame.filter(~pl.col("ok")).select("_row", "key", "code").rows() == [refused]
    assert outcome.issues.select("row", "key", "code").rows() == [(*refused[:2], "send.rejected")]
    done = platform.sim.ledger.mutations.select("field", "effects").rows()
    assert done == [(mutation, 1)] * (example.mapped - 1)


def test_the_platform_holds_the_locations(platform: Any, examples: Mapping[str, Any]) -> None:
    """What was in the XML stands on the platform: zeros, quotes, hours, a single day and a single attribute."""
    send(platform, examples["locations"])

    def held(ref: str) -> Any:
        return platform.client.graphql(LOCATION, {"ref": ref}).data["location"]

    assert held("LOC-0110") == {
        "name": 'Newark "Warehouse", No. 10',
        "type": "WAREHOUSE",
        "supportPhoneNumber": "0049 351 0009",
        "primaryAddress": {
            "ref": "LOC-0110",
            "postcode": "07102",
            "country": "US",
            "latitude": 40.7357,
            "longitude": -74.1724,
            "timeZone": "America/New_York",
        },
        "openingSchedule": {"allHours": False, "monStart": 900, "satEnd": 1330, "sunStart": 0, "sunEnd": 0},
        "attributes": [{"name": "FLOORS", "type": "INTEGER", "value": "05"}],
    }
    market = {"allHours": False, "monStart": 0, "satEnd": 1330, "sunStart": 0, "sunEnd": 0}
    assert held("LOC-0123")["openingSchedule"] == market
    assert held("LOC-0104")["openingSchedule"]["allHours"] is True
    assert held("LOC-0102")["attributes"][1]["value"] == 'Fresh & "near" 🍏'


def test_the_platform_holds_the_orders(platform: Any, examples: Mapping[str, Any]) -> None:
    """A shop's orders come with new customers, one item or several, and addresses with their signs and zeros."""
    send(platform, examples["orders"])
    one, several = (platform.client.graphql(ORDER, {"ref": ref}).data["order"] for ref in ("00012001", "00012003"))

    buyer = {"username": "buyer1@example.com", "firstName": "Zoë", "lastName": "O'Brien", "promotionOptIn": True}
    assert one["customer"] == buyer
    assert one["fulfilmentChoice"]["deliveryAddress"] == {"street": "1 Quai <Nord>", "postcode": "01067"}
    assert one["fulfilmentChoice"]["deliverBefore"].startswith("2026-02-01T10:00:00")
    assert (one["type"], one["totalPrice"], one["totalTaxPrice"]) == ("HD", 72.41, 11.56)
    assert [edge["node"]["ref"] for edge in one["items"]["edges"]] == ["001"]
    products = [edge["node"]["product"]["ref"] for edge in several["items"]["edges"]]
    assert products == ["SKU-00012", "SKU-00013", "SKU-00014"]


def test_the_platform_holds_the_controls(platform: Any, examples: Mapping[str, Any]) -> None:
    """A control's reference is made of its columns, and its value is one whole number with a name and type."""
    send(platform, examples["controls"])

    def held(ref: str) -> Any:
        return platform.client.graphql(CONTROL, {"ref": ref}).data["control"]

    assert held("BASE:2:QUANTITY_BUFFER:SKU-00019:LOC005") == {
        "type": "QUANTITY_BUFFER",
        "name": 'Keep back, "Screen 55" "Aurora""',
        "executionOrder": 4,
        "values": [{"name": "CONTROL_VALUE", "type": "INTEGER", "value": 5}],
    }
    assert held("CG:BASE:2:EXCLUSION:SALE-10")["values"][0]["value"] == 0


def test_pages_become_flat_rows_of_a_file(platform: Any, examples: Mapping[str, Any], tmp_path: Path) -> None:
    """P26: nodes of pages and rows of a frame give the same flat rows; a file has them in the mapping's order."""
    mapper = examples["positions"].mapper
    nodes = [node for page in platform.client.pages(POSITIONS, page_size=100) for node in page.nodes]
    result, of_frame = mapper.apply(pl.DataFrame(nodes)), mapper.apply(platform.client.frame(POSITIONS))

    assert result.counts == {"read": 300, "mapped": 298, "rejected": 2, "warnings": 0}
    assert set(result.issues.select("field", "code").rows()) == {("on_hand", "map.required")}
    assert result.frame.equals(of_frame.frame)
    flat = frames.without_identity(result.frame)
    assert [ref for ref in flat["product_ref"] if "," in ref or "📦" in ref or ref.startswith("000")]
    for name in ("positions.csv", "positions.parquet"):
        fw.sources.write(result.frame, tmp_path / name)
        back = frames.without_identity(fw.sources.read(tmp_path / name))
        assert back.columns == list(json.loads(Path("mappings/positions.json").read_text("utf-8"))["fields"])
        assert back.with_columns(pl.col("on_hand").cast(pl.Int64)).equals(flat)


def test_the_edges_of_an_answer_are_a_list(platform: Any, examples: Mapping[str, Any]) -> None:
    """A connection stands for the list of its nodes, mapped as the rows of a file are."""
    answer = platform.client.graphql(POSITIONS, {"first": 50}).data["inventoryPositions"]
    edges = [edge for edge in answer["edges"] if edge["node"]["onHand"] is not None]
    fields = json.loads(Path("mappings/positions.json").read_text("utf-8"))["fields"]
    listed = fw.Mapper({"fields": {"rows": {"source": "inventoryPositions", "isArray": True, "fields": fields}}})

    rows = listed.map({"inventoryPositions": {**answer, "edges": edges}})["rows"]

    assert rows == [examples["positions"].mapper.map(edge["node"]) for edge in edges]
