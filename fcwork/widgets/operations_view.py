"""The controls of ``OperationsDesk``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcwork.operations import ACTIONS
from fcwork.widgets import controls
from fcwork.widgets.operations import OperationsDesk
from fcwork.widgets.tables import table
from fcwork.widgets.view import View
from fcwork.widgets.words import safe


class OperationsView(View[OperationsDesk]):
    """What to look at, what was found, and the button that changes it."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        self._about, self._found = controls.html(), controls.html()
        action = self.bind(controls.choice("Action", list(ACTIONS)), "action")
        self._item = self.bind(
            controls.combo("Name", placeholder="any; in lists, * for any letters", explain="Which one"), "item"
        )
        self._filters = self.bind(controls.text("Filters", placeholder="such as entity_ref=ORDER-1"), "filters")
        states = self.bind(controls.text("States", placeholder="any; such as failed, lost"), "states")
        days = self.bind(controls.number("Days", least=1, most=36_500, explain="How far back to look"), "days")
        look = self.button("Look", self.panel.look, primary=True, explain="Look, and change nothing")
        self.on_enter(self._item, self.panel.look)
        really = self.bind(
            controls.tick("Really change it", explain="Without it, Do it only says what it would"), "really"
        )
        do = self.button("Do it", self.panel.do, explain="Do what is proposed")
        self._change = controls.row(really, do)
        return [
            controls.row(action, self._item, states, days, self._filters, look),
            self._about,
            self._found,
            self._change,
        ]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show what the action does, what was found, and whether there is something to do."""
        if "action" in changed:
            self._about.value = f'<p class="fcw-note">{safe(ACTIONS[self.panel["action"]])}</p>'
            controls.show(self._filters, yes=self.panel["action"] == "events")
        if changed & {"action", "listed"}:
            self._item.options = self.panel.offered
        if "operation" in changed:
            operation = self.panel.value
            self._found.value = _shown(self.panel)
            controls.show(self._change, yes=bool(operation and operation.proposed))


def _shown(panel: OperationsDesk) -> str:
    """Return what was found as tables, and what would be changed."""
    operation = panel.value
    if operation is None:
        return ""
    tables = "".join(table(found.shown(), caption=title, empty="none") for title, found in operation.tables.items())
    ahead = f"<p><b>Proposed</b>: {safe(operation.proposed)}</p>" if operation.proposed else ""
    return f"{tables}{ahead}"
