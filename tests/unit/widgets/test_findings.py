"""The panel of what a check found."""

import threading
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from fcwork import Validator, personal
from fcwork.errors import ConfigError
from fcwork.personal.columns import masked
from fcwork.validator import CheckResult
from fcwork.widgets import CheckReport, findings

ROWS = pl.DataFrame(
    {
        "ref": ["A", "B", "B", None, "=1+1", "<script>alert(1)</script>"],
        "qty": ["1", "x", "2", "3", "y", "z" * 10_000],
        "note": ["a", "b", "c", "d", "e", "f"],
    }
)


def checked(rows: object = ROWS) -> CheckResult:
    """Check rows of which some are wrong."""
    return Validator({"required": ["ref"], "types": {"qty": "integer"}, "unique": ["ref"]}).check(rows)


def test_codes_and_fields_are_offered_with_their_counts() -> None:
    """The lists name each code and field with how many issues it has, the most frequent first."""
    report = CheckReport(checked())
    assert report.codes()[:2] == [("all (5)", ""), ("check.type (3)", "check.type")]
    assert ("qty (3)", "qty") in report.fields()


def test_the_value_is_the_issues_that_are_chosen() -> None:
    """Code, field and search part the issues; the value is what they leave, as the kind of frame that came in."""
    report = CheckReport(checked(ROWS.to_pandas()))
    report.choose("code", "check.type")
    assert isinstance(report.value, pd.DataFrame)
    assert report.value["row"].tolist() == [2, 5, 6]
    report.choose("contains", "ZZZZ")
    assert report.issues["row"].to_list() == [6]
    report.choose("field", "ref")
    assert report.issues.height == 0


def test_a_search_is_for_a_text_and_no_pattern() -> None:
    """What is searched for is taken as it is written."""
    report = CheckReport(checked())
    report.choose("contains", "(.*[")
    assert report.issues.height == 0


def test_the_rows_of_the_issues_can_be_seen() -> None:
    """From issues one comes to the rows that they speak of, with all their columns."""
    report = CheckReport(checked())
    report.choose("code", "check.type")
    report.choose("show", "rows")
    assert report.shown["note"].to_list() == ["b", "e", "f"]


def test_an_export_is_safe_for_spreadsheets(home: Path) -> None:
    """P25: what is exported holds no formula, and a file that is there is never overwritten."""
    report = CheckReport(checked())
    report.choose("code", "check.type")
    report.choose("show", "rows")
    report.export()
    assert report.work.wait(10)
    assert report.work.standing.told == "3 rows in issues.csv"
    assert "'=1+1" in (home / "issues.csv").read_text("utf-8-sig")
    report.export()
    assert report.work.wait(10)
    assert "is there already" in report.work.standing.told


def test_pages_stay_within_the_rows() -> None:
    """A page before the first and after the last is the first and the last."""
    report = CheckReport(checked(pl.DataFrame({"ref": ["A"] * 61, "qty": ["1"] * 61})))
    report.turn_page(-1)
    assert report["first"] == 0
    report.turn_page(9)
    assert report["first"] == 50
    report.choose("contains", "x")
    assert report["first"] == 0


def test_a_picture_counts_by_code_without_a_live_tag() -> None:
    """P25: the picture has the counts and the first issues, and no tag of the data's."""
    html = CheckReport(checked())._repr_mimebundle_()["text/html"]
    assert "check.type" in html
    assert "<script" not in html
    assert "10,000 characters" in html or "…" in html


def test_a_result_without_issues_is_refused() -> None:
    """P32: what has no issues is refused with what to give instead."""
    with pytest.raises(ConfigError, match="DataFrame has no issues"):
        CheckReport(ROWS)


def test_the_choice_stays_when_the_check_is_made_again() -> None:
    """Another run of the cell shows the new result, with the choices of before."""
    CheckReport(checked()).choose("code", "check.type")
    report = CheckReport(checked(ROWS.head(2)))
    assert report.issues["row"].to_list() == [2]


def hidden_emails(rows: int = 60) -> CheckReport:
    """Report rows of which all are wrong and each has a hidden value; the rows themselves are shown."""
    personal.hide("email")
    wrong = pl.DataFrame({"ref": [f"R{at}" for at in range(rows)], "qty": ["x"] * rows, "email": ["q@tok"] * rows})
    report = CheckReport(checked(wrong))
    report.choose("show", "rows")
    return report


def test_only_the_page_that_is_shown_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many rejected rows no more than one page is searched for what is hidden, and the page says which it is."""
    heights: list[int] = []
    monkeypatch.setattr(findings, "masked", lambda rows: heights.append(rows.height) or masked(rows))
    report = hidden_emails()
    table = report.view._table
    assert "Rows: 1 to 25 of 60 rows" in table.value
    report.turn_page(2)
    assert "Rows: 51 to 60 of 60 rows" in table.value
    assert "q@tok" not in table.value
    assert (table.value.count("R5"), report.view._on.disabled) == (10, True)
    assert set(heights) == {25, 10}


def test_an_export_of_rows_says_that_nothing_is_hidden_in_it(home: Path) -> None:
    """P8: a file that a person names has the rows as they are; the button says so before, and the panel after."""
    report = hidden_emails(2)
    assert "unmasked" in report.view._export.tooltip
    report.export()
    assert report.work.wait(10)
    assert report.work.standing.told == "2 rows in issues.csv, with what is hidden here"
    assert "q@tok" in (home / "issues.csv").read_text("utf-8-sig")


def test_an_export_beside_another_says_so() -> None:
    """P32: an export that is asked for while one is under way is refused with what to do, and never lost."""
    report, goes_on = CheckReport(checked()), threading.Event()
    report.work.start("Export", lambda _: "" if goes_on.wait(10) else None)
    report.work.attempt(report.export)
    assert report.work.standing.refused == ("Export is under way", "press Stop, or wait for its end")
    goes_on.set()
    assert report.work.wait(10)
