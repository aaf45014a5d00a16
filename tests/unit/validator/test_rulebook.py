"""What a rule file may say, and how its mistakes are told."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork.errors import ConfigError
from fcwork.validator import Validator


def check_frame(rows: pl.DataFrame, strict: bool) -> pl.Series:  # noqa: FBT001 - a check that cannot be called
    """Stand for a check with too many parameters."""
    return rows["x"] == strict


def check_pandas(rows: "pd.DataFrame") -> bool:  # noqa: F821 - named, as in a module that imports it for types only
    """Stand for a check of another library's frame."""
    return bool(rows)


def check_nothing() -> None:
    """Stand for a check without parameters."""


def check_keyword(record: dict[str, Any], *, strict: bool) -> bool:
    """Stand for a check that needs a keyword."""
    return bool(record) and strict


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], "rules are a dict of rule names, not list"),
        ({"requierd": ["x"]}, "unknown rule 'requierd', did you mean 'required'?"),
        ({5: ["x"]}, "unknown rule 5"),
        ({"required": "x"}, "required takes a list of columns, not 'x'"),
        ({"required": ["x", None]}, "required takes a list of columns"),
        ({"types": ["x"]}, "types takes a dict, not ['x']"),
        ({"types": None}, "types takes a dict, not nothing"),
        ({"types": {"x": "Integer"}}, "x has the unknown type 'Integer', did you mean 'integer'? (known: string, "),
        ({"types": {"x": []}}, "x has the unknown type []"),
        ({"types": {"": "integer"}}, "types: '' is no name"),
        ({"pattern": {"x": "(?=a)"}}, "x has no usable expression '(?=a)': look-around, including look-ahead"),
        ({"pattern": {"x": r"(a)\1"}}, "backreferences are not supported"),
        ({"pattern": {"x": "[a"}}, "unclosed character class"),
        ({"pattern": {"x": "a{99999999}"}}, "x has no usable expression"),
        ({"pattern": {"x": 5}}, "it is 5, not text"),
        ({"range": {"x": 5}}, 'range: x takes {"min": …, "max": …}, not 5'),
        ({"range": {"x": {"minimum": 5}}}, "range: x takes"),
        ({"range": {"x": {"min": None}}}, "range: x has no bound"),
        ({"range": {"x": {"min": "5"}}}, "range: x has a bound that is no number: '5'"),
        ({"range": {"x": {"min": True}}}, "range: x has a bound that is no number: True"),
        ({"range": {"x": {"max": float("nan")}}}, "range: x has a bound that is no number: nan"),
        ({"range": {"x": {"min": 5, "max": 1}}}, "range: x has a min of 5 above its max of 1"),
        ({"length": {"x": {"min": 5, "max": 1}}}, "length: x has a min of 5 above its max of 1"),
        ({"one_of": {"x": []}}, "one_of: x takes a list of texts, numbers or dates, not []"),
        ({"one_of": {"x": "NEW"}}, "one_of: x takes a list of texts, numbers or dates, not 'NEW'"),
        ({"one_of": {"x": ["NEW", None]}}, "one_of: x takes"),
        ({"reference": {"x": "L1"}}, "reference: x takes a frame or a list of values"),
        ({"reference": {"x": pl.DataFrame({"a": [1], "b": [1]})}}, "x is no column of the frame given for it: a, b"),
        ({"unique": []}, 'unique takes columns, lists of columns or {"columns": […], "keep": …}, not []'),
        ({"unique": "x"}, "unique takes columns"),
        ({"unique": {"columns": ["x"], "kep": "last"}}, "unique takes columns"),
        ({"unique": {"columns": ["x"], "keep": "all"}}, "unique: keep is one of first, last, none, not 'all'"),
        ({"max_rows": 0}, "max_rows takes a number of rows above 0, not 0"),
        ({"min_rows": "5"}, "min_rows takes a number of rows above 0, not '5'"),
        ({"types": {"x": "enum"}}, 'types: x is an enum of nothing: give its values, {"enum": ["A", "B"]}'),
        ({"types": {"x": {"enum": "A"}}}, "types: the enum x takes a list of texts, not 'A'"),
        ({"reference": {"x": [{"x": [1]}]}}, "the column x given for x holds List(Int64), no single values"),
        ({"range": {"x": {"max": 2**63}}}, "range: x has a bound that is no number"),
        ({"compare": 5}, 'compare takes {"left": "start", "op": "<=", "right": "end"}, or a list of such, not 5'),
        (
            {"compare": [{"left": "a", "op": "=", "right": "b"}]},
            "compare 1: op is one of ==, !=, <, <=, >, >=, not '='",
        ),
        ({"compare": {"left": "a", "op": "<", "right": 5}}, "compare 1: right is the name of a field, not 5"),
        ({"compare": {"left": "a", "op": "<", "right": "b", "as": "date"}}, "as is one of number, instant, text"),
        ({"compare": {"left": "a", "op": "<", "rigth": "b"}}, "unknown name 'rigth', did you mean 'right'?"),
        ({"when": {"if": {"x": {"one_of": ["a"]}}}}, 'when 1: takes {"if": '),
        ({"when": {"if": [], "then": {"required": ["x"]}}}, "when 1: if: takes fields and what they hold"),
        ({"when": {"if": {"x": "a"}, "then": {"required": ["x"]}}}, "when 1: if: x takes rules such as"),
        (
            {"when": {"if": {"x": {"oneof": ["a"]}}, "then": {"required": ["x"]}}},
            "if: unknown rule 'oneof', did you mean",
        ),
        ({"when": {"if": {"x": {"required": "yes"}}, "then": {"required": ["x"]}}}, "required is true or false here"),
        (
            {"when": {"if": {"x": {"required": True}}, "then": {"requierd": ["x"]}}},
            "then: unknown rule 'requierd', did you",
        ),
        ({"when": {"if": {"x": {"required": True}}, "then": {}}}, "when 1: then has no rules"),
        ({"custom": [{"columns": ["x"]}]}, "custom takes functions or expressions, or"),
        ({"custom": [{"check": len, "message": 5}]}, "custom takes functions or expressions, or"),
        ({"max_rows": True}, "max_rows takes a number of rows above 0"),
        ({"custom": ["x"]}, "custom check number 1 is 'x', not a function"),
        ({"custom": [{"check": len, "column": "x"}]}, "custom takes functions or"),
        ({"custom": [check_frame]}, "check_frame cannot be called"),
        ({"custom": check_nothing}, "check_nothing cannot be called"),
        ({"custom": [check_keyword]}, "check_keyword cannot be called"),
        ({"custom": [check_pandas]}, "check_pandas takes a pd.DataFrame: annotate it with polars.DataFrame"),
        ({"severity": {"unqiue": "warning"}}, "severity: unknown rule 'unqiue', did you mean 'unique'?"),
        ({"severity": {"severity": "warning"}}, "severity: unknown rule 'severity'"),
        ({"severity": {"unique": "warn"}}, "severity: unique is one of error, warning, not 'warn'"),
    ],
)
def test_a_mistake_is_named_with_its_place(rules: Any, told: str) -> None:
    """P32: a wrong rule is a ConfigError that says which, where, and what is known."""
    with pytest.raises(ConfigError) as caught:
        Validator(rules)
    assert told in str(caught.value)
    assert "the rules are: required, types," in caught.value.hint


