"""A mapping, tried with rows: how many fit, and why others do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mapper import Mapper
from fcwork.personal.columns import masked
from fcwork.widgets.words import counted

_SHOWN = 10  # rows


@dataclass(frozen=True)
class Preview:
    """What a mapping makes of some rows.

    Attributes:
        version: of the mapping.
        rows: how many were tried.
        mapped: how many were mapped.
        frame: the mapped rows.
        issues: why others were not.
        problems: what is wrong with the mapping itself.
        examples: by target, what stood in the first row and what became of it.
        of_all: whether all rows were tried, and not the first alone.
    """

    version: tuple[int, int]
    rows: int = 0
    mapped: int = 0
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    issues: pl.DataFrame = field(default_factory=frames.no_issues)
    problems: tuple[str, ...] = ()
    examples: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    of_all: bool = False

    @property
    def summary(self) -> str:
        """How it went, in one line."""
        if self.problems:
            return f"the mapping has {counted(len(self.problems), 'mistake')}"
        which = "" if self.of_all else "the first "
        return f"{self.mapped:,} of {which}{counted(self.rows, 'row')} mapped, {self.rows - self.mapped:,} rejected"

    def failing(self) -> dict[str, int]:
        """Return how many rows fail by target."""
        if not self.issues.height:
            return {}
        spoken = self.issues.filter(pl.col("field").is_not_null()).with_columns(
            pl.col("field").str.replace_all(r"\[\d+\]", "[]")
        )
        return dict(spoken.group_by("field").agg(pl.col("row").n_unique()).iter_rows())


def tried(mapping: Callable[[], Mapper], rows: Any, version: tuple[int, int], *, of_all: bool) -> Preview:
    """Return what a mapping makes of rows.

    Args:
        mapping: gives the mapper; what is wrong with it is part of what is found.
        rows: a frame of any kind.
        version: of the mapping.
        of_all: whether the rows are all.
    """
    try:
        made = mapping()
        result = made.apply(frames.enter(rows))
    except MappingError as error:
        return Preview(version, problems=tuple(error.problems) or (error.message,), of_all=of_all)
    first = made.preview(frames.enter(frames.head(rows, 1)), rows=1) if result.counts["read"] else pl.DataFrame()
    examples = {line["target"]: (line["from"], line["to"]) for line in first.to_dicts()}
    return Preview(
        version,
        rows=result.counts["read"],
        mapped=result.counts["mapped"],
        frame=masked(frames.without_identity(result.frame.head(_SHOWN))),
        issues=result.issues,
        examples=examples,
        of_all=of_all,
    )
