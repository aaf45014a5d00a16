from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork.errors import ConfigError
from fcwork.reconciliation import Reconciliation, showing
from fcwork.redact import MASK

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
    assert approval.counts["stale"] == 1


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


@pytest.mark.parametrize(
    ("shown", "today"),
    [(("10.9", "14.2"), ("10", "14")), (("10.12", "10.5"), ("10.1", "10.5")), (("10", "n/a"), ("10", "14"))],
)
def test_an_approval_is_of_the_very_numbers_that_were_shown(shown: tuple[str, str], today: tuple[str, str]) -> None:
    """P33: what was approved is never cut to the digits of today: 14.2 is not 14, and a text is no number."""
    result = fw.reconcile([{"sku": "a", "qty": today[1]}], [{"sku": "a", "qty": today[0]}], key="sku", compare="qty")
    said = [{"sku": "a", "old": shown[0], "new": shown[1], "approve": "yes"}]
    approval = result.approved(approvals=said)
    assert (approval.rows, approval.counts["stale"]) == ([], 1)
    whole = [{"sku": "a", "old": f"{float(today[0]):.3f}", "new": f" {float(today[1]):.2f} ", "approve": "yes"}]
    assert result.approved(approvals=whole).counts == {"approved": 1, "waiting": 0, "removals": 0, "stale": 0}


def test_a_quantity_that_nobody_had_is_approved_as_none() -> None:
    """An ``old`` that was empty meets one that is empty today, of whatever type the column is."""
    result = fw.reconcile([{"sku": "a", "qty": 3}], [{"sku": "a", "qty": ""}], key="sku", compare="qty")
    for empty in (None, " "):
        said = [{"sku": "a", "old": empty, "new": 3, "action": "review", "approve": "yes"}]
        assert result.approved(approvals=said).counts["approved"] == 1


@pytest.mark.parametrize("word", ["no", "yes"])
def test_an_answer_that_has_changed_since_holds_its_key_back(word: str) -> None:
    """P33: who said no, or yes, to 102 said nothing of 101: it does not go by itself either."""
    result = fw.reconcile([{"sku": "a", "qty": 102}], [{"sku": "a", "qty": 101}], key="sku")
    approval = result.approved(approvals=[{"sku": "a", "old": 100, "new": 102, "approve": word}])
    assert (approval.rows, approval.counts["waiting"], approval.counts["stale"]) == ([], 1, 1)


def test_a_yes_to_one_quantity_is_none_to_another() -> None:
    """With several quantities an answer says of which it is, or is of a key as a whole."""
    left, right = [{"sku": "a", "q": 50, "r": 500}], [{"sku": "a", "q": 1, "r": 1}]
    result = fw.reconcile(left, right, key="sku")
    said = [{"sku": "a", "old": 1, "new": 50, "approve": "yes"}]
    with pytest.raises(ConfigError, match="no column 'field'"):
        result.approved(approvals=said)
    assert result.approved(approvals=[{**said[0], "field": "q"}]).counts["approved"] == 0
    assert result.approved(approvals=[{"sku": "a", "approve": "yes"}]).counts["approved"] == 1


def test_an_approval_of_a_key_that_is_another_is_not_followed() -> None:
    """P33: a key in an answer is never cut to one that is there: 7.5 is not 7."""
    result = fw.reconcile([{"sku": 7, "qty": 50}], [{"sku": 7, "qty": 1}], key="sku")
    for key, approved in ((7.5, 0), ("7.9", 0), ("7", 1), (7.0, 1)):
        assert result.approved(approvals=[{"sku": key, "approve": "yes"}]).counts["approved"] == approved


NOON = datetime(2026, 1, 2, 12, 0, 0, 123456)  # noqa: DTZ001 - a key may have no zone
TYPED_KEYS = [
    pl.Series([date(1, 1, 1), date(2026, 1, 2), date(9999, 12, 31)]),
    pl.Series([NOON, NOON.replace(microsecond=0)]),
    pl.Series([NOON], dtype=pl.Datetime("ms")),
    pl.Series([1_767_355_200_123_456_789], dtype=pl.Int64).cast(pl.Datetime("ns")),
    pl.Series([NOON]).dt.replace_time_zone("UTC"),
    # the two half past two of a night in which the clock goes back
    pl.Series([datetime(2025, 10, 26, hour, 30, tzinfo=UTC) for hour in (0, 1)]).dt.convert_time_zone("Europe/Berlin"),
    pl.Series([time(7), time(7, 0, 0, 5)]),
    pl.Series([True, False]),
]


