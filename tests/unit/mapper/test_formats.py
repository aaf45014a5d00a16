"""Formats: how numbers and dates are written, and in which zone; nothing is guessed and no digit lost."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from fcwork.mapper import Mapper, MapResult

Resolve = Callable[..., MapResult]
BAD = "is an issue"


def answers(result: MapResult, rows: int) -> list[Any]:
    """Return what became of each row: its value, or that it is an issue of type."""
    found = dict(result.frame.select("_row", "x").rows())
    codes = dict(result.issues.select("row", "code").rows())
    assert all(codes.get(row) == "map.type" for row in range(1, rows + 1) if row not in found)
    return [found.get(row, BAD) for row in range(1, rows + 1)]


def read(resolve: Resolve, resolver: str, texts: Sequence[Any], **params: Any) -> list[Any]:
    """Return what a resolver with params makes of texts."""
    return answers(resolve(pl.Series(texts), resolver, params=params), len(texts))


@pytest.mark.parametrize(
    ("sample", "texts"),
    [
        ("1,234.56", ["1,234,567.5", "1234567.5", "+1,234,567.5"]),
        ("1.234,56", ["1.234.567,5", "1234567,5"]),
        ("1 234,56", ["1 234 567,5", "1\u00a0234\u00a0567,5", "1\u202f234\u2009567,5", "1234567,5"]),
        ("1\u202f234,56", ["1 234 567,5", "1\u00a0234\u00a0567,5"]),
        ("1'234.56", ["1'234'567.5", "1\u2019234\u2019567.5"]),
        ("1\u2019234.56", ["1'234'567.5"]),
        ("1_234.56", ["1_234_567.5"]),
        ("1234,56", ["1234567,5", " 1234567,50 "]),
        ("1,234", ["1,234,567.5"]),
        ("1234.56", ["1234567.5", "1234567.50", "12345675e-1"]),
    ],
)
def test_a_number_is_read_in_the_format_of_the_sample(resolve: Resolve, sample: str, texts: list[str]) -> None:
    """A sample of 1234.56 says how numbers are written; a space may be any kind of space, an apostrophe either."""
    assert read(resolve, "sdk.number", texts, numberFormat=sample) == [1234567.5] * len(texts)


def test_what_is_in_another_format_is_an_issue(resolve: Resolve) -> None:
    """P27: wrong grouping, another mark, exponents and names of numbers are issues under a stated format."""
    texts = ["1,23", "12,34", "1,2345", "1234,567", "1,,234", ",234", "1,234,", "1.5,000", "1,234.", ".5", "1,234e3"]
    texts += ["1.234,5", "1 234", "1'234", "NaN", "Infinity", "--1", "1-", "x", "  "]
    assert read(resolve, "sdk.number", texts, numberFormat="1,234.56") == [BAD] * len(texts)
    assert read(resolve, "sdk.number", ["", None, "-1,234"], numberFormat="1,234.56") == [None, None, -1234.0]


@pytest.mark.parametrize("resolver", ["sdk.parseInt", "sdk.parseFloat", "sdk.number"])
def test_without_a_format_no_mark_is_guessed(resolve: Resolve, resolver: str) -> None:
    """P27: 1,234 may be a thousand and more or little more than one: without a stated format it is an issue."""
    texts = ["1,234", "1.234,56", "1 234", "1'234", "1_234"]
    assert read(resolve, resolver, texts) == [BAD] * len(texts)


def test_whole_numbers_take_a_format_too(resolve: Resolve) -> None:
    """A grouped whole number keeps all its digits; decimals, if only zeros, are none."""
    texts = ["1,234", "9,223,372,036,854,775,807", "9,223,372,036,854,775,808", "1,234.5"]
    assert read(resolve, "sdk.parseInt", texts, numberFormat="1,234") == [1234, 2**63 - 1, BAD, BAD]


def test_a_format_holds_for_the_mapping_unless_a_field_states_its_own() -> None:
    """P32: a format at the top is that of all fields; an issue says which one was expected."""
    fields = {
        "x": {"source": "v", "resolver": "sdk.number"},
        "y": {"source": "v", "resolver": "sdk.number", "params": {"numberFormat": "1,234.56"}},
    }
    result = Mapper({"numberFormat": "1.234,56", "fields": fields}).apply(
        pl.DataFrame({"v": ["5", "1.234,5", "1,234.5"]})
    )
    assert result.frame.select("x", "y").rows() == [(5.0, 5.0)]
    expected = [
        (issue["row"], issue["field"], issue["message"].split("written as in ")[1])
        for issue in result.issues.to_dicts()
    ]
    digits = ", all of whose digits a float holds"
    assert expected == [(2, "y", f"1,234.56{digits}"), (3, "x", f"1.234,56{digits}")]


@pytest.mark.parametrize(
    "sample", ["1.234", "1,234,56", "1,234.567", "1e234.56", "1-234", "1+234", "12,34", "", "german", 5, None, True]
)
def test_what_is_no_sample_is_a_mistake(mistakes: Callable[..., list[str]], sample: Any) -> None:
    """P32: a format that could be read in two ways, or none, is told with those that there are."""
    field = {"source": "v", "resolver": "sdk.number", "params": {"numberFormat": sample}}
    (problem,) = mistakes({"fields": {"x": field}})
    assert problem.startswith("fields.x.params.numberFormat: a number format is a sample: 1,234.56, 1.234,56, ")
    (problem,) = mistakes({"numberFormat": sample, "fields": {"x": {"source": "v"}}})
    assert problem.startswith("numberFormat: a number format is a sample")


def test_a_whole_mapping_may_be_exact(mistakes: Callable[..., list[str]]) -> None:
    """P27: exact and scale at the top make decimals of the numbers of all fields, but where a field says otherwise."""
    other = {"source": "v", "resolver": "sdk.number", "params": {"exact": False}}
    fields = {"x": {"source": "v", "resolver": "sdk.number"}, "y": other, "z": {"source": "v"}}
    (row,) = Mapper({"exact": True, "scale": 2, "fields": fields}).apply([{"v": "19.90"}]).frame
    assert [row[name] for name in "xyz"] == [Decimal("19.90"), 19.9, "19.90"]
    assert mistakes({"scale": True, "fields": fields})[0].startswith("scale: a number of decimal places from 0 to 18")


def test_a_number_beside_texts_is_read_as_it_stands() -> None:
    """P27: a number that stands in for texts is written in the format in which they are read."""
    fields = {
        "x": {"source": "v", "resolver": "sdk.parseFloat", "defaultValue": 0.005},
        "y": {"source": ["f", "v"], "resolver": "sdk.number"},
    }
    rows = pl.DataFrame({"v": ["1,5", "", "1.000"], "f": [1.234, None, None]})
    mapped = Mapper({"numberFormat": "1.234,56", "fields": fields}).apply(rows).frame
    assert mapped["x"].to_list() == [1.5, 0.005, 1000.0]
    assert mapped["y"].to_list() == [1.234, None, 1000.0]


def test_no_digit_is_lost(resolve: Resolve) -> None:
    """P27: a number that a float would round or turn into 0 is an issue; an id of 19 digits stays whole."""
    kept = {"123456789012345": 123456789012345.0, "1234567890123456": 1234567890123456.0, "0.1": 0.1}
    kept |= {"0.123456789012345": 0.123456789012345, "123456789.12345678": 123456789.12345678}
    kept |= {"1e15": 1e15, "1.5e308": 1.5e308, "1e-300": 1e-300, "100000000000000000000": 1e20, "0e-999": 0.0}
    kept |= {"1.00000000000000000000": 1.0, "0.10000000000000000000": 0.1, "000000000000000000001.5": 1.5, "-0": 0.0}
    assert read(resolve, "sdk.number", list(kept)) == list(kept.values())
    lost = [
        "1234567890123456789",
        "0.12345678901234567",
        "1e400",
        "-1e400",
        "1e-400",
        "4.9e-325",
        "12345678901234567.8",
    ]
    assert read(resolve, "sdk.number", lost) == [BAD] * len(lost)
    assert read(resolve, "sdk.parseInt", ["1234567890123456789"]) == [1234567890123456789]


def test_exact_numbers_are_decimals(resolve: Resolve) -> None:
    """P27: an exact number is a decimal of its scale; one with more decimals is an issue, never rounded."""
    texts = ["1", "1.50", "1.005", "-0.01", "1e3", "15E-1", "1e-3", "12345678901234567890.12", "", "x", "1e99", "0.100"]
    read_to = [Decimal(1), Decimal("1.5"), BAD, Decimal("-0.01"), Decimal(1000), Decimal("1.5"), BAD]
    read_to += [Decimal("12345678901234567890.12"), None, BAD, BAD, Decimal("0.1")]
    assert read(resolve, "sdk.number", texts, scale=2) == read_to
    result = resolve(["1.5"], "sdk.number", params={"scale": 2})
    assert result.frame.schema["x"] == pl.Decimal(38, 2)
    assert resolve(["1.5"], "sdk.number", params={"exact": True}).frame.schema["x"] == pl.Decimal(38, 9)
    assert read(resolve, "sdk.parseFloat", ["1.234,56", "1,2345678901"], exact=True, numberFormat="1.234,56") == [
        Decimal("1234.56"),
        BAD,
    ]


@pytest.mark.parametrize(
    ("values", "read_to"),
    [
        ([Decimal("1.50"), Decimal("1.55")], [Decimal("1.5"), BAD]),
        ([1.5, 1.55, 1e20, 1e-7, float("inf"), None], [Decimal("1.5"), BAD, Decimal(10**20), BAD, BAD, None]),
        ([1, 2**63 - 1], [Decimal(1), Decimal(2**63 - 1)]),
        ([True], [BAD]),
        ([date(2025, 1, 15)], [BAD]),
    ],
)
def test_exact_numbers_of_other_columns(resolve: Resolve, values: Any, read_to: list[Any]) -> None:
    """P27: a number of any column becomes a decimal only where none of its digits is lost."""
    assert read(resolve, "sdk.number", values, scale=1) == read_to


def test_a_decimal_column_stays_as_it_is(resolve: Resolve) -> None:
    """Money that came as decimals leaves as decimals."""
    result = resolve([Decimal("19.90"), None], "sdk.number")
    assert result.frame["x"].to_list() == [Decimal("19.90"), None]
    assert result.frame.schema["x"].is_decimal()


@pytest.mark.parametrize(
    ("shape", "texts", "days"),
    [
        ("DD/MM/YYYY", ["15/01/2025", " 15/01/2025\n"], "2025-01-15T00:00"),
        ("D/M/YYYY", ["5/1/2025", "05/01/2025", "05/1/2025"], "2025-01-05T00:00"),
        ("DD.MM.YYYY HH:mm", ["15.01.2025 23:59"], "2025-01-15T23:59"),
        ("DD MMM YYYY", ["15 Jan 2025", "15 JAN 2025", "15 jan 2025"], "2025-01-15T00:00"),
        ("YYYYMMDD", ["20250115"], "2025-01-15T00:00"),
        ("YYYYMMDDTHHmmssSSS", ["20250115T103059123"], "2025-01-15T10:30:59.123"),
        ("MM/DD/YYYY HH:mm:ss.SSS", ["01/15/2025 10:30:59.123"], "2025-01-15T10:30:59.123"),
        (
            "DD/MM/YYYY HH:mm Z",
            ["15/01/2025 10:30 Z", "15/01/2025 11:30 +01:00", "15/01/2025 08:30 -0200"],
            "2025-01-15T10:30",
        ),
        ("DD%MM%YYYY", ["15%01%2025"], "2025-01-15T00:00"),
        (" DD(MM)YYYY ", ["15(01)2025"], "2025-01-15T00:00"),
    ],
)
def test_a_date_is_read_in_the_stated_format(resolve: Resolve, shape: str, texts: list[str], days: str) -> None:
    """Tokens stand for the parts of a date, anything else for itself."""
    instant = datetime.fromisoformat(days).replace(tzinfo=UTC)
    assert read(resolve, "sdk.parseDate", texts, dateFormat=shape) == [instant] * len(texts)


def test_impossible_dates_and_times_are_issues(resolve: Resolve) -> None:
    """P27: a day or time that does not exist is never another one, whatever the format."""
    texts = ["31/02/2025 10:00:00", "29/02/2025 10:00:00", "00/01/2025 10:00:00", "15/13/2025 10:00:00"]
    texts += ["15/01/2025 24:00:00", "15/01/2025 10:60:00", "15/01/2025 10:30:60", "1/1/2025 10:00:00"]
    texts += ["15/01/25 10:00:00", "15/01/0999 10:00:00", "2025-01-15T10:00:00Z", "15/01/2025", "x", "  "]
    for resolver in ("sdk.parseDate", "sdk.formatDate", "sdk.formatDateShort"):
        assert read(resolve, resolver, texts, dateFormat="DD/MM/YYYY HH:mm:ss") == [BAD] * len(texts)
    assert read(resolve, "sdk.formatDate", ["", None], dateFormat="DD/MM/YYYY") == [None, None]


def test_of_several_formats_the_first_that_fits_counts(resolve: Resolve) -> None:
    """Formats are tried in their order, ISO 8601 among them where it is named."""
    texts = ["01/02/2025", "02/13/2025", "2025-02-03", "3 Feb 2025"]
    shapes = ["DD/MM/YYYY", "MM/DD/YYYY", "ISO"]
    assert read(resolve, "sdk.formatDateShort", texts, dateFormat=shapes) == [
        "2025-02-01",
        "2025-02-13",
        "2025-02-03",
        BAD,
    ]
    assert read(resolve, "sdk.formatDateShort", ["2025-02-03"], dateFormat="DD/MM/YYYY") == [BAD]


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ("DD/MM/YY", "with day, month and year; not 'DD/MM/YY'"),
        ("dd/mm/yyyy", "with day, month and year"),
        ("YYYY/MM", "with day, month and year"),
        ("DD/MM/YYYY DD", "with day, month and year"),
        ("MMMM D YYYY", "with day, month and year"),
        ("", "a date format such as DD/MM/YYYY, or a list of them"),
        ([], "a date format such as DD/MM/YYYY, or a list of them, not an empty list"),
        (["DD/MM/YYYY", "iso"], "with day, month and year; not 'iso'"),
        (["DD/MM/YYYY", 5], "a date format such as DD/MM/YYYY, or a list of them"),
        ("DD/MM/YYYY HH", "a time in a date format is HH and mm, perhaps with ss and SSS, each once"),
        ("DD/MM/YYYY mm", "a time in a date format is HH and mm"),
        ("DD/MM/YYYY HH:mm:SSS", "a time in a date format is HH and mm"),
        ("DD/MM/YYYY HH:mm HH:mm", "a time in a date format is HH and mm"),
        ("DD/MM/YYYY hh:mm A", "with day, month and year"),
    ],
)
def test_what_is_no_date_format_is_a_mistake(mistakes: Callable[..., list[str]], shape: Any, problem: str) -> None:
    """P32: a format by which no instant could be read is told when the mapping is, with the tokens there are."""
    field = {"source": "v", "resolver": "sdk.parseDate", "params": {"dateFormat": shape}}
    (found,) = mistakes({"fields": {"x": field}})
    assert found.startswith("fields.x.params.dateFormat: a ")
    assert problem in found


def test_a_zone_is_that_of_dates_without_one(resolve: Resolve) -> None:
    """A stated zone holds for texts and columns that name none, and for nothing else."""
    texts = ["2025-01-15", "2025-07-15T10:30", "2025-01-15T10:30Z", "2025-01-15T10:30+05:00"]
    told = [
        "2025-01-14T23:00:00.000Z",
        "2025-07-15T08:30:00.000Z",
        "2025-01-15T10:30:00.000Z",
        "2025-01-15T05:30:00.000Z",
    ]
    assert read(resolve, "sdk.formatDate", texts, zone="Europe/Berlin") == told
    wall = pl.Series([datetime(2025, 1, 4, 23)])  # noqa: DTZ001 - a wall clock's
    assert read(resolve, "sdk.formatDate", wall, zone="Australia/Sydney") == ["2025-01-04T12:00:00.000Z"]
    assert read(resolve, "sdk.formatDate", ["15/07/2025"], zone="Europe/Berlin", dateFormat="DD/MM/YYYY") == [
        "2025-07-14T22:00:00.000Z"
    ]


def test_a_zone_holds_for_the_mapping_unless_a_field_states_its_own() -> None:
    """A zone at the top is that of all dates of a mapping."""
    fields = {
        "x": {"source": "v", "resolver": "sdk.formatDate"},
        "y": {"source": "v", "resolver": "sdk.formatDate", "params": {"zone": "UTC"}},
    }
    mapper = Mapper({"zone": "Australia/Sydney", "fields": fields})
    assert mapper.map({"v": "2025-01-15"}) == {"x": "2025-01-14T13:00:00.000Z", "y": "2025-01-15T00:00:00.000Z"}


def test_a_time_that_clocks_skip_or_show_twice_is_an_issue(resolve: Resolve) -> None:
    """P27: which instant a wall clock's time is cannot be told in a change of clocks, and is not guessed."""
    texts = ["2025-03-30T02:30", "2025-10-26T02:30", "2025-03-30T03:00", "2025-10-26T02:30+02:00"]
    read_to = [BAD, BAD, "2025-03-30T01:00:00.000Z", "2025-10-26T00:30:00.000Z"]
    assert read(resolve, "sdk.formatDate", texts, zone="Europe/Berlin") == read_to
    formatted = ["30/03/2025 02:30", "26/10/2025 02:30"]
    assert read(resolve, "sdk.formatDate", formatted, zone="Europe/Berlin", dateFormat="DD/MM/YYYY HH:mm") == [BAD, BAD]
    result = resolve(["2025-03-30T02:30"], "sdk.formatDate", params={"zone": "Europe/Berlin"})
    assert result.issues["message"][0].endswith("(without a zone, that of Europe/Berlin)")


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z"),
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00:00.000Z"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00.000Z"),
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00.000Z"),
        ("America/Havana", "2024-03-10", "2024-03-10T05:00:00.000Z"),
    ],
)
def test_a_day_begins_where_clocks_change_at_midnight(resolve: Resolve, zone: str, day: str, first: str) -> None:
    """A date without a time is the first instant of its day, also where midnight is skipped or comes twice."""
    reversed_day = "/".join(reversed(day.split("-")))
    typed = pl.Series([date.fromisoformat(day)])
    assert read(resolve, "sdk.formatDate", [day], zone=zone) == [first]
    assert read(resolve, "sdk.formatDate", [reversed_day], zone=zone, dateFormat="DD/MM/YYYY") == [first]
    assert read(resolve, "sdk.formatDateShort", [day], zone=zone) == [day]
    assert read(resolve, "sdk.formatDateShort", typed, zone=zone) == [day]


