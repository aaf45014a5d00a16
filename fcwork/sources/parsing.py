"""From the bytes of one file to pieces: which format they are in, and who parses it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from fcwork.errors import SourceError
from fcwork.sources import columnar, delimited, documents, formats, items, markup, workbooks
from fcwork.sources import options as opts
from fcwork.sources.encodings import blocks
from fcwork.sources.packed import Content, contents
from fcwork.sources.pieces import VALUE_BYTES, Piece
from fcwork.sources.place import Intake, Place, opened

MAX_HELD_BYTES = 500_000_000  # of what has to stand in memory as a whole, though a part was asked for


@dataclass(frozen=True)
class Manner:
    """How to parse the files of one source.

    Attributes:
        kind: their format.
        options: how to read it.
        pattern: what they were found by, a path or a glob.
        block_bytes: how much of a text to hold at once; all by default.
        rows: how many rows to hold at once; all by default.
    """

    kind: formats.Format
    options: opts.Options
    pattern: str
    block_bytes: int = -1
    rows: int | None = None

    def pieces(self, content: Content) -> Iterator[Piece]:
        """Yield the pieces of a file: one, unless the size of blocks and batches is bounded.

        Raises:
            SourceError: it is not what its format says.
        """
        options, uri = self.options, content.uri
        formats.check(self.kind, content.peek(formats.PEEK_BYTES), uri=uri)
        if self.kind == "parquet":
            folders = columnar.folders(self.pattern, uri) if options.partitions else {}
            yield from columnar.pieces(self._seekable(content), uri, rows=self.rows, folders=folders)
        elif self.kind == "xlsx":
            yield workbooks.sheet(self._held(content), options, uri)
        elif self.kind == "json" and self.rows is None:
            [text] = blocks(content, "")
            yield items.whole(text.text, options, uri)
        elif self.kind == "json":
            yield from items.pieces(blocks(content, "", min(self.block_bytes, VALUE_BYTES)), options, uri)
        elif self.kind == "jsonl":
            yield from documents.lines(blocks(content, "", min(self.block_bytes, VALUE_BYTES)), uri)
        elif self.kind == "xml":
            yield from markup.pieces(content, options, self.block_bytes)
        else:
            yield from delimited.pieces(blocks(content, options.encoding, self.block_bytes), options, uri)

    def _seekable(self, content: Content) -> BinaryIO:
        if self.rows is not None and isinstance(content, Intake):
            return content.stream
        return io.BytesIO(self._held(content))

    def _held(self, content: Content) -> bytes:
        """Return all of a file, which is bounded where only a part was asked for."""
        if self.rows is None:
            return content.read()
        held = content.read(MAX_HELD_BYTES + 1)
        if len(held) > MAX_HELD_BYTES:
            raise SourceError(
                f"{content.uri} is larger than {MAX_HELD_BYTES:,} bytes, and cannot be read part by part as it is",
                hint="unpack it" if self.kind == "parquet" else "save it as csv",
                uri=content.uri,
                format=self.kind,
            )
        return held


def manner(
    places: Sequence[Place],
    format: str | None,  # noqa: A002 - the public name of the format everywhere
    given: Mapping[str, Any],
    *,
    pattern: str,
    **bounds: int,
) -> Manner:
    """Return how to parse files that are all of one format.

    Args:
        places: the files.
        format: what the caller says it is.
        given: the options.
        pattern: what they were found by.
        **bounds: of a ``Manner``.

    Raises:
        SourceError: an unknown format or option, or files of several formats.
    """
    uri = places[0].uri
    kind = formats.named(format, uri=uri) if format else _told(places, opts.member(given, uri=uri))
    return Manner(kind, opts.options(kind, given, uri=uri), pattern, **bounds)


def _told(places: Sequence[Place], member: str) -> formats.Format:
    """Return the one format of all files, and of all that is packed in them."""
    told = {uri: kind for place in places for uri, kind in _formats(place, member)}
    kinds = sorted(set(told.values()))
    if len(kinds) > 1:
        examples = ", ".join(next(uri for uri, kind in told.items() if kind == one) for one in kinds)
        hint = 'read them one format at a time; of a zip, member="*.csv" picks'
        raise SourceError(f"the files are of several formats: {examples}", hint=hint)
    return kinds[0]


def _formats(place: Place, member: str) -> Iterator[tuple[str, formats.Format]]:
    """Yield the format of a file or of each one in it: by its name, else by its first bytes."""
    known = _by_name(place.uri)
    if known:
        yield place.uri, known
        return
    with opened(place) as intake, contents(intake, member) as held:
        for content in held:
            yield content.uri, _by_name(content.uri) or formats.guess(content.peek(formats.PEEK_BYTES), uri=content.uri)


def _by_name(uri: str) -> formats.Format | None:
    """Return the format that a name tells, that of a gzip being what is in it."""
    return formats.by_extension(uri[:-3] if uri.lower().endswith(".gz") else uri)
