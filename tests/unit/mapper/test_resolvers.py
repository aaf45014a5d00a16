"""Each sdk resolver on texts and on columns of other types."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from fcwork import frames
from fcwork.mapper import SDK_NAMES, MapResult

NOON = datetime.fromisoformat("2025-01-15T12:00:00")  # a wall clock's, without a zone
BAD = "is an issue"


def answers(result: MapResult, rows: int) -> list[Any]:
    """Return what became of each row: its value, or that it is an issue of type."""
    found = dict(result.frame.select("_row", "x").rows())
    codes = dict(result.issues.select("row", "code").rows())
    assert all(codes.get(row) == "map.type" for row in range(1, rows + 1) if row not in found)
    return [found.get(row, BAD) for row in range(1, rows + 1)]


@pytest.mark.parametrize(
    ("resolver", "values", "expected"),
    [
        ("sdk.parseInt", ["42", " 8\u00a0", "+7", "-7", "007", "-0"], [42, 8, 7, -7, 7, 0]),
        ("sdk.parseInt", ["42.9", "12abc", "1,234", "0x1F", "1e3", "1_000", "٣", "  ", "--1", "NaN"], [BAD] * 10),
        ("sdk.parseInt", ["9223372036854775807", "9223372036854775808"], [2**63 - 1, BAD]),
        ("sdk.parseInt", ["9007199254740993", "", None], [2**53 + 1, None, None]),
        ("sdk.parseInt", [1.0, 1.5, 2.0**53, float("inf"), -0.0], [1, BAD, BAD, BAD, 0]),
        ("sdk.parseInt", [Decimal("5.00"), Decimal("5.01")], [5, BAD]),
        ("sdk.parseInt", pl.Series([2**63, 5], dtype=pl.UInt64), [BAD, 5]),
        ("sdk.parseInt", [True, False], [BAD, BAD]),
        ("sdk.parseFloat", ["1.5", " -12.5 ", "1e3", ".5", "5."], [1.5, -12.5, 1000.0, 0.5, 5.0]),
        ("sdk.parseFloat", ["1,234.56", "Infinity", "NaN", "inf", "$5", "1.2.3", "1e400", "0x1F"], [BAD] * 8),
        ("sdk.parseFloat", ["9007199254740991", "9007199254740993", "", None], [2.0**53 - 1, BAD, None, None]),
        ("sdk.number", [2**60, None], [2**60, None]),
        ("sdk.number", [1.5, float("inf"), float("nan")], [1.5, BAD, None]),
        ("sdk.number", [Decimal("19.90")], [Decimal("19.90")]),
        ("sdk.boolean", ["true", " YES ", "1", "Y"], [True] * 4),
        ("sdk.boolean", ["False", "no", "0", " N"], [False] * 4),
        ("sdk.boolean", ["on", "off", "t", "2", "  ", "1.0", "", None], [BAD] * 6 + [None, None]),
        ("sdk.boolean", [1, 0, 2, -1], [True, False, BAD, BAD]),
        ("sdk.boolean", [1.0, 0.0, 0.5], [True, False, BAD]),
        ("sdk.boolean", [True, False, None], [True, False, None]),
    ],
)
def test_numbers_and_booleans_are_read_strictly(
    resolve: Callable[..., MapResult], resolver: str, values: Any, expected: Any
) -> None:
    """P27: a text that is no number or no boolean is an issue of its row, never 0 and never false."""
    assert answers(resolve(values, resolver), len(values)) == expected


DATES = {
    "2025-01-15": "2025-01-15T00:00:00.000000",
    " 2025/01/15 ": "2025-01-15T00:00:00.000000",
    "2025-01-15T10:30": "2025-01-15T10:30:00.000000",
    "2025-01-15T10:30:00": "2025-01-15T10:30:00.000000",
    "2025-01-15 10:30:00": "2025-01-15T10:30:00.000000",
    "2025/01/15 10:30:00.5": "2025-01-15T10:30:00.500000",
    "2025-01-15T10:30:00Z": "2025-01-15T10:30:00.000000",
    "2025-01-15T10:30Z": "2025-01-15T10:30:00.000000",
    "2025-01-15T23:30:00-05:00": "2025-01-16T04:30:00.000000",
    "2025-01-15T23:30:00+0530": "2025-01-15T18:00:00.000000",
    "2025-01-15 23:30+05": "2025-01-15T18:30:00.000000",
    "2025-01-15T10:30:00.123456789Z": "2025-01-15T10:30:00.123456",
    "2024-02-29": "2024-02-29T00:00:00.000000",
}
NO_DATES = [
    "2025-02-30", "2025-02-29", "2025-13-01", "2025-00-01", "2025-01-00", "2025-01-32", "15/01/2025", "01/15/2025",
    "15-01-2025", "2025-1-5", "2025- 1-15", "+025-01-15", "0000-01-01", "20250115", "2025", "1736899200", "today",
    "2025-01-15T24:00:00", "2025-01-15T10:60:00", "2025-01-15T10:30:60", "2025-01-15T10:30:00+24:00",
    "2025-01-15T", "2025-01-15Z", "2025-01/15", "2025-01-15T10", "2025-01-15T10:30:00 Z", "2025-01-15x",
    "9999-12-31T23:30:00-05:00", "\u0662\u0660\u0662\u0665-01-15", "   ",
]  # fmt: skip


def test_dates_are_read_in_the_documented_shapes(resolve: Callable[..., MapResult]) -> None:
    """A date of a documented shape is that instant in UTC, which a date without a zone is in."""
    instants = [datetime.fromisoformat(f"{text}+00:00") for text in DATES.values()]
    assert answers(resolve(list(DATES), "sdk.parseDate"), len(DATES)) == instants
    milliseconds = [f"{text[:-3]}Z" for text in DATES.values()]
    assert answers(resolve(list(DATES), "sdk.formatDate"), len(DATES)) == milliseconds
    assert answers(resolve(list(DATES), "sdk.formatDateShort"), len(DATES)) == [text[:10] for text in DATES.values()]


@pytest.mark.parametrize("resolver", ["sdk.parseDate", "sdk.formatDate", "sdk.formatDateShort"])
def test_what_is_no_date_is_an_issue(resolve: Callable[..., MapResult], resolver: str) -> None:
    """P27: an impossible or differently written date is an issue of its row, never another day and never the text."""
    assert answers(resolve(NO_DATES, resolver), len(NO_DATES)) == [BAD] * len(NO_DATES)
    assert answers(resolve(["", None], resolver), 2) == [None, None]


@pytest.mark.parametrize(
    ("values", "iso"),
    [
        ([date(2025, 1, 15)], "2025-01-15T00:00:00.000Z"),
        ([NOON], "2025-01-15T12:00:00.000Z"),
        (pl.Series([NOON]).dt.replace_time_zone("America/New_York"), "2025-01-15T17:00:00.000Z"),
        (pl.Series([NOON]).dt.cast_time_unit("ns"), "2025-01-15T12:00:00.000Z"),
        ([1736899200], BAD),
        ([True], BAD),
        ([time(12)], BAD),
        ([timedelta(1)], BAD),
    ],
)
def test_typed_dates_are_instants_and_numbers_are_none(
    resolve: Callable[..., MapResult], values: Any, iso: str
) -> None:
    """A column of dates is taken as UTC where it has no zone; numbers are never taken for seconds."""
    assert answers(resolve(values, "sdk.formatDate"), 1) == [iso]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["a ", "", None], ["a ", "", None]),
        ([5, 2**60], ["5", str(2**60)]),
        ([5.0, 1.5, -0.0, 2.0**53, 1e21], ["5", "1.5", "0", "9007199254740992", "1e+21"]),
        ([True, False], ["true", "false"]),
        ([Decimal("19.90")], ["19.90"]),
        ([date(2025, 1, 15)], ["2025-01-15"]),
        ([NOON], ["2025-01-15T12:00:00.000Z"]),
        ([[1, 2], None], ["[1,2]", None]),
        ([{"a": "é\n"}], ['{"a":"é\\n"}']),
        ([b"\xff"], ["/w=="]),
        ([{"a": [b"\xff"]}, None], ['{"a": ["/w=="]}', None]),
        ([timedelta(hours=1)], ["PT1H"]),
        ([time(10, 30)], ["10:30:00"]),
    ],
)
def test_to_string_loses_nothing(resolve: Callable[..., MapResult], values: Any, text: Any) -> None:
    """A whole number is its digits, a date ISO 8601, an object JSON."""
    assert answers(resolve(values, "sdk.toString"), len(values)) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (['say "é"', "", None], ['"say \\"é\\""', '""', None]),
        ([5, 2**60], ["5", str(2**60)]),
        ([5.0, 1.5], ["5", "1.5"]),
        ([True], ["true"]),
        ([{"a": [1, None]}], ['{"a":[1,null]}']),
        ([NOON], ['"2025-01-15T12:00:00.000Z"']),
        ([b"\xff"], ['"/w=="']),
    ],
)
def test_to_json_writes_json(resolve: Callable[..., MapResult], values: Any, text: Any) -> None:
    """Each value becomes its JSON text; no value stays none."""
    assert answers(resolve(values, "sdk.toJson"), len(values)) == text


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (['{"a":1}', '{"b":[2]}', "", None], [{"a": 1, "b": None}, {"a": None, "b": [2]}, None, None]),
        (["1", " 2 "], [1, 2]),
        (["1", '"a"', "true"], ["1", "a", "true"]),
        (["12345678901234567890123"], ["12345678901234567890123"]),
        (['{"id":12345678901234567890123}'], [{"id": "12345678901234567890123"}]),
        (["null"], [None]),
        (
            ["{bad", '{"a":1,}', "NaN", "Infinity", "", "[" * 100_000, "[" * 500 + "]" * 500],
            [BAD] * 4 + [None, BAD, BAD],
        ),
        ([1, 2], [1, 2]),
    ],
)
def test_parse_json_reads_json_or_says_so(resolve: Callable[..., MapResult], values: Any, read: Any) -> None:
    """P27: what is no JSON is an issue; values without a common type come as text; large numbers keep all digits."""
    assert answers(resolve(values, "sdk.parseJson"), len(values)) == read


@pytest.mark.parametrize(
    ("resolver", "values", "changed"),
    [
        ("sdk.uppercase", ["straße", "ﬁ", "", None], ["STRASSE", "FI", "", None]),
        ("sdk.lowercase", ["İSTANBUL", "ΑΣ"], ["i̇stanbul", "ας"]),
        ("sdk.trim", ["\u00a0 x\ufeff\t", "\u200bx", "\u0085x"], ["x", "\u200bx", "\u0085x"]),
        ("sdk.uppercase", [1.5, None], [1.5, None]),
        ("sdk.trim", [[" a "]], [[" a "]]),
        ("sdk.identity", [" a ", None], [" a ", None]),
        ("sdk.default", [5], [5]),
        ("sdk.coalesce", [{"a": 1}], [{"a": 1}]),
    ],
)
def test_texts_change_as_in_the_sdk(
    resolve: Callable[..., MapResult], resolver: str, values: Any, changed: Any
) -> None:
    """Upper and lower case are Unicode's, trim removes what ECMAScript does; what is no text is left alone."""
    assert answers(resolve(values, resolver), len(values)) == changed


