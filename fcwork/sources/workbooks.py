"""Workbooks (xlsx): the cells of one sheet as texts; ``_row`` is the row of the sheet.

A sheet is read cell by cell, and only the cells that are there are held: one in the last row of the last column, which
stands for a table of billions, costs no more than any other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, TypeAlias, cast
from xml.etree.ElementTree import Element, ParseError

import polars as pl
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from fcwork.errors import SourceError
from fcwork.frames import ROW
from fcwork.sources import cells
from fcwork.sources.header import titles
from fcwork.sources.options import Options
from fcwork.sources.packed import WORKBOOK, Content, parts
from fcwork.sources.pieces import OURS, Piece, bad_lines, check_cells, check_width, note_ours

if TYPE_CHECKING:
    _Open: TypeAlias = Callable[[str], Content | None]

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # as a text has a control character
MAX_BOOK_CELLS = 20_000_000
MAX_ELEMENTS = 60_000_000  # in all that is read of one
MAX_HELD = 200_000  # elements in a row: a sheet has 16,384 columns
_Row: TypeAlias = tuple[int, dict[int, str]]


def sheet(content: bytes, options: Options, uri: str) -> Piece:
    """Return the rows of one sheet: the first row that holds anything has the names, unless the options say otherwise.

    Raises:
        SourceError: no workbook, no such sheet, or one that is no table.
    """
    with parts(content, uri) as open_:
        try:
            rows = _Book(open_, uri).rows(options.sheet)
            return _piece([row for row in rows if row[0] > options.skip], options, uri)
        except DefusedXmlException as error:
            raise _no_book(uri, "it declares a DOCTYPE, which is refused") from error
        except (ParseError, ValueError, LookupError) as error:
            raise _no_book(uri, f"it is damaged: {error}") from error


class _Book:
    """What the sheets of a workbook share: their names, texts and number formats."""

    def __init__(self, open_: _Open, uri: str) -> None:
        self._open = open_
        self._uri = uri
        self._met = 0  # elements

    def rows(self, name: str) -> Iterator[_Row]:
        """Yield the rows of a sheet that hold anything: the number, and the texts by their columns."""
        target = self._sheet(name)
        self._texts: list[str] = []
        for item in self._elements("xl/sharedStrings.xml", "si"):
            self._texts.append(_text(item))
            self._counted(len(self._texts))
        self._kinds = list(self._formats())
        count, at = 0, 0
        for row in self._elements(target, "row"):
            at = int(row.get("r") or at + 1)
            values = dict(self._cells(row))
            count = self._counted(count + len(values))
            if values:
                yield at, values

    def _counted(self, cells: int) -> int:
        if cells > MAX_BOOK_CELLS:
            raise SourceError(
                f"{self._uri} has more than {MAX_BOOK_CELLS:,} cells",
                hint="save it as csv, and read that part by part",
                uri=self._uri,
                format="xlsx",
            )
        return cells

    def _sheet(self, wanted: str) -> str:
        """Return which member of the workbook is the sheet wanted."""
        sheets, self._since_1904 = {}, False
        for element in self._elements(WORKBOOK, "sheet", "workbookPr"):
            if _name(element) == "workbookPr":
                self._since_1904 = element.get("date1904") in {"1", "true"}
            else:
                sheets[element.get("name", "")] = element.get(_RELATION) or element.get(_STRICT_RELATION)
        if not sheets:
            raise _no_book(self._uri, f"it has no {WORKBOOK}, or no sheet in it")
        if wanted not in sheets and (wanted or len(sheets) > 1):
            told = f"has no sheet {wanted!r}" if wanted else f"has {len(sheets)} sheets"
            hint = f"say which: sheet={next(iter(sheets))!r}; there are {', '.join(sheets)}"
            raise SourceError(f"{self._uri} {told}", hint=hint, uri=self._uri, format="xlsx")
        links = self._elements("xl/_rels/workbook.xml.rels", "Relationship")
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        return posixpath.normpath(posixpath.join("/xl", targets[sheets[wanted or next(iter(sheets))]])).lstrip("/")

    def _formats(self) -> Iterator[str]:
        """Yield what each style of a cell makes of a number."""
        codes: dict[str | None, str] = {}
        for element in self._elements("xl/styles.xml", "numFmt", "cellXfs"):
            if _name(element) == "numFmt":
                codes[element.get("numFmtId")] = element.get("formatCode", "")
                continue
            for style in element:
                number = style.get("numFmtId", "0")
                yield cells.kind(int(number), codes.get(number, ""))

    def _cells(self, row: Element) -> Iterator[tuple[int, str]]:
        at = 0
        for cell in row:
            place = _REFERENCE.fullmatch(cell.get("r", ""))
            at = _column(place[1]) if place else at + 1
            value = self._value(cell)
            if value is not None:
                yield at, value

    def _value(self, cell: Element) -> str | None:
        """Return the text of a cell; None where it is empty."""
        how, text, inline = cell.get("t", "n"), None, None
        for inner in cell:
            if _name(inner) == "v":
                text = inner.text
            elif _name(inner) == "is":
                inline = _text(inner)
        if how == "inlineStr":
            return inline
        if text is None:
            return None
        if how == "s":
            return self._texts[int(text)]
        if how == "b":
            return "true" if text.strip() == "1" else "false"
        if how == "n":
            style = int(cell.get("s", "0"))
            kind = self._kinds[style] if style < len(self._kinds) else ""
            return cells.number(text.strip(), kind, since_1904=self._since_1904)
        return _ESCAPED.sub(_unescaped, text)

    def _elements(self, member: str, *names: str) -> Iterator[Element]:
        """Yield elements of a member by their names, each whole; what is done with is let go."""
        content = self._open(member)
        if content is None:
            return
        around: list[Element] = []
        kept = held = 0  # how deep the wanted element is, and what is in it
        for event, element in iterparse(cast("IO[bytes]", content), ("start", "end"), forbid_dtd=True):
            if event == "start":
                self._met += 1
                around.append(element)
                if not kept and _name(element) in names:
                    kept, held = len(around), 0
                held += 1
                if kept and held > MAX_HELD:
                    raise _no_book(self._uri, f"a row has more than {MAX_HELD:,} elements")
                if self._met > MAX_ELEMENTS:
                    raise _no_book(self._uri, f"it has more than {MAX_ELEMENTS:,} elements")
                continue
            if kept == len(around):
                kept = 0
                yield element
            around.pop()
            if not kept and around:
                del around[-1][:]


def _piece(rows: list[_Row], options: Options, uri: str) -> Piece:
    """Return rows as a frame."""
    if not rows:
        raise SourceError(f"the sheet of {uri} is empty", hint="say which: sheet=", uri=uri, format="xlsx")
    width = max(at for _, values in rows for at in values)
    check_width(width, uri=uri, format="xlsx")
    line, first = rows[0]
    names = titles([first.get(at, "") for at in range(1, width + 1)], options, uri, line=line, format="xlsx")
    body = rows[0 if options.header == "none" else 1 :]
    check_cells(len(body) * width, uri=uri, format="xlsx")
    note_ours(list(names), uri)
    columns = [
        pl.Series(name, [values.get(at) for _, values in body], dtype=pl.String)
        for at, name in enumerate(names, 1)
        if name not in OURS
    ]
    number = pl.Series(ROW, [number for number, _ in body], dtype=pl.Int64)
    return Piece(pl.DataFrame([*columns, number]), bad_lines([]))


def _text(item: Element) -> str:
    """Return a text that may be in runs, each of a look of its own, without how it is pronounced."""
    runs = [item, *(run for run in item if _name(run) == "r")]
    text = "".join(inner.text or "" for run in runs for inner in run if _name(inner) == "t")
    return _ESCAPED.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _no_book(uri: str, told: str) -> SourceError:
    hint = "save it anew as xlsx, or as csv"
    return SourceError(f"{uri} is no workbook: {told}", hint=hint, uri=uri, format="xlsx")
