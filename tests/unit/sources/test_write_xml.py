import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError

HOSTILE = ["a,b", "q\"u'ote", "two\nlines", "00123", "😀 & <x> ]]>", "12345678901234567890", "a\rb", "&amp;"]


def _text(rows: Any, to: Path, **options: Any) -> str:
    return Path(sources.write(rows, to, **options)).read_bytes().decode()


def test_a_row_is_an_element_of_the_declared_path(tmp_path: Path) -> None:
    """The path names root and record, a null is left out, and an empty text is an empty element."""
    rows = pl.DataFrame({"ref": ["A & B", None], "qty": [1, 2], "note": [None, ""]})
    for path in ("Orders/Order", "Orders.Order", "$.Orders.Order"):
        assert _text(rows, tmp_path / "a.xml", path=path) == (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Orders>\n'
            "<Order><ref>A &amp; B</ref><qty>1</qty></Order>\n"
            "<Order><qty>2</qty><note></note></Order>\n</Orders>\n"
        )


def test_a_deeper_path_has_elements_around_the_records(tmp_path: Path) -> None:
    """A path of several names makes an element of each, indented where that is asked for."""
    rows = pl.DataFrame({"ref": ["1"]})
    assert "<a><b>\n<c><ref>1</ref></c></b>\n</a>\n" in _text(rows, tmp_path / "a.xml", path="a/b/c")
    indented = "<a>\n  <b>\n    <c>\n      <ref>1</ref>\n    </c>\n  </b>\n</a>\n"
    assert indented in _text(rows, tmp_path / "a.xml", path="a/b/c", pretty=True)


@pytest.mark.parametrize("pretty", [False, True])
def test_hostile_texts_come_back(tmp_path: Path, *, pretty: bool) -> None:
    """P29: texts come back from elements, attributes and texts beside them, whatever is in them."""
    texts = ["first", None, *HOSTILE]
    rows = pl.DataFrame({"@at": texts, "in": texts, "o": [{"@x": text, "#text": text} for text in texts]})
    back = sources.read(sources.write(rows, tmp_path / "a.xml", path="R/I", pretty=pretty), path="R/I")
    assert (
        back.drop(frames.IDENTITY)
        .with_columns(pl.col("o").struct.json_encode())
        .equals(rows.with_columns(pl.when(pl.col("in").is_not_null()).then(pl.col("o")).struct.json_encode()))
    )


def test_nested_values_come_back(tmp_path: Path) -> None:
    """P29: what a mapping nests is elements in elements, and a list is one element an item."""
    orders = [
        {
            "OrderHeader": {"@id": f"O-{at}", "total": "10.50"},
            "ShipTo": {"name": "Zoë <&>", "city": None} if at else None,
            "LineItems": {"LineItem": [{"sku": f"00{line}", "qty": str(line)} for line in range(3 - at)]},
            "tag": ["x", "y"] if at else ["z", "z"],
        }
        for at in range(2)
    ]
    path = Path(sources.write(orders, tmp_path / "a.xml", path="Orders/Order"))
    assert "<LineItems><LineItem><sku>000</sku><qty>0</qty></LineItem><LineItem>" in path.read_text("utf-8")
    back = sources.read(path, path="Orders.Order").drop(frames.IDENTITY).to_dicts()
    assert back[0]["LineItems"] == orders[0]["LineItems"]
    assert back[1]["OrderHeader"] == {"@id": "O-1", "total": "10.50"}
    assert back[1]["ShipTo"]["name"] == "Zoë <&>"
    assert [order["tag"] for order in back] == [["z", "z"], ["x", "y"]]


def test_lists_keep_their_gaps(tmp_path: Path) -> None:
    """A null in a list is an empty element, an empty list none, and so is a null."""
    rows = pl.DataFrame({"ref": ["a", "b", "c"], "t": [["x", None, "y"], [], None]})
    text = _text(rows, tmp_path / "a.xml")
    assert "<row><ref>a</ref><t>x</t><t></t><t>y</t></row>\n<row><ref>b</ref></row>\n<row><ref>c</ref></row>" in text


def test_indented_elements(tmp_path: Path) -> None:
    """An indented file has a line for each element, and adds nothing to a text beside elements."""
    rows = [{"@id": "1", "to": {"city": "X", "none": None}, "m": {"#text": "t", "e": "u"}, "nil": {"a": None}}]
    assert _text(rows, tmp_path / "a.xml", pretty=True).splitlines()[1:] == [
        "<rows>",
        '  <row id="1">',
        "    <to>",
        "      <city>X</city>",
        "    </to>",
        "    <m>t<e>u</e></m>",
        "    <nil></nil>",
        "  </row>",
        "</rows>",
    ]


