"""The notebook as a document: the only place that speaks nbformat, whose functions carry no types."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from fcwork.redact import mask_values

if TYPE_CHECKING:
    from nbformat import NotebookNode

PARAMETERS_TAG = "parameters"
INJECTED_TAG = "injected-parameters"
SKIP_TAG = "skip-execution"


def parse(text: str) -> NotebookNode:
    """Return the document of a notebook file; a cell without an id gets one."""
    nbformat = _nbformat()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", import_module("nbformat.warnings").MissingIDFieldWarning)
        return cast("NotebookNode", nbformat.reads(text, as_version=4))


def masked(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with every known secret in it masked."""
    return cast("NotebookNode", _nbformat().from_dict(mask_values(notebook)))


def written(notebook: NotebookNode) -> str:
    """Return the text of a notebook as it is, to be read here and not to be kept."""
    return str(_nbformat().writes(notebook))


def dump(notebook: NotebookNode) -> str:
    """Return the text of a notebook file; each value is masked before it is escaped for the file."""
    return str(_nbformat().writes(masked(notebook))) + "\n"


def inject(notebook: NotebookNode, lines: Sequence[str]) -> None:
    """Put lines of code into a cell of their own, after the parameters cell; where there is none, before all."""
    cell = _nbformat().v4.new_code_cell("\n".join(lines), metadata={"tags": [INJECTED_TAG]})
    tagged = [index for index, old in enumerate(notebook.cells) if PARAMETERS_TAG in old.metadata.get("tags", [])]
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def put_first(notebook: NotebookNode, markdown: str, tag: str) -> None:
    """Put a Markdown cell on top."""
    notebook.cells.insert(0, _nbformat().v4.new_markdown_cell(markdown, metadata={"tags": [tag]}))


def step(notebook: NotebookNode, index: int) -> str:
    """Return the nearest heading above a cell if it is of the third level or lower, as a step's is."""
    for cell in reversed(notebook.cells[:index]):
        lines = [line for line in cell.source.splitlines() if cell.cell_type == "markdown" and line.startswith("#")]
        if lines:
            return str(lines[-1].lstrip("# ")) if lines[-1].startswith("###") else ""
    return ""


def runnable(notebook: NotebookNode) -> list[int]:
    """Return the positions of the cells that are run: code, not blank and not tagged to be skipped."""
    return [
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip() and SKIP_TAG not in cell.metadata.get("tags", [])
    ]


def _nbformat() -> Any:
    return import_module("nbformat")
