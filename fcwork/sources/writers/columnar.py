"""Parquet: columns keep their types; rows are gathered until they make a row group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import polars as pl

from fcwork.errors import SourceError
from fcwork.sources.writers import flag

Compression = Literal["zstd", "snappy", "gzip", "none"]


@dataclass(frozen=True, kw_only=True)
class Parquet:
    """How to write a parquet file.

    Attributes:
        compression: zstd, snappy, gzip or none.
        row_group_rows: rows of a group, which are held until it is whole.
        statistics: write the least and the greatest value of each group's columns.
    """

    compression: Compression = "zstd"
    row_group_rows: int = 100_000
    statistics: bool = True

    def __post_init__(self) -> None:
        if self.compression not in get_args(Compression):
            message = f"compression={self.compression!r} is not known; known: {', '.join(get_args(Compression))}"
            raise ValueError(message)
        rows: Any = self.row_group_rows
        if not isinstance(rows, int) or rows < 1:
            message = f"row_group_rows={self.row_group_rows!r} is no number of rows"
            raise ValueError(message)
        flag("statistics", self.statistics)

    def writer(self, schema: pl.Schema, uri: str) -> _Writer:
        """Return what makes the content of one file.

        Raises:
            SourceError: a column has no form in a parquet file.
        """
        return _Writer(self, schema, uri)


class _Writer:
    held = 0

    def __init__(self, form: Parquet, schema: pl.Schema, uri: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._form = form
        self._uri = uri
        self._waiting: list[pl.DataFrame] = []
        self._sink = _Sink()
        try:
            self._schema = schema.to_frame().to_arrow().schema
            self._file: Any = pq.ParquetWriter(
                self._sink, self._schema, compression=form.compression, write_statistics=form.statistics
            )
        except (pa.ArrowException, pl.exceptions.PolarsError) as error:
            raise self._refused(error) from error

    @property
    def room(self) -> int:
        return self._form.row_group_rows - sum(rows.height for rows in self._waiting)

    def begin(self) -> bytes:
        return self._sink.taken()

    def rows(self, rows: pl.DataFrame) -> bytes:
        self._waiting.append(rows)
        if self.room <= 0:
            self._group()
        return self._sink.taken()

    def end(self) -> Iterable[bytes]:
        if self._waiting:
            self._group()
        self._file.close()
        yield self._sink.taken()

    def _group(self) -> None:
        import pyarrow as pa

        rows = pl.concat(self._waiting, rechunk=True)
        self._waiting = []
        try:
            self._file.write_table(rows.to_arrow().cast(self._schema), row_group_size=self._form.row_group_rows)
        except pa.ArrowException as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> SourceError:
        told = str(error).partition("\n")[0]
        hint = "give the column another type, or write jsonl"
        message = f"a column has no form in a parquet file: {told}: {self._uri}"
        return SourceError(message, hint=hint, uri=self._uri, format="parquet")


class _Sink:
    """What a writer takes for a file: it gathers bytes until they are taken."""

    closed = False

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._size = 0

    def taken(self) -> bytes:
        blocks, self._blocks = self._blocks, []
        return b"".join(blocks)

    def write(self, block: Any) -> int:
        self._blocks.append(bytes(block))
        self._size += len(self._blocks[-1])
        return len(self._blocks[-1])

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Do nothing: what is written is there."""

    def close(self) -> None:
        """Do nothing: what is written is taken."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False
