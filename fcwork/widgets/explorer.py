"""``QueryExplorer``: from a question to rows, with the query that asks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from fcwork import frames, personal, session
from fcwork import schema as schemas
from fcwork.errors import ConfigError
from fcwork.personal.columns import masked
from fcwork.widgets import typed
from fcwork.widgets.askable import Askable, Filter, Level
from fcwork.widgets.building import Built, built
from fcwork.widgets.connection import ConnectionPanel, asks
from fcwork.widgets.panel import Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.tables import ROWS
from fcwork.widgets.walking import Found, flattener, walk

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.widgets.explorer_view import ExplorerView
    from fcwork.widgets.work import Turn

FIRST = "orders"
KINDS: Mapping[str, frames.Kind] = {"polars": "polars", "pandas": "pandas", "pyarrow": "pyarrow"}


class QueryExplorer(Panel):
    """Builds a query by the schema, asks it, and hands it on as code; ``value`` is the frame of its rows.

    Nothing is asked before Run is pressed: until then ``value`` is a frame without rows, and has the columns.

    Args:
        client: whom to ask, or the panel that has it; else what ``fw.connect()`` gives.
        root: what is asked for, such as ``orders``.
        fields: which of its values, by path, as ``items.ref``; else the usual ones.
        filters: values by path, as ``{"status": ["CREATED"], "createdOn.from": "2026-01-31"}``.
        page_size: rows a page.
        engine: ``polars``, ``pandas`` or ``pyarrow``: the kind of frame.
        schema: the account's own, in whichever form ``fcwork.schema.load`` takes; else the one that is shipped.
        name: tells panels apart.

    Raises:
        ConfigError: there is no such root, field, filter or engine; with the nearest one.
    """

    title: ClassVar[str] = "Query explorer"

    def __init__(
        self,
        client: FluentClient | ConnectionPanel | None = None,
        *,
        root: str = FIRST,
        fields: Iterable[str] = (),
        filters: Mapping[str, Any] | None = None,
        page_size: int = 100,
        engine: str = "polars",
        schema: Any = None,
        name: str = "",
    ) -> None:
        askable = Askable(schemas.platform() if schema is None else schemas.load(schema))
        chosen = tuple(fields) or askable.usual(root)
        texts = {path: typed.written(given) for path, given in (filters or {}).items()}
        _check(askable, root, chosen, texts, engine)
        self._client, self._askable, self._engine = client, askable, KINDS[engine]
        choices = {
            "root": root,
            "fields": chosen,
            "filters": texts,
            "page_size": page_size,
            "level": "",
            "code": "text",
        }
        super().__init__(name=name, choices=choices, facts={"found": None, "first": 0})
        self._fit(chosen, texts)
        if isinstance(client, ConnectionPanel):
            client.on_choice(self._moved)
        self._moved()

    @property
    def value(self) -> Any:
        """The rows that came of the query as it stands."""
        found = self.found
        return frames.leave(found.frame if found else flattener(self.built).frame([]), self._engine)

    @property
    def built(self) -> Built:
        """The query as it stands.

        Raises:
            ConfigError: something that it needs is missing, or a filter is not of its type.
        """
        return built(self._askable, self["root"], self["fields"], self["filters"], page_size=self["page_size"])

    @property
    def query(self) -> str:
        """The text of the query as it stands."""
        return self.built.text

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of the query as it stands."""
        return dict(self.built.variables)

    @property
    def complete(self) -> bool:
        """Whether the rows are all that the platform has for the query."""
        found = self.found
        return found is not None and not found.reasons

    @property
    def found(self) -> Found | None:
        """What came of the query as it stands, from where the panel asks now; None where it was not asked."""
        given, found = self["found"] or (None, None)
        if found is None or not self._goes_on(given, found):
            return None
        try:
            return found if found.query == self.built else None
        except ConfigError:
            return None

    def roots(self) -> list[str]:
        """Return what may be asked for."""
        return self._askable.roots()

    def filters(self) -> dict[str, Filter]:
        """Return the filters that there are, by path."""
        return self._askable.filters(self["root"])

    def level(self) -> Level:
        """Return the fields that are offered now."""
        return self._askable.level(self["root"], self["level"])

    def levels(self) -> list[tuple[str, str]]:
        """Return where fields may be offered of: the rows, what is above, what is below, and where one is chosen."""
        here = self.level()
        steps = here.path.split(".") if here.path else []
        above = [".".join(steps[:depth]) for depth in range(len(steps) + 1)]
        used = [path.rpartition(".")[0] for path in self["fields"]]
        paths = dict.fromkeys([*above, *(here.below(name) for name in here.inner), *sorted(used)])
        return [(_level_label(self["root"], path), path) for path in paths]

    def choose(self, name: str, value: Any) -> None:
        """Take what was chosen; another root has other fields and filters."""
        if name != "root":
            self.put(**{name: value})
            return
        self.put(root=value, fields=self._askable.usual(value), filters={}, level="", first=0)

    def tick(self, path: str, *, yes: bool) -> None:
        """Ask for a value, or no longer."""
        others = tuple(one for one in self["fields"] if one != path)
        self.put(fields=(*others, path) if yes else others)

    def narrow(self, path: str, text: str) -> None:
        """Take what was written for a filter; it counts once something is written."""
        self.put(filters={**self["filters"], path: text})

    def widen(self, path: str) -> None:
        """Take a filter away."""
        self.put(filters={one: text for one, text in self["filters"].items() if one != path})

    def run(self) -> None:
        """Ask for the first page."""
        self._ask("Query", None, most_pages=1, first=0)

    def run_all(self) -> None:
        """Ask for every page that is not there yet; where none is missing, for all of them anew."""
        found = self.found
        if found and found.has_more:
            self._ask("All pages", found, most_pages=None)
        else:
            self._ask("All pages", None, most_pages=None, first=0)

    def turn_page(self, pages: int) -> None:
        """Show the rows that are so many tables on; a further page is asked for where they end."""
        found = self.found
        if found is None:
            return
        first = max(self["first"] + pages * ROWS, 0)
        if first < found.count:
            self.put(first=first)
        elif found.has_more:
            self._ask("Next page", found, most_pages=1, first=first)

    def shown(self) -> pl.DataFrame:
        """Return the rows that the table shows, without what is personal."""
        found = self.found
        return masked(found.rows(self["first"], ROWS)) if found else pl.DataFrame()

    def picture(self) -> Picture:
        """Return the query, and the first rows that came of it."""
        found = self.found
        facts = [("asks for", self["root"]), ("fields", ", ".join(self["fields"]))]
        facts += [(path, personal.hidden(text, path)) for path, text in self["filters"].items() if text]
        tables = [("rows", masked(found.rows(0, ROWS)))] if found and found.count else []
        summary = found.summary if found else "not asked"
        return Picture(title=self.title, summary=summary, facts=facts, tables=tables)

    def new_view(self) -> ExplorerView:
        """Return its controls."""
        from fcwork.widgets.explorer_view import ExplorerView

        return ExplorerView(self)

    def _goes_on(self, given: FluentClient | ConnectionPanel | None, found: Found) -> bool:
        """Say whether the panel asks now where it was asked when it had this."""
        if self._client is None or given is None:
            return given is self._client
        return asks(self._client, found.client)

    def _moved(self) -> None:
        """Have shown anew what was found, as it may be of where the panel does not ask any more."""
        self._tell({"found"})

    def _fit(self, usual: tuple[str, ...], texts: Mapping[str, str]) -> None:
        """Begin anew where what was chosen before is not of what the cell asks for now."""
        try:
            _check(self._askable, self["root"], self["fields"], {})
            self._askable.level(self["root"], self["level"])
            known = all(path in self.filters() for path in self["filters"])
        except ConfigError:
            known = False
        if not known:
            self.put(fields=usual, filters=dict(texts), level="", first=0)

    def _ask(self, what: str, found: Found | None, *, most_pages: int | None, first: int | None = None) -> None:
        query, given = found.query if found else self.built, self._client

        def take(turn: Turn, step: Found) -> None:
            place = {} if first is None else {"first": first if first < step.count else 0}
            turn.put(found=(given, step), **place)
            turn.tell(step.summary)

        def ask(turn: Turn) -> str:
            start = found or Found(query, _connected(given))
            return walk(start, most_pages, lambda step: take(turn, step)).summary

        self.begin(what, ask, leave=True)


def _connected(given: FluentClient | ConnectionPanel | None) -> FluentClient:
    if given is None:
        return session.connect()
    return given.value if isinstance(given, ConnectionPanel) else given


def _check(
    askable: Askable, root: str, chosen: Iterable[str], texts: Mapping[str, str], engine: str = "polars"
) -> None:
    if engine not in KINDS:
        raise ConfigError(f"engine={engine!r} is not known", hint=f"engine is one of {', '.join(KINDS)}")
    for path in chosen:
        askable.check_field(root, path)
    for path, text in texts.items():
        typed.value(text, askable.filter(root, path).kind, path)


def _level_label(root: str, path: str) -> str:
    return " / ".join([root, *filter(None, path.split("."))])
