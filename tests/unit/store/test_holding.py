import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import StoreError
from fcwork.store import SQLiteStore, hold


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only when told to."""
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[SQLiteStore]:
    """Yield a store in the test's folder."""
    with SQLiteStore(tmp_path / "state.sqlite", clock=clock) as opened:
        yield opened


def test_a_lease_is_held_for_a_block(store: SQLiteStore, clock: ManualClock) -> None:
    """P30: the lease is there inside the block, guards writes, and is free after it; no thread stays behind."""
    with hold(store, "daily", clock=clock) as held:
        assert store.leases() == [held.lease]
        store.set("key", 1, fence=held.lease)
        held.check()
        assert not held.lost
        assert [thread.name for thread in threading.enumerate() if thread.name == "lease daily"] == ["lease daily"]
    assert store.leases() == []
    assert [thread.name for thread in threading.enumerate() if thread.name == "lease daily"] == []


def test_owners_differ_unless_named(store: SQLiteStore) -> None:
    """The owner is a name for people, one for each hold unless it is given."""
    with hold(store, "one") as one, hold(store, "two") as two, hold(store, "three", owner="me") as three:
        assert len({one.lease.owner, two.lease.owner, "me"}) == 3
        assert three.lease.owner == "me"
        assert repr(three).startswith("Held(Lease(name='three', owner='me', token=1, ")


def test_the_lease_is_given_back_after_an_error(store: SQLiteStore) -> None:
    """An error inside the block goes on, and the lease is free."""
    with pytest.raises(ZeroDivisionError), hold(store, "daily"):
        raise ZeroDivisionError
    assert store.leases() == []


def test_who_holds_it_is_told(store: SQLiteStore, clock: ManualClock) -> None:
    """P32: a lease that another holds is refused with who it is, since when, and until when at the latest."""
    store.acquire("daily", "host:7", ttl=60)
    store.acquire("daily:b", "another", ttl=60)
    clock.advance(5)
    told = (
        r"'daily' is held by 'host:7' since 2026-01-15 12:00:00 UTC\n"
        r"→ wait for it \(wait_seconds=…\); if its holder is dead, it is free after 2026-01-15 12:01:00 UTC"
    )
    with pytest.raises(StoreError, match=told), hold(store, "daily", clock=clock):
        pass
    assert clock.sleeps == []


def test_waiting_ends_when_its_time_is_over(store: SQLiteStore, clock: ManualClock) -> None:
    """A lease that stays held is waited for by short pauses, as long as was said and no longer."""
    store.acquire("daily", "other", ttl=600)
    with (
        pytest.raises(StoreError, match=r"held by 'other' since .* UTC after 5 seconds of waiting"),
        hold(store, "daily", wait_seconds=5, clock=clock),
    ):
        pass
    assert sum(clock.sleeps) == pytest.approx(5)
    assert 0 < min(clock.sleeps) < max(clock.sleeps) <= 1


def test_a_lease_that_runs_out_is_waited_for(store: SQLiteStore, clock: ManualClock) -> None:
    """P30: a dead holder's lease is taken over as soon as its time is over, with its own time counted from then."""
    old = store.acquire("daily", "dead", ttl=60)
    assert old is not None
    with hold(store, "daily", wait_seconds=120, clock=clock) as held:
        assert held.lease.token == old.token + 1
        assert 0 <= (held.lease.acquired_at - old.expires_at).total_seconds() <= 1
        clock.advance(59)
        assert not held.lost


def test_a_lease_that_ends_between_two_looks(tmp_path: Path) -> None:
    """P32: where the holder is gone by the time its name is looked up, that is what is told."""

    class Ticking(ManualClock):
        def now(self) -> datetime:
            self.advance(1)
            return super().now()

    with SQLiteStore(tmp_path / "state.sqlite", clock=Ticking()) as store:
        store.acquire("daily", "other", ttl=1.5)
        with pytest.raises(StoreError, match=r"'daily' was held until just now\n→ try again"), hold(store, "daily"):
            pass


def test_a_worker_that_was_away_too_long(store: SQLiteStore, clock: ManualClock) -> None:
    """P30: after its time without a renewal the lease is lost, for good, and every fenced write is refused."""
    with hold(store, "daily", clock=clock) as held:
        clock.advance(60)
        assert held.lost
        taken = store.acquire("daily", "other", ttl=60)
        for late in (held.check, lambda: store.set("key", 1, fence=held.lease)):
            with pytest.raises(StoreError, match="'daily' is no longer held"):
                late()
    assert held.lost
    assert store.leases() == [taken]


def test_check_asks_the_store(store: SQLiteStore, clock: ManualClock, capsys: pytest.CaptureFixture[str]) -> None:
    """P30: a lease that somebody gave away is found lost by asking, before its time is over, and a warning is left."""
    with hold(store, "daily", clock=clock) as held:
        store.release(held.lease)
        assert not held.lost
        with pytest.raises(StoreError, match="'daily' is no longer held"):
            held.check()
        assert held.lost
    assert "lease.lost" in capsys.readouterr().err


def test_a_lease_lost_is_heard_by_the_heartbeat(store: SQLiteStore) -> None:
    """P30: the heartbeat of a lease that is another's stops, and tells."""
    with hold(store, "daily", ttl=0.3) as held:
        store.release(held.lease)
        held._heart.join(20)
        assert not held._heart.is_alive()
        assert held.lost


def test_trouble_on_giving_back_is_left_to_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A store that fails when the lease is given back does not make a failure of work that is done."""
    folder = tmp_path / "state"
    store = SQLiteStore(folder / "state.sqlite")
    with hold(store, "daily"):
        store.close()
        folder.rename(tmp_path / "moved")
        folder.write_text("")
    assert "lease.not_released" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"ttl": 0}, "ttl=0"),
        ({"ttl": float("nan")}, "ttl=nan"),
        ({"wait_seconds": -1}, "wait_seconds=-1"),
        ({"wait_seconds": "5"}, "wait_seconds='5'"),
    ],
)
def test_what_is_no_time_is_told(store: SQLiteStore, given: dict[str, Any], told: str) -> None:
    """P32: a senseless time is refused before anything is acquired."""
    with pytest.raises(StoreError, match=f"{told} is no time"), hold(store, "daily", **given):
        pass
    assert store.leases() == []
