"""How a caller wants rows to be sent."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from fcwork.clock import Clock
from fcwork.errors import ConfigError, RateLimitError
from fcwork.retry import NEVER, Pace, RetryBudget, RetryPolicy

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
    deadline_seconds: float | None = None
    max_failure_ratio: float = 0.5
    rate_per_second: float | None = None
    should_retry: ShouldRetry | None = None
    jitter: Callable[[], float] = random.random
    pace: Pace = field(init=False)
    _until: float = field(init=False)

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
        ratio, limit = self.max_failure_ratio, self.deadline_seconds
        if not _is_number(ratio) or not 0 < ratio <= 1:
            raise ConfigError(f"max_failure_ratio is {ratio!r}", hint="give a share above 0 and up to 1")
        if limit is not None and not (_is_number(limit) and limit > 0):
            raise ConfigError(f"deadline_seconds is {limit!r}", hint="give a number of seconds, or None")
        object.__setattr__(self, "pace", Pace(self.rate_per_second, clock=self.clock))
        until = math.inf if limit is None else self.clock.monotonic() + limit
        object.__setattr__(self, "_until", until)

    @property
    def left_seconds(self) -> float:
        """The seconds until the send's deadline; infinity without one."""
        return self._until - self.clock.monotonic()

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
        if seconds == NEVER or seconds > self.left_seconds or not self.budget.spend():
            return None
        if isinstance(error, RateLimitError):
            self.pace.hold(seconds)
        return seconds


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
