from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fcwork as fw
from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.reconciliation import ACTIONS, CODES, Reconciliation

KINDS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda rows: rows,
    "lazy": lambda rows: rows.lazy(),
    "pandas": lambda rows: rows.to_pandas(),
    "pyarrow": lambda rows: rows.to_arrow(),
    "records": lambda rows: rows.to_dicts(),
}


def stock(**quantities: Any) -> pl.DataFrame:
    """Return a row for each key."""
    return pl.DataFrame({"sku": list(quantities), "qty": list(quantities.values())})


def told(found: Reconciliation) -> dict[str, tuple[str, str]]:
    """Return action and code by key."""
    lines = frames.enter(found.differences)
    return {sku: (action, code) for sku, action, code in lines.select("sku", "action", "code").iter_rows()}


def one(left: Any, right: Any, **terms: Any) -> dict[str, Any]:
    """Return the one difference of two quantities of one key."""
    found = fw.reconcile([{"sku": "a", "qty": left}], [{"sku": "a", "qty": right}], key="sku", compare="qty", **terms)
    return dict(found.differences[0])


def adds_up(found: Reconciliation) -> bool:
    """Say whether the rows of each side are all accounted for."""
    counts = found.counts
    return all(
        counts[side]
        == counts["matched"] + counts[f"only_{side}"] + counts[f"refused_{side}"] + counts[f"merged_{side}"]
        for side in ("left", "right")
    )


