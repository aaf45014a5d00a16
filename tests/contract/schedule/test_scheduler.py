"""``fcwork scheduler``, as processes: on time, alone, after a restart, after a kill, to an end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from postgres_server import PASSWORD, Server

from fcwork import settings
from fcwork.schedule import LOST, UNDER_WAY, Book, Schedule, Standing
from fcwork.store import SQLiteStore, open_store

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.name == "nt", reason="a run there is not stopped by a signal"),
]
WAIT_SECONDS = 60.0
GREET = "print('hello')"
SLOW = "import pathlib, time\ntry:\n    time.sleep(SECONDS)\nfinally:\n    pathlib.Path('finally').touch()"
Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def notebooks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks that are quick and slow."""
    monkeypatch.setenv("FCWORK_HOME", str(home / ".fcwork"))
    for name, source in {"greet": GREET, "slow": SLOW}.items():
        cells = [
            {
                "id": f"c{n}",
                "cell_type": "code",
                "metadata": told,
                "source": text,
                "outputs": [],
                "execution_count": None,
            }
            for n, (told, text) in enumerate((({"tags": ["parameters"]}, "SECONDS: float = 60.0"), ({}, source)))
        ]
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (home / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")


@pytest.fixture
def book(home: Path, notebooks: None) -> Iterator[Book]:
    """A book of this machine."""
    del notebooks
    store = SQLiteStore(home / ".fcwork" / "state.sqlite")
    yield Book(store)
    store.close()


@pytest.fixture
def team_book(notebooks: None, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """A book of a team, in PostgreSQL."""
    del notebooks
    monkeypatch.setenv("FCWORK_STORE", server.url())
    store = open_store(settings.store_place())
    yield Book(store)
    store.close()


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Start schedulers; what is left of them and of their runs is ended."""
    started: list[subprocess.Popen[str]] = []

    def scheduler() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "fcwork", "scheduler"]
        process = subprocess.Popen(command, cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        started.append(process)
        return process

    yield scheduler
    for process in [*started, *workers(home)]:  # its runs hold a scheduler's pipes open
        process.kill()
    for process in started:
        process.communicate()


def workers(home: Path) -> list[psutil.Process]:
    """Return the processes that run a schedule in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if "--due" in process.cmdline() and process.environ().get("FCWORK_HOME") == str(home / ".fcwork"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def added(book: Book, home: Path, **given: Any) -> None:
    """Add a schedule."""
    usual: dict[str, Any] = {"name": "it", "cron": "*/6 * * * * *", "notebook": "./greet.ipynb", "folder": str(home)}
    book.add(Schedule(**{**usual, **given}))


def make_due(book: Book) -> None:
    """Let the latest instant of ``it`` be one that was missed."""
    with book.alone("it") as held:
        book.keep("it", Standing(book.clock.now() - timedelta(hours=2)), held.lease)


def wait_for(what: Callable[[], Any]) -> Any:
    """Return what comes to be true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited for {what} in vain")


def results(home: Path) -> list[dict[str, Any]]:
    """Return what the runs say that are over, in the order of their instants."""
    files = sorted((home / ".fcwork" / "runs").glob("*/result.json"))
    return [json.loads(file.read_text("utf-8")) for file in files]


def is_running(book: Book, home: Path) -> bool:
    """Say whether the slow cell of the latest turn is being run."""
    turn = book.standing("it").turn
    if turn is None or turn.state != UNDER_WAY:
        return False
    events = home / ".fcwork" / "runs" / turn.run_id / "events.jsonl"
    return events.is_file() and "import pathlib, time" in events.read_text("utf-8")


def test_three_in_a_row_by_two_schedulers(book: Book, home: Path, start: Start) -> None:
    """Three instants in a row are each run once, before the next is due, though two schedulers are there."""
    added(book, home)
    both = [start(), start()]
    wait_for(lambda: len(results(home)) >= 3)
    for process in both:
        process.terminate()
    said = [process.communicate(timeout=WAIT_SECONDS)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("running the schedules" in text for text in said) in ([False, True], [True, True])
    assert "another scheduler is running them" in "".join(said)
    runs = [run for run in results(home) if run["state"] != "CANCELLED"]
    instants = [datetime.strptime(f"{run['run_id']}+0000", "it-%Y%m%dT%H%M%SZ%z") for run in runs]
    assert {run["state"] for run in runs} == {"SUCCEEDED"}
    assert {later - one for one, later in pairwise(instants)} == {timedelta(seconds=6)}
    started = [datetime.fromisoformat(run["started_at"]) for run in runs]
    assert all(at >= instant for at, instant in zip(started, instants, strict=True))


def test_a_killed_scheduler(book: Book, home: Path, start: Start) -> None:
    """P11, P12: the run of a scheduler that is killed ends as it should and the next waits for it; SIGTERM ends one."""
    added(book, home, cron="* * * * * *", notebook="./slow.ipynb", texts=(("SECONDS", "5"),))
    first = start()
    wait_for(lambda: is_running(book, home))
    first.kill()
    first.wait()
    second = start()
    [run] = wait_for(lambda: results(home))
    assert run["state"] == "SUCCEEDED"
    wait_for(lambda: len(list((home / ".fcwork" / "runs").iterdir())) == 2 and is_running(book, home))
    (home / "finally").unlink()
    second.send_signal(signal.SIGINT)
    said = second.communicate(timeout=WAIT_SECONDS)[0]
    assert (second.returncode, "stopped" in said) == (0, True)
    assert (home / "finally").exists()
    before, after = results(home)
    assert after["state"] == "CANCELLED"
    assert after["started_at"] >= before["ended_at"]
    assert workers(home) == []


def test_a_team_s_schedulers(team_book: Book, home: Path, start: Start) -> None:
    """P11, P12: of a team's schedulers the one that is awake is killed, and the other goes on; no two runs at once."""
    added(team_book, home, cron="*/3 * * * * *", notebook="./slow.ipynb", texts=(("SECONDS", "2"),))
    both = {process.pid: process for process in (start(), start())}
    wait_for(lambda: is_running(team_book, home))
    awake = both.pop(awake_in(team_book))
    awake.kill()
    awake.wait()
    wait_for(lambda: awake_in(team_book) in both)
    wait_for(lambda: len(results(home)) >= 3)
    [other] = both.values()
    other.terminate()
    said = other.communicate(timeout=WAIT_SECONDS)[0]

    assert other.returncode == 0
    assert "another scheduler is running them; this one waits" in said
    runs = sorted(results(home), key=lambda run: str(run["started_at"]))
    assert {run["state"] for run in runs[:-1]} == {"SUCCEEDED"}
    assert all(later["started_at"] > one["ended_at"] for one, later in pairwise(runs))
    assert workers(home) == []
    assert PASSWORD not in said + "".join(map(str, team_book.all()))


def awake_in(book: Book) -> int:
    """Return the process of the scheduler that is awake; none is 0."""
    owners = [lease.owner for lease in book.store.leases("scheduler")]
    return int(owners[0].split(":")[1].partition("-")[0]) if owners else 0


def test_a_killed_run(book: Book, home: Path, start: Start) -> None:
    """P11: an instant whose process was killed is LOST and told, and not run again."""
    program = "import os, pathlib; pathlib.Path('told').write_text(os.environ['FCWORK_STATE'])"
    tells = (sys.executable, "-c", program)
    added(book, home, cron="0 * * * *", notebook="./slow.ipynb", failure_command=tells)
    make_due(book)
    start()
    wait_for(lambda: is_running(book, home))
    [worker] = workers(home)
    assert book.standing("it").turn.state == UNDER_WAY  # type: ignore[union-attr]
    worker.kill()
    wait_for(lambda: book.standing("it").turn.state == LOST)  # type: ignore[union-attr]
    assert (home / "told").read_text() == "LOST"
    assert len(list((home / ".fcwork" / "runs").iterdir())) == 1


def test_changes_are_followed(book: Book, home: Path, start: Start) -> None:
    """What is added, paused and missed while a scheduler runs or does not is known to it; one that fails stops none."""
    added(book, home, name="broken", notebook="./gone.ipynb", cron="* * * * * *")
    start()
    wait_for(lambda: (turn := book.standing("broken").turn) and turn.state == "FAILED")
    added(book, home, cron="0 * * * *")
    make_due(book)
    wait_for(lambda: (turn := book.standing("it").turn) and turn.state == "SUCCEEDED")
    book.pause("broken")
    time.sleep(3)
    decided = book.standing("broken").decided
    time.sleep(3)
    assert book.standing("broken").decided == decided


def test_a_load_that_did_not_arrive(book: Book, home: Path, start: Start) -> None:
    """Of two schedulers one tells, once, and so it stays after both were killed and another was started."""
    program = "import os; open('told', 'a').write(os.environ['FCWORK_KIND'] + '\\n')"
    tells = (sys.executable, "-c", program)
    added(book, home, cron="0 0 29 2 *", expect_seconds=1.0, failure_command=tells)
    for process in (start(), start()):
        wait_for(lambda: (waiting := book.arrivals.get("it")) and waiting.told_at)
        process.kill()
        process.wait()
    start()
    time.sleep(4)
    assert (home / "told").read_text() == "overdue\n"
