"""Workbooks, made by hand as Excel and its imitators write them."""

import io
import zipfile
from collections.abc import Callable

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError
from fcwork.sources import cells, workbooks

Put = Callable[[str, bytes], str]
DATA = pl.exclude(frames.IDENTITY)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="0.00\\ &quot;d&quot;"/>'
    '<numFmt numFmtId="166" formatCode="[h]:mm"/><numFmt numFmtId="167" formatCode="[$-409]h:mm AM/PM"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"><alignment/></xf><xf numFmtId="14"/>'
    '<xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="167"/></cellXfs>'
)


def book(rows: str, *, texts: str = "", extra: str = "", before: str = "", sheets: int = 1) -> bytes:
    """Return a workbook whose first sheet has these rows."""
    stream = io.BytesIO()
    names = "".join(f'<sheet name="S{at}" sheetId="{at}" r:id="r{at}"/>' for at in range(1, sheets + 1))
    links = "".join(f'<Relationship Id="r{at}" Target="worksheets/s{at}.xml"/>' for at in range(1, sheets + 1))
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}">{extra}<sheets>{names}</sheets></workbook>'
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{links}</Relationships>")
        archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{MAIN}">{STYLES}</styleSheet>')
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{texts}</sst>')
        for at in range(1, sheets + 1):
            archive.writestr(
                f"xl/worksheets/s{at}.xml",
                f'{before}<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>',
            )
    return stream.getvalue()


def row(*texts: str) -> str:
    """Return a row of inline texts."""
    inside = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
    return f"<row>{inside}</row>"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c t="s"><v>0</v></c>', "00123"),
        ('<c t="s"><v>1</v></c>', "rich & bold"),
        ('<c t="s"><v>2</v></c>', "a\tb_"),
        ("<c><v>5</v></c>", "5"),
        ("<c><v>-12</v></c>", "-12"),
        ("<c><v>5.0</v></c>", "5"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>1.2345678901234567E+19</v></c>", "12345678901234600000"),
        ("<c><v>1E-7</v></c>", "0.0000001"),
        ('<c s="1"><v>46024</v></c>', "2026-01-02"),
        ('<c s="1"><v>1</v></c>', "1900-01-01"),
        ('<c s="2"><v>46024</v></c>', "2026-01-02"),
        ('<c s="2"><v>46024.127835648</v></c>', "2026-01-02T03:04:05"),
        ('<c s="3"><v>2.5</v></c>', "2.5"),
        ('<c s="4"><v>1.5</v></c>', "36:00:00"),
        ('<c s="5"><v>0.5</v></c>', "12:00:00"),
        ('<c s="1"><v>1E+9</v></c>', "1000000000"),
        ('<c t="b"><v>1</v></c>', "true"),
        ('<c t="b"><v>0</v></c>', "false"),
        ('<c t="e"><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c t="str"><f>A1</f><v>= x</v></c>', "= x"),
        ('<c t="d"><v>2026-01-02</v></c>', "2026-01-02"),
        ('<c t="inlineStr"><is><t xml:space="preserve"> é😀 </t></is></c>', " é😀 "),
        ('<c t="s"><v>3</v></c>', ""),
        ('<c s="1"/>', None),
        ("<c><f>A1</f></c>", None),
    ],
)
def test_cells_are_the_texts_of_a_csv(put: Put, cell: str, text: str | None) -> None:
    """Texts stay as they are, whole numbers have no point, times are ISO, and an empty cell is null."""
    texts = (
        "<si><t>00123</t></si><si><r><t>rich &amp; </t></r><r><rPr><b/></rPr><t>bold</t></r><rPh><t>x</t></rPh></si>"
        "<si><t>a_x0009_b_</t></si><si><t/></si>"
    )
    content = book(f"{row('a', 'b')}<row>{cell}<c><v>1</v></c></row>", texts=texts)
    assert sources.read(put("a.xlsx", content)).select(DATA).rows() == [(text, "1")]


def test_rows_are_those_of_the_sheet(put: Put) -> None:
    """The row's number is the one the sheet shows, and a row or cell that is not there is passed over."""
    rows = (
        '<row r="3"><c r="A3" t="str"><v>sku</v></c><c r="B3" t="str"><v>qty</v></c></row>'
        '<row r="4"/><row r="7"><c r="B7"><v>1</v></c></row><row><c t="str"><v>x</v></c></row>'
    )
    path = put("a.xlsx", book(rows))
    assert sources.read(path).rows() == [(None, "1", 7, path), ("x", None, 8, path)]
    assert pl.concat(sources.scan(path, rows=1)).rows() == sources.read(path).rows()


