"""What every test starts from: no settings of the machine's, and no secret of another test's."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from browser import browse
from lab import lab, lab_server
from servers import connections, s3_client, s3_process, s3_server, sftp_server, sshd

from fcwork import passing, redact
from fcwork.cli import run_verb
from fcwork.personal import names
from fcwork.sources import elsewhere

__all__ = [
    "browse",
    "connections",
    "lab",
    "lab_server",
    "s3_client",
    "s3_process",
    "s3_server",
    "sftp_server",
    "sshd",
]  # fixtures of all tests


class Said(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Take away the settings of the environment, and the profiles of the home folder."""
    for name in [name for name in os.environ if name.startswith(("FLUENT_", "FCWORK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(tmp_path_factory.getbasetemp() / "no-profiles"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def secrets_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget after each test the secrets that it made known: one may be a word that another test prints."""
    with monkeypatch.context() as patch:
        patch.setattr(redact, "_known", redact._known)
        yield


@pytest.fixture(autouse=True)
def names_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget after each test the columns that it had hidden."""
    monkeypatch.setattr(names, "_known", frozenset())
    monkeypatch.setattr(names, "_of_mappings", frozenset())


@pytest.fixture(autouse=True)
def connections_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget after each test the places that it named."""
    monkeypatch.setattr(elsewhere, "_own", {})


@pytest.fixture(autouse=True)
def watermarks_of_its_own() -> Iterator[None]:
    """Forget after each test the watermarks of the embedded simulator, which last as long as the process."""
    yield
    marks = sys.modules.get("fcwork.extraction.marks")
    if marks and marks._passing.cache_info().currsize:
        marks._passing().close()
        marks._passing.cache_clear()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have what passes lie in a folder of this test's own, where no other process leaves anything."""
    (own := tmp_path / "temporary").mkdir()
    monkeypatch.setattr(passing, "_root", lambda: str(own))
    return own


@pytest.fixture
def fcwork(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command line in an empty folder."""
    del home

    def call(*arguments: str) -> Said:
        code = run_verb(arguments)
        return Said(code, *capsys.readouterr())

    return call
