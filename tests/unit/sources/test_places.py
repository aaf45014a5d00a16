import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError
from fcwork.sources.place import locate, refused

Put = Callable[[str, bytes], str]


@pytest.mark.parametrize("form", ["{path}", "file://{path}", "file://localhost{path}", "FILE://{path}", "{relative}"])
def test_one_syntax_for_a_file(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """A path and a file URI name the same file."""
    path = put("a b.csv", b"a\n1\n")
    monkeypatch.chdir(tmp_path)
    uri = form.format(path=path.replace(" ", "%20") if "://" in form else path, relative="a b.csv")
    rows = sources.read(uri)
    assert rows["_source"].to_list() == ["a b.csv" if "relative" in form else path]


def test_a_path_object_and_the_home_folder(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` is the home folder, and a Path will do."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = put("a.csv", b"a\n1\n")
    assert sources.read("~/a.csv")["_source"].to_list() == ["~/a.csv"]
    assert sources.read(Path(path)).height == 1


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("s3:///a.csv", "names no bucket"),
        ("s3://bucket/../a.csv", "would leave its place"),
        ("s3://key:hunter2secret@bucket/a.csv", "a password stands in"),
        ("sftp://user:hunter2secret@host/a.csv", "a password stands in"),
        ("sftp:///a.csv", "names no host"),
        ("sftp://host:99999/a.csv", "names no host"),
        ("https://host/a.csv", "there is no connection 'https'\n.*a file of this machine is"),
        ("file://elsewhere/a.csv", "names the host 'elsewhere'"),
        ("file://", "names no file"),
        ("file:///a%00b", "names no file"),
        ("", "is no path"),
        ("a\0b.csv", "is no path"),
        ("~nobody-of-that-name/a.csv", "a user whose home is not known"),
    ],
)
def test_places_that_are_none(uri: str, told: str) -> None:
    """P24, P32: another scheme or host, a NUL byte or nothing is refused, and no password is repeated."""
    with pytest.raises(SourceError, match=told) as caught:
        sources.read(uri)
    assert "hunter2secret" not in str(caught.value) + repr(vars(caught.value))


def test_a_name_that_is_no_utf8_can_be_told(put: Put, tmp_path: Path) -> None:
    """A file whose name is no UTF-8 is read, listed and moved under a URI that can be written down and leads there."""
    path = Path(os.fsdecode(os.fsencode(put("in/a.csv", b"a\n1\n")).replace(b"a.csv", b"caf\xe9.csv")))
    path.write_bytes(b"a\n1\n")
    uri = f"file://{tmp_path}/in/caf%E9.csv"
    assert sources.read(path)["_source"].to_list() == [uri]
    assert sources.list(f"{tmp_path}/in/c*.csv")["uri"].to_list() == [uri]
    assert sources.read_apart([uri]).read.frame.height == 1
    moved = sources.archive(uri, "done")
    assert moved == f"file://{tmp_path}/in/done/caf%E9.csv"
    assert sources.read(moved).height == 1


def test_a_listed_name_that_looks_like_a_home_is_that_file(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the working folder whose name begins with ``~`` is listed so that its URI leads to it."""
    put("~stock.csv", b"a\n1\n")
    monkeypatch.chdir(tmp_path)
    [uri] = sources.list("*.csv")["uri"]
    assert (uri, sources.read(uri)["_source"].to_list()) == ("./~stock.csv", ["./~stock.csv"])
    with pytest.raises(SourceError, match=r"home is not known\n→ write the whole path, or \./~stock\.csv"):
        sources.read("~stock.csv")


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.EACCES, "may this user write to"),
        (errno.EROFS, "may this user write to"),
        (errno.ENOSPC, "make room in"),
        (errno.ECONNRESET, "write it again when the place answers"),
        (errno.ETIMEDOUT, "write it again when the place answers"),
        (errno.EISDIR, "a folder stands there"),
        (errno.ENAMETOOLONG, "give it a shorter name"),
        (errno.EIO, "is there room, and may this user write to"),
    ],
)
def test_what_to_do_where_a_file_cannot_be_written(tmp_path: Path, number: int, hint: str) -> None:
    """P32: the hint fits what the system said: permission, room, the line, or the name."""
    with pytest.raises(SourceError, match=f"a.csv cannot be written: .*\n→ {hint}"), sources.whole(tmp_path / "a.csv"):
        raise OSError(number, os.strerror(number))


def test_a_missing_file_names_its_neighbours(put: Put, tmp_path: Path) -> None:
    """P32: a name that is not there is told with the nearest ones."""
    put("inventory_2026.csv", b"a\n")
    with pytest.raises(SourceError, match=r"there is no file .*\n→ did you mean inventory_2026.csv\?"):
        sources.read(str(tmp_path / "inventroy_2026.csv"))
    with pytest.raises(SourceError, match=r"holds inventory_2026\.csv"):
        sources.read(str(tmp_path / "zzzz"))


def test_a_missing_folder_is_named(put: Put, tmp_path: Path) -> None:
    """P32: where the folder is missing, or is a file, or is empty, that is said."""
    with pytest.raises(SourceError, match=rf"there is no folder {tmp_path}/in; the working folder is"):
        sources.read(str(tmp_path / "in" / "a.csv"))
    with pytest.raises(SourceError, match="there is no folder"):
        sources.read(put("a.csv", b"a\n") + "/b.csv")
    (tmp_path / "bare").mkdir()
    with pytest.raises(SourceError, match="bare is empty"):
        sources.read(str(tmp_path / "bare" / "a.csv"))


def test_a_folder_suggests_a_glob(put: Put, tmp_path: Path) -> None:
    """P32: a folder is refused with the glob that reads what is in it."""
    put("in/a.jsonl", b"{}\n")
    with pytest.raises(SourceError, match=r"is a folder\n→ .*/in/\*\.jsonl"):
        sources.read(str(tmp_path / "in"))


def test_pipes_and_devices_do_not_block(tmp_path: Path) -> None:
    """P24: what is no plain file is refused before it is opened."""
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match="no plain file"):
        sources.read(str(tmp_path / "pipe.csv"))
    with pytest.raises(SourceError, match="no plain file"):
        sources.read("/dev/zero", "csv")


def test_a_loop_of_links_and_a_name_too_long_are_typed_errors(tmp_path: Path) -> None:
    """P32: whatever the system says of a path comes as a SourceError."""
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    with pytest.raises(SourceError, match="cannot be read"):
        sources.read(str(tmp_path / "loop.csv"))
    with pytest.raises(SourceError, match="cannot be read"):
        sources.read("x" * 5_000)


def test_missing_permission_is_told_as_such() -> None:
    """P32: what the system does not let us read is told as a matter of permission."""
    told = str(refused(locate("in/a.csv"), PermissionError(13, "Permission denied")))
    assert told.startswith("in/a.csv may not be read\n→ ask for permission")


def test_globs_with_braces(put: Put, tmp_path: Path) -> None:
    """A glob reads its files in order, each row with its own file and line."""
    put("in/b.csv", b"a,b\n3,4\n")
    put("in/a.csv", b"b,a\n2,1\n")
    put("in/c.txt", b"no\n")
    put("in/deep/a.csv", b"a,b\n5,6\n")
    rows = sources.read(f"{tmp_path}/in/{{a,b,none}}.csv")
    assert rows.select("a", "b", "_row").rows() == [("1", "2", 2), ("3", "4", 2)]
    assert [Path(name).name for name in rows["_source"]] == ["a.csv", "b.csv"]
    assert sources.read(f"{tmp_path}/**/*.csv").height == 3
    with pytest.raises(SourceError, match="no file matches"):
        sources.read(f"{tmp_path}/in/*.json")


def test_a_name_with_the_signs_of_a_glob_is_a_name_first(put: Put) -> None:
    """A file that is there is read, whatever its name looks like."""
    assert sources.read(put("inv[1]{x}.csv", b"a\n1\n")).height == 1


def test_braces_are_bounded(tmp_path: Path) -> None:
    """P24: a glob that stands for a thousand patterns is refused."""
    with pytest.raises(SourceError, match="more than 1,000 patterns"):
        sources.read(f"{tmp_path}/" + "{a,b}" * 40)


def test_files_of_a_glob_share_their_columns_and_format(put: Put, tmp_path: Path) -> None:
    """P27: a file with other columns or of another format is not mixed in."""
    put("a.csv", b"a,b\n1,2\n")
    put("b.csv", b"a,c\n1,2\n")
    with pytest.raises(SourceError, match="differ in the columns b, c"):
        sources.read(f"{tmp_path}/*.csv")
    put("a.json", b"[]")
    with pytest.raises(SourceError, match="several formats"):
        sources.read(f"{tmp_path}/a.*")


def test_json_files_of_a_glob_may_differ(put: Put, tmp_path: Path) -> None:
    """Records of several files are one frame with the names of all."""
    put("a.json", b'[{"a":1}]')
    put("b.json", b'[{"a":"x","b":2}]')
    assert sources.read(f"{tmp_path}/*.json").select("a", "b").rows() == [("1", None), ("x", 2)]
    put("c.json", b'[{"a":{"deep":1}}]')
    held = [{"#text": "1", "deep": None}, {"#text": "x", "deep": None}, {"#text": None, "deep": 1}]
    assert sources.read(f"{tmp_path}/*.json")["a"].to_list() == held


def test_the_version_of_several_files(put: Put, tmp_path: Path) -> None:
    """P31: several files have a version each, and one together that changes with any of them."""
    put("a.csv", b"a\n1\n")
    put("b.csv", b"a\n2\n3\n")
    first = sources.read_with_issues(f"{tmp_path}/*.csv")
    assert [file.rows for file in first.files] == [1, 2]
    assert (first.rows, first.bytes) == (3, 10)
    put("b.csv", b"a\n2\n4\n")
    assert sources.read_with_issues(f"{tmp_path}/*.csv").sha256 != first.sha256


def test_a_listing_is_a_frame(put: Put, tmp_path: Path) -> None:
    """A folder, a glob and a file are listed by name, size and time."""
    put("in/b.csv", b"12345")
    put("in/a.json", b"[]")
    put("in/deep/c.csv", b"")
    listed = sources.list(str(tmp_path / "in"))
    assert listed.select("name", "size").rows() == [("a.json", 2), ("b.csv", 5)]
    assert listed.schema["modified_at"] == frames.UTC_TIME
    assert sources.list(f"{tmp_path}/in/**/*.csv")["name"].to_list() == ["b.csv", "c.csv"]
    assert sources.list(listed["uri"][0]).height == 1
    with pytest.raises(SourceError, match="there is no file"):
        sources.list(str(tmp_path / "out.csv"))
    (tmp_path / "void").mkdir()
    assert sources.list(str(tmp_path / "void")).height == 0


@pytest.mark.parametrize("engine", ["polars", "lazy", "pandas", "pyarrow", "records"])
def test_the_kind_of_frame_is_the_callers_choice(put: Put, engine: frames.Kind) -> None:
    """Each kind of frame holds the same rows."""
    path = put("a.csv", b"a,b\n1,\nx\n")
    rows = sources.read(path, engine=engine, bad_rows="skip")
    assert frames.kind_of(rows) == engine
    assert frames.enter(rows).rows() == [("1", None, 2, path)]
    assert frames.kind_of(sources.read_with_issues(path, engine=engine).rejected) == engine


def test_an_unknown_kind_of_frame_is_refused(put: Put) -> None:
    """P32: the kinds there are get named."""
    with pytest.raises(SourceError, match="known: polars, lazy, pandas"):
        sources.read(put("a.csv", b"a\n"), engine="spark")


def test_a_result_tells_itself_in_one_line(put: Put) -> None:
    """P25: a result's text is one line, and its HTML holds no live tag of the data."""
    result = sources.read_with_issues(put("a.csv", b"a,b\n<script>,1\nx\n"))
    assert str(result).endswith("a.csv: 2 rows read as csv, 1 of them rejected")
    assert "<script>" not in result._repr_html_()


def test_a_digest_is_that_of_reading(home: Path) -> None:
    """P31: a file's digest without reading rows is the one that reading tells; a missing file is told as in reading."""
    (home / "a.csv").write_text("x\n1\n", "utf-8")
    assert sources.digest("a.csv") == sources.read_with_issues("a.csv").sha256
    with pytest.raises(SourceError, match=r"there is no file b\.csv"):
        sources.digest("b.csv")


def test_only_some_of_the_files_of_a_glob_may_be_read(home: Path) -> None:
    """Of the files that a glob matches only those wanted are read; none at all is refused."""
    for name in "abc":
        (home / f"{name}.csv").write_text(f"x\n{name}\n", "utf-8")
    read = sources.read_with_issues("*.csv", only=["a.csv", "c.csv"])
    assert read.frame["x"].to_list() == ["a", "c"]
    assert [file.uri for file in read.files] == ["a.csv", "c.csv"]
    with pytest.raises(SourceError, match="none of the files wanted"):
        sources.read_with_issues("*.csv", only=["d.csv"])
