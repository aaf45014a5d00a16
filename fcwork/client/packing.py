"""Rows as JSON for the wire: columnar where it can be, nulls left out, identity columns never sent.

The same rows always give the same bytes, in their order, and a row the same text whatever rows stand beside it. An
instant is written in UTC with a Z; one without a zone is taken as UTC.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.client.attributes import of_their_kinds
from fcwork.client.calls import encoded

_INSTANT = "%Y-%m-%dT%H:%M:%S%.3fZ"
_PLAIN_NAME = re.compile(r"[\w .:@/-]+", re.ASCII)


def pack_rows(rows: pl.DataFrame) -> bytes:
    """Return the rows as a JSON array of objects.

    Raises:
        BadRequestError: a column holds what JSON has no form for.
    """
    return b"[" + _lines(rows).replace(b"\n", b",") + b"]"


def pack_lines(rows: pl.DataFrame) -> list[bytes]:
    """Return each row as a JSON object, written as in ``pack_rows``; raises as that does."""
    return _lines(rows).splitlines()


def _lines(rows: pl.DataFrame) -> bytes:
    """Return the rows as JSON objects, one a line; inside a JSON text a line break is escaped."""
    rows = frames.without_identity(rows)
    return of_their_kinds(_written(rows), rows)


def _written(rows: pl.DataFrame) -> bytes:
    """Write a row the same whatever rows are beside it: the columns' types alone decide how."""
    exact = [name for name, dtype in rows.schema.items() if dtype.is_decimal()]
    inside = {name for column, dtype in rows.schema.items() for name in _names_inside(column, dtype)}
    plain = inside.isdisjoint(exact) and all(_is_plain(name, dtype) for name, dtype in rows.schema.items())
    empty = [name for name in rows.columns if rows[name].null_count() == rows.height]
    kept = rows.drop(empty) if empty else rows
    if not kept.width:
        return b"\n".join([b"{}"] * rows.height)
    if not plain:
        return b"\n".join(encoded(record, "a record") for record in _shown(kept.to_dicts()))
    rewritten = [
        _writable(name, dtype) for name, dtype in kept.schema.items() if dtype.is_temporal() or dtype.is_decimal()
    ]
    columns = kept.with_columns(rewritten) if rewritten else kept
    text = io.BytesIO()
    columns.write_ndjson(text)
    return _without_nulls(_unquoted(text.getvalue(), exact), columns).removesuffix(b"\n")


def pack_records(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Return dicts as a JSON array, what is null or not a number left out, nested too.

    Raises:
        BadRequestError: a value has no form in JSON.
    """
    return encoded(_shown(records), "a record")


def _shown(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    hidden = set(frames.OWN)
    return [_sparse({name: value for name, value in record.items() if name not in hidden}) for record in records]


def _is_plain(name: str, dtype: pl.DataType) -> bool:
    """Say whether polars writes such a column as the platform reads it, and its name without an escape."""
    if not _PLAIN_NAME.fullmatch(name):
        return False
    if isinstance(dtype, pl.Struct):
        return all(_is_plain_inside(item.name, item.dtype) for item in dtype.fields)
    if isinstance(dtype, pl.List):
        return _is_plain_inside(name, dtype.inner)
    return dtype not in {pl.Binary, pl.Object, pl.Time, pl.Duration, pl.Array}


def _is_plain_inside(name: str, dtype: Any) -> bool:
    return not (dtype.is_temporal() or dtype.is_decimal()) and _is_plain(name, dtype)


def _writable(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return (column.dt.convert_time_zone("UTC") if dtype.time_zone else column).dt.strftime(_INSTANT)
    if isinstance(dtype, pl.Decimal):  # by way of a float, digits could be lost
        text = column.cast(pl.String)
        return text.str.replace(r"(\.\d*?)0+$", "${1}").str.strip_suffix(".") if dtype.scale else text
    return column


def _unquoted(text: bytes, names: Sequence[str]) -> bytes:
    """Write as numbers what stands in quotes under these names; within a JSON text a quote has a backslash."""
    for name in names:
        key = f'"{name}":'.encode()
        text = re.sub(re.escape(key) + rb'"(-?[0-9.]+)"', lambda found: key + found[1], text)  # noqa: B023 - used at once
    return text


def _without_nulls(text: bytes, rows: pl.DataFrame) -> bytes:
    """Cut ``"name":null`` out of written rows.

    Inside a JSON text a quote has a backslash before it, so what is found is a key, never part of a value.
    """
    sparse = [name for name in rows.columns if rows[name].has_nulls() or rows.schema[name].is_float()]
    inside = [name for column, dtype in rows.schema.items() for name in _names_inside(column, dtype)]
    for name in dict.fromkeys([*sparse, *inside]):
        text = _cut(text, f'"{name}":null'.encode())
    for name in reversed([name for column, dtype in rows.schema.items() for name in _objects(column, dtype)]):
        text = _cut(text, f'"{name}":{{}}'.encode())
    return text


def _cut(text: bytes, pair: bytes) -> bytes:
    if pair not in text:
        return text
    return text.replace(pair + b",", b"").replace(b"," + pair + b"}", b"}").replace(b"{" + pair + b"}", b"{}")


def _names_inside(_: str, dtype: Any) -> Iterator[str]:
    if isinstance(dtype, pl.List):
        yield from _names_inside("", dtype.inner)
    elif isinstance(dtype, pl.Struct):
        for item in dtype.fields:
            yield item.name
            yield from _names_inside("", item.dtype)


def _objects(name: str, dtype: Any) -> Iterator[str]:
    """Yield the names of objects, the outer before the inner."""
    if isinstance(dtype, pl.Struct):
        yield name
        for item in dtype.fields:
            yield from _objects(item.name, item.dtype)
    elif isinstance(dtype, pl.List):
        for item in getattr(dtype.inner, "fields", ()):
            yield from _objects(item.name, item.dtype)


def _sparse(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sparse(item) for name, item in value.items() if not _is_nothing(item)}
    return [_sparse(item) for item in value] if isinstance(value, list | tuple) else value


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))
