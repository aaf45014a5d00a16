"""Values as Python and JSON have them: what stands under a hidden name is replaced, whatever it is in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fcwork.personal.names import below, covers, hidden_names
from fcwork.personal.texts import may_hold, text
from fcwork.redact import MASK

MOST_PARSED = 1_000_000  # characters of a JSON text; a longer one is gone through as text


def hidden(value: Any, path: str = "") -> Any:
    """Return a value of this path, or a whole record, with what is hidden in it replaced; what is null stays null.

    In a pair such as ``{"name": "email", "value": …}`` the name counts as that of the value.
    """
    if not hidden_names():
        return value
    return _hidden(value, path)


def cell(value: str, path: str = "") -> str:
    """Return a text of this path as it may be shown: one that is JSON by the paths in it, any other by its names."""
    names = hidden_names()
    if not names or not may_hold(names).search(value):
        return value
    if value.lstrip()[:1] not in {"{", "["} or len(value) > MOST_PARSED:
        return text(value)
    try:
        parsed = json.loads(value)
        shown = _hidden(parsed, path)
    except (ValueError, RecursionError):
        return text(value)
    return value if shown == parsed else json.dumps(shown, ensure_ascii=False)


def shows_otherwise(value: Any, path: str = "") -> Any:
    """Return a value as it is shown, and the very same object where nothing is hidden in it."""
    shown = hidden(value, path)
    return value if shown is value or str(shown) == str(value) else shown


def _hidden(value: Any, path: str) -> Any:
    if value is not None and path and covers(path):
        return MASK
    if isinstance(value, Mapping):
        pair = _names_its_value(value, path)
        return {name: _field(item, below(path, name), always=pair and name == "value") for name, item in value.items()}
    if isinstance(value, list) or type(value).__name__ == "ndarray":  # as pandas keeps lists
        return [_hidden(item, path) for item in value]
    if type(value) is tuple:
        return tuple(_hidden(item, path) for item in value)
    return _text(value, path) if isinstance(value, str | bytes) else value


def _text(value: str | bytes, path: str) -> str | bytes:
    if isinstance(value, str):
        return cell(value, path)
    decoded = value.decode("utf-8", "replace")
    return value if cell(decoded, path) == decoded else MASK


def _field(value: Any, path: str, *, always: bool) -> Any:
    return MASK if always and value is not None else _hidden(value, path)


def _names_its_value(value: Mapping[Any, Any], path: str) -> bool:
    name = value.get("name")
    return isinstance(name, str) and "value" in value and covers(below(path, name))
