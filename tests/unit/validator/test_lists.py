"""Rules on the items of lists."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.validator import Validator

ORDERS = [
    {"ref": "O-1", "items": [{"sku": "A", "qty": 1, "tags": ["x"]}, {"sku": None, "qty": 0, "tags": ["y", ""]}]},
    {"ref": "O-2", "items": []},
    {"ref": "O-3", "items": None},
    {"ref": "O-4", "items": [{"sku": "bb", "qty": 5, "tags": None}, None]},
]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"required": ["items[].sku"]}, {(1, "items[1].sku is missing"), (4, "items[1].sku is missing")}),
        ({"types": {"items[].sku": "integer"}}, {(1, 'items[0].sku is "A"'), (4, 'items[0].sku is "bb"')}),
        ({"length": {"items[].sku": {"max": 1}}}, {(4, 'items[0].sku is "bb"')}),
        ({"pattern": {"items[].sku": "^[A-Z]$"}}, {(4, 'items[0].sku is "bb"')}),
        ({"range": {"items[].qty": {"min": 1}}}, {(1, "items[1].qty is 0")}),
        ({"one_of": {"items[].sku": ["A"]}}, {(4, 'items[0].sku is "bb"')}),
        ({"reference": {"items[].sku": pl.DataFrame({"sku": ["bb"], "n": [1]})}}, {(1, 'items[0].sku is "A"')}),
        ({"pattern": {"items[].tags[]": "."}}, {(1, 'items[1].tags[1] is ""')}),
        ({"required": ["items[].tags"]}, {(4, "items[0].tags is missing"), (4, "items[1].tags is missing")}),
        ({"required": ["items[]"]}, {(4, "items[1] is missing")}),
        ({"required": ["items"]}, {(3, "items is missing")}),
    ],
)
@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "records"])
def test_each_item_is_judged_by_itself(rules: dict[str, Any], expected: set[Any], kind: frames.Kind) -> None:
    """P23: a rule on items is judged item by item in every kind of frame, and the message says which item it is."""
    result = Validator(rules).check(frames.leave(frames.enter(ORDERS), kind))
    issues = frames.enter(result.issues)
    found = {(row, message.partition(",")[0]) for row, message in issues.select("row", "message").iter_rows()}
    assert found == expected
    (field,) = set(issues["field"])
    assert "[0]" not in field
    assert result.rejected_count == len({row for row, _ in expected})


def test_a_row_is_rejected_once_with_the_messages_of_all_its_items() -> None:
    """P26: a row with several faulty items is one rejected row that carries each message."""
    result = Validator({"types": {"items[].sku": "integer"}}).check(
        [{"ref": "A", "items": [{"sku": "a"}, {"sku": "5"}, {"sku": "b"}]}, {"ref": "B", "items": [{"sku": "1"}]}]
    )
    assert result.rejected == [
        {
            "ref": "A",
            "items": [{"sku": "a"}, {"sku": "5"}, {"sku": "b"}],
            "_row": 1,
            "_source": "",
            "_errors": 'items[0].sku is "a", not a whole number; items[2].sku is "b", not a whole number',
        }
    ]
    assert [(issue["key"], issue["value"]) for issue in result.issues] == [("A", "a"), ("A", "b")]


def test_lists_of_lists_and_arrays_are_gone_into() -> None:
    """A list in a list has two places, and an array is a list."""
    rows = pl.DataFrame({"m": [[[1, 2], [3]], [[9]]], "a": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2))})
    result = Validator({"range": {"m[][]": {"max": 2}, "a[]": {"max": 3}}}).check(rows)
    assert result.issues["message"].str.extract(r"^(\S+) ").to_list() == ["m[1][0]", "m[0][0]", "a[1]"]


@pytest.mark.parametrize(
    "column",
    [
        pl.DataFrame({"items": pl.Series([None, None], dtype=pl.List(pl.Struct({"sku": pl.String})))}),
        pl.DataFrame({"items": [None, None]}),
        pl.DataFrame({"items": [[], []]}),
        pd.DataFrame({"items": [None, None]}),
        pd.DataFrame({"items": [[], None]}),
        pa.table({"items": pa.array([None, None], pa.list_(pa.struct([("sku", pa.string())])))}),
        [{"items": None}, {"items": []}],
    ],
    ids=["typed", "untyped", "empty", "pandas", "pandas, empty", "pyarrow", "records"],
)
def test_no_items_break_no_rule(column: Any, findings: Callable[..., set[Any]]) -> None:
    """P23: a list without items, or none at all, breaks no rule on items, whatever type the column has."""
    assert findings({"required": ["items[].sku"], "types": {"items[].sku": "integer"}}, column) == set()


def test_within_nothing_there_is_nothing(findings: Callable[..., set[Any]]) -> None:
    """P23: a field within a column of nulls is null, whatever type the column has."""
    rules = {"required": ["to.city"], "length": {"to.city": {"max": 5}}}
    expected = {(1, "to.city", "check.required")}
    assert findings(rules, pl.DataFrame({"to": pl.Series([None], dtype=pl.Struct({"city": pl.String}))})) == expected
    assert findings(rules, pd.DataFrame({"to": [None]})) == expected


@pytest.mark.parametrize("rule", [{"required": ["x[].y"]}, {"length": {"x[].y": {"max": 1}}}, {"required": ["x.y"]}])
def test_what_is_no_list_or_object_rejects_its_row(rule: dict[str, Any]) -> None:
    """P23: a value that a path leads into and that is no list or object is an error of its row, told of once."""
    shape = "an object" if "x.y" in str(rule) else "a list"
    for value, shown in (("text", '"text"'), (5, "5"), ([1] if shape == "an object" else {"y": 1}, "")):
        result = Validator({**rule, "severity": {"length": "warning"}}).check([{"x": value}])
        (issue,) = result.issues
        assert (issue["row"], issue["field"], issue["code"], result.ok) == (1, "x", "check.type", False)
        assert f"x is {shown}" in issue["message"]
        assert f"not {shape}: the column holds" in issue["message"]


def test_values_of_items_that_share_no_type_are_judged_as_text(findings: Callable[..., set[Any]]) -> None:
    """P27: one value of another type makes text of its field in all items, which passes where it reads as the type."""
    rows = [{"x": [{"y": 1}]}, {"x": [{"y": "a"}]}, {"x": None}]
    assert findings({"types": {"x[].y": "integer"}}, rows) == {(2, "x[].y", "check.type")}


def test_a_field_that_no_item_has_is_told_with_the_nearest() -> None:
    """P32: a path to a field that the items lack is warned of, or rejects their rows, with the nearest name."""
    result = Validator({"length": {"items[].skv": {"max": 1}}}).check(ORDERS)
    assert result.issues[0]["message"].startswith("the frame has no column items[].skv, did you mean 'sku'?")
    result = Validator({"required": ["items[].skv"]}).check(ORDERS)
    assert (result.rejected_count, result.counts) == (2, {"check.required": 4})


@pytest.mark.parametrize("rules", [{"unique": ["items[].sku"]}, {"custom": [pl.col("items[].sku").is_not_null()]}])
def test_rules_on_rows_take_no_items(rules: dict[str, Any]) -> None:
    """P23: a key or a check of one's own is about rows, and items in it are a ConfigError."""
    with pytest.raises(ConfigError, match=r"items\[\]\.sku is in the items of a list, which are no rows"):
        Validator(rules).check(ORDERS)


def test_a_column_of_that_very_name_comes_first(findings: Callable[..., set[Any]]) -> None:
    """A column whose own name has dots or brackets in it is meant before any path."""
    rows = pl.DataFrame({"a[].b": ["x"], "c.d": [[{"e": None}]]})
    assert findings({"types": {"a[].b": "integer"}, "required": ["c.d[].e"]}, rows) == {
        (1, "a[].b", "check.type"),
        (1, "c.d[].e", "check.required"),
    }
