"""What a mapping may read from rows: the names of columns, as one writes them into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from fcwork import frames

_MOST = 500
_LONGEST = 200  # characters
_DEEPEST = 3


def source_names(rows: pl.DataFrame, context: Iterable[str]) -> list[str]:
    """Return the sources that rows have, nested ones with dots, and those of the context.

    Args:
        rows: a few of them.
        context: the names in it.
    """
    found = [path for name, kind in rows.schema.items() for path in _paths(_written(name), kind)]
    given = [f"$context.{name}" for name in context]
    return [name for name in [*found, *given] if name not in frames.OWN and 0 < len(name) <= _LONGEST][:_MOST]


def names_in_items(rows: pl.DataFrame, lists: Iterable[str]) -> list[str]:
    """Return the sources that the items of a list have.

    Args:
        rows: a few of them.
        lists: where the list comes from; in one of lists, where that does, and then where it does in an item.
    """
    kind: Any = pl.Struct(rows.schema)
    for source in lists:
        kind = _at(kind, source.removeprefix("$."))
    items = _bare(kind)
    if not isinstance(items, pl.Struct):
        return []
    return [path for one in items.fields for path in _paths(_written(one.name), one.dtype) if 0 < len(path) <= _LONGEST]


def _at(kind: Any, path: str) -> Any:
    """Return the type that a path leads to; None where it is none of names alone."""
    held = _bare(kind)
    for one in held.fields if isinstance(held, pl.Struct) else ():
        if path == one.name:
            return one.dtype
        if path.startswith(f"{one.name}."):
            return _at(one.dtype, path[len(one.name) + 1 :])
    return None


def _bare(kind: Any) -> Any:
    return _bare(kind.inner) if isinstance(kind, pl.List | pl.Array) else kind


def _paths(name: str, kind: Any, depth: int = 1) -> list[str]:
    if name and isinstance(kind, pl.Struct) and depth < _DEEPEST:
        return [path for one in kind.fields for path in _paths(f"{name}.{one.name}", one.dtype, depth + 1)]
    return [name]


def _written(name: str) -> str:
    """Return a column's name as a path; in quotes where it would be read as another, empty where it cannot be said."""
    if not (name.startswith(("$", "['", '["')) or name == "."):
        return name
    quote = next((sign for sign in "'\"" if sign not in name), "")
    return f"[{quote}{name}{quote}]" if quote else ""