def test_each_difference_has_a_proposal_and_a_reason() -> None:
    """Every key of either side is a line with old, new, difference, action, code and a sentence."""
    found = fw.reconcile(stock(a=100, b=104, c=150, d=7), stock(a=100, b=100, c=100, e=3), key="sku")
    assert told(found) == {
        "a": ("none", "equal"),
        "b": ("update", "within"),
        "c": ("review", "beyond.both"),
        "d": ("create", "left.only"),
        "e": ("zero", "right.only"),
    }
    lines = found.differences
    assert lines.select("old", "new", "difference").rows() == [
        (100, 100, 0),
        (100, 104, 4),
        (100, 150, 50),
        (None, 7, None),
        (3, 0, -3),
    ]
    assert lines["reason"].to_list() == [
        "both say 100",
        "104 instead of 100 (+4, 4.0 %): within 5 % and 10",
        "150 instead of 100 (+50, 50.0 %): beyond 5 % and 10",
        "only the left has it: 7",
        "only the right has it: 3",
    ]
    assert adds_up(found)
    assert found.ok
    assert found.changes["sku"].to_list() == ["b", "c", "d", "e"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_frame_gives_the_same(kind: str) -> None:
    """P23: pandas, polars eager and lazy, pyarrow and records give the same lines, as the kind of the left."""
    left, right = stock(a=1, b=2, c=3, d=None), stock(a=1, b=4, x=3, d=5)
    found = fw.reconcile(KINDS[kind](left), right, key="sku", compare="qty")
    plain = fw.reconcile(left, KINDS[kind](right), key="sku", compare="qty")
    assert frames.kind_of(found.differences) == frames.kind_of(found.issues) == kind
    names = ["sku", "action", "code", "old", "new", "reason"]
    assert frames.enter(found.differences).select(names).rows() == plain.differences.select(names).rows()
    assert found.counts == plain.counts


def test_a_text_that_is_no_number_is_refused_and_never_zero() -> None:
    """P27: what is no number is an issue of its row, on either side, and the key is compared nowhere."""
    left = stock(a="12", b="n/a", c="", d="1,5", e="3", f=" 7 ", g="1e2", h="NaN")
    right = stock(a="12", b="1", c="1", d="1", e="?", f="7", g="100", h="1")
    found = fw.reconcile(left, right, key="sku", compare="qty")
    assert told(found) == {
        "a": ("none", "equal"),
        "b": ("refused", "left.no_number"),
        "c": ("refused", "left.no_quantity"),
        "d": ("refused", "left.no_number"),
        "e": ("refused", "right.no_number"),
        "f": ("none", "equal"),
        "g": ("none", "equal"),
        "h": ("refused", "left.no_number"),
    }
    refused = found.differences.filter(pl.col("action") == "refused")
    assert refused["new"].null_count() == refused.height
    codes = found.issues.select("row", "field", "code", "value").rows()
    assert (2, "qty", "reconcile.left.no_number", "n/a") in codes
    assert (5, "qty", "reconcile.right.no_number", "?") in codes
    assert (found.counts["refused_left"], found.counts["refused_right"], adds_up(found)) == (5, 5, True)
    assert not found.ok


@pytest.mark.parametrize("other", [None, "", float("nan")])
def test_a_quantity_that_the_right_does_not_have_is_looked_at(other: Any) -> None:
    """The right's empty quantity is not zero: a human looks, and the issue is a warning."""
    difference = one(5, other)
    assert (difference["action"], difference["code"], difference["old"]) == ("review", "old.missing", None)


def test_rows_that_share_a_key_are_refused_on_both_sides() -> None:
    """A key that a side has twice is refused there and on the other side; each of its rows is an issue."""
    left = pl.DataFrame({"sku": ["a", "a", "b", "c"], "qty": [1, 2, 3, 4]})
    right = pl.DataFrame({"sku": ["a", "b", "b", "z", "z"], "qty": [1, 3, 3, 9, 9]})
    found = fw.reconcile(left, right, key="sku")
    assert told(found) == {
        "a": ("refused", "left.duplicate"),
        "b": ("refused", "right.duplicate"),
        "c": ("create", "left.only"),
        "z": ("refused", "right.duplicate"),
    }
    assert found.issues["code"].value_counts().sort("code").rows() == [
        ("reconcile.left.duplicate", 2),
        ("reconcile.right.duplicate", 4),
    ]
    assert (found.counts["refused_left"], found.counts["refused_right"], adds_up(found)) == (3, 5, True)


@pytest.mark.parametrize(("rule", "new"), [("sum", 6), ("min", 1), ("max", 3), ("first", 2), ("last", 3)])
def test_rows_that_share_a_key_can_be_made_one(rule: str, new: int) -> None:
    """By a rule one row is made of several: bins of a location are added, of channels the least is taken."""
    left = pl.DataFrame({"sku": ["a", "a", "a", "b", "b"], "qty": ["2", "1", "3", "1", "?"]})
    found = fw.reconcile(left, stock(a=6, b=1), key="sku", compare="qty", duplicates={"left": rule})
    assert found.differences["new"].to_list() == [new, None]
    assert told(found)["b"] == ("refused", "left.no_number")
    assert (found.counts["merged_left"], found.counts["refused_left"], adds_up(found)) == (2, 2, True)


@pytest.mark.parametrize(
    ("rule", "quantities", "code"),
    [
        *[(rule, [None, other], "old.missing") for rule in ("sum", "min", "max", "first") for other in (None, "5")],
        ("last", ["5", None], "old.missing"),
        ("last", [None, "5"], "within"),
        ("sum", [None, "n/a", "6"], "right.no_number"),
        ("min", ["6", None, "n/a"], "right.no_number"),
    ],
)
def test_rows_of_the_right_made_one_are_not_a_number_that_none_of_them_says(
    rule: Any, quantities: list[str | None], code: str
) -> None:
    """P27: of rows of the right that share a key a missing quantity is never zero, and no number refuses."""
    right = pl.DataFrame({"sku": ["A"] * len(quantities), "qty": pl.Series(quantities, dtype=pl.String)})
    found = fw.reconcile(stock(A=5.1), right, key="sku", compare="qty", duplicates={"right": rule})
    assert told(found)["A"][1] == code
    assert found.differences["old"][0] == (5 if code == "within" else None)
    refused = len(quantities) if code == "right.no_number" else 0
    assert (found.counts["refused_right"], adds_up(found)) == (refused, True)


def test_what_is_no_number_refuses_a_row_of_which_something_else_is_missing() -> None:
    """P27: a missing quantity of the right does not hide that another is no number."""
    right = [{"sku": "a", "q": None, "r": "n/a"}]
    found = fw.reconcile([{"sku": "a", "q": 1, "r": 2}], right, key="sku", compare=["q", "r"])
    assert {line["code"] for line in found.differences} == {"right.no_number"}
    assert (found.counts["refused_right"], adds_up(found)) == (1, True)


def test_a_row_without_a_whole_key_is_refused() -> None:
    """A key with an empty part meets nothing, not even another empty one."""
    rows = pl.DataFrame({"loc": ["A", None, "B"], "sku": ["1", "2", " "], "qty": [1, 2, 3]})
    found = fw.reconcile(rows, rows, key=["loc", "sku"])
    lines = found.differences.select("action", "code").rows()
    assert lines == [("none", "equal")] + [("refused", "left.no_key")] * 2 + [("refused", "right.no_key")] * 2
    assert adds_up(found)


def test_keys_of_different_types_are_told_apart_loudly() -> None:
    """P32: "1" and 1 never meet in silence: it is an error that names both, and the way out."""
    texts, numbers = pl.DataFrame({"k": ["1"], "q": [1]}), pl.DataFrame({"k": [1], "q": [1]})
    with pytest.raises(ConfigError, match=r"k holds String on the left and Int64 .*'1' is not 1.*\n.*as_text=True"):
        fw.reconcile(texts, numbers, key="k")
    found = fw.reconcile(texts, numbers, key="k", as_text=True)
    assert (found.counts["matched"], found.actions["none"]) == (1, 1)
    with pytest.raises(ConfigError, match="the key k of the left holds Float64"):
        fw.reconcile(pl.DataFrame({"k": [1.5], "q": [1]}), numbers, key="k")


def test_keys_of_whole_numbers_meet_whatever_their_width() -> None:
    """A pandas column of whole numbers that met a null is one of floats, and is read as what it was."""
    left = pd.DataFrame({"k": [1.0, 2.0, None], "q": [1, 2, 3]})
    right = pl.DataFrame({"k": pl.Series([1, 2], dtype=pl.Int16), "q": [1, 2]})
    found = fw.reconcile(left, right, key="k")
    assert (found.counts["matched"], found.counts["refused_left"]) == (2, 1)
    big = pl.DataFrame({"k": pl.Series([2**63 + 1], dtype=pl.UInt64), "q": [1]})
    assert fw.reconcile(big, right, key="k").counts["matched"] == 0


@pytest.mark.parametrize(
    "keys",
    [
        [date(2026, 1, 1)],
        [datetime(2026, 1, 1, 8, tzinfo=UTC)],
        [True],
    ],
)
def test_keys_may_be_dates_and_instants(keys: list[Any]) -> None:
    """Days and instants are keys like any other."""
    rows = pl.DataFrame({"k": keys, "q": [1]})
    assert fw.reconcile(rows, rows.to_pandas() if isinstance(keys[0], datetime) else rows, key="k").actions["none"] == 1


@pytest.mark.parametrize(("left", "right"), [("00815", "815"), ("A-1 ", "A-1"), ("sku-x", "SKU-X")])
def test_keys_that_differ_by_accident_are_for_review(left: str, right: str) -> None:
    """Keys that differ in blanks, case or zeros in front alone are neither created nor zeroed: both are for review."""
    found = fw.reconcile([{"sku": left, "qty": 4}], [{"sku": right, "qty": 4}], key="sku")
    assert told(found) == {left: ("review", "key.nearly"), right: ("review", "key.nearly")}
    assert {line["code"] for line in found.issues} == {"reconcile.key.nearly"}
    assert {line["severity"] for line in found.issues} == {"warning"}
    assert found.ok


def test_decimals_are_compared_exactly() -> None:
    """A float of a JSON and a text of a csv are the same number, and money has no dust."""
    assert one("78.68", 78.68)["action"] == "none"
    difference = one("0.30", "0.1", threshold_pct=None)
    assert (difference["difference"], difference["reason"]) == (
        Decimal("0.20"),
        "0.3 instead of 0.1 (+0.2, 200.0 %): within 10",
    )
    assert one(Decimal("1.10"), Decimal("1.1"))["action"] == "none"
    assert one("123456789012345", 123456789012346, threshold_abs=0)["code"] == "beyond.absolute"
    assert one("1234567890123456", 1)["code"] == "left.no_number"  # more digits than there is room for


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (100, 105, "within"),  # on the threshold is within
        (100, 106, "beyond.percent"),
        (1000, 1011, "beyond.absolute"),
        (100, 111, "beyond.both"),
        (0, 10, "within"),  # of zero there are no per cent
        (0, 11, "beyond.absolute"),
        (-100, -104, "within"),
        (-100, -106, "beyond.percent"),
        ("0.70", "0.735", "within"),
        ("0.70", "0.7351", "beyond.percent"),
    ],
)
def test_thresholds_are_exact_on_their_edge(old: Any, new: Any, code: str) -> None:
    """A difference on a threshold is within it; per cent are of old's size, and none of zero."""
    difference = one(new, old, allow_negative=True)
    assert difference["code"] == code
    assert (difference["percent"] is None) == (old == 0)


