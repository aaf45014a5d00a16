"""One run over a checkpoint: opens the books, sends wave after wave, verifies, and tells the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import polars as pl

from fcwork import frames, log
from fcwork.errors import BadRequestError, CheckpointError, ConfigError
from fcwork.recovery import plan, spans
from fcwork.recovery.books import Books, Progress
from fcwork.recovery.callables import CallableRoute
from fcwork.recovery.checkpoint import Checkpoint, differences, new_name
from fcwork.recovery.delivery import Delivery
from fcwork.recovery.entries import Closed, Opened, Resumed
from fcwork.recovery.identity import Identity
from fcwork.recovery.result import SendResult, conclude
from fcwork.recovery.series import forget_superseded, newest, refuse_superseded
from fcwork.recovery.standing import Standing
from fcwork.recovery.verification import Verification
from fcwork.routes import LooksOver, Route

if TYPE_CHECKING:
    from fcwork.recovery.terms import Terms

T = TypeVar("T")
BEHIND = "an earlier row with the same key is not settled, and this one must not overtake it"

_logger = log.get("recovery")


@dataclass(frozen=True)
class Run:
    """How rows go: over which route, on what terms, and who watches."""

    route: Route
    terms: Terms
    on_progress: Callable[[Progress], object] | None = None
    keep: bool = False

    def begin(
        self, frame: Any, *, key: str | Sequence[str] | None, checkpoint: str | None, series: str = ""
    ) -> SendResult:
        """Send a frame; under the name of an unsettled send of the same rows, go on with that."""
        kind = frames.kind_of(frame)
        rows = frames.with_identity(frames.enter(frame).drop(frames.OF_RESULTS, strict=False))
        names = _names(key)
        if not rows.height:
            nothing = pl.Series(dtype=pl.String)
            return self._result(rows, Standing(0), nothing, kind=kind, checkpoint=None)
        identity = self._identity(rows, names)
        name = checkpoint or new_name(self.terms.clock)
        forget_superseded(name)
        with Checkpoint(name) as held:
            if held.opened:
                self._check_same(held, held.opened, rows, names)
                return self.go_on(held, held.opened)
            facts = {"route": self.route.name, "target": self.route.target, "kind": kind, "key": names}
            terms = {"batch_size": self.terms.batch_size, "verify": self.terms.verify}
            with newest(series, held, at=self.terms.clock.now()):
                held.begin(rows, clock=self.terms.clock, series=series, **facts, **terms)
            return self._drive(held, rows, identity, kind=kind)

    def resume(self, checkpoint: str) -> SendResult:
        """Go on with a send from its spooled input; its batch size and its word on verification hold."""
        with Checkpoint(checkpoint) as held:
            opened = held.opened
            if not opened:
                raise CheckpointError(
                    f"the send under checkpoint {checkpoint!r} was cut off before anything was sent",
                    hint="send the rows again",
                    checkpoint=checkpoint,
                )
            refuse_superseded(held)
            self._check_route(held, opened)
            terms = replace(self.terms, batch_size=opened.batch_size, verify=opened.verify)
            return replace(self, terms=terms).go_on(held, opened)

    def go_on(self, held: Checkpoint, opened: Opened) -> SendResult:
        """Do what is left of a send."""
        rows = held.load(opened)
        identity = self._identity(rows, opened.key)
        return self._drive(held, rows, identity, kind=cast("frames.Kind", opened.kind))

    def _drive(self, held: Checkpoint, rows: pl.DataFrame, identity: Identity, *, kind: frames.Kind) -> SendResult:
        standing = Standing.of(rows.height, held.ledger.entries)
        books = Books(held.ledger, standing, clock=self.terms.clock, on_progress=self.on_progress)
        _logger.info("send.began", checkpoint=held.name, rows=rows.height, target=self.route.target)
        try:
            if held.ledger.entries:
                books.record(Resumed(at=books.now(), repeat_safe=self.route.repeat_safe))
            stopped = self._send(rows, identity, books, _began(held))
        except BaseException as error:
            _leave(held, standing, error)
            raise
        left = standing.verdicts().filter(plan.is_unsettled()).height
        name = held.name if left else None
        result = self._result(rows, standing, identity.keys, kind=kind, checkpoint=name, stopped=stopped)
        if left or self.keep:
            books.record(Closed(at=books.now()), sync=True)
        else:
            held.discard()
        _logger.info("send.ended", checkpoint=result.checkpoint, target=result.target, **result.counts)
        return result

    def _send(self, rows: pl.DataFrame, identity: Identity, books: Books, since: datetime) -> str:
        """Settle what the platform already has, then send what is waiting, wave after wave; return why it stopped."""
        delivery = Delivery(rows, self.route, books=books, terms=self.terms)
        verification = Verification(identity, self.route, books=books, terms=self.terms, delivery=delivery)
        verification.settle()
        verification.read_back(rows, spans.between(0, rows.height), since)
        waiting = books.standing.waiting()
        for wave in identity.waves(waiting):
            unsettled = books.standing.unsettled(repeat_safe=self.route.repeat_safe)
            behind = plan.behind(wave, unsettled, identity.keys)
            delivery.withhold(behind, BEHIND)
            delivery.post(wave.filter(~wave.is_in(behind.implode())) if len(behind) else wave)
            verification.settle()
            verification.read_back(rows, wave, since)
        return delivery.stopped

    def _identity(self, rows: pl.DataFrame, key: Sequence[str] | None) -> Identity:
        """Return by what each row is told of, and in whose order it goes.

        A caller's key is also the reference where the route knows none: then the platform tells by it.
        """
        keys = None if key is None else self._told(lambda: self._keys(rows, key))
        own = frames.without_identity(rows)
        if isinstance(self.route, LooksOver):
            self._told(lambda: self.route.look_over(own))  # type: ignore[attr-defined]  # it was asked just now
        try:
            references = self._told(lambda: self.route.entity_ref(own))
        except BadRequestError:
            if keys is None:
                raise
            return Identity(keys, keys)
        if isinstance(self.route, CallableRoute) and keys is not None:
            return Identity(keys, keys)
        return Identity(references, references if keys is None else keys)

    def _told(self, ask: Callable[[], T]) -> T:
        """Return what the columns of the rows give, or say in our words that they do not give it."""
        try:
            return ask()
        except pl.exceptions.PolarsError as error:
            reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"the rows' references cannot be read as text: {reason}",
            hint="a key or ref column holds texts, numbers or dates",
        )

    def _keys(self, rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
        missing = [name for name in key if name not in rows.columns]
        if missing or not key:
            known = ", ".join(frames.without_identity(rows).columns)
            raise ConfigError(
                f"the rows have no key column {', '.join(missing) or '(none named)'}", hint=f"they have: {known}"
            )
        nothing = pl.all_horizontal(pl.col(key).is_null())
        return rows.select(pl.when(~nothing).then(frames.key_text(key)).alias("key")).to_series()

    def _check_route(self, held: Checkpoint, opened: Opened) -> None:
        begun, given = (opened.route, opened.target), (self.route.name, self.route.target)
        if begun != given:
            raise CheckpointError(
                f"checkpoint {held.name!r} was begun over {_whose(*begun)}, and this is {_whose(*given)}",
                hint="resume it over the route it was begun with, or send under another name",
                checkpoint=held.name,
            )

    def _check_same(self, held: Checkpoint, opened: Opened, rows: pl.DataFrame, key: list[str] | None) -> None:
        self._check_route(held, opened)
        told = differences(held.load(opened), rows)
        if opened.key != key:
            told.append(f"its key is {opened.key}, not {key}")
        if told:
            raise CheckpointError(
                f"checkpoint {held.name!r} holds an unsettled send of another input: {'; '.join(told)}",
                hint=f"finish it by recovery.resume({held.name!r}, deliver), recovery.drop it, or name another",
                checkpoint=held.name,
            )

    def _result(
        self,
        rows: pl.DataFrame,
        standing: Standing,
        keys: pl.Series,
        *,
        kind: frames.Kind,
        checkpoint: str | None,
        stopped: str = "",
    ) -> SendResult:
        return conclude(
            rows,
            standing,
            keys=keys,
            kind=kind,
            target=self.route.target,
            verified=self.terms.verify or not (self.route.verifiable and standing.on_trust),
            checkpoint=checkpoint,
            stopped=stopped,
            at=self.terms.clock.now(),
        )


def _names(key: Any) -> list[str] | None:
    """Return the key columns' names; None for the route's own reference."""
    names = [key] if isinstance(key, str) else key
    if not isinstance(names, Sequence | None) or not all(isinstance(name, str) for name in names or ()):
        raise ConfigError(f"key is {key!r}", hint="give a column's name or a list of them; None is the route's own")
    return None if names is None else list(names)


def _leave(held: Checkpoint, standing: Standing, error: BaseException) -> None:
    """Tell how to go on from here; a send that never left leaves nothing behind."""
    if not standing.requested and not held.ledger.entries:
        held.discard()
        return
    error.add_note(f"The send can be resumed: fcwork.recovery.resume({held.name!r}, deliver)")
    _logger.warning("send.interrupted", checkpoint=held.name, error=type(error).__name__)


def _began(held: Checkpoint) -> datetime:
    assert held.opened  # noqa: S101 - a send begins with it
    return datetime.fromisoformat(held.opened.at)


def _whose(route: str, target: str) -> str:
    return f"{route} to {target}" if target else route
