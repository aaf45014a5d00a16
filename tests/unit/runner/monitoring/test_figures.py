"""The figures of a run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.errors import NotebookError
from fcwork.runner.monitoring.figures import brought

Made = Callable[..., Path]
FACTS = ["version", "run_id", "notebook", "schedule", "target", "state", "ok", "dry_run"]
TIMES = ["started_at", "ended_at", "seconds"]
KEYS = [*FACTS, *TIMES, "rows", "stages", "issues", "requests", "repeats", "frames"]


def test_the_figures_of_a_load(made: Made) -> None:
    """Rows by outcome, stages with their seconds, issues, requests and frames stand under keys that stay."""
    at = "2026-01-15T12:00:0{}+00:00".format
    recorded = {
        "dry_run": False,
        "issues": {"map.required": 2},
        "sending": {"requests": 3, "repeats": 1},
    }
    told = {"read": 5, "delivered": 3, "rejected": 2, "target": "SIMULATOR", "schedule": "nightly", "ok": False}
    folder = made("r", state="COMPLETED_WITH_ERRORS", ended_at=at(9), result=recorded, **told)
    events = [(1, "read"), (3, "send"), (4, "read"), (6, "send")]
    lines = [json.dumps({"at": at(second), "event": "stage.started", "stage": name}) for second, name in events]
    (folder / "events.jsonl").write_text("\n".join(lines), "utf-8")

    figures = runner.figures("r")
    assert list(figures) == KEYS
    assert figures["rows"] == {"read": 5, "rejected": 2, "delivered": 3}
    assert figures["stages"] == [{"name": "read", "seconds": 4.0}, {"name": "send", "seconds": 4.0}]
    assert [figures[name] for name in ("issues", "requests", "repeats")] == [{"map.required": 2}, 3, 1]
    assert [figures[name] for name in ("notebook", "schedule", "target")] == ["load", "nightly", "SIMULATOR"]


@pytest.mark.parametrize("recorded", [None, [], "x", {"issues": 3, "sending": {"requests": "many"}}])
def test_what_was_not_told_is_null(made: Made, recorded: Any) -> None:
    """A notebook that records nothing, or something else under these names, leaves figures that are null or empty."""
    made("r", state="SUCCEEDED", result=recorded)
    figures = runner.figures()
    assert list(figures) == KEYS
    assert [figures[name] for name in ("requests", "repeats", "dry_run", "target")] == [None] * 4
    assert [figures[name] for name in ("rows", "issues", "frames", "stages")] == [{}, {}, {}, []]


def test_a_run_without_a_result_has_figures(made: Made) -> None:
    """A run that goes on has the figures that are known; one that is not there has none."""
    made("r")
    figures = runner.figures("r")
    assert (figures["state"], figures["ended_at"], figures["ok"]) == ("RUNNING", None, False)
    with pytest.raises(NotebookError, match="there is no run"):
        runner.figures("s")


@pytest.mark.parametrize(
    ("state", "rows", "whether"),
    [
        ("SUCCEEDED", {"delivered": 1}, True),
        ("COMPLETED_WITH_ERRORS", {"written": 1, "delivered": None}, True),
        ("SUCCEEDED", {"ready": 5, "delivered": 0}, False),
        ("SKIPPED", {"delivered": 1}, False),
        ("FAILED", {"delivered": 1}, False),
    ],
)
def test_what_an_arrival_is(state: str, rows: dict[str, int | None], *, whether: bool) -> None:
    """P31: a run arrived where rows were delivered or written; one that was skipped or failed did not."""
    assert brought(state, rows) is whether
