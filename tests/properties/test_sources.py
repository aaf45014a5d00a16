import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork import frames, sources
from fcwork.errors import SourceError
from fcwork.sources import delimited
from fcwork.sources import markup as xml
from fcwork.sources.options import Options
from fcwork.sources.parsing import Manner
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
@given(tables(), st.sampled_from(["csv", "json", "jsonl", "csv.gz", "xml"]), st.integers(1, 3))
def test_a_stream_is_written_like_its_frame(rows: pl.DataFrame, format_: str, size: int) -> None:
    """P29: however a stream is cut, its file has the bytes of the whole frame's."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder, f"{name}.{format_}") for name in ("whole", "cut")]
        for path, given_ in zip(paths, (rows, rows.iter_slices(size)), strict=True):
            try:
                sources.write(given_, path, schema=rows.schema)
            except SourceError as error:
                assert "control character" in error.message  # noqa: PT017 - not every text has a form in XML
        whole, cut = ([path.read_bytes()] if path.exists() else [] for path in paths)
    assert whole == cut


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
@given(st.binary(max_size=60), st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.parquet", "a.xml", "a"]))
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


NAME = st.text("abcdefghijklmnopqrstuvwxyzABCé_-.0", min_size=1, max_size=4).filter(lambda name: name[0] not in "_-.0")
WORD = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n", exclude_characters="\ufffe\uffff"),
    max_size=6,
).map(lambda text: text.strip(" \t\n") or None)
LEAF = st.one_of(WORD, st.sampled_from(["007", "1E5", "true", "<&>]]>", "a  b", None]))


def trees() -> st.SearchStrategy[Any]:
    """Values of elements: a text or nothing, or an object with attributes, a text and elements that may repeat."""
    return st.recursive(LEAF, objects, max_leaves=12)


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects whose elements have some of ``values``."""
    inner = st.dictionaries(NAME, st.one_of(values, st.lists(values, min_size=2, max_size=3)), max_size=3)
    given_ = st.tuples(st.dictionaries(NAME.map("@{}".format), WORD, max_size=2), inner, st.none() | WORD)
    whole = given_.map(lambda parts: {**parts[0], **parts[1], **({"#text": parts[2]} if parts[2] else {})})
    return whole.filter(lambda value: set(value) - {"#text"})


def markup(name: str, value: Any) -> str:
    """Return a value as XML."""
    if not isinstance(value, dict):
        return f"<{name}>{escape(value or '')}</{name}>"
    given_ = "".join(f" {key[1:]}={quoteattr(text or '')}" for key, text in value.items() if key[0] == "@")
    inner = [
        markup(key, item)
        for key, items in value.items()
        if key[0] not in "@#"
        for item in (items if isinstance(items, list) else [items])
    ]
    return f"<{name}{given_}>{''.join(inner)}\n{escape(value.get('#text') or '')}</{name}>"


def held(value: Any) -> Any:
    """Return a value without what a frame cannot tell: a null from nothing, a list of one or a text from itself."""
    if isinstance(value, list):
        items = [held(item) for item in value]
        return items[0] if len(items) == 1 else items
    if not isinstance(value, dict):
        return value
    parts = {name: item for name, item in ((name, held(item)) for name, item in value.items()) if item is not None}
    return parts["#text"] if set(parts) == {"#text"} else parts or None


@settings(deadline=None)
@given(st.lists(objects(trees()), min_size=1, max_size=4), st.sampled_from([20, 90, 4_000_000]))
def test_any_tree_written_as_xml_is_read(records: list[dict[str, Any]], size: int) -> None:
    """P27: records of texts, objects and lists come back as they were, in chunks of any size."""
    text = f"<r>{''.join(markup('i', record) for record in records)}</r>"
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml, "CHUNK_BYTES", size)
        path = Path(folder, "a.xml")
        path.write_text(text, "utf-8", newline="")
        rows = sources.read(path, path="r.i")
    assert rows["_row"].to_list() == list(range(1, len(records) + 1))
    assert [held(row) for row in rows.drop(frames.IDENTITY).to_dicts()] == [held(record) for record in records]


@settings(deadline=None)
@given(st.lists(objects(trees()), min_size=1, max_size=4), st.booleans())
def test_any_tree_is_written_as_xml(records: list[dict[str, Any]], pretty: bool) -> None:  # noqa: FBT001 - drawn
    """P27: records of texts, objects and lists come back from an XML file of ours as they were."""
    with TemporaryDirectory() as folder:
        try:
            path = sources.write(frames.enter(records), Path(folder, "a.xml"), pretty=pretty)
        except SourceError as error:
            assert "list" in error.message  # noqa: PT017 - a list in a list has no form
            return
        rows = sources.read(path, path="rows/row")
    assert [held(row) for row in rows.drop(frames.IDENTITY).to_dicts()] == [held(record) for record in records]


def _whole(text: str) -> sources.ReadResult:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(text.encode())
        return sources.read_with_issues(path, delimiter=",")


def _parsed(path: Path, block: int) -> Any:
    with opened(locate(path)) as intake:
        how = Manner("csv", Options(delimiter=","), str(path), block_bytes=block)
        pieces = list(how.pieces(intake))
    rows = [row for piece in pieces for row in piece.rows.rows()]
    return rows, [line for piece in pieces for line in piece.bad.rows()]
