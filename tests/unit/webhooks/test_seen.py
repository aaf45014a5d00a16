"""Each event once: over threads, processes, restarts and stores."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from forging import Pair

from fcwork.clock import ManualClock
from fcwork.errors import ConfigError, DuplicateEventError, StoreError, WebhookError
from fcwork.store import SQLiteStore
from fcwork.webhooks import SeenEvents, verify

ASK = """
import sys
from fcwork.webhooks import SeenEvents
seen = SeenEvents(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(sum(seen.first(f"event-{number}") for number in range(20)))
"""


def test_a_key_is_new_once_and_after_a_restart_it_is_not(tmp_path: Path, mine: Pair, raw: bytes) -> None:
    """P6: the same signed event is fresh once; another object on the same file, as after a restart, knows it."""
    place = tmp_path / "state.sqlite"
    for number in range(3):
        seen = SeenEvents(place)
        if number == 0:
            assert verify(raw, mine.signed(raw), mine.pem, seen=seen).replay_checked
        with pytest.raises(DuplicateEventError):
            verify(raw, mine.signed(raw), mine.pem, seen=seen)
        seen.close()


def test_of_many_threads_one_is_told_yes(tmp_path: Path) -> None:
    """P6: of 16 threads that ask for each of 20 keys at once, exactly one is told that it is new."""
    seen = SeenEvents(tmp_path / "state.sqlite")
    start = threading.Barrier(16)

    def ask(_: int) -> list[bool]:
        start.wait()
        return [seen.first(f"event-{number}") for number in range(20)]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(16)))
    assert [sum(column) for column in zip(*answers, strict=True)] == [1] * 20


def test_of_many_processes_one_is_told_yes(tmp_path: Path) -> None:
    """P6: processes that ask at once share 20 keys among them, each of which is new once."""
    place = str(tmp_path / "state.sqlite")
    workers = [
        subprocess.Popen([sys.executable, "-c", ASK, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    told = [worker.communicate(timeout=60)[0] for worker in workers]
    assert sum(map(int, told)) == 20


def test_the_same_owner_is_told_yes_again(tmp_path: Path) -> None:
    """Who claimed a key and died may go on under the same name; for all others it is taken."""
    seen = SeenEvents(tmp_path / "state.sqlite")
    assert seen.first("a", "row-1")
    assert seen.first("a", owner="row-1")
    assert not seen.first("a", owner="row-2")
    assert not seen.first("a")
    assert seen.first("b")
    assert not seen.first("b", owner="row-1")


def test_a_key_that_is_forgotten_is_new(tmp_path: Path) -> None:
    """An event whose handling is to be repeated can be forgotten; `in` asks without remembering."""
    seen = SeenEvents(tmp_path / "state.sqlite")
    assert "a" not in seen
    assert seen.first("a")
    assert "a" in seen
    assert seen.forget("a")
    assert not seen.forget("a")
    assert seen.first("a")


def test_a_key_is_remembered_for_its_time(tmp_path: Path) -> None:
    """After `ttl_seconds` a key is new again, and not before; thirty days unless said."""
    clock = ManualClock()
    store = SQLiteStore(tmp_path / "state.sqlite", clock=clock)
    short, long = SeenEvents(store, ttl_seconds=60, clock=clock), SeenEvents(store, name="long", clock=clock)
    assert short.first("a")
    assert long.first("a")
    clock.advance(59)
    assert not short.first("a")
    clock.advance(2)
    assert short.first("a")
    clock.advance(29 * 86_400)
    assert not long.first("a")
    clock.advance(86_400)
    assert long.first("a")


def test_any_text_is_a_key(tmp_path: Path) -> None:
    """Keys of any length and letters are told apart; no key can pass for the hash of another."""
    seen = SeenEvents(tmp_path / "state.sqlite")
    keys = ["", "a", "A", "a ", "a\0", "a\n", "\ud800", "é", "e\u0301", "x" * 200, "x" * 201, "x" * 100_000, "#a"]
    keys += [entry.removeprefix("webhooks.seen/webhooks/") for entry in (seen._place("é"), seen._place("a"))]
    assert [seen.first(key) for key in keys] == [True] * len(keys)
    assert not any(seen.first(key) for key in keys)


def test_names_keep_receivers_apart(tmp_path: Path) -> None:
    """What one name has seen is new to another; a name is one plain word."""
    place = tmp_path / "state.sqlite"
    assert SeenEvents(place, name="a").first("x")
    assert SeenEvents(place, name="b").first("x")
    for name in ("", "a/b", ".a", "a\n", "x" * 101):
        with pytest.raises(ConfigError, match="is no name"):
            SeenEvents(place, name=name)
    for seconds in (0, -1, float("nan"), float("inf"), True, "60"):
        with pytest.raises(StoreError, match="is no time"):
            SeenEvents(place, ttl_seconds=seconds)  # type: ignore[arg-type]


def test_the_store_is_that_of_the_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a store it is the one of FCWORK_STORE, else the workspace's own."""
    assert SeenEvents().first("a")
    assert (home / ".fcwork" / "state.sqlite").exists()
    monkeypatch.setenv("FCWORK_STORE", str(home / "other.sqlite"))
    assert SeenEvents().first("a")
    assert (home / "other.sqlite").exists()


def test_a_store_that_cannot_be_asked_is_no_answer(tmp_path: Path, mine: Pair, raw: bytes) -> None:
    """P6: where the store fails nobody is told that an event is new, nor that it was there before."""
    (tmp_path / "state.sqlite").mkdir()
    with pytest.raises(StoreError) as told:
        verify(raw, mine.signed(raw), mine.pem, seen=SeenEvents(tmp_path / "state.sqlite"))
    assert not isinstance(told.value, WebhookError)
