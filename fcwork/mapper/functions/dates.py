"""Dates and times: read strictly, as aware UTC times; without a zone they are UTC or in the zone that is named."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from fcwork.mapper.dates import EXPECTED, SHAPE
from fcwork.mapper.functions.reading import REQUIRED, Required, read, unlike
from fcwork.mapper.javascript.values import SPACES

Zone = str | tzinfo
_Default = TypeVar("_Default")
_SHAPE = re.compile(SHAPE)
_ONE_DAY = timedelta(days=1)


def parse_date(
    value: Any, default: _Default | Required = REQUIRED, *, zone: Zone = "UTC", pattern: str | None = None
) -> datetime | _Default:
    """Return a value as an aware UTC time.

    Of a local time that a change of the clocks repeats, the first is meant.

    Args:
        value: a date, a time, or a text such as ``2025-01-15``, ``2025/01/15 10:30`` or ``2025-01-15T10:30:00+05:30``.
        default: what is returned for anything else; numbers are no dates.
        zone: the zone of a value that names none, as in ``Europe/London``.
        pattern: the form of the text where it is another one, as for ``strptime``: ``%d/%m/%Y``.

    Raises:
        ValueError: it is no date and there is no default, or the zone is not known.
    """
    place = _zone(zone)
    return read(lambda: _instant(value, place, pattern), default)


def format_date(value: Any, default: _Default | Required = REQUIRED, *, zone: Zone = "UTC") -> str | _Default:
    """Return a value as ISO 8601 text in UTC with milliseconds: ``2025-01-15T10:30:00.000Z``.

    Args:
        value: a date, a time or a text, as in ``parse_date``.
        default: what is returned for anything else.
        zone: the zone of a value that names none.

    Raises:
        ValueError: it is no date and there is no default, or the zone is not known.
    """
    place = _zone(zone)
    return read(lambda: _iso_text(_instant(value, place)), default)


def add_days(value: Any, days: int, *, zone: Zone = "UTC") -> datetime:
    """Return the time so many calendar days later, or earlier, at the same hour of a zone.

    Args:
        value: a date, a time or a text, as in ``parse_date``.
        days: a whole number of days, below 0 for earlier.
        zone: the zone whose calendar counts; it is also the zone of a value that names none.

    Raises:
        ValueError: it is no date, the days are not whole, or the result is past the calendar.
    """
    if isinstance(days, bool) or not isinstance(days, int):
        raise unlike("a whole number of days", days)
    place = _zone(zone)
    try:
        return (_instant(value, place).astimezone(place) + days * _ONE_DAY).astimezone(UTC)
    except OverflowError:
        raise unlike("days within the years 1 to 9999", days) from None


def days_between(first: Any, second: Any, *, zone: Zone = "UTC") -> int:
    """Return how many days of 24 hours, begun ones counted whole, lead from one time to another; below 0 if backwards.

    Args:
        first: a date, a time or a text, as in ``parse_date``.
        second: another.
        zone: the zone of a value that names none.

    Raises:
        ValueError: one of them is no date, or the zone is not known.
    """
    place = _zone(zone)
    span = _instant(second, place) - _instant(first, place)
    days = -(-abs(span) // _ONE_DAY)
    return days if span > timedelta() else -days


def _zone(zone: Zone) -> tzinfo:
    if isinstance(zone, tzinfo):
        return zone
    try:
        return UTC if zone == "UTC" else ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise unlike("a time zone such as Europe/London", zone) from None


def _instant(value: Any, zone: tzinfo, pattern: str | None = None) -> datetime:
    try:
        local = _local(value, pattern)
        return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise unlike(f"a date in the form {pattern}" if pattern else EXPECTED, value) from None


def _local(value: Any, pattern: str | None) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, datetime.min.time())
    text = value.strip(SPACES) if isinstance(value, str) else ""
    if pattern:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone follows
    if not _SHAPE.fullmatch(text):
        raise ValueError
    return datetime.fromisoformat(text.replace("/", "-"))


def _iso_text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
