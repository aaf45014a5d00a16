"""Severity and threshold: what a broken rule comes to."""

from typing import Any

import polars as pl
import pytest

from fcwork.validator import CheckResult, Validator

ROWS = pl.DataFrame({"ref": ["A", "b", "c", "D"], "sku": ["x", "Y", "Z", "Y"]})
PATTERNS = {"pattern": {"ref": "^[A-Z]$", "sku": "^[A-Z]$"}}


def weights(result: CheckResult) -> set[tuple[str, str]]:
    """Return the severity of the findings on each field."""
    return set(result.issues.select("field", "severity").iter_rows())


def test_severity_is_set_by_rule_or_by_rule_and_field() -> None:
    """The severity of a field's rule comes before that of the rule."""
    result = Validator({**PATTERNS, "severity": {"pattern": "warning", "pattern.ref": "error"}}).check(ROWS)
    assert weights(result) == {("ref", "error"), ("sku", "warning")}
    assert result.rejected["_row"].to_list() == [2, 3]


@pytest.mark.parametrize(
    ("threshold", "ok"),
    [("50%", True), ("49.9%", False), ("50 %", True), (2, True), (1, False), ("2", True), (0, False), ("100%", True)],
)
def test_up_to_a_threshold_findings_are_warnings(threshold: Any, ok: bool) -> None:  # noqa: FBT001 - a parameter
    """At or below its threshold a broken rule is a warning that rejects no row, above it an error on all of them."""
    result = Validator({"pattern": {"ref": "^[A-Z]$"}, "threshold": {"pattern": threshold}}).check(ROWS)
    assert (result.ok, result.rejected_count) == (ok, 0 if ok else 2)
    assert {severity for _, severity in weights(result)} == {"warning" if ok else "error"}
    assert result.counts == {"check.pattern": 2}


def test_each_rule_on_each_field_is_counted_by_itself() -> None:
    """A threshold by rule holds for each of its fields, one by field for that alone."""
    rules = {**PATTERNS, "threshold": {"pattern": "25%", "pattern.ref": "50%"}}
    result = Validator(rules).check(ROWS)
    assert weights(result) == {("ref", "warning"), ("sku", "warning")}
    result = Validator({**PATTERNS, "threshold": {"pattern": 1}}).check(ROWS)
    assert weights(result) == {("ref", "error"), ("sku", "warning")}


def test_the_summary_tells_what_was_let_through() -> None:
    """P28: what a threshold let through is named, with how often and the threshold."""
    result = Validator({"pattern": {"ref": "^[A-Z]$"}, "threshold": {"pattern.ref": "50%"}}).check(ROWS)
    assert result.tolerated == ("pattern of ref broken by 2, within the threshold 50%",)
    assert str(result) == "4 rows: all valid; 2 warnings (pattern of ref broken by 2, within the threshold 50%)"


def test_above_a_threshold_a_rule_of_severity_warning_stays_one() -> None:
    """A threshold makes nothing graver: above it the severity is what was declared."""
    rules = {"pattern": {"ref": "^[A-Z]$"}, "threshold": {"pattern": 1}, "severity": {"pattern": "warning"}}
    result = Validator(rules).check(ROWS)
    assert (result.ok, result.tolerated) == (True, ())


def test_a_value_let_through_is_judged_by_the_other_rules() -> None:
    """A missing or mistyped value that a threshold lets through is no reason to ask it nothing else."""
    rules = {"types": {"x": "integer"}, "length": {"x": {"max": 2}}, "threshold": {"types": "50%"}}
    result = Validator(rules).check([{"x": "abc"}, {"x": "5"}])
    assert result.counts == {"check.length": 1, "check.type": 1}
    assert result.rejected_count == 1


def test_rows_are_counted_not_items() -> None:
    """A row with several faulty items breaks a rule once."""
    rules = {"pattern": {"tags[]": "^a"}, "threshold": {"pattern": 1}}
    assert Validator(rules).check([{"tags": ["x", "y", "z"]}, {"tags": ["a"]}]).ok
    assert not Validator(rules).check([{"tags": ["x"]}, {"tags": ["y"]}]).ok


def test_a_share_is_of_all_rows_checked() -> None:
    """A share is one of all rows, also of a rule under a condition and of a key."""
    rule = {"if": {"sku": {"one_of": ["Y"]}}, "then": {"pattern": {"ref": "^X"}}}
    assert Validator({"when": rule, "threshold": {"pattern": "50%"}}).check(ROWS).ok
    assert not Validator({"when": rule, "threshold": {"pattern": "49%"}}).check(ROWS).ok
    assert Validator({"unique": ["sku"], "threshold": {"unique.sku": "25%"}}).check(ROWS).ok


@pytest.mark.parametrize(
    "rules",
    [
        {"unique": [{"columns": ["sku"], "severity": "warning"}]},
        {"unique": {"columns": ["sku"], "threshold": 1}, "severity": {"unique": "error"}},
        {"compare": [{"left": "ref", "op": ">", "right": "sku", "severity": "warning"}]},
        {"compare": {"left": "ref", "op": ">", "right": "sku", "threshold": "75%"}, "threshold": {"compare": 0}},
        {"custom": [{"check": pl.col("ref") != "b", "severity": "warning"}]},
        {"custom": [{"check": pl.col("ref") != "b", "threshold": 1}]},
        {"custom": [pl.col("ref") != "b"], "severity": {"custom.ref": "warning"}},
        {"compare": {"left": "ref", "op": ">", "right": "sku"}, "severity": {"compare.ref, sku": "warning"}},
    ],
)
def test_an_entry_may_have_its_own_weight(rules: dict[str, Any]) -> None:
    """An entry's own severity and threshold come before those by name; a key or pair is named as in the issues."""
    result = Validator(rules).check(ROWS)
    assert result.ok
    assert set(result.issues["severity"]) == {"warning"}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"threshold": {"pattern": "2"}, "severity": []}, "severity takes a dict, not []"),
        ({"threshold": {"pattern": 1.5}}, 'threshold: pattern takes a share such as "2%" or a number of rows'),
        ({"threshold": {"pattern": True}}, "threshold: pattern takes"),
        ({"threshold": {"pattern": "-1%"}}, "threshold: pattern takes"),
        ({"threshold": {"pattern": "101%"}}, "threshold: pattern takes"),
        ({"threshold": {"pattern": "9" * 99}}, "threshold: pattern takes"),
        ({"threshold": {"max_rows": 5}}, "threshold: max_rows counts the rows of a frame"),
        ({"threshold": {"patern": "2%"}}, "threshold: unknown rule 'patern', did you mean 'pattern'?"),
        ({**PATTERNS, "threshold": {"pattern.reff": "2%"}}, "no rule pattern of 'reff', did you mean 'pattern.ref'?"),
        ({**PATTERNS, "severity": {"patern.ref": "error"}}, "severity: unknown rule 'patern.ref'"),
        (
            {"unique": [{"columns": ["x"], "severity": "fatal"}]},
            "unique: severity is one of error, warning, not 'fatal'",
        ),
        ({"unique": [{"columns": ["x"], "threshold": "x"}]}, "unique: threshold takes"),
    ],
)
def test_a_wrong_weight_is_named(rules: dict[str, Any], told: str) -> None:
    """P32: a weight that is none, or of a rule that there is not, is a ConfigError with the nearest known name."""
    with pytest.raises(Exception, match="mistake") as caught:
        Validator(rules)
    assert told in str(caught.value)
