"""A tracker on a store of the test's own, at a time that moves only when told to."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fcwork.clock import ManualClock
from fcwork.jobs import JobTracker
from fcwork.store import SQLiteStore


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only when told to."""
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[SQLiteStore]:
    """Yield a store in the test's folder."""
    with SQLiteStore(tmp_path / "state.sqlite", clock=clock) as opened:
        yield opened


@pytest.fixture
def tracker(store: SQLiteStore, clock: ManualClock) -> JobTracker:
    """Return a tracker on that store."""
    return JobTracker(store, clock=clock)


@pytest.fixture(autouse=True)
def no_heart_goes_on() -> Iterator[None]:
    """See that no heartbeat outlives its test."""
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("heartbeat")] == []
