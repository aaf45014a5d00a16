"""``fcwork schedule``: what is kept, shown and run by hand."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Fcwork = Callable[..., Any]


@pytest.fixture
def added(fcwork: Fcwork, home: Path) -> None:
    """Add a schedule of the shipped ingestion."""
    (home / "nightly.yml").write_text("SOURCE: stock.csv\nPROFILE: simulator\n", "utf-8")
    tells = ("--on-failure-command", "mail -s 'it failed' me", "--on-failure-url", "https://example.org/\x1b[31mhook")
    late = ("--policy", "all", "--max-late", "2h", "--retries", "2", "--timeout", "90m")
    when = ("--cron", "30 2 * * *", "--tz", "Australia/Sydney")
    said = fcwork("schedule", "add", "nightly", *when, "--notebook", "ingestion", "-f", "nightly.yml", *late, *tells)
    assert (said.code, said.err) == (0, "")
    assert said.out.count(" 02:30:00 AE") == 3


@pytest.mark.usefixtures("added")
def test_it_is_shown(fcwork: Fcwork, home: Path) -> None:
    """P25: list and show tell all that was said, and nothing in it acts on a terminal."""
    assert "30 2 * * *  Australia/Sydney" in fcwork("schedule", "list").out
    shown = fcwork("schedule", "show", "nightly")
    assert "\x1b[31m" not in shown.out
    told = json.loads(fcwork("schedule", "show", "nightly", "--json").out)
    assert told["failure_command"] == ["mail", "-s", "it failed", "me"]
    assert (told["max_late_seconds"], told["timeout_seconds"], told["retries"]) == (7_200.0, 5_400.0, 2)
    assert told["files"] == [str(home / "nightly.yml")]
    assert told["folder"] == str(home)
    [listed] = json.loads(fcwork("schedule", "list", "--json").out)
    assert listed["name"] == "nightly"
    assert len(listed["next"]) == 3


@pytest.mark.usefixtures("added")
def test_it_is_paused_resumed_removed(fcwork: Fcwork) -> None:
    """Each is told, and a second time too."""
    assert "is paused" in fcwork("schedule", "pause", "nightly").out
    assert "already" in fcwork("schedule", "pause", "nightly").out
    assert "paused" in fcwork("schedule", "list").out
    assert "goes on" in fcwork("schedule", "resume", "nightly").out
    assert fcwork("schedule", "remove", "nightly").code == 0
    assert fcwork("schedule", "list").out.startswith("no schedules yet")
    assert fcwork("schedule", "remove", "nightly").code == 2


def test_mistakes_end_with_two(fcwork: Fcwork) -> None:
    """P32: what is no time, zone, span, parameter or name is told, and nothing is kept."""
    add = ("schedule", "add", "x", "--notebook", "ingestion")
    for more in (
        ("--cron", "61 * * * *"),
        ("--cron", "* * * * *", "--tz", "Mars"),
        ("--cron", "* * * * *", "--timeout", "soon"),
        ("--cron", "* * * * *", "--max-late", "999999999w"),
        ("--cron", "* * * * *", "--policy", "twice"),
        ("--cron", "* * * * *", "-p", "NO_SUCH", "1"),
        ("--cron", "* * * * *", "--on-failure-url", "http://example.org"),
        (),
    ):
        assert fcwork(*add, *more).code == 2
    assert fcwork("schedule", "list").out.startswith("no schedules yet")
    assert fcwork("schedule", "run", "x").code == 2
    assert fcwork("schedule", "show", "x").code == 2


@pytest.mark.kernel
def test_it_is_run_by_hand(fcwork: Fcwork, home: Path) -> None:
    """`run` runs it now and ends as the run did; with --due it runs only what is due."""
    cell = {"cell_type": "code", "metadata": {}, "source": "1/0", "outputs": [], "execution_count": None, "id": "c"}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (home / "fail.ipynb").write_text(text, "utf-8")
    assert fcwork("schedule", "add", "f", "--cron", "0 0 29 2 *", "--notebook", "./fail.ipynb").code == 0
    assert fcwork("schedule", "run", "f", "--due").out == "nothing of f is due\n"
    said = fcwork("schedule", "run", "f")
    assert said.code == 1
    assert "-by-hand FAILED: ZeroDivisionError" in said.err
    assert "FAILED" in fcwork("schedule", "list").out


@pytest.mark.usefixtures("added")
def test_it_is_exported(fcwork: Fcwork, home: Path) -> None:
    """The files for another engine are shown, or written to a folder; an engine that is none is a mistake."""
    assert "CRON_TZ=Australia/Sydney" in fcwork("schedule", "export", "--to", "cron").out
    said = fcwork("schedule", "export", "nightly", "--to", "systemd", "-o", "units")
    assert (said.code, sorted(file.name for file in (home / "units").iterdir())) == (
        0,
        ["fcwork-nightly.service", "fcwork-nightly.timer"],
    )
    said = fcwork("schedule", "export", "--to", "systemed")
    assert (said.code, "did you mean 'systemd'" in said.err) == (2, True)
    assert fcwork("schedule", "export", "none", "--to", "cron").code == 2


def test_a_load_that_is_expected(fcwork: Fcwork) -> None:
    """A load that is overdue is shown in the list and of the schedule; that nobody would be told is said at once."""
    add = ("schedule", "add", "nightly", "--cron", "0 2 * * *", "--notebook", "ingestion", "-p", "PROFILE", "simulator")
    said = fcwork(*add, "--expect-every", "1s")
    assert (said.code, "nobody is told" in said.err) == (0, True)
    time.sleep(1.1)
    assert "OVERDUE since" in fcwork("schedule", "list").out
    assert "arrival.overdue_at" in fcwork("schedule", "show", "nightly").out
    told = json.loads(fcwork("schedule", "show", "nightly", "--json").out)
    assert (told["expect_seconds"], told["arrival"]["arrived_at"]) == (1.0, None)
    exported = fcwork("schedule", "export", "--to", "cron").out
    assert "That no load arrived is not told" in exported
    assert fcwork(*add, "--expect-every", "often").code == 2