def test_a_day_that_a_zone_left_out_is_an_issue(resolve: Resolve) -> None:
    """P27: Samoa had no 30 December 2011, so that no instant is of it."""
    assert read(resolve, "sdk.formatDate", ["2011-12-30", "2011-12-31"], zone="Pacific/Apia") == [
        BAD,
        "2011-12-30T10:00:00.000Z",
    ]


def test_a_short_date_is_the_day_in_the_zone(resolve: Resolve) -> None:
    """The day of an instant is that of the stated zone; without one, of UTC."""
    texts = ["2025-01-15T23:30:00Z", "2025-01-15T22:30:00Z", "2025-01-15"]
    days = ["2025-01-16", "2025-01-15", "2025-01-15"]
    assert read(resolve, "sdk.formatDateShort", texts, zone="Europe/Berlin") == days
    assert read(resolve, "sdk.formatDateShort", texts) == ["2025-01-15"] * 3


def test_no_date_passes_the_year_9999(resolve: Resolve) -> None:
    """P27: an instant that a zone pushes out of the calendar is an issue."""
    assert read(resolve, "sdk.parseDate", ["9999-12-31T23:30"], zone="America/New_York") == [BAD]
    assert read(resolve, "sdk.formatDateShort", ["9999-12-31T23:30Z"], zone="Australia/Sydney") == [BAD]
    assert read(resolve, "sdk.parseDate", ["31/12/9999 23:30 -05:00"], dateFormat="DD/MM/YYYY HH:mm Z") == [BAD]


