"""When to try again: a policy with a pure ``delay``, one budget for all threads, one deadline for all attempts."""

from __future__ import annotations

import math
import os
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result

from fcwork import log
from fcwork.clock import Clock
from fcwork.errors import ApiError, ConfigError

T = TypeVar("T")

NEVER = math.inf
SHARED_BY = "FCWORK_SHARED_BY"  # a variable: how many processes share what one of them might have alone
_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?")
_SPREAD = 0.1  # a tenth on top of Retry-After, so that 32 threads do not come back in one instant
_DOUBLINGS = 60  # no window is wider than this many doublings, and no float overflows

_logger = log.get("retry")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often, how soon and how long a call is tried again.

    Attributes:
        max_retries: attempts after the first.
        base_seconds: the longest wait after the first attempt; it doubles with each further one.
        cap_seconds: the longest wait that the policy chooses by itself.
        floor_seconds: the shortest wait, so that jitter never means "at once".
        retry_after_cap_seconds: who asks for a longer pause than this is not called again.
        deadline_seconds: for all attempts of one call together, waits included.
        budget: retries that all threads of a client share; see ``RetryBudget``.
    """

    max_retries: int = 3
    base_seconds: float = 1.0
    cap_seconds: float = 30.0
    floor_seconds: float = 0.5
    retry_after_cap_seconds: float = 120.0
    deadline_seconds: float = 300.0
    budget: int = 32

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (isinstance(value, int | float) and 0 <= value < math.inf):
                raise ConfigError(f"RetryPolicy.{name} is {value!r}", hint="it is a finite number, zero or more")

    def delay(self, attempt: int, *, retry_after: float | None = None, jitter: float) -> float:
        """Return the seconds to wait after a failed attempt, or ``NEVER`` (infinity) where there is to be no other.

        Args:
            attempt: the number of the attempt that failed, from 1.
            retry_after: the seconds that the platform asked for; the wait is never shorter.
            jitter: from 0 to 1, where in the window the wait lies.
        """
        asked = retry_after or 0.0
        if attempt > self.max_retries or asked > self.retry_after_cap_seconds:
            return NEVER
        window = min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt - 1, _DOUBLINGS))
        chosen = self.floor_seconds + max(window - self.floor_seconds, 0.0) * jitter
        return max(chosen, asked * (1 + _SPREAD * jitter))


class RetryBudget:
    """What all threads of a client may spend on retries together; safe to share between threads and clients.

    Every retry costs one; every call that succeeds earns a tenth of one back. A platform in trouble therefore gets at
    most ``capacity`` retries, however many threads are at it, and about 10 % more load than without retries later on.
    Processes that share an account, as the runs of a sweep do, have a part of it each, and one retry at least.

    Args:
        capacity: the retries in a full budget, which it starts with.
    """

    EARNED = 0.1

    def __init__(self, capacity: int) -> None:
        self._capacity = min(float(capacity), max(capacity / sharers(), 1.0))
        self._left = self._capacity
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """The retries that may be made now."""
        return math.floor(self._left)

    def spend(self) -> bool:
        """Take one retry; False where none is left."""
        with self._lock:
            granted = self._left >= 1
            self._left -= granted
            return granted

    def earn(self) -> None:
        """Note that a call succeeded."""
        with self._lock:
            self._left = min(self._capacity, self._left + self.EARNED)


class Pace:
    """How fast all threads together may ask; safe to share between them.

    Of processes that share an account, as the runs of a sweep do, each may ask at its part of the rate.

    Args:
        per_second: requests a second, evenly spaced; None for no limit.
        clock: what waits.

    Raises:
        ConfigError: the rate is no number above zero.
    """

    def __init__(self, per_second: float | None, *, clock: Clock) -> None:
        if per_second is not None and not (_is_number(per_second) and 0 < per_second < math.inf):
            raise ConfigError(f"rate_per_second is {per_second!r}", hint="give a number above zero, or None")
        self._spacing_seconds = sharers() / per_second if per_second else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next = self._held_until = -math.inf

    def wait(self) -> None:
        """Return when the next request may leave."""
        with self._lock:
            at = max(self._clock.monotonic(), self._next, self._held_until)
            self._next = at + self._spacing_seconds
        while (left := max(at, self._held_until) - self._clock.monotonic()) > 0:  # a hold may come meanwhile
            self._clock.sleep(left)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so long: the platform asked one of the threads to wait."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)


class Retrier:
    """Tries a call until it succeeds, is refused for good, or policy, budget or deadline say stop.

    Args:
        policy: how often, how soon, how long.
        clock: what waits.
        budget: shared with others; else one of its own, as large as the policy says.
        jitter: gives a number from 0 to 1 for each wait.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        clock: Clock,
        budget: RetryBudget | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.policy = policy
        self.clock = clock
        self.budget = budget or RetryBudget(policy.budget)
        self._jitter = jitter

    def run(self, attempt: Callable[[float], T | ApiError], *, again: Callable[[ApiError], bool]) -> T | ApiError:
        """Return what ``attempt`` gave at last: its value, or the error, which tells the number of attempts.

        Args:
            attempt: makes the call once and returns a value or an error, which it does not raise; it is given the
                instant of ``clock.monotonic()`` at which time is up.
            again: whether an error is worth another attempt.
        """
        deadline = self.clock.monotonic() + self.policy.deadline_seconds
        loop = Retrying(
            retry=retry_if_result(lambda outcome: isinstance(outcome, ApiError) and again(outcome)),
            wait=self._wait,
            stop=lambda state: self._is_over(state, deadline),
            before_sleep=_tell,
            sleep=self.clock.sleep,
            retry_error_callback=_outcome,
        )
        outcome: T | ApiError = loop(attempt, deadline)
        if isinstance(outcome, ApiError):
            return outcome.amended(attempts=loop.statistics["attempt_number"])
        self.budget.earn()
        return outcome

    def _wait(self, state: RetryCallState) -> float:
        asked = getattr(_outcome(state), "retry_after", None)
        return self.policy.delay(state.attempt_number, retry_after=asked, jitter=self._jitter())

    def _is_over(self, state: RetryCallState, deadline: float) -> bool:
        too_late = self.clock.monotonic() + state.upcoming_sleep > deadline
        return too_late or not self.budget.spend()


def sharers() -> int:
    """Return how many processes share the account: what ``FCWORK_SHARED_BY`` says, else this one alone.

    Raises:
        ConfigError: the variable holds no such number.
    """
    told = os.environ.get(SHARED_BY, "").strip() or "1"
    if not re.fullmatch("[1-9][0-9]{0,5}", told):
        raise ConfigError(f"{SHARED_BY} is {told!r}", hint="it is how many processes share the account, 1 or more")
    return int(told)


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for, or None where it is absent or makes no sense.

    It may hold seconds, an HTTP date, or an ISO date with zone; a date in the past asks for nothing.

    Args:
        text: the header's value.
        now: the present instant, aware.
    """
    value = (text or "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    instant = _instant(value)
    return None if instant is None else max((instant - now).total_seconds(), 0.0)


def _instant(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            instant = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _outcome(state: RetryCallState) -> object:
    return state.outcome.result() if state.outcome else None


def _tell(state: RetryCallState) -> None:
    error = _outcome(state)
    reason = error.message if isinstance(error, ApiError) else ""
    _logger.info("call.retried", attempt=state.attempt_number, wait_seconds=state.upcoming_sleep, reason=reason)
