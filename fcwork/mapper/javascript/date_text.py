"""The reading of a date's text as V8 does it, with UTC as the local zone.

A text is tried as ISO 8601 first; from where that ends the older, tolerant reading goes on: numbers, names of months
and zones, a clock. Words before the first number and all in brackets are passed over.
"""

from __future__ import annotations

import re
from datetime import datetime

from fcwork.mapper.javascript.date_parts import END, Clock, Day, NoDateError, Token, Zone, tokens
from fcwork.mapper.javascript.dates import MONTHS, clipped, milliseconds

_ZONES = {"ut": 0, "utc": 0, "z": 0, "gmt": 0} | {"edt": -4, "est": -5, "cdt": -5, "cst": -6}
_ZONES |= {"mdt": -6, "mst": -7, "pdt": -7, "pst": -8}
_USUAL = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{3})?)?(?:Z|[+-][0-9]{2}:[0-5][0-9])?)?"
)
_HALVES = {"am": 0, "pm": 12}


def read(text: str) -> int | None:
    """Return the milliseconds since 1970 that ``Date.parse`` reads from a text, or None for what is no date to it."""
    usual = _read_usual(text)
    if usual is not None:
        return usual
    try:
        return _Reader(text).read()
    except NoDateError:
        return None


def _read_usual(text: str) -> int | None:
    """Read the commonest form at once; a day past its month's end is left to the full reading."""
    if not _USUAL.fullmatch(text):
        return None
    try:
        return milliseconds(datetime.fromisoformat(text))
    except ValueError:
        return None


class _Reader:
    """One reading of a text."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._at = 0
        self._day, self._clock, self._zone = Day(), Clock(), Zone()
        self._numbered = False

    def read(self) -> int | None:
        token = self._iso()
        self._numbered = bool(self._day.numbers)
        while token is not END:
            self._tolerate(token)
            token = self._next()
        return clipped(self._day.instant() + self._clock.instant() - self._zone.instant())

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._peek()
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _skip(self, symbol: str) -> bool:
        found = self._peek().text == symbol
        if found:
            self._next()
        return found

    def _take(self, width: int, least: int, most: int) -> int | None:
        """Take a number of so many digits within bounds, or leave it."""
        token = self._peek()
        if token.kind != "number" or len(token.text) != width or not least <= token.number <= most:
            return None
        return self._next().number

    def _iso(self) -> Token:
        """Read as ISO 8601 as far as it goes; return the token from where the tolerant reading goes on."""
        sign = self._next() if self._peek().is_sign else None
        year = self._take(6, 0, 999_999) if sign else self._take(4, 0, 9999)
        if sign and (year is None or (sign.sign < 0 and not year)):
            return sign
        if year is None:
            return self._next()
        self._day.add(year * (sign.sign if sign else 1))
        if not self._iso_day():
            return self._next()
        if self._peek().word == "t":
            self._iso_clock()
        elif self._peek() is not END:
            return self._next()
        else:
            self._zone.put(0)
        self._day.iso = True
        return END

    def _iso_day(self) -> bool:
        for most in (12, 31):
            if not self._skip("-"):
                break
            number = self._take(2, 1, most)
            if number is None:
                return False
            self._day.add(number)
        return True

    def _iso_clock(self) -> None:
        """Read a time after its ``T``; from there on nothing else is tolerated."""
        self._next()
        hour = self._must(2, 24)
        most = 59 if hour < 24 else 0  # noqa: PLR2004 - 24:00 is the end of a day
        self._clock.add(hour)
        self._colon()
        self._clock.add(self._must(2, most))
        if self._skip(":"):
            self._clock.add(self._must(2, most))
            if self._skip("."):
                self._iso_fraction(most)
        if self._peek().is_sign:
            self._iso_offset()
        elif self._peek().word == "z":
            self._next()
        if self._peek() is not END:
            raise NoDateError

    def _iso_fraction(self, most: int) -> None:
        token = self._next()
        if token.kind != "number" or (token.number and not most):
            raise NoDateError
        self._clock.add(token.thousandths)

    def _iso_offset(self) -> None:
        sign, joined = self._next().sign, self._take(4, 0, 2359)
        if joined is None:
            joined = 100 * self._must(2, 23)
            self._colon()
            joined += self._must(2, 59)
        hour, minute = divmod(joined, 100)
        if minute > 59:  # noqa: PLR2004 - the minutes of an hour
            raise NoDateError
        self._zone = Zone(sign, hour, minute)

    def _must(self, width: int, most: int) -> int:
        number = self._take(width, 0, most)
        if number is None:
            raise NoDateError
        return number

    def _colon(self) -> None:
        if not self._skip(":"):
            raise NoDateError

    def _tolerate(self, token: Token) -> None:
        if token.kind == "number":
            self._numbered = True
            self._number(token)
        elif token.kind == "word":
            self._word(token)
        elif token.is_sign and (self._clock.numbers or self._zone.instant() == 0 == self._zone.hour):
            self._offset(token)
        elif self._numbered and (token.is_sign or token.text == ")"):
            raise NoDateError

    def _number(self, token: Token) -> None:
        number = token.number
        if self._skip(":"):
            self._timed(number)
        elif self._skip(".") and self._clock.expects(number):
            self._clock.add(number)
            if self._peek().kind != "number":
                raise NoDateError
            self._clock.end(self._next().thousandths)
        elif self._zone.expects(number):
            self._zone.minute = number
        elif self._clock.expects(number):
            self._clock.end(number)
            after = self._peek()
            if after.kind not in {"end", "space"} and after.word != "z" and not after.is_sign:
                raise NoDateError
        else:
            self._day.add(number)
            self._skip("-")

    def _timed(self, number: int) -> None:
        if not self._skip(":"):
            self._clock.add(number)
            self._skip(".")
            return
        if self._clock.numbers:
            raise NoDateError
        self._clock.add(number)
        self._clock.add(0)

    def _word(self, token: Token) -> None:
        word = token.word
        if word in _HALVES and self._clock.numbers:
            self._clock.half = _HALVES[word]
        elif word in MONTHS:
            self._day.month = MONTHS.index(word) + 1
            self._skip("-")
        elif word in _ZONES and self._numbered:
            self._zone.put(_ZONES[word])
        elif self._numbered or self._peek().kind == "number":
            raise NoDateError

    def _offset(self, token: Token) -> None:
        self._zone.sign = token.sign
        digits = self._next() if self._peek().kind == "number" else Token("number")
        self._numbered = True
        if self._peek().text == ":":
            self._zone.hour, self._zone.minute = digits.number, None
        elif len(digits.text) in {1, 2}:
            self._zone.hour, self._zone.minute = digits.number, 0
        elif len(digits.text) in {3, 4}:
            self._zone.hour, self._zone.minute = divmod(digits.number, 100)
        else:
            raise NoDateError
