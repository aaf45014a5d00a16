import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from fcwork.cli import run_verb


class Said(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no settings from outside."""
    for name in [name for name in os.environ if name.startswith(("FLUENT_", "FCWORK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(tmp_path / "profiles"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fcwork(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command line in an empty folder."""
    del home

    def call(*arguments: str) -> Said:
        code = run_verb(arguments)
        return Said(code, *capsys.readouterr())

    return call
