"""Objects in the target: nested fields, dotted names and positions in lists."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mapper import Mapper, MapResult

Mistakes = Callable[..., list[str]]


def column(fields: dict[str, Any], rows: Any, name: str = "o") -> list[Any]:
    """Return what one target holds in the mapped rows."""
    return frames.enter(Mapper({"fields": fields}).apply(rows).frame)[name].to_list()


def told(result: MapResult) -> list[tuple[Any, ...]]:
    """Return row, field and code of each issue."""
    return frames.enter(result.issues).select("row", "field", "code").rows() if len(result.issues) else []


def held(value: Any) -> Any:
    """Return a row without what has no value, as a record is given."""
    if isinstance(value, dict):
        return {name: held(item) for name, item in value.items() if item is not None}
    return [held(item) for item in value] if isinstance(value, list) else value


X, Y = {"source": "x"}, {"source": "y"}


def test_an_object_with_a_source_takes_its_fields_from_there() -> None:
    """The fields of an object with a source are the source's; null or missing, the object is none."""
    fields = {"o": {"source": "c", "fields": {"a": X, "b": {"source": "d.y"}}}}
    rows = [{"c": {"x": 1, "d": {"y": 2}}, "x": "outer"}, {"c": None, "x": "outer"}, {"x": "outer"}]
    assert column(fields, rows) == [{"a": 1, "b": 2}, None, None]


def test_an_object_without_a_source_takes_its_fields_from_around_it() -> None:
    """The fields of an object without a source are those of what surrounds it."""
    fields = {"o": {"source": "c", "fields": {"p": {"fields": {"a": X, "q": {"fields": {"b": Y}}}}}}}
    assert column(fields, [{"c": {"x": 1, "y": 2}, "x": 0, "y": 0}]) == [{"p": {"a": 1, "q": {"b": 2}}}]


def test_a_source_inside_an_object_never_leads_out_of_it() -> None:
    """P27: an object's own object that is not there is missing, though the record has one of that name."""
    fields = {"o": {"source": "c", "fields": {"p": {"source": "d", "fields": {"a": X}}}}}
    result = Mapper({"fields": fields}).apply([{"c": {"e": 1}, "d": {"x": "the record's"}}])
    assert result.frame[0]["o"] is None
    assert [(issue["field"], issue["code"]) for issue in result.issues] == [("o.p", "map.missing_column")]
    fields["o"]["fields"]["p"]["source"] = "$root.d"
    assert column(fields, [{"c": {"e": 1}, "d": {"x": "asked for"}}]) == [{"p": {"a": "asked for"}}]


def test_nothing_stands_in_an_object_that_is_missing() -> None:
    """Defaults, literals and required fields count where the object is, and nowhere else."""
    inner = {"a": {**X, "defaultValue": 5}, "b": {"value": 1}, "r": {**Y, "required": True}}
    result = Mapper({"fields": {"o": {"source": "c", "fields": inner}}}).apply(
        [{"c": {"x": None, "y": 1}}, {"c": None}, {"c": {}}]
    )
    assert [row["o"] for row in result.frame] == [{"a": 5, "b": 1, "r": 1}, None]
    assert told(result) == [(3, "o.r", "map.required")]


def test_a_required_object_rejects_the_rows_without_it() -> None:
    """P26: a required object that is null rejects its row; below an object that is missing it is not asked for."""
    inner = {"p": {"source": "d", "required": True, "fields": {"a": X}}}
    rows = [{"c": {"d": {"x": 1}}}, {"c": {"d": None}}, {"c": None}]
    result = Mapper({"fields": {"o": {"source": "c", "fields": inner}}}).apply(rows)
    assert told(result) == [(2, "o.p", "map.required")]
    assert [row["_row"] for row in result.frame] == [1, 3]
    outer = {"o": {"source": "c", "required": True, "fields": {"a": X}}}
    assert told(Mapper({"fields": outer}).apply(rows)) == [
        (None, "o.a", "map.missing_column"),
        (3, "o", "map.required"),
    ]


