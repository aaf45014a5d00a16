import json
import re
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import frames, personal, reports, sources
from fcwork.clock import ManualClock
from fcwork.errors import SourceError
from fcwork.ingestion import IngestResult, Skipped
from fcwork.ingestion.gate import Gate
from fcwork.redact import MASK, Secret
from fcwork.reports.figures import figures

Make = Callable[..., IngestResult]
HOSTILE = '<script>alert(1)</script></td><img src=x onerror="go()">\x1b[31m\u202e=1+1'


class _Tags(HTMLParser):
    """Collects the tags and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src"}}
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def written(result: IngestResult, folder: Path, **options: Any) -> tuple[reports.Report, str]:
    """Write a report and return it with its page."""
    report = reports.write(result, folder, clock=ManualClock(), **options)
    return report, report.page.read_text(encoding="utf-8")


def test_the_folder_holds_every_pile(make: Make, tmp_path: Path) -> None:
    """P26: delivered, rejected and unknown rows and the issues are files, with their place in the source."""
    report, _ = written(make(), tmp_path / "runs" / "one")
    assert sorted(item.name for item in report.folder.iterdir()) == sorted(report.files)
    assert set(report.files) == {
        *("report.html", "summary.json", "issues.csv", "issues.parquet", "dead_letters.csv", "dead_letters.jsonl"),
        *("delivered.parquet", "rejected.parquet", "rejected.csv", "unknown.parquet"),
    }
    assert pl.read_parquet(report.folder / "delivered.parquet").select("sku", "_row").rows()[0] == ("SKU-2", 2)
    rejected = pl.read_parquet(report.folder / "rejected.parquet")
    assert rejected.columns == ["sku", "_errors", "_stage", "_row", "_source"]
    assert pl.read_parquet(report.folder / "issues.parquet").schema == frames.ISSUES
    assert sources.read(report.folder / "rejected.csv")["sku"].to_list() == ["SKU-3", "SKU-4", "SKU-7"]


def test_the_figures_add_up(make: Make, tmp_path: Path) -> None:
    """P26: the summary's piles are the rows read, and its stages are the rows rejected."""
    report, page = written(make(), tmp_path, run_id="run-1", title="Daily load")
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary == report.summary
    assert summary["read"] == summary["delivered"] + summary["rejected"] + summary["unknown"] + summary["ready"] == 6
    assert summary["adds_up"]
    assert summary["rejected_by_stage"] == {"map": 2, "send": 1}
    assert [(reason["code"], reason["rows"]) for reason in summary["reasons"]] == [
        ("map.required", 2),
        ("send.rejected", 1),
    ]
    assert (summary["run_id"], summary["title"], summary["target"]) == ("run-1", "Daily load", make().target)
    assert "6 read = 3 delivered + 3 rejected" in page
    assert "Every row is accounted for" in page


def test_figures_that_do_not_add_up_say_so(make: Make, tmp_path: Path) -> None:
    """P26: a result whose rows are not all on a pile is not told as sound."""
    result = make(counts={"read": 7, "mapped": 4, "rejected": 3, "delivered": 3, "unknown": 0, "ready": 0})
    report, page = written(result, tmp_path)
    assert not report.summary["adds_up"]
    assert "7 read ≠ 3 delivered + 3 rejected" in page
    assert "do not add up" in page


def test_rows_are_counted_once_a_code(make: Make) -> None:
    """A row with two issues of a code is one row of it, and an issue of the whole frame is none."""
    result = make()
    twice = frames.join_issues([result.issues, result.issues, _whole_frame()])
    reasons = {reason.code: reason for reason in figures(result, result.rejected, twice).reasons}
    assert (reasons["map.required"].rows, reasons["map.required"].lines) == (2, 4)
    assert (reasons["check.max_rows"].rows, reasons["check.max_rows"].lines) == (0, 1)


def _whole_frame() -> pl.DataFrame:
    return frames.frame_issue(
        stage="check", code="check.max_rows", message="too many rows", at=ManualClock().now(), source="in.csv"
    )


def test_the_page_stands_alone(make: Make, tmp_path: Path) -> None:
    """The page is one file: no script, no address but those of the files beside it, every tag closed."""
    report, page = written(make(), tmp_path)
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.names & {"script", "link", "img", "iframe", "object", "base"}
    assert tags.addresses <= set(report.files)
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?://", page.partition("</style>")[0])
    assert {"prefers-color-scheme: dark", "@media print"} <= {
        found for found in ("prefers-color-scheme: dark", "@media print") if found in page
    }


