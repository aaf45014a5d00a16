"""Buffers: what is kept back of the left's quantities, for all, or by location, product or both."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from fcwork import frames, sources
from fcwork.errors import ConfigError
from fcwork.reconciliation import keys, quantities

COLUMN = "buffer"


def kept_back(rows: pl.DataFrame, buffers: Any, names: Sequence[str], *, as_text: bool) -> pl.Series:
    """Return what is kept back of each row's quantities.

    Of the lines of a table that fit a row, the one that names most of the key is taken; of several such the greatest.

    Args:
        rows: a row a key, ``k0`` …
        buffers: a number for all; or a table, or the path of one, with ``buffer`` and columns of the key, in which an
            empty cell is any.
        names: what the key's columns are called.
        as_text: as in ``keys.alike``.

    Raises:
        ConfigError: a buffer is no number, or below zero, or the table has other columns.
    """
    if isinstance(buffers, int | float | Decimal):
        return pl.repeat(quantities.limit("buffers", buffers), rows.height, eager=True).alias("kept")
    table = _table(buffers, names)
    amounts = quantities.read(table[COLUMN], COLUMN)
    if (wrong := (amounts.is_null() | (amounts < 0)).arg_true()).len():
        raise ConfigError(
            f"row {wrong[0] + 1} of the buffers holds {table[COLUMN][wrong[0]]!r}",
            hint="a buffer is a number, zero or more",
        )
    lines, found = pl.DataFrame([amounts.alias("kept")]), rows
    for place, name in enumerate(names):
        if name in table.columns:
            ours, theirs = keys.alike(found[f"k{place}"], table[name].rename(name), as_text=as_text)
            found = found.with_columns(ours.alias(f"k{place}"))
            lines = lines.with_columns(_any_where_blank(theirs).alias(f"k{place}"))
    return _looked_up(found, lines, [name for name in lines.columns if name != "kept"])


def _table(buffers: Any, names: Sequence[str]) -> pl.DataFrame:
    read = sources.read(buffers) if isinstance(buffers, str | Path) else buffers
    table = frames.without_identity(frames.enter(read))
    strangers = set(table.columns) - {COLUMN, *names}
    if strangers or COLUMN not in table.columns:
        told = f"no column {COLUMN!r}" if COLUMN not in table.columns else f"a column {min(strangers)!r}"
        raise ConfigError(f"the buffers have {told}", hint=f"known: {', '.join([*names, COLUMN])}")
    return table


def _any_where_blank(column: pl.Series) -> pl.Series:
    return column.set(column.str.strip_chars() == "", None) if column.dtype == pl.String else column


def _looked_up(rows: pl.DataFrame, lines: pl.DataFrame, named: Sequence[str]) -> pl.Series:
    """Look up the lines by what they name: those that name most of the key first."""
    if not lines.height:
        return pl.repeat(Decimal(0), rows.height, eager=True).alias("kept")
    signs = [pl.when(pl.col(name).is_null()).then(pl.lit("")).otherwise(pl.lit(f"{name} ")) for name in named]
    signed = lines.with_columns(pl.concat_str([pl.lit(""), *signs]).alias("names"))
    by_count: dict[int, list[pl.Series]] = {}
    for part in signed.partition_by("names"):
        on = part["names"][0].split()
        by_count.setdefault(len(on), []).append(_by(rows, part, on))
    ranked = [pl.max_horizontal(*by_count[count]) for count in sorted(by_count, reverse=True)]
    return pl.select(pl.coalesce(*ranked, pl.lit(Decimal(0))).alias("kept")).to_series()


def _by(rows: pl.DataFrame, lines: pl.DataFrame, on: Sequence[str]) -> pl.Series:
    """Return the greatest buffer of the lines that fit each row; null where none does."""
    if not on:
        return pl.repeat(lines["kept"].max(), rows.height, dtype=lines.schema["kept"], eager=True)
    most = lines.group_by(on).agg(pl.col("kept").max())
    return rows.select(on).join(most, on=on, how="left", maintain_order="left")["kept"]
