"""Laws of the mapper, on generated rows."""

import re
from datetime import datetime, timedelta, timezone
from decimal import Context, Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mapper import SDK_NAMES, Mapper, MapResult

WIDE = Context(prec=2_000)  # digits enough for any text here
NUMBERS = st.sampled_from(["0", "7", "-3", "+4", " 8", "1,234", "42.9", "1e3", "9223372036854775808", "12abc", "NaN"])
WORDS = st.sampled_from(["true", "NO", "on", "2025-01-15", "2025-02-30", "15/01/2025", "2025-01-15T10:30:00+02:00"])
JSON_TEXTS = st.sampled_from(["1", '{"a":1}', '["b"]', "{bad", '"c"'])
TEXTS = NUMBERS | WORDS | JSON_TEXTS | st.just("") | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]))
WHOLE, FLOATS = st.integers(1 - 2**53, 2**53 - 1), st.floats(allow_infinity=False, width=32)
COLUMN_KINDS = st.sampled_from([TEXTS, WHOLE, FLOATS, st.booleans(), st.datetimes().map(lambda at: at.replace(fold=0))])


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw records with three columns, each of one type with gaps."""
    kinds = {name: draw(COLUMN_KINDS) for name in ("a", "b", "c")}
    row = st.fixed_dictionaries({name: st.none() | kind for name, kind in kinds.items()})
    return draw(st.lists(row, min_size=1, max_size=8))


@st.composite
def mappers(draw: st.DrawFn) -> Mapper:
    """Draw a mapping of the three columns with any resolvers."""
    fields: dict[str, Any] = {"literal": {"value": draw(st.sampled_from(["L", 0, None, [1]]))}}
    for target, source in (("x", "a"), ("y.p", "b"), ("y.q", "c"), ("z", "a")):
        fields[target] = {"source": source, "required": draw(st.booleans())}
        resolver = draw(st.none() | st.sampled_from(SDK_NAMES))
        fields[target] |= {"resolver": resolver} if resolver else {}
        fields[target] |= {"defaultValue": "1"} if draw(st.booleans()) and "ate" not in (resolver or "") else {}
    return Mapper({"fields": fields})


def told(result: MapResult) -> list[tuple[Any, ...]]:
    """Return row, field and code of each issue."""
    issues = frames.enter(result.issues)
    return issues.select("row", "field", "code").rows() if issues.height else []


@settings(max_examples=100, deadline=None)
@given(mappers(), tables())
def test_every_row_is_mapped_or_rejected_with_a_reason(mapper: Mapper, rows: list[dict[str, Any]]) -> None:
    """P26: read rows are mapped rows and rejected rows, each once; every rejected row has an issue, and only those."""
    result = mapper.apply(pl.DataFrame(frames.enter(rows)))
    mapped, rejected = result.frame["_row"].to_list(), result.rejected["_row"].to_list()
    assert sorted(mapped + rejected) == list(range(1, len(rows) + 1))
    assert {row for row, _, _ in told(result)} == set(rejected)
    assert len(set(told(result))) == len(told(result))
    words = [f"{code} {field}" for _, field, code in told(result)]
    assert sorted("; ".join(result.rejected["_errors"]).split("; ") if rejected else []) == sorted(words)


@settings(max_examples=100, deadline=None)
@given(mappers(), tables())
def test_every_kind_of_frame_gets_the_same_answer(mapper: Mapper, rows: list[dict[str, Any]]) -> None:
    """P26: the same rows give the same values and the same issues, whatever frame they come in."""
    typed = frames.enter(rows)
    expected = mapper.apply(typed)
    kinds = [typed.lazy(), typed.to_arrow(), pd.DataFrame(rows), rows, pa.Table.from_pylist(rows)]
    for kind in kinds:
        result = mapper.apply(kind)
        assert told(result) == told(expected)
        assert result.counts == expected.counts
        values = frames.enter(result.frame).to_dicts()
        assert repr(_shown(values)) == repr(_shown(expected.frame.to_dicts()))


@settings(max_examples=100, deadline=None)
@given(mappers(), tables())
def test_one_record_is_a_frame_of_one_row(mapper: Mapper, rows: list[dict[str, Any]]) -> None:
    """P26: map answers as apply does on the one row, values and refusals alike."""
    for row in rows:
        result = mapper.apply([row])
        if result.ok:
            (whole,) = result.frame
            assert repr(mapper.map(row)) == repr(_held({name: whole[name] for name in ("literal", "x", "y", "z")}))
            continue
        with pytest.raises(MappingError) as caught:
            mapper.map(row)
        assert [(issue["row"], issue["field"], issue["code"]) for issue in caught.value.issues] == told(result)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("0123456789+-., eE_xa٣\u00a0\ufeff"), max_size=22))
def test_a_text_is_the_number_it_spells_or_an_issue(text: str) -> None:
    """P27: a text read by sdk.parseInt is exactly that number, or an issue of its row; never another number."""
    result = Mapper({"fields": {"x": {"source": "v", "resolver": "sdk.parseInt"}}}).apply(pl.DataFrame({"v": [text]}))
    digits = re.fullmatch(r"[+-]?[0-9]+", text.strip("\u00a0\ufeff "))
    if digits and -(2**63) <= int(digits[0]) < 2**63:
        assert result.frame["x"].to_list() == [int(digits[0])]
    elif not text:
        assert result.frame["x"].to_list() == [None]
    else:
        assert told(result) == [(1, "x", "map.type")]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from("0123456789.-+eE _"), max_size=12), min_size=1), st.sampled_from([0, 2, 9]))
def test_an_exact_number_is_the_very_one_or_an_issue(texts: list[str], scale: int) -> None:
    """P27: under exact, a text is its number with all decimals, or an issue of its row; it is never rounded."""
    field = {"source": "v", "resolver": "sdk.parseFloat", "params": {"exact": True, "scale": scale}}
    result = Mapper({"fields": {"x": field}}).apply(pl.DataFrame({"v": texts}))
    read = dict(result.frame.select("_row", "x").rows())
    for row, text in enumerate(texts, 1):
        plain = re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text.strip(" "))
        number = Decimal(plain[0]) if plain else None
        whole = number is not None and abs(number) < Decimal(10) ** (38 - scale)
        if number is not None and whole and number == number.quantize(Decimal(1).scaleb(-scale), context=WIDE):
            assert read[row] == number
        else:
            assert read.get(row) is None
            assert (row in read) == (not text)


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@settings(max_examples=100, deadline=None)
@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=ZONES))  # noqa: DTZ001 - bounds have no zone
def test_an_instant_survives_its_text(instant: datetime) -> None:
    """P27: the ISO text of any instant in any zone is read as that instant."""
    text = instant.isoformat()
    mapper = Mapper({"fields": {"x": {"source": "v", "resolver": "sdk.parseDate"}}})
    assert mapper.map({"v": text})["x"] == instant
    assert mapper.map({"v": text.replace("T", " ")})["x"] == instant


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}", fullmatch=True))
def test_a_day_is_itself_or_an_issue(text: str) -> None:
    """P27: eight digits in the shape of a day are that day of the calendar, or an issue; never a day nearby."""
    result = Mapper({"fields": {"x": {"source": "v", "resolver": "sdk.formatDateShort"}}}).apply([{"v": text}])
    iso = text.replace("/", "-")
    try:
        known = text[4] == text[7] and text[0] != "0" and bool(datetime.fromisoformat(iso))
    except ValueError:
        known = False
    assert [row["x"] for row in result.frame] == ([iso] if known else [])
    assert len(result.issues) == (0 if known else 1)


KEYS = st.sampled_from(["source", "value", "resolver", "required", "defaultValue", "fields", "isArray", "mask", "_x"])
NAMES = st.sampled_from(
    ["a", "b", "a.b", "a..", "", "_row", "__proto__", "$context.a", "sdk.parseInt", "sdk.nope", "[0]"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES | st.text(max_size=3)
JSON_VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | NAMES, inner, max_size=4), max_leaves=12
)
FIELDS = st.dictionaries(
    NAMES | st.text(max_size=3), st.dictionaries(KEYS, JSON_VALUES, max_size=4) | JSON_VALUES, max_size=4
)


@settings(max_examples=200, deadline=None)
@given(FIELDS, st.none() | st.dictionaries(NAMES, JSON_VALUES, max_size=2), tables())
def test_a_mapping_stands_or_is_told_its_mistakes(fields: Any, context: Any, rows: list[dict[str, Any]]) -> None:
    """P32: any JSON given as a mapping either maps rows, all of them counted, or is refused with its mistakes."""
    try:
        mapper = Mapper({"fields": fields}, context=context)
    except MappingError as error:
        assert error.problems  # noqa: PT017 - both ends are right, and neither is a traceback of ours
        return
    try:
        result = mapper.apply(rows)
    except MappingError as error:
        assert "the rows have no column" in str(error)  # noqa: PT017 - as above
        return
    assert result.counts["mapped"] + result.counts["rejected"] == len(rows)


SCHEMA = pl.Schema(
    {
        "ref": pl.String,
        "o": pl.Struct({"x": pl.Int64, "y": pl.String, "in": pl.Struct({"z": pl.String})}),
        "l": pl.List(pl.Struct({"s": pl.String, "n": pl.String, "sub": pl.List(pl.Struct({"q": pl.String}))})),
    }
)
WORD = st.none() | st.sampled_from(["", " ", "a", "B", "7", "1,5", "-3"])


def _lists(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(item, max_size=3)


def _objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.fixed_dictionaries(fields)


NESTED = st.lists(
    st.fixed_dictionaries(
        {
            "ref": WORD,
            "o": _objects(x=st.none() | WHOLE, y=WORD, **{"in": _objects(z=WORD)}),
            "l": _lists(_objects(s=WORD, n=WORD, sub=_lists(_objects(q=WORD)))),
        }
    ),
    min_size=1,
    max_size=6,
)


@st.composite
def fields(draw: st.DrawFn, *sources: str) -> dict[str, Any]:
    """Draw a field from one of some sources."""
    field: dict[str, Any] = {"source": draw(st.sampled_from(sources)), "required": draw(st.booleans())}
    resolver = draw(st.sampled_from(["", "", "sdk.trim", "sdk.parseInt", "sdk.uppercase"]))
    default = draw(st.sampled_from([None, None, "1"]))
    return {**field, **({"resolver": resolver} if resolver else {}), **({"defaultValue": default} if default else {})}


@st.composite
def nested_mappers(draw: st.DrawFn) -> Mapper:
    """Draw a mapping of nested objects, lists in lists, and positions in lists."""
    inner = {"q": draw(fields("q", "$root.ref", "$root.o.y")), "k": {"value": "K"}}
    item: dict[str, Any] = {
        "s": draw(fields("s", "n", "sub[0].q", "$root.ref")),
        "sub": {"source": "sub", "isArray": True, "required": draw(st.booleans()), "fields": inner},
        "of.n": draw(fields("n")),
    }
    below = {"y": draw(fields("y", "in.z")), "p": {"source": "in", "fields": {"z": draw(fields("z"))}}}
    targets: dict[str, Any] = {
        "ref": draw(fields("ref", "o.y", "l[0].s", "l[-1].n", "l[s=a].n")),
        "o": {"source": "o", "required": draw(st.booleans()), "fields": below},
        "l": {"source": "l", "isArray": True, "required": draw(st.booleans()), "fields": item},
        "all": {"source": draw(st.sampled_from(["l[*].s", "l[*].sub[*].q", "l.length"]))},
        "at[1].t": {"source": "ref"},
        "at[3].t": {"source": "o.y"},
        "list[0]": {"source": "o.in.z"},
        "list[2]": {"source": "ref"},
    }
    kept = draw(st.lists(st.sampled_from(sorted(targets)), min_size=1, unique=True))
    return Mapper({"fields": {name: targets[name] for name in kept}})


@settings(max_examples=150, deadline=None)
@given(nested_mappers(), NESTED)
def test_every_nested_row_is_mapped_or_rejected_with_a_reason(mapper: Mapper, rows: list[dict[str, Any]]) -> None:
    """P26: with objects and lists too, rows read are mapped and rejected, each once; each rejected one has an issue."""
    result = mapper.apply(pl.DataFrame(rows, schema=SCHEMA))
    mapped, rejected = result.frame["_row"].to_list(), result.rejected["_row"].to_list()
    assert sorted(mapped + rejected) == list(range(1, len(rows) + 1))
    assert {row for row, _, _ in told(result)} == set(rejected)
    assert len(set(told(result))) == len(told(result))
    for row, words in result.rejected.select("_row", "_errors").rows():
        assert sorted(words.split("; ")) == sorted(f"{code} {field}" for at, field, code in told(result) if at == row)


@settings(max_examples=60, deadline=None)
@given(nested_mappers(), NESTED)
def test_nested_rows_of_every_kind_get_the_same_answer(mapper: Mapper, rows: list[dict[str, Any]]) -> None:
    """P26: objects and lists give the same values and the same issues, whatever frame they come in."""
    typed = pl.DataFrame(rows, schema=SCHEMA)
    expected = mapper.apply(typed)
    for kind in (typed.lazy(), typed.to_arrow(), typed.to_pandas(), rows, pd.DataFrame(rows)):
        result = mapper.apply(kind)
        assert told(result) == told(expected)
        assert result.counts == expected.counts
        assert _values(result) == _values(expected)


@settings(max_examples=100, deadline=None)
@given(nested_mappers(), NESTED)
def test_one_nested_record_is_a_frame_of_one_row(mapper: Mapper, rows: list[dict[str, Any]]) -> None:
    """P26: map answers as apply does on the one row, and as apply does on that row among others."""
    together = {row["_row"]: row for row in _values(mapper.apply(rows))}
    for at, row in enumerate(rows, 1):
        result = mapper.apply([row])
        if result.ok:
            (whole,) = _values(result)
            assert mapper.map(row) == _without_identity(whole) == _without_identity(together[at])
            continue
        assert at not in together
        with pytest.raises(MappingError) as caught:
            mapper.map(row)
        assert [(issue["row"], issue["field"], issue["code"]) for issue in caught.value.issues] == told(result)


@settings(max_examples=100, deadline=None)
@given(NESTED)
def test_lists_keep_their_items_and_their_order(rows: list[dict[str, Any]]) -> None:
    """P27: each list has as many items as its source, in their order, and every item the values of its own."""
    sub = {"source": "sub", "isArray": True, "fields": {"q": {"source": "q"}, "ref": {"source": "$root.ref"}}}
    item = {"s": {"source": "s"}, "sub": sub}
    mapper = Mapper({"fields": {"l": {"source": "l", "isArray": True, "fields": item}, "all": {"source": "l[*].s"}}})
    for row, mapped in zip(rows, mapper.apply(pl.DataFrame(rows, schema=SCHEMA)).frame.to_dicts(), strict=True):
        items = [item or {} for item in row["l"] or []]
        assert [item["s"] for item in mapped["l"]] == [item.get("s") for item in items]
        assert mapped["all"] == (None if row["l"] is None else [item.get("s") for item in items])
        for given_item, found in zip(items, mapped["l"], strict=True):
            subs = [one or {} for one in given_item.get("sub") or []]
            assert found["sub"] == [{"q": one.get("q"), "ref": row["ref"]} for one in subs]


def _values(result: MapResult) -> list[dict[str, Any]]:
    """Return the mapped rows without what has no value."""
    return [_held(row) for row in frames.enter(result.frame).to_dicts()] if len(frames.enter(result.frame)) else []


def _without_identity(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in frames.IDENTITY}


def _held(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _held(item) for name, item in value.items() if item is not None}
    return [_held(item) for item in value] if isinstance(value, list) else value


def _shown(value: Any) -> Any:
    """Return a value with whole floats as integers: pandas has no integers with gaps."""
    if isinstance(value, dict):
        return {name: _shown(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
