"""The options by which a verb reads a source, and what was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fcwork.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

    from fcwork.sources import ReadResult

_Command = TypeVar("_Command", bound=Callable[..., Any])
OPTIONS = ("path", "delimiter", "encoding", "namespaces")
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


def reads(command: _Command) -> _Command:
    """Give a verb the argument SOURCE and the options to read it by."""
    for decorate in (_NAMESPACES, _ENCODING, _DELIMITER, _PATH, _FORMAT, _SOURCE):
        command = decorate(command)
    return command


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

    options = {name: given[name] for name in OPTIONS if given[name] is not None}
    return sources.read_with_issues(source, given["format"], **options)


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
