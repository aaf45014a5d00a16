"""What became of a send: three frames whose rows add up to the input, and an honest line about them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import cards, frames, sources
from fcwork.errors import ApiError, OutcomeUnknownError, RejectedError, RetryableError
from fcwork.personal import findings
from fcwork.recovery import spans
from fcwork.recovery.entries import REJECTED, UNKNOWN, WORTH_RETRYING

if TYPE_CHECKING:
    from fcwork.recovery.standing import Standing


@dataclass(frozen=True, repr=False)
class SendResult:
    """What became of each row; frames are of the kind that was sent, with ``_row`` and ``_source``.

    Attributes:
        delivered: rows that the platform holds; where ``verified`` is false: rows that it accepted.
        rejected: rows that were refused or not sent, with ``_errors`` saying why.
        unknown: rows of which nobody can say, with ``_errors``: look before sending them again.
        retryable: those of ``rejected`` that may go through when they are sent again.
        issues: one line for each row not delivered, in the columns of ``frames.ISSUES``.
        batches: one line a request: ``batch, rows, attempt, outcome, receipt, message``.
        counts: ``rows, delivered, rejected, unknown, retryable, requests``.
        target: whose platform: host and retailer, or ``SIMULATOR``; empty for a function of the caller's.
        verified: whether delivered is the platform's last word; false where it was not asked what became of records.
        read_back: how many of the delivered rows the platform told nothing of, and were found there.
        checkpoint: the name to resume with; None where nothing is left to do.
        stopped: why nothing more was sent, where the send stopped by itself; else empty.
    """

    delivered: Any
    rejected: Any
    unknown: Any
    retryable: Any
    issues: Any
    batches: Any
    counts: dict[str, int]
    target: str
    verified: bool
    read_back: int
    checkpoint: str | None
    stopped: str = ""

    @property
    def dead_letters(self) -> Any:
        """The rows that were not delivered, to be mended and sent again.

        The columns sent, behind ``_row``, ``_source`` (where the row came from), ``_key``, ``_code``, ``_message`` and
        ``_attempts``; nothing sends those. Rows of which nobody knows have the code ``send.unknown`` or ``send.stuck``.
        """
        return frames.leave(self._dead_letters(), frames.kind_of(self.rejected))

    def write_dead_letters(self, uri: str | os.PathLike[str]) -> Path:
        """Write ``dead_letters``, whole, to a file that its owner alone reads; csv is made safe for spreadsheets.

        Returns:
            The path of the file.

        Raises:
            SourceError: the folder may not be written, the disk is full, or a nested column has no form in a csv.
        """
        with sources.private():
            return Path(sources.write(self._dead_letters(), sources.literal(uri), safe="spreadsheet", identity=True))

    def _dead_letters(self) -> pl.DataFrame:
        piles = [frames.enter(pile) for pile in (self.rejected, self.unknown)]
        return dead_letters(pl.concat(piles, how="diagonal_relaxed"), frames.enter_issues(self.issues))

    @property
    def ok(self) -> bool:
        """Whether every row was delivered."""
        return self.counts["delivered"] == self.counts["rows"]

    @property
    def attempts(self) -> int:
        """How many requests it took, the refused and repeated ones included."""
        return self.counts["requests"]

    @property
    def summary(self) -> str:
        """The send in one honest line."""
        piles = ", ".join(f"{self.counts[pile]:,} {pile}" for pile in ("delivered", "rejected", "unknown"))
        whose = f" to {self.target}" if self.target else ""
        told = [f"{self.counts['rows']:,} rows{whose}: {piles} in {self.attempts:,} requests"]
        if self.read_back:
            told.append(f"{self.read_back:,} of those delivered were read back, as the platform did not tell of them")
        if not self.verified:
            told.append("delivered means accepted, not verified")
        if self.checkpoint:
            told.append(f"checkpoint {self.checkpoint} can be resumed")
        if self.stopped:
            told.append(f"it stopped: {self.stopped}")
        return cards.line("; ".join(told))

    def raise_if_incomplete(self) -> None:
        """Do nothing if every row was delivered.

        Raises:
            OutcomeUnknownError: nobody can say what became of some rows.
            RetryableError: all rows that were not delivered may go through when they are sent again.
            RejectedError: some rows were refused for good.
        """
        if self.ok:
            return
        kind: type[ApiError] = RejectedError
        hint = "mend the rows in .rejected and send them again; .issues says what is wrong"
        if self.counts["unknown"]:
            kind, hint = OutcomeUnknownError, "compare the rows in .unknown with the platform, or resume the checkpoint"
        elif self.counts["rejected"] == self.counts["retryable"]:
            kind, hint = RetryableError, f"later: fcwork.recovery.resume({self.checkpoint!r}, deliver)"
        raise kind(self.summary, hint=hint)

    def __str__(self) -> str:
        return cards.line(self.summary)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        counts = self.counts
        state = "delivered" if self.ok else "rows unknown" if counts["unknown"] else "rows rejected"
        return cards.Card(
            line=self.summary,
            state=state if counts["rows"] else "nothing to send",
            tone="bad" if counts["unknown"] else "good" if self.ok else "doubt",
            parts=cards.piles(counts),
            figures={name: counts[name] for name in ("retryable", "requests")} | {"read back": self.read_back},
            facts={"Target": self.target, "Checkpoint": self.checkpoint, "Stopped": self.stopped},
            below=[cards.issues(frames.enter_issues(self.issues))],
        ).html()


def conclude(
    rows: pl.DataFrame,
    standing: Standing,
    *,
    keys: pl.Series,
    kind: frames.Kind,
    target: str,
    verified: bool,
    checkpoint: str | None,
    stopped: str,
    at: datetime,
) -> SendResult:
    """Return the result of a send whose rows are all settled."""
    delivered, verdicts = standing.delivered(), standing.verdicts()
    _check_sum(rows.height, delivered, verdicts)
    piles = {
        "rejected": verdicts.filter(pl.col("pile") == REJECTED),
        "unknown": verdicts.filter(pl.col("pile") == UNKNOWN),
        "retryable": verdicts.filter(pl.col("code").is_in(list(WORTH_RETRYING))),
    }
    requests = standing.requests()
    counts = {"rows": rows.height, "delivered": len(delivered), **{name: pile.height for name, pile in piles.items()}}
    return SendResult(
        delivered=frames.leave(spans.take(rows, delivered), kind),
        **{name: frames.leave(findings.errors(_with_errors(rows, pile)), kind) for name, pile in piles.items()},
        issues=frames.leave(findings.issues(_issues(rows, verdicts, standing, keys, at), rows), kind),
        batches=frames.leave(requests, kind),
        counts={**counts, "requests": requests.height},
        target=target,
        verified=verified,
        read_back=standing.read_back,
        checkpoint=checkpoint,
        stopped=stopped,
    )


def dead_letters(rows: pl.DataFrame, issues: pl.DataFrame) -> pl.DataFrame:
    """Return rows that were not delivered, each behind where it came from and the first error that tells why."""
    errors = issues.filter((pl.col("severity") == "error") & pl.col("row").is_not_null())
    why = errors.unique(["source", "row"], keep="first", maintain_order=True).select(
        pl.col("row").alias(frames.ROW),
        pl.col("source").alias(frames.SOURCE),
        *(pl.col(name).alias(f"_{name}") for name in ("key", "code", "message", "attempts")),
    )
    own = rows.drop(frames.OF_RESULTS, strict=False)
    if not own.width:  # an empty list of dicts has lost its columns
        own = pl.DataFrame(schema={frames.ROW: pl.Int64, frames.SOURCE: pl.String})
    told = own.join(why, on=frames.IDENTITY, how="left", nulls_equal=True).sort(frames.SOURCE, frames.ROW)
    first = [*frames.IDENTITY, "_key", "_code", "_message", "_attempts"]
    return told.select(*first, pl.exclude(first))


def _with_errors(rows: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    told = pl.concat_str([verdicts["code"], verdicts["message"]], separator=": ")
    return spans.take(rows, verdicts["position"]).with_columns(_errors=told)


def _issues(
    rows: pl.DataFrame, verdicts: pl.DataFrame, standing: Standing, keys: pl.Series, at: datetime
) -> pl.DataFrame:
    positions = verdicts["position"]
    return frames.issues(
        spans.take(rows, positions),
        stage="send",
        field="",
        code=pl.lit(verdicts["code"]),
        message=pl.lit(verdicts["message"]),
        key=pl.lit(keys.gather(positions)),
        attempts=pl.lit(standing.attempts(positions)),
        at=at,
    )


def _check_sum(total: int, delivered: pl.Series, verdicts: pl.DataFrame) -> None:
    settled = pl.concat([delivered, verdicts["position"]])
    if len(settled) != total or settled.n_unique() != total:
        message = f"the rows do not add up: {total} in, {len(delivered)} delivered, {verdicts.height} not"
        raise AssertionError(message)
