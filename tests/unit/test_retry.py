"""The retry policy, its budget and its loop, without any HTTP."""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import ApiError, ConfigError, RateLimitError, ServerError
from fcwork.retry import NEVER, Pace, Retrier, RetryBudget, RetryPolicy, parse_retry_after

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def always(_: ApiError) -> bool:
    """Every error is worth another attempt."""
    return True


def failing(error: ApiError, calls: list[float]):  # noqa: ANN201 - a closure
    """Return an attempt that always ends in ``error``."""

    def attempt(deadline: float) -> ApiError:
        calls.append(deadline)
        return error

    return attempt


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_wait_lies_between_floor_and_window(attempt: int, jitter: float) -> None:
    """P19: without Retry-After a wait is never shorter than the floor, nor longer than the doubling window."""
    policy = RetryPolicy()
    wait = policy.delay(attempt, jitter=jitter)
    assert policy.floor_seconds <= wait <= policy.base_seconds * 2 ** (attempt - 1)


def test_window_stops_at_the_cap() -> None:
    """The window stops doubling at the cap, for any number of attempts."""
    policy = RetryPolicy(max_retries=10_000, cap_seconds=30)
    assert policy.delay(9_999, jitter=1.0) == 30


@pytest.mark.parametrize("jitter", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("asked", [0.0, 1.0, 7.5, 120.0])
def test_never_earlier_than_asked(asked: float, jitter: float) -> None:
    """P19: a Retry-After within the cap is waited for in full."""
    wait = RetryPolicy().delay(1, retry_after=asked, jitter=jitter)
    assert asked <= wait <= max(asked * 1.1, 1.0)


@pytest.mark.parametrize("asked", [120.1, 1e9, float("inf")])
def test_beyond_the_cap_means_never(asked: float) -> None:
    """P19: who asks for a longer pause than the cap is not called again, rather than called early."""
    assert RetryPolicy().delay(1, retry_after=asked, jitter=0.0) == NEVER


def test_no_retry_after_the_last() -> None:
    """There are as many retries as the policy says."""
    policy = RetryPolicy(max_retries=2)
    assert policy.delay(2, jitter=0) < NEVER
    assert policy.delay(3, jitter=0) == NEVER


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), "3"])
def test_wrong_policy_is_told(wrong: object) -> None:
    """A policy of impossible numbers is a ConfigError that names the number."""
    with pytest.raises(ConfigError, match="base_seconds"):
        RetryPolicy(base_seconds=wrong)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("9" * 400, float("inf")),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Thu, 15 Jan 2026 12:00:10 -0000", 10.0),
        ("2026-01-15T12:00:05Z", 5.0),
    ],
)
def test_retry_after_is_read(text: str, seconds: float) -> None:
    """P19: Retry-After may hold seconds or a date; a date in the past asks for nothing."""
    assert parse_retry_after(text, NOW) == seconds


@pytest.mark.parametrize(
    "text", [None, "", "soon", "-5", "nan", "inf", "1e3", "٣", "5 s", "Thu, 99 Foo 2026", "\x00", "Mon, 99999"]
)
def test_senseless_retry_after_is_ignored(text: str | None) -> None:
    """P19: an absent, invalid or negative Retry-After counts as none."""
    assert parse_retry_after(text, NOW) is None


def test_loop_tells_attempts_and_waits() -> None:
    """P19: four attempts with three waits of at least the floor, and the error tells the number of attempts."""
    clock, calls = ManualClock(), []
    outcome = Retrier(RetryPolicy(), clock=clock).run(failing(ServerError("down"), calls), again=always)
    assert isinstance(outcome, ServerError)
    assert (outcome.attempts, len(calls), len(clock.sleeps)) == (4, 4, 3)
    assert min(clock.sleeps) >= 0.5


def test_loop_honours_what_is_asked() -> None:
    """P19: the wait is what the error's retry_after says, or a little more."""
    clock = ManualClock()
    Retrier(RetryPolicy(max_retries=1), clock=clock).run(
        failing(RateLimitError("slow", retry_after=20), []), again=always
    )
    assert 20 <= clock.sleeps[0] <= 22


