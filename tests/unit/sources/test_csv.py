import hashlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError

Put = Callable[[str, bytes], str]
DATA = pl.exclude(frames.IDENTITY)


def test_every_column_is_text(put: Put) -> None:
    """Leading zeros and ids of twenty digits come through, as nothing is taken for a number."""
    rows = sources.read(put("a.csv", b"gtin,id,qty\n00012345678905,12345678901234567890,0x1F\n"))
    assert rows.select(DATA).rows() == [("00012345678905", "12345678901234567890", "0x1F")]
    assert set(rows.select(DATA).dtypes) == {pl.String}


def test_an_empty_cell_is_null_and_a_quoted_one_is_an_empty_text(put: Put) -> None:
    """An empty cell is no value, and two quotes are the empty text."""
    assert sources.read(put("a.csv", b'a,b\n,""\n')).select(DATA).rows() == [(None, "")]


def test_rows_carry_their_line_and_their_file(put: Put) -> None:
    """The row's number is the line that an editor shows, the header being line 1."""
    path = put("a.csv", b"a\nx\ny\n")
    assert sources.read(path).select(frames.IDENTITY).rows() == [(2, path), (3, path)]


def test_lines_are_right_after_line_ends_in_quotes_and_blank_lines(put: Put) -> None:
    """A record is numbered by the line where it begins, whatever the records before it spanned."""
    rows = sources.read(put("a.csv", b'\n"a\nb",c\n"two\nlines",1\n\nx,2\n'))
    assert rows.columns[:2] == ["a\nb", "c"]
    assert rows.select("c", "_row").rows() == [("1", 4), ("2", 7)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(b"\xef\xbb\xbfa,b\n1,2\n", [("1", "2")], id="byte order mark"),
        pytest.param(b"a,b\r\n1,2\r\n", [("1", "2")], id="CRLF"),
        pytest.param(b"a,b\r1,2\r", [("1", "2")], id="CR"),
        pytest.param(b"a,b\n1,2", [("1", "2")], id="no last line end"),
        pytest.param(b"a,b\n1,2\n\n\n", [("1", "2")], id="blank lines at the end"),
        pytest.param(b"a,b\n1,2\n\n3,4\n", [("1", "2"), ("3", "4")], id="a blank line between"),
        pytest.param(b'a,b\n"x, ""y""",2\n', [('x, "y"', "2")], id="quotes and delimiters in quotes"),
        pytest.param(b'a,b\r\n"x\r\ny",2\r\n', [("x\r\ny", "2")], id="a line end in quotes"),
        pytest.param(b'a,b\n2" tall,x\n', [('2" tall', "x")], id="a quote inside of a field"),
        pytest.param(b"a,b\n,\n", [(None, None)], id="a record of empty cells"),
        pytest.param(b"a,b\n", [], id="header only"),
        pytest.param(b"a,b", [], id="header only, no line end"),
        pytest.param("a,b\nŻółć,😀\n".encode(), [("Żółć", "😀")], id="beyond ASCII"),
        pytest.param("a,b\n1,2\n".encode("utf-16"), [("1", "2")], id="UTF-16 with its mark"),
    ],
)
def test_forms_of_the_same_table(put: Put, content: bytes, rows: list[tuple[str, ...]]) -> None:
    """What spreadsheets and exports write is read, whatever its marks and line ends."""
    assert sources.read(put("a.csv", content)).select(DATA).rows() == rows


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_read_off_the_header(put: Put, mark: str) -> None:
    """The four usual delimiters need not be named."""
    rows = sources.read(put("a.csv", f"sku{mark}qty\nA{mark}1\n".encode()))
    assert rows.select(DATA).to_dicts() == [{"sku": "A", "qty": "1"}]


def test_a_delimiter_within_a_name_is_told_by_the_lines_that_follow(put: Put) -> None:
    """Of two marks in the header, the one that parts the next lines alike is the delimiter."""
    rows = sources.read(put("a.csv", b"sku,size|colour,qty\nA,L|red|x,1\n"))
    assert rows.columns[:3] == ["sku", "size|colour", "qty"]


def test_a_line_end_in_quotes_does_not_hide_the_delimiter(put: Put) -> None:
    """The lines that settle the delimiter may hold quoted line ends."""
    rows = sources.read(put("a.csv", b'a;x,b\n"one\ntwo",2\n'))
    assert rows.select(DATA).rows(named=True) == [{"a;x": "one\ntwo", "b": "2"}]


def test_an_ambiguous_header_asks(put: Put) -> None:
    """Where the lines do not settle it, the caller is asked for the delimiter."""
    with pytest.raises(SourceError, match=r"',' or ';'[^→]*→ say which: delimiter=','"):
        sources.read(put("a.csv", b"a,b;c\n1,2;3\n"))


