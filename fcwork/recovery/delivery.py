"""Takes rows to the platform: posts them, singles out what is refused, tries again what may go through."""

from __future__ import annotations

import threading
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

from fcwork import frames, log
from fcwork.errors import ApiError, ConfigError, FcworkError, OutcomeUnknownError
from fcwork.recovery import plan, spans
from fcwork.recovery.books import Books, Parcel
from fcwork.recovery.entries import (
    EXHAUSTED,
    NO_EVIDENCE,
    NOT_SENT,
    REFUSED,
    REJECTED,
    UNKNOWN,
    Accepted,
    Failed,
    Settled,
    Verdict,
)
from fcwork.recovery.plan import Step

if TYPE_CHECKING:
    import polars as pl

    from fcwork.recovery.terms import Terms
    from fcwork.routes import Receipt, Route

_logger = log.get("recovery")


class Delivery:
    """Posts rows of one input over one route.

    Attributes:
        stopped: why nothing more is sent; empty while all is well.
    """

    def __init__(self, rows: pl.DataFrame, route: Route, *, books: Books, terms: Terms) -> None:
        self.stopped = ""
        self._rows = frames.without_identity(rows)
        self._route, self._books, self._terms = route, books, terms
        self._asked = terms.verify and route.verifiable
        self._size = min(terms.batch_size, route.limits.max_rows)
        self._abandoned = threading.Event()

    def post(self, rows: pl.Series, *, failures: int = 0) -> None:
        """Send rows in as many requests as it takes; afterwards each is accepted or settled.

        Args:
            rows: positions; no two with the same reference.
            failures: how often the platform took these very rows and failed to do them.
        """
        self._books.enter("sending")
        requests = plan.chunks(rows, self._size)
        if self._terms.workers == 1 or len(requests) <= 1:
            for request, parcel in self._packed_ahead(requests):
                self._send(request, failures, parcel)
            return
        with ThreadPoolExecutor(min(self._terms.workers, len(requests))) as pool:
            try:
                posts = [pool.submit(copy_context().run, self._send, request, failures) for request in requests]
                for post in posts:
                    post.result()
            except BaseException:
                self._abandoned.set()
                pool.shutdown(cancel_futures=True)
                raise

    def withhold(self, rows: pl.Series, reason: str) -> None:
        """Settle rows as not sent."""
        if len(rows):
            self._books.record(Settled(batch=None, verdicts=(_verdict(REJECTED, NOT_SENT, reason, rows),)))

    def _packed_ahead(self, requests: list[pl.Series]) -> Iterator[tuple[pl.Series, Parcel]]:
        """Yield each request with its parcel; the next is packed while this one is on its way."""
        with ThreadPoolExecutor(1) as packer:
            ahead = None
            for at, request in enumerate(requests, start=1):
                parcel = (ahead or packer.submit(self._pack, request)).result()
                ahead = packer.submit(self._pack, requests[at]) if at < len(requests) else None
                yield request, parcel

    def _pack(self, rows: pl.Series) -> Parcel:
        body = self._route.pack(spans.take(self._rows, rows))
        return Parcel(body, zlib.crc32(body))

    def _send(self, rows: pl.Series, failures: int, parcel: Parcel | None = None) -> None:
        """Send one request's rows; where it is refused, its halves, until the rows at fault stand alone."""
        parts, step = deque([rows]), Step.DONE
        while parts and not self._abandoned.is_set():
            # After a refused row, look where least is known: at the largest part that was not tried.
            part = parts.popleft() if step is Step.REJECT else parts.pop()
            step = self._offer(part, failures, parcel if part is rows else None)
            if step is Step.SPLIT:
                parts.extend(reversed(plan.halves(part)))

    def _offer(self, rows: pl.Series, failures: int, parcel: Parcel | None) -> Step:
        """Send rows in one request, again and again while that may help; settle them unless they are to be split."""
        if self._is_over():  # before the work of packing
            self.withhold(rows, self.stopped)
            return Step.STOP
        parcel = parcel or self._pack(rows)
        if len(parcel.body) > self._route.limits.max_bytes:
            return self._too_large(rows, len(parcel.body))
        attempt = 0
        while not self._abandoned.is_set():
            attempt += 1
            if not self._may_leave():
                self.withhold(rows, self.stopped)
                return Step.STOP
            batch = self._books.posting(rows, attempt=attempt, parcel=parcel, sync=not self._route.repeat_safe)
            answer = self._post(parcel.body, len(rows))
            if not isinstance(answer, FcworkError):
                self._accept(batch, answer, failures)
                return Step.DONE
            if reason := self._terms.heed(answer):
                self._stop(reason)
            step = plan.next_step(answer, rows=len(rows), repeat_safe=self._route.repeat_safe)
            pause = self._terms.pause(answer, attempt) if step is Step.RETRY and not self.stopped else None
            if pause is None:
                return self._close(batch, rows, answer, plan.gave_up(answer) if step is Step.RETRY else step)
            self._again(batch, answer, pause)
        return Step.STOP

    def _post(self, body: bytes, rows: int) -> Receipt | FcworkError:
        try:
            return self._route.post(body, rows)
        except (ApiError, ConfigError) as error:
            return error

    def _accept(self, batch: int, receipt: Receipt, failures: int) -> None:
        told = {"id": receipt.id, "rows": receipt.rows, "details": receipt.details, "told": receipt.told}
        final = not (receipt.told or self._asked)
        self._books.record(Accepted(batch=batch, receipt=told, final=final, failures=failures))
        self._terms.allowance.budget.earn()

    def _again(self, batch: int, error: FcworkError, pause: float) -> None:
        self._books.record(_failed(batch, error))
        _logger.info("send.retried", batch=batch, error=error.message, pause_seconds=pause)
        self._books.hold_up(_told(error))
        self._terms.nap(pause)

    def _close(self, batch: int, rows: pl.Series, error: FcworkError, step: Step) -> Step:
        """Record what a request that failed for good means for its rows."""
        if step is Step.SPLIT:
            _logger.info("send.split", batch=batch, rows=len(rows), error=error.message)
            self._books.record(_failed(batch, error))
            return step
        if step is Step.STOP:
            self._stop(f"{type(error).__name__}: {_told(error)}")
        pile, code = _VERDICTS[step]
        self._books.record(Settled(batch=batch, verdicts=(_verdict(pile, code, _told(error), rows),)))
        standing = self._books.standing
        if step is Step.REJECT and plan.hopeless(refused=standing.refused, accepted=standing.taken):
            self._stop(
                f"{standing.refused} rows sent one by one were all refused, and nothing was accepted: "
                f"what is sent looks wrong as a whole ({error.message})"
            )
        ratio, failed, accepted = self._terms.max_failure_ratio, standing.gave_up, standing.taken
        if step is not Step.REJECT and plan.circuit_opens(failed=failed, accepted=accepted, ratio=ratio):
            self._stop(
                f"{failed} of {failed + accepted} requests came to nothing in spite of their retries: "
                f"the platform is in trouble ({error.message})"
            )
        return step

    def _may_leave(self) -> bool:
        """Wait for this request's turn, and say whether it may still leave then."""
        self._terms.allowance.pace.wait()
        if self._terms.before_request:
            self._terms.before_request()
        return not self._is_over()

    def _is_over(self) -> bool:
        """Say whether nothing more is to be sent."""
        if self._terms.allowance.left_seconds <= 0:
            self._stop(f"the deadline of {self._terms.allowance.deadline_seconds:g} s is over")
        return bool(self.stopped)

    def _stop(self, reason: str) -> None:
        if not self.stopped:
            self.stopped = reason
            _logger.warning("send.stopped", reason=reason)

    def _too_large(self, rows: pl.Series, size: int) -> Step:
        """Cut what no request can hold; a single row of that size is refused here."""
        if len(rows) > 1:
            return Step.SPLIT
        limit = self._route.limits.max_bytes
        message = f"the row takes {size:,} bytes, and a request holds {limit:,}"
        self._books.record(Settled(batch=None, verdicts=(_verdict(REJECTED, REFUSED, message, rows),)))
        return Step.DONE


_VERDICTS = {
    Step.REJECT: (REJECTED, REFUSED),
    Step.EXHAUSTED: (REJECTED, EXHAUSTED),
    Step.STOP: (REJECTED, NOT_SENT),
    Step.DOUBTFUL: (UNKNOWN, NO_EVIDENCE),
}


def _verdict(pile: str, code: str, message: str, rows: pl.Series) -> Verdict:
    return Verdict(pile=pile, code=code, message=message, rows=spans.spell(rows))


def _failed(batch: int, error: FcworkError) -> Failed:
    doubtful = isinstance(error, OutcomeUnknownError)
    return Failed(batch=batch, error=type(error).__name__, message=_writable(error.message), doubtful=doubtful)


def _told(error: FcworkError) -> str:
    """Return an error as one line: the platform's own code first, where it gave one, and the hint last."""
    code = error.code if isinstance(error, ApiError) else ""
    text = _writable(" ".join(str(error).split()))
    return f"{code}: {text}" if code and code not in text else text


def _writable(text: str) -> str:
    """Return a caller's text without the halves of characters that no file or frame takes."""
    return text.encode("utf-8", "replace").decode()
