"""How a notebook shows what the runner reads too: one display holds HTML and text for people and JSON for us."""

from __future__ import annotations

import html
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

RESULT_TYPE = "application/vnd.fcwork.result+json"
STAGE_TYPE = "application/vnd.fcwork.stage+json"
_SHORT = 16  # characters of a cell that is not broken over lines


def in_kernel() -> bool:
    """Say whether this process is a notebook's kernel."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def show(bundle: Mapping[str, Any], *, display_id: str | None = None, update: bool = False) -> None:
    """Show a bundle of MIME types, or replace the one shown under ``display_id``; outside a kernel do nothing."""
    if in_kernel():
        display: Any = import_module("IPython.display")
        transient = {"display_id": display_id} if display_id else None
        display.publish_display_data(dict(bundle), transient=transient, update=update)


def table(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as an HTML table, every text escaped, numbers to the right with their thousands."""
    lines = ("".join(map(_cell, row)) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def figure(value: object) -> str:
    """Return a value as text, a whole number with its thousands."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _cell(value: object) -> str:
    side, shown = "right" if isinstance(value, int | float) else "left", figure(value)
    whole = ";white-space:nowrap" if len(shown) <= _SHORT else ""
    return f'<td style="text-align:{side}{whole}">{html.escape(shown)}</td>'
