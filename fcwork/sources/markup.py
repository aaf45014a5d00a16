"""XML: every element that is a record is a row, every value a text; ``_row`` is the number of the record."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from fcwork import frames
from fcwork.sources import shapes
from fcwork.sources.elements import Reader
from fcwork.sources.encodings import Block, blocks
from fcwork.sources.options import Options
from fcwork.sources.packed import Content
from fcwork.sources.pieces import OURS, Piece, bad_lines, note_ours
from fcwork.sources.regular import Fast, Run
from fcwork.sources.unnamed import Finder

CHUNK_BYTES = 4_000_000  # what is parsed at once, and its records made a piece


def pieces(content: Content, options: Options, size: int = -1) -> Iterator[Piece]:
    """Yield the records of an XML file as rows.

    A later piece may have more columns than those before it, or other types: ``shapes.joined`` makes one frame of all.

    Args:
        content: the file.
        options: how to read it.
        size: how many bytes to hold at once; by default the pieces come to stand in one frame.

    Raises:
        SourceError: no XML, no records where they are looked for, too deep or too wide.
    """
    reader = (Reader if options.path else Finder)(options, content.uri, whole=size < 0)
    fast = Fast(reader)
    for block in _blocks(content, options.encoding, CHUNK_BYTES if size < 0 else min(size, CHUNK_BYTES)):
        runs = fast.feed(block)
        if block.last and not fast.met:
            runs = [Run(reader.shape.columns([]), [])]
        if runs:
            yield _piece(runs, content.uri)


def _blocks(content: Content, encoding: str, size: int) -> Iterator[Block]:
    """Yield the bytes as they are, as the file says its encoding, unless one is given."""
    if encoding:
        yield from blocks(content, encoding, size)
        return
    while chunk := content.read(size):
        yield Block(chunk, last=False)
    yield Block(b"", last=True)


def _piece(runs: list[Run], uri: str) -> Piece:
    """Return records in the order of the file."""
    rows = shapes.joined([_rows(run, uri) for run in runs], uri)
    return Piece(rows.sort(frames.ROW) if len(runs) > 1 else rows, bad_lines([]))


def _rows(run: Run, uri: str) -> pl.DataFrame:
    note_ours(list(run.columns), uri)
    rows = [pl.Series(name, pl.from_arrow(column)) for name, column in run.columns.items() if name not in OURS]
    return pl.DataFrame([*rows, pl.Series(frames.ROW, run.numbers, dtype=pl.Int64)])
