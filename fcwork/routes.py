"""The contract between delivery and the platform: recovery drives a ``Route`` and never imports the client."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import polars as pl

# What a route learned of single records. `outcome` is one of OUTCOMES.
OUTCOME_SCHEMA = pl.Schema(
    {
        "receipt": pl.String,  # Receipt.id the record went with
        "ref": pl.String,  # the entity reference, as `Route.entity_ref` spells it
        "outcome": pl.String,
        "code": pl.String,  # the platform's own code, such as "404"
        "message": pl.String,
    }
)
OUTCOMES = ("delivered", "rejected", "retryable", "unknown")


@dataclass(frozen=True)
class Limits:
    """What one request may carry."""

    max_rows: int = 5_000
    max_bytes: int = 2_000_000


@dataclass(frozen=True)
class Receipt:
    """The platform's word that it took a request: not yet that it did what was asked.

    Attributes:
        details: JSON-like, and enough for another process to ask for the outcome later.
        told: the answer told of every record already: ``outcomes`` reads it out of ``details`` and asks nobody.
    """

    id: str
    rows: int
    details: dict[str, Any] = field(default_factory=dict)
    told: bool = False


@dataclass(frozen=True)
class Findings:
    """What asking for outcomes brought: settled records, and receipts that are still open.

    Attributes:
        records: a frame of ``OUTCOME_SCHEMA``, one row a settled record; a row that was sent with a settled receipt and
            is not in it has an unknown outcome.
        open: ids of receipts to ask for again.
    """

    records: pl.DataFrame
    open: tuple[str, ...] = ()


@runtime_checkable
class Route(Protocol):
    """A way to the platform for rows of one kind.

    ``post`` raises the errors of ``fcwork.errors``: ``RetryableError`` and ``RejectedError`` mean that nothing was
    done, ``OutcomeUnknownError`` that something may have been.
    """

    name: str
    """What it is called in ledgers and reports, such as ``batch``."""
    target: str
    """Whose platform: host and retailer, or ``SIMULATOR``."""
    limits: Limits
    repeat_safe: bool
    """Whether sending the same rows again has no further effect."""
    verifiable: bool
    """Whether ``outcomes`` tells more than ``post`` did."""

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return one text a row: the reference under which ``outcomes`` tells of it."""
        ...

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the request body for ``rows``; the same rows always give the same bytes."""
        ...

    def post(self, body: bytes, rows: int) -> Receipt:
        """Send a packed body of ``rows`` rows once."""
        ...

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Ask once for what became of the rows of ``receipts``."""
        ...


@runtime_checkable
class ReadsBack(Protocol):
    """A route that can look at what the platform holds, where nothing was told of a row."""

    def read_back(self, rows: pl.DataFrame, refs: pl.Series, since: datetime) -> pl.DataFrame:
        """Look once for rows whose outcome is not known.

        Args:
            rows: the rows as they were sent.
            refs: the reference of each, as ``entity_ref`` spells it.
            since: the instant before the first of them left.

        Returns:
            ``ref, outcome, code, message`` as in ``OUTCOME_SCHEMA``: ``delivered`` where the platform holds what the
            row says, ``unknown`` with what it holds instead; a row that is not in it was not found. A line speaks of
            all rows that share its ref: what is there once proves no two of them.
        """
        ...


@runtime_checkable
class LooksOver(Protocol):
    """A route on which it depends on the rows whether they may be sent twice."""

    def look_over(self, rows: pl.DataFrame) -> None:
        """Take notice of all rows before any is sent; ``repeat_safe`` holds from then on."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A route that says how fast the platform may be asked."""

    rate_per_second: float | None
    """Requests a second that all workers together may send; None for no limit of its own."""
