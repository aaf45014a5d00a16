"""``fcwork templates``: presets listed, and shown with the command that runs them."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.redact import MASK, Secret

Fcwork = Callable[..., Any]


@pytest.fixture
def presets(fcwork: Fcwork, home: Path) -> Path:
    """Return the folder of the presets of a workspace."""
    fcwork("init")
    return home / "notebooks" / "presets"


def test_each_preset_is_listed_with_its_notebook(fcwork: Fcwork) -> None:
    """The shipped presets are listed, each with the notebook that declares its parameters and a sentence about it."""
    said = fcwork("templates")
    assert said.code == 0
    [line] = [line for line in said.out.splitlines() if line.split()[:1] == ["demo"]]
    assert line.split(maxsplit=2)[1] == "ingestion"
    assert line.endswith("sent to the simulator.")


def test_a_sentence_does_not_repeat_the_name(fcwork: Fcwork) -> None:
    """A list has each name once: the sentence beside it begins without it."""
    lines = fcwork("templates").out.splitlines()
    [b7] = [line for line in lines if line.split()[:1] == ["B7"]]
    assert b7.split(maxsplit=2)[2] == "A cycle count against Fluent's stock."


def test_those_of_one_notebook_are_listed(fcwork: Fcwork) -> None:
    """--notebook lists the presets of one notebook, and a name that is none's is told with the nearest."""
    said = fcwork("templates", "--notebook", "operations")
    listed = [line.split()[0] for line in said.out.splitlines()[1:] if line.startswith("  ")]
    assert listed == ["job-status", "P3", "P8", "VP1", "VP3"]
    wrong = fcwork("templates", "--notebook", "reconcil")
    assert (wrong.code, "did you mean 'reconcile'" in wrong.err) == (2, True)
    assert fcwork("templates", "P3", "--notebook", "operations").code == 2


def test_every_shipped_preset_is_of_a_notebook() -> None:
    """Each shipped preset says what it is about, and a shipped notebook declares all of its parameters."""
    for preset in runner.presets():
        assert preset.title, preset.name
        assert preset.notebook, preset.name


def test_a_preset_is_shown_with_the_command_that_runs_it(
    fcwork: Fcwork, presets: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each parameter has its value and help, and the command is for the folder that the paths are taken from."""
    said = fcwork("templates", "DEMO")
    assert said.code == 0
    assert "\n  BATCH_SIZE    1000\n                  rows a request" in said.out
    assert f"  cd {shlex.quote(str(home / 'notebooks'))}\n  fcwork run ingestion -f presets/demo.yml\n" in said.out
    monkeypatch.chdir(presets.parent)
    (presets / "own.yml").write_text("# Own.\nSOURCE: a.csv\n", "utf-8")
    said = fcwork("templates", "own.yml")
    assert "cd " not in said.out
    assert "  fcwork run ingestion -f presets/own.yml -p PROFILE simulator\n" in said.out


def test_numbers_in_names_count_and_the_workspace_goes_first(fcwork: Fcwork, presets: Path) -> None:
    """E2 stands before E10, a preset of the workspace goes before the shipped one, and other files are no presets."""
    (presets / "E10.simulator.json").write_text("{}", "utf-8")
    for name in ("E10.yml", "E9.yml", "E2.yml", "demo.yml"):
        (presets / name).write_text("# Mine, and\n#\n# nobody else's. More.\n\n# not this\nSOURCE: a.csv\n", "utf-8")
    listed = fcwork("templates").out
    names = [line.split()[0] for line in listed.splitlines()[1:] if line.startswith("  ")]
    assert [name for name in names if name in {"demo", "E2", "E9", "E10"}] == ["demo", "E2", "E9", "E10"]
    assert "E10.simulator" not in names
    assert "demo ingestion Mine, and nobody else's. " in " ".join(listed.split())


def test_what_fits_no_notebook_or_cannot_be_read_is_told(fcwork: Fcwork, presets: Path) -> None:
    """A preset with an unknown parameter fits none, one that is no YAML says where, and the list goes on."""
    (presets / "a.yml").write_text("NOPE: 1\n", "utf-8")
    (presets / "b.yml").write_text("A: [\n", "utf-8")
    (presets / "c.yml").write_bytes(b"\xff\xfe")
    listed = fcwork("templates").out
    assert listed.count("none fits") == 3
    assert "b.yml is neither YAML nor JSON at line 2" in listed
    assert "ingestion What `fcwork demo` runs" in " ".join(listed.split())
    assert "No notebook declares all" in fcwork("templates", "a").out
    said = fcwork("templates", "b")
    assert (said.code, "neither YAML nor JSON" in said.err) == (2, True)


def test_an_unknown_preset_names_the_nearest(fcwork: Fcwork) -> None:
    """P32: a preset that does not exist leads to the one that was meant, and to all of them."""
    said = fcwork("templates", "demmo")
    assert said.code == 2
    assert "did you mean demo? known: " in said.err


def test_a_terminal_obeys_no_preset(fcwork: Fcwork, presets: Path) -> None:
    """What a preset holds is shown and not obeyed, and a known secret in it is masked."""
    Secret("s3cret-of-a-preset")
    (presets / "a.yml").write_text("# A \u202e.\nSOURCE: s3cret-of-a-preset\n", "utf-8")
    for said in (fcwork("templates"), fcwork("templates", "a")):
        assert said.code == 0
        assert "\u202e" not in said.out
        assert "s3cret-of-a-preset" not in said.out
    assert MASK in said.out
