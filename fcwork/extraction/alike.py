"""Pages whose columns differ in type, made alike: a field that no schema knows is what its values are, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

_NESTED = (pl.List, pl.Struct)


def untyped(rows: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """Return a page in which those of some columns that hold nothing have no type either."""
    empty = [name for name in columns if name in rows.columns and rows[name].null_count() == rows.height]
    return rows.with_columns(pl.col(empty).cast(pl.Null)) if empty else rows


def common(schemas: Sequence[pl.Schema]) -> pl.Schema:
    """Return the columns of all pages, each of a type that holds what it is in any of them."""
    kinds: dict[str, list[pl.DataType]] = {}
    for schema in schemas:
        for name, kind in schema.items():
            kinds.setdefault(name, []).append(kind)
    return pl.Schema({name: _holding(found) for name, found in kinds.items()})


def together(pages: Sequence[pl.DataFrame], schema: pl.Schema) -> pl.DataFrame:
    """Return pages as one frame with the columns of ``common``."""
    if all(page.schema == schema for page in pages):
        return pl.concat(pages)
    fitted = [page.with_columns(_fitted(column, schema[column.name]) for column in page) for page in pages]
    return pl.concat([schema.to_frame(), *fitted], how="diagonal_relaxed")


def _holding(kinds: Sequence[pl.DataType]) -> pl.DataType:
    """Return a type that holds values of several; text where they have nothing in common."""
    some = [kind for kind in dict.fromkeys(kinds) if kind != pl.Null]
    if not some:
        return pl.String()
    if all(isinstance(kind, pl.List) for kind in some):
        return pl.List(_holding([kind.inner for kind in some]))  # type: ignore[attr-defined]
    if all(isinstance(kind, pl.Struct) for kind in some):
        fields = [pl.Schema({field.name: field.dtype for field in kind.fields}) for kind in some]  # type: ignore[attr-defined]
        return pl.Struct(dict(common(fields)))
    if len(some) > 1 and any(isinstance(kind, (*_NESTED, pl.Boolean)) for kind in some):
        return pl.String()  # a truth is no number, though polars would make it one
    try:
        return pl.concat([pl.DataFrame(schema={"": kind}) for kind in some], how="vertical_relaxed").dtypes[0]
    except pl.exceptions.PolarsError:
        return pl.String()


def _fitted(column: pl.Series, wanted: pl.DataType) -> pl.Series:
    """Return a column whose lists and objects are JSON where text is wanted; polars casts the rest."""
    if not _becomes_text(column.dtype, wanted):
        return column
    return pl.Series(column.name, [_as(value, wanted) for value in column.to_list()], dtype=wanted)


def _becomes_text(kind: pl.DataType, wanted: pl.DataType) -> bool:
    """Say whether a list or an object becomes text, itself or within."""
    if isinstance(kind, _NESTED) and wanted == pl.String:
        return True
    if isinstance(kind, pl.List) and isinstance(wanted, pl.List):
        return _becomes_text(kind.inner, wanted.inner)  # type: ignore[arg-type]
    if isinstance(kind, pl.Struct) and isinstance(wanted, pl.Struct):
        inside = {field.name: field.dtype for field in wanted.fields}
        return any(_becomes_text(field.dtype, inside[field.name]) for field in kind.fields)  # type: ignore[arg-type]
    return False


def _as(value: Any, wanted: pl.DataType) -> Any:
    if value is None:
        return None
    if isinstance(wanted, pl.List):
        return [_as(item, wanted.inner) for item in value]  # type: ignore[arg-type]
    if isinstance(wanted, pl.Struct):
        return {field.name: _as(value.get(field.name), field.dtype) for field in wanted.fields}  # type: ignore[arg-type]
    if wanted == pl.String and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value
