"""Every field of the schema finds its value in the seed data, and the documents of jobs run."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate, validate_schema

from fcwork.simulator.graphql import GraphQLService
from fcwork.simulator.graphql.schema import schema
from fcwork.simulator.world import World

Ask = Callable[..., dict[str, Any]]
ROOTS = schema().query_type.fields
LISTS = sorted(name for name, field in ROOTS.items() if "Connection" in str(field.type))
SIMPLE = ("InventoryPositions", "InventoryQuantities", "VirtualPositions", "Customers", "Prices", "VariantProducts")
ONE_OF_EACH = {
    "me": "",
    "order": '(ref: "ORD-00001")',
    "orderById": "(id: {Order})",
    "fulfilment": "(id: {Fulfilment})",
    "fulfilmentById": "(id: {Fulfilment})",
    "inventoryPosition": '(ref: "SKU-12345:LOC001:DEFAULT", catalogue: {{ref: "DEFAULT:1"}})',
    "inventoryQuantity": '(ref: "SKU-12345:LOC001:LAST_ON_HAND", catalogue: {{ref: "DEFAULT:1"}})',
    "inventoryCatalogue": '(ref: "DEFAULT:1")',
    "virtualPosition": '(ref: "SKU-12345:BASE", catalogue: {{ref: "BASE:2"}})',
    "virtualCatalogue": '(ref: "BASE:2")',
    "product": '(ref: "G_PROD_0001", catalogue: {{ref: "PC:MASTER:2"}})',
    "standardProduct": '(ref: "G_PROD_0001", catalogue: {{ref: "PC:MASTER:2"}})',
    "variantProduct": '(ref: "SKU-12345", catalogue: {{ref: "PC:MASTER:2"}})',
    "location": '(ref: "LOC001")',
    "locationById": "(id: {Location})",
    "controlGroup": '(ref: "CG:BASE:2")',
    "control": '(ref: "EXCLUSION:1", controlGroup: {{ref: "CG:BASE:2"}})',
    "customer": '(ref: "CUST-0001")',
    "customerById": "(id: {Customer})",
    "returnOrder": '(ref: "RET-00001", retailer: {{id: 2}})',
}


def operations(document: str, kind: OperationType) -> list[str]:
    """Return the names of a document's operations of a kind."""
    nodes = [node for node in parse(document).definitions if isinstance(node, OperationDefinitionNode)]
    return [node.name.value for node in nodes if node.operation is kind and node.name]


def test_schema_is_valid(documents: str) -> None:
    """The schema is a valid one, and each document of a job is valid against it."""
    assert not validate_schema(schema())
    assert not validate(schema(), parse(documents))


@pytest.mark.parametrize("root", LISTS)
def test_every_list_resolves_with_all_its_fields(read: Ask, select: Callable[[Any, int], str], root: str) -> None:
    """Each list of the schema has rows, and each field of its rows resolves, two levels deep."""
    page = read(f"{{ {root}(first: 100) {select(ROOTS[root].type, 2)} }}")[root]
    assert page["edges"]
    assert all(edge["node"] for edge in page["edges"])


def test_every_other_root_is_tried() -> None:
    """No root of the schema is left out of these tests."""
    assert sorted([*LISTS, *ONE_OF_EACH]) == sorted(ROOTS)


@pytest.mark.parametrize("root", ONE_OF_EACH)
def test_every_single_lookup_finds(
    seeded: GraphQLService, read: Ask, select: Callable[[Any, int], str], root: str
) -> None:
    """Each lookup of one entity finds it, with all its fields."""
    world: World = seeded._world
    ids = {kind: table.id_at(0) for kind, table in world.tables.items()}
    found = read(f"{{ {root}{ONE_OF_EACH[root].format(**ids)} {select(ROOTS[root].type, 2)} }}")[root]
    assert found["id"]


def test_lookup_of_nothing_is_null(read: Ask) -> None:
    """A lookup that finds nothing is null and no error."""
    query = '{ order(ref: "x") { id } orderById(id: "7") { id } location(id: "x", ref: "LOC001") { id } }'
    assert read(query) == {"order": None, "orderById": None, "location": None}


def test_every_field_of_a_type_has_a_value_somewhere(read: Ask, select: Callable[[Any, int], str]) -> None:
    """The fields that jobs read are null in some rows and not in others, so that readers meet both."""
    query = f"{{ variantProducts(first: 9) {select(ROOTS['variantProducts'].type, 0)} }}"
    nodes = [edge["node"] for edge in read(query)["variantProducts"]["edges"]]
    assert [node["summary"] is None for node in nodes] == [at in {0, 7} for at in range(9)]


@pytest.mark.parametrize("size", [50, 200])
def test_documents_of_jobs_run(seeded: GraphQLService, read: Ask, documents: str, size: int) -> None:
    """Each document that a job reads with runs at usual page sizes, with 100 items a page inside."""
    ids = {"id": seeded._world.tables["Fulfilment"].id_at(0), "email": ["customer1@example.com"]}
    for name in operations(documents, OperationType.QUERY):
        ref = "CG:BASE:2" if name == "ControlsOfGroup" else ["SKU-12345"]
        usual = (
            {"ref": "LOC001" if name == "LocationByRef" else "ORD-00001"} if name.endswith("ByRef") else {"ref": ref}
        )
        data = read(documents, {"first": size, "itemsFirst": 100, **ids, **usual}, name)
        assert next(iter(data.values())), name


@pytest.mark.parametrize("name", SIMPLE)
def test_simple_documents_run_at_the_largest_page(read: Ask, documents: str, name: str) -> None:
    """Documents without nested pages run at 500 a page."""
    assert next(iter(read(documents, {"first": 500}, name).values()))["edges"]


def test_interfaces_know_their_types(read: Ask) -> None:
    """A product and an address say which type they are, so fragments on them work."""
    query = """{ product(ref: "SKU-12345", catalogue: {ref: "PC:MASTER:2"}) {
        __typename ... on VariantProduct { gtin product { ref } } }
      location(ref: "LOC001") { primaryAddress { __typename ... on StoreAddress { location { ref } } } } }"""
    data = read(query)
    assert data["product"] == {
        "__typename": "VariantProduct",
        "gtin": "0000000000001",
        "product": {"ref": "G_PROD_0001"},
    }
    assert data["location"]["primaryAddress"] == {"__typename": "StoreAddress", "location": {"ref": "LOC001"}}


def test_schema_can_be_introspected(read: Ask) -> None:
    """The schema answers questions about itself."""
    assert read("{ __schema { queryType { name } } }") == {"__schema": {"queryType": {"name": "Query"}}}
