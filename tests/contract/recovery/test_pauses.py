"""How often and how soon a send asks again, and with which token: many workers, on what the simulator saw."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from fcwork import recovery
from fcwork.clock import ManualClock
from fcwork.retry import RetryPolicy
from fcwork.simulator import Fault, Simulator

Stock = Callable[[int], pl.DataFrame]
Arrange = Callable[..., Any]

POSTS = "/job/*/batch"


def posted(there: Simulator) -> list[Any]:
    """Return the requests with rows, in their order."""
    return [seen for seen in there.ledger.requests if seen.method == "POST" and seen.path.endswith("/batch")]


def codes(result: recovery.SendResult) -> dict[str, int]:
    """Count the issues by code."""
    return dict(result.issues.group_by("code").len().sort("code").iter_rows())


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "least"),
    [(40, 40.0), ("119.5", 119.5), ("date", 45.0), ("past", 0.5), (-3, 0.5), ("soon", 0.5), ("", 0.5), (0, 0.5)],
)
def test_a_pause_is_as_long_as_it_is_asked_for(
    arrange: Arrange, stock: Stock, clock: ManualClock, *, status: int, asked: Any, least: float
) -> None:
    """P19: a send waits as Retry-After says, in seconds or as a date, never less; what makes no sense never means 0."""
    dates = {"date": timedelta(seconds=46), "past": timedelta(days=-1)}  # a date has no fractions of a second
    told = format_datetime(clock.now() + dates[asked], usegmt=True) if asked in dates else asked
    there, client = arrange(Fault("status", method="POST", path=POSTS, nth=1, status=status, retry_after=told))
    assert recovery.send(stock(10), client.batches(), clock=clock).ok
    first, second = posted(there)
    waited = (second.at - first.at).total_seconds()
    assert least <= waited <= max(least * 1.2, 1.0)


@pytest.mark.parametrize("asked", [121, 86_400, "Fri, 31 Dec 2199 23:59:59 GMT", "9" * 400])
def test_a_pause_without_end_is_not_begun(arrange: Arrange, stock: Stock, clock: ManualClock, asked: Any) -> None:
    """P19: who asks for more than the longest pause is not asked again, early or late; the rows go with a resume."""
    busy = Fault("status", method="POST", path=POSTS, nth=1, status=429, retry_after=asked)
    there, client = arrange(busy)
    result = recovery.send(stock(10), client.batches(), clock=clock)
    assert codes(result) == {"send.retries_exhausted": 10}
    assert (len(posted(there)), result.counts["retryable"]) == (1, 10)
    assert clock.monotonic() == 0
    assert recovery.resume(result.checkpoint, client.batches(), clock=clock).ok


def test_workers_together_keep_to_the_budget(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P19: 32 workers against a platform that is down make no more retries than the budget, and none too soon."""
    there, client = arrange(Fault("status", method="POST", path=POSTS, status=503))
    rows, policy = stock(400), RetryPolicy(budget=20)
    result = recovery.send(
        rows, client.batches(), batch_size=1, workers=32, max_failure_ratio=1, policy=policy, clock=clock
    )
    attempts = result.batches["attempt"]
    assert (attempts > 1).sum() <= 20
    assert len(posted(there)) == result.counts["requests"] <= (attempts == 1).sum() + 20
    assert min(clock.sleeps) >= 0.5
    assert result.counts["retryable"] == 400


@pytest.mark.parametrize(("status", "posts"), [(400, 1), (401, 2), (403, 1), (404, 3), (413, 1), (422, 1)])
def test_a_refusal_is_not_tried_again(
    arrange: Arrange, stock: Stock, clock: ManualClock, status: int, posts: int
) -> None:
    """P19: a refused row is posted once: only a new token, or a new job in place of one that is gone, is tried with."""
    there, client = arrange(Fault("status", method="POST", path=POSTS, status=status))
    result = recovery.send(stock(1), client.batches(), clock=clock)
    assert len(posted(there)) == posts
    assert codes(result) == {"send.not_sent" if status in {401, 403, 404} else "send.rejected": 1}
    assert clock.sleeps == []


def test_a_token_that_ends_under_eight_workers(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P20: when the token ends in the middle of a send of eight workers it is refreshed once, and no row suffers."""
    there, client = arrange(Fault("expire_token", method="POST", path=POSTS, nth=60))
    result = recovery.send(stock(2_000), client.batches(), batch_size=10, workers=8, clock=clock)
    assert result.ok
    assert (there.ledger.tokens.issued, there.ledger.tokens.refreshed, there.ledger.tokens.refused) == (1, 1, 0)
    assert there.ledger.quantities["effects"].to_list() == [1] * 2_000
    assert set(result.batches["outcome"]) == {"accepted"}


def test_a_token_whose_time_ends_in_a_send(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P20: a token that lives for ten minutes is renewed as often as a send of an hour needs it, and no 401 is seen."""
    there, client = arrange(token_seconds=600)
    rows = stock(60)
    result = recovery.send(rows, client.batches(), batch_size=1, rate_per_second=1 / 60, clock=clock)
    assert result.ok
    assert there.ledger.tokens.issued == 1
    assert 5 <= there.ledger.tokens.refreshed <= 8
    assert all(seen.status != 401 for seen in there.ledger.requests)
    assert all(later.at > sooner.at for sooner, later in pairwise(posted(there)))
