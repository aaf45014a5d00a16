"""The receiver is killed while a hundred webhooks come in, and nothing is lost or done twice."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx
import pytest

from fcwork import JobTracker
from fcwork.receiver.inbox import Inbox
from fcwork.simulator import Posted, SignedWebhook, Simulator
from fcwork.store import open_store

pytestmark = pytest.mark.socket

EVENTS, POSTS, KILLS, WORKERS = 20, 100, 3, 2
PATIENCE_SECONDS = 60.0
SHOP = '''
import os, time
from pathlib import Path

def receive(received):
    """Leave a mark for each beginning and each end; the effect itself can happen once only."""
    _mark("begun", received)
    time.sleep(0.03)
    passing = Path(f"{received.replay_key}-{received.attempt}")
    passing.write_bytes(received.raw)
    try:
        os.link(passing, Path("effects", received.replay_key))
    except FileExistsError:
        pass
    _mark("ended", received)

def _mark(what, received):
    with open(what, "a") as marks:
        marks.write(f"{received.replay_key} {received.attempt}\\n")
'''
Start = Callable[..., "Receiving"]


class Receiving:
    """A real `fcwork receive`, killed and started again at the same address.

    Args:
        arguments: where its messages go.
        key: the file of the public key.
        folder: where it works.
    """

    def __init__(self, arguments: Sequence[str], key: Path, folder: Path) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        options = ("--path", "/webhooks", "--account", "SIMULATOR", "--retailer", "2", "--workers", str(WORKERS))
        command = ("receive", "--port", str(port), "--keys", str(key), *options, *arguments)
        self._command = [sys.executable, "-m", "fcwork", *command]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it; it may not listen yet."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self.folder, stdout=log, stderr=log)
        return self

    def kill(self) -> None:
        """Let it die at once."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def stop(self) -> int:
        """Have it end by itself, and return its exit code."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_SECONDS)

    def wait(self, until: Callable[[], bool] | None = None) -> None:
        """Wait until it answers, or for something else."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (until or self._answers)():
            if time.monotonic() > deadline:
                pytest.fail(f"waited {PATIENCE_SECONDS} s in vain: {(self.folder / 'log').read_text('utf-8')}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5.0, trust_env=False).is_success
        except httpx.TransportError:
            return False


@pytest.fixture
def sim() -> Simulator:
    """A simulator without positions."""
    return Simulator(positions=0)


@pytest.fixture
def start(home: Path, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return what starts a receiver in an empty folder; it is gone when the test is over."""
    monkeypatch.setenv("FCWORK_HOME", str(home / "run"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    (home / "key.pem").write_text(sim.webhook_public_key, "utf-8")
    started: list[Receiving] = []

    def start(*arguments: str) -> Receiving:
        started.append(Receiving(arguments, home / "key.pem", home).start())
        started[-1].wait()
        return started[-1]

    yield start
    for receiving in started:
        receiving.kill()


def _free_port() -> int:
    """Return a port that no connection that goes out is given, so that it is still free after a kill."""
    while True:
        port = random.randrange(20_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _events(sim: Simulator) -> list[SignedWebhook]:
    refs = [f"FUL-{number:05d}" for number in range(1, EVENTS + 1)]
    return [sim.webhook(name="Assigned", entity_type="FULFILMENT", entity_ref=ref) for ref in refs]


def _storm(
    sim: Simulator, receiving: Receiving, events: Sequence[SignedWebhook], end: Callable[[Receiving], object]
) -> list[Posted]:
    """Post all events at once, each several times, while the receiver is ended at random moments and started again."""
    posts = list(events) * (POSTS // EVENTS)
    random.shuffle(posts)
    url = f"{receiving.url}/webhooks"
    with ThreadPoolExecutor(POSTS) as threads:
        posting = [threads.submit(sim.post_webhook, signed, url) for signed in posts]
        for _ in range(KILLS):
            pause = random.uniform(0.0, 0.6)
            time.sleep(pause)
            print(f"ended after {pause:.3f} s")  # told where the test fails
            end(receiving)
            receiving.start()
            receiving.wait()
        return [posted.result() for posted in posting]


def _check_kept(receiving: Receiving, events: Sequence[SignedWebhook], posted: Sequence[Posted]) -> None:
    """See that every post was taken in the end, and that inbox and jobs tell of each event once, as done."""
    assert [one.status for one in posted] == [200] * POSTS
    inbox = Inbox(receiving.folder / "run" / "receiver" / "inbox.sqlite")
    receiving.wait(lambda: not inbox.counts()["waiting"] and not inbox.counts()["running"])
    assert receiving.stop() == 0
    messages = inbox.messages()
    inbox.close()
    assert Counter(message.replay_key for message in messages) == Counter(_ids(events))
    assert {message.state for message in messages} == {"done"}
    tracker = JobTracker(open_store(receiving.folder / "run" / "state.sqlite"))
    assert {message.job_id: tracker.get(message.job_id).status for message in messages} == {
        message.job_id: "completed" for message in messages
    }


def _ids(events: Sequence[SignedWebhook]) -> list[str]:
    return [str(signed.document["id"]) for signed in events]


def test_a_folder_holds_each_event_once_after_kills(sim: Simulator, start: Start, home: Path) -> None:
    """P5: of 100 concurrent posts of 20 events, with kill -9 in between, each event is one whole file, none is lost."""
    receiving = start("--to", "folder", "--folder", str(home / "in"))
    events = _events(sim)
    posted = _storm(sim, receiving, events, Receiving.kill)
    _check_kept(receiving, events, posted)
    there = {path.name: path for path in (home / "in").iterdir() if not path.name.startswith(".")}
    ids = _ids(events)
    assert there.keys() == {f"{name}.json" for name in ids} | {f"{name}.headers.json" for name in ids}
    for name, signed in zip(ids, events, strict=True):
        assert there[f"{name}.json"].read_bytes() == signed.body
        beside = json.loads(there[f"{name}.headers.json"].read_bytes())
        assert beside["headers"]["fluent-signature"] == signed.headers["fluent-signature"]


def test_a_function_handles_each_event_once_after_kills(sim: Simulator, start: Start, home: Path) -> None:
    """P5: the same to a function: each event takes effect once, and is begun again only if a kill cut it off."""
    (home / "shop.py").write_text(SHOP, "utf-8")
    (home / "effects").mkdir()
    receiving = start("--to", "shop:receive")
    events = _events(sim)
    posted = _storm(sim, receiving, events, Receiving.kill)
    _check_kept(receiving, events, posted)
    bodies = {path.name: path.read_bytes() for path in (home / "effects").iterdir()}
    assert bodies == dict(zip(_ids(events), [signed.body for signed in events], strict=True))
    begun = [tuple(line.split()) for line in (home / "begun").read_text("utf-8").splitlines()]
    ended = Counter(line.split()[0] for line in (home / "ended").read_text("utf-8").splitlines())
    assert len(begun) == len(set(begun))
    assert len(begun) <= EVENTS + KILLS * WORKERS
    assert ended.keys() == set(_ids(events))
    assert ended.total() <= EVENTS + KILLS * WORKERS


def test_graceful_stops_lose_nothing(sim: Simulator, start: Start, home: Path) -> None:
    """P5: a receiver that is stopped under load ends well each time; each event is handled once and none cut off."""
    (home / "shop.py").write_text(SHOP, "utf-8")
    (home / "effects").mkdir()
    receiving = start("--to", "shop:receive")
    events = _events(sim)
    codes: list[int] = []
    posted = _storm(sim, receiving, events, lambda one: codes.append(one.stop()))
    _check_kept(receiving, events, posted)
    assert codes == [0] * KILLS
    begun = [line.split()[0] for line in (home / "begun").read_text("utf-8").splitlines()]
    assert Counter(begun) == Counter(_ids(events))
