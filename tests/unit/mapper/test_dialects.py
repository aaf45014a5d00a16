"""The dialects of mutations: ``arguments``, and ``fields`` with ``nodes``; what is sent, and what comes back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, parse, validate

import fcwork
from fcwork import frames
from fcwork import schema as schemas
from fcwork.errors import MappingError
from fcwork.mapper import Mapper

Mistakes = Callable[..., list[str]]
SCHEMA = Path(fcwork.__file__).with_name("fluent.graphql")
RECORD: dict[str, Any] = {
    "id": "7",
    "name": " n ",
    "tags": ["a", "b"],
    "one": {"sku": "S", "q": "1"},
    "lines": [{"sku": "A", "q": "1", "sub": [{"k": 1}, {"k": 2}]}, {"sku": "B", "q": "2", "sub": []}],
    "addr": {"city": "X", "geo": {"lat": "1.5"}},
}


@pytest.fixture(scope="module")
def platform() -> GraphQLSchema:
    """Return the schema that the simulator answers."""
    return schemas.load(SCHEMA)


def asked(argument: Any, **top: Any) -> dict[str, Any]:
    """Return a mapping with ``arguments``."""
    return {"mutation": "createLocation", "arguments": {"input": argument}, **top}


def made(fields: Any, **top: Any) -> dict[str, Any]:
    """Return a mapping of a mutation with ``fields``."""
    return {"mutation": "createLocation", "fields": fields, **top}


def sent(config: dict[str, Any], record: dict[str, Any] | None = None, **arguments: Any) -> Any:
    """Return the input that a record becomes."""
    return Mapper(config, **arguments).mutation(RECORD if record is None else record).variables["input"]


def failed(config: dict[str, Any], record: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """Return field and code of what keeps a record from being sent."""
    with pytest.raises(MappingError) as caught:
        sent(config, record)
    return [(issue["field"], issue["code"]) for issue in caught.value.issues]


SKUS = {"items": [{"sku": "A"}, {"sku": "B"}]}


@pytest.mark.parametrize(
    ("argument", "made_of_it"),
    [
        ({"ref": "id", "city": "addr.city"}, {"ref": "7", "city": "X"}),
        ({"ref": {"source": "name", "transform": "trim"}}, {"ref": "n"}),
        ({"ref": {"source": "name", "resolver": "sdk.trim"}}, {"ref": "n"}),
        ({"n": {"source": "id", "resolver": "toUpperCase", "transform": "parseInt"}}, {"n": "7"}),
        ({"n": {"source": "id", "resolver": "", "transform": "parseInt"}}, {"n": 7}),
        ({"a": {"city": "addr.city", "b": {"lat": "addr.geo.lat"}}}, {"a": {"city": "X", "b": {"lat": "1.5"}}}),
        ({"a": {"_nested": True, "source": "addr", "city": "city"}}, {"a": {"city": "X"}}),
        ({"a": {"source": "addr", "city": {"source": "city"}}}, {"a": {"city": "X"}}),
        ({"a": {"source": "addr", "mapping": {"city": "city"}}}, {"a": {"city": "X"}}),
        ({"a": {"source": "addr", "fields": {"city": "city"}}}, {"a": {"city": "X"}}),
        ({"items": {"source": "lines", "isArray": True, "sku": "sku"}}, SKUS),
        ({"items": {"source": "lines", "_array": True, "sku": {"source": "sku"}}}, SKUS),
        ({"items": {"source": "lines", "isArray": True, "mapping": {"sku": "sku"}}}, SKUS),
        ({"items[]": {"source": "lines", "sku": "sku"}}, SKUS),
        ({"items": {"source": "one", "isArray": True, "_autoWrap": True, "sku": "sku"}}, {"items": [{"sku": "S"}]}),
        ({"items": {"source": "nope", "isArray": True, "autoWrap": True, "sku": "sku"}}, {"items": []}),
        (
            {"items": {"source": "lines", "isArray": True, "subs": {"source": "sub", "isArray": True, "k": "k"}}},
            {"items": [{"subs": [{"k": 1}, {"k": 2}]}, {"subs": []}]},
        ),
        ({"items": {"source": "lines", "isArray": True, "t": {"value": "T"}}}, {"items": [{"t": "T"}, {"t": "T"}]}),
        ({"tags": {"source": "tags", "isArray": True}}, {"tags": ["a", "b"]}),
        ({"q": {"source": "lines", "isArray": True, "sku": "sku", "comment": "c", "_note": 1}}, {"q": SKUS["items"]}),
        ({"a": {"source": "nope", "defaultValue": 5}}, {"a": 5}),
        ({"a": {"value": {"b": [1]}}}, {"a": {"b": [1]}}),
        ({"comment": "c", "_comment": "c", "ref": "id"}, {"ref": "7"}),
    ],
)  # fmt: skip
def test_arguments_are_read_as_they_are_written(argument: dict[str, Any], made_of_it: dict[str, Any]) -> None:
    """Each way in which the SDK's ``arguments`` spell values, objects and lists is read."""
    assert sent(asked(argument)) == made_of_it


