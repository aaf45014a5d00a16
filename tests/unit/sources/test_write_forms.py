import datetime as dt
import gzip
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from fcwork import frames, sources
from fcwork.errors import SourceError

TWO = pl.DataFrame({"a": ["x", None], "n": [1, 2]})
AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def _bytes(rows: Any, to: Path, **options: Any) -> bytes:
    return Path(sources.write(rows, to, **options)).read_bytes()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, b"a,n\nx,1\n,2\n"),
        ({"delimiter": ";", "line_end": "\r\n"}, b"a;n\r\nx;1\r\n;2\r\n"),
        ({"delimiter": "tab"}, b"a\tn\nx\t1\n\t2\n"),
        ({"header": False}, b"x,1\n,2\n"),
        ({"quote_all": True}, b'"a","n"\n"x","1"\n"","2"\n'),
        ({"bom": True}, b"\xef\xbb\xbfa,n\nx,1\n,2\n"),
        ({"bom": False, "safe": "spreadsheet"}, b"a,n\nx,1\n,2\n"),
        ({"delimiter": None}, b"a,n\nx,1\n,2\n"),
    ],
)
def test_a_csv_as_it_is_asked_for(tmp_path: Path, options: dict[str, Any], expected: bytes) -> None:
    """P25: delimiter, header, quotes, line ends and byte order mark are as asked for, and nothing else differs."""
    assert _bytes(TWO, tmp_path / "a.csv", **options) == expected


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("a.csv", {"delimitr": ";"}, "csv has no option 'delimitr': did you mean 'delimiter'"),
        ("a.csv", {"delimiter": "::"}, "is not one character that can part cells"),
        ("a.csv", {"delimiter": 7}, "is not one character that can part cells"),
        ("a.csv", {"line_end": "\r"}, "line_end="),
        ("a.csv", {"header": "no"}, "header='no' is neither True nor False"),
        ("a.csv", {"spreadsheet": True}, "csv has no option 'spreadsheet'"),
        ("a.jsonl", {"pretty": True}, "jsonl has no option 'pretty'\n→ it takes none"),
        ("a.json", {"envelope": {"data": 1}}, "is to be an object without 'data'"),
        ("a.json", {"envelope": [1]}, "is to be an object"),
        ("a.parquet", {"compression": "lz5"}, "compression='lz5' is not known; known: zstd, snappy"),
        ("a.parquet", {"row_group_rows": 0}, "row_group_rows=0 is no number of rows"),
        ("a.parquet.gz", {}, "a parquet file is packed inside"),
        ("a.json", {"if_empty": "none"}, "if_empty='none' is not known"),
        ("a.json", {"split_rows": 0}, "split_rows=0 is no size"),
        ("a.json", {"split_mb": "big"}, "split_mb='big' is no size"),
        ("a.json", {"if_empty": "manifest", "manifest": False}, "contradict each other"),
    ],
)
def test_a_wrong_option_is_refused(tmp_path: Path, name: str, options: dict[str, Any], told: str) -> None:
    """P32: an option that a format does not take, or a value that it does not, is told before anything is written."""
    with pytest.raises(SourceError, match=told):
        sources.write(TWO, tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_json_numbers_keep_every_digit(tmp_path: Path) -> None:
    """P27: decimals and whole numbers of any size are JSON numbers with all their digits, nested ones too."""
    price, big = Decimal("12345678901234567890.10"), 2**70
    rows = pl.DataFrame(
        {
            "price": [price, None],
            "big": pl.Series([big, -1], dtype=pl.Int128),
            "lines": [[{"price": price}], []],
            "^o.*$": [{"^p.*$": Decimal("0.5"), "at": AT, "b": big}, None],
        },
        schema_overrides={"^o.*$": pl.Struct({"^p.*$": pl.Decimal(38, 1), "at": frames.UTC_TIME, "b": pl.Int128})},
    )
    expected = (
        f'{{"price":{price},"big":{big},"lines":[{{"price":{price}}}],'
        f'"^o.*$":{{"^p.*$":0.5,"at":"2026-01-02T03:04:05.000000Z","b":{big}}}}}'
    ).encode()
    second = b'{"price":null,"big":-1,"lines":[],"^o.*$":null}'
    assert _bytes(rows, tmp_path / "a.jsonl") == expected + b"\n" + second + b"\n"
    assert _bytes(rows, tmp_path / "a.json") == b"[" + expected + b"," + second + b"]"
    pretty = json.loads(_bytes(rows, tmp_path / "a.json", pretty=True), parse_float=Decimal)
    assert pretty[0]["price"] == price
    assert pretty[0]["big"] == big
    csv = sources.read(sources.write(rows, tmp_path / "a.csv"))
    assert csv["lines"].to_list() == [f'[{{"price":{price}}}]', "[]"]


def test_json_has_no_infinite_numbers(tmp_path: Path) -> None:
    """NaN and the infinite are null in JSON, which has no number for them."""
    rows = pl.DataFrame({"f": [float("nan"), float("inf"), 0.1], "l": [[float("-inf")], [1e300], []]})
    text = b'{"f":null,"l":[null]}\n{"f":null,"l":[1e+300]}\n{"f":0.1,"l":[]}\n'
    assert _bytes(rows, tmp_path / "a.jsonl") == text


def test_an_envelope_stands_around_the_array(tmp_path: Path) -> None:
    """An envelope's names come first, in their order, and its fields are those of the run."""
    envelope = {"metadata": {"from": "{from}", "run": "{run}", "count": "{rows}", "plain": "{x} {run}"}, "v": [1]}
    written = sources.write(
        TWO, tmp_path / "a.json", envelope=envelope, records="items", fields={"from": AT, "run": "r-1"}
    )
    assert Path(written).read_bytes() == (
        b'{"metadata":{"from":"2026-01-02T03:04:05Z","run":"r-1","count":2,"plain":"{x} {run}"},"v":[1],'
        b'"items":[{"a":"x","n":1},{"a":null,"n":2}]}'
    )
    assert sources.read(written, path="items")["n"].to_list() == [1, 2]
    assert written.bytes == Path(written).stat().st_size


def test_an_envelope_is_data(tmp_path: Path) -> None:
    """A text of an envelope that has an array's sign in it does not move the records."""
    path = sources.write(TWO, tmp_path / "a.json", envelope={"m": "a]b[]", "t": ["]"]})
    assert json.loads(Path(path).read_bytes()) == {"m": "a]b[]", "t": ["]"], "data": TWO.to_dicts()}


@pytest.mark.parametrize("envelope", [None, {"m": {"k": 1}}, {"n": "{rows}"}])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_pretty_json_is_what_a_printer_of_json_makes(tmp_path: Path, envelope: Any, count: int) -> None:
    """An indented file is the same JSON, indented by two, in one piece or in many."""
    schema = {"a": pl.String, "o": pl.Struct({"l": pl.List(pl.Int64), "e": pl.List(pl.Int64)})}
    rows = pl.DataFrame({"a": ["x\ny", "[", None], "o": [{"l": [1, 2], "e": []}] * 3}, schema).head(count)
    content: Any = rows.to_dicts()
    if envelope:
        content = {**json.loads(json.dumps(envelope).replace('"{rows}"', str(count))), "data": content}
    expected = json.dumps(content, indent=2, ensure_ascii=False).encode()
    assert _bytes(rows, tmp_path / "a.json", envelope=envelope, pretty=True) == expected
    parts = (rows[at] for at in range(count))
    assert _bytes(parts, tmp_path / "b.json", envelope=envelope, pretty=True, schema=schema) == expected


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "none"])
def test_parquet_keeps_types(tmp_path: Path, compression: str) -> None:
    """Parquet keeps every type, nested ones too, with row groups, compression and statistics as asked for."""
    rows = pl.DataFrame(
        {
            "t": ["", None, "😀"],
            "n": [1, None, -(2**63)],
            "price": [Decimal("1.50"), None, Decimal("-2.25")],
            "at": [AT, None, AT],
            "local": [AT.replace(tzinfo=None)] * 3,
            "day": [AT.date()] * 3,
            "for": [dt.timedelta(seconds=90)] * 3,
            "b": [b"\x00", None, b""],
            "o": [{"l": [1, None], "x": "y"}, None, {"l": [], "x": None}],
        }
    )
    path = Path(sources.write(rows, tmp_path / "a.parquet", compression=compression, row_group_rows=2))
    assert pl.read_parquet(path).equals(rows)
    assert pl.read_parquet(path).schema == rows.schema
    group = pq.ParquetFile(path).metadata
    assert [group.row_group(at).num_rows for at in range(group.num_row_groups)] == [2, 1]
    told = "uncompressed" if compression == "none" else compression
    assert group.row_group(0).column(0).compression == told.upper()
    assert group.row_group(0).column(1).is_stats_set
    bare = Path(sources.write(rows, tmp_path / "b.parquet", statistics=False))
    assert not pq.ParquetFile(bare).metadata.row_group(0).column(1).is_stats_set


