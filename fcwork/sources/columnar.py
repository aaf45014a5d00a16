"""Parquet: columns keep their types; ``_row`` is the number of the item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from fcwork import frames
from fcwork.errors import SourceError
from fcwork.sources.pieces import OURS, Piece, bad_lines, check_width, note_ours

if TYPE_CHECKING:
    import pyarrow.parquet as pq


def pieces(stream: BinaryIO, uri: str, *, rows: int | None = None) -> Iterator[Piece]:
    """Yield the rows of a parquet file, at most ``rows`` at once.

    Raises:
        SourceError: it is damaged, or too wide.
    """
    import pyarrow as pa

    at = 1
    try:
        file = _opened(stream, uri)
        total = file.metadata.num_rows
        for batch in file.iter_batches(batch_size=rows or total) if total else [file.schema_arrow.empty_table()]:
            part = frames.enter(batch)
            yield _piece(part, at)
            at += part.height
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        told = str(error).partition("\n")[0]
        raise SourceError(
            f"{uri} is no whole parquet file: {told}", hint="fetch it again", uri=uri, format="parquet"
        ) from error


def _opened(stream: BinaryIO, uri: str) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(stream)
    check_width(file.metadata.num_columns, uri=uri, format="parquet")
    note_ours(file.schema_arrow.names, uri)
    return file


def _piece(rows: pl.DataFrame, at: int) -> Piece:
    kept = rows.drop(OURS, strict=False)
    number = pl.int_range(at, at + rows.height, dtype=pl.Int64, eager=True).alias(frames.ROW)
    return Piece(kept.with_columns(number), bad_lines([]))
