from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError

Put = Callable[[str, bytes], str]
DATA = pl.exclude(frames.IDENTITY)


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b'[{"a":1}]', {}),
        (b'\xef\xbb\xbf [\n{"a":1}\n]', {}),
        (b'{"records":[{"a":1}], "total": 1}', {}),
        (b'{"inventory":[{"a":1}]}', {}),
        (b'{"data":[{"a":1}]}', {}),
        (b'{"data":{"items":[{"a":1}]}}', {"path": "data.items"}),
        (b'{"data":{"a":1}}', {"path": "data"}),
        (b'{"a":1}', {"path": "$"}),
        (b'[{"a":1}]', {"path": "$"}),
        (b'{"data":[{"a":1}]}', {"path": "$.data"}),
    ],
)
def test_where_the_array_may_stand(put: Put, content: bytes, options: dict[str, str]) -> None:
    """A JSON file is an array, an object with one under a usual name or the path given, or one record by the path $."""
    rows = sources.read(put("a.json", content), **options)
    assert rows.select("a", "_row").rows() == [(1, 1)]


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (b'{"orders":[{"a":1}]}', {}, "say which: path='orders'"),
        (b'{"data":[{"a":1}],"records":[]}', {}, "say which: path='records'"),
        (b'{"a":1}', {}, r"its names are a; path='\$' reads it as one record"),
        (b"5", {}, "neither an array nor an object"),
        (b'{"data":{"items":[]}}', {"path": "data.itms"}, "data has no 'itms'; there are items"),
        (b'{"data":5}', {"path": "data"}, "leads to no array"),
        (b'{"a":1}\n{"a":2}\n', {}, 'format="jsonl"'),
        (b'[{"a":1},\n{"a":]', {}, "line 2: "),
        (b"", {}, "is empty"),
        (b"   ", {}, "is no JSON"),
        (b'[{"a":NaN}]', {}, "is no JSON"),
        (b"[" * 100_000 + b"]" * 100_000, {}, "is no JSON"),
        (b'[{"a":' + b"[" * 65 + b"]" * 65 + b"}]", {}, "deeper than 64 levels"),
        (b"[{" + b",".join(b'"k%d":1' % at for at in range(20_000)) + b"}]", {}, "more than 10,000 columns"),
        (b'[{"a":{' + b",".join(b'"k%d":1' % at for at in range(20_000)) + b"}}]", {}, "more than 10,000 columns"),
        (b"[" + b",".join(b'{"k%d":1}' % (at % 9_999) for at in range(20_000)) + b"]", {}, "199,980,000 cells"),
    ],
)
def test_files_that_are_no_rows(put: Put, content: bytes, options: dict[str, str], told: str) -> None:
    """P24, P32: what holds no rows, or more than can be held, is refused with what is wrong and what to say instead."""
    with pytest.raises(SourceError, match=told):
        sources.read(put("a.json", content), **options)


def test_numbers_keep_their_digits(put: Put) -> None:
    """Integers beyond 64 bits and decimals with more digits than a float holds stay text."""
    content = (
        b'[{"id":123456789012345678901234567890,"price":0.12345678901234567890,"far":1e400,"qty":9223372036854775807,'
        b'"rate":1234567.25,"low":-9223372036854775808,"none":1e-400}]'
    )
    [row] = sources.read(put("a.json", content)).select(DATA).to_dicts()
    assert row == {
        "id": "123456789012345678901234567890",
        "price": "0.12345678901234567890",
        "far": "1e400",
        "qty": 2**63 - 1,
        "rate": 1234567.25,
        "low": -(2**63),
        "none": "1e-400",
    }


def test_a_number_too_long_for_one_row_makes_its_column_text(put: Put) -> None:
    """P27: where one row's number stays text, so do its neighbours', and none is lost."""
    rows = sources.read(put("a.json", b'[{"id":7},{"id":12345678901234567890123}]'))
    assert rows["id"].to_list() == ["7", "12345678901234567890123"]


def test_nested_values_keep_every_name(put: Put) -> None:
    """P27: a nested object has the names of all rows, not of the first."""
    rows = sources.read(put("a.json", b'[{"x":{"a":1}},{"x":{"b":2},"y":[1]},{}]'))
    assert rows["x"].to_list() == [{"a": 1, "b": None}, {"a": None, "b": 2}, None]
    assert rows["_row"].to_list() == [1, 2, 3]


def test_mixed_types_become_text(put: Put) -> None:
    """P27: a column of numbers and texts is text, each as it was written."""
    assert sources.read(put("a.json", b'[{"q":1},{"q":"two"},{"q":true}]'))["q"].to_list() == ["1", "two", "true"]


def test_items_that_are_no_objects_are_rejected_by_number(put: Put) -> None:
    """P26: an item that is no object is a rejected row with an issue."""
    result = sources.read_with_issues(put("a.json", b'[{"a":1},2,{"a":3}]'))
    assert result.frame["_row"].to_list() == [1, 3]
    assert result.rejected.select("a", "_row", "_errors").rows() == [(None, 2, "item 2 is no object")]
    assert result.issues.select("row", "code", "value").rows() == [(2, "read.json", "2")]


