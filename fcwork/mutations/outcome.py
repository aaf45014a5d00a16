"""What became of the rows whose mutations were sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork import cards, frames
from fcwork.routes import OUTCOMES

OUTCOME = pl.Schema(
    {
        frames.ROW: pl.Int64(),
        frames.SOURCE: pl.String(),
        "alias": pl.String(),  # the name under which the row's mutation was answered
        "key": pl.String(),  # the ref or id that was sent
        "ok": pl.Boolean(),  # whether the outcome is delivered
        "outcome": pl.String(),  # delivered, rejected, retryable (nothing was done) or unknown (it may have happened)
        "id": pl.String(),  # what came back, where it was asked for
        "ref": pl.String(),
        "data": pl.String(),  # all that came back, as JSON; null where nothing did
        "code": pl.String(),  # the platform's own, such as C0123E
        "message": pl.String(),
    }
)


@dataclass(frozen=True, repr=False, eq=False)
class MutationOutcome:
    """What became of each row, each in ``frame`` once.

    Attributes:
        frame: the columns of ``OUTCOME``, in the order of the rows sent.
        issues: lines of ``frames.ISSUES``, at least one for each row that is not ok: ``send.rejected``,
            ``send.too_large``, ``send.not_done``, ``send.not_sent``, ``send.unknown``, with the field of the answer
            that is at fault; and warnings ``send.partial`` where a mutation happened and a part of its answer is
            missing.
        errors: entries of the answer's ``errors`` that belong to no single row.
        opaque: the request was answered with errors alone, and none of them names a row: what ``frame`` says of each
            is what they say of all.
    """

    frame: pl.DataFrame
    issues: pl.DataFrame
    errors: tuple[Mapping[str, Any], ...] = ()
    opaque: bool = False

    @property
    def ok(self) -> bool:
        """Whether every mutation happened."""
        return bool(self.frame["ok"].all())

    @property
    def counts(self) -> dict[str, int]:
        """``rows``, and how many of them are ``delivered``, ``rejected``, ``retryable`` and ``unknown``."""
        piles = Counter(self.frame["outcome"])
        return {"rows": self.frame.height, **{name: piles[name] for name in OUTCOMES}}

    def __str__(self) -> str:
        counts = self.counts
        told = ", ".join(f"{counts[name]:,} {name}" for name in OUTCOMES[1:] if counts[name])
        happened = f"{counts['delivered']:,} of {counts['rows']:,} mutations happened"
        return cards.line(f"{happened}, {told}" if told else happened)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return cards.Card(line=str(self), parts=cards.piles(self.counts), below=[cards.issues(self.issues)]).html()


def join(outcomes: Iterable[MutationOutcome]) -> MutationOutcome:
    """Return the outcomes of several requests as one; of none, one without rows."""
    several = list(outcomes)
    return MutationOutcome(
        pl.concat([OUTCOME.to_frame(), *(outcome.frame for outcome in several)]),
        frames.join_issues(outcome.issues for outcome in several),
        tuple(error for outcome in several for error in outcome.errors),
    )
