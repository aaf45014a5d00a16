import json
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
def make(home: Path) -> Make:
    """Write a notebook of these code cells, and read it."""

    def write(*sources: str, name: str = "sample", parameters: str | None = None, **metadata: object) -> Notebook:
        file = home / f"{name}.ipynb"
        file.write_text(text_of(*sources, parameters=parameters, **metadata), "utf-8")
        return Notebook(name, file, file.read_text("utf-8"))

    return write
