"""XML: every element that is a record is a row, every value a text; ``_row`` is the number of the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.sources.elements import Reader
from fcwork.sources.encodings import Block, blocks
from fcwork.sources.formats import Options
from fcwork.sources.pieces import OURS, Piece, bad_lines, note_ours
from fcwork.sources.place import Intake
from fcwork.sources.shapes import Shape
from fcwork.sources.unnamed import Finder

CHUNK_BYTES = 4_000_000  # what is parsed at once, and its records made a piece


def pieces(intake: Intake, options: Options, size: int = -1) -> Iterator[Piece]:
    """Yield the records of an XML file as rows.

    A later piece may have more columns than those before it, or other types: ``shapes.joined`` makes one frame of all.

    Args:
        intake: the open file.
        options: how to read it.
        size: how many bytes to hold at once; by default the pieces come to stand in one frame.

    Raises:
        SourceError: no XML, no records where they are looked for, too deep or too wide.
    """
    reader = (Reader if options.path else Finder)(options, intake.uri, whole=size < 0)
    met = 0
    for block in _blocks(intake, options.encoding, CHUNK_BYTES if size < 0 else min(size, CHUNK_BYTES)):
        records = reader.feed(block)
        if records or (block.last and not met):
            yield _piece(reader.shape, records, met + 1, intake.uri)
        met += len(records)


def _blocks(intake: Intake, encoding: str, size: int) -> Iterator[Block]:
    """Yield the bytes as they are, as the file says its encoding, unless one is given."""
    if encoding:
        yield from blocks(intake, encoding, size)
        return
    while chunk := intake.read(size):
        yield Block(chunk, last=False)
    yield Block(b"", last=True)


def _piece(shape: Shape, records: list[Any], first: int, uri: str) -> Piece:
    columns = shape.columns(records)
    note_ours(list(columns), uri)
    rows = [pl.Series(name, pl.from_arrow(column)) for name, column in columns.items() if name not in OURS]
    number = pl.int_range(first, first + len(records), dtype=pl.Int64, eager=True).alias(frames.ROW)
    return Piece(pl.DataFrame([*rows, number]), bad_lines([]))