def test_data_cannot_speak_html(make: Make, tmp_path: Path) -> None:
    """P25: tags, quotes, escape sequences and direction marks of the data are text on the page."""
    result = make()
    issues = result.issues.with_columns(value=pl.lit(HOSTILE), message=pl.lit(HOSTILE), key=pl.lit(HOSTILE))
    hostile = make(issues=issues, source={"uri": HOSTILE, "format": HOSTILE}, mapping=HOSTILE, target=HOSTILE)
    _, page = written(hostile, tmp_path, title=HOSTILE, run_id=HOSTILE)
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.names & {"script", "img"}
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert r"\x1b[31m" in page


def test_spreadsheets_run_nothing(make: Make, tmp_path: Path) -> None:
    """P25: the csv files are neutral to spreadsheets, and the parquet files hold the texts as they are."""
    result = make()
    rejected = result.rejected.with_columns(sku=pl.lit("=cmd|calc"))
    written(make(rejected=rejected), tmp_path)
    assert set(sources.read(tmp_path / "rejected.csv")["sku"]) == {"'=cmd|calc"}
    assert set(pl.read_parquet(tmp_path / "rejected.parquet")["sku"]) == {"=cmd|calc"}


def test_no_secret_is_told(make: Make, tmp_path: Path) -> None:
    """P9: a known secret is masked on the page and in the summary."""
    Secret("s3cr3t-value")
    _, page = written(make(mapping="s3cr3t-value", source={"uri": "s3cr3t-value"}), tmp_path, title="of s3cr3t-value")
    assert "s3cr3t-value" not in page + (tmp_path / "summary.json").read_text(encoding="utf-8")
    assert MASK in page


def test_the_simulator_is_told_loudly(make: Make, tmp_path: Path) -> None:
    """P33: a load into the simulator heads its page with that, and one to a platform does not."""
    assert "No real platform was touched" in written(make(target="SIMULATOR"), tmp_path)[1]
    assert "SIMULATOR" not in written(make(), tmp_path)[1]
    assert "No real platform was touched" in written(make(), tmp_path, target="SIMULATOR")[1]


