"""What the rows of a level are made of, once all is worked out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from fcwork.mapper.checks import Check
from fcwork.mapper.levels import Level
from fcwork.mapper.plan import Field, Fields, Items, Part


@dataclass(frozen=True, eq=False)
class Listed:
    """A list of one level.

    Attributes:
        found: what its items are.
        counts: how many items each row has.
        there: where the objects around it are; None where there are none that could be missing.
    """

    found: Found
    counts: pl.Series
    there: pl.Series | None

    @cached_property
    def starts(self) -> list[int]:
        """The position of each row's first item among the items of all."""
        return (self.counts.cum_sum() - self.counts).to_list()


@dataclass(eq=False)
class Found:
    """What the rows of a level are made of.

    Attributes:
        values: by field.
        undefined: where the SDK would write nothing, by lenient field.
        untyped: fields of whose type nothing is known, and which hold nothing.
        parts: where an object is, by object; None for one that is always there.
        lists: by list.
        checks: what was looked at on this level.
        failed: of records, which are rejected; None where none is.
    """

    level: Level
    fields: Fields
    values: dict[Field, pl.Series] = field(default_factory=dict)
    undefined: dict[Field, pl.Series] = field(default_factory=dict)
    untyped: set[Field] = field(default_factory=set)
    parts: dict[Part, pl.Series | None] = field(default_factory=dict)
    lists: dict[Items, Listed] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    failed: pl.Series | None = None

    def all_checks(self) -> Iterator[Check]:
        """Yield the checks of this level and of those below."""
        yield from self.checks
        for inner in self.lists.values():
            yield from inner.found.all_checks()

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.level.rows.height

    def never(self) -> pl.Series:
        """Return false for each row."""
        return pl.repeat(value=False, n=self.height, dtype=pl.Boolean, eager=True)
