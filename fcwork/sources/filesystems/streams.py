"""Files elsewhere as streams: what is needed next is fetched ahead, and what was written is sent behind."""

from __future__ import annotations

import errno
import io
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

FIRST_BYTES = 256 * 1024  # where reading begins, as it may be for a few bytes only
Sent = TypeVar("Sent")


class Reader(io.RawIOBase):
    """A file that is read block by block; no more than a few blocks of it are held.

    Args:
        size: of the file.
        fetch: begins to fetch as many bytes from a place on.
        end: waits for what was begun.
        block: how much is fetched at once.
        ahead: how many blocks are under way while one is read.
        close: lets go of the file.
    """

    def __init__(
        self,
        size: int,
        fetch: Callable[[int, int], Future[bytes]],
        *,
        end: Callable[[Future[bytes]], bytes],
        block: int,
        ahead: int,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._size, self._fetch, self._end, self._close = size, fetch, end, close
        self._block, self._ahead = block, ahead
        self._at, self._start, self._held = 0, 0, memoryview(b"")
        self._coming: deque[tuple[int, int, Future[bytes]]] = deque()  # start, length, what was begun
        self._step, self._due = min(FIRST_BYTES, block), 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be sought in."""
        return True

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "there is nothing before the beginning of a file")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what fits; 0 at the end."""
        room = memoryview(buffer).cast("B")
        done = 0
        while done < len(room) and self._at < self._size:
            part = self._here()[: len(room) - done]
            room[done : done + len(part)] = part
            done += len(part)
            self._at += len(part)
        return done

    def readall(self) -> bytes:
        """Read all that is left."""
        left = bytearray(max(self._size - self._at, 0))
        self.readinto(left)
        return bytes(left)

    def close(self) -> None:
        """Let go of the file; what is under way is dropped."""
        if not self.closed:
            self._drop()
            self._held = memoryview(b"")
            try:
                self._close()
            finally:
                super().close()

    def _here(self) -> memoryview:
        """Return what is held from the place on, after it was fetched."""
        if not self._start <= self._at < self._start + len(self._held):
            self._next()
        return self._held[self._at - self._start :]

    def _next(self) -> None:
        on = self._at in {0, self._start + len(self._held)}
        if not self._coming or not self._coming[0][0] <= self._at < sum(self._coming[0][:2]):
            self._jump(on=on)
        start, length, begun = self._coming.popleft()
        if on:
            self._run_ahead()
        data = self._end(begun)
        if len(data) != length:
            raise OSError(errno.EIO, f"it ended early, after {start + len(data):,} of {self._size:,} bytes")
        self._start, self._held = start, memoryview(data)

    def _jump(self, *, on: bool) -> None:
        """Begin anew at the place, with a small block unless it goes on from what was read."""
        self._drop()
        self._step = self._step if on else min(FIRST_BYTES, self._block)
        self._begin(self._at)

    def _run_ahead(self) -> None:
        """Begin what follows; blocks grow as the reading goes on."""
        self._step = min(self._step * 4, self._block)
        while len(self._coming) < self._ahead and self._due < self._size:
            self._begin(self._due)

    def _begin(self, start: int) -> None:
        length = min(self._step, self._size - start)
        self._coming.append((start, length, self._fetch(start, length)))
        self._due = start + length

    def _drop(self) -> None:
        while self._coming:
            self._coming.popleft()[2].cancel()


class Writer(io.RawIOBase, Generic[Sent]):
    """A file that is sent block by block; no more than a few blocks of it are held.

    Args:
        send: begins to send a block, which has a number from 0 on and a place in the file.
        end: waits for what was begun.
        block: the size of a block by its number.
        behind: how many blocks are under way.
    """

    def __init__(
        self,
        send: Callable[[int, int, bytes], Future[Sent]],
        *,
        end: Callable[[Future[Sent]], Sent],
        block: Callable[[int], int],
        behind: int,
    ) -> None:
        self._send, self._end, self._block, self._behind = send, end, block, behind
        self._held = bytearray()
        self._place, self._number = 0, 0
        self._going: deque[Future[Sent]] = deque()
        self.sent: list[Sent] = []

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def tell(self) -> int:
        """Return how much was written."""
        return self._place + len(self._held)

    def write(self, data: ReadableBuffer) -> int:
        """Take all of the bytes."""
        if self.closed:
            raise ValueError("write to a closed file")
        left = memoryview(data).cast("B")
        size = len(left)
        while left:
            taken = left[: self._block(self._number) - len(self._held)]
            self._held += taken
            left = left[len(taken) :]
            if len(self._held) == self._block(self._number):
                self._pass_on()
        return size

    @property
    def rest(self) -> bytes:
        """What is held and not sent."""
        return bytes(self._held)

    def finish(self) -> list[Sent]:
        """Send what is held, wait for all answers and return them in order."""
        if self._held:
            self._pass_on()
        while self._going:
            self._settle()
        return self.sent

    def drop(self) -> None:
        """Let go of what is under way."""
        while self._going:
            self._going.popleft().cancel()
        self._held.clear()

    def _pass_on(self) -> None:
        data = bytes(self._held)
        self._held.clear()
        self._going.append(self._send(self._number, self._place, data))
        self._place += len(data)
        self._number += 1
        while len(self._going) > self._behind:
            self._settle()

    def _settle(self) -> None:
        self.sent.append(self._end(self._going.popleft()))
