"""Lists whose items are mapped: what counts as items, what they are given, and how their faults are told."""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest

from fcwork import frames, redact
from fcwork.errors import MappingError
from fcwork.mapper import Mapper, MapResult


def listed(source: str, /, *, required: bool = False, **fields: Any) -> dict[str, Any]:
    """Return the fields of a mapping with one list ``l``."""
    return {"l": {"source": source, "isArray": True, "required": required, "fields": fields}}


def mapped(fields: dict[str, Any], rows: Any, **arguments: Any) -> MapResult:
    """Map rows by some fields."""
    return Mapper({"fields": fields}, **arguments).apply(rows)


def lists(result: MapResult) -> list[Any]:
    """Return the list of each mapped row."""
    return frames.enter(result.frame)["l"].to_list() if len(result.frame) else []


def told(result: MapResult) -> list[tuple[Any, ...]]:
    """Return row, field and code of each issue."""
    return frames.enter(result.issues).select("row", "field", "code").rows() if len(result.issues) else []


SKU = {"source": "sku"}


def test_a_list_an_object_and_nothing_are_lists() -> None:
    """A list gives its items, a single object one item, null and what is not there none."""
    rows = [{"i": [{"sku": "A"}, {"sku": "B"}]}, {"i": {"sku": "C"}}, {"i": []}, {"i": None}, {}]
    assert lists(mapped(listed("i", s=SKU), rows)) == [[{"s": "A"}, {"s": "B"}], [{"s": "C"}], [], [], []]


def test_an_item_that_is_null_is_an_item() -> None:
    """As in the SDK, a null among the items is an item without any value."""
    assert lists(mapped(listed("i", s=SKU), [{"i": [None, {"sku": "A"}, {}]}])) == [
        [{"s": None}, {"s": "A"}, {"s": None}]
    ]


def test_an_empty_list_of_a_part_of_a_frame_is_empty() -> None:
    """P26: where all lists of some rows are empty, also of rows cut from a frame, each of them stays empty."""
    kind = pl.List(pl.Struct({"sku": pl.String}))
    rows = pl.DataFrame({"i": [[None], []]}, schema={"i": kind})
    assert lists(mapped(listed("i", s=SKU), rows.slice(1))) == [[]]
    assert frames.enter(mapped(listed("i", s=SKU), rows.lazy()).frame)["l"].to_list() == [[{"s": None}], []]


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        (5, [5]),
        ([1.5, None], [1.5, None]),
        (True, [True]),
        ("0", ["0"]),
        (" ", [" "]),
        ("", []),
        (0, [0]),
        (False, [False]),
        (0.0, [0.0]),
        (None, []),
        (date(2025, 1, 1), [date(2025, 1, 1)]),
        (b"x", [b"x"]),
        ([["a", "b"], ["c"]], ["a", "b", "c"]),
        ([[], ["a"], None], ["a"]),
        ([[["a"]], [[]]], ["a"]),
    ],
)
def test_scalars_are_items(value: Any, items: list[Any]) -> None:
    """A scalar is a list of one, lists in lists are one list, and only null and the empty text are no item."""
    assert lists(mapped(listed("v", t={"source": "."}), [{"v": value}])) == [[{"t": item} for item in items]]


def test_an_empty_text_is_no_item_whatever_stands_in_other_rows() -> None:
    """P26: an element without children, which an XML reader gives as an empty text, has no item in any company."""
    fields = listed("i", s={"source": "sku", "required": True})
    rows = [{"i": ""}, {"i": {"sku": "A"}}, {"i": [{"sku": "B"}, {"sku": "C"}]}]
    together = mapped(fields, rows)
    assert together.ok
    assert lists(together) == [Mapper({"fields": fields}).map(row)["l"] for row in rows]


