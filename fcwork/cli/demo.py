"""``fcwork demo``: the main job on the simulator, with planted faults, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fcwork.cli import exits, progress, summary
from fcwork.cli.examples import examples

PRESET = Path("presets", "demo.yml")
SIMULATOR = Path("presets", "demo.simulator.json")


@click.command(short_help="Load a sample with planted faults into the simulator.", epilog=examples("fcwork demo"))
@click.pass_context
def demo(ctx: click.Context) -> int:
    """Load 10,000 rows with planted faults into the embedded simulator, and see how each row is accounted for.

    Nothing is set up and no platform is called. The sample holds bad quantities, missing references, duplicates and
    a record that the platform refuses; the simulator fails now and then. It ends completed with errors, on purpose.
    """
    from fcwork import runner

    quiet = bool(ctx.obj)
    shipped = runner.shipped()
    if not quiet:
        _welcome()
    values = {name: _in(shipped, value) for name, value in runner.read_file(shipped / PRESET).items()}
    environment = {"FCWORK_SIMULATOR": str(shipped / SIMULATOR)}
    with progress.shown(quiet=quiet) as listener:
        result = runner.run(shipped / "ingestion.ipynb", values, environment=environment, on_event=listener)
    summary.write(result, quiet=quiet)
    if result.state not in {"SUCCEEDED", "COMPLETED_WITH_ERRORS"}:
        return exits.of_run(result) or exits.FAILED
    if not summary.adds_up(result.figures):
        exits.tell("the figures do not add up: rows were lost or counted twice")
        return exits.FAILED
    if not quiet:
        click.echo("\nThe errors were planted: the good rows arrived, and the report says why the others did not.")
        click.echo("Next: fcwork lab my-workspace makes a workspace of your own and opens JupyterLab on it")
    return 0


def _welcome() -> None:
    click.echo("Loading 10,000 stock rows, some of them broken on purpose, into the ", nl=False)
    click.secho("SIMULATOR", fg="cyan", bold=True, nl=False)
    click.echo(" inside this command.\nNo account, no network, nothing to set up.\n")


def _in(folder: Path, value: Any) -> Any:
    """Return a preset's value; one that names a file beside the notebooks names it wherever we are."""
    if isinstance(value, str) and not Path(value).is_absolute() and (folder / value).is_file():
        return str(folder / value)
    return value
