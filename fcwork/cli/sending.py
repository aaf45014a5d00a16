"""``fcwork send``: a file to the platform, or what an earlier send could not deliver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, findings, intake, mappings, pairs, summary, terminal, veil
from fcwork.cli.examples import examples
from fcwork.cli.outputs import ROWS, Outputs
from fcwork.cli.progress import Watch, shown
from fcwork.cli.spans import seconds
from fcwork.errors import SourceError

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.ingestion import IngestResult
    from fcwork.mapper import Mapper

_READ_TOO = ("mapping", "rules")


@click.command(
    short_help="Send a file's rows to the platform.",
    epilog=examples(
        "fcwork send stock.csv -m inventory.json --profile acme --dry-run",
        "fcwork send stock.csv -m inventory.json --profile acme --dead-letters dead.csv",
        "fcwork send --replay dead.csv -m inventory.json --profile acme",
        "fcwork send 'in/*.csv' -m inventory.json --profile acme --job per-file --archive archive --errors-to errors",
        "fcwork send products.json --route event -o event '{\"name\": …}' -o rows attributes --profile acme",
        "fcwork send locations.xml -m locations.json --route mutation -o if_exists update --profile acme",
    ),
)
@intake.reads
@mappings.maps(required=False)
@click.option("--rules", metavar="FILE", help="A file of rules: JSON or YAML; without one those of the entity.")
@click.option("--profile", help="A profile of the Fluent CLI, or `simulator`; without one the FLUENT_* variables.")
@click.option("--retailer", help="The name of a retailer of the profile.")
@click.option("--route", default="batch", show_default=True, metavar="batch|event|mutation", help="How rows go.")
@click.option(
    "-o",
    "--option",
    "options",
    type=(str, str),
    multiple=True,
    metavar="KEY VALUE",
    help="Of the route, VALUE as JSON or text: event, mode, per_event; mutation, if_exists, per_request; … Repeatable.",
)
@click.option("--entity", default="INVENTORY", show_default=True, metavar="NAME", help="Of a batch: what rows are.")
@click.option("--job", default="per-run", show_default=True, metavar="per-run|per-file|daily", help="Of a batch.")
@click.option("--preprocessing", default="skip", show_default=True, metavar="skip|enabled", help="Of a batch's job.")
@click.option("--batch-size", default=5_000, show_default=True, type=int, help="Rows a request.")
@click.option("--workers", default=1, show_default=True, type=int, help="Requests at the same time.")
@click.option("--rate", type=float, metavar="N", help="At most so many requests a second.")
@click.option("--deadline", callback=seconds, metavar="SPAN", help="For all of it: 10m, 2h.")
@click.option("--max-rejected", default="0%", show_default=True, metavar="N|N%", help="More, and nothing is sent.")
@click.option("--max-unknown", default=0, show_default=True, type=int, help="More, and it is no success.")
@click.option(
    "--expect",
    metavar="JSON",
    help='Refuse what is far from the loads before: {"rows": "50%", …}; {} for what is usual.',
)
@click.option(
    "--workflow", default="send", show_default=True, metavar="NAME", help="What loads of this kind are called."
)
@click.option("--force", is_flag=True, help="Send also a file that was loaded already, or is not as expected.")
@click.option("--max-files", type=int, metavar="N", help="Of a glob: at most so many files, the oldest first.")
@click.option("--archive", metavar="FOLDER", help="Move a file there when its rows are settled: beside it, or a URI.")
@click.option("--errors-to", metavar="FOLDER", help="Move a file there that could not be read or loaded.")
@click.option("--logs", metavar="FOLDER", help="Write a JSON log of each file's load there.")
@click.option("--dry-run", is_flag=True, help="Read, map and check; send nothing.")
@click.option("--dead-letters", metavar="FILE", help="Write what was not delivered: .csv, .json, .jsonl or .parquet.")
@click.option("--replay", metavar="FILE", help="Instead of SOURCE: a mended file of dead letters.")
@click.option(
    "--with-unknown", is_flag=True, help="With --replay: also rows that may have arrived, where twice is not once."
)
@click.pass_context
def send(ctx: click.Context, /, source: str | None, **given: Any) -> int:
    """Send the rows of SOURCE, a file or a glob, map and check them first, and say what became of each.

    A load that was cut off goes on where it stopped when it is sent again. A file whose content was loaded last under
    its name is skipped. Of several files one that cannot be read is told, and the others are sent.

    Rows that were not delivered are dead letters: mend them in the file, and send it by --replay; findings then tell
    the rows of that file. Of those that may have arrived, only what can be repeated is sent.

    Exit codes: 0 all delivered, or nothing to do; 1 failed; 2 a mistake in the call; 3 rows were rejected or are
    unknown, or the gate was closed.
    """
    from fcwork import session

    source = _source(source, given)
    named = {"--dead-letters": (given["dead_letters"], ROWS)}
    outputs = Outputs(named, [*_files(source, given), *(Path(given[name]) for name in _READ_TOO if given[name])])
    with session.connect(profile=given["profile"], retailer=given["retailer"]) as client:
        mapper = mappings.of_client(given, client)
        result = _sent(client, source, mapper, given, quiet=bool(ctx.obj))
    if result.dead_letters.height:  # else a file that somebody is mending would be emptied
        outputs.dead_letters(given["dead_letters"], result.dead_letters)
    if not ctx.obj:
        for line in _told(result, outputs, given):
            click.echo(line)
    return exits.of_state(result.state)


def _source(source: str | None, given: Mapping[str, Any]) -> str:
    """Return what is to be read, or refuse a call that names nothing, or two things."""
    if given["replay"] is None:
        if given["with_unknown"]:
            raise click.UsageError("--with-unknown goes with --replay.")
        return intake.named(source)
    if source is not None:
        raise click.UsageError("SOURCE and --replay are two things to send: give one of them.")
    return intake.named(given["replay"])


def _files(source: str, given: Mapping[str, Any]) -> list[Path]:
    """Return the files that are to be read; an inbox that is emptied may hold none."""
    try:
        return intake.files(source)
    except SourceError:
        if given["archive"] is None and given["errors_to"] is None:
            raise
        return []


def _sent(
    client: FluentClient, source: str, mapper: Mapper | None, given: Mapping[str, Any], *, quiet: bool
) -> IngestResult:
    from fcwork.ingestion import ingest
    from fcwork.ingestion.letters import read_letters

    reading = intake.options(given)
    replayed = given["replay"] is not None
    with shown(quiet=quiet) as listener:
        watch = Watch(listener)
        plan = ingest(
            client,
            read_letters(source, given["format"], **reading) if replayed else source,
            mapping=mapper,
            rules=given["rules"],
            route=given["route"],
            route_options=pairs.by_key(given["options"]),
            job=given["job"],
            preprocessing=given["preprocessing"],
            entity_type=given["entity"].upper(),
            max_rejected=given["max_rejected"],
            max_unknown=given["max_unknown"],
            expect=pairs.an_object(given["expect"], "--expect"),
            batch_size=given["batch_size"],
            workers=given["workers"],
            rate_per_second=given["rate"],
            deadline_seconds=given["deadline"],
            workflow=given["workflow"],
            force=given["force"],
            resend_unknown=given["with_unknown"],
            max_files=given["max_files"],
            archive=given["archive"],
            errors_to=given["errors_to"],
            logs=given["logs"],
            format=None if replayed else given["format"],
            read_options=None if replayed else reading,
            on_stage=watch.stage,
        )
        return plan.apply(dry_run=given["dry_run"], on_progress=watch.progress)


def _told(result: IngestResult, outputs: Outputs, given: Mapping[str, Any]) -> Iterator[str]:
    from fcwork import frames

    yield click.style(terminal.visible(result.summary), fg=summary.COLOURS.get(result.state, "red"), bold=True)
    if result.dry_run:
        more = "without --dry-run it is" if result.gate.is_open else "and without --dry-run the gate would keep it back"
        yield click.style(f"DRY RUN: nothing was sent; {more}.", fg="yellow", bold=True)
    yield from summary.figures(result.counts)
    yield from findings.lines(veil.issues(frames.enter(result.issues)))
    yield from outputs.told()
    yield from (f"{terminal.visible(file.uri)} → {terminal.visible(file.to)}" for file in result.moved)
    yield from _advice(result, given)


def _advice(result: IngestResult, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to do next; rows of a feed in doubt are not mended one by one."""
    left = result.counts["rejected"] + result.counts["unknown"]
    if not result.gate.is_open and any(code.startswith("feed.") for code in result.counts_by_code):
        yield "\nNext: have the right file sent; if this one is right all the same, load it with --force"
    elif left and not given["dead_letters"] and not result.dry_run:
        yield "\nNext: add --dead-letters dead.csv, mend the rows there, and send them by --replay dead.csv"
    elif given["dead_letters"] and result.dead_letters.height:
        yield f"\nNext: mend the rows in {terminal.visible(given['dead_letters'])}, and send them by --replay"
