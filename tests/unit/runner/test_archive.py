import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.errors import NotebookFailedError
from fcwork.runner.folder import RunFolder

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


def ended(folder: Path, **changes: Any) -> runner.RunResult:
    """Return a run that ended well, but for the changes."""
    usual = {
        "state": "SUCCEEDED",
        "name": "load",
        "run_id": "r",
        "folder": folder,
        "target": "SIMULATOR",
        "parameters": {},
        "result": {"read": 3, "delivered": 3, "summary": "3 rows read"},
        "failed_cell": None,
        "ename": "",
        "evalue": "",
        "started_at": AT,
        "ended_at": AT + timedelta(seconds=2),
    }
    return runner.RunResult(**{**usual, **changes})


def test_figures_are_what_was_recorded(home: Path) -> None:
    """A run shows the figures that its notebook recorded, and no others."""
    assert ended(home).figures == {"read": 3, "delivered": 3}
    assert ended(home, result={}).figures == {}


def test_the_report_goes_before_the_notebook_s_own_page(home: Path) -> None:
    """The page to read first is the report, where the notebook wrote one."""
    assert ended(home).report == home / "notebook.html"
    (home / "report.html").write_text("x", "utf-8")
    assert ended(home).report == home / "report.html"


@pytest.mark.parametrize("state", ["SUCCEEDED", "SKIPPED", "COMPLETED_WITH_ERRORS"])
def test_a_run_that_came_to_its_end_does_not_raise(home: Path, state: str) -> None:
    """Rows that did not arrive are rows in a table, not an exception."""
    ended(home, state=state).raise_if_failed()


@pytest.mark.parametrize("state", ["FAILED", "INCOMPLETE", "KERNEL_DIED", "CANCELLED", "REFUSED"])
def test_a_run_that_did_not_raises_on_request(home: Path, state: str) -> None:
    """The error names the cell, the error in it and the executed copy."""
    failed = ended(home, state=state, failed_cell=2, ename="ValueError", evalue="boo")

    with pytest.raises(NotebookFailedError, match=r"ValueError in cell \[2\]: boo") as caught:
        failed.raise_if_failed()
    assert (caught.value.cell, caught.value.ename, caught.value.evalue) == (2, "ValueError", "boo")
    assert caught.value.output == str(home / "notebook.ipynb")
    assert not failed.ok


def test_a_result_shows_itself_escaped(home: Path) -> None:
    """P25: an error's text is text in HTML."""
    shown = ended(home, state="FAILED", ename="E", evalue="<script>")._repr_html_()

    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_result_files_are_plain_json(home: Path) -> None:
    """What history reads is JSON that any program reads."""
    del home
    file = RunFolder("r").write_json("result.json", {"at": AT})

    assert json.loads(file.read_text("utf-8")) == {"at": str(AT)}
