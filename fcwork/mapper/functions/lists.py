"""Lists of values and of records: grouping, ordering, cutting up."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from fcwork.mapper.functions.reading import unlike
from fcwork.mapper.javascript.values import is_nan

Key = str | Callable[[Any], Any]
_Item = TypeVar("_Item")


def keyed(item: Any, key: Key | None) -> Any:
    """Return what a key names in an item, None where it holds no such name; without a key it is the item itself."""
    if key is None:
        return item
    if callable(key):
        return key(item)
    return item.get(key) if isinstance(item, Mapping) else None


def ensure_list(value: Any) -> list[Any]:
    """Return a list as it is, nothing for None, and a list of anything else: 0, false and an empty text too."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def group_by(items: Iterable[_Item], key: Key) -> dict[Any, list[_Item]]:
    """Return the items by a value of theirs, in the order of their coming; without that value they stand under None.

    Args:
        items: the items.
        key: a name in a record, or a function.

    Raises:
        ValueError: a value is a list or an object, which names no group.
    """
    groups: dict[Any, list[_Item]] = {}
    for item in items:
        groups.setdefault(_name(keyed(item, key)), []).append(item)
    return groups


def key_by(items: Iterable[_Item], key: Key) -> dict[Any, _Item]:
    """Return each item under a value of its own; of several with the same, the last.

    Args:
        items: the items.
        key: a name in a record, or a function.

    Raises:
        ValueError: a value is a list or an object, which names nothing.
    """
    return {_name(keyed(item, key)): item for item in items}


def chunk(items: Sequence[_Item], size: int) -> list[list[_Item]]:
    """Return the items in lists of so many, the last one perhaps shorter.

    Raises:
        ValueError: the size is below 1.
    """
    if size < 1:
        raise unlike("a size of 1 or more", size)
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def flatten(items: Iterable[Any], depth: int = 1) -> list[Any]:
    """Return the items with the lists among them opened, so many levels deep."""
    flat: list[Any] = []
    for item in items:
        if depth > 0 and isinstance(item, list):
            flat.extend(flatten(item, depth - 1))
        else:
            flat.append(item)
    return flat


def unique(items: Iterable[_Item], key: Key | None = None) -> list[_Item]:
    """Return the items without the repeats; the first of each stays. ``1``, ``"1"`` and true are three.

    Args:
        items: the items.
        key: a name in a record, or a function; without it the whole items are compared.
    """
    first: dict[Hashable, _Item] = {}
    for item in items:
        first.setdefault(_mark(keyed(item, key)), item)
    return list(first.values())


def sort_by(items: Iterable[_Item], key: Key | None = None, *, descending: bool = False) -> list[_Item]:
    """Return the items in the order of a value of theirs; equals keep their order, those without the value come last.

    Args:
        items: the items.
        key: a name in a record, or a function; without it the items themselves are compared.
        descending: from the greatest to the least.

    Raises:
        ValueError: the values are of kinds that have no common order, such as numbers and texts.
    """
    every = [(keyed(item, key), item) for item in items]
    known = [(value, item) for value, item in every if value is not None]
    try:
        known.sort(key=lambda pair: pair[0], reverse=descending)
    except TypeError:
        raise unlike("values that can be compared", [value for value, _ in known]) from None
    return [item for _, item in known] + [item for value, item in every if value is None]


def compact(items: Iterable[Any]) -> list[Any]:
    """Return the items without null, NaN and empty texts; 0 and false stay."""
    return [item for item in items if item is not None and item != "" and not is_nan(item)]


def _name(value: Any) -> Hashable:
    if isinstance(value, list | dict):
        raise unlike("a value to name a group by", value)
    found: Hashable = value
    return found


def _mark(value: Any) -> Hashable:
    """Return what tells a value from others: true is not 1, NaN is NaN, and alike objects are the same."""
    if isinstance(value, list | dict):
        return "json", json.dumps(value, sort_keys=True, default=repr)
    return ("nan", "") if is_nan(value) else ("bool" if isinstance(value, bool) else "", value)
