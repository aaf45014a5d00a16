"""Columns compared with each other."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from fcwork.errors import ConfigError
from fcwork.validator import Validator

DAY = date(2026, 1, 31)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
INDIA = timezone(timedelta(hours=5, minutes=30))


def broken(left: list[Any], op: str, right: list[Any], **more: Any) -> list[int]:
    """Return the rows whose ``a`` is not as ``op`` says to their ``b``."""
    rules = {"compare": [{"left": "a", "op": op, "right": "b", **more}]}
    result = Validator(rules).check(pl.DataFrame({"a": left, "b": right}))
    return sorted(set(result.issues["row"]))


@pytest.mark.parametrize(
    ("op", "refused"),
    [("==", [1, 3]), ("!=", [2]), ("<", [2, 3]), ("<=", [3]), (">", [1, 2]), (">=", [1])],
)
def test_each_operator_holds(op: str, refused: list[int]) -> None:
    """Equal, different, below, above, and both of the latter or equal; null on either side passes."""
    assert broken([1, 2, 3, None, 5], op, [2, 2, 2, 1, None]) == refused


@pytest.mark.parametrize(
    ("left", "right", "refused"),
    [
        ([9], [10], []),
        (["9"], [10], []),
        ([9.5], ["10"], []),
        (["9"], ["10"], [1]),
        ([Decimal("9.5")], [10], []),
        (["abc", ""], [10, 10], [1, 2]),
        ([float("inf")], [float("inf")], [1]),
        ([DAY], [NOON], []),
        ([NOON], [DAY], [1]),
        (["2026-01-31"], [NOON], []),
        (["2026-01-31T12:00:00.001Z"], [NOON], [1]),
        (["2026-01-31T17:30+05:30"], [NOON], []),
        (["2026-01-31T17:29:59.5+0530", "2026-01-31T06:00:01-06:00"], [NOON, NOON], [2]),
        ([NOON.astimezone(INDIA)], [NOON], []),
        (["2026-02-30"], [NOON], [1]),
        (["soon"], [DAY], [1]),
        ([True], [True], []),
        ([[1]], [[1]], [1]),
        ([timedelta(1)], [timedelta(2)], [1]),
        (["a"], ["b"], []),
    ],
)
def test_the_columns_types_say_as_what(left: list[Any], right: list[Any], refused: list[int]) -> None:
    """P27: a number or a date on one side asks for one on both, text is text, and what cannot be compared fails."""
    assert broken(left, "<=", right) == refused


def test_a_types_rule_or_the_entry_says_as_what_text_is_compared() -> None:
    """Text is compared as what a types rule of either field says, or as the entry says, whichever the columns hold."""
    rows = pl.DataFrame({"a": ["9", "10", "x"], "b": ["10", "9", "9"]})
    rule = {"left": "a", "op": "<=", "right": "b"}
    for rules in ({"types": {"b": "integer"}}, {"types": {"a": "decimal"}, "severity": {"types": "warning"}}):
        issues = Validator({**rules, "compare": [rule]}).check(rows).issues
        assert issues.filter(pl.col("code") == "check.compare")["row"].to_list() == [2, 3]
    assert broken(["9", "10"], "<=", ["10", "9"], **{"as": "number"}) == [2]
    assert broken([9, 10], "<=", [10, 9], **{"as": "text"}) == [1]
    assert broken(["2026-01-31T23:00:00-05:00"], "<=", ["2026-02-01T00:00:00Z"], **{"as": "instant"}) == [1]


def test_a_comparison_is_told_with_both_values() -> None:
    """P32: the message names both fields and values; the issue's field names both columns."""
    rules = {"compare": {"left": "a", "op": "<", "right": "b"}}
    issues = Validator(rules).check([{"a": 5, "b": "3"}, {"a": 5, "b": "x"}]).issues
    assert [(issue["field"], issue["code"], issue["value"], issue["message"]) for issue in issues] == [
        ("a, b", "check.compare", "5", 'a is 5, but must be below b, which is "3"'),
        ("a, b", "check.compare", "5", 'a is 5, which cannot be compared with b, which is "x"'),
    ]


def test_fields_within_structs_and_items_are_compared(findings: Callable[..., set[Any]]) -> None:
    """Both fields may lie within a struct, or in the items of the same list."""
    rows = [{"to": {"a": 1, "b": 2}, "items": [{"a": 1, "b": 2}, {"a": 3, "b": 2}]}, {"to": None, "items": []}]
    assert findings({"compare": [{"left": "to.a", "op": ">", "right": "to.b"}]}, rows) == {
        (1, "to.a, to.b", "check.compare")
    }
    rules = {"compare": [{"left": "items[].a", "op": "<=", "right": "items[].b"}]}
    result = Validator(rules).check(rows)
    assert [issue["message"] for issue in result.issues] == [
        "items[1].a is 3, but must be at most items[1].b, which is 2"
    ]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"left": "a", "op": "<", "right": "nope"}, "compare: the frame has no column nope"),
        ({"left": "items[].a", "op": "<", "right": "a"}, "items.*and a are not in the same list"),
        ({"left": "items[].a", "op": "<", "right": "parts[].a"}, "are not in the same list"),
    ],
)
def test_what_cannot_be_compared_stops_the_check(rule: dict[str, str], told: str) -> None:
    """P23: a comparison of what the frame has not, or of different lists, is a ConfigError, never a pass."""
    with pytest.raises(ConfigError, match=told):
        Validator({"compare": [rule]}).check([{"a": 1, "items": [{"a": 1}], "parts": [{"a": 1}]}])


def test_a_missing_or_mistyped_side_is_not_told_of_twice(findings: Callable[..., set[Any]]) -> None:
    """What required or types refused is not compared as well."""
    rules = {"required": ["a"], "types": {"b": "integer"}, "compare": [{"left": "a", "op": "<", "right": "b"}]}
    rows = [{"a": "", "b": "5"}, {"a": "1", "b": "x"}]
    assert findings(rules, rows) == {(1, "a", "check.required"), (2, "b", "check.type")}
