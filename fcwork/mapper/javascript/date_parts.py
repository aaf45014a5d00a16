"""The parts of a date's text: its words and numbers, and the day, clock and zone that they fill."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from fcwork.mapper.javascript.dates import MONTHS, first_of
from fcwork.mapper.javascript.values import SPACES

_TOKEN = re.compile(rf"(?P<number>[0-9]+)|(?P<symbol>[-:+.)])|(?P<space>[{SPACES}])|(?P<word>[^\0-@{SPACES}]+)|(?s:.)")
_DAY = 86_400_000
_UNITS = (3_600_000, 60_000, 1000, 1)
_LIMITS = (24, 60, 60, 1000)
_MIDNIGHT = [24, 0, 0, 0]
_DIGITS = 9  # of a number are read, leading zeros aside


class NoDateError(Exception):
    """The text is no date."""


class Token(NamedTuple):
    """A word, a number or a mark."""

    kind: str
    text: str = ""

    @property
    def number(self) -> int:
        """Return the whole number that digits are, as far as JavaScript reads them."""
        return int(self.text.lstrip("0")[:_DIGITS] or 0)

    @property
    def thousandths(self) -> int:
        """Return digits after a point as milliseconds, further ones cut off."""
        digits = min(len(self.text), _DIGITS)
        scale: int = 10 ** abs(digits - 3)
        return self.number * scale if digits < 3 else self.number // scale  # noqa: PLR2004 - a thousandth's digits

    @property
    def word(self) -> str:
        """Return the keyword that a word is: months by their first three letters, others only as they stand."""
        start = "".join(chr(ord(letter) | 32) for letter in self.text[:3])
        return start if len(self.text) <= len(start) or start in MONTHS else ""

    @property
    def is_sign(self) -> bool:
        """Return whether it is a plus or minus."""
        return self.text in {"+", "-"}

    @property
    def sign(self) -> int:
        """Return the sign as 1 or -1."""
        return 1 if self.text == "+" else -1


END = Token("end")


def tokens(text: str) -> list[Token]:
    """Return a text's tokens and the end; what stands in brackets is of no kind."""
    plain = _without_brackets(text) if "(" in text else text
    return [*(Token(match.lastgroup or "other", match[0]) for match in _TOKEN.finditer(plain)), END]


def _without_brackets(text: str) -> str:
    kept, level = [], 0
    for letter in text:
        level += letter == "("
        kept.append("(" if level else letter)
        level -= bool(level) and letter == ")"
    return "".join(kept)


@dataclass
class Day:
    """The numbers of a date as they come, and what tells their order."""

    numbers: list[int] = field(default_factory=list)
    month: int = 0
    iso: bool = False

    def add(self, number: int) -> None:
        """Take the next number; a fourth is one too many."""
        if len(self.numbers) == 3:  # noqa: PLR2004 - year, month and day
            raise NoDateError
        self.numbers.append(number)

    def instant(self) -> int:
        """Return the day's beginning; a day past its month's end runs into the next."""
        year, month, day = self._ordered()
        if not self.iso and year in range(100):
            year += 2000 if year < 50 else 1900  # noqa: PLR2004 - two digits name 1950 to 2049
        if month not in range(1, 13) or day not in range(1, 32):
            raise NoDateError
        return first_of(year, month) + (day - 1) * _DAY

    def _ordered(self) -> tuple[int, int, int]:
        if not self.numbers:
            raise NoDateError
        first, second, third = [*self.numbers, 1, 1][:3]
        leading_day = first in range(1, 32)
        if self.month:
            return (second, self.month, first) if leading_day else (first, self.month, second)
        return (first, second, third) if self.iso or not leading_day else (third, first, second)


@dataclass
class Clock:
    """The numbers of a time as they come: hour, minute, second, millisecond."""

    numbers: list[int] = field(default_factory=list)
    half: int | None = None

    def add(self, number: int) -> None:
        """Take the next number; a fifth is one too many."""
        if len(self.numbers) == len(_UNITS):
            raise NoDateError
        self.numbers.append(number)

    def end(self, number: int) -> None:
        """Take the last number; the finer ones are zero."""
        self.numbers = [*self.numbers, number, 0, 0, 0][: len(_UNITS)]

    def expects(self, number: int) -> bool:
        """Return whether a time has begun in which the number has its place."""
        at = len(self.numbers)
        return 0 < at < len(_UNITS) and number < _LIMITS[at]

    def instant(self) -> int:
        """Return the milliseconds since midnight."""
        hour, *rest = [*self.numbers, 0, 0, 0, 0][: len(_UNITS)]
        if self.half is not None:
            if hour > 12:  # noqa: PLR2004 - the hours of a half day
                raise NoDateError
            hour = hour % 12 + self.half
        parts = [hour, *rest]
        if any(part >= limit for part, limit in zip(parts, _LIMITS, strict=True)) and parts != _MIDNIGHT:
            raise NoDateError
        return sum(part * unit for part, unit in zip(parts, _UNITS, strict=True))


@dataclass
class Zone:
    """A zone as it comes: its sign, hours and minutes."""

    sign: int = 0
    hour: int | None = None
    minute: int | None = None

    def put(self, hours: int) -> None:
        """Take a whole zone."""
        self.sign, self.hour, self.minute = (-1 if hours < 0 else 1), abs(hours), 0

    def expects(self, number: int) -> bool:
        """Return whether the number is the zone's minutes."""
        return self.hour is not None and self.minute is None and number < 60  # noqa: PLR2004 - minutes

    def instant(self) -> int:
        """Return the milliseconds that the zone is ahead of UTC."""
        return self.sign * ((self.hour or 0) * _UNITS[0] + (self.minute or 0) * _UNITS[1])
