"""The report of an extraction: what was asked, whether all of it is there, where it is, and what is left to do."""

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import frames, reports
from fcwork.clock import ManualClock
from fcwork.errors import ConfigError
from fcwork.extraction import ExtractResult
from fcwork.redact import Secret
from fcwork.sources import Written

Make = Callable[..., ExtractResult]
HOSTILE = "<script>alert(1)</script>\u202e"
NONE = pl.DataFrame({"sku": []}, schema={"sku": pl.String})
CLEAN: dict[str, Any] = {
    "state": "SUCCEEDED",
    "rejected": NONE,
    "issues": frames.no_issues(),
    "rows": 9,
    "counts": {"read": 10, "repeated": 1, "known": 0, "mapped": 9, "rejected": 0, "written": 9, "ready": 0},
}


def written(result: ExtractResult, folder: Path, **options: Any) -> tuple[reports.Report, str]:
    """Write a report and return it with its page."""
    report = reports.write(result, folder, clock=ManualClock(), **options)
    return report, report.page.read_text(encoding="utf-8")


def test_the_folder_holds_what_was_found(extracted: Make, tmp_path: Path) -> None:
    """P26: rejected rows and issues are files where there are any, and none where there are none."""
    report, _ = written(extracted(), tmp_path / "a")
    kinds = {f"{name}.{kind}" for name in ("rejected", "issues") for kind in ("csv", "parquet")}
    assert set(report.files) == {"report.html", "summary.json", *kinds}
    assert pl.read_parquet(tmp_path / "a" / "rejected.parquet")["_row"].to_list() == [3, 4]
    report, page = written(extracted(**CLEAN), tmp_path / "b")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["report.html", "summary.json"]
    assert "Nothing: every row is where it should be." in page


def test_the_summary_says_all_of_it(extracted: Make, tmp_path: Path) -> None:
    """P26, P31: figures, window, watermark, files with sizes and hashes, stages and reasons are JSON."""
    report, _ = written(extracted(moved=True), tmp_path, run_id="run-1", title="Nightly")
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert summary == report.summary
    told = ("title", "run_id", "state", "entity", "read", "repeated", "rejected", "written", "pages", "complete")
    assert [summary[name] for name in told] == [
        *("Nightly", "run-1", "COMPLETED_WITH_ERRORS", "orders", 10, 1, 2, 7, 2, True)
    ]
    assert summary["watermark"] == {"name": "stock", "at": "2026-01-15T12:00:00+00:00", "moved": True}
    assert (summary["since"], summary["until"]) == ("2026-01-15T12:00:00+00:00", None)
    assert summary["written_files"][0] == {
        "uri": "out/orders-1.csv",
        "rows": 7,
        "bytes": 1234,
        "sha256": "ab" * 32,
    }
    assert [stage["name"] for stage in summary["stages"]] == ["fetch", "deliver"]
    assert [(reason["code"], reason["rows"]) for reason in summary["reasons"]] == [("map.required", 2)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "7 rows written to <strong>out</strong> (2 files, 2.5 kB); 2 could not be mapped."),
        ({}, "<strong>10 read = 7 written + 2 rejected + 1 repeated</strong>"),
        ({}, "15 January 2026, 12:00:00 UTC to now"),
        ({}, "12:00:00 UTC, not moved"),
        ({"moved": True}, "12:00:00 UTC, moved by this run"),
        ({}, "The watermark waits before the first of them."),
        ({}, "Mend the mapping for the 2 rows"),
        ({}, "out/orders.manifest.json"),
        ({"since": None}, "none: all that there is"),
        ({"resumed": True}, "those of a run that was cut off among them"),
        (
            {"counts": {"read": 4, "repeated": 1, "known": 0, "rejected": 2, "written": 7, "ready": 0}},
            "4 read = 3 kept + 1 repeated</strong>; those kept became 9 rows = 7 written + 2 rejected.",
        ),
        (
            {"counts": {"read": 4, "repeated": 0, "known": 0, "rejected": 2, "written": 7, "ready": 0}},
            "4 read</strong>; those became 9",
        ),
        ({"pages": 1}, "orders on 1 page<"),
        ({"complete": False, "limited": True, "reasons": ("max_records",)}, "There may be more: the limit of records"),
        ({"complete": False, "reasons": ("errors",)}, "for what the platform told beside the pages"),
        ({"state": "SKIPPED", "reason": "another worker is at it"}, "Nothing was done: another worker is at it."),
        ({"state": "FAILED", "reasons": ("a cursor came twice",)}, "the answer is not whole, as a cursor came twice."),
        ({"state": "FAILED", "reason": "row 1 cannot be mapped"}, "Nothing was written: row 1 cannot be mapped."),
        ({"dry_run": True, "files": None}, "Only the first page was fetched, and nothing was written."),
        ({"dry_run": True, "files": None}, "<code>DRY_RUN=false</code>"),
        ({"files": Written("out/a.csv", "csv", 0, ())}, "written to no file"),
        ({"files": None}, "7 rows fetched; 2 could not be mapped."),
        ({"target": "SIMULATOR"}, "No real platform was touched"),
    ],
)
def test_the_page_says_what_happened_and_what_to_do(
    extracted: Make, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    """P32: the page says in words what became of the extraction, where it stands, and what is left to do."""
    assert told in written(extracted(**changes), tmp_path)[1]


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"state": "FAILED", "reason": "row 3 cannot be mapped", "dry_run": True}, ["Mend the mapping"]),
        ({"state": "FAILED", "reason": "row 3 cannot be mapped"}, ["Mend the mapping"]),
        ({"state": "SUCCEEDED"}, ["Mend the mapping"]),
        ({**CLEAN, "state": "FAILED"}, ["Run it again: no file"]),
        ({**CLEAN, "dry_run": True}, ["DRY_RUN=false"]),
        ({}, ["Mend the mapping", "The watermark waits"]),
    ],
)
def test_no_step_is_told_that_leads_nowhere(
    extracted: Make, tmp_path: Path, changes: dict[str, Any], steps: list[str]
) -> None:
    """P32: what cannot be mapped is not just run again, and a watermark is said to wait only where it does."""
    _, page = written(extracted(**changes), tmp_path)
    known = ("Mend the mapping", "Run it again: no file", "DRY_RUN=false", "The watermark waits")
    assert [step for step in known if step in page] == steps


