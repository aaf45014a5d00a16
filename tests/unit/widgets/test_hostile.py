"""Every panel, with values that would harm, hide or sprawl, and with frames of every kind."""

import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import fcwork as fw
from fcwork import personal, redact
from fcwork.errors import BadRequestError, ConfigError
from fcwork.jobs import JobTracker
from fcwork.redact import MASK
from fcwork.store import SQLiteStore
from fcwork.widgets import (
    BatchMonitor,
    CheckReport,
    JobBoard,
    OperationsDesk,
    Panel,
    QueryExplorer,
    RunBrowser,
    WebhookInspector,
)

SECRET = "s3cr3t-of-the-panels"
EVIL = f"</td><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e\u200b{SECRET}"
VALUES = [EVIL, "x" * 10_000, "👩‍👩‍👧", "שלום עולם", "=cmd|'/c calc'!A1", "@SUM(1)", "\tt", "", None, "a\r\nb"]
ROWS = pl.DataFrame(
    {
        "ref": VALUES,
        "qty": ["x"] * len(VALUES),
        EVIL: [[{"a": one}] for one in VALUES],
        "money": [Decimal("1.50")] * len(VALUES),
        "day": [dt.date(2026, 1, 15)] * len(VALUES),
        "none": [None] * len(VALUES),
    }
)
KINDS = ["polars", "lazy", "pandas", "pyarrow", "records"]
RULES = {"types": {"qty": "integer"}, "required": ["ref"]}


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down a tag, and each attribute that is not one of ours."""
        self.seen.add(tag)
        self.seen.update(name for name, _ in attrs if name.startswith("on") or name in {"src", "href"})


def as_kind(rows: pl.DataFrame, kind: str) -> Any:
    """Return rows as another kind of frame."""
    kinds: dict[str, Callable[[], Any]] = {
        "polars": lambda: rows,
        "lazy": rows.lazy,
        "pandas": lambda: pd.DataFrame(rows.to_dict(as_series=False)),
        "pyarrow": rows.to_arrow,
        "records": rows.to_dicts,
    }
    return kinds[kind]()


def refuse(_: list[dict[str, Any]]) -> None:
    """Refuse rows, in bad words."""
    raise BadRequestError(EVIL)


def done(panel: Any) -> Any:
    """Wait for what a panel does."""
    assert panel.work.wait(20)
    return panel


def report(_: Path) -> Panel:
    """Findings of evil rows."""
    return CheckReport(fw.Validator(RULES).check(ROWS))


def rows_of_report(_: Path) -> Panel:
    """The evil rows themselves."""
    panel = CheckReport(fw.Validator(RULES).check(ROWS), name="rows")
    panel.choose("show", "rows")
    return panel


def monitor(_: Path) -> Panel:
    """A send whose rows were refused in bad words."""
    panel = BatchMonitor(ROWS.select("ref", "qty"), refuse, dry_run=False)
    panel.send()
    return done(panel)


def board(folder: Path) -> Panel:
    """A job that failed in bad words, chosen."""
    tracker = JobTracker(SQLiteStore(folder / "state.sqlite"))
    job = tracker.job(EVIL, details={EVIL: VALUES}, triggered_by=EVIL)
    with pytest.raises(ValueError, match="script"), job, job.stage(EVIL, EVIL):
        raise ValueError(EVIL)
    panel = JobBoard(tracker)
    panel.refresh()
    done(panel).choose("job", job.id)
    return panel


def browser(folder: Path) -> Panel:
    """A run that failed in bad words, chosen."""
    run = folder / "runs" / "20260115T120000Z-load-abcdef"
    run.mkdir(parents=True)
    told = {"state": "FAILED", "name": EVIL, "target": EVIL, "ename": EVIL, "evalue": EVIL, "delivered": 1}
    (run / "result.json").write_text(json.dumps({**told, "started_at": "2026-01-15T12:00:00Z"}), "utf-8")
    (run / "parameters.json").write_text(json.dumps({EVIL: EVIL}), "utf-8")
    panel = RunBrowser()
    panel.refresh()
    done(panel).choose("run", run.name)
    return panel


def inspector(_: Path) -> Panel:
    """A body and headers that are evil."""
    panel = WebhookInspector(EVIL, headers=f"{EVIL.replace(':', '')}: {EVIL}")
    panel.inspect()
    return done(panel)


def explorer(_: Path) -> Panel:
    """A query with an evil value."""
    return QueryExplorer(None, root="orders", fields=["ref"], filters={"ref": [EVIL]})


def desk(_: Path) -> Panel:
    """A look that cannot be done, under an evil name."""
    panel = OperationsDesk(None)
    panel.choose("item", EVIL)
    panel.look()
    return done(panel)


PANELS: list[Callable[[Path], Panel]] = [*(report, rows_of_report, monitor, board, browser, inspector, explorer, desk)]


@pytest.fixture(params=PANELS, ids=lambda made: made.__name__)
def panel(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each panel, with hostile values."""
    monkeypatch.setenv("FCWORK_HOME", str(home))
    redact.register(SECRET)
    return request.param(home)


