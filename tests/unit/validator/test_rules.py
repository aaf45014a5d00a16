"""Each rule on columns of each type."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

INF, NAN = float("inf"), float("nan")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        (["a", None, "", " \t\n\u00a0", "0"], [None, "", " \t\n\u00a0"]),
        ([0, None, 5], [None]),
        ([0.0, NAN, 1.5], [NAN]),
        ([False, None], [None]),
        ([[], None, [1]], [None]),
    ],
)
def test_required_refuses_null_empty_and_blank(failing: Callable[..., list[Any]], values: Any, refused: Any) -> None:
    """A required value is neither null nor NaN nor text without a visible character; zero and false are values."""
    assert str(failing({"required": ["x"]}, values)) == str(refused)


@pytest.mark.parametrize(
    ("kind", "values", "refused"),
    [
        ("integer", ["5", "-5", "+5", "007", None], []),
        ("integer", ["", " 5", "5.0", "1e3", "1_000", "1,000", "٣", "0x1F", "abc", "--5"], "all"),
        ("integer", ["9223372036854775807", "9223372036854775808"], ["9223372036854775808"]),
        ("integer", [1, 2, None], []),
        ("integer", [1.0, 2.5, INF, -3.0, 1e300], [2.5, INF, 1e300]),
        ("integer", [Decimal("5.00"), Decimal("5.01")], [Decimal("5.01")]),
        ("integer", pl.Series([2**63, 5], dtype=pl.UInt64), [2**63]),
        ("integer", [True, False], "all"),
        ("integer", [MIDNIGHT], "all"),
        ("integer", [[1], None], [[1]]),
        ("decimal", ["1.5", "-.5", "1.", "1e5", "12", None], []),
        ("decimal", ["NaN", "inf", "-Infinity", "1e999", "1,5", "1.5 ", "", "1d5"], "all"),
        ("decimal", [1.5, INF], [INF]),
        ("decimal", [1, 2], []),
        ("decimal", [Decimal("1.5")], []),
        ("decimal", [True], "all"),
        ("boolean", [True, False, None], []),
        ("boolean", ["true", "False", "TRUE", "yes", "1", ""], ["yes", "1", ""]),
        ("boolean", [0, 1], "all"),
        ("string", ["a", "", None], []),
        ("string", [123, None], [123]),
        ("string", [date(2026, 1, 1)], "all"),
        ("date", ["2026-01-31", "2024-02-29", None], []),
        ("date", ["2026-02-30", "2026-1-31", "+026-01-31", "31.01.2026", "2026-01-31T00:00:00", "2026-01-31\n"], "all"),
        ("date", [date(2026, 1, 31), None], []),
        ("date", [MIDNIGHT, NOON], [NOON]),
        ("timestamp", ["2026-01-31T08:30", "2026-01-31T08:30:00.123Z", "2026-01-31T08:30:00+05:30", None], []),
        ("timestamp", ["2026-01-31", "2026-01-31 08:30:00", "2026-02-30T08:30:00Z", "2026-01-31T24:00:00Z"], "all"),
        ("timestamp", [NOON, None], []),
        ("timestamp", [date(2026, 1, 31)], "all"),
    ],
)
def test_types_take_what_reads_as_the_type(
    failing: Callable[..., list[Any]], kind: str, values: Any, refused: Any
) -> None:
    """P27: a value passes as a type when it is of it or is text that reads as it, and null always passes."""
    expected = [value for value in values if value is not None] if refused == "all" else refused
    assert failing({"types": {"x": kind}}, values) == expected


@pytest.mark.parametrize(
    ("bounds", "values", "refused"),
    [
        ({"min": 0}, [-1, 0, 5, None], [-1]),
        ({"min": 0, "max": 5}, [-0.5, 5.0, 5.1, INF], [-0.5, 5.1, INF]),
        ({"min": 0, "max": None}, ["-1", "+3", "abc", "", "nan", "inf", None], ["-1", "abc", "", "nan", "inf"]),
        ({"max": 0.1}, ["0.1", "0.11"], ["0.11"]),
        ({"max": 10}, [Decimal("10.00"), Decimal("10.01")], [Decimal("10.01")]),
        ({"min": 0}, [True], [True]),
        ({"min": 0}, [[1]], [[1]]),
        ({"min": 0}, pl.Series([b"1"]), [b"1"]),
    ],
)
def test_range_compares_numbers_and_text_that_reads_as_one(
    failing: Callable[..., list[Any]], bounds: dict[str, float], values: Any, refused: Any
) -> None:
    """A value passes a range when it is a finite number within both bounds; what is no number does not pass."""
    assert failing({"range": {"x": bounds}}, values) == refused


@pytest.mark.parametrize(
    ("regex", "values", "refused"),
    [
        ("^[A-Z0-9-]+$", ["A-1", "a-1", "A 1", "A-1\n", "", None], ["a-1", "A 1", "A-1\n", ""]),
        ("B", ["ABC", "AC"], ["AC"]),
        (r"^\p{L}+$", ["Größe", "尺寸", "x1"], ["x1"]),
        ("(?i)^sku", ["SKU-1", "x"], ["x"]),
        (r"^\d+$", [12, -1], [-1]),
        (r"^\d+$", [12.0, 12.5], [12.5]),
        ("^true$", [True, False], [False]),
        ("^2026-01-31T12:00:00", [NOON, NOON.replace(hour=1)], [NOON.replace(hour=1)]),
        ("1", [[1]], [[1]]),
    ],
)
def test_pattern_looks_for_a_match_in_the_text_of_a_value(
    failing: Callable[..., list[Any]], regex: str, values: Any, refused: Any
) -> None:
    """A value passes a pattern when its text holds a match; anchors hold as written, letters are Unicode's."""
    assert failing({"pattern": {"x": regex}}, values) == refused


