"""Files that are made to harm whoever reads them, in every format."""

import gzip
import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fcwork import sources
from fcwork.errors import SourceError

Put = Callable[[str, bytes], str]
LAUGHS = b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><r><i><a>&b;</a></i></r>'
PEAK_MEGABYTES = 700
READ_ALL = """
import sys
from fcwork import sources
from fcwork.errors import SourceError
def peak():  # of this process: ru_maxrss knows that of the one that started it too
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1024
for path in sys.argv[1:]:
    for read in (sources.read, lambda uri: [part.height for part in sources.scan(uri)]):
        try:
            read(path)
            print("read", path)
        except SourceError as error:
            print("refused", peak(), error.message)
"""


def zipped(name: str, content: bytes) -> bytes:
    """Return a zip of one member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def deflated(before: bytes, block: bytes, gigabytes: int) -> bytes:
    """Return what unpacks to so many gigabytes of a block of a megabyte, without packing it so often."""
    squeeze = zlib.compressobj(9, wbits=-15)
    start = squeeze.compress(before) + squeeze.flush(zlib.Z_FULL_FLUSH)
    again = squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return start + again * (1_000 * gigabytes) + squeeze.flush()


def gzip_bomb(before: bytes, unit: bytes) -> bytes:
    """Return a gzip of some 10 MB that unpacks to 10 GB."""
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + deflated(before, unit * (1_000_000 // len(unit)), 10) + b"\0" * 8


def zip_bomb(name: str, before: bytes, unit: bytes, *, told: int) -> bytes:
    """Return a zip that unpacks to 4 GB, and says how many bytes that are."""
    packed, title = deflated(before, unit * (1_000_000 // len(unit)), 4), name.encode()
    facts = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(packed), told, len(title), 0)
    local = b"PK\3\4" + facts + title + packed
    directory = b"PK\1\2" + struct.pack("<H", 20) + facts + struct.pack("<HHHII", 0, 0, 0, 0, 0) + title
    return local + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), len(local), 0)


def test_no_bomb_fills_the_memory(put: Put, tmp_path: Path) -> None:
    """P24: 10 MB that unpack to 10 GB are refused in every format, in bounded memory, and nothing is written."""
    record = b'{"a":"0"}'
    files = [
        put("a.csv.gz", gzip_bomb(b"a\n", b"0\n")),
        put("b.csv.gz", gzip_bomb(b"", b"0")),
        put("a.jsonl.gz", gzip_bomb(b"", record + b"\n")),
        put("a.json.gz", gzip_bomb(b"[", record + b",")),
        put("a.xml.gz", gzip_bomb(b"<r>", b"<i>" + b"0" * 990 + b"</i>")),
        put("a.parquet.gz", gzip_bomb(b"PAR1", b"0")),
        put("a.zip", zip_bomb("a.csv", b"a\n", b"0\n", told=2**32 - 2)),
        put("b.zip", zip_bomb("a.csv", b"a\n", b"0\n", told=5)),
        put(
            "a.xlsx", zip_bomb("xl/workbook.xml", b"<workbook>", b'<sheet name="' + b"0" * 980 + b'"/>', told=2**32 - 2)
        ),
        put("c.csv.gz", gzip.compress(gzip_bomb(b"a\n", b"0\n"))),
        put("d.csv.gz", gzip.compress(b"") * 50_000 + b"\x1f"),
    ]
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, *files], check=True, capture_output=True, text=True, cwd=tmp_path, timeout=200
    )
    told = [line.split(" ", 2) for line in done.stdout.splitlines()]
    assert [line[0] for line in told] == ["refused"] * 2 * len(files), done.stdout
    assert max(int(line[1]) for line in told) < PEAK_MEGABYTES, done.stdout
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("read", "count"),
    [(sources.read, 10**6), (lambda path: list(sources.scan(path)), 20_000)],
    ids=["a million, read", "thousands, scanned"],
)
def test_a_million_columns(put: Put, read: Callable[[str], object], count: int) -> None:
    """P24: 10^6 columns are refused in every format."""
    names = {f"k{at}": "1" for at in range(count)}
    fewer = dict(list(names.items())[:100_000])
    attributes = " ".join(f'{name}="1"' for name in names)
    files = [
        put("a.csv", ",".join(names).encode() + b"\n"),
        put("a.json", json.dumps([names]).encode()),
        put("b.json", json.dumps([{"a": [{"b": fewer}]}]).encode()),
        put("a.jsonl", json.dumps(names).encode()),
        put("a.xml", f"<r><i {attributes}/></r>".encode()),
    ]
    for path in files:
        with pytest.raises(SourceError, match=r"more than 10,000 columns|longer than 1,000,000 bytes"):
            read(path)


@pytest.mark.parametrize("read", [sources.read, lambda path: list(sources.scan(path))], ids=["read", "scan"])
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("a.xml", LAUGHS, "has a DOCTYPE, which is refused", id="billion laughs"),
        pytest.param("a.xml.gz", gzip.compress(LAUGHS), "has a DOCTYPE", id="billion laughs in gzip"),
        pytest.param("a.zip", zipped("a.xml", LAUGHS), "has a DOCTYPE", id="billion laughs in zip"),
        pytest.param(
            "a.xml",
            b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><i>&a;</i></r>',
            "has a DOCTYPE",
            id="external entity",
        ),
        pytest.param("a.xml", b'<!DOCTYPE r SYSTEM "x.dtd"><r><i/></r>', "has a DOCTYPE", id="external subset"),
        pytest.param("a.xml", b"<!DOCTYPE html><html/>", "it is a web page", id="web page"),
        pytest.param("a.xml", b"<r>" + b"<i>" * 100_000, "deeper than 64|it ends before", id="deep xml"),
        pytest.param("a.json", b'[{"a":' + b"[" * 100_000, "deeper than 64|is no JSON", id="deep json"),
        pytest.param("a.json", b'[{"a":' + b'{"a":' * 100_000, "deeper than 64|is no JSON", id="deep json of objects"),
        pytest.param(
            "a.jsonl", b'{"a":' + b"[" * 1_000 + b"]" * 1_000 + b"}", "deeper than 64|no JSON", id="deep jsonl"
        ),
        pytest.param("a.csv", b"a,b\n1,\xff\n", "byte 0xff in line 2", id="invalid UTF-8 in csv"),
        pytest.param("a.json", b'[{"a":"\xff"}]', "is no JSON", id="invalid UTF-8 in json"),
        pytest.param("a.jsonl", b'{"a":"\xff"}', "line 1 is no JSON", id="invalid UTF-8 in jsonl"),
        pytest.param("a.xml", b"<r><i>\xff</i></r>", "byte 0xff is not of its encoding", id="invalid UTF-8 in xml"),
        pytest.param("a.csv", b"a\0b,c\n1,2\n", "holds NUL bytes", id="NUL in csv"),
        pytest.param("a.json", b'[{"a":"\0"}]', "holds NUL bytes", id="NUL in json"),
        pytest.param("a.xml", b"<r><i>\0</i></r>", "is no XML", id="NUL in xml"),
        pytest.param("a.parquet", b"PAR1" + b"\xff" * 99 + b"PAR1", "is no whole parquet file", id="damaged parquet"),
    ],
)
def test_hostile_texts(put: Put, read: Callable[[str], object], name: str, content: bytes, told: str) -> None:
    """P24: entities, a DOCTYPE, endless nesting, and bytes that are no text are refused with a typed error."""
    with pytest.raises(SourceError, match=told):
        read(put(name, content))


def test_few_bytes_of_nested_json_do_not_stand_for_many_cells(put: Put) -> None:
    """P24: objects in lists are counted with all the names that any of them has."""
    items = ",".join(f'{{"k{at % 9_000}":1}}' for at in range(30_000))
    for content in (f'[{{"a":[{items}]}}]', f'[{{"a":[[{items}]]}}]', f'[{{"a":{{"b":[{items}]}}}}]'):
        with pytest.raises(SourceError, match=r"270,000,00\d cells"):
            sources.read(put("a.json", content.encode()))


ROWS = [
    {"a": None, "b": "x,\"y\"\n'z'\r\n;", "c": ""},
    {"a": "007", "b": "12345678901234567890", "c": "é😀 &<>&amp;"},
    {"a": " x ", "b": None, "c": "#"},
]
TEXT = pl.DataFrame(ROWS)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (name, rows)
        for name in ("a.csv", "a.json", "a.jsonl", "a.parquet")
        for rows in (TEXT, TEXT.head(1), TEXT.head(0))
        if not (name == "a.jsonl" and rows.is_empty())  # which is a file of no byte, and refused
    ],
)
def test_hostile_texts_of_honest_people(put: Put, rows: pl.DataFrame, name: str) -> None:
    """P27: delimiters, quotes, line ends, emoji, leading zeros, long ids, markup, nulls and empty texts come back."""
    path = put(name, b"")
    sources.write(rows, path)
    for packed in (path, put(f"{name}.gz", gzip.compress(Path(path).read_bytes()))):
        read = sources.read(packed)
        assert read.select(column for column in rows.columns if column in read.columns).rows() == rows.rows() or (
            rows.is_empty() and read.is_empty()
        )


def test_hostile_texts_in_xml(put: Put) -> None:
    """P27: in XML they come back but for the white space around them, and an empty text is none."""
    content = "<r>" + "<i><a>007</a><b>12345678901234567890</b><c>é😀 &amp;&lt;&gt;&amp;amp;</c><d/></i>" * 99 + "</r>"
    rows = sources.read(put("a.xml", content.encode())).select("a", "b", "c", "d").rows()
    assert rows == [("007", "12345678901234567890", "é😀 &<>&amp;", None)] * 99
