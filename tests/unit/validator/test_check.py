"""What a check hands back."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import frames
from fcwork.clock import ManualClock
from fcwork.errors import ConfigError, ValidationError
from fcwork.validator import Validator

RULES = {
    "required": ["ref", "qty"],
    "types": {"qty": "integer"},
    "range": {"qty": {"min": 0}},
    "unique": ["ref"],
    "pattern": {"ref": "^[A-Z0-9-]+$"},
}
ROWS = [
    {"ref": "A-1", "qty": "5"},
    {"ref": "A-1", "qty": "-3"},
    {"ref": "", "qty": "abc"},
    {"ref": "A-2", "qty": "7"},
]


def lines(frame: Any) -> list[dict[str, Any]]:
    """Return a frame of any kind as records."""
    return frames.enter(frame).to_dicts()


def test_rows_are_parted_into_valid_and_rejected() -> None:
    """P26: every row is in one of the two piles, and a rejected one carries all its messages."""
    result = Validator(RULES).check(pl.DataFrame(ROWS))
    assert result.valid["_row"].to_list() == [1, 4]
    assert result.rejected.select("_row", "_errors").rows() == [
        (2, 'qty is "-3", below the minimum 0; ref A-1 is already in row 1'),
        (3, 'ref is empty, but required; qty is "abc", not a whole number'),
    ]
    assert (result.total, result.valid_count, result.rejected_count, result.ok) == (4, 2, 2, False)


def test_an_issue_tells_row_key_value_and_rule() -> None:
    """P32: an issue names the row, its key, the field, the value and the rule that it breaks."""
    clock = ManualClock()
    rows = pl.DataFrame({"_row": [17], "_source": ["in.csv"], "ref": ["A-1"], "qty": [-3]})
    result = Validator(RULES, clock=clock).check(rows)
    assert result.issues.schema == frames.ISSUES
    assert result.issues.row(0, named=True) == {
        "source": "in.csv",
        "row": 17,
        "key": "A-1",
        "stage": "check",
        "field": "qty",
        "code": "check.range",
        "severity": "error",
        "value": "-3",
        "message": "qty is -3, below the minimum 0",
        "attempts": 0,
        "at": clock.now(),
    }


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"required": ["x"]}, "x is missing, but required"),
        ({"types": {"n": "string"}}, "n is 12, not text: the column holds Int64"),
        ({"types": {"t": "date"}}, 't is "a", not a date such as 2026-01-31'),
        ({"range": {"n": {"max": 10}}}, "n is 12, above the maximum 10"),
        ({"range": {"t": {"max": 10}}}, 't is "a", not a number, so its range cannot be judged'),
        ({"pattern": {"t": "^b"}}, 't is "a", which does not match ^b'),
        ({"pattern": {"many": "^b"}}, "many is [1, 2], no single value to match"),
        ({"length": {"t": {"min": 2, "max": 3}}}, 't is "a", 1 characters long: it takes at least 2 and at most 3'),
        ({"one_of": {"t": ["b", 5]}}, 't is "a", not one of b, 5'),
        ({"one_of": {"n": [1, 2, 3, 4, 5, 6, 7]}}, "n is 12, not one of 1, 2, 3, 4, 5 and 2 more"),
        ({"reference": {"t": ["b"]}}, 't is "a", not among the 1 known values'),
        ({"pattern": {"long": "^b"}}, f'long is "{"a" * 80}…", which does not match ^b'),
    ],
)
def test_a_message_says_what_is_wrong(rules: dict[str, Any], message: str) -> None:
    """P32: a message names the field, the value and what the rule takes."""
    row = {"x": None, "n": 12, "t": "a", "many": [1, 2], "long": "a" * 500}
    issues = Validator(rules).check([row]).issues
    assert [issue["message"] for issue in issues] == [message]
    assert len(issues[0]["value"] or "") <= 200


def test_a_missing_or_mistyped_value_is_told_of_once() -> None:
    """What is missing is told by required alone, what is of a wrong type by types alone; others judge the rest."""
    rules = {**RULES, "length": {"qty": {"max": 2}}, "one_of": {"ref": ["A"]}}
    codes = {(issue["row"], issue["code"]) for issue in Validator(rules).check([{"ref": " ", "qty": "abc"}]).issues}
    assert codes == {(1, "check.required"), (1, "check.type")}


def test_a_warning_rejects_no_row() -> None:
    """A rule of severity warning leaves its rows valid and the result ok, and tells of them."""
    result = Validator({"unique": ["ref"], "severity": {"unique": "warning"}}).check(ROWS)
    assert (result.ok, result.rejected_count, result.counts) == (True, 0, {"check.duplicate": 1})
    assert str(result) == "4 rows: all valid; 1 warning"
    result.raise_if_rejected()


def test_a_required_value_that_is_only_warned_of_is_judged_further() -> None:
    """A warning does not silence the errors of other rules on the same value."""
    rules = {"required": ["qty"], "types": {"qty": "integer"}, "severity": {"required": "warning"}}
    assert Validator(rules).check([{"qty": ""}]).counts == {"check.required": 1, "check.type": 1}


def test_duplicates_holds_all_rows_of_a_shared_key() -> None:
    """The duplicates frame shows every row that shares a key, the one that stays valid among them."""
    result = Validator(RULES).check(pl.DataFrame(ROWS))
    assert result.duplicates["_row"].to_list() == [1, 2]


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ("first", "ref A-1 is already in row 1"),
        ("last", "ref A-1 comes again in row 2"),
        ("none", "ref A-1 is in 2 rows"),
    ],
)
def test_a_duplicate_points_to_the_row_it_repeats(keep: str, message: str) -> None:
    """P32: a duplicate's message names its key and where that stands as well."""
    result = Validator({"unique": {"columns": ["ref"], "keep": keep}}).check(ROWS)
    assert {issue["message"] for issue in result.issues} == {message}


