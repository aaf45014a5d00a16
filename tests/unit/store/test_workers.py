"""Who holds a lease, and whether that process is still there."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import LeaseTakenError
from fcwork.store import SQLiteStore, Store, hold
from fcwork.store.workers import life_of, someone

ELSEWHERE = "another-host:17:0123456789ab:cafecafe"


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only when told to."""
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Store:
    """Return a store on that clock."""
    return SQLiteStore(tmp_path / "state.sqlite", clock=clock)


def of_a_dead_process() -> str:
    """Return the owner's name that a process had which has ended."""
    code = "from fcwork.store.workers import someone; print(someone())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_living_are_told_from_the_dead() -> None:
    """P30: of a process of this machine it can be told whether it is there; of another machine's, it cannot."""
    assert life_of(someone()) == "alive"
    assert life_of(of_a_dead_process()) == "dead"
    assert life_of(ELSEWHERE) == "unknown"
    mine = someone().rsplit(":", 3)
    assert life_of(":".join([mine[0], str(os.getpid()), "0123456789ab", mine[3]])) == "unknown"


@pytest.mark.parametrize("owner", ["", "me", "a:b:c:d", "host::x:y", "1:2:3", "ż:999999999999:x:y"])
def test_a_name_of_a_caller_s_own_tells_nothing(owner: str) -> None:
    """An owner's name of any other form is of nobody that could be asked for."""
    assert life_of(owner) == "unknown"


def test_a_dead_holder_is_outlived_at_once(store: Store, clock: ManualClock) -> None:
    """P30: a lease of a process of this machine that is gone is taken over without waiting for its time."""
    left = store.acquire("daily", of_a_dead_process(), ttl=3_600)
    assert left
    with hold(store, "daily", outlive=True, clock=clock) as held:
        assert held.lease.token > left.token
    assert clock.monotonic() == 0


def test_a_living_holder_is_left_alone_at_once(store: Store, clock: ManualClock) -> None:
    """P30: a lease of a process that is there is not waited for."""
    store.acquire("daily", someone(), ttl=3_600)
    with pytest.raises(LeaseTakenError, match="held by"), hold(store, "daily", outlive=True, clock=clock):
        pass
    assert clock.monotonic() == 0


def test_a_silent_holder_elsewhere_is_outlived_after_its_time(store: Store, clock: ManualClock) -> None:
    """P30: of another machine's worker only its silence tells: its lease is taken over when its time is over."""
    store.acquire("daily", ELSEWHERE, ttl=30)
    with hold(store, "daily", outlive=True, clock=clock) as held:
        assert held.lease.owner != ELSEWHERE
    assert 30 <= clock.monotonic() <= 32


def test_a_holder_elsewhere_that_renews_is_left_alone(store: Store, clock: ManualClock) -> None:
    """P30: another machine's worker that renews its lease lives."""
    lease = store.acquire("daily", ELSEWHERE, ttl=30)
    assert lease
    sleep = clock.sleep

    def renewing(seconds: float) -> None:
        sleep(seconds)
        if clock.monotonic() >= 10:
            store.renew(lease, ttl=30)

    clock.sleep = renewing  # type: ignore[method-assign]
    with pytest.raises(LeaseTakenError), hold(store, "daily", outlive=True, clock=clock):
        pass
    assert clock.monotonic() < 15


def test_threads_that_outlive_one_dead_holder_share_nothing(tmp_path: Path) -> None:
    """P30: of several workers that find a holder dead at once, exactly one takes over."""
    path, dead = tmp_path / "state.sqlite", of_a_dead_process()
    SQLiteStore(path).acquire("daily", dead, ttl=3_600)
    together, inside, refused = threading.Barrier(4), [], []
    leave = threading.Event()

    def worker() -> None:
        together.wait()
        try:
            with hold(SQLiteStore(path), "daily", outlive=True) as held:
                inside.append(held.lease.token)
                leave.wait(20)
        except LeaseTakenError:
            refused.append(1)
            if len(refused) == 3:
                leave.set()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(inside), len(refused)) == (1, 3)
