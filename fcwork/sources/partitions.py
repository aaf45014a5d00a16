"""Rows parted by the values of columns, a folder for each, as Hive names them: ``status=ACTIVE/part-00001.parquet``."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import quote

import polars as pl

from fcwork.errors import SourceError
from fcwork.names import did_you_mean
from fcwork.sources.writers import texts

NULL = "__HIVE_DEFAULT_PARTITION__"
DAY = "date"
MAX_PARTITIONS = 10_000
HELD_BYTES = 64_000_000  # of rows that wait to be parted
_KEPT_SIGNS = " ~+@,()!$&;"  # as they are in the name of a folder, beside letters, digits and -_.


@dataclass(frozen=True)
class Key:
    """What rows are parted by.

    Attributes:
        column: its name.
        day: part by the day of an instant, in UTC; the column stays in the files.
    """

    column: str
    day: bool

    @property
    def label(self) -> str:
        """The name in the names of folders."""
        return f"{self.column}_{DAY}" if self.day else self.column


def keys(by: str | Sequence[str], schema: pl.Schema, uri: str) -> tuple[Key, ...]:
    """Return what to part rows by, as ``["status", "updated_on:date"]`` says.

    Raises:
        SourceError: a column that is not there, cannot part rows, or would leave none.
    """
    made = tuple(_key(name, schema, uri) for name in ([by] if isinstance(by, str) else by))
    if not set(schema) - {key.column for key in made if not key.day}:
        raise SourceError(f"partition_by= leaves no column to write to {uri}", uri=uri)
    return made


def _key(name: str, schema: pl.Schema, uri: str) -> Key:
    column, colon, unit = name.rpartition(":")
    key = Key(name, day=False) if name in schema or not colon else Key(column, day=True)
    if key.day and unit != DAY:
        raise SourceError(f"partition_by={name!r}: {unit!r} is not known", hint=f"known: {column}:{DAY}", uri=uri)
    kind = schema.get(key.column)
    if kind is None:
        near = did_you_mean(key.column, schema)
        known = f"there are {', '.join(schema)}"
        raise SourceError(f"partition_by={name!r}: there is no such column{near}", hint=known, uri=uri)
    wrong = kind not in (pl.Date, pl.Datetime, pl.String) if key.day else kind.is_nested() or kind == pl.Binary
    if wrong:
        raise SourceError(f"partition_by={name!r}: rows are not parted by values of {kind}", uri=uri)
    return key


class Parted(AbstractContextManager["Parted"]):
    """Rows parted while they come, which wait in a temporary file until all of them are there."""

    def __init__(self, by: Sequence[Key], uri: str) -> None:
        self._by = by
        self._uri = uri
        self._rows: list[pl.DataFrame] = []
        self._held = 0
        self._where: dict[tuple[str | None, ...], list[tuple[int, int]]] = {}

    def __enter__(self) -> Self:
        self._file = tempfile.TemporaryFile()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, rows: pl.DataFrame) -> None:
        """Take the next rows.

        Raises:
            SourceError: they are too many partitions, or there is no room for them.
        """
        self._rows.append(rows)
        self._held += int(rows.estimated_size())
        if self._held > HELD_BYTES:
            self._spill()

    def partitions(self) -> list[tuple[str, dict[str, str | None], Iterator[pl.DataFrame]]]:
        """Return the folder, the values and the rows of each partition, in the order of the folders."""
        if self._rows:
            self._spill()
        found = [
            (self._folder(values), {key.label: value for key, value in zip(self._by, values, strict=True)}, where)
            for values, where in self._where.items()
        ]
        return [(folder, values, self._read(where)) for folder, values, where in sorted(found, key=lambda one: one[0])]

    def _spill(self) -> None:
        rows = pl.concat(self._rows)
        self._rows, self._held = [], 0
        away = {key.column for key in self._by if not key.day}
        kept = rows[[name for name in rows.columns if name not in away]]  # a name may be that of a pattern
        for values, at in self._groups(rows):
            if values not in self._where and len(self._where) >= MAX_PARTITIONS:
                told = f"{self._uri} would have more than {MAX_PARTITIONS:,} partitions"
                raise SourceError(told, hint="part by fewer columns, or by a date", uri=self._uri)
            self._where.setdefault(values, []).append(self._stored(kept[at]))

    def _groups(self, rows: pl.DataFrame) -> Iterator[tuple[tuple[str | None, ...], pl.Series]]:
        labels = pl.DataFrame(
            [_values(rows[key.column].alias("v"), key, self._uri).alias(f"k{at}") for at, key in enumerate(self._by)]
        )
        names = labels.columns
        for *values, at in labels.with_row_index("at").group_by(names, maintain_order=True).agg("at").iter_rows():
            yield tuple(values), pl.Series(at, dtype=pl.UInt32)

    def _stored(self, rows: pl.DataFrame) -> tuple[int, int]:
        with io.BytesIO() as stream:
            rows.write_ipc_stream(stream)
            text = stream.getvalue()
        begin = self._file.tell()
        try:
            self._file.write(text)
        except OSError as error:
            told = f"the rows of {self._uri} cannot be held in {tempfile.gettempdir()}: {error.strerror or error}"
            raise SourceError(told, hint="make room there, or let TMPDIR name another folder", uri=self._uri) from error
        return begin, len(text)

    def _read(self, where: list[tuple[int, int]]) -> Iterator[pl.DataFrame]:
        for begin, size in where:
            self._file.seek(begin)
            yield pl.read_ipc_stream(self._file.read(size))

    def _folder(self, values: Sequence[str | None]) -> str:
        return "/".join(
            f"{_escaped(key.label)}={NULL if value is None else _escaped(value)}"
            for key, value in zip(self._by, values, strict=True)
        )


def _escaped(text: str) -> str:
    """Return a text as a name of a folder has it; one that looks like the name for null does not."""
    return "%5F" + text[1:] if text == NULL else quote(text, safe=_KEPT_SIGNS)


def _values(column: pl.Series, key: Key, uri: str) -> pl.Series:
    if not key.day:
        return texts.iso(column.to_frame()).to_series().cast(pl.String)
    if column.dtype == pl.Datetime:
        zone = getattr(column.dtype, "time_zone", None)
        column = column.dt.convert_time_zone("UTC") if zone else column
    days = _days(column, key, uri) if column.dtype == pl.String else column.cast(pl.Date)
    return days.dt.to_string("iso:strict")


def _days(column: pl.Series, key: Key, uri: str) -> pl.Series:
    """Return the days of texts of instants or days."""
    days = column.str.to_date("%Y-%m-%d", strict=False)
    times = column.filter(days.is_null())
    if times.drop_nulls().len():
        try:
            instants = column.str.to_datetime(time_zone="UTC", strict=False)
        except pl.exceptions.PolarsError:
            instants = pl.Series(column.name, [None] * column.len(), dtype=pl.Datetime("us", "UTC"))
        days = days.fill_null(instants.dt.date())
    wrong = column.filter(days.is_null() & column.is_not_null())
    if wrong.len():
        told = f"partition_by: {wrong[0]!r} in {key.column} is no instant and no day"
        raise SourceError(told, hint="an instant is 2026-01-31T12:00:00Z", uri=uri)
    return days
