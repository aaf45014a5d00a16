"""What every format hands on: rows, and the lines that are none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from fcwork import frames, log
from fcwork.errors import SourceError

MAX_COLUMNS = 10_000
MAX_DEPTH = 64  # of nested values: building nested columns takes time by the cube of it
BLOCK_BYTES = 16_000_000  # what ``scan`` holds of a text at once
MAX_RECORD_BYTES = 64_000_000  # what one record of a text may take
QUOTED = re.compile(r'"(?:[^"]++|"")*+"')  # a field in quotes, as RFC 4180 has it
OURS = (*frames.IDENTITY, "_errors", "_stage")  # columns that a frame of ours has, which a file written from it has too
BAD = pl.Schema(
    {
        "row": pl.Int64(),
        "code": pl.String(),
        "message": pl.String(),
        "text": pl.String(),
        "fields": pl.List(pl.String),  # what there is of the columns, in their order
    }
)
BadLine: TypeAlias = tuple[int, str, str, str, list[str | None]]
_logger = log.get("sources")


@dataclass(frozen=True)
class Piece:
    """Some rows of a file.

    Attributes:
        rows: the columns of the file, and ``_row``.
        bad: the lines that are no rows, in the columns of ``BAD``.
    """

    rows: pl.DataFrame
    bad: pl.DataFrame


def bad_lines(lines: list[BadLine]) -> pl.DataFrame:
    """Return lines that are no rows as a frame of ``BAD``."""
    return pl.DataFrame(lines, schema=BAD, orient="row")


def note_ours(names: list[str], uri: str) -> None:
    """Say that columns of a file are left out, as their names are those of fcwork's own."""
    ours = [name for name in names if name in OURS]
    if ours:
        _logger.info("source.columns_left_out", uri=uri, columns=ours)


def check_width(width: int, *, uri: str, format: str) -> None:  # noqa: A002 - the public name
    """Refuse a file with more columns than a frame can be worked with.

    Raises:
        SourceError: more than ``MAX_COLUMNS``.
    """
    if width > MAX_COLUMNS:
        raise SourceError(
            f"{uri} has more than {MAX_COLUMNS:,} columns",
            hint="is this the right file, and the right format?",
            uri=uri,
            format=format,
        )
