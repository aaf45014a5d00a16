"""Frames as small tables of HTML: some rows of any frame, whatever is in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fcwork.cards.words import text
from fcwork.redact import mask

if TYPE_CHECKING:
    import polars as pl

COLUMNS = 40
LONGEST = 200  # characters of a cell
_READ = 100_000  # characters of a cell that are looked at for secrets before it is cut
# A notebook's own looks put all cells to the right.
_LEFT, _RIGHT, _ONE_LINE = "text-align:left", "text-align:right", ";white-space:nowrap"
_LONG, _WIDE = (f";overflow-wrap:anywhere;min-width:{least}em;max-width:32em" for least in (8, 20))
_SHORT, _VERY_LONG = 32, 80  # characters of a cell that is not broken over lines, and of one that gets more room
_OF_ISSUES = ("source", "row", "message", "field", "value", "key", "stage", "code", "severity")  # what tells most first


def first(frame: Any, rows: int) -> Any:
    """Return the first rows of a frame of any kind, without a look at the others."""
    if isinstance(frame, list | tuple):
        return frame[:rows]
    return frame.head(rows) if hasattr(frame, "head") else frame.slice(0, rows)


def table(frame: pl.DataFrame, *, limit: int = 20, caption: str = "", ours: bool = False) -> str:
    """Return the first ``limit`` rows as an HTML table without script or a live tag of the data's.

    Args:
        frame: the rows; of very many columns only the first are shown.
        limit: how many are shown.
        caption: what heads the table.
        ours: whether its columns are fcwork's own, issues or facts, and may be called like one that is hidden.
    """
    from fcwork.personal.columns import masked

    shown = frame.head(limit).select(frame.columns[:COLUMNS])
    shown = shown if ours else masked(shown)
    looks = [_RIGHT if frame.schema[name].is_numeric() else _LEFT for name in shown.columns]
    head = "".join(cell("th", name, side) for name, side in zip(shown.columns, looks, strict=True))
    columns = [[value or "" for value in texts(column).to_list()] for column in shown]
    body = "".join(
        f"<tr>{''.join(cell('td', value, side) for value, side in zip(row, looks, strict=True))}</tr>"
        for row in zip(*columns, strict=True)
    )
    title = f'<caption style="text-align:left;white-space:nowrap">{text(caption)}</caption>' if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}{_rest(frame, shown)}</tbody></table>"


def issues(found: pl.DataFrame, *, limit: int = 10) -> str:
    """Return the first findings of an issues table, in the columns that tell something; nothing of none."""
    if not found.height:
        return ""
    shown = found.head(limit)
    told = [name for name in _OF_ISSUES if any(value not in (None, "") for value in shown[name])]
    if set(shown["severity"]) == {"error"}:
        told.remove("severity")
    return table(found.select(told), limit=limit, caption="Issues", ours=True)


def texts(values: pl.Series) -> pl.Series:
    """Return values as texts, nested ones as JSON."""
    import polars as pl

    how: Callable[[Any], str] | None = None
    if values.dtype.is_nested() or values.dtype == pl.Object:
        how = _json
    elif values.dtype in (pl.Binary, pl.Duration):  # polars has no text for them
        how = str
    if how is None:
        return values.cast(pl.String)
    return pl.Series(values.name, [None if v is None else how(v) for v in values.to_list()], dtype=pl.String)


def cell(tag: str, value: str, side: str = _LEFT) -> str:
    """Return a cell of a table; a short one is not broken over lines, and a very long one is cut."""
    shown = _cut(value)
    size = _ONE_LINE if len(shown) <= _SHORT else _WIDE if len(shown) > _VERY_LONG else _LONG
    apart = "" if shown.isascii() else ' dir="auto"'  # text from right to left turns nothing around it
    return f'<{tag} style="{side}{size}"{apart}>{text(shown)}</{tag}>' if shown else f"<{tag}></{tag}>"


def _rest(frame: pl.DataFrame, shown: pl.DataFrame) -> str:
    """Return a line that says what is not shown."""
    rows, columns = frame.height - shown.height, frame.width - shown.width
    told = [f"{rows:,} more"] * (rows > 0) + [f"{columns:,} more columns"] * (columns > 0)
    return f'<tr><td colspan="{shown.width}" style="{_LEFT}">and {", ".join(told)}</td></tr>' if told else ""


def _cut(value: str) -> str:
    """Return a text that is short, its secrets gone before: nobody knows the beginning of one."""
    shown = mask(value[:_READ])
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
