"""CSV: a null is an empty cell, an empty text two quotes, a nested value JSON."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import polars as pl

from fcwork.sources.writers import MANY_ROWS, flag, texts

# What makes a spreadsheet take a cell for a formula (OWASP: CSV injection), full-width forms included; a text that is
# plainly a number stays as it is. Apostrophes before it count, so that `as_written` can take one away again.
FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - the full-width forms are meant
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_SPELLED = {"\\t": "\t", "tab": "\t"}  # as a command line has it
LineEnd = Literal["\n", "\r\n"]


@dataclass(frozen=True, kw_only=True)
class Csv:
    """How to write a csv.

    Attributes:
        delimiter: what parts the cells.
        header: write the names of the columns.
        quote_all: put quotes around every cell; a null is an empty text then.
        line_end: what ends a line.
        bom: write a byte order mark, as spreadsheets want it.
        spreadsheet: write no text that would run as a formula.
    """

    delimiter: str = ","
    header: bool = True
    quote_all: bool = False
    line_end: LineEnd = "\n"
    bom: bool | None = None
    spreadsheet: bool = False

    def __post_init__(self) -> None:
        delimiter: Any = _SPELLED.get(self.delimiter, self.delimiter)
        if not isinstance(delimiter, str) or len(delimiter.encode()) != 1 or delimiter in '"\n\r':
            message = rf"delimiter={delimiter!r} is not one character that can part cells, such as , ; | or \t"
            raise ValueError(message)
        object.__setattr__(self, "delimiter", delimiter)
        if self.line_end not in get_args(LineEnd):
            message = rf"line_end={self.line_end!r} is not known; known: \n, \r\n"
            raise ValueError(message)
        flag("header", self.header)
        flag("quote_all", self.quote_all)
        flag("bom", bool(self.bom) if self.bom is None else self.bom)

    def writer(self, schema: pl.Schema, uri: str) -> _Writer:
        """Return what makes the content of one file."""
        del uri  # a csv holds any name and text
        return _Writer(self, schema)


class _Writer:
    room = MANY_ROWS
    held = 0

    def __init__(self, form: Csv, schema: pl.Schema) -> None:
        self._form = form
        self._schema = schema

    def begin(self) -> bytes:
        mark = self._form.spreadsheet if self._form.bom is None else self._form.bom
        header = self._text(self._schema.to_frame(), header=True) if self._form.header else b""
        return b"\xef\xbb\xbf" * mark + header

    def rows(self, rows: pl.DataFrame) -> bytes:
        return self._text(rows, header=False)

    def end(self) -> Iterable[bytes]:
        return ()

    def _text(self, rows: pl.DataFrame, *, header: bool) -> bytes:
        cells = _cells(rows)
        with io.BytesIO() as stream:
            (_harmless(cells) if self._form.spreadsheet else cells).write_csv(
                stream,
                include_header=header,
                separator=self._form.delimiter,
                line_terminator=self._form.line_end,
                quote_style="always" if self._form.quote_all else "necessary",
            )
            return stream.getvalue()


def as_written(rows: pl.DataFrame, *, without: Iterable[str] = ()) -> pl.DataFrame:
    """Return rows read from a csv that was made for spreadsheets, without the apostrophes that it was given."""
    plain = rows.with_columns(
        _unguarded(rows[name]) for name, kind in rows.schema.items() if kind == pl.String and name not in without
    )
    names = _unguarded(pl.Series(rows.columns))
    return plain.rename(dict(zip(rows.columns, names, strict=True)))


def _unguarded(values: pl.Series) -> pl.Series:
    guarded = pl.col("v").str.contains(FORMULA.replace("^'*", "^'+"))
    plain = pl.when(guarded).then(pl.col("v").str.slice(1)).otherwise("v")
    return values.to_frame("v").select(plain).to_series().alias(values.name)


def _cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows as a csv can hold them; of one column a null is an empty text, as a blank line is no row."""
    nested = [texts.json_text(rows[name]) for name, kind in rows.schema.items() if kind.is_nested()]
    cells = texts.iso(rows).with_columns(nested)
    return cells.select(pl.all().cast(pl.String).fill_null("")) if cells.width == 1 else cells


def _harmless(cells: pl.DataFrame) -> pl.DataFrame:
    """Return cells and names that no spreadsheet takes for a formula."""
    columns = [_neutral(column) if column.dtype == pl.String else column for column in cells]
    names = _neutral(pl.Series(cells.columns))
    return pl.DataFrame([column.alias(name) for column, name in zip(columns, names, strict=True)])


def _neutral(values: pl.Series) -> pl.Series:
    risky = pl.col("text").str.contains(FORMULA) & ~pl.col("text").str.contains(_NUMBER)
    harmless = pl.when(risky).then("'" + pl.col("text")).otherwise("text")
    return values.to_frame("text").select(harmless).to_series()
