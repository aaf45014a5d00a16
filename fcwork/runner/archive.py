"""What a run leaves in its folder, and what is read back from all of them."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fcwork
from fcwork.redact import mask
from fcwork.runner import document, page
from fcwork.runner.folder import NOTEBOOK, PAGE, RESULT, RunFolder, runs
from fcwork.runner.notebook import Notebook
from fcwork.runner.parameters import as_json
from fcwork.runner.result import FIGURES, RunResult

if TYPE_CHECKING:
    import polars as pl
    from nbformat import NotebookNode

STATE_TAG = "fcwork-state"
UNFINISHED = "UNFINISHED"  # a run without a result: under way, or cut off with its runner


def keep(result: RunResult, notebook: Notebook, node: NotebookNode, folder: RunFolder) -> None:
    """Write the executed notebook with its end state on top, its page, and last of all ``result.json``.

    Raises:
        ConfigError: the folder cannot be written.
    """
    from papermill.execute import remove_error_markers

    node = remove_error_markers(node)
    document.put_first(node, _banner(result), STATE_TAG)
    written = mask(document.dump(node))
    folder.write(NOTEBOOK, written)
    folder.write(PAGE, page.render(written, result.name))
    folder.write_json(RESULT, _content(result, notebook))


def history() -> pl.DataFrame:
    """Return one row a run, the latest first, as its folder tells it.

    Returns:
        A frame of ``run_id, name, state, target, started_at, duration_seconds, read, mapped, rejected, delivered,
        unknown, ready, written, folder``. The state of a run without a result is ``UNFINISHED``.
    """
    import polars as pl

    texts = dict.fromkeys(("run_id", "name", "state", "target"), pl.String())
    schema: dict[str, Any] = {**texts, "started_at": pl.Datetime("us", "UTC"), "duration_seconds": pl.Float64()}
    schema |= {**dict.fromkeys(FIGURES, pl.Int64()), "folder": pl.String()}
    rows = [_row(folder) for folder in runs().glob("*/") if not folder.name.startswith(".")]
    texts_first = {**schema, "started_at": pl.String()}
    found = pl.DataFrame(rows, schema=texts_first).with_columns(pl.col("started_at").str.to_datetime(time_zone="UTC"))
    return found.sort("run_id", descending=True).sort(
        "started_at", descending=True, nulls_last=False, maintain_order=True
    )


def _row(folder: Path) -> dict[str, Any]:
    try:
        content = json.loads((folder / RESULT).read_text("utf-8"))
    except (OSError, ValueError):
        content = {"state": UNFINISHED}
    return {
        "run_id": folder.name,
        **{name: content.get(name) for name in _TOLD if name in content},
        "folder": str(folder),
    }


_TOLD = ("name", "state", "target", "started_at", "duration_seconds", *FIGURES)


def _content(result: RunResult, notebook: Notebook) -> dict[str, Any]:
    return {
        "state": result.state,
        "ok": result.ok,
        "name": result.name,
        "run_id": result.run_id,
        "target": result.target,
        **result.figures,
        "started_at": result.started_at.isoformat(),
        "ended_at": result.ended_at.isoformat(),
        "duration_seconds": round(result.duration_seconds, 3),
        "failed_cell": result.failed_cell,
        "ename": result.ename,
        "evalue": result.evalue,
        "notebook": {"path": str(notebook.path), "sha256": notebook.sha256},
        "parameters": as_json(result.parameters),
        "result": result.result,
        "report": result.report.name,
        "fcwork": fcwork.__version__,
    }


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
