"""The objects of a bucket as files: S3 and what speaks like it, by s3fs's session."""

from __future__ import annotations

import asyncio
import errno
import io
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from os import getpid
from typing import Any, BinaryIO, TypeVar, cast

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from s3fs import S3FileSystem

from fcwork.errors import SourceError
from fcwork.sources.filesystems import Entry, globs, jail, s3_logs
from fcwork.sources.filesystems.calls import Calls
from fcwork.sources.filesystems.s3_errors import told
from fcwork.sources.filesystems.s3_upload import AHEAD, BLOCK_BYTES, Upload, part_bytes
from fcwork.sources.filesystems.streams import Reader, Writer
from fcwork.sources.filesystems.terms import S3Terms

COPIED_AT_ONCE = 256 * 1024 * 1024  # a larger object is copied in parts, side by side
TRIES = 3
PAUSE_SECONDS = 5.0  # between them, at most
SLOWEST = 20_000  # bytes a second; a line on which less gets through is dead
LONGEST_CONNECT_SECONDS = 10.0
KNOWN = (BotoCoreError, ClientError, aiohttp.ClientError, asyncio.TimeoutError, ValueError)  # the last: no address
T = TypeVar("T")


class S3:
    """The objects of one bucket below a root, by their keys from there on.

    A folder is what keys have before a slash; an object whose key ends in one only marks it, and is no file.
    """

    def __init__(self, terms: S3Terms, shown: str) -> None:
        self.terms, self.shown = terms, shown
        self._root = f"{terms.root.strip('/')}/" if terms.root.strip("/") else ""
        self._held: tuple[int, S3FileSystem, Calls] | None = None

    def uri(self, path: str) -> str:
        """Return the key behind what the bucket is called."""
        return self.shown + ("" if path == "." else path)

    def look(self, path: str) -> Entry | None:
        """Return the object, or the folder if keys begin so."""
        key = self._key(path)
        if key and not key.endswith("/"):
            found = self._head(key)
            if found:
                return _entry(path, found["ContentLength"], found["LastModified"], found["ETag"])
        prefix = _folder(key)
        page = self.ask("list_objects_v2", Prefix=prefix, MaxKeys=1)
        there = page.get("KeyCount") or page.get("Contents") or prefix == self._root
        return Entry(path, "folder") if there else None

    def inside(self, folder: str) -> Iterator[Entry]:
        """Yield what a folder holds, all pages of it."""
        return self._inside(folder, "")

    def matching(self, pattern: str) -> Iterator[Entry]:
        """Yield the objects that a glob matches, listing no more than what its fixed beginning leaves."""
        pattern = jail.checked(pattern, self.uri(pattern))
        return globs.matching(pattern, inside=self._inside, below=self._below, look=self.look)

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Open an object; one that is replaced while it is read is an error, never a mixture."""
        key = self._key(path)
        found = self._head(key) if key else None
        if not found:
            raise FileNotFoundError(errno.ENOENT, "there is no such object", path)
        etag = found["ETag"]

        def fetch(start: int, size: int) -> Future[bytes]:
            session, calls = self._session()
            return calls.begin(self._range(session, key, start, size, etag))

        reader = Reader(found["ContentLength"], fetch, end=self.end, block=BLOCK_BYTES, ahead=AHEAD)
        with io.BufferedReader(reader) as stream:
            yield cast("BinaryIO", stream)

    @contextmanager
    def whole(self, path: str) -> Iterator[BinaryIO]:
        """Upload an object in parts, which become one when the block ends well and are dropped otherwise."""
        key = self._key(path)
        if not key or key.endswith("/"):
            raise IsADirectoryError(errno.EISDIR, "it names a folder", path)
        upload = Upload(self, key)
        writer = Writer(upload.part, end=self.end, block=part_bytes, behind=AHEAD)
        try:
            yield cast("BinaryIO", writer)
            upload.finish(writer)
        except BaseException:
            writer.drop()
            upload.abort()
            raise
        finally:
            writer.close()

    def copy(self, path: str, to: str) -> None:
        """Copy an object within the bucket, by the server; its metadata goes with it."""
        source, target = self._key(path), self._key(to)
        found = self._head(source)
        if not found:
            raise FileNotFoundError(errno.ENOENT, "there is no such object", path)
        origin = {"Bucket": self.terms.bucket, "Key": source}
        if found["ContentLength"] <= COPIED_AT_ONCE:
            self.ask("copy_object", Key=target, CopySource=origin, CopySourceIfMatch=found["ETag"])
            return
        upload = Upload(self, target)
        try:
            upload.copy(origin, found["ContentLength"], found["ETag"])
        except BaseException:
            upload.abort()
            raise

    def remove(self, path: str) -> None:
        """Delete an object."""
        self.ask("delete_object", Key=self._key(path))

    def _key(self, path: str) -> str:
        return self._root + jail.checked(path, self.uri(path))

    def _inside(self, folder: str, begin: str) -> Iterator[Entry]:
        prefix = _folder(self._key(folder))
        met = prefix == self._root
        for entry in self._pages(prefix + begin, Delimiter="/"):
            met = True
            if entry:
                yield entry
        if not met and not begin:
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)

    def _below(self, folder: str) -> Iterator[Entry]:
        yield from (entry for entry in self._pages(_folder(self._key(folder))) if entry)

    def _pages(self, prefix: str, **how: Any) -> Iterator[Entry | None]:
        """Yield what begins so; None for the mark of a folder."""
        start: dict[str, Any] = {}
        while True:
            page = self.ask("list_objects_v2", Prefix=prefix, **how, **start)
            for item in page.get("CommonPrefixes", ()):
                yield Entry(item["Prefix"].removeprefix(self._root).removesuffix("/"), "folder")
            for item in page.get("Contents", ()):
                key, facts = item["Key"], (item["Size"], item["LastModified"], item["ETag"])
                yield None if key.endswith("/") else _entry(key.removeprefix(self._root), *facts)
            if not page.get("IsTruncated"):
                return
            following = page.get("NextContinuationToken")
            if not following or start.get("ContinuationToken") == following:
                raise OSError(errno.EIO, "the listing goes round in circles: it is truncated and names no next page")
            start = {"ContinuationToken": following}

    def _head(self, key: str) -> dict[str, Any] | None:
        """Return the facts of an object; None where there is none."""
        try:
            return self.ask("head_object", Key=key)
        except FileNotFoundError:
            return None
        except (OSError, SourceError):
            self.ask("list_objects_v2", Prefix=key, MaxKeys=1)  # it says why, where an answer to HEAD has no room to
            raise

    def ask(self, operation: str, **fields: Any) -> dict[str, Any]:
        """Return the store's answer to a call about the bucket."""
        return self.end(self.begin(operation, **fields))

    def end(self, begun: Future[T]) -> T:
        """Wait for an answer."""
        return self._session()[1].end(begun)

    def begin(self, operation: str, **fields: Any) -> Future[dict[str, Any]]:
        """Send a call about the bucket, without waiting for the answer."""
        session, calls = self._session()
        return calls.begin(self._request(session, operation, **fields))

    def _session(self) -> tuple[S3FileSystem, Calls]:
        """Return the session of this process: a fork leaves its parent's loop behind."""
        if self._held is None or self._held[0] != getpid():
            session = S3FileSystem(**_options(self.terms), skip_instance_cache=True, use_listings_cache=False)
            s3_logs.guard()
            self._held = getpid(), session, Calls(session.loop, KNOWN, lambda error: told(error, self.terms))
        return self._held[1:]

    async def _request(self, session: S3FileSystem, operation: str, **fields: Any) -> dict[str, Any]:
        client = await session.set_session()
        # Its answer, "100 Continue", would be waited for without end.
        client.meta.events.register_last("before-call.s3", _expect_nothing, unique_id="fcwork-expect")
        limit = TRIES * (self.terms.timeout_seconds + PAUSE_SECONDS) + len(fields.get("Body", b"")) / SLOWEST
        call = getattr(client, operation)(Bucket=self.terms.bucket, **fields)
        answer: dict[str, Any] = await asyncio.wait_for(call, limit)
        return answer

    async def _range(self, session: S3FileSystem, key: str, start: int, size: int, etag: str) -> bytes:
        """Return some bytes of an object; a body that breaks off is asked for again."""
        which = {"Key": key, "Range": f"bytes={start}-{start + size - 1}", "IfMatch": etag}
        for tries_left in reversed(range(TRIES)):
            answer = await self._request(session, "get_object", **which)
            try:
                async with answer["Body"] as body:
                    data: bytes = await body.read()
            except (aiohttp.ClientError, HTTPClientError, IncompleteReadError):
                if not tries_left:
                    raise
            else:
                break
        return data


