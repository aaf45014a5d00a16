"""Which column is meant for a target, by its name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_LIKENESS = 0.75  # of a column's name to a target's
_LONGEST_NAME = 200


def nearest(target: str, columns: Iterable[str]) -> str:
    """Return the column whose name is most like a target's, signs and case aside; empty where none is like it."""
    wanted = {_plain(target), _plain(target.rpartition(".")[2])} if "." in target else {_plain(target)}
    best, name = _LIKENESS, ""
    for column in columns:
        told = _plain(column)
        like = max(_likeness(one, told) for one in wanted) if told else 0.0
        if like > best:
            best, name = like, column
    return name


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() if one else 0.0


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name[:_LONGEST_NAME]).lower()
