"""The files of this machine."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from fcwork.errors import SourceError
from fcwork.sources.filesystems import Entry, private


class Local:
    """The files of this machine, by absolute paths or by those from the working folder."""

    def uri(self, path: str) -> str:
        """Return the path; bytes in it that are no UTF-8 show as a replacement sign."""
        return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def look(self, path: str) -> Entry | None:
        """Return what stands at a path, a link followed."""
        try:
            facts = Path(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _entry(path, facts)

    def inside(self, folder: str) -> Iterator[Entry]:
        """Yield what a folder holds; a link that leads nowhere is passed over."""
        for item in Path(folder).iterdir():
            entry = self.look(str(item))
            if entry:
                yield entry

    def matching(self, pattern: str) -> Iterator[Entry]:
        """Yield the files that a glob matches."""
        for name in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - Path.glob takes no absolute pattern
            entry = self.look(name)
            if entry and entry.kind == "file":
                yield entry

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Open a file for reading."""
        with Path(path).open("rb") as stream:
            yield stream

    @contextmanager
    def whole(self, path: str) -> Iterator[BinaryIO]:
        """Open a file beside its place, and rename it when the block ends well."""
        target = Path(path)
        temporary = target.with_name(f".{secrets.token_hex(6)}.part")
        try:
            if target.exists() and not (target.is_file() or target.is_dir()):  # or it would take a device's place
                raise SourceError(f"{path} is no plain file", hint="give the path of a file", uri=self.uri(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, "xb", opener=private.opener()) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(target)
            _settle(target.parent)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def copy(self, path: str, to: str) -> None:
        """Copy a file with the time of its last change."""
        with self.open(path) as source, self.whole(to) as copy:
            shutil.copyfileobj(source, copy, 1_000_000)
        facts = Path(path).stat()
        os.utime(to, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    def remove(self, path: str) -> None:
        """Delete a file."""
        Path(path).unlink(missing_ok=True)


def _entry(path: str, facts: os.stat_result) -> Entry:
    modified_at = datetime.fromtimestamp(facts.st_mtime, UTC)
    if stat.S_ISDIR(facts.st_mode):
        return Entry(path, "folder", 0, modified_at)
    return Entry(path, "file" if stat.S_ISREG(facts.st_mode) else "other", facts.st_size, modified_at)


def _settle(folder: Path) -> None:
    """Make the new name in ``folder`` last through a power cut."""
    if os.name == "nt":
        return  # Windows opens no folders
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
