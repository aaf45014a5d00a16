"""Nodes as frames."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type

from fcwork import schema
from fcwork.client import FluentClient, Page
from fcwork.client.columns import MONEY, columns
from fcwork.client.flatten import Flattener, by_values
from fcwork.errors import BadRequestError

QUERY = (
    "{ items { edges { node { id price customer { ref address { city } } tags lines { edges { node { no } } } } } } }"
)


def flatten(nodes: list[Any], asked: str = "v") -> pl.DataFrame:
    """Return nodes of a type that the schema does not know as a frame."""
    return Flattener(columns(f"{{ things {{ edges {{ node {{ {asked} }} }} }} }}", ("things",))).frame(nodes)


def nodes_answer(nodes: list[Any]) -> Any:
    """Return the answer of one page with these nodes."""
    edges = [{"cursor": f"c{at}", "node": node} for at, node in enumerate(nodes)]
    return 200, {"data": {"items": {"edges": edges, "pageInfo": {"hasNextPage": False}}}}


def test_nested_objects_become_columns(platform: Any, client: FluentClient) -> None:
    """Objects are flattened to a.b columns in the query's order, lists stay, a connection is the list of its nodes."""
    lines = {"edges": [{"node": {"no": 1}}, {"node": {"no": 2}}], "pageInfo": {"hasNextPage": False}}
    first = {"id": "1", "price": 1, "customer": None, "tags": [], "lines": None}
    second = {
        "id": "2",
        "price": 2.5,
        "customer": {"ref": "C", "address": {"city": "Oslo"}},
        "tags": ["a"],
        "lines": lines,
    }
    platform.on("/graphql", nodes_answer([first, second]))
    items = client.frame(QUERY)
    assert items.schema == {
        "id": pl.String,
        "price": pl.Float64,
        "customer.ref": pl.String,
        "customer.address.city": pl.String,
        "tags": pl.List(pl.String),
        "lines": pl.List(pl.Struct({"no": pl.Int64})),
    }
    assert items.rows() == [("1", 1.0, None, None, [], None), ("2", 2.5, "C", "Oslo", ["a"], [{"no": 1}, {"no": 2}])]


def test_no_nodes_have_columns_all_the_same(platform: Any, client: FluentClient) -> None:
    """An empty answer has the columns that the query asks for."""
    platform.on("/graphql", nodes_answer([]))
    items = client.frame(QUERY)
    assert items.columns == ["id", "price", "customer.ref", "customer.address.city", "tags", "lines"]
    assert items.height == 0


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([None, 1, 2], pl.Int64, [None, 1, 2]),
        ([1, None, 2.5], pl.Float64, [1.0, None, 2.5]),
        ([None, None], pl.String, [None, None]),
        ([True, None], pl.Boolean, [True, None]),
        ([1, "x"], pl.String, ["1", "x"]),
        ([True, 1], pl.String, ["true", "1"]),
        ([{"k": 1}, "x"], pl.String, ['{"k": 1}', "x"]),
        ([[1], "x"], pl.String, ["[1]", "x"]),
        ([2**60, 0.5], pl.String, [str(2**60), "0.5"]),
        ([2**70, 1], pl.Int128, [2**70, 1]),
        ([[1], [2.5], None], pl.List(pl.Float64), [[1.0], [2.5], None]),
        ([[1], ["x"], []], pl.List(pl.String), [["1"], ["x"], []]),
        ([[], None], pl.List(pl.String), [[], None]),
        ([[[1]], [[]]], pl.List(pl.List(pl.Int64)), [[[1]], [[]]]),
        (["é\u2028", ""], pl.String, ["é\u2028", ""]),
    ],
)
def test_one_type_a_column(values: list[Any], dtype: Any, expected: list[Any]) -> None:
    """A column has a type that holds all its values, whatever the first is; what shares none becomes text."""
    column = flatten([{"v": value} for value in values])["v"]
    assert column.dtype == dtype
    assert column.to_list() == expected


