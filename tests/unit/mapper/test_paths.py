"""The grammar of source paths, each line of it on records and on typed frames."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from fcwork.errors import MappingError
from fcwork.mapper import Mapper

Mistakes = Callable[..., list[str]]

RECORD: dict[str, Any] = {
    "a": {"b": 1, "c": {"d": "deep"}, "e.f": "dotted", "e.f.g": "longer", "e": {"f": {"h": "walked"}}},
    "x.y": {"z": 2},
    "x": {"y": {"z": "not this", "w": "but this"}},
    "m": [[1, 2], [3]],
    "items": [
        {"sku": "A", "q": 1, "@id": "7", "tags": ["t1", "t2"], "price": {"value": 1.5}},
        {"sku": "B.2", "q": 2, "@id": "8", "tags": [], "price": None},
        {"sku": "C]", "q": 3, "@id": "9", "tags": ["t3"], "price": {"value": 2.5}},
    ],
    "order": {"@id": "O1", "total": {"#text": "9.50", "@currency": "EUR"}, "note": {"#text": "n", "line": "l"}},
    "old": {"$": {"id": "O2"}, "_": "text"},
    "name": "Zoë",
    "one": {"sku": "single"},
    "$weird": "dollar",
    "items[9]": "named so",
    "it's": {'say "hi"': 3},
    "*": {"*": "star"},
    "^r$": {"^s$": "pattern", "other": "no"},
    "none": None,
}

GRAMMAR = [
    ("a.b", 1),
    ("a.c.d", "deep"),
    ("a.e.f", "dotted"),
    ("a.e.f.g", "longer"),
    ("a.e.f.h", "walked"),
    ("x.y.z", 2),
    ("x.y.w", "but this"),
    ("['x.y'].z", 2),
    ('["x.y"]["z"]', 2),
    ("a['e.f']", "dotted"),
    ('["it\'s"][\'say "hi"\']', 3),
    ("items[0].sku", "A"),
    ("items.0.sku", "A"),
    ("items.-1.sku", "C]"),
    ("items[-1].sku", "C]"),
    ("items[-3].sku", "A"),
    ("items[-4].sku", None),
    ("items[3].sku", None),
    ("m[0][1]", 2),
    ("m.1.0", 3),
    ("m[1][1]", None),
    ("items[*].sku", ["A", "B.2", "C]"]),
    ("items.*.sku", ["A", "B.2", "C]"]),
    ("items[].sku", ["A", "B.2", "C]"]),
    ("items[*].price.value", [1.5, None, 2.5]),
    ("items[*].tags[0]", ["t1", None, "t3"]),
    ("items[*].tags[*]", [["t1", "t2"], [], ["t3"]]),
    ("m[*][0]", [1, 3]),
    ("m[*]", [[1, 2], [3]]),
    ("items[sku=A].q", 1),
    ("items[sku=B.2].q", 2),
    ("items[sku='B.2'].q", 2),
    ('items[sku="C]"].q', 3),
    ("items[q=2].sku", "B.2"),
    ("items[@id=9].sku", "C]"),
    ("items[id=8].sku", "B.2"),
    ("items[sku=nobody].q", None),
    ("items[sku=A].price.value", 1.5),
    ("order.@id", "O1"),
    ("order@id", "O1"),
    ("items[0]@id", "7"),
    ("items[*]@id", ["7", "8", "9"]),
    ("old.@id", "O2"),
    ("old@id", "O2"),
    ("order.total", "9.50"),
    ("order.total.#text", "9.50"),
    ("order.total@currency", "EUR"),
    ("order.note.#text", "n"),
    ("old", "text"),
    ("name.length", 3),
    ("items.length", 3),
    ("items[0].tags.length", 2),
    ("$.name", "Zoë"),
    ("$record.name", "Zoë"),
    ("$root.name", "Zoë"),
    ("$root.a.c.d", "deep"),
    ("$weird", "dollar"),
    ("items[9]", "named so"),
    ("one[0].sku", "single"),
    ("one.0.sku", "single"),
    ("one[-1].sku", "single"),
    ("one[1].sku", None),
    ("one[*].sku", ["single"]),
    ("one[sku=single].sku", "single"),
    ("one[sku=other].sku", None),
    ("['*']['*']", "star"),
    ("^r$.^s$", "pattern"),
    ("none", None),
    ("none.x[0][*][a=b]@id", None),
]


@pytest.mark.parametrize(("source", "value"), GRAMMAR)
@pytest.mark.parametrize("kind", ["record", "polars", "lazy", "pyarrow"])
def test_each_line_of_the_grammar(source: str, value: Any, kind: str) -> None:
    """A path gives the same value from one record, and from a typed column of any library."""
    mapper = Mapper({"fields": {"x": {"source": source}}})
    frame = pl.DataFrame([RECORD, RECORD])
    if kind == "record":
        assert mapper.map(RECORD).get("x") == value
    elif kind == "pyarrow":
        assert mapper.apply(frame.to_arrow()).frame["x"].to_pylist() == [value, value]
    elif kind == "lazy":
        assert mapper.apply(frame.lazy()).frame.collect()["x"].to_list() == [value, value]
    else:
        assert mapper.apply(frame).frame["x"].to_list() == [value, value]


@pytest.mark.parametrize("source", [".", "$", "$record", "$item", "$root"])
def test_the_current_object_itself(source: str) -> None:
    """The whole record is an object of its columns, without those that fcwork adds."""
    rows = pl.DataFrame({"a": [1], "b": ["x"], "_row": [5], "_source": ["f"], "_errors": ["e"], "_stage": ["map"]})
    assert Mapper({"fields": {"x": {"source": source}}}).apply(rows).frame["x"].to_list() == [{"a": 1, "b": "x"}]


def test_a_column_of_a_special_name_goes_first() -> None:
    """A record that has a field called $root, $ or a dot keeps it reachable."""
    for name in ("$root", "$record", "$", "."):
        assert Mapper({"fields": {"x": {"source": name}}}).map({name: "own", "a": 1}) == {"x": "own"}


@pytest.mark.parametrize(
    "source",
    ["items[", "items]", "items[a", "items[0", "a[b]", "a['b", "items[*", "a..b", "a.", ".a", "[", "items[0]x"],
)
def test_a_malformed_path_is_a_plain_name(source: str) -> None:
    """A path that cannot be read as one is a column of that very name, and else no column at all."""
    mapper = Mapper({"fields": {"x": {"source": source}}})
    assert mapper.map({source: "v", "items": [{"a": 1}], "a": {"b": 1}}) == {"x": "v"}
    (warning,) = mapper.apply([{"items": [{"c": 1}], "a": {"c": 1}}]).issues
    assert (warning["code"], warning["field"]) == ("map.missing_column", "x")


@pytest.mark.parametrize("step", [".a", "[0]", "[*]", "[a=b]", "['a']", ".@a"])
def test_a_path_without_end_is_a_mistake(mistakes: Mistakes, step: str) -> None:
    """P24: a path of ten thousand steps is refused with the mapping, and breaks nothing down."""
    (problem,) = mistakes({"fields": {"x": {"source": "a" + step * 10_000}}})
    assert problem == "fields.x.source: a path has at most 200 steps, not 10,001"


@pytest.mark.parametrize("step", [".a", "[0]", "[*]", "[a=b]"])
def test_a_long_path_into_deep_lists_is_walked_in_no_time(step: str) -> None:
    """P24: the work for a path grows with its length, not with its power."""
    value: Any = {"a": "end"}
    for _ in range(16):
        value = {"a": [value]}
    assert Mapper({"fields": {"x": {"source": "a" + step * 16}}}).apply([value, value]).counts["read"] == 2


def test_several_items_where_one_is_meant_are_an_issue_of_their_row() -> None:
    """P27: a list of several where an object is expected is told, never the first of them or nothing."""
    rows = [{"c": {"n": 1}}, {"c": [{"n": 2}]}, {"c": [{"n": 3}, {"n": 4}]}, {"c": []}, {"c": None}]
    result = Mapper({"fields": {"x": {"source": "c.n"}}}).apply(rows)
    assert [row["x"] for row in result.frame] == [1, 2, None, None]
    (issue,) = result.issues
    assert (issue["row"], issue["field"], issue["code"]) == (3, "x", "map.several")


@pytest.mark.parametrize("source", ["items[*].sub.x", "items[0].sub.x", "a.items.sub.x"])
def test_several_items_are_told_wherever_the_path_meets_them(source: str) -> None:
    """P27: several where one is meant is told too below a list of items and below another object."""
    items = [{"sub": [{"x": 1}, {"x": 2}]}]
    result = Mapper({"fields": {"t": {"source": source}}}).apply([{"items": items, "a": {"items": items}}])
    assert [(issue["field"], issue["code"]) for issue in result.issues] == [("t", "map.several")]


def test_several_items_fail_once_for_one_field() -> None:
    """A value of several items is told as such, and not as unreadable or missing as well."""
    fields = {"x": {"source": "c.n", "resolver": "sdk.parseInt", "required": True}}
    result = Mapper({"fields": fields}).apply([{"c": [{"n": "a"}, {"n": "b"}]}])
    assert [issue["code"] for issue in result.issues] == ["map.several"]


def test_several_items_of_a_source_that_is_not_needed_are_no_fault() -> None:
    """Of several sources, only those are asked before which none has a value."""
    mapper = Mapper({"fields": {"x": {"source": ["a", "c.n"]}}})
    several = [{"n": "1"}, {"n": "2"}]
    assert mapper.map({"a": "v", "c": several}) == {"x": "v"}
    with pytest.raises(MappingError, match="several items"):
        mapper.map({"a": "", "c": several})


def test_several_scalars_are_a_list() -> None:
    """A list of texts or numbers at the end of a path is the value itself."""
    assert Mapper({"fields": {"x": {"source": "a.tags"}}}).map({"a": {"tags": ["p", "q"]}}) == {"x": ["p", "q"]}


def test_null_at_each_level_is_no_value() -> None:
    """P27: where any object on the way is null, the value is missing in that row and only there."""
    rows = [{"a": {"b": {"c": 1}}}, {"a": {"b": {"c": None}}}, {"a": {"b": None}}, {"a": None}, {}]
    result = Mapper({"fields": {"x": {"source": "a.b.c", "required": True}}}).apply(rows)
    assert [row["_row"] for row in result.frame] == [1]
    assert [(issue["row"], issue["code"]) for issue in result.issues] == [(at, "map.required") for at in (2, 3, 4, 5)]


@pytest.mark.parametrize("empty", [None, [], [None], {}, [{}], [[]]])
@pytest.mark.parametrize(
    "source", ["v", "v.x", "v[0]", "v[0].x", "v[*]", "v[*].x", "v[a=b]", "v[a=b].x", "v@id", "v[-1][0]"]
)
def test_nothing_in_any_row_breaks_no_path(source: str, empty: Any) -> None:
    """P27: columns that hold nothing but nulls, empty lists or empty objects give no value, and break nothing."""
    result = Mapper({"fields": {"x": {"source": source}, "y": {"source": "k"}}}).apply([{"v": empty, "k": 1}] * 2)
    assert [row["y"] for row in result.frame] == [1, 1]
    assert {repr(row["x"]) for row in result.frame} <= {"None", "[]", "[None]", "{}", "[{}]", "[[]]", repr(empty)}


def test_every_item_keeps_its_place() -> None:
    """P27: a list of one field of all items has one entry for each item, also where none of them has a value."""
    rows = pl.DataFrame({"items": [[{"sku": None}, {"sku": None}], [], None]})
    assert Mapper({"fields": {"x": {"source": "items[*].sku"}}}).apply(rows).frame["x"].to_list() == [
        [None, None],
        [],
        None,
    ]


def test_arrays_of_a_fixed_length_are_lists() -> None:
    """A column of type Array is walked like a list: by index, by filter, every item, and as one object."""
    item = pl.Struct({"k": pl.String, "n": pl.Int64})
    rows = pl.DataFrame(
        {
            "a": pl.Series([[{"k": "p", "n": 1}, {"k": "q", "n": 2}]], dtype=pl.Array(item, 2)),
            "s": pl.Series([[{"k": "r", "n": 3}]], dtype=pl.Array(item, 1)),
            "o": pl.Series([{"v": [1, 2]}], dtype=pl.Struct({"v": pl.Array(pl.Int64, 2)})),
        }
    )
    sources = ["a[1].n", "a[k=q].n", "a[*].n", "s.n", "o.v[0]", "o.v.length", "a.length"]
    mapper = Mapper({"fields": {f"t{at}": {"source": source} for at, source in enumerate(sources)}})
    assert mapper.apply(rows).frame.row(0)[: len(sources)] == (2, 2, [1, 2], 3, 1, 2, 2)


@pytest.mark.parametrize("dtype", [pl.Categorical(), pl.Enum(["a", "b"])])
def test_categories_are_texts_at_any_depth(dtype: pl.DataType) -> None:
    """A value of a category is read like the text that it shows, also inside an object."""
    rows = pl.DataFrame(
        {"v": pl.Series(["a"], dtype=dtype), "o": pl.Series([{"v": "b"}], dtype=pl.Struct({"v": dtype}))}
    )
    fields = {"x": {"source": "v", "resolver": "sdk.uppercase"}, "y": {"source": "o.v", "resolver": "sdk.uppercase"}}
    assert Mapper({"fields": fields}).apply(rows).frame.select("x", "y").row(0) == ("A", "B")


def test_dictionaries_of_pyarrow_are_texts() -> None:
    """A dictionary-encoded column of pyarrow is read like its texts."""
    rows = pa.table({"v": pa.array(["a", None, "a"]).dictionary_encode()})
    result = Mapper({"fields": {"x": {"source": "v", "resolver": "sdk.uppercase"}}}).apply(rows)
    assert result.frame["x"].to_pylist() == ["A", None, "A"]


def test_a_filter_compares_texts() -> None:
    """A filter finds whole numbers, floats and truths by how they are written."""
    items = [{"n": 1.0, "t": True, "v": "one"}, {"n": 1.5, "t": False, "v": "half"}]
    for source, value in (("i[n=1].v", "one"), ("i[n=1.5].v", "half"), ("i[t=false].v", "half"), ("i[n=2].v", None)):
        assert Mapper({"fields": {"x": {"source": source}}}).map({"i": items}).get("x") == value


def test_the_first_match_of_a_filter_counts() -> None:
    """Where several items match a filter, the first is taken: the filter names it."""
    rows = pl.DataFrame({"i": [[{"k": "a", "v": 1}, {"k": "a", "v": 2}], [{"k": "b", "v": 3}], None]})
    assert Mapper({"fields": {"x": {"source": "i[k=a].v"}}}).apply(rows).frame["x"].to_list() == [1, None, None]


def test_a_field_called_length_is_a_field() -> None:
    """P27: where an object has a length of its own, that is what the path names, though another record has a list."""
    rows = [{"parcel": {"length": 12.5}}, {"parcel": [{"length": 20.0}]}, {"parcel": [{"length": 1.0}] * 2}]
    result = Mapper({"fields": {"x": {"source": "parcel.length"}}}).apply(rows)
    assert [row["x"] for row in result.frame] == [12.5, 20.0]
    assert [issue["code"] for issue in result.issues] == ["map.several"]


def test_one_element_or_many_answer_to_the_same_path() -> None:
    """What an XML reader gives for one element and for several is the same list of items to an index or a filter."""
    rows = [{"item": {"@id": "1", "q": "5"}}, {"item": [{"@id": "1", "q": "6"}, {"@id": "2", "q": "7"}]}]
    fields = {"first": {"source": "item[0].q"}, "named": {"source": "item[id=2].q"}, "all": {"source": "item[*].q"}}
    mapper = Mapper({"fields": fields})
    expected = [("5", None, ["5"]), ("6", "7", ["6", "7"])]
    assert [(row["first"], row["named"], row["all"]) for row in mapper.apply(rows).frame] == expected
    single = mapper.map(rows[0])
    assert single == {"first": "5", "all": ["5"]}


def test_attributes_of_both_kinds_stand_in_one_column() -> None:
    """Attributes as ``@id`` and below ``$`` are found by the same path, row by row."""
    rows = [{"o": {"@id": "1", "$": None}}, {"o": {"@id": None, "$": {"id": "2"}}}]
    assert [row["x"] for row in Mapper({"fields": {"x": {"source": "o@id"}}}).apply(rows).frame] == ["1", "2"]


def test_a_text_is_unwrapped_only_where_nothing_else_stands() -> None:
    """An element with attributes gives its text; one with children is an object, whole."""
    rows = {"a": {"#text": "t", "@k": "v"}, "b": {"#text": "t", "c": "child"}, "l": [{"#text": "1"}, {"#text": "2"}]}
    fields = {name: {"source": name} for name in rows}
    assert Mapper({"fields": fields}).map(rows) == {"a": "t", "b": {"#text": "t", "c": "child"}, "l": ["1", "2"]}


def test_children_below_a_text_are_found() -> None:
    """As in the SDK, what a reader put below an element's text is still the element's."""
    record = {"o": {"_": {"sku": "A"}, "$": {"id": "1"}}}
    assert Mapper({"fields": {"x": {"source": "o.sku"}, "y": {"source": "o@id"}}}).map(record) == {"x": "A", "y": "1"}


def test_paths_at_the_deepest_nesting() -> None:
    """A value 48 objects deep is reached."""
    value: Any = "bottom"
    for _ in range(48):
        value = {"a": value}
    mapper = Mapper({"fields": {"x": {"source": ".".join(["a"] * 48)}}})
    assert mapper.map(value) == {"x": "bottom"}
    assert mapper.apply(pl.DataFrame([value])).frame["x"].to_list() == ["bottom"]


@pytest.mark.parametrize(
    "name", ["v0", "e0", "s0", "t0", "l0", "m0", "x0_0", "item", "record", "given", "value", "field", "message", "at"]
)
def test_no_name_of_the_caller_s_meets_one_of_the_engine_s(name: str) -> None:
    """Columns, fields of items and targets may bear any name, also those the engine uses inside."""
    field = {"source": name, "required": True, "resolver": "sdk.trim"}
    fields = {
        name: field,
        "l": {"source": "i", "isArray": True, "fields": {name: field, "r": {"source": f"$root.{name}"}}},
    }
    rows = [{name: "a", "i": [{name: "b"}]}, {name: "c", "i": [{name: " "}]}, {name: None, "i": []}]
    result = Mapper({"fields": fields}).apply(rows)
    assert [(row[name], row["l"]) for row in result.frame] == [("a", [{name: "b", "r": "a"}])]
    assert [(issue["row"], issue["field"]) for issue in result.issues] == [(2, f"l[0].{name}"), (3, name)]


@pytest.mark.parametrize(
    "name", ["{}", "{0}", "a\"b'c", "new\nline", "😀", "__class__", "*", "^x$", "$", "%s", " ", "\\"]
)
def test_any_name_is_only_a_name(name: str) -> None:
    """P25: braces, quotes, line ends, patterns and dunder names are plain names, in issues too."""
    fields = {
        name: {"source": name},
        "l": {"source": "i", "isArray": True, "fields": {name: {"source": name, "required": True}}},
    }
    result = Mapper({"fields": fields}).apply([{name: "a", "i": [{name: "b"}, {name: None}]}, {name: "c", "i": []}])
    assert [row[name] for row in result.frame] == ["c"]
    assert [issue["field"] for issue in result.issues] == [f"l[1].{name}"]
    assert result.rejected[0]["_errors"] == f"map.required l[1].{name}"
