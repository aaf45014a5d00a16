"""The inbox: stored once, claimed by one, settled by who holds it, and never without its body."""

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import StoreError
from fcwork.receiver import Inbox
from fcwork.receiver.inbox import KEPT_SECONDS, LEASE_SECONDS
from fcwork.receiver.message import Arrival
from fcwork.store.workers import someone

DOORS = ["orders"]


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands."""
    return ManualClock()


@pytest.fixture
def inbox(tmp_path: Path, clock: ManualClock) -> Iterator[Inbox]:
    """Open an inbox."""
    opened = Inbox(tmp_path / "in" / "inbox.sqlite", clock=clock)
    yield opened
    opened.close()


def arrival(clock: ManualClock, key: str = "k", **given: Any) -> Arrival:
    """Return a request on its way in."""
    usual = {"door": "orders", "body": b"{}", "headers": {"a": "b"}, "facts": {"scheme": "none"}}
    return Arrival(**{"replay_key": key, "request_id": f"r-{key}", "received_at": clock.now(), **usual, **given})


def put(inbox: Inbox, given: Arrival) -> Any:
    """Store a request."""
    return inbox.put(given).result()


def other(inbox: Inbox, clock: ManualClock, owner: str) -> Inbox:
    """Open the same inbox as another process would."""
    opened = Inbox(inbox.path, clock=clock)
    opened.owner = owner
    return opened


def test_a_message_is_stored_once(inbox: Inbox, clock: ManualClock) -> None:
    """One key at one door is one message: a repeat is told and counted, other bytes contradict it."""
    assert put(inbox, arrival(clock)).outcome == "accepted"
    repeat = put(inbox, arrival(clock, request_id="later"))
    assert (repeat.outcome, repeat.job_id, repeat.of) == ("duplicate", "later", "r-k")
    assert put(inbox, arrival(clock, body=b"[]")).outcome == "conflict"
    assert put(inbox, arrival(clock, door="returns")).outcome == "accepted"
    [second, first] = inbox.messages()
    assert (first.repeats, first.state, second.door) == (1, "waiting", "returns")
    found = inbox.get("r-k")
    assert found
    assert (found.body, found.headers, found.received_at) == (b"{}", {"a": "b"}, clock.now())


def test_ids_are_told_apart(tmp_path: Path, clock: ManualClock) -> None:
    """A job's id that another message or job has gets a suffix; where the jobs cannot be asked it is taken as free."""

    def taken(job_id: str) -> bool:
        if job_id == "broken":
            raise StoreError("away")
        return job_id == "job"

    inbox = Inbox(tmp_path / "inbox.sqlite", clock=clock, taken=taken)
    ids = [
        put(inbox, arrival(clock, str(n), request_id=name)).job_id for n, name in enumerate(["a", "a", "job", "broken"])
    ]
    assert ids[0] == "a"
    assert ids[1].startswith("a-")
    assert ids[2].startswith("job-")
    assert ids[3] == "broken"
    assert put(inbox, arrival(clock, "made", request_id="job", id_given=False)).job_id == "job"
    inbox.close()


def test_a_long_key_is_kept_by_its_hash(inbox: Inbox, clock: ManualClock) -> None:
    """A key of any length or with any characters is a key, and its repeat is known."""
    for key in ("x" * 5_000, "a\nb", "\ud800", ""):
        assert put(inbox, arrival(clock, key, request_id=f"r{len(key)}")).outcome == "accepted"
        assert put(inbox, arrival(clock, key, request_id="again")).outcome == "duplicate"


def test_a_message_is_claimed_by_one(inbox: Inbox, clock: ManualClock) -> None:
    """Messages are claimed in the order in which they came, each by one, and only those of the doors asked for."""
    for key in "abc":
        put(inbox, arrival(clock, key))
        clock.advance(1)
    put(inbox, arrival(clock, "z", door="elsewhere"))
    claimed = [inbox.claim(DOORS) for _ in range(4)]
    assert [message and message.replay_key for message in claimed] == ["a", "b", "c", None]
    assert claimed[0]
    assert (claimed[0].state, claimed[0].attempts, claimed[0].body) == ("running", 1, b"{}")
    assert inbox.counts()["running"] == 3


def test_many_threads_claim_each_message_once(inbox: Inbox, clock: ManualClock) -> None:
    """Of many threads and two processes' handles each message goes to one."""
    for number in range(60):
        put(inbox, arrival(clock, str(number)))
    neighbour = other(inbox, clock, someone())
    found: list[str] = []

    def work(mine: Inbox) -> None:
        while message := mine.claim(DOORS):
            found.append(message.replay_key)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in (inbox, neighbour) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    neighbour.close()
    assert sorted(found, key=int) == [str(number) for number in range(60)]


