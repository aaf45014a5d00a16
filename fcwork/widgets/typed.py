"""What a person writes into a field, as a value of the type that the schema wants; and a value as one writes it."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLNonNull, is_list_type

from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")
_INT = range(-(2**31), 2**31)


def value(text: str, kind: Any, where: str) -> Any:
    """Return what a text says as a value of a type; several of a list are parted by commas.

    Raises:
        ConfigError: it is none; with what the type takes.
    """
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if not is_list_type(bare):
        return _single(text.strip(), bare, where)
    inner = bare.of_type.of_type if isinstance(bare.of_type, GraphQLNonNull) else bare.of_type
    if isinstance(inner, GraphQLInputObjectType) or is_list_type(inner):
        return _json(text, where)
    return [_single(item, inner, where) for item in _parted(text)]


def takes(kind: Any) -> str:
    """Return what a type takes, in words."""
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if is_list_type(bare):
        inner = bare.of_type.of_type if isinstance(bare.of_type, GraphQLNonNull) else bare.of_type
        words = _WORDS.get(str(inner), "a text")
        return "JSON" if isinstance(inner, GraphQLInputObjectType) else f"{words}, or several with commas"
    return _WORDS.get(str(bare), "JSON" if isinstance(bare, GraphQLInputObjectType) else "a text")


def written(given: Any) -> str:
    """Return a value as it would be written into a field."""
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, datetime):
        return given.isoformat()
    if isinstance(given, Mapping):
        return json.dumps(given, ensure_ascii=False, default=str)
    if isinstance(given, list | tuple):
        if any(isinstance(item, Mapping) for item in given):
            return json.dumps(list(given), ensure_ascii=False, default=str)
        return ", ".join(_quoted(written(item)) for item in given)
    return "" if given is None else str(given)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[,"\n]', text) else text


def _parted(text: str) -> list[str]:
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    return [item.strip() for row in rows for item in row if item.strip()]


def _single(text: str, kind: Any, where: str) -> Any:
    if isinstance(kind, GraphQLEnumType):
        if text not in kind.values:
            close = did_you_mean(text, kind.values)
            raise ConfigError(f"{where}: {text!r} is no {kind.name}{close}", hint=f"one of {', '.join(kind.values)}")
        return text
    if isinstance(kind, GraphQLInputObjectType):
        return _json(text, where)
    read = _READ.get(str(kind))
    try:
        return read(text) if read else text
    except (ValueError, OverflowError):  # an instant may lie before the first year, or after the last
        raise ConfigError(f"{where}: {text[:60]!r} is no {kind}", hint=f"it takes {takes(kind)}") from None


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError(f"{where}: {text[:60]!r} is no JSON", hint='write it as {"ref": "A"}') from None


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text) or int(text) not in _INT:
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or math.isinf(float(text)):
        raise ValueError(text)
    return float(text)


def _truth(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


def _instant(text: str) -> str:
    read = datetime.fromisoformat(text)
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _free(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


_READ: Mapping[str, Callable[[str], Any]] = {
    "Int": _whole,
    "Float": _number,
    "Boolean": _truth,
    "DateTime": _instant,
    "Json": _free,
}
_WORDS = {
    "Int": "a whole number of 32 bits",
    "Float": "a number",
    "Boolean": "true or false",
    "DateTime": "a date or an instant such as 2026-01-31 or 2026-01-31T08:00:00Z; UTC where no zone is said",
    "Json": "JSON, or a text",
}
