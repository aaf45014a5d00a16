"""Which column is meant for a target, by its name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_LIKENESS = 0.75  # of a column's name to a target's
_LONGEST_NAME = 200


def nearest(target: str, columns: Iterable[str]) -> str:
    """Return the column whose name is most like a target's, signs and case aside; empty where none is like it."""
    wanted = {_plain(target), _plain(target.rpartition(".")[2])} - {""}
    matchers = [difflib.SequenceMatcher(None, "", one, autojunk=False) for one in wanted]
    best, name = _LIKENESS, ""
    for column in columns:
        for matcher in matchers:
            matcher.set_seq1(_plain(column))
            if (
                min(matcher.real_quick_ratio(), matcher.quick_ratio()) > best and matcher.ratio() > best
            ):  # both bound it
                best, name = matcher.ratio(), column
    return name


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name[:_LONGEST_NAME]).lower()
