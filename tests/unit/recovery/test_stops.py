"""When a send stops by itself, and how fast it goes."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from fcwork import errors, frames, recovery
from fcwork.clock import ManualClock
from fcwork.recovery import plan
from fcwork.retry import RetryPolicy
from fcwork.routes import Receipt

Positions = Callable[[int], pl.DataFrame]
DOWN = errors.ServerError("503", status=503)


def codes(result: recovery.SendResult) -> dict[str, int]:
    """Count the issues by code."""
    return dict(frames.enter(result.issues).group_by("code").len().sort("code").iter_rows())


@pytest.mark.parametrize(
    ("failed", "accepted", "ratio", "opens"),
    [(4, 0, 0.5, False), (5, 0, 0.5, True), (5, 5, 0.5, True), (5, 6, 0.5, False), (5, 45, 0.1, True), (9, 0, 1, True)],
)
def test_the_circuit_opens_at_a_share_of_failures(*, failed: int, accepted: int, ratio: float, opens: bool) -> None:
    """P19: from five failed requests on, their share of all decides whether the platform is left alone."""
    assert plan.circuit_opens(failed=failed, accepted=accepted, ratio=ratio) is opens


def test_a_platform_in_trouble_is_left_alone(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P19: five requests given up and none taken stop the send; what is left is not sent and can be resumed."""
    there = platform(faults=dict.fromkeys(range(1, 999), DOWN))
    result = recovery.send(positions(100), there, batch_size=1, max_retries=1, clock=clock)
    assert len(there.requests) == 10
    assert codes(result) == {"send.not_sent": 95, "send.retries_exhausted": 5}
    assert "the platform is in trouble (503)" in result.issues["message"][99]
    there.faults.clear()
    assert recovery.resume(str(result.checkpoint), there, clock=clock).ok


def test_bad_rows_are_no_trouble_of_the_platform(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P18: refusals for what rows hold never open the circuit."""
    there = platform(poison=[f"r{i}" for i in range(0, 100, 2)])
    result = recovery.send(positions(100), there, batch_size=20, max_failure_ratio=0.01, clock=clock)
    assert codes(result) == {"send.rejected": 50}


def test_nothing_is_sent_after_the_deadline(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """When the time is up the rest is not sent, what is open is unknown, and a resume does both."""
    there = platform(open_looks=1)
    post = there.post

    def slow(body: bytes, rows: int) -> Receipt:
        clock.advance(10)
        return post(body, rows)

    there.post = slow
    result = recovery.send(positions(50), there, batch_size=10, deadline_seconds=25, clock=clock)
    assert len(there.requests) == 3
    assert codes(result) == {"send.not_sent": 20, "send.stuck": 30}
    assert "the deadline of 25 s is over" in result.issues["message"][49]
    assert recovery.resume(str(result.checkpoint), there, clock=clock).ok


def test_no_pause_goes_beyond_the_deadline(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """A retry that could only come after the deadline is not waited for."""
    there = platform(faults={1: errors.RateLimitError("429", status=429, retry_after=60.0)})
    result = recovery.send(positions(5), there, deadline_seconds=30, clock=clock)
    assert codes(result) == {"send.retries_exhausted": 5}
    assert clock.monotonic() == 0


@pytest.mark.parametrize("workers", [1, 8])
def test_all_workers_share_one_rate(platform: Any, positions: Positions, clock: ManualClock, workers: int) -> None:
    """P19: so many requests a second leave, however many workers there are."""
    there, left = platform(verifiable=False), []
    post = there.post

    def noted(body: bytes, rows: int) -> Receipt:
        left.append(clock.monotonic())
        return post(body, rows)

    there.post = noted
    assert recovery.send(positions(20), there, batch_size=1, workers=workers, rate_per_second=4, clock=clock).ok
    assert clock.monotonic() >= 19 / 4
    if workers == 1:
        assert {later - sooner for sooner, later in pairwise(left)} == {0.25}


def test_a_route_says_how_fast_it_may_go(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """Without a rate of the caller's the route's own holds."""
    there = platform(verifiable=False)
    there.rate_per_second = 2.0
    assert recovery.send(positions(5), there, batch_size=1, clock=clock).ok
    assert clock.monotonic() == 2.0


def test_one_worker_s_429_holds_all(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P19: when the platform asks one worker to wait, no other asks it before that time is over."""
    there = platform(faults={3: errors.RateLimitError("429", status=429, retry_after=20.0)}, verifiable=False)
    answered: list[float] = []
    post = there.post

    def noted(body: bytes, rows: int) -> Receipt:
        answered.append(clock.monotonic())
        return post(body, rows)

    there.post = noted
    policy = RetryPolicy(base_seconds=0.5)
    assert recovery.send(positions(40), there, batch_size=1, workers=4, policy=policy, clock=clock).ok
    asked = answered[2]
    in_between = [at for at in answered[6:] if asked < at < asked + 20]  # three others may be on their way already
    assert not in_between


@pytest.mark.parametrize(
    "wrong",
    [
        {"deadline_seconds": 0},
        {"deadline_seconds": "soon"},
        {"max_failure_ratio": 0},
        {"max_failure_ratio": 1.5},
        {"rate_per_second": 0},
        {"rate_per_second": "fast"},
        {"rate_per_second": float("inf")},
        {"series": ""},
        {"series": 5},
    ],
)
def test_a_stop_rule_out_of_range_is_refused(
    platform: Any, positions: Positions, clock: ManualClock, wrong: dict[str, Any]
) -> None:
    """P32: a wrong rule is the caller's mistake, told before anything is sent."""
    there = platform()
    with pytest.raises(errors.ConfigError, match=next(iter(wrong))):
        recovery.send(positions(1), there, clock=clock, **wrong)
    assert not there.requests
