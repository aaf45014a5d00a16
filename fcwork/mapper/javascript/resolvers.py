"""The sixteen ``sdk.*`` resolvers and the nine transforms of mutation mappings, on one value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from fcwork.mapper.javascript import date_text, dates, notation
from fcwork.mapper.javascript.numbers import parse_float, parse_int
from fcwork.mapper.javascript.values import SPACES, UNDEFINED, is_false, is_nan, text

Function = Callable[[Any], Any]
_YES = frozenset({"true", "1", "yes", "y"})
_YES_OR_ON = _YES | {"on"}


def _on_text(change: Callable[[str], str]) -> Function:
    return lambda value: change(value) if isinstance(value, str) else value


def _or_zero(read: Function) -> Function:
    def number(value: Any) -> Any:
        found = read(value)
        return 0 if is_nan(found) else found

    return number


def _unchanged(value: Any) -> Any:
    return value


def _is_none(value: Any) -> bool:
    return value is None or value is UNDEFINED


def _instant(value: Any) -> int | None:
    """Return what ``new Date(value)`` holds: null is 1970, true is a millisecond later, a list is read as its text."""
    if value is None:
        return 0
    if isinstance(value, date):
        return dates.milliseconds(value)
    if isinstance(value, int | float | Decimal):
        return None if is_nan(value) else dates.clipped(value)
    return None if value is UNDEFINED else date_text.read(text(value))


def _format_date(value: Any) -> Any:
    if is_false(value):
        return value
    if isinstance(value, date):
        return dates.iso_text(dates.milliseconds(value))
    instant = date_text.read(value) if isinstance(value, str) else None
    return text(value) if instant is None else dates.iso_text(instant)


def _format_date_short(value: Any) -> Any:
    instant = None if is_false(value) else _instant(value)
    return value if instant is None else dates.iso_text(instant).partition("T")[0]


def _to_iso_8601(value: Any) -> Any:
    instant = None if is_false(value) else date_text.read(text(value))
    return value if instant is None else dates.iso_text(instant)


def _parse_date(value: Any) -> Any:
    return dates.moment(_instant(value))


def _to_date(value: Any) -> Any:
    return None if is_false(value) else dates.moment(date_text.read(text(value)))


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in _YES
    return isinstance(value, int | float | Decimal) and value == 1


def _to_boolean(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in _YES_OR_ON
    return is_nan(value) or not is_false(value)


def _to_string(value: Any) -> str:
    return "" if _is_none(value) else text(value)


def _parse_json(value: Any) -> Any:
    try:
        return notation.read(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def _to_json(value: Any) -> Any:
    try:
        written = notation.written(value)
    except RecursionError:  # it holds itself
        return value
    return UNDEFINED if written is None else written


_UPPER, _LOWER = _on_text(str.upper), _on_text(str.lower)
_TRIM = _on_text(lambda value: value.strip(SPACES))

LENIENT: dict[str, Function] = {
    "sdk.uppercase": _UPPER,
    "sdk.lowercase": _LOWER,
    "sdk.trim": _TRIM,
    "sdk.parseInt": _or_zero(parse_int),
    "sdk.parseFloat": _or_zero(parse_float),
    "sdk.number": _or_zero(parse_float),
    "sdk.formatDate": _format_date,
    "sdk.formatDateShort": _format_date_short,
    "sdk.parseDate": _parse_date,
    "sdk.boolean": _boolean,
    "sdk.toString": _to_string,
    "sdk.default": _unchanged,
    "sdk.parseJson": _parse_json,
    "sdk.toJson": _to_json,
    "sdk.identity": _unchanged,
    "sdk.coalesce": lambda value: UNDEFINED if value is None else value,
}

TRANSFORMS_LENIENT: dict[str, Function] = {
    "parseInt": parse_int,
    "parseFloat": parse_float,
    "toString": _to_string,
    "toUpperCase": _UPPER,
    "toLowerCase": _LOWER,
    "trim": _TRIM,
    "toBoolean": _to_boolean,
    "toISO8601": _to_iso_8601,
    "toDate": _to_date,
}
