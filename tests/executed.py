"""Executed notebooks, as a kernel and the runner leave them."""

import json
from pathlib import Path
from typing import Any

import nbformat

from fcwork.runner.folder import RunFolder


def code(source: str = "1 + 1", *outputs: dict[str, Any], status: str = "completed") -> Any:
    """Return a cell of code that was run."""
    told = {"papermill": {"status": status, "duration": 0.25}}
    return nbformat.v4.new_code_cell(source, outputs=[nbformat.from_dict(one) for one in outputs], metadata=told)


def html(text: str) -> dict[str, Any]:
    """Return an output that is HTML."""
    return {"output_type": "display_data", "data": {"text/html": text, "text/plain": "plain"}, "metadata": {}}


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    """Return an output that was printed."""
    return {"output_type": "stream", "name": name, "text": text}


def leave_run(*cells: Any, run_id: str = "20260115T120000Z-load-0a1b2c3d", **told: Any) -> Path:
    """Leave an ended run with these cells in the folder of the runs; a text is a cell of Markdown."""
    folder = RunFolder(run_id)
    given = [nbformat.v4.new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    written = nbformat.writes(nbformat.v4.new_notebook(cells=given))
    usual = {
        "state": "SUCCEEDED",
        "name": "load",
        "target": "SIMULATOR",
        "started_at": "2026-01-15T12:00:00+00:00",
        "duration_seconds": 2.5,
        "failed_cell": None,
        "ename": "",
        "evalue": "",
        "parameters": {"SOURCE": "stock.csv"},
        "result": {"summary": "3 rows read"},
    }
    (folder.path / "notebook.ipynb").write_text(written, "utf-8")  # what the runner would mask is not masked here
    (folder.path / "result.json").write_text(json.dumps({**usual, **told}), "utf-8")
    return folder.path
