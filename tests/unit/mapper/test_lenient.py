"""Lenient fields: the SDK's answers, each that is not the strict one told with a warning."""

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcwork.errors import MappingError
from fcwork.mapper import SDK_NAMES, Mapper, MapResult
from fcwork.mapper.javascript import LENIENT, UNDEFINED
from fcwork.mapper.javascript.values import text

ROWS = pl.DataFrame({"v": ["1", "x", None, "", "1,234"]})
NUMBER = {"source": "v", "resolver": "sdk.parseInt"}


def mapper(**field: Any) -> Mapper:
    """Return the mapper of one lenient field."""
    return Mapper({"fields": {"x": {"source": "v", "lenient": True, **field}}})


def told(result: MapResult) -> list[tuple[Any, ...]]:
    """Return row, field, code and severity of each issue."""
    return list(result.issues.select("row", "field", "code", "severity").rows())


def test_the_sdks_answer_stands_with_a_warning() -> None:
    """Each row whose answer is not the strict one is a warning, which says what was expected; no row is rejected."""
    result = mapper(resolver="sdk.parseInt").apply(ROWS)
    assert result.frame["x"].to_list() == [1, 0, 0, 0, 1]
    assert told(result) == [(row, "x", "map.type", "warning") for row in (2, 3, 4, 5)]
    assert result.counts == {"read": 5, "mapped": 5, "rejected": 0, "warnings": 4}
    expected = "sdk.parseInt gives what the SDK gives: expected a whole number in digits, within 64 bits"
    assert set(result.issues["message"]) == {expected}
    assert result.issues["value"].to_list() == ["x", None, "", "1,234"]


def test_a_value_that_reads_strictly_tells_nothing() -> None:
    """Where the strict answer is the SDK's too there is no warning, whatever the resolver."""
    rows = pl.DataFrame({"n": ["7", "-1"], "d": ["2025-01-15", "2025-01-15T10:30:00Z"], "b": ["true", "0"]})
    fields = {
        "n": {"source": "n", "resolver": "sdk.number"},
        "d": {"source": "d", "resolver": "sdk.formatDate"},
        "b": {"source": "b", "resolver": "sdk.boolean"},
        "t": {"source": "b", "resolver": ["sdk.trim", "sdk.uppercase", "sdk.toString"]},
    }
    strict, lenient = Mapper({"fields": fields}).apply(rows), Mapper({"fields": fields}, lenient=True).apply(rows)
    assert lenient.frame.equals(strict.frame)
    assert not lenient.issues.height


@pytest.mark.parametrize(
    ("config", "lenient", "issues"),
    [
        ({"fields": {"x": NUMBER}}, None, [("x", "error")]),
        ({"fields": {"x": NUMBER}}, True, [("x", "warning")]),
        ({"lenient": True, "fields": {"x": NUMBER}}, None, [("x", "warning")]),
        ({"lenient": True, "fields": {"x": NUMBER}}, False, [("x", "error")]),
        ({"lenient": True, "fields": {"x": {**NUMBER, "lenient": False}}}, None, [("x", "error")]),
        ({"fields": {"x": {**NUMBER, "lenient": True}, "y": NUMBER}}, None, [("x", "warning"), ("y", "error")]),
        (
            {"fields": {"o": {"lenient": True, "fields": {"x": NUMBER}}, "y": NUMBER}},
            None,
            [("o.x", "warning"), ("y", "error")],
        ),
        (
            {"fields": {"o": {"lenient": True, "fields": {"x": NUMBER, "y": {**NUMBER, "lenient": False}}}}},
            None,
            [("o.x", "warning"), ("o.y", "error")],
        ),
        (
            {"fields": {"l": {"source": "l", "isArray": True, "lenient": True, "fields": {"x": NUMBER}}}},
            None,
            [("l[0].x", "warning")],
        ),
        (
            {"mutation": "make", "arguments": {"input": {"x": {"source": "v", "transform": "toISO8601"}}}},
            True,
            [("input.x", "warning")],
        ),
    ],
)
def test_lenient_holds_for_what_is_below(config: Any, lenient: bool | None, issues: list[Any]) -> None:  # noqa: FBT001
    """A field, an object or list around it, the mapping or the caller says so; the nearest in the file counts."""
    result = Mapper(config, lenient=lenient).apply([{"v": "x", "l": [{"v": "x"}]}])
    assert [(issue["field"], issue["severity"]) for issue in result.issues] == issues
    assert bool(result.rejected) is any(severity == "error" for _, severity in issues)