@pytest.mark.parametrize(
    ("connection", "items"),
    [
        ({"edges": [{"node": {"sku": "A"}}, {"node": {"sku": "B"}}]}, ["A", "B"]),
        ({"edges": [{"cursor": "c", "node": {"sku": "A"}}], "pageInfo": {"hasNextPage": False}}, ["A"]),
        ({"edges": [{"node": {"sku": "A"}}, {"node": None}, None]}, ["A", None, None]),
        ({"edges": [{"sku": "A"}, {"node": {"sku": "B"}}]}, ["A", "B"]),
        ({"edges": {"node": {"sku": "A"}}}, ["A"]),
        ({"edges": []}, []),
        ({"edges": None}, []),
        (None, []),
    ],
)
def test_a_connection_gives_its_nodes(connection: Any, items: list[Any]) -> None:
    """The nodes of a GraphQL connection are the items; an edge without a node counts as one, as in the SDK."""
    assert lists(mapped(listed("v", s=SKU), [{"v": connection}])) == [[{"s": item} for item in items]]


def test_every_item_of_every_list_is_one_list() -> None:
    """A source with [*] in its middle, once or more, gives the items of all lists on the way, in their order."""
    orders = [{"i": [{"sku": "A"}, {"sku": "B"}]}, {"i": [{"sku": "C"}]}, {"i": None}, {"i": []}]
    assert lists(mapped(listed("o[*].i", s=SKU), [{"o": orders}])) == [[{"s": "A"}, {"s": "B"}, {"s": "C"}]]
    deeper = [{"o": [{"i": [{"p": {"sku": "A"}}, {"p": {"sku": "B"}}]}, {"i": {"p": {"sku": "C"}}}]}]
    assert lists(mapped(listed("o[*].i[*].p", s=SKU), deeper)) == [[{"s": "A"}, {"s": "B"}, {"s": "C"}]]


def test_a_list_below_several_objects_is_an_issue() -> None:
    """P27: a list in an object that stands several times is told, never an empty list."""
    rows = [{"o": {"i": [{"sku": "A"}]}}, {"o": [{"i": [{"sku": "B"}]}, {"i": [{"sku": "C"}]}]}]
    result = mapped(listed("o.i", s={"source": "sku", "required": True}), rows)
    assert lists(result) == [[{"s": "A"}]]
    assert told(result) == [(2, "l", "map.several")]


def test_a_required_list_has_an_item() -> None:
    """P27: a row whose required list has no item is rejected; a null item is one."""
    rows = [{"i": []}, {"i": None}, {"i": {"sku": "A"}}, {"i": [None]}]
    result = mapped(listed("i", required=True, s=SKU), rows)
    assert told(result) == [(1, "l", "map.required"), (2, "l", "map.required")]
    assert frames.enter(result.frame)["_row"].to_list() == [3, 4]
    with pytest.raises(MappingError, match="the rows have no column 'items'"):
        mapped(listed("items", required=True, s=SKU), [{"other": 1}])


def test_a_fault_of_an_item_rejects_its_row_and_names_the_item() -> None:
    """P26: an issue of an item bears the row of its record, and the position of the item in the field."""
    fields = listed("i", ref={"source": "sku", "required": True}, q={"source": "q", "resolver": "sdk.parseInt"})
    rows = [
        {"i": [{"sku": "A", "q": "1"}]},
        {"i": []},
        {"i": [{"sku": "B", "q": "2"}, {"sku": "C", "q": "x"}, {"sku": "", "q": "y"}]},
        {"i": {"sku": "D", "q": "4"}},
    ]
    result = mapped(fields, pl.DataFrame(frames.enter(rows)).with_columns(_row=pl.Series([10, 20, 30, 40])))
    assert told(result) == [(30, "l[2].ref", "map.required"), (30, "l[1].q", "map.type"), (30, "l[2].q", "map.type")]
    assert result.issues["value"].to_list() == ["", "x", "y"]
    assert result.rejected["_errors"].to_list() == ["map.required l[2].ref; map.type l[1].q; map.type l[2].q"]
    assert lists(result) == [[{"ref": "A", "q": 1}], [], [{"ref": "D", "q": 4}]]


