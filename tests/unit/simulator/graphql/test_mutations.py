"""Mutations: each changes the world, is seen by later queries, and is refused whole where it cannot be done."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_named_type

from fcwork.clock import ManualClock
from fcwork.simulator import instants
from fcwork.simulator.graphql import GraphQLService
from fcwork.simulator.graphql.schema import schema
from fcwork.simulator.world import World

Ask = Callable[..., dict[str, Any]]
Given = dict[str, Any]
MUTATIONS = schema().mutation_type.fields

RETAILER = {"id": "2"}
PRODUCTS = {"ref": "PC:MASTER:2"}
INVENTORY = {"ref": "DEFAULT:1"}
VIRTUAL = {"ref": "BASE:2"}
GROUP = {"ref": "CG:BASE:2"}
TAX = {"country": "US", "group": "STANDARD", "tariff": "1"}
AMOUNT = {"amount": 1.5, "scale": 2, "unscaledValue": 150}
ATTRIBUTE = {"name": "NOTE", "type": "JSON", "value": {"any": ["thing"]}}
HOURS = {f"{day}{end}": 900 for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for end in ("Start", "End")}
CUSTOMER = {
    "username": "new@example.com",
    "primaryEmail": "new@example.com",
    "timezone": "UTC",
    "promotionOptIn": True,
    "retailer": RETAILER,
}


def order_input(world: World) -> Given:
    """Return a full order of a customer that there is."""
    return {
        "ref": "NEW-1",
        "type": "HD",
        "retailer": RETAILER,
        "totalPrice": 12.5,
        "customer": {"id": world.tables["Customer"].id_at(3)},
        "attributes": [ATTRIBUTE],
        "billingAddress": {"city": "Zürich", "country": "CH"},
        "fulfilmentChoices": [
            {"ref": "A", "deliveryType": "STANDARD", "deliveryAddress": {"ref": "ADDR-A", "city": "Newark"}},
            {"ref": "B", "deliveryType": "EXPRESS", "deliverAfter": "2026-02-01T00:00:00Z"},
        ],
        "financialTransactions": [
            {"ref": "P", "type": "PAYMENT", "amount": 12.5, "currency": "USD", "paymentMethod": "CASH"}
        ],
        "items": [
            {"ref": "1", "productRef": "SKU-12345", "productCatalogueRef": "PC:MASTER:2", "quantity": 2},
            {"ref": "2", "productRef": "SKU-67890", "quantity": 1, "fulfilmentChoiceRef": "B"},
        ],
    }


def order_with_customer(world: World) -> Given:
    """Return a full order of a customer that there is not yet."""
    order = order_input(world)
    extra = ("billingAddress", "financialTransactions")
    return {**{name: value for name, value in order.items() if name not in extra}, "customer": CUSTOMER}


def fulfilment_input(world: World) -> Given:
    """Return a fulfilment of the first seeded order's first item."""
    items = [
        {
            "ref": "1",
            "filledQuantity": 0,
            "rejectedQuantity": 0,
            "orderItem": {"id": world.tables["OrderItem"].id_at(0)},
        }
    ]
    return {
        "ref": "NEW-1",
        "type": "HD_PFS",
        "order": {"id": world.tables["Order"].id_at(0)},
        "fromAddress": {"id": world.tables["StoreAddress"].id_at(0)},
        "toAddress": {"id": world.tables["CustomerAddress"].id_at(0)},
        "customer": {"id": world.tables["Customer"].id_at(0)},
        "expiryTime": "2026-02-01T00:00:00.000Z",
        "items": items,
    }


def return_input(_: World) -> Given:
    """Return a return of a seeded order's item."""
    order = {"ref": "ORD-00011", "retailer": RETAILER}
    item = {
        "ref": "1",
        "type": "RETURN",
        "product": {"ref": "SKU-12345", "catalogue": PRODUCTS},
        "orderItem": {"ref": "001", "order": order},
        "unitQuantity": {"quantity": 1},
        "unitAmount": AMOUNT,
        "itemTaxAmount": AMOUNT,
        "itemAmount": AMOUNT,
    }
    return {
        "ref": "NEW-1",
        "retailer": RETAILER,
        "type": "DEFAULT",
        "customer": {"ref": "CUST-0001"},
        "order": order,
        "lodgedLocation": {"ref": "LOC001"},
        "returnOrderItems": [item],
        "currency": {"alphabeticCode": "USD"},
        "defaultTaxType": TAX,
        **dict.fromkeys(("subTotalAmount", "totalTax", "totalAmount"), AMOUNT),
    }


