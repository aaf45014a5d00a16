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
def fcwork(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command line in an empty folder."""
    del home

    def call(*arguments: str) -> Said:
        code = run_verb(arguments)
        return Said(code, *capsys.readouterr())

    return call
