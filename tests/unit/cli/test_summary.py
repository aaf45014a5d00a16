import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fcwork.cli import exits, progress, summary
from fcwork.runner import RunResult

COUNTS = {"read": 10_000, "mapped": 9_900, "rejected": 390, "delivered": 9_608, "unknown": 2, "ready": 0}


def ended(**changes: Any) -> RunResult:
    """Return a run that completed with errors, but for the changes."""
    result = {**COUNTS, "issues": {"check.type": 12, "send.rejected": 378}}
    usual = {
        "state": "COMPLETED_WITH_ERRORS",
        "name": "load",
        "run_id": "r",
        "folder": Path("/runs/r"),
        "target": "SIMULATOR",
        "parameters": {},
        "result": result,
        "failed_cell": None,
        "ename": "",
        "evalue": "",
        "started_at": datetime(2026, 1, 15, tzinfo=UTC),
        "ended_at": datetime(2026, 1, 15, tzinfo=UTC),
    }
    return RunResult(**{**usual, **changes})


def test_the_figures_add_up_before_the_reader_s_eyes(capsys: pytest.CaptureFixture[str]) -> None:
    """P26: the end of a run shows the rows read, the piles they went to, and that they add up."""
    summary.write(ended())
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]

    assert "load COMPLETED_WITH_ERRORS in 0.0 s → SIMULATOR" in lines
    for line in ("read 10,000", "delivered 9,608", "rejected 390", "unknown 2", "ready 0", "sum 10,000 adds up"):
        assert line in lines
    assert lines.index("send.rejected 378") < lines.index("check.type 12")
    assert "Report /runs/r/notebook.html" in lines


def test_figures_that_do_not_add_up_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """P26: a row lost or counted twice is not hidden."""
    wrong = ended(result={**COUNTS, "delivered": 9_607})
    summary.write(wrong)

    assert "DOES NOT ADD UP to 10,000" in capsys.readouterr().out
    assert not summary.adds_up(wrong.figures)


def test_an_extraction_tells_what_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """P26, P33: what an extraction read may become several rows, so its figures stand without a sum."""
    extracted = {"read": 150, "mapped": 1_016, "rejected": 2, "written": 1_014, "dry_run": True}
    summary.write(ended(result=extracted))
    said = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert {"read 150", "written 1,014", "rejected 2"} < set(lines)
    assert "ADD UP" not in said
    assert "sum" not in said
    assert "DRY RUN: nothing was written" in said


def test_a_dry_run_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """P33: a dry run says loudly that nothing was sent."""
    summary.write(ended(state="SUCCEEDED", result={"dry_run": True}))

    assert "DRY RUN: nothing was sent" in capsys.readouterr().out


def test_a_failure_is_told_on_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    """P32: a failed run says the cell, the error and its hint."""
    summary.write(ended(state="FAILED", result={}, failed_cell=3, ename="SourceError", evalue="no file\n→ look"))

    assert capsys.readouterr().err == "fcwork: load FAILED in cell [3]: no file\n→ look\n"


@pytest.mark.parametrize(
    ("ename", "said"), [("ServerError", "boo"), ("", "boo"), ("ValueError", "ValueError: boo"), ("Any", "Any: boo")]
)
def test_the_type_is_told_of_errors_that_are_not_ours(
    capsys: pytest.CaptureFixture[str], ename: str, said: str
) -> None:
    """P32: our errors speak for themselves; of others the type is told too."""
    summary.write(ended(state="FAILED", ename=ename, evalue="boo"))

    assert capsys.readouterr().err == f"fcwork: load FAILED: {said}\n"


def test_quiet_says_the_folder_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """With --quiet a script reads one line: where the run is."""
    summary.write(ended(state="FAILED", ename="ValueError", evalue="boo"), quiet=True)
    said = capsys.readouterr()

    assert said.out == "/runs/r\n"
    assert said.err == "fcwork: load FAILED: ValueError: boo\n"


