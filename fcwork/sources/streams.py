"""Rows on their way to a file: a frame, or a stream of frames that share their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import polars as pl

from fcwork import frames
from fcwork.errors import SourceError
from fcwork.names import did_you_mean
from fcwork.sources.writers import texts

Schema: TypeAlias = Mapping[str, pl.DataType | type[pl.DataType]]
SHOWN_NAMES = 5


@dataclass(frozen=True)
class Stream:
    """Frames of the same columns.

    Attributes:
        schema: the columns and their types.
        frames: the rows; a frame is made ready when it is asked for.
    """

    schema: pl.Schema
    frames: Iterator[pl.DataFrame]


def stream(given: Any, schema: Schema | None, *, identity: bool, uri: str) -> Stream:
    """Return what a caller gave as a stream: its columns are those of ``schema``, or of the first frame.

    A column that a later frame lacks is null there; a column of another type is made to be of the first one's where
    nothing is lost by it.

    Raises:
        SourceError: no columns are known; when a frame is asked for, that it has columns or values that do not fit.
        TypeError: this is no frame and yields none.
    """
    parts = (_own(frames.enter(part), identity=identity) for part in _parts(given))
    if schema is None and isinstance(given, pl.LazyFrame):
        schema = _own(frames.enter(given.collect_schema().to_frame()), identity=identity).schema
    first = None if schema is not None else next(parts, None)
    if schema is None and first is None:
        raise SourceError(f"a stream without frames has no columns to write to {uri}", hint="give schema=", uri=uri)
    columns = pl.Schema(schema or {}) if first is None else first.schema
    if not columns:
        raise SourceError(f"a frame without columns cannot be written to {uri}", uri=uri)
    rows = parts if first is None else chain([first], parts)
    return Stream(columns, (_fitted(part, columns, uri) for part in rows))


def _parts(given: Any) -> Iterable[Any]:
    """Return the frames that a caller gave: the one, or those of a stream."""
    if isinstance(given, pl.LazyFrame):
        return given.collect_batches(maintain_order=True)
    if isinstance(given, Sequence) and not isinstance(given, str | bytes) and given:
        return given if isinstance(given[0], pl.DataFrame) else [given]
    if isinstance(given, Iterator) or (isinstance(given, Iterable) and _is_stream(given)):
        return (_frame(part) for part in given)
    return [given] if not isinstance(given, Sequence) or isinstance(given, str | bytes) else given


def _is_stream(given: Iterable[Any]) -> bool:
    return not hasattr(given, "columns") and not isinstance(given, Mapping | Sequence)


def _frame(part: Any) -> Any:
    if isinstance(part, Mapping):
        message = "a stream yields frames; this one yields dicts: give a list of them, or frames of some thousand rows"
        raise TypeError(message)
    return part


def _own(rows: pl.DataFrame, *, identity: bool) -> pl.DataFrame:
    return rows if identity else rows.drop(frames.IDENTITY, strict=False)


def _fitted(rows: pl.DataFrame, schema: pl.Schema, uri: str) -> pl.DataFrame:
    """Return rows in the columns of a stream."""
    if list(rows.schema.items()) == list(schema.items()):
        return rows
    _refuse([name for name in rows.columns if name not in schema], schema, uri)
    columns = [
        _column(rows[name], kind, uri) if name in rows.columns else _nulls(name, rows.height, kind)
        for name, kind in schema.items()
    ]
    return pl.DataFrame(columns)


def _refuse(surplus: list[str], known: Iterable[str], uri: str) -> None:
    if surplus:
        shown = ", ".join(surplus[:SHOWN_NAMES])
        raise SourceError(
            f"a frame has columns that {uri} does not: {shown}{did_you_mean(surplus[0], known)}",
            hint="name all columns with schema=, or take these out",
            uri=uri,
        )


def _column(values: pl.Series, kind: texts.Kind, uri: str) -> pl.Series:
    """Return a column as one of another type, and refuse it where something would be lost."""
    if values.dtype == kind:
        return values
    if values.null_count() == values.len():
        return _nulls(values.name, values.len(), kind)
    told = _unfit(values.name, values.dtype, kind)
    if told:
        raise SourceError(f"{uri}: {told}", hint="give the types with schema=", uri=uri)
    try:
        fitted = _as(values, kind)
        whole = kind == pl.String or _as(fitted, values.dtype).equals(values)
    except pl.exceptions.PolarsError:
        whole = False
    if not whole:
        message = f"{uri}: values of {values.name} cannot be {kind}, which the column is: they are {values.dtype}"
        raise SourceError(message, hint="give the types with schema=", uri=uri)
    return fitted


def _nulls(name: str, count: int, kind: texts.Kind) -> pl.Series:
    return pl.Series(name, [None], dtype=kind).new_from_index(0, count)


def _as(values: pl.Series, kind: texts.Kind) -> pl.Series:
    return values.to_frame("v").select(_cast(pl.col("v"), values.dtype, kind)).to_series().alias(values.name)


def _cast(value: pl.Expr, had: texts.Kind, kind: texts.Kind) -> pl.Expr:
    """Return an expression for a value as one of another type; a field that it lacks is null."""
    if isinstance(kind, pl.List) and isinstance(had, pl.List):
        return value.list.eval(_cast(pl.element(), had.inner, kind.inner))
    if isinstance(kind, pl.Struct) and isinstance(had, pl.Struct):
        given = dict(zip((field.name for field in had.fields), texts.parts(value, len(had.fields)), strict=True))
        kinds = dict(had)
        fields = [
            (_cast(given[name], kinds[name], inner) if name in given else pl.lit(None, dtype=inner)).alias(name)
            for name, inner in kind
        ]
        return pl.when(value.is_not_null()).then(pl.struct(fields))
    if kind == pl.String and had.is_temporal():
        return texts.instant_text(value, had)
    return value if had == kind else value.cast(kind)


def _unfit(name: str, had: texts.Kind, kind: texts.Kind) -> str:
    """Say why values of one type are none of another, whatever they are; nothing if they may be."""
    if isinstance(kind, pl.List) and isinstance(had, pl.List):
        return _unfit(name, had.inner, kind.inner)
    if isinstance(kind, pl.Struct) and isinstance(had, pl.Struct):
        known = dict(kind)
        surplus = [f"{name}.{field}" for field, _ in had if field not in known]
        if surplus:
            return f"a frame has fields that the column has not: {', '.join(surplus[:SHOWN_NAMES])}"
        return next(filter(None, (_unfit(f"{name}.{field}", inner, known[field]) for field, inner in had)), "")
    if had in (kind, pl.Null):
        return ""
    clocks = [one.time_zone is None for one in (had, kind) if isinstance(one, pl.Datetime)]
    if had.is_nested() or kind.is_nested() or len(set(clocks)) > 1:
        return f"values of {name} are {had} in one frame, and {kind} in the column"
    return ""
