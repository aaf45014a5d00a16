"""Dates: texts read strictly as instants in UTC.

Read are, with ``-`` or ``/`` between the parts of the date, ``T`` or a space before the time::

    2025-01-15   2025/01/15   2025-01-15T10:30   2025-01-15 10:30:00.123   2025-01-15T10:30:00+05:30   …Z

A date without a zone is UTC. A date that does not exist (2025-02-30), another order of the parts (15/01/2025) and
numbers of seconds are not read. Years are 1000 to 9999; digits past the microsecond are cut off.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from fcwork.frames import UTC_TIME

EXPECTED = "a date such as 2025-01-15 or 2025-01-15T10:30:00Z"
_DAY = r"[1-9][0-9]{3}(?:-[0-9]{2}-[0-9]{2}|/[0-9]{2}/[0-9]{2})"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_ZONE = r"(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
_SHAPE = f"^{_DAY}(?:[T ]{_TIME}{_ZONE}?)?$"
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
_DAY_LENGTH, _ZONE_AT = len("2025-01-15"), len("2025-01-15T10:30")


def instants(texts: pl.Expr) -> pl.Expr:
    """Return texts as instants in UTC; what is no date in one of the shapes above becomes null."""
    return texts.map_batches(_read, return_dtype=UTC_TIME)


def _read(texts: pl.Series) -> pl.Series:
    """Bring all texts into one shape, step by step as far as they need it, and read that."""
    shaped = texts.set(~texts.str.contains(_SHAPE), None)
    if shaped.str.contains("[/ ]").any():
        shaped = shaped.str.replace_all("/", "-", literal=True).str.replace(" ", "T", literal=True)
    days = shaped.str.len_bytes() == _DAY_LENGTH
    if days.any():
        shaped = (shaped + "T00:00").zip_with(days, shaped)
    local = ~shaped.str.slice(_ZONE_AT).str.contains("[Z+-]")
    if local.any():
        shaped = (shaped + "Z").zip_with(local, shaped)
    read = _parsed(shaped, "%Y-%m-%dT%H:%M:%S%.f%#z")
    if read.null_count() > shaped.null_count():
        read = read.zip_with(read.is_not_null(), _parsed(shaped, "%Y-%m-%dT%H:%M%#z"))
    return read.set(read > _LAST, None)  # a zone may push the last evening into the year 10000


def _parsed(texts: pl.Series, shape: str) -> pl.Series:
    return texts.str.to_datetime(shape, strict=False, time_unit="us", time_zone="UTC")


def in_utc(dates: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return a date or timestamp column as instants in UTC; without a zone it is UTC."""
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return dates.dt.convert_time_zone("UTC").cast(UTC_TIME)
    return dates.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
