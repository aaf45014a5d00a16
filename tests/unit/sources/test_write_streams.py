from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError

FORMATS = ["csv", "json", "jsonl", "parquet", "xml", "csv.gz"]
HOSTILE = pl.DataFrame({"z": [None, "a,b", 'q"', "two\nlines", "", "00123", "😀 & <x>", "=1+1"], "a": [*"12345678"]})


@pytest.mark.parametrize("format_", FORMATS)
def test_a_stream_is_the_same_file_as_its_frame(tmp_path: Path, format_: str) -> None:
    """P29: frames one after the other give the bytes of one frame, however they are cut."""
    whole = Path(sources.write(HOSTILE, tmp_path / f"whole.{format_}")).read_bytes()
    for size in (1, 3, 8):
        written = sources.write(HOSTILE.iter_slices(size), tmp_path / f"parts.{format_}")
        assert written.rows == 8
        assert Path(written).read_bytes() == whole


def test_a_stream_in_spreadsheet_mode_is_neutral_throughout(tmp_path: Path) -> None:
    """P25: every frame of a stream, and every file of a split one, is made harmless and begins with one mark."""
    rows = pl.DataFrame({"=h": ["=1+1", "x", "@y", "-5"]})
    written = sources.write(rows.iter_slices(1), tmp_path / "a.csv", safe="spreadsheet", split_rows=2)
    texts = [Path(file.uri).read_bytes() for file in written.files]
    assert texts == [b"\xef\xbb\xbf'=h\n'=1+1\nx\n", b"\xef\xbb\xbf'=h\n'@y\n-5\n"]


@pytest.mark.parametrize("frame", [[HOSTILE, HOSTILE], iter([HOSTILE.to_arrow(), HOSTILE.to_dicts()])])
def test_a_list_of_frames_is_a_stream(tmp_path: Path, frame: Any) -> None:
    """Frames in a list, and frames of any kind, are a stream too."""
    back = sources.read(sources.write(frame, tmp_path / "a.csv")).drop(frames.IDENTITY)
    assert back.equals(pl.concat([HOSTILE, HOSTILE]))


def test_columns_never_shift(tmp_path: Path) -> None:
    """P29: a later frame's columns go where they belong, and what it lacks is null."""
    later = [pl.DataFrame({"a": [1], "b": ["x"]}), pl.DataFrame({"b": ["y"], "a": [2]}), pl.DataFrame({"b": ["z"]})]
    written = sources.write(iter(later), tmp_path / "a.csv")
    assert Path(written).read_bytes() == b"a,b\n1,x\n2,y\n,z\n"


def test_a_surplus_column_is_refused(tmp_path: Path) -> None:
    """P29, P32: a column that the first frame has not is told by its name, and nothing is written."""
    (tmp_path / "a.csv").write_text("before")
    with pytest.raises(SourceError, match=r"a frame has columns that .*a\.csv does not: note\n→ name all columns"):
        sources.write(iter([pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2], "note": ["x"]})]), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_schema_names_the_columns(tmp_path: Path) -> None:
    """With schema= the columns, their order and types are known before the first frame."""
    schema = {"b": pl.Int64, "a": pl.String, "c": pl.List(pl.Struct({"x": pl.Int64, "y": pl.String}))}
    rows = [{"a": None, "b": 1}, {"a": "x", "b": 2}]
    more = pl.DataFrame({"c": [[{"y": "z"}], []], "b": ["7", None]})
    back = pl.read_parquet(Path(sources.write(iter([rows, more]), tmp_path / "a.parquet", schema=schema)))
    assert back.schema == pl.Schema(schema)
    assert back["b"].to_list() == [1, 2, 7, None]
    assert back["c"].to_list() == [None, None, [{"x": None, "y": "z"}], []]
    with pytest.raises(SourceError, match=r"columns that .* does not: d"):
        sources.write(pl.DataFrame({"d": [1]}), tmp_path / "b.parquet", schema=schema)


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (pl.Series([1]), pl.Series([1.5])),
        (pl.Series([1]), pl.Series(["007"])),
        (pl.Series([1]), pl.Series(["x"])),
        (pl.Series([1.5]), pl.Series([2**53 + 1])),
        (pl.Series([1], dtype=pl.Int8), pl.Series([1000])),
        (pl.Series(["2026-01-01"]).str.to_datetime(), pl.Series(["2026-01-01"]).str.to_datetime(time_zone="UTC")),
        (pl.Series([[1]]), pl.Series([1])),
        (pl.Series([{"a": 1}]), pl.Series([{"b": 1}])),
        (pl.Series([{"a": 1}]), pl.Series([{"a": 1.5}])),
        (pl.Series([[{"a": 1}]]), pl.Series([["x"]])),
    ],
)
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_value_that_would_lose_something_is_refused(
    tmp_path: Path, first: pl.Series, later: pl.Series, format_: str
) -> None:
    """P27: a later value that is none of the column's type is refused, never rounded, cut or made null."""
    parts = iter([first.to_frame("v"), later.to_frame("v")])
    with pytest.raises(SourceError, match=r"\bv(\.b)?\b.*\n→ give the types with schema="):
        sources.write(parts, tmp_path / f"a.{format_}")
    assert list(tmp_path.iterdir()) == []


