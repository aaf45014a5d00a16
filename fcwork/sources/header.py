"""The first record of delimited text: names, and the delimiter that it shows."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources.formats import DELIMITERS, Options
from fcwork.sources.pieces import MAX_COLUMNS, OURS, QUOTED, check_width

MAX_HEADER_BYTES = 1_000_000
_logger = log.get("sources")


@dataclass(frozen=True)
class Header:
    """The first record: the columns' names, and what it takes to read the rest.

    Attributes:
        text: its bytes, with the line end and any blank lines before it.
        lines: how many lines of the file end with it.
    """

    names: tuple[str, ...]
    delimiter: str
    text: bytes
    lines: int
    uri: str

    @property
    def kept(self) -> dict[int, str]:
        """The columns that are read, by their position."""
        return {at: name for at, name in enumerate(self.names) if name not in OURS}


def read_header(text: bytes, options: Options, uri: str) -> Header:
    """Return the header of a text.

    Raises:
        SourceError: it cannot be used; the message says which delimiter, name or line is the trouble.
    """
    start = len(text) - len(text.lstrip(b"\r\n"))
    end = _record_end(text, start, uri)
    try:
        shown = text[start:end].decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise no_text(uri, text, start + error.start, line=1) from error
    if not shown:
        raise SourceError(f"{uri} is empty", hint="a file without rows still has a header", uri=uri, format="csv")
    delimiter = options.delimiter or _guess(shown, text[end : end + MAX_HEADER_BYTES], uri)
    names = _names(shown, delimiter, uri, told=bool(options.delimiter))
    return Header(names, delimiter, text[:end], text.count(b"\n", 0, end) or 1, uri)


def no_text(uri: str, text: bytes, at: int, *, line: int) -> SourceError:
    """Return what to tell of the byte ``at`` which is not of the encoding, in a text that begins with ``line``."""
    line += text.count(b"\n", 0, at)
    return SourceError(
        f"{uri} is not UTF-8: byte 0x{text[at]:02x} in line {line:,}",
        hint='say how it is encoded, such as encoding="cp1252" or "latin-1"',
        uri=uri,
        format="csv",
        line=line,
    )


def _record_end(text: bytes, start: int, uri: str) -> int:
    """Return where the first record ends: at a line end that stands in no quotes."""
    quotes, at = 0, start
    while (end := text.find(b"\n", at, start + MAX_HEADER_BYTES)) >= 0:
        quotes += text.count(b'"', at, end)
        at = end + 1
        if quotes % 2 == 0:
            return at
    if len(text) - start > MAX_HEADER_BYTES:
        raise SourceError(
            f"the first line of {uri} is longer than {MAX_HEADER_BYTES:,} bytes",
            hint=f"at most {MAX_COLUMNS:,} columns are read: is this a csv?",
            uri=uri,
            format="csv",
            line=1,
        )
    if (quotes + text.count(b'"', at)) % 2:
        raise SourceError(
            f"a quote opened in the header of {uri} is never closed", uri=uri, format="csv", line=1, hint="mend line 1"
        )
    return len(text)


def _guess(header: str, following: bytes, uri: str) -> str:
    """Return the delimiter that the header shows; where it shows several, the one that parts the next lines alike."""
    bare = QUOTED.sub("", header)
    found = [mark for mark in DELIMITERS if mark in bare]
    if len(found) > 1:
        lines = [line for line in QUOTED.sub("", following.decode(errors="replace")).splitlines()[:20] if line]
        alike = [mark for mark in found if all(line.count(mark) == bare.count(mark) for line in lines)]
        found = alike if lines and alike else found
    if len(found) > 1:
        raise SourceError(
            f"the header of {uri} can be parted by {' or '.join(repr(mark) for mark in found)}",
            hint=f"say which: delimiter={found[0]!r}",
            uri=uri,
            format="csv",
            line=1,
        )
    if found and found[0] != ",":
        _logger.info("source.delimiter", uri=uri, delimiter=found[0])
    return found[0] if found else ","


def _names(header: str, delimiter: str, uri: str, *, told: bool) -> tuple[str, ...]:
    try:
        [names] = csv.reader([header], delimiter=delimiter, strict=True)
    except csv.Error as error:
        hint = "mend the quotes in line 1"
        raise SourceError(
            f"the header of {uri} cannot be read: {error}", hint=hint, uri=uri, format="csv", line=1
        ) from error
    other = next((mark for mark in DELIMITERS if mark in QUOTED.sub("", header)), "")
    if told and len(names) == 1 and other:
        raise SourceError(
            f"{delimiter!r} does not part the header of {uri}: {header[:80]}",
            hint=f"the header looks parted by {other!r}: delimiter={other!r}",
            uri=uri,
            format="csv",
            line=1,
        )
    check_width(len(names), uri=uri, format="csv")
    _check_names(names, uri)
    return tuple(names)


def _check_names(names: list[str], uri: str) -> None:
    nameless = [at for at, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        raise SourceError(
            f"column {nameless[0]} of {len(names)} has no name in {uri}",
            hint="name it in line 1, or take away the delimiter at the end of each line",
            uri=uri,
            format="csv",
            line=1,
        )
    first: dict[str, int] = {}
    for at, name in enumerate(names, 1):
        if first.setdefault(name, at) != at:
            raise SourceError(
                f"columns {first[name]} and {at} of {uri} are both named {name!r}",
                hint="give each column a name of its own in line 1",
                uri=uri,
                format="csv",
                line=1,
            )
