"""What a monitor is given to send: judged, named by what it holds, sent so that it can be stopped; and how it ended."""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames, recovery
from fcwork.errors import ConfigError, FcworkError
from fcwork.ingestion import IngestPlan, IngestResult
from fcwork.ingestion.ways import EMBEDDED
from fcwork.names import did_you_mean
from fcwork.recovery.callables import as_route

if TYPE_CHECKING:
    from fcwork.clock import Clock
    from fcwork.widgets.course import Course

_OF_SEND = frozenset(inspect.signature(recovery.send).parameters) - {"frame", "deliver", "on_progress", "keep"}
_OF_RESUME = frozenset(inspect.signature(recovery.resume).parameters)
_AGAIN = "when the platform is well, press Send or Resume: it asks what became of the rows, and sends what is left"
_THIS_KERNEL = secrets.token_hex(4)


def check(what: Any, deliver: Any, terms: Mapping[str, Any]) -> None:
    """Refuse what could not be sent when somebody presses the button."""
    if deliver is not None:
        as_route(deliver)
    for term in terms:
        if term not in _OF_SEND:
            raise ConfigError(
                f"a send has no term {term!r}{did_you_mean(term, sorted(_OF_SEND))}", hint="see recovery.send"
            )
    if what is None or isinstance(what, IngestPlan):
        if terms and what is not None:
            raise ConfigError(f"{min(terms)} is no term of a plan", hint="give it to fw.ingest")
        return
    frames.kind_of(what)
    if deliver is None:
        raise ConfigError("nobody says how the rows go", hint="BatchMonitor(rows, client.batches())")


@dataclass(frozen=True)
class Load:
    """What a cell gives to send.

    Attributes:
        what: rows, a plan, or None.
        deliver: the way of rows; a plan has its own.
        checkpoint: a name of the caller's own, or empty.
        terms: of the send.
    """

    what: Any
    deliver: Any
    checkpoint: str
    terms: Mapping[str, Any]

    @property
    def whose(self) -> tuple[str, str]:
        """What tells the way from others, and whose platform it leads to; each is empty where nobody says."""
        if isinstance(self.what, IngestPlan):
            way = self.what.way
            named = way.route if isinstance(way.route, str) else way.route.name
            return json.dumps([named, way.options, self.what.mapping], default=str), self.what.target
        if self.deliver is None:
            return "", ""
        return _named(self.deliver), as_route(self.deliver).target

    @property
    def is_read_late(self) -> bool:
        """Whether nobody knows what the rows are before they are sent."""
        return isinstance(self.what, pl.LazyFrame)

    def mark(self) -> str:
        """Return a name made of what the rows hold and where they go, so that the same rows go on, and go once.

        An embedded simulator dies with its kernel, and what was left to do with it. All rows are read for it.
        """
        spool, (route, target) = io.BytesIO(), self.whose
        rows = self.what.ready if isinstance(self.what, IngestPlan) else frames.enter(self.what)
        rows.write_ipc(spool)
        whose = _THIS_KERNEL if target == EMBEDDED else target
        digest = hashlib.sha256(f"{route}\0{whose}\0".encode() + spool.getbuffer()).hexdigest()
        return f"monitor-{digest[:16]}"

    def is_kept_as(self, checkpoint: str) -> bool:
        """Say whether a checkpoint holds these rows.

        Raises:
            CheckpointError: there is no such checkpoint, or it cannot be read.
        """
        if self.what is None or isinstance(self.what, IngestPlan):
            return False
        held = recovery.show(checkpoint).rows.drop("_state", "_code", "_message")
        return frames.without_identity(held).equals(frames.without_identity(frames.enter(self.what)))

    def go(self, mark: str, *, clock: Clock, on_progress: Course, resumed: str = "") -> Any:
        """Send it, or go on with a checkpoint; return the result."""
        how = {"clock": clock, "on_progress": on_progress}
        if resumed:
            terms = {name: value for name, value in self.terms.items() if name in _OF_RESUME}
            return recovery.resume(resumed, self.deliver, **{**terms, **how})
        if isinstance(self.what, IngestPlan):
            return _apply(self.what, on_progress=on_progress, clock=clock)
        return recovery.send(self.what, self.deliver, checkpoint=self.checkpoint or mark, **{**self.terms, **how})


def _named(deliver: Any) -> str:
    """Return what tells a way from others: a function by its own name, a route by what it says of itself."""
    if not callable(deliver):
        said = repr(deliver)
        return as_route(deliver).name if " object at 0x" in said else said  # an address tells nothing in another kernel
    named = deliver if hasattr(deliver, "__qualname__") else type(deliver)
    return f"{named.__module__}.{named.__qualname__}"


def same(before: Load, after: Load) -> bool:
    """Say whether these are the same rows on the same way; lazy ones are not read for it."""
    return before.whose == after.whose and _same_rows(before.what, after.what)


def _same_rows(before: Any, after: Any) -> bool:
    if before is after:
        return True
    if isinstance(before, IngestPlan) and isinstance(after, IngestPlan):
        return _same_plans(before, after)
    if before is None or after is None or isinstance(before, IngestPlan) or isinstance(after, IngestPlan):
        return False
    if isinstance(before, pl.LazyFrame) and isinstance(after, pl.LazyFrame):
        return _as_bytes(before) == _as_bytes(after)
    if frames.kind_of(before) != frames.kind_of(after) or isinstance(after, pl.LazyFrame):
        return False
    return len(before) == len(after) and frames.enter(before).equals(frames.enter(after))


def _same_plans(before: IngestPlan, after: IngestPlan) -> bool:
    """Say whether two plans are of one load; a plan that is made anew after its load skips the files it loaded."""
    if before.mapping != after.mapping:
        return False
    if after.known and after.ready.is_empty():
        return {*before.files, *before.known} == set(after.known)
    return before.ready.equals(after.ready) and before.rejected.equals(after.rejected)


def _as_bytes(lazy: pl.LazyFrame) -> bytes | object:
    """Return how lazy rows come about; something that is equal to nothing where that cannot be written down."""
    try:
        return lazy.serialize()
    except pl.exceptions.PolarsError:
        return object()


def _apply(plan: IngestPlan, *, on_progress: Course, clock: Clock) -> IngestResult:
    """Apply a plan with a clock whose sleep can be ended."""
    way = replace(plan.way, terms={**plan.way.terms, "clock": clock})
    return replace(plan, way=way).apply(dry_run=False, on_progress=on_progress)


def is_settled(result: Any) -> bool:
    """Say whether nothing is left to do; a load that was not let through or was skipped may be tried again."""
    went = not isinstance(result, IngestResult) or result.counts["delivered"] + result.counts["unknown"]
    return bool(went and not result.checkpoint)


def ended(result: Any) -> str:
    """Return how it ended, in a line.

    Raises:
        FcworkError: it did not come to its end, or nobody knows what became of rows.
    """
    if result.counts.get("unknown") or getattr(result, "stopped", "") or getattr(result, "state", "") == "FAILED":
        raise FcworkError(result.summary, hint=_AGAIN if result.checkpoint else "look at what was not delivered")
    return str(result.summary)
