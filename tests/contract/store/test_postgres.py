"""What only a server can do: be away, be slow, refuse, and be shared."""

import pickle
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from urllib.parse import unquote

import pytest

from fcwork import log
from fcwork.clock import SystemClock
from fcwork.errors import StoreError
from fcwork.store import PostgresStore, Store, hold, open_store
from fcwork.store.postgres_tables import query

pytestmark = pytest.mark.socket
Workers = Callable[..., list[subprocess.Popen[str]]]


@pytest.fixture
def place(server: Any) -> str:
    """Return a URL with a schema of the test's own."""
    return str(server.url())


@pytest.fixture
def store(place: str) -> Iterator[PostgresStore]:
    """Yield a store by the server's clock, that gives up soon."""
    with PostgresStore(place, timeout_seconds=2) as opened:
        opened.set("key", "kept")
        yield opened


@pytest.fixture
def frozen(server: Any, store: PostgresStore) -> Iterator[None]:
    """Stop all the server's processes in the middle; connections stay open and nobody answers."""
    store.get("key")
    server.freeze()
    yield
    server.thaw()


def _run(beside: Any, store: PostgresStore, text: LiteralString) -> Any:
    """Execute a statement on the tables of a store, beside it."""
    return beside.execute(query(text, store._address.schema))


def _seen(error: BaseException) -> str:
    """Return all that a curious person gets out of an error: texts, causes, and the locals of our frames."""
    texts = [repr(error), str(error), *traceback.format_exception(error), repr(pickle.dumps(error))]
    at: BaseException | None = error
    while at is not None:
        frames = [frame for frame, _ in traceback.walk_tb(at.__traceback__) if "tests" not in frame.f_code.co_filename]
        held = [value for frame in frames for value in frame.f_locals.values()]
        texts += [f"{value!r} {getattr(value, '__dict__', None)!r}" for value in held]
        at = at.__cause__ or at.__context__
    return "\n".join(texts)


