"""What every test starts from: no settings of the machine's, and no secret of another test's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fcwork import redact


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Take away the variables that a developer may have set, and the profiles of the home folder."""
    names = ("BASE_URL", "CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD", "RETAILER_ID", "PROFILE", "RETAILER")
    for name in (*(f"FLUENT_{name}" for name in names), "FCWORK_LOG", "FCWORK_LOG_LEVEL", "FCWORK_SIMULATOR"):
        monkeypatch.delenv(name, raising=False)
    nowhere: Path = tmp_path_factory.getbasetemp() / "no-profiles"
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(nowhere))


@pytest.fixture(autouse=True)
def secrets_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget after each test the secrets that it made known: one may be a word that another test prints."""
    with monkeypatch.context() as patch:
        patch.setattr(redact, "_forms", dict(redact._forms))
        patch.setattr(redact, "_pattern", redact._pattern)
        yield
