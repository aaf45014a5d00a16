import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork import frames, sources
from fcwork.errors import SourceError
from fcwork.sources import delimited, reading
from fcwork.sources.formats import Options
from fcwork.sources.place import locate, opened

SAFE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
PLAIN = SAFE.map(lambda text: text.replace("\r", ""))
CELL = st.one_of(st.none(), SAFE, st.sampled_from(["", ",", '"', "\n", "a\r\nb", "=1", "007", '""', "\r"]))
SCRAPS = st.sampled_from(
    ["a", "1", ",", '"', "\n", "\n", "\r\n", '""', 'x"y', '"q,z"', '"m\nn"', " ", "é", ",,", '"x"y']
)


def tables() -> st.SearchStrategy[pl.DataFrame]:
    """Frames of texts, one to four columns wide."""
    return st.integers(1, 4).flatmap(
        lambda width: st.lists(st.tuples(*[CELL] * width), max_size=6).map(
            lambda rows: pl.DataFrame(rows, schema=[(f"c{at}", pl.String) for at in range(width)], orient="row")
        )
    )


@settings(deadline=None)
@given(tables(), st.sampled_from(["csv", "json", "jsonl", "parquet"]))
def test_what_is_written_is_read(rows: pl.DataFrame, format_: str) -> None:
    """P29: any texts and nulls, in any format, come back as they were."""
    expected = rows.fill_null("") if format_ == "csv" and rows.width == 1 else rows
    if format_ in {"json", "jsonl"} and not rows.height:
        return  # no rows, no names
    with TemporaryDirectory() as folder:
        path = sources.write(rows, Path(folder, f"a.{format_}"))
        back = sources.read(path, **({"delimiter": ","} if format_ == "csv" else {}))
    assert back.drop(frames.IDENTITY).rows() == expected.rows()


@settings(deadline=None)
@given(st.lists(st.tuples(PLAIN, PLAIN), max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_python_writes_is_read(rows: list[tuple[str, str]], line_end: str, all_quoted: bool) -> None:  # noqa: FBT001 - drawn
    """P26: a csv of the standard library's is read row for row, each numbered by the line where it begins."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL)
    writer.writerows([("a", "b"), *rows])
    result = _whole(text.getvalue())
    assert [tuple(cell or "" for cell in row[:2]) for row in result.frame.rows()] == rows
    assert not result.rejected.height
    spans = [1 + first.count("\n") + second.count("\n") for first, second in rows]
    assert result.frame["_row"].to_list() == [2 + sum(spans[:at]) for at in range(len(rows))]


@settings(deadline=None)
@given(st.integers(1, 3), st.lists(SCRAPS, max_size=25).map("".join), st.sampled_from([8, 17, 64]))
def test_every_way_of_reading_gives_the_same(width: int, body: str, block: int) -> None:
    """P26: the fast pass, the second pass, parts and blocks of any size agree on every row, line and bad line."""
    text = ",".join("abc"[:width]) + "\n" + body
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(text.encode())
        whole = _parsed(path, -1)
        assert _parsed(path, block) == whole
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(delimited, "PART_BYTES", block)
            assert _parsed(path, -1) == whole
            patch.setattr(delimited, "_fast", lambda *_: None)
            assert _parsed(path, -1) == whole


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.parquet", "a"]))
def test_no_bytes_bring_another_error(content: bytes, name: str) -> None:
    """P24: whatever a file holds, it is read or refused with a SourceError, and its rows add up."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        try:
            result = sources.read_with_issues(path)
        except SourceError:
            return
    assert result.rows == result.frame.height + result.rejected.height
    assert result.rejected.height == result.issues.height


def _whole(text: str) -> sources.ReadResult:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(text.encode())
        return sources.read_with_issues(path, delimiter=",")


def _parsed(path: Path, block: int) -> Any:
    with opened(locate(path)) as intake:
        pieces = list(reading._pieces(intake, "csv", Options(delimiter=","), block))
    rows = [row for piece in pieces for row in piece.rows.rows()]
    return rows, [line for piece in pieces for line in piece.bad.rows()]
