"""The doors: ``send`` delivers a frame, ``resume`` goes on where a send stopped, ``checkpoints`` lists what is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fcwork.clock import SYSTEM, Clock
from fcwork.recovery.books import Progress
from fcwork.recovery.callables import Deliver, as_route
from fcwork.recovery.listing import check_known
from fcwork.recovery.run import Run
from fcwork.recovery.series import check_series
from fcwork.recovery.terms import Allowance, ShouldRetry, Terms
from fcwork.retry import RetryPolicy
from fcwork.routes import Paced, Route

if TYPE_CHECKING:
    from fcwork.recovery.result import SendResult

VERIFY_SECONDS = 1_800.0


def send(
    frame: Any,
    deliver: Route | Deliver,
    *,
    key: str | Sequence[str] | None = None,
    batch_size: int = 5_000,
    max_retries: int = 3,
    workers: int = 1,
    verify: bool = True,
    checkpoint: str | None = None,
    series: str | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    should_retry: ShouldRetry | None = None,
    verify_seconds: float = VERIFY_SECONDS,
    deadline_seconds: float | None = None,
    max_failure_ratio: float = 0.5,
    rate_per_second: float | None = None,
    allowance: Allowance | None = None,
    before_request: Callable[[], object] | None = None,
    keep: bool = False,
    policy: RetryPolicy | None = None,
    clock: Clock = SYSTEM,
) -> SendResult:
    """Deliver rows, single out those that are refused, and say of each row what became of it.

    The input is spooled, and every request is noted in a ledger before it leaves: after a crash ``resume``, or the
    same ``send`` under the same checkpoint name, goes on without loss and without doing anything twice.

    Args:
        frame: the rows, as a frame of any kind; columns of fcwork's own (``_row``, ``_source``) are not sent.
        deliver: a route, such as ``client.batches(...)``, or a function that takes ``list[dict]`` and returns or
            raises: an ``ApiError`` says by its type what became of the records, a broken or late connection that
            nobody knows, any other exception that they were refused.
        key: the column or columns by whose value rows keep their order, and are told of in issues; None for the
            reference by which the route's platform tells of them.
        batch_size: rows in one request; a route may take fewer.
        max_retries: how often a request, or a record that the platform failed on, is tried again.
        workers: requests under way at once.
        verify: ask the platform what became of each record, and look there for those it tells nothing of, where the
            route can; else ``delivered`` means accepted.
        checkpoint: a name of one's own; the same rows sent again under it go on where the send before stopped.
        series: what the rows are a version of, such as a nightly stock file: unsettled sends of the same series are
            superseded, and refused when somebody resumes them, as they would overwrite these rows.
        on_progress: called with ``Progress`` as batches are accepted and settled.
        should_retry: asked with the error and the number of the try before anything is tried again.
        verify_seconds: how long to ask for a batch before its rows count as unknown.
        deadline_seconds: for all of it: what was not sent by then is rejected, what was not told is unknown.
        max_failure_ratio: the share of requests that may come to nothing in spite of their retries; from five such
            requests on, nothing more is sent beyond it.
        rate_per_second: requests that all workers together may send; None for what the route says, if anything.
        allowance: rate, deadline and retries that several sends share, instead of this one's own.
        before_request: called before each request leaves; what it raises ends the send, which can be resumed.
        keep: leave the checkpoint also when all is settled, so that the same send again gives the same result and sends
            nothing; ``drop`` removes it.
        policy: how long to wait before another try, and how many retries all workers share.
        clock: the time.

    Raises:
        ConfigError: an argument, a key column or the checkpoint's name is wrong; nothing was sent.
        CheckpointError: the checkpoint is in use or damaged, holds other rows, or cannot be written.
        TypeError: ``frame`` is no frame.
    """
    route = as_route(deliver)
    how = {"batch_size": batch_size, "verify": verify, "workers": workers, "verify_seconds": verify_seconds}
    stops = {"max_failure_ratio": max_failure_ratio, "should_retry": should_retry, "before_request": before_request}
    rate = _rate(route, rate_per_second)
    limits = {"rate_per_second": rate, "deadline_seconds": deadline_seconds, "allowance": allowance}
    run = Run(route, _terms(max_retries, policy, clock, limits, **how, **stops), on_progress, keep)
    return run.begin(frame, key=key, checkpoint=checkpoint, series=check_series(series))


def resume(
    checkpoint: str,
    deliver: Route | Deliver,
    *,
    max_retries: int = 5,
    workers: int = 1,
    on_progress: Callable[[Progress], object] | None = None,
    should_retry: ShouldRetry | None = None,
    verify_seconds: float = VERIFY_SECONDS,
    deadline_seconds: float | None = None,
    max_failure_ratio: float = 0.5,
    rate_per_second: float | None = None,
    policy: RetryPolicy | None = None,
    clock: Clock = SYSTEM,
) -> SendResult:
    """Go on with a send that was cut off or ended incomplete, from the input that it kept.

    What was delivered or refused is not sent again. Sent is what never was, what ran out of retries and, over a route
    on which a repeat has no further effect, what may have been done. Batches that the platform had not told of are
    asked for again.

    Args:
        checkpoint: the name, as ``SendResult.checkpoint`` or ``checkpoints()`` tell it.
        deliver: the same route, or function, as before.
        max_retries, workers, on_progress, should_retry, verify_seconds, deadline_seconds, max_failure_ratio,
            rate_per_second, policy, clock: as in ``send``.

    Raises:
        CheckpointError: there is no such checkpoint, or it is in use, damaged, superseded, or of another route.
        ConfigError: an argument is wrong.
    """
    check_known(checkpoint)
    route = as_route(deliver)
    how = {"workers": workers, "verify_seconds": verify_seconds, "should_retry": should_retry}
    limits = {"rate_per_second": _rate(route, rate_per_second), "deadline_seconds": deadline_seconds}
    terms = _terms(max_retries, policy, clock, limits, max_failure_ratio=max_failure_ratio, **how)
    return Run(route, terms, on_progress).resume(checkpoint)


def _rate(route: Route, given: float | None) -> float | None:
    """Return the rate that a caller wants, else the route's own."""
    own = route.rate_per_second if isinstance(route, Paced) else None
    return own if given is None else given


def _terms(max_retries: int, policy: RetryPolicy | None, clock: Clock, limits: Mapping[str, Any], **how: Any) -> Terms:
    policy, allowance = policy or RetryPolicy(), limits.get("allowance")
    if allowance is None:
        own = {name: limits[name] for name in ("rate_per_second", "deadline_seconds")}
        allowance = Allowance(policy=policy, clock=clock, **own)
    terms = Terms(max_retries=max_retries, policy=policy, allowance=allowance, clock=clock, **how)
    return replace(terms, policy=replace(policy, max_retries=max_retries))
