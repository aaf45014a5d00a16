"""``fcwork reconcile``: two sides compared by key, and what to do about each difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, findings, intake, pairs, terminal, veil, views
from fcwork.cli.examples import examples
from fcwork.cli.outputs import ROWS, Outputs
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from fcwork.reconciliation import Reconciliation

SHOWN = 10  # differences
_SIDES = ("left", "right")
_FILES = {"--differences": "differences", "--all": "every", "--issues": "issues"}
_DIRECT = ("rule", "within", "beyond", "only_left", "only_right", "as_text", "allow_negative")
_NONE = "none"


def _threshold(_ctx: click.Context, _param: click.Parameter, given: str) -> float | None:
    """Return a threshold, or None where there is to be none; a callback of click."""
    if given == _NONE:
        return None
    try:
        return float(given)
    except ValueError:
        raise click.BadParameter(f"{given!r} is no number, and not {_NONE}") from None


@click.command(
    short_help="Compare two sides by key, and propose what to do.",
    epilog=examples(
        "fcwork reconcile counted.csv system.csv --key sku --compare qty",
        "fcwork reconcile counted.csv fluent:inventory_positions --profile acme --key location_code=locationRef"
        " --key sku=productRef --compare counted_quantity=onHand --only-right none --differences differences.csv",
        "fcwork reconcile channel.csv stock.parquet --key sku --compare qty --buffer 5 --threshold-pct none --json",
    ),
)
@click.argument("left", metavar="LEFT")
@click.argument("right", metavar="RIGHT")
@click.option(
    "--key", "-k", multiple=True, required=True, metavar="NAME|LEFT=RIGHT", help="What a row is about. Repeatable."
)
@click.option(
    "--compare",
    multiple=True,
    metavar="NAME|LEFT=RIGHT",
    help="A quantity; without it all columns of numbers; those of a csv are texts. Repeatable.",
)
@click.option("--left-mapping", metavar="FILE", help="The mapping of the left's rows.")
@click.option("--right-mapping", metavar="FILE", help="The mapping of the right's rows.")
@click.option(
    "--filter", "filters", type=(str, str), multiple=True, metavar="NAME VALUE", help="Of fluent:. Repeatable."
)
@click.option("--profile", help="Of fluent:, a profile of the Fluent CLI, or `simulator`; else the FLUENT_* variables.")
@click.option("--retailer", help="The name of a retailer of the profile.")
@click.option(
    "--threshold-pct", default="5", show_default=True, callback=_threshold, metavar="N|none", help="Per cent."
)
@click.option("--threshold-abs", default="10", show_default=True, callback=_threshold, metavar="N|none", help="Pieces.")
@click.option("--rule", default="all", show_default=True, metavar="all|any", help="Of the thresholds.")
@click.option("--buffer", type=float, metavar="N", help="Kept back of each quantity of the left.")
@click.option("--buffers", metavar="FILE", help="A file of them instead: columns of the key, and buffer.")
@click.option("--less", multiple=True, metavar="NAME", help="A column taken off the left's quantities. Repeatable.")
@click.option(
    "--duplicates",
    default="refuse",
    show_default=True,
    metavar="refuse|sum|min|max|first|last",
    help="Rows of the left that share a key.",
)
@click.option("--within", default="update", show_default=True, metavar="update|none", help="Within the thresholds.")
@click.option("--beyond", default="review", show_default=True, metavar="review|update", help="Beyond them.")
@click.option("--only-left", default="create", show_default=True, metavar="create|review|none", help="Missing right.")
@click.option(
    "--only-right", default="zero", show_default=True, metavar="zero|remove|review|none", help="Missing left."
)
@click.option("--as-text", is_flag=True, help="Compare keys of different types by their texts.")
@click.option("--allow-negative", is_flag=True, help="Take quantities below zero as they are.")
@click.option("--differences", metavar="FILE", help="Write what proposes something: .csv, .json, .jsonl or .parquet.")
@click.option("--all", "every", metavar="FILE", help="Write all lines, those that are equal among them.")
@click.option("--issues", metavar="FILE", help="Write each row that could not be compared, and why.")
@click.option("--json", "as_json", is_flag=True, help="For programs: the counts alone.")
@click.pass_context
def reconcile(ctx: click.Context, /, left: str, right: str, **given: Any) -> int:
    """Compare what should be (LEFT) with what is (RIGHT), and propose what to do about each difference.

    A side is a file, URI or glob; or `fluent:` and an entity, or the path of a .graphql file. Nothing is changed: the
    notebook `reconcile` applies what is approved, and takes the file of --differences with `yes` in a column `approve`.

    Exit codes: 0 all rows were compared, 1 failed, 2 a mistake in the call, 3 rows could not be compared.
    """
    from fcwork.reconciliation import showing

    named = {option: (given[name], ROWS) for option, name in _FILES.items()}
    outputs = Outputs(named, _inputs((left, right), given))
    found = _compared(left, right, given)
    outputs.sheet(given["differences"], "differences", _asking(found))
    outputs.rows(given["every"], "all lines", found.differences)
    issues = veil.issues(showing.issues(found))
    outputs.issues(given["issues"], issues)
    if given["as_json"]:
        click.echo(terminal.as_json(found.to_record()))
    elif not ctx.obj:
        for line in _told(found, issues, outputs):
            click.echo(line)
    return exits.of_state(found.to_record()["state"])


def _inputs(sides: tuple[str, str], given: Mapping[str, Any]) -> list[Path]:
    from fcwork.reconciliation.reading import PLATFORM

    more = [Path(given[name]) for name in ("left_mapping", "right_mapping", "buffers") if given[name]]
    return [*more, *(file for side in sides if not side.startswith(PLATFORM) for file in intake.files(side))]


def _compared(left: str, right: str, given: Mapping[str, Any]) -> Reconciliation:
    from fcwork import reconciliation

    if given["buffer"] is not None and given["buffers"]:
        raise click.UsageError("--buffer and --buffers are two of one thing: give one of them.")
    ours, theirs = _taken(left, right, given)
    return reconciliation.reconcile(
        ours,
        theirs,
        key=_named(given["key"], "--key"),
        compare=_named(given["compare"], "--compare") or None,
        threshold_pct=given["threshold_pct"],
        threshold_abs=given["threshold_abs"],
        buffers=given["buffers"] if given["buffer"] is None else given["buffer"],
        less=given["less"] or None,
        duplicates={"left": given["duplicates"]},
        **{name: given[name] for name in _DIRECT},
    )


def _taken(left: str, right: str, given: Mapping[str, Any]) -> list[pl.DataFrame]:
    """Return both sides; the platform is asked for a side of its own alone."""
    from contextlib import ExitStack

    from fcwork import reconciliation, session
    from fcwork.reconciliation.reading import PLATFORM

    with ExitStack() as stack:
        asked = left.startswith(PLATFORM) or right.startswith(PLATFORM)
        whose = {name: given[name] for name in ("profile", "retailer")}
        client = stack.enter_context(session.connect(**whose)) if asked else None
        filters = pairs.gathered(given["filters"]) or None
        mappings = [given[f"{side}_mapping"] for side in _SIDES]
        return [
            reconciliation.take(side, client=client, mapping=mapping, filters=filters)
            for side, mapping in zip((left, right), mappings, strict=True)
        ]


def _named(given: tuple[str, ...], option: str) -> dict[str, str]:
    """Return columns by their names on both sides."""
    found: dict[str, str] = {}
    for text in given:
        left, _, right = text.partition("=")
        if not left or left in found:
            raise ConfigError(
                f"{option} {text!r} names no column, or one twice", hint=f"{option} sku, or sku=productRef"
            )
        found[left] = right or left
    return found


def _asking(found: Reconciliation) -> pl.DataFrame:
    """Return what proposes something, with a column to be filled in."""
    import polars as pl

    changes: pl.DataFrame = found.changes
    return changes.with_columns(approve=pl.lit(None, pl.String))


def _told(found: Reconciliation, issues: pl.DataFrame, outputs: Outputs) -> Iterator[str]:
    from fcwork.reconciliation import showing

    refused = "yellow" if found.refused else "green"
    yield click.style(terminal.visible(found.summary), fg=refused, bold=True)
    changes = showing.lines(found.changes, found.columns)
    shown = [*found.columns.keys, "field", "old", "new", "action", "reason"]
    yield from views.table(changes.select(shown).head(SHOWN), "difference", of=changes.height)
    yield from findings.lines(issues)
    yield from outputs.told()