def test_types_are_texts(tmp_path: Path) -> None:
    """Instants are ISO 8601, decimals keep their digits, truth is a word."""
    at = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    rows = pl.DataFrame({"at": [at], "@day": [at.date()], "price": [Decimal("1.50")], "ok": [True], "l": [[at]]})
    assert (
        '<row day="2026-01-02"><at>2026-01-02T03:04:05.000000Z</at><price>1.50</price><ok>true</ok>'
        "<l>2026-01-02T03:04:05.000000Z</l></row>"
    ) in _text(rows, tmp_path / "a.xml")


def test_categories_are_escaped_as_texts_are(tmp_path: Path) -> None:
    """P25: whatever the type of a text is, its signs do not become markup."""
    kinds = [pl.Categorical, pl.Enum(["<b>"])]
    rows = pl.DataFrame({f"o{at}": pl.Series([["<b>"]]).cast(pl.List(kind)) for at, kind in enumerate(kinds)})
    assert "<row><o0>&lt;b&gt;</o0><o1>&lt;b&gt;</o1></row>" in _text(rows, tmp_path / "a.xml")


def test_prefixes_are_declared(tmp_path: Path) -> None:
    """A name may have a prefix that namespaces= explains, and no other."""
    rows = pl.DataFrame({"cbc:ID": ["1"]})
    spaces = {"": "urn:a", "cbc": "urn:b&"}
    text = _text(rows, tmp_path / "a.xml", path="Invoices/Invoice", namespaces=spaces)
    assert '<Invoices xmlns="urn:a" xmlns:cbc="urn:b&amp;">\n<Invoice><cbc:ID>1</cbc:ID></Invoice>' in text
    assert sources.read(tmp_path / "a.xml")["ID"].to_list() == ["1"]
    with pytest.raises(SourceError, match="namespaces= does not say what the prefix of 'cbc:ID' stands for"):
        sources.write(rows, tmp_path / "b.xml")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (pl.DataFrame({"a b": ["x"]}), "'a b' is no name in XML"),
        (pl.DataFrame({"1a": ["x"]}), "'1a' is no name in XML"),
        (pl.DataFrame({"": ["x"]}), "'' is no name in XML"),
        (pl.DataFrame({"@": ["x"]}), "'' is no name in XML"),
        (pl.DataFrame({"a><b": ["x"]}), "is no name in XML"),
        (pl.DataFrame({"o": [{"p": {"bad name": 1}}]}), r"'bad name' is no name in XML \(in o.p.bad name\)"),
        (pl.DataFrame({"@a": [["x"]]}), "@a holds a list or an object, where XML has a text alone"),
        (pl.DataFrame({"o": [{"#text": {"x": 1}}]}), "o.#text holds a list or an object"),
        (pl.DataFrame({"l": [[["x"]]]}), "l holds a list of lists"),
        (pl.DataFrame({"o": [{"b": b"x"}]}), "bytes of o.b have no form in xml"),
        (pl.DataFrame({"ok": ["x", "y"], "bad": ["fine", "a\x00b"]}), "a.xml: row 2 holds a control character in bad"),
        (pl.DataFrame({"@bad": ["\x1b[31m"]}), "row 1 holds a control character in @bad"),
        (pl.DataFrame({"l": [["x"], ["y", "\ufffe"]]}), "row 2 holds a control character in l"),
    ],
)
def test_what_xml_cannot_hold_is_refused(tmp_path: Path, rows: pl.DataFrame, told: str) -> None:
    """P29, P32: a name or character that XML has no form for is told with its place, and nothing is written."""
    with pytest.raises(SourceError, match=told):
        sources.write(rows, tmp_path / "a.xml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["Order", "", "Orders//Order", "Orders/1", "Orders/a b", 7])
def test_a_path_names_root_and_record(tmp_path: Path, path: Any) -> None:
    """P32: a path that is no root and record is refused."""
    with pytest.raises(SourceError, match="path="):
        sources.write([{"a": 1}], tmp_path / "a.xml", path=path)


def test_no_rows_are_a_root(tmp_path: Path) -> None:
    """Without rows there is the root, which reads back without rows."""
    path = sources.write(pl.DataFrame(schema={"a": pl.String}), tmp_path / "a.xml", path="Orders/Order")
    assert Path(path).read_text("utf-8").endswith("\n<Orders>\n</Orders>\n")
    assert sources.read(path, path="Orders/Order").height == 0


def test_a_bad_character_is_told_by_its_row_in_a_stream(tmp_path: Path) -> None:
    """P32: the row that is told counts from the file's first."""
    parts = (pl.DataFrame({"a": ["x"] * 3 + [last]}) for last in ("y", "\x07"))
    with pytest.raises(SourceError, match="row 8 holds a control character in a"):
        sources.write(parts, tmp_path / "a.xml")
    assert list(tmp_path.iterdir()) == []
