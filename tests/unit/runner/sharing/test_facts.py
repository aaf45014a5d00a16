import json
from datetime import UTC, datetime
from html import escape

import pytest

from fcwork.runner.sharing.facts import HEAD_BYTES, META, Facts

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
TOLD = {"name": "load", "title": "Load", "state": "FAILED", "target": "T", "reason": "boo", "seconds": 2.5}
FACTS = Facts(
    "r", *(TOLD[name] for name in ("name", "title", "state", "target", "reason")), AT, 2.5, {"read": 3}, dry_run=True
)


def test_facts_come_back_from_the_page() -> None:
    """What is written into the head of a page is read again as it was."""
    assert Facts.found_in(f"<head>{FACTS.tag()}", run_id="r") == FACTS


def test_texts_of_others_stay_inside_the_tag() -> None:
    """P25: quotes and tags in a title do not leave the attribute, and come back as they were."""
    facts = Facts.of({"title": '"><script>alert(1)</script>', "started_at": AT.isoformat()}, run_id="r")
    assert facts.tag().count("<") == 1
    found = Facts.found_in(facts.tag(), run_id="r")
    assert found
    assert found.title == facts.title


def test_long_texts_do_not_push_the_facts_out_of_the_head() -> None:
    """However long its texts are, the tag ends within the first bytes of the page, which the index reads."""
    long = dict.fromkeys(("name", "title", "state", "target", "reason"), '"' * 10_000)
    tag = Facts.of({**long, "started_at": AT.isoformat()}, run_id="r").tag()
    assert len(tag.encode()) < HEAD_BYTES - 1_000


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"started_at": "soon"}',
        '{"started_at": 3}',
        "[" * 100_000,
        '{"started_at": "0001-01-01T00:00:00+23:00"}',
    ],
)
def test_a_page_of_something_else_has_no_facts(content: str) -> None:
    """A page without facts, or with facts that are none, is no page of a run."""
    assert Facts.found_in(f'<meta name="{META}" content="{escape(content)}">', run_id="r") is None


def test_what_is_not_of_its_kind_is_empty() -> None:
    """Facts of the wrong kind are left empty; none of them can break the index."""
    told = {"title": 3, "seconds": "x", "figures": {"read": "<b>", "delivered": -1, "written": True, "more": 1}}
    facts = Facts.of({**told, "started_at": "2026-01-15T12:00:00", "dry_run": 1}, run_id="r")
    assert (facts.title, facts.seconds, facts.figures, facts.dry_run) == ("", 0.0, {}, False)
    assert facts.started_at == AT
    assert Facts.of({"seconds": json.loads("Infinity"), "started_at": AT.isoformat()}, run_id="r").seconds == 0.0
