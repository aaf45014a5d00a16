import json
from pathlib import Path

import polars as pl
import pytest

from fcwork import runner
from fcwork.cli import run_verb

pytestmark = pytest.mark.kernel
SOURCE = """import polars as pl
from fcwork import runner

rows = pl.DataFrame({"ref": ["a-value-of-a-row", "b"], "email": ["a@example.com", None]})
runner.publish("rejected", rows, mask=["email"])"""


def test_a_run_publishes_into_its_own_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a notebook publishes lies in its run's folder, not in the notebook, is told with the run and read back."""
    cells = [
        {"id": "a", "cell_type": "code", "metadata": {}, "source": SOURCE, "outputs": [], "execution_count": None},
        {
            "id": "b",
            "cell_type": "code",
            "metadata": {},
            "source": "runner.record({})",
            "outputs": [],
            "execution_count": None,
        },
    ]
    notebook = home / "publishes.ipynb"
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")

    result = runner.run(notebook)

    assert result.state == "SUCCEEDED"
    one = result.frames["rejected"]
    assert one.path == result.folder / "frames" / "rejected.parquet"
    expected = pl.DataFrame({"ref": ["a-value-of-a-row", "b"], "email": ["•••", None]})
    assert runner.load(result, "rejected").equals(expected)
    assert runner.load(result.run_id, "rejected").equals(runner.load(result.folder, "rejected"))
    executed = json.loads((result.folder / "notebook.ipynb").read_text("utf-8"))["cells"]
    assert "a-value-of-a-row" not in json.dumps([cell["outputs"] for cell in executed if cell["cell_type"] == "code"])
    assert "rejected: 2 rows of 2 columns" in json.dumps(executed)
    assert run_verb(["runs", "show", "latest"]) == 0
    assert "rejected  2     2        " in capsys.readouterr().out
