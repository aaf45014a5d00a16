import datetime as dt
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.clock import ManualClock
from fcwork.errors import SourceError
from fcwork.sources import partitions, parts

SEVEN = pl.DataFrame({"n": range(7)})
STATES = pl.DataFrame({"ref": ["a", "b", "c", "d"], "state": ["NEW", None, "", "NEW"]})


def names(folder: Path) -> list[str]:
    """Return the files in a folder and those in it, by their names from there."""
    return sorted(str(item.relative_to(folder)) for item in folder.rglob("*") if item.is_file())


def listing(folder: Path, name: str = "a.manifest.json") -> Any:
    """Return what a manifest says."""
    return json.loads((folder / name).read_bytes())


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "parquet", "xml", "csv.gz"])
def test_rows_are_split_into_files_that_are_whole(tmp_path: Path, format_: str) -> None:
    """P29: each part is a whole file with its share of the rows, in their order."""
    written = sources.write(SEVEN.iter_slices(2), tmp_path / f"a.{format_}", split_rows=3)
    assert names(tmp_path) == [*(f"a-0000{at}.{format_}" for at in (1, 2, 3)), "a.manifest.json"]
    assert [file.rows for file in written.files] == [3, 3, 1]
    content = [Path(file.uri).read_bytes() for file in written.files]
    assert [hashlib.sha256(text).hexdigest() for text in content] == [file.sha256 for file in written.files]
    assert [len(text) for text in content] == [file.bytes for file in written.files]
    if format_ == "csv.gz":
        assert gzip.decompress(content[2]) == b"n\n6\n"
        return
    back = [sources.read(file.uri)["n"].cast(pl.Int64).to_list() for file in written.files]
    assert back == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_single_part_has_its_number_too(tmp_path: Path) -> None:
    """Where there may be several files the first is numbered, so that a longer run replaces it."""
    written = sources.write(SEVEN, tmp_path / "a-{part:02}-of.csv", split_rows=7)
    assert names(tmp_path) == ["a-01-of.csv", "a-of.manifest.json"]
    assert str(written).startswith(f"{tmp_path}/a-01-of.csv: 7 rows written as csv, ")
    many = sources.write(SEVEN, tmp_path / "a-{part:02}-of.csv", split_rows=5)
    assert str(many) == f"{tmp_path}: 7 rows written as csv in 2 files, 18 bytes; manifest {many.manifest}"
    with pytest.raises(SourceError, match=r"2 files were written to .*, which is no one path"):
        Path(many)
    assert "a-02-of.csv" in many._repr_html_()


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "xml", "parquet"])
def test_files_are_split_by_their_size(tmp_path: Path, format_: str) -> None:
    """A part ends when it is as large as asked for, and is larger by one piece at most."""
    rows = pl.DataFrame({"t": [hashlib.sha256(bytes([at % 256, at // 256])).hexdigest() for at in range(4_000)]})
    options = {"row_group_rows": 100} if format_ == "parquet" else {}
    written = sources.write(rows, tmp_path / f"a.{format_}", split_mb=0.05, **options)
    assert len(written.files) > 2
    assert sum(file.rows for file in written.files) == 4_000
    spare = 10_000 if format_ == "parquet" else 200
    assert all(50_000 <= file.bytes < 50_000 + spare for file in written.files[:-1])
    assert names(tmp_path)[1] == f"a-00002.{format_}"


def test_a_manifest_says_what_was_written(tmp_path: Path) -> None:
    """A manifest names run, window, columns and files, each with size, rows and hash, and has no secret."""
    clock = ManualClock(dt.datetime(2026, 1, 31, tzinfo=dt.UTC))
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    written = sources.write(
        SEVEN, tmp_path / "a.csv", split_rows=4, fields={"run": "r1", "from": start}, clock=clock, manifest=True
    )
    assert written.manifest == f"{tmp_path}/a.manifest.json"
    assert listing(tmp_path) == {
        "version": 1,
        "written_at": "2026-01-31T00:00:00Z",
        "format": "csv",
        "fields": {"run": "r1"},
        "window": {"from": "2026-01-01T00:00:00Z", "to": None},
        "columns": [{"name": "n", "type": "Int64"}],
        "rows": 7,
        "bytes": 18,
        "files": [
            {"uri": file.name, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256, "partition": {}}
            for file in written.files
        ],
    }


def test_one_file_may_have_a_manifest(tmp_path: Path) -> None:
    """A manifest is written beside one file where it is asked for, under a name that may be given."""
    sources.write(SEVEN, tmp_path / "a.csv", manifest="done-{run}.json", fields={"run": 7})
    assert names(tmp_path) == ["a.csv", "done-7.json"]
    assert listing(tmp_path, "done-7.json")["rows"] == 7
    sources.write(SEVEN, tmp_path / "b.csv", split_rows=4, manifest=False)
    assert names(tmp_path) == ["a.csv", "b-00001.csv", "b-00002.csv", "done-7.json"]


def test_a_rerun_replaces_its_own_files(tmp_path: Path) -> None:
    """P29: parts that a shorter run does not write again are deleted, and no file of another's is."""
    (tmp_path / "a-00009.csv").write_text("another's")
    sources.write(SEVEN, tmp_path / "a.csv", split_rows=2)
    assert len(names(tmp_path)) == 6
    sources.write(SEVEN.head(3), tmp_path / "a.csv", split_rows=2)
    assert names(tmp_path) == ["a-00001.csv", "a-00002.csv", "a-00009.csv", "a.manifest.json"]
    assert listing(tmp_path)["rows"] == 3


def test_a_hostile_manifest_deletes_nothing_outside(tmp_path: Path) -> None:
    """P24: what a manifest lists outside its folder, by name or by a link, stays."""
    folder, outside = tmp_path / "in", tmp_path / "secret.txt"
    outside.write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept.txt").write_text("x")
    (folder / "sub").mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "other")
    bad: list[Any] = ["../secret.txt", str(outside), "link/kept.txt", "sub", "a\0b", "", ".", "sub/..", "\\x", 7, None]
    files = [{"uri": name} for name in bad] + ["text", {}]
    (folder / "a.manifest.json").write_text(json.dumps({"files": files}))
    sources.write(SEVEN, folder / "a.csv", split_rows=7)
    assert outside.exists()
    assert (tmp_path / "other" / "kept.txt").exists()
    assert (folder / "sub").is_dir()
    assert listing(folder)["rows"] == 7


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": 7}', "[" * 100_000, "\x00"])
def test_a_damaged_manifest_is_passed_over(tmp_path: Path, text: str) -> None:
    """P24: an earlier manifest that is none is told and replaced."""
    (tmp_path / "a.manifest.json").write_text(text)
    sources.write(SEVEN, tmp_path / "a.csv", manifest=True)
    assert listing(tmp_path)["rows"] == 7


def test_rows_are_parted_by_columns(tmp_path: Path) -> None:
    """Rows of one value lie in a folder that says it, as Hive names them; files do not hold the column."""
    for format_ in ("csv", "parquet"):
        written = sources.write(STATES.iter_slices(1), f"{tmp_path}/{format_}/", format_, partition_by=["state"])
        assert names(tmp_path / format_) == [
            "part.manifest.json",
            f"state=/part-00001.{format_}",
            f"state=NEW/part-00001.{format_}",
            f"state=__HIVE_DEFAULT_PARTITION__/part-00001.{format_}",
        ]
        assert [file.partition for file in written.files] == [{"state": ""}, {"state": "NEW"}, {"state": None}]
        assert listing(tmp_path / format_, "part.manifest.json")["files"][1]["partition"] == {"state": "NEW"}
        assert sources.read(written.files[1].uri).drop(frames.IDENTITY).to_dict(as_series=False) == {"ref": ["a", "d"]}


def test_what_a_reader_of_hive_folders_makes_of_them(tmp_path: Path) -> None:
    """P25: values of any signs come back from the names of folders, and lead nowhere else."""
    values = [
        "../../x",
        "a/b",
        "x=y&z",
        "ü %2F",
        "{date}",
        "__HIVE_DEFAULT_PARTITION__",
        ".",
        "",
        None,
        "*?[a]",
        "a\nb",
    ]
    rows = pl.DataFrame({"k": values, "n": range(len(values))})
    written = sources.write(rows, tmp_path / "a.parquet", partition_by="k", manifest=False)
    assert {Path(file.uri).parent.parent for file in written.files} == {tmp_path}
    assert {file.partition["k"]: file.rows for file in written.files} == dict.fromkeys(values, 1)
    told = {None if "k=__HIVE" in file.uri else file.partition["k"] for file in written.files}
    assert told == set(values)
    plain = sources.write(rows.head(5), tmp_path / "plain" / "a.parquet", partition_by="k", manifest=False)
    back = pl.read_parquet(f"{tmp_path}/plain/**/*.parquet", hive_partitioning=True)
    assert len(plain.files) == 5
    assert sorted(back.select("k", "n").rows(), key=lambda row: row[1]) == rows.head(5).rows()


def test_rows_are_parted_by_day(tmp_path: Path) -> None:
    """The day of an instant is that in UTC, whether it is an instant or a text; the column stays whole."""
    at = pl.Series(["2026-01-01T23:30:00Z", "2026-01-02T00:30:00+01:00", "2026-01-02T00:30:00Z", None])
    zoned = at.str.to_datetime(time_zone="UTC").dt.convert_time_zone("Asia/Tokyo")
    for column in (at, zoned, at.str.slice(0, 10), at.str.slice(0, 10).str.to_date()):
        rows = pl.DataFrame({"at": column, "n": range(4)})
        written = sources.write(rows, tmp_path / "a.jsonl", partition_by="at:date")
        days = {file.partition["at_date"]: file.rows for file in written.files}
        first = 2 if "T" in str(column[0]) or column.dtype == pl.Datetime else 1
        assert days == {"2026-01-01": first, "2026-01-02": 3 - first, None: 1}
        assert "at_date=2026-01-01/a-00001.jsonl" in names(tmp_path)
    whole = sources.write(pl.DataFrame({"at": zoned}), tmp_path / "b.parquet", partition_by="at:date")
    assert pl.read_parquet(whole.files[0].uri)["at"].len() == 2
    with pytest.raises(SourceError, match="'soon' in at is no instant and no day"):
        sources.write(pl.DataFrame({"at": ["2026-01-01", "soon"]}), tmp_path / "c.csv", partition_by="at:date")


def test_partitions_may_be_split_and_nested(tmp_path: Path) -> None:
    """Each partition of several columns is split by itself, whatever order the rows come in."""
    rows = pl.DataFrame({"x": [1, 2] * 6, "y": ["a", "a", "b"] * 4, "n": range(12)})
    written = sources.write(
        rows.iter_slices(1),
        tmp_path / "d" / "{run}-{part}.csv",
        partition_by=["x", "y"],
        split_rows=3,
        fields={"run": 1},
    )
    assert names(tmp_path / "d")[1:4] == ["x=1/y=a/1-1.csv", "x=1/y=a/1-2.csv", "x=1/y=b/1-1.csv"]
    assert sum(file.rows for file in written.files) == 12
    assert sources.read(f"{tmp_path}/d/x=1/y=a/*.csv")["n"].to_list() == ["0", "4", "6", "10"]


def test_partitions_wait_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows to be parted are held up to a size, and then in a temporary file; the files are the same."""
    rows = pl.DataFrame({"k": [at % 5 for at in range(1_000)], "n": range(1_000)})
    once = sources.write(rows, tmp_path / "once" / "a.parquet", partition_by="k")
    monkeypatch.setattr(partitions, "HELD_BYTES", 1_000)
    often = sources.write(rows.iter_slices(7), tmp_path / "often" / "a.parquet", partition_by="k")
    assert [file.sha256 for file in once.files] == [file.sha256 for file in often.files]
    monkeypatch.setattr(partitions, "MAX_PARTITIONS", 4)
    with pytest.raises(SourceError, match="would have more than 4 partitions"):
        sources.write(rows, tmp_path / "many" / "a.parquet", partition_by="k")
    assert not (tmp_path / "many").exists()


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("stat", "'stat': there is no such column: did you mean 'state'"),
        (["ref:week"], "'week' is not known\n→ known: ref:date"),
        (["ref", "state"], "leaves no column"),
        ("l", "are not parted by values of List"),
        ("n:date", "are not parted by values of Int64"),
    ],
)
def test_what_rows_cannot_be_parted_by(tmp_path: Path, by: Any, told: str) -> None:
    """P32: a column that is not there or cannot part rows is told."""
    rows = STATES if by == ["ref", "state"] else STATES.with_columns(l=pl.lit([1]), n=pl.lit(1, pl.Int64))
    with pytest.raises(SourceError, match=told):
        sources.write(rows, tmp_path / "a.csv", partition_by=by)


@pytest.mark.parametrize("how", [{}, {"split_rows": 2}])
def test_no_rows(tmp_path: Path, how: dict[str, Any]) -> None:
    """Without rows there is a file of that kind, a manifest alone, or nothing, and never a file of an earlier run."""
    name = "a-00001.csv" if how else "a.csv"
    listed = ["a.manifest.json"] if how else []
    empty = SEVEN.clear()
    sources.write(SEVEN, tmp_path / "a.csv", **how)
    told = sources.write(empty, tmp_path / "a.csv", **how)
    assert names(tmp_path) == [name, *listed]
    assert (tmp_path / name).read_bytes() == b"n\n"
    assert str(told).startswith(f"{tmp_path}/{name}: 0 rows written as csv, 2 bytes")
    sources.write(SEVEN, tmp_path / "a.csv", **how)
    told = sources.write(iter([empty, empty]), tmp_path / "a.csv", if_empty="manifest", **how)
    assert names(tmp_path) == ["a.manifest.json"]
    assert listing(tmp_path)["rows"] == 0
    assert (told.files, told.manifest) == ((), f"{tmp_path}/a.manifest.json")
    sources.write(SEVEN, tmp_path / "a.csv", **how)
    told = sources.write(empty, tmp_path / "a.csv", if_empty="nothing", **how)
    assert names(tmp_path) == ([] if how else ["a.manifest.json"])  # that one nobody asked about
    assert str(told) == f"{tmp_path}/{name}: no rows, so no file was written"
    with pytest.raises(SourceError, match="no file were written"):
        Path(told)


def test_no_rows_have_no_partitions(tmp_path: Path) -> None:
    """Without rows a parted write is a manifest that says so, and the folders of an earlier run are empty."""
    sources.write(STATES, tmp_path / "a.csv", partition_by="state")
    sources.write(STATES.clear(), tmp_path / "a.csv", partition_by="state")
    assert names(tmp_path) == ["a.manifest.json"]


def test_many_parts_appear_before_the_last_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P29: parts wait for each other up to a number; those that appeared earlier and are new go when a later fails."""
    monkeypatch.setattr(parts, "MAX_HELD", 2)
    (tmp_path / "a-00001.csv").write_text("before")
    seen = []

    def rows() -> Any:
        for at in range(5):
            seen.append(names(tmp_path))
            yield SEVEN.slice(at, 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sources.write(rows(), tmp_path / "a.csv", split_rows=1)
    assert [len([name for name in there if name.startswith("a-")]) for there in seen] == [1, 1, 1, 1, 2]
    assert names(tmp_path) == ["a-00001.csv"]
    monkeypatch.setattr(parts, "MAX_HELD", 100)
    with pytest.raises(ZeroDivisionError):
        sources.write(rows(), tmp_path / "b.csv", split_rows=1)
    assert names(tmp_path) == ["a-00001.csv"]


@pytest.mark.parametrize("how", ["", "split_rows=1000, ", "partition_by='k', "])
def test_a_process_that_is_killed_leaves_nothing(tmp_path: Path, how: str) -> None:
    """P29: a writer killed in the middle leaves nothing under the names, and what stood there stands."""
    (tmp_path / "a.csv").write_text("before")
    script = f"""
        import polars as pl, sys
        from fcwork import sources
        def rows():
            for at in range(100):
                if at == 20:
                    print("ready", flush=True)
                    sys.stdin.read()
                yield pl.DataFrame({{"n": range(1000), "k": [at] * 1000}})
        sources.write(rows(), {str(tmp_path / "a.csv")!r}, {how})
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        os.kill(process.pid, signal.SIGKILL)
    assert [name for name in names(tmp_path) if not name.endswith(".part")] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "before"


@pytest.mark.parametrize("taken", ["a-00002.csv", "a.manifest.json"])
def test_a_name_that_is_taken_by_a_folder_stops_all_files(tmp_path: Path, taken: str) -> None:
    """P29: where one of the files cannot stand under its name, those that are new do not stand there either."""
    (tmp_path / taken).mkdir()
    with pytest.raises(SourceError, match="cannot be written"):
        sources.write(SEVEN, tmp_path / "a.csv", split_rows=3)
    assert names(tmp_path) == []
    assert [item.name for item in tmp_path.iterdir()] == [taken]


def test_an_envelope_counts_each_files_records(tmp_path: Path) -> None:
    """The records of an envelope that counts them are part of a file's size, and each file counts its own."""
    rows = pl.DataFrame({"t": ["x" * 100] * 1_000})
    written = sources.write(rows, tmp_path / "a.json", envelope={"count": "{rows}"}, split_mb=0.03)
    assert len(written.files) == 4
    assert [json.loads(Path(file.uri).read_bytes())["count"] for file in written.files] == [
        file.rows for file in written.files
    ]
    assert all(file.bytes < 30_500 for file in written.files)
