"""``fcwork map``: a file through a mapping, without a platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, findings, intake, mappings, terminal, veil, views
from fcwork.cli.examples import examples
from fcwork.cli.outputs import LINES, ROWS, Outputs

if TYPE_CHECKING:
    import polars as pl

    from fcwork.mapper import Mapper, MapResult, Mutations
    from fcwork.sources import ReadResult

PREVIEWED = 20
_FILES = {"--out": "out", "--rejected": "rejected", "--issues": "issues"}


@click.command(
    "map",
    short_help="Map a file's rows by a mapping file.",
    epilog=examples(
        "fcwork map stock.csv -m inventory.json",
        "fcwork map stock.csv -m inventory.json -o mapped.jsonl --rejected rejected.csv --issues issues.csv",
        "fcwork map stock.csv -m inventory.json --preview 3",
        "fcwork map orders.xml --path orders.order -m orders.yml -c retailerId 1 -o orders.jsonl",
        "fcwork map shops.json -m create-location.json --mutations --schema schema.graphql -o requests.jsonl",
        "fcwork map -m inventory.json --explain",
    ),
)
@intake.reads
@mappings.maps(required=True)
@click.option("-o", "--out", metavar="FILE", help="Write the mapped rows: .csv, .json, .jsonl or .parquet.")
@click.option("--rejected", metavar="FILE", help="Write the rejected rows as they were read, each with its reasons.")
@click.option("--issues", metavar="FILE", help="Write every finding, one a line; a csv is made for spreadsheets.")
@click.option(
    "--preview",
    is_flag=False,
    flag_value=str(PREVIEWED),
    metavar="[ROWS]",
    help=f"Show source and target of the first rows side by side ({PREVIEWED} without ROWS); write nothing.",
)
@click.option("--explain", is_flag=True, help="Show the mapping as a table; SOURCE is not needed.")
@click.option("--mutations", is_flag=True, help="Make GraphQL requests; --out takes them as JSON lines.")
@click.option("--schema", metavar="FILE", help="With --mutations: the platform's schema, for types and checks.")
@click.option("--per-request", type=click.IntRange(1), metavar="N", help="With --mutations: the most in one request.")
@click.pass_context
def map_rows(ctx: click.Context, /, source: str | None, **given: Any) -> int:
    """Map the rows of SOURCE, a file or a glob, by a mapping file, and say what became of each. No platform is called.

    Without --out the first mapped rows are shown. With --mutations each line of --out is one request, as
    {"query": …, "variables": …}. Targets that the mapping masks are hidden on the terminal and in issues; the rows
    written by --out and --rejected are whole.

    Exit codes: 0 all rows mapped, 1 failed, 2 a mistake in the call or the mapping, 3 rows were rejected.
    """
    _refuse_what_has_no_effect(given)
    quiet = bool(ctx.obj)
    if given["explain"]:
        _write(views.explained(mappings.load(given)), quiet=quiet)
        return 0
    rows = _rows(given["preview"])
    source = intake.named(source)
    outputs = _outputs(source, given)
    mapper = mappings.load(given)
    read = intake.read(source, given)
    if rows:
        _write(views.previewed(mapper, read, rows), quiet=quiet)
        return 0
    if given["mutations"]:
        return _as_mutations(mapper, read, outputs, given, quiet=quiet)
    return _as_rows(mapper, read, outputs, given, quiet=quiet)


def _refuse_what_has_no_effect(given: Mapping[str, Any]) -> None:
    """Refuse options that say nothing together: a file that nobody writes is worse than an error."""
    shows = next((option for option in ("explain", "preview") if given[option]), None)
    written = [option for option, name in _FILES.items() if given[name]]
    if shows and (written or given["mutations"]):
        what = written[0] if written else "--mutations"
        raise click.UsageError(f"--{shows} shows and does nothing else: leave out --{shows} or {what}.")
    if given["explain"] and given["preview"]:
        raise click.UsageError("--explain and --preview are two calls: leave out one of them.")
    alone = [option for option in ("schema", "per_request") if given[option] and not given["mutations"]]
    if alone:
        raise click.UsageError(f"--{alone[0].replace('_', '-')} goes with --mutations.")


def _rows(preview: str | None) -> int:
    """Return how many rows are to be previewed, 0 for no preview; what follows it may have been meant for SOURCE."""
    if preview is None:
        return 0
    if not preview.isdecimal() or not int(preview):
        text = f"{preview!r} is no number of rows: write SOURCE before it, or --preview={PREVIEWED}"
        raise click.BadParameter(text, param_hint="--preview")
    return int(preview)


def _outputs(source: str, given: Mapping[str, Any]) -> Outputs:
    endings = {"out": LINES} if given["mutations"] else {}
    named = {option: (given[name], endings.get(name, ROWS)) for option, name in _FILES.items()}
    inputs = [*intake.files(source), Path(given["mapping"]), *([Path(given["schema"])] if given["schema"] else [])]
    return Outputs(named, inputs)


def _as_rows(mapper: Mapper, read: ReadResult, outputs: Outputs, given: Mapping[str, Any], *, quiet: bool) -> int:
    result = mapper.apply(read.frame)
    outputs.rows(given["out"], "mapped", result.frame)
    shown = () if given["out"] else views.first(result.frame)
    called = mapper.plan.operation.mutation if mapper.plan.operation else ""
    note = [f"\nThe mapping is of the mutation {called}: --mutations makes its requests."] if called else []
    return _ended(read, result, outputs, given, body=[*shown, *note], quiet=quiet)


def _as_mutations(mapper: Mapper, read: ReadResult, outputs: Outputs, given: Mapping[str, Any], *, quiet: bool) -> int:
    schema = Path(given["schema"]) if given["schema"] else None
    made = mapper.mutations(read.frame, per_request=given["per_request"], schema=schema)
    content = b"".join(request.body + b"\n" for request in made.requests)
    outputs.content(given["out"], "requests", content, views.counted(len(made.requests), "request"))
    large = made.counts["too_large"]
    told = f"\n{views.counted(large, 'request')} too large to be taken: a single row needs more than 2 MB"
    body = [*([told] if large else []), *(() if given["out"] else views.request(made, mapper))]
    code = _ended(read, made, outputs, given, body=body, quiet=quiet)
    return exits.WITH_ERRORS if large else code


def _ended(
    read: ReadResult,
    result: MapResult | Mutations,
    outputs: Outputs,
    given: Mapping[str, Any],
    *,
    body: Sequence[str],
    quiet: bool,
) -> int:
    """Write the rejected rows and the issues, tell all of it, and return the exit code."""
    from fcwork import frames

    issues = veil.issues(frames.join_issues([read.issues, result.issues]), read.frame, read.rejected)
    outputs.rows(given["rejected"], "rejected", intake.refused(read, map=result.rejected), identity=True)
    outputs.issues(given["issues"], issues)
    counts = {"read": read.rejected.height, "map": result.counts["rejected"]}
    rejected = sum(counts.values())
    told = findings.adding_up(read.rows, "mapped", counts)
    head = click.style(told, fg="yellow" if rejected else "green", bold=True)
    _write([head, *findings.lines(issues), *body, *outputs.told(), *_next(given, rejected, issues)], quiet=quiet)
    return exits.WITH_ERRORS if rejected else 0


def _next(given: Mapping[str, Any], rejected: int, issues: pl.DataFrame) -> Iterator[str]:
    """Yield the next step: the rejected rows first, then the mapped ones."""
    missing = [f"{option} {name}.csv" for option, name in _FILES.items() if name != "out" and not given[name]]
    if rejected and given["rejected"]:
        yield f"\nNext: mend the rows in {terminal.visible(given['rejected'])}, and map that file"
    elif rejected:
        yield f"\nNext: add {' '.join(missing)} to see all of it, row by row"
    elif not given["out"]:
        yield f"\nNext: add -o {'requests' if given['mutations'] else 'mapped'}.jsonl to write them"
    elif issues.height and not given["issues"]:
        yield "\nNext: add --issues issues.csv to see all warnings"
    elif not given["mutations"]:
        yield f"\nNext: fcwork check {terminal.visible(given['out'])} --rules FILE, or --entity such as INVENTORY"


def _write(lines: Iterator[str] | Sequence[str], *, quiet: bool) -> None:
    if not quiet:
        for line in lines:
            click.echo(line)
