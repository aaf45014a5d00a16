"""What a run leaves in its folder: the source that is run, then the executed notebook and how it ended."""

from __future__ import annotations

import hashlib
import html
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fcwork
from fcwork.redact import mask
from fcwork.runner import document, page
from fcwork.runner.folder import BEGINNING, EVENTS, MEASURED, NOTEBOOK, PAGE, PARAMETERS, RESULT, SOURCE, RunFolder
from fcwork.runner.monitoring import figures
from fcwork.runner.notebook import Notebook
from fcwork.runner.parameters import as_json
from fcwork.runner.past import PastRun
from fcwork.runner.result import RunResult

if TYPE_CHECKING:
    from nbformat import NotebookNode

STATE_TAG = "fcwork-state"


def begin(folder: RunFolder, notebook: Notebook, started_at: datetime, *, target: str = "", schedule: str = "") -> None:
    """Write the source that is run, and ``run.json``: what is known of a run that has no result yet.

    Args:
        folder: of the run.
        notebook: that is run.
        started_at: when it began.
        target: whose platform, as far as the settings tell.
        schedule: that it is run for, if any.

    Raises:
        ConfigError: the folder cannot be written.
    """
    from fcwork.store.workers import someone

    source = folder.write(SOURCE, notebook.text).read_bytes()
    folder.write_json(
        BEGINNING,
        {
            "name": notebook.name,
            "run_id": folder.run_id,
            "started_at": started_at.isoformat(),
            **_whose(target, schedule),
            "runner": someone(),
            "rerun_of": notebook.kept_by or None,
            "working_folder": str(Path.cwd()),
            "notebook": _origin(notebook),
            "source": {"sha256": hashlib.sha256(source).hexdigest(), "masked": mask(notebook.text) != notebook.text},
            "fcwork": fcwork.__version__,
        },
    )


def keep(result: RunResult, notebook: Notebook, node: NotebookNode, folder: RunFolder) -> None:
    """Write the executed notebook with its end state on top, its page and figures, and last of all ``result.json``.

    Raises:
        ConfigError: the folder cannot be written.
    """
    from papermill.execute import remove_error_markers

    node = remove_error_markers(node)
    document.put_first(node, _banner(result), STATE_TAG)
    written = mask(document.dump(node))
    if mask(notebook.text) != notebook.text:  # it may hold a secret that only the kernel knew before
        begin(folder, notebook, result.started_at, target=result.target, schedule=result.schedule)
    for name in (EVENTS, PARAMETERS):
        folder.mask_again(name)
    folder.write(NOTEBOOK, written)
    folder.write(PAGE, page.render(written, result.name))
    folder.write_json(MEASURED, figures(PastRun(result.run_id, folder.path, _content(result, notebook))))
    tell(result, notebook, folder)


def tell(result: RunResult, notebook: Notebook, folder: RunFolder) -> None:
    """Write ``result.json``, by which the run is over.

    Raises:
        ConfigError: the folder cannot be written.
    """
    folder.write_json(RESULT, _content(result, notebook))


def _content(result: RunResult, notebook: Notebook) -> dict[str, Any]:
    return {
        "state": result.state,
        "ok": result.ok,
        "name": result.name,
        "run_id": result.run_id,
        "retry_of": result.retry_of or None,
        "rerun_of": result.rerun_of or None,
        **_whose(result.target, result.schedule),
        **result.figures,
        "started_at": result.started_at.isoformat(),
        "ended_at": result.ended_at.isoformat(),
        "duration_seconds": round(result.duration_seconds, 3),
        "failed_cell": result.failed_cell,
        "ename": result.ename,
        "evalue": result.evalue,
        "masked": list(result.masked),
        "notebook": _origin(notebook),
        "parameters": as_json(result.parameters),
        "result": result.result,
        "report": result.report.name,
        "fcwork": fcwork.__version__,
    }


def _whose(target: str, schedule: str) -> dict[str, str | None]:
    return {"target": target, "schedule": schedule or None}


def _origin(notebook: Notebook) -> dict[str, str]:
    return {"path": str(notebook.path), "sha256": notebook.sha256}


def _banner(result: RunResult) -> str:
    """Return Markdown for the top of the executed notebook; the texts of others stay text."""
    facts = [
        result.name,
        result.target,
        f"{result.started_at:%Y-%m-%d %H:%M:%S} UTC",
        f"{result.duration_seconds:.1f} s",
    ]
    line = html.escape(" · ".join(filter(None, facts)))
    reason = f"<pre>{html.escape(result.reason)}</pre>" if result.reason else ""
    return f"<p><b>{result.state}</b> · {line}</p>{reason}"
