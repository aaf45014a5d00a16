"""``fcwork runs``: look back at runs, tell two apart, make one again, open its page."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Iterable, Iterator
from contextlib import chdir, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, pastruns, progress, summary, sweeping, terminal
from fcwork.cli.examples import examples
from fcwork.cli.spans import since as instant

if TYPE_CHECKING:
    from fcwork.runner import PastRun


@click.group(
    invoke_without_command=True,
    short_help="List the runs; show, compare, repeat or open one.",
    epilog=examples(
        "fcwork runs -n 5",
        "fcwork runs --state failed --state lost --since 2d",
        "fcwork runs --sweep latest",
        "fcwork runs show latest",
        "fcwork runs diff 20260115T0200 20260116T0200",
        "fcwork runs rerun latest -p DRY_RUN false",
    ),
)
@click.option("--name", metavar="PATTERN", help="Only runs of this notebook; * stands for any letters.")
@click.option(
    "--state", "states", multiple=True, metavar="STATE", help="Only runs of this state; several may be given."
)
@click.option("--since", metavar="WHEN", help="Only runs since: 2026-01-15, 2026-01-15T08:00Z, or 90m, 12h, 2d, 1w.")
@click.option(
    "-n", "--limit", default=20, show_default=True, type=click.IntRange(1), help="How many, the latest first."
)
@click.option("--sweep", "sweep_id", metavar="ID", help="How the rows of this sweep stand, or of the latest.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of runs.")
@click.pass_context
def runs(
    ctx: click.Context,
    *,
    name: str | None,
    states: tuple[str, ...],
    since: str | None,
    limit: int,
    sweep_id: str | None,
    as_json: bool,
) -> int | None:
    """List the runs of this workspace, the latest first.

    A run without a result is RUNNING, LOST where the process that ran it is gone, or UNFINISHED where that cannot be
    told from here. Where a verb takes an ID, as much of its beginning as no other has is enough, or its last digits,
    or `latest`, or the path of the run's folder. Times are in UTC.

    Exit codes: 0 done, 2 a mistake in the call or no such run; `rerun` ends as `fcwork run` does.
    """
    if ctx.invoked_subcommand:
        return None
    if sweep_id is not None:
        if name or states or since:
            raise click.UsageError("--sweep shows all rows of a sweep: leave --name, --state and --since away.", ctx)
        return _sweep(sweep_id, as_json=as_json)
    from fcwork import runner

    wanted = [state.upper() for state in states] or None
    known = runner.history(name, state=wanted, since=instant(since) if since else None, limit=limit)
    if as_json:
        click.echo(terminal.as_json(known.to_dicts()))
        return 0
    if not known.height:
        chosen = name or states or since
        click.echo(terminal.visible("no such runs" if chosen else f"no runs yet in {runner.runs()}"))
    _echo(map(pastruns.line, known.iter_rows(named=True)))
    return 0


@runs.command(short_help="Show a run.", epilog=examples("fcwork runs show latest", "fcwork runs show latest --json"))
@click.argument("run_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(run_id: str, *, as_json: bool) -> int:
    """Show a run: how it ended and why, its parameters, figures and stages, its files and its job."""
    from fcwork import runner

    past = runner.past(run_id)
    if as_json:
        click.echo(terminal.as_json(past.to_dict()))
    else:
        _echo(pastruns.page(past))
    return 0


@runs.command(short_help="Say what is different between two runs.", epilog=examples("fcwork runs diff 3f2a latest"))
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def diff(before: str, after: str, *, as_json: bool) -> int:
    """Say what is different from run A to run B: the end, the parameters, the figures, the cells of the notebook."""
    from fcwork import runner

    found = runner.compare(before, after)
    if as_json:
        click.echo(terminal.as_json(found.to_dict()))
    else:
        _echo(pastruns.difference(found))
    return 0


@runs.command(
    short_help="Run again what was run before.",
    epilog=examples("fcwork runs rerun latest", "fcwork runs rerun latest -p DRY_RUN false"),
)
@click.argument("run_id", metavar="ID")
@click.option("-p", "--parameter", "texts", type=(str, str), multiple=True, metavar="KEY VALUE", help="A new value.")
@click.pass_context
def rerun(ctx: click.Context, run_id: str, texts: tuple[tuple[str, str], ...]) -> int:
    """Run a notebook again as it was then, with the values that it had, from the folder that it was run from.

    It is refused where the notebook was not kept, or what was kept was changed.
    """
    from fcwork import runner

    past, quiet = runner.past(run_id), bool(ctx.obj)
    with _there(past), progress.shown(quiet=quiet) as listener:
        result = runner.rerun(past, texts=texts, on_event=listener)
    summary.write(result, quiet=quiet)
    return exits.of_run(result)


@runs.command("open", short_help="Open a run's page.", epilog=examples("fcwork runs open latest"))
@click.argument("run_id", metavar="ID")
@click.option("--no-browser", is_flag=True, help="Print the path and open nothing.")
def open_page(run_id: str, *, no_browser: bool) -> int:
    """Print the path of a run's page, or of its folder, and open the page in a browser where there is one."""
    from fcwork import runner

    past = runner.past(run_id)
    click.echo(terminal.visible(str(past.page or past.folder)))
    if past.page and not no_browser and _has_screen():
        webbrowser.open(past.page.as_uri())
    return 0


def _sweep(sweep_id: str, *, as_json: bool) -> int:
    """Show how the rows of a sweep stand."""
    from fcwork.runner.sweeping import look

    told = look(sweep_id)
    _echo([sweeping.as_json(told)] if as_json else sweeping.lines(told))
    return 0


def _there(past: PastRun) -> Any:
    """Go where a run was made, as its relative paths are taken from there."""
    told = past.beginning.get("working_folder")
    folder = Path(told) if isinstance(told, str) else Path.cwd()
    if folder.is_dir() and folder != Path.cwd():
        click.echo(terminal.visible(f"in {folder}"), err=True)
        return chdir(folder)
    return nullcontext()


def _has_screen() -> bool:
    """Say whether a browser could show itself; one of a terminal would take the terminal over."""
    return sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _echo(lines: Iterable[str] | Iterator[str]) -> None:
    for line in lines:
        click.echo(line)
