"""Shapes: nested values that differ from record to record, made alike so that a column can hold them without loss.

What readers of XML and JSON give differs from record to record: one item or a list of items, a text or an object with
that text. A column has one type, so here the single becomes a list of one and the text an object's ``#text``, wherever
another record has it so; numbers beside texts, and whole numbers past 64 bits, become texts. An empty text beside
lists is none: it is how those readers give an element without any item.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from numbers import Integral, Real
from typing import Any

NESTED = (dict, list, tuple)
TEXT = "#text"
INFINITY = float("inf")
LEVELS = 50  # of nesting in one value: polars and pyarrow break down on more
TOO_DEEP = f"nested deeper than {LEVELS} levels"
# types of numpy and pandas that have a value for nothing; by name, as neither library need be loaded
_MAY_BE_NOTHING = {"NAType", "NaTType", "datetime64", "timedelta64", "float16", "float32"}
_HELD = (str, Real, Decimal, date, time, timedelta, bytes)  # what a column can hold in an object or a list
_INT64 = range(-(2**63), 2**63)
_FLOAT_INTS = range(-(2**53), 2**53 + 1)


def alike(values: Sequence[Any]) -> list[Any]:
    """Return the values of one column, alike in shape; the given ones are untouched.

    Raises:
        ValueError: one of them is nested too deeply.
    """
    check_depth(values)
    return _shaped(list(values))


def known(values: list[Any]) -> list[Any]:
    """Return the values with None for each that stands for nothing (NaN of any kind, NA, NaT), and arrays as lists."""
    kinds = set(map(type, values))
    if any(kind.__name__ == "ndarray" for kind in kinds):  # as pandas has lists that came from parquet
        return known([value.tolist() if type(value).__name__ == "ndarray" else value for value in values])
    doubtful = {kind for kind in kinds if issubclass(kind, float | Decimal) or kind.__name__ in _MAY_BE_NOTHING}
    return [None if type(v) in doubtful and _is_nothing(v) else v for v in values] if doubtful else values


def check_depth(value: Any, level: int = 0) -> None:
    """Refuse a value nested too deeply for a column.

    Raises:
        ValueError: there are more than ``LEVELS`` levels.
    """
    if level > LEVELS:
        raise ValueError(TOO_DEEP)
    if isinstance(value, NESTED):
        for item in value.values() if isinstance(value, dict) else value:
            check_depth(item, level + 1)


def loose_text(value: Any) -> str:
    """Return how a value is written where it must be text: JSON for truths, objects and lists, ISO 8601 for dates."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, float) and value in {INFINITY, -INFINITY}:
        return "Infinity" if value > 0 else "-Infinity"
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _is_nothing(value: Any) -> bool:
    return type(value).__name__ == "NAType" or bool(value != value)  # noqa: PLR0124 - only NaN and NaT differ from themselves


def _shaped(values: list[Any]) -> list[Any]:
    """Return the values at one place of all records, alike in shape."""
    values = known(values)
    kinds = {type(value) for value in values} - {type(None)}
    if any(issubclass(kind, list | tuple) for kind in kinds):
        return _lists(values)
    if any(issubclass(kind, Mapping) for kind in kinds):
        return _objects([value if isinstance(value, Mapping) or value is None else {TEXT: value} for value in values])
    return _scalars(values, kinds)


def _lists(values: list[Any]) -> list[Any]:
    filled = [None if isinstance(value, str) and not value else value for value in values]
    lists = [value if isinstance(value, list | tuple) or value is None else [value] for value in filled]
    shaped = iter(_shaped(list(chain.from_iterable(items or () for items in lists))))
    return [None if items is None else [next(shaped) for _ in items] for items in lists]


def _objects(values: list[Mapping[Any, Any] | None]) -> list[dict[str, Any] | None]:
    held: list[dict[str, Any] | None] = [None if value is None else {} for value in values]
    having: dict[str, tuple[list[int], list[Any]]] = {}
    for at, value in enumerate(values):
        for name, item in (value or {}).items():
            rows, items = having.setdefault(str(name), ([], []))
            if rows[-1:] == [at]:
                message = f"an object with two names that read {str(name)!r}"
                raise ValueError(message)
            rows.append(at)
            items.append(item)
    for name, (rows, items) in having.items():
        for at, shaped in zip(rows, _shaped(items), strict=True):
            held[at][name] = shaped  # type: ignore[index]  # a row that has items has an object
    return held


def _scalars(values: list[Any], kinds: set[type]) -> list[Any]:
    whole = [int(value) for value in values if isinstance(value, Integral)]
    if any(value not in _INT64 for value in whole) or not all(issubclass(kind, _HELD) for kind in kinds):
        return _texts(values)
    if any(isinstance(value, Decimal) and not value.is_finite() for value in values):
        return _texts(values)
    if len(kinds) < 2:  # noqa: PLR2004 - two kinds differ
        clocks = {value.tzinfo is None for value in values if isinstance(value, datetime)}
        return values if len(clocks) < 2 else _texts(values)  # noqa: PLR2004 - an instant beside a wall clock's time
    numbers = all(issubclass(kind, Real) and not issubclass(kind, bool) for kind in kinds)
    if numbers and all(value in _FLOAT_INTS for value in whole):
        return [None if value is None else float(value) for value in values]
    return _texts(values)


def _texts(values: list[Any]) -> list[str | None]:
    return [None if value is None else loose_text(value) for value in values]
