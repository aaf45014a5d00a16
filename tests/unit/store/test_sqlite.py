import pickle
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import StoreError
from fcwork.store import UNKNOWN_AT, Lease, SQLiteStore, network_system


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


def test_a_renewed_lease_lives_on(store: SQLiteStore, clock: ManualClock) -> None:
    """P30: a worker that renews in time keeps its lease and its token."""
    lease = store.acquire("daily", "one", ttl=60)
    assert lease is not None
    clock.advance(50)
    lease = store.renew(lease, ttl=60)
    clock.advance(50)
    assert store.check(lease)
    assert store.acquire("daily", "two", ttl=60) is None


def test_two_processes_never_hold_one_lease(tmp_path: Path) -> None:
    """P30: of four processes that open a new store and ask at once, one gets the lease and all can write."""
    path = tmp_path / "state.sqlite"
    code = (
        "s, me = SQLiteStore(sys.argv[1]), sys.argv[2]\ns.set(me, 1)\nprint(s.acquire('daily', me, ttl=60) is not None)"
    )
    assert sorted(_processes(code, path, 4)) == ["False"] * 3 + ["True"]
    with SQLiteStore(path) as store:
        assert len(store.items()) == 4


def test_the_file_is_its_owners_alone(store: SQLiteStore) -> None:
    """What a store holds is read by its owner only, the write-ahead log included."""
    store.set("key", 1)
    modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in store.path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "state.sqlite-wal" in modes
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


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
