"""What every format hands on: rows, and the lines that are none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from fcwork import frames, log
from fcwork.errors import SourceError

MAX_COLUMNS = 10_000
MAX_CELLS = 100_000_000  # rows times names: few bytes of nested text can stand for many cells
MAX_DEPTH = 64  # of nested values: building nested columns takes time by the cube of it
BLOCK_BYTES = 16_000_000  # what ``scan`` holds of a text at once
VALUE_BYTES = 4_000_000  # and of one whose rows are first made values, which take many times as much
MAX_RECORD_BYTES = 64_000_000  # what one record of a text may take
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


@contextmanager
def uncollected() -> Iterator[None]:
    """Let no garbage be collected: many small values that all stay would be gone through again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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


def check_cells(cells: int, *, uri: str, format: str) -> None:  # noqa: A002 - the public name
    """Refuse a file whose rows and names stand for more cells than a frame can hold.

    Raises:
        SourceError: more than ``MAX_CELLS``.
    """
    if cells > MAX_CELLS:
        raise SourceError(
            f"{uri} stands for {cells:,} cells, at most {MAX_CELLS:,} are read",
            hint="split it, or give it as csv or parquet",
            uri=uri,
            format=format,
        )


def too_deep(*, uri: str, format: str) -> SourceError:  # noqa: A002 - the public name
    """Return what to tell of a file whose values are nested deeper than a frame can hold."""
    return SourceError(
        f"{uri} is nested deeper than {MAX_DEPTH} levels",
        hint="give path= to what is inside, or flatten it",
        uri=uri,
        format=format,
    )