def location_input(world: World) -> Given:
    """Return a location with all that one needs."""
    return {
        "ref": "LOC-NEW",
        "type": "STORE",
        "name": "New",
        "retailer": RETAILER,
        "primaryAddress": {"ref": "ADDR-NEW", "latitude": 1.5, "longitude": -2.5, "postcode": "07102"},
        "openingSchedule": {"allHours": False, **HOURS},
        "networks": [{"id": world.tables["Network"].id_at(0)}],
    }


def of_first(kind: str, **values: Any) -> Callable[[World], Given]:
    """Return an input that names the first row of a kind by id."""
    return lambda world: {"id": world.tables[kind].id_at(0), **values}


def always(**values: Any) -> Callable[[World], Given]:
    """Return an input that is the same in each world."""
    return lambda _: values


INPUTS: dict[str, Callable[[World], Given]] = {
    "createOrder": order_input,
    "createOrderAndCustomer": order_with_customer,
    "updateOrder": of_first("Order", status="COMPLETE", totalPrice=1.0),
    "createFulfilment": fulfilment_input,
    "updateFulfilment": of_first("Fulfilment", status="SHIPPED", eta="today"),
    "createCustomer": always(**CUSTOMER),
    "updateCustomer": always(username="customer1@example.com", firstName="Eve", promotionOptIn=False),
    "createLocation": location_input,
    "updateLocation": of_first("Location", name="Renamed", networks=[]),
    "createControl": always(ref="NEW", type="BUFFER", name="New", controlGroup=GROUP, executionOrder=9),
    "updateControl": always(ref="EXCLUSION:1", controlGroup=GROUP, status="INACTIVE", executionOrder=7),
    "createStandardProduct": always(
        ref="NEW",
        catalogue=PRODUCTS,
        type="STANDARD",
        gtin="1",
        name="New",
        taxType=TAX,
        prices=[{"type": "DEFAULT", "currency": "USD", "value": 1.0}],
        categories=[{"ref": "SALE", "catalogue": PRODUCTS}],
        variants=[{"ref": "SKU-12345", "catalogue": PRODUCTS}],
    ),
    "updateStandardProduct": always(ref="G_PROD_0001", catalogue=PRODUCTS, name="Renamed", taxType=TAX),
    "createVariantProduct": always(
        ref="NEW",
        catalogue=PRODUCTS,
        type="VARIANT",
        gtin="1",
        name="New",
        product={"ref": "G_PROD_0001", "catalogue": PRODUCTS},
    ),
    "updateVariantProduct": always(
        ref="SKU-12345", catalogue=PRODUCTS, prices=[{"type": "SALE", "currency": "EUR", "value": 0.5}]
    ),
    "createCategory": always(
        ref="NEW", catalogue=PRODUCTS, type="DEFAULT", name="New", parentCategory={"ref": "SALE", "catalogue": PRODUCTS}
    ),
    "createInventoryPosition": always(
        ref="N:LOC001:DEFAULT", catalogue=INVENTORY, type="DEFAULT", productRef="N", onHand=3, locationRef="LOC001"
    ),
    "updateInventoryPosition": always(ref="SKU-12345:LOC001:DEFAULT", catalogue=INVENTORY, onHand=77),
    "createInventoryQuantity": always(
        ref="NEW",
        catalogue=INVENTORY,
        position={"ref": "SKU-12345:LOC001:DEFAULT", "catalogue": INVENTORY},
        type="EXPECTED",
        quantity=5,
        expectedOn="2026-02-01T00:00:00.000Z",
    ),
    "updateInventoryQuantity": always(ref="SKU-12345:LOC001:LAST_ON_HAND", catalogue=INVENTORY, quantity=78),
    "createVirtualPosition": always(ref="NEW", catalogue=VIRTUAL, type="DEFAULT", productRef="N", quantity=4),
    "updateVirtualPosition": always(ref="SKU-12345:BASE", catalogue=VIRTUAL, quantity=79),
    "createReturnOrder": return_input,
    "updateReturnOrder": always(ref="RET-00001", retailer=RETAILER, status="APPROVED", totalTax=AMOUNT),
    "createSetting": always(name="NEW", valueType="LOB", lobValue={"a": 1}, context="RETAILER", contextId=2),
    "updateSetting": of_first("Setting", valueType="STRING", value="x", context="RETAILER", contextId=2),
}
TWINS = {name: "C0121E" if name.startswith("createOrder") else "C0123E" for name in INPUTS if name.startswith("create")}


