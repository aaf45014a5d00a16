"""``fcwork checkpoints``: sends that have something left, looked into, dropped and cleared away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, terminal
from fcwork.cli.examples import examples
from fcwork.cli.spans import seconds_or_zero

if TYPE_CHECKING:
    from fcwork.recovery import CheckpointView

_DAY_SECONDS = 86_400
SHOWN, REASON = 10, 200  # rows, and characters of why
PILES = ("delivered", "rejected", "unknown", "open")


@click.command(
    short_help="List sends that have something left; look into one, drop it, clear old ones.",
    epilog=examples(
        "fcwork checkpoints",
        "fcwork checkpoints NAME",
        "fcwork checkpoints NAME --drop",
        "fcwork checkpoints --clean 30d",
    ),
)
@click.argument("name", required=False)
@click.option("--drop", is_flag=True, help="Remove NAME: what it had left is not sent any more.")
@click.option("--clean", callback=seconds_or_zero, metavar="SPAN", help="Remove all that nobody touched for so long.")
def checkpoints(name: str | None, *, drop: bool, clean: float | None) -> int:
    """List the sends that are under way, were cut off, or ended with rows that may still go through.

    The load that one belongs to goes on when it is run again; a newer version of the same file supersedes it.

    Exit codes: 0, or 2 where there is no such checkpoint, or one is in use.
    """
    from fcwork import recovery
    from fcwork.errors import CheckpointError

    if (drop and not name) or (name and clean is not None):
        raise click.UsageError("--drop goes with a NAME, and --clean without one.")
    try:
        if clean is not None:
            gone = recovery.clean(older_than_days=clean / _DAY_SECONDS)
            click.echo(f"{gone.height} removed" + "".join(f"\n  {terminal.visible(one)}" for one in gone["name"]))
        elif name and drop:
            recovery.drop(name)
            click.echo(f"{terminal.visible(name)} removed")
        elif name:
            _echo(_view(recovery.show(name)))
        else:
            _echo(_listed(recovery.checkpoints().iter_rows(named=True)))
    except CheckpointError as error:
        exits.tell(str(error))
        return exits.MISTAKE
    return 0


def _echo(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)


def _listed(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    none = True
    for row in rows:
        none = False
        piles = ", ".join(f"{row[pile]:,} {pile}" for pile in PILES if row[pile]) or "nothing sent"
        whose = row["target"] or row["route"] or ""
        yield terminal.visible(
            f"{row['updated_at']:%Y-%m-%d %H:%M}  {row['state']:<11}  {row['name']}  {whose}  {piles}"
        )
    if none:
        yield "no checkpoints: every send is settled"


def _view(view: CheckpointView) -> Iterator[str]:
    import polars as pl

    yield click.style(terminal.visible(str(view)), bold=True)
    left = view.rows.filter(pl.col("_state") != "delivered")
    for row in left.head(SHOWN).iter_rows(named=True):
        why = f"{row['_code']}: {row['_message']}" if row["_code"] else "to send, or to be told of"
        yield terminal.visible(f"  row {row['_row']}  {row['_state']}  {terminal.cut(why, REASON)}")
    if left.height > SHOWN:
        yield f"  and {left.height - SHOWN:,} more"