def test_mixed_values_inside_lists_become_text() -> None:
    """Attributes whose values are texts and numbers keep every value."""
    attributes = [
        [{"name": "a", "value": 1}],
        [{"name": "b", "value": "x"}, {"name": "c"}],
        [{"name": "d", "value": {"k": []}}],
    ]
    column = flatten([{"attributes": value} for value in attributes], "attributes { name value }")
    assert column.columns == ["attributes"]
    assert column["attributes"].to_list() == [
        [{"name": "a", "value": "1"}],
        [{"name": "b", "value": "x"}, {"name": "c", "value": None}],
        [{"name": "d", "value": '{"k": []}'}],
    ]


def test_free_form_objects_are_flattened_by_what_they_hold() -> None:
    """A field of free form that holds objects becomes a column for each name in them."""
    settings = flatten([{"value": {"a": 1}}, {"value": None}, {"value": {"b": {"c": "x"}}}, {"value": {}}], "value")
    assert settings.to_dict(as_series=False) == {"value.a": [1, None, None, None], "value.b.c": [None, None, "x", None]}


def test_names_with_dots_stay_in_their_object() -> None:
    """A free-form object with a dot in a name is one column, as its fields might go by the name of another."""
    rows = by_values([{"more": {"a.b": 1, "a": {"b": 2}}}]).frame([{"more": {"a.b": 1, "a": {"b": 2}}}])
    assert rows["more"].to_list() == [{"a.b": 1, "a": {"b": 2}}]


def test_missing_fields_are_nulls() -> None:
    """A node without a field has a null there."""
    assert flatten([{}, {"a": {"b": 1}}, {"a": {}}], "a { b }")["a.b"].to_list() == [None, 1, None]


def test_engines(platform: Any, client: FluentClient) -> None:
    """The frame is of the library that is asked for."""
    platform.on("/graphql", nodes_answer([{"id": "1", "price": 2}]))
    assert isinstance(client.frame(QUERY), pl.DataFrame)
    assert isinstance(client.frame(QUERY, engine="pandas"), pd.DataFrame)
    assert isinstance(client.frame(QUERY, engine="pyarrow"), pa.Table)
    with pytest.raises(BadRequestError, match="engine"):
        client.frame(QUERY, engine="dask")  # type: ignore[arg-type] # the wrong value is the case


ORDERS = """
{ orders { edges { node {
    id status total: totalPrice createdOn attributes { name value }
    items { edges { node { ref quantity price product { ref ... on StandardProduct { gtin } } createdOn } } }
    customer { promotionOptIn } billingAddress { latitude } kind: __typename
} } } }
"""
ITEM = pl.Struct(
    {
        "ref": pl.String,
        "quantity": pl.Int64,
        "price": pl.String,
        "product": pl.Struct({"ref": pl.String, "gtin": pl.String}),
        "createdOn": pl.Datetime("ms", "UTC"),
    }
)


def of_orders(asked: str = "") -> Flattener:
    """Return what makes frames of orders."""
    query = f"{{ orders {{ edges {{ node {{ {asked} }} }} }} }}" if asked else ORDERS
    return Flattener(columns(query, ("orders",)))


def at(text: str) -> datetime:
    """Return an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_types_are_the_schemas() -> None:
    """Columns have the types of the platform's schema, without a row as with one, nested and by alias."""
    orders = of_orders()
    assert orders.unknown == ()
    assert orders.schema == {
        "id": pl.String,
        "status": pl.String,
        "total": pl.String,
        "createdOn": pl.Datetime("ms", "UTC"),
        "attributes": pl.List(pl.Struct({"name": pl.String, "value": pl.String})),
        "items": pl.List(ITEM),
        "customer.promotionOptIn": pl.Boolean,
        "billingAddress.latitude": pl.Float64,
        "kind": pl.String,
    }


