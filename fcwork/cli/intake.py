"""The options by which a verb reads a source, and what was read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fcwork.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

    from fcwork.sources import ReadResult

_Command = TypeVar("_Command", bound=Callable[..., Any])
OPTIONS = (
    "path",
    "delimiter",
    "encoding",
    "namespaces",
    "header",
    "names",
    "quote",
    "skip",
    "comment",
    "sheet",
    "member",
)
_SOURCE = click.argument("source", required=False)
_FORMAT = click.option(
    "--format",
    metavar="FORMAT",
    help="csv, json, jsonl, parquet, xlsx or xml; without it the name or the content tells.",
)
_PATH = click.option("--path", metavar="NAMES", help="Where the records of a json or xml are, such as data.items.")
_DELIMITER = click.option(
    "--delimiter", metavar="SIGN", help=r"Of a csv, such as ; or \t; without it the header tells."
)
_ENCODING = click.option("--encoding", metavar="NAME", help="Of a csv or xml, such as cp1252; UTF-8 without it.")
_NAMESPACES = click.option(
    "--namespaces", metavar="drop|keep", help="Prefixes in the names of an xml; drop without it."
)
_HEADER = click.option(
    "--header", metavar="first|none", help="Whether the first line of a csv or sheet has the names; it has without it."
)
_NAMES = click.option(
    "--names",
    metavar="LIST",
    callback=lambda _ctx, _param, given: _listed(given),
    help="What the columns of a csv or sheet are called, instead: sku,qty.",
)
_QUOTE = click.option(
    "--quote", metavar="SIGN|none", help='What stands around a field of a csv that holds delimiters; " without it.'
)
_SKIP = click.option(
    "--skip", metavar="N", type=click.IntRange(0), help="Lines of a csv or sheet to pass over before anything else."
)
_COMMENT = click.option("--comment", metavar="SIGN", help="What a line of a csv begins with that is no row, such as #.")
_SHEET = click.option("--sheet", metavar="NAME", help="Of a workbook; needed where it has several.")
_MEMBER = click.option("--member", metavar="GLOB", help="Which files of a zip are read; all of them without it.")
_DECORATORS = (
    _SOURCE,
    _FORMAT,
    _PATH,
    _DELIMITER,
    _ENCODING,
    _HEADER,
    _NAMES,
    _QUOTE,
    _SKIP,
    _COMMENT,
    _NAMESPACES,
    _SHEET,
    _MEMBER,
)


def reads(command: _Command) -> _Command:
    """Give a verb the argument SOURCE and the options to read it by."""
    for decorate in reversed(_DECORATORS):
        command = decorate(command)
    return command


def options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the options that were given, as ``sources.read`` takes them."""
    return {name: given[name] for name in OPTIONS if given[name] is not None}


def _listed(given: str | None) -> list[str] | None:
    """Return names that are parted by commas; one that holds a comma stands in quotes, as in a csv."""
    return None if given is None else next(csv.reader([given], skipinitialspace=True), [])


def files(source: str) -> list[Path]:
    """Return the files that a source names.

    Raises:
        SourceError: nothing is there.
    """
    from fcwork.sources.place import find

    return [place.local for place in find(source) if place.local]


def read(source: str, given: Mapping[str, Any]) -> ReadResult:
    """Return the rows of a source, and the lines that are none.

    Raises:
        SourceError: no such file, format or option, or a file that is not what its format says.
    """
    from fcwork import sources

    return sources.read_with_issues(source, given["format"], **options(given))


def named(source: str | None) -> str:
    """Return the source, which only a few uses of a verb can do without.

    Raises:
        click.UsageError: there is none.
    """
    if source is None:
        raise click.UsageError("Missing argument 'SOURCE': the file to read.")
    if not source.strip():
        raise SourceError("SOURCE is empty", hint="give the path of a file, such as stock.csv")
    return source


def refused(read: ReadResult, **piles: pl.DataFrame) -> pl.DataFrame:
    """Return the source's own rows that were rejected, with ``_stage`` and ``_errors``: what a person mends.

    Args:
        read: what was read.
        **piles: by stage, the rows that it rejected, with ``_errors``.
    """
    import polars as pl

    from fcwork.frames import IDENTITY, ROW, SOURCE

    parts = [read.rejected.with_columns(_stage=pl.lit("read"))]
    for stage, rows in piles.items():
        why = rows.select(*IDENTITY, "_errors")
        own = read.frame.drop("_errors", "_stage", strict=False).join(why, on=IDENTITY, nulls_equal=True)
        parts.append(own.with_columns(_stage=pl.lit(stage)))
    kept = [part for part in parts if part.height] or parts[-1:]
    rejected: pl.DataFrame = pl.concat(kept, how="diagonal_relaxed").sort(SOURCE, ROW, maintain_order=True)
    return rejected
