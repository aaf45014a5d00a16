"""The controls of ``MappingEditor``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fcwork.errors import ConfigError
from fcwork.widgets import controls, mapping_lines
from fcwork.widgets.editor import LINES, MappingEditor
from fcwork.widgets.tables import flat, span, table
from fcwork.widgets.target_rows import ALL, FAILING, MAPPED, NEEDED, OPEN, Row
from fcwork.widgets.trying import Preview
from fcwork.widgets.view import View
from fcwork.widgets.words import counted, safe

_SHOW = [
    ("all targets", ALL),
    ("mapped", MAPPED),
    ("not mapped", OPEN),
    ("needed, not mapped", NEEDED),
    ("failing", FAILING),
]
_PROBLEMS = 10


class EditorView(View[MappingEditor]):
    """The file, the targets some at a time, and what becomes of the rows."""

    def parts(self) -> Sequence[Any]:
        """Return the controls."""
        self._state, self._missing, self._result = (controls.html() for _ in range(3))
        self._span = controls.aside()
        self._issues, self._mapped = controls.html(), controls.html()
        self._entries: dict[str, _Entry] = {}
        self._box = controls.column()
        self._to_lose: dict[str, Any] | None = None
        return [self._file(), self._state, self._missing, *self._choosing(), self._box, *self._outcome()]

    def refresh(self, changed: frozenset[str]) -> None:
        """Show the mapping and what came of it."""
        if changed & {"document", "saved", "opened", "target", "path"}:
            self._state.value = _state(self.panel)
        if changed & {"document", "target"}:
            self._missing.value = _missing(self.panel.missing)
        if changed & {"document", "target", "show", "find", "first", "version", "preview"}:
            self._show_entries()
        if "preview" in changed and self.panel["preview"]:
            self._show_preview(self.panel["preview"])

    def _file(self) -> Any:
        path = self.bind(controls.text("File", placeholder="mappings/stock.json", explain="The mapping file"), "path")
        goal = self.bind(
            controls.choice("For", self.panel.goals(), value=self.panel["target"], explain="What the mapping fills"),
            "target",
        )
        opens = self.button("Open", self._opened, explain="Read the file; what was not saved is lost")
        save = self.button("Save", self.panel.save, primary=True, explain="Write the whole mapping to the file")
        return controls.row(path, goal, opens, save)

    def _opened(self) -> None:
        """Open the file; where something would be lost by it, when it is asked for again."""
        document = self.panel.document
        if self.panel.is_saved or not mapping_lines.lines(document) or document == self._to_lose:
            self._to_lose = None
            self.panel.open()
            return
        self._to_lose = document
        raise ConfigError("what was changed is not saved", hint="Save it first, or press Open again to lose it")

    def _choosing(self) -> Sequence[Any]:
        show = self.bind(controls.choice("Show", _SHOW, value=ALL, explain="Which targets are shown"), "show")
        find = self.bind(
            controls.text("Find", placeholder="target or source", explain="Targets with this in their name"), "find"
        )
        suggest = self.button(
            "Suggest", self.panel.suggest, explain="Map what is open to the columns of the nearest names"
        )
        self._back = self.button("Previous", lambda: self.panel.turn_page(-1), explain="The targets before")
        self._on = self.button("Next", lambda: self.panel.turn_page(1), explain="The targets after")
        return [controls.row(show, find, suggest), controls.row(self._back, self._on, self._span)]

    def _outcome(self) -> Sequence[Any]:
        every = self.button("Try all rows", self.panel.try_all, explain="Map every row; nothing is sent or written")
        return [self._result, self._issues, self._mapped, controls.row(every)]

    def _show_entries(self) -> None:
        rows, first = self.panel.chosen(), self.panel["first"]
        shown = rows[first : first + LINES]
        resolvers = self.panel.resolvers()
        preview: Preview | None = self.panel["preview"]
        for row in shown:
            columns = self.panel.columns(row.target)
            if row.target not in self._entries:
                self._entries[row.target] = _Entry(self.panel, row, columns, resolvers)
            self._entries[row.target].show(row, columns, resolvers, preview)
        boxes = tuple(self._entries[row.target].box for row in shown)
        if self._box.children != boxes:
            self._box.children = boxes
        self._back.disabled, self._on.disabled = first == 0, first + LINES >= len(rows)
        told = span(len(rows), first, LINES).replace("row", "target")
        self._span.value = f'<p class="fcw-note">{told}</p>'

    def _show_preview(self, preview: Preview) -> None:
        self._result.value = _result(preview)
        issues = preview.issues.select("row", "field", "value", "message", "severity")
        self._issues.value = table(issues, caption="Issues by row", rows=10) if issues.height else ""
        self._mapped.value = (
            table(flat(preview.frame), caption="Mapped, the first rows") if preview.frame.height else ""
        )


class _Entry:
    """The controls of one target, and of no other ever: what is on its way to the kernel is not another's."""

    def __init__(self, panel: MappingEditor, row: Row, columns: list[str], resolvers: list[str]) -> None:
        self._panel, self._row = panel, row
        self._head = controls.html(_head(row, panel["preview"]))
        self._source = controls.combo(
            f"Source of {row.target}",
            columns,
            value=_source(row),
            placeholder="column, or =constant",
            explain="A column, a path, or = and a constant",
        )
        self._resolver = controls.combo(
            f"Resolver of {row.target}",
            resolvers,
            value=_resolver(row),
            placeholder="none",
            explain="What reads the value",
        )
        self._default = controls.text(
            f"Default of {row.target}",
            value=_default(row),
            placeholder="none",
            explain="What stands where there is no value",
        )
        self.box = controls.column(
            self._head, controls.row(self._source, self._resolver, self._default), name="fcw-entry"
        )
        self._tie(self._source, _source, self._panel.source)
        self._tie(self._resolver, _resolver, self._panel.resolver)
        self._tie(self._default, _default, self._panel.default)

    def show(self, row: Row, columns: list[str], resolvers: list[str], preview: Preview | None) -> None:
        """Show how the target stands."""
        self._row = row
        _offer(self._source, columns, _source(row))
        _offer(self._resolver, resolvers, _resolver(row))
        self._default.value = _default(row)
        self._resolver.disabled = self._default.disabled = row.line is None or row.target.endswith("[]")
        self._head.value = _head(row, preview)

    def _tie(self, field: Any, now: Callable[[Row], str], change: Callable[[str, str], None]) -> None:
        def changed(text: str) -> None:
            if text != now(self._row):
                self._panel.work.attempt(lambda: change(self._row.target, text))

        controls.on_change(field, changed)