def test_too_many_rows_is_one_issue_of_the_frame() -> None:
    """More rows than max_rows is one error without a row: no row is rejected, and the result is not ok."""
    result = Validator({"max_rows": 3}).check(ROWS)
    assert (result.ok, result.rejected_count, result.counts) == (False, 0, {"check.max_rows": 1})
    assert str(result) == "4 rows: all valid; the frame has 4 rows, above the maximum 3"
    assert result.issues[0]["row"] is None
    with pytest.raises(ValidationError, match="above the maximum 3"):
        result.raise_if_rejected()


def test_an_absent_required_column_rejects_every_row() -> None:
    """A required column that the frame lacks is missing in every row, and other rules on it add nothing."""
    result = Validator({"required": ["Qty"], "unique": ["Qty"], "types": {"Qty": "integer"}}).check(ROWS)
    assert (result.rejected_count, result.counts) == (4, {"check.required": 4})
    assert result.issues[0]["message"] == "Qty is missing: the frame has no column Qty, did you mean 'qty'?"


def test_an_absent_optional_column_is_a_warning() -> None:
    """Rules on an absent column that is not required are one warning of the frame that names them."""
    result = Validator({"types": {"colour": "string"}, "length": {"colour": {"max": 9}}}).check(ROWS)
    assert result.ok
    assert [(i["row"], i["field"], i["code"], i["severity"]) for i in result.issues] == [
        (None, "colour", "check.missing_column", "warning")
    ]
    assert result.issues[0]["message"].endswith("without it these rules judged nothing: types, length")


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"unique": ["Ref", "x"]}, "unique: the frame has no column Ref, did you mean 'ref'"),
        ({"reference": {"x": ["a"]}}, "reference: the frame has no column x"),
        ({"unique": ["tags"]}, "unique: tags holds List"),
        (
            {"required": ["x"], "severity": {"required": "warning"}, "unique": ["x"]},
            "unique: the frame has no column x",
        ),
    ],
)
def test_a_rule_that_cannot_be_judged_stops_the_check(rules: dict[str, Any], told: str) -> None:
    """P23: a rule that needs what the frame has not is a ConfigError, never a pass."""
    with pytest.raises(ConfigError, match=told):
        Validator(rules).check([{"ref": "A", "tags": ["x"]}])


