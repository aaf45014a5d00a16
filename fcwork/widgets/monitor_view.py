"""The controls of ``BatchMonitor``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcwork.widgets import controls
from fcwork.widgets.course import span
from fcwork.widgets.monitor import SHOWN, BatchMonitor, kept
from fcwork.widgets.panel import WORK
from fcwork.widgets.tables import table
from fcwork.widgets.view import View
from fcwork.widgets.words import counted, safe

_COLOURS = {"delivered": "fcw-good", "rejected": "fcw-bad", "unknown": "fcw-doubt"}
_DRY = '<p class="fcw-line fcw-doubt"><b>DRY RUN</b>: the buttons send nothing. Run the cell with dry_run=False.</p>'


class MonitorView(View[BatchMonitor]):
    """The figures, the buttons, what is kept, and what was not delivered."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        self._head, self._figures, self._kept_table, self._issues = (controls.html() for _ in range(4))
        self._send = self.button(
            "Send", self.panel.send, primary=True, explain="Send the rows, or what is left of them"
        )
        self._pause = self.button("Pause", self.panel.pause, explain="Let nothing more leave until you press Go on")
        self._go_on = self.button("Go on", self.panel.go_on, explain="Send again after the pause")
        self._kept = self.bind(controls.choice("Kept", [("none", "")], value="", explain="What is left to do"), "kept")
        self._resume = self.button("Resume", self.panel.resume, explain="Go on with what is chosen")
        self._look = self.button("Look", self.panel.look, explain="Look what is kept")
        buttons = controls.row(self._send, self._pause, self._go_on)
        choices = controls.row(self._kept, self._resume, self._look)
        return [self._head, self._figures, buttons, self._issues, choices, self._kept_table]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show how far it is, what may be pressed, and what is kept."""
        if changed & {"dry_run", "result", "progress", "found", WORK}:
            self._head.value = _head(self.panel)
            self._figures.value = _figures(self.panel)
        if "result" in changed:
            issues = self.panel.issues().select(SHOWN)
            self._issues.value = table(issues, caption="Not delivered") if issues.height else ""
        if "found" in changed:
            left = self.panel.resumable
            named = [(_label(one), one["name"]) for one in left.iter_rows(named=True)]
            controls.offer(self._kept, [("none", ""), *named], self.panel["kept"])
            self._kept_table.value = table(kept(left), caption="Kept to be resumed") if left.height else ""
        if changed & {WORK, "paused", "dry_run", "result", "sent", "kept", "found"}:
            self._show_buttons()

    def _show_buttons(self) -> None:
        panel, sends = self.panel, self.panel.sends
        self._send.disabled = sends or panel["dry_run"] or panel["sent"] or not panel.has_rows
        self._resume.disabled = sends or panel["dry_run"] or not panel["kept"]
        self._pause.disabled = not sends or panel["paused"]
        self._go_on.disabled = not (sends and panel["paused"])


def _label(one: dict[str, Any]) -> str:
    return f"{one['rows'] - (one['delivered'] or 0):,} of {one['rows']:,} left · {one['state']} · {one['name']}"


def _head(panel: BatchMonitor) -> str:
    """Return what is sent to whom, and that nothing is in a dry run."""
    rows = "" if panel.total is None else f"{counted(panel.total, 'row')} "
    whose = f"to <b>{safe(panel.target)}</b>" if panel.target else "to a function of this notebook"
    line = f'<p class="fcw-line">{rows}{whose}</p>'
    return line + (_DRY if panel["dry_run"] else "")


def _figures(panel: BatchMonitor) -> str:
    """Return the three piles, and what has not settled yet, in numbers and words."""
    piles, progress = panel.piles(), panel["progress"]
    figures = [(count, pile, _COLOURS[pile] if count else "") for pile, count in piles.items()]
    under_way = panel.value is None and progress is not None
    goes = under_way and panel.work.standing.at_work and progress.phase == "sending"
    if under_way:
        figures.append((progress.total - sum(piles.values()), "not settled yet", ""))
    if goes and progress.rate_per_second > 0:
        figures.append((round(progress.rate_per_second), "rows a second", ""))
    told = "".join(f'<li><b class="{colour}">{count:,}</b><span>{word}</span></li>' for count, word, colour in figures)
    left = ""
    if goes and progress.eta_seconds is not None:
        left = f"<li><b>{safe(span(progress.eta_seconds))}</b><span>left</span></li>"
    return f'<ul class="fcw-figures">{told}{left}</ul>'
