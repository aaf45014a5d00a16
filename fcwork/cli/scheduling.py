"""``fcwork schedule``: notebooks that are run by the clock."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import click

from fcwork.cli import exits, progress, terminal
from fcwork.cli.examples import examples
from fcwork.cli.spans import seconds

if TYPE_CHECKING:
    from fcwork.runner import State
    from fcwork.schedule import Book, Schedule, Turn

_TIME = "%Y-%m-%d %H:%M:%S"
_SHOWN = 3  # times that come next


@click.group(
    short_help="Keep notebooks that are run by the clock.",
    epilog=examples(
        'fcwork schedule add nightly --cron "0 2 * * *" --tz Australia/Sydney --notebook ingestion -f nightly.yml',
        "fcwork schedule list",
        "fcwork schedule run nightly",
        "fcwork schedule pause nightly",
    ),
)
def schedule() -> None:
    """Keep notebooks that are run by the clock, each in its own time zone.

    Schedules lie in the store of this workspace, or of the team (FCWORK_STORE).

    Exit codes: 0 done, 1 failed, 2 a mistake in the call or no such schedule; `run` as `fcwork run`.
    """


@click.command(short_help="Run the schedules until Ctrl-C.", epilog=examples("fcwork scheduler"))
def scheduler() -> int:
    """Run the schedules of this workspace's store until Ctrl-C or SIGTERM; runs under way are told to stop then.

    Each run is a process of its own, and no schedule runs twice at a time. Of several schedulers with one store one is
    awake and the others wait; what ran is known after a restart, and what was missed is run by each schedule's policy.

    Exit codes: 0 stopped and nothing is under way, 1 a run did not end in time.
    """
    import signal

    from fcwork.schedule import Book
    from fcwork.schedule.scheduler import Scheduler

    made = Scheduler(Book(), on_change=lambda words: click.echo(f"{words}; Ctrl-C stops it"))
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: made.stop()) for number in signals]
    try:
        done = made.run()
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
    click.echo("stopped" if done else "stopped; a run did not end in time and goes on")
    return 0 if done else exits.FAILED


@schedule.command(short_help="Add a schedule.")
@click.argument("name")
@click.option("--cron", required=True, metavar="TEXT", help='When: "0 2 * * *" is at 2 each night.')
@click.option("--tz", "zone", default="UTC", show_default=True, metavar="ZONE", help="By whose clocks.")
@click.option("--notebook", metavar="NAME", help="The notebook; that of the schedule's name without it.")
@click.option("-f", "--file", "files", type=click.Path(), multiple=True, help="A file of parameters, read at each run.")
@click.option("-p", "--parameter", "texts", type=(str, str), multiple=True, metavar="KEY VALUE", help="A parameter.")
@click.option("--policy", metavar="WORD", help="Of missed runs: once (the latest), skip or all; once without it.")
@click.option(
    "--max-late",
    "max_late_seconds",
    callback=seconds,
    metavar="SPAN",
    help="Later than this nothing is run: 90m, 12h; 1d without it.",
)
@click.option("--retries", type=click.IntRange(0, 20), help="Repeats of a failed run, if it is safe to repeat.")
@click.option("--timeout", "timeout_seconds", callback=seconds, metavar="SPAN", help="Stop a run after so long: 2h.")
@click.option(
    "--expect-every",
    "expect_seconds",
    callback=seconds,
    metavar="SPAN",
    help="Tell of it when nothing was loaded for so long: 26h.",
)
@click.option("--on-failure-url", "failure_url", metavar="URL", help="Is told of failures; env:NAME names a variable.")
@click.option("--on-failure-secret-env", "failure_secret_env", metavar="VARIABLE", help="Holds what signs that.")
@click.option("--on-failure-command", "failure_command", metavar="COMMAND", help="Is run at a failure, by no shell.")
def add(name: str, notebook: str | None, files: tuple[str, ...], **given: Any) -> int:
    """Add a schedule; its notebook and parameters are checked now, as `fcwork run` would.

    A run starts in this folder. The next times are told; `fcwork schedule list` shows them again.
    """
    from pathlib import Path

    from fcwork.schedule import Book, Schedule, absolute, argv

    facts = {key: value for key, value in given.items() if value is not None}
    if "failure_command" in facts:
        facts["failure_command"] = argv(facts["failure_command"])
    paths = tuple(absolute(file) for file in files)
    made = Schedule(name=name, notebook=notebook or name, folder=str(Path.cwd()), files=paths, **facts).checked()
    book = Book()
    book.add(made)
    click.echo(f"{made.name} runs {terminal.visible(made.notebook)}; next:")
    for line in _next(made, book):
        click.echo(f"  {line}")
    if made.expect_seconds and not (made.failure_url or made.failure_command):
        click.echo("nobody is told when no load arrives: name an address or a command for failures", err=True)
    return 0


@schedule.command("list", short_help="List the schedules.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_them(*, as_json: bool) -> int:
    """List the schedules: when each is due next, in UTC, and how its last run ended."""
    from fcwork.schedule import Book

    book = Book()
    known = book.all()
    if as_json:
        click.echo(terminal.as_json([_told(each, book) for each in known]))
    elif known:
        rows = [_row(each, book) for each in known]
        for line in terminal.table(("name", "cron", "zone", "next (UTC)", "last", "notebook"), rows, last_is_free=True):
            click.echo(line)
    else:
        click.echo("no schedules yet; `fcwork schedule add` makes one")
    return 0


@schedule.command(short_help="Show a schedule.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(name: str, *, as_json: bool) -> int:
    """Show a schedule: what it says, its next times, and its last run."""
    from fcwork.schedule import Book

    book = Book()
    found = book.get(name)
    told = _told(found, book)
    if as_json:
        click.echo(terminal.as_json(told))
        return 0
    last, arrival = told.pop("last") or {}, told.pop("arrival") or {}
    told["next"] = "; ".join(_next(found, book)) or "paused"
    rows = [(key, _plain(value)) for key, value in told.items() if value not in (None, "", [], ())]
    rows += [(f"arrival.{key}", _plain(value)) for key, value in arrival.items() if value not in (None, "")]
    rows += [(f"last.{key}", _plain(value)) for key, value in last.items() if value not in (None, "")]
    for line in terminal.table(("what", "value"), rows, last_is_free=True):
        click.echo(line)
    return 0


@schedule.command(short_help="Leave a schedule alone for now.")
@click.argument("name")
def pause(name: str) -> int:
    """Leave a schedule alone until it is resumed; a run that is under way goes on."""
    from fcwork.schedule import Book

    click.echo(f"{name} is paused" if Book().pause(name) else f"{name} was paused already")
    return 0


@schedule.command(short_help="Go on with a paused schedule.")
@click.argument("name")
def resume(name: str) -> int:
    """Go on with a paused schedule; what was due meanwhile is passed over."""
    from fcwork.schedule import Book

    click.echo(f"{name} goes on" if Book().resume(name) else f"{name} was not paused")
    return 0


@schedule.command(short_help="Forget a schedule.")
@click.argument("name")
def remove(name: str) -> int:
    """Forget a schedule; its runs stay, and one that is under way goes on."""
    from fcwork.schedule import Book

    Book().remove(name)
    click.echo(f"{name} is removed")
    return 0


@schedule.command(short_help="Run a schedule now.")
@click.argument("name")
@click.option("--due", "is_due", is_flag=True, help="Run what is due and nothing else, as `fcwork scheduler` does.")
@click.pass_context
def run(ctx: click.Context, name: str, *, is_due: bool) -> int:
    """Run a schedule once now, due or not; refused while a run of it is under way.

    With --due, run what is due by its times and was not run: for a timer of another kind than `fcwork scheduler`.
    """
    from fcwork.schedule import Book, Work, stopped_by_sigterm

    book, quiet = Book(), bool(ctx.find_root().obj)
    with stopped_by_sigterm(), progress.shown(quiet=quiet) as listener:
        work = Work(book, name, on_event=listener)
        turns = work.all_due() if is_due else [work.now()]
    for turn in turns:
        _write(turn)
    if not turns and not quiet:
        click.echo(f"nothing of {name} is due")
    return max((_code(turn) for turn in turns), default=0)


def _code(turn: Turn) -> int:
    return exits.of_state(cast("State", turn.state))


@schedule.command(short_help="Write schedules for another engine.")
@click.argument("names", nargs=-1)
@click.option("--to", "engine", required=True, metavar="ENGINE", help="cron, systemd, airflow or github-actions.")
@click.option("-o", "--output", metavar="FOLDER", help="Write the files there; without it they are shown.")
def export(names: tuple[str, ...], engine: str, output: str | None) -> int:
    """Write schedules, all or those of NAMES, for an engine that is there already; what is there is replaced."""
    from pathlib import Path

    from fcwork.names import did_you_mean
    from fcwork.schedule import Book
    from fcwork.schedule.exporting import ENGINES

    if engine not in ENGINES:
        raise click.BadParameter(f"{engine!r} is none{did_you_mean(engine, ENGINES)}", param_hint="--to")
    book = Book()
    chosen = [book.get(name) for name in names] if names else book.all()
    files = {file: text for each in chosen for file, text in ENGINES[engine](each).items()}
    for file, text in files.items():
        if output is None:
            click.echo(f"# ---- {file}\n{terminal.visible(text, keep=chr(10))}", nl=False)
            continue
        Path(output).mkdir(parents=True, exist_ok=True)
        (Path(output) / file).write_text(text, "utf-8")
        click.echo(str(Path(output) / file))
    return 0


def _write(turn: Turn) -> None:
    if turn.state in {"SUCCEEDED", "SKIPPED"}:
        click.echo(f"{turn.run_id} {turn.state}")
    else:
        exits.tell(f"{turn.run_id} {turn.state}: {turn.reason}")
    if turn.untold:
        exits.tell(f"nobody was told of it: {turn.untold}")


def _next(found: Schedule, book: Book) -> list[str]:
    """Return the next times, by the clocks of the zone and in UTC."""
    from itertools import islice

    if found.paused:
        return []
    times = found.times
    at = islice(times.following(book.clock.now()), _SHOWN)
    return [f"{times.local(each):%a %Y-%m-%d %H:%M:%S %Z} ({each:%Y-%m-%d %H:%M:%S} UTC)" for each in at]


def _row(found: Schedule, book: Book) -> tuple[str, ...]:
    from fcwork.schedule import overdue_since

    after = None if found.paused else found.times.after(book.clock.now())
    due = "paused" if found.paused else f"{after:{_TIME}}" if after else "never"
    turn = book.standing(found.name).turn
    last = f"{turn.state} {turn.instant:%m-%d %H:%M}" if turn else ""
    since = overdue_since(found, book)
    last += f"{last and ', '}OVERDUE since {since:%m-%d %H:%M}" if since else ""
    return found.name, found.cron, found.zone, due, last, found.notebook


def _told(found: Schedule, book: Book) -> dict[str, Any]:
    from dataclasses import asdict
    from itertools import islice

    turn = book.standing(found.name).turn
    after = [] if found.paused else list(islice(found.times.following(book.clock.now()), _SHOWN))
    told = {**found.to_json(), "next": after, "last": asdict(turn) if turn else None}
    return {**told, "arrival": _arrival(found, book)}


def _arrival(found: Schedule, book: Book) -> dict[str, Any] | None:
    """Return when a load arrived last, and whether the next is overdue; None where none is expected."""
    from dataclasses import asdict

    from fcwork.schedule import overdue_since

    waiting = book.arrivals.get(found.name) if found.expect_seconds else None
    return asdict(waiting) | {"overdue_at": overdue_since(found, book)} if waiting else None


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:{_TIME}}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
