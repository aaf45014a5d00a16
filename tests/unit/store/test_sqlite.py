import pickle
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import StoreError
from fcwork.store import UNKNOWN_AT, Lease, SQLiteStore, Store, network_system


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only when told to."""
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[SQLiteStore]:
    """Yield a store in the test's folder."""
    with SQLiteStore(tmp_path / "home" / "state.sqlite", clock=clock) as opened:
        yield opened


def _processes(code: str, path: Path, count: int) -> list[str]:
    """Run ``code`` in several processes at once and return what each printed."""
    command = [sys.executable, "-c", "import sys\nfrom fcwork.store import SQLiteStore\n" + code, str(path)]
    running = [subprocess.Popen([*command, str(at)], stdout=subprocess.PIPE, text=True) for at in range(count)]
    printed = [process.communicate(timeout=60)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0] * count
    return printed


@pytest.mark.parametrize("value", [0, "", [], {"b": [1, {"a": None}], "ż": 1.5}, True, "text"])
def test_a_value_comes_back(store: Store, value: object) -> None:
    """Any JSON value is kept as it is, falsy ones too."""
    store.set("key", value)
    assert store.get("key") == value
    assert store.get("other") is None


def test_several_stores_of_one_process_lose_nothing_to_another(tmp_path: Path) -> None:
    """P30: a second store on the same file in one process never ends the locks of the first, whatever others do."""
    path = tmp_path / "state.sqlite"
    code = "s = SQLiteStore(sys.argv[1]); s.set('theirs' + sys.argv[2], 1); s.close()"
    first = SQLiteStore(path)
    first.set("mine", 0)
    second = SQLiteStore(path)
    second.set("second", 0)
    for number in range(1, 4):
        _processes(code, path, 1)
        assert path.with_name("state.sqlite-wal").exists()
        first.set("mine", number)
        assert second.get("mine") == number
    assert SQLiteStore(path).items() == [("mine", 3), ("second", 0), ("theirs0", 1)]


def test_a_value_expires(store: SQLiteStore, clock: ManualClock) -> None:
    """A value given seconds to live is gone after them, and its place is free."""
    store.set("key", 1, expires=60)
    store.set("for good", 2)
    clock.advance(59)
    assert store.get("key") == 1
    clock.advance(1)
    assert store.get("key") is None
    assert store.items() == [("for good", 2)]
    assert not store.delete("key")
    assert store.compare_and_set("key", None, 3)


def test_setting_anew_renews_the_life(store: SQLiteStore, clock: ManualClock) -> None:
    """A value set without an end outlives the end it had."""
    store.set("key", 1, expires=60)
    store.set("key", 2)
    clock.advance(3_600)
    assert store.get("key") == 2


def test_items_are_those_of_a_prefix_in_order(store: Store) -> None:
    """A prefix is taken literally, and keys come sorted."""
    for key in ("job:b", "job:a", "job%", "jobs", "JOB:c", "job:ż"):
        store.set(key, key)
    assert [key for key, _ in store.items("job:")] == ["job:a", "job:b", "job:ż"]
    assert len(store.items()) == 6


def test_compare_and_set_sets_only_what_was_expected(store: Store) -> None:
    """A value is replaced only if it is the one expected, whatever the order of its names."""
    assert store.compare_and_set("key", None, {"a": 1, "b": 2})
    assert not store.compare_and_set("key", None, 5)
    assert not store.compare_and_set("key", {"a": 1}, 5)
    assert store.compare_and_set("key", {"b": 2, "a": 1}, 5)
    assert store.get("key") == 5


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), b"x", {"k": object()}, "half \ud800"])
def test_only_json_is_kept(store: Store, value: object) -> None:
    """P32: a value that is no JSON is refused by its key, and nothing is written."""
    with pytest.raises(StoreError, match="the value of 'key' is not JSON"):
        store.set("key", value)
    assert store.get("key") is None


def test_one_lease_at_a_time(store: SQLiteStore, clock: ManualClock) -> None:
    """P30: a held lease is given to nobody else, not even under the same owner's name."""
    lease = store.acquire("daily", "one", ttl=60)
    assert lease is not None
    assert lease.expires_at == clock.now().replace(minute=1)
    assert store.acquire("daily", "two", ttl=60) is None
    assert store.acquire("daily", "one", ttl=60) is None
    assert store.acquire("other", "two", ttl=60) is not None
    assert store.check(lease)


