"""Columns of a frame for a plot: found by their names, and their values as labels that are short and harmless."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.names import did_you_mean
from fcwork.personal import covers
from fcwork.personal.columns import masked_column
from fcwork.redact import mask
from fcwork.unseen import spelt_out

NONE = "(none)"
MOST = 30  # bars; the rest go together
LONGEST = 40  # characters of a label
LABEL = "\N{BULLET}label"  # as no column is called
_READ = 10_000  # characters that are looked at


def column(frame: pl.DataFrame, given: str | None, usual: Sequence[str], what: str) -> str:
    """Return the column that is named, else the first of the usual ones that is there.

    Raises:
        ConfigError: there is none of that name.
    """
    if given is not None and given in frame.columns:
        return given
    found = next((name for name in usual if name in frame.columns), None) if given is None else None
    if found is not None:
        return found
    known = ", ".join(frame.columns[:20]) or "none"
    if given is not None:
        raise ConfigError(f"there is no column {given!r}{did_you_mean(given, frame.columns)}", hint=f"it has: {known}")
    raise ConfigError(
        f"no column tells the {what}: none is called {', '.join(usual)}", hint=f"name one of those it has: {known}"
    )


def open_to_all(name: str, drawn: str) -> str:
    """Return the name of a column whose own values are drawn.

    Args:
        name: of the column.
        drawn: what is drawn of it, as ``sums``.

    Raises:
        ConfigError: it is hidden, and so is what is drawn of it.
    """
    if covers(name):
        raise ConfigError(
            f"the column {name!r} is hidden, and so are its {drawn}", hint="take it out of MASK to draw it"
        )
    return name


def labelled(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return a frame with a column's values as texts under ``LABEL``; what is hidden is hidden, a null says so."""
    text = frames.as_text(pl.col(name)).fill_null(NONE).alias(LABEL)
    return frame.with_columns(masked_column(frame, name).to_frame().select(text).to_series())


def amounts(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, int]:
    """Return the rows whose quantity is a number, with it under ``amount``, and how many rows have none.

    Raises:
        ConfigError: the column is hidden, and so are its sums; or it holds no single values.
    """
    kind = frame.schema[open_to_all(name, "sums")]
    if kind.is_numeric():
        amount = pl.col(name).cast(pl.Float64)
    elif kind in (pl.String, pl.Categorical, pl.Enum):
        amount = pl.col(name).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    else:
        raise ConfigError(f"the column {name!r} holds {kind} and no numbers", hint="name one that holds numbers")
    read = frame.with_columns(amount=pl.when(amount.is_finite()).then(amount))
    there = read.filter(pl.col("amount").is_not_null())
    return there, frame.height - there.height


def topmost(rows: pl.DataFrame, series: Sequence[str], most: int = MOST) -> pl.DataFrame:
    """Return the largest rows of counts, and all others together in a last one."""
    if not rows.height:
        return rows
    total = pl.sum_horizontal(pl.col(name).abs() for name in series)
    ordered = rows.sort(total, LABEL, descending=[True, False], nulls_last=True)
    if ordered.height <= most:
        return ordered
    rest = ordered.slice(most - 1)
    others = rest.select(pl.lit(f"{rest.height:,} others").alias(LABEL), *(pl.col(name).sum() for name in series))
    return pl.concat([ordered.head(most - 1).select(LABEL, *series), others], how="vertical_relaxed")


def shown(value: Any, most: int = LONGEST) -> str:
    """Return a text as one short line: without a secret, and with what is not seen spelt out."""
    line = " ".join(spelt_out(mask(str(value)[:_READ])).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def harmless(value: Any, most: int = LONGEST) -> str:
    """Return a text for plotly, which takes some tags of HTML for what they are."""
    return html.escape(shown(value, most))


def counted(number: int, one: str = "row") -> str:
    """Return a number with its noun, as ``1 row`` or ``2,000 rows``."""
    return f"{number:,} {one if number == 1 else f'{one}s'}"
