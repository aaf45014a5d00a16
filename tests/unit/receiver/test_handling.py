"""Workers: what they do when something they need is away, and what they tell."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fcwork.errors import StoreError
from fcwork.jobs import JobTracker
from fcwork.receiver import Door, Handled, Inbox, Received, RefusedByHandlerError, Unchecked, handling, telling
from fcwork.receiver.handling import Workers
from fcwork.receiver.message import Arrival
from fcwork.receiver.telling import Course, Telling
from fcwork.store import SQLiteStore
from fcwork.webhooks import SeenEvents

PATIENCE_SECONDS = 10.0


class Kept:
    """A handler that keeps what it is given, and does what it is told."""

    target = "nowhere"

    def __init__(self, *endings: BaseException | None) -> None:
        self.endings = list(endings)
        self.received: list[Received] = []

    def __call__(self, received: Received) -> Handled:
        """Keep it, and raise what comes next."""
        self.received.append(received)
        ending = self.endings.pop(0) if self.endings else None
        if ending:
            raise ending
        return Handled("kept", {"place": "here"})


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    """Return a store for jobs and claims."""
    return SQLiteStore(tmp_path / "state.sqlite")


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """Open an inbox with one message."""
    opened = Inbox(tmp_path / "inbox.sqlite")
    put(opened, "one")
    yield opened
    opened.close()


@pytest.fixture
def work(inbox: Inbox, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what has workers handle messages until they are in such states."""
    for name in ("LOOKS_SECONDS", "CARES_SECONDS", "TRIES_AGAIN_SECONDS", "_FIRST_SECONDS"):
        monkeypatch.setattr(handling, name, 0.02)

    def worked(handler: Any, *, claims: Any = None, attempts: int = 3, **counts: int) -> None:
        door = Door("door", "/", Unchecked(), handler, attempts)
        telling = Telling(store)
        workers = Workers(inbox, [door], telling=telling, claims=claims, count=1)
        workers.start()
        end = time.monotonic() + PATIENCE_SECONDS
        while {name: inbox.counts()[name] for name in counts} != counts:
            assert time.monotonic() < end, (inbox.counts(), inbox.messages())
            time.sleep(0.01)
        assert workers.stop(PATIENCE_SECONDS)
        telling.close()

    return worked


def put(inbox: Inbox, key: str) -> None:
    """Store a message."""
    now = datetime.now(UTC)
    usual: dict[str, Any] = {"door": "door", "body": b"{}", "headers": {}, "facts": {"scheme": "none"}}
    inbox.put(Arrival(replay_key=key, request_id=key, received_at=now, **usual)).result()


def test_a_message_is_handled_and_its_job_tells_it(work: Callable[..., None], store: SQLiteStore) -> None:
    """A message that no job told of before, as its receiver was killed, has one all the same."""
    handler = Kept()
    work(handler, done=1)
    assert [(each.raw, each.attempt, each.event) for each in handler.received] == [(b"{}", 1, None)]
    job = JobTracker(store).get("one")
    assert (job.status, job.message, job.details["place"]) == ("completed", "kept", "here")
    assert [stage.name for stage in job.stages] == ["reception", "verification", "storage", "handling"]


def test_what_is_refused_for_good_is_not_tried_again(work: Callable[..., None], store: SQLiteStore) -> None:
    """A handler that says it will never take a message is asked once; the message is dead and its job failed."""
    handler = Kept(RefusedByHandlerError("no such order"))
    work(handler, dead=1)
    assert len(handler.received) == 1
    assert "no such order" in JobTracker(store).get("one").error


def test_no_exception_ends_a_worker(work: Callable[..., None]) -> None:
    """A handler that raises what is no Exception has failed that attempt; its worker goes on and tries again."""
    handler = Kept(asyncio.CancelledError(), SystemExit(3), KeyboardInterrupt())
    work(handler, attempts=4, done=1)
    assert [each.attempt for each in handler.received] == [1, 2, 3, 4]


