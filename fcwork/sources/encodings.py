"""Bytes of any encoding as blocks of UTF-8, whatever the line ends and byte order marks."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fcwork.errors import SourceError
from fcwork.sources.formats import PEEK_BYTES
from fcwork.sources.packed import Content

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True)
class Block:
    """Some UTF-8 of a file, and whether it is the last of it."""

    text: bytes
    last: bool


def blocks(content: Content, encoding: str, size: int = -1) -> Iterator[Block]:
    """Yield a text in blocks of about ``size`` bytes, the whole of it by default, its lines ended by a line feed.

    UTF-8 goes through unjudged: whoever parses it finds out.

    Raises:
        SourceError: an unknown encoding, or bytes that are not of it.
    """
    block = content.read(size)
    mark = next((mark for mark in _MARKS if block.startswith(mark)), b"")
    block = block.removeprefix(mark)
    to_utf8 = _transcoder(encoding or _MARKS.get(mark, "utf-8"), content.uri)
    old_line_ends = None
    while True:
        following = content.read(size) if size >= 0 else b""
        text = to_utf8(block, not following)
        if old_line_ends is None:
            _check_text(text, content.uri)
            old_line_ends = b"\n" not in text and b"\r" in text
        yield Block(text.replace(b"\r", b"\n") if old_line_ends else text, last=not following)
        if not following:
            return
        block = following


def _transcoder(encoding: str, uri: str) -> Callable[[bytes, bool], bytes]:
    """Return what makes UTF-8 of the next bytes, told whether they are the last."""
    try:
        codec = codecs.lookup(encoding)
        b" ".decode(encoding, "ignore")  # refuses those that make no text, such as hex
    except (LookupError, ValueError) as error:
        hint = "usual ones are utf-8, utf-16, cp1252, latin-1"
        raise SourceError(f"encoding={encoding!r} is not known", hint=hint, uri=uri) from error
    if codec.name in {"utf-8", "utf-8-sig"}:
        return lambda text, last: text  # noqa: ARG005 - the shape of the other one
    decoder = codecs.getincrementaldecoder(encoding)()

    def transcode(text: bytes, last: bool) -> bytes:  # noqa: FBT001 - as codecs has it
        try:
            return decoder.decode(text, last).encode()
        except UnicodeError as error:
            raise SourceError(f"{uri} is not {encoding}: {error}", hint="give the encoding it has", uri=uri) from error

    return transcode


def _check_text(text: bytes, uri: str) -> None:
    """Refuse what is no text, or UTF-16, by its first line; further on a NUL may be a value that somebody wrote."""
    if b"\0" in text[:PEEK_BYTES].partition(b"\n")[0]:
        raise SourceError(
            f"{uri} is no text: it holds NUL bytes", hint='if it is UTF-16, say so: encoding="utf-16"', uri=uri
        )
