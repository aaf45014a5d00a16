"""Shapes: nested values that differ from record to record, made alike so that a column can hold them without loss.

What readers of XML and JSON give differs from record to record: one item or a list of items, a text or an object with
that text. A column has one type, so here the single becomes a list of one and the text an object's ``#text``, wherever
another record has it so; numbers beside texts, and whole numbers past 64 bits, become texts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from numbers import Real
from typing import Any

NESTED = (dict, list, tuple)
TEXT = "#text"
LEVELS = 50  # of nesting in one value: polars and pyarrow break down on more
_INT64 = range(-(2**63), 2**63)
_FLOAT_INTS = range(-(2**53), 2**53 + 1)


def alike(values: Sequence[Any]) -> list[Any]:
    """Return the values of one column, alike in shape; the given ones are untouched.

    Raises:
        ValueError: one of them is nested too deeply.
    """
    check_depth(values)
    return _shaped(list(values))


def check_depth(value: Any, level: int = 0) -> None:
    """Refuse a value nested too deeply for a column.

    Raises:
        ValueError: there are more than ``LEVELS`` levels.
    """
    if level > LEVELS:
        raise ValueError("nested too deeply")
    if isinstance(value, NESTED):
        for item in value.values() if isinstance(value, dict) else value:
            check_depth(item, level + 1)


def loose_text(value: Any) -> str:
    """Return how a value is written where it must be text: JSON for truths, objects and lists, ISO 8601 for dates."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _shaped(values: list[Any]) -> list[Any]:
    """Return the values at one place of all records, alike in shape."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds & {list, tuple}:
        return _lists(values)
    if dict in kinds:
        return _objects([value if isinstance(value, dict) or value is None else {TEXT: value} for value in values])
    return _scalars(values, kinds)


def _lists(values: list[Any]) -> list[Any]:
    lists = [value if isinstance(value, list | tuple) or value is None else [value] for value in values]
    shaped = iter(_shaped(list(chain.from_iterable(items or () for items in lists))))
    return [None if items is None else [next(shaped) for _ in items] for items in lists]


def _objects(values: list[dict[Any, Any] | None]) -> list[dict[str, Any] | None]:
    names = dict.fromkeys(name for value in values if value for name in value)
    held: list[dict[str, Any] | None] = [None if value is None else {} for value in values]
    for name in names:
        having = [(target, value[name]) for target, value in zip(held, values, strict=True) if value and name in value]
        for (target, _), shaped in zip(having, _shaped([item for _, item in having]), strict=True):
            if target is not None:
                target[str(name)] = shaped
    return held


def _scalars(values: list[Any], kinds: set[type]) -> list[Any]:
    whole = [value for value in values if type(value) is int]
    if any(value not in _INT64 for value in whole):
        return _texts(values)
    if len(kinds) < 2:  # noqa: PLR2004 - two kinds differ
        return values
    numbers = all(issubclass(kind, Real) and not issubclass(kind, bool) for kind in kinds)
    if numbers and all(value in _FLOAT_INTS for value in whole):
        return [None if value is None else float(value) for value in values]
    return _texts(values)


def _texts(values: list[Any]) -> list[str | None]:
    return [None if value is None else loose_text(value) for value in values]
