import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError
from fcwork.sources.place import locate, refused

ODD = ["a b.csv", "a+b.csv", "a&b=c.csv", "100%.csv", "%2e%2e.csv", "ü-żółć-😀.csv", "a#b.csv", "'q\".csv", "a;b:c.csv"]


def test_a_file_is_read_listed_and_hashed_by_its_uri(elsewhere: Any) -> None:
    """One URI is all that reading, scanning, listing and hashing need, wherever the file lies."""
    content = b"sku,qty\nA,1\nB,2\n"
    elsewhere.put("in/stock.csv", content)
    uri = elsewhere.uri("in/stock.csv")

    rows = sources.read(uri)
    assert rows.rows() == [("A", "1", 2, uri), ("B", "2", 3, uri)]
    assert pl.concat(sources.scan(uri, rows=1)).height == 2
    assert sources.digest(uri) == hashlib.sha256(content).hexdigest()
    assert sources.list(elsewhere.uri("in"))["uri"].to_list() == [uri]
    assert sources.list(uri)["name"].to_list() == ["stock.csv"]


def test_what_a_listing_tells_of_a_file(elsewhere: Any) -> None:
    """P31: a listing has size and time of each file, and on S3 its etag; a new content shows at once."""
    elsewhere.put("in/a.csv", b"12345")
    [first] = sources.list(elsewhere.uri("in")).rows(named=True)
    assert first["size"] == 5
    assert abs(first["modified_at"] - datetime.now(UTC)) < timedelta(minutes=5)

    elsewhere.put("in/a.csv", b"123456")
    elsewhere.put("in/b.csv", b"")
    listed = sources.list(elsewhere.uri("in"))
    assert listed["size"].to_list() == [6, 0]
    assert listed.schema["modified_at"] == frames.UTC_TIME
    if first["etag"]:
        assert first["etag"] == hashlib.md5(b"12345", usedforsecurity=False).hexdigest()
        assert listed["etag"][0] != first["etag"]


def test_a_name_stands_in_a_uri_as_it_is(elsewhere: Any) -> None:
    """Nothing in a name is decoded or lost: it is written, listed, read and deleted under the same URI."""
    for name in ODD:
        uri = elsewhere.uri(f"x/{name}")
        with sources.whole(uri) as stream:
            stream.write(b"a\n1\n")

        assert elsewhere.names() == [f"x/{name}"]
        assert sources.list(elsewhere.uri("x"))["uri"].to_list() == [uri]
        assert sources.read(uri)["a"].to_list() == ["1"]
        elsewhere.files.remove(f"x/{name}")
        assert elsewhere.names() == []


GLOBS = [
    ("in/*.csv", ["in/a.csv", "in/b.csv"]),
    ("in/?.csv", ["in/a.csv", "in/b.csv"]),
    ("in/[!a].csv", ["in/b.csv"]),
    ("*/*.csv", ["in/a.csv", "in/b.csv", "out/a.csv"]),
    ("**/*.csv", ["in/a.csv", "in/b.csv", "in/deep/er/c.csv", "out/a.csv", "top.csv"]),
    ("in/**/c.csv", ["in/deep/er/c.csv"]),
    ("in/**", ["in/a.csv", "in/b.csv", "in/deep/er/c.csv", "in/x.json"]),
    ("{in,out}/a.csv", ["in/a.csv", "out/a.csv"]),
    ("in/{a,x}.{csv,json}", ["in/a.csv", "in/x.json"]),
    ("*.csv", ["top.csv"]),
    ("*/deep/*/c.csv", ["in/deep/er/c.csv"]),
]


def test_globs_find_the_same_everywhere(elsewhere: Any) -> None:
    """A glob, with ``**`` and braces, finds the same files in a bucket, on a server and in a folder, sorted."""
    for name in ("top.csv", "in/a.csv", "in/b.csv", "in/x.json", "in/.hidden.csv", "in/deep/er/c.csv", "out/a.csv"):
        elsewhere.put(name, b"a\n1\n")
    for pattern, found in GLOBS:
        assert sources.list(elsewhere.uri(pattern))["uri"].to_list() == [elsewhere.uri(name) for name in found]


def test_a_name_with_the_signs_of_a_glob_is_a_name_first(elsewhere: Any) -> None:
    """A file that is called like a glob is found under its name."""
    elsewhere.put("a[1]*.csv", b"a\n1\n")
    elsewhere.put("a1.csv", b"a\n2\n")
    assert sources.read(elsewhere.uri("a[1]*.csv"))["a"].to_list() == ["1"]


def test_a_frame_is_written_and_comes_back(elsewhere: Any) -> None:
    """P29: each format that is written appears under its name, in folders that are made, and is read back."""
    rows = pl.DataFrame({"sku": ["007", "ü,\n"], "qty": ["1", "2"]})
    for name in ("out/new/a.csv", "out/new/a.jsonl", "out/new/a.json", "out/new/a.parquet"):
        sources.write(rows, elsewhere.uri(name))
        assert sources.read(elsewhere.uri(name)).select("sku", "qty").equals(rows)
    assert len(elsewhere.names()) == 4


def test_a_large_file_goes_there_and_back(elsewhere: Any) -> None:
    """Files of several blocks keep each byte, written in pieces of any size and read from any place."""
    content = os.urandom(20_000_003)
    with sources.whole(elsewhere.uri("big.bin")) as stream:
        stream.write(content[:7])
        stream.write(memoryview(content)[7:9_000_000])
        assert stream.tell() == 9_000_000
        for start in range(9_000_000, len(content), 700_001):
            stream.write(content[start : start + 700_001])

    assert sources.digest(elsewhere.uri("big.bin")) == hashlib.sha256(content).hexdigest()
    with elsewhere.files.open("big.bin") as stream:
        for start, size in [(19_999_000, 2_000), (5, 10), (8_388_600, 20), (0, 3_000_000), (20_000_003, 5), (0, -1)]:
            stream.seek(start)
            assert stream.read(size) == (content[start : start + size] if size >= 0 else content)
        stream.seek(-3, os.SEEK_END)
        assert stream.read() == content[-3:]


