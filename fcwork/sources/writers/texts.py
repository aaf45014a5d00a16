"""Values as texts: instants as ISO 8601, nested values as JSON with every digit of a decimal."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from typing import TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass

Kind: TypeAlias = pl.DataType | DataTypeClass
_DIGITS = {"ms": 3, "us": 6, "ns": 9}
_Leaf: TypeAlias = Callable[[pl.Expr, Kind], pl.Expr]


def iso(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with instants and spans of time as ISO 8601 texts."""
    changes = [
        rows[name].to_frame("v").select(instant_text(pl.col("v"), kind)).to_series().alias(name)
        for name, kind in rows.schema.items()
        if kind.is_temporal()
    ]
    return rows.with_columns(changes)


def instant_text(value: pl.Expr, kind: Kind) -> pl.Expr:
    """Return a time, day, instant or span as an ISO 8601 text; one in UTC ends in Z, as the platform writes it."""
    if isinstance(kind, pl.Datetime) and kind.time_zone == "UTC":
        return value.dt.to_string(f"%Y-%m-%dT%H:%M:%S%.{_DIGITS[kind.time_unit]}fZ")
    return value.dt.to_string("iso:strict")


def leaves(kind: Kind, name: str = "") -> list[tuple[str, Kind]]:
    """Return the plain types in a type, each with the names that lead to it."""
    if isinstance(kind, pl.Struct):
        return [leaf for field in kind.fields for leaf in leaves(field.dtype, f"{name}.{field.name}".lstrip("."))]
    inner = _item(kind)
    return [(name, kind)] if inner is None else leaves(inner, name)


def json_lines(rows: pl.DataFrame) -> bytes:
    """Return a JSON object a line for each row."""
    with io.BytesIO() as stream:
        mark = _mark()
        _plain(rows, mark).write_ndjson(stream)
        return _unmarked(stream.getvalue(), mark)


def json_array(rows: pl.DataFrame, then: Callable[[bytes], bytes] | None = None) -> bytes:
    """Return the rows as a JSON array; ``then`` sees it while texts stand for its decimals."""
    with io.BytesIO() as stream:
        mark = _mark()
        _plain(rows, mark).write_json(stream)
        text = stream.getvalue()
    return _unmarked(then(text) if then else text, mark)


def json_text(values: pl.Series) -> pl.Series:
    """Return nested values as JSON texts."""
    mark = _mark()
    rows = _plain(values.to_frame("v"), mark)
    text = pl.struct("v").struct.json_encode().str.slice(5).str.head(-1)  # without {"v": and }
    for quoted in (f'"{mark}', f'{mark}"'):
        text = text.str.replace_all(quoted, "", literal=True)
    return rows.select(pl.when(pl.col("v").is_not_null()).then(text)).to_series().alias(values.name)


def rebuilt(value: pl.Expr, kind: Kind, leaf: _Leaf) -> pl.Expr:
    """Return an expression for a value with every plain value in it changed by ``leaf``."""
    inner = _item(kind)
    if inner is not None:
        lists = value.arr.to_list() if isinstance(kind, pl.Array) else value
        return lists.list.eval(rebuilt(pl.element(), inner, leaf))
    if not isinstance(kind, pl.Struct):
        return leaf(value, kind)
    fields = [
        rebuilt(field, inner, leaf).alias(name)
        for (name, inner), field in zip(kind, parts(value, len(kind.fields)), strict=True)
    ]
    return pl.when(value.is_not_null()).then(pl.struct(fields)) if fields else value


def parts(value: pl.Expr, count: int) -> list[pl.Expr]:
    """Return expressions for the fields of an object, whatever their names: polars takes some for patterns."""
    names = [f"f{at}" for at in range(count)]
    numbered = value.struct.rename_fields(names)
    return [numbered.struct.field(name) for name in names]


def _item(kind: Kind) -> Kind | None:
    return kind.inner if isinstance(kind, pl.List | pl.Array) else None


def _mark() -> str:
    """Return what no value holds."""
    return f"{secrets.token_hex(8)}:"


def _unmarked(text: bytes, mark: str) -> bytes:
    """Return JSON in which marked texts are numbers."""
    return text.replace(f'"{mark}'.encode(), b"").replace(f'{mark}"'.encode(), b"")


def _plain(rows: pl.DataFrame, mark: str) -> pl.DataFrame:
    """Return the rows with instants as texts, and numbers that polars would write as texts marked."""

    def leaf(value: pl.Expr, kind: Kind) -> pl.Expr:
        if kind.is_temporal():
            return instant_text(value, kind)
        return pl.concat_str(pl.lit(mark), value.cast(pl.String), pl.lit(mark)) if _is_exact(kind) else value

    changes = [
        rows[name].to_frame("v").select(rebuilt(pl.col("v"), kind, leaf)).to_series().alias(name)
        for name, kind in rows.schema.items()
        if any(plain.is_temporal() or _is_exact(plain) for _, plain in leaves(kind))
    ]
    return rows.with_columns(changes) if changes else rows


def _is_exact(kind: Kind) -> bool:
    return kind.is_decimal() or (kind.is_integer() and str(kind).endswith("128"))
