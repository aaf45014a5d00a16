"""``fcwork run``: execute a notebook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from fcwork.cli import exits, progress, summary, sweeping
from fcwork.cli.examples import examples
from fcwork.cli.limits import limits


@click.command(
    short_help="Run a notebook with parameters.",
    context_settings={"help_option_names": []},
    epilog=examples(
        "fcwork run ingestion --help",
        "fcwork run ingestion -p SOURCE stock.csv -p MAPPING stock.json -p PROFILE acme",
        "fcwork run ingestion -f nightly.yml -p DRY_RUN false",
        "fcwork run ./mine.ipynb --timeout 2h --cell-timeout 10m",
        "fcwork run ingestion -f common.yml --sweep stores.csv --parallel 4",
        "fcwork run --resume latest",
    ),
)
@click.argument("name", required=False)
@click.option("-p", "--parameter", "texts", type=(str, str), multiple=True, metavar="KEY VALUE", help="A parameter.")
@click.option("-f", "--file", "files", type=click.Path(), multiple=True, help="A YAML or JSON file of parameters.")
@limits
@sweeping.sweeps
@click.option("-h", "--help", "wants_help", is_flag=True, help="Show this message, with NAME its parameters.")
@click.pass_context
def run(
    ctx: click.Context,
    /,
    name: str | None,
    texts: tuple[tuple[str, str], ...],
    files: tuple[str, ...],
    *,
    wants_help: bool,
    **options: Any,
) -> int:
    """Run a notebook: NAME is one of the workspace's or the shipped notebooks, or a path.

    What -p says goes before what a file says, and that before the environment: FCWORK_PARAM_SOURCE is the parameter
    SOURCE. The parameters are checked before anything starts. Each run leaves a folder under .fcwork/runs with the
    executed notebook, a page to read, the parameters, the events and result.json.

    With --sweep it is run once for each row of a file, in which each column is a parameter and an empty cell gives
    nothing; a column `run` names rows. All rows are checked before the first is run, and `-` reads a csv from the
    standard input. A sweep that was cut off goes on with --resume: what SUCCEEDED or was SKIPPED is not run again.

    Exit codes: 0 success, 1 failed or too slow, 2 a mistake in the call, 3 refused by its gate or completed with
    errors, 130 Ctrl-C. A sweep ends with 130 where it was stopped, else with the gravest of its runs': 1, 2, 3, 0.
    """
    if wants_help:
        click.echo(ctx.get_help())
        _show_parameters(name)
        return 0
    if (sweep := sweeping.wanted(options)) is not None:
        return sweeping.execute(name, texts, files, sweep, quiet=bool(ctx.obj), **options)
    if not name:
        from fcwork import runner

        raise click.UsageError(f"Missing argument 'NAME'. Known: {', '.join(runner.names())}", ctx)
    return execute(name, texts, files, quiet=bool(ctx.obj), **options)


def execute(
    name: str, texts: tuple[tuple[str, str], ...], files: tuple[str, ...], *, quiet: bool, **options: Any
) -> int:
    """Run a notebook with progress and summary, and return the exit code; the options are those of ``runner.run``."""
    from fcwork import runner

    values = {key: value for file in files for key, value in runner.read_file(file).items()}
    given = values.keys() | {key for key, _ in texts}
    texts = (*(pair for pair in runner.from_environment(os.environ) if pair[0] not in given), *texts)
    with progress.shown(quiet=quiet) as listener:
        result = runner.run(name, values, texts=texts, on_event=listener, **options)
    with exits.even_unheard():
        summary.write(result, quiet=quiet)
    return exits.of_run(result)


def _show_parameters(name: str | None) -> None:
    from fcwork import runner

    if not name:
        click.echo(f"\nNotebooks: {', '.join(runner.names())}")
        return
    notebook = runner.find(name)
    click.echo(f"\nParameters of {notebook.name} ({_shortest(notebook.path)}):")
    formatter = click.HelpFormatter(max_width=100, width=100)
    rows = []
    for parameter in runner.declared(notebook):
        given = "required" if parameter.default is None else f"default {parameter.default}"
        rows.append((f"-p {parameter.name}", f"{parameter.type}, {given}. {parameter.help}"))
    formatter.indent()
    formatter.write_dl(rows or [("none", "this notebook takes no parameters")])
    click.echo(formatter.getvalue().rstrip())


def _shortest(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
