"""JSON and JSON lines: numbers keep every digit, a line that is no object is told by its number."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from fcwork.errors import SourceError
from fcwork.sources import rows
from fcwork.sources.encodings import Block
from fcwork.sources.options import TOP, Options
from fcwork.sources.pieces import MAX_RECORD_BYTES, BadLine, Piece, uncollected
from fcwork.sources.rows import RUN_BYTES, Run

SHOWN_NAMES = 8
ENVELOPES = ("records", "inventory", "data")  # where an object without ``path`` may hold its array
_INT64 = range(-(2**63), 2**63)
_FLOAT_DIGITS = 15  # as many decimal digits a float always keeps
_LONG_NUMBER = re.compile(rb"\d[\d.]{15,}|\d[eE][+-]?\d{3}")
_FORMS = bytes.maketrans(b"123456789.E+", b"0000000000e-")


def array(text: bytes, options: Options, uri: str) -> Piece:
    """Return the objects of a JSON array as rows; ``_row`` is the number of the item.

    Raises:
        SourceError: no JSON, no array where one is looked for, too deep or too wide.
    """
    try:
        with uncollected():
            content = loads(text)(text)
    except ValueError as error:
        raise no_json(text, error, uri) from error
    items = _items(content, options.path, uri)
    return rows.piece(Run(range(1, len(items) + 1), items), uri, "json")


def lines(blocks: Iterator[Block], uri: str) -> Iterator[Piece]:
    """Yield the objects of JSON lines as rows; ``_row`` is the number of the line.

    Raises:
        SourceError: too deep or too wide.
    """
    held, line = b"", 1
    for block in blocks:
        held += block.text
        cut = len(held) if block.last else held.rfind(b"\n") + 1
        if not cut and len(held) > MAX_RECORD_BYTES:
            raise SourceError(f"line {line:,} of {uri} is longer than {MAX_RECORD_BYTES:,} bytes", uri=uri, line=line)
        text, held = held[:cut], held[cut:]
        yield _lines(text, line, uri)
        line += text.count(b"\n")


def _lines(text: bytes, first: int, uri: str) -> Piece:
    """Return the rows of whole lines, of which the first has the number ``first``."""
    alike = rows.alike_piece(_runs(text, first), uri, "jsonl") if len(text) > RUN_BYTES else None
    return alike or rows.piece(_run(text, first), uri, "jsonl")


def _runs(text: bytes, first: int) -> Iterator[Run]:
    """Yield whole lines, parsed, not many at once."""
    at = 0
    while at < len(text):
        end = text.find(b"\n", at + RUN_BYTES) + 1 or len(text)
        yield _run(text[at:end], first)
        first += text.count(b"\n", at, end)
        at = end


@uncollected()
def _run(text: bytes, first: int) -> Run:
    """Return whole lines, parsed one by one: what stands in one line has no part in the next."""
    lines, parse = text.split(b"\n"), loads(text)
    if not lines[-1].strip():
        lines.pop()
    try:
        return Run(range(first, first + len(lines)), list(map(parse, lines)))
    except ValueError:
        return _good_and_bad(lines, first, parse)


def _good_and_bad(lines: Sequence[bytes], first: int, parse: Callable[[bytes], Any]) -> Run:
    numbers: list[int] = []
    items: list[Any] = []
    bad: list[BadLine] = []
    for number, line in enumerate(lines, first):
        try:
            items.append(parse(line))
            numbers.append(number)
        except ValueError as error:
            if line.strip():
                bad.append(rows.bad_line(number, f"line {number} is no JSON: {_told(error)}", line))
    return Run(numbers, items, bad)


def loads(text: bytes) -> Callable[[bytes], Any]:
    """Return what parses ``text`` or its lines without loss: the fast way where it holds no long number."""
    return _lossless if _may_lose(text) and _LONG_NUMBER.search(text) else orjson.loads


def _may_lose(text: bytes) -> bool:
    """Say whether a text may hold a long number; this is much faster than the pattern."""
    forms = text.translate(_FORMS)
    return any(form in forms for form in (b"0" * 16, b"0e000", b"0e-000"))


def _lossless(text: bytes) -> Any:
    """Return parsed JSON; a number that would lose digits stays text.

    Raises:
        ValueError: it is no JSON, or nested too deep.
    """
    if not _LONG_NUMBER.search(text):
        return orjson.loads(text)
    try:
        return json.loads(text, parse_int=_whole, parse_float=_fraction, parse_constant=_refuse)
    except RecursionError as error:
        message = "nested too deep"
        raise ValueError(message) from error


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= 20 and int(text) in _INT64 else text  # noqa: PLR2004 - the digits of 2**63 and a sign


def _fraction(text: str) -> float | str:
    digits = re.sub(r"[eE].*|\D", "", text).strip("0")
    value = float(text)
    vanished = math.isinf(value) or (value == 0 and digits)
    return text if vanished or len(digits) > _FLOAT_DIGITS else value


def _refuse(text: str) -> None:
    message = f"{text} is no JSON"
    raise ValueError(message)


def _items(content: Any, path: str, uri: str) -> Sequence[Any]:
    """Return the array that ``path`` leads to, or the one that stands where arrays usually do."""
    if path:
        return _at(content, path, uri)
    if isinstance(content, list):
        return content
    if not isinstance(content, Mapping):
        raise neither(uri)
    arrays = [name for name, value in content.items() if isinstance(value, list)]
    found = [name for name in ENVELOPES if name in arrays]
    if len(found) != 1:
        raise no_array(list(content), found or arrays, uri, several=bool(found))
    items: list[Any] = content[found[0]]
    return items


def _at(content: Any, path: str, uri: str) -> Sequence[Any]:
    here, walked = content, ""
    for name in [] if path == TOP else path.removeprefix(f"{TOP}.").split("."):
        if not isinstance(here, Mapping) or name not in here:
            raise nowhere(path, name, walked, list(here) if isinstance(here, Mapping) else [], uri)
        here, walked = here[name], f"{walked}.{name}".lstrip(".")
    if isinstance(here, Mapping):
        return [here]
    if isinstance(here, list):
        return here
    raise leads_to_no_array(path, here, uri)


def neither(uri: str) -> SourceError:
    """Return what to tell of a file that is one text or number."""
    return SourceError(f"{uri} holds neither an array nor an object", uri=uri, format="json")


def no_array(names: Sequence[str], arrays: Sequence[str], uri: str, *, several: bool) -> SourceError:
    """Return what to tell of an object that does not show where its array is."""
    say = f"say which: path={arrays[0]!r}" if arrays else f"give path=; its names are {', '.join(names[:SHOWN_NAMES])}"
    held = "several of its names hold" if several else "none of its usual names holds"
    return SourceError(
        f"{uri} is an object and {held} an array",
        hint=f"{say}; path={TOP!r} reads it as one record",
        uri=uri,
        format="json",
    )


def nowhere(path: str, name: str, walked: str, names: Sequence[str], uri: str) -> SourceError:
    """Return what to tell of a path that ends too early."""
    there = f"; there are {', '.join(names[:SHOWN_NAMES])}" if names else ""
    hint = f"{walked or 'the top'} has no {name!r}{there}"
    return SourceError(f"path={path!r} leads nowhere in {uri}", hint=hint, uri=uri, format="json")


def leads_to_no_array(path: str, value: Any, uri: str) -> SourceError:
    """Return what to tell of a path to a text or number."""
    return SourceError(f"path={path!r} leads to no array in {uri}, but to {str(value)[:40]!r}", uri=uri, format="json")


def no_json(text: bytes, error: ValueError, uri: str, *, lines: int = 0, line: int | None = None) -> SourceError:
    """Return what to tell of a file that is no JSON, with the line where it ceases to be.

    Args:
        text: what was parsed.
        error: the parser's own.
        uri: the file.
        lines: how many there are before the text.
        line: the line in the text, where the error does not tell.
    """
    line = error.lineno if isinstance(error, json.JSONDecodeError) else line
    by_line = text.lstrip().startswith(b"{") and b"\n{" in text
    hint = 'it looks like JSON lines: format="jsonl"' if by_line else "mend it there"
    line = line + lines if line else None
    where = f"line {line}: " if line else ""
    return SourceError(f"{uri} is no JSON: {where}{_told(error)}", hint=hint, uri=uri, format="json", line=line)


def _told(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (column {error.colno})"
    return str(error)
