"""Nothing that was answered with 200 is lost, and nothing is handled twice that need not be."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

Start = Callable[..., Any]
Sign = Callable[..., Any]
pytestmark = pytest.mark.socket
COUNTING = """
import os, time
def receive(received):
    time.sleep(float(os.environ.get("TAKES", "0")))
    with open("handled.txt", "a") as file:
        file.write(received.event.id + "\\n")
"""


def handled(home: Path) -> Counter[str]:
    """Return how often each event was handled."""
    file = home / "handled.txt"
    return Counter(file.read_text("utf-8").split() if file.exists() else [])


def test_a_kill_in_the_middle_loses_nothing(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """Killed while events come in, it handles after its restart each one that was answered with 200, and once."""
    running = receiver()
    events = [sign(number) for number in range(120)]
    answered: list[str] = []

    def post(signed: Any) -> None:
        with suppress(httpx.TransportError):
            if running.post(signed).status_code == 200:
                answered.append(json.loads(signed.body)["id"])

    with ThreadPoolExecutor(20) as pool:
        for signed in events:
            pool.submit(post, signed)
        while len(answered) < 40:
            time.sleep(0.005)
        running.kill()
    again = receiver()
    assert 40 <= len(answered) < 120
    counts = again.health()
    total = sum(counts[name] for name in ("waiting", "running", "done"))
    assert total >= len(answered)
    again.until(done=total)
    written = {file.name.split(".")[0] for file in (tmp_path / "out").glob("*.headers.json")}
    assert set(answered) <= written
    assert len(written) == total
    for signed in events:  # the sender repeats itself
        assert again.post(signed).status_code == 200
    again.until(done=120)


def test_what_was_in_hand_when_it_was_killed_is_begun_again(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """A handling that a kill cut off is begun again at once, and what was done before is not."""
    (tmp_path / "counting.py").write_text(COUNTING, "utf-8")
    running = receiver("--to", "counting:receive", "--workers", "1")
    running.post(sign("first"))
    running.until(done=1)
    running.kill()
    slow = receiver("--to", "counting:receive", "--workers", "1", TAKES="60")
    slow.post(sign("second"))
    slow.until(running=1)
    slow.kill()
    again = receiver("--to", "counting:receive", "--workers", "1")
    again.until(done=2)
    assert handled(tmp_path) == {"event-first": 1, "event-second": 1}


def test_two_receivers_share_an_inbox(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """Two processes on one inbox take each event once between them, whichever got it, and however often it came."""
    (tmp_path / "counting.py").write_text(COUNTING, "utf-8")
    both = [receiver("--to", "counting:receive", TAKES="0.01") for _ in range(2)]
    events = [sign(number) for number in range(30)] * 3
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda item: both[item[0] % 2].post(item[1]), enumerate(events)))
    words = Counter(answer.json()["status"] for answer in answers)
    assert words == {"accepted": 30, "duplicate": 60}
    both[0].until(done=30)
    assert set(handled(tmp_path).values()) == {1}
    assert len(handled(tmp_path)) == 30


def test_what_a_killed_neighbour_held_is_taken_over(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """Of two processes one is killed with a message in hand: the other handles it within seconds."""
    (tmp_path / "counting.py").write_text(COUNTING, "utf-8")
    slow = receiver("--to", "counting:receive", TAKES="60")
    slow.post(sign(1))
    slow.until(running=1)
    other = receiver("--to", "counting:receive")
    slow.kill()
    other.until(done=1)
    assert handled(tmp_path) == {"event-1": 1}


def test_machines_that_share_a_store_handle_each_event_once(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """With inboxes of their own and one store, the same event is handled by one of them."""
    homes = [tmp_path / name for name in ("a", "b")]
    for home in homes:
        home.mkdir()
        (home / "counting.py").write_text(COUNTING, "utf-8")
    store = str(tmp_path / "shared.sqlite")
    both = [receiver("--to", "counting:receive", home=home, FCWORK_STORE=store) for home in homes]
    for number in range(10):
        for one in both:
            assert one.post(sign(number)).json()["status"] == "accepted"
    for one in both:
        one.until(waiting=0, running=0)
    assert sum(one.health()["duplicate"] for one in both) == 10
    assert handled(homes[0]) + handled(homes[1]) == Counter({f"event-{number}": 1 for number in range(10)})


def test_a_graceful_stop_answers_and_finishes(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """SIGTERM under load: who was answered with 200 is stored, what is in hand is finished, and the code is 0."""
    (tmp_path / "counting.py").write_text(COUNTING, "utf-8")
    running = receiver("--to", "counting:receive", TAKES="0.05")
    answered: list[str] = []
    others: Counter[object] = Counter()

    def post(number: int) -> None:
        try:
            answer = running.post(sign(number))
        except httpx.TransportError as error:
            others[type(error).__name__] += 1
            return
        if answer.status_code == 200:
            answered.append(f"event-{number}")
        others[answer.status_code] += 1

    with ThreadPoolExecutor(16) as pool:
        for number in range(120):
            pool.submit(post, number)
        while len(answered) < 50:
            time.sleep(0.005)
        code = running.stop()
    assert code == 0, running.log.read_text("utf-8")
    assert set(others) <= {200, 503, "ConnectError", "ReadError", "RemoteProtocolError"}
    again = receiver("--to", "counting:receive")
    again.until(waiting=0, running=0)
    assert set(answered) <= set(handled(tmp_path))
    assert set(handled(tmp_path).values()) == {1}


def test_ctrl_c_stops_it_too(receiver: Start, sign: Sign) -> None:
    """SIGINT is a graceful stop, and says so."""
    running = receiver()
    running.post(sign(1))
    running.until(done=1)
    assert running.stop(signal.SIGINT) == 0
    assert running.process.stdout.read().splitlines()[-1] == "stopped"


def test_a_full_disk_is_an_answer_and_no_loss(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """Where nothing can be written the answer is 500 and health is 503; when there is room again, all goes on."""
    running = receiver("--rate", "100000")
    assert running.post(sign("before")).status_code == 200
    running.until(done=1)
    free = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    assert {running.post(sign(f"full-{number}")).status_code for number in range(12)} == {500}
    time.sleep(1.1)  # a second is how long health is believed
    assert httpx.get(f"{running.url}/health", timeout=20).status_code == 503
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, free)
    for number in range(12):
        assert running.post(sign(f"full-{number}")).status_code == 200
    time.sleep(1.1)
    running.until(done=13)
    assert len(list((tmp_path / "out").glob("event-full-*.headers.json"))) == 12


def test_an_inbox_that_is_taken_away_is_made_anew(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """What is answered with 200 after somebody took the file away lies in a new one, not in the old one."""
    running = receiver()
    running.post(sign(1))
    running.until(done=1)
    (tmp_path / "home" / "receiver").rename(tmp_path / "gone")  # at once: file by file it would hit the new one's, too
    assert running.post(sign(2)).status_code == 200
    running.kill()
    again = receiver()
    again.until(waiting=0, running=0, done=1)
    assert (tmp_path / "out" / "event-2.json").read_bytes() == sign(2).body


def test_a_failed_handling_is_tried_again_then_dead_then_replayed(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """A handler that fails is asked again; after the last attempt the message is dead, and a replay begins anew."""
    (tmp_path / "failing.py").write_text(
        "import pathlib\n"
        "def receive(received):\n"
        "    with open('tries.txt', 'a') as file: file.write('x')\n"
        "    if not pathlib.Path('mended').exists(): raise ValueError('no such thing')\n",
        "utf-8",
    )
    running = receiver("--to", "failing:receive", "--attempts", "2")
    answer = running.post(sign(1), x_request_id="request-1")
    assert answer.json() == {"status": "accepted", "id": "request-1"}
    running.until(dead=1)
    assert (tmp_path / "tries.txt").read_text("utf-8") == "xx"
    assert running.post(sign(1)).json()["status"] == "duplicate"
    said = command(tmp_path, "inbox", "--state", "dead")
    assert "ValueError: no such thing" in said
    (tmp_path / "mended").touch()
    assert "request-1: waits to be handled" in command(tmp_path, "inbox", "replay", "--dead")
    running.until(done=1)
    told = json.loads(command(tmp_path, "jobs", "--json"))
    by_id = {job["id"]: job["status"] for job in told}
    assert by_id["request-1"] == "failed"
    assert by_id["request-1-replay-1"] == "completed"


def command(home: Path, *arguments: str) -> str:
    """Return what a command line prints."""
    where = {**os.environ, "FCWORK_HOME": str(home / "home"), "FCWORK_LOG": "quiet"}
    call = [sys.executable, "-m", "fcwork", *arguments]
    return subprocess.run(call, cwd=home, env=where, capture_output=True, text=True, check=True).stdout
