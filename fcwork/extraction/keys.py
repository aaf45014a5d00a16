"""Of each row that was fetched: a hash of its id, and when it was changed; sixteen bytes, however wide the row."""

from __future__ import annotations

import polars as pl

from fcwork.extraction.asking import CHANGED, ID

UTC_MS = pl.Datetime("ms", "UTC")  # how nodes tell instants
KEYS = pl.Schema({"hash": pl.UInt64(), "changed": UTC_MS})
_TOGETHER = 20_000  # rows; a page alone is so few that working it out takes longer than the work


class Keys:
    """Collects the keys of rows as they come, null where the rows do not tell them."""

    def __init__(self) -> None:
        self._done: list[pl.DataFrame] = []
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Take in the rows of a page."""
        told = {name: rows[name] for name in (ID, CHANGED) if name in rows.columns}
        missing = pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
        ident, changed = told.get(ID, missing), told.get(CHANGED, missing)
        if changed.dtype != UTC_MS:
            changed = missing.cast(UTC_MS)
        self._waiting.append(pl.DataFrame({"id": ident.cast(pl.String), "changed": changed}))
        self._rows += rows.height
        if self._rows >= _TOGETHER:
            self._settle()

    def table(self) -> pl.DataFrame:
        """Return the keys in the columns of ``KEYS``, in the order in which their rows came."""
        self._settle()
        return pl.concat([KEYS.to_frame(), *self._done])

    def _settle(self) -> None:
        if self._waiting:
            ident = pl.col("id")
            hashed = pl.when(ident.is_not_null()).then(ident.hash())  # the hash of a null is a number
            self._done.append(pl.concat(self._waiting).select(hashed.alias("hash"), "changed"))
        self._waiting, self._rows = [], 0