def test_only_who_holds_it_settles_it(inbox: Inbox, clock: ManualClock) -> None:
    """Who lost a message to another says nothing of it any more."""
    put(inbox, arrival(clock))
    late = inbox.claim(DOORS)
    assert late
    neighbour = other(inbox, clock, someone())
    clock.advance(LEASE_SECONDS + 1)
    assert neighbour.take_back() == 1
    taken = neighbour.claim(DOORS)
    assert taken
    assert not inbox.settle(late, "done")
    assert not inbox.release(late)
    assert neighbour.settle(taken, "done")
    assert inbox.counts()["done"] == 1
    neighbour.close()


def test_a_lease_that_is_renewed_is_not_taken(inbox: Inbox, clock: ManualClock) -> None:
    """A handling may take as long as it takes while its process renews its lease."""
    put(inbox, arrival(clock))
    assert inbox.claim(DOORS)
    neighbour = other(inbox, clock, someone())
    for _ in range(5):
        clock.advance(LEASE_SECONDS / 2)
        inbox.renew()
        assert neighbour.take_back() == 0
    neighbour.close()


def test_what_a_dead_process_held_is_taken_back_at_once(inbox: Inbox, clock: ManualClock) -> None:
    """The process of the holder being gone, nobody waits for the lease's end; one's own is not taken back."""
    put(inbox, arrival(clock))
    host, process, space, _ = someone().rsplit(":", 3)
    dead = other(inbox, clock, f"{host}:{process.partition('-')[0]}-1:{space}:0")
    assert dead.claim(DOORS)
    assert dead.take_back() == 0
    assert inbox.take_back() == 1
    again = inbox.claim(DOORS)
    assert again
    assert (again.attempts, again.error) == (2, "the process that handled it is gone")
    dead.close()


def test_a_failed_attempt_waits_its_time(inbox: Inbox, clock: ManualClock) -> None:
    """A message that is to be tried again is not due before; one that was given back has not lost an attempt."""
    put(inbox, arrival(clock))
    first = inbox.claim(DOORS)
    assert first
    assert inbox.settle(first, "waiting", error="no", after_seconds=10)
    assert inbox.claim(DOORS) is None
    clock.advance(10)
    second = inbox.claim(DOORS)
    assert second
    assert (second.attempts, second.error) == (2, "no")
    assert inbox.release(second, after_seconds=5)
    clock.advance(5)
    third = inbox.claim(DOORS)
    assert third
    assert third.attempts == 2


def test_a_clock_that_is_set_back_holds_nothing_up(tmp_path: Path, clock: ManualClock) -> None:
    """What came while the clock was days ahead is handled soon after it is set right, and not days later."""
    fast = ManualClock(clock.now() + timedelta(days=2))
    with Inbox(tmp_path / "inbox.sqlite", clock=fast) as ahead:
        put(ahead, arrival(fast))
    with Inbox(tmp_path / "inbox.sqlite", clock=clock) as right:
        assert right.claim(DOORS) is None
        assert right.take_back() == 1
        assert right.claim(DOORS)


def test_dead_messages_are_replayed_or_dropped(inbox: Inbox, clock: ManualClock) -> None:
    """A replay begins with all attempts; what is dropped has no body, is not handled, and its repeat is still known."""
    put(inbox, arrival(clock))
    held = inbox.claim(DOORS)
    assert held
    assert not inbox.replay(held)
    assert not inbox.drop(held)
    inbox.settle(held, "dead", error="no")
    assert inbox.replay(held)
    again = inbox.claim(DOORS)
    assert again
    assert (again.attempts, again.told_as) == (1, "r-k-replay-1")
    inbox.settle(again, "dead")
    assert inbox.drop(again)
    dropped = inbox.get("r-k")
    assert dropped
    assert (dropped.state, dropped.body) == ("dropped", b"")
    assert inbox.claim(DOORS) is None
    assert not inbox.replay(again)
    assert put(inbox, arrival(clock)).outcome == "duplicate"