def test_a_required_object_without_a_column_stops_the_mapping() -> None:
    """P32: the column of a required object is as necessary as that of a required field."""
    with pytest.raises(
        MappingError, match=r"fields.o.source: the rows have no column 'custmer': did you mean 'customer'\?"
    ):
        Mapper({"fields": {"o": {"source": "custmer", "required": True, "fields": {"a": X}}}}).apply([{"customer": {}}])


def test_an_object_that_stands_several_times_is_an_issue_of_its_fields() -> None:
    """P27: a list of several where an object is mapped is told for each of its fields; a list of one is the object."""
    fields = {"o": {"source": "c", "fields": {"a": X, "b": {**Y, "defaultValue": 0}}}}
    result = Mapper({"fields": fields}).apply([{"c": [{"x": 1}]}, {"c": [{"x": 1}, {"x": 2, "y": 3}]}, {"c": {"x": 4}}])
    assert [row["o"] for row in result.frame] == [{"a": 1, "b": 0}, {"a": 4, "b": 0}]
    assert told(result) == [(2, "o.a", "map.several"), (2, "o.b", "map.several")]


def test_a_resolver_in_an_object_is_given_the_object() -> None:
    """A resolver of two gets the object that its field is taken from, also where that stands in a list of one."""
    seen: list[Any] = []
    fields = {"o": {"source": "c", "fields": {"a": {**X, "resolver": "own"}}}}
    mapper = Mapper({"fields": fields}, resolvers={"own": lambda value, record: (seen.append(record), value)[1]})
    mapper.apply([{"c": {"x": 1, "y": 2}}, {"c": None}])
    mapper.apply([{"c": [{"x": 1, "y": 2}]}, {"c": [{"x": 3, "y": 4}]}])
    assert seen == [{"x": 1, "y": 2}, {"x": 1, "y": 2}, {"x": 3, "y": 4}]


def test_dotted_targets_and_objects_grow_together() -> None:
    """An object may be written in parts, as dotted names and as nested fields; an object without a value is none."""
    fields = {"o.a": X, "o": {"fields": {"b.c": X}}, "o.b.d": Y}
    rows = [{"x": 1, "y": 2}, {"x": None, "y": 3}, {"x": None, "y": None}]
    expected = [{"a": 1, "b": {"c": 1, "d": 2}}, {"a": None, "b": {"c": None, "d": 3}}, None]
    assert column(fields, rows) == expected
    assert [Mapper({"fields": fields}).map(row).get("o") for row in rows] == [held(value) for value in expected]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"a": X, "a.b": Y}, "fields.a.b: 'a' is a value (fields.a) and cannot hold fields too"),
        ({"a.b": X, "a": Y}, "fields.a.b: 'a' is a value (fields.a) and cannot hold fields too"),
        ({"a.b": X, "a": {"fields": {"b": Y}}}, "fields.a.fields.b: the target 'a.b' is filled by fields.a.b already"),
        ({"a[0]": X, "a.b": Y}, "fields.a.b: 'a' is a list in one place and an object in another (fields.a[0])"),
        ({"a[0]": X, "a[0].b": Y}, "fields.a[0].b: 'a[0]' is a value (fields.a[0]) and cannot hold fields too"),
        ({"a[1]": X, "a": Y}, "fields.a[1]: 'a' is a value (fields.a) and cannot hold fields too"),
        ({"a": {"source": "l", "isArray": True, "fields": {"b": X}}, "a[0].b": Y},
         "fields.a[0].b: 'a' is a list (fields.a) and cannot hold fields too"),
        ({"l": {"source": "l", "isArray": True, "fields": {"b": X, "b.c": Y}}},
         "fields.l.fields.b.c: 'b' is a value (fields.l.fields.b) and cannot hold fields too"),
    ],
)  # fmt: skip
def test_two_fields_never_fill_one_target(mistakes: Mistakes, fields: dict[str, Any], problem: str) -> None:
    """P32: targets that exclude each other are told with both places, at any depth."""
    assert problem in mistakes({"fields": fields})