@pytest.mark.parametrize(
    ("field", "record", "made"),
    [
        ({}, {"v": None}, {"x": None}),
        ({}, {"v": ""}, {"x": ""}),
        ({}, {}, {}),
        ({"resolver": "sdk.parseInt"}, {}, {"x": 0}),
        ({"resolver": "sdk.toString"}, {}, {"x": ""}),
        ({"resolver": "sdk.coalesce"}, {"v": None}, {}),
        ({"resolver": "sdk.parseDate"}, {}, {"x": None}),
        ({"resolver": "sdk.parseDate"}, {"v": None}, {"x": datetime(1970, 1, 1, tzinfo=UTC)}),
        ({"defaultValue": "d"}, {"v": ""}, {"x": "d"}),
        ({"defaultValue": "d"}, {}, {"x": "d"}),
        ({"defaultValue": None}, {"v": ""}, {"x": None}),
        ({"defaultValue": ""}, {"v": None}, {"x": ""}),
        ({"required": True, "resolver": "sdk.trim"}, {"v": " "}, {"x": ""}),
    ],
)
def test_only_what_is_undefined_is_left_out(field: dict[str, Any], record: dict[str, Any], made: Any) -> None:
    """As in the SDK null and the empty text are written, and only a field without a source is not."""
    assert mapper(**field).map(record) == made


def test_objects_and_items_are_written_as_in_the_sdk() -> None:
    """A lenient object without values is an empty one, one whose source is missing is left out."""
    fields = {
        "a": {"fields": {"x": {"source": "nope"}}},
        "b": {"source": "nothing", "fields": {"x": {"source": "nope"}}},
        "c.d": {"source": "nothing"},
        "l": {"source": "l", "isArray": True, "fields": {"x": {"source": "x"}}},
    }
    record = {"nothing": None, "l": [{"x": 1}, {"x": None}, None]}
    made = {"a": {}, "c": {"d": None}, "l": [{"x": 1}, {"x": None}, {}]}
    assert Mapper({"fields": fields}, lenient=True).map(record) == made


def test_a_frame_keeps_null_and_empty_texts_apart() -> None:
    """On frames too the empty text stays one where the SDK writes it."""
    rows = pl.DataFrame({"v": ["a", "", None]})
    assert mapper().apply(rows).frame["x"].to_list() == ["a", "", None]
    assert mapper(resolver="sdk.toString").apply(rows).frame["x"].to_list() == ["a", "", ""]
    assert mapper(resolver="sdk.formatDate").apply(rows).frame["x"].to_list() == ["a", "", None]


@pytest.mark.parametrize("value", [None, ""])
def test_required_still_rejects(value: Any) -> None:
    """The SDK too refuses a required field without a value, before its resolver could make a 0 of it."""
    result = mapper(required=True, resolver="sdk.parseInt").apply(pl.DataFrame({"v": ["5", value]}))
    assert [issue for issue in told(result) if issue[3] == "error"] == [(2, "x", "map.required", "error")]
    assert result.frame["x"].to_list() == [5]
    with pytest.raises(MappingError, match="the record cannot be mapped"):
        mapper(required=True).map({"w": 1})


def test_a_resolver_of_ones_own_that_fails_leaves_its_field_out() -> None:
    """As in the SDK the failure of a field that is not required is told, and the row goes on without it."""
    config = {"fields": {"x": {"source": "v", "resolver": "own", "lenient": True}, "y": {"source": "v"}}}
    result = Mapper(config, resolvers={"own": int}).apply(pl.DataFrame({"v": ["1", "x"]}))
    assert result.frame.select("x", "y").rows() == [(1, "1"), (None, "x")]
    assert told(result) == [(2, "x", "map.resolver", "warning")]
    assert Mapper(config, resolvers={"own": int}).map({"v": "x"}) == {"y": "x"}
    config["fields"]["x"]["required"] = True
    assert told(Mapper(config, resolvers={"own": int}).apply(pl.DataFrame({"v": ["x"]}))) == [
        (1, "x", "map.resolver", "error")
    ]


def test_what_no_column_holds_stays_the_text_it_was() -> None:
    """A JSON text too deep for a frame stays a text, as in the SDK one that is no JSON does."""
    deep = "[" * 60 + "]" * 60
    result = mapper(resolver="sdk.parseJson").apply([{"v": deep}, {"v": '"\\ud800"'}, {"v": "{bad"}])
    assert [row["x"] for row in result.frame] == [deep, '"\\ud800"', "{bad"]
    assert not result.rejected


def test_a_million_rows_with_few_bad_values_are_no_burden() -> None:
    """A value that comes often is asked for once: the answers of a million rows are those of their distinct values."""
    rows = pl.DataFrame({"v": ["1", "x", "1,234", None, "2"] * 200_000})
    result = mapper(resolver="sdk.parseInt").apply(rows)
    assert result.frame["x"].value_counts(sort=True).sort("x").rows() == [(0, 400_000), (1, 400_000), (2, 200_000)]
    assert result.counts["warnings"] == 600_000


