"""Rows as JSON: every value kept, nulls left out, the columnar way and the plain way equal."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork import frames
from fcwork.client.packing import pack_records, pack_rows
from fcwork.errors import BadRequestError

TEXTS = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(
        ['"a":null,', ',"b":null}', '{"a":null}', "\\", '\\"b":null,', '"', "null", '"o":{},', "é\u2028\x00\n"]
    ),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": TEXTS,
            "b": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            "c": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32)),
            "o": st.one_of(st.none(), st.fixed_dictionaries({"a": TEXTS, "d": st.one_of(st.none(), st.booleans())})),
            "l": st.one_of(st.none(), st.lists(st.fixed_dictionaries({"a": TEXTS}), max_size=2)),
        }
    ),
    max_size=6,
)
SCHEMA = {
    "a": pl.String,
    "b": pl.Int64,
    "c": pl.Float64,
    "o": pl.Struct({"a": pl.String, "d": pl.Boolean}),
    "l": pl.List(pl.Struct({"a": pl.String})),
}


def without_nulls(value: Any) -> Any:
    """Return a JSON value without nulls in objects, and without the objects that are empty then."""
    if isinstance(value, dict):
        kept = {name: without_nulls(item) for name, item in value.items() if item is not None}
        return {name: item for name, item in kept.items() if item != {}}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=300, deadline=None)
@given(ROWS)
def test_columns_are_written_as_rows_would_be(rows: list[dict[str, Any]]) -> None:
    """Whatever the values hold, also what looks like JSON, each row comes out with all its values and no null."""
    packed = json.loads(pack_rows(pl.DataFrame(rows, schema=SCHEMA)))
    assert packed == [without_nulls(row) for row in rows]


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_row_is_written_alike_alone_and_among_others(rows: list[dict[str, Any]]) -> None:
    """A row has the same text whatever rows stand beside it, so that its digest is the same in any request."""
    frame = pl.DataFrame(rows, schema=SCHEMA)
    alone = [pack_rows(row)[1:-1] for row in frame.iter_slices(1)] if rows else []
    assert pack_rows(frame) == b"[" + b",".join(alone) + b"]"


def test_rows_without_a_time_are_written_as_those_with_one() -> None:
    """Whether a column has to be written the slow way is its type's business, also where a row has no value in it."""
    frame = pl.DataFrame({"at": [dt.datetime(2026, 1, 2, tzinfo=dt.UTC)] * 2, "t": [dt.time(1), None]})
    assert pack_rows(frame) == b"[" + b",".join(pack_rows(frame[at])[1:-1] for at in range(2)) + b"]"


def test_identity_is_never_sent() -> None:
    """The columns of identity stay here, of frames and of dicts."""
    rows = pl.DataFrame({"_row": [1], "_source": ["f"], "ref": ["A"]})
    assert pack_rows(rows) == b'[{"ref":"A"}]'
    assert pack_records(rows.to_dicts()) == b'[{"ref":"A"}]'


def test_same_rows_same_bytes_in_order() -> None:
    """Rows with and without nulls keep their order, and the same rows give the same bytes."""
    rows = pl.DataFrame({"ref": ["A", "B", "C"], "x": [None, 1, None], "y": [2, None, None]})
    assert pack_rows(rows) == b'[{"ref":"A","y":2},{"ref":"B","x":1},{"ref":"C"}]'
    assert pack_rows(rows) == pack_rows(rows.clone())


@pytest.mark.parametrize(
    ("column", "wire"),
    [
        (pl.Series([dt.datetime(2026, 1, 2, 3, 4, 5, 678_000)]), "2026-01-02T03:04:05.678Z"),  # noqa: DTZ001
        (
            pl.Series([dt.datetime(2026, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=2)))]),
            "2026-01-02T01:00:00.000Z",
        ),
        (pl.Series([dt.date(2026, 1, 2)]), "2026-01-02"),
        (pl.Series([Decimal("1.50")]), 1.5),
        (pl.Series([Decimal(7)]), 7),
        (pl.Series([dt.time(9, 30)]), "09:30:00"),
        (pl.Series([True]), True),
        (pl.Series([2**63 - 1]), 2**63 - 1),
        (pl.Series([[dt.date(2026, 1, 2)]]), ["2026-01-02"]),
        (pl.Series([{"at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}]), {"at": "2026-01-02T00:00:00Z"}),
        (pl.Series([{"price": Decimal("2.5"), "no": None}]), {"price": 2.5}),
    ],
)
def test_values_of_many_kinds(column: pl.Series, wire: Any) -> None:
    """Instants are written in UTC, dates as dates, decimals as numbers, at any depth."""
    assert json.loads(pack_rows(column.alias("v").to_frame())) == [{"v": wire}]


@pytest.mark.parametrize("digits", ["12345678901234567.89", "0.1", "-1.50", "100", "0"])
def test_a_decimal_goes_out_with_all_its_digits(digits: str) -> None:
    """P27: a decimal is written digit by digit, at any depth, and never by way of a float."""
    column = pl.Series("v", [digits]).cast(pl.Decimal(38, 9))
    plain = frames.number_text(Decimal(digits))
    assert pack_rows(column.to_frame()) == b'[{"v":%s}]' % plain.encode()
    nested = pl.DataFrame({"s": [{"v": Decimal(digits)}], "v": ["9"]})
    assert pack_rows(nested) == b'[{"s":{"v":%s},"v":"9"}]' % plain.encode()
    quoted = column.to_frame().with_columns(text=pl.lit(f'"v":"{digits}"'), s=pl.struct(v=pl.lit("9")))
    assert json.loads(pack_rows(quoted))[0]["text"] == f'"v":"{digits}"'
    assert json.loads(pack_rows(quoted))[0]["s"] == {"v": "9"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_no_number_is_left_out(value: float | None) -> None:
    """What is no number is left out, as a null is."""
    assert pack_rows(pl.DataFrame({"a": [1.5, value]})) == b'[{"a":1.5},{}]'
    assert pack_records([{"a": 1.5}, {"a": value}]) == b'[{"a":1.5},{}]'


@pytest.mark.parametrize("name", ['q"t', "back\\slash", "new\nline", "Größe", ""])
def test_odd_column_names(name: str) -> None:
    """Names that JSON escapes are written right."""
    assert json.loads(pack_rows(pl.DataFrame({name: [1, None]}))) == [{name: 1}, {}]


def test_empty_rows() -> None:
    """No rows are an empty array; rows without a value are empty objects."""
    assert pack_rows(pl.DataFrame(schema={"a": pl.Int64})) == b"[]"
    assert pack_rows(pl.DataFrame({"a": [None, None]})) == b"[{},{}]"


def test_bytes_are_refused() -> None:
    """A column that JSON has no form for is told, not a crash."""
    with pytest.raises(BadRequestError, match="bytes"):
        pack_rows(pl.DataFrame({"a": [b"x"]}))
    with pytest.raises(BadRequestError, match="object"):
        pack_records([{"a": object()}])


def test_records_stay_as_they_are() -> None:
    """Dicts are sent with their own types, mixed as they may be."""
    records = [{"a": 1, "o": {"x": None, "y": [None, 1]}}, {"a": "1"}]
    assert pack_records(records) == b'[{"a":1,"o":{"y":[null,1]}},{"a":"1"}]'