def test_a_wrong_delimiter_is_told_with_the_likely_one(put: Put) -> None:
    """P32: a delimiter that leaves the header whole is refused, and the right one is named."""
    with pytest.raises(SourceError, match="the header looks parted by ';': delimiter=';'") as caught:
        sources.read(put("a.csv", b"sku;qty\nA;1\n"), delimiter=",")
    assert (caught.value.line, caught.value.format) == (1, "csv")


@pytest.mark.parametrize("delimiter", ["", None, "ab", '"', "\n", "é", 5])
def test_only_one_plain_character_is_a_delimiter(put: Put, delimiter: object) -> None:
    """P32: what cannot part fields is refused by name; nothing given means: look."""
    path = put("a.csv", b"sku;qty\nA;1\n")
    if not delimiter:
        assert sources.read(path, delimiter=delimiter).width == 4
        return
    with pytest.raises(SourceError, match="delimiter="):
        sources.read(path, delimiter=delimiter)


def test_ragged_lines_are_rows_of_their_own_pile(put: Put) -> None:
    """P26: rows read = rows of the frame + rejected, and each rejected line has an issue with its number and text."""
    path = put("a.csv", b"sku,qty\nA,1\nB\nC,3,4\n\nD,5\n")
    result = sources.read_with_issues(path)
    assert result.frame.rows() == [("A", "1", 2, path), ("D", "5", 6, path)]
    assert result.rejected.select("sku", "qty", "_row").rows() == [("B", None, 3), ("C", "3", 4)]
    assert result.rejected["_errors"].to_list() == [
        "line 3 has 1 field, the header has 2",
        "line 4 has 3 fields, the header has 2",
    ]
    assert result.rows == result.frame.height + result.rejected.height == 4
    assert result.issues.schema == frames.ISSUES
    assert result.issues.select("source", "row", "stage", "code", "value").rows() == [
        (path, 3, "read", "read.ragged", "B"),
        (path, 4, "read", "read.ragged", "C,3,4"),
    ]


@pytest.mark.parametrize("content", [b"a,b\n\n,a,", b"a,b\nx\n,y,", b"a,b,c\n,\n1,2,3,4\n"])
def test_a_short_line_is_never_made_up_by_a_long_one(put: Put, content: bytes) -> None:
    """P27: lines too short and too long are told even where their delimiters come to the right sum."""
    assert sources.read_with_issues(put("a.csv", content)).rejected.height


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'a,b\n1,"x\n2,y\n', id="never closed"),
        pytest.param(b'a,b\n1,"x"y\n2,y\n', id="text after the end"),
        pytest.param(b'a,b\n"1""\n2,y\n', id="closed by nothing at the end"),
    ],
)
def test_wrong_quotes_cost_their_own_line_only(put: Put, content: bytes) -> None:
    """P27: a field with wrong quotes is an issue of its line, and the next line is read."""
    result = sources.read_with_issues(put("a.csv", content))
    assert result.issues.select("row", "code").rows() == [(2, "read.quote")]
    assert result.frame.select(DATA).rows() == [("2", "y")]


def test_read_does_not_leave_lines_out_unasked(put: Put) -> None:
    """P32: ``read`` raises with the first lines that do not fit, unless it is told to skip them."""
    path = put("a.csv", b"a,b\n" + b"x\n" * 9 + b"1,2\n")
    with pytest.raises(SourceError, match=r"9 rows of .* cannot be read: line 2 has 1 field.*; and 4 more") as caught:
        sources.read(path)
    assert caught.value.line == 2
    assert sources.read(path, bad_rows="skip").height == 1
    with pytest.raises(SourceError, match="known: raise, skip"):
        sources.read(path, bad_rows="drop")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "is empty", id="no byte"),
        pytest.param(b"\xef\xbb\xbf\r\n\n", "is empty", id="blank lines"),
        pytest.param(b"\n" * 100_000, "is empty", id="many blank lines"),
        pytest.param(b"a,b,a\n1,2,3\n", "columns 1 and 3 .* both named 'a'", id="a name twice"),
        pytest.param(b"a,b,\n1,2,\n", "column 3 of 3 has no name", id="a name missing"),
        pytest.param(b'"a,b\n1,2\n', "never closed", id="an open quote in the header"),
        pytest.param(b'"a"x,b\n1,2\n', "header .* cannot be read", id="wrong quotes in the header"),
        pytest.param(b"a,b\n1,\xff\n", "byte 0xff in line 2", id="no UTF-8"),
        pytest.param(b"a,\xe9\n1,2\n", "byte 0xe9 in line 1", id="no UTF-8 in the header"),
        pytest.param(b"a,b\n1\n1,\xff\n", "byte 0xff in line 3", id="no UTF-8 after a ragged line"),
        pytest.param("a,b\n".encode("utf-16-le"), 'encoding="utf-16"', id="NUL bytes"),
        pytest.param(b"PAR1 and so on", 'format="parquet"', id="parquet"),
        pytest.param(b"\x1f\x8b\x08rest", "cannot be unpacked", id="gzip"),
        pytest.param(b"x\x9crest", "zlib is not read", id="zlib"),
    ],
)
def test_files_that_are_no_csv(put: Put, content: bytes, told: str) -> None:
    """P32: a file that cannot be read as csv is refused with what is wrong and where."""
    with pytest.raises(SourceError, match=told) as caught:
        sources.read(put("a.csv", content))
    assert caught.value.uri.endswith("a.csv")


