"""What is given to be checked: a frame, or a list in which not every item need be a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork import frames


@dataclass(frozen=True)
class Given:
    """The rows to check.

    Attributes:
        rows: with identity.
        kind: of the frame that they came as.
        total: how many rows that frame has.
        strangers: for each row, why it is no record; None where all are.
    """

    rows: pl.DataFrame
    kind: frames.Kind
    total: int
    strangers: pl.Series | None = None


def taken(frame: Any, rows: int | None = None) -> Given:
    """Return the rows of a frame of any kind, or its first ones.

    Raises:
        TypeError: it is no frame.
    """
    records, strangers = _parted(frame)
    kind = frames.kind_of(records)
    head, total = (records, 0) if rows is None else _head(records, kind, rows)
    entered = frames.with_identity(frames.enter(head).drop("_errors", strict=False))
    known = None if strangers is None else strangers.head(entered.height)
    return Given(entered, kind, total or entered.height, known)


def _parted(frame: Any) -> tuple[Any, pl.Series | None]:
    """Put an empty record in the place of each item of a list that is none."""
    if not isinstance(frame, Sequence) or isinstance(frame, str | bytes):
        return frame, None
    odd = [None if isinstance(item, Mapping) else _told(item) for item in frame]
    if not any(odd):
        return frame, None
    records = [item if isinstance(item, Mapping) else {} for item in frame]
    return records, pl.Series("strangers", odd, dtype=pl.String)


def _told(item: Any) -> str:
    return f"the record is {'null' if item is None else f'{type(item).__name__}, not a dict'}"


def _head(frame: Any, kind: frames.Kind, rows: int) -> tuple[Any, int]:
    """Return the first rows as the same kind of frame, and how many there are in all."""
    if kind == "lazy":
        return frame.head(rows), frame.select(pl.len()).collect().item()
    if kind == "pyarrow":
        return frame.slice(0, rows), frame.num_rows
    return (frame[:rows] if kind == "records" else frame.head(rows)), len(frame)