def test_a_dead_workers_lease_is_taken_over_and_its_writes_are_refused(store: SQLiteStore, clock: ManualClock) -> None:
    """P30: after its time a lease changes hands with a higher token, and each late write is refused."""
    old = store.acquire("daily", "dead", ttl=60)
    assert old is not None
    store.set("mark", "old", fence=old)
    clock.advance(60)
    with pytest.raises(StoreError, match="'daily' is no longer held by 'dead'"):
        store.set("mark", "late", fence=old)
    new = store.acquire("daily", "alive", ttl=60)
    assert new is not None
    assert new.token == old.token + 1
    assert (store.check(old), store.check(new)) == (False, True)
    for late in (
        lambda: store.set("mark", "late", fence=old),
        lambda: store.compare_and_set("mark", "old", "late", fence=old),
        lambda: store.delete("mark", fence=old),
        lambda: store.renew(old, ttl=60),
    ):
        with pytest.raises(StoreError, match="another worker may have taken it over"):
            late()
    assert not store.release(old)
    assert store.check(new)
    assert store.get("mark") == "old"
    assert store.compare_and_set("mark", "old", "new", fence=new)


def test_a_renewed_lease_lives_on(store: SQLiteStore, clock: ManualClock) -> None:
    """P30: a worker that renews in time keeps its lease and its token."""
    lease = store.acquire("daily", "one", ttl=60)
    assert lease is not None
    clock.advance(50)
    lease = store.renew(lease, ttl=60)
    clock.advance(50)
    assert store.check(lease)
    assert store.acquire("daily", "two", ttl=60) is None


def test_a_released_leases_token_is_never_given_again(store: SQLiteStore) -> None:
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


def test_two_processes_never_hold_one_lease(tmp_path: Path) -> None:
    """P30: of four processes that open a new store and ask at once, one gets the lease and all can write."""
    path = tmp_path / "state.sqlite"
    code = (
        "s, me = SQLiteStore(sys.argv[1]), sys.argv[2]\ns.set(me, 1)\nprint(s.acquire('daily', me, ttl=60) is not None)"
    )
    assert sorted(_processes(code, path, 4)) == ["False"] * 3 + ["True"]
    with SQLiteStore(path) as store:
        assert len(store.items()) == 4


def test_no_word_is_lost_between_processes(tmp_path: Path) -> None:
    """P30: three processes that each add fifty times by compare-and-set end at a hundred and fifty."""
    path = tmp_path / "state.sqlite"
    code = (
        "s = SQLiteStore(sys.argv[1])\nfor _ in range(50):\n"
        "    while not s.compare_and_set('n', n := s.get('n'), (n or 0) + 1): pass"
    )
    _processes(code, path, 3)
    with SQLiteStore(path) as store:
        assert store.get("n") == 150


def test_threads_share_a_store(store: SQLiteStore) -> None:
    """One store serves any number of threads."""

    def add() -> None:
        for _ in range(50):
            while not store.compare_and_set("n", known := store.get("n"), (known or 0) + 1):
                pass

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("n") == 400


def test_the_file_is_its_owners_alone(store: SQLiteStore) -> None:
    """What a store holds is read by its owner only, the write-ahead log included."""
    store.set("key", 1)
    modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in store.path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "state.sqlite-wal" in modes
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_a_store_opens_again_after_closing(store: SQLiteStore) -> None:
    """Closing keeps what is there, and the next call opens the file again."""
    store.set("key", 1)
    store.close()
    store.close()
    assert store.get("key") == 1


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (lambda path: path.write_text("no database" * 1_000), "move the file away"),
        (lambda path: path.mkdir(), "may this user write to"),
        (lambda path: path.parent.joinpath("no").write_text(""), None),
    ],
)
def test_a_place_that_holds_no_store(tmp_path: Path, prepare: object, told: str | None) -> None:
    """P32: a damaged file, a folder and a folder that cannot be made are told with what to do."""
    path = tmp_path / "state.sqlite"
    prepare(path)  # type: ignore[operator]
    if told is None:
        path, told = tmp_path / "no" / "state.sqlite", "FCWORK_HOME names another folder"
    store = SQLiteStore(path)
    with pytest.raises(StoreError, match=told):
        store.get("key")
    store.close()


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    """P32: a store of a version to come is refused, with advice."""
    path = tmp_path / "state.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with SQLiteStore(path) as store, pytest.raises(StoreError, match="made by a newer fcwork"):
        store.get("key")


