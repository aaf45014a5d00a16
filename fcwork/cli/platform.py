"""``fcwork simulate``: a platform of one's own."""

from __future__ import annotations

import shlex
import signal
import threading
from typing import TYPE_CHECKING

import click

from fcwork.cli.examples import examples

if TYPE_CHECKING:
    from fcwork.simulator import Simulator


HEARS_SECONDS = 0.2


@click.command(
    short_help="Run a local Fluent until Ctrl-C.",
    epilog=examples(
        "fcwork simulate",
        "fcwork simulate --port 0 --positions 250000 --faults faults.json",
        "fcwork simulate --webhooks http://127.0.0.1:8791/webhooks",
    ),
)
@click.option("--port", default=8790, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same data.")
@click.option("--positions", default=2_500, show_default=True, type=click.IntRange(0), help="Inventory positions.")
@click.option("--faults", type=click.Path(), help="A JSON file of faults: what fails, when and how often.")
@click.option("--dialect", type=click.Choice(["platform", "module6"]), default="platform", show_default=True)
@click.option("--webhooks", metavar="URL", help="Post a signed webhook here for each event that takes effect.")
def simulate(*, port: int, seed: int, positions: int, faults: str | None, dialect: str, webhooks: str | None) -> int:
    """Run a local Fluent on this machine's loopback, with throw-away data and credentials, until Ctrl-C.

    It prints the variables that make another terminal talk to it.
    """
    from fcwork.simulator import Faults, Simulator

    script = Faults.load(faults) if faults else None
    simulator = Simulator(
        seed=seed,
        positions=positions,
        faults=script,
        dialect=dialect,  # type: ignore[arg-type]  # click checked it
        port=port,
        webhook_url=webhooks,
    )
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
