"""``fcwork read``: a file as fcwork sees it, its bad lines, and the same rows as another file."""

import gzip
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import sources

Fcwork = Callable[..., Any]
BAD = "sku;qty;name\nA;1;'x,y\nB;2\nC;3;z;z\n007;;é\n"


def test_a_file_is_shown_as_it_is_seen(fcwork: Fcwork, home: Path) -> None:
    """Format, encoding and delimiter are told with how they were found, and each column with nulls and examples."""
    (home / "stock.csv").write_text("sku;qty\n007;1\nA-1;\n007;3\n", "utf-8-sig")
    said = fcwork("read", "stock.csv")
    lines = [line.split(maxsplit=3) for line in said.out.splitlines()]
    assert said.code == 0
    assert said.out.startswith("stock.csv: 3 rows read as csv\n  format     csv, told by its name\n")
    assert "  encoding   utf-8, told by its byte order mark\n  delimiter  ;, told by the header\n" in said.out
    assert ["sku", "text", "0", "007, A-1"] in lines
    assert ["qty", "text", "1", "1, 3"] in lines
    assert "The first 3 rows" in said.out


def test_bad_lines_are_told_by_number(fcwork: Fcwork, home: Path) -> None:
    """Lines that are no rows are told by their number with the reason, written where asked, and the code says so."""
    (home / "bad.csv").write_text(BAD, "utf-8")
    said = fcwork("read", "bad.csv", "--rejected", "rejected.csv")
    assert said.code == 3
    assert "4 rows read as csv, 2 of them rejected" in said.out
    assert "  3     line 3 has 2 fields, the header has 3\n  4     line 4 has 4 fields" in said.out
    assert pl.read_csv(home / "rejected.csv")["_row"].to_list() == [3, 4]
    assert "add --rejected" not in said.out
    assert "add --rejected" in fcwork("read", "bad.csv").out


@pytest.mark.parametrize("name", ["to.csv", "to.json", "to.jsonl", "to.parquet", "to.xml"])
def test_rows_are_written_in_any_format(fcwork: Fcwork, home: Path, name: str) -> None:
    """With --to the rows stand in another file, whichever format its name tells."""
    (home / "in.csv").write_text('sku,name\n007,"a, ""b"" & 😀"\n12345678901234567890,x\n', "utf-8")
    said = fcwork("read", "in.csv", "--to", name)
    assert (said.code, f"rows  {name}, 2 rows" in said.out) == (0, True)
    back = sources.read(home / name).select("sku", "name")
    assert back.rows() == [("007", 'a, "b" & 😀'), ("12345678901234567890", "x")]


def test_how_to_read_can_be_said(fcwork: Fcwork, home: Path) -> None:
    """Each option of a reader can be given: lines to skip, comments, quotes, names, and which files of a zip."""
    (home / "odd.csv").write_text("export\n# of today\n'7,5',a\n8,b\n", "utf-8")
    options = ["--skip", "1", "--comment", "#", "--header", "none", "--quote", "'", "--names", 'qty,"a, b"']
    said = fcwork("read", "odd.csv", *options, "--to", "to.json")
    assert said.code == 0
    assert json.loads((home / "to.json").read_text("utf-8")) == [{"qty": "7,5", "a, b": "a"}, {"qty": "8", "a, b": "b"}]
    with zipfile.ZipFile(home / "all.zip", "w") as packed:
        packed.writestr("a.json", "[]")
        packed.writestr("b.csv", "sku;qty\n1;2\n")
    said = fcwork("read", "all.zip", "--member", "*.csv")
    assert (said.code, "delimiter  ;, told by the header" in said.out) == (0, True)
    assert fcwork("read", "odd.csv", "--names", "a,a").code == 2
    assert fcwork("read", "odd.csv", "--sheet", "x").code == 2


def test_rows_are_shown_as_many_as_are_asked_for(fcwork: Fcwork, home: Path) -> None:
    """--rows says how many rows are shown, and 0 shows none."""
    (home / "in.jsonl").write_text("".join(json.dumps({"n": n, "o": {"a": [n]}}) + "\n" for n in range(9)), "utf-8")
    assert "The first 5 of 9 rows" in fcwork("read", "in.jsonl").out
    assert "The first of 9 rows" in (said := fcwork("read", "in.jsonl", "--rows", "1").out)
    assert '  o       object        0      {"a": [0]}, {"a": [1]}' in said
    assert "The first" not in fcwork("read", "in.jsonl", "--rows", "0").out
    assert fcwork("read", "in.jsonl", "--rows", "-1").code == 2