@pytest.mark.parametrize(
    "node",
    [
        {},
        {"id": None, "items": None, "customer": None},
        {"items": {"edges": []}, "attributes": []},
        {"items": {"edges": [{"node": {"price": 1, "product": None}}, {"node": None}, None]}, "attributes": [None]},
        {"id": "1", "total": 5, "createdOn": "2026-01-10T00:00:00.000Z", "attributes": [{"name": "a", "value": {}}]},
        {"billingAddress": {"latitude": 1}, "customer": {"promotionOptIn": True}, "kind": "Order"},
    ],
)
def test_every_page_has_the_same_types(node: dict[str, Any]) -> None:
    """Frames of a query have the same schema page after page, whatever a page holds."""
    orders = of_orders()
    assert orders.frame([node, {}]).schema == orders.schema


def test_values_are_kept() -> None:
    """Typed columns hold what the platform wrote: nested values, nulls and empty lists included."""
    item = {"ref": "1", "quantity": 2, "price": 9.95, "product": {"ref": "P", "gtin": "G"}, "createdOn": "2026-01-10"}
    node = {
        "id": "7",
        "total": 19.9,
        "createdOn": "2026-01-10T10:00:00.123Z",
        "attributes": [{"name": "GIFT", "value": True}, {"name": "N", "value": "x"}],
        "items": {"edges": [{"node": item}, {"node": None}]},
    }
    first, second = of_orders().frame([node, {"items": {"edges": []}, "attributes": None}]).to_dicts()
    assert (first["id"], first["total"]) == ("7", "19.9")
    assert first["createdOn"] == datetime(2026, 1, 10, 10, 0, 0, 123_000, UTC)
    assert first["attributes"] == [{"name": "GIFT", "value": "true"}, {"name": "N", "value": "x"}]
    assert first["items"] == [{**item, "price": "9.95", "createdOn": at("2026-01-10")}, None]
    assert (second["items"], second["attributes"]) == ([], None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-10T08:30:00.000Z",
        "2026-01-10T08:30:00Z",
        "2026-01-10T08:30Z",
        "2026-01-10T08:30:00.000+0000",
        "2026-01-10T08:30:00+00",
        "2026-01-10T14:00:00.0000+05:30",
        "2026-01-10T08:30:00",
        "2026-01-10T08:30",
        "2026-01-10 08:30:00Z",
        "2026-01-10 08:30:00.000",
        "20260110T083000Z",
    ],
)
def test_instants_in_any_form_of_iso_8601(text: str) -> None:
    """Dates are read in whichever form of ISO 8601 they come, several in one column, without an offset as UTC."""
    times = of_orders("createdOn").frame([{"createdOn": text}, {}, {"createdOn": "2026-01-11"}])["createdOn"]
    assert times.to_list() == [at("2026-01-10T08:30"), None, at("2026-01-11")]


@pytest.mark.parametrize(
    ("asked", "values", "dtype", "expected"),
    [
        ("createdOn", ["2026-01-10T00:00:00Z", "soon", None], pl.String, ["2026-01-10T00:00:00Z", "soon", None]),
        ("createdOn", ["2026-02-30T00:00:00Z"], pl.String, ["2026-02-30T00:00:00Z"]),
        ("createdOn", [1_768_000_000_000], pl.Int64, [1_768_000_000_000]),
        ("workflowVersion", [1, 2.5], pl.Float64, [1.0, 2.5]),
        ("workflowVersion", [1, "two"], pl.String, ["1", "two"]),
        ("workflowVersion", [True], pl.Boolean, [True]),
        ("attributes { name }", [{"name": "a"}], pl.Struct({"name": pl.String}), [{"name": "a"}]),
        ("items { edges { node { ref } } }", ["x"], pl.String, ["x"]),
        ("customer { ref }", ["x"], pl.String, ["x"]),
    ],
)
def test_values_of_another_type_are_kept(
    capsys: pytest.CaptureFixture[str], asked: str, values: list[Any], dtype: Any, expected: list[Any]
) -> None:
    """Values that are not of the schema's type keep their column as they are, never as nulls; that is logged."""
    name = asked.split(maxsplit=1)[0]
    orders = of_orders(asked)
    column = orders.frame([{name: value} for value in values])[name]
    assert (column.dtype, column.to_list()) == (dtype, expected)
    orders.frame([{name: value} for value in values])
    assert capsys.readouterr().err.count("frame.unfitting") == 1


