"""Senders that are slow, endless, or no senders of HTTP at all."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fcwork.receiver import Door, Limits, Receiver, Terms, ToFolder, Unchecked, wire
from fcwork.receiver.answers import RefusedError
from fcwork.store import SQLiteStore

pytestmark = pytest.mark.socket
HEAD = b"POST /webhooks HTTP/1.1\r\nhost: x\r\n"
Ask = Callable[..., bytes]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Return what writes bytes to a receiver and returns all it answers."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    terms = Terms(port=0, limits=Limits(max_bytes=10_000, body_seconds=0.3), grace_seconds=5.0)
    door = Door("webhooks", "/webhooks", Unchecked(), ToFolder(tmp_path / "out"))
    with Receiver([door], terms, store=SQLiteStore(tmp_path / "state.sqlite")) as running:
        port = int(running.url.rpartition(":")[2])

        def asked(*parts: bytes, ends: bool = False) -> bytes:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as there:
                answer = b""
                try:
                    for part in parts:
                        there.sendall(part)
                    if ends:
                        there.shutdown(socket.SHUT_WR)
                    while more := there.recv(65_536):
                        answer += more
                except OSError:
                    pass
                return answer

        yield asked


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 300,
        b"nonsense\r\n\r\n",
        HEAD + b"content-length: -1\r\n\r\n",
        HEAD + b"content-length: 99999999999999999999999\r\n\r\n",
        HEAD + b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        HEAD + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"x: a\0b\r\ncontent-length: 1\r\n\r\na",
        b"CONNECT a:1 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /\xff HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\na",
    ],
)
def test_what_is_no_http_is_400(ask: Ask, sent: bytes) -> None:
    """What is no request, or could be read in two ways, is answered with 400 and the connection is closed."""
    assert ask(sent).startswith(b"HTTP/1.1 400 ")


def test_a_body_without_a_length_is_411(ask: Ask) -> None:
    """A request that says nothing of its body's length has none that could be waited for."""
    assert ask(HEAD + b"connection: close\r\n\r\n").startswith(b"HTTP/1.1 411 ")


def test_a_body_that_is_too_long_is_413(ask: Ask) -> None:
    """It is refused by its length, before it is sent where the sender waits, and as it comes in where none is given."""
    assert ask(HEAD + b"content-length: 99999999\r\n\r\n").startswith(b"HTTP/1.1 413 ")
    waiting = ask(HEAD + b"expect: 100-continue\r\ncontent-length: 20000\r\n\r\n")
    assert waiting.startswith(b"HTTP/1.1 413 ")
    chunks = [b"1000\r\n" + b"a" * 4_096 + b"\r\n"] * 10
    assert ask(HEAD + b"transfer-encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n").startswith(b"HTTP/1.1 413 ")


def test_a_body_that_does_not_come_is_408(ask: Ask) -> None:
    """A body has its time; then the answer is 408 and the connection ends."""
    answer = ask(HEAD + b"content-length: 10\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer


def test_a_body_that_is_cut_off_is_no_message(ask: Ask, tmp_path: Path) -> None:
    """A sender that goes away in the middle leaves nothing behind, and the next is served."""
    assert ask(HEAD + b"content-length: 10\r\n\r\nabc", ends=True) == b""
    whole = ask(HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\n{}")
    assert json.loads(whole.partition(b"\r\n\r\n")[2])["status"] == "accepted"
    end = time.monotonic() + 10
    while not list((tmp_path / "out").glob("*.headers.json")):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert len(list((tmp_path / "out").glob("*.json"))) == 2


def test_a_head_that_does_not_end_is_cut_off(ask: Ask) -> None:
    """A head is waited for so long and no longer, and is so long and no longer."""
    assert ask() == b""
    assert ask(HEAD) == b""
    assert ask(HEAD, *[b"x-a: " + b"a" * 4_000 + b"\r\n"] * 12)[:12] in {b"HTTP/1.1 431", b""}


def test_lines_after_a_body_or_between_chunks_have_an_end(ask: Ask) -> None:
    """Headers after the last chunk are passed over, and are only so long; so are the words beside a chunk's length."""
    begun = HEAD + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"
    few = ask(begun + b"0\r\nfluent-signature: AAAA\r\n\r\n")
    assert few.startswith(b"HTTP/1.1 200 ")
    many = b"".join(b"x-%d: %s\r\n" % (number, b"a" * 100) for number in range(9_000))
    assert b"accepted" not in ask(begun + b"0\r\n", many, many, b"\r\n")
    assert b"accepted" not in ask(begun + b"0;", b"a" * 900_000, b"a" * 900_000, b"\r\n\r\n")


def test_requests_that_wait_on_one_connection_are_few(ask: Ask) -> None:
    """Some requests may be sent without waiting for answers; a flood of them ends the connection."""
    one = HEAD + b"content-length: 2\r\n\r\n{}"
    last = HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\n{}"
    assert ask(one * 9 + last).count(b"HTTP/1.1 200 ") == 10
    assert ask(one * 500 + last).count(b"HTTP/1.1 200 ") < 100


def test_a_refusal_says_its_reason_to_us() -> None:
    """A refusal without words has its reason for a text."""
    assert str(RefusedError(404, "NO_DOOR")) == "NO_DOOR"
