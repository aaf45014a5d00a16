"""Files in gzip and zip: what is in them comes out part by part, counted, and nothing is written anywhere."""

from __future__ import annotations

import fnmatch
import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources import caps
from fcwork.sources.caps import Meter
from fcwork.sources.place import Intake

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
WITHIN = "!/"  # between the URI of a zip and the name of a file in it
WORKBOOK = "xl/workbook.xml"  # the member that makes a zip a workbook
CHUNK_BYTES = 1_000_000
SLICE_BYTES = 64_000  # of a chunk, what is unpacked at once
MAX_PARTS_BYTES = 500_000_000  # what is unpacked of a workbook
SHOWN_NAMES = 5
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DRIVE = re.compile(r"[A-Za-z]:")
_LEFT_OUT = re.compile(r"(^|/)(__MACOSX/|\.[^/]*$)")  # what a desktop adds of its own
_END_BYTES, _IN_ZIP64 = 22, 0xFFFF  # of the record that ends a zip; the count in it where a longer one has it
_DAMAGE = (  # what the library raises for a damaged archive, or for one that it cannot unpack
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    ArithmeticError,
    ValueError,
)
_logger = log.get("sources")


class Content(Protocol):
    """Bytes that are to be parsed, from their first to their last."""

    @property
    def uri(self) -> str:
        """How people are told of them."""

    def peek(self, size: int) -> bytes:
        """Return the first ``size`` bytes without taking them."""

    def read(self, size: int = -1) -> bytes:
        """Return the next ``size`` bytes, all that is left by default, and nothing at the end."""


class Unpacked:
    """What comes out of a packed file."""

    def __init__(self, uri: str, chunks: Iterator[bytes]) -> None:
        self.uri = uri
        self._chunks = chunks
        self._held = b""

    def peek(self, size: int) -> bytes:
        """Return the first ``size`` bytes without taking them."""
        self._fill(size)
        return self._held[:size]

    def read(self, size: int = -1) -> bytes:
        """Return the next ``size`` bytes, all that is left by default, and nothing at the end."""
        self._fill(size)
        cut = len(self._held) if size < 0 else size
        taken, self._held = self._held[:cut], self._held[cut:]
        return taken

    def _fill(self, size: int) -> None:
        parts, count = [self._held], len(self._held)
        while size < 0 or count < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            parts.append(chunk)
            count += len(chunk)
        self._held = b"".join(parts)


@contextmanager
def contents(intake: Intake, member: str = "", *, whole: bool = False) -> Iterator[Iterator[Content]]:
    """Give what there is to parse in an open file: itself, what it holds packed, or each of the members of a zip.

    Args:
        intake: the open file.
        member: of a zip, a glob of the members wanted.
        whole: whether all is to stand in memory at once; then the packed bytes are taken through the intake.

    Raises:
        SourceError: it is damaged, or holds what is refused.
    """
    start = intake.peek(4)
    packed = start.startswith(ZIP)
    if member and not packed:
        raise SourceError(f"{intake.uri} is no zip, of which member= could pick", hint="leave it out", uri=intake.uri)
    meter = Meter(intake.uri, caps.MAX_WHOLE_BYTES if whole else caps.MAX_UNPACKED_BYTES)
    if start.startswith(GZIP):
        yield iter([Unpacked(intake.uri, _gunzipped(intake, meter))])
    elif packed and not _is_workbook(intake):
        stream = io.BytesIO(intake.read()) if whole else intake.stream
        with _archive(stream, meter) as archive:
            yield (
                Unpacked(f"{intake.uri}{WITHIN}{info.filename}", _members_bytes(archive, info, meter))
                for info in _chosen(archive, member, intake.uri)
            )
    else:
        if not packed:
            _check_name(intake)
        yield iter([intake])


def _check_name(intake: Intake) -> None:
    """Refuse a file that is called packed and is not: it may be the page of an error."""
    ending = next((ending for ending in (".gz", ".zip") if intake.uri.lower().endswith(ending)), "")
    if ending and intake.peek(1):
        raise SourceError(
            f"{intake.uri} is no {'gzip' if ending == '.gz' else 'zip'}, as its name says: "
            f"it begins with {intake.peek(8)!r}",
            hint="fetch it again, or name it for what it is",
            uri=intake.uri,
        )


def _gunzipped(intake: Intake, meter: Meter) -> Iterator[bytes]:
    """Yield what a gzip holds, of all its members."""
    unpack = zlib.decompressobj(wbits=31)
    while chunk := intake.read(CHUNK_BYTES):
        for at in range(0, len(chunk), SLICE_BYTES):
            rest = chunk[at : at + SLICE_BYTES]
            meter.take(len(rest))
            while rest:
                try:
                    part = unpack.decompress(rest, CHUNK_BYTES)
                except zlib.error as error:
                    raise _damaged(intake.uri, error) from error
                meter.give(len(part))
                if part:
                    yield part
                rest = unpack.unconsumed_tail
                if unpack.eof and (rest := unpack.unused_data.lstrip(b"\0")):  # zeros pad a member
                    unpack = zlib.decompressobj(wbits=31)
    if not unpack.eof:
        raise _damaged(intake.uri, "it ends in the middle")


