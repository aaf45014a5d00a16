"""The functions for resolvers where the SDK's vectors do not reach: paths, exact numbers, zones, messages."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
import pytest

from fcwork.mapper import Mapper
from fcwork.mapper import functions as f
from fcwork.mapper.javascript.values import UNDEFINED

RECORD: dict[str, Any] = {
    "items": [{"sku": "A", "@id": "1"}, {"sku": "B", "#text": "t"}],
    "m": [[1, 2], [3]],
    "x.y": {"z": 9},
    "k[0]": "whole",
    "nothing": None,
    "a": {"": "unnamed", "b-c": 1, "0": "zero"},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("items[0].sku", "A"),
        ("items.1.sku", "B"),
        ("items[-1].sku", "B"),
        ("items[0].@id", "1"),
        ("items[1].#text", "t"),
        ("m[0][1]", 2),
        ("m.1.0", 3),
        ("m[-1][-1]", 3),
        ("['x.y'].z", 9),
        ('["x.y"]["z"]', 9),
        ("a['b-c']", 1),
        ("a[0]", "zero"),
        ("a.", "unnamed"),
        ("x.y", {"z": 9}),
        ("k[0]", "whole"),
        ("nothing", None),
    ],
)
def test_a_path_is_read_in_every_spelling(path: str, found: Any) -> None:
    """Names, indexes from both ends and quoted names lead to the value; a key spelled as the whole path wins."""
    assert f.get_path(RECORD, path, "default") == found


@pytest.mark.parametrize(
    "path",
    ["", "items[2]", "items[-3]", "items.x", "items.append", "items[0].sku.upper", "a.keys", "__class__", "m[0", "m[]"],
)
def test_a_path_to_nowhere_gives_the_default(path: str) -> None:
    """What is no key and no index of the value is not found, above all no attribute of a Python object."""
    assert f.get_path(RECORD, path, "default") == "default"


def test_a_path_into_a_list_begins_with_an_index() -> None:
    """A list may be the root, of reading and of writing."""
    assert f.get_path([[1], [2]], "[1][0]") == 2
    assert f.set_path([{}], "[0].a", 1) == [{"a": 1}]


@pytest.mark.parametrize(
    ("record", "path", "after"),
    [
        ({}, "m[0][1]", {"m": [[None, 1]]}),
        ({"items": [{"a": 0}]}, "items[-1].b", {"items": [{"a": 0, "b": 1}]}),
        ({"items": [{"a": 0}]}, "items.0.b", {"items": [{"a": 0, "b": 1}]}),
        ({}, "['x.y'].z", {"x.y": {"z": 1}}),
        ({}, "a[2]", {"a": [None, None, 1]}),
        ({}, "a[1].b", {"a": [{}, {"b": 1}]}),
        ({"a": [5]}, "a[0].b", {"a": [{"b": 1}]}),
    ],
)
def test_a_value_is_put_at_a_path(record: dict[str, Any], path: str, after: dict[str, Any]) -> None:
    """Objects and lists are made on the way, and the record itself is changed."""
    assert f.set_path(record, path, 1) is record
    assert record == after


@pytest.mark.parametrize(
    "path",
    ["", "__proto__.x", "a.__class__", "constructor.prototype.x", "['__proto__']", "n[10001]", "n.10001", "n[-1]"],
)
def test_a_path_that_must_not_be_written_is_refused(path: str) -> None:
    """Names with a meaning of their own, indexes past the cap or before the list and an empty path are refused."""
    record: dict[str, Any] = {"n": []}
    with pytest.raises(ValueError, match="expected"):
        f.set_path(record, path, 1)
    assert record in ({"n": []}, {"n": [], "a": {}})


def test_an_object_in_the_way_is_not_replaced() -> None:
    """An index into what is an object is an error, not the end of the object."""
    with pytest.raises(ValueError, match="expected a list at 'a'"):
        f.set_path({"a": {"b": 1}}, "a[0].c", 1)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (" 12.50 ", "12.50"),
        ("9007199254740993.01", "9007199254740993.01"),
        (0.1, "0.1"),
        ("1e3", "1E+3"),
        (Decimal(7), "7"),
    ],
)
def test_a_decimal_keeps_its_digits(value: Any, number: str) -> None:
    """Text is never a float on its way to a number, and a float is the number that it shows."""
    assert str(f.parse_decimal(value)) == number


@pytest.mark.parametrize(
    "value", ["", " ", "1,234.56", "$5", "5kg", "0x1F", "NaN", "Infinity", "1_000", "\u0661", None, True, []]
)
def test_what_is_no_number_is_an_error(value: Any) -> None:
    """Numbers are read whole and strictly; a default takes the place of the error, even when it is None."""
    with pytest.raises(ValueError, match="expected a finite decimal number"):
        f.parse_decimal(value)
    with pytest.raises(ValueError, match="expected a whole number"):
        f.parse_int(value)
    assert f.parse_decimal(value, None) is None
    assert f.parse_int(value, 0) == 0


def test_whole_numbers_stay_exact() -> None:
    """A whole number is read from digits of any length and from numbers without a fraction."""
    assert f.parse_int("9007199254740993") == 9007199254740993
    assert [f.parse_int(value) for value in ("-007", 5)] == [-7, 5]
    assert f.parse_int(Decimal("1E+30")) == 10**30
    assert f.parse_int(5.0) == 5
    for value in (5.5, float(2**60), Decimal("1.5"), Decimal("Infinity"), Decimal("NaN"), float("nan")):
        assert f.parse_int(value, None) is None


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("10.555", "10.55"),
        ("10.5551", "10.56"),
        (10.5549, "10.55"),
        ("-0.001", "0.00"),
        ("12345678901234567890.125", "12345678901234567890.12"),
        (2.675, "2.67"),
    ],
)
def test_an_amount_is_rounded_on_its_exact_digits(amount: Any, shown: str) -> None:
    """A half goes towards zero as the SDK says of itself; anything more than a half goes up, whatever its size."""
    assert f.format_currency(amount) == shown


def test_an_amount_is_rounded_as_asked() -> None:
    """The rounding and the decimals may be named; decimals that nobody writes are refused."""
    assert f.format_currency("10.555", rounding=ROUND_HALF_UP) == "10.56"
    assert f.format_currency("1.5", 0, rounding=ROUND_HALF_UP) == "2"
    with pytest.raises(ValueError, match="expected 0 to 20 decimals"):
        f.format_currency("1", -1)


def test_totals_are_exact() -> None:
    """Cents add up; nulls do not count, and of nothing there is no average."""
    prices = [{"price": "0.10"}, {"price": 0.2}, {"price": None}, {}]
    assert f.total(prices, "price") == Decimal("0.30")
    assert f.average(prices, "price") == Decimal("0.15")
    assert f.total([1, 2, 10**30]) == 10**30 + 3
    assert f.total([]) == 0
    assert f.average([None]) is None
    assert f.total(prices, len) == 3
    with pytest.raises(ValueError, match="expected a finite decimal number"):
        f.total(["x"])


@pytest.mark.parametrize(
    ("value", "zone", "moment"),
    [
        ("2025-01-15", "UTC", "2025-01-15T00:00:00+00:00"),
        ("2025/01/15 10:30", "UTC", "2025-01-15T10:30:00+00:00"),
        ("2025-01-15T10:30:00.123456789", "UTC", "2025-01-15T10:30:00.123456+00:00"),
        ("2025-01-15T10:30:00+05:30", "Australia/Sydney", "2025-01-15T05:00:00+00:00"),
        ("2025-01-15", "Australia/Sydney", "2025-01-14T13:00:00+00:00"),
        ("2025-07-01T12:00", "Europe/London", "2025-07-01T11:00:00+00:00"),
        (date(2025, 7, 1), "Europe/London", "2025-06-30T23:00:00+00:00"),
        (datetime(2025, 7, 1, tzinfo=timezone(timedelta(hours=2))), "UTC", "2025-06-30T22:00:00+00:00"),
    ],
)
def test_a_date_is_in_utc_or_in_the_zone_that_is_named(value: Any, zone: str, moment: str) -> None:
    """A date without a zone is never in the zone of the machine."""
    assert f.parse_date(value, zone=zone) == datetime.fromisoformat(moment)
    assert f.parse_date(value, zone=zone).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2025-02-30",
        "15/01/2025",
        "01/15/2025",
        "2025-1-5",
        "20250115",
        "2025-01/15",
        0,
        True,
        None,
        "\u0662025-01-15",
    ],
)
def test_what_is_no_date_is_an_error(value: Any) -> None:
    """A date that does not exist, another order of its parts and a number are errors, or the default."""
    with pytest.raises(ValueError, match="expected a date such as"):
        f.parse_date(value)
    assert f.parse_date(value, None) is None
    assert f.format_date(value, "") == ""


def test_a_date_in_another_form_is_read_by_its_pattern() -> None:
    """A pattern names the order of the parts, and a text that does not follow it is an error."""
    assert f.parse_date("15/01/2025", pattern="%d/%m/%Y") == datetime(2025, 1, 15, tzinfo=UTC)
    assert f.parse_date("15.1.25 8:00", pattern="%d.%m.%y %H:%M", zone="Europe/Berlin").hour == 7
    with pytest.raises(ValueError, match="expected a date in the form %d/%m/%Y, not '2025-01-15'"):
        f.parse_date("2025-01-15", pattern="%d/%m/%Y")


def test_an_unknown_zone_is_an_error() -> None:
    """A zone that is misspelled is told, and no default hides it."""
    with pytest.raises(ValueError, match="expected a time zone such as Europe/London, not 'Europe/Lundon'"):
        f.parse_date("2025-01-15", None, zone="Europe/Lundon")
    assert f.parse_date("2025-01-15", zone=timezone(timedelta(hours=1))).hour == 23


def test_days_are_those_of_a_calendar() -> None:
    """A day later is the same hour of the zone's next day, also where the clocks change in between."""
    assert f.add_days("2025-03-29T12:00", 1, zone="Europe/London") == datetime(2025, 3, 30, 11, tzinfo=UTC)
    assert f.add_days("2025-03-29T12:00", 1) == datetime(2025, 3, 30, 12, tzinfo=UTC)
    assert f.add_days("2025-01-01", -1) == datetime(2024, 12, 31, tzinfo=UTC)
    with pytest.raises(ValueError, match="expected days within the years 1 to 9999"):
        f.add_days("2025-01-01", 10**7)


