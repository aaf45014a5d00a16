import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fcwork.errors import ConfigError, NotebookError
from fcwork.redact import MASK, Secret
from fcwork.runner.folder import RunFolder, new_id

AT = datetime(2026, 1, 15, 12, 30, 5, tzinfo=UTC)


def test_an_id_names_the_second_the_notebook_and_chance() -> None:
    """A run's id begins with its UTC second and the notebook's name, and two are never alike."""
    assert re.fullmatch(r"20260115T123005Z-my-notebook-[0-9a-f]{8}", new_id("my notebook", AT))
    assert len({new_id("x", AT) for _ in range(1000)}) == 1000


def test_the_same_run_id_is_refused_the_second_time(home: Path) -> None:
    """P14: a run id used before is refused, and nothing of the first run is touched."""
    first = RunFolder("nightly-1")
    kept = first.write("result.json", "{}")

    with pytest.raises(NotebookError, match="nightly-1 was made before"):
        RunFolder("nightly-1")
    assert kept.read_text("utf-8") == "{}"
    assert first.path == home / ".fcwork" / "runs" / "nightly-1"


@pytest.mark.parametrize("run_id", ["../x", "a/b", "", ".hidden", "x" * 200, "a\0b"])
def test_an_id_that_is_no_plain_name_is_refused(home: Path, run_id: str) -> None:
    """An id cannot lead out of the folder of runs."""
    with pytest.raises(NotebookError, match="no run id"):
        RunFolder(run_id)
    assert not (home / ".fcwork").exists()


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_nobody_else_can_read_a_run(home: Path) -> None:
    """A run's folder holds customers' data: it is its owner's alone."""
    del home
    assert stat.S_IMODE(RunFolder("r").path.stat().st_mode) == 0o700


def test_whatever_is_written_is_masked(home: Path) -> None:
    """P8: a known secret never reaches a file of a run, as text, in JSON or in a line of events."""
    del home
    Secret('folder"secret-value')
    folder = RunFolder("r")
    folder.write("a.txt", 'x folder"secret-value x')
    folder.write_json("b.json", {"a": ['folder"secret-value']})
    folder.append("c.jsonl", {"a": 'folder"secret-value'})

    for name in ("a.txt", "b.json", "c.jsonl"):
        text = (folder.path / name).read_text("utf-8")
        assert "secret-value" not in text
        assert MASK in text


def test_a_file_appears_whole_or_not_at_all(home: Path) -> None:
    """P29: writing replaces a file in one step and leaves no draft behind."""
    del home
    folder = RunFolder("r")
    folder.write("a.txt", "one")
    folder.write("a.txt", "two \ud800")

    assert [file.name for file in folder.path.iterdir()] == ["a.txt"]
    assert (folder.path / "a.txt").read_text("utf-8") == "two \\ud800"


def test_an_unwritable_place_is_told_with_what_to_do(home: Path) -> None:
    """P32: where no run folder can be made the message names the place and FCWORK_HOME."""
    (home / ".fcwork").write_text("a file in the way", "utf-8")

    with pytest.raises(ConfigError, match=r"cannot write .*runs") as caught:
        RunFolder("r")
    assert "FCWORK_HOME" in caught.value.hint


def test_a_full_disk_is_told_and_leaves_no_draft(home: Path) -> None:
    """P32: a write that fails names the file, and no half of it stays."""
    del home
    folder = RunFolder("r")
    (folder.path / "result.json").mkdir()  # a folder in the way fails the last step, as a full disk does

    with pytest.raises(ConfigError, match=r"cannot write .*result\.json"):
        folder.write("result.json", "{}")
    assert [item.name for item in folder.path.iterdir()] == ["result.json"]
