"""The picture that a panel leaves where it cannot be used: what it holds, as text and as HTML that only shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from fcwork.widgets.tables import table
from fcwork.widgets.words import plain, safe

LONGEST_LINE = 400  # characters
MOST_ROWS = 25


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What is to be seen of a panel.

    Attributes:
        title: what it is.
        summary: how it stands, in one honest line.
        facts: what was chosen or found: a name and a value.
        tables: frames with their captions.
    """

    title: str
    summary: str
    facts: Sequence[tuple[str, object]] = ()
    tables: Sequence[tuple[str, pl.DataFrame]] = ()

    def text(self) -> str:
        """Return it for a terminal."""
        width = max((len(name) for name, _ in self.facts), default=0)
        lines = [f"  {name:<{width}}  {plain(value, LONGEST_LINE)}" for name, value in self.facts]
        return "\n".join([f"{self.title}: {plain(self.summary, LONGEST_LINE)}", *lines])

    def html(self) -> str:
        """Return it as HTML that needs no style of its own, and has no tag of the data's."""
        facts = "".join(
            f'<tr><th scope="row">{safe(name)}</th><td>{safe(value)}</td></tr>' for name, value in self.facts
        )
        tables = "".join(table(frame, caption=caption, rows=MOST_ROWS) for caption, frame in self.tables)
        head = f"<p><b>{safe(self.title)}</b>: {safe(self.summary, LONGEST_LINE)}</p>"
        return f'<div class="fcw-picture">{head}{f"<table>{facts}</table>" if facts else ""}{tables}</div>'