SLOTS: list[tuple[dict[str, Any], dict[str, Any], Any]] = [
    ({"o[0]": X, "o[1]": Y}, {"x": 1, "y": 2}, [1, 2]),
    ({"o[0]": X, "o[1]": Y}, {"x": None, "y": 2}, [None, 2]),
    ({"o[0]": X, "o[1]": Y}, {"x": 1, "y": None}, [1]),
    ({"o[0]": X, "o[1]": Y}, {"x": None, "y": None}, None),
    ({"o[2]": X}, {"x": 1}, [None, None, 1]),
    ({"o[0].t": X, "o[1].t": Y}, {"x": 1, "y": 2}, [{"t": 1}, {"t": 2}]),
    ({"o[0].t": X, "o[1].t": Y}, {"x": None, "y": 2}, [{}, {"t": 2}]),
    ({"o[0].t": X, "o[1].t": Y}, {"x": 1, "y": None}, [{"t": 1}]),
    ({"o[2].t": X}, {"x": 1}, [{}, {}, {"t": 1}]),
    ({"o[1][2]": X, "o[0][0]": Y}, {"x": 1, "y": 2}, [[2], [None, None, 1]]),
    ({"o[0].p[1].q": X}, {"x": 1}, [{"p": [{}, {"q": 1}]}]),
    ({"o[0]": X, "o[1]": Y}, {"x": [1, 2], "y": [3]}, [[1, 2], [3]]),
    (
        {"o[1]": {"source": "x", "isArray": True, "fields": {"t": {"source": "."}}}},
        {"x": [1, 2]},
        [None, [{"t": 1}, {"t": 2}]],
    ),
]


@pytest.mark.parametrize(("fields", "row", "value"), SLOTS)
def test_targets_with_positions_are_lists(fields: dict[str, Any], row: dict[str, Any], value: Any) -> None:
    """P27: each value stands at its position; an object that is skipped is empty, and nothing trails the last value."""
    assert Mapper({"fields": fields}).map(row).get("o") == value
    assert [held(one) for one in column(fields, [row, row])] == [value, value]


@pytest.mark.parametrize(
    ("first", "second", "values"),
    [
        ("a", 1, ["a", "1"]),
        (1, 1.5, [1.0, 1.5]),
        ("a", 1.5, ["a", "1.5"]),
        (True, 1, ["true", "1"]),
        (date(2025, 1, 1), "a", ["2025-01-01", "a"]),
        ({"k": 1}, "a", ['{"k":1}', "a"]),
        ({"k": 1}, {"k": "a"}, [{"k": "1"}, {"k": "a"}]),
        ({"k": 1}, {"l": 2}, [{"k": 1, "l": None}, {"k": None, "l": 2}]),
        ({"k": 1, "l": "a"}, {"l": 2}, [{"k": 1, "l": "a"}, {"k": None, "l": "2"}]),
        ([1], ["a"], [["1"], ["a"]]),
        ([{"k": 1}], [{"k": "a"}], [[{"k": "1"}], [{"k": "a"}]]),
        ([1], "a", ["[1]", "a"]),
        (Decimal("1.5"), 2, [Decimal("1.5"), Decimal(2)]),
    ],
)
def test_positions_of_different_types_share_one_without_loss(first: Any, second: Any, values: list[Any]) -> None:
    """P27: what stands at the positions of one list becomes text where no type holds all of it."""
    rows = pl.DataFrame({"x": [first], "y": [second]})
    assert column({"o[0]": X, "o[1]": Y}, rows) == [values]


def test_a_position_of_a_column_that_is_not_there_takes_the_type_of_the_others() -> None:
    """A source that the rows lack leaves its position empty, and changes nothing beside it."""
    assert column({"o[0].t": {"source": "z"}, "o[1].t": X}, [{"x": 1}]) == [[{"t": None}, {"t": 1}]]
    assert column({"o[0]": {"source": "z"}, "o[1]": {"source": "z"}}, [{"x": 1}]) == [None]


