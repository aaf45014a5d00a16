"""Frames as tables of a panel: some rows at a time, of any width, whatever is in them."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from fcwork.frames import as_text
from fcwork.widgets.words import counted, safe

ROWS = 25  # at a time
COLUMNS = 40
SHORT, LONG = 26, 60  # characters of what is not broken over lines, and of what gets more room


def table(
    frame: pl.DataFrame,
    *,
    caption: str,
    first: int = 0,
    rows: int = ROWS,
    of: int | None = None,
    empty: str = "nothing here",
    exact: Collection[str] = (),
) -> str:
    """Return rows of a frame as an HTML table that scrolls by itself, also by keys.

    Args:
        frame: of any size; only what is shown is looked at.
        caption: what the rows are, for everybody and for readers of the screen.
        first: the first row shown, from 0.
        rows: how many.
        of: how many rows there are in all, where the frame has only those that are shown.
        empty: what is said where there are none.
        exact: columns of which each character counts: they are not broken over lines.
    """
    if not frame.height:
        return f'<p class="fcw-empty">{safe(caption)}: {safe(empty)}</p>'
    names = frame.columns[:COLUMNS]
    shown = frame.select(names).slice(0 if of else first, rows)
    kinds = ["right" if shown.schema[name].is_numeric() else "exact" if name in exact else "" for name in names]
    head = "".join(_cell("th", name, kind) for name, kind in zip(names, kinds, strict=True))
    body = "".join(
        f"<tr>{''.join(_cell('td', value, kind) for value, kind in zip(row, kinds, strict=True))}</tr>"
        for row in shown.select(_text(shown, name) for name in names).iter_rows()
    )
    left_out = frame.width - len(names)
    more = f'<p class="fcw-note">{counted(left_out, "more column")} not shown</p>' if left_out else ""
    told = f"{caption}: {span(of or frame.height, first, rows)}"
    return (
        f'<div class="fcw-scroll" tabindex="0" role="region" aria-label="{safe(caption)}"><table>'
        f"<caption>{safe(told)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def span(height: int, first: int = 0, rows: int = ROWS) -> str:
    """Return which rows are shown, in words."""
    last = min(first + rows, height)
    return (
        counted(height, "row") if last - first >= height else f"{first + 1:,} to {last:,} of {counted(height, 'row')}"
    )


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column as texts; one of texts as it is, as what is cut says how long it was."""
    column = pl.col(name)
    return column if frame.schema[name] == pl.String else as_text(column)


def _cell(tag: str, value: object, kind: str) -> str:
    size = len(str(value))
    looks = kind or ("short" if size <= SHORT else "long" if size > LONG else "")
    scope = ' scope="col"' if tag == "th" else ""
    text = '<span class="fcw-none">none</span>' if value is None else safe(value)
    return f'<{tag}{scope}{f" class=fcw-{looks}" if looks else ""} dir="auto">{text}</{tag}>'
