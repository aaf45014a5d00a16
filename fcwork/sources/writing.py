"""From frames to files, each of which appears whole under its name or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import polars as pl

from fcwork import frames, log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import SourceError
from fcwork.sources import formats, partitions, streams, writers
from fcwork.sources import manifest as manifests
from fcwork.sources.naming import Names, names
from fcwork.sources.parts import Limits, Shelf, fill, remove
from fcwork.sources.place import Place, locate
from fcwork.sources.writers import delimited, documents, texts
from fcwork.sources.written import Written, WrittenFile

Safety = Literal["raw", "spreadsheet"]
IfEmpty = Literal["file", "nothing", "manifest"]
PACKED = ".gz"
_MB = 1_000_000
_logger = log.get("sources")


def write(
    frame: Any,
    uri: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    *,
    safe: Safety = "raw",
    identity: bool = False,
    schema: streams.Schema | None = None,
    fields: Mapping[str, object] | None = None,
    split_rows: int | None = None,
    split_mb: float | None = None,
    partition_by: str | Sequence[str] = (),
    manifest: bool | str | None = None,
    if_empty: IfEmpty = "file",
    clock: Clock = SYSTEM,
    **options: Any,
) -> Written:
    """Write a frame of any kind, or a stream of frames, to a file or several; columns come in the frame's order.

    Texts of instants are ISO 8601. CSV: a null is an empty cell and an empty text ``""``; nested values are JSON. In a
    frame of one column a null is written as an empty text, as a blank line is no row. JSON: a decimal is a number with
    all its digits; NaN and the infinite are null. XML: a column is an element, ``@name`` an attribute and ``#text`` the
    text; objects are elements in it, a list is one element an item, a null is none.

    A stream, also a lazy frame, is held a piece at a time. Its columns are those of its first frame, unless ``schema``
    names them: what a later frame lacks is null, what it has besides is refused.

    Args:
        frame: the rows, or an iterable of frames.
        uri: where to: a path, ``~/a/path`` or ``file:///a/path``; missing folders are made. Names in braces are filled
            in: ``{date}`` and ``{time}`` of the run in UTC, ``{part}``, and those of ``fields``; a format may follow,
            as in ``{part:05}`` or ``{date:%Y}``. A name that ends in .gz is packed.
        format: csv, json (an array), jsonl, parquet or xml; told by the name unless given. Under a name that ends in
            .tsv a csv has tabs.
        safe: ``raw`` writes a csv as it is, for machines; ``spreadsheet`` puts an apostrophe before texts that would
            run as a formula (numbers are left alone) and a byte order mark at the start, so that Excel reads UTF-8.
        identity: write ``_row`` and ``_source`` too.
        schema: the columns and their types.
        fields: what else may stand in braces, such as ``from``, ``to``, ``run`` and ``entity``.
        split_rows: begin another file after so many rows.
        split_mb: begin another file when one is as large, in millions of bytes; it may be larger by one piece.
        partition_by: columns whose values part the rows, a folder for each: ``status=ACTIVE/part-00001.csv``. Files do
            not hold these columns. ``updated_on:date`` parts by the day of an instant in UTC, in folders such as
            ``updated_on_date=2026-01-31``; that column stays. Rows wait in a temporary file.
        manifest: write beside the files, last, which they are, with sizes and hashes; files of the manifest that stood
            there before, which are none of these, are deleted. A text is its name. By default there is one where there
            may be several files.
        if_empty: without rows, ``file`` writes one that has none (partitions: a manifest), ``manifest`` a manifest
            alone, and ``nothing`` nothing; a file that stood there is deleted by the latter two.
        clock: the time.
        **options: csv takes ``delimiter``, ``header``, ``quote_all``, ``line_end`` and ``bom``; json ``envelope`` (an
            object to stand around the array; a text that is ``{rows}`` stands for their number, one that is another
            field for its value), ``records`` (the array's name in it) and ``pretty``; xml ``path``, such as
            ``Orders/Order``, ``pretty`` and ``namespaces``; parquet ``compression``, ``row_group_rows`` and
            ``statistics``.

    Raises:
        SourceError: the folder may not be written, the disk is full, a column has no form in the format, or an argument
            is wrong. Nothing new is left then, and what stood there before still does.
    """
    asked = _Asked(safe, if_empty, manifest, _limits(split_rows, split_mb), _list(partition_by))
    plan = _plan(asked, uri, format, options=options, fields=fields, clock=clock)
    stream = streams.stream(frame, schema, identity=identity, uri=plan.names.uri)
    keys = partitions.keys(asked.by, stream.schema, plan.names.uri) if asked.by else ()
    away = {key.column for key in keys if not key.day}
    kept = pl.Schema({name: kind for name, kind in stream.schema.items() if name not in away})
    _check(kept, plan.kind, plan.names.uri)
    with Shelf(lambda place: plan.form.writer(kept, place), packed=plan.packed) as shelf:
        _fill(shelf, stream.frames, keys, plan, asked)
        files = tuple(part.facts(plan.names.relative(part.place)) for part in shelf.show())
        settled = _settle(plan, files, kept, asked, clock)
    written = _written(plan, files, settled)
    _logger.info(
        "source.written",
        uri=written.uri,
        format=plan.kind,
        rows=written.rows,
        bytes=written.bytes,
        files=len(files),
    )
    return written


def check(
    uri: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    *,
    safe: Safety = "raw",
    fields: Mapping[str, object] | None = None,
    split_rows: int | None = None,
    split_mb: float | None = None,
    partition_by: str | Sequence[str] = (),
    manifest: bool | str | None = None,
    if_empty: IfEmpty = "file",
    clock: Clock = SYSTEM,
    **options: Any,
) -> None:
    """Refuse arguments that ``write`` would refuse, and a place that does not answer, before there are rows.

    Raises:
        SourceError: an argument is wrong, or the place cannot be reached.
    """
    asked = _Asked(safe, if_empty, manifest, _limits(split_rows, split_mb), _list(partition_by))
    plan = _plan(asked, uri, format, options=options, fields=fields, clock=clock)
    plan.names.file(1).look()


def as_written(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows read from a csv that was made for spreadsheets, without the apostrophes that it was given."""
    return delimited.as_written(rows, without=frames.IDENTITY)


@dataclass(frozen=True)
class _Asked:
    """What a caller asked for, whatever the format."""

    safe: Safety
    if_empty: IfEmpty
    manifest: bool | str | None
    limits: Limits
    by: Sequence[str]

    @property
    def several(self) -> bool:
        """Whether there may be several files."""
        return bool(self.by or self.limits.rows or self.limits.bytes)

    @property
    def listed(self) -> bool:
        """Whether a manifest lists the files."""
        if self.manifest is None:
            return self.several or self.if_empty == "manifest"
        return bool(self.manifest)


@dataclass(frozen=True)
class _Plan:
    """Where to write, and in which form."""

    names: Names
    kind: formats.Format
    form: writers.Form
    packed: bool
    manifest: Place | None


def _plan(
    asked: _Asked,
    uri: str | os.PathLike[str],
    format: str | None,  # noqa: A002 - the public name
    *,
    options: Mapping[str, Any],
    fields: Mapping[str, object] | None,
    clock: Clock,
) -> _Plan:
    """Return how to write; whatever is wrong with the arguments is told here, before any work is done."""
    shown = locate(uri).uri
    packed = shown.lower().endswith(PACKED)
    kind = _format(shown[: -len(PACKED)] if packed else shown, format)
    if packed and kind == "parquet":
        hint = "name it without .gz; compression='gzip' packs inside"
        raise SourceError(f"a parquet file is packed inside: {shown}", hint=hint, uri=shown, format=kind)
    _known("safe", asked.safe, get_args(Safety), shown)
    _known("if_empty", asked.if_empty, get_args(IfEmpty), shown)
    if asked.if_empty == "manifest" and not asked.listed:
        raise SourceError("if_empty='manifest' and manifest=False contradict each other", uri=shown)
    named = names(uri, f".{kind}", fields, clock, numbered=asked.several)
    if options.get("envelope") is not None:
        options = {**options, "envelope": documents.replaced(options["envelope"], named.value)}
    form = writers.form(kind, options, uri=shown, spreadsheet=asked.safe == "spreadsheet")
    wanted = asked.manifest if isinstance(asked.manifest, str) else ""
    return _Plan(named, kind, form, packed, named.manifest(wanted) if asked.listed else None)


def _known(name: str, value: str, known: Sequence[str], uri: str) -> None:
    if value not in known:
        raise SourceError(f"{name}={value!r} is not known", hint=f"known: {', '.join(known)}", uri=uri)


def _list(names: str | Sequence[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else names


def _limits(rows: int | None, megabytes: float | None) -> Limits:
    given = {"split_rows": (rows, int), "split_mb": (megabytes, int | float)}
    for name, (value, kind) in given.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, kind) or not value > 0):
            raise SourceError(f"{name}={value!r} is no size of a file", hint="give a number above 0")
    return Limits(rows, None if megabytes is None else max(int(megabytes * _MB), 1))


def _format(uri: str, format: str | None) -> formats.Format:  # noqa: A002 - the public name
    known = ", ".join(writers.WRITTEN)
    kind = formats.named(format, uri=uri) if format else formats.by_extension(uri)
    if kind is None:
        raise SourceError(f"{uri} does not tell its format", hint=f"give format=, one of {known}", uri=uri)
    if kind not in writers.WRITTEN:
        raise SourceError(f"{kind} is read, not written: {uri}", hint=f"write one of {known}", uri=uri, format=kind)
    return kind


def _check(schema: pl.Schema, kind: formats.Format, uri: str) -> None:
    """Refuse bytes where a format has texts."""
    leaves = [leaf for name, of in schema.items() for leaf in texts.leaves(of, name)]
    raw = [name for name, of in leaves if of == pl.Binary]
    if raw and kind != "parquet":
        hint = "write parquet, or make text of them first"
        raise SourceError(f"the bytes of {', '.join(raw)} have no form in {kind}", hint=hint, uri=uri, format=kind)


def _fill(
    shelf: Shelf, rows: Iterator[pl.DataFrame], keys: Sequence[partitions.Key], plan: _Plan, asked: _Asked
) -> None:
    """Write all rows, and a file without rows where one is wanted."""
    if not keys:
        fill(shelf, rows, asked.limits, plan.names.file, {})
        if shelf.is_empty and asked.if_empty == "file":
            shelf.finish(shelf.begin(plan.names.file(1), {}))
        return
    with partitions.Parted(keys, plan.names.uri) as parted:
        for piece in rows:
            parted.add(piece)
        for folder, values, own in parted.partitions():
            fill(shelf, own, asked.limits, partial(plan.names.file, partition=folder), values)


def _settle(plan: _Plan, files: Sequence[WrittenFile], schema: pl.Schema, asked: _Asked, clock: Clock) -> Place | None:
    """Write the manifest, and delete what an earlier write of these names left."""
    now = {file.name for file in files}
    before = manifests.listed(plan.manifest) if plan.manifest else []
    stale = [plan.names.inside(name) for name in before if name not in now]
    if not files and not asked.by:
        stale.append(plan.names.file(1))
    listed = plan.manifest if files or asked.if_empty != "nothing" else None
    if listed:
        manifests.write(listed, plan.names, format=plan.kind, schema=schema, files=files, at=clock.now())
    for place in stale:
        if place != plan.manifest and manifests.lies_inside(place, plan.names):
            remove(place)
    if plan.manifest and not listed:
        remove(plan.manifest)
    return listed


def _written(plan: _Plan, files: tuple[WrittenFile, ...], listed: Place | None) -> Written:
    rows = sum(file.rows for file in files)
    if len(files) == 1:
        place = plan.names.inside(files[0].name)
        path, uri = str(place.local or place.uri), place.uri
    else:
        path, uri = "", plan.names.file(1).uri if not files else plan.names.root.uri
    return Written(uri, plan.kind, rows, files, listed.uri if listed else "", path)
