"""The controls of ``WebhookInspector``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fcwork.widgets import controls
from fcwork.widgets.tables import table
from fcwork.widgets.view import View
from fcwork.widgets.webhooks import FLUENT, WebhookInspector, steps
from fcwork.widgets.words import safe

if TYPE_CHECKING:
    from fcwork.webhooks import Verdict


class WebhooksView(View[WebhookInspector]):
    """A body, headers and a key; the verdict and its steps."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        self._kept = self.bind(
            controls.choice("Body", [("as pasted below", "")], explain="A body that was kept"), "kept"
        )
        look = self.button("Look again", self.panel.look_for_files, explain="Look which bodies are kept")
        self._body = self.bind(
            controls.area("Pasted body", placeholder="the exact bytes; or base64: and the bytes as base64"), "body"
        )
        headers = self.bind(
            controls.area(
                "Headers", placeholder="fluent-signature: …   (of a kept body they are found beside it)", lines=3
            ),
            "headers",
        )
        scheme = self.bind(controls.choice("Signed by", self.panel.schemes(), value=FLUENT), "scheme")
        self._key = self.bind(
            controls.text("Public key", placeholder="the settings' key; or a key, or its file", wide=False), "key"
        )
        self._secret = self.bind(
            controls.text("Variable of the secret", placeholder="the name of an environment variable"), "secret"
        )
        inspect = self.button("Inspect", self.panel.inspect, primary=True, explain="Nothing is sent, kept or done")
        self._verdict = controls.html()
        return [
            controls.row(self._kept, look),
            self._body,
            headers,
            controls.row(scheme, self._key, self._secret, inspect),
            self._verdict,
        ]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show what can be chosen, and the verdict on what is."""
        if "files" in changed:
            controls.offer(self._kept, self.panel.files(), self.panel["kept"])
        if "kept" in changed:
            controls.show(self._body, yes=not self.panel["kept"])
        if "scheme" in changed:
            fluent = self.panel["scheme"] == FLUENT
            controls.show(self._key, yes=fluent)
            controls.show(self._secret, yes=not fluent)
        verdict = self.panel.value
        self._verdict.value = "" if verdict is None else shown(verdict)


def shown(verdict: Verdict) -> str:
    """Return a verdict as HTML."""
    sign, colour = ("✓", "fcw-good") if verdict.ok else ("✗", "fcw-bad")
    told = [("What happened", verdict.finding), ("What to do", verdict.hint)]
    lines = "".join(f'<p class="fcw-line"><b>{name}</b>: {safe(text, 600)}</p>' for name, text in told if text)
    parts = [table(steps(verdict), caption="Steps")]
    fitting = verdict.variants.filter("verifies").drop("verifies")
    if fitting.height and not verdict.ok:
        parts.append(table(fitting, caption="What would verify"))
    if verdict.difference is not None and not verdict.ok:
        caption = f"First difference, at byte {verdict.difference:,}: received, and {verdict.compared}"
        parts.append(table(verdict.hex_view.drop("differs"), caption=caption, exact={"hex", "text"}))
    head = f'<p class="fcw-line"><b class="{colour}">{sign} {safe(verdict.summary, 600)}</b></p>'
    return f"{head}{lines}{''.join(parts)}"
