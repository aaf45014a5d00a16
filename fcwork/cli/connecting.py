"""``fcwork connect``: do the platform and the named places answer, and do what is asked of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from fcwork.cli import exits, terminal
from fcwork.cli.examples import examples
from fcwork.errors import FcworkError

if TYPE_CHECKING:
    import polars as pl


@click.command(
    short_help="Test the connection, step by step.",
    epilog=examples(
        "fcwork connect --profile acme --retailer R1",
        "fcwork connect --profile simulator",
        "fcwork connect warehouse         a connection of connections.toml",
        "fcwork connect --all --read-only",
    ),
)
@click.argument("name", required=False)
@click.option("--profile", help="A profile of the Fluent CLI, or `simulator`; without one the FLUENT_* variables.")
@click.option("--retailer", help="The name of a retailer of the profile.")
@click.option("--all", "everything", is_flag=True, help="The platform, and every connection of connections.toml.")
@click.option("--read-only", is_flag=True, help="Of connections for files only list; write no probe file.")
def connect(name: str | None, profile: str | None, retailer: str | None, *, everything: bool, read_only: bool) -> int:
    """Test the connection: token, GraphQL, job and event access, one by one. Nothing is changed.

    With a NAME: test that connection of connections.toml instead. Its root is listed, and a probe file is written, read
    back, compared and deleted.

    Exit codes: 0 all answered, 1 something did not, 2 the settings are wrong.
    """
    if name and (profile or retailer or everything):
        raise click.UsageError("a NAME is of a connection for files: it goes with --read-only alone")
    if name:
        return _place(name, read_only=read_only)
    if not everything:
        return _platform(profile, retailer)
    from fcwork import sources

    tests = {"the platform": partial(_platform, profile, retailer)}
    tests |= {one: partial(_place, one, read_only=read_only) for one in sources.connections()["name"]}
    return max([_attempted(what, test) for what, test in tests.items()])


def _attempted(what: str, test: Callable[[], int]) -> int:
    """Return the exit code of a test; what cannot be tested at all is told, and does not stop the others."""
    try:
        return test()
    except FcworkError as error:
        click.echo(what)
        _tell("", error.message, error.hint, ok=False)
        return exits.of_error(error)


def _platform(profile: str | None, retailer: str | None) -> int:
    from fcwork import session

    with session.connect(profile=profile, retailer=retailer) as client:
        click.echo(f"{client.target}")
        return _show(session.probe(client))


def _place(name: str, *, read_only: bool) -> int:
    from fcwork import sources

    steps = sources.probe(name, read_only=read_only)
    click.echo(f"{name}://")
    return _show(steps)


def _show(steps: pl.DataFrame) -> int:
    width = max(map(len, steps["step"]), default=0)
    for step in steps.iter_rows(named=True):
        line = f"{step['step']:<{width}}  {step['seconds']:6.2f} s  "
        _tell(line, step["answer"], step["hint"], ok=step["ok"])
    return 0 if steps["ok"].all() else exits.FAILED


def _tell(begin: str, answer: str, hint: str, *, ok: bool) -> None:
    sign = click.style("✓", fg="green") if ok else click.style("✗", fg="red")
    click.echo(f"  {sign} {begin}{terminal.visible(answer)}")
    if hint and not ok:
        click.echo(f"    → {terminal.visible(hint)}")
