"""The first record of delimited text: names, and the delimiter that it shows."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources.formats import DELIMITERS
from fcwork.sources.options import Options
from fcwork.sources.pieces import MAX_COLUMNS, OURS, check_width

MAX_HEADER_BYTES = 1_000_000
_logger = log.get("sources")


@dataclass(frozen=True)
class Header:
    """The first record: the columns' names, and what it takes to read the rest.

    Attributes:
        text: its bytes, or what stands for them where there is no header, with the line end.
        used: how many bytes of the file it takes, with what is before it.
        lines: how many lines of the file end with it.
        quote: what stands around a field that holds delimiters; empty where nothing does.
        comment: what a line begins with that is no row.
    """

    names: tuple[str, ...]
    delimiter: str
    text: bytes
    used: int
    lines: int
    uri: str
    quote: str = '"'
    comment: str = ""

    @property
    def kept(self) -> dict[int, str]:
        """The columns that are read, by their position."""
        return {at: name for at, name in enumerate(self.names) if name not in OURS}


def read_header(text: bytes, options: Options, uri: str) -> Header:
    """Return the header of a text.

    Raises:
        SourceError: it cannot be used; the message says which delimiter, name or line is the trouble.
    """
    start = _begins(text, options, uri)
    line = text.count(b"\n", 0, start) + 1
    end = _record_end(text, start, options.quote.encode(), uri, line=line)
    try:
        shown = text[start:end].decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise no_text(uri, text, start + error.start, line=1) from error
    if not shown:
        raise SourceError(f"{uri} is empty", hint="a file without rows still has a header", uri=uri, format="csv")
    delimiter = options.delimiter or _guess(shown, text[end : end + MAX_HEADER_BYTES], options, uri)
    fields = _fields(shown, delimiter, options, uri, line=line)
    names = titles(fields, options, uri, line=line, format="csv")
    marks = {"uri": uri, "quote": options.quote, "comment": options.comment}
    if options.header == "none":
        stand_in = delimiter.join(map(str, range(len(names)))).encode() + b"\n"
        return Header(names, delimiter, stand_in, start, line - 1, **marks)
    lines = text.count(b"\n", 0, end) or 1
    return Header(names, delimiter, text[start:end], end, lines, **marks)


@cache
def quoted(quote: str) -> re.Pattern[str]:
    """Return the pattern of a field in quotes, as RFC 4180 has it; of nothing where there are no quotes."""
    sign = re.escape(quote)
    return re.compile(f"{sign}(?>[^{sign}]++|{sign}{sign})*+{sign}" if quote else "(?!)")


def _begins(text: bytes, options: Options, uri: str) -> int:
    """Return where the first record does: after the lines to be skipped, blank ones and comments."""
    at = 0
    for passed in range(options.skip):
        at = text.find(b"\n", at) + 1
        if not at:
            told = f"skip={options.skip} passes over all of {uri}, which has {passed + 1} lines"
            raise SourceError(told, hint="leave it out", uri=uri, format="csv")
    comment = options.comment.encode()
    while True:
        at += len(text[at : at + MAX_HEADER_BYTES]) - len(text[at : at + MAX_HEADER_BYTES].lstrip(b"\r\n"))
        if not comment or not text.startswith(comment, at):
            return at
        at = text.find(b"\n", at) + 1 or len(text)


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


def _record_end(text: bytes, start: int, quote: bytes, uri: str, *, line: int) -> int:
    """Return where the first record ends: at a line end that stands in no quotes."""
    quotes, at = 0, start
    while (end := text.find(b"\n", at, start + MAX_HEADER_BYTES)) >= 0:
        quotes += text.count(quote, at, end) if quote else 0
        at = end + 1
        if quotes % 2 == 0:
            return at
    if len(text) - start > MAX_HEADER_BYTES:
        raise SourceError(
            f"the first line of {uri} is longer than {MAX_HEADER_BYTES:,} bytes",
            hint=f"at most {MAX_COLUMNS:,} columns are read: is this a csv?",
            uri=uri,
            format="csv",
            line=line,
        )
    if quote and (quotes + text.count(quote, at)) % 2:
        hint = f"mend line {line}"
        told = f"a quote opened in the header of {uri} is never closed"
        raise SourceError(told, uri=uri, format="csv", line=line, hint=hint)
    return len(text)


def _guess(header: str, following: bytes, options: Options, uri: str) -> str:
    """Return the delimiter that the header shows; where it shows several, the one that parts the next lines alike."""
    inside = quoted(options.quote)
    bare = inside.sub("", header)
    found = [mark for mark in DELIMITERS if mark in bare]
    if len(found) > 1:
        lines = [line for line in inside.sub("", following.decode(errors="replace")).splitlines()[:20] if line]
        lines = [line for line in lines if not options.comment or not line.startswith(options.comment)]
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


def _fields(header: str, delimiter: str, options: Options, uri: str, *, line: int) -> list[str]:
    quotes = {"quotechar": options.quote} if options.quote else {"quoting": csv.QUOTE_NONE}
    try:
        [fields] = csv.reader([header], delimiter=delimiter, strict=True, **quotes)
    except csv.Error as error:
        told = f"the header of {uri} cannot be read: {error}"
        raise SourceError(told, hint=f"mend the quotes in line {line}", uri=uri, format="csv", line=line) from error
    other = next((mark for mark in DELIMITERS if mark in quoted(options.quote).sub("", header)), "")
    if options.delimiter and len(fields) == 1 and other:
        raise SourceError(
            f"{delimiter!r} does not part the header of {uri}: {header[:80]}",
            hint=f"the header looks parted by {other!r}: delimiter={other!r}",
            uri=uri,
            format="csv",
            line=line,
        )
    return fields


def titles(names: Sequence[str], options: Options, uri: str, *, line: int, format: str) -> tuple[str, ...]:  # noqa: A002 - the public name
    """Return what columns are called: by the options, by the names that a file gives, or by their number.

    Args:
        names: of the first row, be they names or not.
        options: how to read the file.
        uri: the file.
        line: where the names stand.
        format: of the file.

    Raises:
        SourceError: a name is missing or stands twice, or the options give more or fewer than there are columns.
    """
    check_width(len(names), uri=uri, format=format)
    if options.names and len(options.names) != len(names):
        raise SourceError(
            f"names= has {len(options.names)} names, {uri} has {len(names)} columns",
            hint=f"line {line} is {', '.join(names)[:80]}",
            uri=uri,
            format=format,
            line=line,
        )
    if options.names or options.header == "none":
        return options.names or tuple(f"column_{at}" for at in range(1, len(names) + 1))
    _check_names(names, uri, line=line, format=format)
    return tuple(names)


def _check_names(names: Sequence[str], uri: str, *, line: int, format: str) -> None:  # noqa: A002 - as above
    nameless = [at for at, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        raise SourceError(
            f"column {nameless[0]} of {len(names)} has no name in {uri}",
            hint=f"name it in line {line}, take away the delimiter at the end of each line, or give names=",
            uri=uri,
            format=format,
            line=line,
        )
    first: dict[str, int] = {}
    for at, name in enumerate(names, 1):
        if first.setdefault(name, at) != at:
            raise SourceError(
                f"columns {first[name]} and {at} of {uri} are both named {name!r}",
                hint=f"give each column a name of its own in line {line}, or here: names=",
                uri=uri,
                format=format,
                line=line,
            )
