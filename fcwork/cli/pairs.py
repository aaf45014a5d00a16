"""Options with values in JSON: a key and a value each, read as text where it is none, or a whole object."""

from __future__ import annotations

import json
from typing import Any

from fcwork.errors import ConfigError

Pairs = tuple[tuple[str, str], ...]


def by_key(pairs: Pairs) -> dict[str, Any]:
    """Return the values by their keys.

    Raises:
        ConfigError: a key is given twice.
    """
    found: dict[str, Any] = {}
    for key, text in pairs:
        if key in found:
            raise ConfigError(f"-o {key} is given twice", hint="give each key once: -o KEY VALUE")
        found[key] = _value(text)
    return found


def gathered(pairs: Pairs) -> dict[str, Any]:
    """Return the values by their keys, those of a key that is given several times as a list; numbers stay texts."""
    found: dict[str, list[Any]] = {}
    for key, text in pairs:
        value = _value(text)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        found.setdefault(key, []).append(text if number else value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def an_object(text: str | None, option: str) -> dict[str, Any] | None:
    """Return the object that an option gives as JSON; None where it was not given.

    Raises:
        ConfigError: it is no JSON, or no object.
    """
    if text is None:
        return None
    found = _value(text)
    if not isinstance(found, dict):
        raise ConfigError(f"{option} is {text!r}, and no JSON object", hint=f"""in quotes, such as {option} '{{}}'""")
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
