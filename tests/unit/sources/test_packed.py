"""Files in gzip and zip."""

import gzip
import hashlib
import io
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError
from fcwork.sources import caps, packed, reading

Put = Callable[[str, bytes], str]
DATA = pl.exclude(frames.IDENTITY)
CSV = b"sku,qty\n007,5\n"


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def named(name: str, mode: int = 0) -> zipfile.ZipInfo:
    """Return the entry of a member with a name that a library would not write."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("stock.csv.gz", gzip.compress(CSV), id="gzip by its name"),
        pytest.param("stock.CSV.GZ", gzip.compress(CSV), id="gzip in capitals"),
        pytest.param("stock.csv", gzip.compress(CSV), id="gzip by its first bytes"),
        pytest.param("stock", gzip.compress(CSV), id="gzip without a name"),
        pytest.param("stock.csv.gz", gzip.compress(b"sku,qty\n00") + gzip.compress(b"7,5\n"), id="gzip of two members"),
        pytest.param("stock.csv.gz", gzip.compress(CSV) + b"\0" * 512, id="gzip that is padded"),
        pytest.param("stock.json.gz", gzip.compress(b'[{"sku":"007","qty":"5"}]'), id="json in gzip"),
        pytest.param("stock.jsonl.gz", gzip.compress(b'{"sku":"007","qty":"5"}'), id="jsonl in gzip"),
        pytest.param("stock.xml.gz", gzip.compress(b"<r><i><sku>007</sku><qty>5</qty></i></r>"), id="xml in gzip"),
        pytest.param("stock.zip", zipped(("a/stock.csv", CSV)), id="zip"),
        pytest.param("stock.zip", zipped(("stock.csv", CSV), method=zipfile.ZIP_STORED), id="zip, stored"),
        pytest.param("stock.zip", zipped(("stock", CSV)), id="zip of a file without a name"),
        pytest.param("stock.csv", zipped(("stock.csv", CSV)), id="zip by its first bytes"),
        pytest.param(
            "stock.zip",
            zipped(("a/", b""), ("stock.csv", CSV), ("__MACOSX/._stock.csv", b"\0"), (".DS_Store", b"\0")),
            id="zip with what a desktop adds",
        ),
    ],
)
def test_packed_files_are_read_as_what_is_in_them(put: Put, name: str, content: bytes) -> None:
    """A gzip or zip is read like the file in it, at once and part by part, told by its name or its first bytes."""
    path = put(name, content)
    assert sources.read(path).select(DATA).rows() == [("007", "5")]
    assert pl.concat(sources.scan(path)).select(DATA).rows() == [("007", "5")]


@pytest.mark.parametrize("name", ["stock.parquet.gz", "stock.zip"])
def test_parquet_may_be_packed(put: Put, tmp_path: Path, name: str) -> None:
    """A format that needs the whole file may be packed as well."""
    inner = str(tmp_path / "stock.parquet")
    sources.write(pl.DataFrame({"sku": ["007"]}), inner)
    content = Path(inner).read_bytes()
    path = put(name, gzip.compress(content) if name.endswith("gz") else zipped(("stock.parquet", content)))
    assert sources.read(path)["sku"].to_list() == ["007"]
    assert next(sources.scan(path))["sku"].to_list() == ["007"]


@pytest.mark.parametrize("content", [gzip.compress(CSV), zipped(("a.csv", CSV), ("b.csv", CSV))], ids=["gzip", "zip"])
def test_the_version_is_that_of_the_packed_file(put: Put, content: bytes) -> None:
    """P31: size and hash are those of the bytes that were delivered, not of what is in them."""
    path = put("stock.bin", content)
    [file] = sources.read_with_issues(path).files
    assert (file.uri, file.bytes, file.sha256) == (path, len(content), hashlib.sha256(content).hexdigest())
    assert file.rows == sources.read(path).height


def test_all_files_of_a_zip_are_read_and_rows_tell_theirs(put: Put) -> None:
    """P26: a zip of several files gives the rows of all, each with its member as its source, in the order of names."""
    path = put("in.zip", zipped(("b.csv", b"sku,qty\nB,2\nC\n"), ("a.csv", b"qty,sku\n1,A\n")))
    result = sources.read_with_issues(path)
    assert result.frame.select("sku", "_row", "_source").rows() == [
        ("A", 2, f"{path}!/a.csv"),
        ("B", 2, f"{path}!/b.csv"),
    ]
    assert result.issues.select("source", "row").rows() == [(f"{path}!/b.csv", 3)]
    assert result.files[0].rows == result.rows == 3
    assert [part["_source"][0] for part in sources.scan(path, bad_rows="skip")] == [f"{path}!/a.csv", f"{path}!/b.csv"]


def test_member_picks_from_a_zip(put: Put) -> None:
    """The option ``member`` is a glob of the files wanted, whatever else the zip holds."""
    path = put("in.zip", zipped(("in/a.csv", b"a\n1\n"), ("b.json", b"[]"), ("read.me", b"hello")))
    assert sources.read(path, member="*.csv")["_source"].to_list() == [f"{path}!/in/a.csv"]
    with pytest.raises(SourceError, match=r"no file in .* matches member='x'\n→ it holds in/a.csv, b.json, read.me"):
        sources.read(path, member="x")
    with pytest.raises(SourceError, match=r'several formats: .*a.csv, .*b.json\n→ .*member="\*.csv" picks'):
        sources.read(put("two.zip", zipped(("a.csv", b"a\n"), ("b.json", b"[]"))))
    with pytest.raises(SourceError, match="is no zip, of which member= could pick"):
        sources.read(put("a.csv", b"a\n1\n"), member="*")


@pytest.mark.parametrize(
    ("info", "told"),
    [
        pytest.param(named("../../x.csv"), r"'../../x.csv', which is a path that leads elsewhere", id="parents"),
        pytest.param(named("a/../x.csv"), "leads elsewhere", id="parents within"),
        pytest.param(named("..\\x.csv"), "leads elsewhere", id="parents with backslashes"),
        pytest.param(named("/etc/x.csv"), "leads elsewhere", id="absolute"),
        pytest.param(named("\\\\host\\share\\x.csv"), "leads elsewhere", id="UNC"),
        pytest.param(named("C:x.csv"), "leads elsewhere", id="drive"),
        pytest.param(named("x!/a.csv"), "leads elsewhere", id="a zip within"),
        pytest.param(named("x.csv\0.txt"), "a character that no name has", id="NUL"),
        pytest.param(named("x\x1b[2J.csv"), "a character that no name has", id="escape"),
        pytest.param(named("x.csv", stat.S_IFLNK | 0o777), "no plain file", id="symlink"),
        pytest.param(named("x.csv", stat.S_IFIFO | 0o777), "no plain file", id="pipe"),
    ],
)
@pytest.mark.parametrize("read", [sources.read, lambda path: list(sources.scan(path))])
def test_names_that_lead_elsewhere_are_refused(
    put: Put, tmp_path: Path, info: zipfile.ZipInfo, told: str, read: Callable[[str], object]
) -> None:
    """P24: a member meant for another place, or that is no plain file, is refused, and nothing is written."""
    path = put("in.zip", zipped(("a.csv", CSV), (info, CSV)))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SourceError, match=told):
        read(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_cannot_be_unpacked_is_told(put: Put) -> None:
    """P24, P32: a zip that is encrypted, packed by other ways, empty, or that holds a name twice is refused by name."""
    whole = bytearray(zipped(("a.csv", CSV)))
    for at in (6, whole.rindex(b"PK\x01\x02") + 8):
        whole[at] |= 1
    with pytest.raises(SourceError, match=r"'a\.csv', which is encrypted"):
        sources.read(put("in.zip", bytes(whole)))
    with pytest.raises(SourceError, match=r"'a\.csv', which is packed in a way that is not read"):
        sources.read(put("in.zip", zipped(("a.csv", CSV), method=zipfile.ZIP_LZMA)))
    with pytest.raises(SourceError, match="holds no file to read\n→ it holds nothing"):
        sources.read(put("in.zip", zipped()))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped(("a.csv", CSV), ("a.csv", CSV))
    with pytest.raises(SourceError, match="two files of one name"):
        sources.read(put("in.zip", twice))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("a.csv.gz", gzip.compress(CSV)[:-6], "it ends in the middle", id="gzip cut off in its sum"),
        pytest.param("a.csv.gz", gzip.compress(CSV * 99)[:-30], "it ends in the middle", id="gzip cut off"),
        pytest.param(
            "a.csv.gz", gzip.compress(CSV)[:-8] + b"\0" * 8, "incorrect data check", id="gzip with a wrong sum"
        ),
        pytest.param("a.csv.gz", gzip.compress(CSV) + b"more", "incorrect header check", id="gzip and more"),
        pytest.param("a.csv.gz", CSV, "is no gzip, as its name says: it begins with b'sku,qty", id="no gzip"),
        pytest.param("a.zip", CSV, "is no zip, as its name says", id="no zip"),
        pytest.param("a.zip", zipped(("a.csv", CSV))[:-9], "cannot be unpacked", id="zip cut off"),
        pytest.param(
            "a.zip",
            zipped(("a.csv", CSV), method=zipfile.ZIP_STORED).replace(b"007", b"008"),
            "cannot be unpacked",
            id="zip changed",
        ),
        pytest.param(
            "a.csv.gz", gzip.compress(gzip.compress(CSV)), "gzip is not read in what is packed", id="gzip twice"
        ),
        pytest.param(
            "a.zip",
            zipped(("b.zip", zipped(("a.csv", CSV)))),
            "is no workbook: it has no xl/workbook.xml",
            id="zip in zip",
        ),
        pytest.param("a.csv.zip", zipped(("a.csv", zipped(("a.csv", CSV)))), "is a zip or workbook", id="zip in zip"),
        pytest.param("a.csv.gz", gzip.compress(b""), "is empty", id="gzip of nothing"),
    ],
)
def test_damage_and_nesting_are_told(put: Put, name: str, content: bytes, told: str) -> None:
    """P24, P32: a packed file that is cut off, changed, or packed twice is refused, by read and by scan."""
    path = put(name, content)
    for read in (sources.read, lambda uri: list(sources.scan(uri))):
        with pytest.raises(SourceError, match=told) as caught:
            read(path)
        assert caught.value.uri.startswith(path)


def bomb(megabytes: int) -> bytes:
    """Return a gzip of zeros."""
    squeeze, block = zlib.compressobj(9, wbits=31), b"0\n" * 500_000
    return b"".join(squeeze.compress(block) for _ in range(megabytes)) + squeeze.flush()


@pytest.mark.parametrize("read", [sources.read, lambda path: list(sources.scan(path))])
def test_bombs_are_refused_early(put: Put, read: Callable[[str], object]) -> None:
    """P24: what unpacks to a thousand times its size is refused after a few megabytes, in gzip and in zip."""
    with pytest.raises(SourceError, match="more than 250 times its size"):
        read(put("a.csv.gz", bomb(60)))
    with pytest.raises(SourceError, match="more than 250 times its size"):
        read(put("a.zip", zipped(("a.csv", b"0\n" * 30_000_000))))


def test_what_comes_out_is_counted(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """P24: caps hold for bytes and members, by what comes and not by what a header says."""
    monkeypatch.setattr(caps, "MAX_WHOLE_BYTES", 1_000)
    path = put("a.zip", zipped(("a.csv", b"a\n" + b"1\n" * 600)))
    with pytest.raises(SourceError, match=r"more than 1,000 bytes\n→ read it part by part with sources.scan"):
        sources.read(path)
    assert sum(part.height for part in sources.scan(path)) == 600
    monkeypatch.setattr(caps, "MAX_UNPACKED_BYTES", 1_000)
    with pytest.raises(SourceError, match=r"more than 1,000 bytes\n→ split it"):
        list(sources.scan(path))
    monkeypatch.setattr(caps, "MAX_MEMBERS", 2)
    path = put("b.zip", zipped(("a.csv", CSV), ("b.csv", CSV), ("c.csv", CSV)))
    with pytest.raises(SourceError, match="holds 3 files, at most 2"):
        sources.read(path)
    monkeypatch.setattr(caps, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(SourceError, match=r"the list of what is in .* is longer than 100 bytes"):
        sources.read(path)


def test_records_may_span_the_chunks_of_a_packed_file(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a packed file comes out, its rows are those of the file in it."""
    monkeypatch.setattr(packed, "CHUNK_BYTES", 7)
    monkeypatch.setattr(packed, "SLICE_BYTES", 5)
    monkeypatch.setattr(reading, "BLOCK_BYTES", 31)
    content = b"a,b\n" + b"".join(b'%d,"x\n%d"\n' % (at, at) for at in range(99))
    plain = sources.read(put("a.csv", content)).select(DATA, "_row").rows()
    for path in (put("a.csv.gz", gzip.compress(content)), put("a.zip", zipped(("a.csv", content)))):
        assert sources.read(path).select(DATA, "_row").rows() == plain
        assert pl.concat(sources.scan(path)).select(DATA, "_row").rows() == plain


def test_a_list_of_files_that_is_shorter_than_it_says_is_damage(put: Put) -> None:
    """P26: a zip of which one entry swallows the next one is refused, and not read without it."""
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as packed:
            packed.writestr("a.csv", "a\n1\n")
            packed.writestr("b.csv", "a\n2\n")
        whole = bytearray(stream.getvalue())
    first = whole.index(b"PK\x01\x02")
    second = whole.index(b"PK\x01\x02", first + 4)
    end = whole.index(b"PK\x05\x06")
    assert sources.read(put("a.zip", bytes(whole))).height == 2
    whole[first + 32 : first + 34] = (end - second).to_bytes(
        2, "little"
    )  # as if the second were a comment of the first
    with pytest.raises(SourceError, match="its list of files is shorter than it says"):
        sources.read(put("a.zip", bytes(whole)))