def of_keys(keys: pl.Series) -> Reconciliation:
    """Return what waits for approval under keys of any type."""
    return fw.reconcile(*(pl.DataFrame({"key": keys, "qty": [qty] * keys.len()}) for qty in (200, 100)), key="key")


@pytest.mark.parametrize("keys", TYPED_KEYS, ids=lambda keys: str(keys.dtype))
def test_a_key_that_is_no_text_is_approved_by_file(tmp_path: Path, keys: pl.Series) -> None:
    """P33: a yes in the file for people is a yes where a key is a date, an instant or a boolean, by path and frame."""
    result = of_keys(keys)
    path = answered(result, tmp_path, *["yes"] * keys.len())
    for approvals in (path, pl.read_csv(path, infer_schema=False)):
        approval = result.approved(approvals=approvals)
        assert (approval.rows["key"].to_list(), approval.issues.height) == (keys.to_list(), 0)


@pytest.mark.parametrize("keys", TYPED_KEYS, ids=lambda keys: str(keys.dtype))
@pytest.mark.parametrize("said", ["x", "", None, "01/02/2026", "2026-13-01", date(2031, 1, 1), NOON.replace(day=9), 5])
def test_a_key_that_cannot_be_read_approves_nothing(keys: pl.Series, said: Any) -> None:
    """P33: an answer whose key is none of the key's type is an unknown approval, and no error."""
    approval = of_keys(keys).approved(approvals=pl.DataFrame({"key": [said], "approve": ["yes"]}))
    assert approval.counts["approved"] == 0
    assert approval.issues["code"].to_list() == ["reconcile.approval.unknown"]


@pytest.mark.parametrize(
    ("key", "said", "approved"),
    [
        (NOON.date(), NOON, 0),
        (NOON.date(), datetime(2026, 1, 2), 1),  # noqa: DTZ001 - as pandas has days
        (NOON, "2026-01-02T12:00:00.1234561", 0),
        (NOON, "2026-01-02T12:00:00.1234560", 1),
        (NOON.replace(microsecond=0), "2026-01-02T12:00:00", 1),
        (True, "TRUE", 1),
    ],
)
def test_no_instant_is_cut_to_a_key(key: Any, said: Any, approved: int) -> None:
    """P33: noon is not the key of its day, nor an instant that of another with fewer digits."""
    result = of_keys(pl.Series([key]))
    assert result.approved(approvals=[{"key": said, "approve": "yes"}]).counts["approved"] == approved


def test_removals_that_were_approved_are_no_success() -> None:
    """P27: nothing here removes, so a run with approved removals ends with errors and says how many."""
    approval = found(only_right="remove").approved(auto=["remove"])
    told = approval.record(approval.to_file("feed.csv"))
    assert told["state"] == "COMPLETED_WITH_ERRORS"
    assert "1 removals are not carried out here" in told["summary"]
    assert found(only_right="remove").approved().record()["state"] == "SUCCEEDED"


@pytest.mark.parametrize("only_right", ["none", "remove"])
def test_a_key_that_is_nearly_another_is_never_removed(only_right: Any) -> None:
    """P33: only what was proposed as a removal is one; a yes to a look with nothing to apply is told, and waits."""
    left, right = pl.DataFrame({"sku": ["7"], "qty": [5]}), pl.DataFrame({"sku": ["007"], "qty": [5]})
    result = fw.reconcile(left, right, key="sku", only_right=only_right)
    approval = result.approved(approvals=[{"sku": "007", "approve": "yes"}])
    assert (approval.removals.height, approval.rows.height, approval.counts["waiting"]) == (0, 0, 2)
    assert approval.issues["code"].to_list() == ["reconcile.approval.nothing"]


def test_keys_that_were_compared_as_texts_are_sent_as_texts() -> None:
    """P33: no row is of a key that nobody compared: beside whole numbers "008" is neither 8 nor nothing."""
    left = pl.DataFrame({"sku": [7], "qty": [101]})
    right = pl.DataFrame({"sku": ["7", "008", "A1"], "qty": [100, 4, 5]})
    rows = fw.reconcile(left, right, key="sku", as_text=True).approved(auto=["update", "zero"]).rows
    assert rows.select("sku", "qty").rows() == [("7", 101), ("008", 0), ("A1", 0)]
    empty = left.clear().to_pandas().astype({"sku": "float64"})
    assert fw.reconcile(empty, right, key="sku").approved(auto=["zero"]).rows["sku"].to_list() == ["7", "008", "A1"]


