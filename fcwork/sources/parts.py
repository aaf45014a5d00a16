"""The files of one write: they grow one after the other, and appear under their names together."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, NoReturn

import polars as pl

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources.place import Place, whole
from fcwork.sources.writers import Writer
from fcwork.sources.written import WrittenFile

PIECE_BYTES = 2_000_000  # of rows, as they lie in memory, that are made text at once
MAX_HELD = 100  # complete files that wait for the others, each an open file
_FIRST_SHARE = 10  # the first piece of a file that is to have a size is a tenth of it, by and large
_GZIP_LEVEL = 6
_logger = log.get("sources")


@dataclass(frozen=True)
class Limits:
    """When a file is full.

    Attributes:
        rows, bytes: as many make it full; None is no limit.
    """

    rows: int | None = None
    bytes: int | None = None


class _Dropped(Exception):  # noqa: N818 - no error: it tells a file that it is not wanted
    """A file is not to appear."""


class Part:
    """One file as it grows; it is not under its name yet.

    Attributes:
        place: where it will be.
        rows: how many it has.
        is_new: nothing stood under its name before.
    """

    def __init__(self, place: Place, writer: Writer, partition: Mapping[str, str | None], *, packed: bool) -> None:
        self.place = place
        self.rows = 0
        self.is_new = _is_free(place)
        self._partition = partition
        self._writer = writer
        self._size = 0
        self._digest = hashlib.sha256()
        # Without a name and a time in its header the same rows give the same bytes.
        self._pack = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 31) if packed else None
        self._stack = ExitStack()
        self._stream: BinaryIO = self._stack.enter_context(whole(place))
        self._write([writer.begin()])

    @property
    def size(self) -> int:
        """Bytes so far, those that are kept back as well."""
        return self._size + self._writer.held

    def room(self, rows: pl.DataFrame, limits: Limits) -> int:
        """Return how many of these rows to add at once."""
        width = max(rows.estimated_size() / rows.height, 1)
        most = min(self._writer.room, int(PIECE_BYTES / width))
        if limits.rows:
            most = min(most, limits.rows - self.rows)
        if limits.bytes and self.size and self.rows:
            most = min(most, int((limits.bytes - self.size) * self.rows / self.size))
        elif limits.bytes:  # how large rows become is not known yet
            most = min(most, int(limits.bytes / width / _FIRST_SHARE))
        return max(most, 1)

    def is_full(self, limits: Limits) -> bool:
        """Say whether no more rows are to be added."""
        return bool((limits.rows and self.rows >= limits.rows) or (limits.bytes and self.size >= limits.bytes))

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows.

        Raises:
            SourceError: they have no form in the format, or there is no room.
        """
        try:
            self._write([self._writer.rows(rows)])
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            told = str(error).partition("\n")[0]
            raise SourceError(f"{self.place.uri} cannot be written: {told}", uri=self.place.uri) from error
        self.rows += rows.height

    def finish(self) -> None:
        """Write what stands behind the rows."""
        self._write(self._writer.end())
        if self._pack:
            self._put(self._pack.flush())

    def appear(self) -> None:
        """Let the file stand under its name.

        Raises:
            SourceError: it cannot.
        """
        self._stack.close()

    def facts(self, name: str) -> WrittenFile:
        """Return what is known of the file, under a name."""
        digest = self._digest.hexdigest()
        return WrittenFile(self.place.uri, name, self.rows, self._size, digest, self._partition)

    def drop(self) -> None:
        """Leave nothing of the file."""
        gone = _Dropped()
        try:
            self._stack.__exit__(_Dropped, gone, None)
        except (_Dropped, SourceError) as error:
            _logger.debug("source.dropped", uri=self.place.uri, error=str(error))

    def _write(self, blocks: Iterable[bytes]) -> None:
        try:
            for block in blocks:
                self._put(self._pack.compress(block) if self._pack else block)
        except OSError as error:
            self._fail(error)

    def _put(self, block: bytes) -> None:
        self._stream.write(block)
        self._digest.update(block)
        self._size += len(block)

    def _fail(self, error: OSError) -> NoReturn:
        """Let the place say what is wrong with writing there."""
        self._stack.__exit__(type(error), error, error.__traceback__)
        raise error


@dataclass
class Shelf(AbstractContextManager["Shelf"]):
    """The files of one write: all appear, or none that was not there before.

    Each is whole whenever it is there. Whether all of them are is told by the manifest, which comes last. Files of this
    machine wait until all are complete; where they are more than ``MAX_HELD`` the first appear earlier,
    and so does every file elsewhere, where an open one is a connection.
    """

    writer: Callable[[str], Writer]
    packed: bool
    _open: Part | None = None
    _held: list[Part] = field(default_factory=list)
    _shown: list[Part] = field(default_factory=list)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind:
            self._drop()

    @property
    def is_empty(self) -> bool:
        """Whether there is no file."""
        return not (self._open or self._held or self._shown)

    def begin(self, place: Place, partition: Mapping[str, str | None]) -> Part:
        """Return a new file."""
        self._open = Part(place, self.writer(place.uri), partition, packed=self.packed)
        return self._open

    def finish(self, part: Part) -> None:
        """Complete a file."""
        part.finish()
        self._open = None
        self._held.append(part)
        if part.place.local is None or len(self._held) > MAX_HELD:
            self._show()

    def show(self) -> list[Part]:
        """Let all files stand under their names, and return them."""
        while self._held:
            self._show()
        return self._shown

    def _show(self) -> None:
        part = self._held[0]
        part.appear()
        self._shown.append(self._held.pop(0))

    def _drop(self) -> None:
        for part in filter(None, [self._open, *self._held]):
            part.drop()
        for part in self._shown:
            if part.is_new:
                remove(part.place)


def fill(
    shelf: Shelf,
    rows: Iterable[pl.DataFrame],
    limits: Limits,
    named: Callable[[int], Place],
    partition: Mapping[str, str | None],
) -> None:
    """Write rows to one file, or to as many as their limits ask for; none where there are no rows."""
    number, part = 0, None
    for piece in rows:
        left = piece
        while left.height:
            if part is None:
                number += 1
                part = shelf.begin(named(number), partition)
            taken = part.room(left, limits)
            part.add(left.head(taken))
            left = left.slice(taken)
            if part.is_full(limits):
                shelf.finish(part)
                part = None
    if part:
        shelf.finish(part)


def _is_free(place: Place) -> bool:
    """Say whether nothing stands at a place; where that may not be looked at, something may."""
    try:
        return place.look() is None
    except SourceError:
        return False


def remove(place: Place) -> None:
    """Delete a file; where that cannot be done, say so."""
    try:
        place.filesystem.remove(place.path)
    except OSError as error:
        _logger.warning("source.left_behind", uri=place.uri, error=error.strerror or str(error))