def test_a_dry_run_is_told_loudly(make: Make, tmp_path: Path) -> None:
    """P33: a dry run heads its page with that, counts what is ready and keeps it as a file."""
    ready = make().delivered
    counts = {"read": 6, "mapped": 4, "rejected": 3, "delivered": 0, "unknown": 0, "ready": 3}
    report, page = written(make(dry_run=True, ready=ready, delivered=ready.clear(), counts=counts), tmp_path)
    assert "Nothing was sent. This is what would have happened." in page
    assert "6 read = 3 ready + 3 rejected" in page
    assert "3 of 6 rows would be sent; 3 would not." in page
    assert pl.read_parquet(tmp_path / "ready.parquet").height == 3
    assert "ready.parquet" in report.files
    assert "DRY RUN" not in written(make(), tmp_path)[1]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "3 of 6 rows arrived; 3 did not get through."),
        (
            {"counts": {"read": 6, "mapped": 4, "rejected": 3, "delivered": 1, "unknown": 2, "ready": 0}},
            "of 2 nobody can say.",
        ),
        (
            {"counts": {"read": 6, "mapped": 4, "rejected": 3, "delivered": 1, "unknown": 2, "ready": 0}},
            "Look on the platform for the 2 rows",
        ),
        ({"gate": Gate("1%", "3 of 6 rows were rejected"), "state": "REFUSED"}, "Nothing was sent: 3 of 6 rows"),
        ({"gate": Gate("1%", "3 of 6 rows were rejected"), "state": "REFUSED"}, "<code>MAX_REJECTED</code>"),
        ({"checkpoint": "inventory-ab12"}, "<code>inventory-ab12</code>: the same load goes on there"),
        ({}, "</a> (3 rows), and send that: <code>_row</code>"),
    ],
)
def test_the_page_says_what_happened_and_what_to_do(
    make: Make, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    """P32: the page says in words what became of the rows and what is left to do."""
    assert told in written(make(**changes), tmp_path)[1]


def test_rows_kept_back_by_the_gate_are_not_called_faulty(make: Make, tmp_path: Path) -> None:
    """P32: only rows that are wrong are to be mended, not those that the closed gate kept back."""
    result = make()
    kept = result.issues.with_columns(
        code=pl.when(pl.col("stage") == "send").then(pl.lit("send.not_sent")).otherwise("code")
    )
    _, page = written(make(issues=kept, gate=Gate("1%", "too many")), tmp_path)
    assert "</a> (2 rows), and send that: <code>_row</code>" in page


def test_nothing_to_do_is_said(make: Make, tmp_path: Path) -> None:
    """A load without a fault says that nothing is left to do, and one without rows what it was."""
    counts = {"read": 3, "mapped": 3, "rejected": 0, "delivered": 3, "unknown": 0, "ready": 0}
    clean = {"rejected": make().rejected.clear(), "issues": frames.no_issues(), "state": "SUCCEEDED"}
    _, page = written(make(counts=counts, **clean), tmp_path)
    assert "3 of 3 rows arrived." in page
    assert "Nothing: every row is where it should be." in page
    _, page = written(make(counts=dict.fromkeys(counts, 0), stages=(), **{**clean, "state": "SKIPPED"}), tmp_path)
    assert "The source holds no rows." in page


def test_many_issues_are_cut_and_pointed_to(make: Make, tmp_path: Path) -> None:
    """The page shows the first issues and says how many more there are, and where."""
    issues = pl.concat([make().issues] * 50)
    _, page = written(make(issues=issues), tmp_path)
    assert '125 more in <a href="issues.csv">' in page
    assert len(page) < 100_000


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "lazy", "records"])
def test_frames_of_any_kind_are_told(make: Make, tmp_path: Path, kind: frames.Kind) -> None:
    """A result that holds the caller's own kind of frame gives the same report."""
    polars, page = written(make(), tmp_path / "polars")
    piles = {name: frames.leave(getattr(make(), name), kind) for name in ("delivered", "rejected", "unknown", "issues")}
    other, other_page = written(make(**piles), tmp_path / kind)
    assert other.summary["reasons"] == polars.summary["reasons"]
    assert _words(other_page).split("Files beside")[0] == _words(page).split("Files beside")[0]


def _words(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page.partition("</style>")[2])


def test_a_folder_that_cannot_be_written(make: Make, tmp_path: Path) -> None:
    """P29, P32: where no folder can be, the report is refused with the place, and nothing is left."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(SourceError, match="file is no folder"):
        reports.write(make(), tmp_path / "file")
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_a_report_is_replaced_as_a_whole(make: Make, tmp_path: Path) -> None:
    """P29: writing again leaves the new files and no temporary one."""
    first, _ = written(make(), tmp_path)
    second, _ = written(make(), tmp_path)
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted(second.files) == sorted(first.files)


def test_a_report_tells_where_it_is(make: Make, tmp_path: Path) -> None:
    """P25: a report's line names its page, and its HTML is escaped."""
    report, _ = written(make(target="<b>"), tmp_path)
    assert str(report).endswith(f"report: {tmp_path / 'report.html'}")
    assert "&lt;b&gt;" in report._repr_html_()
    assert report._repr_html_().count("<b>") == 1  # ours


