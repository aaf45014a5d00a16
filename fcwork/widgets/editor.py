"""``MappingEditor``: source columns and targets side by side, and what becomes of the rows."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from fcwork import frames
from fcwork import schema as schemas
from fcwork.errors import ConfigError
from fcwork.mapper import SDK_NAMES, Mapper
from fcwork.widgets import mapping_file, mapping_lines, target_rows
from fcwork.widgets.panel import WORK, Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.source_names import names_in_items, source_names
from fcwork.widgets.suggesting import nearest
from fcwork.widgets.target_rows import ALL, Row, lists_around
from fcwork.widgets.trying import Preview, tried
from fcwork.widgets.wanted import Target, names, targets
from fcwork.widgets.words import counted

if TYPE_CHECKING:
    from fcwork.widgets.editor_view import EditorView
    from fcwork.widgets.work import Turn

LINES = 8  # at a time


class MappingEditor(Panel):
    """Edits a mapping file beside the rows it is for; ``value`` is the mapper of what stands there.

    Only the first rows are looked at while one edits, however many there are. Saving writes the whole file, with all in
    it that the panel does not show, and never over what somebody else has changed meanwhile.

    Args:
        rows: what is to be mapped, a frame of any kind.
        path: the mapping file; opened where it is there.
        target: what the mapping is for: an entity of loads such as ``inventory``, a mutation such as ``createOrder``,
            or an input type; else the mutation that the file names.
        sample: how many rows are tried while one edits.
        resolvers, context: as of ``Mapper``.
        schema: the account's own, in whichever form ``fcwork.schema.load`` takes; else the one that is shipped.
        name: tells panels apart.

    Raises:
        ConfigError: there is no such target; with the nearest one.
        MappingError: the file is there and cannot be read.
        TypeError: the rows are no frame.
    """

    title: ClassVar[str] = "Mapping editor"

    def __init__(
        self,
        rows: Any = None,
        *,
        path: str | Path = "",
        target: str = "",
        sample: int = 200,
        resolvers: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        schema: Any = None,
        name: str = "",
    ) -> None:
        known = schemas.platform() if schema is None else schemas.load(schema)
        targets(known, target)
        first_rows = None if rows is None else frames.enter(frames.head(rows, sample))
        choices = {"path": str(path), "target": target, "show": ALL, "find": ""}
        facts: dict[str, Any] = {"document": None, "digest": "", "saved": None, "opened": ""}
        facts |= {"first": 0, "version": (0, 0), "preview": None}
        is_new = not hasattr(self, "work")
        begins = is_new or self._defaults["path"] != choices["path"]
        held = _opened(choices["path"]) if begins else None  # where it cannot be read, all stays as it was
        self._schema, self._rows, self._sample = known, rows, first_rows
        self._resolvers, self._context = dict(resolvers or {}), context
        super().__init__(name=name, choices=choices, facts=facts)
        if is_new:
            self.watch(self._follow)
        if begins:
            self._begin(held)
        self.put(version=(self["version"][0], self["version"][1] + 1))
        if self._view is not None:
            self.preview()

    @property
    def value(self) -> Mapper:
        """The mapper of what stands on the panel, saved or not.

        Raises:
            MappingError: the mapping has mistakes; ``problems`` lists them.
        """
        return Mapper(self["document"], resolvers=self._resolvers, context=self._context)

    @property
    def document(self) -> dict[str, Any]:
        """The whole mapping, with what the panel does not show."""
        return dict(self["document"])

    @property
    def is_saved(self) -> bool:
        """Whether the file says what the panel does."""
        return bool(self["document"] == self["saved"])

    @property
    def missing(self) -> list[str]:
        """The targets that the platform needs and the mapping does not fill."""
        return [row.target for row in self.rows() if row.is_missed]

    @property
    def goal(self) -> str:
        """What the mapping is for: what was chosen, else what its file says."""
        said = self["target"] or self["document"].get("mutation", "")
        return said if isinstance(said, str) else ""

    def goals(self) -> list[tuple[str, str]]:
        """Return what a mapping may be for."""
        return [("as its file says", ""), *((name, name) for name in names(self._schema))]

    def columns(self, target: str = "") -> list[str]:
        """Return the sources that a target may have: what the rows hold, or the items of its list, and the context."""
        if self._sample is None:
            return []
        lists = lists_around(target)
        if not lists:
            return source_names(self._sample, self._context or {})
        sources = {line.target: line.source for line in mapping_lines.lines(self["document"])}
        items = names_in_items(self._sample, [sources.get(one, "") for one in lists])
        return [*items, *source_names(pl.DataFrame(), self._context or {})]

    def resolvers(self) -> list[str]:
        """Return the resolvers that there are by name."""
        return [*SDK_NAMES, *self._resolvers]

    def rows(self) -> list[Row]:
        """Return all targets: first what the platform wants, in its order, then what else the mapping fills."""
        return target_rows.rows(self["document"], self._targets())

    def chosen(self) -> list[Row]:
        """Return the targets that are to be shown."""
        failing = self["preview"].failing() if self["preview"] else {}
        return target_rows.chosen(self.rows(), show=self["show"], text=self["find"], failing=failing)

    def choose(self, name: str, value: Any) -> None:
        """Take what was chosen, and begin with the first targets again."""
        if name == "target":
            targets(self._schema, value)
        self.put(**{name: value, **({} if name == "path" else {"first": 0})})

    def turn_page(self, pages: int) -> None:
        """Show the targets that are so many pages on."""
        last = max(len(self.chosen()) - 1, 0) // LINES * LINES
        self.put(first=min(max(self["first"] + pages * LINES, 0), last))

    def source(self, target: str, text: str) -> None:
        """Take where a target's value comes from: a column or path, ``=`` and a constant, or nothing for no more."""
        row = self._row(target)
        entry = mapping_lines.sourced(row.entry, text, self.columns(target), as_number=row.is_number)
        if row.line is None and entry is not None:
            entry = {**entry, **row.beside(text)}
        self._edit(row, entry)

    def resolver(self, target: str, text: str) -> None:
        """Take which resolver reads a target's value."""
        self._change(target, lambda row: mapping_lines.resolved(row.entry, text))

    def default(self, target: str, text: str) -> None:
        """Take what stands where a target has no value."""
        self._change(target, lambda row: mapping_lines.defaulted(row.entry, text, as_number=row.is_number))

    def suggest(self) -> str:
        """Map what is not mapped yet to the column of the nearest name; say how many were."""
        count, taken = 0, {(row.within, row.source) for row in self.rows() if row.line}
        for row in self.rows():
            if row.line is None and not row.target.endswith("[]"):
                free = [name for name in self.columns(row.target) if (row.within, name) not in taken]
                if column := nearest(row.target, free):
                    taken.add((row.within, column))
                    self.source(row.target, column)
                    count += 1
        return counted(count, "target")

    def open(self) -> None:
        """Open the file that is named; what was not saved is lost."""
        self._begin(mapping_file.opened(self._path()))

    def save(self) -> None:
        """Write the whole mapping to the file that is named."""
        path = self._path()
        is_same = self["opened"] == str(path)
        digest = mapping_file.save(path, self["document"], self["digest"] if is_same else "")
        self.put(saved=self["document"], digest=digest, opened=str(path))

    def preview(self) -> None:
        """Try the mapping with the first rows."""
        if self._sample is not None:
            self.work.start("Preview", lambda turn: self._tried(turn, self._sample), leave=True)

    def try_all(self) -> None:
        """Try the mapping with all rows; nothing is sent or written."""
        if self._rows is None:
            raise ConfigError("there are no rows to try it with", hint="give them: MappingEditor(rows, path=...)")
        if self.work.standing.what == "Preview":  # of the first rows: nobody misses it
            self.stop()
        if not self.work.start("All rows", lambda turn: self._tried(turn, self._rows, of_all=True), leave=True):
            raise ConfigError("all rows are being tried", hint="press Stop, or wait for the end")

    def picture(self) -> Picture:
        """Return the mapping line by line, what is missing, and what became of the rows."""
        rows, missing = self.rows(), self.missing
        told = [
            {
                "target": row.target,
                "type": row.kind,
                "source": row.source,
                "resolver": row.line.resolver,
                "default": row.line.default,
            }
            for row in rows
            if row.line
        ]
        preview: Preview | None = self["preview"]
        tables = [("mapping", pl.DataFrame(told))] if told else []
        if preview and preview.issues.height:
            tables.append(("issues", preview.issues.select("row", "field", "value", "message")))
        facts = [("file", self["path"] or "none"), ("for", self.goal or "nothing named")]
        if missing:
            facts.append(("needed, not mapped", ", ".join(missing)))
        summary = f"{counted(len(told), 'target')} mapped, {counted(len(missing), 'needed one')} not"
        return Picture(
            title=self.title,
            summary=f"{summary}; {preview.summary}" if preview else summary,
            facts=facts,
            tables=tables,
        )

    def new_view(self) -> EditorView:
        """Return its controls, and try the mapping, as somebody looks now."""
        from fcwork.widgets.editor_view import EditorView

        view = EditorView(self)
        self.preview()
        return view

    def _begin(self, held: mapping_file.Opened | None) -> None:
        """Take what the file holds, or begin a new mapping where there is none."""
        if held is not None:
            document, digest = held
            self._take(document, saved=document, digest=digest, opened=str(self._path()))
            return
        mutation = {"mutation": self["target"]} if self["target"] in _mutations(self._schema) else {}
        self._take({**mutation, "fields": {}}, saved=None, digest="", opened="")

    def _take(self, document: dict[str, Any], **facts: Any) -> None:
        at, rows = self["version"]
        self.put(document=document, version=(at + 1, rows), first=0, **facts)
        if self._view is not None:
            self.preview()

    def _path(self) -> Path:
        if not self["path"].strip():
            raise ConfigError("no file is named", hint="write where it is in the field, such as mappings/stock.json")
        return Path(self["path"].strip())

    def _targets(self) -> list[Target]:
        has_arguments = mapping_lines.top_of(self["document"]) == "arguments"
        try:
            return targets(self._schema, self.goal, arguments=has_arguments)
        except ConfigError:  # an account's own mutation: its file says what it fills
            return []

    def _row(self, target: str) -> Row:
        found = next((row for row in self.rows() if row.target == target), None)
        if found is None:
            known = [row.target for row in self.rows()]
            close = difflib.get_close_matches(target, known, n=1)
            raise ConfigError(
                f"there is no target {target!r}", hint=f"did you mean {close[0]!r}?" if close else "see rows()"
            )
        return found

    def _change(self, target: str, change: Callable[[Row], Any]) -> None:
        row = self._row(target)
        if row.line is None:
            raise ConfigError(f"{target} is not mapped yet", hint="choose its source first, or write = and a constant")
        self._edit(row, change(row))

    def _edit(self, row: Row, entry: Any) -> None:
        document, at = self["document"], self["version"]
        place = row.line.place if row.line else mapping_lines.place_of(document, row.target)
        if entry is None:
            changed = mapping_lines.without(document, place) if row.line else document
        else:
            changed = mapping_lines.put(document, place, entry)
        if changed != document:
            self.put(document=changed, version=(at[0] + 1, at[1]))
            if self._view is not None:
                self.preview()

    def _follow(self, changed: frozenset[str]) -> None:
        """Try the mapping again where it changed while it was tried."""
        done, standing = self["preview"], self.work.standing
        is_done = WORK in changed and standing.phase == "done"
        if is_done and done and done.version != self["version"]:
            self.preview()

    def _tried(self, turn: Turn, rows: Any, *, of_all: bool = False) -> str:
        version = self["version"]
        found = tried(lambda: self.value, rows, version, of_all=of_all)
        turn.put(preview=found)
        return found.summary


def _opened(path: str) -> mapping_file.Opened | None:
    return mapping_file.opened(Path(path.strip())) if path.strip() and Path(path.strip()).exists() else None


def _mutations(known: Any) -> Mapping[str, Any]:
    return known.mutation_type.fields if known.mutation_type else {}
