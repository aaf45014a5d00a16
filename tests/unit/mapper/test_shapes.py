"""Frames at the mapper's door: nested values of any shapes, and whatever else Python, pandas and pyarrow can hold."""

import copy
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import frames
from fcwork.mapper import Mapper

NAN = float("nan")


class Pair(NamedTuple):
    """Two values in a tuple of names."""

    a: Any
    b: Any


@dataclass
class Point:
    """What no column holds."""

    x: int


class Colour(Enum):
    """A plain enumeration."""

    RED = 1


class Size(StrEnum):
    """An enumeration of texts."""

    BIG = "big"


def entered(*values: Any, kind: Any = list, source: str = "v") -> list[Any]:
    """Return what a mapping finds at a source, in rows that hold one value each."""
    rows = kind([{"v": value} for value in values])
    mapped = frames.enter(Mapper({"fields": {"x": {"source": source}}}).apply(rows).frame)
    return mapped["x"].to_list() if mapped.height else []


@pytest.mark.parametrize(
    ("values", "shaped"),
    [
        ([1, [2, 3]], [[1], [2, 3]]),
        ([None, "a", ["b"]], [None, ["a"], ["b"]]),
        (["", ["b"]], [None, ["b"]]),
        ([{"k": 1}, [{"k": 2}]], [[{"k": 1}], [{"k": 2}]]),
        ([{"k": 1}, {"k": [2]}], [{"k": [1]}, {"k": [2]}]),
        ([{"k": "t"}, {"k": {"a": 1}}], [{"k": {"#text": "t", "a": None}}, {"k": {"#text": None, "a": 1}}]),
        ([{"k": 1}, {"l": 2}], [{"k": 1, "l": None}, {"k": None, "l": 2}]),
        ([{"k": 1}, {"k": "a"}], [{"k": "1"}, {"k": "a"}]),
        ([{"k": True}, {"k": 1}], [{"k": "true"}, {"k": "1"}]),
        ([{"k": 1}, {"k": 1.5}], [{"k": 1.0}, {"k": 1.5}]),
        ([{"k": 2**53 + 1}, {"k": 1.5}], [{"k": "9007199254740993"}, {"k": "1.5"}]),
        ([{"k": 2**64}, {"k": 1}], [{"k": "18446744073709551616"}, {"k": "1"}]),
        ([{"k": -(2**63)}, {"k": 2**63 - 1}], [{"k": -(2**63)}, {"k": 2**63 - 1}]),
        ([{"k": Decimal("1.5")}, {"k": 2}], [{"k": "1.5"}, {"k": "2"}]),
        ([{"k": Decimal("1.50")}, {"k": Decimal("2.125")}], [{"k": Decimal("1.500")}, {"k": Decimal("2.125")}]),
        ([{"k": date(2025, 1, 2)}, {"k": "a"}], [{"k": "2025-01-02"}, {"k": "a"}]),
        ([(1, 2), [3]], [[1, 2], [3]]),
        ([Pair(1, 2), [3]], [[1, 2], [3]]),
        ([[Pair(1, 2)], [[3]]], [[[1, 2]], [[3]]]),
        ([OrderedDict(k=1), {"k": [2]}], [{"k": [1]}, {"k": [2]}]),
        ([OrderedDict(k=1), OrderedDict(k=[2])], [{"k": [1]}, {"k": [2]}]),
        ([{"o": defaultdict(int, k=1)}, {"o": {"l": 2}}], [{"o": {"k": 1, "l": None}}, {"o": {"k": None, "l": 2}}]),
        ([[1, 2.5], [3]], [[1.0, 2.5], [3.0]]),
        ([[[1], 2], [[3, 4]]], [[[1], [2]], [[3, 4]]]),
        ([[], [None], None], [[], [None], None]),
        ([{}, {"k": 1}, None], [{"k": None}, {"k": 1}, None]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_nested_values_of_different_shapes_share_one(values: list[Any], shaped: list[Any], kind: Any) -> None:
    """P27: a single beside lists is a list of one, a text beside objects their #text, and no value loses anything."""
    assert entered(*values, kind=kind) == shaped


@pytest.mark.parametrize("nothing", [None, NAN, Decimal("NaN"), pd.NA, pd.NaT, np.float64("nan"), np.float32("nan")])
@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_what_stands_for_nothing_is_null_at_any_depth(nothing: Any, kind: Any) -> None:
    """P27: NaN, NA and NaT are no values, in an object and in a list as in a column of their own."""
    assert entered(nothing, {"k": 1}, kind=kind) == [None, {"k": 1}]
    assert entered({"k": nothing}, {"k": 1}, kind=kind) == [{"k": None}, {"k": 1}]
    assert entered([1, nothing], [2], kind=kind) == [[1, None], [2]]
    assert entered({"k": {"l": [nothing]}}, {"k": {"l": [3]}}, kind=kind) == [{"k": {"l": [None]}}, {"k": {"l": [3]}}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Point(1), "Point(x=1)"),
        (Colour.RED, "Colour.RED"),
        (Size.BIG, "big"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (1j, "1j"),
        (frozenset({1}), "frozenset({1})"),
        (Decimal("Infinity"), "Infinity"),
    ],
)
def test_what_no_column_holds_is_text_and_its_neighbours_stay(value: Any, text: str) -> None:
    """P27: a strange value inside an object becomes text, and the object's other fields keep types and paths."""
    rows = [{"v": {"s": value, "n": 5, "l": [1]}}]
    fields = {"s": {"source": "v.s"}, "n": {"source": "v.n"}, "l": {"source": "v.l[0]"}}
    assert Mapper({"fields": fields}).map(rows[0]) == {"s": text, "n": 5, "l": 1}


def test_times_of_several_kinds() -> None:
    """P27: instants of several zones are one column of instants; beside a clock without a zone, all are text."""
    there = datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    here, wall = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1)  # noqa: DTZ001 - the case in question
    assert entered({"k": there}, {"k": here}) == [{"k": there}, {"k": here}]
    assert entered({"k": wall}, {"k": here}) == [{"k": "2025-01-01T00:00:00"}, {"k": "2025-01-01T00:00:00+00:00"}]
    assert entered([wall], [here]) == [["2025-01-01T00:00:00"], ["2025-01-01T00:00:00+00:00"]]


def test_bytes_stay_bytes() -> None:
    """Bytes in an object are bytes."""
    assert entered({"k": b"\xff"}, {"k": None}) == [{"k": b"\xff"}, {"k": None}]


def test_values_of_numpy_are_those_of_python() -> None:
    """P27: numbers and arrays of numpy, also of objects and in objects, are the numbers and lists they stand for."""
    assert entered({"k": np.int64(1)}, {"k": 2}, {"k": np.float64(1.5)}) == [{"k": 1.0}, {"k": 2.0}, {"k": 1.5}]
    assert entered({"k": np.int64(2**53 + 1)}, {"k": 1.5}) == [{"k": "9007199254740993"}, {"k": "1.5"}]
    assert entered(np.array([1, 2]), [3]) == [[1, 2], [3]]
    assert entered({"k": np.array([1, 2])}, {"k": 3}) == [{"k": [1, 2]}, {"k": [3]}]
    objects = [np.array([{"k": 1}], dtype=object), np.array([{"k": [2]}], dtype=object)]
    assert entered(*objects, kind=pd.DataFrame) == [[{"k": [1]}], [{"k": [2]}]]


def test_lists_that_pandas_has_from_parquet() -> None:
    """P26: lists of objects, which pandas holds as arrays of numpy, are mapped item by item like any other."""
    rows = pl.DataFrame({"i": [[{"sku": "A", "n": 1}, {"sku": "B", "n": None}], [], None]})
    mapper = Mapper(
        {"fields": {"l": {"source": "i", "isArray": True, "fields": {"s": {"source": "sku"}, "n": {"source": "n"}}}}}
    )
    expected = mapper.apply(rows).frame["l"].to_list()
    assert frames.enter(mapper.apply(rows.to_pandas()).frame)["l"].to_list() == expected


def test_keys_of_objects_that_are_no_texts() -> None:
    """P27: a key that is no text is named by how it reads, and its value is not lost."""
    assert entered({1: "a", (2, 3): {"k": 4}}, {1: "b"}, source="v.1") == ["a", "b"]
    assert entered({1: {None: "a"}}, source="v") == [{"1": {"None": "a"}}]


def test_two_keys_that_read_alike_are_refused() -> None:
    """P27: an object with the keys 1 and '1' is refused, as one of them would be lost; so are two such columns."""
    with pytest.raises(TypeError, match="the column v holds a value that is an object with two names that read '1'"):
        entered({1: "a", "1": "b"})
    with pytest.raises(TypeError, match="two columns share a name: 1"):
        Mapper({"fields": {"x": {"source": "1"}}}).apply([{1: "a"}, {"1": "b"}])


@pytest.mark.parametrize("levels", [60, 3_000, 100_000])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: (inner,), lambda inner: {"a": inner}])
def test_a_value_nested_too_deeply_is_refused(wrap: Any, levels: int) -> None:
    """P24: a value of more than 50 levels is refused with its column and the limit, and breaks nothing down."""
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    try:
        with pytest.raises(TypeError, match="the column v holds a value that is nested deeper than 50 levels"):
            entered(value)
    finally:
        while not isinstance(value, int):  # level by level: Python takes down a deep value by recursion
            value = value["a"] if isinstance(value, dict) else value[0]