def test_defaults_and_literals_of_items() -> None:
    """A default stands in item by item; a literal stands in each item, and in no list without items."""
    fields = listed("i", s={"source": "sku", "defaultValue": "none"}, k={"value": "K"})
    rows = [{"i": [{"sku": "A"}, {"sku": ""}, {}]}, {"i": []}]
    assert lists(mapped(fields, rows)) == [[{"s": "A", "k": "K"}, {"s": "none", "k": "K"}, {"s": "none", "k": "K"}], []]


def test_a_resolver_of_ones_own_is_given_the_item() -> None:
    """A resolver of two gets the value and its item, the whole of it and nothing else; a failure names the item."""
    seen: list[tuple[Any, Any]] = []

    def own(value: Any, record: dict[str, Any]) -> Any:
        seen.append((value, record))
        return int(value) * record["unit"]

    fields = listed("i", q={"source": "q", "resolver": "own"})
    rows = [
        {"i": [{"q": "1", "unit": 6}, {"q": "x", "unit": 1}], "top": 1},
        {"i": [], "top": 2},
        {"i": {"q": "2", "unit": 3}},
    ]
    result = mapped(fields, rows, resolvers={"own": own})
    assert seen == [("1", {"q": "1", "unit": 6}), ("x", {"q": "x", "unit": 1}), ("2", {"q": "2", "unit": 3})]
    assert lists(result) == [[], [{"q": 6}]]
    assert told(result) == [(1, "l[1].q", "map.resolver")]


def test_a_resolver_of_a_value_runs_on_all_items_at_once() -> None:
    """A resolver of one value, and one of a column, see the items of all rows in their order."""

    def column(values: pl.Series) -> pl.Series:
        return values.cum_sum()

    fields = listed("i", a={"source": "q", "resolver": "value"}, b={"source": "q", "resolver": "column"})
    result = mapped(
        fields, [{"i": [{"q": 1}, {"q": 2}]}, {"i": [{"q": 3}]}], resolvers={"value": lambda v: -v, "column": column}
    )
    assert lists(result) == [[{"a": -1, "b": 1}, {"a": -2, "b": 3}], [{"a": -3, "b": 6}]]


def test_a_scalar_item_is_given_under_a_name() -> None:
    """An item that is no object is given to a resolver of two as ``value``."""
    fields = listed("i", t={"source": ".", "resolver": "own"})
    seen: list[Any] = []
    mapped(fields, [{"i": ["a", "b"]}], resolvers={"own": lambda _value, record: seen.append(record)})
    assert seen == [{"value": "a"}, {"value": "b"}]


def test_the_record_is_reached_from_its_items() -> None:
    """$root leads from an item, at any depth, to its own record."""
    inner = {"source": "subs", "isArray": True, "fields": {"r": {"source": "$root.ref"}, "x": {"source": "."}}}
    rows = [
        {"ref": "R1", "i": [{"subs": [1, 2]}, {"subs": [3]}]},
        {"ref": "R2", "i": [{"subs": []}]},
        {"ref": "R3", "i": []},
    ]
    assert lists(mapped(listed("i", s=inner, r={"source": "$root.ref"}), rows)) == [
        [{"s": [{"r": "R1", "x": 1}, {"r": "R1", "x": 2}], "r": "R1"}, {"s": [{"r": "R1", "x": 3}], "r": "R1"}],
        [{"s": [], "r": "R2"}],
        [],
    ]


def test_a_list_in_an_object_of_the_record_is_reached_from_an_item() -> None:
    """$root leads out of an item too where only an object around a list names it."""
    deep = {"source": "marks", "isArray": True, "fields": {"m": {"source": "."}}}
    rows = [{"i": [{"a": 1}], "c": {"marks": ["x", "y"]}}]
    assert lists(mapped(listed("i", o={"source": "$root.c", "fields": {"l": deep}}), rows)) == [
        [{"o": {"l": [{"m": "x"}, {"m": "y"}]}}]
    ]


