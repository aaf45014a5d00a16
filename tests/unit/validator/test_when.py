"""Rules for the rows that match a condition."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from fcwork.errors import ConfigError
from fcwork.validator import Validator

EXPECTED = {"if": {"type": {"one_of": ["EXPECTED"]}}, "then": {"required": ["expectedOn"]}}


def test_a_rule_holds_for_the_rows_that_match(findings: Callable[..., set[Any]]) -> None:
    """The rows that match a condition must keep its rules, the others need not; null matches nothing."""
    rows = [
        {"type": "EXPECTED", "expectedOn": None},
        {"type": "LAST_ON_HAND", "expectedOn": None},
        {"type": None, "expectedOn": ""},
        {"type": "EXPECTED", "expectedOn": "2026-01-31"},
    ]
    assert findings({"when": [EXPECTED]}, rows) == {(1, "expectedOn", "check.required")}


@pytest.mark.parametrize(
    ("asked", "matching"),
    [
        ({"qty": {"range": {"min": 5}}}, [2, 3]),
        ({"qty": {"range": {"min": 5}}, "ref": {"pattern": "^A"}}, [3]),
        ({"ref": {"pattern": "^A", "length": {"max": 1}}}, [1]),
        ({"ref": {"required": True}}, [1, 2, 3]),
        ({"ref": {"required": False}}, [4, 5]),
        ({"qty": {"types": "integer"}}, [1, 2, 3, 5]),
        ({"ref": {"types": {"enum": ["A"]}}}, [1]),
        ({"ref": {"reference": ["B", "A-1"]}}, [2, 3]),
        ({"nope": {"required": False}}, [1, 2, 3, 4, 5]),
        ({"nope": {"one_of": ["x"]}}, []),
        ({"to.city": {"one_of": ["Rome"]}}, [2]),
    ],
)
def test_a_condition_asks_by_the_rules_of_fields(asked: dict[str, Any], matching: list[int]) -> None:
    """A row matches where each field holds a value that keeps each rule, or holds nothing where that is asked."""
    rows = pl.DataFrame(
        {
            "ref": ["A", "B", "A-1", " ", None],
            "qty": [1, 5, 9, None, 2],
            "to": [None, {"city": "Rome"}, {"city": None}, {"city": ""}, None],
            "x": [None] * 5,
        }
    )
    issues = Validator({"when": [{"if": asked, "then": {"required": ["x"]}}]}).check(rows).issues
    assert issues.filter(pl.col("code") == "check.required")["row"].to_list() == matching


def test_all_rules_of_fields_and_comparisons_may_follow(findings: Callable[..., set[Any]]) -> None:
    """What follows may be any rule on a field, and comparisons."""
    then = {
        "types": {"a": "integer"},
        "length": {"b": {"max": 1}},
        "pattern": {"b": "^b"},
        "range": {"c": {"max": 5}},
        "one_of": {"c": [1]},
        "reference": {"b": ["b"]},
        "compare": [{"left": "c", "op": "==", "right": "d"}],
    }
    rows = [{"k": k, "a": "x", "b": "xx", "c": 9, "d": 8} for k in ("yes", "no")]
    found = findings({"when": [{"if": {"k": {"one_of": ["yes"]}}, "then": then}]}, rows)
    assert found == {
        (1, "a", "check.type"),
        (1, "b", "check.length"),
        (1, "b", "check.pattern"),
        (1, "b", "check.reference"),
        (1, "c", "check.range"),
        (1, "c", "check.one_of"),
        (1, "c, d", "check.compare"),
    }


def test_items_are_judged_by_conditions_of_their_own_or_of_their_row(findings: Callable[..., set[Any]]) -> None:
    """A condition on a row holds for its items, one on an item for that item alone."""
    rows = [
        {"kind": "A", "items": [{"type": "GIFT", "note": None}, {"type": "X", "note": None}]},
        {"kind": "B", "items": [{"type": "GIFT", "note": "n"}]},
    ]
    by_item = {"if": {"items[].type": {"one_of": ["GIFT"]}}, "then": {"required": ["items[].note"]}}
    by_row = {"if": {"kind": {"one_of": ["B"]}}, "then": {"pattern": {"items[].note": "^N"}}}
    by_both = {"if": {"kind": {"one_of": ["A"]}, "items[].type": {"one_of": ["X"]}}, "then": by_item["then"]}
    assert findings({"when": [by_item, by_row]}, rows) == {
        (1, "items[].note", "check.required"),
        (2, "items[].note", "check.pattern"),
    }
    assert [i["message"] for i in Validator({"when": by_both}).check(rows).issues] == [
        "items[1].note is missing, but required"
    ]


def test_a_condition_on_items_says_nothing_of_their_row() -> None:
    """P23: a condition on the items of a list cannot be asked of a row, and is a ConfigError."""
    rule = {"if": {"items[].type": {"one_of": ["GIFT"]}}, "then": {"required": ["ref"]}}
    with pytest.raises(ConfigError, match="in a list that ref is not in"):
        Validator({"when": rule}).check([{"ref": "A", "items": [{"type": "GIFT"}]}])


def test_what_the_frame_lacks_is_missing_where_it_is_required() -> None:
    """A column that is required under a condition and that the frame lacks rejects the rows that match."""
    result = Validator({"when": [EXPECTED]}).check([{"type": "EXPECTED"}, {"type": "X"}])
    assert (result.rejected_count, result.counts) == (1, {"check.required": 1})
    assert "expectedOn is missing: the frame has no column expectedOn" in result.issues[0]["message"]


def test_a_condition_on_what_the_frame_lacks_is_warned_of() -> None:
    """P23: a condition on a column that the frame lacks matches no row, and the result says so."""
    result = Validator({"when": [EXPECTED]}).check([{"kind": "EXPECTED", "expectedOn": None}])
    assert [(issue["field"], issue["code"]) for issue in result.issues] == [("type", "check.missing_column")]


def test_a_rule_under_a_condition_has_a_weight_of_its_own() -> None:
    """A severity or threshold within a condition comes before that around it."""
    rows = [{"type": "EXPECTED", "expectedOn": None}, {"type": "EXPECTED", "expectedOn": "x"}]
    for weights, outer, ok in (
        ({"severity": {"required": "warning"}}, {}, True),
        ({"severity": {"required": "error"}}, {"severity": {"required": "warning"}}, False),
        ({}, {"severity": {"required.expectedOn": "warning"}}, True),
        ({"threshold": {"required": "50%"}}, {}, True),
        ({"threshold": {"required": 0}}, {"threshold": {"required": "100%"}}, False),
    ):
        rule = {**EXPECTED, "then": {**EXPECTED["then"], **weights}}
        assert Validator({"when": [rule], **outer}).check(rows).ok == ok


def test_a_value_refused_under_a_condition_is_told_of_once(findings: Callable[..., set[Any]]) -> None:
    """What is missing is told by required alone, also where only a condition requires it."""
    rows = [{"type": "EXPECTED", "expectedOn": ""}, {"type": "X", "expectedOn": ""}]
    rules = {"when": [EXPECTED], "length": {"expectedOn": {"min": 1}}}
    assert findings(rules, rows) == {(1, "expectedOn", "check.required"), (2, "expectedOn", "check.length")}