def test_the_options_of_the_reader_are_taken(fcwork: Fcwork, home: Path) -> None:
    """Format, encoding and delimiter of the call are used, and told as such."""
    (home / "data").write_bytes("naïve|b\n1|2\n".encode("cp1252"))
    said = fcwork("read", "data", "--format", "csv", "--encoding", "cp1252", "--delimiter", "|")
    assert said.code == 0
    for told in ("csv, as --format says", "cp1252, as --encoding says", "|, as --delimiter says", "naïve"):
        assert told in said.out
    (home / "guessed").write_text('<?xml version="1.0" encoding="iso-8859-1"?><rs><r><a>1</a></r></rs>', "utf-8")
    said = fcwork("read", "guessed")
    assert "xml, told by its first bytes" in said.out
    assert "iso-8859-1, as it declares" in said.out


def test_several_files_are_one_source(fcwork: Fcwork, home: Path) -> None:
    """Of a glob the files are counted, and a bad line is told with its file."""
    (home / "a.csv").write_text("x,y\n1,2\n", "utf-8")
    (home / "b.csv").write_text("x,y\n3\n", "utf-8")
    said = fcwork("read", "*.csv", "--to", "all.parquet")
    assert said.code == 3
    assert "  files      2\n" in said.out
    assert "b.csv 2  line 2 has 1 field" in said.out
    assert pl.read_parquet(home / "all.parquet").rows() == [("1", "2")]


def test_what_is_packed_is_shown_as_it_is_within(fcwork: Fcwork, home: Path) -> None:
    """Of a packed file the format, encoding and delimiter within are told, and a bad line with the file it is in."""
    (home / "in.csv.gz").write_bytes(gzip.compress("x;y\n1;2\n".encode("utf-8-sig")))
    said = fcwork("read", "in.csv.gz")
    assert "csv, told by its name" in said.out
    assert "utf-8, told by its byte order mark\n  delimiter  ;, told by the header" in said.out
    with zipfile.ZipFile(home / "in.zip", "w") as archive:
        archive.writestr("a.csv", "x,y\n1,2\n3\n")
        archive.writestr("b.csv", "x,y\n5,6\n")
    said = fcwork("read", "in.zip")
    assert (said.code, "a.csv 3  line 3 has 1 field" in said.out) == (3, True)


def test_mistakes_are_told_before_anything_is_written(fcwork: Fcwork, home: Path) -> None:
    """P32: a missing file, an unknown ending, and a file written over itself are mistakes, told with what to do."""
    (home / "in.csv").write_text("x\n1\n", "utf-8")
    for call, told in {
        ("read",): "Missing argument 'SOURCE'",
        ("read", "nope.csv"): "there is no file nope.csv",
        ("read", "in.csv", "--to", "out.nope"): "its ending is to be one of .csv",
        ("read", "in.csv", "--to", "in.csv"): "is not written over",
        ("read", "in.csv", "--to", "o.csv", "--rejected", "o.csv"): "is the file of --to too",
    }.items():
        said = fcwork(*call)
        assert (said.code, told in said.err) == (2, True), said.err
    assert sorted(path.name for path in home.iterdir()) == ["in.csv"]


def test_an_empty_file_and_one_without_rows(fcwork: Fcwork, home: Path) -> None:
    """A file with a header alone has columns and no rows; one without a byte is a mistake."""
    (home / "header.csv").write_text("x,y\n", "utf-8")
    (home / "empty.csv").write_bytes(b"")
    said = fcwork("read", "header.csv", "--to", "out.jsonl")
    assert (said.code, "0 rows read" in said.out) == (0, True)
    assert (home / "out.jsonl").read_bytes() == b""
    assert fcwork("read", "empty.csv").code == 2


def test_a_terminal_obeys_no_file(fcwork: Fcwork, home: Path) -> None:
    """What a file holds is shown and not obeyed."""
    (home / "in.csv").write_text("\x1b[31mx,y\n\x1b]0;title\x07,2\n\x1b[2J\n", "utf-8")
    assert "\x1b" not in fcwork("read", "in.csv").out


def test_types_are_told_in_words(fcwork: Fcwork, home: Path) -> None:
    """Columns are of texts, numbers, instants and so on, and not of types of a library."""
    rows = pl.DataFrame({"at": [datetime(2026, 1, 31, tzinfo=UTC)], "n": [1], "x": [0.5], "ok": [True]})
    sources.write(rows, home / "in.parquet")
    said = fcwork("read", "in.parquet")

    for told in ("instant (UTC)", "whole number", "number", "yes or no"):
        assert told in said.out
    assert "Int64" not in said.out
