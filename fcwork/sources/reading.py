"""From a file to a frame: every row, and every line that is none, is accounted for."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, TypeAlias, get_args

import polars as pl

from fcwork import cards, frames, log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import SourceError
from fcwork.personal import findings
from fcwork.sources import formats, shapes
from fcwork.sources.packed import Content, contents
from fcwork.sources.parsing import Manner, manner
from fcwork.sources.pieces import BLOCK_BYTES
from fcwork.sources.place import Place, find, locate, opened

Uri: TypeAlias = str | os.PathLike[str]
SHOWN_LINES = 5
FIXED = ("csv", "parquet", "xlsx")  # formats in which each row has every column
_logger = log.get("sources")


@dataclass(frozen=True)
class File:
    """What identifies one version of a file, and how many rows it held (those rejected included)."""

    uri: str
    bytes: int
    sha256: str
    modified_at: datetime
    rows: int


@dataclass(frozen=True, repr=False)
class ReadResult:
    """What was read, row by row: rows = frame + rejected.

    Attributes:
        frame: the rows, with the columns of the file and ``_row`` and ``_source``.
        rejected: the lines that are no rows: the same columns as far as they could be filled, and ``_errors``.
        issues: one line of ``frames.ISSUES`` for each of them: ``read.ragged``, ``read.quote`` or ``read.json``.
        uri, format: what was read.
        bytes, sha256: the size and hash of the content; of several files the sum, and the hash of their hashes, a line
            each.
        files: the version of each file.
    """

    frame: Any
    rejected: Any
    issues: Any
    uri: str
    format: str
    bytes: int
    sha256: str
    files: tuple[File, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows there were, those rejected included."""
        return frames.enter(self.frame).height + frames.enter(self.rejected).height

    def __str__(self) -> str:
        rejected = frames.enter(self.rejected).height
        told = f", {rejected:,} of them rejected" if rejected else ""
        return cards.line(f"{self.uri}: {self.rows:,} rows read as {self.format}{told}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = frames.enter(cards.first(self.frame, 10))
        return cards.Card(line=str(self), below=[cards.table(rows, caption="First rows")]).html()


def read(
    uri: Uri,
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    *,
    engine: frames.Kind = "polars",
    bad_rows: Literal["raise", "skip"] = "raise",
    **options: Any,
) -> Any:
    """Return the rows of a file, or of all files that a glob matches, with ``_row`` and ``_source``.

    CSV: every column is text, an empty cell is null, and ``_row`` is the line of the file (the header is line 1). JSON:
    ``_row`` is the number of the item, in JSON lines that of the line; numbers that would lose digits stay text. XML:
    every value is text, an attribute is ``@name``, a text beside attributes or elements is ``#text``, what repeats in
    any record is a list in all, and ``_row`` is the number of the record. Workbook: every cell is text as a csv would
    have it (``5``, ``2026-01-02``, ``2026-01-02T03:04:05``, ``true``), and ``_row`` is the row of the sheet.

    Gzip and zip are unpacked as they are read, in memory alone and up to so many bytes. A zip holds files of one
    format, and all of them are read: ``_source`` is then ``in.zip!/a.csv``.

    Args:
        uri: a path, ``~/a/path``, ``file:///a/path``, or a glob such as ``in/{north,south}/*.csv``.
        format: csv, json, jsonl, parquet, xlsx or xml; told by the name or the first bytes unless given.
        engine: the kind of frame to return: polars, lazy, pandas, pyarrow or records.
        bad_rows: ``skip`` leaves out the lines that are no rows; see ``read_with_issues`` for those that want them.
        **options: every format takes ``member``, a glob of the files of a zip that are read.

            Csv takes ``delimiter``; ``encoding``; ``header`` (``first``, or ``none`` where the first line is a row:
            the columns are then ``column_1``, ``column_2``); ``names``, a list of what the columns are called, instead
            of what the header says; ``quote``, the sign around a field that holds delimiters, or ``none``; ``skip``, a
            count of lines that are passed over before anything else; ``comment``, what a line begins with that is no
            row, such as ``#``.

            Json takes ``path``, the names that lead to the array, such as ``data.items``; ``$`` is the whole file as
            one record.

            Xml takes ``path``, the names that lead to the records, with the root's or without it (``orders.order``,
            ``orders/order``, ``order``; ``$`` is the root as one record), ``encoding``, and ``namespaces``: ``drop``,
            or ``keep`` for names with their prefixes. Without a path they are the elements in the root whose plural is
            its name, or that all have one name; a root that holds several names, each once, is the one record.

            Xlsx takes ``sheet``, a name, needed where there are several; ``header``, ``names`` and ``skip`` as csv
            does. Parquet takes ``partitions``: where a glob finds files in folders such as ``date=2026-01-01``, each
            such folder below its first wildcard is a column of text, unless this is False.

    Raises:
        SourceError: no such file, format or option, a file that is not what its format says, or lines that are no rows.
    """
    skip = _skips(bad_rows)
    result = read_with_issues(uri, format, engine=engine, **options)
    issues = frames.enter(result.issues)
    if issues.height and not skip:
        raise _bad_rows(issues, result.uri, result.format)
    return result.frame


def read_with_issues(
    uri: Uri,
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    *,
    engine: frames.Kind = "polars",
    only: Collection[str] | None = None,
    clock: Clock = SYSTEM,
    **options: Any,
) -> ReadResult:
    """Read like ``read``, and return the lines that are no rows beside those that are.

    Args:
        uri, format, engine, **options: as in ``read``.
        only: of the files that a glob matches, those to be read, by their URIs.
        clock: the time.

    Raises:
        SourceError: as ``read``, but not for such lines.
    """
    if engine not in get_args(frames.Kind):
        raise SourceError(f"engine={engine!r} is not known", hint=f"known: {', '.join(get_args(frames.Kind))}")
    begun = clock.monotonic()
    found = find(uri)
    places = [place for place in found if only is None or place.uri in only]
    if not places:
        raise SourceError(f"none of the files wanted is among those of {locate(uri).uri}", hint="see sources.list")
    how = manner(places, format, options, pattern=locate(uri).uri)
    taken = [_take(place, how) for place in places]
    files = tuple(file for _, file in taken)
    parts = [part for held, _ in taken for part in held]
    frame = _joined(parts, how.kind)
    bad = pl.concat([part.bad for part in parts])
    rejected = pl.concat([like(_rejected(part.bad, part.rows), frame) for part in parts])
    piles = {"frame": frame, "rejected": rejected, "issues": findings.issues(_issues(bad, clock), rejected)}
    result = ReadResult(
        **{name: frames.leave(rows, engine) for name, rows in piles.items()},
        uri=locate(uri).uri if len(found) > 1 else places[0].uri,
        format=how.kind,
        bytes=sum(file.bytes for file in files),
        sha256=_hash(files),
        files=files,
    )
    _logger.info(
        "source.read",
        uri=result.uri,
        format=how.kind,
        rows=frame.height + bad.height,
        rejected=bad.height,
        bytes=result.bytes,
        duration_seconds=round(clock.monotonic() - begun, 3),
    )
    return result


def scan(
    uri: Uri,
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    *,
    rows: int = 100_000,
    bad_rows: Literal["raise", "skip"] = "raise",
    **options: Any,
) -> Iterator[pl.DataFrame]:
    """Yield the rows of files as frames of at most ``rows``, for files larger than memory.

    Nothing is yielded where there are no rows. Files are held a part at a time, but for workbooks and for parquet that
    is packed. Columns and identity are those of ``read``; the columns of a json, jsonl or xml, and their types, are
    those of each part.

    Raises:
        SourceError: as ``read``; of lines that are no rows, when they are met.
    """
    skip = _skips(bad_rows)
    places = find(uri)
    how = manner(places, format, options, pattern=locate(uri).uri, block_bytes=BLOCK_BYTES, rows=rows)
    first: tuple[str, list[str]] | None = None
    for place in places:
        with opened(place) as intake, contents(intake, how.options.member) as held:
            for content in held:
                for piece in how.pieces(content):
                    if piece.bad.height and not skip:
                        raise _bad_rows(piece.bad, content.uri, how.kind)
                    first = first or (content.uri, piece.rows.columns)
                    part = _alike(piece.rows, content.uri, first, how.kind)
                    yield from frames.with_identity(part, content.uri).iter_slices(rows)


def _skips(bad_rows: str) -> bool:
    if bad_rows not in {"raise", "skip"}:
        raise SourceError(f"bad_rows={bad_rows!r} is not known", hint="known: raise, skip")
    return bad_rows == "skip"


def _bad_rows(lines: pl.DataFrame, uri: str, format: str) -> SourceError:  # noqa: A002 - the public name
    first = lines.head(SHOWN_LINES)
    what = f"{lines.height:,} rows" if lines.height > 1 else "1 row"
    rest = f"; and {lines.height - first.height:,} more" if lines.height > first.height else ""
    return SourceError(
        f"{what} of {uri} cannot be read: {'; '.join(first['message'])}{rest}",
        hint='mend them, leave them out with bad_rows="skip", or see them with sources.read_with_issues',
        uri=uri,
        format=format,
        line=first["row"][0],
    )


@dataclass(frozen=True)
class _Part:
    """What came of one file, or of one that was packed in it."""

    uri: str
    rows: pl.DataFrame
    bad: pl.DataFrame


def _take(place: Place, how: Manner) -> tuple[list[_Part], File]:
    """Return what is in a file, and its version."""
    with opened(place) as intake, contents(intake, how.options.member, whole=True) as held:
        parts = [_part(content, how) for content in held]
    rows = sum(part.rows.height + part.bad.height for part in parts)
    return parts, File(place.uri, intake.size, intake.sha256(), intake.modified_at, rows)


def _part(content: Content, how: Manner) -> _Part:
    """Return the rows of a file and its bad lines, both with their source."""
    taken, source = list(how.pieces(content)), pl.lit(content.uri).alias(frames.SOURCE)
    rows = shapes.joined([piece.rows for piece in taken], content.uri) if len(taken) > 1 else taken[0].rows
    bad = pl.concat([piece.bad for piece in taken])
    return _Part(content.uri, rows.with_columns(source), bad.with_columns(source, pl.col("row").alias(frames.ROW)))


def _joined(parts: list[_Part], kind: formats.Format) -> pl.DataFrame:
    """Return the rows of several files as one frame; files of a fixed shape must share their columns."""
    if len(parts) == 1:
        return parts[0].rows
    first = parts[0].uri, parts[0].rows.columns
    return stacked([_alike(part.rows, part.uri, first, kind) for part in parts], kind, parts[0].uri)


def stacked(rows: Sequence[pl.DataFrame], kind: str, uri: str) -> pl.DataFrame:
    """Return the rows of several files as one frame; of a format of fixed shape they have the same columns in order."""
    if kind == "xml":
        return shapes.joined(rows, uri)
    if all(part.schema == rows[0].schema for part in rows):
        return pl.concat(rows)
    joined: pl.DataFrame = frames.enter([row for part in rows for row in part.iter_rows(named=True)])
    data = [name for name in joined.columns if name not in frames.IDENTITY]
    return joined.select(*data, *frames.IDENTITY)


def like(rejected: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Return lines that are no rows in the columns of the rows, as far as they have them."""
    columns = [
        rejected[name] if rejected.schema.get(name) == kind else pl.Series(name, [None] * rejected.height, dtype=kind)
        for name, kind in [*frame.schema.items(), ("_errors", pl.String())]
    ]  # no expressions, as a name may be that of a pattern
    return pl.DataFrame(columns)


def _alike(rows: pl.DataFrame, uri: str, first: tuple[str, list[str]], kind: formats.Format) -> pl.DataFrame:
    """Return rows with the columns in the order of the first file, which those of a format of fixed shape must have.

    Raises:
        SourceError: they have others.
    """
    if kind not in FIXED:
        return rows
    differ = sorted(set(first[1]) ^ set(rows.columns))
    if differ:
        raise SourceError(
            f"{uri} and {first[0]} differ in the columns {', '.join(differ[:5])}",
            hint="read them one by one, or give them the same header",
            uri=uri,
            format=kind,
        )
    return rows[first[1]]  # and not select: a name may be that of a pattern


def _hash(files: Sequence[File]) -> str:
    if len(files) == 1:
        return files[0].sha256
    return sha256("\n".join(file.sha256 for file in files).encode()).hexdigest()


def _issues(bad: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    code, message, value = pl.col("code"), pl.col("message"), pl.col("text")
    return frames.issues(bad, stage="read", field="", code=code, message=message, value=value, at=clock.now())


def _rejected(bad: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Return bad lines in the columns of the rows, with ``_errors``."""
    data = [(name, kind) for name, kind in frame.schema.items() if name not in frames.IDENTITY]
    fill = [
        (pl.col("fields").list.get(at, null_on_oob=True) if kind == pl.String else pl.lit(None, dtype=kind)).alias(name)
        for at, (name, kind) in enumerate(data)
    ]
    return bad.select(*fill, *frames.IDENTITY, pl.col("message").alias("_errors"))
