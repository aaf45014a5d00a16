"""``fcwork run --sweep``: a notebook once for each row of a file; and how a sweep stands, in the terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, summary, terminal

if TYPE_CHECKING:
    from fcwork.runner.journal import Listener
    from fcwork.runner.sweeping import Swept
    from fcwork.runner.sweeping.standing import Standing

COUNTED = ("read", "written", "delivered", "rejected", "unknown", "ready")
_GRAVITY = (exits.FAILED, exits.MISTAKE, exits.WITH_ERRORS, 0)  # the first of these that a run came to is the sweep's
_OF_A_SWEEP = {"sweep_id": "--sweep-id", "parallel": "--parallel", "as_json": "--json"}

_OPTIONS = (
    click.option("--sweep", "sweep", metavar="FILE", help="Run once for each row of this csv, json, jsonl or yml."),
    click.option("--parallel", type=click.IntRange(1, 64), metavar="N", help="So many rows at once; 4 unless given."),
    click.option("--sweep-id", metavar="ID", help="Name the sweep, or go on with the one of that name."),
    click.option("--resume", metavar="ID", help="Go on with this sweep, or with the latest: rows that are not done."),
    click.option("--json", "as_json", is_flag=True, help="Tell of a sweep for programs."),
)


def sweeps(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a sweep; ``wanted`` says whether there is to be one."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wanted(options: dict[str, Any]) -> dict[str, Any] | None:
    """Take the options of a sweep away from those of a run, and return them; None where no sweep is asked for.

    Raises:
        UsageError: one of them is given and neither --sweep nor --resume is.
    """
    taken = {name: options.pop(name) for name in ("sweep", "resume", *_OF_A_SWEEP)}
    if taken["sweep"] is not None or taken["resume"] is not None:
        return taken
    lonely = [option for name, option in _OF_A_SWEEP.items() if taken[name]]
    if lonely:
        raise click.UsageError(f"{lonely[0]} is of a sweep: give --sweep FILE or --resume ID too.")
    return None


def execute(
    name: str | None,
    texts: tuple[tuple[str, str], ...],
    files: tuple[str, ...],
    asked: Mapping[str, Any],
    *,
    quiet: bool,
    **options: Any,
) -> int:
    """Run a sweep with progress and summary, and return the exit code; the options are those of ``runner.run``.

    Raises:
        UsageError: --resume and --sweep-id are both given.
    """
    from fcwork import runner
    from fcwork.runner.sweeping import USUAL_PARALLEL, carried_out
    from fcwork.runner.sweeping.given import given

    if asked["resume"] is not None and asked["sweep_id"] is not None:
        raise click.UsageError("--resume and --sweep-id both name a sweep: give one of them.")
    rows = None if asked["sweep"] is None else given(asked["sweep"])
    values = {key: value for file in files for key, value in runner.read_file(file).items()}
    if rows is not None:
        said = {*values, *(key for key, _ in texts), *(key for row in rows for key in row.names)}
        texts = (*(pair for pair in runner.from_environment(os.environ) if pair[0] not in said), *texts)
    told = carried_out(
        name,
        rows,
        parameters=values,
        texts=texts,
        max_parallel=asked["parallel"] or USUAL_PARALLEL,
        sweep_id=asked["sweep_id"],
        resume=asked["resume"],
        on_event=None if quiet else _progress(),
        **options,
    )
    if asked["as_json"]:
        click.echo(as_json(told))
    elif quiet:
        click.echo(str(told.record.path))
    else:
        for line in lines(told):
            click.echo(line)
    return of_sweep(told)


def of_sweep(told: Swept) -> int:
    """Return the exit code of a sweep: 130 where it was stopped, else the gravest of its runs'."""
    if told.stopped and not told.ok:
        return exits.STOPPED
    codes = {_code(one) for one in told.standings}
    return next((code for code in _GRAVITY if code in codes), 0)


def lines(told: Swept) -> Iterator[str]:
    """Yield the lines about a sweep: its runs as a table, why those failed that did, and where to read on."""
    plan, rows = told.record.plan, told.standings
    counts = ", ".join(f"{count:,} {state}" for state, count in told.counts.items())
    title = terminal.visible(f"sweep {plan.sweep_id} of {plan.name}: {counts}")
    yield click.style(title, fg=summary.COLOURS.get(told.state, "red"), bold=True)
    yield from terminal.table(*_table(told), last_is_free=True)
    for one in rows:
        if not one.is_done and one.reason:
            yield terminal.visible(f"  row {one.row.number} {one.state}: {' '.join(one.reason.split())}")
    if told.why_not:
        yield terminal.visible(f"  no more rows were begun: {told.why_not}")
    yield ""
    if told.page:
        yield terminal.visible(f"Page   {told.page}")
    yield terminal.visible(f"Sweep  {told.record.path}")
    left = sum(not one.is_done for one in rows)
    if left:
        yield f"`fcwork run --resume {plan.sweep_id}` runs the {left:,} that did not succeed"


def as_json(told: Swept) -> str:
    """Return a sweep for programs; in ASCII, so that a terminal has nothing to obey."""
    facts = {"sweep": told.record.plan.sweep_id, "folder": str(told.record.path), "state": told.state}
    content = {**facts, "counts": told.counts, "runs": told.frame.to_dicts()}
    return terminal.visible(json.dumps(content, indent=2, default=datetime.isoformat), keep="\n")


def _code(one: Standing) -> int:
    return exits.of_end(one.state, str(one.run.facts.get("ename") or "") if one.run else "")


def _table(told: Swept) -> tuple[list[str], list[list[str]]]:
    plan, rows = told.record.plan, told.standings
    counted = [name for name in COUNTED if any(one.run and name in one.run.figures for one in rows)]
    named = any(one.row.name for one in rows)
    head = ["row", *(["name"] if named else []), "state", "seconds", *plan.columns, *counted, "run"]
    return head, [list(_cells(told, one, counted, named=named)) for one in rows]


def _cells(told: Swept, one: Standing, counted: list[str], *, named: bool) -> Iterator[str]:
    figures = one.run.figures if one.run else {}
    seconds = one.run.facts.get("duration_seconds") if one.run else None
    yield f"{one.row.number}"
    if named:
        yield one.row.name
    yield one.state
    yield f"{seconds:,.1f}" if isinstance(seconds, int | float) else ""
    for column in told.record.plan.columns:
        value = one.row.values.get(column)
        yield value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    yield from (f"{figures[name]:,}" if name in figures else "" for name in counted)
    yield one.run.run_id if one.run else ""


def _progress() -> Listener:
    """Give what writes a line for each row that ended."""

    def hear(event: Mapping[str, Any]) -> None:
        if event["event"] != "row.ended":
            return
        seconds = event.get("duration_seconds")
        took = f" in {seconds:,.1f} s" if isinstance(seconds, int | float) else ""
        click.echo(terminal.visible(f"row {event['row']} of {event['rows']}: {event['state']}{took}"), err=True)

    return hear
