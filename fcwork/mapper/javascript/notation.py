"""JSON as JavaScript writes and reads it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fcwork.mapper.javascript import dates
from fcwork.mapper.javascript.numbers import whole
from fcwork.mapper.javascript.values import number_text

_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_INDEXES = 2**32 - 1
_HALF_LETTER = re.compile("[\ud800-\udfff]")


def written(value: Any) -> str | None:
    """Return what ``JSON.stringify`` gives, or None where that is undefined.

    Raises:
        RecursionError: the value holds itself, or is nested too deeply.
    """
    if isinstance(value, Mapping):
        members = ((str(key), written(item)) for key, item in _ordered(value))
        return "{" + ",".join(f"{_quoted(key)}:{item}" for key, item in members if item is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(written(item) or "null" for item in value) + "]"
    return _scalar(value)


def read(text: str) -> Any:
    """Return what ``JSON.parse`` gives; whole numbers keep all their digits.

    Raises:
        ValueError: the text is no JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, parse_int=_whole, parse_constant=no_constant)


def _scalar(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float | Decimal):
        return number_text(value) if isinstance(value, int) or math.isfinite(value) else "null"
    if isinstance(value, date):
        return _quoted(dates.iso_text(dates.milliseconds(value)))
    return _quoted(value) if isinstance(value, str) else None


def _ordered(value: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    """Return an object's members as JavaScript keeps them: whole numbers by size, then the others as they came."""
    numbered = sorted((key for key in value if _is_index(key)), key=int)
    rest = [key for key in value if not _is_index(key)] if numbered else list(value)
    return ((key, value[key]) for key in [*numbered, *rest])


def _is_index(key: Any) -> bool:
    return _INDEX.fullmatch(str(key)) is not None and int(key) < _INDEXES


def _quoted(text: str) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    return _HALF_LETTER.sub(lambda half: f"\\u{ord(half[0]):04x}", shown)


def _whole(digits: str) -> float:
    return whole("-" if digits.startswith("-") else "", digits.removeprefix("-"))


def no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads in JSON though it has no such numbers.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{name} is no JSON")