def test_json_lines_are_numbered_by_line(put: Put) -> None:
    """P26: each line is a row or a rejected row, told by the number that an editor shows."""
    result = sources.read_with_issues(put("a.jsonl", b'{"a":1}\r\n\r\n{"a":}\r\n[5]\r\n{"a":"x"}'))
    assert result.frame.select("a", "_row").rows() == [("1", 1), ("x", 5)]
    assert result.issues.select("row", "value").rows() == [(3, '{"a":}'), (4, "[5]")]
    assert result.issues["message"][0].startswith("line 3 is no JSON: ")
    assert result.rows == 4


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
def test_json_lines_without_a_line_are_a_frame_of_no_rows(put: Put, content: bytes) -> None:
    """An empty file of JSON lines is no mistake: it is what a frame without rows is written as."""
    assert sources.read(put("a.jsonl", content)).shape == (0, 2)
    assert list(sources.scan(put("a.jsonl", content))) == []


LONG = "x" * 60_000  # some forty rows of it take several runs


@pytest.mark.parametrize("odd", ["", "{", "7", '{"a":"late","more":[]}', '{"a":1}', '{"_row":1,"a":"x"}'])
def test_files_of_several_runs(put: Put, odd: str) -> None:
    """P26, P27: a large file of lines has the rows, rejected lines and numbers that it has at once."""
    lines = [f'{{"a":"{LONG}","b":[{{"c":{at}}}]}}' for at in range(50)] + [odd, '{"a":"y"}']
    result = sources.read_with_issues(put("a.jsonl", "\n".join(lines).encode()))
    rejected = [51] if odd in {"{", "7"} else []
    assert result.rejected["_row"].to_list() == rejected
    gone = [51] if rejected or not odd else []
    assert result.frame["_row"].to_list() == [at for at in range(1, 53) if at not in gone]
    assert result.frame["b"].to_list()[:50] == [[{"c": at}] for at in range(50)]
    assert result.frame["a"].to_list()[-1] == "y"


@pytest.mark.parametrize(
    "content",
    [
        '{"total":"]},{","records":[%s]}',
        "[%s]",
        '{"records":[%s],"data":5}',
    ],
)
@pytest.mark.parametrize("odd", ['{"n":1,"a":"},{\\"n\\":"}', "7", '{"b":[{"n":1},{"n":2}]}', '{"n":{"n":1}}'])
def test_arrays_of_several_runs(put: Put, content: str, odd: str) -> None:
    """P26, P27: the items of a large array are those that it has at once, wherever it seems that one begins."""
    items = [f'{{"n":{at},"a":"{LONG}","b":[{{"n":{at}}},{{"n":0}}]}}' for at in range(50)]
    result = sources.read_with_issues(put("a.json", (content % ",".join([*items[:20], odd, *items[20:]])).encode()))
    assert result.rejected["_row"].to_list() == ([21] if odd == "7" else [])
    assert result.frame["a"].to_list().count(LONG) == len(items)
    assert result.frame["b"].to_list()[-1] == [{"n": 49}, {"n": 0}]
    assert result.rows == 51


@pytest.mark.parametrize("content", [b"[]", b'{"records":[]}'])
def test_no_rows_are_a_frame_of_no_rows(put: Put, content: bytes) -> None:
    """An empty array is no mistake."""
    assert sources.read(put("a.json", content)).shape == (0, 2)


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("a.dat", b"a,b\n1,2\n", "csv"),
        ("a", b"[1]", "json"),
        ("a", b'{\n"records": []}', "json"),
        ("a.log", b'{"a":1}\n{"a":2}\n', "jsonl"),
        ("a.CSV", b"a\n", "csv"),
        ("a.ndjson", b"{}\n", "jsonl"),
        ("a.tsv", b"a\tb\n", "csv"),
        ("a.XML", b"<a/>", "xml"),
        ("a", b"\xef\xbb\xbf\n<a/>", "xml"),
        ("a", "<a>1,2</a>".encode("utf-16"), "xml"),
    ],
)
def test_the_format_is_told_by_the_name_or_the_first_bytes(put: Put, name: str, content: bytes, format_: str) -> None:
    """A name that tells the format settles it, else the content does."""
    assert sources.read_with_issues(put(name, content)).format == format_


@pytest.mark.parametrize("content", [b"hello\n", b'{"a":1}\n', b"\x00\x01\x02,"])
def test_an_untold_format_is_asked_for(put: Put, content: bytes) -> None:
    """P32: where neither name nor content tells, the caller is asked and the formats are named."""
    with pytest.raises(SourceError, match="give format=, one of csv, json, jsonl, parquet, xlsx, xml"):
        sources.read(put("a.dat", content))


@pytest.mark.parametrize(
    ("format_", "options", "told"),
    [
        ("xls", {}, "known: csv, json, jsonl, parquet, xlsx, xml"),
        ("csv", {"delimeter": ";"}, "it takes delimiter, encoding, header"),
        ("jsonl", {"path": "a"}, "it takes member"),
        ("json", {"path": 5}, "path=5 is no text"),
    ],
)
def test_options_are_known_or_refused(put: Put, format_: str, options: dict[str, Any], told: str) -> None:
    """P32: an unknown format or option is refused, and those known are named."""
    with pytest.raises(SourceError, match=told):
        sources.read(put("a.x", b"a\n"), format_, **options)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
def test_json_lines_without_a_line_are_no_rows(put: Put, content: bytes) -> None:
    """A JSON lines file without a line is what a frame without rows is written as; of other formats it is a mistake."""
    path = put("a.jsonl", content)
    assert sources.read(path).height == 0
    assert list(sources.scan(path)) == []
    nothing = sources.write(pl.DataFrame(schema={"a": pl.String}), path + ".gz")
    assert sources.read(nothing).rows() == []
    with pytest.raises(SourceError, match="is empty\n→ is it cut off"):
        sources.read(put("a.parquet", content))
