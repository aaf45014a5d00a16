"""Source paths: columns by their names, and paths into objects and lists."""

from typing import Any

import polars as pl
import pytest

from fcwork.errors import MappingError
from fcwork.mapper import Mapper

ROW: dict[str, Any] = {
    "sku": "A",
    "stock level": 5,
    "a.b": "flat",
    "Price [EUR]": 9.5,
    "items[9]": "named so",
    "o": {"@id": "7", "#text": "t", "deep": {"x": 1}, "d.e": "dotted"},
    "items": [{"sku": "I0", "n": [1, 2]}, {"sku": "I1", "n": [3]}],
    "m": [[1, 2], [3]],
    "none": None,
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("sku", "A"),
        ("stock level", 5),
        ("a.b", "flat"),
        ("Price [EUR]", 9.5),
        ("items[9]", "named so"),
        ("o.@id", "7"),
        ("o.#text", "t"),
        ("o.deep.x", 1),
        ("items[0].sku", "I0"),
        ("items.1.sku", "I1"),
        ("items[-1].sku", "I1"),
        ("items[1].n[0]", 3),
        ("items[0].n", [1, 2]),
        ("m[0][1]", 2),
        ("items[5].sku", None),
        ("none", None),
        ("none.x.y[0]", None),
    ],
)
@pytest.mark.parametrize("kind", ["record", "frame"])
def test_a_path_names_one_value(source: str, value: Any, kind: str) -> None:
    """An exact column name wins, else the path is walked; an index past the end and a path into null give nothing."""
    mapper = Mapper({"fields": {"x": {"source": source}}})
    if kind == "record":
        assert mapper.map(ROW).get("x") == value
    else:
        assert mapper.apply(pl.DataFrame([ROW, ROW])).frame["x"].to_list() == [value, value]


@pytest.mark.parametrize(
    "source", ["skuu", "sku.x", "sku.0", "o.missing", "o.deep.x.y", "items.skuu", "items[a]", "o.d", "items[0]["]
)
def test_a_path_to_nowhere_is_a_missing_column(source: str) -> None:
    """A path that no column answers to stops a mapping that requires it, and is a warning of one that does not."""
    with pytest.raises(MappingError, match="the rows have no column"):
        Mapper({"fields": {"x": {"source": source, "required": True}}}).apply([ROW])
    (warning,) = Mapper({"fields": {"x": {"source": source}}}).apply([ROW]).issues
    assert warning["code"] == "map.missing_column"


def test_a_path_into_an_array_column() -> None:
    """Arrays of a fixed length are indexed like lists."""
    rows = pl.DataFrame({"a": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2))})
    assert Mapper({"fields": {"x": {"source": "a[1]"}}}).apply(rows).frame["x"].to_list() == [2, 4]


def test_an_object_that_is_null_in_some_rows_is_missing_there() -> None:
    """A required path into an object rejects the rows where the object is null."""
    rows = [{"c": {"email": "e"}}, {"c": None}, {"c": {"email": None}}]
    result = Mapper({"fields": {"x": {"source": "c.email", "required": True}}}).apply(rows)
    assert [row["_row"] for row in result.rejected] == [2, 3]


def test_a_column_without_any_value_rejects_rows_and_not_the_frame() -> None:
    """A path into a column that is null throughout is a fault of its rows: the column is there."""
    result = Mapper({"fields": {"x": {"source": "c.email", "required": True}}}).apply([{"c": None}, {"c": None}])
    assert [issue["code"] for issue in result.issues] == ["map.required"] * 2


def test_the_row_number_can_be_mapped() -> None:
    """Identity columns are sources like others."""
    mapped = Mapper({"fields": {"line": {"source": "_row"}}}).apply(pl.DataFrame({"a": ["x", "y"]})).frame
    assert mapped["line"].to_list() == [1, 2]
