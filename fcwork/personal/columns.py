"""Frames of polars as they are shown: what stands under a hidden name is replaced, in a column and in what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from fcwork.personal.names import below, covers, hidden_names
from fcwork.personal.records import cell, shows_otherwise
from fcwork.personal.texts import may_hold
from fcwork.redact import MASK

TEXTS = (pl.String, pl.Categorical, pl.Enum)
NAMING = ("name", "variable", "field", "column", "key")  # a column that says what the value beside it is
_NAMED = re.compile(r"value|column_\d+")


def masked(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with what is hidden in it replaced, and all that is null still null."""
    if not hidden_names():
        return frame
    meant = dict(_named_by_another(frame))
    changes: list[pl.Expr | pl.Series] = []
    for column in frame:
        expr = _objects(column) if column.dtype == pl.Object else _changed(column)
        if column.name in meant:
            expr = _where(pl.lit(meant[column.name]), pl.col(column.name), expr)
        if expr is not None:
            changes.append(expr.alias(column.name))
    return frame.with_columns(changes) if changes else frame


def masked_column(frame: pl.DataFrame, name: str) -> pl.Series:
    """Return a column of a frame with what is hidden in it replaced; others are read where they say what it holds."""
    naming = [other for other in NAMING if other in frame.columns and other != name] if _NAMED.fullmatch(name) else []
    return masked(frame.select(name, *naming))[name]


def _changed(column: pl.Series) -> pl.Expr | None:
    if column.dtype in TEXTS and not covers(column.name):
        held = column.cast(pl.String).str.contains(may_hold(hidden_names()).pattern)
        if not held.any():
            return None
    return _hidden(pl.col(column.name), column.dtype, column.name)


def _hidden(value: pl.Expr, kind: pl.DataType, path: str) -> pl.Expr | None:
    """Return what is shown in place of a value of this type; None where it is shown as it is."""
    if covers(path):
        return _marked(value)
    if isinstance(kind, pl.Struct):
        return _struct(value, kind, path)
    if isinstance(kind, pl.List | pl.Array):
        items = value.arr.to_list() if isinstance(kind, pl.Array) else value
        inner = _hidden(pl.element(), _type(kind.inner), path)
        return None if inner is None else items.list.eval(inner)
    if kind == pl.Binary:
        return value.map_batches(lambda values: _each(values, path), return_dtype=pl.Binary)
    if kind in TEXTS:
        return value.cast(pl.String).map_batches(lambda values: _each(values, path), return_dtype=pl.String)
    return None


def _struct(value: pl.Expr, kind: pl.Struct, path: str) -> pl.Expr | None:
    fields = {field.name: _type(field.dtype) for field in kind.fields}
    own = {name: value.struct.field(name) for name in fields}
    changed = {name: _hidden(own[name], fields[name], below(path, name)) for name in fields}
    if "value" in fields and fields.get("name") == pl.String:
        meant = own["name"].map_batches(lambda names: _hidden_among(names, path), return_dtype=pl.Boolean)
        changed["value"] = _where(meant, own["value"], changed["value"])
    if all(expr is None for expr in changed.values()):
        return None
    made = [(own[name] if expr is None else expr).alias(name) for name, expr in changed.items()]
    return pl.when(value.is_not_null()).then(pl.struct(made))


def _marked(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_not_null()).then(pl.lit(MASK))


def _where(meant: pl.Expr, value: pl.Expr, otherwise: pl.Expr | pl.Series | None) -> pl.Expr:
    """Return a value that is replaced where it is meant."""
    shown = value if otherwise is None else pl.lit(otherwise) if isinstance(otherwise, pl.Series) else otherwise
    text = shown.cast(pl.String, strict=False)
    return pl.when(meant & value.is_not_null()).then(pl.lit(MASK)).otherwise(text)


def _each(values: pl.Series, path: str) -> pl.Series:
    """Return texts, or bytes, of which those that may hold something to hide were gone through."""
    if values.dtype == pl.Binary:
        told = [shows_otherwise(value, path) for value in values.to_list()]
        return pl.Series(values.name, [MASK.encode() if one == MASK else one for one in told], dtype=pl.Binary)
    held = values.str.contains(may_hold(hidden_names()).pattern).fill_null(value=False)
    if not held.any():
        return values
    at = held.arg_true()
    texts = values.gather(at)
    once = texts.unique()
    return values.scatter(at, texts.replace(once, pl.Series([cell(text, path) for text in once])))


def _objects(column: pl.Series) -> pl.Series | None:
    values = column.to_list()
    changed = [shows_otherwise(value, column.name) for value in values]
    same = all(one is other for one, other in zip(values, changed, strict=True))
    return None if same else pl.Series(column.name, changed, dtype=pl.Object)


def _named_by_another(frame: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    """Yield columns whose values another column names, as in a frame on its side, with the rows that are meant."""
    naming = [name for name in frame.columns if name in NAMING and frame.schema[name] in TEXTS]
    named = [name for name in frame.columns if _NAMED.fullmatch(name)]
    if not (naming and named):
        return
    says = [_hidden_among(frame[name].cast(pl.String)) for name in naming]
    meant = pl.DataFrame(says).select(pl.any_horizontal(pl.all())).to_series()
    if meant.any():
        yield from ((name, meant) for name in named)


def _hidden_among(names: pl.Series, path: str = "") -> pl.Series:
    """Say of each name whether it is hidden; each is judged once, as a long column holds few."""
    covered = [name for name in names.unique().drop_nulls() if covers(below(path, name))]
    return names.is_in(pl.Series(covered, dtype=pl.String)).fill_null(value=False)


def _type(kind: Any) -> pl.DataType:
    """Return an instance of a type that polars may give as its class."""
    made: pl.DataType = kind() if isinstance(kind, type) else kind
    return made
