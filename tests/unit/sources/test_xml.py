import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError
from fcwork.sources import markup, pieces, regular, rows

Put = Callable[[str, bytes], str]
XSI = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def records(file: str, **options: Any) -> list[dict[str, Any]]:
    """Return the rows of a file, without what is ours."""
    return sources.read(file, **options).drop(frames.IDENTITY).to_dicts()


@pytest.mark.parametrize(
    ("element", "record"),
    [
        (b'<i a="1"/>', {"@a": "1"}),
        (b'<i a="1">x</i>', {"@a": "1", "#text": "x"}),
        (b"<i>x</i>", {"#text": "x"}),
        (b"<i><a>x</a><b/></i>", {"a": "x", "b": None}),
        (b'<i><a k="1">x</a></i>', {"a": {"@k": "1", "#text": "x"}}),
        (b"<i><a>x<b>y</b>z</a></i>", {"a": {"b": "y", "#text": "xz"}}),
        (b"<i><a>1</a><b>2</b><a>3</a></i>", {"a": ["1", "3"], "b": "2"}),
        (b"<i><a><b>1</b></a><a/></i>", {"a": [{"b": "1"}, None]}),
        (b"<i><a>007</a><b>1E5</b><c>true</c></i>", {"a": "007", "b": "1E5", "c": "true"}),
        (b"<i><a>\r\n x  y\t</a></i>", {"a": "x  y"}),
        (b"<i><a>&lt;b&gt; &amp; &#65;&#x42;</a></i>", {"a": "<b> & AB"}),
        (b"<i><a>x<![CDATA[<b> &amp; ]]>y</a></i>", {"a": "x<b> &amp; y"}),
        (b"<i><!-- no --><a>x<!-- no -->y</a><?no no?></i>", {"a": "xy"}),
        (b'<i a=""><b> </b></i>', {"@a": None, "b": None}),
        (
            b'<i xmlns="urn:x" xmlns:p="urn:y" p:a="1" xml:lang="en"><p:b>x</p:b></i>',
            {"@a": "1", "@lang": "en", "b": "x"},
        ),
        (b"<i><a.b>x</a.b><__proto__>y</__proto__></i>", {"a.b": "x", "__proto__": "y"}),
    ],
)
def test_the_shape_of_a_record(put: Put, element: bytes, record: dict[str, Any]) -> None:
    """P27: attributes, texts, repeats and empty elements have one shape each, and every value stays the text it is."""
    assert records(put("a.xml", b"<r>" + element + b"</r>"), path="r.i") == [record]


def test_what_repeats_anywhere_is_a_list_everywhere(put: Put) -> None:
    """P27: a column has one type in all rows: lists where any row repeats, objects where any row has parts."""
    content = b'<r><i><a>1</a><t>x</t></i><i><a>2</a><a k="3"/><t/></i><i><t n="1">y</t></i></r>'
    assert records(put("a.xml", content)) == [
        {"a": [{"@k": None, "#text": "1"}], "t": {"@n": None, "#text": "x"}},
        {"a": [{"@k": None, "#text": "2"}, {"@k": "3", "#text": None}], "t": None},
        {"a": None, "t": {"@n": "1", "#text": "y"}},
    ]


EARLY = b"<i><a>1</a><b><c>x</c><d>2</d></b></i>"
LATE = b'<i><a k="1">3</a><b><c>y</c><c>z</c><d><e>4</e><e>5</e></d></b><b/><f/></i>'
BOTH = [
    {"a": {"@k": None, "#text": "1"}, "b": [{"c": ["x"], "d": {"e": None, "#text": "2"}}], "f": None},
    {
        "a": {"@k": "1", "#text": "3"},
        "b": [{"c": ["y", "z"], "d": {"e": ["4", "5"], "#text": None}}, None],
        "f": None,
    },
]


