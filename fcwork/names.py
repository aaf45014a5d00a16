"""Names: the nearest known one to a name that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the known name most like ``name``, case aside, or an empty text."""
    folded = {item.casefold(): item for item in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``: did you mean 'x'?`` for the nearest known name, or nothing."""
    close = nearest(name, known)
    return f": did you mean {close!r}?" if close else ""