@pytest.mark.parametrize("source", ["$root", "$record"])
def test_what_a_resolver_is_given_is_the_caller_s_own(source: str) -> None:
    """Neither the record nor $root, given to a resolver, holds a column of fcwork's."""
    seen: list[Any] = []

    def own(value: Any, record: dict[str, Any]) -> str:
        seen.extend([value, record])
        return ""

    field = {"source": source, "resolver": "own"}
    rows = pl.DataFrame({"i": [[{"q": 1}]], "_errors": ["e"], "_stage": ["map"], "_source": ["f"]})
    mapped({"x": field, **listed("i", y=field)}, rows, resolvers={"own": own})
    names = {name for given in seen for name in given}
    assert len(seen) == 4
    assert names == {"i", "q"}


def test_a_masked_field_of_an_item_stands_in_no_issue() -> None:
    """P9: ``mask`` hides a field of the items, or all of a list, and nothing beside it."""
    fields = listed("i", pin={"source": "p", "resolver": "sdk.parseInt"}, q={"source": "r", "resolver": "sdk.parseInt"})
    for mask, values in ((["l[].pin"], [redact.MASK, "offen"]), (["l"], [redact.MASK, redact.MASK])):
        result = Mapper({"mask": mask, "fields": fields}).apply([{"i": [{"p": "geheim", "r": "offen"}]}])
        assert [issue["value"] for issue in result.issues] == values


def test_lists_in_lists_keep_their_items_apart() -> None:
    """P26: issues of items of items name both positions; only the rows at fault are rejected."""
    inner = {"source": "s", "isArray": True, "required": True, "fields": {"x": {"source": "x", "required": True}}}
    rows = [
        {"i": [{"s": [{"x": 1}, {"x": None}]}, {"s": {"x": 3}}]},
        {"i": [{"s": []}, {"s": [{"x": 4}]}]},
        {"i": [{"s": [{"x": 5}, {"x": 6}]}, {"s": [{"x": 7}]}]},
        {"i": []},
    ]
    result = mapped(listed("i", s=inner), rows)
    assert lists(result) == [[{"s": [{"x": 5}, {"x": 6}]}, {"s": [{"x": 7}]}], []]
    assert told(result) == [(1, "l[0].s[1].x", "map.required"), (2, "l[0].s", "map.required")]


def test_a_list_in_an_object_is_where_the_object_is() -> None:
    """A list below an object with a source is taken from there; where the object is missing, so is the list."""
    fields = {"o": {"source": "c", "fields": listed("i", required=True, s=SKU)}}
    result = mapped(fields, [{"c": {"i": [{"sku": "A"}]}}, {"c": None}, {"c": {"i": None}}])
    assert [row["o"] for row in result.frame] == [{"l": [{"s": "A"}]}, None]
    assert told(result) == [(3, "o.l", "map.required")]


def test_a_field_that_no_item_has_is_told_once() -> None:
    """P27: a source that no item and no object can have is a warning of the frame with the nearest name there is."""
    fields = {**listed("i", s={"source": "skuu"}), "o": {"source": "c", "fields": {"n": {"source": "nme"}}}}
    result = mapped(fields, [{"i": [{"sku": "A"}], "c": {"name": "N"}}])
    assert [(issue["row"], issue["field"], issue["code"], issue["message"]) for issue in result.issues] == [
        (
            None,
            "l[].s",
            "map.missing_column",
            "the items of 'i' have no field 'skuu': did you mean 'sku'?: it is left empty",
        ),
        (None, "o.n", "map.missing_column", "'c' has no field 'nme': did you mean 'name'?: it is left empty"),
    ]
    assert mapped(listed("i", s=SKU), [{"i": []}, {"i": None}]).issues == []


