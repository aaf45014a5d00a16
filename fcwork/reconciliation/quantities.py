"""Quantities as exact numbers, whatever column they stand in: 78.680 is 78.68, and "n/a" is no number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError

BEFORE, AFTER = 15, 18  # digits: what is left of the 38 that polars has is room for sums
_DIGITS = 38
_NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?$"


def read(column: pl.Series, where: str) -> pl.Series:
    """Return a column's values as decimals; null where one is none, or is too long.

    Texts are read as they stand, and floats by their shortest text: 78.68 of a JSON is 78.68 of a csv.

    Args:
        column: whole numbers, decimals, floats or texts.
        where: what the column is called in a message.

    Raises:
        ConfigError: it holds something else.
    """
    kind = column.dtype
    if not (kind.is_numeric() or kind == pl.String):
        raise ConfigError(f"{where} holds {kind}, which is no quantity", hint="name a column of numbers with compare=")
    if kind.is_integer():
        return _bounded(column.cast(pl.Decimal(_DIGITS, 0)))
    texts = column.cast(pl.String)
    return _bounded(_of_texts(texts.str.strip_chars() if kind == pl.String else texts).alias(column.name))


def alike(columns: list[pl.Series]) -> list[pl.Series]:
    """Return decimals with the same digits after the point."""
    scale = max(scale_of(column) for column in columns)
    return [column.cast(pl.Decimal(_DIGITS, scale)) for column in columns]


def scale_of(column: pl.Series) -> int:
    """Return how many digits a column of decimals has after the point."""
    return int(getattr(column.dtype, "scale", 0) or 0)


def settled(column: pl.Series) -> pl.Series:
    """Return decimals without a fraction as the whole numbers that they are."""
    return column if scale_of(column) else column.cast(pl.Int64)


def units(value: pl.Expr, scale: int) -> pl.Expr:
    """Return decimals in units of their last digit, as floats: shares of them are exact where they can be."""
    return (value.cast(pl.Float64) * 10.0**scale).round()


def limit(name: str, given: Any) -> Decimal | None:
    """Return a threshold as it is written; None for none.

    Raises:
        ConfigError: it is no number, or below zero.
    """
    if given is None:
        return None
    if isinstance(given, int | float | Decimal) and not isinstance(given, bool):
        number = Decimal(str(given))
        if number.is_finite() and number >= 0:
            return Decimal(frames.number_text(number))  # 5.0 is 5, also in what is told
    raise ConfigError(f"{name} is {given!r}", hint="give a number, zero or more; None for no such threshold")


def _of_texts(texts: pl.Series) -> pl.Series:
    """Read texts with the digits that the longest fraction of them needs."""
    frame = pl.DataFrame({"text": texts})
    exponent = pl.col("text").str.extract(r"[eE]([+-]?[0-9]{1,2})$").cast(pl.Int64).fill_null(0)
    fraction = pl.col("text").str.extract(r"\.([0-9]*)").str.strip_chars_end("0").str.len_chars().fill_null(0)
    whole = pl.col("text").str.extract(r"^[+-]?0*([0-9]*)").str.len_chars().fill_null(0)
    after = (fraction.cast(pl.Int64) - exponent).clip(0)
    sound = pl.col("text").str.contains(_NUMBER) & (after <= AFTER) & (whole.cast(pl.Int64) + exponent <= BEFORE)
    judged = frame.select(pl.when(sound).then("text").alias("text"), pl.when(sound).then(after).max().alias("after"))
    scale = int(judged["after"].max() or 0) if judged.height else 0  # type: ignore[arg-type]
    return judged["text"].cast(pl.Decimal(_DIGITS, scale), strict=False)


def _bounded(values: pl.Series) -> pl.Series:
    most = pl.lit(Decimal(10**BEFORE))
    return values.to_frame("v").select(pl.when(pl.col("v").abs() < most).then("v").alias(values.name)).to_series()
