import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fcwork import runner
from fcwork.cli import sweeping
from fcwork.clock import SYSTEM
from fcwork.runner import archive
from fcwork.runner.folder import RunFolder
from fcwork.runner.sweeping.given import given
from fcwork.runner.sweeping.plan import planned
from fcwork.runner.sweeping.record import BEGUN, Record

Fcwork = Callable[..., Any]


@pytest.fixture
def notebook(home: Path) -> Path:
    """Write a notebook with two parameters."""
    cell = {"id": "p", "cell_type": "code", "metadata": {"tags": ["parameters"]}, "outputs": []}
    cells = [{**cell, "source": "STORE: str\nCOUNT: int = 1", "execution_count": None}]
    file = home / "load.ipynb"
    file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return file


@pytest.fixture
def record(notebook: Path) -> Record:
    """Leave a sweep of three rows: one succeeded, one failed, one was not begun."""
    read = runner.find(notebook)
    rows = given([{"STORE": "a"}, {"STORE": "\x1b[31mred"}, {"STORE": "c", "run": "last"}])
    record = Record.create(planned("s1", read, rows, values={}, at=SYSTEM.now()))
    for number, told in enumerate(
        ({"state": "SUCCEEDED", "read": 1_000}, {"state": "FAILED", "ename": "ValueError"}), 1
    ):
        run_id = record.plan.run_id(record.plan.rows[number - 1], 1)
        record.note(BEGUN, SYSTEM, row=number, attempt=1, run_id=run_id)
        folder = RunFolder(run_id)
        archive.begin(folder, read, SYSTEM.now())
        folder.write_json("result.json", {"duration_seconds": 2.5, "evalue": "boo", **told})
    return record


def test_rows_that_are_wrong_are_told_before_anything_runs(fcwork: Fcwork, notebook: Path) -> None:
    """P10: a sweep with wrong rows is exit 2, every one named by its line, and leaves nothing on the disk."""
    Path("rows.csv").write_text("STORE,COUNT,KOUNT\na,1,1\n,x,2\n", "utf-8")

    said = fcwork("run", str(notebook), "--sweep", "rows.csv")

    no_number = "input should be a valid integer, unable to parse string as an integer"
    assert said.code == 2
    assert said.err.splitlines() == [
        "fcwork: no row of the sweep of load was run:",
        "  every row: KOUNT: no such parameter; did you mean COUNT?",
        f"  line 3: COUNT: 'x' is not of type int: {no_number}",
        "  line 3: STORE: missing, a value must be given ()",
        f"→ `fcwork run {notebook} --help` lists the parameters",
    ]
    assert not Path(".fcwork").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--parallel", "4"], "--parallel is of a sweep: give --sweep FILE or --resume ID too."),
        (["--json"], "--json is of a sweep"),
        (["--sweep-id", "x"], "--sweep-id is of a sweep"),
        (["--sweep", "rows.csv", "--sweep-id", "x", "--resume", "x"], "--resume and --sweep-id both name a sweep"),
        (["--sweep", "rows.csv", "--parallel", "0"], "'--parallel': 0 is not in the range"),
        (["--resume", "nothing"], "there is no sweep 'nothing'"),
        (["--sweep", "rows.csv", "--retries", "1"], "load is not known to be safe to repeat"),
        (["--sweep", "rows.csv", "-p", "STORE", "x"], "STORE: given for all rows and by this row too"),
        (["--sweep", "rows.csv", "--sweep-id", "a/b"], "'a/b' is no id of a sweep"),
    ],
)
def test_a_mistake_in_the_call_is_told(fcwork: Fcwork, notebook: Path, options: list[str], told: str) -> None:
    """P32: options that do not go together, and ids that are none, are exit 2 and named."""
    Path("rows.csv").write_text("STORE\na\n", "utf-8")
    said = fcwork("run", str(notebook), *options)
    assert (said.code, told in said.err) == (2, True)


