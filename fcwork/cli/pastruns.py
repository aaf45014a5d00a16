"""Past runs in the terminal: a line in a list, a page of one, and what is different between two."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from fcwork import personal
from fcwork.cli import summary, terminal

if TYPE_CHECKING:
    from fcwork.runner import Difference, PastRun

_TIME = "%Y-%m-%d %H:%M:%S"
_NO_RESULT = {
    "RUNNING": "it is under way",
    "LOST": "the process that ran it is gone: it was killed, or its machine went down",
    "UNFINISHED": "it has no result, and whether it is under way cannot be told from here",
}


def line(row: Mapping[str, Any]) -> str:
    """Return the line of a run in the list."""
    started = f"{row['started_at']:%Y-%m-%d %H:%M}" if row["started_at"] else " " * 16
    done = "delivered" if row["written"] is None else "written"
    rows = "" if row["read"] is None else f"{row['read']:,} read, {row[done] or 0:,} {done}"
    text = f"{started}  {row['state'] or '':<22} {row['target'] or '':<12} {rows:<34} {row['run_id']}"
    return terminal.visible(text)


def page(run: PastRun) -> Iterator[str]:
    """Yield the lines about one run."""
    title = terminal.visible(f"{run.name or run.run_id} {run.state}{f' → {run.target}' if run.target else ''}")
    yield click.style(title, fg=summary.COLOURS.get(run.state, "red" if run.state != "RUNNING" else None), bold=True)
    for name, value in _facts(run):
        yield f"  {name:<9} {terminal.visible(value)}"
    yield from map(terminal.visible, summary.figures(run.figures))
    given = [(name, _plain(value)) for name, value in personal.hidden(run.parameters).items()]
    yield from _table("Parameters", ("name", "value"), given)
    stages = [
        (_told(stage.started_at), stage.name, _seconds(stage.duration_seconds), stage.message) for stage in run.stages
    ]
    yield from _table("Stages", ("started", "stage", "took", "message"), stages)
    frames = [
        (name, f"{one.rows:,}", f"{len(one.columns):,}", f"{one.bytes:,}", str(one.path))
        for name, one in run.frames.items()
    ]
    yield from _table("Frames", ("frame", "rows", "columns", "bytes", "file"), frames)
    yield from _table("Files", ("bytes", "file"), [(f"{size:,}", name) for name, size in run.files.items()])


def difference(found: Difference) -> Iterator[str]:
    """Yield the lines about what is different between two runs."""
    yield click.style(terminal.visible(f"{found.before.run_id} → {found.after.run_id}"), bold=True)
    for title, pairs in found.shown().items():
        rows = [(name, _plain(before), _plain(after)) for name, (before, after) in pairs.items()]
        yield from _table(title, ("what", "before", "after"), rows)
    if found.cells:
        yield f"\n{click.style('Notebook', bold=True)}"
        yield from map(_coloured, found.cells.splitlines())
    elif not found.sources_known:
        yield "\nThe notebooks cannot be compared: one of the runs did not keep what it ran."
    if found.is_empty:
        yield "nothing is different"


def _facts(run: PastRun) -> Iterator[tuple[str, str]]:
    yield "run", run.run_id
    if run.started_at:
        yield "started", _told(run.started_at)
    if run.ended_at:
        yield "ended", f"{_told(run.ended_at)} after {_seconds(run.facts.get('duration_seconds'))}"
    for name in ("retry_of", "rerun_of"):
        if run.facts.get(name):
            yield name.replace("_", " "), str(run.facts[name])
    if run.facts.get("failed_cell"):
        step = f" {run.failed_step}" if run.failed_step else ""
        yield "cell", f"[{run.facts['failed_cell']}]{step}"
    reason = run.reason or _NO_RESULT.get(run.state, "")
    if reason:
        yield "reason", " ".join(reason.split())
    notebook = run.facts.get("notebook")
    if isinstance(notebook, Mapping):
        yield "notebook", f"{notebook.get('path')} ({str(notebook.get('sha256'))[:12]})"
    yield "folder", str(run.folder)
    yield "job", _job(run.run_id)


def _job(run_id: str) -> str:
    """Say how the job of a run stands."""
    from fcwork.errors import JobError, StoreError
    from fcwork.jobs import JobTracker

    try:
        return f"{JobTracker().get(run_id).status}; `fcwork jobs {run_id}` tells more"
    except (JobError, StoreError):
        return "not tracked, or forgotten by now"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield f"\n{click.style(title, bold=True)}"
        yield from terminal.table(head, rows, last_is_free=True)


def _coloured(text: str) -> str:
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(text[:1])
    return click.style(f"  {terminal.visible(text)}", fg=colour)


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _seconds(seconds: Any) -> str:
    return f"{seconds:,.1f} s" if isinstance(seconds, int | float) else ""


def _told(at: datetime | None) -> str:
    return f"{at:{_TIME}}" if at else ""