WRITTEN = st.sampled_from([
    "1", "1,234", "12abc", " 7 ", "0x1F", "1e3", "1e400", "Infinity", "-Infinity", "NaN", "5.", ".5", "-0", "0.1",
    "1e-7", "1e21", "12345678901234567890", "9007199254740993", "true", "YES", "on", "", "  ", "ß", "İ", "null",
    "2025-01-15", "2025-01-15T10:30:00Z", "2025-02-30", "01/15/2025", "15/01/2025", "Jan 15, 2025", "20250115",
    "2025", '{"a":1}', "[1,2]", '[1,"a"]', "{bad", '"x"',
])  # fmt: skip
LIKE_NUMBERS = st.from_regex(r"[-+]?[0-9]{0,20}\.?[0-9]{0,5}([eE][-+]?[0-9]{1,3})?", fullmatch=True)
LIKE_DATES = st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9](Z|[+-]0[0-9]:00)?)?", fullmatch=True)
TEXTS = st.one_of(WRITTEN, LIKE_NUMBERS, LIKE_DATES, st.text(st.characters(codec="utf-8"), max_size=8))
WHOLE = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False)
NESTED = st.one_of(
    st.lists(st.integers(-5, 5), max_size=3),
    st.lists(TEXTS, max_size=3),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2),
)
VALUES = st.one_of(st.none(), st.booleans(), WHOLE, FLOATS, TEXTS, NESTED)
COLUMNS = st.one_of(
    [st.lists(st.none() | kind, min_size=1, max_size=5) for kind in (TEXTS, WHOLE, FLOATS, st.booleans())]
)
LENIENTLY = {name: mapper(resolver=name) for name in SDK_NAMES}


def plain(value: Any) -> Any:
    """Return a value as a column can hold it: an instant as text, NaN as none, a whole float as a whole number."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if math.isfinite(value) and value.is_integer() else value
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SDK_NAMES), VALUES)
def test_a_lenient_record_is_what_the_sdk_makes_of_it(name: str, value: Any) -> None:
    """P27: for every resolver and JSON value a lenient field is the SDK's own answer."""
    answer = LENIENT[name](value)
    expected = {} if answer is UNDEFINED else {"x": plain(answer)}
    assert plain(LENIENTLY[name].map({"v": value})) == expected


def spelled(value: Any) -> set[Any]:
    """Return how a value may stand in a column of another type."""
    if isinstance(value, date | datetime):
        return {plain(value)}
    if isinstance(value, int):
        return {text(value), json.dumps(value), float(value)}  # beside floats it is one, as in JavaScript
    return {text(value), json.dumps(value, separators=(",", ":")), json.dumps(plain(value))}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([name for name in SDK_NAMES if name != "sdk.parseJson"]), COLUMNS)
def test_a_lenient_column_is_what_the_sdk_makes_of_its_values(name: str, values: list[Any]) -> None:
    """P26: every row is mapped to the SDK's answer; answers without a common type are their texts.

    What ``sdk.parseJson`` gives may differ in shape from row to row, which only a list of one can bring together.
    """
    result = LENIENTLY[name].apply([{"v": value} for value in values])
    made = [row["x"] for row in result.frame]
    answers = [None if (answer := LENIENT[name](value)) is UNDEFINED else answer for value in values]
    assert len(made) == len(values)
    for mine, answer in zip(made, answers, strict=True):
        assert plain(mine) == plain(answer) or mine in spelled(answer)


def test_a_strict_mapping_tells_each_row_that_a_lenient_one_warns_of(resolve: Callable[..., MapResult]) -> None:
    """The rows that a strict field rejects are among those of which a lenient one warns."""
    texts = ["1", "x", "", None, "1,234", "0x1F", " 5 ", "1e3", "2025-01-15", "true"]
    for name in SDK_NAMES:
        strict = set(resolve(texts, name).rejected["_row"])
        assert strict <= set(resolve(texts, name, lenient=True).issues["row"])


@pytest.mark.parametrize(
    ("entry", "data"),
    [
        ({"source": "items.ref"}, {}),
        ({"source": "items.ref", "resolver": "sdk.uppercase"}, {}),
        ({"source": "items.ref", "defaultValue": "d"}, {"r": "d"}),
        ({"source": "items.parts", "isArray": True, "fields": {"x": {"source": "x"}}}, {"r": []}),
    ],
)
def test_several_items_are_nothing_and_told(entry: dict[str, Any], data: dict[str, Any]) -> None:
    """P25: where one item is meant and there are several, the SDK's nothing stands, with a warning."""
    record = {"items": [{"ref": "a", "parts": [{"x": 1}]}, {"ref": "b", "parts": []}]}
    mapper = Mapper({"fields": {"r": entry}}, lenient=True)
    result = mapper.apply([record])
    assert mapper.map(record) == data
    assert (result.ok, result.counts["warnings"]) == (True, 1)
    assert result.issues[0]["code"] == "map.several"
    with pytest.raises(MappingError, match="several items"):
        Mapper({"fields": {"r": entry}}).map(record)
