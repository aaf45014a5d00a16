"""``fcwork read``: a file as fcwork sees it, and as a file of another format."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import exits, intake, terminal, veil, views
from fcwork.cli.examples import examples
from fcwork.cli.outputs import CONVERTED, ROWS, Outputs
from fcwork.cli.veil import text
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from fcwork.sources import ReadResult
    from fcwork.sources.place import Place

EXAMPLES, BAD_LINES = 3, 20
HEADER_LINES = 50  # among which the names of a csv's columns are looked for
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_DECLARED = re.compile(rb"""<\?xml[^>]*\bencoding=["']([\w.-]+)""")
_DELIMITERS = {"\t": r"\t (tab)"}


@click.command(
    short_help="Show a file as fcwork sees it, or convert it.",
    epilog=examples(
        "fcwork read stock.csv",
        "fcwork read orders.xml --path orders.order --rows 20",
        "fcwork read 'in/*.csv' --to all.parquet",
        "fcwork read s3://bucket/stock.csv --delimiter ';' --encoding cp1252 --rejected bad.csv",
    ),
)
@intake.reads
@click.option("--rows", default=5, show_default=True, type=click.IntRange(0), metavar="N", help="Rows to show.")
@click.option("--to", metavar="FILE", help="Write the rows: csv, json, jsonl, parquet or xml, told by the name.")
@click.option("--rejected", metavar="FILE", help="Write the lines that are no rows, each with its reasons.")
@click.pass_context
def read(ctx: click.Context, /, source: str | None, **given: Any) -> int:
    """Show SOURCE, a file or a glob: its format and how that was told, its columns, first rows and bad lines.

    Nothing is changed and no platform is called. With --to the rows are written as another file.

    Exit codes: 0 every line is a row, 1 failed, 2 a mistake in the call, or a file that is not what its format says, 3
    there are lines that are no rows.
    """
    source = intake.named(source)
    named = {"--to": (given["to"], CONVERTED), "--rejected": (given["rejected"], ROWS)}
    outputs = Outputs(named, intake.files(source))
    _refuse_itself(source, given["to"])
    result = intake.read(source, given)
    outputs.rows(given["to"], "rows", result.frame)
    outputs.rows(given["rejected"], "rejected", result.rejected, identity=True)
    if not ctx.obj:
        for line in _told(result, outputs, source, given):
            click.echo(line)
    return exits.WITH_ERRORS if result.rejected.height else 0


def _refuse_itself(source: str, to: str | None) -> None:
    """Refuse to write over a file that is read, wherever it lies."""
    from fcwork.sources.place import find, locate

    if to is not None and locate(to).uri in {place.uri for place in find(source)}:
        raise ConfigError(
            f"--to {to} is a file that is read here", hint="name another file; nothing was read or written"
        )


def _told(result: ReadResult, outputs: Outputs, source: str, given: Mapping[str, Any]) -> Iterator[str]:
    from fcwork import frames

    colour = "yellow" if result.rejected.height else "green"
    yield click.style(terminal.visible(str(result)), fg=colour, bold=True)
    yield from (f"  {name:<10} {terminal.visible(value)}" for name, value in _facts(result, source, given) if value)
    rows = frames.without_identity(result.frame)
    yield from _columns(rows)
    yield from views.table(rows.head(given["rows"]), "row", of=rows.height)
    several = result.frame[frames.SOURCE].append(result.rejected[frames.SOURCE]).n_unique() > 1
    yield from _bad_lines(veil.issues(result.issues), several=several)
    yield from outputs.told()
    if result.rejected.height and not given["rejected"]:
        yield "\nNext: add --rejected bad.csv to see the bad lines whole"


