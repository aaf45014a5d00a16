"""Where in a cell something is wrong: its line, and a caret under the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fcwork.errors import BadRequestError
from fcwork.unseen import columns, spelt_out

MOST = 5  # mistakes that are told of
_ROOM = 56  # characters of a line that is shown: a narrow window breaks no more
_BEFORE = 28  # of them before the place
_SHOWN = 60  # characters of a word or value
ABOVE = 1  # lines of the cell above its query: that of the magic


@dataclass(frozen=True)
class Mistake:
    """Something that is wrong with a query.

    Attributes:
        text: what.
        line, column: where in the query, from 1; line 0 is nowhere.
        length: how many characters are at fault.
        hint: what to do about it.
    """

    text: str
    line: int = 0
    column: int = 1
    length: int = 1
    hint: str = ""


def at(node: Any, text: str, hint: str = "") -> Mistake:
    """Return a mistake at a node of a parsed query, whose name is pointed at where it has one."""
    named = getattr(node, "name", None) or getattr(node, "variable", None) or node
    token = getattr(named.loc, "start_token", None)
    if token is None:
        return Mistake(text, hint=hint)
    length = min(named.loc.end, token.end) - named.loc.start if named is node else named.loc.end - named.loc.start
    return Mistake(text, token.line, token.column, max(length, 1), hint)


def told(query: str, mistakes: Iterable[Mistake], otherwise: str = "") -> BadRequestError:
    """Return the error that tells of mistakes, each with its line of the cell.

    Args:
        query: the cell without the line of the magic.
        mistakes: at least one.
        otherwise: what to do besides.
    """
    found = list(mistakes)
    lines = query.split("\n")
    shown = [_told(lines, mistake) for mistake in found[:MOST]]
    if len(found) > MOST:
        shown.append(f"and {len(found) - MOST} more")
    return BadRequestError("\n".join(shown), hint=otherwise)


def shortened(text: str, most: int = _SHOWN) -> str:
    """Return a word of a person's as a message holds it: not too long, and nothing in it acts."""
    return spelt_out(text if len(text) <= most else text[: most - 1] + "…")


def _told(lines: list[str], mistake: Mistake) -> str:
    text = spelt_out(f"{mistake.text.removesuffix('.')}: {mistake.hint}" if mistake.hint else mistake.text)
    return f"{text}\n{_pointed(lines, mistake)}" if 0 < mistake.line <= len(lines) else text


def _pointed(lines: list[str], mistake: Mistake) -> str:
    """Return the line, cut around the place where it is long, and a caret below it."""
    line, start = lines[mistake.line - 1].replace("\t", " ").rstrip("\r"), mistake.column - 1
    begin = max(0, start - _BEFORE) if len(line) > _ROOM else 0
    head = ("…" if begin else "") + spelt_out(line[begin:start])
    fault = spelt_out(line[start : min(start + mistake.length, begin + _ROOM)])
    tail = spelt_out(line[start + mistake.length : begin + _ROOM])
    rest = "…" if len(line) > begin + _ROOM else ""
    number = f"  {mistake.line + ABOVE} │ "
    caret = " " * columns(head) + "^" * max(columns(fault), 1)
    return f"{number}{head}{fault}{tail}{rest}\n{' ' * (len(number) - 2)}│ {caret}"
