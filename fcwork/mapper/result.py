"""What mapping a frame gave."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork import frames


@dataclass(frozen=True, repr=False, eq=False)
class MapResult:
    """The rows of a frame, mapped or rejected: together, each row that was read once.

    Attributes:
        frame: the targets in the mapping's order, then ``_row`` and ``_source``.
        rejected: the source rows that failed, with ``_errors``: codes and targets, joined by semicolons.
        issues: one line of ``frames.ISSUES`` for each value that failed, and for each column that was not there.
        counts: ``read``, ``mapped`` and ``rejected`` rows, and ``warnings``.
    """

    frame: Any
    rejected: Any
    issues: Any
    counts: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Whether every row was mapped."""
        return not self.counts["rejected"]

    def __str__(self) -> str:
        told = f"{self.counts['mapped']:,} of {self.counts['read']:,} rows mapped, {self.counts['rejected']:,} rejected"
        codes = ", ".join(f"{code} {count:,}" for code, count in self._codes().rows())
        return f"{told} ({codes})" if codes else told

    __repr__ = __str__

    def _repr_html_(self) -> str:
        issues = frames.enter(self.issues)
        shown = ["row", "field", "code", "value", "message"]
        table = frames.to_html(issues.select(shown), caption="issues") if issues.height else ""
        return f"<p>{html.escape(str(self))}</p>{table}"

    def _codes(self) -> pl.DataFrame:
        issues = frames.enter(self.issues)
        if not issues.height:
            return pl.DataFrame()
        return issues.group_by("code").len().sort("len", "code", descending=[True, False])