@pytest.mark.parametrize("size", [1, 30, 4_000_000])
def test_the_whole_file_decides_the_types(put: Put, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """P27: rows that were made columns before others had more in them get their types, and lose nothing."""
    monkeypatch.setattr(markup, "CHUNK_BYTES", size)
    path = put("a.xml", b"<r>" + EARLY * 3 + LATE + EARLY + b"</r>")
    assert records(path) == [BOTH[0], BOTH[0], BOTH[0], BOTH[1], BOTH[0]]
    assert sources.read(path)["_row"].to_list() == [1, 2, 3, 4, 5]


EMPTY = [
    pytest.param(
        b"<i/><i><q/><q/><q/></i>" + b"<i><q/></i>" * 9,
        [{"q": None}, {"q": [None] * 3}, *[{"q": None}] * 9],
        id="alone-where-others-repeat",
    ),
    pytest.param(
        b"<i><q/></i>" * 9 + b"<i/>" + b'<i><q x=""/></i>' * 9,
        [*[{"q": None}] * 10, *[{"q": {"@x": None}}] * 9],
        id="beside-one-with-an-attribute",
    ),
]


@pytest.mark.parametrize("cut", [(30, 1), (30, 10**9), (4_000_000, 1), (4_000_000, 10**9)])
@pytest.mark.parametrize(("content", "rows"), EMPTY)
def test_an_empty_element_is_none(
    put: Put, monkeypatch: pytest.MonkeyPatch, content: bytes, rows: list[dict[str, Any]], cut: tuple[int, int]
) -> None:
    """P27: an empty element is no list and has no text, wherever a file is cut and by whichever pass it is read."""
    monkeypatch.setattr(markup, "CHUNK_BYTES", cut[0])
    monkeypatch.setattr(regular, "FIRST_BYTES", 20)
    monkeypatch.setattr(regular, "MIN_RUN", cut[1])
    assert records(put("a.xml", b"<r>" + content + b"</r>")) == rows


def test_files_of_several_shapes_are_one_frame(put: Put) -> None:
    """P27: what one file has once and another several times is a list in the rows of both."""
    put("1.xml", b"<r>" + EARLY + b"</r>")
    path = put("2.xml", b"<r>" + LATE + b"</r>")
    rows = sources.read(path.replace("2.xml", "*.xml"))
    assert rows.drop(frames.IDENTITY).to_dicts() == BOTH
    assert rows.columns[-2:] == [*frames.IDENTITY]
    assert rows["_source"].to_list() == [path.replace("2.xml", "1.xml"), path]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"<inventories><inventory a='1'/></inventories>", [{"@a": "1"}]),
        (b"<inventories n='2'><inventory a='1'/><inventory a='2'/></inventories>", [{"@a": "1"}, {"@a": "2"}]),
        (b"<inventories/>", []),
        (b"<inventories>\n</inventories>", []),
        (b"<ArrayOfOrder><order><ref>1</ref></order></ArrayOfOrder>", [{"ref": "1"}]),
        (b"<orders><meta/><order><ref>1</ref></order><total>1</total></orders>", [{"ref": "1"}]),
        (b"<boxes><size>1</size><box>2</box></boxes>", [{"#text": "2"}]),
        (b"<feed><product><ref>1</ref></product></feed>", [{"ref": "1"}]),
        (b"<feed " + XSI + b" xsi:schemaLocation='a b'><product><ref>1</ref></product></feed>", [{"ref": "1"}]),
        (b"<feed v='1'><product>1</product><product/></feed>", [{"#text": "1"}, {"#text": None}]),
        (
            b"<order id='1'><ref>A</ref><items><item>1</item></items></order>",
            [{"@id": "1", "ref": "A", "items": {"item": "1"}}],
        ),
        (b"<order>A<ref/></order>", [{"ref": None, "#text": "A"}]),
        (b"<order>A</order>", [{"#text": "A"}]),
    ],
)
def test_the_records_are_found(put: Put, content: bytes, rows: list[dict[str, Any]]) -> None:
    """Records are what the root is the plural of, or its one kind of element; a root of several kinds is one record."""
    assert records(put("a.xml", content)) == rows


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<order><ref/><item/><item/></order>", "<order> holds ref, item .*path='order' .*path='order.item' for"),
        (
            b"<order>\n<item/><item/><ref/></order>",
            r"holds item, ref \(line 2\)\n.*path='order.item' or path='order.ref'",
        ),
        (
            b"<catalog v='1'><product/></catalog>",
            "<catalog> holds product .*path='catalog' .*path='catalog.product' for",
        ),
        (b"<inventories n='0'/>", "<inventories> holds attributes alone .*path='inventories' for the whole"),
    ],
)
def test_records_that_cannot_be_told_are_asked_for(put: Put, content: bytes, told: str) -> None:
    """P32: where a file may be read in two ways, neither is taken: the paths to choose from are named."""
    with pytest.raises(SourceError, match=f"(?s){told}"):
        sources.read(put("a.xml", content))


