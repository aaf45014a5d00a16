"""The fast pass of XML: many records that are alike are taken apart by one pattern, made of what the records hold.

The parser still sees every byte of them, so that a file is well-formed or refused. What the pattern does not match (an
entity, a comment, an order of its own) goes the slow way, element by element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from fcwork.sources.elements import Reader
from fcwork.sources.encodings import Block
from fcwork.sources.pieces import uncollected
from fcwork.sources.shapes import TEXT, Shape

if TYPE_CHECKING:
    import pyarrow as pa

MIN_RUN = 3  # records in a row that are worth a pass of their own
FIRST_BYTES = 100_000  # what goes the slow way, to learn what records hold
_SPACE = r"[ \t\r\n]"
_PLAIN = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Run:
    """Some of the records of a part of a file, as columns, and their numbers in the file."""

    columns: dict[str, pa.Array]
    numbers: list[int]


@dataclass
class _Plan:
    """Where the groups of a pattern go.

    Attributes:
        shape: what the elements hold.
        there: the group that matches where an element is there and not empty.
        text: the group of its own text.
        fields: the groups of attributes and of elements that are texts or lists, and the plans of others, by name.
        items: of a list, its pattern and plan; its group has all of them.
    """

    shape: Shape
    there: int = -1
    text: int = -1
    fields: dict[str, int | _Plan] = field(default_factory=dict)
    items: dict[str, tuple[re.Pattern[str], _Plan]] = field(default_factory=dict)


class Fast:
    """Feeds a reader, and takes runs of records that are alike past its handlers.

    Attributes:
        met: how many records there were.
    """

    def __init__(self, reader: Reader) -> None:
        self.met = 0
        self._reader = reader
        self._made_of: tuple[int, int, bool] | None = None
        self._run: re.Pattern[bytes] | None = None
        self._record: tuple[re.Pattern[str], _Plan] | None = None
        self._values: tuple[list[Any], list[int]] = [], []
        self._found: tuple[list[tuple[str, ...]], list[int]] = [], []
        self._done: list[Run] = []

    def feed(self, block: Block) -> list[Run]:
        """Return the records that end in the next part of a file: those that were alike, and the others.

        Raises:
            SourceError: as the reader does.
        """
        with uncollected():
            self._feed(block)
            self._hand_over()
            values, numbers = self._values
            if values:
                self._done.append(Run(self._reader.shape.columns(values), numbers))
                self._values = [], []
        done, self._done = self._done, []
        return done

    def _feed(self, block: Block) -> None:
        text, at = block.text, 0
        if self._made_of is None and len(text) > FIRST_BYTES:
            at = FIRST_BYTES
            self._slowly(text[:at])
        while span := self._next_run(text, at):
            start, end = span
            self._slowly(text[at:start])
            at = start
            if self._is_learned():
                take = self._at_once if self._reader.is_between_records else self._slowly
                take(text[start:end])
                at = end
        self._slowly(text[at:], last=block.last)

    def _slowly(self, text: bytes, *, last: bool = False) -> None:
        self._note(self._values, self._reader.feed(Block(text, last=last)))

    def _at_once(self, text: bytes) -> None:
        self._reader.pass_over(text)
        if self._record is not None:
            self._note(self._found, self._record[0].findall(text.decode()))

    def _note(self, pile: tuple[list[Any], list[int]], records: list[Any]) -> None:
        pile[0].extend(records)
        pile[1].extend(range(self.met + 1, self.met + len(records) + 1))
        self.met += len(records)

    def _hand_over(self) -> None:
        """Make columns of what the pattern has found."""
        found, numbers = self._found
        if found and self._record is not None:
            groups = list(zip(*found, strict=True))
            self._done.append(Run(_part(self._record[1], groups, len(found)), numbers))
            self._found = [], []

    def _next_run(self, text: bytes, at: int) -> tuple[int, int] | None:
        """Return where the next run of records begins and ends."""
        self._learn()
        opening = f"<{self._reader.shape.name}".encode()
        while self._run is not None and (match := self._run.search(text, at)):
            start, at = match.span()
            if text.count(opening, start, at) >= MIN_RUN:
                return start, at
        return None

    def _is_learned(self) -> bool:
        """Say whether the pattern is still that of all that is known of the records."""
        return self._made_of == self._state()

    def _state(self) -> tuple[int, int, bool]:
        shape = self._reader.shape
        return id(shape), shape.state(), self._reader.is_plain

    def _learn(self) -> None:
        """Make the pattern of what is known of the records."""
        if self._is_learned():
            return
        self._hand_over()
        shape = self._reader.shape
        self._made_of, self._run = self._state(), None
        if self._reader.is_plain and shape.fields and _is_plain(shape):
            pattern, plan = _Maker().record(shape)
            self._record = re.compile(pattern), plan
            self._run = re.compile(f"(?>{_uncaptured(pattern)}{_SPACE}*+)++".encode())


class _Maker:
    """Makes patterns, and counts their groups."""

    def __init__(self) -> None:
        self._groups = 0

    def record(self, shape: Shape) -> tuple[str, _Plan]:
        """Return the pattern of one element; it has at least two groups, so that a match is always a tuple."""
        plan = _Plan(shape)
        return f"{self._element(shape, plan)}()", plan

    def _group(self) -> int:
        self._groups += 1
        return self._groups - 1

    def _element(self, shape: Shape, plan: _Plan) -> str:
        name = re.escape(shape.name)
        plan.fields = dict.fromkeys(shape.fields, -1)
        empty = f"<{name}{_SPACE}*+(?:/>|>{_SPACE}*+</{name}{_SPACE}*+>)"
        plan.there = self._group()
        attributes = "".join(map(self._attribute, *_pairs(shape, plan)))
        if any(child is not None for child in shape.fields.values()):
            inside = f"{_SPACE}*+" + "".join(
                self._child(label, child, plan) for label, child in shape.fields.items() if child is not None
            )
        else:
            plan.text = self._group()
            inside = r"([^<&\r]*+)"
        return f"(?:{empty}|(<){name}{attributes}{_SPACE}*+(?:/>|>{inside}</{name}{_SPACE}*+>))"

    def _attribute(self, name: str, plan: _Plan) -> str:
        plan.fields[name] = self._group()
        return rf'(?>{_SPACE}++{re.escape(name[1:])}="([^"<&\t\r\n]*+)")?+'

    def _child(self, label: str, shape: Shape, plan: _Plan) -> str:
        if shape.many:
            plan.fields[label] = self._group()
            pattern, items = _Maker().item(shape)
            plan.items[label] = re.compile(pattern), items
            return f"((?>{_uncaptured(pattern)}{_SPACE}*+)*+)"
        if shape.fields:
            plan.fields[label] = inner = _Plan(shape)
            return f"(?>{self._element(shape, inner)}{_SPACE}*+)?+"
        plan.fields[label] = self._group()
        return f"(?>{_leaf(shape)}{_SPACE}*+)?+"

    def item(self, shape: Shape) -> tuple[str, _Plan]:
        """Return the pattern of one item of a list."""
        if shape.fields:
            return self.record(shape)
        return f"{_leaf(shape)}()", _Plan(shape)


def _pairs(shape: Shape, plan: _Plan) -> tuple[list[str], list[_Plan]]:
    names = [name for name, child in shape.fields.items() if child is None]
    return names, [plan] * len(names)


def _leaf(shape: Shape) -> str:
    name = re.escape(shape.name)
    return rf"<{name}{_SPACE}*+(?:/>|>([^<&\r]*+)</{name}{_SPACE}*+>)"


def _uncaptured(pattern: str) -> str:
    """Return a pattern without its groups: none of its own begins with a bare parenthesis but those."""
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


def _is_plain(shape: Shape) -> bool:
    """Say whether a pattern can be made: of plain names, no text beside elements, no list in a name of its own."""
    if not _PLAIN.fullmatch(shape.name):
        return False
    children = [child for child in shape.fields.values() if child is not None]
    attributes = [name for name, child in shape.fields.items() if child is None]
    if (shape.text and children) or not all(_PLAIN.fullmatch(name[1:]) for name in attributes):
        return False
    if shape.many and any(name.startswith(shape.name) for name in _names(shape)):
        return False
    return all(map(_is_plain, children))


def _names(shape: Shape) -> Iterator[str]:
    """Yield the names of all elements in one."""
    for child in shape.fields.values():
        if child is not None:
            yield child.name
            yield from _names(child)


def _part(plan: _Plan, groups: Sequence[tuple[str, ...]], count: int) -> dict[str, pa.Array]:
    """Return what groups matched as columns, in the order of what the elements hold."""
    plan.shape.fill(count)
    columns = {}
    for name, place in plan.fields.items():
        if isinstance(place, _Plan):
            columns[name] = _struct(place, groups, count)
        elif name in plan.items:
            columns[name] = _list(*plan.items[name], groups[place])
        else:
            columns[name] = _texts(groups[place], strip=not name.startswith("@"))
    texts = _texts(groups[plan.text], strip=True) if plan.text >= 0 else None
    plan.shape.text |= texts is not None and texts.null_count < len(texts)
    if plan.shape.text and texts is not None:
        columns[TEXT] = texts
    return columns


def _texts(values: Sequence[str], *, strip: bool) -> pa.Array:
    import polars as pl

    texts = pl.Series(values, dtype=pl.String)
    texts = texts.str.strip_chars(" \t\r\n") if strip else texts
    return texts.set(texts == "", None).to_arrow()


def _struct(plan: _Plan, groups: Sequence[tuple[str, ...]], count: int) -> pa.Array:
    import pyarrow as pa

    columns = _part(plan, groups, count)
    missing = pa.array([not there for there in groups[plan.there]], pa.bool_())
    return pa.StructArray.from_arrays(list(columns.values()), names=list(columns), mask=missing)


def _list(pattern: re.Pattern[str], plan: _Plan, regions: Sequence[str]) -> pa.Array:
    """Return a list of items for each text that has all of them."""
    import pyarrow as pa

    opening = f"<{plan.shape.name}"
    counts = [region.count(opening) for region in regions]
    found = pattern.findall("".join(regions))
    groups = list(zip(*found, strict=True)) if found else [()] * (pattern.groups)
    items = _struct(plan, groups, len(found)) if plan.fields else _texts(groups[0], strip=True)
    if items.null_count and 1 in counts:
        counts, items = _without_lone_empties(counts, items)
    ends = accumulate(counts, initial=0)
    starts = [start if count else None for start, count in zip(ends, [*counts, 1], strict=True)]
    return pa.LargeListArray.from_arrays(pa.array(starts, pa.int64()), items)


def _without_lone_empties(counts: list[int], items: pa.Array) -> tuple[list[int], pa.Array]:
    """Drop each empty item that is alone: what does not repeat and is empty is no list, but none."""
    import pyarrow as pa

    there = items.is_valid().to_pylist()
    starts = list(accumulate(counts, initial=0))
    lone = {start for start, count in zip(starts, counts, strict=False) if count == 1 and not there[start]}
    if not lone:
        return counts, items
    kept = [place for place in range(len(items)) if place not in lone]
    counts = [0 if start in lone and count == 1 else count for start, count in zip(starts, counts, strict=False)]
    return counts, items.take(pa.array(kept, pa.int64()))
