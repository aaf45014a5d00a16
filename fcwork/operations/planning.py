"""``plan``: an action by its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from fcwork.client import FluentClient
from fcwork.clock import SYSTEM, Clock
from fcwork.ingestion.ways import RouteName
from fcwork.mapper.given import Resolvers
from fcwork.operations import keeping, looking, messages, overview, sends
from fcwork.operations.asked import Action, Asked
from fcwork.operations.operation import Operation

_DOERS: dict[Action, Callable[[Asked], Operation]] = {
    "overview": overview.overview,
    "connection": looking.connection,
    "jobs": looking.jobs,
    "batches": looking.batches,
    "events": looking.events,
    "checkpoints": sends.checkpoints,
    "resume": sends.resume,
    "replay": sends.replay,
    "files": keeping.files,
    "forget": keeping.forget,
    "leases": keeping.leases,
    "release": keeping.release,
    "inbox": messages.inbox,
    "redeliver": messages.redeliver,
}


def plan(
    action: Action,
    *,
    client: FluentClient | None = None,
    name: str | None = None,
    states: Collection[str] | None = None,
    days: float = 7.0,
    limit: int = 100,
    filters: Mapping[str, Any] | None = None,
    source: str | None = None,
    mapping: Any = None,
    resolvers: Resolvers = None,
    route: RouteName = "batch",
    route_options: Mapping[str, Any] | None = None,
    batch_size: int = 5_000,
    max_rejected: str | float = "0%",
    workflow: str = "operations",
    resend_unknown: bool = False,
    clock: Clock = SYSTEM,
) -> Operation:
    """Look, and say what is found and what would be changed; nothing is changed before ``apply``.

    Args:
        action: one of ``operations.ACTIONS``, which says what each does.
        client: whose platform; the actions in ``operations.ONLINE`` need one.
        name: which one: the id of a job, an event or a message, a checkpoint, a file, a lease; or, of dead letters,
            the run that left them. Where several are listed, ``*`` stands for any letters.
        states: only what is of one of these states, in any case of the letters.
        days: how far back to look, of jobs, runs and events.
        limit: how many lines at the most, the newest.
        filters: of events, as in ``client.events``: ``{"entity_ref": "ORDER-1"}``.
        source: of ``replay``, the mended file, instead of the letters of a run.
        mapping, resolvers, route, route_options, batch_size, max_rejected, workflow: of ``replay``, as in
            ``ingest``; of ``resume`` the route, as the send had it, and the mapping where it is a mutation.
        resend_unknown: of ``replay``, send also rows that may have arrived, where twice is not once.
        clock: the time.

    Raises:
        ConfigError: the action is not known, or lacks what it needs.
        FcworkError: as the function that looks.
    """
    asked = Asked(
        action=action,
        client=client,
        name=name,
        states=(states,) if isinstance(states, str) else tuple(states or ()),
        days=days,
        limit=limit,
        filters=filters,
        source=source,
        mapping=mapping,
        resolvers=resolvers,
        route=route,
        route_options=route_options,
        batch_size=batch_size,
        max_rejected=max_rejected,
        workflow=workflow,
        resend_unknown=resend_unknown,
        clock=clock,
    )
    return _DOERS[asked.action](asked)