COLUMNS = [
    pl.Series([1, None]),
    pl.Series([1.5, None]),
    pl.Series([True, None]),
    pl.Series([Decimal("1.5"), None]),
    pl.Series([date(2025, 1, 15), None]),
    pl.Series([NOON, None]),
    pl.Series([time(12), None]),
    pl.Series([timedelta(1), None]),
    pl.Series([b"x", None]),
    pl.Series([[1], None]),
    pl.Series([{"a": 1}, None]),
    pl.Series(["a", None], dtype=pl.Categorical),
    pl.Series([None, None]),
    pl.Series(["", None]),
]


@pytest.mark.parametrize("resolver", SDK_NAMES)
@pytest.mark.parametrize("values", COLUMNS, ids=lambda values: str(values.dtype))
def test_every_resolver_answers_on_every_type(
    resolve: Callable[..., MapResult], resolver: str, values: pl.Series
) -> None:
    """P26: on a column of any type a resolver gives a value or an issue, and no value stays none."""
    result = resolve(values, resolver)
    assert result.frame.height + result.rejected.height == 2
    assert answers(result, 2)[1] is None
    assert frames.enter(result.issues)["row"].to_list() == result.rejected["_row"].to_list()


def test_there_are_sixteen_resolvers() -> None:
    """The names are those of SDK 0.1.56, no more and no fewer."""
    words = "uppercase lowercase trim parseInt parseFloat number formatDate formatDateShort parseDate boolean"
    words += " toString default parseJson toJson identity coalesce"
    assert set(SDK_NAMES) == {f"sdk.{word}" for word in words.split()}