@pytest.mark.parametrize(
    ("state", "ename", "code"),
    [
        ("SUCCEEDED", "", 0),
        ("SKIPPED", "", 0),
        ("COMPLETED_WITH_ERRORS", "", 3),
        ("REFUSED", "", 3),
        ("FAILED", "ValueError", 1),
        ("FAILED", "AuthError", 1),
        ("FAILED", "SourceError", 2),
        ("FAILED", "MappingError", 2),
        ("FAILED", "ConfigError", 2),
        ("INCOMPLETE", "", 1),
        ("KERNEL_DIED", "", 1),
        ("TIMEOUT", "", 1),
        ("CANCELLED", "", 130),
    ],
)
def test_each_end_state_has_its_exit_code(state: str, ename: str, code: int) -> None:
    """P13, P33: nothing but success is 0; a gate is 3; the caller's mistake inside a cell is 2."""
    assert exits.of_run(ended(state=state, ename=ename)) == code


EVENTS: list[Mapping[str, Any]] = [
    {"event": "run.started"},
    {"event": "kernel.started"},
    {"event": "cell.started", "cell": 1, "cells": 2, "step": "Connect", "line": "import fcwork"},
    {"event": "cell.ended", "cell": 1, "cells": 2},
    {"event": "cell.started", "cell": 2, "cells": 2, "step": "", "line": "plan.apply()"},
    {"event": "stage.started", "stage": "send", "message": "Sending 10 rows"},
    {"event": "stage.progress", "stage": "send", "done": 5, "total": 10},
    {"event": "cell.ended", "cell": 2, "cells": 2},
    {"event": "run.ended", "state": "SUCCEEDED"},
]


def test_where_nobody_watches_progress_is_a_line_a_stage(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal each stage is one line, and its progress a line every few seconds at the most."""
    with progress.shown(quiet=False) as listener:
        assert listener
        for event in EVENTS:
            listener(event)

    assert capsys.readouterr().err == "send: Sending 10 rows\n"


def test_a_terminal_gets_one_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal one bar moves with cells and rows, and says what is going on."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.shown(quiet=False) as listener:
        assert listener
        for event in EVENTS:
            listener(event)

    said = capsys.readouterr().err
    shown = ("starting the kernel", "Connect", "plan.apply()", "Sending 10 rows", "send: 5 of 10 rows")
    for words in (*shown, "50%", "75%", "100%"):
        assert words in said


def test_a_stage_of_nobody_knows_how_many_moves_no_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the total is not known the terminal tells rows, pages and rate, and claims no share of it."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    fetched = {"event": "stage.progress", "stage": "extraction", "done": 400, "total": None, "pages": 2, "rate": 99.6}
    with progress.shown(quiet=False) as listener:
        assert listener
        for event in [*EVENTS[:5], {**EVENTS[5], "message": "Fetching orders"}, fetched]:
            listener(event)
    assert "extraction: 400 rows, 2 pages, 100 a second" in (said := capsys.readouterr().err)
    assert "50%" in said
    with progress.shown(quiet=False, shares=False) as listener:
        assert listener
        listener(fetched)
    assert "400 rows" in (said := capsys.readouterr().err)
    assert "%" not in said


def test_what_holds_a_stage_up_is_told_with_it() -> None:
    """P32: while a request has to go again its stage says why."""
    told = progress.told({**EVENTS[6], "trouble": "503\n\x1b[2J" + "x" * 1_000})
    assert told == f"send: 5 of 10 rows; tried again: 503 \\x1b[2J{'x' * 192}"


def test_quiet_gets_nothing() -> None:
    """With --quiet nobody is told of progress."""
    with progress.shown(quiet=True) as listener:
        assert listener is None


def test_runs_tell_what_was_delivered_or_written(fcwork: Callable[..., Any], home: Path) -> None:
    """The list of runs tells of a load what was delivered, and of an extraction what was written."""
    for run_id, figures in {"a": {"read": 3, "delivered": 2}, "b": {"read": 5, "written": 15}}.items():
        folder = home / ".fcwork" / "runs" / run_id
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps({"state": "SUCCEEDED", **figures}), "utf-8")
    said = fcwork("runs").out
    assert "3 read, 2 delivered" in said
    assert "5 read, 15 written" in said
