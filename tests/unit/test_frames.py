"""Frames at the door, identity, and the issues table."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import frames

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
RECORDS = [{"ref": "A", "qty": 5}, {"ref": None, "qty": None}]
ROWS = pl.DataFrame(RECORDS)
KINDS: dict[frames.Kind, Any] = {
    "polars": ROWS,
    "lazy": ROWS.lazy(),
    "pandas": ROWS.to_pandas(),
    "pyarrow": ROWS.to_arrow(),
    "records": RECORDS,
}


def entered(values: list[Any]) -> tuple[pl.DataType, list[Any]]:
    """Return type and values of one column of records after the door."""
    column = frames.enter([{"x": value} for value in values])["x"]
    return column.dtype, column.to_list()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_known_and_comes_in_alike(kind: frames.Kind) -> None:
    """P23: the same rows come in as the same values from every kind of frame, and go out as the kind they were."""
    given = KINDS[kind]
    assert frames.kind_of(given) == kind
    rows = frames.enter(given)
    assert rows["ref"].to_list() == ["A", None]
    assert rows["qty"].to_list() == [5, None]
    assert frames.kind_of(frames.leave(rows, kind)) == kind
    assert frames.enter(frames.leave(ROWS, kind)).equals(ROWS)


@pytest.mark.parametrize(
    "stranger", [None, "text", b"bytes", 5, {"a": 1}, (x for x in ()), pd.Series([1]), pl.Series([1])]
)
def test_what_is_no_frame_is_refused(stranger: Any) -> None:
    """P32: anything else is a TypeError that names what is taken."""
    with pytest.raises(TypeError, match="is no frame: give a pandas or polars DataFrame"):
        frames.enter(stranger)


def test_a_list_of_something_else_is_refused() -> None:
    """P32: a list that holds other things than dicts is a TypeError that names the first of them."""
    with pytest.raises(TypeError, match="this one holds int"):
        frames.enter([{"a": 1}, 5])


@pytest.mark.parametrize(
    ("values", "dtype", "read"),
    [
        ([1, "a", None], pl.String, ["1", "a", None]),
        ([1, 2.5], pl.Float64, [1.0, 2.5]),
        ([1, 2**53 + 1, 2.5], pl.String, ["1", "9007199254740993", "2.5"]),
        ([1, True], pl.String, ["1", "true"]),
        ([2**63, 1], pl.UInt64, [2**63, 1]),
        ([float("nan"), 1], pl.Int64, [None, 1]),
        ([None, None], pl.String, [None, None]),
        ([pd.NA, 1], pl.Int64, [None, 1]),
        ([pd.NaT, AT], pl.Datetime("us", "UTC"), [None, AT]),
        ([Decimal("NaN"), Decimal("1.5")], pl.Decimal(38, 1), [None, Decimal("1.5")]),
        ([Decimal("Infinity"), Decimal("1.5")], pl.String, ["Infinity", "1.5"]),
        ([Decimal("1E+40"), Decimal("1.5")], pl.String, ["1E+40", "1.5"]),
        ([Decimal("1.50"), 1], pl.String, ["1.50", "1"]),
        ([date(2026, 1, 1), AT], pl.String, ["2026-01-01", "2026-01-31T12:00:00+00:00"]),
        ([AT, AT.replace(tzinfo=None)], pl.String, ["2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00"]),
        ([[1], ["a"]], pl.List(pl.String), [["1"], ["a"]]),
        ([["a"], "b", None], pl.List(pl.String), [["a"], ["b"], None]),
        (
            [{"a": "ü"}, 5],
            pl.Struct({"a": pl.String, "#text": pl.Int64}),
            [{"a": "ü", "#text": None}, {"a": None, "#text": 5}],
        ),
        ([[{"a": 1}], {"a": 2}], pl.List(pl.Struct({"a": pl.Int64})), [[{"a": 1}], [{"a": 2}]]),
        ([{"a": [1]}, {"a": "x"}], pl.Struct({"a": pl.List(pl.String)}), [{"a": ["1"]}, {"a": ["x"]}]),
    ],
)
def test_a_column_of_several_types_loses_nothing(values: list[Any], dtype: pl.DataType, read: list[Any]) -> None:
    """P27: values that share no type are texts, a single beside lists a list of one, a text beside objects #text."""
    assert entered(values) == (dtype, read)


