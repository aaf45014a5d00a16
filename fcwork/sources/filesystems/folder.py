"""A folder of this machine that is used like a place elsewhere: by names below its root."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from fcwork.errors import SourceError
from fcwork.sources.filesystems import Entry, globs, jail
from fcwork.sources.filesystems.local import Local
from fcwork.sources.filesystems.terms import FolderTerms

_FILES = Local()


class Folder:
    """The files of one folder."""

    def __init__(self, terms: FolderTerms, shown: str) -> None:
        self.shown = shown
        self._root = Path(terms.root).expanduser().resolve()
        if not self._root.is_dir():
            raise SourceError(f"the root {terms.root} is no folder", hint="make it, or see to root of the connection")

    def uri(self, path: str) -> str:
        """Return the path behind what the place is called."""
        return self.shown + ("" if path == "." else _FILES.uri(path))

    def look(self, path: str) -> Entry | None:
        """Return what stands at a path, a link followed."""
        entry = _FILES.look(self._at(path))
        return replace(entry, path=path) if entry else None

    def inside(self, folder: str) -> Iterator[Entry]:
        """Yield what a folder holds; a link that leads nowhere, or out of the root, is passed over."""
        return self._inside(folder, "")

    def matching(self, pattern: str) -> Iterator[Entry]:
        """Yield the files that a glob matches."""
        pattern = jail.checked(pattern, self.uri(pattern))
        return globs.matching(pattern, inside=self._inside, below=self._below, look=self.look)

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading."""
        return _FILES.open(self._at(path))

    def whole(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for writing that appears whole or not at all."""
        if not jail.checked(path, self.uri(path)):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return _FILES.whole(self._at(path))

    def copy(self, path: str, to: str) -> None:
        """Copy a file with the time of its last change."""
        _FILES.copy(self._at(path), self._at(to))

    def remove(self, path: str) -> None:
        """Delete a file; of a link the link itself, not what it points to."""
        _FILES.remove(self._at(path, followed=False))

    def _inside(self, folder: str, begin: str) -> Iterator[Entry]:
        for entry in _FILES.inside(self._at(folder)):
            path = Path(entry.path)
            if path.name.startswith(begin) and self._holds(path):
                yield replace(entry, path=path.relative_to(self._root).as_posix())

    def _below(self, folder: str) -> Iterator[Entry]:
        """Yield all files below a folder; what is a link is not gone into, as it may lead round in circles."""
        ahead = [folder]
        while ahead:
            for entry in self._inside(ahead.pop(), ""):
                if entry.kind != "folder":
                    yield entry
                elif not (self._root / entry.path).is_symlink():
                    ahead.append(entry.path)

    def _at(self, path: str, *, followed: bool = True) -> str:
        full = self._root / jail.checked(path, self.uri(path))
        if not self._holds(full if followed or full == self._root else full.parent):
            raise jail.leads_out(self.uri(path))
        return str(full)

    def _holds(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._root)
