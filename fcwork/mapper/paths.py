"""Source paths: one spelling for CSV columns, JSON, XML and GraphQL.

====================  ================================================================================================
``a.b``               a field of an object; a name that itself holds dots wins, the longest first
``['x.y'].z``         a name in quotes, whatever is in it
``items[0]``          an item of a list, also ``items.0`` and ``m[0][1]``; ``items[-1]`` is the last
``items[*].sku``      that field of every item, as a list; also ``items.*.sku`` and ``items[].sku``
``item[sku=B].qty``   the first item whose attribute or field is that text; quotes around the text are allowed
``order.@id``         an attribute of an XML element; also ``order@id``
``total.#text``       the text of an element that has attributes or children
``name.length``       how many characters or items there are; of an object with a field ``length``, that field
``.``, ``$``          the current object itself; ``$.sku`` is a field of it, ``$root.x`` one of the whole record
====================  ================================================================================================

An object where a list is expected counts as a list of one, and a list of one counts as its item: an XML reader cannot
tell them apart. A list of several where one object is expected is no value but an issue, since either would be a guess.
What is no path, as a bracket is not closed, is a plain name; a path has at most 200 steps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

NUMBER = re.compile(r"-?\d+")  # of an item, from the end where it is negative
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_FILTER = re.compile(rf"\[(?P<name>[^=\]]+)=(?:(?:{_QUOTED.pattern})|(?P<value>[^\]]*))\]")
_STOPS = ".[@"
MOST = 200  # steps of one path
ITSELF = (".", "$", "$record", "$item")
ROOT = "$root"


class Key(NamedTuple):
    """A name."""

    name: str
    start: int
    end: int


class Index(NamedTuple):
    """A position in a list, from 0; below 0 from its end."""

    at: int
    start: int
    end: int


class Every(NamedTuple):
    """Every item of a list."""

    start: int
    end: int


class Where(NamedTuple):
    """The first item with an attribute or field of that text."""

    name: str
    value: str
    start: int
    end: int


Step: TypeAlias = Key | Index | Every | Where


@dataclass(frozen=True)
class Path:
    """A path as it is written, and its steps."""

    text: str
    steps: tuple[Step, ...]

    @property
    def last_name(self) -> str:
        """The last name in it, or nothing."""
        return next((step.name for step in reversed(self.steps) if isinstance(step, Key)), "")

    def raw(self, first: int, last: int) -> str:
        """Return the text of the steps from ``first`` up to but not including ``last``."""
        return self.text[self.steps[first].start : self.steps[last - 1].end]

    def after(self, count: int) -> Path:
        """Return the path without its first steps."""
        return Path(self.text, self.steps[count:])


def parse(text: str) -> Path:
    """Return a path's steps; what has unfinished or unknown brackets is taken for plain names."""
    steps = _steps(text)
    return Path(text, tuple(steps if steps is not None else _plain(text)))


def _steps(text: str) -> list[Step] | None:
    steps: list[Step] = []
    at, opens = 0, True
    while at < len(text) or opens:
        if text[at : at + 1] == "[":
            step = _bracket(text, at)
            if step is None:
                return None
        else:
            step = _name(text, at)
        steps.append(step)
        at = step.end
        opens = text[at : at + 1] == "."
        at += opens
        if not opens and at < len(text) and text[at] not in "[@":
            return None
    return steps


def _name(text: str, at: int) -> Step:
    end = at + 1 if text[at : at + 1] == "@" else at
    while end < len(text) and text[end] not in _STOPS:
        end += 1
    return Every(at, end) if text[at:end] == "*" else Key(text[at:end], at, end)


def _bracket(text: str, at: int) -> Step | None:
    quoted = re.compile(rf"\[(?:{_QUOTED.pattern})\]").match(text, at)
    if quoted:
        return Key(quoted[1] if quoted[1] is not None else quoted[2], at, quoted.end())
    end = text.find("]", at)
    inner = text[at + 1 : end]
    if end < 0:
        return None
    if inner in {"*", ""}:
        return Every(at, end + 1)
    if NUMBER.fullmatch(inner):
        return Index(int(inner), at, end + 1)
    condition = _FILTER.match(text, at)
    if not condition:
        return None
    value = next((found for found in condition.groups()[1:] if found is not None), "")
    return Where(condition["name"], value, at, condition.end())


def _plain(text: str) -> list[Step]:
    steps: list[Step] = []
    at = 0
    for name in text.split("."):
        steps.append(Key(name, at, at + len(name)))
        at += len(name) + 1
    return steps