def test_claims_that_cannot_be_asked_cost_no_attempt(work: Callable[..., None], inbox: Inbox) -> None:
    """While the shared store is away a message waits, and has all its attempts when it is back."""

    class Away:
        times = 3

        def first(self, key: str, owner: str | None = None) -> bool:
            assert (key, bool(owner)) == ("door:one", True)
            self.times -= 1
            if self.times >= 0:
                raise StoreError("away")
            return True

    handler = Kept()
    monkey = Away()
    work(handler, claims=monkey, done=1)
    assert monkey.times < 0
    assert handler.received[0].attempt == 1
    assert inbox.messages()[0].attempts == 1


def test_what_another_machine_claimed_is_left_to_it(
    work: Callable[..., None], store: SQLiteStore, inbox: Inbox
) -> None:
    """A message claimed by another inbox is not handled; one's own claim of before a crash is no hindrance."""
    seen = SeenEvents(store, name="receiver")
    put(inbox, "two")
    assert seen.first("door:one", owner="another inbox:1")
    assert seen.first("door:two", owner=f"{inbox.identity()}:2")
    handler = Kept()
    work(handler, claims=seen, done=1, duplicate=1)
    assert [each.replay_key for each in handler.received] == ["two"]


def test_a_message_whose_process_dies_each_time_is_given_up(work: Callable[..., None], inbox: Inbox) -> None:
    """A message that takes its process with it is not begun for ever."""
    for _ in range(3):
        claimed = inbox.claim(["door"])
        assert claimed
        inbox.settle(claimed, "waiting")
    handler = Kept()
    work(handler, attempts=3, dead=1)
    assert handler.received == []
    assert "never came to an end" in inbox.messages()[0].error


def test_an_error_of_any_kind_is_the_handlers(work: Callable[..., None], inbox: Inbox) -> None:
    """A handler that ends the program, or raises what cannot be shown, fails its attempt and nothing else."""

    class BrokenError(Exception):
        def __str__(self) -> str:
            return "secret-less"

    work(Kept(BrokenError(), SystemExit(3)), attempts=3, done=1)  # type: ignore[arg-type]
    assert inbox.messages()[0].attempts == 3


def test_what_a_killed_receiver_did_not_tell_is_told(
    work: Callable[..., None], store: SQLiteStore, inbox: Inbox
) -> None:
    """A message that was done just before a kill has its job completed at the next start."""
    work(Kept(), done=1)
    tracker = JobTracker(store, heartbeat_seconds=None)
    tracker.create("receive door", job_id="two")
    tracker.update("two", stage="handling")
    put(inbox, "two")
    claimed = inbox.claim(["door"])
    assert claimed
    inbox.settle(claimed, "done")
    work(Kept(), done=2)
    assert [tracker.get(job).status for job in ("one", "two")] == ["completed", "completed"]
    assert tracker.get("one").message == "kept"


def test_a_flood_of_forgeries_does_not_fill_the_store(store: SQLiteStore) -> None:
    """Of many failed requests in a second some are told, and the next says how many were not."""
    telling = Telling(store)
    for number in range(100):
        telling.refused(Course("door", f"r{number}", datetime.now(UTC)), "MISSING_SIGNATURE", "none")
    telling.close()
    told = JobTracker(store).history()
    assert 10 <= told.height < 40
    assert set(told["status"]) == {"failed"}


def test_a_store_that_is_away_delays_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where jobs cannot be written that is said once, and no name is asked for again and again."""
    (tmp_path / "file").touch()
    telling = Telling(SQLiteStore(tmp_path / "file" / "state.sqlite"))
    with pytest.raises(StoreError):
        telling.is_taken("a")
    assert telling.is_taken("a") is False
    for number in range(5):
        telling.refused(Course("door", f"r{number}", datetime.now(UTC)), "X", "y")
    telling.close()
    assert capsys.readouterr().err.count("receiver.jobs_not_told") == 1


def test_a_store_that_hangs_holds_no_request_up(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a name is taken is asked for a moment; then the store is left alone, and the name is taken as it is."""
    monkeypatch.setattr(telling, "ASKS_SECONDS", 0.02)
    answers = threading.Event()

    class Hanging(SQLiteStore):
        def get(self, key: str) -> Any:
            answers.wait(PATIENCE_SECONDS)
            return super().get(key)

    told = Telling(Hanging(store.path))
    with pytest.raises(StoreError, match="does not say whether one is taken"):
        told.is_taken("one")
    assert not told.is_taken("one")
    answers.set()
    told.close()