def test_days_between_tell_the_direction() -> None:
    """From a later time to an earlier one the days are below 0; begun days count whole both ways."""
    assert f.days_between("2025-01-21", "2025-01-14") == -7
    assert f.days_between("2025-01-14T00:00:01", "2025-01-14") == -1
    assert f.days_between("2025-01-14", "2025-01-15T00:00:01") == 2


def test_records_are_grouped_by_values_as_they_are() -> None:
    """The number 1 and the text 1 are two groups, and a list names none."""
    records = [{"k": 1}, {"k": "1"}, {"k": 1}]
    assert list(f.group_by(records, "k")) == [1, "1"]
    assert f.key_by(records, lambda record: record["k"]) == {1: {"k": 1}, "1": {"k": "1"}}
    with pytest.raises(ValueError, match="expected a value to name a group by"):
        f.group_by([{"k": []}], "k")


def test_repeats_are_found_among_objects_too() -> None:
    """Objects alike in all members are the same; true is not 1, and a key compares one member."""
    assert f.unique([{"a": 1, "b": 2}, {"b": 2, "a": 1}, [1], [1]]) == [{"a": 1, "b": 2}, [1]]
    assert [type(value) for value in f.unique([1, True, 1.0, "1"])] == [int, bool, str]


def test_records_without_the_value_come_last() -> None:
    """Order is stable and may be turned around; what has no value to order by stands at the end both ways."""
    records = [{"k": 2, "n": 1}, {"n": 2}, {"k": 3, "n": 3}, {"k": 2, "n": 4}]
    assert [record["n"] for record in f.sort_by(records, "k")] == [1, 4, 3, 2]
    assert [record["n"] for record in f.sort_by(records, "k", descending=True)] == [3, 1, 4, 2]