def test_what_fits_is_taken(tmp_path: Path) -> None:
    """A later value of another type that loses nothing is written as the column's type."""
    parts = [
        pl.DataFrame({"n": [1.5], "t": ["x"], "o": [{"a": 1, "b": "x"}]}),
        pl.DataFrame({"n": [2], "t": [7], "o": [{"b": "y"}]}),
        pl.DataFrame({"n": [None], "t": [None], "o": [None]}),
    ]
    back = pl.read_parquet(Path(sources.write(parts, tmp_path / "a.parquet")))
    assert back.rows() == [(1.5, "x", {"a": 1, "b": "x"}), (2.0, "7", {"a": None, "b": "y"}), (None, None, None)]


def test_no_frames_have_no_columns(tmp_path: Path) -> None:
    """P32: a stream without frames is told to need schema=, and with it is a file without rows."""
    with pytest.raises(SourceError, match=r"a stream without frames has no columns .*\n→ give schema="):
        sources.write(iter([]), tmp_path / "a.csv")
    assert Path(sources.write(iter([]), tmp_path / "a.csv", schema={"x": pl.String})).read_bytes() == b"x\n"
    assert Path(sources.write([], tmp_path / "b.csv", schema={"x": pl.String})).read_bytes() == b"x\n"


@pytest.mark.parametrize("given", [iter([{"a": 1}]), iter(["x"]), "text", 7, {"a": 1}, b"x"])
def test_what_is_no_frame_is_refused(tmp_path: Path, given: Any) -> None:
    """P32: rows one by one, or what is no frame at all, is a TypeError that says so."""
    with pytest.raises(TypeError, match=r"is no frame|yields frames"):
        sources.write(given, tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


class BrokenError(Exception):
    """What a stream breaks off with."""


@pytest.mark.parametrize("error", [BrokenError("page 3"), ConnectionResetError("reset"), KeyboardInterrupt()])
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("how", [{}, {"split_rows": 2}, {"partition_by": "a"}])
def test_a_stream_that_breaks_off_leaves_what_was_there(
    tmp_path: Path, format_: str, error: BaseException, how: dict[str, Any]
) -> None:
    """P29: an error of the stream comes through as it is; nothing new is left, and the old file stands."""

    def broken() -> Iterator[pl.DataFrame]:
        yield HOSTILE
        yield HOSTILE
        raise error

    old = Path(sources.write(HOSTILE, tmp_path / f"a.{format_}"))
    before = old.read_bytes()
    with pytest.raises(type(error)):
        sources.write(broken(), old, **how)
    assert old.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == [old.name]


def test_identity_stays_out_of_streams(tmp_path: Path) -> None:
    """The columns of fcwork's own are written only when they are asked for, by each frame of a stream."""
    parts = [frames.with_identity(HOSTILE, "in.csv")] * 2
    assert sources.read(sources.write(parts, tmp_path / "a.csv")).columns == ["z", "a", "_row", "_source"]
    kept = Path(sources.write(parts, tmp_path / "b.csv", identity=True)).read_text("utf-8")
    assert kept.startswith("z,a,_row,_source\n")


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_lazy_frame_is_a_stream(tmp_path: Path, format_: str) -> None:
    """A lazy frame is written as it comes, in its order; without rows its columns are there."""
    rows = pl.DataFrame(
        {"n": range(300_000), "c": pl.Series(["x"] * 300_000, dtype=pl.Categorical), "z": [None] * 300_000}
    )
    whole = Path(sources.write(rows, tmp_path / f"whole.{format_}")).read_bytes()
    lazy = Path(sources.write(rows.lazy(), tmp_path / f"lazy.{format_}")).read_bytes()
    assert lazy == whole
    none = sources.write(rows.lazy().filter(pl.col("n") < 0), tmp_path / f"none.{format_}")
    assert sources.read(none).drop(frames.IDENTITY).columns == ["n", "c", "z"]
