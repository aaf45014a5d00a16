"""Records that are alike take a fast way, and come out as by the slow one."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fcwork import alike, frames
from fcwork.sources import documents, pieces, rows

NAMES = st.sampled_from(["b", "a", "é", "", "#text", "_key", "longer name"])
TEXTS = st.sampled_from(["", "x", "5", "true", "é\U0001f600", "null", "\0"])
WHOLE = st.sampled_from([0, -1, 7, 2**53 - 1, 2**53, -(2**53), 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64, 10**30])
FLOATS = st.sampled_from([0.5, -0.0, 3.0, 1e300, float("nan"), float("inf")])
SCALARS = {"text": TEXTS, "whole": st.integers(-9, 9), "float": st.floats(-9, 9), "truth": st.booleans()}
OTHERS = {"number": FLOATS | WHOLE, "none": st.none()}
ANYTHING = st.recursive(
    st.none() | TEXTS | WHOLE | FLOATS | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def forms(draw: st.DrawFn, levels: int = 3) -> Any:
    """Return what gives values of one form."""
    kinds = [*SCALARS, "number", "none", "scarce", "unlike", *(("list", "object", "object") if levels else ())]
    kind = draw(st.sampled_from(kinds))
    if kind in SCALARS:
        return SCALARS[kind]
    if kind == "list":
        return st.lists(draw(forms(levels - 1)), max_size=3)
    if kind == "object":
        return draw(objects(levels - 1))
    if kind == "scarce":
        return st.none() | draw(forms(levels))
    return OTHERS[kind] if kind in OTHERS else ANYTHING if draw(st.integers(0, 4)) == 0 else TEXTS


@st.composite
def objects(draw: st.DrawFn, levels: int = 3) -> Any:
    """Return what gives objects with the same names, or some of them."""
    fields = {name: draw(forms(levels)) for name in draw(st.lists(NAMES, unique=True, max_size=4))}
    always = draw(st.booleans())
    return st.fixed_dictionaries(fields) if always else st.fixed_dictionaries({}, optional=fields)


RECORDS: st.SearchStrategy[list[dict[str, Any]]] = objects().flatmap(
    lambda each: st.lists(each, min_size=1, max_size=6)
)


def slowly(records: list[dict[str, Any]]) -> pl.DataFrame:
    """Return records as a frame, by the way that looks at each value."""
    names = dict.fromkeys(name for record in records for name in record)
    made = pl.DataFrame([frames.series(name, [record.get(name) for record in records]) for name in names])
    return made.with_columns(pl.col(pl.Null).cast(pl.String))


@given(RECORDS)
def test_the_fast_way_gives_what_the_slow_one_does(records: list[dict[str, Any]]) -> None:
    """P27: whatever the records, the fast way gives what the slow one does, or leaves it to that."""
    made = alike.frame(records, alike.Room())
    if made is not None:
        assert_frame_equal(made, slowly(records), check_exact=True)
    if any(records):
        assert_frame_equal(frames.enter(records), slowly(records), check_exact=True)


@given(st.lists(RECORDS, min_size=1, max_size=3) | RECORDS.map(lambda each: [each, each]))
def test_records_run_by_run(runs: list[list[dict[str, Any]]]) -> None:
    """P27: records that are made rows run by run come out as all at once, or are left to that."""
    made = rows.alike_piece([rows.Run(range(len(run)), run) for run in runs], "a.jsonl", "jsonl")
    if made is not None:
        slow = slowly([record for run in runs for record in run])
        kept = slow.drop(pieces.OURS, strict=False)
        assert_frame_equal(made.rows.drop(frames.ROW), kept, check_exact=True)


@pytest.mark.parametrize(
    "records",
    [
        [{"a": 1, "b": "x", "c": None, "d": True, "e": [{"n": "x", "v": 1.5}, {"n": "y", "v": 2}], "f": {"g": []}}] * 2,
        [{"a": [[1], [], None]}, {"a": None}, {"a": []}],
        [{"a": {"z": 1, "b": {"c": "x"}}}, {"a": None}, {"a": {"b": None, "y": []}}, {}],
    ],
)
def test_what_goes_the_fast_way(records: list[dict[str, Any]]) -> None:
    """Records with values of one kind at each name go the fast way, lists, objects, gaps and nulls too."""
    made = alike.frame(records, alike.Room())
    assert made is not None
    assert_frame_equal(made, slowly(records), check_exact=True)


@pytest.mark.parametrize(
    "values", [["x", 1], [1, True], [2**63], [2**53, 0.5], [[1], 1], [{}], [[{}]], [{1: 2}], [("x",)], ["\ud800"]]
)
def test_what_goes_the_slow_way(values: list[Any]) -> None:
    """Values of several kinds, and all that is unusual, are left to the slow way."""
    assert alike.frame([{"a": value} for value in values], alike.Room()) is None


def test_the_fast_way_has_only_so_much_room() -> None:
    """P24: what is wider than there is room for, or stands for more cells, is left before it is made."""
    records = [{"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}] * 2
    assert alike.frame(records, alike.Room(columns=3, cells=10)) is not None
    assert alike.frame(records, alike.Room(columns=2, cells=10)) is None
    assert alike.frame(records, alike.Room(columns=3, cells=9)) is None


NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@given(st.lists(NUMBERS, max_size=3).map(lambda each: f"[{','.join(each)}]"))
def test_long_numbers_are_never_overlooked(text: str) -> None:
    """P27: a text with a number that would lose digits is never parsed the fast way."""
    told = documents.loads(text.encode())(text.encode())
    assert told == documents._lossless(text.encode())