def test_many_files_are_cut_and_pointed_to(extracted: Make, tmp_path: Path) -> None:
    """Of very many files the page shows the first, and the summary holds all."""
    files = extracted().files
    assert files is not None
    many = replace(files, files=files.files * 100)
    report, page = written(extracted(files=many), tmp_path)
    assert '150 more in <a href="summary.json">' in page
    assert len(report.summary["written_files"]) == 200


def test_data_cannot_speak_html(extracted: Make, tmp_path: Path) -> None:
    """P9, P25: what comes from data is text on the page, and a known secret is masked."""
    Secret("s3cr3t-value")
    result = extracted()
    assert result.files is not None
    file = replace(result.files.files[0], uri=HOSTILE)
    hostile = extracted(
        issues=result.issues.with_columns(value=pl.lit(HOSTILE), message=pl.lit("s3cr3t-value")),
        files=Written(HOSTILE, HOSTILE, 1, (file,), HOSTILE),
        **dict.fromkeys(("entity", "target"), HOSTILE),
        reasons=(HOSTILE,),
    )
    names = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names.add(tag)
            assert not any(name.startswith("on") for name, _ in attrs)

    _, page = written(hostile, tmp_path)
    Tags().feed(page)
    assert not names & {"script", "img"}
    assert "\u202e" not in page
    assert "s3cr3t-value" not in page + (tmp_path / "summary.json").read_text("utf-8")


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "records"])
def test_frames_of_any_kind_are_told(extracted: Make, tmp_path: Path, kind: frames.Kind) -> None:
    """A result that holds the caller's own kind of frame gives the same report."""
    polars, _ = written(extracted(), tmp_path / "polars")
    piles = {name: frames.leave(getattr(extracted(), name), kind) for name in ("rejected", "issues")}
    other, _ = written(extracted(**piles), tmp_path / kind)
    assert {**other.summary, "files": []} == {**polars.summary, "files": []}


def test_errors_beside_a_source_are_of_loads(extracted: Make, tmp_path: Path) -> None:
    """P32: an extraction has no source to put errors beside, and the call that asks for it is refused."""
    with pytest.raises(ConfigError, match="report of a load"):
        reports.write(extracted(), tmp_path / "r", errors="errors")
    assert not (tmp_path / "r").exists()
