"""What a monitor is given to send: judged, named by what it holds, sent so that it can be stopped; and how it ended."""

from __future__ import annotations

import hashlib
import inspect
import io
import secrets
from collections.abc import Mapping
from dataclasses import replace
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


def same(before: Any, after: Any) -> bool:
    """Say whether these are the same rows; lazy ones are not read for it."""
    if before is after:
        return True
    if before is None or after is None or isinstance(before, IngestPlan) or isinstance(after, IngestPlan):
        return False
    if frames.kind_of(before) != frames.kind_of(after) or isinstance(after, pl.LazyFrame):
        return False
    return len(before) == len(after) and frames.enter(before).equals(frames.enter(after))


def name_of(rows: Any, deliver: Any) -> str:
    """Return the checkpoint's name: made of what the rows hold and where they go, so that the same rows go on.

    An embedded simulator dies with its kernel, and what was left to do with it.
    """
    route, spool = as_route(deliver), io.BytesIO()
    frames.enter(rows).write_ipc(spool)
    whose = _THIS_KERNEL if route.target == EMBEDDED else route.target
    digest = hashlib.sha256(f"{route.name}\0{whose}\0".encode() + spool.getbuffer()).hexdigest()
    return f"monitor-{digest[:16]}"


def apply(plan: IngestPlan, *, on_progress: Course, clock: Clock) -> IngestResult:
    """Apply a plan with a clock whose sleep can be ended."""
    way = replace(plan.way, terms={**plan.way.terms, "clock": clock})
    return replace(plan, way=way).apply(dry_run=False, on_progress=on_progress)


def ended(result: Any) -> str:
    """Return how it ended, in a line.

    Raises:
        FcworkError: it did not come to its end, or nobody knows what became of rows.
    """
    if result.counts.get("unknown") or getattr(result, "stopped", "") or getattr(result, "state", "") == "FAILED":
        raise FcworkError(result.summary, hint=_AGAIN if result.checkpoint else "look at what was not delivered")
    return str(result.summary)