def test_a_million_columns_are_refused_at_once(put: Put) -> None:
    """P24: a header of 10^6 names, or of more than are read, is refused with a typed error."""
    with pytest.raises(SourceError, match="longer than 1,000,000 bytes"):
        sources.read(put("a.csv", b",".join(b"k%d" % at for at in range(10**6)) + b"\n"))
    with pytest.raises(SourceError, match="more than 10,000 columns"):
        sources.read(put("b.csv", b",".join(b"k%d" % at for at in range(20_000)) + b"\n"))


def test_an_encoding_can_be_said(put: Put) -> None:
    """What is not UTF-8 is read with the encoding it has, and told when it is not that either."""
    path = put("a.csv", "name\nMüller\n".encode("cp1252"))
    assert sources.read(path, encoding="cp1252")["name"].to_list() == ["Müller"]
    with pytest.raises(SourceError, match="is not ascii"):
        sources.read(path, encoding="ascii")
    for unknown in ("martian", "hex"):
        with pytest.raises(SourceError, match=f"encoding='{unknown}' is not known"):
            sources.read(path, encoding=unknown)


def test_names_that_look_like_patterns_are_names(put: Put) -> None:
    """P25: a column named like a pattern of polars is a column like any other, in reading and in writing."""
    path = put("a.csv", b'*,^.*$,=x\n"a\nb","1,2",3\n4,5,6\n')
    rows = sources.read(path)
    assert rows.rows() == [("a\nb", "1,2", "3", 2, path), ("4", "5", "6", 4, path)]
    sources.write(rows, path, safe="spreadsheet")
    assert sources.read(path).columns[:3] == ["*", "^.*$", "'=x"]


def test_names_that_look_like_patterns_are_names_in_several_files(put: Put, tmp_path: Path) -> None:
    """P25: so it is where files of other column order are read together, and where rows are parted by such a column."""
    uris = [put("1.csv", b"*,^a$,b\n1,2,3\n1\n"), put("2.csv", b"b,*,^a$\n6,4,5\n")]
    for read in (sources.read_with_issues(f"{tmp_path}/*.csv"), sources.read_apart(uris).read):
        assert read.frame[["*", "^a$", "b"]].rows() == [("1", "2", "3"), ("4", "5", "6")]
        assert read.rejected[["*", "^a$", "b"]].rows() == [("1", None, None)]
    written = sources.write(read.frame, f"{tmp_path}/out/", "csv", partition_by="*")
    assert [file.name for file in written.files] == ["%2A=1/part-00001.csv", "%2A=4/part-00001.csv"]
    assert sources.read(written.files[1].uri)[["^a$", "b"]].rows() == [("5", "6")]


@pytest.mark.parametrize("ragged", [False, True])
def test_a_nul_in_a_value_comes_back(put: Put, ragged: bool) -> None:  # noqa: FBT001 - a case of the test
    """P25: a NUL in a value is written and comes back, in the fast pass and in the slow one."""
    values = ["a\0b", "\0", 'x"\0"\n', None]
    path = str(sources.write(pl.DataFrame({"k": list("abcd"), "v": values}), put("a.csv", b"")).uri)
    if ragged:
        with Path(path).open("ab") as stream:
            stream.write(b"e\n")
    assert sources.read(path, bad_rows="skip")["v"].to_list() == values


def test_a_tab_can_be_spelled(put: Put) -> None:
    """A command line can name the tab, which it can hardly type."""
    path = put("a.csv", b"a\tb\n1\t2\n")
    assert sources.read(path, delimiter=r"\t").width == sources.read(path, delimiter="tab").width == 4


def test_columns_of_our_own_give_way(put: Put) -> None:
    """A file written from a frame of ours is read anew: its identity and error columns are those of the new reading."""
    path = put("rejected.csv", b"_row,sku,_source,_errors,_stage\n7,A,old.csv,bad,map\n9,B\n")
    result = sources.read_with_issues(path)
    assert result.frame.to_dicts() == [{"sku": "A", "_row": 2, "_source": path}]
    assert result.rejected.select("sku", "_row").rows() == [("B", 3)]


