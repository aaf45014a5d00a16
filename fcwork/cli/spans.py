"""Spans of time as people write them: 90m, 12h, 2d, 1w."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"([0-9]{1,9})([mhdw])")


def span(text: str) -> timedelta | None:
    """Return the time that a text such as ``90m``, ``12h``, ``2d`` or ``1w`` means, or None where it is none.

    Raises:
        OverflowError: more than can be told.
    """
    found = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
