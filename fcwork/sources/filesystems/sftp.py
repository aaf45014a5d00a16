"""The files of an SFTP server below a root."""

from __future__ import annotations

import errno
import io
import os
import posixpath
import secrets
import shutil
import stat
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from os import getpid
from typing import BinaryIO, TypeVar, cast

import asyncssh

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources.filesystems import Entry, globs, jail
from fcwork.sources.filesystems.sftp_link import Link, connected
from fcwork.sources.filesystems.streams import Reader, Writer
from fcwork.sources.filesystems.terms import SftpTerms

BLOCK_BYTES = 1024 * 1024  # an answer to each is waited for: small enough for slow lines
AHEAD = 6  # blocks under way, which are answered in order
COPIED_BYTES = 64 * 1024 * 1024  # by one request of the server's own copying
T = TypeVar("T")
_logger = log.get("sources")


class Sftp:
    """The files of one server, by their paths below the root."""

    def __init__(self, terms: SftpTerms, shown: str) -> None:
        self.terms, self.shown = terms, shown
        self._lock = threading.Lock()
        self._held: Link | None = None

    def uri(self, path: str) -> str:
        """Return the path behind what the server is called; bytes that are no UTF-8 show as a replacement sign."""
        return self.shown + ("" if path == "." else path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))

    def look(self, path: str) -> Entry | None:
        """Return what stands at a path, a link followed."""
        return self._again(lambda link: self._look(link, path))

    def inside(self, folder: str) -> Iterator[Entry]:
        """Yield what a folder holds; a link that leads nowhere, or out of the root, is passed over."""
        return self._inside(folder, "")

    def matching(self, pattern: str) -> Iterator[Entry]:
        """Yield the files that a glob matches; only folders that may hold some are listed."""
        pattern = jail.checked(pattern, self.uri(pattern))
        return globs.matching(pattern, inside=self._inside, below=self._below, look=self.look)

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Open a file for reading, many requests at once."""
        link, file, size = self._again(lambda link: self._opened(link, path))

        def fetch(start: int, length: int) -> Future[bytes]:
            return link.calls.begin(file.read(length, start))

        def close() -> None:
            with suppress(OSError):
                link.calls(file.close())

        reader = Reader(size, fetch, end=self._ending(link), block=BLOCK_BYTES, ahead=AHEAD, close=close)
        with io.BufferedReader(reader) as stream:
            yield cast("BinaryIO", stream)

    @contextmanager
    def whole(self, path: str) -> Iterator[BinaryIO]:
        """Write a file beside its place, and rename it when the block ends well."""
        link, target = self._again(lambda link: self._prepared(link, path))
        with self._temporary(link, target) as (file, temporary):
            writer = Writer(
                lambda _, place, data: link.calls.begin(file.write(data, place)),
                end=self._ending(link),
                block=lambda _: BLOCK_BYTES,
                behind=AHEAD,
            )
            try:
                yield cast("BinaryIO", writer)
                writer.finish()
            finally:
                writer.drop()
                writer.close()
            _settle(link, file)
            _rename(link, temporary, target)

    def copy(self, path: str, to: str) -> None:
        """Copy a file with the time of its last change, by the server itself where it can."""
        link, target = self._again(lambda link: self._prepared(link, to))
        facts = link.calls(link.sftp.stat(self._at(link, path)))
        if link.sftp.supports_remote_copy:
            self._copy_there(link, self._at(link, path), target, facts.size or 0)
        else:
            with self.open(path) as source, self.whole(to) as copy:
                shutil.copyfileobj(source, copy, BLOCK_BYTES)
        if facts.mtime is not None:
            link.calls(link.sftp.utime(target, (facts.atime or facts.mtime, facts.mtime)))

    def remove(self, path: str) -> None:
        """Delete a file; of a link the link itself, not what it points to."""
        with suppress(FileNotFoundError):
            self._again(lambda link: link.calls(link.sftp.remove(self._at(link, path, followed=False))))

    def _link(self) -> Link:
        with self._lock:
            if self._held is None or self._held.process != getpid():
                self._held = connected(self.terms)
            return self._held

    def _again(self, ask: Callable[[Link], T]) -> T:
        """Ask, and once more on a new connection where the old one was cut: for what may well happen twice."""
        link = self._link()
        try:
            return ask(link)
        except ConnectionError:
            self._drop(link)
            return ask(self._link())
        except TimeoutError:
            self._drop(link)
            raise

    def _drop(self, link: Link) -> None:
        with self._lock:
            if self._held is link:
                self._held = None

    def _ending(self, link: Link) -> Callable[[Future[T]], T]:
        """Return what waits for an answer, and lets go of a connection that gives none."""

        def end(begun: Future[T]) -> T:
            try:
                return link.calls.end(begun)
            except (ConnectionError, TimeoutError):
                self._drop(link)
                raise

        return end

    def _at(self, link: Link, path: str, *, followed: bool = True) -> str:
        """Return a path of the server.

        Raises:
            SourceError: it lies outside of the root, or a link on the way to it, or it itself where it is followed,
                leads there.
        """
        full = posixpath.join(link.root, jail.checked(path, self.uri(path))).rstrip("/") or "/"
        begin = full if followed or full == link.root else posixpath.dirname(full)
        if link.root != "/" and not jail.is_below(_real(link, begin), link.root):
            raise jail.leads_out(self.uri(path))
        return full

    def _look(self, link: Link, path: str) -> Entry | None:
        try:
            return _entry(path, link.calls(link.sftp.stat(self._at(link, path))))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _inside(self, folder: str, begin: str) -> Iterator[Entry]:
        yield from (entry for entry, _ in self._listed(folder, begin))

    def _below(self, folder: str) -> Iterator[Entry]:
        """Yield all files below a folder; what is a link is not gone into, as it may lead round in circles."""
        ahead = [folder]
        while ahead:
            for entry, is_link in self._listed(ahead.pop(), ""):
                if entry.kind != "folder":
                    yield entry
                elif not is_link:
                    ahead.append(entry.path)

    def _listed(self, folder: str, begin: str) -> Iterator[tuple[Entry, bool]]:
        """Yield what a folder holds, and whether it is a link."""
        base = jail.checked(folder, self.uri(folder))
        for item in self._again(lambda link: link.calls(link.sftp.readdir(self._at(link, folder)))):
            name, is_link = str(item.filename), stat.S_ISLNK(item.attrs.permissions or 0)
            if name in {".", ".."} or "/" in name or not name.startswith(begin):
                continue
            path = posixpath.join(base, name)
            entry = self._followed(path) if is_link else _entry(path, item.attrs)
            if entry:
                yield entry, is_link

    def _followed(self, path: str) -> Entry | None:
        try:
            return self.look(path)
        except (SourceError, PermissionError) as error:
            _logger.warning("sftp.link_passed_over", uri=self.uri(path), error=str(error))
            return None

    def _opened(self, link: Link, path: str) -> tuple[Link, asyncssh.SFTPClientFile, int]:
        file = link.calls(link.sftp.open(self._at(link, path), "rb"))
        return link, file, link.calls(file.stat()).size or 0

    def _prepared(self, link: Link, path: str) -> tuple[Link, str]:
        """Return where a file is to be written, its folder being there."""
        target = self._at(link, path)
        there = self._look(link, path)
        if there and there.kind == "folder":
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if there and there.kind == "other":
            raise SourceError(f"{self.uri(path)} is no plain file", hint="give the path of a file", uri=self.uri(path))
        folder = posixpath.dirname(target)
        if not there and not link.calls(link.sftp.isdir(folder)):
            _make(link, folder)
        return link, target

    @contextmanager
    def _temporary(self, link: Link, target: str) -> Iterator[tuple[asyncssh.SFTPClientFile, str]]:
        """Open a new file beside a place, which is gone afterwards unless it was renamed."""
        temporary = posixpath.join(posixpath.dirname(target), f".{secrets.token_hex(6)}.part")
        file = link.calls(link.sftp.open(temporary, "xb"))
        try:
            yield file, temporary
        except TimeoutError:  # whoever does not answer will not delete either
            self._drop(link)
            raise
        except BaseException:
            with suppress(OSError, SourceError):
                link.calls(file.close())
            with suppress(OSError, SourceError):
                self._again(lambda link: link.calls(link.sftp.remove(temporary)))
            raise

    def _copy_there(self, link: Link, source: str, target: str, size: int) -> None:
        """Have the server copy a file, a piece at a time, so that no answer takes long."""
        origin = link.calls(link.sftp.open(source, "rb"))
        try:
            with self._temporary(link, target) as (file, temporary):
                for start in range(0, size, COPIED_BYTES):
                    length = min(COPIED_BYTES, size - start)
                    link.calls(link.sftp.remote_copy(origin, file, start, length, start))
                _settle(link, file)
                _rename(link, temporary, target)
        finally:
            with suppress(OSError):
                link.calls(origin.close())


def _settle(link: Link, file: asyncssh.SFTPClientFile) -> None:
    """Have what was written lie on the disk, where the server can, and let go of it."""
    _offered(link, file.fsync())
    link.calls(file.close())


def _rename(link: Link, temporary: str, target: str) -> None:
    """Give a file its name, in one step where the server can."""
    if not _offered(link, link.sftp.posix_rename(temporary, target)):
        with suppress(FileNotFoundError):
            link.calls(link.sftp.remove(target))
        link.calls(link.sftp.rename(temporary, target))


def _offered(link: Link, call: Awaitable[None]) -> bool:
    """Make a call, and say whether the server offers it."""
    try:
        link.calls(call)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        return False
    return True


def _make(link: Link, folder: str) -> None:
    try:
        link.calls(link.sftp.makedirs(folder, exist_ok=True))
    except PermissionError:
        raise
    except OSError as error:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error


def _real(link: Link, path: str) -> str:
    """Return where a path really lies, links resolved; of what is not there, where it would."""
    missing = ""
    while True:
        try:
            return posixpath.join(str(link.calls(link.sftp.realpath(path))), missing).rstrip("/")
        except FileNotFoundError:
            path, name = posixpath.split(path)
            missing = posixpath.join(name, missing)
            if not name:
                raise


def _entry(path: str, facts: asyncssh.SFTPAttrs) -> Entry:
    mode = stat.S_IFMT(facts.permissions or 0) or stat.S_IFREG  # some servers tell no kind
    modified_at = None if facts.mtime is None else datetime.fromtimestamp(facts.mtime, UTC)
    if mode == stat.S_IFDIR:
        return Entry(path, "folder", 0, modified_at)
    return Entry(path, "file" if mode == stat.S_IFREG else "other", facts.size or 0, modified_at)
