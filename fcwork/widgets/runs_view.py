"""The controls of ``RunBrowser``."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import cards, personal
from fcwork.widgets import controls
from fcwork.widgets.runs import SIGNS, RunBrowser, told
from fcwork.widgets.tables import table
from fcwork.widgets.view import View
from fcwork.widgets.words import safe

if TYPE_CHECKING:
    from fcwork.runner import Difference, PastRun

_TIME = "%Y-%m-%d %H:%M:%S"
_CHOICES = 200  # runs in the lists
_LONGEST = 400  # characters of a line
_COLOURS = {"SUCCEEDED": "fcw-good", "SKIPPED": "fcw-good", "RUNNING": "", "UNFINISHED": "fcw-doubt"} | {
    "COMPLETED_WITH_ERRORS": "fcw-doubt",
    "CANCELLED": "fcw-doubt",
}  # any other state is bad


class RunsView(View[RunBrowser]):
    """The lists of what is wanted, the runs, one of them whole, and what can be done with it."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        panel = self.panel
        self._table, self._one, self._page, self._difference = (controls.html() for _ in range(4))
        self._notebook = self.bind(controls.choice("Notebook", panel.notebooks()), "notebook")
        self._state = self.bind(controls.choice("State", panel.states()), "state")
        self._day = self.bind(controls.choice("Day", panel.days(), explain="On which it began, in UTC"), "day")
        look = self.button("Look", panel.refresh, primary=True, explain="Look at the runs once")
        self._run = self.bind(controls.choice("Run", [("none", "")], value="", explain="Show one whole"), "run")
        self._open = self.button("Open", panel.open, explain="Show the run's page, or put it away")
        wanted = controls.row(self._notebook, self._state, self._day, look)
        chosen = controls.row(self._run, self._open)
        self._doing = controls.column(*self._verbs(), name="fcw-column")
        return [wanted, self._table, chosen, self._one, self._page, self._doing]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show the runs that are wanted, and the one that is chosen."""
        if changed & {"found", "notebook", "state", "day"}:
            self._show_runs()
        if "past" in changed:
            past = self.panel.value
            self._one.value = whole(past) if past else ""
            controls.show(self._doing, yes=past is not None)
            self._open.disabled = past is None
        if "page" in changed:
            self._page.value = _framed(self.panel["page"])
            self._open.description = "Open" if self.panel["page"] is None else "Close"
        if "difference" in changed:
            found = self.panel["difference"]
            self._difference.value = difference(found) if found else ""

    def _verbs(self) -> Iterator[Any]:
        """Yield the controls of what can be done with a run."""
        panel = self.panel
        self._other = self.bind(controls.choice("Compare with", [("none", "")], value=""), "other")
        yield controls.row(self._other, self.button("Compare", panel.compare, explain="What is different from it"))
        yield self._difference
        changes = controls.area("Run again with", placeholder="NAME VALUE, one a line", lines=2)
        dry = controls.tick("Dry run", explain="With DRY_RUN true, where the notebook has it")
        again = self.button("Rerun", panel.rerun, explain="As it was run, with what is written here")
        yield self.bind(changes, "changes")
        yield controls.row(self.bind(dry, "dry_run"), again)
        to = self.bind(controls.text("Share to", explain="A folder, or s3://…"), "share_to")
        yield controls.row(to, self.button("Share", panel.share, explain="Write a page that anybody can open"))
        name = self.bind(controls.text("Schedule as", placeholder="nightly-stock"), "schedule_name")
        cron = self.bind(controls.text("When", explain="A cron text: minute hour day month weekday"), "cron")
        zone = self.bind(controls.text("Time zone", explain="By whose clocks"), "zone")
        plan = self.button("Schedule", panel.schedule, explain="Run its notebook with its values by the clock")
        yield controls.row(name, cron, zone, plan)

    def _show_runs(self) -> None:
        panel, shown = self.panel, self.panel.shown
        controls.offer(self._notebook, panel.notebooks(), panel["notebook"])
        controls.offer(self._state, panel.states(), panel["state"])
        controls.offer(self._day, panel.days(), panel["day"])
        self._table.value = table(told(shown), caption="Runs", empty="none, as it is chosen", exact=("run_id",))
        named = [(_label(run), run["run_id"]) for run in shown.head(_CHOICES).iter_rows(named=True)]
        controls.offer(self._run, [("none", ""), *named], panel["run"])
        every = [(_label(run), run["run_id"]) for run in panel.found.head(_CHOICES).iter_rows(named=True)]
        controls.offer(self._other, [("none", ""), *every], panel["other"])


def whole(run: PastRun) -> str:
    """Return one run as HTML: how it ended, with what, and what it did."""
    state = f'<b class="{_COLOURS.get(run.state, "fcw-bad")}">{SIGNS.get(run.state, "✗")} {run.state}</b>'
    rows = "".join(
        f'<tr><th scope="row">{safe(name)}</th><td>{safe(value, 400)}</td></tr>' for name, value in _facts(run)
    )
    facts = (
        '<div class="fcw-scroll fcw-whole" tabindex="0" role="region" aria-label="Run"><table>'
        f"<caption>{safe(run.name or run.run_id)} {state}</caption>{rows}</table></div>"
    )
    given = {name: _text(value) for name, value in personal.hidden(run.parameters).items() if value is not None}
    unsaid = [name for name in run.parameters if name not in given]
    none = f'<p class="fcw-note">None: {safe(", ".join(unsaid), 2_000)}</p>' if unsaid else ""
    parts = [_pairs("Figures", run.figures), _pairs("Parameters", given), none]
    return facts + "".join(parts) + _stages(run)


def difference(found: Difference) -> str:
    """Return what is different as HTML."""
    head = f'<p class="fcw-line"><b>{safe(str(found), _LONGEST)}</b></p>'
    tables = "".join(_two(heading, pairs) for heading, pairs in found.shown().items())
    unknown = "" if found.sources_known else '<p class="fcw-note">One of the runs did not keep its notebook.</p>'
    return head + tables + _code(found.cells) + unknown


def _facts(run: PastRun) -> Iterator[tuple[str, object]]:
    yield "run", run.run_id
    if run.started_at:
        yield "began", f"{run.started_at:{_TIME}} UTC"
    if run.ended_at and run.started_at:
        yield "ended", f"{run.ended_at:{_TIME}} UTC, after {(run.ended_at - run.started_at).total_seconds():,.1f} s"
    yield from ((name, value) for name, value in (("to", run.target), ("cell", run.failed_step)) if value)
    yield from ((name.replace("_", " "), run.facts[name]) for name in ("rerun_of", "schedule") if run.facts.get(name))
    reason = run.reason or _NO_RESULT.get(run.state, "")
    if reason:
        yield "reason", reason
    if run.frames:
        yield "frames", ", ".join(f"{name} ({one.rows:,} rows)" for name, one in run.frames.items())
    yield "page", _from_here(run.page) if run.page else "none"


def _from_here(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive
        return str(path)


_NO_RESULT = {
    "RUNNING": "it is under way",
    "LOST": "the process that ran it is gone: it was killed, or its machine went down",
    "UNFINISHED": "it has no result, and whether it is under way cannot be told from here",
}


def _stages(run: PastRun) -> str:
    rows = [{"stage": one.name, "message": one.message, "seconds": one.duration_seconds} for one in run.stages]
    schema = {"stage": pl.String(), "message": pl.String(), "seconds": pl.Float64()}
    return (
        table(pl.DataFrame(rows, schema=schema).with_columns(pl.col("seconds").round(1)), caption="Stages")
        if rows
        else ""
    )


def _pairs(caption: str, values: Mapping[str, object]) -> str:
    if not values:
        return ""
    frame = pl.DataFrame({"name": list(values), "value": [str(value) for value in values.values()]})
    return table(frame, caption=caption, rows=frame.height)


def _two(caption: str, pairs: Mapping[str, tuple[Any, Any]]) -> str:
    before, after = ([_text(pair[side]) for pair in pairs.values()] for side in (0, 1))
    frame = pl.DataFrame({"what": list(pairs), "before": before, "after": after})
    return table(frame, caption=caption, rows=frame.height)


def _code(cells: str) -> str:
    """Return changed cells; each line says by its sign what became of it."""
    box = '<div class="fcw-scroll" tabindex="0" role="region" aria-label="Notebook">'
    return f"{box}{cards.pre(cells)}</div>" if cells else ""


def _framed(content: str | None) -> str:
    """Return a page in a frame in which no script runs, and which reaches nothing of this one."""
    if content is None:
        return ""
    return f'<iframe class="fcw-page" sandbox="" title="The page of the run" srcdoc="{html.escape(content)}"></iframe>'


def _label(run: Mapping[str, Any]) -> str:
    began = f"{run['started_at']:%m-%d %H:%M:%S}" if run["started_at"] else ""
    parts = (run["name"], began, run["state"], run["run_id"].rpartition("-")[2])
    return f"{SIGNS.get(run['state'], '✗')} {' · '.join(filter(None, parts))}"


def _text(value: object) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
