import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fcwork.runner import Notebook

Make = Callable[..., Notebook]


def text_of(*sources: str, parameters: str | None = None, **metadata: object) -> str:
    """Return the text of a notebook with these code cells."""
    tagged = [({"tags": ["parameters"]}, parameters)] if parameters is not None else []
    cells = [
        {"id": f"c{n}", "cell_type": "code", "metadata": told, "source": source, "outputs": [], "execution_count": None}
        for n, (told, source) in enumerate([*tagged, *(({}, source) for source in sources)])
    ]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no settings from outside."""
    for name in [name for name in os.environ if name.startswith(("FLUENT_", "FCWORK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(tmp_path / "profiles"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def make(home: Path) -> Make:
    """Write a notebook of these code cells, and read it."""

    def write(*sources: str, name: str = "sample", parameters: str | None = None, **metadata: object) -> Notebook:
        file = home / f"{name}.ipynb"
        file.write_text(text_of(*sources, parameters=parameters, **metadata), "utf-8")
        return Notebook(name, file, file.read_text("utf-8"))

    return write
