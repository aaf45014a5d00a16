"""Leases held by real workers that are slow, killed or stopped, on both stores and by real time."""

import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from fcwork.errors import StoreError
from fcwork.store import Store, hold

pytestmark = pytest.mark.socket
Workers = Callable[..., list[subprocess.Popen[str]]]
Opened = Callable[..., Store]


def _told(worker: subprocess.Popen[str]) -> str:
    """Return the next line that a worker printed."""
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def test_the_heartbeat_keeps_a_lease_longer_than_its_time(place: str, opened: Opened) -> None:
    """P30: a lease of two seconds is held for five, to be seen by all, and free at once after the block."""
    store, other = opened(place), opened(place)
    with hold(store, "daily", ttl=2) as held:
        first = held.lease
        end = time.monotonic() + 5
        while time.monotonic() < end:
            assert other.acquire("daily", "other", ttl=60) is None
            held.check()
            time.sleep(0.05)
        store.set("key", 1, fence=held.lease)
        [seen] = other.leases()
        assert (seen.owner, seen.token, seen.acquired_at) == (first.owner, first.token, first.acquired_at)
        assert held.lease.expires_at > first.expires_at
        assert not held.lost
    assert other.leases() == []
    assert other.acquire("daily", "other", ttl=60) is not None


def test_a_killed_holders_lease_is_taken_over_after_its_time(place: str, workers: Workers, opened: Opened) -> None:
    """P30: a holder killed with -9 keeps others out until its time is over, and not longer."""
    [worker] = workers("with hold(s, 'daily', owner='dead', ttl=1.5): print('in', flush=True); time.sleep(60)")
    assert _told(worker) == "in"
    store = opened(place)
    [before] = store.leases()
    worker.kill()
    worker.wait()
    with pytest.raises(StoreError, match=rf"held by 'dead' since {before.acquired_at:%Y-%m-%d %H:%M:%S} UTC"):
        hold(store, "daily").__enter__()
    with hold(store, "daily", wait_seconds=20) as held:
        assert held.lease.token == before.token + 1
        assert held.lease.acquired_at >= before.expires_at


def test_a_stopped_worker_finds_its_lease_lost(place: str, workers: Workers, opened: Opened) -> None:
    """P30: a worker stopped for longer than its lease's time finds it lost, and its fenced write is refused."""
    code = (
        "with hold(s, 'daily', ttl=3) as held:\n"
        "    print('in', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    print(held.lost, flush=True)\n"
        "    for late in (held.check, lambda: s.set('mark', 'late', fence=held.lease)):\n"
        "        try: late(); print('done')\n"
        "        except StoreError as error: print('no longer held' in str(error))\n"
    )
    [worker] = workers(code)
    assert _told(worker) == "in"
    worker.send_signal(signal.SIGSTOP)
    store = opened(place)
    with hold(store, "daily", wait_seconds=20) as held:
        store.set("mark", "mine", fence=held.lease)
        worker.send_signal(signal.SIGCONT)
        printed, _ = worker.communicate("\n", timeout=60)
        assert printed.split() == ["True", "True", "True"]
        assert worker.returncode == 0
        held.check()
        assert store.get("mark") == "mine"


def test_one_at_a_time_through_the_door(place: str, workers: Workers, opened: Opened) -> None:
    """P30: four processes that wait for each other go through one by one, and each has its turn."""
    code = (
        "for _ in range(5):\n"
        "    with hold(s, 'door', ttl=20, wait_seconds=60) as held:\n"
        "        assert s.compare_and_set('inside', None, me, fence=held.lease)\n"
        "        assert s.compare_and_set('inside', me, None, fence=held.lease)\n"
        "        s.set('log:%08d' % held.lease.token, me, fence=held.lease)\n"
    )
    processes = workers(code, 4)
    assert [process.wait(120) for process in processes] == [0] * 4
    turns = [me for _, me in opened(place).items("log:")]
    assert sorted(turns) == sorted("0123" * 5)


def test_a_forked_child_leaves_the_lease_to_its_parent(workers: Workers) -> None:
    """A child that leaves the block does not give back what its parent holds."""
    code = (
        "import warnings\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"
        "with hold(s, 'daily', ttl=60) as held:\n"
        "    child = os.fork()\n"
        "    if child: assert os.waitpid(child, 0)[1] == 0\n"
        "    if child: held.check(); print('held')\n"
    )
    [worker] = workers(code)
    printed, _ = worker.communicate(timeout=60)
    assert printed.split() == ["held"]
    assert worker.returncode == 0
