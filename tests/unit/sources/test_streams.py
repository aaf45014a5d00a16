import io
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcwork.sources.filesystems import Entry, globs
from fcwork.sources.filesystems.streams import FIRST_BYTES, Reader, Writer


def done(value: Any) -> Future[Any]:
    """Return an answer that has come already."""
    answer: Future[Any] = Future()
    answer.set_result(value)
    return answer


def reader(content: bytes, fetched: list[tuple[int, int]], *, block: int = 8, ahead: int = 2) -> Reader:
    """Return a stream of a content that notes what is fetched."""

    def fetch(start: int, size: int) -> Future[bytes]:
        fetched.append((start, size))
        return done(content[start : start + size])

    return Reader(len(content), fetch, end=lambda begun: begun.result(), block=block, ahead=ahead)


@given(st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 250), st.integers(-1, 60)), max_size=12), st.data())
def test_reading_is_as_of_a_file(content: bytes, steps: list[tuple[int, int]], data: st.DataObject) -> None:
    """From any place, in pieces of any size, the bytes are those of the file."""
    ours, theirs = reader(content, [], block=data.draw(st.integers(1, 64))), io.BytesIO(content)
    for place, size in steps:
        if data.draw(st.booleans()):
            assert ours.seek(place) == theirs.seek(place)
        assert ours.read(size) == theirs.read(size)
        assert ours.tell() == theirs.tell()


def test_only_what_is_read_on_is_fetched_ahead() -> None:
    """Reading on fetches the next blocks before they are asked for, larger and larger; a jump does not."""
    fetched: list[tuple[int, int]] = []
    stream = reader(bytes(40 * FIRST_BYTES), fetched, block=16 * FIRST_BYTES)
    stream.read(1)
    assert fetched == [(0, FIRST_BYTES), (FIRST_BYTES, 4 * FIRST_BYTES), (5 * FIRST_BYTES, 4 * FIRST_BYTES)]
    fetched.clear()
    stream.seek(-10, io.SEEK_END)
    stream.read(10)
    assert fetched == [(40 * FIRST_BYTES - 10, 10)]


def test_a_file_that_ends_early_is_no_whole_file() -> None:
    """P29: fewer bytes than the place told of are an error."""
    stream = Reader(10, lambda *_: done(b"123"), end=lambda begun: begun.result(), block=10, ahead=1)
    with pytest.raises(OSError, match="ended early, after 3 of 10 bytes"):
        stream.read()
    with pytest.raises(OSError, match="nothing before the beginning"):
        stream.seek(-1)


@given(st.lists(st.binary(max_size=40)), st.integers(1, 16))
def test_writing_sends_all_bytes_in_blocks(pieces: list[bytes], block: int) -> None:
    """Pieces of any size leave as blocks of one size, in order, each with its place."""
    sent: list[tuple[int, int, bytes]] = []

    def send(number: int, place: int, data: bytes) -> Future[int]:
        sent.append((number, place, data))
        return done(number)

    stream = Writer(send, end=lambda begun: begun.result(), block=lambda _: block, behind=2)
    assert [stream.write(piece) for piece in pieces] == [len(piece) for piece in pieces]
    content = b"".join(pieces)
    assert stream.tell() == len(content)
    assert stream.finish() == list(range(len(sent)))
    assert [data for _, _, data in sent] == [content[at : at + block] for at in range(0, len(content), block)]
    assert [place for _, place, _ in sent] == list(range(0, len(content), block))


def test_a_glob_of_many_stars_takes_no_longer() -> None:
    """P24: a pattern and a name that are made to fit in many ways are decided in one pass."""
    names = "/".join(["a"] * 500)
    pattern = "/".join(["**", "a"] * 20) + "/b"
    found = globs.matching(
        pattern, inside=lambda *_: iter(()), below=lambda _: iter([Entry(names, "file")]), look=lambda _: None
    )
    assert list(found) == []