def test_a_text_that_is_no_unicode_is_refused() -> None:
    """P32: half a surrogate pair, which no file and no request can hold, is named with its column."""
    with pytest.raises(TypeError, match="the column ref holds a text that is no Unicode"):
        frames.enter([{"ref": "A\ud800"}])


def test_nested_values_keep_every_field() -> None:
    """P27: nested records come in with every field that any of them has, and numbers in lists keep their fractions."""
    assert entered([{"a": 1}, {"b": "x"}, None])[1] == [{"a": 1, "b": None}, {"a": None, "b": "x"}, None]
    assert entered([[1], [2.5]])[1] == [[1.0], [2.5]]
    assert entered([{"a": [{"b": 1}]}, {"a": [{"c": 2}]}])[1] == [
        {"a": [{"b": 1, "c": None}]},
        {"a": [{"b": None, "c": 2}]},
    ]


def test_records_come_in_whole() -> None:
    """P26: fields may be absent, names need not be text, and records without a field are still rows."""
    assert frames.enter([{"a": 1}, {"b": 2}]).to_dicts() == [{"a": 1, "b": None}, {"a": None, "b": 2}]
    assert frames.enter([{1: "x"}]).to_dicts() == [{"1": "x"}]
    assert frames.with_identity(frames.enter([{}, {}]))[frames.ROW].to_list() == [1, 2]
    assert frames.enter([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("values", "dtype", "read"),
    [
        (pd.Series([1, None], dtype="Int64"), pl.Int64, [1, None]),
        (pd.Series([1.5, None]), pl.Float64, [1.5, None]),
        (pd.Series(["a", "b"], dtype="category"), pl.String, ["a", "b"]),
        (pd.Series([1, "a", pd.NA, pd.NaT], dtype=object), pl.String, ["1", "a", None, None]),
        (pd.Series([{"a": 1}, {"b": 2}]), None, [{"a": 1, "b": None}, {"a": None, "b": 2}]),
        (pd.Series(["a", "b"], index=[7, 7]), pl.String, ["a", "b"]),
        (pd.Series(pd.period_range("2026-01", periods=2, freq="M")), pl.String, ["2026-01", "2026-02"]),
        (pd.Series([1 + 2j]), pl.String, ["(1+2j)"]),
    ],
)
def test_pandas_columns_come_in_by_value(values: "pd.Series[Any]", dtype: pl.DataType | None, read: list[Any]) -> None:
    """P23: pandas columns come in with their values, its several nulls as null, and its index is no matter."""
    column = frames.enter(pd.DataFrame({"x": values}))["x"]
    assert dtype is None or column.dtype == dtype
    assert column.to_list() == read


@pytest.mark.parametrize(
    "twins",
    [
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1, 2]], columns=["1", 1]),
        pa.table([[1], [2]], names=["a", "a"]),
        [{"1": 1, 1: 2}],
    ],
    ids=["pandas", "pandas, by text", "pyarrow", "records, by text"],
)
def test_columns_that_share_a_name_are_refused(twins: Any) -> None:
    """P32: two columns of one name are a TypeError that says which."""
    with pytest.raises(TypeError, match="two columns share a name"):
        frames.enter(twins)


def test_a_record_batch_is_a_frame() -> None:
    """A pyarrow RecordBatch comes in as a Table does."""
    assert frames.enter(pa.RecordBatch.from_pydict({"a": [1]})).to_dicts() == [{"a": 1}]


def test_types_of_one_library_only_become_text() -> None:
    """Categories, enumerations, columns of nothing and Python objects come in as text."""
    rows = pl.DataFrame(
        {
            "category": pl.Series(["x"], dtype=pl.Categorical),
            "enum": pl.Series(["x"], dtype=pl.Enum(["x"])),
            "nothing": [None],
            "object": pl.Series([{1}], dtype=pl.Object),
        }
    )
    assert set(frames.enter(rows).dtypes) == {pl.String()}


def test_the_callers_frame_stays_as_it_was() -> None:
    """Coming in changes nothing of the caller's."""
    mine = pd.DataFrame({"x": [1, "a"]})
    records = [{"x": float("nan")}]
    frames.with_identity(frames.enter(mine))
    frames.with_identity(frames.enter(records))
    assert list(mine.columns) == ["x"]
    assert list(mine["x"]) == [1, "a"]
    assert list(records[0]) == ["x"]


