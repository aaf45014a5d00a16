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
        pytest.param("a.xml", b"<r>" + b'<i a="1">\n<b>\xc3\xa9</b><c/><c/></i>' * 99 + b"</r>", id="xml"),
        pytest.param("a.xml", f"<r>{'<i><b>é</b></i>' * 99}</r>".encode("utf-16"), id="xml in UTF-16"),
    ],
)
def test_parts_are_what_reading_gives(put: Put, name: str, content: bytes) -> None:
    """Whatever the size of the blocks, the parts together are the frame that ``read`` returns."""
    path = put(name, content)
    parts = list(sources.scan(path, rows=7))
    assert pl.concat(parts).rows() == sources.read(path).rows()
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