def _is_workbook(intake: Intake) -> bool:
    with _archive(intake.stream, Meter(intake.uri)) as archive:
        found = WORKBOOK in archive.NameToInfo
    intake.stream.seek(0)
    return found


class _Metered(io.RawIOBase):
    """A zip as its reader sees it: nothing large is taken at once, and all is counted."""

    def __init__(self, stream: BinaryIO, meter: Meter) -> None:
        self._stream = stream
        self._meter = meter

    def read(self, size: int = -1) -> bytes:
        taken = self._stream.read(size if 0 <= size <= caps.MAX_DIRECTORY_BYTES else caps.MAX_DIRECTORY_BYTES + 1)
        if len(taken) > caps.MAX_DIRECTORY_BYTES:
            raise SourceError(
                f"the list of what is in {self._meter.uri} is longer than {caps.MAX_DIRECTORY_BYTES:,} bytes",
                hint="unpack it yourself",
                uri=self._meter.uri,
            )
        self._meter.take(len(taken))
        return taken

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True


@contextmanager
def _archive(stream: BinaryIO, meter: Meter) -> Iterator[zipfile.ZipFile]:
    """Open a zip of which no member is refused."""
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(_Metered(stream, meter))
    except _DAMAGE as error:
        raise _damaged(meter.uri, error) from error
    with archive:
        members = archive.infolist()
        if len(members) > caps.MAX_MEMBERS:
            raise SourceError(
                f"{meter.uri} holds {len(members):,} files, at most {caps.MAX_MEMBERS:,} are read from a zip",
                hint="unpack it yourself, and read the files with a glob",
                uri=meter.uri,
            )
        if _told_members(stream, archive.comment) not in {None, len(members)}:
            raise _damaged(meter.uri, "its list of files is shorter than it says")
        for info in members:
            _check_member(info, meter.uri)
        yield archive


def _told_members(stream: BinaryIO, comment: bytes) -> int | None:
    """Return how many files a zip says it holds, which its reader does not heed; None where that stands elsewhere."""
    try:
        stream.seek(-_END_BYTES - len(comment), io.SEEK_END)
    except (OSError, ValueError):
        return None
    end = stream.read(_END_BYTES)
    told = int.from_bytes(end[10:12], "little")
    return told if end.startswith(b"PK\x05\x06") and told != _IN_ZIP64 else None


def _check_member(info: zipfile.ZipInfo, uri: str) -> None:
    """Refuse a member that is meant for another place than a folder of its own, or that cannot be read."""
    name = info.orig_filename
    parts = re.split(r"[/\\]", name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    wrong = {
        "a character that no name has": any(ord(sign) < ord(" ") for sign in name),
        "a path that leads elsewhere": WITHIN in name or ".." in parts or not parts[0] or bool(_DRIVE.match(name)),
        "no plain file": kind not in {0, stat.S_IFREG, stat.S_IFDIR},
        "encrypted": bool(info.flag_bits & _ENCRYPTED),
        "packed in a way that is not read": info.compress_type not in _METHODS,
    }
    told = next((what for what, is_so in wrong.items() if is_so), "")
    if told:
        shown = name.encode("unicode_escape").decode()[:100]
        raise SourceError(
            f"{uri} holds {shown!r}, which is {told}: it is refused",
            hint="have it packed anew, plain files by their names alone and without a password",
            uri=uri,
        )


def _chosen(archive: zipfile.ZipFile, member: str, uri: str) -> list[zipfile.ZipInfo]:
    """Return the members to read, in the order of their names."""
    files = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    if len(files) < sum(not info.is_dir() for info in archive.infolist()):
        raise SourceError(f"{uri} holds two files of one name", hint="have it packed anew", uri=uri)
    left_out = [] if member else [name for name in files if _LEFT_OUT.search(name)]
    if left_out:
        _logger.info("source.members_left_out", uri=uri, members=left_out[:SHOWN_NAMES])
    chosen = [name for name in files if (fnmatch.fnmatchcase(name, member) if member else name not in left_out)]
    if not chosen:
        names = ", ".join(list(files)[:SHOWN_NAMES]) or "nothing"
        told = f"no file in {uri} matches member={member!r}" if member else f"{uri} holds no file to read"
        raise SourceError(told, hint=f"it holds {names}", uri=uri)
    return [files[name] for name in sorted(chosen)]


def _members_bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> Iterator[bytes]:
    uri = f"{meter.uri}{WITHIN}{info.filename}"
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(SLICE_BYTES):
                meter.give(len(chunk))
                yield chunk
    except _DAMAGE as error:
        raise _damaged(uri, error) from error


@contextmanager
def parts(content: bytes, uri: str) -> Iterator[Callable[[str], Content | None]]:
    """Give what opens a member of a zip that is one file to people, such as a workbook; None where there is none.

    Raises:
        SourceError: it is damaged, or holds what is refused.
    """
    meter = Meter(uri, MAX_PARTS_BYTES)
    with _archive(io.BytesIO(content), meter) as archive:
        infos = archive.NameToInfo
        yield lambda name: Unpacked(uri, _members_bytes(archive, infos[name], meter)) if name in infos else None


def _damaged(uri: str, error: Exception | str) -> SourceError:
    return SourceError(f"{uri} cannot be unpacked: {error}", hint="is it cut off? Fetch it again", uri=uri)
