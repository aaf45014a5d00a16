"""The validator on generated frames: the same answer for each frame kind, and no row lost."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork import frames
from fcwork.validator import Validator

Finding = tuple[int | None, str | None, str, str]

LOCATIONS = ["L1", "L2"]


def kept(record: dict[str, Any]) -> str | None:
    """Refuse the records whose text ends with a 7."""
    return "unlucky" if str(record["ref"]).endswith("7") else None


RULES = {
    "required": ["ref", "qty"],
    "types": {"qty": "integer", "price": "decimal", "count": "integer", "active": "boolean", "day": "date"},
    "length": {"ref": {"max": 12}},
    "pattern": {"ref": "^[A-Z0-9-]+$", "count": "^[0-9]+$"},
    "range": {"qty": {"min": 0, "max": 1000}, "price": {"min": 0.5}, "count": {"max": 90}},
    "one_of": {"count": list(range(80)), "active": [True]},
    "reference": {"locationRef": LOCATIONS},
    "unique": [["ref"], ["locationRef", "qty", "count"]],
    "compare": [
        {"left": "price", "op": "<=", "right": "count"},
        {"left": "qty", "op": "<", "right": "count"},
        {"left": "ref", "op": "!=", "right": "locationRef"},
        {"left": "day", "op": ">", "right": "until"},
    ],
    "when": [
        {"if": {"locationRef": {"one_of": ["L1"]}}, "then": {"required": ["until"], "range": {"count": {"max": 50}}}},
        {"if": {"active": {"required": False}, "count": {"range": {"min": 9}}}, "then": {"required": ["price"]}},
    ],
    "custom": [
        {"check": kept, "columns": ["ref"]},
        pl.col("count") != 7,
        {"check": pl.col("price").fill_null(0) < 1e6, "message": "dear"},
    ],
    "severity": {"compare": "warning"},
    "threshold": {"pattern.count": 1, "range": "10%"},
}
ITEMS = {
    "required": ["items[].sku", "items[].tags"],
    "types": {"items[].qty": "integer", "items[].tags[]": "string"},
    "length": {"items[].sku": {"max": 2}},
    "range": {"items[].qty": {"min": 0}},
    "pattern": {"items[].tags[]": "^[a-z]*$"},
    "one_of": {"items[].sku": ["A", "BB", "CCC"]},
    "reference": {"items[].sku": ["A", "CCC", " "]},
    "compare": [{"left": "items[].qty", "op": "<=", "right": "items[].most"}],
    "when": [{"if": {"items[].sku": {"one_of": ["A"]}}, "then": {"required": ["items[].most"]}}],
}
ITEM = pl.Struct({"sku": pl.String, "qty": pl.Int64, "most": pl.Float64, "tags": pl.List(pl.String)})
ORDER_TYPE = """
input Order { ref: String!, items: [Item!] }
input Item { sku: String!, qty: Int, most: Float!, tags: [String!] }
"""
SCHEMA = {
    "ref": pl.String,
    "qty": pl.String,
    "locationRef": pl.String,
    "price": pl.Float64,
    "count": pl.Int64,
    "active": pl.Boolean,
    "day": pl.Date,
    "until": pl.Date,
}
KINDS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda rows: rows,
    "lazy": lambda rows: rows.lazy(),
    "pandas": lambda rows: rows.to_pandas(),
    "pandas, nullable": lambda rows: rows.to_pandas(use_pyarrow_extension_array=True),
    "pyarrow": lambda rows: rows.to_arrow(),
    "records": lambda rows: rows.to_dicts(),
    "records, sparse": lambda rows: [{k: v for k, v in row.items() if v is not None} for row in rows.to_dicts()],
}

refs = (
    st.none()
    | st.sampled_from(["", " ", "A", "A-1", "a", "LONG-LONG-LONG", "ä"])
    | st.from_regex("[A-C]-[0-9]", fullmatch=True)
)
quantities = (
    st.none() | st.sampled_from(["", "abc", "-3", "1.5", "1001", " 5", "NaN", "9" * 30]) | st.integers(-5, 9).map(str)
)
rows_of_any_sort = st.lists(
    st.fixed_dictionaries(
        {
            "ref": refs,
            "qty": quantities,
            "locationRef": st.sampled_from(["L1", "L2", "L3", "", None]),
            "price": st.none() | st.floats(allow_nan=False, width=32),
            "count": st.none() | st.integers(0, 99),
            "active": st.none() | st.booleans(),
            "day": st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1)),
            "until": st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1)),
        }
    ),
    max_size=12,
)

items = st.fixed_dictionaries(
    {
        "sku": st.none() | st.sampled_from(["A", "BB", "CCC", "", " "]),
        "qty": st.none() | st.integers(-2, 2**33),
        "most": st.none() | st.floats(-2, 9, width=32),
        "tags": st.none() | st.lists(st.none() | st.sampled_from(["a", "B", ""]), max_size=3),
    }
)
orders_of_any_sort = st.lists(
    st.fixed_dictionaries({"ref": refs, "items": st.none() | st.lists(st.none() | items, max_size=3)}), max_size=6
)


def findings(rules: dict[str, Any] | Validator, frame: Any) -> list[Finding]:
    """Return row, field, key and code of each issue, in order."""
    validator = rules if isinstance(rules, Validator) else Validator(rules)
    issues = frames.enter(validator.check(frame).issues)
    return list(issues.select("row", "field", "key", "code").iter_rows()) if issues.height else []


def planted(rows: int) -> tuple[pl.DataFrame, Counter[str]]:
    """Return rows with one of eight faults in each tenth, and how often each code stands for one."""
    number = pl.int_range(rows, dtype=pl.Int64)
    good = pl.select(
        ref=pl.format("SKU-{}0", number),
        qty=(number % 997).cast(pl.String),
        locationRef=pl.format("L{}", number % 2 + 1),
        price=number % 100 + 0.5,
        count=number % 80,
        active=pl.lit(value=True),
        day=pl.lit(date(2026, 1, 31)),
    )
    fault = pl.when(number % 10 == 9).then(number // 10 % 8)
    bad = good.with_columns(
        ref=pl.when(fault == 0)
        .then(None)
        .when(fault == 1)
        .then(pl.lit("SKU-00"))
        .when(fault == 2)
        .then(pl.lit("sku"))
        .otherwise("ref"),
        qty=pl.when(fault == 3)
        .then(pl.lit(""))
        .when(fault == 4)
        .then(pl.lit("abc"))
        .when(fault == 5)
        .then(pl.lit("-3"))
        .otherwise("qty"),
        locationRef=pl.when(fault == 6).then(pl.lit("L9")).otherwise("locationRef"),
        price=pl.when(fault == 7).then(0.25).otherwise("price"),
    )
    each = rows // 80
    codes = {
        "check.required": 2,
        "check.duplicate": 1,
        "check.pattern": 1,
        "check.type": 1,
        "check.range": 2,
        "check.reference": 1,
    }
    expected = Counter({code: times * each for code, times in codes.items()})
    expected["check.duplicate"] += each - 1  # every "sku" but the first
    return bad, expected


@pytest.mark.parametrize("kind", KINDS)
def test_planted_faults_are_found_alike_in_each_kind(kind: str) -> None:
    """P23: 20,000 rows with planted faults give the same row, field, key and code in every kind of frame."""
    rows, expected = planted(20_000)
    later = ("compare", "when", "custom", "severity", "threshold")
    rules = {**{name: rule for name, rule in RULES.items() if name not in later}, "unique": ["ref"]}
    found = findings(rules, KINDS[kind](rows))
    assert found == findings(rules, rows)
    assert Counter(code for *_, code in found) == expected


@given(rows_of_any_sort)
@settings(max_examples=30, deadline=None)
def test_any_rows_are_judged_alike_in_each_kind(records: list[dict[str, Any]]) -> None:
    """P23: the same rows give the same row, field, key and code in every kind of frame that can hold them."""
    rows = pl.DataFrame(records, schema=SCHEMA)
    expected = findings(RULES, rows)
    for kind, made in KINDS.items():
        if kind == "records, sparse" and any(rows[name].null_count() == rows.height for name in SCHEMA):
            continue  # a column that no record has cannot be told from one that was forgotten
        assert findings(RULES, made(rows)) == expected, kind


@given(orders_of_any_sort)
@settings(max_examples=40, deadline=None)
def test_items_are_judged_alike_in_each_kind(records: list[dict[str, Any]]) -> None:
    """P23: rules on the items of lists, and those of a GraphQL type, find the same in every kind of frame."""
    rows = pl.DataFrame(records, schema={"ref": pl.String, "items": pl.List(ITEM)})
    known = any(item for record in records for item in record["items"] or ())
    for rules in (ITEMS, Validator.from_schema(ORDER_TYPE, "Order")):
        expected = findings(rules, rows)
        for kind, made in KINDS.items():
            if kind == "polars" or (known and kind != "records, sparse"):
                assert findings(rules, made(rows)) == expected, kind


@given(orders_of_any_sort)
@settings(max_examples=60, deadline=None)
def test_items_are_found_as_by_hand(records: list[dict[str, Any]]) -> None:
    """P26: the items that lack a required field are those that a count by hand finds, and their rows are rejected."""
    rows = pl.DataFrame(records, schema={"ref": pl.String, "items": pl.List(ITEM)})
    result = Validator({"required": ["items[].sku"]}).check(rows)
    missing = [
        (row, f"items[{at}].sku")
        for row, record in enumerate(records, 1)
        for at, item in enumerate(record["items"] or ())
        if not ((item or {}).get("sku") or "").strip()
    ]
    told = result.issues.select("row", pl.col("message").str.extract(r"^(\S+) is ")).rows()
    assert told == missing
    assert result.rejected["_row"].to_list() == sorted({row for row, _ in missing})


@given(rows_of_any_sort)
@settings(max_examples=60, deadline=None)
def test_no_row_is_lost_or_doubled(records: list[dict[str, Any]]) -> None:
    """P26: valid and rejected rows are the rows that came in, in order, and each rejected row has an error."""
    rows = pl.DataFrame(records, schema=SCHEMA)
    result = Validator(RULES).check(rows)
    piles = pl.concat([result.valid, result.rejected.drop("_errors")]).sort("_row")
    assert piles.select(list(SCHEMA)).equals(rows)
    assert piles["_row"].to_list() == list(range(1, rows.height + 1))
    blamed = result.issues.filter(pl.col("severity") == "error")["row"].unique().sort()
    assert result.rejected["_row"].to_list() == blamed.to_list()
    assert result.rejected["_errors"].null_count() == 0
    assert result.ok == (result.rejected_count == 0)


@given(st.lists(st.text("+-0123456789.eE_ x٣\n") | st.integers(-(2**64), 2**64).map(str), max_size=20))
@settings(max_examples=200, deadline=None)
def test_text_reads_as_a_whole_number_as_written(texts: list[str]) -> None:
    """P27: text passes as an integer when it is an optional sign and digits that fit 64 bits, and else never."""
    refused = {
        row for row, *_ in findings({"types": {"x": "integer"}}, pl.DataFrame({"x": texts}, schema={"x": pl.String}))
    }
    for row, text in enumerate(texts, 1):
        whole = re.fullmatch(r"[+-]?[0-9]+", text) and -(2**63) <= int(text) < 2**63
        assert (row not in refused) == bool(whole), text


@given(
    st.lists(st.tuples(st.sampled_from("abc") | st.none(), st.integers(0, 2) | st.none()), max_size=12),
    st.sampled_from(["first", "last", "none"]),
)
@settings(max_examples=100, deadline=None)
def test_one_row_of_each_key_stays(pairs: list[tuple[str | None, int | None]], keep: str) -> None:
    """P23: of the rows with one key the kept one stays valid; the answer is that of a count by hand."""
    rows = pl.DataFrame(pairs, schema={"a": pl.String, "b": pl.Int64}, orient="row")
    refused = {row for row, *_ in findings({"unique": {"columns": ["a", "b"], "keep": keep}}, rows)}
    places: dict[Any, list[int]] = {}
    for row, pair in enumerate(pairs, 1):
        if None not in pair:
            places.setdefault(pair, []).append(row)
    cut = {"first": slice(1, None), "last": slice(None, -1), "none": slice(None)}[keep]
    assert refused == {row for found in places.values() if len(found) > 1 for row in found[cut]}
