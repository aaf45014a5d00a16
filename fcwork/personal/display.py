"""What a display shows of a frame, a table or a series of any kind: without personal data and without known secrets.

A display cuts long texts short, and nobody knows the beginning of a secret: so it is replaced before.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork.personal.columns import TEXTS, masked
from fcwork.redact import holds_secret, mask

if TYPE_CHECKING:
    import pyarrow as pa

ENDS = 100  # rows at each end of a frame that are shown at the most, unless polars is told otherwise


def frame(given: pl.DataFrame) -> tuple[pl.DataFrame, bool]:
    """Return a frame as it is displayed, a long one with its ends alone, and whether a known secret stood in them."""
    changed, secret = columns(given)
    return (given.with_columns(changed) if changed else given), secret


def series(given: pl.Series) -> tuple[pl.Series, bool]:
    """Return a series as it is displayed, likewise."""
    changed, secret = columns(given.to_frame())
    return (changed[0] if changed else given), secret


def table(given: pa.Table) -> tuple[pa.Table, bool]:
    """Return a table of pyarrow as it is displayed, likewise."""
    changed, secret = columns(pl.DataFrame(given))
    for column in changed:
        given = given.set_column(given.column_names.index(column.name), column.name, column.to_arrow())
    return given, secret


def columns(given: pl.DataFrame) -> tuple[list[pl.Series], bool]:
    """Return the columns that are displayed otherwise than they are, and whether a known secret stood in one."""
    ends = _ends(given)
    hidden = masked(ends)
    safe = [(column.name, _without_secret(column)) for column in hidden]
    secrets = {name: column for name, column in safe if column is not None}
    changed = [secrets.get(column.name, column) for column in hidden if _differs(column, ends, secrets)]
    return [_whole(column, given.height) for column in changed], bool(secrets)


def _differs(column: pl.Series, ends: pl.DataFrame, secrets: dict[str, pl.Series]) -> bool:
    if column.name in secrets or column.dtype != ends.schema[column.name]:
        return True
    if column.dtype == pl.Object:
        return any(one is not other for one, other in zip(column, ends[column.name], strict=True))
    return not column.equals(ends[column.name], null_equal=True)


def _ends(given: pl.DataFrame) -> pl.DataFrame:
    most = int(os.environ.get("POLARS_FMT_MAX_ROWS") or ENDS)
    most = given.height if most < 0 else max(most, ENDS)
    return given if given.height <= 2 * most else pl.concat([given.head(most), given.tail(most)])


def _whole(column: pl.Series, height: int) -> pl.Series:
    """Return a column as long as its frame, with nothing between the ends of a long one."""
    if len(column) == height:
        return column
    half = len(column) // 2
    between = pl.Series(column.name, [None], dtype=column.dtype).new_from_index(0, height - len(column))
    return pl.concat([column.head(half), between, column.tail(half)])


def _without_secret(column: pl.Series) -> pl.Series | None:
    """Return a column without known secrets, as texts; None where it has none."""
    if not (column.dtype in TEXTS or column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object)):
        return None
    as_text: Callable[[Any], str] = _decoded if column.dtype == pl.Binary else str
    texts = [None if value is None else as_text(value) for value in column.to_list()]
    if not any(map(holds_secret, filter(None, texts))):
        return None
    return pl.Series(column.name, [None if text is None else mask(text) for text in texts], dtype=pl.String)


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "replace")
