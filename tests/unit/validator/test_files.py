"""Rule files in JSON and YAML, and the JSON Schema that tells what may stand in them."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fcwork.errors import ConfigError
from fcwork.validator import Validator
from fcwork.validator.rulebook import READERS

SCHEMA = Validator.json_schema()
EDITOR = jsonschema.Draft202012Validator(SCHEMA)
KEY = {"columns": ["a", "b"], "keep": "last", "severity": "warning", "threshold": "2%"}
PAIR = {"left": "a", "op": "<=", "right": "b"}
CASE = {"if": {"type": {"one_of": ["EXPECTED"]}}, "then": {"required": ["expectedOn"]}}
GOOD: list[dict[str, Any]] = [
    {},
    {"$schema": "rules.schema.json", "required": ["ref", "items[].sku"]},
    {"types": {"a": "integer", "b": "string", "c": "decimal", "d": "boolean", "e": "date", "f": "timestamp"}},
    {"types": {"a": {"enum": ["A", "B"]}}},
    {"length": {"ref": {"min": 1, "max": 50}, "name": {"max": None, "min": 0}}},
    {"pattern": {"ref": "^[A-Z0-9-]+$"}},
    {"range": {"qty": {"min": 0, "max": None}, "price": {"max": 9.99}}},
    {"one_of": {"status": ["ACTIVE", 5, 2.5, True]}},
    {"reference": {"locationRef": ["L1", None, 5]}},
    {"reference": {"locationRef": []}},
    {"reference": {"locationRef": [{"locationRef": "L1"}, {"locationRef": "L2"}]}},
    {"unique": ["ref"]},
    {"unique": [["ref"], ["a", "b"]]},
    {"unique": KEY},
    {"unique": [["ref"], KEY]},
    {"compare": PAIR},
    {"compare": [{**PAIR, "as": "number", "severity": "warning"}, {**PAIR, "threshold": 5}]},
    {"when": CASE},
    {"when": [CASE, {"if": {"a": {"required": False}}, "then": {"compare": PAIR, "types": {"b": "integer"}}}]},
    {
        "when": [
            {**CASE, "then": {"required": ["a"], "severity": {"required": "warning"}, "threshold": {"required": 1}}}
        ]
    },
    {"max_rows": 5000, "min_rows": 1},
    {"custom": []},
    {"pattern": {"ref": "x"}, "severity": {"pattern": "warning", "pattern.ref": "error", "max_rows": "warning"}},
    {"pattern": {"ref": "x"}, "threshold": {"pattern": "2%", "pattern.ref": "0.5 %", "unique": 10, "range": "7"}},
    {"entityType": "INVENTORY", "requiredFields": ["ref"], "checkDuplicates": True, "maxBatchSize": 5000},
    {"validateTypes": False, "maxBatchSize": 0, "customValidator": None, "requiredFields": None},
]
BAD: list[Any] = [
    [],
    {"requierd": ["ref"]},
    {"required": "ref"},
    {"required": ["ref", " "]},
    {"required": [5]},
    {"types": ["ref"]},
    {"types": {"a": "int"}},
    {"types": {"a": "enum"}},
    {"types": {"a": {"enum": []}}},
    {"types": {"a": {"enum": [5]}}},
    {"types": {"": "integer"}},
    {"length": {"ref": 5}},
    {"length": {"ref": {"minimum": 5}}},
    {"length": {"ref": {"min": "5"}}},
    {"length": {"ref": {}}},
    {"range": {"qty": {"min": None, "max": None}}},
    {"range": {"qty": {"min": True}}},
    {"pattern": {"ref": 5}},
    {"one_of": {"status": []}},
    {"one_of": {"status": "ACTIVE"}},
    {"one_of": {"status": ["A", None]}},
    {"one_of": {"status": [["A"]]}},
    {"reference": {"a": "L1"}},
    {"reference": {"a": 5}},
    {"unique": []},
    {"unique": "ref"},
    {"unique": {"columns": []}},
    {"unique": {"columns": ["a"], "keep": "all"}},
    {"unique": {"columns": ["a"], "kep": "last"}},
    {"unique": [{"columns": ["a"], "severity": "fatal"}]},
    {"compare": ["a", "<", "b"]},
    {"compare": {**PAIR, "op": "=<"}},
    {"compare": {"left": "a", "op": "<"}},
    {"compare": {**PAIR, "as": "date"}},
    {"compare": {**PAIR, "also": 1}},
    {"when": {"if": {}, "then": {"required": ["a"]}}},
    {"when": {"if": {"a": {"one_of": ["x"]}}}},
    {"when": {"if": {"a": {"one_of": ["x"]}}, "then": {}}},
    {"when": {"if": {"a": {"one_of": ["x"]}}, "then": {"unique": ["a"]}}},
    {"when": {"if": {"a": {"required": ["x"]}}, "then": {"required": ["b"]}}},
    {"when": {"if": {"a": {}}, "then": {"required": ["b"]}}},
    {"when": {"if": {"a": {"unique": True}}, "then": {"required": ["b"]}}},
    {"when": {**CASE, "then": {"severity": {"required": "warning"}}}},
    {"when": {**CASE, "then": {"required": ["a"], "severity": {"max_rows": "warning"}}}},
    {"when": {**CASE, "then": {"required": ["a"], "threshold": {"unique": 1}}}},
    {"when": {**CASE, "else": {"required": ["b"]}}},
    {"when": CASE["if"]},
    {"max_rows": 0},
    {"max_rows": "5"},
    {"min_rows": True},
    {"custom": ["pl.col('a') > 1"]},
    {"custom": [{"check": "pl.col('a') > 1", "columns": ["a"]}]},
    {"severity": {"unqiue": "warning"}},
    {"severity": {"unique": "warn"}},
    {"severity": ["unique"]},
    {"threshold": {"unique": "two"}},
    {"threshold": {"unique": "101%"}},
    {"threshold": {"unique": -1}},
    {"threshold": {"unique": 1.5}},
    {"threshold": {"max_rows": 5}},
    {"requiredFields": "ref"},
    {"checkDuplicates": "yes"},
    {"maxBatchSize": -1},
    {"validateTypes": 1},
    {"customValidator": "(rec) => null"},
    {"entityType": 5},
]


def write(folder: Path, text: str, name: str = "rules.yaml") -> Path:
    """Write a rule file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_schema_is_a_schema_that_knows_each_rule() -> None:
    """The JSON Schema is one, and has a property for each rule that can be read."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == set(READERS)
    Validator.json_schema().clear()
    assert Validator.json_schema() == SCHEMA


@pytest.mark.parametrize("rules", GOOD, ids=json.dumps)
@pytest.mark.parametrize("name", ["rules.json", "rules.yaml", "rules.YML"])
def test_good_files_are_read_and_fit_the_schema(tmp_path: Path, rules: dict[str, Any], name: str) -> None:
    """What the schema lets through the reader takes, and JSON reads alike in a YAML file."""
    assert list(EDITOR.iter_errors(rules)) == []
    text = json.dumps(rules)
    assert repr(Validator.load(write(tmp_path, text, name))) == repr(Validator(rules))


@pytest.mark.parametrize("rules", BAD, ids=json.dumps)
def test_bad_files_are_refused_by_both(tmp_path: Path, rules: Any) -> None:
    """P32: what the schema refuses the reader refuses, with the file's path."""
    assert not EDITOR.is_valid(rules)
    path = write(tmp_path, json.dumps(rules), "rules.json")
    with pytest.raises(ConfigError) as caught:
        Validator.load(path)
    assert str(path) in caught.value.message


