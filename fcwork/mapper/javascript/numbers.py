"""Numbers as JavaScript reads them from the beginning of a text; whole ones keep all their digits."""

from __future__ import annotations

import math
import re
from typing import Any

from fcwork.mapper.javascript.values import SPACES, text

_WHOLE = re.compile(r"([+-]?)0*([0-9]+)")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ENDLESS = re.compile(r"[+-]?Infinity")
_EXACT = 2**53  # past it, a float no longer holds every whole number


def parse_int(value: Any) -> float:
    """Return what ``parseInt(value, 10)`` gives: the whole number that the text of a value begins with, or NaN.

    Only what a float cannot hold at all is infinite.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _WHOLE.match(_left(value))
    return whole(found[1], found[2]) if found else math.nan


def parse_float(value: Any) -> float:
    """Return what ``parseFloat(value)`` gives: the number that the text of a value begins with, or NaN.

    A whole number that a float would round is returned as an ``int``.
    """
    if isinstance(value, float | int) and not isinstance(value, bool):
        return value or 0
    start = _left(value)
    if found := _ENDLESS.match(start):
        return float(found[0])
    found = _DECIMAL.match(start)
    if not found:
        return math.nan
    exact = _WHOLE.fullmatch(found[0].removesuffix("."))
    number = float(found[0])
    return whole(exact[1], exact[2]) if exact and abs(number) >= _EXACT else number


def whole(sign: str, digits: str) -> float:
    """Return digits as a whole number, or as an infinite one past what a float holds."""
    number = float(f"{sign}{digits}")
    return int(f"{sign}{digits.lstrip('0') or 0}") if math.isfinite(number) else number


def _left(value: Any) -> str:
    return text(value).lstrip(SPACES)
