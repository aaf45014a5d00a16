from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork.errors import ConfigError
from fcwork.reconciliation import Reconciliation

LEFT = pl.DataFrame(
    {"loc": ["A", "A", "A", "B"], "sku": ["1", "2", "3", "4"], "qty": ["101", "130", "7", "9"], "note": list("wxyz")}
)
RIGHT = pl.DataFrame({"loc": ["A", "A", "A", "C"], "product": ["1", "2", "3", "9"], "onHand": [100, 100, 7, 5]})


def found(left: Any = LEFT, right: Any = RIGHT, **terms: Any) -> Reconciliation:
    """Return what is compared in these tests: an update, a review, an equal, a create and a zero."""
    return fw.reconcile(left, right, key={"loc": "loc", "sku": "product"}, compare={"qty": "onHand"}, **terms)


def answered(result: Reconciliation, folder: Path, *words: str) -> Path:
    """Return the file for people with their answers in it."""
    path = result.write(folder)[0]
    rows = pl.read_csv(path, infer_schema=False).with_columns(approve=pl.Series(words))
    rows.write_csv(folder / "approvals.csv")
    return folder / "approvals.csv"


def test_updates_within_the_thresholds_go_by_themselves() -> None:
    """Unless told otherwise only updates go without approval: the left's row with the new quantity as a number."""
    approval = found().approved()
    assert approval.rows.rows() == [("A", "1", 101, "w", 1, "")]
    assert approval.counts == {"approved": 1, "waiting": 3, "removals": 0, "stale": 0}
    assert approval.waiting["action"].to_list() == ["review", "create", "zero"]
    every = found().approved(auto=["update", "create", "zero"])
    assert every.rows.select("loc", "sku", "qty", "note").rows() == [
        ("A", "1", 101, "w"),
        ("B", "4", 9, "z"),
        ("C", "9", 0, None),
    ]


def test_what_a_human_said_of_the_file_is_followed(tmp_path: Path) -> None:
    """A yes lets go what waits, a no keeps back what would go by itself, and nothing says nothing."""
    approval = found().approved(approvals=answered(found(), tmp_path, "No", "YES", "", "x"))
    assert approval.rows.select("sku", "qty").rows() == [("2", 130), ("9", 0)]
    assert approval.waiting["sku"].to_list() == ["1", "4"]
    assert approval.counts["stale"] == 0


@pytest.mark.parametrize(
    "key",
    [
        "=1+1",
        "+A",
        "-5",
        "@x",
        "'=1",
        "\t=x",
        " a",
        "a,b",
        'q"x',
        "l\nine",
        "001",
        "NULL",
        "NaN",
        "1e5",
        "🎁",
        "x" * 5_000,
    ],
)
def test_a_key_comes_back_from_the_file_as_it_was(tmp_path: Path, key: str) -> None:
    """P25, P33: whatever a key is, a yes beside it in the file for people is a yes to that very key."""
    sides = (pl.DataFrame({"sku": [key], "qty": [number]}) for number in (200, 100))
    result = fw.reconcile(*sides, key="sku")
    approval = result.approved(approvals=answered(result, tmp_path, "yes"))
    assert (approval.rows["sku"].to_list(), approval.counts["stale"]) == ([key], 0)


def test_an_approval_of_what_has_changed_since_is_not_followed(tmp_path: Path) -> None:
    """What was approved is the very difference that was shown: another quantity now is told, and waits."""
    path = answered(found(), tmp_path, "", "yes", "yes", "yes")
    later = found(LEFT.with_columns(qty=pl.Series(["101", "140", "7", "9"])), RIGHT.filter(pl.col("product") != "9"))
    approval = later.approved(approvals=path)
    assert approval.rows.select("sku", "qty").rows() == [("1", 101), ("4", 9)]
    assert approval.issues.select("row", "key", "code").rows() == [
        (2, "A:2", "reconcile.approval.stale"),
        (4, "C:9", "reconcile.approval.unknown"),
    ]
    assert approval.counts["stale"] == 2


def test_an_approval_by_key_alone_is_of_whatever_is_there() -> None:
    """A list of keys with a yes is enough, where somebody keeps one."""
    approval = found().approved(auto=(), approvals=[{"loc": "A", "sku": "2", "approve": True}])
    assert approval.rows.select("sku", "qty").rows() == [("2", 130)]