@pytest.mark.parametrize(
    ("bounds", "values", "refused"),
    [
        ({"max": 3}, ["abc", "äöü", "abcd", None], ["abcd"]),
        ({"min": 1}, ["", "a"], [""]),
        ({"min": 2, "max": 2}, [5, 55, 555], [5, 555]),
        ({"max": 9}, [[1]], [[1]]),
    ],
)
def test_length_counts_characters(
    failing: Callable[..., list[Any]], bounds: dict[str, float], values: Any, refused: Any
) -> None:
    """A value passes a length when its text has as many characters, not bytes, as the bounds allow."""
    assert failing({"length": {"x": bounds}}, values) == refused


@pytest.mark.parametrize(
    ("allowed", "values", "refused"),
    [
        (["NEW", "USED"], ["NEW", "new", "NEW ", "", None], ["new", "NEW ", ""]),
        ([1, 2], ["1", "2.0"], ["2.0"]),
        ([1, 2.5, "3"], [1.0, 2.5, 3.0, 4.0], [4.0]),
        (["5", 7.0], [5, 7, 6], [6]),
        ([True], [True, False], [False]),
        ([1.5, 2], [Decimal("1.50"), Decimal("2.00"), Decimal("2.25")], [Decimal("2.25")]),
        ([date(2026, 1, 31)], ["2026-01-31", "2026-02-01"], ["2026-02-01"]),
        ([NOON], pl.Series([NOON]).dt.cast_time_unit("ns"), []),
        (["a"], [["a"]], [["a"]]),
    ],
)
def test_one_of_compares_by_text(
    failing: Callable[..., list[Any]], allowed: list[Any], values: Any, refused: Any
) -> None:
    """A value is one of the allowed ones when both read alike: 5 is 5.0 and "5", and case counts."""
    assert failing({"one_of": {"x": allowed}}, values) == refused


@pytest.mark.parametrize(
    "known",
    [
        ["L1", "L2", None],
        pl.DataFrame({"x": ["L1", "L2"], "name": ["One", "Two"]}),
        pl.LazyFrame({"ref": ["L1", "L2"]}),
        pl.DataFrame({"x": ["L1", "L2"]}).to_pandas(),
        pl.DataFrame({"x": ["L1", "L2"]}).to_arrow(),
        [{"x": "L1"}, {"x": "L2"}],
    ],
    ids=["list", "frame", "only column", "pandas", "pyarrow", "records"],
)
def test_reference_looks_values_up(failing: Callable[..., list[Any]], known: Any) -> None:
    """A value passes a reference when the list, the column of its name or the frame's only column holds it."""
    assert failing({"reference": {"x": known}}, ["L1", "L3", None, "L2"]) == ["L3"]


def test_a_reference_to_nothing_refuses_every_value(failing: Callable[..., list[Any]]) -> None:
    """An empty list of known values lets no value pass."""
    assert failing({"reference": {"x": []}}, ["L1", None]) == ["L1"]


@pytest.mark.parametrize(
    ("rule", "refused_rows"),
    [
        (["x"], {3, 5}),
        ({"columns": ["x"], "keep": "last"}, {1, 3}),
        ({"columns": ["x"], "keep": "none"}, {1, 3, 5}),
        (["x", "y"], {5}),
        ([["x"], ["y"]], {3, 4, 5}),
        ([["x", "y"], {"columns": ["y"], "keep": "last"}], {1, 3, 5}),
    ],
)
def test_unique_refuses_all_but_one_row_of_a_key(
    findings: Callable[..., set[Any]], rule: Any, refused_rows: set[int]
) -> None:
    """Of the rows that share a key the kept one stays valid, and a key with a null in it is none."""
    rows = pl.DataFrame({"x": ["a", "b", "a", None, "a", None], "y": [1, 2, 3, 3, 1, None]})
    assert {row for row, _, _ in findings({"unique": rule}, rows)} == refused_rows


def test_unique_tells_apart_keys_that_only_look_alike_when_joined(findings: Callable[..., set[Any]]) -> None:
    """Keys of several columns are compared column by column."""
    assert findings({"unique": ["a", "b"]}, [{"a": "x:", "b": "y"}, {"a": "x", "b": ":y"}]) == set()


def test_a_dotted_field_leads_into_a_struct(findings: Callable[..., set[Any]]) -> None:
    """Rules reach nested fields by path, a null struct has null fields, and a column of that very name comes first."""
    rows = [{"to": {"city": "Rome"}}, {"to": {"city": ""}}, {"to": None}]
    assert findings({"required": ["to.city"]}, rows) == {
        (2, "to.city", "check.required"),
        (3, "to.city", "check.required"),
    }
    assert findings({"required": ["to.city"]}, [{"to.city": "Rome"}]) == set()
