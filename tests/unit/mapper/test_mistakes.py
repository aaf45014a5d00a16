"""Mistakes in a mapping and in its file: all at once, each with its place and what was probably meant."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

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
    assert unread.startswith("fields.qty.source: sdk.parseInt cannot read 'R1'")
    assert Mapper(one({**field, "defaultValue": 7}), context={}).map({}) == {"qty": 7}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"fields": {\n  "a": {"source": "x",}\n}}', "is no JSON: line 2, column 2"),
        ("", "is no JSON: line 1, column 1"),
        ('{"fields": {"a": {"value": NaN}}}', "is no JSON: NaN is no JSON value"),
        ("[" * 100_000, "is no JSON: nested too deeply"),
        (b"\xff\xfe", "is no UTF-8 text (byte 0)"),
        ("[]", "a mapping is an object with the key 'fields', not a list"),
        ('{"fields": {"a": {"source": "x"}, "a": {"source": "y"}}}', "the name 'a' stands twice in one object"),
        ('{"fields": {"a": {"value": ' + "[" * 900 + "]" * 900 + "}}}", "fields.a.value: nested too deeply"),
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