@pytest.mark.parametrize("frame", [[], pl.DataFrame(), pl.DataFrame({"ref": []}), pd.DataFrame(), pa.table({})])
def test_an_empty_frame_breaks_no_rule(frame: Any) -> None:
    """A frame without rows has no issue, whatever its columns, and the summary says so."""
    result = Validator({**RULES, "reference": {"other": ["x"]}, "custom": [len]}).check(frame)
    assert (result.ok, result.total, str(result)) == (True, 0, "no rows to check")
    assert frames.kind_of(result.issues) == frames.kind_of(frame)


def test_no_rules_says_so() -> None:
    """Without rules every row is valid, and the summary does not call that a check."""
    assert str(Validator({}).check(ROWS)) == "4 rows: no rules were given"


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "records"])
def test_frames_leave_as_they_came(kind: frames.Kind) -> None:
    """Each frame of a result is of the kind that came in, which itself stays as it was."""
    given = frames.leave(pl.DataFrame(ROWS), kind)
    result = Validator(RULES).check(given)
    assert {frames.kind_of(f) for f in (result.valid, result.rejected, result.issues, result.duplicates)} == {kind}
    assert lines(given) == ROWS
    assert [row["_row"] for row in lines(result.valid)] == [1, 4]


def test_rejected_rows_can_be_mended_and_checked_again() -> None:
    """Rows that carry the messages of a former check are judged afresh and keep their row numbers."""
    rejected = Validator(RULES).check(pl.DataFrame(ROWS)).rejected
    mended = rejected.with_columns(ref=pl.format("B-{}", "_row"), qty=pl.lit("1"))
    result = Validator(RULES).check(mended)
    assert result.ok
    assert result.valid["_row"].to_list() == [2, 3]
    assert "_errors" not in result.valid.columns


def test_raise_if_rejected_carries_the_figures() -> None:
    """The error says how many rows were rejected, and why by code."""
    with pytest.raises(ValidationError, match="2 valid, 2 rejected") as caught:
        Validator(RULES).check(ROWS).raise_if_rejected()
    assert caught.value.rejected == 2
    assert sum(caught.value.counts.values()) == 4


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "records"])
def test_peek_looks_at_the_first_rows_and_says_so(kind: frames.Kind) -> None:
    """P28: a sample names how many rows it looked at and never speaks for the rest."""
    validator = Validator({**RULES, "max_rows": 3})
    first = validator.peek(frames.leave(pl.DataFrame(ROWS), kind))
    assert (first.total, first.sample, first.sample_of, first.rejected_count) == (1, True, 4, 0)
    assert str(first) == (
        "sample, the first 1 of 4 rows: all valid; the frame has 4 rows, above the maximum 3; "
        "the other 3 were not looked at"
    )
    assert validator.peek(frames.leave(pl.DataFrame(ROWS), kind), rows=9).total == 4


def test_peek_needs_a_row() -> None:
    """P32: a sample of no rows is refused."""
    with pytest.raises(ConfigError, match="at least 1 row, not 0"):
        Validator(RULES).peek(ROWS, rows=0)


def test_html_is_escaped() -> None:
    """P25: a result shown in a notebook holds no live tag of the data's."""
    evil = "<script>alert(1)</script>"
    page = Validator({"pattern": {evil: "^<b>$"}}).check([{evil: evil}])._repr_html_()
    assert evil not in page
    assert "&lt;script&gt;" in page
    assert "<b>$" not in page


def test_a_result_says_what_it_is() -> None:
    """The short forms of results and validators hold no rows."""
    result = Validator(RULES).check(pl.DataFrame(ROWS).lazy())
    assert repr(result).startswith("CheckResult(4 rows: 2 valid, 2 rejected (check.")
    assert repr(Validator(RULES)) == "Validator(6 rules)"
    assert "<table>" in result._repr_html_()


def test_the_callers_rules_may_change_afterwards() -> None:
    """A validator keeps what it read, not the caller's dict."""
    rules: dict[str, Any] = {"required": ["ref"]}
    validator = Validator(rules)
    rules["required"].append("nope")
    assert validator.check([{"ref": "A"}]).ok


def test_what_is_no_frame_is_refused(tmp_path: Path) -> None:
    """P32: something else than a frame is a TypeError that names what is taken."""
    with pytest.raises(TypeError, match="is no frame"):
        Validator(RULES).check(tmp_path)
