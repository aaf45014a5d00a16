"""The items of a JSON array, part by part, wherever in the file the array stands.

A pattern finds how far whole items go, and a parser is given them as an array of their own: what it takes for one is
one, as no part of a JSON can be read in two ways. All that is passed over is parsed too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from fcwork.errors import SourceError
from fcwork.sources import documents, rows
from fcwork.sources.encodings import Block
from fcwork.sources.options import TOP, Options
from fcwork.sources.pieces import MAX_DEPTH, MAX_RECORD_BYTES, Piece, too_deep, uncollected
from fcwork.sources.rows import RUN_BYTES, Run

_STRING = rb'"(?>[^"\\]++|\\.)*+"'
_SPACE = re.compile(rb"[ \t\r\n]*+")
_NAME = re.compile(_STRING)
_SCALAR = re.compile(_STRING + rb"|[^\s,:\[\]{}\"]++")
_WHITE = b" \t\r\n"
_HEAD = re.compile(rb'[ \t\r\n]*+(\{[ \t\r\n]*+"[^"\\]{1,80}")')  # the first name of an object
_SIGN = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)


def whole(text: bytes, options: Options, uri: str) -> Piece:
    """Return the objects of a JSON array as rows, the whole text being there.

    It is gone through run by run, as that takes little memory; where that fails or its parts are not alike, at once.

    Raises:
        SourceError: no JSON, no array where one is looked for, too deep or too wide.
    """
    try:
        alike = rows.alike_piece(_runs(text, options.path, uri), uri, "json") if len(text) > RUN_BYTES else None
    except SourceError:
        alike = None  # who parses all at once tells better what is wrong
    return alike or documents.array(text, options, uri)


def _runs(text: bytes, path: str, uri: str) -> Iterator[Run]:
    cuts = range(0, len(text), RUN_BYTES)
    reader, first = _Reader((Block(text[at : at + RUN_BYTES], last=False) for at in cuts), uri), 1
    for items in reader.records(path):
        yield Run(range(first, first + len(items)), items)
        first += len(items)
    reader.finish()


def pieces(blocks: Iterator[Block], options: Options, uri: str) -> Iterator[Piece]:
    """Yield the objects of a JSON array as rows; ``_row`` is the number of the item.

    Raises:
        SourceError: no JSON, no array where one is looked for, too deep or too wide.
    """
    reader, first = _Reader(blocks, uri), 1
    for items in reader.records(options.path):
        yield rows.piece(Run(range(first, first + len(items)), items), uri, "json")
        first += len(items)
    reader.finish()


class _Reader:
    """Goes through a JSON text once, holding only what is not yet a whole value.

    Attributes:
        text: what is held.
        at: how much of it is done with.
    """

    def __init__(self, blocks: Iterator[Block], uri: str) -> None:
        self.text = b""
        self.at = 0
        self._blocks = blocks
        self._uri = uri
        self._lines = 0  # before what is held
        self._guesses = True  # where items begin

    def records(self, path: str) -> Iterator[list[Any]]:
        """Yield the items that a path leads to, or those of the array that stands where arrays usually do."""
        if path:
            steps = [] if path == TOP else path.removeprefix(f"{TOP}.").split(".")
            yield from self._along(steps, path)
        elif self._sign() == b"[":
            yield from self._items()
        elif self._sign() == b"{":
            yield from self._enveloped()
        else:
            self._skip()
            raise documents.neither(self._uri)

    def finish(self) -> None:
        """Come to the end of the file, after which there is nothing.

        Raises:
            SourceError: there is.
        """
        if self._sign():
            raise self._no_json("more follows the end of the array or object")

    def _enveloped(self) -> Iterator[list[Any]]:
        names, arrays, found = [], [], []
        for name in self._members():
            names.append(name)
            is_array = self._sign() == b"["
            if is_array and name in documents.ENVELOPES:
                found.append(name)
                if len(found) > 1:
                    break
                yield from self._items()
            else:
                arrays += [name] if is_array else []
                self._skip()
        if len(found) != 1:
            raise documents.no_array(names, found or arrays, self._uri, several=bool(found))

    def _along(self, steps: list[str], path: str, walked: str = "") -> Iterator[list[Any]]:
        sign = self._sign()
        if not steps:
            if sign not in {b"[", b"{"}:
                raise documents.leads_to_no_array(path, self._value(), self._uri)
            yield from self._items() if sign == b"[" else iter([[self._value()]])
            return
        names = []
        if sign == b"{":
            for name in self._members():
                if name == steps[0] and name not in names:
                    yield from self._along(steps[1:], path, f"{walked}.{name}".lstrip("."))
                elif name == steps[0]:
                    raise self._no_json(f"the name {name!r} stands twice in one object")
                else:
                    self._skip()
                names.append(name)
        if steps[0] not in names:
            raise documents.nowhere(path, steps[0], walked, names, self._uri)

    def _members(self) -> Iterator[str]:
        """Yield the names of an object; what each stands for is to be gone through before the next is asked for."""
        self.at += 1
        if self._sign() == b"}":
            self.at += 1
            return
        while True:
            self._sign()
            name = str(self._parsed(self._taken(_NAME)))
            self._colon()
            yield name
            if self._step() == b"}":
                return

    def _step(self) -> bytes:
        """Pass the comma after a member, or the end of the object."""
        sign = self._sign()
        if sign not in {b",", b"}"}:
            raise self._no_json("a comma or the end of an object is missing")
        self.at += 1
        return sign

    def _colon(self) -> None:
        if self._sign() != b":":
            raise self._no_json("a colon is missing after a name")
        self.at += 1

    def _skip(self, depth: int = 0) -> None:
        """Pass over a value."""
        sign = self._sign()
        if depth > MAX_DEPTH:
            raise too_deep(uri=self._uri, format="json")
        if sign == b"[":
            for _ in self._items():
                pass
        elif sign == b"{":
            for _ in self._members():
                self._skip(depth + 1)
        else:
            self._parsed(self._taken(_SCALAR))

    def _value(self) -> Any:
        """Take a whole value."""
        return self._parsed(self._taken(_values() if self._sign() in {b"[", b"{"} else _SCALAR))

    def _items(self) -> Iterator[list[Any]]:
        """Yield the items of an array, as many as there are at once."""
        self.at += 1
        if self._sign() == b"]":
            self.at += 1
            return
        while True:
            if likely := self._likely():
                yield likely
                self._fill()
                continue
            end = _ends(_whole_items(), self.text, self.at)
            if end > self.at:
                text = self.text[self.at : end - 1]
                yield self._parsed(b"[%b]" % text)
                self.at = end
                continue
            end = _ends(_last_item(), self.text, self.at)
            if self.text[end : end + 1] == b"]":
                items = self._parsed(b"[%b]" % self.text[self.at : end])
                if not items:
                    raise self._no_json("a comma is followed by nothing")
                self.at = end + 1
                yield items
                return
            if self.text[end : end + 1] in {b"}", b","} or not self._fill():
                raise self._torn()

    @uncollected()
    def _likely(self) -> list[Any]:
        """Take the items up to the last that begins as the first does: if they parse, they are whole."""
        head = _HEAD.match(self.text, self.at) if self._guesses else None
        last = self.text.rfind(head[1], head.end()) if head else -1
        end = self.text.rfind(b",", self.at, last) if last > 0 else -1
        if end < 0 or self.text[end + 1 : last].strip(_WHITE):
            return []
        text = b"[%b]" % self.text[self.at : end]
        try:
            items: list[Any] = documents.loads(text)(text)
        except ValueError:
            self._guesses = False
            return []
        self.at = end + 1
        return items

    def _sign(self) -> bytes:
        """Pass white space and return the next sign, nothing at the end."""
        while True:
            self.at = _ends(_SPACE, self.text, self.at)
            if self.at < len(self.text) or not self._fill():
                return self.text[self.at : self.at + 1]

    def _taken(self, pattern: re.Pattern[bytes]) -> bytes:
        """Take what a pattern matches, which something follows."""
        while True:
            end = _ends(pattern, self.text, self.at)
            if self.at < end < len(self.text):
                break
            if not self._fill():
                if end == self.at:
                    raise self._torn()
                break
        taken, self.at = self.text[self.at : end], end
        return taken

    def _fill(self) -> bool:
        """Hold more of the file; say whether there is more."""
        if len(self.text) - self.at > MAX_RECORD_BYTES:
            raise self._torn()
        block = next(self._blocks, None)
        if block is None:
            return False
        self._lines += self.text.count(b"\n", 0, self.at)
        self.text = self.text[self.at :] + block.text
        self.at = 0
        return True

    @uncollected()
    def _parsed(self, text: bytes) -> Any:
        try:
            return documents.loads(text)(text)
        except ValueError as error:
            raise documents.no_json(text, error, self._uri, lines=self._line() - 1) from error

    def _torn(self) -> SourceError:
        """Return what to tell of a value that is not whole, or not to be held."""
        self.at = _ends(_SPACE, self.text, self.at)
        depth = 0
        for match in _SIGN.finditer(self.text, self.at):
            sign = match[0]
            depth += (sign in {b"[", b"{"}) - (sign in {b"]", b"}"})
            if depth > MAX_DEPTH:
                return too_deep(uri=self._uri, format="json")
        if len(self.text) - self.at > MAX_RECORD_BYTES:
            told = f"line {self._line():,} of {self._uri} begins a value of more than {MAX_RECORD_BYTES:,} bytes"
            hint = "give path= to what is inside"
            return SourceError(told, hint=hint, uri=self._uri, format="json", line=self._line())
        return self._no_json("a value is not whole: is the file cut off?")

    def _no_json(self, told: str) -> SourceError:
        return documents.no_json(b"", ValueError(told), self._uri, lines=self._line() - 1, line=1)

    def _line(self) -> int:
        return self._lines + self.text.count(b"\n", 0, self.at) + 1


def _ends(pattern: re.Pattern[bytes], text: bytes, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


@cache
def _nested() -> bytes:
    """Return the pattern of what stands in brackets or braces; that they fit together is the parser's to see."""
    level = b"(?!)"
    for _ in range(MAX_DEPTH + 1):
        level = rb'[\[{](?>[^"\[\]{}]++|%b|%b)*+[\]}]' % (_STRING, level)
    return level


@cache
def _values() -> re.Pattern[bytes]:
    return re.compile(_nested(), re.DOTALL)


@cache
def _whole_items() -> re.Pattern[bytes]:
    return re.compile(rb'(?>(?>[^"\[\]{},]++|%b|%b)++,)*+' % (_STRING, _nested()), re.DOTALL)


@cache
def _last_item() -> re.Pattern[bytes]:
    return re.compile(rb'(?>[^"\[\]{},]++|%b|%b)*+' % (_STRING, _nested()), re.DOTALL)