def test_loop_stops_where_asked_for_too_long() -> None:
    """P19: a Retry-After beyond the cap ends the call at once, without a sleep."""
    clock, calls = ManualClock(), []
    Retrier(RetryPolicy(), clock=clock).run(failing(RateLimitError("slow", retry_after=3600), calls), again=always)
    assert (len(calls), clock.sleeps) == (1, [])


def test_one_deadline_over_all_attempts() -> None:
    """P19: no attempt begins after the deadline, and every attempt is told the same one."""
    clock, calls = ManualClock(), []
    policy = RetryPolicy(max_retries=50, base_seconds=4, floor_seconds=4, cap_seconds=4, deadline_seconds=10)
    Retrier(policy, clock=clock).run(failing(ServerError("down"), calls), again=always)
    assert (len(calls), set(calls), clock.monotonic()) == (3, {10.0}, 8.0)


def test_errors_not_worth_it_end_at_once() -> None:
    """An error that is not worth another attempt ends the call."""
    clock, calls = ManualClock(), []
    Retrier(RetryPolicy(), clock=clock).run(failing(ServerError("down"), calls), again=lambda _: False)
    assert len(calls) == 1


def test_threads_share_one_budget() -> None:
    """P19: 32 threads together make no more retries than the budget holds."""
    policy = RetryPolicy(budget=20)
    retrier, calls = Retrier(policy, clock=ManualClock()), []
    threads = [
        threading.Thread(target=retrier.run, args=(failing(ServerError("down"), calls),), kwargs={"again": always})
        for _ in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 32 + 20
    assert retrier.budget.left == 0


def test_success_earns_a_tenth() -> None:
    """A spent budget grows by a tenth of a retry for each call that succeeds, up to what it held."""
    retrier = Retrier(RetryPolicy(budget=1), clock=ManualClock())
    assert retrier.budget.spend()
    assert not retrier.budget.spend()
    for _ in range(11):
        assert retrier.run(lambda _: "done", again=always) == "done"
    assert retrier.budget.left == 1
    for _ in range(100):
        retrier.budget.earn()
    assert retrier.budget.left == 1


def test_budget_can_be_shared_by_clients() -> None:
    """Two retriers with one budget spend from the same."""
    budget = RetryBudget(3)
    for _ in range(2):
        Retrier(RetryPolicy(), clock=ManualClock(), budget=budget).run(failing(ServerError("down"), []), again=always)
    assert budget.left == 0


@pytest.mark.parametrize(("capacity", "processes", "left"), [(32, "4", 8), (2, "4", 1), (0, "4", 0), (32, "", 32)])
def test_processes_that_share_an_account_have_a_part_of_the_budget(
    monkeypatch: pytest.MonkeyPatch, capacity: int, processes: str, left: int
) -> None:
    """P19: of several processes at one account each has its part of the retries, one at least where there are any."""
    monkeypatch.setenv("FCWORK_SHARED_BY", processes)
    budget = RetryBudget(capacity)
    for _ in range(1_000):
        budget.earn()
    assert budget.left == left


def test_processes_that_share_an_account_have_a_part_of_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """P19: of four processes at one account each asks at a quarter of the rate, and holds when it is told to."""
    monkeypatch.setenv("FCWORK_SHARED_BY", "4")
    clock = ManualClock()
    pace = Pace(8.0, clock=clock)
    for _ in range(5):
        pace.wait()
    assert clock.monotonic() == pytest.approx(4 * 0.5)
    Pace(None, clock=clock).wait()


@pytest.mark.parametrize("wrong", ["0", "-1", "4.5", "many", "1" * 9])
def test_a_senseless_number_of_processes_is_told(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """P32: a number of processes that is none is a mistake of the settings, and named."""
    monkeypatch.setenv("FCWORK_SHARED_BY", wrong)
    with pytest.raises(ConfigError, match="FCWORK_SHARED_BY is"):
        RetryBudget(32)