@pytest.mark.parametrize("percent", [0, 5])
def test_of_an_old_zero_no_share_is_small(percent: float) -> None:
    """Where per cent alone are given, any difference from an old zero is beyond them: there are none of nothing."""
    terms: dict[str, Any] = {"threshold_pct": percent, "threshold_abs": None}
    found = one(10000, 0, **terms)
    assert (found["action"], found["code"]) == ("review", "beyond.percent")
    assert one(10000, 0, rule="any", **terms)["action"] == "review"
    assert one(0, 0, **terms)["action"] == "none"
    assert one(10000, 0, threshold_pct=None, threshold_abs=None)["action"] == "update"


def test_one_threshold_can_be_enough() -> None:
    """With rule="any" a difference is beyond only if it is beyond both; without thresholds nothing is."""
    assert one(3, 2)["action"] == "review"
    assert one(3, 2, rule="any")["action"] == "update"
    assert one(30, 2, rule="any")["code"] == "beyond.both"
    assert one(11, 0, rule="any")["code"] == "beyond.absolute"
    assert one(999, 2, threshold_pct=None, threshold_abs=None)["action"] == "update"
    assert one(3, 2, threshold_pct=0, threshold_abs=0)["action"] == "review"


def test_what_differences_lead_to_can_be_chosen() -> None:
    """Small differences can be left, great ones taken; keys of one side alone reviewed, removed or left."""
    assert one(101, 100, within="none")["action"] == "none"
    assert one(900, 100, beyond="update")["action"] == "update"
    left, right = stock(a=1), stock(b=2, c=0)
    found = fw.reconcile(left, right, key="sku", only_left="review", only_right="remove")
    assert told(found)["a"] == ("review", "left.only")
    assert told(found)["b"] == ("remove", "right.only")
    assert found.differences["new"].to_list() == [1, None, None]
    left_alone = fw.reconcile(left, right, key="sku", only_right="none")
    assert told(left_alone)["b"] == ("none", "right.only")
    assert left_alone.differences["difference"].null_count() == 3
    assert told(fw.reconcile(left, right, key="sku"))["c"] == ("none", "right.only")  # it is zero already


