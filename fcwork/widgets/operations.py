"""``OperationsDesk``: what is open and what failed, looked at, and tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from fcwork.errors import ConfigError
from fcwork.operations import ACTIONS, ONLINE, Action, Operation, plan
from fcwork.widgets.panel import Panel
from fcwork.widgets.picture import Picture

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.recovery import Progress
    from fcwork.widgets.connection import ConnectionPanel
    from fcwork.widgets.operations_view import OperationsView
    from fcwork.widgets.work import Turn


OFFERED = 200  # names
# What of a list names a thing, and of which list an action that is about one of them takes its name.
_NAMED_BY = {"Jobs": "id", "Events": "id", "Messages": "id", "Checkpoints": "name", "Files": "name", "Leases": "name"}
_LISTS: Mapping[Action, str] = {
    "jobs": "Jobs",
    "events": "Events",
    "checkpoints": "Checkpoints",
    "resume": "Checkpoints",
    "files": "Files",
    "forget": "Files",
    "leases": "Leases",
    "release": "Leases",
    "inbox": "Messages",
    "redeliver": "Messages",
}


class OperationsDesk(Panel):
    """Chooses an action of ``operations.plan``, looks, and does what it proposes; ``value`` is the operation.

    Args:
        connection: whose platform: a ``ConnectionPanel``, whose choice counts at each look, or a client.
        action: what to look at, or to do.
        item: which one: the id of a job, an event or a message, a checkpoint, a file, a lease, a run.
        states: only what is of one of these, with commas between them.
        days: how far back to look.
        filters: of events, as ``entity_ref=ORDER-1, event_status=FAILED``.
        really: whether it is changed and not only shown what would be; a person ticks it.
        terms: more of ``operations.plan``, such as ``mapping`` and ``route``.
        name: tells panels apart.
    """

    title: ClassVar[str] = "Operations"

    def __init__(
        self,
        connection: ConnectionPanel | FluentClient | None = None,
        *,
        action: Action = "overview",
        item: str | None = None,
        states: str = "",
        days: int = 7,
        filters: str = "",
        really: bool = False,
        terms: Mapping[str, Any] | None = None,
        name: str = "",
    ) -> None:
        chosen = {"action": action, "item": item or "", "states": states, "days": days, "filters": filters}
        super().__init__(name=name, choices={**chosen, "really": really}, facts={"operation": None, "listed": {}})
        self._connection, self._terms = connection, dict(terms or {})

    @property
    def value(self) -> Operation | None:
        """The operation that was looked at or done last."""
        return self["operation"]  # type: ignore[no-any-return]  # an operation, or none

    @property
    def offered(self) -> tuple[str, ...]:
        """The names that the last look at a list found, for the action that is chosen."""
        return tuple(self["listed"].get(_LISTS.get(self["action"], ""), ()))

    def choose(self, name: str, value: Any) -> None:
        """Take what was chosen; what was proposed before is not what would be done now."""
        self.put(**{name: value}, **({} if name == "really" else {"operation": None, "really": False}))

    def look(self) -> None:
        """Look, and change nothing."""
        self.work.start("Look", self._look, leave=True)

    def do(self) -> None:
        """Do what was proposed; unless it is really wanted, only say what it would do."""
        operation = self.value
        if operation is None or not operation.proposed:
            raise ConfigError("there is nothing to do", hint="choose an action that changes something, and look first")
        really = bool(self["really"])
        self.work.start("Do it" if really else "Dry run", lambda turn: self._do(operation, turn, really=really))

    def picture(self) -> Picture:
        """Return what was chosen, and what was found."""
        operation = self.value
        facts = [("action", f"{self['action']}: {ACTIONS[self['action']]}"), ("name", self["item"] or "any")]
        tables = [(title, table.shown()) for title, table in operation.tables.items()] if operation else []
        return Picture(
            title=self.title, summary=operation.summary if operation else "not looked at", facts=facts, tables=tables
        )

    def new_view(self) -> OperationsView:
        """Return its controls."""
        from fcwork.widgets.operations_view import OperationsView

        return OperationsView(self)

    def _look(self, turn: Turn) -> str:
        operation = plan(
            self["action"],
            client=self._client(),
            name=self["item"].strip() or None,
            states=_parts(self["states"]),
            days=self["days"],
            **{**self._terms, "filters": self._filters()},
        )
        turn.put(operation=operation, listed={**self["listed"], **_listed(operation)})
        return operation.told

    def _filters(self) -> Mapping[str, Any] | None:
        """Return the filters that were typed, else those of the terms.

        Raises:
            ConfigError: one is no name and value.
        """
        pairs = [one.partition("=") for one in _parts(self["filters"])]
        for name, sign, value in pairs:
            if not (sign and name.strip() and value.strip()):
                raise ConfigError(
                    f"{name + sign + value!r} is no filter", hint="entity_ref=ORDER-1, event_status=FAILED"
                )
        typed = {name.strip(): value.strip() for name, _, value in pairs}
        return typed or self._terms.get("filters")

    def _do(self, operation: Operation, turn: Turn, *, really: bool) -> str:
        def progress(progress: Progress) -> None:
            turn.tell(f"{progress.rows:,} of {progress.total:,} rows", progress.rows / max(progress.total, 1))

        done = operation.apply(dry_run=not really, on_progress=progress)
        turn.put(operation=done, really=False)
        return done.summary

    def _client(self) -> FluentClient | None:
        """Return the client where the action needs one."""
        from fcwork.widgets.connection import ConnectionPanel

        if self["action"] not in ONLINE:
            return None
        return self._connection.value if isinstance(self._connection, ConnectionPanel) else self._connection


def _parts(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _listed(operation: Operation) -> dict[str, list[str]]:
    """Return the names of what a list holds, by what it is a list of."""
    tables = {title: table.shown() for title, table in operation.tables.items() if title in _NAMED_BY}
    return {title: rows[_NAMED_BY[title]].drop_nulls().head(OFFERED).to_list() for title, rows in tables.items()}
