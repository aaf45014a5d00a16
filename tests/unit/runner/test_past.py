import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fcwork import runner
from fcwork.errors import NotebookError
from fcwork.runner.folder import RunFolder

Made = Callable[..., Path]


def test_a_run_is_known_by_a_part_of_its_id(made: Made) -> None:
    """An id, an unambiguous beginning of it, its last digits and `latest` name a run."""
    made("20260115T120000Z-load-aaaa1111", state="SUCCEEDED")
    made("20260116T120000Z-load-bbbb2222", day=1, state="FAILED")
    made("20260116T120000Z-load-bbbb2222-2", day=-1, state="FAILED")

    for which in ("20260115T120000Z-load-aaaa1111", "20260115", "aaaa1111"):
        assert runner.past(which).run_id == "20260115T120000Z-load-aaaa1111"
    assert runner.past("20260116T120000Z-load-bbbb2222").state == "FAILED"
    assert runner.past().run_id == runner.past("latest").run_id == "20260116T120000Z-load-bbbb2222"


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("2026", "may be any of 20260115T1-load, 20260116T1-load, 20260117T1-load and 1 more"),
        ("20260116T1-laod", "did you mean 20260116T1-load"),
        ("", "there is no run ''"),
        ("../x", r"there is no run '\.\./x'"),
        (".", r"there is no run '\.'"),
    ],
)
def test_an_id_that_names_no_run_is_refused(made: Made, which: str, told: str) -> None:
    """P32: what is ambiguous, unknown or a path names no run, and the nearest ids are told."""
    for day in range(5, 9):
        made(f"2026011{day}T1-load", state="SUCCEEDED")
    with pytest.raises(NotebookError, match=told):
        runner.past(which)


def test_without_runs_there_is_no_latest(home: Path) -> None:
    """`latest` of no runs is refused, with how to make one."""
    del home
    with pytest.raises(NotebookError, match="there are no runs") as caught:
        runner.past()
    assert "fcwork run NAME" in caught.value.hint


def test_a_past_run_tells_all_that_it_left(made: Made) -> None:
    """State, reason, figures, parameters, stages with their times, the failed step and the files are read back."""
    folder = made("r", state="FAILED", failed_cell=2, ename="ValueError", evalue="boo", read=3, parameters={"A": 1})
    at = "2026-01-15T12:00:0{}+00:00".format
    events = [
        {"at": at(0), "event": "cell.started", "cell": 2, "step": "Send", "line": "send(rows)"},
        {"at": at(1), "event": "stage.started", "stage": "read", "message": "Reading"},
        {"at": at(3), "event": "stage.started", "stage": "send", "message": None},
        {"at": at(7), "event": "run.ended"},
    ]
    text = "\n".join(map(json.dumps, events)) + '\n{"at": "cut o'
    (folder / "events.jsonl").write_text(text, "utf-8")

    past = runner.past("r")

    assert (past.state, past.reason, past.figures, past.parameters) == (
        "FAILED",
        "ValueError: boo",
        {"read": 3},
        {"A": 1},
    )
    assert [(one.name, one.message, one.duration_seconds) for one in past.stages] == [
        ("read", "Reading", 2.0),
        ("send", "", 4.0),
    ]
    assert past.failed_step == "Send: send(rows)"
    assert set(past.files) == {"events.jsonl", "parameters.json", "result.json", "run.json", "source.ipynb"}
    assert past.files["events.jsonl"] == len(text)
    assert past.page is None
    assert json.loads(json.dumps(past.to_dict()))["stages"][0]["name"] == "read"


def test_a_run_that_left_nothing_is_told_as_such(home: Path) -> None:
    """A folder with nothing in it is an unfinished run without figures, stages and files."""
    del home
    RunFolder("r")
    past = runner.past("r")
    assert (past.state, past.name, past.stages, past.files, past.parameters) == ("UNFINISHED", "", [], {}, {})
    assert str(past) == f"r UNFINISHED ({past.folder})"


def test_a_past_run_shows_itself_escaped(made: Made) -> None:
    """P25: what a run was called is text in HTML."""
    made("r", state="FAILED", name="<script>")
    assert "&lt;script&gt;" in runner.past("r")._repr_html_()
    assert "<script>" not in runner.past("r")._repr_html_()
