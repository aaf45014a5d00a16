"""A place where nothing is to be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO

from fcwork.errors import SourceError
from fcwork.sources.filesystems import Entry, Filesystem


class ReadOnly:
    """The files of a place, to be read."""

    def __init__(self, files: Filesystem) -> None:
        self._files = files

    def uri(self, path: str) -> str:
        """Return how people are told of a path."""
        return self._files.uri(path)

    def look(self, path: str) -> Entry | None:
        """Return what stands at a path."""
        return self._files.look(path)

    def inside(self, folder: str) -> Iterator[Entry]:
        """Yield what a folder holds."""
        return self._files.inside(folder)

    def matching(self, pattern: str) -> Iterator[Entry]:
        """Yield the files that a glob matches."""
        return self._files.matching(pattern)

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading."""
        return self._files.open(path)

    def whole(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Refuse."""
        raise self._refusal(path)

    def copy(self, path: str, to: str) -> None:
        """Refuse."""
        del path
        raise self._refusal(to)

    def remove(self, path: str) -> None:
        """Refuse."""
        raise self._refusal(path)

    def _refusal(self, path: str) -> SourceError:
        uri = self.uri(path)
        return SourceError(f"{uri} is not written: its connection is read_only", hint="take read_only away", uri=uri)
