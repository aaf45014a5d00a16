"""``fcwork jobs``: what the tracked jobs are doing and how they ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from fcwork import settings
from fcwork.cli import exits, terminal
from fcwork.cli.examples import examples
from fcwork.cli.spans import since
from fcwork.errors import JobError

if TYPE_CHECKING:
    from fcwork.jobs import JobRecord, JobTracker

USUAL = 20  # jobs
_COLOURS = {"completed": "green", "completed_with_errors": "yellow", "failed": "red", "lost": "red"}
_TIME = "%Y-%m-%d %H:%M:%S"


@click.command(
    short_help="List the tracked jobs, or show one.",
    epilog=examples(
        "fcwork jobs",
        "fcwork jobs --status failed --status lost --since 2d",
        "fcwork jobs --name 'load*' --since 2026-01-15 --limit 5 --json",
        "fcwork jobs 20260115T120000Z-ingestion-1a2b3c4d",
    ),
)
@click.argument("job_id", required=False, metavar="[ID]")
@click.option("--name", metavar="PATTERN", help="Only jobs of this name; * stands for any letters.")
@click.option("--status", multiple=True, metavar="STATUS", help="Only jobs of this status; may be given several times.")
@click.option(
    "--since", metavar="WHEN", help="Only jobs created since: 2026-01-15, 2026-01-15T08:00Z, or 90m, 12h, 2d, 1w."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help=f"How many, the newest first; {USUAL} without it.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of jobs, or with ID one with its stages.")
def jobs(job_id: str | None, *, as_json: bool, **given: Any) -> int:
    """List the tracked jobs, the newest first, or show the one of that ID: its stages, details and error.

    A run of a notebook is a job of the run's id. A status is one of queued, processing, completed,
    completed_with_errors, failed, cancelled and lost: a lost job was processing, and its process gives no sign of life
    any more. Times are in UTC.

    Exit codes: 0 shown, 1 the jobs cannot be read, 2 a mistake in the call or no such job.
    """
    chosen = {name: value for name, value in given.items() if value not in {None, ()}}
    if job_id is not None and chosen:
        raise click.UsageError(f"--{next(iter(chosen))} chooses among jobs, ID names one: leave out one of them.")
    if "since" in chosen:
        chosen["since"] = since(chosen["since"])
    from fcwork.jobs import JobTracker

    shown = _list(chosen, as_json=as_json) if job_id is None else _one(job_id, as_json=as_json)
    try:
        for line in shown(JobTracker()):
            click.echo(line)
    except JobError as error:
        exits.tell(str(error))
        return exits.MISTAKE
    return 0


def _list(chosen: Mapping[str, Any], *, as_json: bool) -> Callable[[JobTracker], Iterator[str]]:
    def lines(tracker: JobTracker) -> Iterator[str]:
        rows = tracker.history(**{"limit": USUAL, **chosen}).to_dicts()
        if as_json:
            parsed = ({name: json.loads(row[name]) for name in ("counts", "details")} for row in rows)
            yield terminal.as_json([{**row, **told} for row, told in zip(rows, parsed, strict=True)])
        elif rows:
            head = ("created", "status", "name", "took", "doing", "id")
            yield from terminal.table(head, [_row(row) for row in rows], last_is_free=True)
        else:
            yield "no such jobs" if chosen else f"no jobs yet in {terminal.visible(str(settings.home()))}"

    return lines


def _row(job: Mapping[str, Any]) -> tuple[str, ...]:
    doing = job["error"] or ": ".join(filter(None, (job["stage"], job["message"])))
    took = _seconds(job["duration_seconds"])
    return f"{job['created_at']:%Y-%m-%d %H:%M}", job["status"], job["name"], took, doing, job["id"]


def _one(job_id: str, *, as_json: bool) -> Callable[[JobTracker], Iterator[str]]:
    def lines(tracker: JobTracker) -> Iterator[str]:
        record = tracker.get(job_id)
        if as_json:
            yield terminal.as_json(record.to_dict())
            return
        title = terminal.visible(f"{record.name} {record.id}: {record.status}")
        yield click.style(title, fg=_COLOURS.get(record.status), bold=True)
        for name, value in _facts(record):
            yield f"  {name:<10} {terminal.visible(value)}"
        yield from _parts(record)

    return lines


def _facts(record: JobRecord) -> Iterator[tuple[str, str]]:
    yield "created", f"{_told(record.created_at)} by {record.triggered_by}"
    if record.started_at:
        yield "started", _told(record.started_at)
    if record.ended_at:
        took = _seconds(record.duration_seconds)
        yield "ended", f"{_told(record.ended_at)}{f' after {took}' if took else ''}"
    if record.heartbeat_at:
        yield "heartbeat", _told(record.heartbeat_at)
    if record.stage or record.message:
        yield "doing" if not record.ended else "did", ": ".join(filter(None, (record.stage, record.message)))
    if record.error:
        yield "error", " ".join(record.error.split())


def _parts(record: JobRecord) -> Iterator[str]:
    if record.stages:
        yield f"\n{click.style('Stages', bold=True)}"
        rows = [
            (
                _told(stage.started_at),
                stage.name,
                _seconds(stage.duration_seconds),
                _counts(stage.counts),
                stage.message,
            )
            for stage in record.stages
        ]
        yield from terminal.table(("started", "stage", "took", "counts", "message"), rows, last_is_free=True)
    if record.details:
        yield f"\n{click.style('Details', bold=True)}"
        values = [(name, _plain(value)) for name, value in record.details.items()]
        yield from terminal.table(("name", "value"), values, last_is_free=True)
    if record.traceback:
        yield f"\n{click.style('Traceback', bold=True)}"
        yield from (f"  {terminal.visible(line)}" for line in record.traceback.splitlines())
    if record.status == "lost":
        yield "\nIts process was killed, stopped or cut off from the store; another may go on with the job, or fail it."


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.1f} s"


def _told(at: datetime) -> str:
    return f"{at:{_TIME}}"
