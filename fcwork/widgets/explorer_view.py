"""The controls of ``QueryExplorer``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcwork.errors import ConfigError
from fcwork.widgets import controls, typed
from fcwork.widgets.askable import Filter
from fcwork.widgets.explorer import QueryExplorer
from fcwork.widgets.tables import ROWS, span, table
from fcwork.widgets.view import View
from fcwork.widgets.walking import Found
from fcwork.widgets.words import safe

_SHOWN_AS = [("the query", "text"), ("a cell of the magic", "cell"), ("Python", "python")]
_NONE = "choose one …"


class ExplorerView(View[QueryExplorer]):
    """What is asked for, fields to tick, filters, the query, its rows, and the code to go on with."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        self._ticks: dict[tuple[str, str], Any] = {}
        self._filters: dict[tuple[str, str], Any] = {}
        self._table_of: object = None
        self._query, self._summary, self._table = (controls.html() for _ in range(3))
        root = self.bind(controls.choice("Ask for", self.panel.roots(), value=self.panel["root"]), "root")
        self._level = self.bind(
            controls.choice("Fields of", self.panel.levels(), value="", explain="Which fields are offered below"),
            "level",
        )
        self._fields = controls.group()
        self._wanted = controls.choice("Filter", [_NONE], value=_NONE, explain="What to narrow by")
        add = self.button("Add filter", self._add, explain="Narrow what is asked for by the filter that is chosen")
        self._narrowing = controls.group()
        self._back = self.button("Previous", lambda: self.panel.turn_page(-1), explain="The rows before")
        self._on = self.button("Next", lambda: self.panel.turn_page(1), explain="The rows after, asked for if need be")
        self._span = controls.aside()
        shown_as = self.bind(
            controls.choice("Show as", _SHOWN_AS, value=self.panel["code"], explain="The code to go on with"), "code"
        )
        rows = [self._summary, self._table, controls.row(self._back, self._on, self._span)]
        return [
            controls.row(root, self._level),
            self._fields,
            controls.row(self._wanted, add, self._narrowing),
            controls.row(shown_as),
            self._query,
            self._asking(),
            *rows,
        ]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show what is chosen, the query of it, and what came."""
        if changed & {"root", "level", "fields"}:
            controls.offer(self._level, self.panel.levels(), self.panel["level"])
            self._show_fields()
        if changed & {"root", "filters"}:
            self._show_filters()
        if changed & {"root", "fields", "filters", "page_size", "code"}:
            self._show_query()
        if changed & {"root", "fields", "filters", "page_size", "found", "first"}:
            self._show_rows()

    def _asking(self) -> Any:
        size = self.bind(controls.number("Rows a page", least=1, most=500), "page_size")
        run = self.button("Run", self.panel.run, primary=True, explain="Ask for the first page")
        every = self.button("All pages", self.panel.run_all, explain="Ask for every page; Stop keeps what came")
        return controls.row(size, run, every)

    def _show_fields(self) -> None:
        level, chosen = self.panel.level(), set(self.panel["fields"])
        paths = {level.below(name): (name, kind) for name, kind in level.plain.items()}
        for path, (name, kind) in paths.items():
            key = (self.panel["root"], path)
            if key not in self._ticks:
                self._ticks[key] = self._new_tick(*key, name, kind)
            self._ticks[key].value = path in chosen
        boxes = tuple(self._ticks[self.panel["root"], path] for path in paths)
        if self._fields.children != boxes:
            self._fields.children = boxes

    def _new_tick(self, root: str, path: str, name: str, kind: str) -> Any:
        """Return the box of one field, and of no other ever: what is on its way to the kernel is not another's."""
        box = controls.tick(name, value=path in self.panel["fields"], explain=f"{path}: {kind}")
        controls.on_change(box, lambda yes: self._ticked(root, path, yes=yes))
        return box

    def _ticked(self, root: str, path: str, *, yes: bool) -> None:
        if root == self.panel["root"] and yes != (path in self.panel["fields"]):
            self.panel.tick(path, yes=yes)

    def _add(self) -> None:
        if self._wanted.value == _NONE:
            raise ConfigError("no filter is chosen", hint="choose one of the list beside it")
        self.panel.narrow(self._wanted.value, "")

    def _show_filters(self) -> None:
        known, held = self.panel.filters(), self.panel["filters"]
        shown = [path for path in known if path in held or known[path].required]
        rest = [(f"{path} ({one.kind})", path) for path, one in known.items() if path not in shown]
        wanted = self._wanted.value
        controls.offer(self._wanted, [_NONE, *rest], wanted if wanted in known and wanted not in shown else _NONE)
        parts = []
        for path in shown:
            key = (self.panel["root"], path)
            if key not in self._filters:
                self._filters[key] = self._new_filter(known[path])
            field = self._filters[key].children[0]
            if field.value != held.get(path, ""):
                field.value = held.get(path, "")
            parts.append(self._filters[key])
        self._narrowing.children = parts

    def _new_filter(self, one: Filter) -> Any:
        root = self.panel["root"]
        explain, label = (
            f"{one.path}: {typed.takes(one.kind)}",
            f"where {one.path}{' (needed)' if one.required else ''}",
        )
        if one.options and not str(one.kind).startswith("["):
            field = controls.choice(
                label, [("any", ""), *((word, word) for word in one.options)], value="", explain=explain
            )
        else:
            field = controls.text(label, placeholder=typed.takes(one.kind), explain=explain)
        controls.on_change(field, lambda text: self._narrowed(root, one.path, text or ""))
        remove = controls.button("✕", lambda: self.panel.widen(one.path), explain=f"Take away the filter {one.path}")
        return controls.row(field) if one.required else controls.row(field, remove)

    def _narrowed(self, root: str, path: str, text: str) -> None:
        held = self.panel["filters"]
        if root == self.panel["root"] and (path in held or text) and held.get(path, "") != text:
            self.panel.narrow(path, text)

    def _show_query(self) -> None:
        try:
            query = self.panel.built
        except ConfigError as error:
            told, hint = safe(error.message, 400), safe(error.hint, 400)
            self._query.value = f'<p class="fcw-line fcw-bad">✗ {told}</p><p class="fcw-hint">→ {hint}</p>'
            return
        self._query.value = controls.code(getattr(query, self.panel["code"]), "Query")

    def _show_rows(self) -> None:
        found, first = self.panel.found, self.panel["first"]
        self._back.disabled = not found or first == 0
        self._on.disabled = not found or (first + ROWS >= found.count and not found.has_more)
        self._summary.value = _summary(found)
        self._span.value = f'<p class="fcw-note">{span(found.count, first)}</p>' if found and found.count else ""
        shown = (found.query, first, found.nodes[first : min(found.count, first + ROWS)]) if found else None
        if shown != self._table_of:  # where somebody scrolls in it, further pages leave it alone
            self._table_of = shown
            self._table.value = (
                table(self.panel.shown(), caption="Rows", part=True, empty="nothing was found") if found else ""
            )


def _summary(found: Found | None) -> str:
    if found is None:
        return '<p class="fcw-note">Not asked yet, as it stands: press Run.</p>'
    errors = "".join(
        f'<p class="fcw-line fcw-bad">✗ {safe(error.get("message"), 300)}</p>' for error in found.errors[:3]
    )
    sign, colour = ("✓", "fcw-good") if not found.reasons else ("…", "fcw-doubt")
    return f'<p class="fcw-line"><b class="{colour}">{sign}</b> {safe(found.summary, 300)}</p>{errors}'
