import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fcwork import sources
from fcwork.clock import ManualClock
from fcwork.errors import SourceError
from fcwork.sources import moving
from fcwork.sources.filesystems.local import Local
from fcwork.sources.place import Place, locate

WRITTEN = datetime(2026, 11, 25, 10, 15, tzinfo=UTC)
Put = Callable[[str, bytes], str]
NOON = ManualClock(datetime(2026, 11, 25, 12, tzinfo=UTC))


def stamped(path: str) -> str:
    """Give a file the time at which it was written."""
    os.utime(path, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    return path


def held(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} if folder.exists() else {}


class Elsewhere(Local):
    """Another file system: files go to it by way of this process."""

    def uri(self, path: str) -> str:
        """Return what its paths are called."""
        return f"other://{path}"


def elsewhere(path: Path) -> Place:
    """Return a place on another file system."""
    return Place(str(path), f"other://{path}", Elsewhere())


def test_a_file_is_moved_with_its_time(put: Put, tmp_path: Path) -> None:
    """A moved file stands whole under its new name, with the time of its writing, and no more under its old one."""
    source = stamped(put("in/a.csv", b"a\n1\n"))
    there = sources.move(source, tmp_path / "done" / "b.csv")
    assert there == str(tmp_path / "done" / "b.csv")
    assert held(tmp_path / "done") == {"b.csv": b"a\n1\n"}
    assert Path(there).stat().st_mtime == WRITTEN.timestamp()
    assert held(tmp_path / "in") == {}


def test_an_archive_is_beside_the_file_or_a_place_of_its_own(put: Put, tmp_path: Path) -> None:
    """A folder is beside the file unless it is a whole path; {date} is the day."""
    assert sources.archive(put("in/a.csv", b"1"), "archive") == str(tmp_path / "in" / "archive" / "a.csv")
    dated = sources.archive(put("in/b.csv", b"1"), "archive/{date}", clock=NOON)
    assert dated == str(tmp_path / "in" / "archive" / "2026-11-25" / "b.csv")
    own = sources.archive(put("in/c.csv", b"1"), str(tmp_path / "out" / "{date}"), at=WRITTEN)
    assert own == str(tmp_path / "out" / "2026-11-25" / "c.csv")
    url = sources.archive(put("in/d.csv", b"1"), f"file://{tmp_path}/out")
    assert url == str(tmp_path / "out" / "d.csv")


@pytest.mark.parametrize("folder", ["./archive", "archive/", "archive/.", "x//archive", "./x/./archive/{date}"])
def test_however_a_folder_is_written_its_files_are_known(put: Put, folder: str) -> None:
    """P31: what was moved into a folder is passed over by a glob for any folders, however the folder was written."""
    assert moving.lies_in(folder, locate(sources.archive(put("in/a.csv", b"1"), folder, at=NOON.now())))


def test_a_move_that_was_cut_off_is_completed(put: Put, tmp_path: Path) -> None:
    """After a death between copy and delete the same move deletes what is left; after that it has nothing to do."""
    source, to = put("in/a.csv", b"same"), put("archive/a.csv", b"same")
    assert sources.move(source, to) == to
    assert held(tmp_path / "in") == {}
    assert sources.move(source, to) == to
    assert held(tmp_path / "archive") == {"a.csv": b"same"}


def test_another_file_is_never_overwritten(put: Put, tmp_path: Path) -> None:
    """P24: where other content stands under the name, the name gets the time of writing, and then a number."""
    for content in (b"one", b"two", b"three", b"three", b"four"):
        sources.archive(stamped(put("in/a.csv", content)), "archive")
    assert held(tmp_path / "in" / "archive") == {
        "a.csv": b"one",
        "a-20261125T101500Z.csv": b"two",
        "a-20261125T101500Z-2.csv": b"three",
        "a-20261125T101500Z-3.csv": b"four",
    }


def test_a_stamp_stands_before_the_endings(put: Put, tmp_path: Path) -> None:
    """A stamped name keeps the endings by which its format is told."""
    for name in ("a.csv.gz", "b.2.csv", "plain"):
        for content in (b"1", b"2"):
            sources.archive(stamped(put(f"in/{name}", content)), "archive")
    told = {"a-20261125T101500Z.csv.gz", "b.2-20261125T101500Z.csv", "plain-20261125T101500Z"}
    assert told <= set(held(tmp_path / "in" / "archive"))


def test_a_folder_of_that_name_is_passed_by(put: Put, tmp_path: Path) -> None:
    """A folder that stands under the name is no file to be replaced."""
    (tmp_path / "archive" / "a.csv").mkdir(parents=True)
    assert "a-2026" in sources.move(stamped(put("a.csv", b"1")), tmp_path / "archive" / "a.csv")


def test_only_what_was_loaded_is_moved(put: Put, tmp_path: Path) -> None:
    """A file that is not what its hash says any more stays where it is, and no copy of it is left behind."""
    source = put("in/a.csv", b"new")
    for _ in range(2):
        with pytest.raises(SourceError, match="has changed"):
            sources.archive(source, "archive", sha256="0" * 64)
        put("in/archive/a.csv", b"old")
    assert held(tmp_path / "in") == {"a.csv": b"new"}
    assert held(tmp_path / "in" / "archive") == {"a.csv": b"old"}


def test_what_was_written_while_it_was_copied_stays(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that is delivered under the name during the move is not deleted with the one before it."""
    source, copy = put("in/a.csv", b"first"), Local.copy

    def slow(self: Local, path: str, to: str) -> None:
        copy(self, path, to)
        Path(source).write_bytes(b"second")

    monkeypatch.setattr(Local, "copy", slow)
    with pytest.raises(SourceError, match="has changed while it was copied"):
        sources.archive(source, "archive")
    assert held(tmp_path / "in") == {"a.csv": b"second"}


def test_a_copy_that_is_not_the_file_is_taken_away(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P24: a store that says it copied and did not loses nothing: the file stays, the bad copy goes."""
    source = put("in/a.csv", b"all of it")
    monkeypatch.setattr(Local, "copy", lambda _, __, to: put(str(Path(to).relative_to(tmp_path)), b"half"))
    with pytest.raises(SourceError, match="is not what was written"):
        sources.archive(source, "archive")
    assert held(tmp_path / "in") == {"a.csv": b"all of it"}
    assert held(tmp_path / "in" / "archive") == {}


def test_a_file_goes_from_one_file_system_to_another(put: Put, tmp_path: Path) -> None:
    """Between two file systems a file is copied block by block, read back and deleted."""
    content = os.urandom(2_500_000)
    source = locate(put("in/a.bin", content))
    there = moving._moved(source, elsewhere(tmp_path / "far" / "a.bin"), "", NOON)
    assert there == f"other://{tmp_path}/far/a.bin"
    assert (held(tmp_path / "far"), held(tmp_path / "in")) == ({"a.bin": content}, {})


def test_two_names_of_one_file_are_told(put: Put, tmp_path: Path) -> None:
    """A file is never taken for a copy of itself and deleted, whatever way leads to it."""
    source = put("in/a.csv", b"1")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for to in (source, f"{tmp_path}/in/./a.csv", f"{tmp_path}/link/a.csv"):
        with pytest.raises(SourceError, match="are one file"):
            sources.move(source, to)
    with pytest.raises(SourceError, match="are one file"):
        moving._moved(locate(source), elsewhere(Path(source)), "", NOON)
    assert held(tmp_path / "in") == {"a.csv": b"1"}


@pytest.mark.parametrize(
    "folder", ["", " ", ".", "./", "../out", "a/../../out", "a\0b", "{day}", "archive/{date", "ftp9://x/y"]
)
def test_a_folder_that_leads_elsewhere_is_refused(put: Put, folder: str, tmp_path: Path) -> None:
    """P24: a folder of no name, one that leads upwards, and braces that stand for nothing are refused."""
    source = put("in/a.csv", b"1")
    with pytest.raises(SourceError):
        sources.archive(source, folder)
    assert held(tmp_path / "in") == {"a.csv": b"1"}


@pytest.mark.parametrize("name", ["..", ".", "", "../x", "/etc/passwd", "a/b", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(put: Put, name: str, tmp_path: Path) -> None:
    """P24: the name of a file is data: none leads out of the folder it is moved to."""
    with pytest.raises(SourceError, match="is no name"):
        moving._in(locate(str(tmp_path)), name)
    with pytest.raises(SourceError, match="leads upwards"):
        sources.move(put("in/a.csv", b"1"), f"{tmp_path}/in/../../a.csv")


def test_what_cannot_be_moved_says_so(put: Put, tmp_path: Path) -> None:
    """P32: a missing file, a folder, and a place where nothing can be written are told."""
    with pytest.raises(SourceError, match="there is no file"):
        sources.move(tmp_path / "none.csv", tmp_path / "b.csv")
    (tmp_path / "in").mkdir()
    with pytest.raises(SourceError, match="is no file that could be moved"):
        sources.move(tmp_path / "in", tmp_path / "out")
    source = put("a.csv", b"1")
    with pytest.raises(SourceError, match="cannot be copied"):
        sources.move(source, put("plain", b"") + "/a.csv")
    assert Path(source).read_bytes() == b"1"


def test_a_file_in_its_archive_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in an archive is told from what lies in the inbox."""
    monkeypatch.chdir(tmp_path)
    assert moving.lies_in("archive", locate("in/archive/a.csv"))
    assert moving.lies_in("./archive//old/", locate("in/archive/old/a.csv"))
    assert moving.lies_in("archive/{date}", locate("archive/2026-11-25/a.csv"))
    assert moving.lies_in(str(tmp_path / "done" / "{date}"), locate("done/2026-11-25/a.csv"))
    assert not moving.lies_in("archive", locate("in/my-archive/a.csv"))
    assert not moving.lies_in("archive/{date}", locate("archive/today/a.csv"))
    assert not moving.lies_in(str(tmp_path / "done"), locate("in/done/a.csv"))
