"""JavaScript's reading and writing of values where the SDK's vectors do not reach; V8 itself was asked for them."""

import copy
import math
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from fcwork.mapper.javascript import LENIENT, TRANSFORMS_LENIENT, UNDEFINED

MOMENT = datetime(2025, 1, 15, 10, 30, 0, 123999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2025-01-15T10:30Z", "2025-01-15T10:30:00.000Z"),
        ("2025-01-15T24:00Z", "2025-01-16T00:00:00.000Z"),
        ("2025-01-15T10:30:00.1234567+05:30", "2025-01-15T05:00:00.123Z"),
        ("2025-01-15T10:30:00+0530", "2025-01-15T05:00:00.000Z"),
        ("2025-01-15 10:30:00", "2025-01-15T10:30:00.000Z"),
        ("2025-1-5", "2025-01-05T00:00:00.000Z"),
        ("2025/01/15", "2025-01-15T00:00:00.000Z"),
        ("01/15/2025", "2025-01-15T00:00:00.000Z"),
        ("1/5/25", "2025-01-05T00:00:00.000Z"),
        ("1/5/50", "1950-01-05T00:00:00.000Z"),
        ("Jan 15, 2025", "2025-01-15T00:00:00.000Z"),
        ("15 January 2025 10:30 PM", "2025-01-15T22:30:00.000Z"),
        ("12:30 AM 1/2/2025", "2025-01-02T00:30:00.000Z"),
        ("Wed, 15 Jan 2025 10:30:00 GMT", "2025-01-15T10:30:00.000Z"),
        ("Wed Jan 15 2025 10:30:00 GMT+0100 (CET)", "2025-01-15T09:30:00.000Z"),
        ("2025-01-15 10:30 EST", "2025-01-15T15:30:00.000Z"),
        ("order 15 Jan 2025", "2025-01-15T00:00:00.000Z"),
        ("2025-02-31T00:00:00Z", "2025-03-03T00:00:00.000Z"),
        ("1/2/2025 10:30:15.25", "2025-01-02T10:30:15.250Z"),
        ("1/2/2025 10::30", "2025-01-02T10:00:30.000Z"),
        ("1/2/2025 10:30 UTC+05:30", "2025-01-02T05:00:00.000Z"),
        ("1/2/2025 10:30 -0500", "2025-01-02T15:30:00.000Z"),
        ("1/2/2025 10:30 +5", "2025-01-02T05:30:00.000Z"),
        ("-000000-01-01", "2001-01-01T00:00:00.000Z"),
        ("2025-01-15T10:30:00", "2025-01-15T10:30:00.000Z"),
        ("1/2/2025 ((a) b) 10:30", "2025-01-02T10:30:00.000Z"),
        ("0099-01-01", "0099-01-01T00:00:00.000Z"),
        ("+010000-01-01", "+010000-01-01T00:00:00.000Z"),
        ("-000001-12-31", "-000001-12-31T00:00:00.000Z"),
    ],
)
def test_a_text_is_a_date_as_in_v8(text: str, read: str) -> None:
    """ISO 8601 is read first, then whatever V8 tolerates; what has no zone is UTC."""
    assert LENIENT["sdk.formatDate"](text) == read
    assert TRANSFORMS_LENIENT["toISO8601"](text) == read


@pytest.mark.parametrize(
    "text",
    [
        "2025-13-01",
        "2025-01-15T25:00",
        "2025-01-15T1:00",
        "2025-01-15T10",
        "15/01/2025",
        "20250115",
        "13:00 pm 1/1/2025",
        "2025-01-15 noon",
        "2025-01-15)",
        "1e3",
        "275761-01-01",
        "1/2/2025 10:30 GMT+12345",
        "1/2/2025 10:30x",
        "1/2/2025 10:30:15.x",
        "1/2/2025 10:11::30",
        "1/2/3/4",
        "2025-01-15T24:00:00.5Z",
        "2025-01-15T10:30+05:60",
        "2025-01-15T10:30+0560",
        "2025-01-15T10:30+0",
        "1/2/2025 25:00",
        "1 10:20:30:40:50",
        "1/2/2025 -5",
        "x1/2/2025",
        "Jan",
        "1/2/2025 10:60",
        "",
    ],
)
def test_a_text_that_is_no_date_to_v8_stays(text: str) -> None:
    """A failed reading leaves the text as it was, and is None as a date."""
    assert LENIENT["sdk.formatDate"](text) == text
    assert LENIENT["sdk.parseDate"](text) is None
    assert TRANSFORMS_LENIENT["toDate"](text) is None


