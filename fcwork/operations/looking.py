"""What the platform answers, and what the jobs are doing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

import polars as pl

from fcwork import session
from fcwork.client.jobs import COMPLETE, RESULTS
from fcwork.frames import UTC_TIME
from fcwork.jobs import JobTracker
from fcwork.jobs.history import STAGES
from fcwork.jobs.record import MOVES
from fcwork.operations.asked import Asked, known_states
from fcwork.operations.operation import Operation, Table
from fcwork.operations.words import counted, listed

TROUBLE = ("failed", "lost", "completed_with_errors")
BATCHES = pl.Schema({"batch": pl.String(), "status": pl.String(), "records": pl.Int64(), "refused": pl.Int64()})
EVENTS = pl.Schema(
    {
        "id": pl.String(),
        "at": UTC_TIME,
        "status": pl.String(),
        "name": pl.String(),
        "type": pl.String(),
        "entity_type": pl.String(),
        "entity_ref": pl.String(),
        "root_entity_ref": pl.String(),
        "generated_by": pl.String(),
    }
)
_OK = 200
_TIMES = ("generatedOn", "createdOn")


def connection(asked: Asked) -> Operation:
    """Try each kind of access."""
    client = asked.platform
    steps = session.probe(client, clock=asked.clock)
    good = int(steps["ok"].fill_null(value=True).sum())
    return Operation(
        action=asked.action,
        told=f"{client.target}: {good} of {steps.height} answered",
        tables={"Connection": Table(steps.with_columns(pl.col("seconds").round(3)))},
        state="SUCCEEDED" if good == steps.height else "FAILED",
        target=client.target,
    )


def jobs(asked: Asked) -> Operation:
    """List the tracked jobs, or show the one of an id."""
    tracker = JobTracker(clock=asked.clock)
    if asked.name and "*" not in asked.name:
        return _job(asked, tracker)
    states = known_states(asked.states, MOVES) or None
    found = tracker.history(asked.name, status=states, since=asked.since, limit=asked.limit)
    told = listed(found, "tracked job", "status")
    return Operation(action=asked.action, told=told, tables={"Jobs": Table(found.drop("counts", "details"))})


def _job(asked: Asked, tracker: JobTracker) -> Operation:
    record = tracker.get(asked.which)
    stages = tracker.stages(asked.which)
    details = [{"name": name, "value": _text(value)} for name, value in record.details.items()]
    shown = {"Stages": Table(stages if stages.height else STAGES.to_frame())}
    shown |= {"Details": Table(pl.DataFrame(details), ours=False)} if details else {}
    state = "COMPLETED_WITH_ERRORS" if record.status in TROUBLE else "SUCCEEDED"
    return Operation(action=asked.action, told=str(record), tables=shown, state=state)  # type: ignore[arg-type]


def batches(asked: Asked) -> Operation:
    """Look at each batch of a job of the platform, and name the records that it refused."""
    client, results = asked.platform, [RESULTS.to_frame()]
    job, rows = client.job_status(asked.which), list[dict[str, Any]]()
    for each in job.batches:
        status = str(each.get("status") or "")
        told = (
            client.wait_for_batches(job.id, [str(each["id"])], timeout=0) if status == COMPLETE else RESULTS.to_frame()
        )
        refused = told.filter(pl.col("response_code").fill_null(0) != _OK)
        results.append(refused)
        rows.append({"batch": str(each["id"]), "status": status, "records": told.height, "refused": refused.height})
    found, refused = pl.DataFrame(rows, schema=BATCHES), pl.concat(results)
    open_ = counted(found.filter(pl.col("status") != COMPLETE).height, "batch", "batches")
    return Operation(
        action=asked.action,
        told=f"job {job.id} {job.name} is {job.status}: {open_} of {found.height:,} not complete, "
        f"{counted(refused.height, 'record')} refused",
        tables={"Batches": Table(found), "Refused records": Table(refused, ours=False)},
        state="COMPLETED_WITH_ERRORS" if refused.height else "SUCCEEDED",
        target=client.target,
    )


def events(asked: Asked) -> Operation:
    """Search the platform's log of events, or show the one of an id."""
    client = asked.platform
    if asked.name and "*" not in asked.name:
        return _event(asked, client.event(asked.name))
    given = {"from_": asked.since, **(asked.filters or {})}
    states = {one.upper() for one in asked.states}
    log = client.events(**given, count=min(asked.limit, 1_000))
    wanted = (event for event in log if _is_wanted(event, asked.name, states))
    found = pl.DataFrame([_line(event) for event in islice(wanted, asked.limit)], schema=EVENTS)
    cut = f"; there may be more than {asked.limit:,}" if found.height == asked.limit else ""
    return Operation(
        action=asked.action,
        told=f"{listed(found, 'event', 'status')}{cut}",
        tables={"Events": Table(found, ours=False)},
        target=client.target,
    )


def _event(asked: Asked, event: Mapping[str, Any]) -> Operation:
    line = _line(event)
    told = [{"name": name, "value": _text(value)} for name, value in _attributes(event).items()]
    facts = pl.DataFrame([{"name": name, "value": str(value)} for name, value in line.items() if value is not None])
    attributes = pl.DataFrame(told, schema={"name": pl.String, "value": pl.String})
    return Operation(
        action=asked.action,
        told=f"event {line['id']} {line['name']} of {line['entity_ref']}: {line['status']}",
        tables={"Event": Table(facts, ours=False), "Attributes": Table(attributes, ours=False)},
        state="COMPLETED_WITH_ERRORS" if line["status"] in {"FAILED", "NO_MATCH"} else "SUCCEEDED",
        target=asked.platform.target,
    )


def _attributes(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's attributes by their names: the log has them as a list, and what was sent as an object."""
    found = event.get("attributes")
    if isinstance(found, Mapping):
        return {str(name): value for name, value in found.items()}
    those = (one for one in (found if isinstance(found, list) else ()) if isinstance(one, Mapping))
    return {str(one.get("name")): one.get("value") for one in those}


def _is_wanted(event: Mapping[str, Any], name: str | None, states: set[str]) -> bool:
    fits = name is None or fnmatchcase(str(event.get("name")), name)
    return fits and (not states or str(event.get("eventStatus")).upper() in states)


def _line(event: Mapping[str, Any]) -> dict[str, Any]:
    context = event.get("context")
    about: Mapping[str, Any] = context if isinstance(context, Mapping) else {}
    told = {
        "id": event.get("id"),
        "status": event.get("eventStatus"),
        "name": event.get("name"),
        "type": event.get("type"),
        "entity_type": about.get("entityType"),
        "entity_ref": about.get("entityRef"),
        "root_entity_ref": about.get("rootEntityRef"),
        "generated_by": event.get("generatedBy"),
    }
    at = next((event[name] for name in _TIMES if event.get(name)), None)
    texts = {name: None if value is None else str(value) for name, value in told.items()}
    return {**texts, "at": pl.Series([at], dtype=pl.String).str.to_datetime(time_zone="UTC", strict=False)[0]}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
