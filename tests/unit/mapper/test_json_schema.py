"""The JSON Schema of mapping files: what an editor says of a file is what the reader says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fcwork.errors import MappingError
from fcwork.mapper import SDK_NAMES, Mapper, entries, reading
from fcwork.mapper.resolvers import PARAMS, TRANSFORMS

MAPPINGS = Path(__file__).parents[3] / "notebooks" / "mappings"
SCHEMA = Mapper.json_schema()
DEFS = SCHEMA["$defs"]


def refused(config: Any) -> bool:
    """Say whether the schema refuses a mapping."""
    return not Draft202012Validator(SCHEMA).is_valid(config)


def problems(config: Any) -> list[str]:
    """Return the reader's own mistakes of a mapping; one function is known, ``custom.size``."""
    try:
        Mapper(config, resolvers={"custom.size": lambda value, unit="cm": f"{value} {unit}"})
    except MappingError as error:
        return list(error.problems)
    return []


def one(field: Any, **top: Any) -> dict[str, Any]:
    """Return a mapping of one field."""
    return {"fields": {"qty": field}, **top}


def made(field: Any, **top: Any) -> dict[str, Any]:
    """Return a mapping of a mutation's input of one field."""
    return {"mutation": "createOrder", **one(field, **top)}


def asked(argument: Any, **top: Any) -> dict[str, Any]:
    """Return a mapping of a mutation of one argument."""
    return {"mutation": "createOrder", "arguments": {"input": argument}, **top}


GOOD = [
    one({"source": "sku"}),
    one({"source": ["sku", "ref"], "required": True}),
    one({"source": "q", "resolver": "sdk.parseInt", "defaultValue": 0, "lenient": True}),
    one({"source": "q", "resolver": ["sdk.trim", "custom.size"]}),
    one({"source": "q", "resolver": ["sdk.trim", {"name": "sdk.parseFloat", "params": {"scale": 2}}]}),
    one({"source": "q", "resolver": "sdk.parseFloat", "params": {"numberFormat": "1.234,56", "exact": True}}),
    one(
        {"source": "d", "resolver": "sdk.parseDate", "params": {"zone": "Europe/Berlin", "dateFormat": ["DD/MM/YYYY"]}}
    ),
    one({"source": "q", "resolver": "custom.size", "params": {"unit": 5}}),
    one({"resolver": "custom.size"}),
    one({"value": None}),
    one({"value": {"a": [1]}}),
    one({"defaultValue": "x"}),
    one({"fields": {"a": {"source": "x"}}}),
    one({"source": "customer", "fields": {"_row": {"source": "x"}}}),
    one({"source": "lines", "isArray": True, "fields": {"ref": {"source": "sku"}, "root": {"source": "$root.ref"}}}),
    one({"source": "x", "isArray": False, "comment": 1, "description": "d", "_type": "Int", "_note": {"any": "thing"}}),
    {"fields": {"a.b": {"source": "x"}, "lines[0].ref": {"source": "y"}, "items[]": {"source": "z"}}},
    one({"source": "x"}, name="n", version=2, description="d", mask=["qty"], lenient=False, direction="ingest"),
    one({"source": "x"}, numberFormat="1,234.56", dateFormat=["DD.MM.YYYY", "ISO"], zone="UTC", **{"$schema": "s"}),
    one(
        {"source": "$doc.a"}, nodes={"doc": {"extract": "body.xml", "unescape": True, "parse": "xml", "required": True}}
    ),
    one({"source": "x"}, nodes={"doc": {"extract": "a", "comment": "c", "_note": 1}}),
    made({"source": "x", "transform": "toISO8601"}),
    made({"source": "lines", "isArray": None, "autoWrap": True, "mapping": {"a": {"source": "$.x"}}}),
    made(
        {
            "source": "l",
            "isArray": True,
            "validation": {"minItems": 1, "maxItems": None},
            "fields": {"a": {"source": "$.x"}},
        }
    ),
    made({"source": "x"}, operationName="Orders", returnFields=["id", "items { ref }"], sourceFormat="XML"),
    made({"source": "x"}, aliasBatching={"enabled": True, "mutationsPerBatch": 5}),
    made({"source": "x"}, aliasBatching={"mutationsPerBatch": None, "maxMutationsPerBatch": 3}),
    made({"source": "x"}, aliasBatching=None),
    asked({"items[]": {"source": "l", "sku": "s"}}),
    {"mutation": "createOrder", "fields": {"items[]": {"source": "l", "fields": {"ref": {"source": "$.sku"}}}}},
    asked("order"),
    asked({"_type": "CreateOrderInput!", "ref": "orderRef", "customer": {"_nested": True, "email": "mail"}}),
    asked(
        {
            "ref": {"source": "r", "required": True, "transform": "trim"},
            "lines": {"source": "l", "_array": True, "sku": "s"},
        }
    ),
    asked({"items[]": {"source": "l", "sku": {"source": "s"}}, "comment": "c", "name": "n"}),
    asked({"source": "x", "_resolver": "custom.size"}),
    {"mutation": "ping", "arguments": {}},
    {"mutation": "a", "arguments": {"_comment": 5, "id": {"value": "1", "_type": "[ID!]!"}}, "fields": "ignored"},
]