def test_a_key_with_several_quantities_goes_as_a_whole() -> None:
    """While one of its quantities waits the key waits."""
    left = [{"sku": "a", "qty": 101, "held": 50}, {"sku": "b", "qty": 101, "held": 1}]
    right = [{"sku": "a", "qty": 100, "held": 1}, {"sku": "b", "qty": 100, "held": 1}]
    result = fw.reconcile(left, right, key="sku")
    assert [row["sku"] for row in result.approved().rows] == ["b"]
    yes = [{"sku": "a", "field": "held", "approve": "yes"}]
    assert [(row["sku"], row["qty"], row["held"]) for row in result.approved(approvals=yes).rows] == [
        ("a", 101, 50),
        ("b", 101, 1),
    ]


def test_rows_that_could_not_be_compared_hold_everything_back() -> None:
    """P33: with more refused rows than allowed nothing is approved, and the result says so."""
    result = found(LEFT.with_columns(qty=pl.Series(["101", "130", "?", "9"])))
    approval = result.approved()
    assert (approval.rows.height, approval.counts["waiting"]) == (0, 4)
    assert approval.record()["state"] == "REFUSED"
    assert "2 rows were refused, at most 0 may be" in approval.summary
    assert result.approved(max_refused=2).rows.height == 1
    assert result.approved(max_refused=None).record()["state"] == "COMPLETED_WITH_ERRORS"


def test_what_is_to_go_from_the_right_is_a_pile_of_its_own() -> None:
    """Removals are rows of the right, and never rows to load."""
    approval = found(only_right="remove").approved(auto=["remove"])
    assert approval.rows.height == 0
    assert approval.removals.select("loc", "product", "onHand").rows() == [("C", "9", 5)]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"auto": ["review"]}, "'review' cannot go without approval"),
        ({"auto": "everything"}, "'everything'"),
        ({"approvals": [{"loc": "A", "approve": "yes"}]}, "no column 'sku'"),
        ({"approvals": [{"loc": "A", "sku": "2", "approve": "maybe"}]}, "say 'maybe'"),
    ],
)
def test_an_approval_that_cannot_be_says_why(terms: dict[str, Any], said: str) -> None:
    """P32: an unknown action, a missing column or a word that is neither yes nor no is an error that names it."""
    with pytest.raises(ConfigError, match=said):
        found().approved(**terms)


def test_the_file_for_people_is_safe_in_a_spreadsheet(tmp_path: Path) -> None:
    """P25: a key like a formula is text in differences.csv; differences.parquet holds every line exactly."""
    rows = [{"sku": "=1+1", "qty": 2}, {"sku": "b", "qty": 1}]
    result = fw.reconcile(rows, [{"sku": "b", "qty": 1}], key="sku")
    csv, parquet = result.write(tmp_path)
    assert [path.name for path in (csv, parquet)] == ["differences.csv", "differences.parquet"]
    assert "'=1+1" in csv.read_text("utf-8-sig")
    assert pl.read_parquet(parquet).height == 2
    issues = fw.reconcile([{"sku": "b", "qty": "?"}], rows, key="sku", compare="qty").write(tmp_path)[-1]
    assert (issues.name, "reconcile.left.no_number" in issues.read_text("utf-8-sig")) == (
        "reconciliation_issues.csv",
        True,
    )


def test_an_approval_shows_itself_harmlessly() -> None:
    """P25: what waits is shown without a live tag."""
    approval = fw.reconcile([{"sku": "<script>", "qty": 2}], [{"sku": "b", "qty": 1}], key="sku").approved()
    assert "<script>" not in approval._repr_html_()
    assert str(approval) == "0 approved, 2 waiting for approval"


def test_shares_are_shown_to_one_digit() -> None:
    """A share is shown as people read it, in the frame it is whole."""
    approval = fw.reconcile([{"sku": "a", "qty": 10}], [{"sku": "a", "qty": 7}], key="sku", threshold_pct=5).approved()
    assert "42.9" in approval._repr_html_()
    assert "42.85" not in approval._repr_html_()
    assert str(approval.waiting[0]["percent"]).startswith("42.857142")


def test_rows_of_both_sides_can_be_loaded_together() -> None:
    """P26: a row of the left and one of the right have places of their own, though both frames count from 1."""
    left, right = pl.DataFrame({"sku": ["a"], "qty": [101]}), pl.DataFrame({"sku": ["b", "a"], "qty": [5, 100]})
    rows = fw.reconcile(left, right, key="sku").approved(auto=["update", "zero"]).rows
    assert rows.select("sku", "qty", "_row", "_source").rows() == [("a", 101, 1, ""), ("b", 0, 1, "right")]
