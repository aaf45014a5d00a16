"""Runs of one schedule: each instant once."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from executed import leave_run

from fcwork import runner
from fcwork.clock import ManualClock
from fcwork.errors import LeaseTakenError
from fcwork.retry import RetryPolicy
from fcwork.schedule import LOST, UNDER_WAY, Book, Schedule, Standing, Turn, Work

Plan = Callable[..., Schedule]
SOON = RetryPolicy(base_seconds=0.01, floor_seconds=0.0)


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Come back from a schedule's folder."""
    monkeypatch.setenv("FCWORK_HOME", str(home / ".fcwork"))


@pytest.mark.kernel
def test_what_is_due_is_run_once(book: Book, plan: Plan, clock: ManualClock) -> None:
    """An instant is run once, under its own id, however often one looks."""
    book.add(plan(texts=(("WHO", "you"),)))
    work = Work(book, "hourly")
    assert work.all_due() == []
    clock.advance(3_700)
    [turn] = work.all_due()
    assert (turn.run_id, turn.state, turn.attempt) == ("hourly-20260115T130000Z", "SUCCEEDED", 1)
    assert (runner.runs() / turn.run_id / "result.json").is_file()
    assert work.all_due() == []
    assert book.standing("hourly").turn == turn
    assert runner.history()["schedule"].to_list() == ["hourly"]
    figures = runner.figures(turn.run_id)
    assert (runner.past(turn.run_id).beginning["schedule"], figures["schedule"]) == ("hourly", "hourly")
    assert json.loads((runner.runs() / turn.run_id / "figures.json").read_text("utf-8")) == figures


def test_a_mistake_is_not_repeated(book: Book, plan: Plan, clock: ManualClock) -> None:
    """A run that could not begin has failed; it is not repeated, and the next instant has its turn."""
    book.add(plan(notebook="./gone.ipynb", retries=5, policy="all"))
    clock.advance(2 * 3_600)
    turns = Work(book, "hourly", backoff=SOON).all_due()
    assert [(turn.state, turn.attempt) for turn in turns] == [("FAILED", 1), ("FAILED", 1)]
    assert "gone.ipynb" in turns[0].reason
    book.remove("hourly")
    book.add(plan(folder="/no/such/folder"))
    clock.advance(3_600)
    assert "cannot be entered" in Work(book, "hourly").all_due()[0].reason


