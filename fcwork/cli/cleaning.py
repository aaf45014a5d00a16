"""``fcwork clean``: what is old and needed by nobody is shown, and removed where that is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from fcwork.cli import terminal
from fcwork.cli.examples import examples
from fcwork.cli.spans import as_text, seconds_or_zero

if TYPE_CHECKING:
    import polars as pl

USUAL_AGE, SHOWN = "30d", 10  # names of a pile
KINDS = ("runs", "checkpoints", "extractions", "events")
RUNS = {
    "run": "runs",
    "sweep": "sweeps",
    "interactive": "notebooks that people ran",
    "draft": "half-written files",
    "passing": "temporary folders of processes that are gone",
}
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pile:
    """What goes of one kind: how many, their bytes, and the names of those that have some."""

    what: str
    count: int
    bytes: int
    names: tuple[str, ...] = ()


@click.command(
    short_help="Show what is old, and remove it.",
    epilog=examples(
        "fcwork clean",
        "fcwork clean --yes",
        "fcwork clean runs --older-than 90d --keep 200 --yes",
        "fcwork clean checkpoints events --yes",
    ),
)
@click.argument("what", nargs=-1, type=click.Choice(KINDS), metavar="[WHAT]...")
@click.option(
    "--older-than",
    default=USUAL_AGE,
    show_default=True,
    callback=seconds_or_zero,
    metavar="SPAN",
    help="90m, 12h, 30d, 4w.",
)
@click.option(
    "--keep", default=50, show_default=True, type=click.IntRange(0), help="So many of the latest runs stay at any age."
)
@click.option("--yes", is_flag=True, help="Remove it; without this it is only shown.")
def clean(what: tuple[str, ...], *, older_than: float, keep: int, yes: bool) -> int:
    """Show what is old and needed by nobody, and with --yes remove it. WHAT is all of these unless named:

    runs: the folders of runs, of sweeps and of notebooks that people ran; never one that is under way or has rows left
    to send. With them go what was half written, and temporary folders, where a process was killed.
    checkpoints: of sends that a newer version of their file superseded; `fcwork checkpoints` shows the others.
    extractions: pages of extractions that were cut off, and for so long that none goes on with them (a day at least).
    events: messages of the receiver's inbox that were handled or dropped, requests that it refused, and the files that
    notebooks were given.

    Jobs go by themselves, a week after their last sign of life. Dead letters in the folder of a run go with the run;
    those in folders of your own (--dead-letters, ERROR_FOLDER) are yours, and stay.

    Exit codes: 0 done, 1 something cannot be read, 2 a mistake in the call. What cannot be removed stays, and is told.
    """  # noqa: D415 - the list goes on
    age = timedelta(seconds=older_than)
    looks: tuple[Callable[..., Iterator[Pile]], ...] = (partial(_runs, keep=keep), _sends, _extractions, _events)
    piles = [
        pile for name, look in zip(KINDS, looks, strict=True) if not what or name in what for pile in look(age, yes=yes)
    ]
    for pile in piles:
        _tell(pile)
    total = size(sum(pile.bytes for pile in piles))
    if not any(pile.count for pile in piles):
        click.echo(f"nothing is older than {as_text(older_than)} and needed by nobody")
    else:
        click.echo(f"{total} came back" if yes else f"{total} would come back: add --yes, as nothing was removed yet")
    return 0


def size(count: float) -> str:
    """Return a number of bytes as people say it."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1_000:  # noqa: PLR2004 - of one unit in the next
            return f"{count:,.0f} bytes" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1_000
    return f"{count:,.1f} GB"


def _runs(age: timedelta, *, keep: int, yes: bool) -> Iterator[Pile]:
    from fcwork import runner

    gone = runner.clean(older_than_days=age / _DAY, keep=keep, dry_run=not yes)
    for kind, told in RUNS.items():
        yield _pile(told, gone.filter(gone["kind"] == kind), "id")


def _sends(age: timedelta, *, yes: bool) -> Iterator[Pile]:
    from fcwork import recovery

    gone = recovery.clean(older_than_days=age / _DAY, settled=True, dry_run=not yes)
    yield _pile("superseded checkpoints", gone, "name")


def _extractions(age: timedelta, *, yes: bool) -> Iterator[Pile]:
    from fcwork import extraction

    gone = extraction.clean(older_than_days=age / _DAY, dry_run=not yes)
    yield _pile("extractions that were cut off", gone, "name")


def _events(age: timedelta, *, yes: bool) -> Iterator[Pile]:
    from fcwork import receiver

    for gone in receiver.clean(older_than_seconds=age.total_seconds(), dry_run=not yes):
        yield Pile(gone.what, gone.count, gone.bytes)


def _pile(what: str, gone: pl.DataFrame, name: str) -> Pile:
    return Pile(what, gone.height, int(gone["bytes"].sum()), tuple(gone[name]))


def _tell(pile: Pile) -> None:
    if not pile.count:
        return
    click.echo(f"{pile.count:,} {pile.what}, {size(pile.bytes)}")
    for name in pile.names[:SHOWN]:
        click.echo(f"  {terminal.visible(name)}")
    if len(pile.names) > SHOWN:
        click.echo(f"  and {len(pile.names) - SHOWN:,} more")
