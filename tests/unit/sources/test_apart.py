from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fcwork import sources
from fcwork.errors import SourceError
from fcwork.sources import ReadResult

Put = Callable[[str, bytes], str]


def why(apart: sources.Apart) -> dict[str, str]:
    """Return why files were not read, by their names."""
    return {Path(one.uri).name: one.why for one in apart.unread}


@pytest.mark.parametrize(
    ("ending", "contents"),
    [
        ("csv", [b"a,b\n1,2\n5\n", b"b,a\n3,4\n", b"a,b\n"]),
        ("json", [b'[{"a":1}]', b'{"records":[{"b":{"c":2}}]}', b"[]"]),
        ("jsonl", [b'{"a":1}\nx\n', b'{"a":"2"}\n', b'{"b":[3]}\n5\n']),
        ("xml", [b"<rs><r><a>1</a></r></rs>", b"<rs><r><a>2</a><a>3</a></r><r/></rs>"]),
    ],
)
def test_good_files_are_as_if_read_at_once(put: Put, tmp_path: Path, ending: str, contents: list[bytes]) -> None:
    """Files read apart give the rows, lines, issues and hashes that they give when they are read together."""
    uris = [put(f"{at}.{ending}", content) for at, content in enumerate(contents)]
    both = sources.read_with_issues(f"{tmp_path}/*.{ending}")
    apart = sources.read_apart(uris, uri=f"{tmp_path}/*.{ending}")
    assert (apart.unread, apart.origins) == ((), {})
    assert apart.read.frame.equals(both.frame)
    assert apart.read.rejected.equals(both.rejected)
    assert apart.read.issues.drop("at").equals(both.issues.drop("at"))
    facts = ("uri", "format", "bytes", "sha256", "files", "rows")
    assert [getattr(apart.read, name) for name in facts] == [getattr(both, name) for name in facts]


def test_a_bad_file_stops_no_other(put: Put, tmp_path: Path) -> None:
    """A file that is bad, of other columns or another format, or gone is told, and the others are read."""
    uris = [
        put("empty.csv", b""),
        put("a.csv", b"a,b\n1,2\n"),
        put("binary.csv", b"PAR1\0\0"),
        put("columns.csv", b"a,c\n1,2\n"),
        put("other.json", b"[]"),
        str(tmp_path / "gone.csv"),
        put("b.csv", b"b,a\n4,3\n"),
    ]
    apart = sources.read_apart(uris)
    assert apart.read.frame.select("a", "b").rows() == [("1", "2"), ("3", "4")]
    assert why(apart) == {
        "empty.csv": "content",
        "binary.csv": "content",
        "columns.csv": "apart",
        "other.json": "apart",
        "gone.csv": "gone",
    }


def test_a_line_that_is_no_row_keeps_its_columns(put: Put) -> None:
    """A line that is no row stands under the columns of its own file, whatever their order in the first."""
    apart = sources.read_apart([put("a.csv", b"a,b\n1,2\n"), put("b.csv", b"b,a\n5\n")])
    assert apart.read.rejected.select("a", "b").rows() == [(None, "5")]


def test_nothing_readable_gives_no_rows(put: Put) -> None:
    """Where no file can be read there are no rows, and each file is told."""
    apart = sources.read_apart([put("a.csv", b""), put("b.csv", b"")])
    assert isinstance(apart.read, ReadResult)
    assert (apart.read.rows, apart.read.files) == (0, ())
    assert apart.read.frame.schema == pl.Schema({"_row": pl.Int64(), "_source": pl.String()})
    assert why(apart) == {"a.csv": "content", "b.csv": "content"}


def test_what_its_place_does_not_give_is_no_bad_file(put: Put, tmp_path: Path) -> None:
    """A folder under the name of a file is the place's fault, not that of a content."""
    (tmp_path / "b.csv").mkdir()
    assert why(sources.read_apart([put("a.csv", b"a\n1\n"), str(tmp_path / "b.csv")])) == {"b.csv": "place"}


def test_a_mistake_in_the_call_is_no_bad_file(put: Put) -> None:
    """P32: an option or format that is not known is refused, whatever the files hold."""
    uri = put("a.csv", b"a\n1\n")
    with pytest.raises(SourceError, match="has no option"):
        sources.read_apart([uri], path="x")
    with pytest.raises(SourceError, match="is not known"):
        sources.read_apart([uri], "edi")


def test_a_name_with_the_signs_of_a_glob_stands_for_no_other_file(put: Put, tmp_path: Path) -> None:
    """P31: where ``a[1].csv`` is gone it is gone: the file a1.csv, which it would match, is not read in its place."""
    other = put("a1.csv", b"a,b\n1,2\n")
    apart = sources.read_apart([str(tmp_path / "a[1].csv"), str(tmp_path / "a{1,2}.csv"), other])
    assert why(apart) == {"a[1].csv": "gone", "a{1,2}.csv": "gone"}
    assert [file.uri for file in apart.read.files] == [other]


def test_a_bad_line_stands_under_the_columns_of_its_own_file(put: Put, tmp_path: Path) -> None:
    """P26: a line that is no row keeps its fields under the names of its file, whatever their order elsewhere."""
    put("1.csv", b"a,b,c\n1,2,3\n")
    uris = [str(tmp_path / "1.csv"), put("2.csv", b"c,b,a\n3,2,1\n9,8\n")]
    for read in (sources.read_with_issues(f"{tmp_path}/*.csv"), sources.read_apart(uris).read):
        assert read.rejected.select("a", "b", "c").rows() == [(None, "8", "9")]