@pytest.mark.parametrize("zone", ["Berlin", "", "local", 5, None, ["UTC"], "America/New_York "])
def test_what_is_no_zone_is_a_mistake(mistakes: Callable[..., list[str]], zone: Any) -> None:
    """P32: a zone that there is not is told with an example."""
    field = {"source": "v", "resolver": "sdk.parseDate", "params": {"zone": zone}}
    example = "write one such as Europe/Berlin or UTC"
    assert mistakes({"fields": {"x": field}}) == [f"fields.x.params.zone: there is no time zone {zone!r}: {example}"]


PROBE = """
import json, polars as pl
from fcwork.mapper import Mapper
shapes = ["ISO", "DD/MM/YYYY"]
texts = ["2025-01-15", "2025-07-15 10:30", "01/02/2025", "2025-01-15T10:30:00-05:00", "2025-03-30T02:30"]
fields = {
    name: {"source": "v", "resolver": f"sdk.{name}", "lenient": lenient, "params": {"dateFormat": shapes}}
    for name, lenient in [("formatDate", False), ("formatDateShort", False), ("parseDate", True)]
}
result = Mapper({"fields": fields}).apply(pl.DataFrame({"v": texts}))
print(json.dumps(result.frame.to_dicts(), default=str), result.counts)
"""


def test_the_zone_of_the_computer_never_matters() -> None:
    """A mapping gives the same wherever it runs."""
    told = {
        zone: subprocess.run(
            [sys.executable, "-c", PROBE], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True
        ).stdout
        for zone in ("America/New_York", "Australia/Sydney", "UTC")
    }
    assert len(set(told.values())) == 1
    assert "2025-07-15T10:30:00.000Z" in told["UTC"]
