import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner, settings
from fcwork.cli import workspace

Fcwork = Callable[..., Any]


def test_init_makes_a_workspace(fcwork: Fcwork, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fcwork init` copies notebooks, presets, mappings and samples, and the folder is then the workspace."""
    assert fcwork("init", "mine").code == 0

    for name in ("ingestion.ipynb", "presets/demo.yml", "mappings/inventory.json", "samples/inventory.csv"):
        assert (home / "mine" / "notebooks" / name).read_bytes() == (runner.shipped() / name).read_bytes()
    monkeypatch.chdir(home / "mine" / "notebooks")
    assert settings.workspace() == home / "mine"
    assert runner.find("ingestion").path == home / "mine" / "notebooks" / "ingestion.ipynb"


def test_init_never_overwrites(fcwork: Fcwork, home: Path) -> None:
    """What exists is left as it is, and named."""
    fcwork("init")
    own = home / "notebooks" / "mappings" / "inventory.json"
    own.write_text("{}", "utf-8")
    (home / "notebooks" / "ingestion.ipynb").unlink()

    ended = fcwork("init")

    assert own.read_text("utf-8") == "{}"
    assert "1 files written" in ended.out
    assert "notebooks/mappings/inventory.json" in ended.out


def test_diff_shows_what_differs(fcwork: Fcwork, home: Path) -> None:
    """`fcwork init --diff` shows changed sources, not outputs, and what the workspace lacks; it writes nothing."""
    fcwork("init")
    assert fcwork("init", "--diff").out == "no differences\n"

    own = home / "notebooks" / "ingestion.ipynb"
    content = json.loads(own.read_text("utf-8"))
    content["cells"][0]["source"] = ["# My own ingestion\n"]
    content["cells"][-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["an output"]}]
    own.write_text(json.dumps(content), "utf-8")
    (home / "notebooks" / "presets" / "demo.yml").unlink()
    said = fcwork("init", "--diff").out

    assert "+# My own ingestion" in said
    assert "-# Ingestion" in said
    assert "an output" not in said
    assert "only shipped: notebooks/presets/demo.yml" in said
    assert not (home / "notebooks" / "presets" / "demo.yml").exists()


@pytest.fixture
def taken_over(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Note the commands that would take this process's place, and end there as they would."""
    commands: list[list[str]] = []

    def execv(program: str, command: list[str]) -> None:
        commands.append([program, *command[1:]])
        raise SystemExit

    monkeypatch.setattr(workspace.os, "execv", execv)
    monkeypatch.setenv("PATH", "/usr/bin")
    return commands


def test_lab_opens_an_empty_folder_as_a_workspace(
    fcwork: Fcwork, home: Path, taken_over: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """`fcwork lab DIR` makes an empty DIR a workspace, becomes JupyterLab there and passes options on."""
    with pytest.raises(SystemExit):
        fcwork("lab", "mine", "--", "--no-browser", "--port=8899")

    assert "is a workspace now" in capsys.readouterr().out
    (command,) = taken_over
    assert command[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={home / 'mine'}" in command
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in command
    assert command[-2:] == ["--no-browser", "--port=8899"]
    assert (home / "mine" / "notebooks" / "00_start_here.ipynb").is_file()


@pytest.mark.usefixtures("home", "taken_over")
def test_cells_and_terminals_of_the_lab_find_fcwork(fcwork: Fcwork) -> None:
    """The folder of this Python is on the PATH, once, also where its environment was not activated."""
    own = str(Path(sys.executable).parent)
    for _ in range(2):
        with pytest.raises(SystemExit):
            fcwork("lab", "mine")
        assert os.environ["PATH"] == f"{own}{os.pathsep}/usr/bin"


def test_lab_has_jupyterlab_s_own_scheduler_run_by_ours(
    fcwork: Fcwork, home: Path, taken_over: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where jupyter-scheduler is installed its jobs are runs of ours, kept in the workspace."""
    for there in (object(), None):
        monkeypatch.setattr(workspace, "find_spec", lambda _name, there=there: there)
        monkeypatch.chdir(home)
        with pytest.raises(SystemExit):
            fcwork("lab", "mine")

    with_it, without = taken_over
    kept = home / "mine" / ".fcwork"
    assert set(with_it) - set(without) == {
        "--SchedulerApp.scheduler_class=fcwork.schedule.lab.Scheduler",
        f"--SchedulerApp.db_url=sqlite:///{kept / 'lab-schedule.sqlite'}",
        f"--Scheduler.staging_path={kept / 'lab-schedule'}",
    }


@pytest.mark.usefixtures("taken_over")
def test_lab_leaves_a_folder_that_is_in_use(fcwork: Fcwork, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with files of somebody's is opened as it is, and the message names `fcwork init`."""
    (home / "mine").mkdir()
    (home / "mine" / "own.txt").write_text("x", "utf-8")

    with pytest.raises(SystemExit):
        fcwork("lab", "mine")

    assert "fcwork init mine" in capsys.readouterr().out
    assert [item.name for item in (home / "mine").iterdir()] == ["own.txt"]
