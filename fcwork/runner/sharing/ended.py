"""A run that ended, read back from its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork.errors import NotebookError
from fcwork.runner import document
from fcwork.runner.folder import NOTEBOOK, RESULT, runs
from fcwork.runner.result import RunResult
from fcwork.runner.sharing.facts import Facts

if TYPE_CHECKING:
    from nbformat import NotebookNode

LATEST = "latest"
_SHOWN = 5


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
    """Return a run that ended: a result, an id or the beginning of one, ``latest``, or the path of its folder.

    Raises:
        NotebookError: there is no such run, or several, or it has not ended.
    """
    folder = run.folder if isinstance(run, RunResult) else _folder(run)
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


def _folder(run: str | Path) -> Path:
    given = Path(run).expanduser()
    if os.path.dirname(str(run)):  # noqa: PTH120 - a Path forgets the ./ that makes the difference
        if given.is_dir():
            return given.absolute()
        raise NotebookError(f"there is no folder {run}", hint=f"runs lie in {runs()}")
    known = _known()
    if str(run) == LATEST and known:
        return max(known, key=_ended_at)
    found = [folder for folder in known if folder.name == str(run)]
    found = found or [folder for folder in known if str(run) and folder.name.startswith(str(run))]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(folder.name for folder in found[:_SHOWN])
        raise NotebookError(f"{len(found)} runs begin with {run}", hint=f"give more of the id: {names}")
    raise NotebookError(f"there is no run {run} in {runs()}", hint="`fcwork runs` lists them")


def _known() -> list[Path]:
    return sorted(folder for folder in runs().glob("*/") if not folder.name.startswith("."))


def _ended_at(folder: Path) -> tuple[float, str]:
    with suppress(OSError):
        return (folder / RESULT).stat().st_mtime, folder.name
    return 0.0, folder.name
