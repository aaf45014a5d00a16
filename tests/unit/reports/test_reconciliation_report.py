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


def test_what_keys_hold_is_harmless(make: Make, tmp_path: Path) -> None:
    """P25, P9: no tag of the data's lives in the page, nothing turns its text around, and personal keys are hidden."""
    _, page = written(approval(), tmp_path, applied=make())
    assert "<script>" not in page
    assert "\u202e" not in page
    personal.hide("sku")
    _, page = written(approval(), tmp_path, applied=make())
    assert "alert(1)" not in page


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
