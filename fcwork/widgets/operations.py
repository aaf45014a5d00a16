"""``OperationsDesk``: what is open and what failed, looked at, and tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from fcwork.errors import ConfigError
from fcwork.operations import ACTIONS, ONLINE, Action, Operation, plan
from fcwork.widgets.connection import ConnectionPanel, asks
from fcwork.widgets.panel import LOOK, Panel
from fcwork.widgets.picture import Picture

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.recovery import Progress
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


@dataclass(frozen=True, eq=False)
class _Looked:
    """An operation, and what it is of: what was chosen, the terms, and whose platform where one was asked."""

    chosen: Mapping[str, Any]
    terms: Mapping[str, Any]
    client: FluentClient | None
    operation: Operation


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
        self._connection, self._terms = connection, dict(terms or {})
        super().__init__(name=name, choices={**chosen, "really": really}, facts={"operation": None, "listed": {}})
        if isinstance(connection, ConnectionPanel):
            connection.on_choice(self._moved)
        self._moved()

    @property
    def value(self) -> Operation | None:
        """The operation that was looked at or done last, as long as it is of what is chosen and given now."""
        looked = self._looked()
        return looked.operation if looked else None

    @property
    def offered(self) -> tuple[str, ...]:
        """The names that the last look at a list found, for the action that is chosen."""
        return tuple(self["listed"].get(_LISTS.get(self["action"], ""), ()))

    def choose(self, name: str, value: Any) -> None:
        """Take what was chosen; what was proposed before is not what would be done now."""
        self.put(**{name: value}, **({} if name == "really" else {"operation": None, "really": False}))

    def look(self) -> None:
        """Look, and change nothing."""
        chosen, connection, terms = self._chosen(), self._connection, self._terms
        self.begin(LOOK, lambda turn: self._look(turn, chosen, connection, terms), leave=True)

    def do(self) -> None:
        """Do what was proposed; unless it is really wanted, only say what it would do."""
        looked = self._looked()
        if looked is None or not looked.operation.proposed:
            raise ConfigError("there is nothing to do", hint="choose an action that changes something, and look first")
        really = bool(self["really"])
        self.begin("Do it" if really else "Dry run", lambda turn: self._do(looked, turn, really=really))

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

    def _chosen(self) -> dict[str, Any]:
        return {name: value for name, value in self.choices.items() if name != "really"}

    def _looked(self) -> _Looked | None:
        """Return what was looked at last, unless the panel says something else by now."""
        looked: _Looked | None = self["operation"]
        if looked is None or looked.chosen != self._chosen() or not _same(looked.terms, self._terms):
            return None
        return looked if looked.client is None or asks(self._connection, looked.client) else None

    def _moved(self) -> None:
        """Forget what was proposed, and the tick that was for it, where they are of something else."""
        if self["operation"] is not None and self._looked() is None:
            self.put(operation=None, really=False)

    def _look(
        self,
        turn: Turn,
        chosen: Mapping[str, Any],
        connection: ConnectionPanel | FluentClient | None,
        terms: Mapping[str, Any],
    ) -> str:
        client = _client(connection) if chosen["action"] in ONLINE else None
        operation = plan(
            chosen["action"],
            client=client,
            name=chosen["item"].strip() or None,
            states=_parts(chosen["states"]),
            days=chosen["days"],
            **{**terms, "filters": _filters(chosen["filters"]) or terms.get("filters")},
        )
        looked = _Looked(chosen, terms, client, operation)
        turn.put(operation=looked, listed={**self["listed"], **_listed(operation)})
        return operation.told

    def _do(self, looked: _Looked, turn: Turn, *, really: bool) -> str:
        def progress(progress: Progress) -> None:
            settled = progress.delivered + progress.rejected + progress.unknown
            if settled < progress.total or not turn.is_stopped:  # else it is too late to stop
                turn.tell(f"{progress.rows:,} of {progress.total:,} rows", progress.rows / max(progress.total, 1))

        done = looked.operation.apply(dry_run=not really, on_progress=progress)
        # It is done: who asked to stop meanwhile came too late, and is told what became of it.
        self.put(operation=replace(looked, operation=done), really=False)
        return done.summary


def _client(connection: ConnectionPanel | FluentClient | None) -> FluentClient | None:
    return connection.value if isinstance(connection, ConnectionPanel) else connection


def _same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Say whether terms are the same; what cannot be compared, such as frames, is so where it is the object."""
    try:
        return before.keys() == now.keys() and all(
            one is now[name] or bool(one == now[name]) for name, one in before.items()
        )
    except (TypeError, ValueError):
        return False


def _filters(text: str) -> dict[str, str]:
    """Return the filters that were typed.

    Raises:
        ConfigError: one is no name and value.
    """
    pairs = [one.partition("=") for one in _parts(text)]
    for name, sign, value in pairs:
        if not (sign and name.strip() and value.strip()):
            raise ConfigError(f"{name + sign + value!r} is no filter", hint="entity_ref=ORDER-1, event_status=FAILED")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _parts(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _listed(operation: Operation) -> dict[str, list[str]]:
    """Return the names of what a list holds, by what it is a list of."""
    tables = {title: table.shown() for title, table in operation.tables.items() if title in _NAMED_BY}
    return {title: rows[_NAMED_BY[title]].drop_nulls().head(OFFERED).to_list() for title, rows in tables.items()}
