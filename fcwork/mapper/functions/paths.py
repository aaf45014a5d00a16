"""Paths into one value.

Read are ``customer.name``, ``items[0].sku``, ``items.0.sku``, ``items[-1]`` from a list's end, ``m[0][1]``, and
``['x.y']`` or ``["x.y"]`` for a name with dots in it; ``@id`` and ``#text`` are names like others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

from fcwork.mapper.functions.reading import unlike

HIGHEST_INDEX = 10_000
_Record = TypeVar("_Record", dict[str, Any], list[Any])
_Step = str | int
_BRACKETS = re.compile(r"""\[(?:(-?[0-9]{1,9})|'([^']*)'|"([^"]*)")\]""")
_PART = re.compile(
    r"""(?:(?P<name>[^.\[]*)(?P<brackets>(?:\[(?:-?[0-9]{1,9}|'[^']*'|"[^"]*")\])*)(?=\.|\Z)|(?P<odd>[^.]*))(?P<dot>\.?)"""
)
_INDEX = re.compile(r"-?[0-9]{1,9}")
_REFUSED = re.compile(r"__.*__|prototype|constructor", re.DOTALL)  # names that mean more than a key to JavaScript
_NOWHERE = object()


def get_path(value: Any, path: str, default: Any = None) -> Any:
    """Return what stands at a path.

    A key that is spelled as the whole path wins. Only keys of objects and indexes of lists are read, never attributes.

    Args:
        value: an object, a list or anything else, in which there is nothing to find.
        path: names between dots, indexes in brackets or between dots, a name with dots in it as ``['x.y']``.
        default: what is returned where the path leads nowhere; a null that stands there is returned as None.
    """
    if not path:
        return default
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for step in _steps(path):
        value = _inside(value, step)
    return default if value is _NOWHERE else value


def set_path(record: _Record, path: str, value: Any) -> _Record:
    """Put a value at a path, making the objects and lists on the way, and return the record, which is changed.

    A list is filled up with empty objects, or with None before a last index. A text, number or null that stands in the
    way is replaced, an object or a list is not.

    Args:
        record: the object or list.
        path: as in ``get_path``.
        value: the value.

    Raises:
        ValueError: the path is empty or does not fit what stands there, a name is one of JavaScript's own such as
            ``__proto__``, or an index is past 10,000 or before the list's beginning.
    """
    if not path:
        raise unlike("a path", path)
    steps = [_allowed(step) for step in _steps(path)]
    holder: Any = record
    for step, after in pairwise(steps):
        holder = _opened(holder, step, [] if isinstance(after, int) else {})
    _put(holder, steps[-1], value)
    return record


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[_Step, ...]:
    """Return the names and indexes of a path; a part that is spelled wrongly is a name as it stands."""
    steps: list[_Step] = []
    for part in _PART.finditer(path):
        name, brackets, odd = part.group("name", "brackets", "odd")
        if odd is not None or name or not brackets:
            steps.append(name if odd is None else odd)
        for index, one, two in _BRACKETS.findall(brackets or ""):
            steps.append(int(index) if index else one or two)
        if not part["dot"]:
            break
    return tuple(steps)


def _inside(value: Any, step: _Step) -> Any:
    if isinstance(value, Mapping):
        return value.get(str(step), _NOWHERE)
    if isinstance(value, list | tuple):
        index = _index(step)
        return value[index] if index is not None and -len(value) <= index < len(value) else _NOWHERE
    return _NOWHERE


def _index(step: _Step) -> int | None:
    if isinstance(step, int):
        return step
    return int(step) if _INDEX.fullmatch(step) else None


def _allowed(step: _Step) -> _Step:
    if isinstance(step, str) and _REFUSED.fullmatch(step):
        raise unlike("a name that is a plain key", step)
    if isinstance(step, int) and step > HIGHEST_INDEX:
        raise unlike(f"an index up to {HIGHEST_INDEX:,}", step)
    return step


def _opened(holder: Any, step: _Step, new: dict[str, Any] | list[Any]) -> Any:
    """Return the object or list at a step, a new one where there is neither."""
    inside = _inside(holder, step)
    if isinstance(inside, list) or (isinstance(inside, dict) and isinstance(new, dict)):
        return inside
    if isinstance(inside, dict):
        raise unlike(f"a list at {step!r}", inside)
    _put(holder, step, new, before=dict)
    return new


def _put(holder: Any, step: _Step, value: Any, before: Callable[[], Any] = lambda: None) -> None:
    if isinstance(holder, dict):
        holder[str(step)] = value
        return
    index = _index(step)
    if index is None or not isinstance(holder, list) or index < -len(holder):
        raise unlike(f"an object or a list with a place for {step!r}", holder)
    _allowed(index)
    holder.extend(before() for _ in range(len(holder), index + 1))
    holder[index] = value
