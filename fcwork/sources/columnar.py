"""Parquet: columns keep their types; ``_row`` is the number of the item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote

import polars as pl

from fcwork import frames
from fcwork.errors import SourceError
from fcwork.sources.pieces import OURS, Piece, bad_lines, check_width, note_ours

if TYPE_CHECKING:
    import pyarrow.parquet as pq


_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # the folder of rows without a value, as Hive and Spark name it
_WILDCARD = re.compile(r"[*?\[{]")


def pieces(
    stream: BinaryIO, uri: str, *, rows: int | None = None, folders: Mapping[str, str | None] | None = None
) -> Iterator[Piece]:
    """Yield the rows of a parquet file, at most ``rows`` at once.

    Args:
        stream: the file.
        uri: how people are told of it.
        rows: how many to hold at once.
        folders: columns that its folders tell, and their one value.

    Raises:
        SourceError: it is damaged, or too wide.
    """
    import pyarrow as pa

    at = 1
    try:
        file = _opened(stream, uri)
        told = _told(folders or {}, file.schema_arrow.names, uri)
        total = file.metadata.num_rows
        for batch in file.iter_batches(batch_size=rows or total) if total else [file.schema_arrow.empty_table()]:
            part = frames.enter(batch)
            yield _piece(part, told, at)
            at += part.height
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(
            f"{uri} is no whole parquet file: {reason}", hint="fetch it again", uri=uri, format="parquet"
        ) from error


def _opened(stream: BinaryIO, uri: str) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(stream)
    check_width(file.metadata.num_columns, uri=uri, format="parquet")
    note_ours(file.schema_arrow.names, uri)
    return file


def folders(pattern: str, uri: str) -> dict[str, str | None]:
    """Return the columns that the folders of a file tell, such as ``date=2026-01-01``, each with its value.

    Only those count that the pattern did not name: below its first part with a wildcard, that one included.
    """
    fixed = len(pattern[: match.start()].split("/")) - 1 if (match := _WILDCARD.search(pattern)) else None
    if fixed is None or pattern == uri:
        return {}
    pairs = [part.partition("=") for part in uri.split("/")[fixed:-1]]
    return {
        unquote(name): None if value == _NO_VALUE else unquote(value) for name, mark, value in pairs if name and mark
    }


def _told(folders: Mapping[str, str | None], columns: list[str], uri: str) -> list[pl.Expr]:
    """Return the columns that folders tell, which those of the file must not gainsay."""
    twice = next((name for name in folders if name in columns), "")
    if twice:
        raise SourceError(
            f"{uri} has a column {twice!r}, and lies in a folder that tells it too",
            hint="partitions=False reads the column of the file",
            uri=uri,
            format="parquet",
        )
    return [pl.lit(value, dtype=pl.String).alias(name) for name, value in folders.items() if name not in OURS]


def _piece(rows: pl.DataFrame, told: list[pl.Expr], at: int) -> Piece:
    kept = rows.drop(OURS, strict=False).with_columns(*told)
    number = pl.int_range(at, at + rows.height, dtype=pl.Int64, eager=True).alias(frames.ROW)
    return Piece(kept.with_columns(number), bad_lines([]))
