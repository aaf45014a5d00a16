"""Source paths: where in a frame a value stands.

A column's exact name wins, whatever is in it. Else the longest leading part of the path that names a column is taken
and the rest walked into it: ``attributes.batch`` into an object, ``items[0].sku`` or ``items.0.sku`` into a list,
``items[-1]`` from a list's end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

_INDEXED = re.compile(r"(?P<name>[^\[\]]+)(?P<indexes>(?:\[-?\d+\])+)")
_NUMBER = re.compile(r"-?\d+")


class Place(NamedTuple):
    """A value's expression in its frame, and its type."""

    value: pl.Expr
    dtype: pl.DataType


NOWHERE = Place(pl.lit(None), pl.Null())


def locate(path: str, columns: Mapping[str, pl.DataType]) -> Place | None:
    """Return the place that ``path`` names among ``columns``, or None where there is none.

    A column of type Null holds nothing in any row: all paths into it end there.
    """
    segments = path.split(".")
    for cut in range(len(segments), 0, -1):
        for name, steps in _heads(".".join(segments[:cut])):
            if name in columns:
                place = _walk(_column(name, columns), [*steps, *_steps(segments[cut:])])
                if place:
                    return place
    return None


def _heads(head: str) -> list[tuple[str, list[str | int]]]:
    indexed = _INDEXED.fullmatch(head)
    if not indexed:
        return [(head, [])]
    return [(head, []), (indexed["name"], [int(index) for index in _NUMBER.findall(indexed["indexes"])])]


def _steps(segments: list[str]) -> list[str | int]:
    steps: list[str | int] = []
    for segment in segments:
        indexed = _INDEXED.fullmatch(segment)
        steps.append(indexed["name"] if indexed else segment)
        if indexed:
            steps.extend(int(index) for index in _NUMBER.findall(indexed["indexes"]))
    return steps


def _column(name: str, columns: Mapping[str, pl.DataType]) -> Place:
    return NOWHERE if columns[name] == pl.Null else Place(pl.col(name), columns[name])


def _walk(place: Place, steps: list[str | int]) -> Place | None:
    for step in steps:
        inside = _step(place, step)
        if inside is None:
            return None
        place = inside
    return place


def _step(place: Place, step: str | int) -> Place | None:
    value, dtype = place
    if dtype == pl.Null:
        return place
    if isinstance(dtype, pl.Struct) and isinstance(step, str):
        inner = {field.name: field.dtype for field in dtype.fields}.get(step)
        return Place(value.struct.field(step), _typed(inner)) if inner is not None else None
    if isinstance(step, str) and not _NUMBER.fullmatch(step):
        return None
    if isinstance(dtype, pl.List):
        return Place(value.list.get(int(step), null_on_oob=True), _typed(dtype.inner))
    if isinstance(dtype, pl.Array):
        return Place(value.arr.get(int(step), null_on_oob=True), _typed(dtype.inner))
    return None


def _typed(dtype: Any) -> pl.DataType:
    found: pl.DataType = dtype if isinstance(dtype, pl.DataType) else dtype()  # polars takes a class for its default
    return found
