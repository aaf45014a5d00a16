"""Whatever two sides hold: each row is accounted for, each key judged as by hand; what is approved makes them equal."""

import tempfile
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fcwork as fw
from fcwork import frames
from fcwork.clock import ManualClock
from fcwork.reconciliation import ACTIONS, CODES, Reconciliation
from fcwork.simulator import Simulator

KEYS = st.sampled_from(
    ["A", "a", " A", "B", "01", "1", "001", "é", "🎁", "<b>", "", "  ", None, "A,B", 'q"', "x" * 300]
)
TEXTS = st.sampled_from(
    [
        "12",
        " 12 ",
        "12.50",
        "1e2",
        "0",
        "-3",
        "+4",
        ".5",
        "7.",
        "n/a",
        "1,5",
        "",
        " ",
        None,
        "NaN",
        "inf",
        "١٢",
        "9" * 40,
    ]
)
WHOLE = st.one_of(st.none(), st.integers(-50, 200))
MONEY = st.one_of(st.none(), st.decimals(-50, 200, places=2))
FLOATS = st.one_of(st.none(), st.sampled_from([0.1, 0.3, 12.5, 100.0, 78.68, -0.0, float("nan")]))
COLUMNS: list[tuple[Any, pl.DataType]] = [
    (TEXTS, pl.String()),
    (WHOLE, pl.Int64()),
    (MONEY, pl.Decimal(20, 2)),
    (FLOATS, pl.Float64()),
]
KINDS: list[Callable[[pl.DataFrame], Any]] = [
    pl.DataFrame.lazy,
    pl.DataFrame.to_pandas,
    pl.DataFrame.to_arrow,
    pl.DataFrame.to_dicts,
]
MAPPING = {
    "fields": {
        "locationRef": {"source": "locationRef", "required": True},
        "skuRef": {"source": "productRef", "required": True},
        "qty": {"source": "onHand", "required": True, "resolver": "sdk.parseInt"},
        "type": {"value": "LAST_ON_HAND"},
        "status": {"value": "ACTIVE"},
    }
}
SAID = ("sku", "old", "new", "action", "code")


@st.composite
def sides(draw: st.DrawFn) -> pl.DataFrame:
    """Draw the rows of a side: some keys, quantities of one type."""
    values, kind = draw(st.sampled_from(COLUMNS))
    rows = draw(st.lists(st.tuples(KEYS, values), max_size=12))
    schema = {"sku": pl.String(), "qty": kind}
    return pl.DataFrame({"sku": [key for key, _ in rows], "qty": [value for _, value in rows]}, schema=schema)


def number(value: Any) -> Decimal | str:
    """Return a quantity as people read it, or why it is none."""
    if value is None or value != value or (isinstance(value, str) and not value.strip()):  # noqa: PLR0124 - NaN
        return "no_quantity"
    text = str(value).strip()
    plain = text.isascii() and text[-1] not in "nNfF" and "," not in text and "/" not in text
    return Decimal(text) if plain and abs(Decimal(text)) < Decimal(10**15) else "no_number"


def by_key(side: pl.DataFrame) -> tuple[dict[str, list[Decimal | str]], int]:
    """Return the quantities of each key, and how many rows have none."""
    found: dict[str, list[Decimal | str]] = defaultdict(list)
    keyless = 0
    for key, value in side.iter_rows():
        if key is None or not key.strip():
            keyless += 1
        else:
            found[key].append(number(value))
    return found, keyless


def refusal(name: str, values: list[Decimal | str]) -> str:
    """Return why a side's rows of a key cannot be compared; empty where they can."""
    wrong = [value for value in values if isinstance(value, str)]
    if wrong and not (name == "right" and wrong[0] == "no_quantity" and len(values) == 1):
        return f"{name}.{wrong[0]}" if len(values) == 1 else name
    return name if len(values) > 1 else ""


def judged(old: Decimal | str, new: Decimal | str) -> str:
    """Return the code of two quantities, by hand, at 5 per cent and 10."""
    if isinstance(new, str) or new < 0:
        return "new.negative"
    if isinstance(old, str):
        return "old.missing"
    far = abs(new - old)
    if not far:
        return "equal"
    percent, absolute = bool(old) and 100 * far > 5 * abs(old), far > 10
    beyond = {(True, True): "both", (True, False): "percent", (False, True): "absolute"}
    return f"beyond.{beyond[percent, absolute]}" if percent or absolute else "within"


def adds_up(found: Reconciliation) -> bool:
    """Say whether the rows of each side, and the lines, are all accounted for."""
    counts = found.counts
    whole = [
        counts[side]
        == counts["matched"] + counts[f"only_{side}"] + counts[f"refused_{side}"] + counts[f"merged_{side}"]
        for side in ("left", "right")
    ]
    lines = frames.enter(found.differences)
    return all(whole) and sum(found.actions.values()) == lines.height and min(counts.values()) >= 0