def test_a_quantity_below_zero_is_looked_at() -> None:
    """A stock below zero is for review, unless such are allowed."""
    assert one(-2, 0)["code"] == "new.negative"
    assert one(-2, 0, allow_negative=True)["code"] == "within"
    assert one(0, -2, threshold_pct=None)["action"] == "update"


def test_only_the_quantity_that_is_below_zero_is_said_to_be() -> None:
    """Whether a quantity is below zero is told of it alone, once rows of its key are one, before what is less."""
    both = fw.reconcile([{"sku": "a", "q": -1, "r": 5}], [{"sku": "a", "q": 0, "r": 5}], key="sku", compare=["q", "r"])
    assert [line["code"] for line in both.differences] == ["new.negative", "equal"]
    assert both.differences[0]["reason"] == "the left says -1, which is below zero"
    bins = pl.DataFrame({"sku": ["a", "a", "b", "b"], "qty": [-1, 5, -5, 1]})
    summed = fw.reconcile(bins, stock(a=4, b=4), key="sku", duplicates="sum")
    assert told(summed) == {"a": ("none", "equal"), "b": ("review", "new.negative")}
    assert summed.differences["reason"][1] == "the left says -4, which is below zero"
    less = fw.reconcile(
        [{"sku": "a", "qty": "-1.5", "held": 2}, {"sku": "b", "qty": "1", "held": 2}],
        stock(a=0, b=0),
        key="sku",
        compare="qty",
        less="held",
    )
    assert [line["reason"] for line in less.differences] == ["the left says -1.5, which is below zero", "both say 0"]