def test_a_sweep_that_began_otherwise_does_not_go_on(fcwork: Fcwork, record: Record, notebook: Path) -> None:
    """A sweep goes on only with the rows and the notebook that it began with, and what differs is named."""
    del record
    Path("rows.json").write_text('[{"STORE": "a"}, {"STORE": "b"}]', "utf-8")
    before = notebook.read_text("utf-8")

    said = fcwork("run", str(notebook), "--sweep", "rows.json", "--sweep-id", "s1")
    assert said.code == 2
    assert "there were 3 rows, and are 2" in said.err
    assert 'row 2: STORE was "\\u001b[31mred"' in said.err
    assert fcwork("run", "--resume", "s1", "-p", "COUNT", "2").code == 2
    notebook.write_text(before.replace("COUNT: int = 1", "COUNT: int = 2"), "utf-8")
    said = fcwork("run", "--resume", "s1")
    assert (said.code, f"the notebook {notebook} was changed since" in said.err) == (2, True)


def test_a_sweep_is_shown(fcwork: Fcwork, record: Record) -> None:
    """`fcwork runs --sweep` shows all rows of a sweep, why they failed, and how to go on; nothing in it acts."""
    said = fcwork("runs", "--sweep", "s1")

    assert said.code == 0
    assert "\x1b" not in said.out
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0] == ["sweep", "s1", "of", "load:", "1", "SUCCEEDED,", "1", "FAILED,", "1", "NOT_RUN"]
    assert lines[1] == ["row", "name", "state", "seconds", "STORE", "read", "run"]
    assert lines[2] == ["1", "SUCCEEDED", "2.5", "a", "1,000", "s1-1"]
    assert lines[3] == ["2", "FAILED", "2.5", r"\x1b[31mred", "s1-2"]
    assert lines[4] == ["3", "last", "NOT_RUN", "c"]
    assert "  row 2 FAILED: ValueError: boo" in said.out
    assert "`fcwork run --resume s1` runs the 2 that did not succeed" in said.out
    assert str(record.path) in said.out


def test_a_sweep_is_shown_to_programs(fcwork: Fcwork, record: Record) -> None:
    """With --json a sweep is one object: its id, state, counts, and a row a run."""
    told = json.loads(fcwork("runs", "--sweep", "latest", "--json").out)

    assert (told["sweep"], told["folder"], told["state"]) == ("s1", str(record.path), "INCOMPLETE")
    assert told["counts"] == {"SUCCEEDED": 1, "FAILED": 1, "NOT_RUN": 1}
    assert [run["state"] for run in told["runs"]] == ["SUCCEEDED", "FAILED", "NOT_RUN"]


def test_all_rows_of_a_sweep_are_shown(fcwork: Fcwork, record: Record) -> None:
    """P32: what chooses among runs does not go with a sweep."""
    del record
    assert fcwork("runs", "--sweep", "s1", "--state", "failed").code == 2


@pytest.mark.parametrize(
    ("ends", "stopped", "code"),
    [
        ([("SUCCEEDED", ""), ("SKIPPED", "")], False, 0),
        ([("SUCCEEDED", ""), ("SKIPPED", "")], True, 0),
        ([("SUCCEEDED", ""), ("REFUSED", "")], False, 3),
        ([("COMPLETED_WITH_ERRORS", ""), ("FAILED", "ConfigError")], False, 2),
        ([("FAILED", "ConfigError"), ("FAILED", "ValueError"), ("REFUSED", "")], False, 1),
        ([("SUCCEEDED", ""), ("LOST", "")], False, 1),
        ([("SUCCEEDED", ""), ("NOT_RUN", "")], False, 1),
        ([("FAILED", ""), ("CANCELLED", "")], True, 130),
    ],
)
def test_a_sweep_ends_with_the_gravest_code(ends: list[tuple[str, str]], stopped: bool, code: int) -> None:  # noqa: FBT001
    """The exit code is 130 where the sweep was stopped, else the gravest of its runs': 1, 2, 3, 0."""
    rows = [SimpleNamespace(state=state, run=SimpleNamespace(facts={"ename": ename})) for state, ename in ends]
    ok = all(state in {"SUCCEEDED", "SKIPPED"} for state, _ in ends)
    told: Any = SimpleNamespace(standings=rows, stopped=stopped, ok=ok)
    assert sweeping.of_sweep(told) == code


def test_the_options_of_a_sweep_are_in_the_help(fcwork: Fcwork) -> None:
    """`fcwork run --help` names the options of a sweep and its exit codes."""
    said = fcwork("run", "--help")
    assert all(option in said.out for option in ("--sweep FILE", "--parallel N", "--sweep-id ID", "--resume ID"))
