import json
from collections.abc import Callable
from pathlib import Path

from fcwork import runner
from fcwork.runner.folder import RunFolder

Made = Callable[..., Path]


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
