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
    empty = [name for name in texts if entered[name].null_count() == entered.height]
    unknown = [name for name in empty if not _is_text(frame, name, kind)]
    return entered.with_columns(pl.lit(None, dtype=pl.Null).alias(name) for name in unknown) if unknown else entered


def _is_text(frame: Any, name: str, kind: frames.Kind) -> bool:
    """Say whether a column's own library knows it to hold texts."""
    if kind in {"polars", "lazy"}:
        return bool(frame.collect_schema()[name] != pl.Null)
    if kind == "pyarrow":
        return str(frame.schema.field(name).type) != "null"
    if kind == "pandas":
        return bool(frame.dtypes.iloc[[str(column) for column in frame.columns].index(name)] != "object")
    return False
