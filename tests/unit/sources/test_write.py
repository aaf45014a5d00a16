import datetime as dt
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError

FORMATS = ["csv", "json", "jsonl", "parquet"]
ROWS = pl.DataFrame(
    {
        "z": [None, "a,b", 'q"uote', "two\nlines", "", "00123", "😀 & <x>", "=1+1"],
        "a": ["12345678901234567890"] * 8,
    }
)


@pytest.mark.parametrize("format_", FORMATS)
def test_hostile_texts_come_back(tmp_path: Path, format_: str) -> None:
    """P29: commas, quotes, line ends, empty texts, long ids and nulls first survive writing and reading."""
    path = Path(sources.write(ROWS, tmp_path / f"out.{format_}"))
    assert sources.read(path).drop(frames.IDENTITY).equals(ROWS)


@pytest.mark.parametrize("format_", FORMATS)
def test_columns_come_in_the_frames_order(tmp_path: Path, format_: str) -> None:
    """P29: the order of the columns is the frame's, and identity stays out unless it is asked for."""
    rows = frames.with_identity(ROWS, "in.csv")
    path = Path(sources.write(rows, tmp_path / f"out.{format_}"))
    assert sources.read(path).columns == ["z", "a", "_row", "_source"]
    kept = Path(sources.write(rows, tmp_path / f"kept.{format_}", identity=True))
    raw = pl.read_parquet(kept).columns if format_ == "parquet" else None
    assert raw is None or raw == ["z", "a", "_row", "_source"]


def test_csv_is_exact(tmp_path: Path) -> None:
    """P25: raw mode writes each text as it is, a null as nothing and an empty text as two quotes."""
    path = Path(sources.write(pl.DataFrame({"=h": ["=1+1", None, ""], "n": [-1, 2, None]}), tmp_path / "a.csv"))
    assert path.read_bytes() == b'=h,n\n=1+1,-1\n,2\n"",\n'


def test_spreadsheets_get_no_formulas(tmp_path: Path) -> None:
    """P25: texts and names that would run are neutral, and numbers, also those that are text, stay as they are."""
    texts = ["=1+1", "@x", "+cmd", "-x", "\tx", "\rx", "\uff1d1", "-5", "+3.5e2", "plain", "a=b", None]
    rows = pl.DataFrame({"=name": texts, "n": [-1] * 12})
    path = Path(sources.write(rows, tmp_path / "a.csv", safe="spreadsheet"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    back = sources.read(path)
    assert back.columns[:2] == ["'=name", "n"]
    expected = ["'=1+1", "'@x", "'+cmd", "'-x", "'\tx", "'\rx", "'\uff1d1", "-5", "+3.5e2", "plain", "a=b", None]
    assert back["'=name"].to_list() == expected
    assert set(back["n"]) == {"-1"}


def test_instants_are_iso_and_nested_values_json(tmp_path: Path) -> None:
    """Texts of instants are ISO 8601, and a csv holds nested values as JSON."""
    at = dt.datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=dt.UTC)
    rows = pl.DataFrame(
        {
            "at": [at],
            "local": [at.replace(tzinfo=None)],
            "day": [at.date()],
            "for": [dt.timedelta(seconds=90)],
            "price": [Decimal("1.50")],
            "nested": [{"k": [1, 2], "at": at}],
        }
    )
    csv = sources.read(sources.write(rows, tmp_path / "a.csv")).drop(frames.IDENTITY).row(0)
    assert csv == (
        "2026-01-02T03:04:05.678000Z",
        "2026-01-02T03:04:05.678000",
        "2026-01-02",
        "PT1M30S",
        "1.50",
        '{"k":[1,2],"at":"2026-01-02T03:04:05.678000Z"}',
    )
    json = sources.read(sources.write(rows, tmp_path / "a.json")).drop(frames.IDENTITY).row(0)
    assert json[:4] == csv[:4]
    assert json[4] == 1.5
    assert json[5] == {"k": [1, 2], "at": csv[0]}


def test_a_lone_column_keeps_its_rows(tmp_path: Path) -> None:
    """P29: in a csv of one column a null is written as an empty text, as a blank line is no row."""
    path = Path(sources.write(pl.DataFrame({"a": [None, "x", None]}), tmp_path / "a.csv"))
    assert sources.read(path)["a"].to_list() == ["", "x", ""]


@pytest.mark.parametrize("kind", ["lazy", "pandas", "pyarrow", "records"])
def test_any_kind_of_frame_is_written(tmp_path: Path, kind: frames.Kind) -> None:
    """Each kind of frame gives the same file."""
    path = Path(sources.write(frames.leave(ROWS, kind), tmp_path / "a.csv"))
    assert sources.read(path).drop(frames.IDENTITY).equals(ROWS)


@pytest.mark.parametrize("format_", FORMATS)
def test_no_rows_are_a_file_with_columns(tmp_path: Path, format_: str) -> None:
    """A frame without rows is a file that reads back without rows."""
    path = Path(sources.write(ROWS.clear(), tmp_path / f"a.{format_}"))
    assert sources.read(path).height == 0


@pytest.mark.parametrize(
    ("name", "rows", "told"),
    [
        ("a.xls", ROWS, "give format="),
        ("a.csv", pl.DataFrame(), "without columns"),
        ("a.csv", pl.DataFrame({"b": [b"\x00"]}), "bytes of b have no form in csv"),
    ],
)
def test_what_has_no_form_is_refused(tmp_path: Path, name: str, rows: pl.DataFrame, told: str) -> None:
    """P29, P32: what cannot be written is told, and nothing is left behind."""
    with pytest.raises(SourceError, match=told):
        sources.write(rows, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["nowhere://a.csv", "", "a\0.csv"])
def test_only_places_that_are_known_are_written(place: str) -> None:
    """P24, P32: a scheme that is no connection, or no path, is refused."""
    with pytest.raises(SourceError):
        sources.write(ROWS, place)


def test_a_pipe_or_device_is_not_replaced(tmp_path: Path) -> None:
    """P29: what stands under the name and is no plain file, such as a pipe, is refused and left alone."""
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match="is no plain file"):
        sources.write(ROWS, tmp_path / "pipe.csv")
    assert (tmp_path / "pipe.csv").is_fifo()