def _offer(field: Any, options: list[str], value: str) -> None:
    if field.options != tuple(options):
        field.options = options
    field.value = value


def _source(row: Row) -> str:
    return row.source


def _resolver(row: Row) -> str:
    return row.line.resolver if row.line else ""


def _default(row: Row) -> str:
    return row.line.default if row.line else ""


def _head(row: Row, preview: Preview | None) -> str:
    """Return a target's name and type, whether it is needed, how it stands, and the first row's value."""
    failing = preview.failing().get(row.target, 0) if preview else 0
    if row.is_missed:
        state = '<span class="fcw-bad">✗ needed, not mapped</span>'
    elif row.line is None:
        state = '<span class="fcw-from">· not mapped</span>'
    elif failing:
        state = f'<span class="fcw-bad">✗ {counted(failing, "row")} failing</span>'
    else:
        state = '<span class="fcw-good">✓ mapped</span>'
    needed = " · needed" if row.wanted and row.wanted.needed else ""
    kind = f' <span class="fcw-from">{safe(row.kind)}{needed}</span>' if row.kind else ""
    return f'<p class="fcw-line"><b>{safe(row.target)}</b>{kind} {state}{_example(row, preview)}</p>'


def _example(row: Row, preview: Preview | None) -> str:
    before, after = preview.examples.get(row.target, (None, None)) if preview else (None, None)
    if after is None:
        return ""
    told = f"{safe(before, 40)} → {safe(after, 40)}" if before not in {None, after} else safe(after, 40)
    return f' <span class="fcw-from" dir="auto">first row: {told}</span>'


def _state(panel: MappingEditor) -> str:
    opened, goal = panel["opened"], panel.goal
    where = f"<b>{safe(opened)}</b>" if opened else "a new mapping"
    saved = "saved" if panel.is_saved else '<span class="fcw-doubt">● not saved</span>'
    return f'<p class="fcw-line">{where}: {saved}{f" · fills {safe(goal)}" if goal else ""}</p>'


def _missing(missing: list[str]) -> str:
    if not missing:
        return ""
    told = ", ".join(missing)
    return f'<p class="fcw-line fcw-bad">✗ {counted(len(missing), "needed target")} not mapped: {safe(told, 300)}</p>'


def _result(preview: Preview) -> str:
    if preview.problems:
        told = "".join(f"<li>{safe(problem, 300)}</li>" for problem in preview.problems[:_PROBLEMS])
        return f'<p class="fcw-line fcw-bad">✗ {safe(preview.summary)}</p><ul class="fcw-line">{told}</ul>'
    is_good = preview.mapped == preview.rows
    sign, colour = ("✓", "fcw-good") if is_good else ("✗", "fcw-bad")
    return f'<p class="fcw-line"><b class="{colour}">{sign}</b> {safe(preview.summary)}</p>'
