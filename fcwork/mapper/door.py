"""The door of the mapper: records whose nested values differ in shape, made ready to be columns without loss.

What readers of XML and JSON give differs from record to record: one item or a list of items, a text or an object with
that text. A column has one type, so here the single becomes a list of one and the text an object's ``#text``, wherever
another record has it so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from numbers import Real
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.mapper.resolvers import check_depth

_NESTED = (dict, list, tuple)
_INT64 = range(-(2**63), 2**63)
_FLOAT_INTS = range(-(2**53), 2**53 + 1)


def enter(frame: Any, kind: frames.Kind) -> pl.DataFrame:
    """Return a frame of any kind as eager polars, its columns of nested values of one shape.

    A column in which no value stands, and of which no type is known, is of type Null.

    Raises:
        TypeError: this is no frame.
    """
    if kind == "records":
        frame = _alike(frame)
    elif kind == "pandas":
        frame = _pandas_alike(frame)
    entered = frames.enter(frame)
    return _untyped(entered, frame, kind)


def _alike(records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    nested = {name for record in records for name, value in record.items() if isinstance(value, _NESTED)}
    if not nested:
        return records
    columns = {name: _shaped([record.get(name) for record in records]) for name in nested}
    return [
        {name: columns[name][at] if name in nested else value for name, value in record.items()}
        for at, record in enumerate(records)
    ]


def _pandas_alike(frame: Any) -> Any:
    nested = [
        at
        for at, dtype in enumerate(frame.dtypes)
        if str(dtype) == "object" and any(isinstance(value, _NESTED) for value in frame.iloc[:, at])
    ]
    if not nested:
        return frame
    import pandas as pd

    columns = [frame.iloc[:, at] for at in range(frame.shape[1])]
    for at in nested:
        values = [None if not isinstance(v, _NESTED) and pd.isna(v) else v for v in columns[at]]
        columns[at] = pd.Series(_shaped(values), index=frame.index, name=frame.columns[at], dtype=object)
    return pd.concat(columns, axis=1)


def _shaped(values: list[Any]) -> list[Any]:
    """Return the values at one place of all records, alike in shape."""
    kinds = {type(value) for value in values} - {type(None)}
    if not kinds & set(_NESTED):
        return _scalars(values, kinds)
    check_depth(values)  # before going down into them
    if kinds & {list, tuple}:
        return _lists(values)
    return _objects([value if isinstance(value, dict) or value is None else {"#text": value} for value in values])


def _lists(values: list[Any]) -> list[Any]:
    lists = [value if isinstance(value, list | tuple) or value is None else [value] for value in values]
    shaped = iter(_shaped(list(chain.from_iterable(items or () for items in lists))))
    return [None if items is None else [next(shaped) for _ in items] for items in lists]


def _objects(values: list[dict[Any, Any] | None]) -> list[Any]:
    names = dict.fromkeys(str(name) for value in values if value for name in value)
    held: list[dict[str, Any] | None] = [None if value is None else {} for value in values]
    for name in names:
        having = [(at, value[name]) for at, value in enumerate(values) if value and name in value]
        for (at, _), shaped in zip(having, _shaped([item for _, item in having]), strict=True):
            target = held[at]
            if target is not None:
                target[name] = shaped
    return held


def _scalars(values: list[Any], kinds: set[type]) -> list[Any]:
    whole = [value for value in values if type(value) is int]
    if any(value not in _INT64 for value in whole):
        return [_text(value) for value in values]
    if len(kinds) < 2:  # noqa: PLR2004 - two kinds differ
        return values
    numbers = all(issubclass(kind, Real) and not issubclass(kind, bool) for kind in kinds)
    if numbers and all(value in _FLOAT_INTS for value in whole):
        return [None if value is None else float(value) for value in values]
    return [_text(value) for value in values]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return (
        json.dumps(value)
        if isinstance(value, bool)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else str(value)
    )


def _untyped(entered: pl.DataFrame, frame: Any, kind: frames.Kind) -> pl.DataFrame:
    """Give type Null to the columns of which it is not known that they hold texts."""
    if not entered.height:
        return entered
    texts = [name for name, dtype in entered.schema.items() if dtype == pl.String]
    empty = [name for name in texts if entered[name].null_count() == entered.height]
    unknown = [name for name in empty if not _is_text(frame, name, kind)]
    return entered.with_columns(pl.lit(None, dtype=pl.Null).alias(name) for name in unknown) if unknown else entered


def _is_text(frame: Any, name: str, kind: frames.Kind) -> bool:
    """Say whether a column's own library knows it to hold texts."""
    if kind in {"polars", "lazy"}:
        return bool(frame.collect_schema()[name] != pl.Null)
    if kind == "pyarrow":
        return str(frame.schema.field(name).type) != "null"
    if kind == "pandas":
        return bool(frame.dtypes.iloc[[str(column) for column in frame.columns].index(name)] != "object")
    return False