def _facts(result: ReadResult, source: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is known of the file or files, and how it was told."""
    from fcwork import frames
    from fcwork.sources.place import find

    place = next(place for place in find(source) if place.uri == result.files[0].uri)
    name, start = _start(place, given["member"] or "")
    columns = frames.without_identity(result.frame).columns
    yield "format", f"{result.format}, {_how(name, given)}"
    yield "files", f"{len(result.files):,}" if len(result.files) > 1 else ""
    yield "size", f"{result.bytes:,} bytes"
    yield "modified", f"{max(file.modified_at for file in result.files):%Y-%m-%d %H:%M:%S} UTC"
    yield "SHA-256", result.sha256
    if result.format not in {"parquet", "xlsx"}:
        yield "encoding", _encoding(start, given)
    if result.format == "csv":
        yield "delimiter", _delimiter(start, columns, given)


def _start(place: Place, member: str) -> tuple[str, bytes]:
    """Return the name and the first bytes of a file, or of the first one that is packed in it."""
    from fcwork.sources.formats import PEEK_BYTES
    from fcwork.sources.packed import contents
    from fcwork.sources.place import opened

    with opened(place) as intake, contents(intake, member) as held:
        content = next(held)
        return content.uri.removesuffix(".gz"), content.peek(PEEK_BYTES)


def _how(name: str, given: Mapping[str, Any]) -> str:
    from fcwork.sources.formats import by_extension

    if given["format"]:
        return "as --format says"
    return "told by its name" if by_extension(name) else "told by its first bytes"


def _encoding(start: bytes, given: Mapping[str, Any]) -> str:
    if given["encoding"]:
        return f"{given['encoding']}, as --encoding says"
    mark = next((name for mark, name in _MARKS.items() if start.startswith(mark)), "")
    if mark:
        return f"{mark}, told by its byte order mark"
    declared = _DECLARED.match(start.lstrip())
    return f"{declared[1].decode()}, as it declares" if declared else "utf-8"


def _delimiter(start: bytes, columns: Sequence[str], given: Mapping[str, Any]) -> str:
    """Return what parts the fields: the sign by which a line of the start gives the columns that were read."""
    from fcwork.sources.formats import DELIMITERS

    if given["delimiter"]:
        return f"{given['delimiter']}, as --delimiter says"
    encoding = given["encoding"] or next((name for mark, name in _MARKS.items() if start.startswith(mark)), "utf-8")
    lines = start.decode(encoding, "replace").removeprefix("\ufeff").splitlines()[:HEADER_LINES]
    for sign in DELIMITERS if len(columns) > 1 else ():
        if any(fields == list(columns) for fields in csv.reader(lines, delimiter=sign)):
            return f"{_DELIMITERS.get(sign, sign)}, told by the header"
    return ""


def _columns(rows: pl.DataFrame) -> Iterator[str]:
    yield f"\n{click.style('Columns', bold=True)}"
    lines = [
        (name, _kind(column.dtype), f"{column.null_count():,}", ", ".join(_examples(column)))
        for name, column in zip(rows.columns, rows.get_columns(), strict=True)
    ]
    yield from terminal.table(("column", "type", "nulls", "examples"), lines, last_is_free=True)


def _kind(kind: pl.DataType) -> str:
    """Return a type in short: what is in a list or an object is left to the examples."""
    import polars as pl

    words = {pl.String: "text", pl.List: "list", pl.Struct: "object", pl.Boolean: "yes or no", pl.Date: "date"}
    if isinstance(kind, pl.Datetime):
        return f"instant ({kind.time_zone})" if kind.time_zone else "instant"
    whole, fraction = kind.is_integer(), kind.is_float() or kind.is_decimal()
    number = "whole number" if whole else "number" if fraction else ""
    return number or words.get(kind.base_type(), str(kind).lower())


def _examples(column: pl.Series) -> Iterator[str]:
    """Yield the first values, each once."""
    from fcwork.personal.columns import masked

    first = masked(column.drop_nulls().head(100 * EXAMPLES).to_frame()).to_series()
    shown = dict.fromkeys(text(value) for value in first.to_list())
    yield from (terminal.cut(value) or '""' for value in list(shown)[:EXAMPLES])


def _bad_lines(issues: pl.DataFrame, *, several: bool) -> Iterator[str]:
    if not issues.height:
        return
    yield f"\n{click.style('Lines that are no rows', fg='yellow', bold=True)}"
    lines = [
        (f"{PurePath(line['source']).name} {line['row']}" if several else str(line["row"]), line["message"] or "")
        for line in issues.head(BAD_LINES).iter_rows(named=True)
    ]
    yield from terminal.table(("line", "reason"), lines, last_is_free=True)
    if issues.height > BAD_LINES:
        yield f"  and {issues.height - BAD_LINES:,} more"
