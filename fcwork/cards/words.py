"""Texts as they may be shown: without known secrets and personal data, with nothing in them that acts or hides."""

from __future__ import annotations

import html
from typing import Any

from fcwork import personal
from fcwork.redact import mask
from fcwork.unseen import spelt_out

LONGEST_LINE = 1_000  # characters
_READ = 100_000  # characters that are looked at, as white space goes


def line(told: Any) -> str:
    """Return a text as one line for a terminal, cut where it is very long."""
    shown = spelt_out(" ".join(personal.text(mask(str(told)[:_READ])).split()))
    return shown if len(shown) <= LONGEST_LINE else f"{shown[: LONGEST_LINE - 1]}…"


def text(value: Any, *, keep: str = "") -> str:
    """Return a value as text that is safe in HTML; nothing stays nothing.

    Args:
        value: of anybody's.
        keep: characters that are not seen and stay as they are, such as the ends of lines.
    """
    return html.escape(spelt_out(mask("" if value is None else str(value)), keep=keep))
