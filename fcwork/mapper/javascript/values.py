"""Values as JavaScript sees them: undefined, what counts as false, and the text that ``String`` gives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

from fcwork.mapper.javascript import dates

# what ECMAScript takes for white space; a byte order mark and the no-break space are among it
SPACES = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_OBJECT = "[object Object]"
_PLAIN = 21  # digits before the point are written out, as are up to six zeros after it
_ZEROS = 6
_LONGEST = 309  # digits of a whole number that a float can hold


class Undefined(Enum):
    """The type of ``UNDEFINED``, which stands for JavaScript's undefined and is false."""

    UNDEFINED = "undefined"

    def __bool__(self) -> Literal[False]:
        return False


UNDEFINED: Final = Undefined.UNDEFINED


def is_false(value: Any) -> bool:
    """Return whether JavaScript takes a value for false: an empty list or object is true, NaN is not."""
    if isinstance(value, list | tuple | Mapping):
        return False
    return not value or is_nan(value)


def is_nan(value: Any) -> bool:
    """Return whether a value is the number that is none."""
    return isinstance(value, float | Decimal) and math.isnan(value)


def number_text(value: float | Decimal) -> str:
    """Return a number as JavaScript writes it: ``5`` for 5.0, ``1e+21``, ``5e-7``; whole ones keep all their digits."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Decimal) and value.adjusted() < _LONGEST and value == value.to_integral_value():
        return str(int(value))
    parts = (value if isinstance(value, Decimal) else Decimal(repr(value))).as_tuple()
    return _placed("-" if parts.sign else "", "".join(map(str, parts.digits)), int(parts.exponent))


def _placed(sign: str, figures: str, exponent: int) -> str:
    """Return figures times a power of ten, written out or with its exponent as the size asks for."""
    shown = figures.strip("0")
    if not shown:
        return "0"
    point = len(figures.lstrip("0")) + exponent  # figures before the point
    if len(shown) <= point <= _PLAIN:
        return sign + shown.ljust(point, "0")
    if 0 < point <= _PLAIN:
        return f"{sign}{shown[:point]}.{shown[point:]}"
    if -_ZEROS < point <= 0:
        return f"{sign}0.{'0' * -point}{shown}"
    rest = f".{shown[1:]}" if shown[1:] else ""
    return f"{sign}{shown[0]}{rest}e{point - 1:+d}"


def text(value: Any) -> str:
    """Return what ``String(value)`` gives; a list is the texts of its items, joined with commas."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ",".join(_leaves(value))
    if isinstance(value, date):
        return dates.long_text(dates.milliseconds(value))
    return _OBJECT if isinstance(value, Mapping) else _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    return "undefined" if value is UNDEFINED else str(value)


def _leaves(items: Sequence[Any]) -> list[str]:
    """Return the texts of a list's items and of the lists in it: empty for an empty list, null and undefined."""
    texts: list[str] = []
    walks = {id(items): iter(items)}  # a list within itself is empty too
    while walks:
        last = next(reversed(walks))
        for item in walks[last]:
            if isinstance(item, list | tuple) and item and id(item) not in walks:
                walks[id(item)] = iter(item)
                break
            texts.append("" if item is None or item is UNDEFINED or isinstance(item, list | tuple) else text(item))
        else:
            del walks[last]
    return texts
