"""Frames as tables of a panel: some rows at a time, of any width, whatever is in them."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import polars as pl

from fcwork.frames import as_text
from fcwork.widgets.words import LONGEST, counted, safe

ROWS = 25  # at a time
COLUMNS = 40
SHORT, LONG = 26, 60  # characters of what is not broken over lines, and of what gets more room
_READ_WHOLE = {"message": 400, "found": 400, "hint": 400}  # columns that say what was wrong, and what to do


def table(
    frame: pl.DataFrame,
    *,
    caption: str,
    first: int = 0,
    rows: int = ROWS,
    part: bool = False,
    empty: str = "nothing here",
    exact: Collection[str] = (),
) -> str:
    """Return rows of a frame as an HTML table that scrolls by itself, also by keys.

    Args:
        frame: of any size; only what is shown is looked at.
        caption: what the rows are, for everybody and for readers of the screen.
        first: the first row shown, from 0.
        rows: how many.
        part: whether the frame has only what is shown of more rows, of which something else tells how many they are.
        empty: what is said where there are none.
        exact: columns of which each character counts: they are not broken over lines.
    """
    if not frame.height:
        return f'<p class="fcw-empty">{safe(caption)}: {safe(empty)}</p>'
    names = frame.columns[:COLUMNS]
    shown = frame.select(names).slice(first, rows)
    kinds = ["right" if shown.schema[name].is_numeric() else "exact" if name in exact else "" for name in names]
    most = [_READ_WHOLE.get(name, LONGEST) for name in names]
    head = "".join(map(partial(_cell, "th"), names, kinds))
    body = "".join(
        f"<tr>{''.join(map(partial(_cell, 'td'), row, kinds, most))}</tr>"
        for row in shown.select(_text(shown, name) for name in names).iter_rows()
    )
    left_out = frame.width - len(names)
    more = f'<p class="fcw-note">{counted(left_out, "more column")} not shown</p>' if left_out else ""
    told = caption if part else f"{caption}: {span(frame.height, first, rows)}"
    return (
        f'<div class="fcw-scroll" tabindex="0" role="region" aria-label="{safe(caption)}"><table>'
        f"<caption>{safe(told)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose objects are columns of their own, as ``customer.email``; where a name is taken they stay."""
    names = set(frame.columns)
    columns: list[pl.Expr] = []
    for name, kind in frame.schema.items():
        inner = [f"{name}.{one.name}" for one in kind.fields] if isinstance(kind, pl.Struct) else []
        if inner and not names & set(inner):
            columns += [pl.col(name).struct.field(path[len(name) + 1 :]).alias(path) for path in inner]
            names |= set(inner)
        else:
            columns.append(pl.col(name))
    opened = frame.select(columns)
    return opened if opened.columns == frame.columns else flat(opened)


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


def _cell(tag: str, value: object, kind: str, most: int = LONGEST) -> str:
    size = len(str(value))
    looks = kind or ("short" if size <= SHORT else "long" if size > LONG else "")
    scope = ' scope="col"' if tag == "th" else ""
    text = '<span class="fcw-none">none</span>' if value is None else safe(value, most)
    return f'<{tag}{scope}{f" class=fcw-{looks}" if looks else ""} dir="auto">{text}</{tag}>'