def test_yaml_reads_as_it_is_written(tmp_path: Path) -> None:
    """Plain words are what JSON would have: no, dates and leading zeros stay text, numbers and true are theirs."""
    path = write(
        tmp_path,
        """
# what a person writes
required: [größe]
one_of:
  country: [NO, no, yes, on]
  day: [2026-01-31]
  zip: [00123, 0o17, 0x1F, 1:30, 1_000]
  count: [5, -7, 2.5, 1e3, true, false]
  odd: [.nan, .inf, ~x, '5', "null"]
range:
  qty: {min: 0, max: null}
  rate: {min: 0, max: }
""",
    )
    validator = Validator.load(path)
    row = {"größe": "x", "country": "NO", "day": "2026-01-31", "zip": "00123", "count": "1000", "odd": ".nan", "qty": 5}
    assert validator.check([{**row, "rate": 1}]).ok
    assert validator.check([{**row, "zip": "123", "country": "false", "rate": -1}]).counts == {
        "check.one_of": 2,
        "check.range": 1,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("required: [a\n", "no usable YAML: line 2"),
        ("required: [a]\nrequired: [b]\n", "'required' stands twice in one object"),
        ("types:\n  a: integer\n  a: string\n", "'a' stands twice in one object"),
        ("a: &x [1]\nb: *x\n", "line 2, column 4: aliases"),
        ("required: !!python/object/apply:os.system [ls]\n", "tags (!name) are not read"),
        ("[" * 200_000, "nested too deeply"),
        ("", "it is empty"),
        ("- required\n", "rules are a dict of rule names, not list"),
        ("yes: 1\n", "unknown rule 'yes'"),
        ("5: 1\n", "unknown rule '5'"),
    ],
)
def test_a_bad_yaml_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    """P24: what is no YAML, stands twice, grows when it is read or makes an object is a ConfigError with its place."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        Validator.load(path)
    assert str(path) in caught.value.message
    assert told in caught.value.message


def test_every_mistake_is_told_beside_a_name_that_stands_twice(tmp_path: Path) -> None:
    """P32: names that stand twice are mistakes among the others."""
    path = write(tmp_path, '{"required": ["a"], "required": ["b"], "typs": {}}', "rules.json")
    with pytest.raises(ConfigError, match="2 mistakes in the rules"):
        Validator.load(path)


def test_a_long_list_is_read_in_time(tmp_path: Path) -> None:
    """A JSON file of a hundred thousand known values is read, and one of YAML with thousands."""
    for name, count in (("rules.json", 100_000), ("rules.yml", 5_000)):
        rules = {"reference": {"ref": [f"R{number}" for number in range(count)]}}
        validator = Validator.load(write(tmp_path, json.dumps(rules), name))
        assert validator.check([{"ref": f"R{count - 1}"}, {"ref": f"R{count}"}]).rejected_count == 1


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_json_has_not_is_refused(tmp_path: Path, constant: str) -> None:
    """P32: NaN and infinity are no JSON."""
    path = write(tmp_path, f'{{"one_of": {{"x": [{constant}]}}}}', "rules.json")
    with pytest.raises(ConfigError, match=f"{constant} is no JSON"):
        Validator.load(path)


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    """P32: half a surrogate pair, which JSON can write and no frame can hold, is a mistake in any place."""
    half = '"\\ud83d"'
    for text in (
        f'{{"required": [{half}]}}',
        f'{{"one_of": {{"x": [{half}]}}}}',
        f'{{"pattern": {{"x": {half}}}}}',
        f'{{"types": {{"x": {{"enum": [{half}]}}}}}}',
        f'{{"reference": {{"x": [{half}]}}}}',
        f'{{"types": {{{half}: "integer"}}}}',
    ):
        with pytest.raises(ConfigError, match="1 mistake"):
            Validator.load(write(tmp_path, text, "rules.json"))
