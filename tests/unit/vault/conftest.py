"""A vault of a test's own, that opens fast."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from fcwork import vault
from fcwork.vault import sealed


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name a file that is not there yet; keys are made fast, as a test has nothing to hide."""
    path = tmp_path / "own" / "fcwork.vault"
    monkeypatch.setenv("FCWORK_VAULT", str(path))
    monkeypatch.setattr(sealed, "seal", partial(sealed.seal, cost=2**10))
    vault.lock()
    yield path
    vault.lock()
