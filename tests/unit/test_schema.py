"""A GraphQL schema, from whatever a caller has of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import graphql
import pytest

import fcwork
from fcwork import schema
from fcwork.errors import ConfigError

PLATFORM = Path(fcwork.__file__).with_name("fluent.graphql")
SDL = """
type Query { me: String }
type Mutation { createShop(input: CreateShopInput!): String }
input CreateShopInput { ref: String!, parts: [PartInput!] }
input PartInput { ref: String! }
"""
INTROSPECTION: dict[str, Any] = dict(graphql.introspection_from_schema(graphql.build_schema(SDL)))


@pytest.mark.parametrize(
    "given",
    [
        graphql.build_schema(SDL),
        SDL,
        f"\ufeff{SDL}",
        INTROSPECTION,
        INTROSPECTION["__schema"],
        {"data": INTROSPECTION},
        {"data": INTROSPECTION, "extensions": {}},
        json.dumps(INTROSPECTION),
    ],
    ids=["schema", "SDL", "SDL with a mark", "wrapped", "bare", "answer", "answer with more", "JSON text"],
)
def test_a_schema_is_had_from_each_form(given: Any) -> None:
    """A schema, SDL and an introspection result in any wrapping give the same schema."""
    loaded = schema.load(given)
    assert graphql.print_schema(loaded) == graphql.print_schema(graphql.build_schema(SDL))


@pytest.mark.parametrize(
    ("name", "content"),
    [("s.graphql", SDL), ("s.gql", SDL), ("s.json", json.dumps({"data": INTROSPECTION})), ("schema", SDL)],
)
def test_a_schema_is_read_from_a_file(tmp_path: Path, name: str, content: str) -> None:
    """A path leads to SDL or JSON, whatever the file is called, with or without a byte order mark."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8-sig")
    for given in (path, str(path)):
        assert "CreateShopInput" in schema.load(given).type_map


def test_the_platforms_schema_is_read() -> None:
    """The schema of the platform that the simulator answers by can be loaded, and its mutations looked up."""
    platform = schema.load(PLATFORM)
    assert "primaryAddress" in schema.input_type(platform, "CreateLocationInput").fields
    assert list(schema.mutation(platform, "createLocation").args) == ["input"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (5, "int is no schema"),
        (None, "NoneType is no schema"),
        ("nope.graphql", "nope.graphql: cannot be read: No such file"),
        ("x\0.graphql", "cannot be read as UTF-8"),
        ("", "no schema"),
        ("type Query {", "the schema's text, line 1: no schema: Syntax Error"),
        ("type A {\n  b: }", "line 2: no schema: Syntax Error"),
        ("type A { b: Nope }", "no schema: Unknown type 'Nope'"),
        ("type A { b: Int } type A { c: Int }", "There can be only one type named 'A'"),
        ("query { me }", "no schema: it defines no type"),
        ("{}", "no introspection result: it holds nothing, and no __schema"),
        ("{,}", "line 1: no JSON"),
        ({"data": None, "errors": [{"message": "introspection is off"}]}, "introspection is off"),
        ({"__schema": {"queryType": {"name": "Query"}, "types": [{}]}}, "no introspection result of a whole schema"),
        ({"types": [], "queryType": None}, "it defines no type"),
        ({"__schema": 5}, "it holds __schema, and no __schema"),
        ("input A { a: " + "[" * 5_000 + "Int" + "]" * 5_000 + " }", "nested too deeply"),
    ],
)
def test_what_is_no_schema_is_refused(given: Any, told: str) -> None:
    """P32: what is no schema is a ConfigError that says where and why, and what may be given."""
    with pytest.raises(ConfigError) as caught:
        schema.load(given)
    assert told in caught.value.message
    assert "introspection result" in caught.value.hint


def test_a_file_that_is_no_schema_is_named(tmp_path: Path) -> None:
    """P32: a bad file is told of with its path, and with the line where there is one."""
    for name, content, told in (
        ("bad.graphql", b"type A {\n  b: }", "line 2: no schema"),
        ("bad.json", b'{"data":\n {,}}', "line 2: no JSON"),
        ("bytes.graphql", b"\xff\xfe\x00", "cannot be read as UTF-8"),
        ("deep.json", b'{"a":' * 100_000, "no usable JSON"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            schema.load(path)
        assert f"{path}" in caught.value.message
        assert told in caught.value.message


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    """P32: an input type or a mutation that there is not is a ConfigError with the nearest known name."""
    loaded = schema.load(SDL)
    with pytest.raises(ConfigError, match=r"'CreateShopInptu' is no input type .* did you mean 'CreateShopInput'\?"):
        schema.input_type(loaded, "CreateShopInptu")
    with pytest.raises(ConfigError, match="'Query' is a type of the schema, but no input type"):
        schema.input_type(loaded, "Query")
    with pytest.raises(ConfigError, match=r"\['CreateShopInput'\] is no input type of the schema"):
        schema.input_type(loaded, ["CreateShopInput"])  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"'createshop' is no mutation of the schema, did you mean 'createShop'\?"):
        schema.mutation(loaded, "createshop")
    with pytest.raises(ConfigError, match="'createShop' is no mutation") as caught:
        schema.mutation(schema.load("input A { a: Int }"), "createShop")
    assert "no mutations" in caught.value.hint


def test_graphql_is_loaded_only_when_it_is_used() -> None:
    """Importing the module, and the validator with it, loads no GraphQL."""
    program = (
        "import sys, fcwork.schema, fcwork.validator.validator; print('graphql' in sys.modules, 'yaml' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]


def test_the_platforms_schema_is_shipped() -> None:
    """The platform's schema is the package's own file, built once, with the types that extractions meet."""
    platform = schema.platform()
    assert platform is schema.platform()
    assert {"Order", "InventoryPosition", "VirtualPosition", "ReturnOrder"} <= set(platform.type_map)
    assert graphql.print_schema(platform) == graphql.print_schema(schema.load(PLATFORM))