def test_an_empty_parquet_has_its_columns(tmp_path: Path) -> None:
    """A parquet file without rows is whole, and has the columns with their types."""
    schema = {"a": pl.String, "l": pl.List(pl.Struct({"n": pl.Decimal(10, 2)}))}
    path = Path(sources.write(iter([]), tmp_path / "a.parquet", schema=schema))
    assert pl.read_parquet(path).schema == pl.Schema(schema)
    assert pq.read_table(path).num_rows == 0


def test_what_parquet_cannot_hold_is_told(tmp_path: Path) -> None:
    """P32: a type that parquet has no form for is told."""
    with pytest.raises(SourceError, match="a column has no form in a parquet file"):
        sources.write(pl.DataFrame({"n": pl.Series([1], dtype=pl.Int128)}), tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "xml"])
def test_a_packed_file_is_the_same_file_packed(tmp_path: Path, format_: str) -> None:
    """A name that ends in .gz is packed, and the same rows always give the same bytes."""
    plain = _bytes(TWO, tmp_path / f"a.{format_}")
    packed = _bytes(TWO, tmp_path / f"a.{format_}.gz")
    assert gzip.decompress(packed) == plain
    assert packed == _bytes(TWO, tmp_path / f"other.{format_}.GZ")
    with gzip.open(io.BytesIO(packed)) as stream:
        stream.read()
        assert stream.mtime == 0


def test_what_was_written_is_told(tmp_path: Path) -> None:
    """What is returned tells uri, rows, bytes and hash, and is a path to the file."""
    written = sources.write(TWO, tmp_path / "a.csv")
    assert str(written) == f"{tmp_path}/a.csv: 2 rows written as csv, 11 bytes"
    assert (written.rows, written.bytes, written.manifest, written.format) == (2, 11, "", "csv")
    [file] = written.files
    assert (file.uri, file.name, file.rows, file.bytes) == (f"{tmp_path}/a.csv", "a.csv", 2, 11)
    assert file.sha256 == sources.digest(written)
    assert sources.read(written).height == 2
    with open(written, "rb") as stream:  # noqa: PTH123 - that open takes it is what is shown
        assert stream.read() == Path(written).read_bytes()
    assert "<script>" not in sources.write(TWO, tmp_path / "<script>.csv")._repr_html_()