def test_a_text_that_is_no_unicode_is_refused_at_any_depth() -> None:
    """P24: half a surrogate pair in an object is refused with its column, as it is in a column of its own."""
    for value in ("\ud800", {"k": "\ud800"}, ["\ud800"], {"\ud800": 1}):
        with pytest.raises(TypeError, match="the column v holds a text that is no Unicode"):
            entered(value)


def test_the_caller_s_own_is_untouched() -> None:
    """Neither records nor frames are changed by being mapped, nor do they share values with the result."""
    records = [{"v": {"k": [1, {"l": NAN}]}, "w": ("a",)}, {"v": [{"k": "b"}], "w": "c"}]
    before = copy.deepcopy(records)
    mapper = Mapper({"fields": {"x": {"source": "v"}, "y": {"source": "w"}}})
    result = mapper.apply(records)
    assert repr(records) == repr(before)
    result.frame[0]["x"].clear()
    assert repr(records) == repr(before)
    given = pd.DataFrame(before, index=["p", "q"])
    mapper.apply(given)
    assert list(given.index) == ["p", "q"]
    assert repr(given.to_dict("records")) == repr(before)


@pytest.mark.parametrize(
    "index",
    [
        [7, 7],
        [1, 0],
        ["b", "a"],
        pd.DatetimeIndex(["2025-01-02", "2025-01-01"]),
        pd.MultiIndex.from_tuples([(1, "a"), (1, "b")]),
    ],
)
def test_an_index_of_pandas_is_no_part_of_the_rows(index: Any) -> None:
    """P26: rows of pandas come in by their position, whatever their index is, and each once."""
    rows = pd.DataFrame({"a": ["x", "y"], "v": [{"k": 1}, [{"k": 2}]], "n": [1.5, None]}, index=index)
    fields = {"a": {"source": "a"}, "k": {"source": "v.k"}, "n": {"source": "n"}}
    mapped = frames.enter(Mapper({"fields": fields}).apply(rows).frame)
    assert mapped.drop("_source").rows() == [("x", 1, 1.5, 1), ("y", 2, None, 2)]