@pytest.mark.parametrize(
    "name", ["pair", "side", "at", "at_right", "at_line", "line", "k0", "said", "goes", "value", "old_now", "told", "n"]
)
def test_columns_may_have_any_name(name: str) -> None:
    """P23: a key, a quantity or any other column keeps its name and values, whatever we call what we add."""
    left = pl.DataFrame({"sku": ["a", "b"], name: ["x", "y"], "qty": [101, 9]})
    right = pl.DataFrame({"sku": ["a", "c"], name: ["x", "z"], "qty": [100, 5]})
    every = {"auto": ["update", "create", "zero"]}
    other = fw.reconcile(left, right, key="sku", compare="qty").approved(**every)
    assert other.rows.select("sku", name, "qty").rows() == [("a", "x", 101), ("b", "y", 9), ("c", "z", 0)]
    key = fw.reconcile(left, right, key=["sku", name])
    said = key.changes.with_columns(approve=pl.lit("yes"))
    assert (
        key.approved(approvals=said).rows.select("sku", name, "qty").rows()
        == other.rows.select("sku", name, "qty").rows()
    )
    ours, theirs = (side.drop(name).rename({"qty": name}) for side in (left, right))
    assert fw.reconcile(ours, theirs, key="sku").approved(**every).rows[name].to_list() == [101, 9, 0]


def test_an_approval_of_what_is_not_proposed_is_not_called_stale() -> None:
    """An answer to a key that proposes nothing, as one applied already, is told apart from one that changed."""
    approval = found().approved(approvals=[{"loc": "A", "sku": "3", "approve": "yes"}])
    assert approval.counts["stale"] == 0
    assert str(approval) == "1 approved, 3 waiting for approval, 1 approvals are of what is not proposed"


def test_an_approval_shows_no_personal_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """P25: keys under mask are shown neither in what waits nor in what is said of approvals, by either side's name."""
    monkeypatch.setenv("FCWORK_MASK", "email")
    found = fw.reconcile([{"who": "a@x.de", "qty": 20}], [{"email": "a@x.de", "qty": 5}], key={"who": "email"})
    approval = found.approved(approvals=[{"who": "b@x.de", "field": "qty", "old": 1, "new": 2, "approve": "yes"}])
    assert approval.issues
    assert "@x.de" not in approval._repr_html_()


@pytest.mark.parametrize("hidden", ["", "phone"])
def test_what_has_nothing_to_show_shows_nothing(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    """P25: where lists of dicts are equal there is no table of differences, under a mask as without one."""
    monkeypatch.setenv("FCWORK_MASK", hidden)
    rows = [{"phone": "4912", "qty": 5}]
    result = fw.reconcile(rows, rows, key="phone")
    assert "Differences" not in result._repr_html_()
    assert "Waiting" not in result.approved()._repr_html_()


@pytest.mark.parametrize("hidden", ["phone", "tel"])
def test_no_issue_shows_a_hidden_key_that_is_told_otherwise(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    """P9: a hidden key is in no issue, also where its row holds it as 49123456.0 and the issue tells 49123456."""
    monkeypatch.setenv("FCWORK_MASK", hidden)
    left = pl.DataFrame({"phone": [49123456.0, 49123456.0, None, 5.0], "qty": ["1", "2", "3", "?"]})
    right = pl.DataFrame({"tel": [49123456, 5, 77], "qty": ["9", None, "?"]})
    result = fw.reconcile(left, right, key={"phone": "tel"}, compare="qty")
    told = showing.issues(result)
    codes = {"left.duplicate", "left.no_key", "left.no_number", "right.no_number", "old.missing"}
    assert set(told["code"]) == {f"reconcile.{code}" for code in codes}
    assert set(told["key"]) == {MASK}
    assert "49123456" not in str(told.rows())


@pytest.mark.parametrize("hidden", ["secret_qty", "hush"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_no_reason_quotes_the_hidden_quantity_of_another_line(
    monkeypatch: pytest.MonkeyPatch, hidden: str, side: str
) -> None:
    """P9: what is no number in a hidden quantity is quoted in no line of its row."""
    monkeypatch.setenv("FCWORK_MASK", hidden)
    left = {"sku": "a", "qty": "1", "secret_qty": "9x9" if side == "left" else "9"}
    right = {"sku": "a", "qty": "1", "hush": "9x9" if side == "right" else "9"}
    result = fw.reconcile([left], [right], key="sku", compare={"qty": "qty", "secret_qty": "hush"})
    shown = showing.lines(pl.DataFrame(result.differences), result.columns)
    assert shown["code"].to_list() == [f"{side}.no_number"] * 2
    assert "9x9" not in str(shown.rows())
    assert any("9x9" in line["reason"] for line in result.differences)
