"""Dates: texts read strictly as instants in UTC.

Read are, with ``-`` or ``/`` between the parts of the date, ``T`` or a space before the time::

    2025-01-15   2025/01/15   2025-01-15T10:30   2025-01-15 10:30:00.123   2025-01-15T10:30:00+05:30   …Z

or, where the mapping states formats such as ``DD/MM/YYYY HH:mm``, those alone. A date without a zone is UTC, or the
zone that the mapping states, never the host's; a date without a time is the first instant of its day there. A date
that does not exist (2025-02-30), a time that a change of clocks leaves out or brings twice, and numbers of seconds are
not read. Years are 1000 to 9999; digits past the microsecond are cut off.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from fcwork.frames import UTC_TIME

EXPECTED = "a date such as 2025-01-15 or 2025-01-15T10:30:00Z"
ISO = "ISO"  # among stated formats, the shapes above
_DAY = r"[1-9][0-9]{3}(?:-[0-9]{2}-[0-9]{2}|/[0-9]{2}/[0-9]{2})"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_ZONE = r"(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
SHAPE = f"{_DAY}(?:[T ]{_TIME}{_ZONE}?)?"  # of a whole text
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
_DAY_LENGTH, _ZONE_AT = len("2025-01-15"), len("2025-01-15T10:30")
_TOKENS = {
    "YYYY": ("%Y", "[1-9][0-9]{3}"),
    "MMM": ("%b", "[A-Za-z]{3}"),
    "MM": ("%m", "[0-9]{2}"),
    "DD": ("%d", "[0-9]{2}"),
    "HH": ("%H", "(?:[01][0-9]|2[0-3])"),
    "mm": ("%M", "[0-5][0-9]"),
    "ss": ("%S", "[0-5][0-9]"),
    "SSS": ("%3f", "[0-9]{3}"),
    "D": ("%d", "[0-9]{1,2}"),
    "M": ("%m", "[0-9]{1,2}"),
    "Z": ("%#z", _ZONE),
}
_WHOLE = (("YYYY",), ("MM", "M", "MMM"), ("DD", "D"))  # of each part one
_TOKEN = re.compile("|".join(sorted(_TOKENS, key=len, reverse=True)) + r"|[^A-Za-z]|T")
_SAMPLE, _OFTEN = 10_000, 2  # a text that comes twice or more, on the average of so many, is read once for all its rows


@dataclass(frozen=True)
class DateReading:
    """How texts are read as instants.

    Attributes:
        zone: the zone of a text that names none.
        formats: in the tokens YYYY MMM MM M DD D HH mm ss SSS Z; empty for ISO 8601.
    """

    zone: str = "UTC"
    formats: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What is read, in words."""
        told = " or ".join(EXPECTED if shape == ISO else f"a date as {shape}" for shape in self.formats)
        return f"{told or EXPECTED}{'' if self.zone == 'UTC' else f' (without a zone, that of {self.zone})'}"

    def instants(self, texts: pl.Series) -> pl.Series:
        """Return texts as instants in UTC; what is no such date becomes null."""
        read = None
        for shape in self.formats or (ISO,):
            found = _iso(texts, self.zone) if shape == ISO else _formatted(texts, shape, self.zone)
            read = found if read is None else read.zip_with(read.is_not_null(), found)
        return texts.cast(UTC_TIME) if read is None else read

    def local(self, instants: pl.Series) -> pl.Series:
        """Return instants as clocks of the zone show them; null past the year 9999."""
        if self.zone == "UTC":
            return instants
        shown = instants.dt.convert_time_zone(self.zone)
        return shown.set(shown.dt.year() > _LAST.year, None)

    def in_utc(self, dates: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """Return a date or timestamp column as instants in UTC."""
        if isinstance(dtype, pl.Datetime) and dtype.time_zone:
            return dates.dt.convert_time_zone("UTC").cast(UTC_TIME)
        return _zoned(dates.cast(pl.Datetime("us")), self.zone, days=pl.lit(value=dtype == pl.Date))


ISO_IN_UTC = DateReading()


def check_zone(zone: Any) -> None:
    """Refuse what is no time zone.

    Raises:
        ValueError: there is none of that name.
    """
    known = isinstance(zone, str) and bool(zone)
    try:
        if known:
            pl.select(pl.lit(datetime(2025, 1, 1)).dt.replace_time_zone(zone))  # noqa: DTZ001 - the zone is tried
    except pl.exceptions.PolarsError:
        known = False
    if not known:
        raise ValueError(f"there is no time zone {zone!r}: write one such as Europe/Berlin or UTC")


def check_format(shape: str) -> None:
    """Refuse a format that no date can be read by.

    Raises:
        ValueError: it has unknown tokens, one part twice, lacks day, month or year, or has half a time.
    """
    if shape == ISO:
        return
    found = _TOKEN.findall(shape) if "".join(_TOKEN.findall(shape)) == shape else []
    tokens = [token for token in found if token in _TOKENS]
    if any(sum(token in part for token in tokens) != 1 for part in _WHOLE):
        raise ValueError(
            f"a date format is {ISO} or made of {' '.join(_TOKENS)}, with day, month and year; not {shape!r}"
        )
    times = [tokens.count(token) for token in ("HH", "mm", "ss", "SSS")]
    if times[0] != times[1] or times != sorted(times, reverse=True) or times[0] > 1 or tokens.count("Z") > 1:
        raise ValueError(f"a time in a date format is HH and mm, perhaps with ss and SSS, each once; not {shape!r}")


def once_each(texts: pl.Series, work: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Return what ``work`` makes of each text, worked out once for a text that comes often."""
    if len(texts) < _SAMPLE or texts.head(_SAMPLE).n_unique() * _OFTEN > _SAMPLE:
        return work(texts)
    distinct = texts.unique()
    return texts.replace_strict(distinct, work(distinct))


def _iso(texts: pl.Series, zone: str) -> pl.Series:
    """Bring all texts into one shape, step by step as far as they need it, and read that."""
    shaped = texts.set(~texts.str.contains(f"^{SHAPE}$"), None)
    if shaped.str.contains("[/ ]").any():
        shaped = shaped.str.replace_all("/", "-", literal=True).str.replace(" ", "T", literal=True)
    days = shaped.str.len_bytes() == _DAY_LENGTH
    if days.any():
        shaped = (shaped + "T00:00").zip_with(days, shaped)
    local = ~shaped.str.slice(_ZONE_AT).str.contains("[Z+-]")
    if not local.any():
        return _with_zone(shaped)
    wall = _with_zone((shaped + "Z").set(~local, None)).dt.replace_time_zone(None)
    there = pl.DataFrame({"at": wall, "day": days}).select(_zoned(pl.col("at"), zone, days=pl.col("day"))).to_series()
    return there if local.all() else there.zip_with(local.fill_null(value=True), _with_zone(shaped.set(local, None)))


def _with_zone(shaped: pl.Series) -> pl.Series:
    read = _parsed(shaped, "%Y-%m-%dT%H:%M:%S%.f%#z")
    if read.null_count() > shaped.null_count():
        read = read.zip_with(read.is_not_null(), _parsed(shaped, "%Y-%m-%dT%H:%M%#z"))
    return read


def _formatted(texts: pl.Series, shape: str, zone: str) -> pl.Series:
    tokens = _TOKEN.findall(shape)
    pattern = "".join(_TOKENS[token][1] if token in _TOKENS else re.escape(token) for token in tokens)
    spelled = (_TOKENS[token][0] if token in _TOKENS else token.replace("%", "%%") for token in tokens)
    chrono = "".join(spelled).replace(".%3f", "%.3f")
    shaped = texts.set(~texts.str.contains(f"^{pattern}$"), None)
    if "HH" not in tokens:  # a time is needed beside the day
        shaped, chrono = shaped + " 00:00", f"{chrono} %H:%M"
    if "Z" in tokens:
        return _parsed(shaped, chrono)
    read = shaped.str.to_datetime(chrono, strict=False, time_unit="us")
    days = pl.lit(value="HH" not in tokens)
    return read.to_frame("at").select(_zoned(pl.col("at"), zone, days=days)).to_series()


def _zoned(wall: pl.Expr, zone: str, *, days: pl.Expr) -> pl.Expr:
    """Return what clocks show as instants; of a day without a time the first, also where there is no midnight."""
    if zone == "UTC":
        return wall.dt.replace_time_zone("UTC")
    there = wall.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    midnight = wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = (wall + timedelta(hours=1)).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    instants = pl.when(days).then(pl.coalesce(midnight, later)).otherwise(there).dt.convert_time_zone("UTC")
    return pl.when(instants <= pl.lit(_LAST)).then(instants)


def _parsed(texts: pl.Series, shape: str) -> pl.Series:
    read = texts.str.to_datetime(shape, strict=False, time_unit="us", time_zone="UTC")
    return read.set(read > _LAST, None)  # a zone may push the last evening into the year 10000