FIRST_VERSION = """
CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL) WITHOUT ROWID;
CREATE INDEX expiring ON entries (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE leases (name TEXT PRIMARY KEY, owner TEXT, token INTEGER NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID;
INSERT INTO entries VALUES ('key', '{"a": 1}', NULL);
INSERT INTO leases VALUES ('daily', 'old', 7, 4000000000), ('free', NULL, 3, 4000000000);
PRAGMA user_version = 1;
"""


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """Return a store as the first version made it, with a held lease and one that was given back."""
    connection = sqlite3.connect(tmp_path / "old.sqlite")
    connection.executescript(FIRST_VERSION)
    connection.close()
    return tmp_path / "old.sqlite"


def test_a_file_of_the_first_version_goes_on(old_file: Path, clock: ManualClock) -> None:
    """A file of version 1 is brought up when it is opened; its values, leases and tokens stay."""
    with SQLiteStore(old_file, clock=clock) as store:
        assert store.get("key") == {"a": 1}
        [held] = store.leases()
        assert (held.name, held.owner, held.token, held.acquired_at) == ("daily", "old", 7, UNKNOWN_AT)
        store.set("key", 2, fence=Lease("daily", "old", 7, held.expires_at))
        assert store.renew(held, ttl=60).acquired_at == UNKNOWN_AT
        clock.advance(60)
        for name, token in (("daily", 8), ("free", 4)):
            lease = store.acquire(name, "new", ttl=60)
            assert lease == Lease(name, "new", token, clock.now() + timedelta(seconds=60), clock.now())
    assert _version(old_file) == 2


def test_processes_that_bring_up_a_file_at_once(old_file: Path) -> None:
    """Of six processes that open a file of version 1 at once, one brings it up and all can use it."""
    code = "s = SQLiteStore(sys.argv[1])\ns.set(sys.argv[2], 1)\nprint(s.leases()[0].token)"
    assert _processes(code, old_file, 6) == ["7"] * 6
    with SQLiteStore(old_file) as store:
        assert len(store.items()) == 7


def test_a_file_that_cannot_be_brought_up_stays_as_it_is(old_file: Path) -> None:
    """Bringing up a file is done whole or not at all."""
    connection = sqlite3.connect(old_file)
    connection.execute("DROP TABLE leases")
    connection.close()
    with SQLiteStore(old_file) as store, pytest.raises(StoreError, match="no such table: leases"):
        store.get("key")
    assert _version(old_file) == 1


def _version(path: Path) -> int:
    connection = sqlite3.connect(path)
    [version] = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)


def test_a_store_is_not_pickled(store: SQLiteStore) -> None:
    """P32: a store sent to another process says what to do instead."""
    with pytest.raises(TypeError, match="open it again by its place"):
        pickle.dumps(store)


MOUNTS = """/dev/sda1 / ext4 rw 0 0
server:/x /mnt/nfs nfs4 rw 0 0
tmpfs /mnt/nfs/local tmpfs rw 0 0
//s/d /mnt/my\\040share cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/x", ""),
        ("/mnt/nfs/a/b", "nfs4"),
        ("/mnt/nfs/local/a", ""),
        ("/mnt/nfsx/a", ""),
        ("/mnt/my share/a", "cifs"),
    ],
)
def test_a_network_file_system_is_known_by_the_mounts(path: str, kind: str) -> None:
    """The nearest mount above a path says what it lies on."""
    assert network_system(Path(path), MOUNTS) == kind


def test_a_network_file_system_is_refused(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: a store on a network, whose locks cannot be relied on, is refused with advice."""
    monkeypatch.setattr("fcwork.store.sqlite_file.network_system", lambda *_: "nfs4")
    with pytest.raises(StoreError, match=r"network file system \(nfs4\).*\n→ set FCWORK_HOME"):
        store.get("key")