def test_rows_that_bear_one_number_are_still_two_rows() -> None:
    """P26: rows of two files may bear the same number, in any order: each is mapped or rejected for itself."""
    rows = pl.DataFrame(
        {
            "_row": [2, 2, 1],
            "_source": ["b", "a", "a"],
            "i": [[{"sku": "A"}], [{"sku": None}], [{"sku": "C"}]],
        }
    )
    result = mapped(listed("i", s={"source": "sku", "required": True}), rows)
    assert result.frame.select("_source", "_row").rows() == [("b", 2), ("a", 1)]
    assert result.rejected.select("_source", "_row").rows() == [("a", 2)]
    assert result.issues.select("source", "row", "field").rows() == [("a", 2, "l[0].s")]


def test_a_rejected_row_is_in_no_request_though_another_bears_its_number() -> None:
    """P26: a mutation's requests hold the mapped rows and no other, also of a lenient mapping."""
    item = {"source": "sku", "required": True}
    fields = {"ref": {"source": "ref"}, "items[]": {"source": "i", "fields": {"s": {**item, "source": "$.sku"}}}}
    mapper = Mapper({"mutation": "make", "fields": fields, "lenient": True})
    strict = Mapper({"mutation": "make", "fields": {**fields, "q": {**item, "source": "q"}}, "lenient": True})
    rows = pl.DataFrame(
        {"_row": [1, 1], "_source": ["a", "b"], "ref": ["A", "B"], "q": ["1", None], "i": [[{"sku": "x"}]] * 2}
    )
    assert [value["input"]["ref"] for request in mapper.mutations(rows).requests for value in _inputs(request)] == [
        "A",
        "B",
    ]
    made = strict.mutations(rows)
    assert made.counts["rejected"] == 1
    assert [value["input"]["ref"] for request in made.requests for value in _inputs(request)] == ["A"]


def _inputs(request: Any) -> list[dict[str, Any]]:
    """Return the variables of each mutation in a request."""
    variables = request.payload["variables"]
    return [{"input": value} for name, value in variables.items() if name.startswith("input")]


@pytest.mark.parametrize("enter", [pl.DataFrame, lambda rows: pl.DataFrame(rows).to_arrow()])
def test_many_items_are_mapped_in_their_order(enter: Callable[[Any], Any]) -> None:
    """A hundred thousand rows of three items each come out complete and in their order."""
    rows = [{"ref": at, "i": [{"sku": f"{at}-{n}", "q": str(n)} for n in range(3)]} for at in range(100_000)]
    fields = {
        "ref": {"source": "ref"},
        **listed("i", s=SKU, q={"source": "q", "resolver": "sdk.parseInt"}, r={"source": "$root.ref"}),
    }
    frame, mapper = enter(rows), Mapper({"fields": fields})
    result = mapper.apply(frame)
    items = frames.enter(result.frame)["l"].explode().struct.unnest()
    assert items["s"].to_list() == [f"{at}-{n}" for at in range(100_000) for n in range(3)]
    assert items["q"].to_list() == [0, 1, 2] * 100_000
    assert items["r"].to_list() == [at for at in range(100_000) for _ in range(3)]


def test_a_list_of_very_different_lengths() -> None:
    """Rows without items between rows of many keep every item at its own row."""
    rows = pl.DataFrame({"n": [0, 1_000, 0, 0, 1, 3, 0]}).with_columns(i=pl.int_ranges("n"))
    result = mapped(listed("i", x={"source": "."}, n={"source": "$root.n"}), rows)
    assert [len(items) for items in lists(result)] == [0, 1_000, 0, 0, 1, 3, 0]
    assert {item["n"] for item in lists(result)[1]} == {1_000}
    assert [item["x"] for item in lists(result)[5]] == [0, 1, 2]
