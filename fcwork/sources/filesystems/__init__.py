"""Where files lie: this machine, a bucket, a server; each answers the same few questions about paths of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal, Protocol

Kind = Literal["file", "folder", "other"]


@dataclass(frozen=True)
class Entry:
    """What stands at a path.

    Attributes:
        path: of the file system.
        kind: other is what is neither file nor folder, such as a pipe.
        size: bytes.
        modified_at: when it was written, where that is told.
        etag: what the store says of the content, where it says something.
    """

    path: str
    kind: Kind
    size: int = 0
    modified_at: datetime | None = None
    etag: str = ""


class Filesystem(Protocol):
    """The files of one place.

    What goes wrong is an ``OSError``, ``FileNotFoundError`` and ``PermissionError`` among them, of which
    ``place.refused`` tells people; a ``SourceError`` where the place as a whole cannot be used.
    """

    def uri(self, path: str) -> str:
        """Return how people are told of a path; without secrets."""
        ...

    def look(self, path: str) -> Entry | None:
        """Return what stands at a path; None where nothing does."""
        ...

    def inside(self, folder: str) -> Iterator[Entry]:
        """Yield what a folder holds, one level down, all of it however much that is."""
        ...

    def matching(self, pattern: str) -> Iterator[Entry]:
        """Yield the files that a glob without braces matches: ``*``, ``?``, ``[]``, and ``**`` for any folders."""
        ...

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading, one that can be sought in."""
        ...

    def whole(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for writing that appears whole under its path when the block ends well, or not at all.

        Missing folders are made. What stood there is replaced.
        """
        ...

    def copy(self, path: str, to: str) -> None:
        """Copy a file within the file system; the copy appears whole or not at all, and replaces what stood there."""
        ...

    def remove(self, path: str) -> None:
        """Delete a file; no error where there is none."""
        ...
