"""What a reconciliation found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import cards, frames, sources
from fcwork.reconciliation import showing
from fcwork.reconciliation.asked import Columns
from fcwork.reconciliation.judging import ACTIONS, CHANGING

if TYPE_CHECKING:
    from fcwork.reconciliation.approving import Approval

MEANINGS = {
    "none": "nothing to do",
    "update": "the right gets the left's quantity",
    "create": "the right does not have it yet",
    "zero": "the left does not have it: the right's goes to zero",
    "remove": "the left does not have it: it goes from the right",
    "review": "a human looks at it first",
    "refused": "could not be compared; see the issues",
}

_PARTS: tuple[tuple[str, tuple[str, ...], cards.Tone], ...] = (
    ("equal enough", ("none",), "good"),
    ("to be changed", ("update", "create", "zero", "remove"), "calm"),
    ("to be looked at", ("review",), "doubt"),
    ("refused", ("refused",), "bad"),
)


@dataclass(frozen=True, repr=False, eq=False)
class Reconciliation:
    """What a reconciliation found; rows of a side = matched + only on that side + refused + merged.

    The frames are of the kind of the left.

    Attributes:
        differences: a line for each key and quantity, those that are equal among them: the key, ``field``, ``old`` (the
            right's), ``new`` (the left's, less what is kept back), ``difference``, ``percent`` of old (none of zero),
            ``action``, ``code``, ``reason``, and ``_row`` and ``_source`` of the left's row, or of the right's where
            the left has none.
        issues: a line of ``frames.ISSUES`` for each row that was refused, and a warning for each key that is nearly one
            of the other side.
        counts: ``left`` and ``right`` (rows), ``matched`` (keys on both), ``only_left``, ``only_right``, and for each
            side ``refused_`` and ``merged_`` (rows that went into another of their key).
        actions: how many lines there are of each action.
        columns: what was compared with what.
    """

    differences: Any
    issues: Any
    counts: dict[str, int]
    actions: dict[str, int]
    columns: Columns
    kind: frames.Kind
    lines: pl.DataFrame = field(repr=False)
    left: pl.DataFrame = field(repr=False)
    right: pl.DataFrame = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every row could be compared."""
        return not self.refused

    @property
    def refused(self) -> int:
        """How many rows of both sides could not be compared."""
        return self.counts["refused_left"] + self.counts["refused_right"]

    @property
    def changes(self) -> Any:
        """The differences that propose something, or ask for a look."""
        found = frames.enter(self.differences).filter(pl.col("action").is_in(CHANGING))
        return frames.leave(found, self.kind)

    @property
    def summary(self) -> str:
        """The reconciliation in one line."""
        counts = self.counts
        told = ", ".join(f"{count:,} {action}" for action, count in self.actions.items() if count)
        sides = f"{counts['left']:,} rows left, {counts['right']:,} right, {counts['matched']:,} keys on both"
        refused = f"; {self.refused:,} rows refused" if self.refused else ""
        return f"{sides}: {told or 'nothing to compare'}{refused}"

    def approved(self, **terms: Any) -> Approval:
        """Return what may be applied; see ``reconciliation.approve``."""
        from fcwork.reconciliation.approving import approve

        return approve(self, **terms)

    def write(self, folder: str | Path) -> tuple[Path, ...]:
        """Write the differences for people and for machines, whole, and the issues where there are any.

        Args:
            folder: gets ``differences.csv`` (what proposes something, with a column ``approve`` to be filled in),
                ``differences.parquet`` (all of them) and ``reconciliation_issues.csv``, without personal data.

        Returns:
            The paths.

        Raises:
            SourceError: the folder cannot be written.
        """
        every, issues = frames.enter(self.differences), showing.issues(self)
        asking = every.filter(pl.col("action").is_in(CHANGING)).with_columns(approve=pl.lit(None, pl.String))
        files = {"differences.csv": asking, "differences.parquet": every}
        if issues.height:
            files["reconciliation_issues.csv"] = issues
        for name, rows in files.items():
            sources.write(rows, sources.literal(Path(folder) / name), safe="spreadsheet", identity=True)
        return tuple(Path(folder) / name for name in files)

    def to_record(self) -> dict[str, Any]:
        """Return the result without its frames."""
        return {
            "state": "SUCCEEDED" if self.ok else "COMPLETED_WITH_ERRORS",
            "summary": self.summary,
            "counts": self.counts,
            "actions": self.actions,
        }

    def __str__(self) -> str:
        return cards.line(self.summary)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        changes = readable(self.changes, self.columns)
        doubt = self.actions["review"] or self.refused
        return cards.Card(
            line=self.summary,
            state="rows refused" if self.refused else "to be looked at" if doubt else "compared",
            tone="doubt" if doubt else "good",
            parts=[cards.Part(name, self._count(actions), tone) for name, actions, tone in _PARTS],
            facts={
                action: f"{self.actions[action]:,}: {MEANINGS[action]}" for action in ACTIONS if self.actions[action]
            },
            below=[
                cards.table(changes, limit=10, caption="Differences") if changes.height else "",
                cards.issues(showing.issues(self)),
            ],
        ).html()

    def _count(self, actions: tuple[str, ...]) -> int:
        return sum(self.actions[action] for action in actions)


def readable(lines: Any, columns: Columns | None = None) -> pl.DataFrame:
    """Return lines of a reconciliation as people read them: without the numbers of rows, shares to one digit."""
    plain = frames.without_identity(frames.enter(lines))
    if not plain.width:  # an empty list of dicts has lost its columns
        return plain
    return showing.lines(plain.with_columns(pl.col("percent").round(1)), columns)