@pytest.mark.parametrize(
    "path", ["orders.order", "orders/order", "/orders/order", "order", "$.orders.order", "p:orders/p:order"]
)
def test_a_path_leads_to_the_records(put: Put, path: str) -> None:
    """A path names each element from the root on or from below it, joined by dots or slashes."""
    content = b"<orders xmlns='u'><meta><order>0</order></meta><order>1</order><order>2</order></orders>"
    rows = sources.read(put("a.xml", content), path=path)
    assert rows.select("#text", "_row").rows() == [("1", 1), ("2", 2)]


def test_records_in_several_elements_are_numbered_through(put: Put) -> None:
    """Every element at the end of the path is a record, whichever it stands in."""
    rows = sources.read(put("a.xml", b"<r><g><i>1</i></g><g/><g><i>2</i><i>3</i></g></r>"), path="r.g.i")
    assert rows.select("#text", "_row").rows() == [("1", 1), ("2", 2), ("3", 3)]


@pytest.mark.parametrize("path", ["order", "$"])
def test_the_root_can_be_the_record(put: Put, path: str) -> None:
    """The path of the root, or $, makes one record of the whole file."""
    assert records(put("a.xml", b"<order><i/><i>2</i></order>"), path=path) == [{"i": [None, "2"]}]


@pytest.mark.parametrize(
    ("content", "path", "told"),
    [
        (b"<orders><order/><meta/></orders>", "orders.ordr", "orders has no 'ordr'; there are order, meta"),
        (b"<orders><order><x/></order></orders>", "order.item", "orders.order has no 'item'; there are x"),
        (b"<orders><order/></orders>", "//order", "name each element"),
        (b"<orders><order/></orders>", "orders..order", "name each element"),
    ],
)
def test_a_path_that_leads_nowhere(put: Put, content: bytes, path: str, told: str) -> None:
    """P32: a path that no element has is told with the names that there are."""
    with pytest.raises(SourceError, match=told):
        sources.read(put("a.xml", content), path=path)


@pytest.mark.parametrize("content", [b"<orders/>", b"<orders n='0'> </orders>"])
def test_no_rows_are_a_frame_of_no_rows(put: Put, content: bytes) -> None:
    """An element on the path with nothing in it is an empty list, and no mistake."""
    assert sources.read(put("a.xml", content), path="orders.order").shape == (0, 2)


def test_an_empty_record_is_a_row(put: Put) -> None:
    """P26: a record with nothing in it is a row of nulls."""
    assert sources.read(put("a.xml", b"<r><i/><i/></r>"))["_row"].to_list() == [1, 2]


def test_names_of_two_namespaces_are_told_apart(put: Put) -> None:
    """P27: names that would be one without their prefixes are refused, and kept apart if so asked."""
    path = put("a.xml", b"<r xmlns:a='u' xmlns:b='v'><i b:k='1'>\n<a:x>1</a:x><b:x>2</b:x><y/></i></r>")
    with pytest.raises(SourceError, match=r"'x' is a name of two namespaces .* \(line 2\)\n→ .*namespaces=\"keep\""):
        sources.read(path)
    assert records(path, namespaces="keep") == [{"@b:k": "1", "a:x": "1", "b:x": "2", "y": None}]
    twins = put("b.xml", b"<r xmlns:a='u'><i a:k='1' k='2'/></r>")
    with pytest.raises(SourceError, match="'@k' is a name of two namespaces"):
        sources.read(twins)
    with pytest.raises(SourceError, match="namespaces='no' is not known\n→ known: drop, keep"):
        sources.read(twins, namespaces="no")


