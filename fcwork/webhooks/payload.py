"""The JSON of a body, read so that no two readers could see two different events in it."""

from __future__ import annotations

import json
from itertools import chain
from math import isfinite
from typing import Any, NoReturn

import orjson

from fcwork.errors import MalformedEventError

DEEPEST = 100  # levels; an event has two or three


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that ``raw`` is.

    Raises:
        MalformedEventError: it is none; or it is one with a name twice, too deep, with NaN, or with half a character.
    """
    parsed = _quickly(raw)
    if parsed is None:
        parsed = _strictly(raw)
    if not isinstance(parsed, dict):
        raise MalformedEventError(f"the body is JSON, but {_kind(parsed)} and no object")
    if raw.count(b"{") + raw.count(b"[") > DEEPEST:
        _check_depth(parsed)
    return parsed


def _quickly(raw: bytes) -> Any:
    """Return what orjson reads, if writing it gives the same bytes: then nothing in them was lost or passed over."""
    try:
        parsed = orjson.loads(raw)
        is_whole = orjson.dumps(parsed) == raw or json.dumps(parsed).encode() == raw  # without spaces, or with Python's
    except (ValueError, TypeError, RecursionError):
        return None
    return parsed if is_whole else None


def _strictly(raw: bytes) -> Any:
    try:
        parsed = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
        if b"\\u" in raw:  # the only way to half a character
            json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeError:
        raise MalformedEventError("the body is no UTF-8 text, or holds half a character") from None
    except json.JSONDecodeError as error:  # its own text is left out: it may quote the body
        raise MalformedEventError(f"the body is no JSON: it goes wrong at character {error.pos:,}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise MalformedEventError("the body holds a number that cannot be one") from None
    return parsed


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedEventError(
            "the body names a field twice, so two readers could see two events", hint="look at it with diagnose"
        )
    return found


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _no_number(text)


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _check_depth(parsed: Any) -> None:
    level = [parsed]
    for _ in range(DEEPEST):
        level = list(chain.from_iterable(_inside(item) for item in level))
        if not level:
            return
    raise _too_deep()


def _inside(item: Any) -> list[Any]:
    values = item.values() if isinstance(item, dict) else item
    return [value for value in values if isinstance(value, dict | list)]


def _too_deep() -> MalformedEventError:
    return MalformedEventError(f"the body is nested more than {DEEPEST} levels deep")


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
