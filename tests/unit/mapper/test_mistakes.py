"""Mistakes in a mapping and in its file: all at once, each with its place and what was probably meant."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from fcwork.errors import MappingError
from fcwork.mapper import Mapper

Mistakes = Callable[..., list[str]]


def one(field: Any, **top: Any) -> dict[str, Any]:
    """Return a mapping with one field."""
    return {"fields": {"qty": field}, **top}


def test_every_mistake_gets_a_message(mistakes: Mistakes) -> None:
    """P32: every mistake of a mapping is told at once, with its place and the nearest known name."""
    fields = {
        "a": {"source": 5, "requird": True, "resolver": "sdk.trimm", "value": [1, "a"]},
        "b": {"source": "x", "resolver": "sdk.parsInt"},
        "c": "quantity",
        "d": {"source": 5},
        "e": {"source": "x", "required": "true"},
        "f": {},
        "g": {"source": "x"},
        "g.h": {"source": "y"},
        "__proto__.i": {"source": "x"},
        "_row": {"source": "x"},
    }
    assert mistakes({"fields": fields, "feilds": {}}) == [
        "feilds: unknown key: did you mean 'fields'?",
        "fields.a.source: the path of a source column, as text, or a list of such paths, not a number",
        "fields.a.requird: unknown key: did you mean 'required'?",
        "fields.a.value: a list whose items share no type cannot be a column's value",
        "fields.a.resolver: unknown resolver 'sdk.trimm': did you mean 'sdk.trim'?",
        "fields.b.resolver: unknown resolver 'sdk.parsInt': did you mean 'sdk.parseInt'?",
        'fields.c: a field is an object, not text; write {"source": "quantity"}',
        "fields.d.source: the path of a source column, as text, or a list of such paths, not a number",
        "fields.e.required: true or false, not text",
        "fields.f: gives no value: name a source, a value, a defaultValue or a resolver of your own",
        "fields.__proto__.i: '__proto__' cannot be a target",
        "fields._row: '_row' is a column of fcwork's own: choose another target",
        "fields.g.h: 'g' is a value (fields.g) and cannot hold fields too",
    ]


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ([], "a mapping is an object with the key 'fields', not a list"),
        (None, "a mapping is an object with the key 'fields', not nothing"),
        ("x", "a mapping is an object with the key 'fields', not text"),
        ({}, "fields: an object with at least one target, not nothing"),
        ({"fields": []}, "fields: an object with at least one target, not a list"),
        ({"fields": {}}, "fields: an object with at least one target, not an empty one"),
        ({"arguments": {}}, "fields: an object with at least one target, not nothing; 'arguments' need a 'mutation'"),
        (one({"source": "x", "isArray": "yes"}), "fields.qty.isArray: true or false, not text"),
        (one({"isArray": True, "fields": {"a": {"source": "x"}}}), "fields.qty: a list needs a source"),
        (one({"source": ["x", 5]}), "fields.qty.source: the path of a source column, as text, or a list of such"),
        (one({"source": "x", "resolver": ["a"]}), "fields.qty.resolver: unknown resolver 'a'"),
        (one({"source": "x", "resolver": ["sdk.trim", 5]}), 'fields.qty.resolver: a name, or {"name": …'),
        (one({"resolver": "sdk.trim"}), "fields.qty: gives no value"),
        (one({"source": ""}), "fields.qty: gives no value"),
        (one({"value": "", "required": True}), "fields.qty: required, and no row can have a value: name a source"),
        (one({"defaultValue": 5, "required": True}), "fields.qty: required, and no row can have a value"),
        (one({"value": [1, "a"]}), "fields.qty.value: a list whose items share no type cannot be a column's value"),
        (one({"value": 2**63}), "fields.qty.value: a whole number past 64 bits: write it as text"),
        (one({"source": "x", "resolver": "sdk.parseInt", "defaultValue": "many"}),
         "fields.qty.defaultValue: sdk.parseInt cannot read 'many': it expects a whole number"),
        (one({"value": "2025-02-30", "resolver": "sdk.parseDate"}),
         "fields.qty.value: sdk.parseDate cannot read '2025-02-30': it expects a date"),
        (one({"fields": {}}), "fields.qty.fields: an object with at least one target"),
        (one({"source": "x", "constructor": 1}), "fields.qty.constructor: unknown key"),
        (one({"source": "x"}, mask="qty"), "mask: a list of target names"),
        (one({"source": "x"}, mask=["quantity"]), "mask: 'quantity' is no target of this mapping"),
        (one({"source": "x"}, __proto__={}), "__proto__: unknown key"),
        ({"fields": {"a..b": {"source": "x"}}}, "fields.a..b: a target is a name, or names joined by single dots"),
        ({"fields": {"": {"source": "x"}}}, "fields.: a target is a name"),
        ({"fields": {"a[-1].b": {"source": "x"}}}, "fields.a[-1].b: a target is a name"),
        ({"fields": {"a[].b": {"source": "x"}}}, "fields.a[].b: a target is a name"),
        ({"fields": {"a[1000]": {"source": "x"}}}, "fields.a[1000]: an index of a target is at most 999"),
        ({"fields": {"a.b": {"source": "x"}, "a": {"fields": {"b": {"source": "y"}}}}},
         "fields.a.fields.b: the target 'a.b' is filled by fields.a.b already"),
    ],
)  # fmt: skip
def test_a_mistake_says_where_and_what(mistakes: Mistakes, config: Any, problem: str) -> None:
    """P32: a mistaken mapping is refused before any row is read, with its place and what would be right."""
    (found,) = mistakes(config)
    assert found.startswith(problem)


def test_a_mapping_nested_too_deeply_is_refused(mistakes: Mistakes) -> None:
    """P32: objects in objects without end are a mistake of the mapping, not a crash."""
    config: dict[str, Any] = {"source": "x"}
    for _ in range(500):
        config = {"fields": {"a": config}}
    assert mistakes(config)[0].endswith("nested deeper than 50 levels")
    assert mistakes({"fields": {"a." * 5000 + "b": {"source": "x"}}})[0].endswith("nested deeper than 50 levels")
    assert Mapper({"fields": {"a." * 49 + "b": {"source": "x"}}}).apply([{"x": 1}]).ok


def test_the_error_names_the_first_place_and_what_is_known_there() -> None:
    """An error's facts lead to the first mistake."""
    with pytest.raises(MappingError) as caught:
        Mapper(one({"source": "x", "resolver": "custom.shout"}), resolvers={"custom.shuot": str.upper})
    assert caught.value.path == "fields.qty.resolver"
    assert "custom.shuot" in caught.value.known
    assert "did you mean 'custom.shuot'?" in str(caught.value)
    assert str(caught.value).startswith("the mapping has 1 mistake:")


