"""``fcwork connect`` and ``fcwork simulate``: is there a platform, and a platform of one's own."""

from __future__ import annotations

import shlex
import signal
import threading
from typing import TYPE_CHECKING

import click

from fcwork.cli import exits
from fcwork.cli.examples import examples

if TYPE_CHECKING:
    from fcwork.simulator import Simulator


HEARS_SECONDS = 0.2


@click.command(
    short_help="Test the connection, step by step.",
    epilog=examples("fcwork connect --profile acme --retailer R1", "fcwork connect --profile simulator"),
)
@click.option("--profile", help="A profile of the Fluent CLI, or `simulator`; without one the FLUENT_* variables.")
@click.option("--retailer", help="The name of a retailer of the profile.")
def connect(profile: str | None, retailer: str | None) -> int:
    """Test the connection: token, GraphQL, job and event access, one by one. Nothing is changed.

    Exit codes: 0 all answered, 1 something did not, 2 the settings are wrong.
    """
    from fcwork import session

    with session.connect(profile=profile, retailer=retailer) as client:
        click.echo(f"{client.target}")
        steps = session.probe(client)
    width = max(map(len, steps["step"]), default=0)
    for step in steps.iter_rows(named=True):
        sign = click.style("✓", fg="green") if step["ok"] else click.style("✗", fg="red")
        click.echo(f"  {sign} {step['step']:<{width}}  {step['seconds']:6.2f} s  {step['answer']}")
        if step["hint"] and not step["ok"]:
            click.echo(f"    → {step['hint']}")
    return 0 if steps["ok"].all() else exits.FAILED


@click.command(
    short_help="Run a local Fluent until Ctrl-C.",
    epilog=examples("fcwork simulate", "fcwork simulate --port 0 --positions 250000 --faults faults.json"),
)
@click.option("--port", default=8790, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same data.")
@click.option("--positions", default=2_500, show_default=True, type=click.IntRange(0), help="Inventory positions.")
@click.option("--faults", type=click.Path(), help="A JSON file of faults: what fails, when and how often.")
@click.option("--dialect", type=click.Choice(["platform", "module6"]), default="platform", show_default=True)
def simulate(port: int, seed: int, positions: int, faults: str | None, dialect: str) -> int:
    """Run a local Fluent on this machine's loopback, with throw-away data and credentials, until Ctrl-C.

    It prints the variables that make another terminal talk to it.
    """
    from fcwork.simulator import Faults, Simulator

    script = Faults.load(faults) if faults else None
    simulator = Simulator(seed=seed, positions=positions, faults=script, dialect=dialect, port=port)  # type: ignore[arg-type]  # click checked it
    with simulator:
        _announce(simulator)
        _until_stopped()
    click.echo("\nstopped")
    return 0


def _announce(simulator: Simulator) -> None:
    from fcwork.settings import variable

    click.echo(f"A simulated Fluent answers on {simulator.url}. In another terminal:\n")
    for name, value in simulator.connect().items():
        click.echo(f"  export {variable(name)}={shlex.quote(value)}")
    click.echo("\nCtrl-C stops it; its data goes with it.")


def _until_stopped() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(HEARS_SECONDS):  # a signal taken by another thread wakes no untimed wait
        pass
