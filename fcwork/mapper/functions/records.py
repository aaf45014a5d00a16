"""Single values and records: defaults, look-ups, parts of a record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from fcwork.mapper.functions.reading import REQUIRED, Required, read, unlike
from fcwork.mapper.javascript.notation import no_constant
from fcwork.mapper.javascript.values import SPACES, number_text

_Default = TypeVar("_Default")
_Value = TypeVar("_Value")


def coalesce(*values: Any) -> Any:
    """Return the first value that is not None, or None; 0, false and an empty text are values."""
    return next((value for value in values if value is not None), None)


def normalize_empty(value: Any, default: Any = None, *, trim: bool = True) -> Any:
    """Return a value, or the default for None and an empty text.

    Args:
        value: the value.
        default: what stands for no value.
        trim: whether a text of nothing but blanks is empty too.
    """
    if value is None or (isinstance(value, str) and not (value.strip(SPACES) if trim else value)):
        return default
    return value


def is_empty(value: Any) -> bool:
    """Return whether a value is None, a blank text, or a list or object without items; 0 and false are not empty."""
    if isinstance(value, str):
        return not value.strip(SPACES)
    return value is None or (isinstance(value, list | tuple | Mapping) and not value)


def require_field(value: _Value | None, name: str) -> _Value:
    """Return a value that must be there.

    Args:
        value: the value.
        name: what the message calls it.

    Raises:
        ValueError: it is None or an empty text.
    """
    if value is None or value == "":
        raise ValueError(f"required field missing: {name}")
    return value


def map_value(value: Any, mapping: Mapping[Any, Any], default: Any = None) -> Any:
    """Return what a value is mapped to; a number or boolean finds the key that is its text.

    Args:
        value: the value to look up.
        mapping: the values by key.
        default: what is returned where there is no such key; None has none.

    Raises:
        ValueError: the mapping is no object.
    """
    if not isinstance(mapping, Mapping):
        raise unlike("an object of values by key", mapping)
    if isinstance(value, bool):
        return mapping.get("true" if value else "false", default)
    if isinstance(value, int | float | Decimal):
        return mapping.get(value, mapping.get(number_text(value), default))
    return mapping.get(value, default) if isinstance(value, str) else default


def pick(record: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the record's named members that it has, in the order of the names."""
    return {key: record[key] for key in keys if key in record}


def omit(record: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the record without the named members."""
    left_out = set(keys)
    return {key: value for key, value in record.items() if key not in left_out}


def deep_merge(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return both records in a new one: objects are merged, anything else of the second replaces the first's."""
    merged = dict(first)
    for key, value in second.items():
        if isinstance(value, Mapping):
            before = merged.get(key)
            merged[key] = deep_merge(before if isinstance(before, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def parse_json(value: Any, default: _Default | Required = REQUIRED) -> Any:
    """Return what a JSON text holds; whole numbers keep all their digits.

    Args:
        value: the text.
        default: what is returned for anything that is no JSON text.

    Raises:
        ValueError: it is no JSON text, and there is no default.
    """
    return read(lambda: _loaded(value), default)


def _loaded(value: Any) -> Any:
    if not isinstance(value, str):
        raise unlike("a JSON text", value)
    try:
        return json.loads(value, parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise unlike("a JSON text", value) from None
