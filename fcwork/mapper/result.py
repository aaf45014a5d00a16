"""What mapping a frame gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from fcwork import cards, frames
from fcwork.mapper.engine import Outcome

_FIRST = 5  # rows shown


@dataclass(frozen=True, repr=False, eq=False)
class MapResult:
    """The rows of a frame, mapped or rejected: together, each row that was read once.

    Attributes:
        frame: the targets in the mapping's order, then ``_row`` and ``_source``.
        rejected: the source rows that failed, with ``_errors``: codes and targets, joined by semicolons.
        issues: one line of ``frames.ISSUES`` for each value that failed, and for each column that was not there.
        counts: ``read``, ``mapped`` and ``rejected`` rows, and ``warnings``; of a lazy frame worked out when asked for.
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
        if isinstance(self.counts, LazyCounts) and not self.counts.known:
            return "a mapping of a lazy frame, not worked out yet"
        told = f"{self.counts['mapped']:,} of {self.counts['read']:,} rows mapped, {self.counts['rejected']:,} rejected"
        codes = ", ".join(f"{code} {count:,}" for code, count in self._codes().rows())
        return cards.line(f"{told} ({codes})" if codes else told)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if isinstance(self.counts, LazyCounts) and not self.counts.known:
            return cards.Card(line=str(self), state="not worked out").html()
        mapped, rejected, warnings = (self.counts[name] for name in ("mapped", "rejected", "warnings"))
        rows = frames.enter(cards.first(self.frame, _FIRST)) if mapped else pl.DataFrame()
        return cards.Card(
            line=str(self),
            state="rows rejected" if rejected else "mapped, with warnings" if warnings else "mapped",
            tone="doubt" if rejected or warnings else "good",
            parts=(cards.Part("mapped", mapped, "good"), cards.Part("rejected", rejected, "bad")),
            figures={"warnings": warnings},
            below=[
                cards.issues(frames.enter_issues(self.issues)),
                cards.table(frames.without_identity(rows), caption="First rows, mapped") if rows.width else "",
            ],
        ).html()

    def _codes(self) -> pl.DataFrame:
        issues = frames.enter(self.issues)
        if not issues.height:
            return pl.DataFrame()
        return issues.group_by("code").len().sort("len", "code", descending=[True, False])


class LazyCounts(Mapping[str, int]):
    """The counts of a lazy result: the query runs when the first of them is asked for."""

    def __init__(self, count: Callable[[], dict[str, int]]) -> None:
        self._count = count

    @property
    def known(self) -> bool:
        """Whether they have been worked out."""
        return "_counts" in self.__dict__

    @cached_property
    def _counts(self) -> dict[str, int]:
        return self._count()

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def __repr__(self) -> str:
        return repr(self._counts) if self.known else "counts of a lazy frame, not worked out yet"

    def __eq__(self, other: object) -> bool:
        return dict(self) == other

    __hash__ = None  # type: ignore[assignment]  # equal to a dict, and as such no key


def result_of(outcome: Outcome, kind: frames.Kind) -> MapResult:
    """Return the result of a mapping, its frames of the kind that came in."""
    return MapResult(
        frame=frames.leave(outcome.mapped, kind),
        rejected=frames.leave(outcome.rejected, kind),
        issues=frames.leave(outcome.issues, kind),
        counts=counted(outcome),
    )


def counted(outcome: Outcome, before: pl.DataFrame | None = None) -> dict[str, int]:
    """Return the rows of a mapping by what became of them, and the warnings, those told before among them."""
    issues = outcome.issues if before is None else pl.concat([before, outcome.issues])
    return {
        "read": outcome.mapped.height + outcome.rejected.height,
        "mapped": outcome.mapped.height,
        "rejected": outcome.rejected.height,
        "warnings": issues.filter(pl.col("severity") == "warning").height,
    }