@pytest.mark.parametrize(
    ("fields", "made_of_it"),
    [
        ({"ref": {"source": "id"}, "a.city": {"source": "addr.city"}}, {"ref": "7", "a": {"city": "X"}}),
        ({"a": {"fields": {"city": {"source": "addr.city"}}}}, {"a": {"city": "X"}}),
        ({"a": {"source": "nope", "fields": {"city": {"source": "addr.city"}}}}, {"a": {"city": "X"}}),
        ({"items[]": {"source": "lines", "fields": {"sku": {"source": "$.sku"}}}}, SKUS),
        ({"items": {"source": "lines", "isArray": True, "fields": {"sku": {"source": "$.sku"}}}}, SKUS),
        (
            {"items[]": {"source": "lines", "fields": {"sku": {"source": "$.sku"}, "of": {"source": "id"}}}},
            {"items": [{"sku": "A", "of": "7"}, {"sku": "B", "of": "7"}]},
        ),
        (
            {"i[]": {"source": "lines", "fields": {"s[]": {"source": "$.sub", "fields": {"k": {"source": "$.k"}}}}}},
            {"i": [{"s": [{"k": 1}, {"k": 2}]}, {"s": []}]},
        ),
        ({"n": {"source": "id", "resolver": "parseInt"}, "d": {"source": "z", "defaultValue": 1}}, {"n": 7, "d": 1}),
    ],
)  # fmt: skip
def test_fields_of_a_mutation_are_read_as_they_are_written(fields: Any, made_of_it: Any) -> None:
    """A field's source is the record's, in a list too, unless it begins with ``$.``, which is the item's."""
    assert sent(made(fields)) == made_of_it


def test_a_default_stands_in_for_what_a_transform_gave() -> None:
    """In a mutation the default comes after the resolver and before required, and only for what is null."""
    assert sent(asked({"n": {"source": "nope", "transform": "parseInt", "defaultValue": 9, "required": True}})) == {
        "n": 9
    }
    assert sent(asked({"n": {"source": "e", "defaultValue": 9}}), {"e": ""}) == {"n": ""}
    assert failed(asked({"n": {"source": "e", "required": True}}), {"e": ""}) == [("input.n", "map.required")]


@pytest.mark.parametrize("key", ["validation", "_validation"])
def test_a_list_has_as_many_items_as_is_wanted(key: str) -> None:
    """Too few and too many items are issues of the row, which is not sent."""
    items = {"source": "lines", "isArray": True, "sku": "sku"}
    assert sent(asked({"items": {**items, key: {"minItems": 2, "maxItems": 2}}})) == SKUS
    assert failed(asked({"items": {**items, key: {"minItems": 3}}})) == [("input.items", "map.items")]
    assert failed(asked({"items": {**items, key: {"maxItems": 1}}})) == [("input.items", "map.items")]


