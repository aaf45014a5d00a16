"""How a caller wants rows to be sent."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from fcwork.clock import Clock
from fcwork.errors import ConfigError
from fcwork.retry import NEVER, Pace, RetryBudget, RetryPolicy

ShouldRetry = Callable[[Exception, int], bool]


class Allowance:
    """What sends may use up together: retries, a rate, and time.

    Args:
        policy: how many retries.
        rate_per_second: requests of all workers of all of them; None for no limit.
        deadline_seconds: for all of them, from now on; None for no limit.
        clock: the time.

    Raises:
        ConfigError: a figure is out of range.
    """

    def __init__(
        self,
        *,
        policy: RetryPolicy,
        rate_per_second: float | None = None,
        deadline_seconds: float | None = None,
        clock: Clock,
    ) -> None:
        if deadline_seconds is not None and not (_is_number(deadline_seconds) and deadline_seconds > 0):
            raise ConfigError(f"deadline_seconds is {deadline_seconds!r}", hint="give a number of seconds, or None")
        self.budget = RetryBudget(policy.budget)
        self.pace = Pace(rate_per_second, clock=clock)
        self.deadline_seconds = deadline_seconds
        self._clock = clock
        self._until = math.inf if deadline_seconds is None else clock.monotonic() + deadline_seconds

    @property
    def left_seconds(self) -> float:
        """The seconds until the deadline; infinity without one."""
        return self._until - self._clock.monotonic()


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The arguments of ``send`` that say how; a value out of range is a ``ConfigError``."""

    max_retries: int
    policy: RetryPolicy
    allowance: Allowance
    clock: Clock
    workers: int = 1
    batch_size: int = 5_000
    verify: bool = True
    verify_seconds: float = 1_800.0
    max_failure_ratio: float = 0.5
    should_retry: ShouldRetry | None = None
    before_request: Callable[[], object] | None = None
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
        ratio = self.max_failure_ratio
        if not _is_number(ratio) or not 0 < ratio <= 1:
            raise ConfigError(f"max_failure_ratio is {ratio!r}", hint="give a share above 0 and up to 1")

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
        if seconds == NEVER or seconds > self.allowance.left_seconds or not self.allowance.budget.spend():
            return None
        return seconds

    def heed(self, error: Exception) -> str:
        """Let no worker ask before the time that the platform asks for; return why nobody is to ask at all."""
        asked = getattr(error, "retry_after", None) or 0.0
        if asked > self.policy.retry_after_cap_seconds:
            return f"the platform asks for a pause of {asked:,.0f} s, longer than is waited for"
        if asked > 0:
            self.allowance.pace.hold(asked)
        return ""

    def nap(self, seconds: float) -> None:
        """Sleep, but not beyond the deadline."""
        self.clock.sleep(min(seconds, max(self.allowance.left_seconds, 0.0)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
