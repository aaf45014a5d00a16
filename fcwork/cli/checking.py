"""``fcwork check``: a file, mapped or as it stands, judged by rules, without a platform."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, findings, intake, mappings, terminal, veil
from fcwork.cli.examples import examples
from fcwork.cli.outputs import PAGE, ROWS, Outputs

if TYPE_CHECKING:
    import polars as pl

    from fcwork.mapper import Mapper
    from fcwork.sources import ReadResult
    from fcwork.validator import CheckResult, Validator

_FILES = {
    "--valid": ("valid", ROWS),
    "--rejected": ("rejected", ROWS),
    "--issues": ("issues", ROWS),
    "--report": ("report", PAGE),
}
_READ_TOO = ("mapping", "rules", "schema")


@dataclass(frozen=True)
class _Checked:
    """What became of a source: its rows are those read, mapped and checked."""

    read: ReadResult
    mapped: pl.DataFrame
    unmapped: pl.DataFrame
    result: CheckResult
    issues: pl.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """The rejected rows by stage."""
        rejected = {"read": self.read.rejected.height, "map": self.unmapped.height}
        return {**rejected, "check": self.result.rejected_count}

    @property
    def refused(self) -> bool:
        """Whether there is an error, of a row or of all of them together."""
        return bool(sum(self.counts.values())) or not self.result.ok


@click.command(
    short_help="Check a file's rows by rules.",
    epilog=examples(
        "fcwork check stock.csv --rules rules.yml",
        "fcwork check stock.csv -m inventory.json --entity INVENTORY --report check.html",
        "fcwork check locations.jsonl --schema schema.graphql --input CreateLocationInput",
        "fcwork check stock.csv --rules rules.yml --valid good.csv --rejected bad.csv --issues issues.csv",
    ),
)
@intake.reads
@click.option("--rules", metavar="FILE", help="A file of rules: JSON or YAML.")
@click.option("--entity", metavar="NAME", help="The rules of one of the platform's entities, such as INVENTORY.")
@click.option("--schema", metavar="FILE", help="With --input: a GraphQL schema, as SDL or an introspection result.")
@click.option("--input", "input_type", metavar="TYPE", help="With --schema: the input type that rows are to be.")
@mappings.maps(required=False)
@click.option("--valid", metavar="FILE", help="Write the valid rows: .csv, .json, .jsonl or .parquet.")
@click.option("--rejected", metavar="FILE", help="Write the rejected rows as they were read, each with its reasons.")
@click.option("--issues", metavar="FILE", help="Write every finding, one a line; a csv is made for spreadsheets.")
@click.option("--report", metavar="FILE", help="Write a page for people: .html.")
@click.pass_context
def check(ctx: click.Context, /, source: str | None, **given: Any) -> int:
    """Check the rows of SOURCE, a file or a glob, and say which rules they break. No platform is called.

    The rules are those of a file, of an entity, or of an input type of a GraphQL schema. With a mapping the rows are
    mapped first; targets that it masks are hidden on the terminal, in issues and in the report.

    Exit codes: 0 all rows valid, 1 failed, 2 a mistake in the call, the mapping or the rules, 3 rows were rejected, or
    all of them together break a rule.
    """
    _refuse_two_of_one(given)
    source = intake.named(source)
    outputs = Outputs(
        {option: (given[name], endings) for option, (name, endings) in _FILES.items()}, _inputs(source, given)
    )
    validator = _validator(given)
    mapper = mappings.load(given) if given["mapping"] else None
    checked = _checked(intake.read(source, given), mapper, validator)
    _put_out(checked, outputs, given, source)
    if not ctx.obj:
        for line in _told(checked, outputs, given):
            click.echo(line)
    return exits.WITH_ERRORS if checked.refused else 0


def _refuse_two_of_one(given: Mapping[str, Any]) -> None:
    """Refuse a call that names no rules, or two sorts of them, or half of one."""
    chosen = [f"--{name}" for name in ("rules", "entity", "schema") if given[name] is not None]
    if given["input_type"] is not None and "--schema" not in chosen:
        raise click.UsageError("--input names a type of a schema: give --schema FILE too.")
    if not chosen:
        raise click.UsageError("No rules: give --rules FILE, --entity NAME, or --schema FILE with --input TYPE.")
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} are different rules: check by one of them at a time.")
    if given["schema"] is not None and given["input_type"] is None:
        raise click.UsageError("--schema holds many types: give --input TYPE too, such as CreateLocationInput.")
    alone = [name for name in ("context", "resolvers", "lenient") if given[name]]
    if alone and not given["mapping"]:
        raise click.UsageError(f"--{alone[0]} goes with --mapping.")


def _inputs(source: str, given: Mapping[str, Any]) -> list[Path]:
    return [*intake.files(source), *(Path(given[name]) for name in _READ_TOO if given[name])]


def _validator(given: Mapping[str, Any]) -> Validator:
    from fcwork.validator import Validator

    if given["rules"] is not None:
        return Validator.load(given["rules"])
    if given["entity"] is not None:
        return Validator.for_entity(given["entity"].upper())
    return Validator.from_schema(Path(given["schema"]), given["input_type"])


def _checked(read: ReadResult, mapper: Mapper | None, validator: Validator) -> _Checked:
    from fcwork import frames

    if mapper is None:
        result = validator.check(read.frame)
        issues = veil.issues(frames.join_issues([read.issues, result.issues]), read.frame, read.rejected)
        return _Checked(read, read.frame, read.rejected.clear(), result, issues)
    mapped = mapper.apply(read.frame)
    result = validator.check(mapped.frame)
    issues = frames.join_issues([read.issues, mapped.issues, result.issues])
    return _Checked(
        read, mapped.frame, mapped.rejected, result, veil.issues(issues, read.frame, read.rejected, mapped.frame)
    )


def _put_out(checked: _Checked, outputs: Outputs, given: Mapping[str, Any], source: str) -> None:
    """Write the files that the call names."""
    result = checked.result
    outputs.rows(given["valid"], "valid", result.valid)
    rejected = intake.refused(checked.read, map=checked.unmapped, check=result.rejected)
    outputs.rows(given["rejected"], "rejected", rejected, identity=True)
    outputs.issues(given["issues"], checked.issues)
    if given["report"]:
        page = _of_all_stages(checked).to_html(title=f"Check of {source}")
        outputs.content(given["report"], "report", page.encode(), "")


def _of_all_stages(checked: _Checked) -> CheckResult:
    """Return the result of the check with the rows that did not come as far as that among the rejected ones."""
    earlier = checked.counts["read"] + checked.counts["map"]
    result = dataclasses.replace(checked.result, issues=checked.issues)
    if not earlier:
        return result
    return dataclasses.replace(
        result,
        ok=False,
        total=result.total + earlier,
        rejected_count=result.rejected_count + earlier,
        summary=_sum(checked),
    )


def _told(checked: _Checked, outputs: Outputs, given: Mapping[str, Any]) -> Iterator[str]:
    import polars as pl

    whole = pl.col("row").is_null() & (pl.col("severity") == "error")
    yield click.style(_sum(checked), fg="yellow" if checked.refused else "green", bold=True)
    for message in checked.issues.filter(whole)["message"]:
        yield click.style(f"Refused as a whole: {terminal.visible(message)}", fg="yellow", bold=True)
    yield from findings.lines(checked.issues.filter(~whole))
    if checked.result.tolerated:
        yield f"\nTolerated: {terminal.visible('; '.join(checked.result.tolerated))}"
    yield from outputs.told()
    yield from _next(checked, given)


def _sum(checked: _Checked) -> str:
    return findings.adding_up(checked.read.rows, "valid", checked.counts)


def _next(checked: _Checked, given: Mapping[str, Any]) -> Iterator[str]:
    if sum(checked.counts.values()) and given["rejected"]:
        yield f"\nNext: mend the rows in {terminal.visible(given['rejected'])}, and check that file"
    elif checked.issues.height and not (given["issues"] or given["report"]):
        yield "\nNext: add --rejected rejected.csv --issues issues.csv, or --report check.html, to see all of it"