def test_kept_names_are_as_they_are_spelled(put: Put) -> None:
    """With namespaces="keep" a path has prefixes too, and elements of one spelling share a column."""
    content = b"<p:r xmlns:p='u'><p:i xmlns='v'><x>1</x></p:i><p:i xmlns='w'><x>2</x></p:i></p:r>"
    assert records(put("a.xml", content), path="p:r/p:i", namespaces="keep") == [{"x": "1"}, {"x": "2"}]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("<r><i>é日</i></r>".encode(), {}),
        ("\ufeff<r><i>é日</i></r>".encode(), {}),
        ("<r><i>é日</i></r>".encode("utf-16"), {}),
        ("<?xml version='1.0' encoding='utf-16'?><r><i>é日</i></r>".encode("utf-16-be"), {}),
        ("<?xml version='1.0' encoding='utf-16'?><r><i>é日</i></r>".encode(), {"encoding": "utf-8"}),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><r><i>\xe9&#26085;</i></r>", {}),
        (b"<?xml version='1.0' encoding='windows-1252'?><r><i>\xe9&#26085;</i></r>", {}),
        (b"<r><i>\xe9&#26085;</i></r>", {"encoding": "cp1252"}),
        (
            "<?xml version='1.0' encoding='shift_jis'?><r><i>&#233;日</i></r>".encode("shift_jis"),
            {"encoding": "shift_jis"},
        ),
    ],
)
def test_encodings(put: Put, content: bytes, options: dict[str, str]) -> None:
    """A file is read in the encoding of its byte order mark or declaration, or in the one given."""
    assert records(put("a.xml", content), **options) == [{"#text": "é日"}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty\n→ a file without rows still has its outermost element"),
        (b" ", "ends before its first element\n→ is it cut off"),
        (b"<r>\n<i>", "line 2, column 4: it ends before <i> is closed\n→ is it cut off"),
        (b"<r><i/>\n<x><y>", "line 2, column 7: it ends before an element is closed"),
        (b"<r><i><a b='1", "line 1, column 7: it ends before <i> is closed"),
        (b"<r><i><![CDATA[x", "ends before <i> is closed"),
        (b"<r><i>\xc3", "ends before <i> is closed"),
        (b"<r><i><a>x</i></r>", "line 1, column 13: this does not close <a>, which is open\n→ close each"),
        (b"<r><i>\na & b</i></r>", "line 2, column 4: not well-formed .*\n→ in a text & is written &amp;"),
        (b"<r><i a=1/></r>", "the value of an attribute stands in quotes"),
        (b"<r><i>&nbsp;</i></r>", "undefined entity\n→ write the character, or its number"),
        (b"<r><i>&#0;</i></r>", "invalid character number\n→ leave it out"),
        (b"<r><i p:a='1'/></r>", 'unbound prefix\n→ say what the prefix stands for: xmlns:prefix="..."'),
        (b"<r><i a='1' a='2'/></r>", "duplicate attribute\n→ leave one"),
        (b"<r/><r/>", "→ a file is one element"),
        (b"\n<?xml version='1.0'?><r/>", "→ remove what stands before"),
        (b'{"a": 1}', "is no XML: line 1, column 1"),
        (b"a,b\n1,2", "→ is it XML at all"),
        (b"<r><i>\xff</i></r>", 'byte 0xff is not of its encoding\n→ give the encoding it has, such as encoding="'),
        (b"<r><i>\x00</i></r>", "byte 0x00 is not of its encoding"),
        (b"<?xml version='1.0' encoding='utf-16'?><r/>", "encoding .* is incorrect\n→ give the encoding it has"),
        (b"<?xml version='1.0' encoding='none'?><r/>", "declares an encoding that is not read: unknown encoding: none"),
        (b"<?xml version='1.0' encoding='gb2312'?><r/>", "declares an encoding that is not read: multi-byte"),
    ],
)
def test_what_is_no_xml_is_told_where_it_ceases_to_be(put: Put, content: bytes, told: str) -> None:
    """P24, P32: no cut off or malformed file passes; the line, the column and how to mend it are told."""
    with pytest.raises(SourceError, match=told):
        sources.read(put("a.xml", content), path=None if b"<r/>" in content or b"<y>" not in content else "r.i")


BOMB = b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><r><i>&b;</i></r>'
FILE = b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><r><i>&a;</i></r>'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(BOMB, "line 1 .* has a DOCTYPE, which is refused", id="billion laughs"),
        pytest.param(FILE, "line 1 .* has a DOCTYPE, which is refused", id="external entity"),
        pytest.param(b"\n<!DOCTYPE r>\n<r/>", "line 2 .* has a DOCTYPE.*\n→ remove it", id="any DOCTYPE"),
        pytest.param(b"<!DOCTYPE html>\n<html/>", "has a DOCTYPE.*\n→ it is a web page", id="web page"),
        pytest.param(b"<r><i>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</i></r>", "deeper than 64", id="deep"),
        pytest.param(b"<r><i" + b"".join(b" a%d=''" % at for at in range(20_000)) + b"/></r>", "10,000 col", id="wide"),
        pytest.param(b"<r>" + b"".join(b"<a%d/>" % at for at in range(1_000_000)) + b"</r>", "10,000 col", id="names"),
        pytest.param(
            b"<r><i/>" + b"".join(b"<a%d/>" % at for at in range(20_000)) + b"</r>", "10,000 col", id="names outside"
        ),
        pytest.param(
            b"<r>" + b"".join(b"<i><a%d/></i>" % (at % 9_000) for at in range(20_000)) + b"</r>",
            "180,000,000 cells",
            id="cells",
        ),
        pytest.param(
            b"<r><i>" + b"".join(b"<k><a%d/></k>" % (at % 9_000) for at in range(20_000)) + b"</i></r>",
            "180,000,001 cells",
            id="cells in a list",
        ),
    ],
)
def test_hostile_files_are_refused(put: Put, content: bytes, told: str) -> None:
    """P24: what could reach outside, or grow beyond what a frame holds, is refused with what it is."""
    with pytest.raises(SourceError, match=told):
        sources.read(put("a.xml", content), path="r.i" if content.startswith(b"<r><i") else None)


