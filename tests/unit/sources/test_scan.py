from collections.abc import Callable

import polars as pl
import pytest

from fcwork import sources
from fcwork.errors import SourceError
from fcwork.sources import reading

Put = Callable[[str, bytes], str]
ROWS = b"".join(b'%d,"line %d\nand, more ""x"""\n' % (at, at) for at in range(200))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a few lines at a time, so that records fall on the edges of blocks."""
    monkeypatch.setattr(reading, "BLOCK_BYTES", 97)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.csv", b"a,b\n" + ROWS, id="quoted line ends"),
        pytest.param("a.csv", b"a,b\n" + ROWS.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param("a.csv", b"a,b\r" + b"1,2\r" * 99, id="CR"),
        pytest.param("a.csv", b"a,b\n" + b'2" tall,x\n"multi\nline",y\n' * 50, id="stray quotes"),
        pytest.param("a.csv", ("a,b\n" + "é😀,ż\n" * 99).encode("utf-16"), id="UTF-16"),
        pytest.param("a.jsonl", b"".join(b'{"a":%d,"b":"%d"}\n' % (at, at) for at in range(99)), id="jsonl"),
        pytest.param("a.json", b'[{"a":1},{"a":2}]', id="json"),
        pytest.param("a.csv", b"#c\na,b\n" + b"1,2\n# it's\n" * 50, id="comments"),
        pytest.param("a.xml", b"<r>" + b'<i a="1">\n<b>\xc3\xa9</b><c/><c/></i>' * 99 + b"</r>", id="xml"),
        pytest.param("a.xml", f"<r>{'<i><b>é</b></i>' * 99}</r>".encode("utf-16"), id="xml in UTF-16"),
    ],
)
def test_parts_are_what_reading_gives(put: Put, name: str, content: bytes) -> None:
    """Whatever the size of the blocks, the parts together are the frame that ``read`` returns."""
    path, options = put(name, content), {"comment": "#"} if content.startswith(b"#") else {}
    parts = list(sources.scan(path, rows=7, **options))
    assert pl.concat(parts).rows() == sources.read(path, **options).rows()
    assert max(part.height for part in parts) <= 7


def test_no_rows_are_no_parts(put: Put) -> None:
    """A file without rows yields no frame."""
    assert list(sources.scan(put("a.csv", b"a,b\n"))) == []


def test_parquet_comes_in_batches(put: Put) -> None:
    """A parquet file is not held whole, and its rows are numbered through."""
    path = put("a.parquet", b"")
    sources.write(pl.DataFrame({"a": range(25)}), path)
    parts = list(sources.scan(path, rows=10))
    assert [part.height for part in parts] == [10, 10, 5]
    assert pl.concat(parts).select("a", "_row").rows() == [(at, at + 1) for at in range(25)]


def test_a_bad_line_stops_a_scan_when_it_is_met(put: Put) -> None:
    """P32: a line that does not fit is told by its number, however far in; it is skipped if so asked."""
    path = put("a.csv", b"a,b\n" + b"1,2\n" * 100 + b"3\n4,5\n")
    with pytest.raises(SourceError, match="line 102 has 1 field"):
        list(sources.scan(path))
    assert sum(part.height for part in sources.scan(path, bad_rows="skip")) == 101


def test_bytes_that_are_no_text_are_told_by_their_line(put: Put) -> None:
    """P32: the line of a bad byte is the file's, not the block's."""
    with pytest.raises(SourceError, match="byte 0xff in line 102"):
        list(sources.scan(put("a.csv", b"a,b\n" + b"1,2\n" * 100 + b"\xff,1\n" + b"1,2\n" * 50)))


def test_a_line_without_end_is_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """P24: memory stays bounded where a line or a record never ends."""
    monkeypatch.setattr("fcwork.sources.delimited.MAX_RECORD_BYTES", 1_000)
    monkeypatch.setattr("fcwork.sources.elements.MAX_RECORD_BYTES", 1_000)
    monkeypatch.setattr("fcwork.sources.documents.MAX_RECORD_BYTES", 1_000)
    with pytest.raises(SourceError, match=r"line 2 .* longer than 1,000 bytes"):
        list(sources.scan(put("a.csv", b"a,b\n" + b"x" * 5_000)))
    with pytest.raises(SourceError, match=r"line 1 .* longer than 1,000 bytes"):
        list(sources.scan(put("a.jsonl", b'{"a":"' + b"x" * 5_000)))
    for record in (
        b"<i>" + b"x" * 5_000,
        b'<i a="' + b"x" * 5_000,
        b"<i/><!--" + b"x" * 5_000,
        b"<i>" + b"<b/>" * 2_000,
    ):
        with pytest.raises(SourceError, match=r"line 2 .* in a record of more than 1,000 bytes"):
            list(sources.scan(put("a.xml", b"<r>\n" + record), path="i"))


def test_a_quote_never_closed_does_not_hold_the_file(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """P24: an open quote is given up after so many bytes, and costs its own line only."""
    monkeypatch.setattr("fcwork.sources.delimited.MAX_RECORD_BYTES", 1_000)
    parts = sources.scan(put("a.csv", b'a,b\n1,"open\n' + b"1,2\n" * 900), bad_rows="skip")
    assert sum(part.height for part in parts) == 900


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b'[{"a":"]},{"},{"a":{"b":[1,[2,{"c":"\\""}]]}},{"a":null}]', {}),
        (b'\xef\xbb\xbf [\n {"a" : 1 } ,\n{"a":2}\n]\n', {}),
        (b'{"meta":{"x":[[1],{"y":"}"}]},"records":[{"a":1},{"a":2}],"total":[2]}', {}),
        (b'{"data":{"x":[9],"items":[{"a":1},{"a":2}],"z":1},"end":{}}', {"path": "data.items"}),
        (b'{"data":{"a":[1]}}', {"path": "data"}),
        (b' {"a":1, "b":[]} ', {"path": "$"}),
        (b'[{"a":1}]', {"path": "$"}),
        (b'[{"id":123456789012345678901234567890,"p":0.12345678901234567890},{"id":1e400}]', {}),
        (b'{"records":[]}', {}),
        (b"[ ]", {}),
        ('[{"a":"é😀"}]'.encode("utf-16"), {}),
    ],
)
def test_a_json_array_comes_in_parts(put: Put, content: bytes, options: dict[str, str]) -> None:
    """Wherever the array stands, its items are those of ``read``, numbers with all their digits."""
    path = put("a.json", content)
    parts = list(sources.scan(path, rows=1, **options))
    assert [row for part in parts for row in part.to_dicts()] == [
        {name: value for name, value in row.items() if name in part.columns}
        for part, row in zip(parts, sources.read(path, **options).to_dicts(), strict=True)
    ]


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (b'{"orders":[{"a":1}]}', {}, "say which: path='orders'"),
        (b'{"data":[{"a":1}],"records":[]}', {}, "several of its names"),
        (b'{"a":1}', {}, r"its names are a; path='\$' reads it as one record"),
        (b"5", {}, "neither an array nor an object"),
        (b"x", {}, "is no JSON: line 1"),
        (b'{"data":{"items":[]}}', {"path": "data.itms"}, "data has no 'itms'; there are items"),
        (b'{"data":5}', {"path": "data"}, "leads to no array in .*, but to '5'"),
        (b'{"data":[],"data":[]}', {"path": "data"}, "the name 'data' stands twice"),
        (b'[{"a":1},\n\n{"a":]', {}, "is no JSON: line 3"),
        (b'[{"a":1},\n' + b'{"a":2},\n' * 99 + b'{"a"},\n{"a":3}]', {}, "is no JSON: line 101"),
        (b'[{"a":1}', {}, "a value is not whole: is the file cut off?"),
        (b'[{"a":1},', {}, "a value is not whole"),
        (b'[{"a":"x', {}, "a value is not whole"),
        (b'{"records":[{"a":1}]', {}, "a comma or the end of an object is missing"),
        (b'{"records" [{"a":1}]}', {}, "a colon is missing"),
        (b'[{"a":1},]', {}, "a comma is followed by nothing"),
        (b'[{"a":1},,{"a":1}]', {}, "is no JSON"),
        (b'[{"a":1}}]', {}, "is no JSON"),
        (b'[{"a":1}] x', {}, "more follows the end"),
        (b'[{"a":NaN}]', {}, "is no JSON"),
        (b'[{"a":"\xff"}]', {}, "is no JSON"),
        (b'{"x":{"y":nul},"data":[]}', {}, "is no JSON"),
        (b"[" * 100_000 + b"]" * 100_000, {}, "deeper than 64 levels"),
        (b"[" * 100_000, {}, "deeper than 64 levels"),
        (b'{"a":' * 100_000, {}, "deeper than 64 levels"),
        (b'[{"a":' + b"[" * 65 + b"]" * 65 + b"}]", {}, "deeper than 64 levels"),
        (b"[{" + b",".join(b'"k%d":1' % at for at in range(10_001)) + b"}]", {}, "more than 10,000 columns"),
    ],
)
def test_a_json_that_cannot_be_read_is_told_in_parts_too(
    put: Put, content: bytes, options: dict[str, str], told: str
) -> None:
    """P24, P32: what ``read`` refuses is refused part by part, with the line of the file."""
    with pytest.raises(SourceError, match=told):
        list(sources.scan(put("a.json", content), **options))


def test_an_item_without_end_is_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """P24: an item of a json array, or a record of it, is held up to so many bytes."""
    monkeypatch.setattr("fcwork.sources.items.MAX_RECORD_BYTES", 1_000)
    for content in (b'[\n{"a":"' + b"x" * 5_000, b'[\n"' + b"x" * 5_000, b'{\n"' + b"x" * 5_000):
        with pytest.raises(SourceError, match=r"line 2 .* a value of more than 1,000 bytes"):
            list(sources.scan(put("a.json", content)))


def test_items_that_are_no_objects_stop_a_scan(put: Put) -> None:
    """P32: an item that is no object is told by its number, counted over all parts."""
    content = b"[" + b'{"a":1},' * 50 + b"7]"
    with pytest.raises(SourceError, match="item 51 is no object"):
        list(sources.scan(put("a.json", content)))


def test_files_of_other_columns_stop_a_scan(put: Put) -> None:
    """P27: files of one source have the same columns, in any order, in parts as at once."""
    put("a.csv", b"a,b\n1,2\n")
    put("b.csv", b"b,a\n4,3\n")
    path = put("c.csv", b"a\n1\n")
    parts = sources.scan(path.replace("c.csv", "*.csv"))
    assert [next(parts).select("a", "b").rows(), next(parts).columns[:2]] == [[("1", "2")], ["a", "b"]]
    with pytest.raises(SourceError, match="differ in the columns b"):
        next(parts)
