"""Delimited text: every field stays text, a line that does not fit is told by its number.

The fast pass is polars'; it is believed only where delimiters and line ends add up. Where they do not, a second pass
goes line by line and sorts out the lines that do not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import polars as pl

from fcwork.errors import SourceError
from fcwork.frames import ROW
from fcwork.sources.encodings import Block
from fcwork.sources.header import Header, no_text, quoted, read_header
from fcwork.sources.options import Options
from fcwork.sources.pieces import MAX_RECORD_BYTES, BadLine, Piece, bad_lines, note_ours

PART_BYTES = 1_000_000  # what is read anew where a larger text cannot be read at once


def pieces(blocks: Iterator[Block], options: Options, uri: str) -> Iterator[Piece]:
    """Yield the rows of a text block by block; ``_row`` is the line of the file where a record begins.

    Raises:
        SourceError: no header, a header that cannot be used, or bytes that are no text.
    """
    first = next(blocks)
    header = read_header(first.text, options, uri)
    reader = _Reader(header)
    note_ours(list(header.names), uri)
    as_it_is = header.used == len(header.text)  # nothing is before the header: so large a text is not copied
    yield from reader.feed(first.text if as_it_is else header.text + first.text[header.used :], last=first.last)
    for block in blocks:
        yield from reader.feed(reader.held + block.text, last=block.last)


class _Reader:
    """Parses texts that each begin with the header, and holds what is not yet a whole record.

    Attributes:
        held: the header, and what is held.
        line: the line of the file where what is held begins.
    """

    def __init__(self, header: Header) -> None:
        self.header = header
        self.held = header.text
        self.line = header.lines + 1
        self._start = len(header.text)

    def feed(self, text: bytes, *, last: bool, in_parts: bool = True) -> Iterator[Piece]:
        """Yield the rows of a text at once, or part by part where that cannot be done, so that few are read slowly."""
        cut = len(text) if last else _whole_records(text, self._start, self.header.quote.encode())
        piece = _fast(text[:cut], self.header, self.line) if cut > self._start or last else None
        if piece is not None:
            if not last:
                self._went(text, cut)
            yield piece
        elif in_parts and len(text) > PART_BYTES:
            self.held = self.header.text
            for at in range(self._start, len(text), PART_BYTES):
                part, ends = text[at : at + PART_BYTES], at + PART_BYTES >= len(text)
                yield from self.feed(self.held + part, last=last and ends, in_parts=False)
        else:
            yield self._second_pass(text, last=last)

    def _second_pass(self, text: bytes, *, last: bool) -> Piece:
        cut = len(text) if last else max(text.rfind(b"\n") + 1, self._start)
        too_long = len(text) - self._start > MAX_RECORD_BYTES
        if cut == self._start and too_long:
            told = f"line {self.line:,} of {self.header.uri} is longer than {MAX_RECORD_BYTES:,} bytes"
            raise SourceError(told, uri=self.header.uri, format="csv", line=self.line)
        try:
            piece, used = _slow(text[self._start : cut].decode(), self.header, self.line, last=last or too_long)
        except UnicodeDecodeError as error:
            raise no_text(self.header.uri, text[self._start :], error.start, line=self.line) from error
        self._went(text, self._start + used)
        return piece

    def _went(self, text: bytes, end: int) -> None:
        """Hold what follows ``end``."""
        self.line += text.count(b"\n", self._start, end)
        self.held = self.header.text + text[end:]


def _whole_records(text: bytes, start: int, quote: bytes) -> int:
    """Return where the last record of ``text`` ends that is likely whole: before it, quotes come in pairs."""
    cut = max(text.rfind(b"\n") + 1, start)
    quotes = text.count(quote, start, cut) if quote else 0
    while cut > start and quotes % 2:
        before = max(text.rfind(b"\n", start, cut - 1) + 1, start)
        quotes -= text.count(quote, before, cut)
        cut = before
    return cut


def _fast(text: bytes, header: Header, line: int) -> Piece | None:
    """Return the rows as polars reads them, or None where it cannot or where the figures do not add up.

    Polars fills a short line with nulls and drops stray quotes, both in silence. So quotes must stand as RFC 4180 has
    them, and the delimiters in the text must be those between fields and those inside of fields.
    """
    start = len(header.text)
    if text.endswith((b"\n\n", b"\n\r\n")):
        text = text.rstrip(b"\r\n")
    if len(text) <= start:
        return _empty(header)
    mark = header.delimiter.encode()
    if text.endswith(mark):
        text += b"\n"  # polars overlooks a delimiter too many where the text ends
    has_quotes = bool(header.quote) and text.find(header.quote.encode(), start) >= 0
    rows = _parsed(text, header, has_quotes=has_quotes)
    if rows is None or rows.width != len(header.names) or _blank_lines(rows, text, start):
        return None
    rows.columns = _positions(rows.width)
    inner = _total(rows, header.delimiter) if has_quotes else 0
    if text.count(mark, start) != rows.height * (rows.width - 1) + inner:
        return None
    lines = text.count(b"\n", start) + (not text.endswith(b"\n"))
    number = _line_numbers(rows, line, lines, has_quotes=has_quotes)
    return None if number is None else Piece(_titled(rows, header, number), bad_lines([]))


def _parsed(text: bytes, header: Header, *, has_quotes: bool) -> pl.DataFrame | None:
    """Return what polars makes of a text, or None where it would not see what is a comment or a quote, or is stuck."""
    start = len(header.text)
    if header.comment and text.find(b"\n" + header.comment.encode(), start - 1) >= 0:
        return None
    if has_quotes and not _well_quoted(header.delimiter, header.quote).fullmatch(text, start):
        return None
    try:
        return pl.read_csv(text, infer_schema=False, separator=header.delimiter, quote_char=header.quote or None)
    except pl.exceptions.PolarsError:
        return None


def _blank_lines(rows: pl.DataFrame, text: bytes, start: int) -> bool:
    """Say whether some of the rows may be blank lines, which are no rows of a text with several columns."""
    if rows.width == 1 or any(column.null_count() == 0 for column in rows.get_columns()):
        return False
    if text.find(b"\n\n", start - 1) < 0 and text.find(b"\n\r\n", start - 1) < 0:
        return False
    return bool(rows.select(pl.all_horizontal(pl.all().is_null()).any()).item())


def _line_numbers(rows: pl.DataFrame, line: int, lines: int, *, has_quotes: bool) -> pl.Series | None:
    """Return the line of the file where each row begins; None where ``lines`` is not what the rows take."""
    row = pl.int_range(line, line + pl.len(), dtype=pl.Int64)
    if lines == rows.height:
        return rows.select(row).to_series()
    if has_quotes and lines == rows.height + _total(rows, "\n"):
        return rows.select(row + _held(rows, "\n").cum_sum().shift(1, fill_value=0)).to_series()
    return None


def _held(rows: pl.DataFrame, text: str) -> pl.Expr:
    """Return an expression for how often ``text`` stands in the fields of a row."""
    counts = [pl.col(name).str.count_matches(text, literal=True).fill_null(0) for name in rows.columns]
    return pl.sum_horizontal(counts).cast(pl.Int64)


def _total(rows: pl.DataFrame, text: str) -> int:
    return int(rows.select(_held(rows, text).sum()).item())


def _empty(header: Header) -> Piece:
    schema = dict.fromkeys(header.kept.values(), pl.String)
    return Piece(pl.DataFrame(schema={**schema, ROW: pl.Int64}), bad_lines([]))


def _positions(width: int) -> list[str]:
    """Return names for columns while they are counted in: polars would take a name such as ``*`` for a pattern."""
    return [str(at) for at in range(width)]


def _titled(rows: pl.DataFrame, header: Header, number: pl.Series) -> pl.DataFrame:
    """Name the columns, leave out those that are ours, and number the rows; of one column, drop the blank lines."""
    kept = rows.select(pl.col(str(at)).alias(name) for at, name in header.kept.items())
    numbered = kept.with_columns(number.alias(ROW))
    return numbered.filter(rows.to_series().is_not_null()) if rows.width == 1 else numbered


@dataclass(frozen=True)
class _Record:
    """One record of the second pass: where the next begins, and its fields or what is wrong with them."""

    end: int
    fields: list[str | None]
    problem: str = ""
    open: bool = False  # its quote may be closed by what follows the text


def _slow(text: str, header: Header, line: int, *, last: bool) -> tuple[Piece, int]:
    """Go through the text record by record; return the rows, the bad lines, and how many bytes they took."""
    width, at = len(header.names), 0
    good, numbers, bad = [], [], []
    while at < len(text):
        if header.comment and text.startswith(header.comment, at):
            at, line = text.find("\n", at) + 1 or len(text), line + 1
            continue
        record = _record(text, at, header)
        if record.open and not last:
            break
        raw = text[at : record.end]
        fits = len(record.fields) == width and not record.problem
        if fits:
            good.append(record.fields)
            numbers.append(line)
        elif raw.strip("\r\n"):
            bad.append(_bad_line(line, record, raw, header))
        line += raw.count("\n")
        at = record.end
    rows = pl.DataFrame(good, schema=dict.fromkeys(_positions(width), pl.String), orient="row")
    titled = _titled(rows, header, pl.Series(numbers, dtype=pl.Int64))
    return Piece(titled, bad_lines(bad)), len(text[:at].encode())


def _bad_line(line: int, record: _Record, raw: str, header: Header) -> BadLine:
    width, found = len(header.names), len(record.fields)
    told = f"{found} {'field' if found == 1 else 'fields'}, the header has {width}"
    message = f"line {line}: {record.problem}" if record.problem else f"line {line} has {told}"
    fields = [*record.fields, *[None] * width]
    code = "read.quote" if record.problem else "read.ragged"
    return line, code, message, raw.rstrip("\r\n"), [fields[at] for at in header.kept]


def _record(text: str, start: int, header: Header) -> _Record:
    """Return the record that begins at ``start``; of one whose quotes are wrong, only its first line."""
    end = text.find("\n", start) + 1 or len(text)
    delimiter, quote = header.delimiter, header.quote
    raw = text[start:end]
    if not quote or quote not in raw:
        bare = raw[:-1].removesuffix("\r") if raw.endswith("\n") else raw
        return _Record(end, [value or None for value in bare.split(delimiter)])
    fields: list[str | None] = []
    pattern, at = _field(delimiter, quote), start
    while (match := pattern.match(text, at)) is not None:
        inside, bare, after = match.groups()
        fields.append(inside.replace(quote * 2, quote) if inside is not None else bare or None)
        at = match.end()
        if after != delimiter:
            return _Record(at, fields)
    problem = f"the quote that opens field {len(fields) + 1} is never closed, or text follows its end"
    return _Record(end, fields, problem, open=quoted(quote).match(text, at) is None)


@cache
def _well_quoted(delimiter: str, quote: str) -> re.Pattern[bytes]:
    """Return the pattern of a text in which each quoted field is one whole field."""
    mark, sign = re.escape(delimiter).encode(), re.escape(quote).encode()
    field = rb"(?<=[%b\n])%b(?>[^%b]++|%b%b)*+%b(?=%b|\r?\n|\Z)" % (mark, sign, sign, sign, sign, sign, mark)
    return re.compile(rb"(?>[^%b]++|%b)*+" % (sign, field))


@cache
def _field(delimiter: str, quote: str) -> re.Pattern[str]:
    """Return the pattern of one field (quoted, or bare and not begun by a quote) and what ends it."""
    mark, sign = re.escape(delimiter), re.escape(quote)
    return re.compile(rf"(?:{sign}((?>[^{sign}]++|{sign}{sign})*+){sign}|(?!{sign})([^{mark}\n]*?))({mark}|\r?\n|\Z)")