def _options(terms: S3Terms) -> dict[str, Any]:
    """Return what s3fs is told; what is None is left to botocore's own chain."""
    config: dict[str, Any] = {
        "connect_timeout": min(terms.timeout_seconds, LONGEST_CONNECT_SECONDS),
        "read_timeout": terms.timeout_seconds,
        "retries": {"mode": "standard", "total_max_attempts": TRIES},
        "max_pool_connections": 32,
    }
    if terms.path_style:
        config["s3"] = {"addressing_style": "path"}
    if terms.endpoint_url:  # stores that only speak like S3 often know no checksums of this kind
        config |= dict.fromkeys(("request_checksum_calculation", "response_checksum_validation"), "when_required")
    secret, token = terms.secret_access_key, terms.session_token
    return {
        "anon": terms.anonymous,
        "endpoint_url": terms.endpoint_url,
        "key": terms.access_key_id,
        "secret": secret.reveal() if secret else None,
        "token": token.reveal() if token else None,
        "client_kwargs": {"region_name": terms.region} if terms.region else {},
        "config_kwargs": config,
        **({"profile": terms.profile} if terms.profile else {}),
    }


def _expect_nothing(params: dict[str, Any], **_: Any) -> None:
    params["headers"].pop("Expect", None)


def _folder(key: str) -> str:
    return key if not key or key.endswith("/") else f"{key}/"


def _entry(path: str, size: int, modified_at: datetime, etag: str) -> Entry:
    return Entry(path, "file", size, modified_at.astimezone(UTC), etag.strip('"'))
