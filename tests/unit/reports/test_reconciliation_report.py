"""The report of a reconciliation: what was compared, what waits, and what was applied."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import personal, reports
from fcwork.clock import ManualClock
from fcwork.errors import ConfigError
from fcwork.ingestion import IngestResult
from fcwork.reconciliation import Approval

Make = Callable[..., IngestResult]
HOSTILE = "<script>alert(1)</script>\u202e"


def approval(*, refused: bool = False, **terms: Any) -> Approval:
    """Return an update that is approved, a review that waits, an equal, and a key that the left alone has."""
    left = {"a": "101", "b": "150", "c": "7", HOSTILE: "9", **({"d": "?"} if refused else {})}
    right = {"a": 100, "b": 100, "c": 7, **({"d": 1} if refused else {})}
    frames = [pl.DataFrame({"sku": list(side), "qty": list(side.values())}) for side in (left, right)]
    return fw.reconcile(*frames, key="sku", compare="qty").approved(**terms)


def written(found: Approval, folder: Path, **options: Any) -> tuple[dict[str, Any], str]:
    """Write a report and return its summary and its page."""
    report = reports.write(found, folder, clock=ManualClock(), **options)
    return json.loads((folder / "summary.json").read_text("utf-8")), report.page.read_text("utf-8")


def test_the_counts_of_both_sides_are_seen(make: Make, tmp_path: Path) -> None:
    """P26: the page says what became of the rows of each side, what is proposed and what waits; then the load."""
    summary, page = written(approval(), tmp_path, applied=make(), run_id="run-1")
    assert "<strong>4 left = 3 matched + 1 alone</strong>" in page
    assert "<strong>3 right = 3 matched</strong>" in page
    assert "Waiting for approval" in page
    assert "150 instead of 100 (+50, 50.0 %): beyond 5 % and 10" in page
    assert "<strong>6 read = 3 delivered + 3 rejected</strong>" in page
    assert page.count("<h1>") == page.count("What to do next") == 1
    assert summary["reconciliation"]["counts"]["matched"] == 3
    assert summary["reconciliation"]["approval"] == {"approved": 1, "waiting": 2, "removals": 0, "stale": 0}
    assert (summary["state"], summary["delivered"]) == ("COMPLETED_WITH_ERRORS", 3)


def test_removals_are_left_to_a_human(tmp_path: Path) -> None:
    """P33: rows that were approved to be removed are not, and the page says who is to do it."""
    left, right = ([{"sku": sku, "qty": 1} for sku in skus] for skus in ("a", "abc"))
    found = fw.reconcile(left, right, key="sku", compare="qty", only_right="remove").approved(auto=("remove",))
    summary, page = written(found, tmp_path, applied=None)
    assert "Take 2 rows that may go from the right by hand" in page
    assert summary["state"] == "COMPLETED_WITH_ERRORS"


def test_what_keys_hold_is_harmless(make: Make, tmp_path: Path) -> None:
    """P25, P9: no tag of the data's lives in the page, nothing turns its text around, and personal keys are hidden."""
    _, page = written(approval(), tmp_path, applied=make())
    assert "<script>" not in page
    assert "\u202e" not in page
    personal.hide("sku")
    _, page = written(approval(), tmp_path, applied=make())
    assert "alert(1)" not in page


@pytest.mark.parametrize("hidden", ["email", "mail"])
def test_no_sentence_of_a_report_quotes_what_is_hidden(hidden: str, tmp_path: Path) -> None:
    """P9: page, card and issues of a reconciliation show no key that either name hides; differences are whole."""
    personal.hide(hidden)
    left = pl.DataFrame({"email": ["C@x.de", "a@x.de", "b@x.de"], "qty": ["1", "n/a", "3"]})
    right = pl.DataFrame({"mail": ["z@x.de", "c@x.de", "a@x.de"], "qty": ["7", "1", "5"]})
    found = fw.reconcile(left, right, key={"email": "mail"}, compare="qty")
    asked = pl.DataFrame({"email": ["gone@x.de"], "approve": ["yes"]})
    _, page = written(found.approved(max_refused=None, approvals=asked), tmp_path, applied=None)
    found.write(tmp_path)
    issues = (tmp_path / "reconciliation_issues.csv").read_text("utf-8")
    assert "key.nearly" in issues
    assert "key.nearly" in page
    assert "x.de" not in f"{page}{issues}{found._repr_html_()}".lower()
    assert "the right has c@x.de" in (tmp_path / "differences.csv").read_text("utf-8")


def test_a_hidden_quantity_is_told_in_no_sentence() -> None:
    """P9: of a quantity that is hidden neither old and new nor the reason is shown; of others they are."""
    personal.hide("salary")
    left = [{"id": "a", "salary": 4711, "days": 5, "bonus": 1}]
    right = [{"id": "a", "salary": 4700, "days": 6, "bonus": 1}]
    found = fw.reconcile(left, right, key="id", compare=["salary", "days"])
    assert "47" not in found._repr_html_()
    assert "5 instead of 6" in found._repr_html_()
    less = fw.reconcile(left, right, key="id", compare="days", less="salary", allow_negative=True)
    assert "instead of" not in less._repr_html_()


def test_a_report_of_equal_sides_is_written_under_a_mask(tmp_path: Path) -> None:
    """P26: where lists of dicts are equal nothing waits, and the page says so under a mask too."""
    personal.hide("phone")
    rows = [{"phone": "4912", "qty": 5}]
    _, page = written(fw.reconcile(rows, rows, key="phone").approved(), tmp_path, applied=None)
    assert "1 of 1 line with nothing to do" in page
    assert "Waiting for approval" not in page


def test_a_file_for_a_channel_is_reported_too(tmp_path: Path) -> None:
    """P26, P33: where no load was made the page tells of the file, and says that a dry run wrote none."""
    found = approval(auto=("update", "create"))
    summary, page = written(found, tmp_path, applied=found.to_file(str(tmp_path / "feed.csv")))
    assert "DRY RUN" in page
    assert "2 keys would be changed; 1 key waiting for approval" in page
    assert summary["files"] == ["summary.json"] or "feed.csv" not in summary["files"]
    _, page = written(found, tmp_path, applied=found.to_file(str(tmp_path / "feed.csv"), dry_run=False))
    assert "DRY RUN" not in page
    assert "feed.csv" in page


def test_rows_that_were_refused_head_the_page(tmp_path: Path) -> None:
    """P33: where too many rows could not be compared the page says that nothing may be applied, and why."""
    summary, page = written(approval(refused=True), tmp_path, applied=None)
    assert summary["state"] == "REFUSED"
    assert "Nothing may be applied: 2 rows were refused, at most 0 may be." in page
    assert "reconcile.left.no_number" in page
    assert 'href="reconciliation_issues.csv"' in page
    assert "<strong>5 left = 3 matched + 1 alone + 1 refused</strong>" in page


def test_a_load_alone_is_reported_by_itself(make: Make, tmp_path: Path) -> None:
    """P32: ``applied=`` beside what is no approval is a mistake that is told."""
    with pytest.raises(ConfigError, match="applied="):
        reports.write(make(), tmp_path, applied=make())