def test_a_table_of_buffers_without_a_row_keeps_nothing_back(tmp_path: Path) -> None:
    """Buffers that have a header alone are none."""
    (tmp_path / "buffers.csv").write_text("sku,buffer\n", "utf-8")
    found = fw.reconcile(stock(a=5, b=6), stock(a=5, b=6), key="sku", buffers=str(tmp_path / "buffers.csv"))
    assert found.differences["new"].to_list() == [5, 6]
    assert found.differences["kept_back"].to_list() == [0, 0]


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [([1, 2], [1, -7], pl.Int64), ([1, 2**63], [1, 7], pl.UInt64), ([1, 2**63], [1, -7], pl.String)],
)
def test_whole_numbers_of_any_size_are_keys_that_can_be_written(
    left: list[int], right: list[int], kind: Any, tmp_path: Path
) -> None:
    """Keys without a sign meet those with one, in a type that every file has room for."""
    rows = [
        pl.DataFrame({"sku": pl.Series(keys, dtype=own), "qty": [1, 2]})
        for keys, own in ((left, pl.UInt64), (right, pl.Int64))
    ]
    found = fw.reconcile(*rows, key="sku")
    assert found.counts["matched"] == 1
    found.write(tmp_path)
    written = pl.read_parquet(tmp_path / "differences.parquet")["sku"]
    assert written.dtype == kind
    assert written.cast(pl.String).to_list() == [str(key) for key in (*left, right[1])]


def test_buffers_are_kept_back_before_anything_is_compared() -> None:
    """A number for all, a column of the left, or a table by location and product; never below zero."""
    left = pl.DataFrame({"loc": ["A", "A", "B", "B"], "sku": ["1", "2", "1", "2"], "qty": [10, 10, 10, 3]})
    key = ["loc", "sku"]

    def new(**kept: Any) -> list[int]:
        return (
            fw.reconcile(left.with_columns(held=pl.lit("2")), left, key=key, compare="qty", **kept)
            .differences["new"]
            .to_list()
        )

    assert new(buffers=4) == [6, 6, 6, 0]
    assert new(less="held") == [8, 8, 8, 1]
    assert new(less="held", buffers=4) == [4, 4, 4, 0]
    table = [
        {"loc": None, "sku": None, "buffer": 1},
        {"loc": "A", "sku": None, "buffer": 2},
        {"loc": None, "sku": "1", "buffer": 3},
        {"loc": "B", "sku": "1", "buffer": "0"},
    ]
    assert new(buffers=table) == [7, 8, 10, 2]  # the most exact line, of several the greatest
    assert new(buffers=pl.DataFrame({"sku": ["2"], "buffer": [5]})) == [10, 5, 10, 0]
    found = fw.reconcile(left, left, key=key, compare="qty", buffers=4)
    assert found.differences["kept_back"].to_list() == [4, 4, 4, 4]


@pytest.mark.parametrize(
    ("buffers", "said"),
    [
        (-1, "buffers is -1"),
        ([{"sku": "a", "buffer": "many"}], "row 1 of the buffers holds 'many'"),
        ([{"sku": "a"}], "no column 'buffer'"),
        ([{"shop": "a", "buffer": 1}], "a column 'shop'"),
    ],
)
def test_buffers_that_are_none_are_refused(buffers: Any, said: str) -> None:
    """P32: a buffer that is no number, or a table with other columns, is an error that says which."""
    with pytest.raises(ConfigError, match=said):
        fw.reconcile(stock(a=1), stock(a=1), key="sku", buffers=buffers)


def test_names_may_differ_and_several_quantities_are_a_line_each() -> None:
    """Key and quantities are named on both sides; each quantity has a line of its own."""
    left = [{"sku": "a", "counted": "5", "price": 1.5}]
    right = [{"product": "a", "onHand": 5, "cost": "1.25"}]
    found = fw.reconcile(
        left, right, key={"sku": "product"}, compare={"counted": "onHand", "price": "cost"}, threshold_pct=None
    )
    lines = [(line["field"], line["old"], line["action"]) for line in found.differences]
    assert lines == [("counted", 5, "none"), ("price", Decimal("1.25"), "update")]
    assert adds_up(found)


