"""``papermill --engine fcwork``, in this process but for the one test that takes it from the command line."""

import html
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import papermill
import pytest
from papermill.engines import papermill_engines

from fcwork.errors import NotebookError, NotebookFailedError, ParameterTypeError, UnknownParameterError
from fcwork.runner.standalone import PapermillEngine

pytestmark = pytest.mark.kernel
ROOT = Path(__file__).parents[2]
SITUATIONS = ROOT / "tests" / "data" / "notebooks"
Call = Callable[..., Any]


@pytest.fixture
def call(home: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run one of the notebooks under tests/data/notebooks by papermill with our engine, to out.ipynb."""
    monkeypatch.setitem(papermill_engines._engines, "fcwork", PapermillEngine)

    def run(name: str, parameters: dict[str, Any] | None = None, **options: Any) -> Any:
        usual = {"engine_name": "fcwork", "progress_bar": False, **options}
        return papermill.execute_notebook(SITUATIONS / f"{name}.ipynb", home / "out.ipynb", parameters, **usual)

    return run


def left(home: Path) -> tuple[str, list[str], str]:
    """Return the state that the notebook tells, the statuses of its code cells, and its text."""
    text = (home / "out.ipynb").read_text("utf-8")
    content = json.loads(text)
    cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    return content["metadata"]["fcwork"]["state"], [cell["metadata"]["papermill"]["status"] for cell in cells], text


def test_a_good_run_is_one(home: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Papermill with our engine runs a notebook with its parameters, and leaves no run folder."""
    monkeypatch.setenv("FCWORK_RUN_ID", "none")
    call("echoes", {"NUMBER": 5})

    state, statuses, text = left(home)
    assert (state, set(statuses)) == ("SUCCEEDED", {"completed"})
    assert "5 none []" in text
    assert not (home / ".fcwork").exists()


def test_leaving_in_the_middle_fails(home: Path, call: Call) -> None:
    """P13: sys.exit(0) in the middle, which papermill takes for success, raises."""
    with pytest.raises(NotebookFailedError, match=r"exits ended as INCOMPLETE in cell \[2\]"):
        call("exits")

    assert left(home)[:2] == ("INCOMPLETE", ["completed", "failed", "not run"])


def test_a_declared_early_exit_is_a_success(home: Path, call: Call) -> None:
    """P13: an early exit that the notebook declared is what it recorded."""
    call("exits_early")

    assert left(home)[:2] == ("SKIPPED", ["completed", "completed", "not run"])


def test_a_killed_kernel_fails_and_completes_nothing(home: Path, call: Call) -> None:
    """P11: cells that never ran because the kernel was killed are not called completed, and the call raises."""
    with pytest.raises(NotebookFailedError, match=r"KERNEL_DIED in cell \[2\]: the kernel went away"):
        call("dies")

    state, statuses, text = left(home)
    assert (state, statuses) == ("KERNEL_DIED", ["completed", "interrupted", "not run"])
    assert "partial" in text


def test_a_cell_s_limit_holds(home: Path, call: Call) -> None:
    """Papermill's execution timeout interrupts the cell, lets its finally run, and raises."""
    with pytest.raises(NotebookFailedError, match="TIMEOUT"):
        call("waits", execution_timeout=1)

    state, statuses, text = left(home)
    assert (state, statuses) == ("TIMEOUT", ["completed", "interrupted", "not run"])
    assert "cleaned up" in text


def test_a_failed_cell_raises_as_papermill_does(home: Path, call: Call) -> None:
    """A cell that raises is papermill's own error, with its marks in the notebook, and no secret anywhere."""
    with pytest.raises(papermill.PapermillExecutionError, match="boo"):
        call("fails")

    state, statuses, text = left(home)
    assert (state, statuses) == ("FAILED", ["completed", "failed", "not run"])
    assert "papermill-error-cell" in text


def test_what_is_written_is_masked(home: Path, call: Call) -> None:
    """P8: a secret that only the kernel knows stands nowhere in what papermill writes."""
    call("spills")

    text = left(home)[2]
    secret = "literal-token <of> the/source 7"
    assert not [spelling for spelling in (secret, html.escape(secret), quote(secret)) if spelling in text]
    assert "•••" in text


@pytest.mark.parametrize(
    ("parameters", "kind"), [({"NUMBERS": 1}, UnknownParameterError), ({"NUMBER": "x"}, ParameterTypeError)]
)
def test_wrong_parameters_start_nothing(home: Path, call: Call, parameters: Any, kind: type[NotebookError]) -> None:
    """P10: an unknown parameter or one of another type, which papermill lets pass, is refused before anything runs."""
    with pytest.raises(kind, match="was not started"):
        call("echoes", parameters)
    assert not (home / "out.ipynb").exists()


def test_papermill_finds_the_engine(home: Path) -> None:
    """The package's entry point makes `papermill --engine fcwork` work, and failure is its exit code."""
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["papermill.engine"]
    told = home / "fcwork-0.dist-info" / "entry_points.txt"
    told.parent.mkdir()
    told.write_text("[papermill.engine]\n" + "\n".join(f"{name} = {at}" for name, at in entry.items()), "utf-8")
    path = os.pathsep.join([str(home), str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "papermill", "--engine", "fcwork", str(SITUATIONS / "exits.ipynb"), "out.ipynb"]

    ended = subprocess.run(
        command, cwd=home, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert "exits ended as INCOMPLETE" in ended.stderr
    assert left(home)[0] == "INCOMPLETE"
