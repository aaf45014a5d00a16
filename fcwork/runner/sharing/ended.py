"""A run that ended, read back from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork.errors import NotebookError
from fcwork.runner import document
from fcwork.runner.finding import folder_of
from fcwork.runner.folder import NOTEBOOK, RESULT
from fcwork.runner.result import RunResult
from fcwork.runner.sharing.facts import Facts

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class EndedRun:
    """What a run left.

    Attributes:
        facts: what its page is headed by.
        content: ``result.json``.
        notebook: the executed copy.
    """

    facts: Facts
    content: Mapping[str, Any]
    notebook: NotebookNode

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values that it ran with."""
        told = self.content.get("parameters")
        return told if isinstance(told, Mapping) else {}

    @property
    def masked(self) -> frozenset[str]:
        """Columns that the mapping of the run masks, in lower case."""
        recorded = self.content.get("result")
        told = recorded.get("masked") if isinstance(recorded, Mapping) else None
        return frozenset(str(name).lower() for name in told) if isinstance(told, list) else frozenset()

    @property
    def failed_cell(self) -> int | None:
        """The cell that failed, or left, counted from 1."""
        told = self.content.get("failed_cell")
        return told if isinstance(told, int) else None


def read(run: RunResult | str | Path, title: str | None) -> EndedRun:
    """Return a run that ended: a result, or what ``folder_of`` takes.

    Raises:
        NotebookError: there is no such run, or several, or it has not ended.
    """
    folder = run.folder if isinstance(run, RunResult) else folder_of(run)
    try:
        content = json.loads((folder / RESULT).read_text("utf-8"))
        notebook = document.parse((folder / NOTEBOOK).read_text("utf-8"))
        return EndedRun(_facts(folder.name, content, title or _heading(notebook)), content, notebook)
    except FileNotFoundError as error:
        hint = "it goes on, or was cut off; only a run that ended is shared"
        raise NotebookError(f"run {folder.name} has no {Path(error.filename).name}", hint=hint) from None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        hint = "run the notebook again"
        raise NotebookError(f"what run {folder.name} left is damaged: {error}", hint=hint) from None


def heading(source: str) -> str:
    """Return the first heading of the first level in a Markdown text."""
    return next((line[2:].strip() for line in source.splitlines() if line.startswith("# ")), "")


def _heading(notebook: NotebookNode) -> str:
    texts = (heading(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    return next(filter(None, texts), "")


def _facts(run_id: str, content: Mapping[str, Any], title: str) -> Facts:
    recorded = content.get("result")
    recorded = recorded if isinstance(recorded, Mapping) else {}
    told = {
        **content,
        "title": title or content.get("name"),
        "reason": _reason(content, recorded),
        "seconds": content.get("duration_seconds"),
        "figures": content,
        "dry_run": recorded.get("dry_run"),
    }
    return Facts.of(told, run_id=run_id)


def _reason(content: Mapping[str, Any], recorded: Mapping[str, Any]) -> str:
    ename, evalue = str(content.get("ename") or ""), str(content.get("evalue") or "")
    summary = str(recorded.get("summary") or "").removesuffix(
        f" [{content.get('state')}]"
    )  # the state is told beside it
    return f"{ename}: {evalue}" if ename else evalue or summary