def test_columns_of_pandas_in_several_levels() -> None:
    """Columns in several levels are named by how they read; two of one name are refused."""
    rows = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    mapped = frames.enter(Mapper({"fields": {"u": {"source": "('a', 'y')"}}}).apply(rows).frame)
    assert mapped["u"].to_list() == [2]
    with pytest.raises(TypeError, match="two columns share a name: a"):
        Mapper({"fields": {"t": {"source": "a"}}}).apply(pd.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.parametrize(
    "rows",
    [
        [{"v": None}, {"v": None}],
        pd.DataFrame({"v": [None, None]}),
        pl.DataFrame({"v": [None, None]}),
        pl.LazyFrame({"v": [None, None]}),
        pa.table({"v": pa.nulls(2)}),
    ],
)
def test_a_column_of_which_nothing_is_known_takes_the_default_s_type(rows: Any) -> None:
    """P26: a column without a value and a type leaves its default as it is, whichever frame it comes in."""
    result = Mapper({"fields": {"x": {"source": "v", "defaultValue": 5}, "y": {"source": "v"}}}).apply(rows)
    mapped = frames.enter(result.frame)
    assert mapped.schema["x"] == pl.Int64
    assert mapped.drop("_source").rows() == [(5, None, 1), (5, None, 2)]


def test_many_columns_without_a_value_come_in_at_once() -> None:
    """P24: a pandas frame of thousands of empty columns comes in like one of thousands of full ones."""
    rows = pd.DataFrame({f"c{at}": [None] for at in range(5_000)})
    assert frames.enter(Mapper({"fields": {"x": {"source": "c7", "defaultValue": 1}}}).apply(rows).frame)["x"][0] == 1


def test_objects_of_thousands_of_names_come_in_at_once() -> None:
    """P24: objects that are tables, each with names of its own, are made alike in one go."""
    values = [{f"k{at}": at, "all": [at]} for at in range(2_000)]
    assert entered(*values, source="v.k1999")[-1] == 1_999
    assert entered(*values, source="v.all[0]") == list(range(2_000))