def test_a_date_is_told_in_utc() -> None:
    """A time keeps its milliseconds, whatever its zone; without one it is UTC, and a day is its beginning."""
    there = MOMENT.astimezone(timezone(timedelta(hours=-5)))
    assert LENIENT["sdk.formatDate"](there) == "2025-01-15T10:30:00.123Z"
    assert LENIENT["sdk.parseDate"](MOMENT.replace(tzinfo=None)) == MOMENT.replace(microsecond=123000)
    assert LENIENT["sdk.formatDateShort"](date(2025, 1, 15)) == "2025-01-15"
    assert LENIENT["sdk.toString"](there) == "Wed Jan 15 2025 10:30:00 GMT+0000 (Coordinated Universal Time)"
    assert LENIENT["sdk.toJson"]([there]) == '["2025-01-15T10:30:00.123Z"]'
    assert TRANSFORMS_LENIENT["toISO8601"](there) == "2025-01-15T10:30:00.000Z"  # by way of its text


def test_a_year_that_python_has_not_is_no_date() -> None:
    """A date past the year 9999 has its text, and is None as a time."""
    assert LENIENT["sdk.formatDateShort"](253402300800000) == "+010000-01-01"
    assert LENIENT["sdk.parseDate"](253402300800000) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (5.0, "5"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (123456789012345680000.0, "123456789012345680000"),
        (5e-7, "5e-7"),
        (1.25e-7, "1.25e-7"),
        (0.000001, "0.000001"),
        (-1234.5, "-1234.5"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (-math.inf, "-Infinity"),
        (10**25, "1" + "0" * 25),
        (Decimal("10.50"), "10.5"),
        (Decimal("9007199254740993.00"), "9007199254740993"),
        (Decimal("NaN"), "NaN"),
        ([1.0, [None, [2.5, UNDEFINED]], []], "1,,2.5,,"),
        ({"a": 1}, "[object Object]"),
    ],
)
def test_a_number_is_written_as_in_javascript(number: Any, text: str) -> None:
    """Numbers are written as JavaScript does, but whole ones with all their digits; lists are joined with commas."""
    assert LENIENT["sdk.toString"](number) == text


@pytest.mark.parametrize(
    ("text", "whole", "number"),
    [
        ("\ufeff\u00a0-7.9x", -7, -7.9),
        ("+.5e1", 0, 5),
        ("1e", 1, 1),
        ("-Infinity!", 0, -math.inf),
        ("1e999", 1, math.inf),
        ("\u0663", 0, 0),
        ("99999999999999999999", 99999999999999999999, 99999999999999999999),
        ("9" * 400, math.inf, math.inf),
    ],
)
def test_a_number_is_read_from_the_beginning_of_a_text(text: str, whole: float, number: float) -> None:
    """The digits after JavaScript's blanks count and what follows does not; without any it is 0, in a transform NaN."""
    assert LENIENT["sdk.parseInt"](text) == whole
    assert LENIENT["sdk.parseFloat"](text) == LENIENT["sdk.number"](text) == number
    assert math.isnan(TRANSFORMS_LENIENT["parseInt"]("x"))


def test_json_is_written_as_in_javascript() -> None:
    """Whole names come first by size, undefined members are left out, and what JSON lacks is null."""
    value = {"b": 1e21, "10": UNDEFINED, "2": [math.nan, UNDEFINED, print], "1": "\u2028\ud800/"}
    assert LENIENT["sdk.toJson"](value) == '{"1":"\u2028\\ud800/","2":[null,null,null],"b":1e+21}'
    assert LENIENT["sdk.toJson"](UNDEFINED) is UNDEFINED


def test_json_is_read_as_in_javascript() -> None:
    """A text that is no JSON stays as it is, NaN among it; whole numbers keep all their digits."""
    assert LENIENT["sdk.parseJson"]('{"n": 90071992547409931, "m": -0}') == {"n": 90071992547409931, "m": 0}
    for text in ("[NaN]", "\ufeff[1]", "01", "[" * 100_000):
        assert LENIENT["sdk.parseJson"](text) == text


def test_a_value_within_itself_stays() -> None:
    """A list in itself has no JSON and is left out of its own text."""
    value: list[Any] = [1]
    value.append(value)
    assert LENIENT["sdk.toJson"](value) is value
    assert LENIENT["sdk.toString"](value) == "1,"


def test_undefined_is_one() -> None:
    """Undefined is false, and stays the same object through a copy and a pickle."""
    assert not UNDEFINED
    assert copy.deepcopy(UNDEFINED) is UNDEFINED
    assert pickle.loads(pickle.dumps(UNDEFINED)) is UNDEFINED  # noqa: S301 - made in the same line
    assert LENIENT["sdk.coalesce"](None) is UNDEFINED