def test_notes_and_what_the_sdk_ignores_may_stand() -> None:
    """Comments, private keys and a false isArray change nothing; other keys at the top are ignored as in the SDK."""
    field = {"source": "x", "comment": "c", "description": "d", "_type": "Int", "isArray": False}
    mapper = Mapper(one(field, name="n", version=2, description="d", direction="ingest", **{"$schema": "s"}))
    assert (mapper.name, mapper.version, mapper.description, mapper.mask) == ("n", "2", "d", ())
    assert repr(mapper) == "Mapper('n', 1 fields)"


def test_a_context_without_the_value_is_a_mistake(mistakes: Mistakes) -> None:
    """P32: a $context source that the context lacks is told with what it holds, unless a default stands in."""
    field = {"source": "$context.retailerID"}
    near = "did you mean 'retailerId'? (context= holds retailerId)"
    assert mistakes(one(field), context={"retailerId": 1}) == [
        f"fields.qty.source: the context holds no '$context.retailerID': {near}"
    ]
    assert mistakes(one(field), context={"retailerID": object()}) == [
        "fields.qty.source: object cannot be a column's value"
    ]
    required = {**field, "required": True, "defaultValue": 7}
    assert mistakes(one(required), context={})[0].startswith("fields.qty.source: the context holds no ")
    assert mistakes(one(required), context={"retailerID": ""}) == [
        "fields.qty: required, and no row can have a value: name a source"
    ]
    number = {**field, "resolver": "sdk.parseInt"}
    (unread,) = mistakes(one(number), context={"retailerID": "R1"})
    assert unread.startswith("fields.qty.source: sdk.parseInt cannot read what the context holds: it expects a whole")
    assert Mapper(one({**field, "defaultValue": 7}), context={}).map({}) == {"qty": 7}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"fields": {\n  "a": {"source": "x",}\n}}', "is no JSON: line 2, column 2"),
        ("", "is no JSON: it is empty"),
        ("{", "is no JSON: line 1, column 2"),
        ('{"fields": {"a": {"value": NaN}}}', "is no JSON: NaN is no JSON value"),
        ("[" * 100_000, "is no JSON: nested too deeply"),
        (b"\xff\xfe", "is no UTF-8 text (byte 0)"),
        ("[]", "a mapping is an object with the key 'fields', not a list"),
        ('{"fields": {"a": {"source": "x"}, "a": {"source": "y"}}}', "the name 'a' stands twice in one object"),
        ('{"fields": {"a": {"value": ' + "[" * 900 + "]" * 900 + "}}}", "fields.a.value: nested deeper than 50 levels"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    """P32: a file that is no mapping says what is wrong with it, at which line, and its own name."""
    file = tmp_path / "inventory.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MappingError) as caught:
        Mapper.load(file)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    """P32: a path that leads to no file says so, with the nearest file there is."""
    (tmp_path / "inventory.json").write_text("{}")
    with pytest.raises(MappingError, match=r"no mapping file .*invntory\.json: did you mean 'inventory\.json'\?"):
        Mapper.load(tmp_path / "invntory.json")
    with pytest.raises(MappingError, match="is a folder"):
        Mapper.load(str(tmp_path))
    with pytest.raises(MappingError, match="cannot be read: Not a directory"):
        Mapper.load(tmp_path / "inventory.json" / "more.json")
    with pytest.raises(MappingError, match="no mapping file"):
        Mapper.load(tmp_path / "no" / "such" / "folder.json")


def test_a_file_gives_the_mapper_that_its_content_gives(tmp_path: Path) -> None:
    """A mapping file, with a byte order mark too, is its content; the fingerprint is that of the content."""
    config = one({"source": "x", "resolver": "sdk.parseInt"})
    file = tmp_path / "m.json"
    file.write_text("\ufeff" + json.dumps(config, indent=2), "utf-8")
    mapper = Mapper.load(file)
    assert mapper.explain().equals(Mapper(config).explain())
    assert mapper.fingerprint == Mapper(config).fingerprint != Mapper(one({"source": "y"})).fingerprint


def test_explain_shows_each_field_and_how_it_runs() -> None:
    """The table of a mapping names target, source, resolver, default and whether it runs on columns."""
    fields = {
        "ref": {"source": "sku", "required": True},
        "type": {"value": {"a": 1}, "source": "t"},
        "qty": {"source": "q", "resolver": "sdk.parseInt", "defaultValue": 0},
        "own": {"resolver": "custom.x"},
        "data": {"source": "d", "resolver": "sdk.parseJson"},
    }
    table = Mapper({"fields": fields}, resolvers={"custom.x": str}).explain()
    assert table.columns == ["target", "source", "resolver", "required", "default", "runs", "note"]
    assert table.rows() == [
        ("ref", "sku", None, True, None, "columnar", None),
        ("type", 'literal {"a": 1}', None, False, None, "columnar", "value wins: source is never read"),
        ("qty", "q", "sdk.parseInt", False, "0", "columnar", None),
        ("own", None, "custom.x", False, None, "row by row", None),
        ("data", "d", "sdk.parseJson", False, None, "row by row", None),
    ]
    assert "&lt;b&gt;" in Mapper({"fields": {"<b>": {"source": "x"}}})._repr_html_()


def test_the_mapping_does_not_follow_later_changes() -> None:
    """A mapper keeps what it was given, whatever becomes of the dict."""
    config = one({"source": "x", "defaultValue": [1]})
    mapper = Mapper(config)
    config["fields"]["qty"]["source"] = "y"
    config["fields"]["qty"]["defaultValue"].append(2)
    assert mapper.apply(pl.DataFrame({"x": [None], "y": [[3]]})).frame["qty"].to_list() == [[1]]


FIELDS_MISTAKES: dict[str, Any] = {
    "lenien": True,
    "numberFormat": "german",
    "mask": ["sku", "qtty"],
    "nodes": {"doc": {"extract": "x", "prse": "xml"}, "root": {"extract": "y"}},
    "fields": {
        "ref": {"source": "$dok.ref"},
        "qty": {"source": "q", "resolver": "sdk.parsInt", "requird": True},
        "price": {"source": "p", "resolver": "sdk.number", "params": {"scal": 2}},
        "day": {"source": "d", "resolver": ["sdk.trim", {"name": "sdk.parseDate", "params": {"zone": "Berlin"}}]},
        "lines": {"source": "l", "isArray": True, "fields": {"sku": {"sorce": "s"}}},
        "day.part": {"source": "d"},
    },
}
FIELDS_TOLD = [
    "lenien: unknown key: did you mean 'lenient'?",
    'numberFormat: a number format is a sample: 1,234.56, 1.234,56, "1 234,56", 1\'234.56, 1234,56 or 1,234; not ',
    "nodes.doc.prse: unknown key: did you mean 'parse'?",
    "nodes.root: '$root' means something else in a source: choose another name",
    "fields.ref.source: there is no node '$dok': did you mean '$doc'?",
    "fields.qty.requird: unknown key: did you mean 'required'?",
    "fields.qty.resolver: unknown resolver 'sdk.parsInt': did you mean 'sdk.parseInt'?",
    "fields.price.params.scal: none of its resolvers takes it: did you mean 'scale'?",
    "fields.day.resolver.params.zone: there is no time zone 'Berlin': write one such as Europe/Berlin or UTC",
    "fields.lines.fields.sku.sorce: unknown key: did you mean 'source'?",
    "fields.day.part: 'day' is a value (fields.day) and cannot hold fields too",
    "mask: 'qtty' is no target of this mapping: did you mean 'qty'?",
    "mask: 'sku' is no target of this mapping",
]
MUTATION_MISTAKES: dict[str, Any] = {
    "mutation": "create order",
    "operationNam": "Mine",
    "returnFields": ["id", "items {"],
    "sourceFormat": "xlm",
    "aliasBatching": {"mutationsPerBtch": 3, "maxMutationsPerBatch": 0},
    "fields": {
        "ref": {"source": "r", "transfrm": "trim"},
        "type": {"source": "t", "transform": "toUperCase"},
        "a": {"city": {"sorce": "c"}},
        "items[]": {"fields": {"sku": {"source": "$.sku"}}},
        "l[]": {"source": "l", "validation": {"minItms": 2}, "fields": {"x": {"source": "$.x"}}},
        "n[]": {"source": "l", "validation": {"minItems": 2, "maxItems": 1}, "fields": {"x": {"source": "$.x"}}},
        "key": {"value": "${FC_THERE_IS_NO_SUCH_VARIABLE}"},
    },
}
MUTATION_TOLD = [
    "operationNam: unknown key: did you mean 'operationName'?",
    "fields.ref.transfrm: unknown key: did you mean 'transform'?",
    "fields.type.transform: unknown resolver 'toUperCase': did you mean 'toUpperCase'?",
    "fields.a.city.sorce: unknown key: did you mean 'source'?",
    "fields.items[]: a list needs a source: the path of the list in the rows",
    "fields.l[].validation.minItms: unknown key: did you mean 'minItems'?",
    "fields.n[].validation: minItems 2 is more than maxItems 1",
    "fields.key.value: the environment variable FC_THERE_IS_NO_SUCH_VARIABLE is not set",
    "sourceFormat: one of xml, json, jsonl, csv, not 'xlm'",
    "mutation: a mutation's name is letters, digits and underscores, the first no digit, not 'create order'",
    "returnFields: no GraphQL selection",
    "aliasBatching.mutationsPerBtch: unknown key: did you mean 'mutationsPerBatch'?",
    "aliasBatching.maxMutationsPerBatch: a whole number from 1, not 0",
]
ARGUMENTS_MISTAKES: dict[str, Any] = {
    "mutation": "createOrder",
    "descripton": "d",
    "returnFields": "id",
    "arguments": {
        "in put": "x",
        "id": {"source": "i", "_type": "ID or so"},
        "input": {
            "ref": {"source": "r", "requird": True},
            "type": {"source": "t", "transform": "toUperCase"},
            "qty": {"source": 5},
            "note": 5,
            "items": {"_array": True, "sku": "sku"},
            "lines": {"source": "l", "isArray": True, "validation": {"minItems": -1}, "sku": "s"},
            "a..b": "x",
            "__proto__": {"source": "x"},
            "secret": {"value": "${FC_API_TOKEN}"},
        },
    },
}
ARGUMENTS_TOLD = [
    "descripton: unknown key: did you mean 'description'?",
    "arguments.input.ref.requird: unknown key: did you mean 'required'?",
    "arguments.input.type.transform: unknown resolver 'toUperCase': did you mean 'toUpperCase'?",
    "arguments.input.qty.source: the path of a source column, as text, or a list of such paths, not a number",
    "arguments.input.items: a list needs a source",
    "arguments.input.lines.validation: minItems and maxItems are whole numbers from 0",
    "arguments.input.a..b: a target is a name, or names joined by single dots",
    "arguments.input.secret.value: the environment variable FC_API_TOKEN may hold a secret, which no mapping sends",
    "returnFields: a list of fields to return, not text",
    "arguments: 'in put' can be no argument: letters, digits and underscores",
    "arguments.id._type: a type is a name, such as ID",
]


@pytest.mark.parametrize("ending", ["json", "yml"])
@pytest.mark.parametrize(
    ("config", "told"),
    [
        (FIELDS_MISTAKES, FIELDS_TOLD),
        (MUTATION_MISTAKES, MUTATION_TOLD),
        (ARGUMENTS_MISTAKES, ARGUMENTS_TOLD),
    ],
    ids=["fields", "mutation", "arguments"],
)
def test_ten_mistakes_in_one_file_are_ten_messages(tmp_path: Path, config: Any, told: list[str], ending: str) -> None:
    """P32: in each dialect, in JSON and YAML, every mistake has a message with its place and the nearest known name."""
    file = tmp_path / f"mapping.{ending}"
    file.write_text(json.dumps(config) if ending == "json" else yaml.safe_dump(config, sort_keys=False), "utf-8")
    with pytest.raises(MappingError) as caught:
        Mapper.load(file)
    found = list(caught.value.problems)
    missing = [text for text in told if not any(problem.startswith(text) for problem in found)]
    assert (missing, len(found) >= len(told) >= 10) == ([], True)
    assert len(set(found)) == len(found)
    assert str(caught.value).startswith(f"the mapping {file} has {len(found)} mistakes:")
    assert "mend the mapping at the places named; nothing was mapped" in str(caught.value)


def test_the_context_stands_in_no_message(mistakes: Mistakes) -> None:
    """P9: what the context holds may be a secret: a message names where it is and never what."""
    fields = {"a": {"source": "$context.token", "resolver": "sdk.parseInt"}, "b": {"source": "$context.tokn"}}
    told = mistakes({"fields": fields}, context={"token": "geheim-4711"})
    assert len(told) == 2
    assert "geheim" not in str(told)


def test_the_context_stands_alone(mistakes: Mistakes) -> None:
    """P32: a context given for all rows can be no one of several sources, which would pass it by in silence."""
    fields = {"a": {"source": ["$context.x", "y"]}}
    assert mistakes({"fields": fields}, context={"x": 1}) == [
        "fields.a.source: '$context.x' holds for all rows and cannot be one of several sources: let it stand alone"
    ]
    assert Mapper({"fields": fields}).map({"$context": {"x": 5}, "y": 6}) == {"a": 5}


def loop() -> dict[str, Any]:
    """Return a mapping that holds itself."""
    config = one({"source": "x"})
    config["note"] = config
    return config


def deep(levels: int) -> Any:
    """Return a value nested so deeply."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (loop(), "it is nested too deeply, or within itself"),
        (one({"source": "x"}, note=deep(5_000)), "it is nested too deeply, or within itself"),
        ({"fields": {"a\ud800": {"source": "x"}}}, r"it holds half a character, '\ud800': write the whole one"),
        (one({"value": "\ud800"}), r"it holds half a character, '\ud800': write the whole one"),
        (one({"value": float("nan")}), "fields.qty.value: a number that is infinite or none cannot be a"),
        (one({"value": {"a": [float("inf")]}}), "fields.qty.value: a number that is infinite or none cannot be a"),
        ({"mutation": "m", "arguments": []}, "arguments: an object with at least one target, not a list"),
        ({"mutation": "m", "arguments": {"input": {}}}, "arguments.input: an object with at least one target"),
        (
            {"mutation": "m", "aliasBatching": 5, "fields": {"a": {"source": "x"}}},
            "aliasBatching: an object with mutationsPerBatch, not a number",
        ),
    ],
)  # fmt: skip
def test_what_no_file_could_hold_is_refused_too(mistakes: Mistakes, config: Any, problem: str) -> None:
    """P32: a dict that no frame or file could take is a mistake that is told, not a crash."""
    (found,) = mistakes(config)
    assert found.startswith(problem)


def test_a_name_that_stands_twice_is_told_where(tmp_path: Path) -> None:
    """P32: of two targets of one name in a file the place is told, not the name alone."""
    file = tmp_path / "m.json"
    file.write_text('{"fields": {"a": {"source": "x", "source": "y"}, "a": {"source": "z"}, "b": {"source": "x"}}}')
    with pytest.raises(MappingError) as caught:
        Mapper.load(file)
    assert list(caught.value.problems) == ["fields: the name 'a' stands twice in one object, and only one can count"]