def test_what_is_not_written_to_its_end_never_appears(elsewhere: Any) -> None:
    """P29: where the block fails nothing new stands under the name or beside it, and what stood there still does."""
    elsewhere.put("out/kept.bin", b"before")
    for size in (10, 20_000_000):
        for name in ("out/kept.bin", "out/new.bin"):
            with pytest.raises(ZeroDivisionError), sources.whole(elsewhere.uri(name)) as stream:  # noqa: PT012 - the block fails
                stream.write(bytes(size))
                _ = 1 / 0
    assert elsewhere.names() == ["out/kept.bin"]
    assert elsewhere.get("out/kept.bin") == b"before"


def test_an_empty_file_is_a_file(elsewhere: Any) -> None:
    """A file without a byte is written, listed and read."""
    with sources.whole(elsewhere.uri("empty.bin")):
        pass
    assert sources.list(elsewhere.uri("empty.bin"))["size"].to_list() == [0]
    with elsewhere.files.open("empty.bin") as stream:
        assert stream.read() == b""


def test_a_copy_replaces_and_a_removal_may_come_twice(elsewhere: Any) -> None:
    """A copy has the bytes of its source and replaces what stood there; deleting what is not there is no error."""
    elsewhere.put("a b+%.csv", b"one")
    elsewhere.put("done/c.csv", b"old")
    elsewhere.files.copy("a b+%.csv", "done/c.csv")
    elsewhere.files.copy("a b+%.csv", "new/d.csv")
    assert elsewhere.get("done/c.csv") == elsewhere.get("new/d.csv") == b"one"
    elsewhere.files.remove("a b+%.csv")
    elsewhere.files.remove("a b+%.csv")
    assert elsewhere.names() == ["done/c.csv", "new/d.csv"]
    with pytest.raises(FileNotFoundError):
        elsewhere.files.copy("a b+%.csv", "new/e.csv")


OUTSIDE = ["../x", "in/../../x", "..", "/etc/passwd", "a\0b", "in\\..\\..\\x", "\\\\host\\x", "C:\\x", "/../x"]


def test_no_name_leads_out_of_the_root(elsewhere: Any) -> None:
    """P24: ``..``, absolute names, NUL and backslashes are refused before anything is read, written or deleted."""
    elsewhere.put("in/a.csv", b"1")
    files = elsewhere.files
    calls: list[Callable[[str], Any]] = [
        lambda path: sources.list(elsewhere.uri(path)),
        lambda path: sources.digest(elsewhere.uri(path)),
        lambda path: sources.whole(elsewhere.uri(path)).__enter__(),
        lambda path: files.open(path).__enter__(),
        lambda path: files.copy("in/a.csv", path),
        lambda path: files.copy(path, "in/b.csv"),
        lambda path: list(files.inside(path)),
        lambda path: list(files.matching(f"{path}/*")),
        files.look,
        files.remove,
    ]
    for path, call in product(OUTSIDE, calls):
        with pytest.raises(SourceError):
            call(path)
    assert elsewhere.names() == ["in/a.csv"]


def test_what_is_missing_is_told_with_its_neighbours(elsewhere: Any) -> None:
    """P32: a missing file names the nearest one, a folder the glob that reads it, a missing folder itself."""
    elsewhere.put("in/inventory.csv", b"a\n1\n")
    with pytest.raises(SourceError, match=r"there is no file there://in/inventroy\.csv\n→ did you mean inventory\.csv"):
        sources.read(elsewhere.uri("in/inventroy.csv"))
    with pytest.raises(SourceError, match=r"there://in is a folder\n→ .*there://in/\*\.csv"):
        sources.digest(elsewhere.uri("in"))
    with pytest.raises(SourceError, match=r"there is no file .*\n→ there is no folder there://nope"):
        sources.read(elsewhere.uri("nope/a.csv"))
    with pytest.raises(SourceError, match=r"there is no file there://b\.csv"):
        sources.read(elsewhere.uri("b.csv"))
    with pytest.raises(SourceError, match=r"no file matches there://in/\*\.json"):
        sources.read(elsewhere.uri("in/*.json"))


def test_a_folder_is_no_file_to_write(elsewhere: Any) -> None:
    """P32: the root, or a folder, is refused as the place of a file."""
    elsewhere.put("in/a.csv", b"1")
    for path in ("", *([] if elsewhere.files.look("in/a.csv").etag else ["in"])):  # a bucket may have both
        with pytest.raises(SourceError, match="cannot be written"), sources.whole(elsewhere.uri(path)) as stream:
            stream.write(b"1")
    assert elsewhere.names() == ["in/a.csv"]


def test_a_probe_goes_through_all_steps_and_leaves_nothing(elsewhere: Any) -> None:
    """A probe lists, writes, reads back and deletes; with read_only it only lists."""
    steps = sources.probe("there")
    assert steps["step"].to_list() == ["list", "write", "read back", "delete"]
    assert steps["ok"].all()
    assert elsewhere.names() == []
    assert sources.probe("there", read_only=True)["step"].to_list() == ["list"]


def test_the_uri_of_what_was_refused_has_no_wrong_slashes(elsewhere: Any) -> None:
    """P32: what is told of a file that the place does not give names its URI."""
    error = refused(locate(elsewhere.uri("in/a.csv")), PermissionError(13, "no"))
    assert "there://in/a.csv may not be read" in str(error)
