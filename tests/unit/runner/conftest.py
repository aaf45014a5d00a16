import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork.runner import Notebook, archive
from fcwork.runner.folder import RunFolder

Make = Callable[..., Notebook]
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


def text_of(*sources: str, parameters: str | None = None, **metadata: object) -> str:
    """Return the text of a notebook with these code cells."""
    tagged = [({"tags": ["parameters"]}, parameters)] if parameters is not None else []
    cells = [
        {"id": f"c{n}", "cell_type": "code", "metadata": told, "source": source, "outputs": [], "execution_count": None}
        for n, (told, source) in enumerate([*tagged, *(({}, source) for source in sources)])
    ]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def make(home: Path) -> Make:
    """Write a notebook of these code cells, and read it."""

    def write(*sources: str, name: str = "sample", parameters: str | None = None, **metadata: object) -> Notebook:
        file = home / f"{name}.ipynb"
        file.write_text(text_of(*sources, parameters=parameters, **metadata), "utf-8")
        return Notebook(name, file, file.read_text("utf-8"))

    return write


@pytest.fixture
def made(make: Make) -> Callable[..., Path]:
    """Leave the folder of a run that began some days after the first, and ended as it is told; without, not at all."""

    def leave(
        run_id: str, *, day: int = 0, sources: tuple[str, ...] = ("1",), parameters: Any = None, **told: Any
    ) -> Path:
        began, folder = AT + timedelta(days=day), RunFolder(run_id)
        archive.begin(folder, make(*sources, name="load"), began)
        folder.write_json("parameters.json", parameters or {})
        if told:
            facts = {"name": "load", "started_at": began.isoformat(), "fcwork": "0.1.0", "duration_seconds": 1.5}
            folder.write_json("result.json", {**facts, **told})
        return folder.path

    return leave
