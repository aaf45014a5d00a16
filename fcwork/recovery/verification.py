"""Finds out what became of accepted rows: asks for all open batches together, joins by reference, tries again.

Rows of which the platform tells nothing are looked for on the platform, where the route can.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from fcwork import frames, log
from fcwork.errors import (
    ApiError,
    AuthError,
    ConfigError,
    FcworkError,
    OutcomeUnknownError,
    RetryableError,
    ServerError,
)
from fcwork.recovery import plan, spans
from fcwork.recovery.entries import (
    EXHAUSTED,
    NO_EVIDENCE,
    REFUSED,
    REJECTED,
    STUCK,
    UNKNOWN,
    Revised,
    Settled,
    Verdict,
)
from fcwork.routes import ReadsBack, Receipt

if TYPE_CHECKING:
    from fcwork.recovery.books import Books
    from fcwork.recovery.delivery import Delivery
    from fcwork.recovery.identity import Identity
    from fcwork.recovery.terms import Terms
    from fcwork.routes import Route

SILENT = "the batch is complete, and the platform told nothing of this record"
DOUBLE = "it is there, and a row of the same reference was delivered, or may have been: that may be what is there"
_SEVERITY = ("delivered", "retryable", "rejected", "unknown")  # what counts where a record is told of twice

_logger = log.get("recovery")


class Answer(NamedTuple):
    """What the route told at once: of which batches, by their receipts' ids, and the records."""

    receipts: dict[int, str]
    records: pl.DataFrame