def test_identity_of_the_version_read(put: Put) -> None:
    """P31: size, hash and time are of the very bytes that were parsed."""
    path = put("a.csv", b"a\n1\n")
    result = sources.read_with_issues(path)
    [file] = result.files
    assert (file.uri, file.bytes, result.bytes) == (path, 4, 4)
    assert file.sha256 == result.sha256 == hashlib.sha256(b"a\n1\n").hexdigest()
    assert file.modified_at.utcoffset() is not None
    put("a.csv", b"a\n2\n")
    assert sources.read_with_issues(path).sha256 != result.sha256


@pytest.mark.parametrize(
    ("content", "options", "rows"),
    [
        pytest.param(b"1,2\n3,4\n", {"header": "none"}, [("1", "2", 1), ("3", "4", 2)], id="no header"),
        pytest.param(
            b"1,2\n3,4\n", {"header": "none", "names": ["x", "y"]}, [("1", "2", 1), ("3", "4", 2)], id="named"
        ),
        pytest.param(b"a,a\n3,4\n", {"names": ["x", "y"]}, [("3", "4", 2)], id="a header of no use"),
        pytest.param(b"Stock of today\n\na,b\n3,4\n", {"skip": 1}, [("3", "4", 4)], id="lines before the header"),
        pytest.param(b'"\n,\n3,4\n', {"skip": 2, "header": "none"}, [("3", "4", 3)], id="lines and no header"),
        pytest.param(b"#x\n# y\n\na,b\n#,\n3,4\n#end", {"comment": "#"}, [("3", "4", 6)], id="comments"),
        pytest.param(b'a,b\n3,"\n#4"\n', {"comment": "#"}, [("3", "\n#4", 2)], id="no comment in quotes"),
        pytest.param(b"a,b\n# it's \"\n3,4\n", {"comment": "# "}, [("3", "4", 3)], id="a quote in a comment"),
        pytest.param(
            b"a,b\n'x,''\n',\"\n5,''\n", {"quote": "'"}, [("x,'\n", '"', 2), ("5", "", 4)], id="single quotes"
        ),
        pytest.param(b'a,b\n"x,y"\n5,"\n', {"quote": "none"}, [('"x', 'y"', 2), ("5", '"', 3)], id="no quotes"),
        pytest.param(b"'a','b'\n'x',\"", {"quote": "'"}, [("x", '"', 2)], id="a quoted header"),
        pytest.param(b"^a^|b\n^x|y^|2\n", {"quote": "^", "delimiter": "|"}, [("x|y", "2", 2)], id="signs of patterns"),
    ],
)
def test_options_for_feeds_of_every_kind(
    put: Put, content: bytes, options: dict[str, object], rows: list[tuple[str, str, int]]
) -> None:
    """Feeds without a header, with lines before it, comments or quotes of their own are read; lines stay the file's."""
    path = put("a.csv", content)
    read = sources.read(path, **options)
    assert read.select(pl.exclude("_source")).rows() == rows
    assert read.columns[:2] == options.get("names", ["column_1", "column_2"] if "header" in options else ["a", "b"])
    ragged = sources.read_with_issues(put("b.csv", content.rstrip(b"\n") + b"\n5\n"), **options)  # the second pass
    assert ragged.frame.select(pl.exclude("_source")).rows() == rows
    assert ragged.issues["code"].to_list() == ["read.ragged"]
    assert ragged.issues["row"][0] == content.rstrip(b"\n").count(b"\n") + 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"names": ["x"]}, "names= has 1 names, .* has 2 columns\n→ line 1 is a, a"),
        ({"names": ["x", "x"]}, "has the name 'x' twice"),
        ({"names": "x,y"}, "is no list of names"),
        ({"names": ["x", " "]}, "is no list of names"),
        ({"header": "second"}, "known: first, none"),
        ({"skip": "1"}, "is no count of lines"),
        ({"skip": -1}, "is no count of lines"),
        ({"skip": True}, "is no count of lines"),
        ({"skip": 9}, "skip=9 passes over all of .*, which has 2 lines"),
        ({"quote": "ab"}, "quote='ab' is not one character"),
        ({"quote": ","}, None),
        ({"quote": ",", "delimiter": ","}, "delimiter=',' is the quote too"),
        ({"comment": "a\n"}, "is not what a line can begin with"),
        ({"partitions": True}, "csv has no option 'partitions'"),
        ({}, "both named 'a'\n→ give each column a name of its own in line 1, or here: names="),
    ],
)
def test_options_that_cannot_be_meant_are_told(put: Put, options: dict[str, object], told: str | None) -> None:
    """P32: an option of a wrong kind, or that does not fit the file, is refused with what it may be."""
    path = put("a.csv", b"a,a\n1,2")
    if told is None:
        told = "has no name|never closed|cannot be read"
    with pytest.raises(SourceError, match=told):
        sources.read(path, **options)
