"""Instants as the simulator keeps them: whole milliseconds since 1970, in UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(instant: datetime) -> int:
    """Return the millisecond in which ``instant`` lies."""
    return (instant - _EPOCH) // _MILLISECOND


def to_text(ms: int) -> str:
    """Return an instant as the platform writes it, such as ``2026-01-10T00:00:00.000Z`` (assumed for GraphQL)."""
    return f"{(_EPOCH + timedelta(milliseconds=ms)).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def parse(text: str) -> float:
    """Return the milliseconds of an ISO 8601 date or instant, fractions kept; one without an offset is taken as UTC.

    Raises:
        ValueError: it is no such text.
    """
    instant = datetime.fromisoformat(text)
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (aware - _EPOCH) / _MILLISECOND
