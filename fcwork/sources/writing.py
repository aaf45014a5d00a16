"""From a frame to a file, which appears whole under its name or not at all."""

from __future__ import annotations

import json
import os
from io import IOBase
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast, get_args

import polars as pl

from fcwork import frames, log
from fcwork.errors import SourceError
from fcwork.sources import formats
from fcwork.sources.place import locate, whole

Safety = Literal["raw", "spreadsheet"]
# What makes a spreadsheet take a cell for a formula (OWASP: CSV injection), full-width forms included; a text that is
# plainly a number stays as it is. Apostrophes before it count, so that `as_written` can take one away again.
_FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - the full-width forms are meant
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_logger = log.get("sources")


def write(
    frame: Any,
    uri: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    *,
    safe: Safety = "raw",
    identity: bool = False,
) -> Path:
    """Write a frame of any kind to a file and return its path; columns come in the frame's order.

    Texts of instants are ISO 8601. CSV: a null is an empty cell and an empty text ``""``; nested values are JSON. In a
    frame of one column a null is written as an empty text, as a blank line is no row.

    Args:
        frame: the rows.
        uri: where to: a path, ``~/a/path`` or ``file:///a/path``; missing folders are made.
        format: csv, json (an array), jsonl or parquet; told by the name unless given. Under a name that ends in .tsv a
            csv has tabs.
        safe: ``raw`` writes a csv as it is, for machines; ``spreadsheet`` puts an apostrophe before texts that would
            run as a formula (numbers are left alone) and a byte order mark at the start, so that Excel reads UTF-8.
        identity: write ``_row`` and ``_source`` too.

    Raises:
        SourceError: the folder may not be written, the disk is full, or a column has no form in the format; nothing is
            left under the name then, and what stood there before still does.
    """
    place = locate(uri)
    kind = _format(place.uri, format)
    if safe not in get_args(Safety):
        raise SourceError(f"safe={safe!r} is not known", hint=f"known: {', '.join(get_args(Safety))}", uri=place.uri)
    rows = frames.enter(frame)
    rows = rows if identity else rows.drop(frames.IDENTITY, strict=False)
    _check(rows, kind, place.uri)
    with whole(place) as stream:
        try:
            tabs = place.name.lower().endswith(".tsv")
            _write(rows, stream, kind, separator="\t" if tabs else ",", spreadsheet=safe == "spreadsheet")
        except pl.exceptions.PolarsError as error:
            raise SourceError(f"{place.uri} cannot be written: {error}", uri=place.uri, format=kind) from error
        size = stream.tell()
    _logger.info("source.written", uri=place.uri, format=kind, rows=rows.height, bytes=size)
    return Path(place.path)


def as_written(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows read from a csv that was made for spreadsheets, without the apostrophes that it was given."""
    texts = [name for name, kind in rows.schema.items() if kind == pl.String and name not in frames.IDENTITY]
    plain = rows.with_columns(_unguarded(pl.col(name)).alias(name) for name in texts)
    names = pl.DataFrame({"name": rows.columns}).select(_unguarded(pl.col("name"))).to_series()
    return plain.rename(dict(zip(rows.columns, names, strict=True)))


def _unguarded(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains(_FORMULA.replace("^'*", "^'+"))).then(text.str.slice(1)).otherwise(text)


def _format(uri: str, format: str | None) -> formats.Format:  # noqa: A002 - the public name
    known = ", ".join(formats.WRITTEN)
    kind = formats.named(format, uri=uri) if format else formats.by_extension(uri)
    if kind is None:
        raise SourceError(f"{uri} does not tell its format", hint=f"give format=, one of {known}", uri=uri)
    if kind not in formats.WRITTEN:
        raise SourceError(f"{kind} is read, not written: {uri}", hint=f"write one of {known}", uri=uri, format=kind)
    return kind


def _check(rows: pl.DataFrame, kind: formats.Format, uri: str) -> None:
    if not rows.width:
        raise SourceError(f"a frame without columns cannot be written to {uri}", uri=uri, format=kind)
    raw = [name for name, dtype in rows.schema.items() if dtype == pl.Binary]
    if raw and kind != "parquet":
        hint = "write parquet, or make text of them first"
        raise SourceError(f"the bytes of {', '.join(raw)} have no form in {kind}", hint=hint, uri=uri, format=kind)


def _write(rows: pl.DataFrame, stream: BinaryIO, kind: formats.Format, *, separator: str, spreadsheet: bool) -> None:
    if kind == "parquet":
        rows.write_parquet(stream)
    elif kind == "csv":
        cells = _cells(rows)
        (_harmless(cells) if spreadsheet else cells).write_csv(stream, separator=separator, include_bom=spreadsheet)
    elif kind == "json":
        _iso(rows).write_json(cast("IOBase", stream))
    else:
        _iso(rows).write_ndjson(stream)


def _iso(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with instants and spans of time as ISO 8601 texts."""
    return rows.with_columns(
        rows[name].dt.to_string("iso:strict") for name, kind in rows.schema.items() if kind.is_temporal()
    )


def _cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows as a csv can hold them."""
    texts = [_json(rows[name]) for name, kind in rows.schema.items() if kind.is_nested()]
    cells = _iso(rows).with_columns(texts)
    return cells.select(pl.all().cast(pl.String).fill_null("")) if cells.width == 1 else cells


def _json(values: pl.Series) -> pl.Series:
    texts = [
        None if value is None else json.dumps(value, ensure_ascii=False, default=_text) for value in values.to_list()
    ]
    return pl.Series(values.name, texts, dtype=pl.String)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _harmless(cells: pl.DataFrame) -> pl.DataFrame:
    """Return cells and names that no spreadsheet takes for a formula."""
    columns = [_neutral(column) if column.dtype == pl.String else column for column in cells]
    names = _neutral(pl.Series(cells.columns))
    return pl.DataFrame([column.alias(name) for column, name in zip(columns, names, strict=True)])


def _neutral(texts: pl.Series) -> pl.Series:
    risky = texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)
    return texts.to_frame("text").select(pl.when(risky).then("'" + pl.col("text")).otherwise("text")).to_series()