def test_all_mistakes_are_told_at_once() -> None:
    """P32: a rule file with many mistakes gets a line for each in one error."""
    rules = {
        "requierd": ["x"],
        "types": {"a": "int", "b": "string", "c": "dat"},
        "pattern": {"a": "["},
        "range": {"a": {"min": 2, "max": 1}},
        "max_rows": -1,
    }
    with pytest.raises(ConfigError, match="6 mistakes") as caught:
        Validator(rules)
    assert [line[:4] for line in caught.value.message.splitlines()[1:]] == [f"  {at}." for at in range(1, 7)]


def test_load_reads_a_file(tmp_path: Path) -> None:
    """A rule file is JSON, with or without a byte order mark, and judges as the same dict does."""
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"required": ["größe"]}, ensure_ascii=False), encoding="utf-8-sig")
    assert Validator.load(path).check([{"größe": None}]).rejected_count == 1
    assert repr(Validator.load(str(path))) == "Validator(1 rule)"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"required": ["x"],}', "is no JSON: line 1, column 20"),
        (b"\xff\xfe{}", "is no UTF-8 text (byte 0)"),
        (b'{"required": ["x"], "required": ["y"]}', "'required' stands twice in one object"),
        (b"[" * 200_000, "is no JSON: nested too deeply"),
        (b"[]", "rules are a dict"),
        (b'{"max_rows": "5"}', "1 mistake in the rules"),
        (b"", "is no JSON"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    """P32: a file that is no usable JSON, or holds wrong rules, is a ConfigError with its path."""
    path = tmp_path / "rules.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Validator.load(path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """P32: a missing file and a folder are each a ConfigError with the path and the reason."""
    for path, told in ((tmp_path / "none.json", "there is no rules file"), (tmp_path, "is a folder")):
        with pytest.raises(ConfigError, match=told):
            Validator.load(path)


def test_inventory_has_the_platforms_rules() -> None:
    """The rules for INVENTORY are those of the platform's batch entity: five fields, one row a key."""
    good = {"locationRef": "L1", "skuRef": "S1", "qty": 5, "type": "LAST_ON_HAND", "status": "ACTIVE"}
    validator = Validator.for_entity("INVENTORY")
    assert validator.check([good, {**good, "type": "DELTA"}, {**good, "skuRef": "S2", "ref": None}]).ok
    for fault, code in (
        ({"status": ""}, "check.required"),
        ({"qty": -1}, "check.range"),
        ({"qty": 1.5}, "check.type"),
        ({"locationRef": 7}, "check.type"),
    ):
        assert list(validator.check([{**good, **fault}]).counts) == [code]
    assert validator.check([good, good]).counts == {"check.duplicate": 1}
