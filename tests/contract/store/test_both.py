"""One contract, two stores: every rule on SQLite and on a real PostgreSQL server."""

import subprocess
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import StoreError
from fcwork.jobs import JobTracker
from fcwork.store import Lease, Store

pytestmark = pytest.mark.socket
Workers = Callable[..., list[subprocess.Popen[str]]]
ODD_KEYS = (
    "%",
    "_",
    "a%b_c",
    "'",
    '"',
    "''; DROP TABLE entries; --",
    "\\",
    "\\x00",
    "%s",
    "{}",
    "ż",
    "😀",
    " ",
    "\n",
    "",
)


def _printed(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Wait for the processes and return what each printed."""
    printed = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return printed


@pytest.mark.parametrize("value", [None, 0, "", [], {"b": [1, {"a": None}], "ż": 1.5}, True, "nul \0", 10**30, 0.1])
def test_a_value_comes_back(store: Store, value: object) -> None:
    """Any JSON value is kept as it is."""
    store.set("key", value)
    assert store.get("key") == value
    assert store.items() == [("key", value)]
    assert store.get("other") is None


@pytest.mark.parametrize("key", ODD_KEYS)
def test_any_text_is_a_key(store: Store, key: str) -> None:
    """Signs that mean something to a database mean nothing in a key, a prefix or a lease's name."""
    store.set(key, 1)
    store.set(f"{key}:x", 2)
    store.set("other", 3)
    assert store.get(key) == 1
    assert [found for found, _ in store.items(key)] == ([key, f"{key}:x"] if key else ["", ":x", "other"])
    lease = store.acquire(key, key, ttl=60)
    assert lease is not None
    assert store.leases(key) == [lease]
    store.set(key, 4, fence=lease)
    assert store.compare_and_set(key, 4, 5)
    assert store.delete(key)


@pytest.mark.parametrize(
    ("bad", "told"),
    [("a\0b", "NUL"), ("half \ud800", "half a character"), ("k" * 2_001, "2,001 bytes"), (7, "int, not a text")],
)
def test_what_is_no_key_is_told(store: Store, bad: Any, told: str) -> None:
    """P32: a text that one of the stores could not keep is refused by both, in every method."""
    for call in (
        lambda: store.get(bad),
        lambda: store.set(bad, 1),
        lambda: store.delete(bad),
        lambda: store.items(bad),
        lambda: store.compare_and_set(bad, None, 1),
        lambda: store.acquire(bad, "me", ttl=60),
        lambda: store.acquire("lease", bad, ttl=60),
        lambda: store.leases(bad),
    ):
        with pytest.raises(StoreError, match=told):
            call()
    assert store.items() == []


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e12, "60"])
def test_what_is_no_time_is_told(store: Store, seconds: Any) -> None:
    """P32: seconds that nothing can last are refused, and nothing is written."""
    lease = store.acquire("lease", "me", ttl=60)
    assert lease is not None
    for call in (
        lambda: store.set("key", 1, expires=seconds),
        lambda: store.compare_and_set("key", None, 1, expires=seconds),
        lambda: store.acquire("other", "me", ttl=seconds),
        lambda: store.renew(lease, ttl=seconds),
    ):
        with pytest.raises(StoreError, match="is no time"):
            call()
    assert (store.items(), store.leases()) == ([], [lease])


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), b"x", "half \ud800"])
def test_only_json_is_kept(store: Store, value: object) -> None:
    """P32: a value that is no JSON is refused by its key, and nothing is written."""
    for call in (
        lambda: store.set("key", value),
        lambda: store.compare_and_set("key", None, value),
        lambda: store.compare_and_set("key", value, 1),
    ):
        with pytest.raises(StoreError, match="the value of 'key' is not JSON"):
            call()
    assert store.get("key") is None


def test_a_big_value_and_the_longest_key(store: Store) -> None:
    """A megabyte, and a key of two thousand bytes, are kept and compared."""
    key, value = "ż" * 1_000, {"text": "0123456789abcdeż" * 65_536}
    store.set(key, value)
    assert store.get(key) == value
    assert store.compare_and_set(key, value, 1)
    assert store.get(key) == 1