def test_a_list_is_cut_into_pieces_of_a_size() -> None:
    """A size below 1 is an error, not a loop without end."""
    assert f.chunk([1, 2, 3], 2) == [[1, 2], [3]]
    with pytest.raises(ValueError, match="expected a size of 1 or more, not 0"):
        f.chunk([1], 0)


def test_names_are_made_of_the_words_of_a_text() -> None:
    """Marks, blanks and capitals part words, also where capitals stand together."""
    assert f.camel_case("ORDER-NUMBER") == "orderNumber"
    assert f.camel_case("HTTPServer name 2") == "httpServerName2"
    assert f.snake_case("HTTPServer 2Go") == "http_server_2_go"
    assert f.camel_case("--") == f.snake_case("") == ""


def test_a_slug_loses_accents_and_keeps_letters() -> None:
    """Accents are taken off Latin letters, marks go, other scripts stay whole."""
    assert f.slugify("Café & Restaurant") == "cafe-restaurant"
    assert f.slugify("ガ й") == "ガ-й"


def test_a_text_is_never_cut_to_less_than_nothing() -> None:
    """A length below 0 is an error; one that leaves no room for dots gives the text's beginning."""
    assert [f.truncate("some text", length) for length in (0, 2, 3, 8, 9)] == ["", "so", "...", "some...", "some text"]
    with pytest.raises(ValueError, match="expected a length of 0 or more, not -1"):
        f.truncate("some text", -1)


