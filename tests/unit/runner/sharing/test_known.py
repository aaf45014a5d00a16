"""What an index keeps of the pages that it was made of."""

import html
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner, sources
from fcwork.redact import MASK, register
from fcwork.runner.sharing import known
from fcwork.runner.sharing.facts import Facts

Leave = Callable[..., Path]
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
FACTS = Facts("a", "load", "</script>'> Stock & “co”", "FAILED", "T", "why", AT, 1.5, {"read": 3}, dry_run=True)


def test_it_is_read_back_as_it_was_kept() -> None:
    """A page's stamp and the facts that an index shows come back; no text in them ends the tag."""
    kept = known.tag({"a.html": ("1 x", FACTS)})

    assert (kept.count("<"), kept.count(">"), kept.count("'")) == (1, 1, 2)
    assert known.found_in(f"<html>{kept}</html>") == {"a.html": ("1 x", replace(FACTS, name="", reason=""))}


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        '{"version": 2, "pages": {}}',
        '{"version": 1, "pages": []}',
        '{"version": 1, "pages": {"a.html": 1, "b.html": {}, "c.html": {"stamp": "x", "started_at": "never"}}}',
    ],
)
def test_what_cannot_be_read_is_not_known(told: str) -> None:
    """An index of another version, a damaged one and one that was cut off keep nothing."""
    assert known.found_in(f"<meta name=\"fcwork-pages\" content='{told}'>") == {}
    assert known.found_in(known.tag({"a.html": ("1 x", FACTS)})[:-20]) == {}


def test_a_page_that_was_only_now_written_has_no_stamp() -> None:
    """Within a minute a page may change and keep its time; where the place tells a tag of what it holds, it may not."""
    file = {"size": 5, "modified_at": AT, "etag": None}
    assert known.stamp(file, AT + timedelta(seconds=59)) == ""
    assert known.stamp(file, AT + timedelta(seconds=61)) == f"5 {AT.isoformat()}"
    assert known.stamp({**file, "etag": "t"}, AT) == f"5 {AT.isoformat()} t"


def test_only_pages_that_are_new_are_read(leave: Leave, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index is made of what the last one kept and of the pages that are new or were changed; gone ones are gone."""
    for name in ("a", "b", "c"):
        leave(f"# Title of {name}", run_id=name)
        runner.share(name, "out")
    for file in Path("out").iterdir():
        os.utime(file, (AT.timestamp(), AT.timestamp()))
    runner.share("c", "out")  # it keeps what is settled: a and b
    (Path("out") / "b.html").unlink()
    read: list[str] = []
    real = sources.place.opened

    def watched(place: Any) -> Any:
        read.append(place.name)
        return real(place)

    monkeypatch.setattr("fcwork.runner.sharing.index.opened", watched)
    index = Path(runner.share("c", "out").index).read_text("utf-8")
    assert "a.html" not in read
    assert "c.html" in read
    assert re.findall(r'<a href="./(\w+)\.html">Title of (\w)</a>', index) == [("c", "c"), ("a", "a")]

    page = Path("out") / "a.html"
    page.write_text(page.read_text("utf-8").replace("Title of a", "Another title"), "utf-8")
    index = Path(runner.share("c", "out").index).read_text("utf-8")
    assert ">Another title</a>" in index


def test_what_is_kept_is_masked(leave: Leave) -> None:
    """P8: a secret that became known after a page was shared is not kept by the index either."""
    leave("# Stock", run_id="a", target="sesame-1")
    runner.share("a", "out")
    os.utime("out/a.html", (AT.timestamp(), AT.timestamp()))
    leave("# Other", run_id="b")
    runner.share("b", "out")
    assert "sesame-1" in Path("out/index.html").read_text("utf-8")
    register("sesame-1")
    index = Path(runner.share("b", "out").index).read_text("utf-8")
    assert "sesame-1" not in index
    assert json.loads(html.unescape(re.findall("content='(.*?)'", index)[0]))["pages"]["a.html"]["target"] == MASK
