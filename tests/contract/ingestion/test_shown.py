"""Results show themselves, all alike: one honest line as text, and a card of HTML in which nothing lives."""

import datetime as dt
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import fcwork as fw
from fcwork import personal, recovery, redact, runner
from fcwork.client.graphql import GraphQLResult
from fcwork.extraction.result import ExtractResult, empty_counts
from fcwork.frames import no_issues
from fcwork.mapper import Mapper
from fcwork.validator import Validator
from fcwork.webhooks.event import Proof, read_event

EVIL = (
    "</td><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e\u05e9\u05dc\u05d5\u05dd🎉\n"
    + "x" * 10_000
)
SECRET = "hunter2hunter2"
PRIVATE = "q@tok.example"
ROW = {"sku": EVIL, "qty": f"{SECRET} {EVIL}", "email": PRIVATE}
NAMES = (
    "graphql",
    "mapped",
    "checked",
    "sent",
    "extracted",
    "planned",
    "ingested",
    "ran",
    "event",
    "reconciled",
)
MAPPING = {"fields": {"ref": {"source": "sku"}, "email": {"source": "email"}, "qty": {"source": "qty"}}}
STRICT = {"fields": {**MAPPING["fields"], "qty": {"source": "qty", "resolver": "sdk.parseInt"}}}
FINE = {"sku": f"fine {EVIL}", "qty": "5", "email": PRIVATE}


class Tags(HTMLParser):
    """Collect the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        del attrs
        self.tags.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that a tag ends, which must be the one that began last."""
        assert self.open.pop() == tag


@pytest.fixture
def made(platform: Callable[..., Any], tmp_path: Path) -> Callable[[str], Any]:
    """Make a result of each kind, all of hostile values, a known secret and personal data."""
    redact.register(SECRET)
    personal.hide("email")
    at = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)

    def plan() -> Any:
        there = platform()
        rows = [{"location": EVIL, "sku": EVIL, "quantity": ROW["qty"], "status": ""}]
        return there.plan(rows, max_rejected="100%")

    makers: dict[str, Callable[[], Any]] = {
        "graphql": lambda: GraphQLResult({"order": ROW, "many": {"edges": [{"node": ROW}]}}, ({"message": EVIL},)),
        "mapped": lambda: Mapper(STRICT).apply([ROW, FINE]),
        "checked": lambda: Validator({"pattern": {"sku": "^a$", "email": "^a$"}}).check([ROW]),
        "sent": lambda: recovery.send([ROW], refuse),
        "extracted": lambda: extracted([ROW]),
        "planned": plan,
        "ingested": lambda: plan().apply(dry_run=True),
        "ran": lambda: runner.RunResult(
            "FAILED", EVIL, "r", tmp_path, EVIL, {}, {"read": 3, "rejected": 1}, 2, "E", f"{SECRET} {EVIL}", at, at
        ),
        "event": lambda: read_event(body(), Proof("fluent-signature", "SHA512withRSA", EVIL, (EVIL,))),
        "reconciled": lambda: fw.reconcile([ROW, FINE], [{**FINE, "qty": "7"}], key="sku", compare="qty"),
    }
    return lambda name: makers[name]()


def refuse(rows: Any) -> None:
    """Refuse what is to be delivered."""
    del rows
    raise fw.errors.RejectedError(f"{EVIL} {SECRET}")


def body() -> bytes:
    """Return a body of an event that somebody evil wrote."""
    return json.dumps({"id": "1", "name": EVIL, "entityRef": EVIL, "attributes": ROW}).encode()


def extracted(rows: list[dict[str, Any]]) -> ExtractResult:
    """Return an extraction that was not whole."""
    return ExtractResult(
        frame=rows,
        rejected=[],
        issues=no_issues(),
        rows=1,
        pages=1,
        complete=False,
        reasons=(EVIL,),
        limited=False,
        counts={**empty_counts(), "read": 1},
        state="FAILED",
        entity=EVIL,
        target=EVIL,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_one_line_as_text(made: Callable[[str], Any], name: str) -> None:
    """P25, P9: printing a result gives one line, in which nothing steers a terminal and no secret stands."""
    result = made(name)
    for text in (str(result), repr(result)) if name != "event" else (str(result),):
        assert len(text) <= 1_100
        assert not {"\n", "\x1b", "\u202e"} & set(text)
        assert "hunter" not in text
        assert PRIVATE not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_a_small_card_as_html(made: Callable[[str], Any], name: str) -> None:
    """P25, P9: the HTML is small and whole, has no live tag of the data's, no secret and nothing personal."""
    page = made(name)._repr_html_()
    parsed = Tags(page)
    assert parsed.open == []
    known = {"div", "p", "span", "b", "table", "caption", "thead", "tbody", "tr", "th", "td", "pre", "ul", "li"}
    assert parsed.tags <= known
    assert page.startswith('<div class="fcwork-card"')
    assert not {"\x1b", "\u202e"} & set(page)
    assert "hunter" not in page
    assert PRIVATE not in page
    assert len(page) < 20_000
