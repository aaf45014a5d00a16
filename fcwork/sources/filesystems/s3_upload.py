"""An object that is put together of parts, and appears when all are there."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from hashlib import md5
from typing import TYPE_CHECKING, Any

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources.filesystems.streams import Writer

if TYPE_CHECKING:
    from fcwork.sources.filesystems.s3 import S3

BLOCK_BYTES = 8 * 1024 * 1024
AHEAD = 3  # blocks under way beside the one that is read or written
COPIED_PART = 128 * 1024 * 1024
_logger = log.get("sources")


def part_bytes(number: int) -> int:
    """Return the size of a part: all alike up to 20 GB, then larger, as there may be 10,000."""
    return BLOCK_BYTES << 2 * (number // 2_500)


class Upload:
    """An object that is put together of parts; of one that is smaller than a part nothing is begun."""

    def __init__(self, store: S3, key: str) -> None:
        self._store, self._key = store, key
        self._id = ""

    def part(self, number: int, _: int, data: bytes) -> Future[dict[str, Any]]:
        """Begin to send a part."""
        return self._store.begin("upload_part", **self._named(), PartNumber=number + 1, Body=data)

    def finish(self, writer: Writer[dict[str, Any]]) -> None:
        """Make the object appear."""
        if self._id:
            self._complete(writer.finish())
        else:
            self._store.ask("put_object", Key=self._key, Body=writer.rest, **self._shown())

    def copy(self, origin: dict[str, str], size: int, etag: str) -> None:
        """Make the object of the parts of another, a few at a time."""
        going: deque[Future[dict[str, Any]]] = deque()
        parts = []
        for number, start in enumerate(range(0, size, COPIED_PART), 1):
            which = {"CopySource": origin, "CopySourceIfMatch": etag, "PartNumber": number}
            which["CopySourceRange"] = f"bytes={start}-{min(start + COPIED_PART, size) - 1}"
            going.append(self._store.begin("upload_part_copy", **self._named(), **which))
            while len(going) > AHEAD:
                parts.append(self._store.end(going.popleft())["CopyPartResult"])
        self._complete([*parts, *(self._store.end(one)["CopyPartResult"] for one in going)])

    def abort(self) -> None:
        """Drop what was sent; where the store does not hear it, its own rules for old uploads must."""
        if not self._id:
            return
        try:
            self._store.ask("abort_multipart_upload", **self._named())
        except (OSError, SourceError) as error:
            _logger.warning("s3.upload_left", bucket=self._store.terms.bucket, key=self._key, error=str(error))

    def _shown(self) -> dict[str, str]:
        """Say of a page that it is one, so that a browser shows it and does not save it."""
        return {"ContentType": "text/html; charset=utf-8"} if self._key.lower().endswith(".html") else {}

    def _named(self) -> dict[str, str]:
        if not self._id:
            self._id = self._store.ask("create_multipart_upload", Key=self._key, **self._shown())["UploadId"]
        return {"Key": self._key, "UploadId": self._id}

    def _complete(self, parts: list[dict[str, Any]]) -> None:
        listed = [{"PartNumber": number, "ETag": part["ETag"]} for number, part in enumerate(parts, 1)]
        try:
            self._store.ask("complete_multipart_upload", **self._named(), MultipartUpload={"Parts": listed})
        except FileNotFoundError:  # the answer may be lost, and the upload ended when it was asked for again
            if not self._stands([part["ETag"].strip('"') for part in parts]):
                raise

    def _stands(self, etags: list[str]) -> bool:
        """Say whether the object is there, made of these very parts."""
        try:
            digest = md5(b"".join(map(bytes.fromhex, etags)), usedforsecurity=False).hexdigest()
            found = self._store.ask("head_object", Key=self._key)
        except (ValueError, FileNotFoundError):  # where a store encrypts, its etags are no hashes
            return False
        return str(found["ETag"]).strip('"') == f"{digest}-{len(etags)}"
