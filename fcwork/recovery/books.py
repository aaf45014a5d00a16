"""The ledger and what it says of each row, kept in step whatever number of threads write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from fcwork.recovery import spans
from fcwork.recovery.entries import Accepted, Entry, Posting, Resumed, Settled

if TYPE_CHECKING:
    import polars as pl

    from fcwork.clock import Clock
    from fcwork.recovery.ledger import Ledger
    from fcwork.recovery.standing import Standing


Phase: TypeAlias = Literal["sending", "verifying"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a send is.

    Attributes:
        phase: ``sending``, or ``verifying`` while the platform is asked what became of rows.
        rows: rows that the platform took, or that were settled without it.
        total: rows of the input.
        batches: requests that the platform took.
        delivered, rejected, unknown: rows settled so far; with verification they lag behind ``rows``.
        requests: requests that left, the refused and repeated ones included.
        rate_per_second: rows a second in this run.
        eta_seconds: time left at that rate; None while nothing is known.
        trouble: why the last request came to nothing, where it goes again; empty otherwise.
    """

    phase: Phase
    rows: int
    total: int
    batches: int
    delivered: int
    rejected: int
    unknown: int
    requests: int
    rate_per_second: float
    eta_seconds: float | None
    trouble: str = ""


class Parcel(NamedTuple):
    """A request's body, and the checksum that the ledger keeps of it."""

    body: bytes
    crc32: int


class Books:
    """Records what happens to rows: first in the ledger, then in the standing; then tells whoever watches."""

    def __init__(
        self,
        ledger: Ledger,
        standing: Standing,
        *,
        clock: Clock,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self.standing = standing
        self._ledger, self._clock, self._on_progress = ledger, clock, on_progress
        self._lock = threading.RLock()
        self._began, self._rows_before = clock.monotonic(), standing.through
        self._phase: Phase = "sending"

    def now(self) -> str:
        """Return the instant as the ledger spells it."""
        return self._clock.now().isoformat(timespec="milliseconds")

    def posting(self, rows: pl.Series, *, attempt: int, parcel: Parcel, sync: bool) -> int:
        """Record that a request is about to leave with these rows, and return its number."""
        told, size, at = spans.spell(rows), len(parcel.body), self.now()
        with self._lock:
            batch = self.standing.requested + 1
            entry = Posting(batch=batch, rows=told, attempt=attempt, bytes=size, crc32=parcel.crc32, at=at)
            self.record(entry, sync=sync)
        return batch

    def record(self, entry: Entry, *, sync: bool = False) -> None:
        """Record what happened; see ``Ledger.append`` for ``sync``."""
        with self._lock:
            self._ledger.append(entry, sync=sync)
            self.standing.apply(entry)
            if isinstance(entry, Resumed):  # rows that are to go again count from here
                self._rows_before = self.standing.through
            if self._on_progress and isinstance(entry, Accepted | Settled):
                self._on_progress(self._progress())

    def enter(self, phase: Phase) -> None:
        """Say what is done from now on, and tell whoever watches."""
        with self._lock:
            if phase != self._phase:
                self._phase = phase
                if self._on_progress:
                    self._on_progress(self._progress())

    def hold_up(self, trouble: str) -> None:
        """Tell whoever watches why a request goes again."""
        with self._lock:
            if self._on_progress:
                self._on_progress(self._progress(trouble))

    def _progress(self, trouble: str = "") -> Progress:
        standing = self.standing
        rows, total = standing.through, standing.total
        seconds = self._clock.monotonic() - self._began
        rate = (rows - self._rows_before) / seconds if seconds > 0 else 0.0
        return Progress(
            phase=self._phase,
            rows=rows,
            total=total,
            batches=standing.accepted,
            **standing.counts,
            requests=standing.requested,
            rate_per_second=rate,
            eta_seconds=(total - rows) / rate if rate > 0 else None,
            trouble=trouble,
        )