def pages(widget: Any) -> list[str]:
    """Return each HTML that stands in a control and those in it."""
    own = [widget.value] if type(widget).__name__ == "HTML" else []
    return own + [page for child in getattr(widget, "children", ()) for page in pages(child)]


def test_nothing_of_a_panel_lives(panel: Panel) -> None:
    """P25: in controls and picture no tag, attribute, escape or mark of direction is the data's, and no secret."""
    shown = [panel.picture().html(), *(page for page in pages(panel.view.root) if not page.startswith("<style"))]
    for page in shown:
        assert not Tags(page).seen & {"script", "img", "onerror", "src", "href", "style", "form", "object", "embed"}
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e]", page)
        assert SECRET not in page
    assert sum(map(len, shown)) < 200_000


def test_the_text_of_a_panel_steers_no_terminal(panel: Panel) -> None:
    """P25: the lines of a panel's picture hold no escape, no mark of direction and no secret, and are short."""
    told = str(panel)
    assert SECRET not in told
    for line in told.split("\n"):
        assert line.isprintable()
        assert len(line) < 1_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_alike_for_frames_of_all_kinds(kind: str) -> None:
    """P23: the report of a check tells the same, and its value is of the kind that came in."""
    rows = ROWS.drop(EVIL, "none")
    ours, other = (CheckReport(fw.Validator(RULES).check(as_kind(rows, one)), name=one) for one in ("polars", kind))
    assert ours.picture().html() == other.picture().html()
    for panel in (ours, other):
        panel.choose("show", "rows")
        panel.choose("code", "check.required")
    assert ours.shown.select("ref", "qty").equals(other.shown.select("ref", "qty"))
    assert fw.frames.kind_of(other.value) == ("polars" if kind == "records" else kind) or kind == "records"


@pytest.mark.parametrize("kind", KINDS)
def test_a_monitor_sends_frames_of_all_kinds(kind: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P23: whatever kind of frame the rows are, each of them goes once, and the piles are the same."""
    monkeypatch.setenv("FCWORK_HOME", str(home))
    taken: list[Any] = []
    rows = pl.DataFrame({"ref": ["a", "b", "b", "שלום"], "qty": [1, 2, 2, None]})
    panel = BatchMonitor(as_kind(rows, kind), taken.extend, dry_run=False)
    panel.send()
    assert done(panel).work.standing.phase == "done", panel.work.standing
    assert panel.piles() == {"delivered": 4, "rejected": 0, "unknown": 0}
    assert [one["ref"] for one in taken] == rows["ref"].to_list()


@pytest.mark.parametrize("rows", [pl.DataFrame(), pl.DataFrame({"ref": []}), pl.DataFrame({"ref": []}).to_pandas()])
def test_nothing_to_send_is_told_so(rows: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: a frame without rows or columns is sent as nothing, and the panel says that it was nothing."""
    monkeypatch.setenv("FCWORK_HOME", str(home))
    panel = BatchMonitor(rows, refuse, dry_run=False)
    panel.send()
    assert done(panel).work.standing.phase == "done", panel.work.standing
    assert panel.work.standing.told.startswith("0 rows")
    assert panel.view.root is not None


def test_rows_of_a_report_show_nothing_that_is_hidden() -> None:
    """P8: a column of personal data is hidden in the rows that a report shows."""
    personal.hide("email")
    rows = pl.DataFrame({"email": ["q@tok"], "qty": ["x"]})
    panel = CheckReport(fw.Validator(RULES).check(rows))
    panel.choose("show", "rows")
    assert panel.shown["email"].to_list() == [MASK]
    assert not any("q@tok" in page for page in [*pages(panel.view.root), panel.picture().html(), str(panel)])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: JobBoard(status="faild"), "no status of a job: did you mean 'failed'"),
        (lambda: RunBrowser(state="FAILD"), "no state of a run"),
        (lambda: CheckReport(7), "int has no issues to report"),
        (lambda: QueryExplorer(None, root="ordrs"), "orders"),
    ],
)
def test_what_a_cell_gives_wrongly_is_told_at_once(make: Callable[[], Panel], says: str) -> None:
    """P32: a default that cannot be meant is refused when the cell runs, with what was meant."""
    with pytest.raises(ConfigError, match=says):
        make()
