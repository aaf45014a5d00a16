import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fcwork import runner

SITUATIONS = Path(__file__).parents[1] / "data" / "notebooks"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no settings from outside."""
    for name in [name for name in os.environ if name.startswith(("FLUENT_", "FCWORK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(tmp_path / "profiles"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def situation(home: Path) -> Callable[..., runner.RunResult]:
    """Run one of the notebooks under tests/data/notebooks by its name."""
    del home
    return lambda name, *parameters, **options: runner.run(SITUATIONS / f"{name}.ipynb", *parameters, **options)
