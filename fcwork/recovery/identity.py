"""Who each row is: to the platform, and to the caller."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from fcwork.recovery import plan


class Identity(NamedTuple):
    """Who each row is.

    Attributes:
        references: by which the platform tells of it, as the route spells them.
        keys: whose rows go in their order, and by which people are told of it; the references unless a caller says.
    """

    references: pl.Series
    keys: pl.Series

    def waves(self, rows: pl.Series) -> list[pl.Series]:
        """Return rows in waves in which no key and no reference stands twice; see ``plan.waves``."""
        by_key = plan.waves(rows, self.keys.gather(rows))
        if self.keys is self.references:
            return by_key
        return [wave for part in by_key for wave in plan.waves(part, self.references.gather(part))]

    def told(self, rows: pl.DataFrame, records: pl.DataFrame, *by: str) -> pl.DataFrame:
        """Return rows with what is told of each: under its reference, else under its key.

        Args:
            rows: ``position``, and the columns ``by``.
            records: the columns ``by``, ``ref``, and what is told; no reference stands twice.
            *by: what both have to share.
        """
        named = rows.with_columns(ref=self.references.gather(rows["position"]))
        told = named.join(records, on=[*by, "ref"], how="left", maintain_order="left")
        if self.keys is self.references or not told["outcome"].has_nulls():
            return told
        silent = told.filter(pl.col("outcome").is_null()).select(rows.columns)
        keyed = silent.with_columns(ref=self.keys.gather(silent["position"]))
        again = keyed.join(records, on=[*by, "ref"], how="left", maintain_order="left")
        return pl.concat([told.filter(pl.col("outcome").is_not_null()), again]).sort("position")