def test_the_environment_gives_whole_values_only(mistakes: Mistakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """P9: ``${NAME}`` is a variable where it is the whole text; a missing one and one of a secret are refused."""
    monkeypatch.setenv("FC_CATALOGUE", "C1")
    monkeypatch.setenv("FC_EMPTY", "")
    monkeypatch.delenv("FC_NONE", raising=False)
    assert sent(
        asked({"a": {"value": "${FC_CATALOGUE}"}, "b": {"source": "x", "defaultValue": "${FC_CATALOGUE}"}})
    ) == {
        "a": "C1",
        "b": "C1",
    }
    assert sent(made({"a": {"value": "${FC_CATALOGUE}"}})) == {"a": "C1"}
    for text in ("a${FC_CATALOGUE}", "$FC_CATALOGUE", "${FC-X}"):
        assert sent(asked({"a": {"value": text}})) == {"a": text}
    for name in ("FC_NONE", "FC_EMPTY"):
        told = f"arguments.input.a.value: the environment variable {name} is not set"
        assert mistakes(asked({"a": {"value": f"${{{name}}}"}})) == [told]
    for name in ("API_TOKEN", "CLIENT_SECRET", "DB_PASSWORD", "MY_KEY", "PASSPHRASE", "DB_PWD", "AWS_CREDENTIALS"):
        monkeypatch.setenv(name, "geheim")
        (problem,) = mistakes(asked({"a": {"value": f"${{{name}}}"}}))
        assert problem.endswith(f"{name} may hold a secret, which no mapping sends")
    assert Mapper({"fields": {"a": {"value": "${FC_CATALOGUE}"}}}).map({}) == {"a": "${FC_CATALOGUE}"}


NODES: dict[str, Any] = {
    "js": '{"a": {"b": 5}, "l": [{"x": 1}, {"x": 2}]}',
    "xml": '<o id="1"><i sku="A">t</i><i sku="B"/></o>',
    "escaped": "&lt;o&gt;&lt;a&gt;5 &amp;amp; 6&lt;/a&gt;&lt;/o&gt;",
    "body": {"deep": "D"},
    "completeData": {"cd": "C"},
    "obj": {"z": 1},
}


@pytest.mark.parametrize(
    ("node", "field", "value"),
    [
        ({"extract": "js", "parse": "json"}, {"source": "$n.a.b"}, 5),
        ({"extract": "js", "parse": "json"}, {"source": "$n.l[1].x"}, 2),
        ({"extract": "xml", "parse": "xml"}, {"source": "$n.o.@id"}, "1"),
        ({"extract": "xml", "parse": "xml"}, {"source": "$n.o.i[sku=A]"}, "t"),
        ({"extract": "escaped", "parse": "xml", "unescape": True}, {"source": "$n.o.a"}, "5 & 6"),
        ({"extract": "escaped", "unescape": True}, {"source": "$n"}, "<o><a>5 &amp; 6</a></o>"),
        ({"extract": "obj"}, {"source": "$n.z"}, 1),
        ({"extract": "obj", "parse": "json"}, {"source": "$n.z"}, 1),
        ({"extract": "deep"}, {"source": "$n"}, "D"),
        ({"extract": "cd", "comment": "c"}, {"source": "$n"}, "C"),
        ({"extract": "nope", "parse": "json"}, {"source": "$n.z", "defaultValue": "d"}, "d"),
    ],
)
def test_a_node_is_taken_out_before_any_field(node: dict[str, Any], field: dict[str, Any], value: Any) -> None:
    """``$name`` leads into what was taken out, perhaps unescaped and parsed, also from where the SDK looks as well."""
    assert sent(made({"x": field}, nodes={"n": node}), NODES) == {"x": value}
    assert Mapper({"nodes": {"n": node}, "fields": {"x": field}}).map(NODES) == {"x": value}


def test_the_items_of_a_node_are_mapped() -> None:
    """A list in a node is one like any other, in ``arguments`` too."""
    nodes = {"n": {"extract": "xml", "parse": "xml"}}
    inner = {"sku": {"source": "$.@sku"}, "text": {"source": "$.#text"}}
    items = [{"sku": "A", "text": "t"}, {"sku": "B"}]
    assert sent(made({"items[]": {"source": "$n.o.i", "fields": inner}}, nodes=nodes), NODES) == {"items": items}
    loose = {"items": {"source": "$n.o.i", "isArray": True, "sku": "@sku", "text": "#text"}}
    assert sent(asked(loose, nodes=nodes), NODES) == {"items": items}


def test_a_required_node_that_is_missing_rejects_its_row() -> None:
    """P26: a row without a required node is told, with where it was looked for."""
    config = {"nodes": {"n": {"extract": "x", "parse": "json", "required": True}}, "fields": {"a": {"source": "$n.a"}}}
    result = Mapper(config).apply([{"x": '{"a": 1}'}, {"x": None}, {"x": ""}])
    assert [row["a"] for row in result.frame] == [1]
    assert [(issue["row"], issue["field"], issue["code"]) for issue in result.issues] == [
        (2, "$n", "map.required"),
        (3, "$n", "map.required"),
    ]


HOSTILE = {
    "doctype": ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "a DOCTYPE or an entity of its own"),
    "bomb": ('<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><l>&b;</l>', "a DOCTYPE or an entity of its own"),
    "outside": ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a DOCTYPE or an entity of its own"),
    "deep": ("<a>" * 100_000 + "</a>" * 100_000, "nested "),
    "50 levels": ("<a>" * 50 + "</a>" * 50, "nested "),
    "unfinished": ("<a>", "no XML: no element found: line 1, column 3"),
    "blank": ("  ", "no XML: no element found"),
    "NUL": ("<a>\0</a>", "no XML: not well-formed (invalid token): line 1, column 3"),
    "unknown entity": ("<a>&nbsp;</a>", "no XML: undefined entity"),
    "two roots": ("<a/><b/>", "no XML: junk after document element"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_xml_is_an_issue_of_its_row(case: str) -> None:
    """P24: XML that is none, or means harm, rejects its row and never stops the others."""
    text, told = HOSTILE[case]
    config = {"nodes": {"n": {"extract": "x", "parse": "xml"}}, "fields": {"a": {"source": "$n.a"}}}
    result = Mapper(config).apply([{"x": text}, {"x": "<a>5</a>"}])
    assert [row["a"] for row in result.frame] == ["5"]
    (issue,) = [issue for issue in result.issues if issue["row"] == 1]
    assert (issue["field"], issue["code"]) == ("$n", "map.node")
    assert issue["message"].startswith(f"xml that cannot be read: {told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 100_000, "nested "),
        ("[" * 50 + "1" + "]" * 50, "nested "),
        ("{bad", "Expecting property name"),
        ("NaN", "NaN is no JSON"),
        ("[1e999]", "1e999 is larger than a number can be"),
        ('"\\ud800"', "it holds half a character"),
    ],
)
def test_hostile_json_is_an_issue_of_its_row(text: str, told: str) -> None:
    """P24: JSON that is none, or that no column holds, rejects its row, in a node and in a resolver."""
    node = {"nodes": {"n": {"extract": "x", "parse": "json"}}, "fields": {"a": {"source": "$n"}}}
    field = {"fields": {"a": {"source": "x", "resolver": "sdk.parseJson"}}}
    for config in (node, field):
        result = Mapper(config).apply([{"x": text}, {"x": "5"}])
        assert [row["a"] for row in result.frame] == [5]
        assert told in result.issues[0]["message"]


def test_xml_is_read_as_it_stands() -> None:
    """Names without their namespaces, attributes, mixed text, CDATA and repeated elements keep what they hold."""
    config = {"nodes": {"n": {"extract": "x", "parse": "xml"}}, "fields": {"a": {"source": "$n.a"}}}
    text = '<n:a xmlns:n="u" k="1">x<n:b>007</n:b><!-- c --><b><![CDATA[<i>]]></b>y<c/></n:a>'
    assert Mapper(config).map({"x": text}) == {"a": {"@k": "1", "#text": "xy", "b": ["007", "<i>"]}}


LOCATION: dict[str, Any] = {
    "ref": {"source": "sku", "required": True},
    "type": {"value": "STORE"},
    "name": {"source": "sku"},
    "retailer.id": {"source": "r", "resolver": "sdk.parseInt"},
}
STORES = [{"sku": f"S{at}", "r": "1"} for at in range(1, 8)]


@pytest.mark.parametrize("per_request", [None, 1, 3, 100])
def test_every_row_is_sent_or_rejected_once(kind: str, make_frame: Any, per_request: int | None) -> None:
    """P26: of every kind of frame each row stands in one request, or is rejected with an issue and not sent."""
    rows = [*STORES, {"sku": "", "r": "1"}, {"sku": "S9", "r": "x"}]
    calls = Mapper(made(LOCATION)).mutations(make_frame(rows), per_request=per_request)
    numbers = [number for request in calls.requests for number in request.rows]
    assert numbers == list(range(1, 8))
    assert max(map(len, calls.requests)) == min(per_request or 5, 7)
    assert frames.kind_of(calls.rejected) == frames.kind_of(calls.issues) == kind
    assert frames.enter(calls.rejected)["_row"].to_list() == [8, 9]
    assert frames.enter(calls.issues)["row"].to_list() == [8, 9]
    assert calls.counts == {"read": 9, "mapped": 7, "rejected": 2, "requests": len(calls.requests), "too_large": 0}
    assert f"7 of 9 rows in {len(calls.requests)} requests, 2 rejected" in str(calls) + calls._repr_html_()


def test_the_mapping_says_how_many_go_in_one_request() -> None:
    """``aliasBatching`` counts unless the caller says otherwise, never past its own most."""
    sizes = {}
    for at, batching in enumerate(
        ({"mutationsPerBatch": 3}, {"mutationsPerBatch": 6, "maxMutationsPerBatch": 4}, None)
    ):
        config = made(LOCATION) if batching is None else made(LOCATION, aliasBatching=batching)
        sizes[at] = [len(request) for request in Mapper(config).mutations(STORES).requests]
    assert sizes == {0: [3, 3, 1], 1: [4, 3], 2: [5, 2]}


@pytest.mark.parametrize("per_request", [1, 3])
def test_documents_are_graphql_that_the_schema_takes(platform: GraphQLSchema, per_request: int) -> None:
    """What is sent parses, and fits the platform's schema, which gives the types that a mapping does not."""
    product = {"mutation": "createStandardProduct", "fields": {"ref": {"source": "sku"}}}
    quantity = {
        "mutation": "updateOrder",
        "arguments": {"input": {"id": "sku", "items": {"source": "nope", "isArray": True, "ref": "x"}}},
        "returnFields": ["id", "status", "items { edges { node { ref } } }"],
        "operationName": "Mine",
    }
    for config in (made(LOCATION), product, quantity):
        for request in Mapper(config).mutations(STORES, per_request=per_request, schema=platform).requests:
            assert validate(platform, parse(request.document)) == []
    mapper = Mapper(product)
    assert "$input: CreateStandardProductInput)" in mapper.mutation(STORES[0], schema=platform).document
    assert "mutation Mine(" in Mapper(quantity).mutation(STORES[0]).document
    assert "items { edges { node { ref } } }" in Mapper(quantity).mutation(STORES[0]).document


def test_what_the_schema_does_not_have_is_told(platform: GraphQLSchema) -> None:
    """P32: a mutation or type that the schema lacks is told with the nearest there is."""
    with pytest.raises(MappingError, match="no mutation 'createLocations': did you mean 'createLocation'"):
        Mapper({**made(LOCATION), "mutation": "createLocations"}).mutation(STORES[0], schema=platform)
    typed = asked({"_type": "CreateLocationInpt!", "ref": "sku"})
    with pytest.raises(MappingError, match="did you mean 'CreateLocationInput'"):
        Mapper(typed).mutations(STORES, schema=platform)


def test_several_arguments_are_sent_by_name() -> None:
    """Each argument is a variable of its own; what an object lacks leaves an empty one, and notes are no arguments."""
    arguments = {"id": {"source": "id", "_type": "ID!"}, "data": {"_type": "X", "a": "nope"}, "_comment": {"any": 1}}
    request = Mapper({"mutation": "change", "arguments": arguments}).mutation({"id": "7"})
    assert request.variables == {"id": "7", "data": {}}
    assert request.document.startswith("mutation changeMutation($id: ID!, $data: X) {")


def test_answers_come_back_to_their_rows() -> None:
    """P26: each row has its outcome, and errors of a whole request are kept with all its rows."""
    calls = Mapper(made(LOCATION)).mutations(STORES, per_request=4)
    good = {"data": {f"createLocation{at}": {"id": str(at), "ref": f"S{at}"} for at in (1, 2, 3, 4)}}
    refused = {"errors": [{"message": "not allowed", "extensions": {"code": "C0001E"}}]}
    outcome = calls.parse([good, refused])
    assert outcome.counts == {"rows": 7, "delivered": 4, "rejected": 3, "retryable": 0, "unknown": 0}
    assert outcome.frame["_row"].to_list() == list(range(1, 8))
    assert outcome.frame["key"].to_list() == [row["sku"] for row in STORES]
    assert outcome.issues["row"].to_list() == [5, 6, 7]
    assert all("not allowed" in message for message in outcome.issues["message"])
    assert calls.parse([good, None]).counts["unknown"] == 3
    with pytest.raises(ValueError, match="2 requests have as many answers, not 1"):
        calls.parse([good])
    mapper = Mapper(made(LOCATION))
    request = mapper.mutation(STORES[0])
    assert mapper.parse({"data": {"createLocation": {"id": "1"}}}, request).ok


def test_a_record_that_cannot_be_mapped_is_not_sent() -> None:
    """P26: a single record with a fault becomes no request."""
    assert failed(made(LOCATION), {"sku": "", "r": "x"}) == [("ref", "map.required"), ("retailer.id", "map.type")]
    with pytest.raises(MappingError, match="this mapping is of no mutation"):
        Mapper({"fields": LOCATION}).mutation(STORES[0])
    with pytest.raises(MappingError, match="this mapping is of no mutation"):
        Mapper({"fields": LOCATION}).mutations(STORES)


def test_of_no_rows_nothing_is_sent() -> None:
    """A frame without rows is no request."""
    calls = Mapper(made(LOCATION)).mutations([])
    assert calls.requests == []
    assert calls.parse([]).counts["rows"] == 0
    assert "<p><b>0 of 0 rows in 0 requests, 0 rejected</b></p></div>" in calls._repr_html_()


def test_a_request_without_mutations_is_refused() -> None:
    """A request holds at least one mutation: asking for none is told, before anything is made."""
    with pytest.raises(MappingError, match="at least 1 mutation, not 0") as caught:
        Mapper(made(LOCATION)).mutations(STORES, per_request=0)
    assert caught.value.hint == "mutations(frame, per_request=5)"


def test_an_object_of_a_mutation_may_hold_its_fields_itself() -> None:
    """In a mutation's fields, an object that says nothing of itself holds entries, as one with the key fields does."""
    fields = {"a": {"b": {"source": "x"}, "c.d": {"value": 1}, "e": {"f": {"source": "$.y"}}, "comment": "a note"}}
    mapper = Mapper({"mutation": "make", "fields": fields})
    assert mapper.map({"x": "X", "y": "Y"}) == {"a": {"b": "X", "c": {"d": 1}, "e": {"f": "Y"}}}


def test_an_entry_of_arguments_may_be_called_value() -> None:
    """Beside other entries ``value`` is one of them, so that a list of attributes can be written."""
    entries = {
        "attributes": {"_array": True, "source": "a", "name": "@n", "value": "#text", "type": {"value": "STRING"}},
        "kind": {"value": "HD", "note": "always the same"},
        "one": {"name": {"value": "N"}, "value": {"source": "z"}},
    }
    mapper = Mapper({"mutation": "make", "arguments": {"input": entries}})
    assert mapper.map({"a": [{"@n": "1", "#text": "t"}], "z": 5})["input"] == {
        "attributes": [{"name": "1", "value": "t", "type": "STRING"}],
        "kind": "HD",
        "one": {"name": "N", "value": 5},
    }


def test_the_requests_of_a_frame_can_be_gone_through() -> None:
    """The requests of a frame are counted and gone through without naming them."""
    calls = Mapper(made(LOCATION)).mutations(STORES, per_request=4)
    assert (len(calls), list(calls)) == (len(calls.requests), calls.requests)