def test_the_sheet_is_named_where_there_are_several(put: Put) -> None:
    """P32: of several sheets one is asked for by its name."""
    path = put("a.xlsx", book(row("a") + row("1"), sheets=2))
    with pytest.raises(SourceError, match="has 2 sheets\n→ say which: sheet='S1'; there are S1, S2"):
        sources.read(path)
    with pytest.raises(SourceError, match="has no sheet 'S3'"):
        sources.read(path, sheet="S3")
    assert sources.read(path, sheet="S2")["a"].to_list() == ["1"]


def test_headers_and_names_are_those_of_csv(put: Put) -> None:
    """Options for the header are the same for a sheet as for a csv."""
    path = put("a.xlsx", book(row("Stock") + row("a", "b") + row("1", "2")))
    assert sources.read(path, skip=1).rows() == [("1", "2", 3, path)]
    assert sources.read(path, skip=1, names=["x", "y"]).columns[:2] == ["x", "y"]
    assert sources.read(path, skip=2, header="none").rows() == [("1", "2", 3, path)]
    with pytest.raises(SourceError, match="column 2 of 2 has no name"):
        sources.read(path)


def test_dates_may_count_from_1904(put: Put) -> None:
    """A workbook of an old Mac counts its days from 1904."""
    content = book(row("a") + '<row><c s="1"><v>44562</v></c></row>', extra='<workbookPr date1904="1"/>')
    assert sources.read(put("a.xlsx", content))["a"].to_list() == ["2026-01-02"]


@pytest.mark.parametrize("name", ["a.xlsx", "a.XLSM", "a", "a.zip"])
def test_a_workbook_is_told_by_its_name_or_content(put: Put, name: str) -> None:
    """A zip that holds a workbook's parts is one, whatever its name."""
    assert sources.read_with_issues(put(name, book(row("a") + row("1")))).format == "xlsx"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"a,b\n", "is no zip or workbook\n→ read it with the format it has", id="csv"),
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(book(""), "the sheet of .* is empty", id="no rows"),
        pytest.param(book(row("a") + row("1", "2")), "column 2 of 2 has no name", id="wider than its header"),
        pytest.param(book("<row><c><v>x</v></c></row>"), "it is damaged: could not convert", id="no number"),
        pytest.param(book('<row><c t="s"><v>9</v></c></row>'), "it is damaged: list index", id="no text"),
        pytest.param(book("<row>"), "it is damaged: mismatched tag", id="no XML"),
        pytest.param(
            book(row("a"), before='<!DOCTYPE x [<!ENTITY a "b">]>'), "a DOCTYPE, which is refused", id="DOCTYPE"
        ),
        pytest.param(book(row("a"))[:-9], "cannot be unpacked", id="cut off"),
        pytest.param(
            book(row("a") + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
            "more than 10,000 columns",
            id="far",
        ),
        pytest.param(book(f"<row>{'<c/>' * 200_001}</row>"), "a row has more than 200,000 elements", id="a wide row"),
        pytest.param(book(row("x" * 40_000_000)), "more than 250 times its size", id="a bomb"),
    ],
)
def test_hostile_workbooks_are_refused(put: Put, content: bytes, told: str) -> None:
    """P24: a workbook that is none, declares entities, or stands for more than can be held is refused by name."""
    with pytest.raises(SourceError, match=told):
        sources.read(put("a.xlsx", content))


def test_cells_are_counted(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """P24: a workbook of more cells than can be held is refused, whichever part of it holds them."""
    monkeypatch.setattr(workbooks, "MAX_ELEMENTS", 99)
    with pytest.raises(SourceError, match="it has more than 99 elements"):
        sources.read(put("a.xlsx", book("<row/>" * 99)))
    monkeypatch.setattr(workbooks, "MAX_BOOK_CELLS", 3)
    for content in (book(row("a", "b") * 2), book(row("a"), texts="<si/>" * 4)):
        with pytest.raises(SourceError, match=r"more than 3 cells\n→ save it as csv"):
            sources.read(put("a.xlsx", content))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy-mm-dd", "date"), ("d/m/yy h:mm", "date"), ("mmmm", "date"), ("h:mm", "time"), ("mm:ss.0", "time"),
        ("[mm]:ss", "span"), ("General", ""), ("0.00", ""), ('#,##0 "days"', ""), ("[Red]0.00", ""), ("0\\d", ""),
        ("_-* #,##0.00_-;@", ""), ("0;[Red]-0;d", ""), ("[$€-407]0", ""),
    ],
)  # fmt: skip
def test_number_formats_tell_times(code: str, kind: str) -> None:
    """A format is of a time if a sign of time stands in it that is no literal text, colour or currency."""
    assert cells.kind(164, code) == kind
