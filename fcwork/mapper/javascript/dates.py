"""Dates as JavaScript counts them: milliseconds since 1970, in whole days of a calendar without end.

What lies before the year 1 or past 9999 has a text in JavaScript but no ``datetime`` here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_CYCLE = 146_097 * timedelta(days=1)  # after 400 years the calendar repeats
_FURTHEST = 8_640_000_000_000_000


def milliseconds(moment: date) -> int:
    """Return a date or time as milliseconds since 1970; without a zone it is UTC."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def moment(instant: int | None) -> datetime | None:
    """Return milliseconds since 1970 as an aware UTC time, or None where Python has none."""
    try:
        return None if instant is None else _EPOCH + instant * _MILLISECOND
    except OverflowError:
        return None


def clipped(instant: float | Decimal) -> int | None:
    """Return a number of milliseconds as a whole one, or None past the 100 million days that JavaScript counts."""
    return int(instant) if -_FURTHEST <= instant <= _FURTHEST else None  # NaN is in no range


def first_of(year: int, month: int) -> int:
    """Return the milliseconds since 1970 at the beginning of a month of any year."""
    cycles, short = divmod(year, 400)
    return milliseconds(date(400 + short, month, 1)) + (cycles - 1) * (_CYCLE // _MILLISECOND)


def iso_text(instant: int) -> str:
    """Return ``2025-01-15T10:30:00.000Z``; a year of more than four digits, or below 0, gets a sign and six."""
    year, at = _placed(instant)
    shown = f"{year:04d}" if year in range(10_000) else f"{year:+07d}"
    return f"{shown}-{at:%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def long_text(instant: int) -> str:
    """Return what String gives for a date, as in ``Wed Jan 15 2025 10:30:00 GMT+0000 (Coordinated Universal Time)``."""
    year, at = _placed(instant)
    shown = f"{year:04d}" if year >= 0 else f"{year:05d}"
    month = MONTHS[at.month - 1].capitalize()
    return f"{_WEEKDAYS[at.weekday()]} {month} {at:%d} {shown} {at:%H:%M:%S} GMT+0000 (Coordinated Universal Time)"


def _placed(instant: int) -> tuple[int, datetime]:
    """Return the year, and a time within Python's calendar that is alike in all but the year."""
    cycles, rest = divmod(instant * _MILLISECOND, _CYCLE)
    at = _EPOCH + rest
    return at.year + 400 * cycles, at