def test_an_unknown_way_to_be_safe_is_refused(tmp_path: Path) -> None:
    """P25: a misspelt safe= never passes for raw."""
    with pytest.raises(SourceError, match="safe='excel' is not known"):
        sources.write(ROWS, tmp_path / "out.csv", safe="excel")  # type: ignore[arg-type]  # what a person may give


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """P32: a place where no file can be is told with the folder."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        SourceError, match=r"cannot be written: .*/file is no folder\n→ a file stands where a folder is"
    ):
        sources.write(ROWS, tmp_path / "file" / "a.csv")
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(SourceError, match=r"a\.csv cannot be written: Is a directory"):
        sources.write(ROWS, tmp_path / "a.csv")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.csv", "file"]


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond some bytes, which is what a full disk does to it.

    It ends inside the test: pytest writes its own report to a file too.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("format_", [*FORMATS, "xml", "csv.gz"])
@pytest.mark.parametrize("how", [{}, {"split_rows": 20_000}, {"partition_by": "k"}])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, format_: str, how: dict[str, Any]) -> None:
    """P29: when the disk is full the old file stays whole, and no half of the new one is left."""
    path = Path(sources.write(ROWS, tmp_path / f"a.{format_}"))
    before = path.read_bytes()
    big = pl.DataFrame({"a": [f"text {at * 7919}" for at in range(50_000)], "k": [0, 1] * 25_000})
    with full_disk(), pytest.raises(SourceError, match=r"cannot be (written|held in)"):
        sources.write(big, path, **how)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    """P29: until the block ends well there is nothing under the name, and after an error there never is."""
    path = tmp_path / "deep" / "a.txt"
    with sources.whole(path) as stream:
        stream.write(b"half")
        stream.flush()
        assert not path.exists()
    assert path.read_bytes() == b"half"
    with pytest.raises(ZeroDivisionError), sources.whole(path) as stream:
        stream.write(b"other" * (1 // 0))
    assert path.read_bytes() == b"half"
    assert list(path.parent.iterdir()) == [path]


def test_what_a_spreadsheet_was_kept_from_running_can_be_had_back(tmp_path: Path) -> None:
    """P25: a csv made for spreadsheets, read again, gives each text as it was, those with an apostrophe too."""
    texts = ["=1+1", "'=1+1", "''=1", "'plain", "-5", "@x", "+4 pcs", "＝1"]  # noqa: RUF001 - the full-width form is meant
    path = Path(sources.write(pl.DataFrame({"a": texts, "b": texts}), tmp_path / "out.csv", safe="spreadsheet"))
    read = sources.read(path)
    assert read["a"].to_list() != texts
    assert sources.as_written(read)["a"].to_list() == texts
