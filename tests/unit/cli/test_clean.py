import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import recovery, runner
from fcwork.cli.cleaning import size
from fcwork.clock import SYSTEM
from fcwork.extraction import spool
from fcwork.receiver import Inbox, Quarantine
from fcwork.receiver.message import Arrival
from fcwork.runner.folder import RunFolder

Fcwork = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("temporary")


def aged(*paths: Path) -> None:
    """Let files be forty days old."""
    at = (SYSTEM.now() - timedelta(days=40)).timestamp()
    for path in paths:
        os.utime(path, (at, at))


@pytest.fixture
def old(home: Path) -> Path:
    """Leave a run with a bad name inside, a refused request and a handled message, all old but the message."""
    folder = RunFolder("20200101T000000Z-load-aaaa1111")
    result = folder.write_json("result.json", {"state": "SUCCEEDED", "started_at": "2020-01-01T00:00:00+00:00"})
    aged(result, folder.path)
    kept = Quarantine().keep(b"x" * 3_000, {}, reason="BAD", at=SYSTEM.now())
    assert kept
    aged(kept, kept.with_suffix(".json"))
    bodies = home / ".fcwork" / "receiver" / "bodies" / "orders"
    bodies.mkdir(parents=True)
    for name in ("old.json", "new.json"):
        (bodies / name).write_text("{}", "utf-8")
    aged(bodies / "old.json")
    with Inbox() as inbox:
        given = {"replay_key": "k", "request_id": "r", "received_at": SYSTEM.now(), "headers": {}, "facts": {}}
        inbox.put(Arrival(door="d", body=b"{}", **given)).result()
        message = inbox.claim(["d"])
        assert message
        inbox.settle(message, "done")
    return home


def test_pages_of_extractions_go(fcwork: Fcwork, home: Path) -> None:
    """`fcwork clean extractions` removes the pages of extractions that were cut off long ago."""
    folder = home / ".fcwork" / "extractions" / "stock-0123456789ab"
    spool.begin(folder, spool.Head("asked", "", "", SYSTEM.now(), "run"), claim="c")
    aged(folder / spool.HEAD, folder)

    said = fcwork("clean", "extractions", "--yes")

    assert "1 extractions that were cut off, " in said.out
    assert "  stock-0123456789ab\n" in said.out
    assert not folder.exists()


def test_what_would_go_is_shown_first(fcwork: Fcwork, old: Path) -> None:
    """`fcwork clean` shows what is old and how much room it takes, and removes nothing."""
    said = fcwork("clean", "--keep", "0")

    assert said.code == 0
    assert "1 runs, " in said.out
    assert "  20200101T000000Z-load-aaaa1111\n" in said.out
    assert "1 refused requests, 3." in said.out
    assert "would come back: add --yes, as nothing was removed yet\n" in said.out
    assert runner.history().height == 1
    assert "1 files given to notebooks, 2 bytes\n" in said.out
    assert len(list((old / ".fcwork" / "receiver" / "quarantine").iterdir())) == 2


def test_it_goes_where_that_is_said(fcwork: Fcwork, old: Path) -> None:
    """With --yes it goes, and the room that came back is told; then there is nothing more."""
    said = fcwork("clean", "--keep", "0", "--yes")

    assert said.out.endswith(" came back\n")
    assert runner.history().is_empty()
    assert list((old / ".fcwork" / "receiver" / "quarantine").iterdir()) == []
    assert [file.name for file in (old / ".fcwork" / "receiver" / "bodies").rglob("*.json")] == ["new.json"]
    with Inbox() as inbox:
        assert inbox.counts()["done"] == 1
    assert fcwork("clean", "--keep", "0", "--yes").out == "nothing is older than 30d and needed by nobody\n"


def test_only_what_is_named_goes(fcwork: Fcwork, old: Path) -> None:
    """WHAT names the kinds that go, --older-than the age, --keep the runs that stay."""
    assert "nothing is older" in fcwork("clean", "runs", "--yes").out  # it is one of the latest fifty
    assert "refused" not in fcwork("clean", "checkpoints", "runs", "--keep", "0").out
    assert "1 settled messages" in fcwork("clean", "events", "--older-than", "0m", "--yes").out
    with Inbox() as inbox:
        assert not inbox.messages()
    assert (old / ".fcwork" / "receiver" / "bodies" / "orders" / "new.json").exists()  # a notebook may be at it
    assert runner.history().height == 1


def test_only_superseded_checkpoints_go(fcwork: Fcwork, home: Path) -> None:
    """A checkpoint with rows left stays at any age; one whose file a newer version replaced goes."""
    del home

    def down(records: list[dict[str, Any]]) -> None:
        raise OSError(f"no way for {len(records)}")

    for name in ("first", "second"):
        recovery.send(pl.DataFrame({"ref": [name]}), down, checkpoint=name, series="stock", max_retries=0)
    states = dict(recovery.checkpoints().select("name", "state").rows())
    assert states == {"first": "superseded", "second": "incomplete"}

    assert "1 superseded checkpoints, " in fcwork("clean", "--older-than", "0m").out
    assert recovery.checkpoints().height == 2
    assert "\n  first\n" in fcwork("clean", "--older-than", "0m", "--yes").out
    assert recovery.checkpoints()["name"].to_list() == ["second"]


def test_where_there_is_nothing_nothing_is_made(fcwork: Fcwork, home: Path) -> None:
    """Without run-time files there is nothing to go, and none is made."""
    assert fcwork("clean").out.startswith("nothing is older than 30d")
    assert not (home / ".fcwork").exists()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (["everything"], "'everything' is not one of"),
        (["--older-than", "old"], "'old' is no span of time"),
        (["--older-than", "999999999w"], "is no span of time"),
        (["--older-than", "9999w"], "older_than_days"),
        (["--keep", "-1"], "-1 is not in the range"),
    ],
)
def test_a_mistake_removes_nothing(fcwork: Fcwork, old: Path, call: list[str], told: str) -> None:
    """P32: a call that makes no sense ends with code 2 and one message, and nothing goes."""
    del old
    said = fcwork("clean", "--yes", *call)
    assert (said.code, told in said.err) == (2, True)
    assert runner.history().height == 1


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (2e6, "2.0 MB"), (3.2e12, "3,200.0 GB")]
)
def test_sizes_are_told_as_people_say_them(count: float, told: str) -> None:
    """A number of bytes is told in the unit that suits it."""
    assert size(count) == told
