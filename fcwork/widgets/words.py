"""Values as words that fit on a panel: short, without secrets or personal data, with nothing in them unseen."""

from __future__ import annotations

from typing import Any

from fcwork import cards, personal
from fcwork.redact import mask
from fcwork.unseen import spelt_out

LONGEST = 120  # characters of a value in a line or a cell
_KEPT = 200  # characters that an issue holds of a value: how long it was is not known
_READ = 10_000  # characters that are looked at, as white space may go


def short(value: Any, most: int = LONGEST) -> str:
    """Return a value as one line of at most so many characters; a longer one says how long it is."""
    whole = "" if value is None else str(value)
    line = " ".join(personal.text(mask(whole[:_READ])).split())
    if len(line) <= most and len(whole) <= _READ:
        return line
    size = f" … ({len(whole):,} characters)" if len(whole) > _KEPT else " …"
    return f"{line[: max(most - len(size), 1)]}{size}"


def safe(value: Any, most: int = LONGEST) -> str:
    """Return a value as ``short`` does, as text that is safe in HTML and shows what is not seen."""
    return cards.text(short(value, most))


def plain(value: Any, most: int = LONGEST) -> str:
    """Return a value as ``short`` does, for a terminal: what would steer one is spelled out."""
    return spelt_out(short(value, most))


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun, as ``1 row`` or ``2,000 rows``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
