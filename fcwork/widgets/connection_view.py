"""The controls of ``ConnectionPanel``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fcwork import settings
from fcwork.widgets import controls
from fcwork.widgets.connection import ConnectionPanel
from fcwork.widgets.view import View
from fcwork.widgets.words import safe

_SIGNS = {True: ("✓", "answered", "fcw-good"), False: ("✗", "failed", "fcw-bad"), None: ("·", "not set", "fcw-doubt")}
_PLAY = '<p class="fcw-line fcw-doubt"><b>SIMULATOR</b>: an embedded one that forgets all with this kernel.</p>'


class ConnectionView(View[ConnectionPanel]):
    """The lists of profiles and retailers, a button, and a line for each kind of access."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        self._profile = self.bind(
            controls.choice("Profile", self.panel.profiles(), value=self.panel["profile"], explain="Which platform"),
            "profile",
        )
        self._retailer = self.bind(
            controls.choice("Retailer", self.panel.retailers(), value=self.panel["retailer"], explain="Whose stock"),
            "retailer",
        )
        test = self.button("Test", self.panel.test, primary=True, explain="Try each kind of access; nothing is changed")
        self._target, self._steps = controls.html(), controls.html()
        return [controls.row(self._profile, self._retailer, test), self._target, self._steps]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show the retailers of the profile, whom the client speaks to, and how the test goes."""
        if changed & {"profile", "profiles"}:
            controls.offer(self._profile, self.panel.profiles(), self.panel["profile"])
            controls.offer(self._retailer, self.panel.retailers(), self.panel["retailer"])
        if changed & {"profile", "retailer", "client"}:
            self._target.value = _target(self.panel)
        if changed & {"profile", "retailer", "steps"}:
            self._steps.value = steps(self.panel.steps.to_dicts())


def steps(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the steps of a test as HTML: a sign and a word, seconds, the answer, and what to do."""
    if not rows:
        return '<p class="fcw-note">Not tested yet.</p>'
    head = '<th scope="col">Access</th><th scope="col">State</th><th scope="col" class="fcw-right">Seconds</th>'
    body = "".join(_step(row) for row in rows)
    return (
        '<div class="fcw-scroll fcw-whole" tabindex="0" role="region" aria-label="Test"><table>'
        f'<thead><tr>{head}<th scope="col">Answer</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _step(row: Mapping[str, Any]) -> str:
    sign, word, colour = _SIGNS[row["ok"]]
    state = f'<span class="{colour}">{sign} {word}</span>'
    line = (
        f'<tr><td class="fcw-short">{safe(row["step"])}</td><td class="fcw-short">{state}</td>'
        f'<td class="fcw-right">{row["seconds"]:.2f}</td><td>{safe(row["answer"], 400)}</td></tr>'
    )
    hint = f'<tr class="fcw-follows"><td colspan="4" class="fcw-hint">→ {safe(row["hint"], 400)}</td></tr>'
    return line + hint if row["hint"] and not row["ok"] else line


def _target(panel: ConnectionPanel) -> str:
    if panel["profile"] == settings.SIMULATOR:
        return _PLAY
    made = panel["client"]
    if made is None or made[0] != panel.choices:
        return ""
    target = str(made[1].target)
    return _PLAY if target == "SIMULATOR" else f'<p class="fcw-line">Speaks to <b>{safe(target)}</b></p>'