def test_what_is_no_element_has_no_attributes() -> None:
    """A text, a list and null hold no attribute; a list of elements holds custom ones."""
    assert [f.get_xml_attribute(element, "id", "none") for element in ("text", [], None)] == ["none"] * 3
    assert f.get_xml_text_content([{"#text": "a"}], "none") == "none"
    assert f.extract_custom_attribute(["text", {"@attribute-id": "a", "#text": False}], "a", "none") is False


def test_a_template_is_filled_with_single_values() -> None:
    """Places are names or paths; numbers are written plainly, and an object has no place in a text."""
    values = {"a": {"b": [1.0, True]}, "d": date(2025, 1, 15), "n": Decimal("1.50")}
    filled = f.fill_template("{{a.b[0]}} {{ a.b[1] }} {{d}} {{n}} {{none}}.", values)
    assert filled == "1 true 2025-01-15T00:00:00.000Z 1.5 ."
    with pytest.raises(ValueError, match="expected a single value for a template"):
        f.fill_template("{{a}}", values)


def test_a_lookup_takes_numbers_and_their_texts() -> None:
    """A number finds its own key or that of its text; true finds the word, a list nothing."""
    assert f.map_value(1.0, {"1": "one"}) == "one"
    assert f.map_value(1, {1: "one"}) == "one"
    assert [f.map_value(value, {"true": "yes", 1: "one"}) for value in (True, [], None)] == ["yes", None, None]


def test_no_value_is_what_is_missing_or_blank() -> None:
    """0, false and dates are values; null, blank texts and empty lists are none."""
    assert all(map(f.is_empty, [None, " \u00a0", [], {}]))
    assert not any(map(f.is_empty, [0, False, date(2025, 1, 1), [None]]))
    assert f.compact([None, "", float("nan"), 0, False, " "]) == [0, False, " "]
    with pytest.raises(ValueError, match="required field missing: sku"):
        f.require_field("", "sku")


def test_records_are_merged_into_a_new_one() -> None:
    """Neither record is changed, and an object replaces what is none."""
    first: dict[str, Any] = {"a": {"x": 1}, "b": "text"}
    assert f.deep_merge(first, {"a": {"y": 2}, "b": {"z": 3}}) == {"a": {"x": 1, "y": 2}, "b": {"z": 3}}
    assert first == {"a": {"x": 1}, "b": "text"}


def test_json_is_read_without_loss() -> None:
    """Whole numbers keep their digits; NaN, deep nesting and what is no text are errors."""
    assert f.parse_json('{"n": 90071992547409931}') == {"n": 90071992547409931}
    for value in ("[NaN]", "[" * 100_000, {}, None):
        with pytest.raises(ValueError, match="expected a JSON text"):
            f.parse_json(value)


def test_a_message_shows_a_part_of_a_long_value() -> None:
    """A message says what was expected and shows at most 60 characters of what came."""
    with pytest.raises(ValueError, match=r"expected a whole number in digits, not 'x{59}…$"):
        f.parse_int("x" * 1000)


@pytest.mark.parametrize(
    "function",
    [f.normalize_whitespace, f.camel_case, f.snake_case, f.slugify, f.hash_string, lambda text: f.truncate(text, 5)],
)
@pytest.mark.parametrize("value", [None, 5, [], UNDEFINED])
def test_what_is_no_text_is_an_error(function: Callable[[Any], str], value: Any) -> None:
    """A function of texts does not make a text of anything else."""
    with pytest.raises(ValueError, match="expected a text, not"):
        function(value)


def test_a_function_that_raises_makes_an_issue_of_its_row() -> None:
    """P27: a resolver that cannot read its value rejects the row and says what was expected."""
    config = {"fields": {"price": {"source": "price", "resolver": "own"}}}
    rows = pl.DataFrame({"price": ["12.5", "12,50"]})
    result = Mapper(config, resolvers={"own": f.format_currency}).apply(rows)
    assert result.frame["price"].to_list() == ["12.50"]
    assert "expected a finite decimal number such as -12.5 or 1e3, not '12,50'" in result.issues["message"][0]