def test_a_report_goes_to_its_run(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder, the report of a run goes into the run's folder under its id, named for the source."""
    monkeypatch.setenv("FCWORK_RUN_FOLDER", str(tmp_path / "run"))
    monkeypatch.setenv("FCWORK_RUN_ID", "run-7")
    report = reports.write(make())
    assert report.folder == tmp_path / "run"
    assert (report.summary["run_id"], report.summary["title"]) == ("run-7", "Ingestion of in.csv")


def test_a_person_gets_a_new_folder(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder and outside of a run, each report has a folder of its own."""
    monkeypatch.delenv("FCWORK_RUN_FOLDER", raising=False)
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path))
    folders = {reports.write(make(source={})).folder for _ in range(2)}
    assert {folder.parent for folder in folders} == {tmp_path / "interactive"}
    assert len(folders) == 2


def test_errors_are_written_beside_the_source_too(make: Make, tmp_path: Path) -> None:
    """What was not delivered stands beside the source, named for it and the run; a dry run leaves none."""
    source = {"uri": str(tmp_path / "in" / "stock 1.csv"), "format": "csv", "bytes": 1, "sha256": ""}
    reports.write(make(source=source), tmp_path / "run", run_id="r1", errors="errors")
    folder = tmp_path / "in" / "errors"
    assert sorted(file.name for file in folder.iterdir()) == [
        "stock-1-r1.dead_letters.csv",
        "stock-1-r1.issues.json",
    ]
    assert sources.read(folder / "stock-1-r1.dead_letters.csv")["sku"].to_list() == ["SKU-3", "SKU-4", "SKU-7"]
    reports.write(make(source=source, dry_run=True), tmp_path / "run", run_id="r2", errors="errors")
    assert len(list(folder.iterdir())) == 2


def test_jobs_read_back_and_skipped_files_are_told(make: Make, tmp_path: Path) -> None:
    """P31: the page and the summary name the platform's jobs, what was read back, and each skipped file with why."""
    skipped = (Skipped("in/<b>.csv", "loaded already at noon"),)
    told = {"jobs": ("17", "18"), "job_status": "OPEN", "read_back": 2, "skipped": skipped, "checkpoints": ("a", "b")}
    report, page = written(make(**told), tmp_path)
    for words in (
        "17, 18 (OPEN)",
        "2 rows that the platform told nothing of",
        "in/&lt;b&gt;.csv: loaded already at noon",
    ):
        assert words in page
    assert "<code>a</code><br><code>b</code>" in page
    assert report.summary["skipped"] == [{"uri": "in/<b>.csv", "reason": "loaded already at noon"}]
    assert report.summary["jobs"] == ["17", "18"]


def test_a_load_of_nothing_says_why(make: Make, tmp_path: Path) -> None:
    """P31: where all files were skipped the page leads with the reason."""
    counts = dict.fromkeys(("read", "mapped", "rejected", "delivered", "unknown", "ready"), 0)
    skipped = (Skipped("in.csv", "loaded already at noon"),)
    nothing = pl.DataFrame({"sku": []}, schema={"sku": pl.String})
    empty = {"rejected": nothing, "delivered": nothing, "issues": frames.no_issues()}
    _, page = written(make(counts=counts, state="SKIPPED", skipped=skipped, gate=Gate("0%"), **empty), tmp_path)
    assert "There was nothing to load: loaded already at noon." in page


def test_a_feed_in_doubt_is_asked_about(make: Make, tmp_path: Path) -> None:
    """P32: a gate that a doubt about the feed closed is not opened by more rejected rows, and the page says by what."""
    issue = frames.frame_issue(stage="check", code="feed.rows", message="8 rows, and 20 before", at=ManualClock().now())
    closed = make(issues=issue, gate=Gate("0%", "8 rows, and 20 before"), state="REFUSED", feed="in doubt by feed.rows")
    _, text = written(closed, tmp_path)
    assert ("FORCE_REPROCESS" in text, "MAX_REJECTED" in text, "in doubt by feed.rows" in text) == (True, False, True)


def test_all_piles_but_the_dead_letters_are_without_personal_data(make: Make, tmp_path: Path) -> None:
    """P9: all files of a report hide it; dead letters alone, which are sent again, are whole, and of mode 0600."""
    personal.hide("sku")
    unknown = pl.DataFrame({"sku": ["SKU-8"], "_row": [8], "_source": ["in.csv"]})
    dry = make(ready=unknown, dry_run=True)
    for name, result in {"one": make(unknown=unknown), "dry": dry}.items():
        written(result, tmp_path / name)
        for file in (tmp_path / name).iterdir():
            whole = file.name.startswith("dead_letters")
            text = str(pl.read_parquet(file).to_dicts()) if file.suffix == ".parquet" else file.read_text("utf-8")
            assert ("SKU-" in text) is whole, file.name
            assert (stat.S_IMODE(file.stat().st_mode) == 0o600) is whole


def test_dead_letters_beside_a_source_are_their_owner_s_where_something_is_hidden(make: Make, tmp_path: Path) -> None:
    """Where others mend the dead letters they can read them, unless there are personal data in them."""
    source = {"uri": str(tmp_path / "in.csv"), "format": "csv", "bytes": 1, "sha256": ""}
    for run, hidden, mode in (("a", (), False), ("b", ("sku",), True)):
        personal.hide(hidden)
        reports.write(make(source=source), tmp_path / run, run_id=run, errors="errors")
        letters = tmp_path / "errors" / f"in-{run}.dead_letters.csv"
        assert (stat.S_IMODE(letters.stat().st_mode) == 0o600) is mode
