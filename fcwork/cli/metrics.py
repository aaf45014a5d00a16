"""``fcwork metrics``: the runs as Prometheus reads them."""

from __future__ import annotations

from pathlib import Path

import click

from fcwork.cli import terminal
from fcwork.cli.examples import examples


@click.command(
    short_help="Show the runs as Prometheus reads them.",
    epilog=examples(
        "fcwork metrics",
        "fcwork metrics --to /var/lib/node_exporter/fcwork.prom",
        "FCWORK_METRICS=/var/lib/node_exporter/fcwork.prom fcwork run ingestion -f nightly.yml",
    ),
)
@click.option("--to", "file", type=click.Path(dir_okay=False), metavar="FILE", help="Write them there, whole.")
def metrics(file: str | None) -> int:
    """Show the runs of this workspace in the text format of Prometheus: states, times, durations, rows by outcome.

    They are made of the run folders each time, and name notebook, target and schedule. With FCWORK_METRICS each run
    writes the file that it names when it has ended, for the text file collector of a node exporter.

    Exit codes: 0 done, 2 the file cannot be written.
    """
    from fcwork import runner

    if file is None:
        click.echo(runner.exposition(), nl=False)
    else:
        click.echo(f"written  {terminal.visible(str(runner.write_metrics(Path(file).expanduser().absolute())))}")
    return 0
