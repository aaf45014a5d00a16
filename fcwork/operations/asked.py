"""What is asked of an operation, judged before anything is looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.ingestion.ways import RouteName
from fcwork.names import did_you_mean

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.mapper.given import Resolvers

Action: TypeAlias = Literal[
    "overview",
    "connection",
    "jobs",
    "batches",
    "events",
    "checkpoints",
    "resume",
    "replay",
    "files",
    "forget",
    "leases",
    "release",
    "inbox",
    "redeliver",
]
# Each action, and what it does.
ACTIONS: dict[Action, str] = {
    "overview": "how much there is of everything, and what wants a look",
    "connection": "tries each kind of access, and how long its answer takes",
    "jobs": "the tracked jobs; with a name one of them, with its stages",
    "batches": "a job of the platform: its batches, and the records that it refused",
    "events": "the platform's log of events; with a name one of them, with its attributes",
    "checkpoints": "sends that have something left; with a name one of them, with its rows",
    "resume": "goes on with the send of a checkpoint",
    "replay": "loads a mended file of dead letters, or those of a run",
    "files": "what is known of files that were loaded",
    "forget": "forgets a file, so that its next delivery is loaded whatever it holds",
    "leases": "who holds what at this moment",
    "release": "takes a lease from a worker that is gone",
    "inbox": "what the receiver of webhooks holds; with a name one message of it",
    "redeliver": "has a message of the inbox handled again, or all that are dead",
}
ONLINE: frozenset[Action] = frozenset({"connection", "batches", "events", "resume", "replay", "files", "forget"})
_NAMED: frozenset[Action] = frozenset({"batches", "resume", "forget", "release"})
_STATES: frozenset[Action] = frozenset({"jobs", "events", "checkpoints", "files", "inbox"})
MOST = 100_000  # lines
_LONGEST_DAYS = 36_500


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked; see ``plan``.

    Raises:
        ConfigError: an action that is not known, or one that lacks what it needs.
    """

    action: Action
    client: FluentClient | None = None
    name: str | None = None
    states: tuple[str, ...] = ()
    days: float = 7.0
    limit: int = 100
    filters: Mapping[str, Any] | None = None
    source: str | None = None
    mapping: Any = None
    resolvers: Resolvers = None
    route: RouteName = "batch"
    route_options: Mapping[str, Any] | None = None
    batch_size: int = 5_000
    max_rejected: str | float = "0%"
    workflow: str = "operations"
    resend_unknown: bool = False
    clock: Clock = SYSTEM

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            near = did_you_mean(str(self.action), ACTIONS)
            raise ConfigError(f"{self.action!r} is no action{near}", hint=f"known: {', '.join(ACTIONS)}")
        if self.action in _NAMED and not self.name:
            raise ConfigError(f"{self.action} needs a name", hint=f"it {ACTIONS[self.action]}: say which")
        if self.action in ONLINE and self.client is None:
            raise ConfigError(f"{self.action} needs a client", hint="client=fw.connect()")
        if self.states and self.action not in _STATES:
            raise ConfigError(f"{self.action} has no states to choose by", hint=f"those have: {', '.join(_STATES)}")
        _in_bounds("days", self.days, _LONGEST_DAYS, whole=False)
        _in_bounds("limit", self.limit, MOST, whole=True)

    @property
    def platform(self) -> FluentClient:
        """The client, which an action that asks the platform has."""
        assert self.client is not None  # noqa: S101 - judged when it was made
        return self.client

    @property
    def which(self) -> str:
        """The name, which an action about one thing has."""
        return str(self.name)

    @property
    def since(self) -> datetime:
        """How far back is looked."""
        return self.clock.now() - timedelta(days=self.days)


def known_states(given: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """Return states as they are written, given in any case of their letters.

    Raises:
        ConfigError: there is no such state.
    """
    spelt = {one.casefold(): one for one in known}
    for one in given:
        if one.casefold() not in spelt:
            raise ConfigError(f"there is no state {one!r}{did_you_mean(one, known)}", hint=f"known: {', '.join(known)}")
    return tuple(spelt[one.casefold()] for one in given)


def _in_bounds(name: str, given: Any, most: int, *, whole: bool) -> None:
    kinds = int if whole else (int, float)
    if isinstance(given, bool) or not isinstance(given, kinds) or not 0 < given <= most:
        raise ConfigError(f"{name} is {given!r}", hint=f"give a {'whole ' * whole}number above 0, at most {most:,}")
