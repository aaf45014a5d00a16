"""The door of the mapper: a frame of any kind as eager polars, what is not known to be text of no type."""

from __future__ import annotations

from typing import Any

import polars as pl

from fcwork import frames


def enter(frame: Any, kind: frames.Kind) -> pl.DataFrame:
    """Return a frame of any kind as eager polars.

    A column in which no value stands, and of which no type is known, is of type Null: a default stands in as it is.

    Raises:
        TypeError: this is no frame.
    """
    return _untyped(frames.enter(frame), frame, kind)


def _untyped(entered: pl.DataFrame, frame: Any, kind: frames.Kind) -> pl.DataFrame:
    """Give type Null to the columns of which it is not known that they hold texts."""
    if not entered.height:
        return entered
    texts = [name for name, dtype in entered.schema.items() if dtype == pl.String]
    empty = {name for name in texts if entered[name].null_count() == entered.height}
    unknown = empty - _known_texts(frame, kind) if empty else empty
    return entered.with_columns(pl.lit(None, dtype=pl.Null).alias(name) for name in unknown) if unknown else entered


def _known_texts(frame: Any, kind: frames.Kind) -> set[str]:
    """Return the columns that their own library knows to hold texts, if any texts at all."""
    if kind in {"polars", "lazy"}:
        return {name for name, dtype in frame.collect_schema().items() if dtype != pl.Null}
    if kind == "pyarrow":
        return {column.name for column in frame.schema if str(column.type) != "null"}
    if kind == "pandas":
        return {str(name) for name, dtype in zip(frame.columns, frame.dtypes, strict=True) if dtype != "object"}
    return set()
