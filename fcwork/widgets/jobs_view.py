"""The controls of ``JobBoard``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fcwork import personal
from fcwork.jobs.page import stages
from fcwork.widgets import controls
from fcwork.widgets.jobs import TROUBLE, WAITS, WORKS, JobBoard, told
from fcwork.widgets.tables import table
from fcwork.widgets.view import View
from fcwork.widgets.words import safe

if TYPE_CHECKING:
    from fcwork.jobs import JobRecord

_TIME = "%Y-%m-%d %H:%M:%S"
_CHOICES = 100  # jobs in the list


class JobsView(View[JobBoard]):
    """The figures, the board, the jobs, and one of them whole."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        self._figures, self._board, self._table, self._one = (controls.html() for _ in range(4))
        self._status = self.bind(controls.choice("Status", self.panel.statuses()), "status")
        jobs = self.bind(controls.text("Name", placeholder="any; * for any letters"), "jobs")
        look = self.button("Look", self.panel.refresh, primary=True, explain="Look at the jobs once")
        watch = self.button("Watch", self.panel.watch_jobs, explain="Look every two seconds until you press Stop")
        self._job = self.bind(controls.choice("Job", [("none", "")], value="", explain="Show one whole"), "job")
        choices = controls.row(self._status, jobs, look, watch)
        return [choices, self._figures, self._board, self._table, controls.row(self._job), self._one]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show the jobs as they were found."""
        if "found" in changed:
            controls.offer(self._status, self.panel.statuses(), self.panel["status"])
            self._figures.value = _figures(self.panel)
            self._board.value = table(self.panel.board(), caption="By state and stage", empty="no jobs yet")
        if changed & {"found", "status"}:
            shown = self.panel.shown
            self._table.value = table(told(shown), caption="Jobs", empty="none of that status") if shown.height else ""
            names = shown.head(_CHOICES).select("id", "name", "status").iter_rows()
            listed = [(f"{name} · {status} · {job}", job) for job, name, status in names]
            controls.offer(self._job, [("none", ""), *listed], self.panel["job"])
        if "record" in changed:
            self._one.value = whole(self.panel.value) if self.panel.value else ""


def whole(record: JobRecord) -> str:
    """Return one job as HTML: when it was, its stages, its details, and why it failed."""
    details = personal.hidden(dict(record.details))
    rows = [*_times(record), *((name, safe(_text(value), 300)) for name, value in details.items())]
    if record.error:
        rows.append(("error", f'<span class="fcw-bad">{safe(record.error, 600)}</span>'))
    facts = "".join(f'<tr><th scope="row">{safe(name)}</th><td>{told}</td></tr>' for name, told in rows)
    head = f"<caption><b>{safe(record.name)}</b> {safe(record.id)}: {record.status}</caption>"
    box = '<div class="fcw-scroll fcw-whole" tabindex="0" role="region" aria-label="Job">'
    return f"{box}<table>{head}{facts}</table></div>" + (
        table(stages(record), caption="Stages") if record.stages else ""
    )


def _times(record: JobRecord) -> Iterator[tuple[str, str]]:
    yield "created", f"{record.created_at:{_TIME}} UTC by {safe(record.triggered_by)}"
    if record.started_at:
        yield "started", f"{record.started_at:{_TIME}} UTC"
    if record.ended_at:
        took = "" if record.duration_seconds is None else f", after {record.duration_seconds:,.1f} s"
        yield "ended", f"{record.ended_at:{_TIME}} UTC{took}"
    if record.status == "lost":
        yield "no sign of life since", f"{record.heartbeat_at or record.updated_at:{_TIME}} UTC"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _figures(panel: JobBoard) -> str:
    """Return how many wait, work and are in trouble, in words and numbers."""
    found = panel.found["status"]
    piles = (("waiting", WAITS, ""), ("at work", WORKS, ""), ("in trouble", TROUBLE, "fcw-bad"))
    figures = [(name, int(found.is_in(statuses).sum()), colour) for name, statuses, colour in piles]
    told = "".join(
        f'<li><b class="{colour if count else ""}">{count:,}</b><span>{name}</span></li>'
        for name, count, colour in figures
    )
    return f'<ul class="fcw-figures">{told}</ul>'
