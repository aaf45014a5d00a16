"""Values of an event where a caller names them in braces: in filters as they are, in a sink as safe names.

What stands in an event is data: in a filter it goes to the platform as a variable, and in a path it is one segment that
leads nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

OF_EXTRACTION = frozenset({"date", "time", "from", "to", "run", "entity", "part"})  # which extract fills in itself
MOST = 100  # characters of one name
WILDCARD = "%"  # of the platform's filters (assumed)
_Plain = TypeVar("_Plain", bound=str | int | float)
_FIELD = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_.-]*)\}(?!\})")
_FIRST = re.compile(r"[.~-]")  # a name that begins so is hidden, or an option to some


def sink_of(template: str, event: Mapping[str, Any]) -> str:
    """Return a sink with the event's values in it; what an extraction fills in by itself stays in braces.

    Raises:
        ConfigError: the event has no such value.
    """
    return _FIELD.sub(lambda found: _named(found[1], event) or found[0], template)


def filters_of(filters: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """Return filters in which a text that is nothing but a name in braces is the event's value.

    Raises:
        ConfigError: the event has no such value, or it may stand for others too.
    """
    return {name: _filled(value, event) for name, value in filters.items()}


def segment(text: str) -> str:
    """Return a text as one segment of a path: others for others, and never a way out of the folder."""
    safe = quote(text, safe="", errors="surrogatepass")
    safe = _FIRST.sub(lambda found: f"%{ord(found[0]):02X}", safe, count=1) if _FIRST.match(safe) else safe
    if len(safe) <= MOST:
        return safe
    return f"{safe[:MOST]}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def value_of(name: str, event: Mapping[str, Any]) -> str | int | float:
    """Return a value of an event by its name, such as ``entityRef`` or ``attributes.carrier``.

    Raises:
        ConfigError: there is none, or it is an object or a list.
    """
    found: Any = event
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, str | int | float) or found == "":
        near = did_you_mean(name, event) if name not in event else ""
        raise ConfigError(
            f"the event has no value {name!r}{near}", hint=f"it has {', '.join(map(str, event)) or 'none'}"
        )
    return found


def plain(value: _Plain) -> _Plain:
    """Return a value of an event that a filter takes for itself alone.

    Raises:
        ConfigError: it may stand for others too.
    """
    if isinstance(value, str) and WILDCARD in value:
        told = f"the event's {value!r} may stand for others too"
        raise ConfigError(told, hint="name what is meant: filters= without braces, or query=")
    return value


def _named(name: str, event: Mapping[str, Any]) -> str:
    return "" if name in OF_EXTRACTION else segment(str(value_of(name, event)))


def _filled(value: Any, event: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return filters_of(value, event)
    if isinstance(value, list | tuple):
        return [_filled(item, event) for item in value]
    found = _FIELD.fullmatch(value) if isinstance(value, str) else None
    return plain(value_of(found[1], event)) if found else value
