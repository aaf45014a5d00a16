"""Folders for what passes. Each says whose it is, so that what a process that was killed left can be known for that."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fcwork.store import workers

PREFIX = "fcw-"
OWNER = "owner"
SHORT = "/tmp"  # noqa: S108 - folders in it are made exclusively, mode 0700
_LONGEST = 80  # of 108 bytes that a socket's path may have, the rest is for its own name


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that only this user can enter, with a path short enough for sockets, until the block ends."""
    made = _make()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def until_exit() -> Path:
    """Return such a folder that stays until this process ends."""
    made = _make()
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def folders() -> list[Path]:
    """Return those of this user on this machine, whether they are in use or were left behind."""
    return [path for path in sorted(Path(_root()).glob(f"{PREFIX}*")) if _is_ours(path)]


def life_of(path: Path) -> workers.Life | None:
    """Return whether the process is there that a folder was made for; None where it does not say which that is."""
    with suppress(OSError, UnicodeDecodeError):
        return workers.life_of((path / OWNER).read_text("utf-8"))
    return None


def _make() -> Path:
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_root()))
    (made / OWNER).write_text(workers.someone(), "utf-8")
    return made


def _root() -> str:
    usual = tempfile.gettempdir()
    return usual if len(usual) < _LONGEST else SHORT


def _is_ours(path: Path) -> bool:
    """Say whether this is a folder of this user's: others may write where it lies."""
    try:
        facts = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and (os.name == "nt" or facts.st_uid == os.getuid())