@pytest.fixture
def mutate(ask: Ask, world: World, select: Callable[[Any, int], str]) -> Callable[..., dict[str, Any]]:
    """Run a mutation by name with its usual input, some of it replaced, and return all fields of the answer."""

    def run(name: str, **replaced: Any) -> dict[str, Any]:
        answer: dict[str, Any] = ask(text(name, select), {"input": {**INPUTS[name](world), **replaced}})[name]
        return answer

    return run


@pytest.fixture
def refused(service: GraphQLService, world: World) -> Callable[..., str]:
    """Run a mutation that must be refused, see that it left no trace, and return the code."""

    def run(name: str, **replaced: Any) -> str:
        before = contents(world)
        query = f"mutation($input: {input_type(name)}) {{ {name}(input: $input) {{ id }} }}"
        answer = service.execute(query, {"input": {**INPUTS[name](world), **replaced}})
        assert answer["data"] == {name: None}
        assert contents(world) == before
        code: str = answer["errors"][0]["extensions"]["code"]
        return code

    return run


def contents(world: World) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of a world."""
    return {kind: [table.row(at) for at in range(len(table))] for kind, table in world.tables.items()}


def input_type(name: str) -> str:
    """Return the input type of a mutation."""
    return str(MUTATIONS[name].args["input"].type)


def text(name: str, select: Callable[[Any, int], str]) -> str:
    """Return a mutation that asks for all fields of its answer."""
    return f"mutation($input: {input_type(name)}) {{ {name}(input: $input) {select(MUTATIONS[name].type, 1)} }}"


def test_every_mutation_is_tried() -> None:
    """No mutation of the schema is left out of these tests."""
    assert sorted(INPUTS) == sorted(MUTATIONS)


@pytest.mark.parametrize("name", INPUTS)
def test_every_mutation_changes_the_world(
    mutate: Callable[..., dict[str, Any]], world: World, clock: ManualClock, name: str
) -> None:
    """Each mutation answers with a row that the world then holds, stamped by the clock, with the values given."""
    clock.advance(60)
    kind = get_named_type(MUTATIONS[name].type).name
    before = world.count(kind)
    answer = mutate(name)
    held = world.entity(answer["id"])
    assert held is not None
    assert world.count(kind) == before + name.startswith("create")
    assert held["updatedOn"] == instants.to_ms(clock.now())
    assert name.startswith("update") or held["createdOn"] == held["updatedOn"]
    given = INPUTS[name](world)
    plain = {key: value for key, value in given.items() if isinstance(value, str | int | float) and key in answer}
    assert {key: answer[key] for key in plain} == plain


@pytest.mark.parametrize("name", TWINS)
def test_second_of_the_same_is_refused(
    mutate: Callable[..., dict[str, Any]], refused: Callable[..., str], name: str
) -> None:
    """What is there already cannot be created again; an order has a code of its own."""
    mutate(name)
    assert refused(name) == TWINS[name]


def test_created_order_is_seen_with_all_it_brought(mutate: Callable[..., dict[str, Any]], ask: Ask) -> None:
    """A new order is found with its customer, choices, items, payments and addresses."""
    mutate("createOrder")
    query = """{ order(ref: "NEW-1") { status totalPrice customer { ref } customerLink { ref } billingAddress { city }
        attributes { value } fulfilmentChoice { ref type deliveryAddress { city } }
        fulfilmentChoices { edges { node { ref deliverAfter } } }
        financialTransactions { edges { node { total } } }
        items { edges { node { ref quantity product { ref } fulfilmentChoice { ref } } } } }
      orders(ref: ["NEW-1"], retailerId: [2]) { edges { node { ref } } } }"""
    data = ask(query)
    order = data["order"]
    assert (order["status"], order["totalPrice"], order["billingAddress"]) == ("CREATED", 12.5, {"city": "Zürich"})
    assert order["customer"] == order["customerLink"] == {"ref": "CUST-0004"}
    assert order["attributes"] == [{"value": {"any": ["thing"]}}]
    assert order["fulfilmentChoice"] == {"ref": "A", "type": "STANDARD", "deliveryAddress": {"city": "Newark"}}
    assert [edge["node"]["deliverAfter"] for edge in order["fulfilmentChoices"]["edges"]] == [
        None,
        "2026-02-01T00:00:00.000Z",
    ]
    assert order["financialTransactions"]["edges"] == [{"node": {"total": 12.5}}]
    items = [edge["node"] for edge in order["items"]["edges"]]
    assert [(item["product"]["ref"], item["fulfilmentChoice"]["ref"]) for item in items] == [
        ("SKU-12345", "A"),
        ("SKU-67890", "B"),
    ]
    assert data["orders"]["edges"] == [{"node": {"ref": "NEW-1"}}]


def test_customer_of_a_new_order_is_created(mutate: Callable[..., dict[str, Any]], ask: Ask) -> None:
    """An order may bring its customer, who is then there."""
    assert mutate("createOrderAndCustomer")["customer"]["username"] == "new@example.com"
    found = ask('{ customers(primaryEmail: ["new@example.com"]) { edges { node { ref } } } }')["customers"]
    assert found["edges"] == [{"node": {"ref": "new@example.com"}}]


@pytest.mark.parametrize(
    ("name", "replaced", "code"),
    [
        ("createOrder", {"customer": {"id": "999"}}, "C0120E"),
        ("createOrder", {"customer": {"id": "40000000"}}, "C0120E"),
        ("createOrder", {"retailer": {"id": "3"}}, "C0120E"),
        ("createOrder", {"items": [{"ref": "1", "productRef": "none", "quantity": 1}]}, "C0120E"),
        ("createOrder", {"items": [{"ref": "1", "productRef": "SKU-12345", "quantity": 0}]}, "C0122E"),
        (
            "createOrder",
            {"items": [{"ref": "1", "productRef": "SKU-12345", "quantity": 1, "fulfilmentChoiceRef": "C"}]},
            "C0120E",
        ),
        ("createOrder", {"ref": "x" * 256}, "C0141E"),
        ("createOrder", {"attributes": [{**ATTRIBUTE, "name": "x" * 256}]}, "C0141E"),
        ("createOrder", {"fulfilmentChoice": {"deliveryType": "X", "deliverAfter": "soon"}}, "C0100E"),
        ("createOrder", {"billingAddress": {"city": "x" * 256}}, "C0141E"),
        ("createOrderAndCustomer", {"customer": {**CUSTOMER, "username": "customer1@example.com"}}, "C0123E"),
        ("createFulfilment", {"order": {"id": "999"}}, "C0120E"),
        ("createFulfilment", {"fulfilmentChoiceRef": "none"}, "C0120E"),
        ("createReturnOrder", {"customer": {"ref": "none"}}, "C0120E"),
        ("createReturnOrder", {"lodgedLocation": {"ref": "none"}}, "C0120E"),
        ("createVariantProduct", {"catalogue": {"ref": "none"}}, "C0120E"),
        ("createVariantProduct", {"ref": "G_PROD_0001"}, "C0123E"),
        ("createStandardProduct", {"variants": [{"catalogue": PRODUCTS}]}, "C0120E"),
        ("createInventoryQuantity", {"position": {"ref": "none", "catalogue": INVENTORY}}, "C0120E"),
        ("createInventoryQuantity", {"expectedOn": "soon"}, "C0100E"),
        ("createControl", {"controlGroup": {"ref": "none"}}, "C0120E"),
        ("updateOrder", {"id": "999"}, "C0120E"),
        ("updateOrder", {"items": [{"id": "999"}]}, "C0120E"),
        ("updateLocation", {"primaryAddress": {"id": "50000001"}}, "C0120E"),
        ("updateVariantProduct", {"ref": "none"}, "C0120E"),
        ("updateCustomer", {"username": "none"}, "C0120E"),
    ],
)
def test_refused_mutation_leaves_no_trace(
    refused: Callable[..., str], name: str, replaced: dict[str, Any], code: str
) -> None:
    """A mutation that names what is not there, or says what is not allowed, is refused whole, with its code."""
    assert refused(name, **replaced) == code


def test_text_of_255_characters_is_allowed(mutate: Callable[..., dict[str, Any]]) -> None:
    """The longest text that is allowed is kept whole; JSON values may be longer."""
    long = [{"name": "LONG", "type": "STRING", "value": "x" * 5000}]
    assert mutate("createCustomer", firstName="x" * 255, attributes=long)["attributes"][0]["value"] == "x" * 5000


def test_json_is_kept_as_it_came(mutate: Callable[..., dict[str, Any]]) -> None:
    """A JSON value comes back as it was sent, nulls and all."""
    value = [None, {"a": [1, None, "x" * 300]}]
    assert mutate("createSetting", lobValue=value)["lobValue"] == value


@pytest.mark.parametrize("given", [{}, {"input": None}])
def test_missing_input_is_refused(service: GraphQLService, given: dict[str, Any]) -> None:
    """A mutation without an input has the code for what is missing."""
    answer = service.execute("mutation($input: UpdateOrderInput) { updateOrder(input: $input) { id } }", given)
    assert answer["errors"][0]["extensions"]["code"] == "C0140E"


def test_update_leaves_the_rest(mutate: Callable[..., dict[str, Any]], world: World) -> None:
    """An update changes what it names, keeps what it leaves out or gives as null, and merges attributes by name."""
    order = world.tables["Order"].row(1)
    answer = mutate("updateOrder", id=order["id"], totalPrice=None, attributes=[ATTRIBUTE])
    assert (answer["status"], answer["totalPrice"], answer["ref"]) == ("COMPLETE", order["totalPrice"], order["ref"])
    assert [attribute["name"] for attribute in answer["attributes"]] == ["GIFT", "NOTE"]


def test_items_are_updated_with_their_owner(mutate: Callable[..., dict[str, Any]], world: World) -> None:
    """Items of an order, a fulfilment's items and a location's parts are changed along with it."""
    item, part = world.tables["OrderItem"].id_at(0), world.tables["FulfilmentItem"].id_at(0)
    mutate("updateOrder", items=[{"id": item, "quantity": 9, "productRef": "SKU-67890"}])
    mutate("updateFulfilment", items=[{"id": part, "filledQuantity": 8}])
    location = world.tables["Location"].row(1)
    moved = {"id": location["primaryAddress"], "city": "Basel"}
    open_always = {"id": location["openingSchedule"], "allHours": True}
    mutate("updateLocation", id=location["id"], primaryAddress=moved, openingSchedule=open_always)
    changed = [world.entity(entity_id) or {} for entity_id in (item, part, moved["id"], open_always["id"])]
    assert [row.get("quantity", row.get("filledQuantity")) for row in changed[:2]] == [9, 8]
    assert (world.entity(changed[0]["product"]) or {})["ref"] == "SKU-67890"
    assert (changed[2]["city"], changed[3]["allHours"]) == ("Basel", True)


def test_rows_that_an_input_names_join_the_new_one(mutate: Callable[..., dict[str, Any]], ask: Ask) -> None:
    """A standard product takes the variants that it names; they leave the one they belonged to."""
    mutate("createStandardProduct")
    query = """query($ref: String!) { standardProduct(ref: $ref, catalogue: {ref: "PC:MASTER:2"}) {
        variants { edges { node { ref } } } categories { edges { node { ref } } } } }"""
    new, old = (ask(query, {"ref": ref})["standardProduct"] for ref in ("NEW", "G_PROD_0001"))
    assert new["variants"]["edges"] == [{"node": {"ref": "SKU-12345"}}]
    assert {"node": {"ref": "SKU-12345"}} not in old["variants"]["edges"]
    assert new["categories"]["edges"] == [{"node": {"ref": "SALE"}}]


def test_later_lists_show_a_change(mutate: Callable[..., dict[str, Any]], ask: Ask) -> None:
    """A list that was read before a mutation shows its effect when it is read again."""
    query = '{ inventoryPositions(ref: ["SKU-12345:LOC001:DEFAULT"]) { edges { node { onHand } } } }'
    ask(query)
    mutate("updateInventoryPosition")
    assert ask(query)["inventoryPositions"]["edges"] == [{"node": {"onHand": 77}}]


def test_mutations_run_one_after_the_other(service: GraphQLService, world: World) -> None:
    """Of several mutations in one request, those before and after a refused one take effect."""
    parts = {"a": world.tables["Setting"].id_at(0), "b": "9", "c": world.tables["Setting"].id_at(1)}
    rest = 'valueType: "STRING", value: "x", context: "R", contextId: 2'
    calls = [f'{name}: updateSetting(input: {{id: "{id_}", {rest}}}) {{ value }}' for name, id_ in parts.items()]
    answer = service.execute(f"mutation {{ {' '.join(calls)} }}")
    assert answer["data"] == {"a": {"value": "x"}, "b": None, "c": {"value": "x"}}
    assert [error["path"] for error in answer["errors"]] == [["b"]]
