"""Times as people write them: spans such as 30s, 90m, 12h, 2d, 1w, days and instants."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import click

from fcwork.clock import SYSTEM

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPAN = re.compile(r"([0-9]{1,9})([smhdw])")


def seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Return the seconds of an option that is a span of time; a callback of click."""
    found = seconds_or_zero(ctx, param, value)
    if found == 0:
        raise _none(ctx, param, value)
    return found


def seconds_or_zero(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Return the same, also of none, as in ``0s``."""
    found = None if value is None else span(value)
    if value is not None and found is None:
        raise _none(ctx, param, value)
    return None if found is None else found.total_seconds()


def span(text: str) -> timedelta | None:
    """Return the time that a text such as ``30s``, ``90m``, ``12h``, ``2d`` or ``1w`` means; None where it is none."""
    found = _SPAN.fullmatch(text)
    with suppress(OverflowError):
        return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    return None


def as_text(seconds: float) -> str:
    """Return whole seconds as a person would write them, in the largest unit that needs no fraction."""
    sizes = {unit: timedelta(**{name: 1}).total_seconds() for unit, name in reversed(_UNITS.items())}
    unit = next((unit for unit, size in sizes.items() if seconds and seconds % size == 0), "s")
    return f"{seconds / sizes[unit]:.0f}{unit}"


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


def _none(ctx: click.Context, param: click.Parameter, value: str | None) -> click.BadParameter:
    return click.BadParameter(f"{value!r} is no span of time: give 90s, 10m, 12h, 2d or 1w", ctx, param)
