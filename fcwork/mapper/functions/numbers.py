"""Numbers without rounding on the way: texts and floats are read digit by digit."""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_DOWN, Context, Decimal
from typing import Any, TypeVar

from fcwork.mapper.functions.lists import Key, keyed
from fcwork.mapper.functions.reading import REQUIRED, Required, read, unlike
from fcwork.mapper.javascript.values import SPACES

_Default = TypeVar("_Default")
_WHOLE = re.compile(r"[+-]?[0-9]{1,4000}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_EXACT = 2**53  # past it, a float no longer holds every whole number
_DECIMALS = range(21)
_LARGEST = 308  # powers of ten, as in a float
_PRECISE = Context(prec=5000)


def parse_int(value: Any, default: _Default | Required = REQUIRED) -> int | _Default:
    """Return a value as a whole number: digits in a text, or a number without a fraction.

    Args:
        value: the value; blanks around a text are passed over.
        default: what is returned for anything else.

    Raises:
        ValueError: it is no whole number, and there is no default.
    """
    return read(lambda: _whole(value), default)


def parse_decimal(value: Any, default: _Default | Required = REQUIRED) -> Decimal | _Default:
    """Return a value as an exact decimal number: a text such as ``-12.50`` or ``1e3``, or a finite number.

    Args:
        value: the value; blanks around a text are passed over.
        default: what is returned for anything else.

    Raises:
        ValueError: it is no such number, and there is no default.
    """
    return read(lambda: _decimal(value), default)


def format_currency(amount: Any, decimals: int = 2, *, rounding: str = ROUND_HALF_DOWN) -> str:
    """Return an amount with a fixed number of decimals, rounded on its exact digits.

    Args:
        amount: a number or a text, as in ``parse_decimal``.
        decimals: how many digits follow the point, 0 to 20.
        rounding: one of ``decimal``'s ways; a half goes towards zero, as in the SDK, if no other is named.

    Raises:
        ValueError: the amount is no number, or so many decimals are not written.
    """
    if decimals not in _DECIMALS:
        raise unlike("0 to 20 decimals", decimals)
    rounded = _decimal(amount).quantize(Decimal(1).scaleb(-decimals), rounding=rounding, context=_PRECISE)
    return f"{rounded or abs(rounded):f}"


def total(items: Iterable[Any], key: Key | None = None) -> int | Decimal:
    """Return the exact sum of numbers, or of a number of each record: an int where all are, else a Decimal.

    Args:
        items: numbers and texts of numbers, or records that hold them; nulls do not count.
        key: the name of the number in a record, or a function that gives it.

    Raises:
        ValueError: a value is no number.
    """
    return _sum(list(_numbers(items, key)))


def average(items: Iterable[Any], key: Key | None = None) -> Decimal | None:
    """Return the mean of numbers, or of a number of each record, or None where there is none.

    Args:
        items: numbers and texts of numbers, or records that hold them; nulls do not count.
        key: the name of the number in a record, or a function that gives it.

    Raises:
        ValueError: a value is no number.
    """
    numbers = list(_numbers(items, key))
    return Decimal(_sum(numbers)) / len(numbers) if numbers else None


def _whole(value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip(SPACES)):
        return int(value.strip(SPACES))
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float | Decimal) and _is_exact(value):
        return int(value)
    raise unlike("a whole number in digits", value)


def _is_exact(value: float | Decimal) -> bool:
    """Return whether a number is whole, and not one of those that a float can only come near to."""
    if isinstance(value, float):
        return abs(value) <= _EXACT and value.is_integer()
    return value.is_finite() and value.adjusted() <= _LARGEST and value == value.to_integral_value()


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip(SPACES)):
        number = Decimal(value.strip(SPACES))
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    else:
        number = Decimal("NaN")
    if not number.is_finite() or number.adjusted() > _LARGEST:
        raise unlike("a finite decimal number such as -12.5 or 1e3", value)
    return number


def _numbers(items: Iterable[Any], key: Key | None) -> Iterator[int | Decimal]:
    for item in items:
        value = keyed(item, key)
        if value is not None:
            yield value if isinstance(value, int) and not isinstance(value, bool) else _decimal(value)


def _sum(numbers: Iterable[int | Decimal]) -> int | Decimal:
    with decimal.localcontext(_PRECISE):
        return sum(numbers)
