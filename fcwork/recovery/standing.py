"""What is known of each row: the sum of a ledger's entries, the same while sending as when read back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Self, assert_never

import polars as pl

from fcwork.recovery import spans
from fcwork.recovery.entries import (
    EXHAUSTED,
    NO_EVIDENCE,
    REFUSED,
    REJECTED,
    UNKNOWN,
    WORTH_RETRYING,
    Accepted,
    Closed,
    Entry,
    Failed,
    Opened,
    Posting,
    Resumed,
    Revised,
    Settled,
    Superseded,
    Verdict,
)

# One row for each row of the input that was not delivered.
VERDICTS = pl.Schema({"position": spans.POSITION, "pile": pl.String, "code": pl.String, "message": pl.String})
# One row a request.
REQUESTS = pl.Schema(
    {
        "batch": pl.Int64,
        "rows": pl.Int64,
        "attempt": pl.Int64,
        "outcome": pl.String,  # accepted, rejected, unknown, in flight, or the error's name where it was tried again
        "receipt": pl.String,
        "message": pl.String,
    }
)
IN_FLIGHT = "in flight"
CUT_OFF = "the sender ended before the answer came; sending again could double the effect"


class Standing:
    """What is known of ``total`` rows; ``apply`` takes in what happened.

    Attributes:
        awaiting: batches that the platform took and has yet to tell of, with their rows.
        accepted: how many requests the platform took.
        taken: how many of them since the send began, or went on.
        refused: how many rows it refused alone in a request since then.
        gave_up: how many requests were tried as often as they may be, to no avail, since then.
        read_back: how many rows are known to be delivered by a look at the platform alone.
        on_trust: whether rows count as delivered because a request was accepted.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.awaiting: dict[int, tuple[Accepted, pl.Series]] = {}
        self.accepted = 0
        self.taken = 0
        self.refused = 0
        self.gave_up = 0
        self.read_back = 0
        self.on_trust = False
        self._delivered: list[pl.Series] = []
        self._judged = VERDICTS.to_frame()
        self._verdicts: list[Verdict] = []  # passed since the frame was made
        self._in_flight: dict[int, pl.Series] = {}
        self._unanswered: dict[int, tuple[Accepted, pl.Series]] = {}
        self._doubtful: list[pl.Series] = []  # may have been done, and are to be sent again all the same
        self._requests: dict[int, list[object]] = {}
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._counts = {"delivered": 0, REJECTED: 0, UNKNOWN: 0}

    @classmethod
    def of(cls, total: int, entries: Iterable[Entry]) -> Self:
        """Return what a ledger's entries add up to."""
        standing = cls(total)
        for entry in entries:
            standing.apply(entry)
        return standing

    def apply(self, entry: Entry) -> None:
        """Take in one entry of the ledger."""
        match entry:
            case Posting():
                self._posting(entry)
            case Accepted():
                self._accept(entry)
            case Failed():
                rows = self._in_flight.pop(entry.batch)
                self._note(entry.batch, entry.error, message=entry.message)
                if entry.doubtful:
                    self._doubtful.append(rows)
            case Settled():
                self._settle(entry)
            case Revised():
                self._revise(entry)
            case Resumed():
                self._reopen(repeat_safe=entry.repeat_safe)
            case Opened() | Closed() | Superseded():
                pass
            case _:
                assert_never(entry)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were delivered, rejected and are unknown."""
        return dict(self._counts)

    @property
    def requested(self) -> int:
        """How many requests left; they are numbered from 1."""
        return len(self._requests)

    @property
    def through(self) -> int:
        """How many rows are with the platform, or settled without it."""
        return sum(self._counts.values()) + sum(len(rows) for _, rows in self.awaiting.values())

    def verdicts(self) -> pl.DataFrame:
        """Return a frame of ``VERDICTS`` in the input's order."""
        return pl.concat([self._judged, _spread(self._verdicts)]).sort("position")

    def requests(self) -> pl.DataFrame:
        """Return a frame of ``REQUESTS`` in the order in which they left."""
        lines = [[batch, *facts] for batch, facts in self._requests.items()]
        return pl.DataFrame(lines, schema=REQUESTS, orient="row")

    def attempts(self, positions: pl.Series) -> pl.Series:
        """Return in how many requests each of the rows has been."""
        begun = pl.Series(self._starts, dtype=spans.POSITION).sort().search_sorted(positions, side="right")
        ended = pl.Series(self._stops, dtype=spans.POSITION).sort().search_sorted(positions, side="right")
        return (begun.cast(pl.Int64) - ended.cast(pl.Int64)).alias("attempts")

    def waiting(self) -> pl.Series:
        """Return the rows that are to be sent: neither settled, nor with the platform."""
        held = [*self._delivered, *(rows for _, rows in self.awaiting.values()), *self._in_flight.values()]
        held.append(self.verdicts()["position"])
        everything = spans.between(0, self.total)
        return everything.filter(~everything.is_in(spans.union(held).implode())) if any(map(len, held)) else everything

    def delivered(self) -> pl.Series:
        """Return the rows that the platform holds."""
        return spans.union(self._delivered)

    def unsettled(self, *, repeat_safe: bool) -> pl.Series:
        """Return the rows not delivered that a resume would send again or ask for again."""
        asked = spans.union(rows for _, rows in self._unanswered.values())
        again = self.verdicts().filter(
            _can_go_again(repeat_safe=repeat_safe) | pl.col("position").is_in(asked.implode())
        )
        return again["position"]

    def untold(self) -> pl.Series:
        """Return the rows of which nobody knows and that the platform will not be asked for any more."""
        verdicts = self.verdicts().filter(pl.col("code") == NO_EVIDENCE)
        asked = spans.union(rows for _, rows in self._unanswered.values())
        return verdicts.filter(~pl.col("position").is_in(asked.implode()))["position"]

    def _posting(self, entry: Posting) -> None:
        rows = spans.read(entry.rows)
        self._in_flight[entry.batch] = rows
        self._requests[entry.batch] = [len(rows), entry.attempt, IN_FLIGHT, None, None]
        for start, stop in entry.rows:
            self._starts.append(start)
            self._stops.append(stop)

    def _accept(self, entry: Accepted) -> None:
        rows = self._in_flight.pop(entry.batch)
        self.accepted += 1
        self.taken += 1
        self._note(entry.batch, "accepted", receipt=entry.receipt["id"])
        if entry.final:
            self.on_trust = True
            self._deliver(rows)
        else:
            self.awaiting[entry.batch] = (entry, rows)

    def _settle(self, entry: Settled) -> None:
        if entry.batch in self._in_flight:
            del self._in_flight[entry.batch]
            why = entry.verdicts[0]
            self._note(entry.batch, why.pile, message=why.message)
            self.refused += why.code == REFUSED
            self.gave_up += why.code in {EXHAUSTED, NO_EVIDENCE}
        elif entry.batch in self.awaiting:
            held = self.awaiting.pop(entry.batch)
            if entry.unanswered:
                self._unanswered[entry.batch] = held
        self._deliver(spans.read(entry.delivered))
        for verdict in entry.verdicts:
            self._judge(verdict)

    def _revise(self, entry: Revised) -> None:
        found = spans.read(entry.delivered)
        told = spans.union([found, *(spans.read(verdict.rows) for verdict in entry.verdicts)])
        self._keep(self.verdicts().filter(~pl.col("position").is_in(told.implode())))
        self.read_back += len(found) if entry.looked else 0
        self._deliver(found)
        for verdict in entry.verdicts:
            self._pass(verdict)

    def _keep(self, verdicts: pl.DataFrame) -> None:
        self._judged, self._verdicts = verdicts, []
        self._counts |= {pile: verdicts.filter(pl.col("pile") == pile).height for pile in (REJECTED, UNKNOWN)}

    def _reopen(self, *, repeat_safe: bool) -> None:
        self.refused = self.gave_up = self.taken = 0  # what went wrong before is no sign of how the platform is now
        verdicts = self.verdicts()
        again = pl.col("position").is_in(self.unsettled(repeat_safe=repeat_safe).implode())
        self._keep(verdicts.filter(~again))
        self._doubtful.append(verdicts.filter(again & (pl.col("pile") == UNKNOWN))["position"])
        self.awaiting |= self._unanswered
        self._unanswered = {}
        lost, self._in_flight = self._in_flight, {}
        for rows in lost.values():
            if repeat_safe:
                self._doubtful.append(rows)
            else:
                self._judge(Verdict(pile=UNKNOWN, code=NO_EVIDENCE, message=CUT_OFF, rows=spans.spell(rows)))

    def _deliver(self, rows: pl.Series) -> None:
        if len(rows):
            self._delivered.append(rows)
            self._counts["delivered"] += len(rows)

    def _judge(self, verdict: Verdict) -> None:
        """Note why rows were not delivered; those of which an earlier try may have been done are unknown."""
        if verdict.code in WORTH_RETRYING and any(map(len, self._doubtful)):
            rows = spans.read(verdict.rows)
            maybe = rows.is_in(pl.concat(self._doubtful).implode())
            message = f"an earlier try may have been done; then: {verdict.message}"
            self._pass(Verdict(pile=UNKNOWN, code=NO_EVIDENCE, message=message, rows=spans.spell(rows.filter(maybe))))
            verdict = replace(verdict, rows=spans.spell(rows.filter(~maybe)))
        self._pass(verdict)

    def _pass(self, verdict: Verdict) -> None:
        self._verdicts.append(verdict)
        self._counts[verdict.pile] += sum(stop - start for start, stop in verdict.rows)

    def _note(self, batch: int, outcome: str, *, receipt: str | None = None, message: str | None = None) -> None:
        self._requests[batch][2:] = [outcome, receipt, message]


def _spread(verdicts: list[Verdict]) -> pl.DataFrame:
    """Return verdicts as a frame of ``VERDICTS``."""
    lines = [(start, stop, why.pile, why.code, why.message) for why in verdicts for start, stop in why.rows]
    if not lines:
        return VERDICTS.to_frame()
    told = pl.DataFrame(lines, schema=["start", "stop", *list(VERDICTS)[1:]], orient="row")
    positions = pl.int_ranges("start", "stop", dtype=spans.POSITION).alias("position")
    return told.select(positions, *list(VERDICTS)[1:]).explode("position")


def _can_go_again(*, repeat_safe: bool) -> pl.Expr:
    """Say which verdicts a resume may turn: what was never done, and what may safely be done twice."""
    again = pl.col("code").is_in(list(WORTH_RETRYING))
    return again | (pl.col("pile") == UNKNOWN) if repeat_safe else again
