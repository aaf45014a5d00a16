"""Time that is passed in."""

import threading
import time
from datetime import UTC, datetime

from fcwork.clock import SYSTEM, ManualClock


def test_a_manual_clock_moves_only_when_told() -> None:
    """Sleeping on a manual clock takes no time, moves both of its readings and is remembered."""
    clock = ManualClock(datetime(2026, 1, 31, 23, 59, 30, tzinfo=UTC))
    began = time.monotonic()
    clock.sleep(60)
    clock.advance(0.5)
    assert clock.now() == datetime(2026, 2, 1, 0, 0, 30, 500_000, tzinfo=UTC)
    assert clock.monotonic() == 60.5
    assert clock.sleeps == [60]
    assert time.monotonic() - began < 5


def test_a_manual_clock_never_goes_back() -> None:
    """Negative seconds are asked for and noted, and move nothing."""
    clock = ManualClock()
    before = clock.now()
    clock.sleep(-5)
    clock.advance(-5)
    assert (clock.now(), clock.monotonic(), clock.sleeps) == (before, 0.0, [-5])


def test_threads_may_share_a_manual_clock() -> None:
    """Sleeps of several threads all count."""
    clock = ManualClock()
    threads = [threading.Thread(target=lambda: [clock.sleep(1) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (clock.monotonic(), len(clock.sleeps)) == (800, 800)


def test_the_system_clock_is_aware_and_in_utc() -> None:
    """The machine's clock tells aware instants in UTC, seconds that grow, and does not wait for zero or less."""
    assert SYSTEM.now().tzinfo is UTC
    began = SYSTEM.monotonic()
    SYSTEM.sleep(0)
    SYSTEM.sleep(-1)
    SYSTEM.sleep(0.001)
    assert 0.001 <= SYSTEM.monotonic() - began < 5
