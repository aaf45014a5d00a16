"""Text for a terminal: nothing in it acts, nothing in it hides, and tables fit."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from fcwork.personal import text as unnamed
from fcwork.redact import mask
from fcwork.unseen import columns, spelt_out

_USUAL_SIZE = (100, 24)  # where there is no terminal to ask
MOST = 32  # columns of a cell
_GAP = "  "


def visible(text: str, *, keep: str = "") -> str:
    """Return a text with secrets and personal data masked, and characters spelt out that a terminal would obey or hide.

    Args:
        text: of anybody's: a file's cells and names, an error that quotes them.
        keep: characters that stay as they are, such as the line feeds of our own messages.
    """
    return spelt_out(unnamed(mask(text)), keep=keep)


def as_json(value: Any) -> str:
    """Return JSON for programs; in ASCII, so that a terminal has nothing to obey."""
    return visible(json.dumps(value, indent=2, default=datetime.isoformat), keep="\n")


def wrapped(line: str, *, hang: int) -> str:
    """Return a line, broken between words where a terminal would break it anywhere; what follows is indented.

    Args:
        line: made visible already.
        hang: by how many columns. A line that goes to a file or a pipe stays whole.
    """
    room = shutil.get_terminal_size(_USUAL_SIZE).columns
    if not sys.stdout.isatty() or columns(line) <= room:
        return line
    return textwrap.fill(
        line, room, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False, expand_tabs=False
    )


def cut(text: str, most: int = MOST) -> str:
    """Return a text, made visible, that takes up ``most`` columns of a terminal at most."""
    shown = visible(text)
    if columns(shown) <= most:
        return shown
    while columns(shown) >= most:
        shown = shown[: most - 1] if len(shown) > most else shown[:-1]
    return f"{shown}…"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, last_is_free: bool = False) -> list[str]:
    """Return the lines of a table as wide as the terminal; columns that find no room are named under it.

    Args:
        head: the names of the columns.
        rows: their cells.
        last_is_free: whether the last column is a text that may run on, and all columns are shown.
    """
    cells = [[cut(cell) for cell in row[:-1]] + [visible(row[-1]) if last_is_free else cut(row[-1])] for row in rows]
    names = [cut(name) for name in head]
    widths = [max(map(columns, column)) for column in zip(names, *cells, strict=True)]
    fit = len(names) if last_is_free else _fitting(widths)
    lines = [_line(row, widths[:fit]) for row in (names, *cells)]
    lines[0] = click.style(lines[0], bold=True)
    rest = names[fit:]
    more = "1 more column" if len(rest) == 1 else f"{len(rest):,} more columns"
    return [*lines, f"{_GAP}and {more}: {', '.join(rest)}"] if rest else lines


def _fitting(widths: Sequence[int]) -> int:
    """Return how many columns have room beside each other, one at least."""
    room, taken = shutil.get_terminal_size(_USUAL_SIZE).columns, 0
    for at, width in enumerate(widths):
        taken += len(_GAP) + width
        if taken > room:
            return max(at, 1)
    return len(widths)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=False))
    return (_GAP + _GAP.join(padded)).rstrip()
