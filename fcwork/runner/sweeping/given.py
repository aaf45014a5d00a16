"""The rows of a sweep as they are given: a file, a pipe, a frame or dicts; each row knows where it stood."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fcwork.errors import NotebookError

STDIN = "-"
MOST_ROWS = 10_000  # a run each: of a second each these take hours
MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Given:
    """One row as it was given.

    Attributes:
        place: where, such as ``line 4``.
        values: parameters by name, as Python, JSON or YAML has them.
        texts: parameters by name as typed in a shell, which a cell of a csv is.
    """

    place: str
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what it gives."""
        return (*self.values, *self.texts)


def given(rows: Any) -> list[Given]:
    """Return the rows of a sweep.

    Args:
        rows: the path of a file (.csv, .json, .jsonl, .yml), ``-`` for a csv on the standard input, any kind of frame,
            a list of dicts, or rows that were read before. An empty cell of a csv and a null of a frame give nothing:
            the parameter has the value that it has without the row. In dicts, JSON and YAML null is a value.

    Raises:
        NotebookError: they cannot be read, there are none, or there are too many.
    """
    if isinstance(rows, str | Path):
        found = read(rows)
    else:
        found = rows if isinstance(rows, list) and rows and isinstance(rows[0], Given) else _of_frame(rows)
    if not found:
        raise NotebookError("the sweep has no rows: nothing was run", hint="give a header and a row for each run")
    if len(found) > MOST_ROWS:
        told = f"the sweep has {len(found):,} rows, and may have {MOST_ROWS:,}: nothing was run"
        raise NotebookError(told, hint="split it into several")
    return found


def read(path: str | Path) -> list[Given]:
    """Return the rows in a file, or in the csv that comes on the standard input.

    Raises:
        NotebookError: it cannot be read, or its lines are not rows; all of them are named.
    """
    ending = ".csv" if str(path) == STDIN else Path(path).suffix.lower()
    if ending not in _READERS:
        raise NotebookError(
            f"{path} is no file of a sweep: its ending is to be one of {', '.join(_READERS)}",
            hint="write one row a run, a column for each parameter; `-` reads a csv from the standard input",
        )
    return _READERS[ending](_text(path), _told(path))


def _text(path: str | Path) -> str:
    try:
        if str(path) == STDIN:
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(path).expanduser().open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotebookError(
            f"cannot read the sweep {path}: {error.strerror}", hint=f"paths are taken from {Path.cwd()}"
        ) from None
    if len(content) > MOST_BYTES:
        raise NotebookError(f"{_told(path)} has over {MOST_BYTES:,} bytes", hint="split the sweep into several")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotebookError(f"line {line} of {_told(path)} is not UTF-8", hint="save it as UTF-8") from None


def _told(path: str | Path) -> str:
    return "the standard input" if str(path) == STDIN else str(path)


def _of_csv(text: str, told: str) -> list[Given]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    found, wrong = [], []
    try:
        header = next((cells for _, cells in _records(lines)), [])
        wrong += _wrong_header(header)
        for line, cells in _records(lines):
            if len(cells) != len(header):
                wrong.append(f"line {line}: {len(cells)} cells under {len(header)} columns")
            pairs = zip(header, cells, strict=False)
            found.append(Given(f"line {line}", texts={name: cell for name, cell in pairs if cell}))
    except csv.Error as error:
        wrong.append(f"line {lines.line_num}: {error}; is a quote left open?")
    _refuse(told, wrong)
    return found


def _records(lines: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank, each with the line where it begins."""
    begins = lines.line_num + 1
    for cells in lines:
        if cells:
            yield begins, cells
        begins = lines.line_num + 1


def _wrong_header(header: Sequence[str]) -> list[str]:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    wrong = [f"line 1: column {name} stands there twice" for name in twice]
    nameless = [str(number) for number, name in enumerate(header, 1) if not name]
    return wrong + [f"line 1: column {number} has no name" for number in nameless]


def _of_json(text: str, told: str) -> list[Given]:
    try:
        content = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise NotebookError(f"{told} is no JSON: {error}", hint="write a list of objects, one a run") from None
    return _of_list(content, told)


def _of_yaml(text: str, told: str) -> list[Given]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise NotebookError(f"{told} is no YAML{line}", hint="write a list, one item a run") from None
    return _of_list(content, told)


def _of_json_lines(text: str, told: str) -> list[Given]:
    found, wrong = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                content = json.loads(line, object_pairs_hook=_once)
            except (ValueError, RecursionError) as error:
                wrong.append(f"line {number}: no JSON: {error}")
            else:
                wrong += _wrong_item(content, f"line {number}")
                found.append(Given(f"line {number}", content))
    _refuse(told, wrong)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON in which each name stands once; of two values only one could count."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
        message = f"{twice} stands there twice"
        raise ValueError(message)
    return found


def _of_list(content: Any, told: str) -> list[Given]:
    if not isinstance(content, list):
        raise NotebookError(f"{told} holds no list of rows", hint="write a list of objects, one a run")
    _refuse(told, [wrong for number, item in enumerate(content, 1) for wrong in _wrong_item(item, f"item {number}")])
    return [Given(f"item {number}", item) for number, item in enumerate(content, 1)]


def _wrong_item(item: Any, place: str) -> list[str]:
    if not isinstance(item, Mapping):
        return [f"{place}: {type(item).__name__}, where an object of parameters is to be"]
    return [f"{place}: {name!r} is no name of a parameter" for name in item if not isinstance(name, str)]


def _of_frame(rows: Any) -> list[Given]:
    from fcwork import frames

    kind = frames.kind_of(rows)
    if kind == "records":
        return _of_list(list(rows), "the sweep")
    entered = frames.without_identity(frames.enter(rows)).to_dicts()
    told = [{name: value for name, value in row.items() if value is not None} for row in entered]
    return [Given(f"row {number}", row) for number, row in enumerate(told, 1)]


def _refuse(told: str, wrong: Sequence[str]) -> None:
    """Raise what is wrong with the lines, all of it, if anything is."""
    if wrong:
        listed = "\n".join(f"  {one}" for one in wrong)
        raise NotebookError(
            f"{told} holds no rows of a sweep, and nothing was run:\n{listed}",
            problems=list(wrong),
            hint="write a row for each run, a column for each parameter",
        )


_READERS: dict[str, Callable[[str, str], list[Given]]] = {
    ".csv": _of_csv,
    ".json": _of_json,
    ".jsonl": _of_json_lines,
    ".ndjson": _of_json_lines,
    ".yml": _of_yaml,
    ".yaml": _of_yaml,
}