def test_wide_numbers_are_kept() -> None:
    """A whole number that needs more than 64 bits widens its column."""
    versions = of_orders("workflowVersion").frame([{"workflowVersion": 2**63}, {"workflowVersion": None}])
    assert versions["workflowVersion"].to_list() == [2**63, None]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10, "10"),
        (10.0, "10.0"),
        (9.95, "9.95"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"),
        (-0.000012, "-0.000012"),
        (2**60, str(2**60)),
        ("1.10", "1.10"),
        (None, None),
    ],
)
def test_money_is_text(value: Any, text: str | None) -> None:
    """Money is the number as the platform wrote it, never with an exponent."""
    assert of_orders("totalPrice").frame([{"totalPrice": value}]).item() == text


def test_money_is_told_from_other_numbers() -> None:
    """Every Float of the schema is money or a measure, and a new one has to be told which."""
    floats = {
        (kind.name, name)
        for kind in schema.platform().type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name == "Float"
    }
    assert floats >= MONEY
    assert {name for _, name in floats - MONEY} == {"latitude", "longitude", "height", "length", "weight", "width"}


def test_free_form_is_text() -> None:
    """A Json field is text: texts as they are, anything else as JSON."""
    settings = Flattener(columns("{ settings { edges { node { lobValue } } } }", ("settings",)))
    held = settings.frame([{"lobValue": value} for value in ({"a": [1]}, "x", 1, None)])["lobValue"]
    assert held.to_list() == ['{"a": [1]}', "x", "1", None]


def test_unknown_fields_are_told() -> None:
    """Fields that the schema does not know have the type of their values, and the flattener names them."""
    orders = of_orders("id loyalty customer { tier ref } items { edges { node { id gift } } }")
    assert orders.unknown == ("loyalty", "customer.tier", "items")
    node = {"loyalty": 3, "customer": {"tier": {"level": 2}}, "items": {"edges": [{"node": {"gift": True}}]}}
    assert orders.frame([node]).schema == {
        "id": pl.String,
        "loyalty": pl.Int64,
        "customer.tier.level": pl.Int64,
        "customer.ref": pl.String,
        "items": pl.List(pl.Struct({"id": pl.String, "gift": pl.Boolean})),
    }


def test_types_through_fragments() -> None:
    """Fields of fragments have the type of what they are on; one that differs between types goes by its values."""
    query = """
    { products: standardProducts { edges { node { ...Known tax { x: country } ... on Whatever { more } } } } }
    fragment Known on StandardProduct { createdOn same: workflowVersion catalogue { createdOn } ... { same: ref } }
    """
    products = Flattener(columns(query, ("products",)))
    assert products.schema == {
        "createdOn": pl.Datetime("ms", "UTC"),
        "same": pl.String,
        "catalogue.createdOn": pl.Datetime("ms", "UTC"),
        "tax.x": pl.String,
        "more": pl.String,
    }
    assert products.unknown == ("same", "more")


def test_columns_through_a_single_object() -> None:
    """A connection below a single object has its types too."""
    query = "query Q($ref: String!) { controlGroup(ref: $ref) { controls { edges { node { values { value } } } } } }"
    controls = Flattener(columns(query, ("controlGroup", "controls")))
    assert controls.schema == {"values": pl.List(pl.Struct({"value": pl.String}))}


def test_nodes_of_no_query() -> None:
    """Nodes of which nothing is known have the columns that they hold."""
    assert by_values([{"a": 1}, {"b": "x"}]).frame([{"a": 1}, {"b": "x"}]).rows() == [(1, None), (None, "x")]
    assert Page(1, [{"a": 1}]).frame.rows() == [(1,)]