def test_cells_are_counted_over_all_pieces(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """P24: many rows of one column and a late one of many stand for all their cells, in one file or in two."""
    monkeypatch.setattr(markup, "CHUNK_BYTES", 1_000)
    for module in (pieces, rows):
        monkeypatch.setattr(module, "MAX_CELLS", 1_000_000)
    narrow, wide = b"<i><a/></i>" * 2_000, b"<i>" + b"".join(b"<a%d/>" % at for at in range(900)) + b"</i>"
    with pytest.raises(SourceError, match="cells, at most 1,000,000"):
        sources.read(put("a.xml", b"<r>" + narrow + wide + b"</r>"))
    put("b1.xml", b"<r>" + narrow + b"</r>")
    with pytest.raises(SourceError, match="cells, at most 1,000,000"):
        sources.read(put("b2.xml", b"<r>" + wide + b"</r>").replace("b2", "b?"))


def test_depth_and_size_outside_of_the_records_cost_nothing(put: Put) -> None:
    """P24: what the path passes by is not held, however deep it goes."""
    deep = b"<x>" * 100_000 + b"</x>" * 100_000
    assert records(put("a.xml", b"<r>" + deep + b"<i>1</i>" + deep + b"</r>"), path="r.i") == [{"#text": "1"}]


def test_the_deepest_record(put: Put) -> None:
    """P24: 64 levels, each of them repeated, are read in a moment."""
    inner = b"x"
    for _ in range(64):
        inner = b"<a>" + inner + b"</a><a/>"
    assert records(put("a.xml", b"<r><i>" + inner + b"</i></r>"), path="r.i")[0]["a"][1] is None


def test_our_own_columns_are_left_out(put: Put) -> None:
    """A file's elements called like columns of ours do not stand for them."""
    rows = sources.read(put("a.xml", b"<r><i><_row>9</_row><_errors/><x>1</x></i></r>"))
    assert rows.columns == ["x", "_row", "_source"]
    assert rows.schema["_row"] == pl.Int64


def test_what_stands_beside_found_records_is_noted(
    put: Put, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """P32: what is in none of the records is left out, and its names are logged where no path was given."""
    path = put("a.xml", b"<orders n='1'><meta/><order><ref>1</ref></order><total/></orders>")
    monkeypatch.setenv("FCWORK_LOG", "json")
    sources.read(path)
    [line] = [line for line in map(json.loads, capsys.readouterr().err.splitlines()) if "left_out" in line["event"]]
    assert line["names"] == ["@n", "meta", "total"]
    sources.read(path, path="orders.order")
    assert "left_out" not in capsys.readouterr().err


@pytest.mark.parametrize(("format_", "told"), [("parquet", 'format="xml"'), ("json", "is no JSON")])
def test_xml_is_not_taken_for_another_format(put: Put, format_: str, told: str) -> None:
    """P32: a file of XML that is called something else is told apart."""
    with pytest.raises(SourceError, match=told):
        sources.read(put("a.dat", b"<r/>"), format_)


def test_xml_takes_its_own_options_alone(put: Put) -> None:
    """P32: an option that is another format's is refused, and the known ones are named."""
    with pytest.raises(
        SourceError, match="xml has no option 'delimiter'\n→ it takes path, namespaces, encoding and member"
    ):
        sources.read(put("a.xml", b"<r/>"), delimiter=",")


def test_a_result_tells_what_was_read(put: Put) -> None:
    """P26: an XML file is read like any other: counted, hashed, in any engine, with no rejected rows."""
    result = sources.read_with_issues(put("a.xml", b"<r><i>1</i><i>2</i></r>"), engine="records")
    assert str(result).endswith("a.xml: 2 rows read as xml")
    assert result.frame[1]["#text"] == "2"
    assert (result.bytes, len(result.sha256), result.rejected, result.issues) == (23, 64, [], [])
