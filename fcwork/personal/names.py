"""The names under which personal data stand: one registry a process, which whoever shows values asks.

A name hides the column, field or element of that name and all that is in it, at any depth, in any case of its letters:
``email`` also what a frame calls ``customer.email``. ``customer.email`` hides that field of a customer alone.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

VARIABLE = "FCWORK_MASK"  # names with commas between them, or a JSON list
Name = tuple[str, ...]

_TOKEN = re.compile(r"""\[(?:'(?P<one>[^']*)'|"(?P<two>[^"]*)"|[^\]]*)\]|(?P<plain>[^.\[\]@]+)""")
_CURRENT = frozenset({"$", "$root", "$record", "$item"})  # what a path of a mapping may begin with
_lock = threading.Lock()
_known: frozenset[Name] = frozenset()
_of_mappings: frozenset[Name] = frozenset()


def hide(names: str | Iterable[str]) -> None:
    """Have what stands under these names hidden wherever this process shows values, from now on."""
    global _known  # noqa: PLW0603 - one registry a process, as values are shown by process
    given = [names] if isinstance(names, str) else names
    with _lock:
        _known |= frozenset(filter(None, map(steps, given)))


def hide_mapped(paths: Iterable[str]) -> None:
    """Have hidden what a mapping masks, wherever it is shown; for other mappings it says nothing."""
    global _of_mappings  # noqa: PLW0603 - as above
    with _lock:
        _of_mappings |= frozenset(filter(None, map(steps, paths)))


def hidden_names() -> frozenset[Name]:
    """Return what is hidden: each name in its steps, in small letters."""
    return _everywhere() | _of_mappings


def covers(path: str) -> bool:
    """Say whether a column or field of this path is hidden, or something around it is."""
    names = hidden_names()
    return bool(names) and _covered(path, names)


def named(value: Any) -> list[str]:
    """Return the names in a list of texts, or in one text with commas between them; anything else names nothing."""
    if isinstance(value, str):
        value = _json_list(value) if value.lstrip().startswith("[") else value.split(",")
    texts = value if isinstance(value, list | tuple) else []
    return [text.strip() for text in texts if isinstance(text, str) and text.strip()]


def together(columns: Iterable[str]) -> tuple[str, ...]:
    """Return what a mapping masks with what is hidden anyway, each once: what pages for others are to hide."""
    given = list(columns)
    small = {name.casefold() for name in given}
    anyway = sorted(".".join(name) for name in _everywhere())
    return tuple(dict.fromkeys([*given, *(name for name in anyway if name not in small)]))


def written(*more: str) -> str:
    """Return all names as ``FCWORK_MASK`` has them, with some more."""
    names = {*(".".join(map(_step, name)) for name in hidden_names()), *more}
    return json.dumps(sorted(names), ensure_ascii=False) if names else ""


def covers_everywhere(path: str) -> bool:
    """Say whether it is hidden whatever the mappings say."""
    names = _everywhere()
    return bool(names) and _covered(path, names)


@lru_cache(maxsize=4096)
def steps(path: str) -> Name:
    """Return the names of a path in small letters, without positions in lists; nothing of what is no data."""
    if path.startswith("$context"):
        return ()
    found = (match["one"] or match["two"] or match["plain"] or "" for match in _TOKEN.finditer(path))
    names = [name.strip().casefold() for name in found]
    return tuple(name for at, name in enumerate(names) if name and not (at == 0 and name in _CURRENT))


def below(path: str, name: Any) -> str:
    """Return the path of a field."""
    return f"{path}.{name}" if path else str(name)


def _step(name: str) -> str:
    """Return a name as a step of a path, in quotes where it would be several."""
    return f"['{name}']" if set(name) & set(".[]@") else name


@lru_cache(maxsize=4096)
def _covered(path: str, names: frozenset[Name]) -> bool:
    found = steps(path)
    return any(found[start:end] in names for end in range(1, len(found) + 1) for start in range(end))


def _everywhere() -> frozenset[Name]:
    variable = os.environ.get(VARIABLE)
    return _known | _of_variable(variable) if variable else _known


@lru_cache(maxsize=8)
def _of_variable(text: str) -> frozenset[Name]:
    return frozenset(filter(None, map(steps, named(text))))


def _json_list(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return text.strip("[] ").replace('"', "").split(",")  # better too much is hidden than nothing
    return found if isinstance(found, list) else []