BAD = [
    [],
    None,
    "x",
    {},
    {"fields": []},
    {"fields": {}},
    {"arguments": {"a": "x"}},
    {"mutation": "createOrder"},
    one("quantity"),
    one(5),
    one({}),
    one({"source": 5}),
    one({"source": ""}),
    one({"source": []}),
    one({"source": [5]}),
    one({"source": "x", "required": "true"}),
    one({"source": "x", "requird": True}),
    one({"source": "x", "resolver": 5}),
    one({"source": "x", "resolver": [5]}),
    one({"source": "x", "resolver": [{"name": "sdk.trim", "x": 1}]}),
    one({"source": "x", "lenient": "yes"}),
    one({"source": "x", "isArray": 1}),
    one({"source": "x", "params": []}),
    one({"source": "x", "resolver": "sdk.parseInt", "params": {"numberFormat": "german"}}),
    one({"source": "x", "resolver": "sdk.parseFloat", "params": {"scale": 99}}),
    one({"source": "x", "resolver": ["sdk.parseFloat"], "params": {"exact": 1}}),
    one({"source": "x", "resolver": "sdk.parseDate", "params": {"dateFormat": []}}),
    one({"source": "x", "resolver": "sdk.trim", "params": {"bogus": 1}}),
    one({"source": "x", "transform": "trim"}),
    one({"source": "x", "mapping": {"a": {"source": "y"}}}),
    one({"source": "x", "constructor": 1}),
    one({"source": "x", "__proto__": 1}),
    one({"fields": {}}),
    one({"fields": []}),
    one({"fields": {"a": "x"}}),
    one({"fields": {"a": {"source": "x", "b": 1}}}),
    one({"source": ["a"], "fields": {"a": {"source": "x"}}}),
    one({"source": "", "fields": {"a": {"source": "x"}}}),
    one({"isArray": True, "fields": {"a": {"source": "x"}}}),
    {"fields": {"items[]": {"fields": {"a": {"source": "x"}}}}},
    {"fields": {"a..b": {"source": "x"}}},
    {"fields": {"": {"source": "x"}}},
    {"fields": {"a[": {"source": "x"}}},
    {"fields": {"a[1000]": {"source": "x"}}},
    {"fields": {"_row": {"source": "x"}}},
    {"fields": {"_errors.a": {"source": "x"}}},
    {"fields": {"__proto__": {"source": "x"}}},
    {"fields": {"a.constructor": {"source": "x"}}},
    one({"source": "x"}, mask="qty"),
    one({"source": "x"}, mask=[5]),
    one({"source": "x"}, lenient="yes"),
    one({"source": "x"}, numberFormat="german"),
    one({"source": "x"}, numberFormat=5),
    one({"source": "x"}, dateFormat=[]),
    one({"source": "x"}, dateFormat=""),
    one({"source": "x"}, dateFormat=[""]),
    one({"source": "x"}, zone=""),
    one({"source": "x"}, __proto__={}),
    one({"source": "x"}, nodes=[]),
    one({"source": "x"}, nodes={"n": "a"}),
    one({"source": "x"}, nodes={"n": {}}),
    one({"source": "x"}, nodes={"root": {"extract": "a"}}),
    one({"source": "x"}, nodes={"1": {"extract": "a"}}),
    one({"source": "x"}, nodes={"n": {"extract": ""}}),
    one({"source": "x"}, nodes={"n": {"extract": "a", "parse": "csv"}}),
    one({"source": "x"}, nodes={"n": {"extract": "a", "unescape": 1}}),
    one({"source": "x"}, nodes={"n": {"extract": "a", "x": 1}}),
    made({"source": "x"}, mutation="create order"),
    made({"source": "x"}, mutation=5),
    made({"source": "x"}, operationName="a b"),
    made({"source": "x"}, returnFields="id"),
    made({"source": "x"}, returnFields=[5]),
    made({"source": "x"}, sourceFormat="zip"),
    made({"source": "x"}, aliasBatching=5),
    made({"source": "x"}, aliasBatching={"mutationsPerBatch": 0}),
    made({"source": "x"}, aliasBatching={"mutationsPerBatch": 5, "maxMutationsPerBatch": "5"}),
    made({"source": "x"}, aliasBatching={"maxMutationsPerBatch": "5"}),
    made({"source": "x", "transform": 5}),
    made({"source": "x", "validation": []}),
    made({"source": "x", "autoWrap": "yes"}),
    made({"source": "l", "isArray": True, "validation": {"minItems": -1}, "fields": {"a": {"source": "$.x"}}}),
    made({"mapping": {}}),
    asked(5),
    asked(""),
    asked({}),
    asked({"_type": "ID!"}),
    asked({"source": "x", "_type": "bad type"}),
    asked({"source": "x", "_type": 5}),
    asked({"source": "x", "nickname": "y"}),
    asked({"ref": 5}),
    asked({"a..b": "x"}),
    asked({"prototype": {"source": "x"}}),
    asked({"_array": True, "sku": "s"}),
    asked({"items[]": {"sku": "s"}}),
    asked({"source": ["a"], "sku": {"source": "s"}}),
    {"mutation": "a", "arguments": []},
    {"mutation": "a", "arguments": {"a.b": "x"}},
    {"mutation": "a", "arguments": {"a b": "x"}},
]

