"""The contract between delivery and the platform: recovery drives a ``Route`` and never imports the client."""

from collections.abc import Sequence
from dataclasses import dataclass, field
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

    ``details`` is JSON-like and enough for another process to ask for the outcome later.
    """

    id: str
    rows: int
    details: dict[str, Any] = field(default_factory=dict)


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