def test_what_was_settled_long_ago_goes(inbox: Inbox, clock: ManualClock) -> None:
    """After thirty days what is done goes with its body; what is dead or waits stays."""
    for key in ("done", "dead", "waiting"):
        put(inbox, arrival(clock, key))
    for state in ("done", "dead"):
        held = inbox.claim(DOORS)
        assert held
        inbox.settle(held, state)
    clock.advance(KEPT_SECONDS - 1)
    assert inbox.tidy() == 0
    assert (inbox.settled(), inbox.settled(older_than_seconds=60)) == ((0, 0), (1, 2))
    clock.advance(2)
    assert inbox.tidy() == 1
    assert {message.state for message in inbox.messages()} == {"dead", "waiting"}
    with sqlite3.connect(inbox.path) as there:
        assert there.execute("SELECT count(*) FROM bodies").fetchone() == (2,)


def test_a_change_that_raises_fails_alone(inbox: Inbox, clock: ManualClock) -> None:
    """Of what is written together one that raises leaves no trace and takes nothing with it."""
    gate = threading.Event()

    def wait(_: sqlite3.Connection) -> None:
        gate.wait(10)

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO facts VALUES ('trace', 'x')")
        raise ValueError("no")

    inbox._writer.ask(wait)  # the others are asked for while it holds the writer, so they share a transaction
    asked = [inbox.put(arrival(clock, "a")), inbox._writer.ask(fail), inbox.put(arrival(clock, "b"))]
    gate.set()
    assert asked[0].result().outcome == "accepted"
    with pytest.raises(ValueError, match="no"):
        asked[1].result()
    assert asked[2].result().outcome == "accepted"
    with sqlite3.connect(inbox.path) as there:
        assert there.execute("SELECT count(*) FROM facts WHERE name = 'trace'").fetchone() == (0,)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, clock: ManualClock) -> None:
    """Each who asks is told that the inbox cannot be used, and what to look at; then it works as soon as it can."""
    (tmp_path / "in").write_text("no folder", "utf-8")
    inbox = Inbox(tmp_path / "in" / "inbox.sqlite", clock=clock)
    with pytest.raises(StoreError, match="cannot be used"):
        put(inbox, arrival(clock))
    (tmp_path / "in").unlink()
    assert put(inbox, arrival(clock)).outcome == "accepted"
    inbox.close()
    with pytest.raises(StoreError, match="closed"):
        put(inbox, arrival(clock))


@pytest.mark.parametrize("gone", [("", "-wal", "-shm"), ("",), ("-wal",), ("-shm", "-wal")])
def test_files_that_are_taken_away_take_no_later_message_with_them(
    inbox: Inbox, clock: ManualClock, gone: tuple[str, ...]
) -> None:
    """What is told as stored lies in files that have their names, whichever of them somebody removed before."""
    put(inbox, arrival(clock, "before"))
    for ending in gone:
        Path(f"{inbox.path}{ending}").unlink()
    put(inbox, arrival(clock, "after"))
    copies = [Path(f"{inbox.path}{ending}") for ending in ("", "-wal")]
    contents = {path: path.read_bytes() for path in copies if path.exists()}
    elsewhere = inbox.path.parent / "copy"  # what a process would find after a kill
    elsewhere.mkdir()
    for path, content in contents.items():
        (elsewhere / path.name).write_bytes(content)
    with Inbox(elsewhere / inbox.path.name, clock=clock) as found:
        assert found.get("r-after")


def test_a_newer_or_damaged_file_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    """What a newer fcwork made, and what is no database, is left as it is."""
    path = tmp_path / "inbox.sqlite"
    with sqlite3.connect(path) as there:
        there.execute("PRAGMA user_version = 99")
    there.close()
    newer = Inbox(path, clock=clock)
    with pytest.raises(StoreError, match="newer fcwork"):
        newer.identity()
    newer.close()
    path.write_bytes(b"no database at all, but long enough to be one" * 40)
    damaged = Inbox(path, clock=clock)
    with pytest.raises(StoreError, match="cannot be used"):
        damaged.identity()
    damaged.close()
    assert path.read_bytes().startswith(b"no database")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_nobody_else_reads_it(inbox: Inbox, clock: ManualClock) -> None:
    """The file and its folder are their owner's alone."""
    put(inbox, arrival(clock))
    assert stat.S_IMODE(inbox.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(inbox.path.parent.stat().st_mode) == 0o700


def test_it_says_how_old_the_oldest_is(inbox: Inbox, clock: ManualClock) -> None:
    """The age of what is to be handled is told; nothing being there it is 0."""
    assert inbox.oldest_waiting_seconds() == 0.0
    put(inbox, arrival(clock))
    clock.advance(90)
    assert inbox.oldest_waiting_seconds() == pytest.approx(90.0)
    assert clock.now() - timedelta(seconds=90) == inbox.messages()[0].received_at
