"""Sends that have something left, and dead letters that somebody mended."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import polars as pl

from fcwork import recovery, runner
from fcwork.errors import ConfigError
from fcwork.ingestion import ingest
from fcwork.ingestion.letters import read_letters
from fcwork.ingestion.ways import check_route, make_route
from fcwork.mapper.given import mapper_of
from fcwork.operations.asked import Asked, known_states
from fcwork.operations.operation import OnProgress, Operation, Outcome, Table
from fcwork.operations.words import counted, listed
from fcwork.reports.loads import LETTERS
from fcwork.routes import Route

if TYPE_CHECKING:
    from fcwork.ingestion import IngestPlan

STATES = ("running", "interrupted", "incomplete", "superseded", "unsent", "damaged")


def checkpoints(asked: Asked) -> Operation:
    """List the sends that have something left, or show the rows of one."""
    if asked.name and "*" not in asked.name:
        view = recovery.show(asked.name)
        left = view.rows.filter(pl.col("_state") != "delivered")
        shown = {"Rows not delivered": Table(left.head(asked.limit), ours=False), "Requests": Table(view.batches)}
        return Operation(action=asked.action, told=str(view), tables=shown)
    found = recovery.checkpoints().reverse()
    if asked.name:
        found = found.filter([fnmatchcase(name, asked.name) for name in found["name"]])
    if states := known_states(asked.states, STATES):
        found = found.filter(pl.col("state").is_in(states))
    shown = {"Checkpoints": Table(found.head(asked.limit))}
    return Operation(action=asked.action, told=listed(found, "checkpoint", "state"), tables=shown)


def resume(asked: Asked) -> Operation:
    """Go on with the send of a checkpoint."""
    view = recovery.show(asked.which)
    _check_target(asked, str(view.facts["target"] or ""))
    route = _route(asked)

    def change(dry_run: bool, on_progress: OnProgress | None) -> Outcome | None:  # noqa: FBT001 - as Change is
        if dry_run:
            return None
        result = recovery.resume(asked.which, route, on_progress=on_progress, clock=asked.clock)
        return Outcome(result.summary, "SUCCEEDED" if result.ok else "COMPLETED_WITH_ERRORS", result)

    left = view.rows.filter(pl.col("_state") != "delivered")
    return Operation(
        action=asked.action,
        told=str(view),
        tables={"Rows not delivered": Table(left.head(asked.limit), ours=False), "Requests": Table(view.batches)},
        target=asked.platform.target,
        proposed=f"go on with {counted(left.height, 'row')} to {asked.platform.target}",
        change=change,
    )


def _route(asked: Asked) -> Route:
    """Return the route that the send had, as the caller says it."""
    options = asked.route_options or {}
    mapper = None if asked.mapping is None else mapper_of(asked.mapping, asked.resolvers, None)
    check_route(asked.platform, asked.route, options, mapper)
    return make_route(asked.platform, asked.route, options, mapper)


def replay(asked: Asked) -> Operation:
    """Load dead letters once more: a mended file, or what a run left."""
    source = asked.source or _letters_of(asked.name)
    plan = ingest(
        asked.platform,
        read_letters(source),
        mapping=asked.mapping,
        resolvers=asked.resolvers,
        route=asked.route,
        route_options=asked.route_options,
        batch_size=asked.batch_size,
        max_rejected=asked.max_rejected,
        workflow=asked.workflow,
        resend_unknown=asked.resend_unknown,
        expect=False,
        clock=asked.clock,
    )
    rehearsed = plan.apply(dry_run=True)
    read, ready = rehearsed.counts["read"], rehearsed.counts["ready"]
    gate = "" if rehearsed.gate.is_open else f"; the gate is {rehearsed.gate}"
    return Operation(
        action=asked.action,
        told=f"{source}: {counted(read, 'dead letter')}, {rehearsed.counts['rejected']:,} still faulty{gate}",
        tables={"Findings": Table(rehearsed.issues)},
        target=asked.platform.target,
        proposed=f"send {counted(ready, 'row')} to {asked.platform.target}" if ready else "",
        change=lambda dry_run, on_progress: _loaded(plan, dry_run=dry_run, on_progress=on_progress),
    )


def _loaded(plan: IngestPlan, *, dry_run: bool, on_progress: OnProgress | None) -> Outcome:
    result = plan.apply(dry_run=dry_run, on_progress=on_progress)
    return Outcome(result.summary, result.state, result)


def _letters_of(run: str | None) -> str:
    """Return the file of dead letters of a run."""
    if run is None:
        raise ConfigError(
            "replay needs dead letters", hint="give the file as source, or the run that left them as name"
        )
    folder = runner.past(run).folder
    letters = folder / LETTERS[1]
    if not letters.is_file():
        raise ConfigError(
            f"the run {folder.name} left no dead letters", hint="all its rows were delivered, or none sent"
        )
    return str(letters)


def _check_target(asked: Asked, target: str) -> None:
    """Refuse to go on at another platform than the send began at."""
    if target and target != asked.platform.target:
        raise ConfigError(
            f"checkpoint {asked.which!r} is of {target}, and this is {asked.platform.target}",
            hint="connect with the profile and the retailer that the send had",
        )
