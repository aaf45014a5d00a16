import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork.errors import NotebookError
from fcwork.runner.sweeping.given import MOST_ROWS, Given, given

Write = Callable[..., Path]


@pytest.fixture
def write(home: Path) -> Write:
    """Write a file of rows."""

    def file(text: str | bytes, name: str = "rows.csv") -> Path:
        content = text.encode() if isinstance(text, str) else text
        (home / name).write_bytes(content)
        return home / name

    return file


def test_a_cell_of_a_csv_is_a_text_and_knows_its_line(write: Write) -> None:
    """A row of a csv knows the line where it begins, also after blank ones and cells of several lines."""
    rows = given(write('\ufeffA,B\r\n1,"x\r\ny"\r\n\r\n,2\r\n'))

    assert rows == [Given("line 2", texts={"A": "1", "B": "x\r\ny"}), Given("line 5", texts={"B": "2"})]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("A,B\n1,2\n3\n4,5,6\n", ["line 3: 1 cells under 2 columns", "line 4: 3 cells under 2 columns"]),
        ("A,,A\n1,2,3\n", ["line 1: column A stands there twice", "line 1: column 2 has no name"]),
        ('A,B\n1,"2\n3,4\n', ["line 3: unexpected end of data; is a quote left open?"]),
        ("A,B\n1,2\n3", ["line 3: 1 cells under 2 columns"]),
    ],
)
def test_lines_that_are_no_rows_are_all_named(write: Write, text: str, problems: list[str]) -> None:
    """P32: each line of a csv that is no row, or was cut off, is named, and nothing is guessed."""
    with pytest.raises(NotebookError) as told:
        given(write(text))
    assert told.value.problems == problems


def test_values_of_json_and_yaml_keep_their_types(write: Write) -> None:
    """Rows of JSON, JSON lines and YAML are values, null among them, and know their item or line."""
    values = [{"A": 1, "B": None}, {"A": [1.5, True]}]
    lines = f"{json.dumps(values[0])}\n\n{json.dumps(values[1])}\n"

    assert given(write(json.dumps(values), "r.json")) == [Given("item 1", values[0]), Given("item 2", values[1])]
    assert given(write(lines, "r.JSONL")) == [Given("line 1", values[0]), Given("line 3", values[1])]
    assert given(write("- A: 1\n  B: null\n- A: [1.5, true]\n", "r.yml")) == given(values)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("r.json", "[{", "is no JSON: Expecting"),
        ("r.json", '{"A": 1}', "holds no list of rows"),
        ("r.json", '[{"A": 1, "A": 2}]', "A stands there twice"),
        ("r.json", "[1, {}]", "item 1: int, where an object of parameters is to be"),
        ("r.jsonl", '{"A": 1}\n{"A"', "line 2: no JSON: Expecting"),
        ("r.jsonl", '{"A": 1}\n[]', "line 2: list, where"),
        ("r.yml", "- A: 1\n- A: [", "is no YAML at line 2"),
        ("r.yml", "- 1: 2", "item 1: 1 is no name of a parameter"),
        ("r.txt", "A\n1", "its ending is to be one of .csv, .json"),
        ("r.csv", b"A\n\xff\n", "line 2 of .*r.csv is not UTF-8"),
        ("r.csv", "A\n", "the sweep has no rows: nothing was run"),
        ("r.csv", "", "the sweep has no rows: nothing was run"),
        ("r.json", "[" * 200_000, "is no JSON"),
    ],
)
def test_a_file_that_holds_no_rows_is_told(write: Write, name: str, text: str | bytes, told: str) -> None:
    """P32: a file of another kind, a damaged one and an empty one are refused in words."""
    with pytest.raises(NotebookError, match=told):
        given(write(text, name))


def test_a_file_that_is_not_there_is_told(home: Path) -> None:
    """P32: a path that leads nowhere is named, with where paths are taken from."""
    with pytest.raises(NotebookError, match=r"cannot read the sweep none\.csv: No such file") as told:
        given("none.csv")
    assert str(home) in str(told.value)


def test_a_csv_comes_on_the_standard_input_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads a csv from the standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"A\n1\n")))
    assert given("-") == [Given("line 2", texts={"A": "1"})]


def test_any_kind_of_frame_gives_rows() -> None:
    """A frame of any kind gives a row each, without the columns of fcwork's own; a null gives nothing."""
    frame = pl.DataFrame({"A": [1, None], "B": ["x", "y"], "_row": [7, 8]})
    kinds: list[Any] = [frame, frame.lazy(), frame.to_arrow(), pd.DataFrame({"A": [1, None], "B": ["x", "y"]})]

    for kind in kinds:
        first, second = given(kind)
        assert (first, second) == (Given("row 1", {"A": 1, "B": "x"}), Given("row 2", {"B": "y"}))
    assert given(pa.table({"A": [3]})) == [Given("row 1", {"A": 3})]


def test_rows_that_were_read_are_rows() -> None:
    """What was read once is not read again."""
    rows = [Given("line 2", texts={"A": "1"})]
    assert given(rows) is rows


def test_what_is_no_frame_is_told() -> None:
    """A value that holds no rows is a TypeError in words."""
    with pytest.raises(TypeError, match="int is no frame"):
        given(5)


def test_too_many_rows_are_refused() -> None:
    """A sweep has a bound, and says which."""
    with pytest.raises(NotebookError, match=f"may have {MOST_ROWS:,}"):
        given([{"A": number} for number in range(MOST_ROWS + 1)])
