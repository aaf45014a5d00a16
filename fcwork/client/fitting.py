"""One type for values that no schema describes: the one that holds them all, else text."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

_EXACT = 2**53  # whole numbers up to here are floats without loss
_NONE = type(None)


def fitted(values: list[Any]) -> tuple[list[Any], pl.DataType]:
    """Return the values with the type that holds them all; what shares no type becomes text, nested too."""
    kinds = kinds_of(values)
    if kinds == {dict}:
        return _fitted_objects(values)
    if kinds == {list}:
        items, inner = fitted([item for v in values if v is not None for item in v])
        given = iter(items)
        return [None if v is None else [next(given) for _ in v] for v in values], pl.List(inner)
    if kinds == {bool}:
        return values, pl.Boolean()
    if kinds == {float} or (kinds == {int, float} and _are_exact(values)):
        return values, pl.Float64()
    if kinds == {int}:
        wide = any(v is not None and not -(2**63) <= v < 2**63 for v in values)
        return values, pl.Int128() if wide else pl.Int64()
    return [v if v is None or isinstance(v, str) else text_of(v) for v in values], pl.String()


def _fitted_objects(values: list[Any]) -> tuple[list[Any], pl.DataType]:
    names = list(dict.fromkeys(name for v in values if v for name in v))
    fields = [fitted([None if v is None else v.get(name) for v in values]) for name in names]
    rows = zip(*(column for column, _ in fields), strict=True) if names else iter([()] * len(values))
    objects = [None if v is None else dict(zip(names, row, strict=True)) for v, row in zip(values, rows, strict=True)]
    return objects, pl.Struct({name: dtype for name, (_, dtype) in zip(names, fields, strict=True)})


def kinds_of(values: list[Any]) -> set[type]:
    """Return the types of the values that are not null."""
    return set(map(type, values)) - {_NONE}


def _are_exact(values: list[Any]) -> bool:
    return all(v is None or isinstance(v, float) or -_EXACT <= v <= _EXACT for v in values)


def text_of(value: Any) -> str:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False)
