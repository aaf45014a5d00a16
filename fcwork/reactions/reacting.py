"""``react``: what is done about a webhook that was verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError, MappingError, SourceError
from fcwork.ingestion import ingest
from fcwork.mapper.given import Resolvers, mapper_of
from fcwork.reactions.bodies import Body, body_of
from fcwork.reactions.exporting import Export
from fcwork.reactions.reaction import ACTIONS, Action, Reaction

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.webhooks import Event, Judgement

WHOLE = "$"  # the body is one record


def react(
    client: FluentClient | None,
    body: Judgement | Event | bytes | str | Path,
    *,
    event: Event | None = None,
    action: Action = "none",
    mapping: Any = None,
    rules: Any = None,
    route_options: Mapping[str, Any] | None = None,
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    records: str | None = None,
    entity: str | None = None,
    query: str | None = None,
    filters: Mapping[str, Any] | None = None,
    sink: str | Path | None = None,
    write_options: Mapping[str, Any] | None = None,
    resolvers: Resolvers = None,
    context: Mapping[str, Any] | None = None,
    workflow: str = "webhook",
    dry_run: bool = True,
    on_stage: Callable[[str, str], object] | None = None,
    clock: Clock = SYSTEM,
) -> Reaction:
    """Do something about a webhook, once.

    ``event`` and ``mutation`` load the body as ``ingest`` does: mapped to a row, checked, and sent. What was loaded is
    not loaded again, and a load that was cut off goes on. ``export`` fetches what the event is about, maps it and
    writes a file. Nothing here asks whether the webhook is genuine: verify it first.

    Args:
        client: whose platform; None where nothing is to be done.
        body: the event that was verified, its bytes, or a file that holds them; or what ``webhooks.judge`` returned. A
            file is known by its path, so keep it where it is; an event is known by its id.
        event: what a file or bytes were verified to be; they are refused if they are not the same.
        action: ``none``, ``event``, ``mutation`` or ``export``.
        mapping, rules, resolvers, context: as in ``ingest`` and ``extract``.
        route_options: of ``client.event_sender`` or ``client.mutations``, as in ``ingest``: ``{"event": {"name":
            "OrderCancel", "entityType": "ORDER"}}``, ``{"mutation": "updateOrder", "find_by": "ref"}``.
        format: of the body, or of the file that is exported; told by the body's first sign, and the sink's name.
        records: the names that lead to the records in a body of several, such as ``orders.order``; else all of it is
            one record, or a list of them.
        entity, query: what is exported; else the entity that the event names.
        filters: which; else the one whose ref the event has. ``{"ref": ["{rootEntityRef}"]}`` is the event's value.
        sink: where to: a path or URI, in which ``{entityRef}``, ``{id}``, ``{attributes.carrier}`` and so on are the
            event's values, made safe as a name, and ``{date}``, ``{time}`` those of ``extract``.
        write_options: as in ``extract``.
        workflow: what reactions of this kind are called.
        dry_run: look, and do nothing.
        on_stage: called with name and message as each stage begins.
        clock: the time.

    Raises:
        ConfigError: an argument that cannot be, or the event lacks what they ask of it.
        WebhookError: the judgement is a refusal.
        SourceError, MappingError: the body, the mapping or the sink cannot be used.
        ApiError: the platform cannot be asked; run it again, it goes on.
    """
    if action not in ACTIONS:
        raise ConfigError(f"action={action!r} is not known", hint=f"known: {', '.join(ACTIONS)}")
    given = body_of(body, event)
    told: dict[str, Any] = {"action": action, "about": given.about, "event": given.told, "dry_run": dry_run}
    if action == "none":
        return Reaction(state="SUCCEEDED", target=client.target if client else "", **{**told, "dry_run": False})
    if client is None:
        raise ConfigError(f"action={action!r} needs to know whose platform", hint="give what connect returned")
    if action == "event" and mapping is None and given.event is not None:
        told_of = "a webhook has fields that an event to be sent has not"
        raise ConfigError("action='event' needs a mapping", hint=f"{told_of}: say which of them are meant")
    mapper = mapper_of(mapping, resolvers, _context(client, context))
    shared: dict[str, Any] = {"mapping": mapper, "on_stage": on_stage, "clock": clock}
    way: Export | Load
    if action == "export":
        options = {**shared, "format": format, "write_options": write_options, "resume": False}
        way = Export(entity, query, filters, str(sink) if sink else None, options)
    else:
        options = {**shared, "route": action, "route_options": route_options, "context": context, "workflow": workflow}
        options |= {"rules": {} if rules is None else rules, "format": format or given.form}
        options |= {"read_options": {"path": records or WHOLE}}
        way = Load(action, workflow, options)
    if dry_run:
        return way.run(client, given, dry_run=True)
    if not given.claimed():
        why = "it was handled before, from another place"
        return Reaction(state="SKIPPED", target=client.target, reason=why, **told)
    return _done(way, client, given)


def _done(way: Export | Load, client: FluentClient, body: Body) -> Reaction:
    """Do it; where nothing was done, whoever comes may handle it."""
    try:
        done = way.run(client, body, dry_run=False)
    except (ConfigError, SourceError):  # neither comes after something was sent or written
        body.released()
        raise
    if done.state in {"REFUSED", "FAILED"}:
        body.released()
    return done


@dataclass(frozen=True)
class Load:
    """A body that is loaded, as an event or a mutation, with the arguments of ``ingest``."""

    action: Action
    workflow: str
    options: Mapping[str, Any]

    def run(self, client: FluentClient, body: Body, *, dry_run: bool) -> Reaction:
        """Plan, and apply unless this is a dry run; a body that lacks what the mapping needs is refused."""
        told: dict[str, Any] = {"action": self.action, "about": body.about, "event": body.told}
        told |= {"target": client.target, "dry_run": dry_run}
        with body.lying(self.workflow) as path:
            try:
                plan = ingest(client, path, expect=False, **self.options)
            except MappingError as error:  # the mapping itself was read before
                return Reaction(state="REFUSED", reason=f"the body does not fit the mapping: {error.message}", **told)
            except SourceError as error:
                return Reaction(state="REFUSED", reason=f"the body cannot be read: {error.message}", **told)
            result = plan.apply(dry_run=dry_run)
        if result.state == "SKIPPED" and not plan.skipped:
            return Reaction(state="REFUSED", result=result, reason="the body holds no record", **told)
        return Reaction(state=result.state, result=result, preview=plan.preview, **told)


def _context(client: FluentClient, context: Mapping[str, Any] | None) -> dict[str, Any]:
    own = {} if client.retailer_id is None else {"retailerId": client.retailer_id}
    return {**own, **(context or {})}
