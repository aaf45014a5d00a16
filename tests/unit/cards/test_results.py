"""Every result shows itself: what a person sees of it, with values that would harm, hide or sprawl."""

import datetime as dt
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import fcwork as fw
from fcwork import frames, plots, recovery, redact, sources
from fcwork.client.graphql import GraphQLResult
from fcwork.errors import BadRequestError
from fcwork.extraction import ExtractResult
from fcwork.ingestion import ingest
from fcwork.jobs import JobTracker
from fcwork.mutations.outcome import OUTCOME, MutationOutcome
from fcwork.operations.operation import Operation, Table
from fcwork.reactions.reaction import Reaction
from fcwork.recovery.keeping import CheckpointView
from fcwork.runner.difference import Difference
from fcwork.runner.manifest import Published
from fcwork.runner.past import PastRun
from fcwork.runner.result import RunResult
from fcwork.runner.sharing.publishing import Shared
from fcwork.store import SQLiteStore
from fcwork.webhooks.event import Event

AT = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
SECRET = "s3cr3t-of-the-results"
EVIL = f"</td></pre><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e\u200b{SECRET}"
VALUES = [EVIL, "x" * 10_000, "😀🏳️‍🌈👩‍👩‍👧", "שלום עולם", "=cmd|'/c calc'!A1", "@SUM(1)", "\tt", "", None, "a\r\nb"]
ROWS = pl.DataFrame(
    {
        "ref": VALUES,
        "qty": ["x"] * len(VALUES),
        EVIL: [{"a": [one, None]} for one in VALUES],
        "money": pl.Series([None, *["1.50"] * (len(VALUES) - 1)]).cast(pl.Decimal(10, 2)),
        "day": [dt.date(2026, 1, 15)] * len(VALUES),
    }
)
TAGS = {
    *("p", "b", "div", "span", "br", "small", "ul", "li", "pre", "code", "details", "summary"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
}


class Tags(HTMLParser):
    """The tags and attributes of a page, in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down a tag."""
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


def deliver(_: list[dict[str, Any]]) -> None:
    """Refuse what is sent, in bad words."""
    raise BadRequestError(EVIL)


def mapped(_: Path) -> Any:
    """Rows that cannot be mapped."""
    return fw.Mapper({"fields": {"ref": {"source": "ref"}, "n": {"source": "qty", "resolver": "sdk.parseInt"}}}).apply(
        ROWS
    )


def checked(_: Path) -> Any:
    """Rows that are wrong."""
    return fw.Validator({"types": {"qty": "integer"}, "required": ["ref"]}).check(ROWS)


def sent(_: Path) -> Any:
    """Rows that were refused."""
    return recovery.send(ROWS.select("ref", "qty"), deliver, checkpoint="mine")


def kept(_: Path) -> Any:
    """A checkpoint with a row that was refused."""
    rows = ROWS.select("ref").with_columns(_state=pl.lit("rejected"), _message=pl.lit(EVIL))
    facts = {"name": EVIL, "target": EVIL, "route": "r", "state": "incomplete", "delivered": 0, "rejected": 1}
    return CheckpointView({**facts, "unknown": 0, "open": 0}, rows, pl.DataFrame())


def asked(_: Path) -> Any:
    """An answer with data, an error and a warning."""
    return GraphQLResult({"me": {EVIL: VALUES}}, ({"message": EVIL},), None, ({"message": EVIL},))


def read(folder: Path) -> Any:
    """A file of an evil name."""
    file = folder / "\x1b[31m<b>.csv"
    file.write_text("ref\n<script>alert(1)</script>\x1b[31m\n", "utf-8")
    return sources.read_with_issues(sources.literal(file))


def written(folder: Path) -> Any:
    """A file of an evil name that was written."""
    return sources.write(pl.DataFrame({"a": [1]}), sources.literal(folder / "\x1b[31m<b>.csv"))


def reconciled(_: Path) -> Any:
    """Two frames that differ."""
    left, right = (pl.DataFrame({"ref": [EVIL, "b"], "qty": [one, 5]}) for one in (1, 900))
    return fw.reconcile(left, right, key="ref", compare="qty")


def planned(_: Path) -> Any:
    """A plan, its first rows evil."""
    mapping = {"fields": {"ref": {"source": "ref"}}}
    with fw.connect(profile="simulator") as client:
        return ingest(client, ROWS.select("ref", "qty"), mapping=mapping, max_rejected="100%")


def loaded(_: Path) -> Any:
    """A load, as a dry run."""
    mapping = {"fields": {name: {"source": "ref", "required": True} for name in ("locationRef", "skuRef")}}
    with fw.connect(profile="simulator") as client:
        return ingest(client, ROWS.select("ref"), mapping=mapping, max_rejected="100%").apply(dry_run=True)


def extracted(_: Path) -> Any:
    """An extraction that failed."""
    counts = dict.fromkeys(("read", "repeated", "known", "mapped", "rejected", "written", "ready"), 1)
    return ExtractResult(
        frame=ROWS,
        rejected=ROWS,
        issues=checked(_).issues,
        rows=10,
        pages=1,
        complete=False,
        reasons=(EVIL,),
        limited=False,
        counts=counts,
        state="FAILED",
        entity=EVIL,
        target=EVIL,
        watermark_name=EVIL,
        mapping=EVIL,
        reason=EVIL,
    )


def changed(_: Path) -> Any:
    """A mutation that was refused."""
    row = {"key": EVIL, "ok": False, "outcome": "rejected", "code": EVIL, "message": EVIL}
    found = frames.issues(
        pl.DataFrame({"_row": [1], "_source": [EVIL]}),
        stage="send",
        field=EVIL,
        code="send.rejected",
        message=EVIL,
        at=AT,
    )
    return MutationOutcome(pl.DataFrame([row], schema=OUTCOME), found, ({"message": EVIL},))


def run(folder: Path) -> Any:
    """A run that failed."""
    recorded = {"summary": EVIL, "read": 3, "delivered": 2, "rejected": 1}
    facts: dict[str, Any] = {"ename": "ValueError", "evalue": EVIL, "started_at": AT, "ended_at": AT, "failed_cell": 3}
    return RunResult("FAILED", EVIL, "id", folder, EVIL, {EVIL: EVIL}, recorded, **facts)


def past(folder: Path) -> Any:
    """A run that failed, read back."""
    facts = {"state": "FAILED", "name": EVIL, "target": EVIL, "ename": "ValueError", "evalue": EVIL, "delivered": 3}
    return PastRun("id", folder, facts)


def differing(folder: Path) -> Any:
    """Two runs, all different."""
    pairs = {EVIL: (EVIL, None), "n": (1, [EVIL])}
    return Difference(
        past(folder), past(folder), pairs, pairs, {"read": (1, 2)}, f"+{EVIL}\n" * 1_000, sources_known=False
    )


def published(folder: Path) -> Any:
    """A frame that a run published."""
    return Published("stock", folder / EVIL.replace("/", ""), 3, (EVIL, "b"), 10, "0" * 64, (EVIL,))


def shared(_: Path) -> Any:
    """A run that was shared."""
    return Shared("id", f"out/{EVIL}.html", f"out/{EVIL}", 10)


def job(folder: Path) -> Any:
    """A job that failed."""
    with SQLiteStore(folder / "state.sqlite") as store:
        tracker = JobTracker(store)
        opened = tracker.job(EVIL, details={EVIL: VALUES}, triggered_by=EVIL)
        with pytest.raises(ValueError, match="script"), opened, opened.stage(EVIL, EVIL):
            raise ValueError(EVIL)
        return tracker.get(opened.id)


def operated(_: Path) -> Any:
    """An operation that found evil rows."""
    return Operation(action="jobs", told=EVIL, tables={EVIL: Table(ROWS, ours=False)}, state="FAILED", proposed=EVIL)


def reacted(_: Path) -> Any:
    """A reaction that was refused."""
    facts: dict[str, Any] = {"target": EVIL, "reason": EVIL, "sink": EVIL, "preview": ROWS}
    return Reaction(action="mutation", about=EVIL, state="REFUSED", dry_run=False, **facts)


def event(_: Path) -> Any:
    """An event, each of its fields evil."""
    facts: dict[str, Any] = {"attributes": {EVIL: VALUES}, "data": {}, "raw": b"{}", "warnings": (EVIL,)}
    checks = {"tenant_checked": True, "replay_checked": True}
    return Event(**{**dict.fromkeys(Event.__dataclass_fields__, EVIL), **facts, **checks})


RESULTS: list[Callable[[Path], Any]] = [
    *(mapped, checked, sent, kept, asked, read, written, reconciled, planned, loaded, changed, run, past, differing),
    *(published, shared, job, operated, reacted, event, extracted),
]


@pytest.fixture(params=RESULTS, ids=lambda made: made.__name__)
def result(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each result, of hostile values."""
    monkeypatch.setenv("FCWORK_HOME", str(home))
    redact.register(SECRET)
    return request.param(home)


def test_the_card_of_a_result_holds_nothing_that_lives(result: Any) -> None:
    """P25: a card has no tag or attribute but ours, no escape or mark of direction, no secret, and a size that fits."""
    page = result._repr_html_()
    tags = Tags(page)
    assert tags.names <= TAGS
    assert not any(name.startswith("on") or name in {"src", "href"} for name in tags.attributes)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e]", page)
    assert SECRET not in page
    assert len(page) < 100_000
    assert page.startswith('<div class="fcwork-card"')


def test_the_text_of_a_result_is_one_honest_line(result: Any) -> None:
    """P25: as text a result is one line that a terminal obeys in nothing, and no secret stands in it."""
    for shown in (str(result), repr(result)):
        assert shown.isprintable()
        assert SECRET not in shown
        assert 0 < len(shown) <= 1_100


@pytest.mark.parametrize("made", [run, past, sent, job, reacted], ids=lambda made: made.__name__)
def test_a_result_that_is_not_well_says_why(
    made: Callable[[Path], Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P32: the card and the line of what went wrong say how it ended, what was wrong and where."""
    monkeypatch.setenv("FCWORK_HOME", str(home))
    result = made(home)
    state = {sent: "rows rejected", job: "failed"}.get(made, "REFUSED" if made is reacted else "FAILED")
    assert f">{state}</span>" in result._repr_html_()
    assert "alert(1)" in result._repr_html_()
    if made is run:
        assert "cell [3]" in str(result)


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "records"])
def test_the_cards_of_frames_of_all_kinds_are_alike(kind: str) -> None:
    """P23: whatever kind of frame came in, the card of a check and of a mapping, and a plot of it, tell the same."""
    rows = pl.DataFrame({"ref": ["A", None, "<b>"], "qty": ["1", "x", "3"]})
    kinds: dict[str, Any] = {
        "polars": rows,
        "lazy": rows.lazy(),
        "pandas": pd.DataFrame(rows.to_dict(as_series=False)),
        "pyarrow": rows.to_arrow(),
        "records": rows.to_dicts(),
    }
    mapper = fw.Mapper({"fields": {"n": {"source": "qty", "resolver": "sdk.parseInt"}}})
    validator = fw.Validator({"types": {"qty": "integer"}, "required": ["ref"]})
    checks = validator.check(rows), validator.check(kinds[kind])
    assert str(checks[0]) == str(checks[1])
    assert checks[0]._repr_html_() == checks[1]._repr_html_()
    assert str(plots.issues(checks[0])) == str(plots.issues(checks[1]))
    maps = mapper.apply(rows), mapper.apply(kinds[kind])
    assert maps[1].counts["mapped"] == maps[0].counts["mapped"]  # a lazy one is worked out by this
    assert str(maps[0]) == str(maps[1])
    assert maps[0]._repr_html_() == maps[1]._repr_html_()