def test_items_come_in_the_order_of_bytes(store: Store) -> None:
    """The order of keys is that of their UTF-8 bytes, whatever the database's own order is."""
    keys = ["job:b", "job:a", "job:B", "Job:a", "job:_", "job:-a", "job:ż", "job:😀", "job:\uffff", "job", "job:a b"]
    for key in keys:
        store.set(key, 1)
        store.acquire(key, "me", ttl=60)
    assert [key for key, _ in store.items()] == sorted(keys, key=str.encode)
    assert [key for key, _ in store.items("job:")] == sorted((k for k in keys if k.startswith("job:")), key=str.encode)
    assert [lease.name for lease in store.leases()] == sorted(keys, key=str.encode)


def test_a_value_expires(store: Store, clock: ManualClock) -> None:
    """A value given seconds to live is gone after them, and its place is free; set anew it lives anew."""
    for key in ("gone", "again", "for good", "compared"):
        store.set(key, 1, expires=None if key == "for good" else 60)
    clock.advance(59.9)
    assert len(store.items()) == 4
    store.set("again", 2)
    assert store.compare_and_set("compared", 1, 2, expires=60)
    clock.advance(0.1)
    assert store.get("gone") is None
    assert store.items() == [("again", 2), ("compared", 2), ("for good", 1)]
    assert not store.delete("gone")
    store.set("gone", 1, expires=1)
    clock.advance(1)
    assert not store.compare_and_set("gone", 1, 2)
    assert store.compare_and_set("gone", None, 3)
    assert store.delete("gone")
    assert not store.delete("gone")


def test_compare_and_set_sets_only_what_was_expected(store: Store) -> None:
    """A value is replaced only if it is the one expected, whatever the order of its names; null is as good as none."""
    assert not store.compare_and_set("key", 1, 2)
    assert store.compare_and_set("key", None, {"a": 1, "b": 2})
    assert not store.compare_and_set("key", None, 5)
    assert not store.compare_and_set("key", {"a": 1}, 5)
    assert store.compare_and_set("key", {"b": 2, "a": 1}, None)
    assert store.compare_and_set("key", None, 5)
    assert store.get("key") == 5


def test_one_lease_at_a_time(store: Store, clock: ManualClock) -> None:
    """P30: a held lease is given to nobody else, and says since when and until when it is held."""
    lease = store.acquire("daily", "one", ttl=60)
    assert lease == Lease("daily", "one", 1, clock.now() + timedelta(minutes=1), clock.now())
    assert lease.expires_at.utcoffset() == lease.acquired_at.utcoffset() == timedelta(0)
    assert store.acquire("daily", "two", ttl=60) is None
    assert store.acquire("daily", "one", ttl=60) is None
    assert store.acquire("other", "two", ttl=60) is not None
    assert store.check(lease)


def test_the_leases_held_now_are_listed(store: Store, clock: ManualClock) -> None:
    """Who holds what since when is there to see; what was given back or has expired is not."""
    assert store.leases() == []
    began_at = clock.now()
    first = store.acquire("job:1", "one", ttl=60)
    returned, short = store.acquire("job:2", "two", ttl=60), store.acquire("job:3", "three", ttl=5)
    other = store.acquire("other", "four", ttl=60)
    assert first is not None
    assert returned is not None
    assert short is not None
    store.release(returned)
    clock.advance(10)
    first = store.renew(first, ttl=60)
    assert (first.acquired_at, first.expires_at) == (began_at, clock.now() + timedelta(minutes=1))
    assert store.leases() == [first, other]
    assert store.leases("job:") == [first]
    again = store.acquire("job:3", "five", ttl=60)
    assert again is not None
    assert (again.acquired_at, again.token) == (clock.now(), short.token + 1)
    assert store.leases("job:") == [first, again]


