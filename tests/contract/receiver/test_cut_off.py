"""What is cut off in between: a sender that goes away, a receiver that is killed before it told."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fcwork import JobTracker, settings
from fcwork.receiver import Door, Inbox, Received, Receiver, Terms, ToFolder, ToFunction, Unchecked
from fcwork.receiver.inbox import place
from fcwork.receiver.message import Arrival, State
from fcwork.receiver.telling import Telling
from fcwork.store import open_store


def _arrival(key: str) -> Arrival:
    now = datetime.now(UTC)
    return Arrival(door="shop", replay_key=key, body=b"{}", headers={}, facts={}, request_id=key, received_at=now)


def test_a_request_that_is_given_up_takes_no_other_with_it(tmp_path: Path) -> None:
    """A request that is cut off while its webhook waits for the disk leaves the inbox at work for all others."""
    inbox = Inbox(tmp_path / "inbox.sqlite")
    busy = threading.Event()
    inbox._writer.ask(lambda _: (busy.set(), time.sleep(0.1)))
    assert busy.wait(10)
    assert inbox.put(_arrival("gone")).cancel()
    assert inbox.put(_arrival("there")).result(10).outcome == "accepted"
    assert [message.replay_key for message in inbox.messages()] == ["there"]
    inbox.close()


@pytest.mark.socket
@pytest.mark.parametrize(("state", "status"), [("done", "completed"), ("dead", "failed")])
def test_a_job_ends_though_its_receiver_was_killed_before_it_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, state: State, status: str
) -> None:
    """A message that came to its end has a job that did, too: the next receiver tells what the killed one could not."""
    monkeypatch.setenv("FCWORK_HOME", str(home))
    _killed_before_it_told(state)
    with Receiver([Door("shop", "/shop", Unchecked(), ToFolder(home / "in"))], Terms(port=0)):
        found = JobTracker(open_store(settings.store_place())).get("first")
    assert (found.status, found.ended) == (status, True)
    assert not (home / "in").exists()


@pytest.mark.socket
def test_what_came_into_an_inbox_that_was_made_anew_is_handled_by_the_next_receiver(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that one receiver began belongs to its inbox, though that was made anew under the receiver's feet."""
    monkeypatch.setenv("FCWORK_HOME", str(home))
    begun: list[int] = []

    def fail_once(received: Received) -> None:
        begun.append(received.attempt)
        if len(begun) == 1:
            raise OSError

    door = Door("shop", "/shop", Unchecked(), ToFunction("fail_once", fail_once))
    with Receiver([door], Terms(port=0)) as receiver:
        place().parent.rename(home / "gone")
        receiver.inbox.put(_arrival("first")).result()
        _wait(lambda: receiver.inbox.messages()[0].error)
    with Receiver([door], Terms(port=0)) as again:
        again.inbox.replay(again.inbox.messages()[0])
        _wait(lambda: again.inbox.messages()[0].state in {"done", "duplicate"})
        assert again.inbox.messages()[0].state == "done"
    assert len(begun) == 2


def _wait(until: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not until() and time.monotonic() < deadline:
        time.sleep(0.02)


def _killed_before_it_told(state: State) -> None:
    """Leave what a receiver leaves that wrote into its inbox how a handling ended, and nothing more."""
    inbox, telling = Inbox(place()), Telling(open_store(settings.store_place()))
    inbox.put(_arrival("first")).result()
    message = inbox.claim(["shop"])
    assert message
    telling.handling(message, 5)
    inbox.settle(message, state, error="it cannot be read" if state == "dead" else "")
    telling.close()
    inbox.close()
