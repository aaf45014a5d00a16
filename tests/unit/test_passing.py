"""Folders for what passes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fcwork import passing

PROGRAM = """
import sys, tempfile, time
from fcwork import passing
passing._root = lambda: sys.argv[1]
with passing.folder() as made:
    (made / "x").write_text("half")
    print(made, passing.until_exit(), flush=True)
    sys.stdin.read()
"""


def begun(root: Path) -> tuple[subprocess.Popen[str], list[Path]]:
    """Start a process that has two folders, until its input ends."""
    command = [sys.executable, "-c", PROGRAM, str(root)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, [Path(name) for name in process.stdout.readline().split()]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_folder_is_this_user_s_alone_and_goes_with_its_block(temporary: Path) -> None:
    """Only its user can enter it, it says whose it is, and it is gone after the block, whatever happens in it."""
    with pytest.raises(ValueError, match="x"), passing.folder() as made:  # noqa: PT012 - the block is what is tested
        assert made.stat().st_mode & 0o777 == 0o700
        assert passing.folders() == [made]
        assert passing.life_of(made) == "alive"
        raise ValueError("x")
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only there it is known whether a process is the same")
def test_what_a_killed_process_left_is_known(temporary: Path) -> None:
    """Of a process that was killed the folders stay and are known for what they are; one that ends takes them along."""
    process, made = begun(temporary)
    assert {passing.life_of(path) for path in made} == {"alive"}
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert passing.folders() == sorted(made)
    assert {passing.life_of(path) for path in made} == {"dead"}

    ending, others = begun(temporary)
    ending.communicate("")
    assert not any(path.exists() for path in others)


def test_what_is_not_ours_is_left_out(temporary: Path) -> None:
    """A file, a link and another name are no folders of ours; one without an owner is nobody's."""
    (temporary / "fcw-file").write_text("x", "utf-8")
    (temporary / "other").mkdir()
    (temporary / "fcw-mine").mkdir()
    (temporary / "fcw-link").symlink_to(temporary / "other")
    assert passing.folders() == [temporary / "fcw-mine"]
    assert passing.life_of(temporary / "fcw-mine") is None
    (temporary / "fcw-mine" / passing.OWNER).write_bytes(b"\xff\xfe")
    assert passing.life_of(temporary / "fcw-mine") is None


def test_its_path_is_short_enough_for_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder for temporary files has a long path, /tmp is taken."""
    monkeypatch.setattr(passing.tempfile, "tempdir", "/" + "x" * 90)
    assert passing._root() == passing.SHORT
