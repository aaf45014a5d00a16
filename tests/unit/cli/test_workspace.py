import json
import subprocess
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


def test_lab_opens_an_empty_folder_as_a_workspace(fcwork: Fcwork, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fcwork lab DIR` makes an empty DIR a workspace, starts JupyterLab there and passes options on."""
    called: list[list[str]] = []

    def start(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        called.append(command)
        return subprocess.CompletedProcess(command, 7)

    monkeypatch.setattr(workspace.subprocess, "run", start)
    ended = fcwork("lab", "mine", "--", "--no-browser", "--port=8899")

    assert ended.code == 7
    assert "is a workspace now" in ended.out
    assert called[0][1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={home / 'mine'}" in called[0]
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in called[0]
    assert called[0][-2:] == ["--no-browser", "--port=8899"]
    assert (home / "mine" / "notebooks" / "00_start_here.ipynb").is_file()


def test_lab_leaves_a_folder_that_is_in_use(fcwork: Fcwork, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with files of somebody's is opened as it is, and the message names `fcwork init`."""
    monkeypatch.setattr(workspace.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0))
    (home / "mine").mkdir()
    (home / "mine" / "own.txt").write_text("x", "utf-8")

    ended = fcwork("lab", "mine")

    assert "fcwork init mine" in ended.out
    assert [item.name for item in (home / "mine").iterdir()] == ["own.txt"]