@pytest.mark.kernel
def test_who_is_told_is_a_secret_of_the_run(
    book: Book, plan: Plan, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P8: an address for failures and what signs it, of the environment, stand nowhere in what a run leaves."""
    monkeypatch.setenv("HOOK", "http://127.0.0.1:9/t0k3n-of-the-hook")
    monkeypatch.setenv("SIGNS", "whsec_c2lnbnMtdGhlLW5vdGljZXM=")
    book.add(plan(notebook="./tells.ipynb", failure_url="env:HOOK", failure_secret_env="SIGNS"))
    clock.advance(3_700)
    [turn] = Work(book, "hourly", backoff=SOON).all_due()
    assert turn.state == "SUCCEEDED"
    left = b"".join(path.read_bytes() for path in sorted((runner.runs() / turn.run_id).iterdir()))
    assert b"t0k3n" not in left
    assert b"c2lnbnM" not in left
    assert "••• •••".encode() in left


@pytest.mark.kernel
def test_a_failure_is_repeated_and_told(book: Book, plan: Plan, clock: ManualClock, home: Path) -> None:
    """A failed run is repeated as often as is said, under further ids; only then somebody is told."""
    program = "import os; open('told', 'a').write(os.environ['FCWORK_RUN_ID'] + ' ' + os.environ['FCWORK_STATE'])"
    tells = (sys.executable, "-c", program)
    book.add(plan(notebook="./second.ipynb", texts=(("FLAG", "flag"),), retries=1, failure_command=tells))
    clock.advance(3_600)
    [turn] = Work(book, "hourly", backoff=SOON).all_due()
    assert (turn.run_id, turn.state, turn.attempt) == ("hourly-20260115T130000Z-2", "SUCCEEDED", 2)
    assert not (home / "told").exists()

    book.remove("hourly")
    book.add(plan(notebook="./fail.ipynb", failure_command=tells))
    clock.advance(3_600)
    [turn] = Work(book, "hourly", backoff=SOON).all_due()
    assert (turn.state, turn.attempt, turn.untold) == ("FAILED", 1, "")
    assert "no world" in turn.reason
    assert (home / "told").read_text() == "hourly-20260115T140000Z FAILED"


def test_what_a_dead_process_left(book: Book, plan: Plan, clock: ManualClock) -> None:
    """P11: a run whose process went away is LOST and not run again, unless it may be repeated."""
    book.add(plan(failure_command=("/no/such/program",)))
    begun = Turn(instant=clock.now(), run_id="hourly-x", attempt=1, state=UNDER_WAY, started_at=clock.now())
    with book.alone("hourly") as held:
        book.keep("hourly", Standing(clock.now(), begun), held.lease)
    [turn] = Work(book, "hourly").all_due()
    assert (turn.state, turn.run_id) == (LOST, "hourly-x")
    assert "cannot be run" in turn.untold
    assert Work(book, "hourly").all_due() == []


def test_a_run_that_ended_unheard_is_not_lost(book: Book, plan: Plan, clock: ManualClock) -> None:
    """P11: where the process went away after its run was written down, the turn ended as the run did."""
    book.add(plan(retries=1, failure_command=("/no/such/program",)))
    leave_run(run_id="hourly-x", delivered=3)
    begun = Turn(instant=clock.now(), run_id="hourly-x", attempt=1, state=UNDER_WAY, started_at=clock.now())
    with book.alone("hourly") as held:
        book.keep("hourly", Standing(clock.now(), begun), held.lease)
    [turn] = Work(book, "hourly").all_due()
    assert (turn.state, turn.run_id, turn.untold) == ("SUCCEEDED", "hourly-x", "")
    waiting = book.arrivals.get("hourly")
    assert waiting is not None
    assert waiting.arrived_at == clock.now()


@pytest.mark.kernel
def test_what_a_dead_process_left_is_repeated(book: Book, plan: Plan, clock: ManualClock) -> None:
    """P11: where repeats are allowed, a lost run has another attempt."""
    book.add(plan(retries=1))
    begun = Turn(instant=clock.now(), run_id="hourly-x", attempt=1, state=UNDER_WAY, started_at=clock.now())
    with book.alone("hourly") as held:
        book.keep("hourly", Standing(clock.now(), begun), held.lease)
    [turn] = Work(book, "hourly", backoff=SOON).all_due()
    assert (turn.state, turn.run_id) == ("SUCCEEDED", "hourly-20260115T120000Z-2")


@pytest.mark.kernel
def test_a_limit(book: Book, plan: Plan, clock: ManualClock) -> None:
    """A run that takes longer than it may is stopped, and is TIMEOUT."""
    book.add(plan(notebook="./slow.ipynb", timeout_seconds=3.0))
    clock.advance(3_600)
    [turn] = Work(book, "hourly").all_due()
    assert turn.state == "TIMEOUT"
    assert "the run's limit of 3 s" in turn.reason


def test_by_hand(book: Book, plan: Plan, clock: ManualClock) -> None:
    """A run by hand is not due and not missed: the next instant is run as if it had not been; two are refused."""
    book.add(plan(notebook="./gone.ipynb", paused=True))
    clock.advance(60)
    turn = Work(book, "hourly").now()
    assert turn.run_id == "hourly-20260115T120100Z-by-hand"
    assert book.standing("hourly") == replace(book.standing("hourly"), turn=turn)
    assert Work(book, "hourly").all_due() == []
    with book.alone("hourly"), pytest.raises(LeaseTakenError):
        Work(book, "hourly").now()
    with book.alone("hourly"), pytest.raises(LeaseTakenError):
        Work(book, "hourly").all_due()