# What no schema can say: which names are known, which values are read, how fields stand to each other.
READERS_ALONE = [
    one({"source": "x", "resolver": "sdk.trimm"}),
    one({"source": "x", "resolver": "custom.unknown"}),
    one({"source": "x", "resolver": "sdk.trim", "params": {"scale": 2}}),
    one({"source": "x", "params": {"scale": 2}}),
    one({"resolver": "sdk.trim"}),
    one({"value": "", "required": True}),
    one({"value": "many", "resolver": "sdk.parseInt"}),
    one({"value": [1, "a"]}),
    one({"source": "x"}, mask=["quantity"]),
    one({"source": "x"}, zone="Mars/Olympus"),
    one({"source": "x"}, dateFormat="week 3"),
    one({"source": "x"}, feilds={}),
    one({"source": "$nod.a"}, nodes={"node": {"extract": "a"}}),
    {"fields": {"a": {"source": "x"}, "a.b": {"source": "y"}}},
    made({"source": "x"}, returnFields=["id {"]),
]


def test_the_schema_is_one() -> None:
    """The schema is sound in draft 2020-12, and its name is no address that an editor would fetch."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "urn:fcwork:mapping"
    assert "http" not in json.dumps({**SCHEMA, "$schema": ""})
    assert Mapper.json_schema() is not Mapper.json_schema()


@pytest.mark.parametrize("config", GOOD, ids=json.dumps)
def test_what_the_reader_takes_is_valid(config: Any) -> None:
    """Every construct of the three dialects is taken by the reader and by the schema."""
    assert problems(config) == []
    assert not refused(config)


@pytest.mark.parametrize("config", BAD, ids=json.dumps)
def test_a_mistake_of_structure_is_refused_by_both(config: Any) -> None:
    """P32: what is no mapping by its structure is refused in the editor as it is by the reader."""
    assert problems(config)
    assert refused(config)


@pytest.mark.parametrize("config", READERS_ALONE, ids=json.dumps)
def test_a_mistake_of_meaning_is_told_by_the_reader_alone(config: Any) -> None:
    """Whether a name is known or a value can be read is the reader's to say: the schema takes such a file."""
    assert problems(config)
    assert not refused(config)


@pytest.mark.parametrize("file", sorted(MAPPINGS.glob("*.json")), ids=lambda file: file.name)
def test_the_shipped_mappings_are_valid(file: Path) -> None:
    """Every mapping that is shipped is valid by the schema that is shipped."""
    assert not refused(json.loads(file.read_text("utf-8")))


def test_all_that_the_reader_knows_is_described() -> None:
    """Every key, resolver, transform and param that the reader knows has a text for an editor to show."""
    top = SCHEMA["properties"]
    assert {*reading.TOP_KEYS, *reading.MUTATION_KEYS} <= set(top)
    assert {*entries.FIELD_KEYS, *entries.HARMLESS_KEYS} == set(DEFS["field"]["properties"])
    assert {*entries.MUTATION_KEYS, *entries.HARMLESS_KEYS} == set(DEFS["mutationField"]["properties"])
    assert {*entries.MUTATION_KEYS, *entries.HARMLESS_KEYS} <= set(DEFS["argument"]["properties"])
    assert {*reading.NODE_KEYS, *entries.HARMLESS_KEYS} == set(DEFS["node"]["properties"])
    assert set(PARAMS) == set(DEFS["key_params"]["properties"]) == set(DEFS["sdkParams"]["properties"])
    assert [item["const"] for item in DEFS["resolverName"]["anyOf"][0]["oneOf"]] == list(SDK_NAMES)
    assert [item["const"] for item in DEFS["key_transform"]["anyOf"][0]["oneOf"]] == list(TRANSFORMS)
    described = [*top.values(), *(DEFS[f"key_{key}"] for key in entries.MUTATION_KEYS if f"key_{key}" in DEFS)]
    named = [*DEFS["resolverName"]["anyOf"][0]["oneOf"], *DEFS["key_transform"]["anyOf"][0]["oneOf"]]
    assert all(
        (item if "description" in item else DEFS[item["$ref"][8:]])["description"] for item in [*described, *named]
    )
