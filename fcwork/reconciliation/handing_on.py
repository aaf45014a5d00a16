"""Approved rows as a file, for a channel or a system that is no platform of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fcwork import cards, frames, sources
from fcwork.mapper.given import Resolvers, mapper_of
from fcwork.reconciliation.reading import mapped

if TYPE_CHECKING:
    from fcwork.reconciliation.approving import Approval


@dataclass(frozen=True, repr=False)
class HandedOn:
    """What was written; ``state`` is SKIPPED where there was nothing.

    Attributes:
        to: the file.
        rows: how many.
        dry_run: whether nothing was written.
    """

    to: str
    rows: int
    dry_run: bool

    @property
    def state(self) -> str:
        """SUCCEEDED or SKIPPED."""
        return "SUCCEEDED" if self.rows else "SKIPPED"

    @property
    def summary(self) -> str:
        """What was done, in one line."""
        loud = "DRY RUN, nothing was written: " if self.dry_run else ""
        return f"{loud}{self.rows:,} rows → {self.to} [{self.state}]"

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON-like data."""
        pile = "ready" if self.dry_run else "written"
        return {
            "state": self.state,
            "summary": self.summary,
            "target": self.to,
            "dry_run": self.dry_run,
            pile: self.rows,
        }

    def __str__(self) -> str:
        return self.summary

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return cards.Card(line=self.summary).html()


def hand_on(
    approval: Approval,
    to: str,
    *,
    mapping: Any = None,
    resolvers: Resolvers = None,
    dry_run: bool = True,
    **options: Any,
) -> HandedOn:
    """Write the approved rows to a file; see ``Approval.to_file``."""
    rows = frames.enter(approval.rows)
    whole = mapped(rows, mapper_of(mapping, resolvers, None), "the approved rows") if rows.height else rows
    if rows.height and not dry_run:
        sources.write(whole, to, **options)
    return HandedOn(to, rows.height, dry_run)