def test_a_dead_workers_lease_is_taken_over_and_its_writes_are_refused(store: Store, clock: ManualClock) -> None:
    """P30: after its time a lease changes hands with a higher token, and each late write is refused."""
    old = store.acquire("daily", "dead", ttl=60)
    assert old is not None
    store.set("mark", "old", fence=old)
    clock.advance(60)
    with pytest.raises(StoreError, match="'daily' is no longer held by 'dead'"):
        store.set("mark", "late", fence=old)
    new = store.acquire("daily", "alive", ttl=60)
    assert new is not None
    assert (store.check(old), store.check(new)) == (False, True)
    for late in (
        lambda: store.set("mark", "late", fence=old),
        lambda: store.compare_and_set("mark", "old", "late", fence=old),
        lambda: store.compare_and_set("new mark", None, "late", fence=old),
        lambda: store.delete("mark", fence=old),
        lambda: store.renew(old, ttl=60),
    ):
        with pytest.raises(StoreError, match="another worker may have taken it over"):
            late()
    assert not store.release(old)
    assert store.check(new)
    assert store.items() == [("mark", "old")]
    assert store.compare_and_set("mark", "old", "new", fence=new)


def test_a_released_leases_token_is_never_given_again(store: Store) -> None:
    """P30: a lease given back is free at once, and its old holder's token stays worthless."""
    first = store.acquire("daily", "one", ttl=60)
    assert first is not None
    assert store.release(first)
    assert not store.release(first)
    second = store.acquire("daily", "one", ttl=60)
    assert second is not None
    assert second.token > first.token
    with pytest.raises(StoreError):
        store.set("key", 1, fence=first)


def test_a_store_opens_again_after_closing(store: Store) -> None:
    """Closing keeps what is there, and the next call opens it again."""
    store.set("key", 1)
    store.close()
    store.close()
    assert store.get("key") == 1


def test_threads_share_a_store(store: Store) -> None:
    """One store serves any number of threads, and loses no word between them."""

    def add() -> None:
        for _ in range(25):
            while not store.compare_and_set("n", known := store.get("n"), (known or 0) + 1):
                pass

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("n") == 200


def test_no_word_is_lost_between_processes(place: str, workers: Workers, opened: Callable[..., Store]) -> None:
    """P30: four processes that open a new store at once and each add fifty times end at two hundred.

    The count is taken away again and again, so that "if there is none" is decided between processes too.
    """
    code = (
        "for _ in range(50):\n"
        "    while not s.compare_and_set('n', n := s.get('n'), (n or 0) + 1): pass\n"
        "won = 0\n"
        "for at in range(50): won += s.compare_and_set(f'first:{at}', None, me)\n"
        "print(won)\n"
    )
    won = _printed(workers(code, 4))
    store = opened(place)
    assert store.get("n") == 200
    assert sum(map(int, won)) == len(store.items("first:")) == 50
    assert {me for _, me in store.items("first:")} <= {"0", "1", "2", "3"}


def test_an_expired_value_is_replaced_by_one_process_alone(workers: Workers) -> None:
    """P30: of processes that find a value expired at the same time, exactly one may replace it."""
    code = (
        "won = 0\n"
        "for at in range(30):\n"
        "    s.compare_and_set(f'k{at}', None, -1, expires=0.001)\n"
        "    time.sleep(0.002)\n"
        "    won += s.compare_and_set(f'k{at}', None, me, expires=600)\n"
        "print(won)\n"
    )
    assert sum(map(int, _printed(workers(code, 4)))) == 30


def test_no_lease_is_ever_held_twice(place: str, workers: Workers, opened: Callable[..., Store]) -> None:
    """P30: of four processes that fight over a lease, each finds nobody else inside, and no token comes twice."""
    code = (
        "got = []\n"
        "while len(got) < 40:\n"
        "    lease = s.acquire('daily', me, ttl=60)\n"
        "    if lease is None: continue\n"
        "    got.append(lease.token)\n"
        "    assert s.compare_and_set('inside', None, me, fence=lease)\n"
        "    s.set('log:%08d' % lease.token, me, fence=lease)\n"
        "    assert s.compare_and_set('inside', me, None, fence=lease)\n"
        "    assert s.release(lease)\n"
        "print(*got)\n"
    )
    tokens = [int(token) for line in _printed(workers(code, 4)) for token in line.split()]
    assert sorted(tokens) == list(range(1, 161))
    assert len(opened(place).items("log:")) == 160


