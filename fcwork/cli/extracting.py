"""``fcwork extract``: an entity or a query of one's own, from the platform to files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fcwork.cli import exits, findings, interrupts, mappings, pairs, summary, terminal, veil, views
from fcwork.cli.examples import examples
from fcwork.cli.outputs import ROWS, Outputs
from fcwork.cli.progress import Watch, shown
from fcwork.cli.spans import seconds_or_zero

if TYPE_CHECKING:
    import polars as pl

    from fcwork.client import FluentClient
    from fcwork.extraction import ExtractResult
    from fcwork.mapper import Mapper

LOOKED_AT = 20  # rows, where they are shown and not written
NEVER = "never"
_DIRECT = ("mode", "since", "until", "watermark", "overlap", "page_size", "max_pages", "errors", "workers", "slices")
_FILES = {"--rejected": "rejected", "--issues": "issues"}
_Command = TypeVar("_Command", bound=Callable[..., Any])
_OPTIONS = (
    click.option(
        "--filter",
        "filters",
        type=(str, str),
        multiple=True,
        metavar="NAME VALUE",
        help="An argument of the connection, or a variable of the query, VALUE as text or JSON. Repeatable: several of "
        "one NAME are a list.",
    ),
    click.option("--path", metavar="NAMES", help="The connection to page where a query has several: order.items."),
    click.option("--to", metavar="URI", help="Where to; may name {entity}, {date}, {time}, {from}, {to} and {run}."),
    click.option("--format", "form", metavar="FORMAT", help="csv, json, jsonl, parquet or xml; told by the name."),
    click.option("--since", metavar="INSTANT", help="Where the window begins; with --watermark, of the first run."),
    click.option("--until", metavar="INSTANT", help="Where it ends; with --watermark, now without it."),
    click.option("--watermark", metavar="NAME", help="What changed since the last run of this name; then it moves."),
    click.option("--keep-watermark", is_flag=True, help="Leave the watermark where it is."),
    click.option(
        "--overlap", callback=seconds_or_zero, metavar="SPAN", help="Begin so long before the watermark; 1m without it."
    ),
    click.option("--mode", metavar="MODE", help="full, range or incremental; told by the other options."),
    click.option("--explode", multiple=True, metavar="COLUMN", help="A list whose items become rows. Repeatable."),
    click.option("--split-rows", type=int, metavar="N", help="Begin another file after so many rows."),
    click.option("--split-mb", type=float, metavar="N", help="Begin another file after so many megabytes."),
    click.option("--partition-by", multiple=True, metavar="COLUMN", help="A folder a value; COLUMN:date by day."),
    click.option("--manifest/--no-manifest", default=None, help="List the files with sizes and hashes."),
    click.option(
        "-o",
        "--option",
        "options",
        type=(str, str),
        multiple=True,
        metavar="KEY VALUE",
        help="Of the format, VALUE as JSON or text: delimiter, envelope, pretty, compression, … Repeatable.",
    ),
    click.option("--page-size", type=int, metavar="N", help="Nodes a page; 200 without it."),
    click.option("--max-records", type=int, metavar="N", help=f"Stop after so many; {LOOKED_AT} without --to."),
    click.option("--max-pages", type=int, metavar="N", help="Stop after so many pages."),
    click.option("--errors", metavar="raise|partial", help="partial keeps pages that come with errors."),
    click.option("--workers", type=int, metavar="N", help="Windows or filters fetched at the same time."),
    click.option("--slices", type=int, metavar="N", help="Ask for the window in so many pieces."),
    click.option("--rate", type=float, metavar="N", help="At most so many requests a second."),
    click.option("--on-invalid", metavar="reject|drop|fail", help="What a row that cannot be mapped leads to."),
    click.option("--restart", is_flag=True, help="Fetch all pages anew, those of a run that was cut off too."),
    click.option("--dry-run", is_flag=True, help="Fetch the first page and map it; write nothing."),
    click.option("--rejected", metavar="FILE", help="Write the rows that could not be mapped, each with its reasons."),
    click.option("--issues", metavar="FILE", help="Write every finding, one a line; a csv is made for spreadsheets."),
    click.option("--profile", help="A profile of the Fluent CLI, or `simulator`; without one the FLUENT_* variables."),
    click.option("--retailer", help="The name of a retailer of the profile."),
    click.option("--list", is_flag=True, help="List the entities."),
    click.option("--watermarks", is_flag=True, help="List the watermarks."),
    click.option(
        "--set-watermark",
        type=(str, str),
        metavar="NAME INSTANT",
        help=f"Set a watermark, so that the next run begins there; {NEVER} forgets it.",
    ),
)


def _asks(command: _Command) -> _Command:
    for decorate in reversed(_OPTIONS):
        command = decorate(command)
    return command


@click.command(
    short_help="Extract from the platform to files.",
    epilog=examples(
        "fcwork extract --list",
        "fcwork extract orders --filter status SHIPPED --profile acme",
        "fcwork extract orders --to out/orders.parquet --explode items --profile acme",
        "fcwork extract inventory_positions --watermark stock --since 2026-01-01 --to 'out/stock-{from}-{to}.csv'",
        "fcwork extract my.graphql --filter ref A-1 -m mapping.json --to rows.jsonl --profile acme",
        "fcwork extract --set-watermark stock 2026-01-15T00:00Z --profile acme",
    ),
)
@click.argument("what", required=False, metavar="[WHAT]")
@mappings.maps(required=False)
@_asks
@click.pass_context
def extract(ctx: click.Context, /, what: str | None, **given: Any) -> int:
    """Extract WHAT: an entity (see --list), the path of a .graphql file, or - for a query from the standard input.

    All pages are fetched and kept, then mapped and written, and only then a watermark moves. A run that was cut off
    goes on after its last page when it is run again. Nothing on the platform is changed. Without --to the first rows
    are shown, and no watermark moves.

    Exit codes: 0 all written, or another worker is at it; 1 failed; 2 a mistake in the call; 3 rows could not be
    mapped, or pages came with errors.
    """
    other = _other(what, given)
    if other:
        for line in other:
            click.echo(line)
        return 0
    outputs = Outputs({option: (given[name], ROWS) for option, name in _FILES.items()}, _inputs(given))
    return _extracted(_named(what), given, outputs, quiet=bool(ctx.obj))


def _extracted(what: str, given: Mapping[str, Any], outputs: Outputs, *, quiet: bool) -> int:
    """Extract, tell of it, and return the exit code."""
    from fcwork import frames, session

    with session.connect(profile=given["profile"], retailer=given["retailer"]) as client:
        mapper = mappings.of_client(given, client)
        with interrupts.remembered() as came:
            try:
                result = _run(client, what, mapper, given, quiet=quiet)
            except BaseException:
                if not came():
                    raise
                exits.tell(f"stopped{_going_on(given)}")
                return exits.STOPPED
    issues = veil.issues(frames.enter(result.issues))
    rejected = frames.enter(result.rejected)
    if rejected.height:
        outputs.rows(given["rejected"], "rejected", rejected, identity=True)
    outputs.issues(given["issues"], issues)
    if not quiet:
        for line in _told(result, issues, given, outputs):
            click.echo(line)
    return exits.of_state(result.state)


def _going_on(given: Mapping[str, Any]) -> str:
    kept = (given["to"] or given["watermark"]) and not given["dry_run"]
    return ": the pages that came are kept, and the same command goes on after the last of them" if kept else ""


def _run(
    client: FluentClient, what: str, mapper: Mapper | None, given: Mapping[str, Any], *, quiet: bool
) -> ExtractResult:
    from fcwork.extraction import extract as extraction

    direct = {name: given[name] for name in _DIRECT if given[name] is not None}
    splits = {"rows": given["split_rows"], "mb": given["split_mb"]}
    with shown(quiet=quiet, shares=False) as listener:
        watch = Watch(listener)
        return extraction(
            client,
            what,
            filters=pairs.gathered(given["filters"]),
            path=given["path"],
            move_watermark=bool(given["to"]) and not given["keep_watermark"],
            mapping=mapper,
            explode=list(given["explode"]) or None,
            on_invalid=given["on_invalid"] or "reject",
            sink=given["to"],
            format=given["form"],
            split={name: size for name, size in splits.items() if size is not None} or None,
            write_options=_write_options(given),
            max_records=LOOKED_AT if given["max_records"] is None and not given["to"] else given["max_records"],
            rate_per_second=given["rate"],
            resume=not given["restart"],
            dry_run=given["dry_run"],
            on_stage=watch.stage,
            on_progress=watch.progress,
            **direct,
        )


def _write_options(given: Mapping[str, Any]) -> dict[str, Any]:
    chosen = pairs.by_key(given["options"])
    if given["partition_by"]:
        chosen["partition_by"] = list(given["partition_by"])
    if given["manifest"] is not None:
        chosen["manifest"] = given["manifest"]
    return chosen


def _named(what: str | None) -> str:
    """Return the entity or the query of a call."""
    if what is None:
        raise click.UsageError("Missing argument 'WHAT': an entity, see --list, or the path of a .graphql file.")
    return sys.stdin.read() if what == "-" else what


def _inputs(given: Mapping[str, Any]) -> list[Path]:
    return [Path(given["mapping"])] if given["mapping"] else []


def _other(what: str | None, given: Mapping[str, Any]) -> list[str]:
    """Return what a call tells that extracts nothing; nothing of one that extracts."""
    chosen = [option for option in _OTHERS if given[option.removeprefix("--").replace("-", "_")]]
    if not chosen:
        return []
    if what is not None or len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)}: a call of its own, without anything to extract.")
    return list(_OTHERS[chosen[0]](given))


def _entities(_: Mapping[str, Any]) -> Iterator[str]:
    from fcwork.extraction import entities

    rows = entities().select("entity", "connection").rows()
    yield from terminal.table(("entity", "connection"), rows, last_is_free=True)
    yield "\nNext: fcwork extract orders shows the first ones; --to FILE writes all"


def _watermarks(_: Mapping[str, Any]) -> Iterator[str]:
    import polars as pl

    from fcwork.extraction import watermarks

    known = watermarks()
    if not known.height:
        yield "no watermarks yet: --watermark NAME --since INSTANT begins one"
        return
    at, moved_at = (pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S") for name in ("at", "moved_at"))
    lines = known.sort("target", "name").select("name", at, "target", moved_at, "run_id").rows()
    yield from terminal.table(("name", "stands at (UTC)", "target", "moved", "by run"), lines, last_is_free=True)


def _set(given: Mapping[str, Any]) -> Iterator[str]:
    from fcwork import session
    from fcwork.extraction import set_watermark

    name, at = given["set_watermark"]
    with session.connect(profile=given["profile"], retailer=given["retailer"]) as client:
        set_watermark(client, name, None if at == NEVER else at)
        told = "is forgotten" if at == NEVER else f"stands at {at}"
        lasts = ", and goes with this process, as the simulator's data do" if client.target == session.TARGET else ""
        yield terminal.visible(f"the watermark {name} of {client.target} {told}{lasts}")


_OTHERS = {"--list": _entities, "--watermarks": _watermarks, "--set-watermark": _set}


def _told(result: ExtractResult, issues: pl.DataFrame, given: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
    yield click.style(terminal.visible(result.summary), fg=summary.COLOURS.get(result.state, "red"), bold=True)
    if result.dry_run:
        yield click.style("DRY RUN: nothing was written; without --dry-run it is.", fg="yellow", bold=True)
    if result.watermark:
        moved = "moved" if result.moved else "not moved"
        yield f"  watermark {terminal.visible(given['watermark'])}: {result.watermark:%Y-%m-%d %H:%M:%S} UTC, {moved}"
    yield from findings.lines(issues)
    if result.frame is not None:
        yield from views.table(result.frame.head(max(given["max_records"] or 0, LOOKED_AT)), "row", of=result.rows)
    yield from outputs.told()
    yield from _next(result, given)


def _next(result: ExtractResult, given: Mapping[str, Any]) -> Iterator[str]:
    if result.state == "FAILED" and not result.counts["rejected"]:
        yield "\nNext: run it again; nothing was written, and the watermark stands where it stood"
    elif result.counts["rejected"] and not given["rejected"]:
        yield "\nNext: add --rejected rejected.csv, mend the mapping, and run it again"
    elif result.frame is not None and not result.complete and not result.dry_run:
        yield f"\nThere may be more than these {result.rows:,}: --to FILE writes all, --max-records N shows more"
    elif result.limited and not result.dry_run:
        yield "\nThere may be more: it stopped at a limit of the call"
