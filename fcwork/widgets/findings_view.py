"""The controls of ``CheckReport``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcwork.widgets import controls
from fcwork.widgets.findings import CheckReport
from fcwork.widgets.tables import ROWS, span, table
from fcwork.widgets.view import View
from fcwork.widgets.words import safe

_EXPORT = "Write all that is listed, safe for spreadsheets: rows unmasked, with what is hidden here"
_SHOW = [("issues", "issues"), ("the rows themselves", "rows")]


class FindingsView(View[CheckReport]):
    """Lists of codes and fields, a search, a table with pages, and a file to write."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        self._summary, self._table = controls.html(), controls.html()
        self._code = self.bind(controls.choice("Code", explain="Which kind of issue"), "code")
        self._field = self.bind(controls.choice("Field", explain="Of which column"), "field")
        contains = self.bind(
            controls.text("Contains", placeholder="any text", explain="In key, field, value or message"), "contains"
        )
        show = self.bind(controls.choice("Show", _SHOW, value="issues"), "show")
        self._back = self.button("Previous", lambda: self.panel.turn_page(-1), explain="The rows before")
        self._on = self.button("Next", lambda: self.panel.turn_page(1), explain="The rows after")
        path = self.bind(controls.text("File", explain="Where to write what is listed"), "path")
        self._export = self.button("Export", self.panel.export, explain=_EXPORT)
        choices = controls.row(self._code, self._field, contains, show)
        return [
            self._summary,
            choices,
            self._table,
            controls.row(self._back, self._on),
            controls.row(path, self._export),
        ]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show what is chosen of the result."""
        if "result" in changed:
            self._summary.value = f'<p class="fcw-line"><b>{safe(self.panel.summary, 400)}</b></p>'
            controls.offer(self._code, self.panel.codes(), self.panel["code"])
            controls.offer(self._field, self.panel.fields(), self.panel["field"])
        if changed & {"result", "code", "field", "contains", "show", "first"}:
            height, first = self.panel.listed.height, self.panel["first"]
            kind = "Rows" if self.panel["show"] == "rows" else "Issues"
            caption = f"{kind}: {span(height, first)}" if height else kind
            self._table.value = table(self.panel.shown, caption=caption, part=True, empty="none, as it is chosen")
            self._back.disabled, self._on.disabled = first == 0, first + ROWS >= height
