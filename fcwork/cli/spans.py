"""Times as people write them: spans such as 30s, 90m, 12h, 2d, 1w, days and instants."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from fcwork.clock import SYSTEM

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPAN = re.compile(r"([0-9]{1,9})([smhdw])")


def span(text: str) -> timedelta | None:
    """Return the time that a text such as ``30s``, ``90m``, ``12h``, ``2d`` or ``1w`` means, or None where it is none.

    Raises:
        OverflowError: more than can be told.
    """
    found = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def since(text: str) -> datetime:
    """Return the instant that a person means by ``--since``; a day begins at midnight in UTC."""
    try:
        if (ago := span(text)) is not None:
            return SYSTEM.now() - ago
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        words = f"{text!r} is no time: give a day as 2026-01-15, an instant as 2026-01-15T08:00Z, or 90m, 12h, 2d, 1w"
        raise click.BadParameter(words, param_hint="--since") from None
    if _DAY.fullmatch(text):
        return at.replace(tzinfo=UTC)
    if at.tzinfo is None:
        raise click.BadParameter(f"{text!r} has no time zone: add Z for UTC, or +01:00", param_hint="--since")
    return at
