"""Nodes as frames."""

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork.client import FluentClient
from fcwork.client.flatten import flatten
from fcwork.errors import BadRequestError

QUERY = (
    "{ items { edges { node { id price customer { ref address { city } } tags lines { edges { node { no } } } } } } }"
)


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
    column = flatten([{"v": value} for value in values], [("v",)])["v"]
    assert column.dtype == dtype
    assert column.to_list() == expected


def test_mixed_values_inside_lists_become_text() -> None:
    """Attributes whose values are texts and numbers keep every value."""
    attributes = [
        [{"name": "a", "value": 1}],
        [{"name": "b", "value": "x"}, {"name": "c"}],
        [{"name": "d", "value": {"k": []}}],
    ]
    column = flatten([{"attributes": value} for value in attributes], [("attributes", "name"), ("attributes", "value")])
    assert column.columns == ["attributes"]
    assert column["attributes"].to_list() == [
        [{"name": "a", "value": "1"}],
        [{"name": "b", "value": "x"}, {"name": "c", "value": None}],
        [{"name": "d", "value": '{"k": []}'}],
    ]


def test_free_form_objects_are_flattened_by_what_they_hold() -> None:
    """A field of free form that holds objects becomes a column for each name in them."""
    settings = flatten(
        [{"value": {"a": 1}}, {"value": None}, {"value": {"b": {"c": "x"}}}, {"value": {}}], [("value",)]
    )
    assert settings.to_dict(as_series=False) == {"value.a": [1, None, None, None], "value.b.c": [None, None, "x", None]}


def test_missing_fields_are_nulls() -> None:
    """A node without a field has a null there."""
    assert flatten([{}, {"a": {"b": 1}}, {"a": {}}], [("a", "b")])["a.b"].to_list() == [None, 1, None]


def test_engines(platform: Any, client: FluentClient) -> None:
    """The frame is of the library that is asked for."""
    platform.on("/graphql", nodes_answer([{"id": "1", "price": 2}]))
    assert isinstance(client.frame(QUERY), pl.DataFrame)
    assert isinstance(client.frame(QUERY, engine="pandas"), pd.DataFrame)
    assert isinstance(client.frame(QUERY, engine="pyarrow"), pa.Table)
    with pytest.raises(BadRequestError, match="engine"):
        client.frame(QUERY, engine="dask")  # type: ignore[arg-type] # the wrong value is the case