def test_whole_numbers_stay_whole_in_pandas() -> None:
    """P27: an integer or boolean column with a null leaves for pandas as its nullable type, never as floats."""
    left = frames.leave(pl.DataFrame({"i": [2**60, None], "b": [True, None], "whole": [1, 2]}), "pandas")
    assert [str(dtype) for dtype in left.dtypes] == ["Int64", "boolean", "int64"]
    assert left["i"][0] == 2**60


def test_identity_is_given_once() -> None:
    """P26: rows without a number get their position from 1, and those that have one keep it."""
    once = frames.with_identity(ROWS, "in.csv")
    assert once.select(frames.ROW, frames.SOURCE).rows() == [(1, "in.csv"), (2, "in.csv")]
    part = once.tail(1)
    assert frames.with_identity(part, "other.csv").equals(part)
    assert frames.without_identity(once).equals(ROWS)


def test_row_numbers_are_whole_numbers() -> None:
    """A column _row of text is read as numbers, and refused with its type where it holds something else (P32)."""
    assert frames.with_identity(pl.DataFrame({"_row": ["5"]}))[frames.ROW].to_list() == [5]
    with pytest.raises(TypeError, match="_row numbers the rows of a source and holds whole numbers, not String"):
        frames.with_identity(pl.DataFrame({"_row": ["a"]}))


def test_without_identity_keeps_the_callers_own_underscores() -> None:
    """Only the columns that fcwork adds are dropped."""
    rows = pl.DataFrame({"_row": [1], "_source": [""], "_errors": [""], "_stage": [""], "_mine": [1]})
    assert frames.without_identity(rows).columns == ["_mine"]


def test_a_key_joins_values_and_shows_null_as_nothing() -> None:
    """A key of several columns is their texts with a colon between them."""
    rows = pl.DataFrame({"a": ["x", None], "b": [1, 2]})
    assert rows.select(frames.key_text(["a", "b"])).to_series().to_list() == ["x:1", ":2"]


def test_issues_has_one_line_a_row() -> None:
    """An issues table has the declared columns, taken from constants and from expressions on the rows."""
    table = frames.issues(
        frames.with_identity(ROWS, "in.csv"),
        stage="map",
        field="qty",
        code="map.type",
        message=pl.format("qty of {}", pl.col("ref").fill_null("?")),
        at=AT,
        value=pl.col("qty"),
        key=frames.key_text(["ref"]),
        severity="warning",
        attempts=2,
    )
    assert table.schema == frames.ISSUES
    assert table.row(0, named=True) == {
        "source": "in.csv",
        "row": 1,
        "key": "A",
        "stage": "map",
        "field": "qty",
        "code": "map.type",
        "severity": "warning",
        "value": "5",
        "message": "qty of A",
        "attempts": 2,
        "at": AT,
    }


def test_issues_of_frames_come_first() -> None:
    """Joined tables are in the order of source and row; an issue of a whole frame, which has no row, leads."""
    rows = frames.with_identity(pl.DataFrame({"x": [1, 2]}))
    late = frames.issues(rows.tail(1), stage="check", field="x", code="check.type", message="late", at=AT)
    early = frames.issues(rows.head(1), stage="check", field="x", code="check.type", message="early", at=AT)
    whole = frames.frame_issue(stage="check", code="check.max_rows", message="whole", at=AT)
    joined = frames.join_issues([late, frames.no_issues(), early, whole])
    assert joined["message"].to_list() == ["whole", "early", "late"]
    assert joined.schema == frames.ISSUES
    assert frames.join_issues([]).schema == frames.ISSUES


def test_values_are_shown_as_short_text() -> None:
    """Any value can be shown: nested ones as JSON, long ones cut to 200 characters, null as null."""
    rows = pl.DataFrame(
        {
            "text": ["x" * 500],
            "nested": [{"a": [1, None], "d": date(2026, 1, 1)}],
            "bytes": [b"\xff"],
            "duration": [timedelta(hours=1)],
            "flag": [True],
            "null": pl.Series([None], dtype=pl.Int64),
        }
    )
    assert rows.select(frames.as_text(pl.col(name)) for name in rows.columns).row(0) == (
        "x" * 200,
        '{"a": [1, null], "d": "2026-01-01"}',
        r"b'\xff'",
        "1:00:00",
        "true",
        None,
    )
