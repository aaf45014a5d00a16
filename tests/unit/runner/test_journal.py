import json
from pathlib import Path
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.runner.folder import RunFolder
from fcwork.runner.journal import Journal


@pytest.fixture
def journal(home: Path) -> Journal:
    """A run of two cells."""
    del home
    return Journal(RunFolder("run-1"), cells=2, clock=ManualClock())


def run_both(journal: Journal) -> None:
    """Let both cells run to their end."""
    for number in (1, 2):
        journal.cell_started(number, "", "x = 1")
        journal.cell_ended(number)


@pytest.mark.parametrize("state", ["SUCCEEDED", "COMPLETED_WITH_ERRORS", "SKIPPED", "REFUSED", "FAILED"])
def test_the_recorded_state_holds_when_every_cell_ran(journal: Journal, state: str) -> None:
    """P13: the notebook's own word counts once every cell ran to its end."""
    journal.recorded({"state": state})
    run_both(journal)

    assert journal.ending().state == state


def test_a_notebook_that_records_nothing_succeeds_when_every_cell_ran(journal: Journal) -> None:
    """P13: a notebook of a user's own needs no record."""
    run_both(journal)

    assert journal.ending().state == "SUCCEEDED"


def test_an_invented_state_is_no_success(journal: Journal) -> None:
    """P13: a recorded state that does not exist fails the run."""
    journal.recorded({"state": "GREAT"})
    run_both(journal)

    assert journal.ending().state == "FAILED"


def test_a_failed_cell_outweighs_the_record(journal: Journal) -> None:
    """P13: a cell that fails after the result was recorded fails the run."""
    journal.recorded({"state": "SUCCEEDED"})
    journal.cell_failed(1, "ValueError", "\x1b[31mboo\x1b[0m")

    ending = journal.ending()
    assert (ending.state, ending.cell, ending.ename, ending.evalue) == ("FAILED", 1, "ValueError", "boo")


@pytest.mark.parametrize("evalue", ["", "0"])
def test_leaving_in_the_middle_is_incomplete(journal: Journal, evalue: str) -> None:
    """P13: sys.exit(0) before the last cell is INCOMPLETE, also when a good result was recorded."""
    journal.recorded({"state": "SUCCEEDED"})
    journal.cell_failed(1, "SystemExit", evalue)

    assert journal.ending().state == "INCOMPLETE"


@pytest.mark.parametrize("evalue", ["1", "no file"])
def test_leaving_with_a_status_is_a_failure(journal: Journal, evalue: str) -> None:
    """P13: sys.exit with anything but 0 fails the run."""
    journal.cell_failed(1, "SystemExit", evalue)

    assert journal.ending().state == "FAILED"


def test_a_declared_early_exit_ends_as_recorded(journal: Journal) -> None:
    """P13: a notebook that declared its early exit ends as it recorded."""
    journal.recorded({"state": "SKIPPED", "early_exit": True})
    journal.cell_failed(1, "SystemExit", "0")

    assert journal.ending().state == "SKIPPED"


def test_a_declared_early_exit_does_not_cover_a_dead_kernel(journal: Journal) -> None:
    """P11: only leaving by itself is an early exit."""
    journal.recorded({"early_exit": True})
    journal.kernel_died("gone", cell=1)

    assert journal.ending().state == "KERNEL_DIED"


def test_an_interrupted_cell_is_cancelled_not_failed(journal: Journal) -> None:
    """P12: the error that our own interrupt raised in a cell is no failure of the notebook."""
    journal.cancel()
    journal.cell_failed(1, "KeyboardInterrupt", "")

    assert journal.ending().state == "CANCELLED"


def test_a_signal_after_the_last_cell_changes_nothing(journal: Journal) -> None:
    """P12: what is done is done."""
    run_both(journal)
    journal.cancel()

    assert journal.ending().state == "SUCCEEDED"


def test_an_interrupt_that_the_last_cell_swallows_is_told(journal: Journal) -> None:
    """P12: a run that was stopped in its last cell is no success, even where that cell goes on to its end."""
    journal.cell_started(1, "", "x = 1")
    journal.cell_ended(1)
    journal.cell_started(2, "", "wait()")
    journal.cancel()
    journal.cell_ended(2)

    ending = journal.ending()
    assert (ending.state, ending.cell, ending.evalue) == ("CANCELLED", 2, "stopped by a signal after 1 of 2 cells")


def test_a_time_limit_names_itself_and_the_cell(journal: Journal) -> None:
    """A run that is stopped by a time limit ends as TIMEOUT, whatever the interrupt did to its cell and its kernel."""
    journal.cell_started(1, "", "wait()")
    assert journal.time_out("the run's limit of 2 h")
    journal.cell_failed(1, "KeyboardInterrupt", "")
    journal.kernel_died("gone", cell=1)

    ending = journal.ending()
    assert (ending.state, ending.cell) == ("TIMEOUT", 1)
    assert ending.evalue == "it took longer than the run's limit of 2 h after 0 of 2 cells"


def test_the_first_reason_to_stop_holds(journal: Journal) -> None:
    """A time limit that is reached while a run is being cancelled changes nothing, and the other way round."""
    journal.cell_started(1, "", "wait()")
    journal.cancel()

    assert not journal.time_out("the run's limit of 2 h")
    assert journal.ending().state == "CANCELLED"


def test_a_limit_of_a_cell_that_is_over_stops_nothing(journal: Journal) -> None:
    """A cell's time limit that is reached just as the cell ends does not stop the next one."""
    journal.cell_started(1, "", "x = 1")
    journal.cell_ended(1)
    journal.cell_started(2, "", "x = 1")

    assert not journal.time_out("a cell's limit of 1 s", 1)
    journal.cell_ended(2)
    assert not journal.time_out("the run's limit of 2 h")
    assert journal.ending().state == "SUCCEEDED"


@pytest.mark.parametrize(("strict", "state"), [(True, "FAILED"), (False, "SUCCEEDED")])
def test_a_strict_run_that_showed_a_secret_failed(journal: Journal, *, strict: bool, state: str) -> None:
    """P8: where a known secret was masked a strict run is no success, and says in which cells."""
    journal.strict = strict
    journal.cell_started(1, "", "print(token)")
    journal.masked_output()
    journal.masked_output()
    journal.cell_ended(1)
    journal.cell_started(2, "", "x = 1")
    journal.cell_ended(2)

    assert journal.ending().state == state
    assert journal.masked == ["the output of cell [1]"]


def test_a_listener_that_went_away_stops_nothing(home: Path) -> None:
    """A terminal that is closed in the middle of a load does not end it."""
    del home

    def gone(_: object) -> None:
        raise BrokenPipeError

    journal = Journal(RunFolder("run-3"), 2, ManualClock(), [gone])
    run_both(journal)

    assert journal.ending().state == "SUCCEEDED"


def test_every_event_is_a_line_and_is_told(home: Path) -> None:
    """Each event is one line of JSON with its instant, and reaches the listener; live progress is told and not kept."""
    heard: list[Any] = []
    journal = Journal(RunFolder("run-2"), 1, ManualClock(), [heard.append])
    journal.note("stage.started", stage="send")
    journal.note("stage.progress", stage="send", done=1, total=2)

    lines = (home / ".fcwork" / "runs" / "run-2" / "events.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"at": "2026-01-15T12:00:00+00:00", "event": "stage.started", "stage": "send"}
    ]
    assert [event["event"] for event in heard] == ["stage.started", "stage.progress"]
