"""What a cell of a workbook says, as the text that a csv would have: whole numbers as such, times in ISO form."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

_EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a workbook knows no zones
_LEAP_DAY = 60  # 1900-02-29, which never was: days before it count from a day later
_DAY_MICROSECONDS = 86_400_000_000
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60}
_DATES = {
    *range(14, 18),
    22,
    *range(27, 32),
    34,
    35,
    36,
    *range(50, 59),
}  # of the formats that have no text of their own
_TIMES = {18, 19, 20, 21, 32, 33, 45, 47}
_SPANS = {46}
_LITERAL = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE
)  # of a format, no sign of a time
_SPAN = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)


def kind(number: int, code: str = "") -> str:
    """Return what a number format makes of a number: ``date``, ``time`` (of a day), ``span`` or nothing.

    Args:
        number: of the format.
        code: its text, if the workbook has one.
    """
    if not code:
        return "date" if number in _DATES else "time" if number in _TIMES else "span" if number in _SPANS else ""
    bare = _LITERAL.sub("", code.split(";", maxsplit=1)[0]).lower()
    if _SPAN.search(bare):
        return "span"
    bare = bare.replace("am/pm", "h").replace("general", "")
    if re.search(r"[yd]", bare):
        return "date"
    if re.search(r"[hs]", bare):
        return "time"
    return "date" if "m" in bare else ""


def number(text: str, kind: str = "", *, since_1904: bool = False) -> str:
    """Return a number as text: of the digits that a workbook shows, or as the time that it stands for.

    Raises:
        ValueError: it is no number.
    """
    if not kind:
        return text if text.removeprefix("-").isdecimal() and len(text) <= 15 else _plain(text)  # noqa: PLR2004 - digits of a float
    days = float(text)
    if kind == "span":
        return _span(days)
    if not since_1904 and days < _LEAP_DAY and kind == "date":
        days += 1
    try:
        at = _EPOCHS[since_1904] + timedelta(microseconds=round(days * _DAY_MICROSECONDS / 1000) * 1000)
    except OverflowError:
        return _plain(text)  # as far as no calendar goes
    if kind == "time" and days < 1:
        return _clock(at)
    return at.date().isoformat() if not days % 1 else f"{at.date().isoformat()}T{_clock(at)}"


def _plain(text: str) -> str:
    """Return a number without an exponent, of as many digits as workbooks keep."""
    value = float(text)
    if value in {float("inf"), float("-inf")} or value != value:  # noqa: PLR0124 - NaN
        message = f"{text} is no number"
        raise ValueError(message)
    shown = f"{Decimal(f'{value:.15g}'):f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _clock(at: datetime) -> str:
    return at.time().isoformat(timespec="milliseconds" if at.microsecond else "seconds")


def _span(days: float) -> str:
    seconds = round(abs(days) * _SECONDS["d"])
    hours, rest = divmod(seconds, _SECONDS["h"])
    minutes, seconds = divmod(rest, _SECONDS["m"])
    return f"{'-' if days < 0 else ''}{hours:02}:{minutes:02}:{seconds:02}"