@settings(max_examples=60, deadline=None)
@given(left=sides(), right=sides())
def test_every_key_is_judged_as_by_hand(left: pl.DataFrame, right: pl.DataFrame) -> None:
    """P26, P27: rows = matched + alone + refused; each key has the line that a person who reads both would write."""
    found = fw.reconcile(left, right, key="sku", compare="qty")
    assert adds_up(found)
    (ours, no_left), (theirs, no_right) = by_key(left), by_key(right)
    refused = {"left": no_left, "right": no_right}
    lines = {row["sku"]: row for row in found.differences.iter_rows(named=True) if row["sku"] in {*ours, *theirs}}
    assert lines.keys() == {*ours, *theirs}
    assert found.differences.height == len(lines) + no_left + no_right
    for key, line in lines.items():
        one, other = ours.get(key, []), theirs.get(key, [])
        why = refusal("left", one) or refusal("right", other)
        if why:
            refused["left"] += len(one)
            refused["right"] += len(other)
            assert line["action"] == "refused"
            assert line["code"].startswith(why)
            assert line["new"] is None
        elif one and other:
            assert line["code"] == judged(other[0], one[0])
            assert (line["new"], line["old"]) == (one[0], None if isinstance(other[0], str) else other[0])
        else:
            usual = ("new.negative" if judged(0, one[0]) == "new.negative" else "left.only") if one else "right.only"
            assert line["code"] in {usual, "key.nearly"}
    assert (found.counts["refused_left"], found.counts["refused_right"]) == (refused["left"], refused["right"])
    assert set(found.differences["action"]) <= set(ACTIONS)
    assert set(found.differences["code"]) <= set(CODES)


@settings(max_examples=30, deadline=None)
@given(
    left=sides(),
    right=sides(),
    kind=st.sampled_from(KINDS),
    rule=st.sampled_from(["refuse", "sum", "min", "max", "last"]),
)
def test_each_kind_of_frame_says_the_same(
    left: pl.DataFrame, right: pl.DataFrame, kind: Callable[[pl.DataFrame], Any], rule: Any
) -> None:
    """P23: pandas, pyarrow, lazy frames and records give the lines and counts of polars; merged rows are counted."""
    terms: dict[str, Any] = {"key": "sku", "compare": "qty", "duplicates": rule}
    plain = fw.reconcile(left, right, **terms)
    assert adds_up(plain)
    if not (left.height and right.height):
        return  # an empty frame of records has no columns
    found = fw.reconcile(kind(left), kind(right), **terms)
    assert (found.counts, found.actions) == (plain.counts, plain.actions)
    assert frames.enter(found.differences).select(SAID).rows() == plain.differences.select(SAID).rows()


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_what_is_approved_makes_both_sides_equal(data: st.DataObject) -> None:
    """P33: of what was approved both sides say the same after it was loaded; what nobody approved is as it was."""
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FCWORK_HOME", home)  # of its own, as the checkpoints of another example are
        applied(data)


def applied(data: st.DataObject) -> None:
    """Compare stock that was counted with what a platform holds, apply what somebody said yes to, and look again."""
    clock = ManualClock()
    simulator = Simulator(positions=12, clock=clock)
    with fw.FluentClient(**simulator.connect(), transport=simulator.transport(), clock=clock) as client:
        right = stock_of(client)
        changes = data.draw(
            st.lists(st.sampled_from([0, 0, 1, -1, 40, None]), min_size=right.height, max_size=right.height)
        )
        kept = right.with_columns(change=pl.Series(changes, dtype=pl.Int64)).filter(pl.col("change").is_not_null())
        new = pl.DataFrame({"locationRef": ["LOC001"], "productRef": ["SKU-NEW"], "onHand": [5]}, schema=right.schema)
        left = pl.concat([kept.with_columns((pl.col("onHand") + pl.col("change")).clip(0)).drop("change"), new])
        found = reconciled(left, right)
        asked = found.changes.select("locationRef", "productRef")
        said = data.draw(st.lists(st.sampled_from(["yes", "no"]), min_size=asked.height, max_size=asked.height))
        approval = found.approved(approvals=asked.with_columns(approve=pl.Series(said, dtype=pl.String)))
        result = fw.ingest(client, approval.rows, mapping=MAPPING, rules={}, clock=clock).apply(dry_run=False)
        assert result.ok
        assert result.counts["delivered"] == approval.counts["approved"] == said.count("yes")
        again = reconciled(left, stock_of(client))
        assert (
            again.changes.select("locationRef", "productRef").rows()
            == approval.waiting.select("locationRef", "productRef").rows()
        )


def stock_of(client: fw.FluentClient) -> pl.DataFrame:
    """Return what the platform holds, where it holds a quantity."""
    stock = fw.reconciliation.take("fluent:inventory_positions", client=client)
    return stock.select("locationRef", "productRef", pl.col("onHand").cast(pl.Int64)).drop_nulls()


def reconciled(left: pl.DataFrame, right: pl.DataFrame) -> Reconciliation:
    """Compare stock."""
    return fw.reconcile(left, right, key=["locationRef", "productRef"], compare="onHand")
