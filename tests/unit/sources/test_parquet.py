"""Parquet files in folders that tell a column."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError

Put = Callable[[str, bytes], str]
DATA = pl.exclude(frames.IDENTITY)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a folder of files by date and kind."""
    for at, folder in enumerate(("date=2026-01-01/kind=a%2Fb", "date=2026-01-02/kind=__HIVE_DEFAULT_PARTITION__")):
        place = tmp_path / "x=1" / folder
        place.mkdir(parents=True)
        sources.write(pl.DataFrame({"sku": [f"00{at}"], "qty": [at]}), str(place / "0.parquet"))
    return tmp_path / "x=1"


def test_folders_found_by_a_glob_give_columns(out: Path) -> None:
    """Folders such as ``date=2026-01-01``, below what the glob names, are columns of text; no value is null."""
    rows = sources.read(out / "**/*.parquet")
    assert rows.columns == ["sku", "qty", "date", "kind", "_row", "_source"]
    assert rows.select(DATA).rows() == [("000", 0, "2026-01-01", "a/b"), ("001", 1, "2026-01-02", None)]
    assert rows.schema["kind"] == pl.String
    assert pl.concat(sources.scan(out / "**/*.parquet")).equals(rows)


def test_only_what_the_glob_leaves_open_is_a_column(out: Path) -> None:
    """A folder that is named in full tells nothing new, nor does a file that is."""
    rows = sources.read(out / "date=2026-01-01/kind=*/*.parquet")
    assert rows.select(DATA).columns == ["sku", "qty", "kind"]
    assert sources.read(rows["_source"][0]).select(DATA).columns == ["sku", "qty"]
    assert sources.read(out / "**/*.parquet", partitions=False).select(DATA).columns == ["sku", "qty"]


def test_a_column_that_a_folder_tells_too_is_refused(out: Path) -> None:
    """P27: of a column in the file and one in the folder's name, none is left out in silence."""
    sources.write(pl.DataFrame({"sku": ["7"], "date": ["x"]}), str(out / "date=2026-01-01" / "1.parquet"))
    with pytest.raises(SourceError, match="has a column 'date', and lies in a folder that tells it too"):
        sources.read(out / "*/*.parquet")
    assert sources.read(out / "*/*.parquet", partitions=False)["date"].to_list() == ["x"]


def test_columns_may_stand_in_another_order_but_not_be_missing(tmp_path: Path) -> None:
    """P27: parquet files of one source have the same columns, in any order."""
    sources.write(pl.DataFrame({"a": [1], "b": [2]}), str(tmp_path / "1.parquet"))
    sources.write(pl.DataFrame({"b": [4], "a": [3]}), str(tmp_path / "2.parquet"))
    assert sources.read(tmp_path / "*.parquet").select("a", "b").rows() == [(1, 2), (3, 4)]
    sources.write(pl.DataFrame({"a": [5]}), str(tmp_path / "3.parquet"))
    with pytest.raises(SourceError, match="differ in the columns b"):
        sources.read(tmp_path / "*.parquet")
