"""Files moved on real servers: within S3, within SFTP, and from one place to another."""

import os
from pathlib import Path

import pytest
from servers import Bucket, Sftp

from fcwork import sources
from fcwork.errors import SourceError

pytestmark = [pytest.mark.socket, pytest.mark.usefixtures("connections")]
CONTENT = os.urandom(3_000_000)


def test_an_object_is_archived_in_its_bucket(s3_server: Bucket) -> None:
    """An object goes to the archive beside it, byte for byte, and is no more where it was."""
    s3_server.put("in/a b+ü%.csv", CONTENT)
    assert sources.archive("lake://in/a b+ü%.csv", "archive") == "lake://in/archive/a b+ü%.csv"
    assert s3_server.objects() == ["in/archive/a b+ü%.csv"]
    assert s3_server.get("in/archive/a b+ü%.csv") == CONTENT


def test_a_file_is_archived_on_its_server(sftp_server: Sftp) -> None:
    """A file of an SFTP server goes to the archive beside it, byte for byte."""
    (sftp_server.root / "in").mkdir()
    (sftp_server.root / "in" / "a.csv").write_bytes(CONTENT)
    assert sources.archive("warehouse://in/a.csv", "archive") == "warehouse://in/archive/a.csv"
    assert list((sftp_server.root / "in").iterdir()) == [sftp_server.root / "in" / "archive"]
    assert (sftp_server.root / "in" / "archive" / "a.csv").read_bytes() == CONTENT


def test_files_go_from_place_to_place(s3_server: Bucket, sftp_server: Sftp, tmp_path: Path) -> None:
    """A file goes from this machine to S3, from there to SFTP and back home, and is the same."""
    source = tmp_path / "a.csv"
    source.write_bytes(CONTENT)
    assert sources.archive(source, "lake://out") == "lake://out/a.csv"
    assert (source.exists(), s3_server.get("out/a.csv")) == (False, CONTENT)
    assert sources.move("lake://out/a.csv", "warehouse://b.csv") == "warehouse://b.csv"
    assert (s3_server.objects(), (sftp_server.root / "b.csv").read_bytes()) == ([], CONTENT)
    assert sources.archive("warehouse://b.csv", str(tmp_path / "home")) == str(tmp_path / "home" / "b.csv")
    assert (tmp_path / "home" / "b.csv").read_bytes() == CONTENT
    assert list(sftp_server.root.iterdir()) == []


@pytest.mark.parametrize("place", ["lake", "warehouse"])
def test_a_move_that_was_cut_off_is_completed_elsewhere(place: str) -> None:
    """P24: where the copy stands already a move only deletes; other content keeps its name."""
    for name, content in (("in/a.csv", b"1"), ("in/archive/a.csv", b"1")):
        _put(f"{place}://{name}", content)
    assert sources.archive(f"{place}://in/a.csv", "archive") == f"{place}://in/archive/a.csv"
    _put(f"{place}://in/a.csv", b"2")
    there = sources.archive(f"{place}://in/a.csv", "archive")
    assert there.startswith(f"{place}://in/archive/a-20")
    found = sources.list(f"{place}://in/archive")["uri"].to_list()
    assert sorted(found) == sorted([f"{place}://in/archive/a.csv", there])


def test_two_names_of_one_place_lose_nothing(s3_server: Bucket) -> None:
    """P24: two connections to one folder: a file is not taken for a copy of itself and deleted."""
    sources.connect("twin", "s3", **s3_server.settings)
    s3_server.put("in/a.csv", CONTENT)
    with pytest.raises(SourceError, match="are one file"):
        sources.archive("lake://in/a.csv", "twin://in")
    assert s3_server.get("in/a.csv") == CONTENT


@pytest.mark.parametrize("folder", ["../out", "lake://../out", "nowhere://out"])
def test_a_folder_out_of_the_place_is_refused(s3_server: Bucket, folder: str) -> None:
    """P24: no folder leads out of the root of a place, nor to a place that is not known."""
    s3_server.put("in/a.csv", b"1")
    with pytest.raises(SourceError):
        sources.archive("lake://in/a.csv", folder)
    assert s3_server.objects() == ["in/a.csv"]


def test_a_link_out_of_the_root_is_not_followed(sftp_server: Sftp, tmp_path: Path) -> None:
    """P24: an archive that is a link out of the root gets no file."""
    (tmp_path / "outside").mkdir()
    (sftp_server.root / "archive").symlink_to(tmp_path / "outside")
    (sftp_server.root / "a.csv").write_bytes(b"1")
    with pytest.raises(SourceError):
        sources.archive("warehouse://a.csv", "archive")
    assert list((tmp_path / "outside").iterdir()) == []
    assert (sftp_server.root / "a.csv").read_bytes() == b"1"


def test_a_server_that_is_gone_loses_nothing(s3_server: Bucket, sftp_server: Sftp) -> None:
    """A file whose new place cannot be reached stays where it is, and the error says so."""
    s3_server.put("a.csv", CONTENT)
    sources.connect("gone", "sftp", **{**sftp_server.settings, "port": 1})
    with pytest.raises(SourceError):
        sources.archive("lake://a.csv", "gone://out")
    assert s3_server.get("a.csv") == CONTENT


def _put(uri: str, content: bytes) -> None:
    with sources.whole(uri) as stream:
        stream.write(content)