@pytest.mark.parametrize("password", ["wrong-w%40rd", "x7%40", "q%2Fq"])
def test_the_password_is_nowhere(
    server: Any, password: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """P9: no repr, error, traceback, local variable, pickle or log line holds the URL's password, however short."""
    url = server.url("s", password=password)
    store = PostgresStore(url)
    caplog.set_level("DEBUG")  # psycopg's own words too
    with pytest.raises(
        StoreError, match=f"postgresql://127.0.0.1:{server.port}/team.*password authentication"
    ) as error:
        store.get("key")
    log.get("store").warning("store_failed", place=url, error=str(error.value), store=repr(store))
    seen = _seen(error.value) + repr(store) + repr(vars(store)) + "".join(capsys.readouterr()) + caplog.text
    for form in (password, unquote(password), url):
        assert form not in seen
    with pytest.raises(TypeError, match="open it again by its place"):
        pickle.dumps(store)


def test_the_right_password_is_nowhere_either(server: Any, store: PostgresStore) -> None:
    """P9: an error of an open connection does not tell the password it was opened with."""
    with pytest.raises(StoreError, match="'lost' is no longer held") as refused:
        store.set("key", 1, fence=_lost(store))
    with server.connected() as beside:
        _run(beside, store, "DROP SCHEMA {schema} CASCADE")
    with pytest.raises(StoreError, match=r"does not exist\n→ .*made anew") as broken:
        store.get("key")
    seen = _seen(refused.value) + _seen(broken.value) + repr(vars(store))
    assert "w@rd" not in seen
    assert "w%40rd" not in seen
    assert store.get("key") is None


def _lost(store: Store) -> Any:
    lease = store.acquire("lost", "me", ttl=60)
    assert lease is not None
    store.release(lease)
    return lease


def test_a_server_that_is_away_is_told_and_one_that_came_back_is_used(server: Any, store: PostgresStore) -> None:
    """P32: while the server is down each call is a StoreError that names it; when it is up again the store works."""
    lease = store.acquire("daily", "me", ttl=600)
    assert lease is not None
    server.crash()
    for call in (
        lambda: store.get("key"),
        lambda: store.set("key", 1),
        lambda: store.compare_and_set("key", "kept", 1),
        lambda: store.acquire("other", "me", ttl=60),
        lambda: store.renew(lease, ttl=60),
        store.leases,
    ):
        with pytest.raises(StoreError, match=rf"127.0.0.1:{server.port}/team cannot be .*\n→ is the server up"):
            call()
    server.start()
    assert store.get("key") == "kept"
    assert store.check(lease)


def test_a_connection_that_went_is_opened_again(server: Any, store: PostgresStore) -> None:
    """A connection that was cut while it was idle is not noticed by who uses the store, in any method."""
    lease = store.acquire("daily", "me", ttl=600)
    assert lease is not None

    def calls() -> Iterator[Any]:
        yield store.get("key") == "kept"
        yield store.compare_and_set("key", "kept", 2)
        yield store.set("key", 3, fence=lease) is None
        yield store.delete("key", fence=lease)
        yield store.items() == []
        yield store.acquire("other", "me", ttl=60)
        yield store.renew(lease, ttl=600)
        yield store.check(lease)
        yield store.release(lease)

    for outcome in calls():
        assert outcome
        _cut_all(server)
    server.crash()
    server.start()
    assert store.compare_and_set("key", None, 1)


def _cut_all(server: Any) -> None:
    with server.connected("postgres") as beside:
        cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'team'"
        beside.execute(cut)


def test_a_call_in_the_middle_of_which_the_server_dies(server: Any, store: PostgresStore) -> None:
    """A write that waits when the server crashes is a StoreError and did not happen; then the store works again."""
    with server.connected() as beside, beside.transaction(force_rollback=True):
        _run(beside, store, "SELECT 1 FROM {entries} FOR UPDATE")
        raised: list[BaseException] = []

        def write() -> None:
            try:
                store.compare_and_set("key", "kept", "written")
            except StoreError as error:
                raised.append(error)

        thread = threading.Thread(target=write)
        thread.start()
        _until_waiting(server)
        server.crash()
        thread.join()
        beside.close()
    server.start()
    assert "cannot be" in str(raised[0])
    assert store.get("key") == "kept"
    assert store.compare_and_set("key", "kept", "written")


def _until_waiting(server: Any, event: str = "Lock", count: int = 1) -> None:
    """Return when so many of the server's sessions wait for something of that kind."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'team' AND wait_event_type = %s"
    deadline = time.monotonic() + 20
    with server.connected("postgres") as beside:
        while beside.execute(asked, [event]).fetchone()[0] < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def commits_hang(server: Any, store: PostgresStore) -> Iterator[Callable[[], None]]:
    """Let each COMMIT wait for a copy that never comes, and yield what lets them go."""

    def asked_for(copy: str) -> None:
        with server.connected("postgres") as beside:
            beside.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{copy}'")
            beside.execute("SELECT pg_reload_conf()")

    store.get("key")
    asked_for("nobody")
    time.sleep(0.2)
    yield lambda: asked_for("")
    asked_for("")


def _meanwhile(act: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Start ``act`` in a thread; the list gets what it returns or raises."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(act())
        except StoreError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_a_commit_that_nobody_knows_of(server: Any, store: PostgresStore, commits_hang: Callable[[], None]) -> None:
    """A compare-and-set whose connection went during the commit is not done twice: it may have happened."""
    thread, outcome = _meanwhile(lambda: store.compare_and_set("key", "kept", "new"))
    _until_waiting(server, "IPC")
    _cut_all(server)
    thread.join()
    assert isinstance(outcome[0], StoreError)
    assert "may have happened or not" in str(outcome[0])
    commits_hang()
    assert store.get("key") == "new"


def test_a_commit_that_may_be_done_twice(server: Any, store: PostgresStore, commits_hang: Callable[[], None]) -> None:
    """A plain set whose connection went during the commit is done again."""
    thread, outcome = _meanwhile(lambda: store.set("key", "new"))
    _until_waiting(server, "IPC")
    _cut_all(server)
    _until_waiting(server, "IPC")
    commits_hang()
    thread.join()
    assert outcome == [None]
    assert store.get("key") == "new"


@pytest.mark.usefixtures("frozen")
def test_a_server_that_does_not_answer_is_not_waited_for(server: Any, store: PostgresStore) -> None:
    """P32: a frozen server is a StoreError within seconds, over an open connection and a new one."""
    for told in ("no answer within 3 seconds", "timeout expired|timed out"):
        began = time.monotonic()
        with pytest.raises(StoreError, match=told):
            store.get("key")
        assert time.monotonic() - began < 10
    server.thaw()
    assert store.get("key") == "kept"


def test_a_locked_row_is_not_waited_for(server: Any, store: PostgresStore) -> None:
    """P32: a row that somebody keeps locked is a StoreError when the time to answer is over."""
    with server.connected() as beside, beside.transaction():
        _run(beside, store, "SELECT 1 FROM {entries} FOR UPDATE")
        with pytest.raises(StoreError, match=r"statement timeout\n→ .*try again"):
            store.set("key", 1)
    store.set("key", 1)


def test_no_takeover_slips_between_the_fence_and_the_write(server: Any, place: str) -> None:
    """P30: a lease that runs out while its fenced write is under way is taken over only after that write."""
    with server.connected() as beside, PostgresStore(place) as store, PostgresStore(place) as other:
        store.set("key", "kept")
        lease = store.acquire("daily", "old", ttl=2)
        assert lease is not None
        with beside.transaction():
            _run(beside, store, "SELECT 1 FROM {entries} FOR UPDATE")
            writer, _ = _meanwhile(lambda: store.set("key", "old's", fence=lease))
            _until_waiting(server)
            time.sleep(2)
            taker, taken = _meanwhile(lambda: (other.acquire("daily", "new", ttl=60), other.get("key")))
            _until_waiting(server, count=2)
            assert taken == []
        writer.join()
        taker.join()
        [(new, seen)] = taken
        assert new.token == lease.token + 1
        assert seen == "old's"
        with pytest.raises(StoreError, match="no longer held"):
            store.set("key", "late", fence=lease)


def test_a_worker_stopped_inside_its_transaction_holds_nobody_up(place: str, workers: Workers) -> None:
    """P30: the server takes back the transaction of a worker that was stopped in it, and the lease is taken over."""
    code = (
        "from fcwork.store import PostgresStore\n"
        "s = PostgresStore(store_place(), timeout_seconds=2)\n"
        "lease = s.acquire('daily', 'stopped', ttl=2)\n"
        "def work(connection):\n"
        "    s._require(connection, lease)\n"
        "    print('in', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGSTOP)\n"
        "    connection.execute('SELECT 1')\n"
        "try: s._session.write(work); print('written')\n"
        "except StoreError as error: print('no longer held' in str(error))\n"
    )
    [worker] = workers(code)
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == "in"
    time.sleep(2)
    with PostgresStore(place) as store:
        assert store.acquire("daily", "next", ttl=60) is not None
    worker.send_signal(signal.SIGCONT)
    assert worker.communicate(timeout=60)[0].split() == ["True"]


def test_a_held_lease_outlives_a_restart_of_the_server(server: Any, place: str, store: PostgresStore) -> None:
    """P30: a heartbeat that found the server away tries again soon, and the lease is kept if its time was not over."""
    with PostgresStore(place) as other, hold(store, "daily", ttl=9) as held:
        server.crash()
        time.sleep(3.5)
        server.start()
        before = held.lease.expires_at
        deadline = time.monotonic() + 10
        while held.lease.expires_at == before:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        held.check()
        assert other.leases() == [held.lease]


def test_a_holder_whose_server_stays_away_knows_when_its_time_is_over(server: Any, store: PostgresStore) -> None:
    """P30: without a server to ask, a lease counts as lost after its time; the body's own error is not hidden."""

    def body() -> None:
        with hold(store, "daily", ttl=4) as held:
            server.crash()
            assert not held.lost
            time.sleep(4)
            assert held.lost
            with pytest.raises(StoreError, match="no longer held"):
                held.check()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        body()
    server.start()
    assert store.leases() == []


def test_the_servers_clock_is_that_of_all_workers(server: Any, place: str, store: PostgresStore) -> None:
    """P30: a worker whose machine is a day ahead neither takes over a lease nor loses a value before its time."""

    class Ahead(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(days=1)

    lease = store.acquire("daily", "me", ttl=60)
    assert lease is not None
    store.set("short", 1, expires=60)
    with server.connected() as beside:
        [now] = beside.execute("SELECT clock_timestamp()").fetchone()
    assert timedelta(seconds=50) < lease.expires_at - now <= timedelta(seconds=60)
    assert lease.expires_at.tzinfo is UTC
    with PostgresStore(place, clock=Ahead()) as other:
        assert other.acquire("daily", "other", ttl=60) is None
        assert other.get("short") == 1
        other.set("other", 1)
    assert [key for key, _ in store.items()] == ["key", "other", "short"]


def test_what_has_expired_is_taken_away(server: Any, place: str) -> None:
    """Rows of values that expired do not stay in the table for good."""
    with PostgresStore(place) as store, server.connected() as beside:
        for number in range(20):
            store.set(f"k{number}", 1, expires=0.01)
        time.sleep(0.05)
        with PostgresStore(place) as other:
            other.set("key", 1)
        assert _run(beside, store, "SELECT count(*) FROM {entries}").fetchone() == (1,)


def test_each_schema_is_a_store_of_its_own(server: Any, store: PostgresStore) -> None:
    """Schemas named in the URL or the call keep apart what is in them; the default's name is fcwork."""
    url = server.url("team_b")
    with PostgresStore(url) as other, PostgresStore(url, schema=store._address.schema) as same:
        assert other.items() == []
        assert same.items() == [("key", "kept")]
        assert repr(other) == f"PostgresStore('postgresql://127.0.0.1:{server.port}/team', schema='team_b')"
    bare = url.partition("?")[0].replace("postgresql://", "postgres://")
    with PostgresStore(bare) as usual:
        usual.set("key", 1)
    with server.connected() as beside:
        assert beside.execute("SELECT value FROM fcwork.entries").fetchone() == ("1",)


def test_a_newer_schema_is_left_alone(server: Any, place: str, store: PostgresStore) -> None:
    """P32: tables of a version to come are refused, with advice, and not touched."""
    with server.connected() as beside:
        _run(beside, store, "UPDATE {version} SET version = 99")
    with PostgresStore(place) as other:
        for _ in range(2):
            with pytest.raises(StoreError, match=r"made by a newer fcwork\n→ update fcwork"):
                other.set("key", 1)
    assert store.get("key") == "kept"


def test_a_user_without_rights_is_told(server: Any) -> None:
    """P32: a user who may not make the schema is told so; given a schema of its own, it works."""
    with server.connected() as beside:
        beside.execute("CREATE ROLE humble LOGIN PASSWORD 'humble-word'")
    with PostgresStore(server.url("humble_one", user="humble", password="humble-word")) as store:
        with pytest.raises(StoreError, match=r"permission denied for database team\n→ .*right to make the schema"):
            store.get("key")
        with server.connected() as beside:
            beside.execute("CREATE SCHEMA humble_one AUTHORIZATION humble")
        store.set("key", 1)
        assert store.get("key") == 1


@pytest.mark.parametrize(("encoding", "told"), [("LATIN1", "keeps texts as LATIN1"), ("SQL_ASCII", "as SQL_ASCII")])
def test_a_database_that_does_not_hold_every_character_is_refused(server: Any, encoding: str, told: str) -> None:
    """P32: a database of another encoding than UTF-8 is refused before anything is written."""
    name = encoding.lower()
    with server.connected("postgres") as beside:
        beside.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
    with PostgresStore(server.url("s").replace("/team?", f"/{name}?")) as store, pytest.raises(StoreError, match=told):
        store.get("key")


def test_a_copy_that_only_reads_is_refused(server: Any) -> None:
    """P32: a server that takes no writes is told when it is opened, not at the first write."""
    url = server.url("s", options="-c%20default_transaction_read_only%3Don")
    with PostgresStore(url) as store, pytest.raises(StoreError, match="read-only"):
        store.get("key")


def test_a_store_opened_by_its_url(place: str) -> None:
    """The place in FCWORK_STORE may be a URL of either spelling, spaces around it aside."""
    for spelled in (place, f" {place}\n", place.replace("postgresql:", "postgres:")):
        store = open_store(spelled.strip())
        assert isinstance(store, PostgresStore)
        assert store.get("key") is None
        store.close()


def test_the_order_of_the_tests_database_is_not_that_of_bytes(server: Any) -> None:
    """The test of the order is one: the database itself would sort otherwise, where the server has ICU."""
    with server.connected() as beside:
        [kept] = beside.execute("SELECT 'a' < 'B'").fetchone()
        version = beside.info.server_version
    assert kept or version < 150000
