"""How a caller wants rows to be sent."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from fcwork.clock import Clock
from fcwork.errors import ConfigError
from fcwork.retry import NEVER, RetryBudget, RetryPolicy

ShouldRetry = Callable[[Exception, int], bool]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The arguments of ``send`` that say how; a value out of range is a ``ConfigError``."""

    max_retries: int
    policy: RetryPolicy
    budget: RetryBudget
    clock: Clock
    workers: int = 1
    batch_size: int = 5_000
    verify: bool = True
    verify_seconds: float = 1_800.0
    should_retry: ShouldRetry | None = None
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        for name, kind, least in (
            ("batch_size", int, 1),
            ("max_retries", int, 0),
            ("workers", int, 1),
            ("verify_seconds", int | float, 0),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind) or isinstance(value, bool) or not value >= least:
                number = "whole number" if kind is int else "number"
                raise ConfigError(f"{name} is {value!r}", hint=f"give a {number} of {least} or more")

    def may_retry(self, error: Exception, attempt: int) -> bool:
        """Say whether what failed in its ``attempt``-th try, counted from 1, may be tried again."""
        return attempt <= self.max_retries and (self.should_retry is None or bool(self.should_retry(error, attempt)))

    def wait(self, attempt: int, *, retry_after: float | None = None) -> float:
        """Return the seconds to wait after a try, or ``NEVER``."""
        return self.policy.delay(attempt, retry_after=retry_after, jitter=self.jitter())

    def pause(self, error: Exception, attempt: int) -> float | None:
        """Return the seconds to wait before a request is tried again, or None where it is not to be."""
        if not self.may_retry(error, attempt):
            return None
        seconds = self.wait(attempt, retry_after=getattr(error, "retry_after", None))
        return seconds if seconds < NEVER and self.budget.spend() else None
