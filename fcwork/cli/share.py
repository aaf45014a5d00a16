"""``fcwork share``: runs as pages that anybody can open."""

from __future__ import annotations

import click

from fcwork.cli import terminal
from fcwork.cli.examples import examples


@click.command(
    short_help="Make a page of a run that anybody can open, and an index of all such pages.",
    epilog=examples(
        "fcwork share latest --to /srv/reports",
        "fcwork share 20260115T1200 --to lake://reports --no-code --title 'Stock of 15 January'",
        "fcwork share latest --to reports --mask email --mask phone",
    ),
)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--to", required=True, metavar="FOLDER", help="A folder: a path, s3://…, or below a named place.")
@click.option("--title", help="What heads the page, instead of the notebook's first heading.")
@click.option("--no-code", is_flag=True, help="Leave the code out, and not only folded away.")
@click.option("--mask", multiple=True, metavar="COLUMN", help="Hide the values of a column in the tables.")
def share(runs: tuple[str, ...], to: str, title: str | None, mask: tuple[str, ...], *, no_code: bool) -> None:
    """Write RUNs as pages into a folder, and index.html of all runs that were shared there.

    RUN is an id of `fcwork runs` or a part of one, `latest`, or the path of a run's folder. A page is one file with
    everything in it: it opens from disk, asks no network for anything, and is under 2 MB. Where a known secret stands
    in a run, its page is not written.

    Exit codes: 0, or 2 where there is no such run, a secret stands in it, or the folder cannot be written.
    """
    from fcwork import runner

    if title and len(runs) > 1:
        raise click.UsageError("--title goes with one RUN.")
    for run in runs:
        shared = runner.share(run, to, title=title, code=not no_code, mask=mask)
        click.echo(f"Page   {terminal.visible(shared.page)}")
    click.echo(f"Index  {terminal.visible(shared.index)}")