class Verification:
    """Settles what the platform accepted.

    Args:
        identity: of each row of the input.
    """

    def __init__(self, identity: Identity, route: Route, *, books: Books, terms: Terms, delivery: Delivery) -> None:
        self._identity, self._references, self._route = identity, identity.references, route
        self._books, self._terms, self._delivery = books, terms, delivery
        self._asked_since: dict[int, float] = {}
        self._strays: list[pl.DataFrame] = []  # records told under a batch that they did not go with

    def settle(self) -> None:
        """Ask until every accepted batch has told or has had its time; rows that can still succeed are sent again."""
        pause = plan.FIRST_LOOK_SECONDS
        while self._books.standing.awaiting:
            self._books.enter("verifying")
            for failures, rows in self._look().items():
                self._terms.nap(self._terms.wait(failures))
                self._delivery.post(rows, failures=failures)
                pause = plan.FIRST_LOOK_SECONDS
            self._give_up_on_overdue()
            if self._books.standing.awaiting:
                self._terms.nap(pause)
                pause = plan.next_pause(pause)

    def read_back(self, rows: pl.DataFrame, wave: pl.Series, since: datetime) -> None:
        """Look on the platform for rows whose outcome is unknown, a few times, as what was merged may be done later.

        Args:
            rows: the input.
            wave: the rows among it to look for: what a later wave sends would hide them.
            since: the instant before anything was sent.
        """
        self._claim_strays(wave)
        if not (self._terms.verify and isinstance(self._route, ReadsBack)):
            return
        own, pause = frames.without_identity(rows), plan.FIRST_LOOK_SECONDS
        for look in range(1, plan.READ_BACK_LOOKS + 1):
            untold = self._untold(wave)
            if len(untold):
                self._books.enter("verifying")
            if not len(untold) or not self._look_for(untold, own, since):
                return
            if look < plan.READ_BACK_LOOKS and len(self._untold(wave)):
                self._terms.nap(pause)
                pause = plan.next_pause(pause)

    def _claim_strays(self, wave: pl.Series) -> None:
        """Settle rows of which the platform told under another batch: it may merge them.

        In a wave a reference is that of one row, so that no other can be meant.
        """
        untold, strays = self._untold(wave), self._strays
        self._strays = []
        if strays and len(untold):
            told = self._identity.told(untold.alias("position").to_frame(), _worst_of_each(pl.concat(strays), "ref"))
            self._revise(told.filter(pl.col("outcome").is_not_null()), looked=False)

    def _revise(self, told: pl.DataFrame, *, looked: bool) -> None:
        """Record what is known now of rows that were unknown."""
        if told.height:
            done = pl.col("outcome") == "delivered"
            verdicts = tuple(_verdict(*why, rows) for why, rows in _by_reason(told.filter(~done)))
            delivered = spans.spell(told.filter(done)["position"])
            self._books.record(Revised(looked=looked, delivered=delivered, verdicts=verdicts))

    def _untold(self, wave: pl.Series) -> pl.Series:
        untold = self._books.standing.untold()
        return untold.filter(untold.is_in(wave.implode())) if len(untold) else untold

    def _look_for(self, untold: pl.Series, rows: pl.DataFrame, since: datetime) -> bool:
        """Look once and record what is found; False where looking makes no sense."""
        assert isinstance(self._route, ReadsBack)  # noqa: S101 - asked before
        references = self._references.gather(untold)
        try:
            found = self._route.read_back(spans.take(rows, untold), references, since)
        except (RetryableError, OutcomeUnknownError) as error:
            _logger.info("send.read_back_failed", rows=len(untold), error=error.message)
            self._books.hold_up(error.message)
            return True
        except (ApiError, ConfigError) as error:
            _logger.warning("send.not_read_back", rows=len(untold), error=error.message)
            return False
        here = pl.DataFrame({"position": untold, "ref": references}).join(
            _worst_of_each(found, "ref"), on="ref", maintain_order="left"
        )
        self._revise(here if self._route.repeat_safe else self._without_doubles(here), looked=True)
        return True

    def _without_doubles(self, here: pl.DataFrame) -> pl.DataFrame:
        """Leave unknown what may be another row's effect: one of its reference was delivered, or may have been."""
        standing = self._books.standing
        lost = standing.verdicts().filter(pl.col("pile") == UNKNOWN)["position"]
        others = lost.filter(~lost.is_in(here["position"].implode()))
        known = self._references.gather(pl.concat([standing.delivered(), others])).drop_nulls()
        twice = (pl.col("outcome") == "delivered") & pl.col("ref").is_in(known.implode())
        return here.with_columns(
            outcome=pl.when(twice).then(pl.lit("unknown")).otherwise("outcome"),
            code=pl.when(twice).then(pl.lit(None, pl.String)).otherwise("code"),
            message=pl.when(twice).then(pl.lit(DOUBLE)).otherwise("message"),
        )

    def _look(self) -> dict[int, pl.Series]:
        """Ask once for every open batch, settle what is told, and return the rows to send again, by their failures."""
        again, awaiting = defaultdict(list), self._books.standing.awaiting
        for batch, told in self._joined(self._ask(list(awaiting))):
            failures = awaiting[batch][0].failures + 1
            again[failures].append(self._settle(batch, told, failures))
        return {failures: rows for failures, parts in again.items() if len(rows := spans.union(parts))}

    def _ask(self, batches: list[int]) -> list[Answer]:
        """Return what batches have told; give up on one that cannot be asked for."""
        receipts = {batch: Receipt(**self._books.standing.awaiting[batch][0].receipt) for batch in batches}
        try:
            findings = self._route.outcomes(list(receipts.values()))
        except (RetryableError, OutcomeUnknownError) as error:
            _logger.info("send.look_failed", batches=len(batches), error=error.message)
            self._books.hold_up(error.message)
            return []
        except (ApiError, ConfigError) as error:
            if len(batches) > 1 and not isinstance(error, AuthError | ConfigError):
                return [answer for one in batches for answer in self._ask([one])]
            self._give_up(batches, NO_EVIDENCE, _could_not_ask(error))
            return []
        still_open = set(findings.open)
        told = {batch: receipt.id for batch, receipt in receipts.items() if receipt.id not in still_open}
        return [Answer(told, findings.records)] if told else []

    def _joined(self, answers: list[Answer]) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield each batch with position, outcome, code and message of its rows: by reference, never by place."""
        for answer in answers:
            rows = {batch: self._books.standing.awaiting[batch][1] for batch in answer.receipts}
            if sum(map(len, rows.values())) < plan.SMALL_BATCH * len(rows):
                yield from self._joined_at_once(rows, answer)
                continue
            told, nothing = answer.records.partition_by("receipt", as_dict=True), answer.records.clear()
            for batch, receipt in answer.receipts.items():
                records = _worst_of_each(told.get((receipt,), nothing), "ref").drop("receipt")
                joined = self._identity.told(rows[batch].alias("position").to_frame(), records)
                self._note_strays(records, joined, "ref")
                yield batch, joined

    def _joined_at_once(self, rows: dict[int, pl.Series], answer: Answer) -> Iterator[tuple[int, pl.DataFrame]]:
        """Do the same for batches of a few rows, of which there may be very many."""
        sizes = pl.Series([len(one) for one in rows.values()], dtype=pl.UInt32)
        of = pl.DataFrame({"batch": list(answer.receipts), "receipt": list(answer.receipts.values())})
        sent = of.select(pl.all().repeat_by(sizes).explode()).with_columns(position=pl.concat(rows.values()))
        told = _worst_of_each(answer.records, "receipt", "ref")
        joined = self._identity.told(sent, told, "receipt")
        self._note_strays(told, joined, "receipt", "ref")
        for part in joined.partition_by("batch", maintain_order=True):
            yield int(part["batch"][0]), part

    def _note_strays(self, records: pl.DataFrame, joined: pl.DataFrame, *by: str) -> None:
        """Keep what was told of no row of its batch."""
        if joined.height - joined["outcome"].null_count() < records.height:
            self._strays.append(records.join(joined, on=list(by), how="anti").drop("receipt", strict=False))

    def _settle(self, batch: int, told: pl.DataFrame, failures: int) -> pl.Series:
        """Record what a batch told, and return the rows to send again."""
        done = told["outcome"].eq_missing("delivered")
        if done.all():
            self._books.record(Settled(batch=batch, delivered=spans.spell(told["position"])))
            return spans.between(0, 0)
        again, verdicts = [], []
        for (outcome, code, message), rows in _by_reason(told.filter(~done)):
            if outcome == "retryable" and self._may_go_again(code, message, failures):
                again.append(rows)
            else:
                verdicts.append(_verdict(outcome, code, message, rows))
        delivered = spans.spell(told.filter(done)["position"])
        self._books.record(Settled(batch=batch, delivered=delivered, verdicts=tuple(verdicts)))
        return spans.union(again)

    def _may_go_again(self, code: str | None, message: str | None, failures: int) -> bool:
        failure = ServerError(message or "the platform failed on a record", code=code or "")
        return not self._delivery.stopped and self._terms.may_retry(failure, failures)

    def _give_up_on_overdue(self) -> None:
        now, late = self._terms.clock.monotonic(), self._terms.allowance.left_seconds <= 0
        for batch, (accepted, _) in list(self._books.standing.awaiting.items()):
            waited = now - self._asked_since.setdefault(batch, now)
            if late:
                self._give_up([batch], STUCK, _untimely(accepted.receipt))
            elif waited >= self._terms.verify_seconds:
                self._give_up([batch], STUCK, _stuck(accepted.receipt, self._terms.verify_seconds))

    def _give_up(self, batches: list[int], code: str, message: str) -> None:
        """Leave batches for a resume to ask for; their rows are unknown until then."""
        _logger.warning("send.unanswered", batches=len(batches), code=code, reason=message)
        for batch in batches:
            rows = spans.spell(self._books.standing.awaiting[batch][1])
            verdict = Verdict(pile=UNKNOWN, code=code, message=message, rows=rows)
            self._books.record(Settled(batch=batch, verdicts=(verdict,), unanswered=True))


def _by_reason(told: pl.DataFrame) -> Iterator[tuple[tuple[str | None, str | None, str | None], pl.Series]]:
    """Yield outcome, code and message, and the positions of all rows of which just these are told."""
    for outcome, code, message, positions in (
        told.group_by("outcome", "code", "message", maintain_order=True).agg("position").iter_rows()
    ):
        yield (outcome, code, message), pl.Series(positions, dtype=spans.POSITION)


def _worst_of_each(records: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Return one line a reference: where a record is told of twice, what is worst."""
    severity = pl.col("outcome").replace_strict(list(_SEVERITY), range(len(_SEVERITY)), default=len(_SEVERITY))
    return records.sort(severity).unique(by, keep="last")


def _verdict(outcome: str | None, code: str | None, message: str | None, rows: pl.Series) -> Verdict:
    told = ": ".join(filter(None, (code, message)))
    told_rows = spans.spell(rows)
    if outcome == "retryable":
        return Verdict(pile=REJECTED, code=EXHAUSTED, message=told or "the platform failed on it", rows=told_rows)
    if outcome == "rejected":
        return Verdict(pile=REJECTED, code=REFUSED, message=told or "the platform refused it", rows=told_rows)
    return Verdict(pile=UNKNOWN, code=NO_EVIDENCE, message=told or SILENT, rows=told_rows)


def _stuck(receipt: dict[str, Any], seconds: float) -> str:
    return (
        f"batch {receipt['id']} was still open after {seconds:,.0f} s; resume the checkpoint to ask again, "
        "and give the batch's id to Fluent's support if it stays so"
    )


def _untimely(receipt: dict[str, Any]) -> str:
    return f"batch {receipt['id']} had not told when the deadline was over; resume the checkpoint to ask again"


def _could_not_ask(error: FcworkError) -> str:
    return f"accepted, but the outcome could not be asked for: {error.message}"
