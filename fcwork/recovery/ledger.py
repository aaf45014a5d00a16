"""The durable record of a send: a file that only grows, one JSON line an entry, each line checked.

A line's ``sum`` is the CRC-32 of the line, continued from the line before, so that a line changed, lost or moved is
noticed. A last line that was cut off by a crash is dropped; anything else that does not check is refused.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from fcwork import locks
from fcwork.errors import CheckpointError
from fcwork.recovery.entries import Entry, from_record, to_record

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_SUM_DIGITS = 8
_HEAD = b'{"sum":"'  # then eight hex digits, '",' and the rest of the object


class Ledger:
    """A ledger held open, and locked against other processes, until it is closed.

    Args:
        path: the file; it is made if it is not there.
        checkpoint: the name that errors tell.

    Raises:
        CheckpointError: it is in use, damaged or cannot be opened.
    """

    def __init__(self, path: Path, *, checkpoint: str) -> None:
        self.path, self.checkpoint = path, checkpoint
        self.entries: list[Entry] = []
        self._size = self._sum = 0
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise _unusable(path, checkpoint, error) from error
        try:
            self._take()
        except BaseException:
            os.close(self._file)
            raise

    def append(self, entry: Entry, *, sync: bool = False) -> None:
        """Write one line.

        Args:
            entry: what to record.
            sync: return only when the disk has it; else a crash of the machine, not of the process, may lose it.

        Raises:
            CheckpointError: the disk did not take it; the ledger then ends with the line before.
        """
        line, check = encode(entry, previous=self._sum)
        try:
            written = os.write(self._file, line)
            if written < len(line):
                written += os.write(self._file, line[written:])  # says why the disk took no more
            if sync:
                os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._size)
            raise CheckpointError(
                f"the ledger {self.path} cannot be written: {error.strerror}",
                hint="make room or mend the disk, then resume, or send again if nothing was sent",
                checkpoint=self.checkpoint,
            ) from error
        self._size, self._sum = self._size + len(line), check

    def close(self) -> None:
        """Make everything durable and give the lock back; closing twice does nothing."""
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1

    def _take(self) -> None:
        """Lock the file, read it, and drop a last line that was cut off."""
        try:
            free = locks.take(self._file)
        except OSError as error:
            raise _unusable(self.path, self.checkpoint, error) from error
        if not free or not os.fstat(self._file).st_nlink:  # no name left: the send that held it settled and removed it
            raise _taken(self.checkpoint)
        with os.fdopen(os.dup(self._file), "rb") as content:
            self.entries, self._size, self._sum = decode(content.read(), checkpoint=self.checkpoint)
        os.ftruncate(self._file, self._size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def encode(entry: Entry, *, previous: int) -> tuple[bytes, int]:
    """Return the line of an entry, and its sum."""
    body = orjson.dumps(to_record(entry))
    check = zlib.crc32(body, previous)
    return b'%s%08x",%s\n' % (_HEAD, check, body[1:]), check


def decode(content: bytes, *, checkpoint: str) -> tuple[list[Entry], int, int]:
    """Return the entries in a ledger's content, the length of what is whole, and the sum to go on from.

    Raises:
        CheckpointError: a line before the last does not check.
    """
    entries: list[Entry] = []
    size = check = 0
    *lines, rest = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        body, found = _body(line)
        if found is None or zlib.crc32(body, check) != found:
            if number < len(lines) or rest:
                raise _damaged(checkpoint, number)
            break
        entries.append(_entry(body, checkpoint, number))
        size, check = size + len(line) + 1, found
    return entries, size, check


def peek(path: Path, *, checkpoint: str) -> list[Entry]:
    """Return what a ledger says at this moment, whoever holds it.

    Raises:
        CheckpointError: it is damaged or cannot be read.
    """
    try:
        return decode(path.read_bytes(), checkpoint=checkpoint)[0]
    except OSError as error:
        raise _unusable(path, checkpoint, error) from error


def in_use(path: Path) -> bool:
    """Say whether a send holds the ledger."""
    try:
        with seized(path, checkpoint=path.parent.name):
            return False
    except CheckpointError:
        return path.exists()


@contextmanager
def seized(path: Path, *, checkpoint: str) -> Iterator[None]:
    """Keep a ledger, be it damaged, from every send for the time of the block.

    Raises:
        CheckpointError: a send holds it, or it cannot be opened.
    """
    try:
        file = os.open(path, os.O_RDWR)
    except OSError as error:
        raise _unusable(path, checkpoint, error) from error
    try:
        if not locks.take(file):
            raise _taken(checkpoint)
        yield
    finally:
        os.close(file)


def _body(line: bytes) -> tuple[bytes, int | None]:
    """Return a line's object without its sum, and the sum."""
    digits = line[len(_HEAD) : len(_HEAD) + _SUM_DIGITS]
    try:
        found = int(digits, 16) if line.startswith(_HEAD) else None
    except ValueError:
        found = None
    return b"{" + line[len(_HEAD) + _SUM_DIGITS + 2 :], found


def _entry(body: bytes, checkpoint: str, number: int) -> Entry:
    try:
        return from_record(orjson.loads(body))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"line {number} of the ledger of checkpoint {checkpoint!r} is of a kind that this version does not know",
            hint="resume it with the version of fcwork that wrote it",
            checkpoint=checkpoint,
        ) from error


def _taken(checkpoint: str) -> CheckpointError:
    return CheckpointError(
        f"checkpoint {checkpoint!r} is in use by another send",
        hint="wait for it to end; other rows take a checkpoint name of their own",
        checkpoint=checkpoint,
    )


def _damaged(checkpoint: str, number: int) -> CheckpointError:
    return CheckpointError(
        f"the ledger of checkpoint {checkpoint!r} is damaged: line {number} does not check, and others follow it",
        hint="what was sent after it cannot be told: compare with the platform, then recovery.drop it",
        checkpoint=checkpoint,
    )


def _unusable(path: Path, checkpoint: str, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"the ledger {path} cannot be used: {error.strerror}",
        hint="mend the permissions, or set FCWORK_HOME to a folder that can be written",
        checkpoint=checkpoint,
    )
