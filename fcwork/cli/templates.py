"""``fcwork templates``: notebooks with their parameters filled in, ready to run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import terminal
from fcwork.cli.examples import examples
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from fcwork.runner import Preset


@click.command(
    short_help="List notebooks with their parameters filled in, or show one.",
    epilog=examples("fcwork templates", "fcwork templates --notebook reconcile", "fcwork templates seed-production"),
)
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--notebook", metavar="NAME", help="Only the presets of this notebook.")
def templates(name: str | None, *, notebook: str | None) -> int:
    """List the presets of the workspace and the shipped ones, or show the one of that NAME and how to run it.

    A preset is a file of parameters, for the notebook that declares them all. `fcwork init` makes a workspace, in which
    they can be changed.

    Exit codes: 0 shown, 2 no such preset or none of that notebook, or it cannot be read.
    """
    from fcwork import runner

    if name and notebook:
        raise click.UsageError("--notebook chooses among presets, NAME names one: leave out one of them.")
    known = () if name else runner.presets()
    chosen = [one for one in known if notebook in {None, one.notebook}]
    if notebook and not chosen:
        raise ConfigError(f"no preset is of {notebook}{_near(notebook, known)}", hint="`fcwork templates` lists all")
    for line in _one(runner.preset(name)) if name else _list(chosen):
        click.echo(line)
    return 0


def _near(notebook: str, known: Sequence[Preset]) -> str:
    from fcwork.names import did_you_mean

    return did_you_mean(notebook, {one.notebook for one in known if one.notebook})


def _list(presets: Sequence[Preset]) -> Iterator[str]:
    if not presets:
        yield "no presets: `fcwork init` makes a workspace with the shipped ones"
        return
    rows = [(one.name, one.notebook or "none fits", one.trouble or _about(one)) for one in presets]
    lines = terminal.table(("name", "notebook", "about"), rows, last_is_free=True)
    hang = click.unstyle(lines[0]).index("about")
    yield from (terminal.wrapped(line, hang=hang) for line in lines)
    yield f"\nNext: fcwork templates {shlex.quote(presets[0].name)} shows its parameters and how to run it"


def _about(preset: Preset) -> str:
    """Return what a preset is in a sentence, without its name, which stands before it in a list."""
    told = preset.title.removeprefix(f"{preset.name}, ")
    return f"{told[:1].upper()}{told[1:]}"


def _one(preset: Preset) -> Iterator[str]:
    yield click.style(terminal.visible(preset.name), bold=True)
    yield from (f"  {terminal.visible(line)}" for line in preset.about.splitlines())
    yield f"\n{click.style('Parameters', bold=True)}"
    helps = {parameter.name: parameter.help for parameter in preset.parameters}
    wide = max(map(len, preset.values), default=0)
    for name, value in preset.values.items():
        yield f"  {name:<{wide}}  {terminal.visible(_text(value))}"
        if helps.get(name):
            yield click.style(f"  {'':<{wide}}    {terminal.visible(helps[name])}", dim=True)
    yield from _run(preset)


def _run(preset: Preset) -> Iterator[str]:
    """Yield the command that runs it, from the folder that its own paths are taken from."""
    if not preset.notebook:
        yield "\nNo notebook declares all of these parameters."
        return
    folder = preset.path.parents[1].absolute()
    wanted = {parameter.name for parameter in preset.parameters if parameter.required} - preset.values.keys()
    given = "".join(f" -p {name} …" for name in sorted(wanted))
    whose = " -p PROFILE simulator" if _lacks(preset, "PROFILE") else ""
    command = f"fcwork run {preset.notebook} -f {shlex.quote(str(Path(*preset.path.parts[-2:])))}{given}{whose}"
    yield f"\n{click.style('Run it', bold=True)}"
    if folder != Path.cwd():
        yield f"  cd {terminal.visible(shlex.quote(str(folder)))}"
    yield f"  {terminal.visible(command)}"


def _lacks(preset: Preset, name: str) -> bool:
    return name not in preset.values and any(parameter.name == name for parameter in preset.parameters)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | date) else json.dumps(value, ensure_ascii=False, default=str)