def test_late_writes_never_slip_past_a_takeover(place: str, workers: Workers, opened: Callable[..., Store]) -> None:
    """P30: while leases of a blink change hands, a fenced write of an older token never follows one of a newer."""
    code = (
        "end = time.monotonic() + 2\n"
        "while time.monotonic() < end:\n"
        "    lease = s.acquire('daily', me, ttl=0.004)\n"
        "    try:\n"
        "        while lease:\n"
        "            last = s.get('last') or 0\n"
        "            if last > lease.token:\n"
        "                s.set('last', lease.token, fence=lease); print('late'); break\n"
        "            s.compare_and_set('last', last or None, lease.token, fence=lease)\n"
        "    except StoreError as error:\n"
        "        assert 'no longer held' in str(error), error\n"
    )
    assert _printed(workers(code, 4)) == [""] * 4
    [(_, last)] = opened(place).items()
    assert last > 10


def test_a_forked_child_has_a_connection_of_its_own(workers: Workers) -> None:
    """A process forked while a thread is inside the store goes on at once, and leaves its parent's connection alone."""
    code = (
        "import threading, warnings\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"  # newer Pythons warn of any fork beside threads
        "s.set('n', 0)\n"
        "busy = True\n"
        "def work():\n"
        "    while busy: s.get('n')\n"
        "thread = threading.Thread(target=work); thread.start()\n"
        "for at in range(30):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        signal.alarm(20)\n"
        "        while not s.compare_and_set('n', n := s.get('n'), n + 1): pass\n"
        "        os._exit(0 if s.get('n') > at else 1)\n"
        "    status = os.waitpid(child, 0)[1]\n"
        "    if status: busy = False; sys.exit(status)\n"
        "busy = False\n"
        "thread.join()\n"
        "if os.fork() == 0: sys.exit(0)\n"  # a child that ends in the ordinary way
        "assert os.wait()[1] == 0\n"
        "print(s.get('n'))\n"
    )
    assert _printed(workers(code)) == ["30"]


def test_threads_that_fork_at_once_lock_no_store(workers: Workers) -> None:
    """Three threads that fork beside a fourth that reads and a fifth that opens stores leave all of them usable."""
    code = (
        "import threading, warnings\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"  # newer Pythons warn of any fork beside threads
        "sys.setswitchinterval(1e-5)\n"
        "signal.alarm(60)\n"  # a standstill has an end
        "s.set('n', 0)\n"
        "busy, troubles = True, []\n"
        "sys.unraisablehook = lambda trouble: troubles.append(trouble.exc_value)\n"  # that of a hook of the fork
        "def read():\n"
        "    while busy: s.get('n')\n"
        "def make():\n"
        "    while busy: open_store(store_place()).close()\n"
        "def fork():\n"
        "    for _ in range(60):\n"
        "        if (child := os.fork()) == 0:\n"
        "            os._exit(0)\n"
        "        os.waitpid(child, 0)\n"
        "others = [threading.Thread(target=work) for work in (read, make)]\n"
        "forking = [threading.Thread(target=fork) for _ in range(3)]\n"
        "for thread in others + forking: thread.start()\n"
        "for thread in forking: thread.join()\n"
        "busy = False\n"
        "for thread in others: thread.join()\n"
        "s.set('n', 1)\n"
        "print(s.get('n'), troubles)\n"
    )
    assert _printed(workers(code)) == ["1 []"]


def test_the_default_store_is_that_of_the_environment(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """FCWORK_STORE says where jobs are kept, be it a file or a database."""
    monkeypatch.setenv("FCWORK_STORE", place)
    known = JobTracker().create("nightly").id
    assert JobTracker().get(known).name == "nightly"