def test_all_numbers_that_both_sides_have_are_compared_unless_named() -> None:
    """Without compare= the columns of numbers with one name are compared, and nothing of the row's identity."""
    left = pl.DataFrame({"sku": ["a"], "x": [1], "y": [2.0], "z": ["3"], "_row": [7]})
    found = fw.reconcile(left, left.with_columns(w=4), key="sku")
    assert found.differences["field"].to_list() == ["x", "y"]
    assert found.differences["_row"].to_list() == [7, 7]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"key": "skuu"}, "the left has no column 'skuu'.*did you mean 'sku'"),
        ({"key": {"sku": "product"}}, "the right has no column 'product'"),
        ({"key": []}, "the key names no column"),
        ({"key": ["sku", "qty"]}, "no quantity to compare"),
        ({"key": "sku", "compare": ["qty", "qty2"]}, "no column 'qty2'"),
        ({"key": "sku", "compare": "sku"}, "named twice"),
        ({"key": 3}, "names no columns"),
        ({"key": "sku", "threshold_pct": -1}, "threshold_pct is -1"),
        ({"key": "sku", "threshold_abs": float("nan")}, "threshold_abs is nan"),
        ({"key": "sku", "threshold_abs": True}, "threshold_abs is True"),
        ({"key": "sku", "rule": "some"}, "rule='some' is not known"),
        ({"key": "sku", "only_right": "delete"}, "known: zero, remove, review, none"),
        ({"key": "sku", "duplicates": {"centre": "sum"}}, "no side centre"),
        ({"key": "sku", "duplicates": "average"}, "duplicates='average'"),
    ],
)
def test_a_call_that_cannot_be_says_why(call: dict[str, Any], said: str) -> None:
    """P32: a mistake in the call names the argument, what was given and what is known."""
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        fw.reconcile(stock(a=1), stock(a=1), **call)


def test_a_quantity_is_a_column_of_numbers_or_texts() -> None:
    """A column of days is no quantity, and a key that is named like a column of the result is refused."""
    days = pl.DataFrame({"sku": ["a"], "on": [date(2026, 1, 1)]})
    with pytest.raises(ConfigError, match="on of the left holds Date"):
        fw.reconcile(days, days, key="sku", compare="on")
    taken = pl.DataFrame({"action": ["a"], "qty": [1]})
    with pytest.raises(ConfigError, match="cannot have a column action"):
        fw.reconcile(taken, taken, key="action")
    for key, kind in ((["a"], "List"), (timedelta(days=1), "Duration"), (b"a", "Binary")):
        other = pl.DataFrame({"k": [key], "qty": [1]})
        with pytest.raises(ConfigError, match=f"the key k of the left holds {kind}"):
            fw.reconcile(other, other, key="k")


def test_an_empty_side_is_all_of_one() -> None:
    """An empty right has every key to be created; two empty sides have nothing."""
    rows, nothing = stock(a=1), pl.DataFrame(schema={"sku": pl.String, "qty": pl.Int64})
    assert fw.reconcile(rows, nothing, key="sku").actions["create"] == 1
    assert fw.reconcile(nothing, rows, key="sku").actions["zero"] == 1
    empty = fw.reconcile(nothing, nothing, key="sku")
    assert (empty.differences.height, empty.summary) == (0, "0 rows left, 0 right, 0 keys on both: nothing to compare")
    table = pa.table({"sku": pa.array([], pa.string()), "qty": pa.array([], pa.int64())})
    assert fw.reconcile(table, rows, key="sku").actions["zero"] == 1


def test_nobody_s_frame_is_changed() -> None:
    """What a caller gave is the same afterwards."""
    left = pd.DataFrame({"sku": ["a", "b"], "qty": ["1", "x"]})
    before = left.copy()
    fw.reconcile(left, left, key="sku", compare="qty", buffers=1)
    pd.testing.assert_frame_equal(left, before)


def test_a_result_shows_itself_harmlessly() -> None:
    """P25: the line and the HTML hold the figures and no live tag of the data's, however long it is."""
    bad = "<script>alert(1)</script>" + "x" * 10_000
    found = fw.reconcile(
        [{"sku": bad, "qty": "<b>"}, {"sku": "مرحبا🎁", "qty": 1}], stock(a=1), key="sku", compare="qty"
    )
    shown = found._repr_html_()
    assert str(found) == repr(found) == found.summary
    assert "<script>" not in shown
    assert "<b>" not in shown.replace(f"<b>{found.summary}</b>", "")
    assert len(shown) < 10_000


def test_actions_and_codes_are_closed_sets() -> None:
    """Each action and code that a line may have is listed, the codes with what they mean."""
    left = pl.DataFrame(
        {"sku": ["a", "a", "b", "c", None, "e", "f", "00g"], "qty": ["1", "2", "x", "-1", "1", "", "9", "1"]}
    )
    found = fw.reconcile(left, stock(b=1, c=1, d=1, e=1, f=None, g=1), key="sku", compare="qty")
    assert set(found.differences["action"]) <= set(ACTIONS)
    assert set(found.differences["code"]) <= set(CODES)
    assert sum(found.actions.values()) == found.differences.height