def test_positions_of_a_lazy_frame_have_the_types_of_its_columns() -> None:
    """P26: the list of a lazy frame is of one type, whatever a batch of it holds."""
    for texts in (["a", None], [None, None]):
        rows = pl.LazyFrame({"x": texts, "y": [1, 2]}, schema={"x": pl.String, "y": pl.Int64})
        result = Mapper({"fields": {"o[0]": X, "o[1]": Y}}).apply(rows).frame
        assert result.collect_schema()["o"] == pl.List(pl.String)
        assert result.collect()["o"].to_list() == [[texts[0], "1"], [texts[1], "2"]]


def test_positions_in_items_and_in_missing_objects() -> None:
    """Positions work in the items of a list, and stand empty with the object around them."""
    fields = {"o": {"source": "l", "isArray": True, "fields": {"p[1].x": X}}}
    assert column(fields, [{"l": [{"x": 1}, {"x": None}]}]) == [[{"p": [{"x": None}, {"x": 1}]}, {"p": None}]]
    fields = {"o": {"source": "c", "fields": {"p[0]": X, "p[1]": {"value": 5}}}}
    assert column(fields, [{"c": {"x": 1}}, {"c": None}]) == [{"p": [1, 5]}, None]


def test_the_farthest_position() -> None:
    """A list reaches to position 999, whole objects before it empty."""
    (values,) = column({"o[999].t": X, "o[0].u": Y}, [{"x": 1, "y": 2}])
    assert (len(values), held(values[0]), held(values[500]), held(values[999])) == (1_000, {"u": 2}, {}, {"t": 1})
    mapper = Mapper({"fields": {f"o[{at}].t": X for at in range(1_000)}})
    assert mapper.map({"x": 7})["o"] == [{"t": 7}] * 1_000


def test_a_mapping_of_thousands_of_fields() -> None:
    """P24: five thousand fields, flat or of one wide object, are mapped like five."""
    names = [f"n{at}" for at in range(5_000)]
    flat = Mapper({"fields": {name: {"source": name} for name in names}})
    row = dict.fromkeys(names, "v")
    assert flat.map(row) == row
    wide = Mapper({"fields": {"o": {"source": "c", "fields": {name: {"source": name} for name in names[:500]}}}})
    assert wide.map({"c": row})["o"] == dict.fromkeys(names[:500], "v")


def test_a_few_fields_of_a_very_wide_frame() -> None:
    """P24: a hundred thousand columns that nobody asks for cost a mapping of three fields next to nothing."""
    rows = pl.DataFrame([pl.Series(f"c{at}", [at]) for at in range(100_000)])
    fields = {"a": {"source": "c5"}, "b": {"source": "c99999", "required": True}, "c": {"source": "d"}}
    result = Mapper({"fields": fields}).apply(rows)
    assert result.frame.drop("_row", "_source").row(0) == (5, 99_999, None)
    assert result.counts == {"read": 1, "mapped": 1, "rejected": 0, "warnings": 1}


@pytest.mark.parametrize(
    ("values", "default", "expected"),
    [
        (
            pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(5, 2)),
            123_456_789,
            [Decimal("1.50"), Decimal(123_456_789)],
        ),
        (pl.Series([None, Decimal(1)], dtype=pl.Decimal(38, 30)), 5, ["5", "1.000000000000000000000000000000"]),
        (pl.Series([1.5, None], dtype=pl.Float32), 0.1, [1.5, 0.1]),
        (pl.Series([1.5, None], dtype=pl.Float32), 16_777_217, [1.5, 16_777_217.0]),
    ],
)
def test_a_default_keeps_all_its_digits(values: pl.Series, default: Any, expected: list[Any]) -> None:
    """P27: a default that the column's own type has no room for widens it, and is neither cut nor a crash."""
    assert column({"o": {"source": "v", "defaultValue": default}}, pl.DataFrame({"v": values})) == expected
