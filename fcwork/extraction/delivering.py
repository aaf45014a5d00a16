"""From the spool through the mapper: nodes that came as pages become rows, exploded and mapped some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import polars as pl

from fcwork import frames
from fcwork.errors import ValidationError
from fcwork.extraction.asking import CHANGED, ID
from fcwork.extraction.exploding import explode
from fcwork.extraction.keys import UTC_MS
from fcwork.personal import together

if TYPE_CHECKING:
    from fcwork.mapper import Mapper

OnInvalid = Literal["reject", "drop", "fail"]
SLICE_ROWS = 50_000
MAX_LISTED = 100_000  # rejected rows that are held; of those beyond only the number is told


@dataclass
class Delivery:
    """Makes rows of nodes, and keeps account of them.

    Args:
        entity: the source that rows are told to be of.
        mapper: what maps them; None leaves them as they are.
        explode: the lists that become rows.
        hidden: columns that nobody asked for.
        on_invalid: ``fail`` stops at the first row that cannot be mapped.

    Attributes:
        mapped: how many rows came out.
        refused: how many rows could not be mapped.
        rejected: those rows with ``_errors``, as far as they are held.
        issues: what was found of them.
        unwritten_since: the earliest change of a rejected row.
        unwritten: ``id`` and ``changed_at`` of the rejected rows.
    """

    entity: str
    mapper: Mapper | None
    explode: tuple[str, ...]
    hidden: tuple[str, ...]
    on_invalid: OnInvalid
    mapped: int = 0
    refused: int = 0
    rejected: list[pl.DataFrame] = field(default_factory=list)
    issues: list[pl.DataFrame] = field(default_factory=list)
    unwritten_since: datetime | None = None
    unwritten: list[pl.DataFrame] = field(default_factory=list)
    _rows: int = 0

    @property
    def mapping(self) -> str:
        """Which mapping is applied, with its hash."""
        return self.mapper.title if self.mapper else "none"

    @property
    def masked(self) -> tuple[str, ...]:
        """The columns whose values are hidden, by the mapping or anyway."""
        return together(self.mapper.masked_columns if self.mapper else ())

    def frames(self, nodes: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield the rows of nodes, mapped.

        Raises:
            ValidationError: a row cannot be mapped, and ``on_invalid`` is ``fail``.
        """
        for some in nodes:
            yield from (self.made(part) for part in some.iter_slices(SLICE_ROWS))

    def made(self, nodes: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of some nodes."""
        rows = self._numbered(explode(nodes, self.explode))
        shown = rows.drop(self.hidden, strict=False)
        if self.mapper is None:
            self.mapped += rows.height
            return shown
        result = self.mapper.apply(shown)
        self.mapped += result.frame.height
        issues = result.issues
        if result.rejected.height:
            unlisted = self._reject(rows, result.rejected)
            issues = issues.filter(~pl.col("row").is_in(unlisted) | pl.col("row").is_null())
        self._note(issues)
        mapped: pl.DataFrame = result.frame
        return mapped

    def empty(self, columns: pl.Schema) -> pl.DataFrame:
        """Return a frame without rows, that has the columns."""
        return self.made(columns.to_frame())

    def _numbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        number = pl.int_range(self._rows + 1, self._rows + 1 + rows.height, dtype=pl.Int64, eager=True)
        self._rows += rows.height
        return rows.with_columns(number.alias(frames.ROW), pl.lit(self.entity).alias(frames.SOURCE))

    def _note(self, issues: pl.DataFrame) -> None:
        """Keep issues; those of a whole frame once, though they come with each slice."""
        if self.issues:
            known = pl.concat(self.issues).filter(pl.col("row").is_null()).select("code", "field").unique()
            again = pl.col("row").is_null()
            issues = pl.concat(
                [issues.filter(~again), issues.filter(again).join(known, on=["code", "field"], how="anti")]
            )
        if issues.height:
            self.issues.append(issues)

    def _reject(self, rows: pl.DataFrame, rejected: pl.DataFrame) -> pl.Series:
        """Take account of rejected rows, and return the numbers of those that are not held."""
        own = rows.join(rejected.select(frames.ROW, "_errors"), on=frames.ROW, maintain_order="left")
        room = max(MAX_LISTED - self.refused, 0)
        self.refused += own.height
        self.rejected.append(own.head(room).drop(self.hidden, strict=False))
        if own.schema.get(CHANGED) == UTC_MS and ID in own.columns:
            self.unwritten.append(
                own.select(pl.col(ID).cast(pl.String).alias("id"), pl.col(CHANGED).alias("changed_at"))
            )
            first = own[CHANGED].min()
            assert first is None or isinstance(first, datetime)  # noqa: S101 - a column of instants
            if first is not None and (self.unwritten_since is None or first < self.unwritten_since):
                self.unwritten_since = first
        if self.on_invalid == "fail":
            first_row = own.row(0, named=True)
            raise ValidationError(
                f"row {first_row[frames.ROW]:,} of {self.entity} cannot be mapped: {first_row['_errors']}",
                hint='mend the mapping, or keep the other rows with on_invalid="reject" or "drop"',
            )
        return own[frames.ROW].slice(room)
