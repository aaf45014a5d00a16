"""The elements of an XML file: a path leads to those that are records, and each of these becomes a dict of texts.

Attributes are ``@name``, a text beside attributes or elements is ``#text``, an element of text alone is that text, what
repeats is a list, and what is empty is None. White space around a text is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from fcwork.errors import SourceError
from fcwork.sources import malformed
from fcwork.sources.encodings import Block
from fcwork.sources.options import TOP, Options
from fcwork.sources.pieces import MAX_RECORD_BYTES
from fcwork.sources.shapes import TEXT, Names, Shape

SHOWN_NAMES = 8
_SPACE = " \t\r\n"


class Builder:
    """Makes a value of an element and of all that is in it; ``open``, ``add`` and ``close`` are a parser's handlers."""

    __slots__ = ("_done", "_mark", "_outer", "_texts", "add", "shape", "values")

    def __init__(self, done: Callable[[Any], None]) -> None:
        self._done = done
        self._outer: list[tuple[Shape, dict[str, Any], int]] = []
        self._texts: list[str] = []  # of all open elements; those of the innermost one begin at the mark
        self.add = self._texts.append

    @property
    def depth(self) -> int:
        """How many open elements are around the innermost one."""
        return len(self._outer)

    def begin(self, shape: Shape, attributes: dict[str, str]) -> None:
        """Begin with an element."""
        self._mark = len(self._texts)
        self.shape = shape
        self.values: dict[str, Any] = {}
        if attributes:
            names = shape.attributes
            self.values = {names[name]: value or None for name, value in attributes.items()}

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        """Go on with an element in it."""
        self._outer.append((self.shape, self.values, self._mark))
        self.begin(self.shape[tag], attributes)

    def close(self, _tag: str) -> None:
        """Come to the end of the innermost element; the value of the first one is handed over."""
        value: Any = self.values
        text, shape = self._text(), self.shape
        if not value:
            value = text or None
        elif text:
            value[TEXT] = text
            shape.text = True
        if not self._outer:
            self._done(value)
            return
        self.shape, self.values, self._mark = self._outer.pop()
        name, siblings = shape.name, self.values
        if name not in siblings:
            siblings[name] = value
        elif type(siblings[name]) is list:
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]
            shape.many = True

    def _text(self) -> str:
        """Take the text of the innermost element."""
        texts, count = self._texts, len(self._texts) - self._mark
        if count == 1:
            return texts.pop().strip(_SPACE)
        if not count:
            return ""
        text = "".join(texts[self._mark :]).strip(_SPACE)
        del texts[self._mark :]
        return text


class Reader:
    """Follows a path to the records of one file.

    Attributes:
        uri: how people are told of the file.
        names: what its names are called.
        shape: what the records hold.
        records: those met since they were taken last.
    """

    def __init__(self, options: Options, uri: str, *, whole: bool = True) -> None:
        self.uri = uri
        self.names = Names(uri, prefixes=options.namespaces == "keep", whole=whole)
        self.shape = Shape("", self.names)
        self.records: list[Any] = []
        self._path = options.path
        self._steps = self._named()
        self._trail: list[str] = []  # the open elements that lead to the records
        self._off = 0  # how many open ones do not
        self._missed: dict[tuple[int, str], None] = {}  # their names, by how many lead to them
        self._reached = 0  # how much of the path is there
        self._fed = 0  # bytes
        self._began = -1  # the byte where the open record does
        self._builder = Builder(self._done)
        # An ElementTree would be made only to be taken apart again: the handlers are put in its place.
        parser = XMLParser(target=object(), encoding="utf-8" if options.encoding else None, forbid_dtd=True)
        self._expat = parser.parser
        self._expat.ordered_attributes = False
        self._expat.namespace_prefixes = self.names.prefixes
        self._expat.DefaultHandlerExpand = None
        self._is_utf8 = True
        self._in_cdata = False
        self._namespaces = 0  # declared for names without a prefix
        self._expat.XmlDeclHandler = self._declare
        self._expat.StartNamespaceDeclHandler = self._declare_namespace
        self._expat.StartCdataSectionHandler = self._enter_cdata
        self._expat.EndCdataSectionHandler = self._leave_cdata
        self._given = bool(options.encoding)
        self._go_outside()

    def feed(self, block: Block) -> list[Any]:
        """Take the next part of the file and return the records that end in it.

        Raises:
            SourceError: it is no XML, or a record cannot be held.
        """
        self._parse(block.text, last=block.last)
        if block.last:
            self._end()
        records, self.records = self.records, []
        return records

    @property
    def is_plain(self) -> bool:
        """Whether a name means the same wherever it stands, and the bytes are those of UTF-8."""
        return self._is_utf8 and self._namespaces < 2  # noqa: PLR2004 - one for the whole file

    @property
    def is_between_records(self) -> bool:
        """Whether the next sign is one that stands beside records: in what holds them, and in nothing else."""
        beside = len(self._trail) == len(self._steps) - 1 and not self._off and not self._in_cdata
        return beside and bool(self._trail) and self._expat.CurrentByteIndex == self._fed

    def pass_over(self, text: bytes) -> None:
        """Take whole records that were read otherwise, only to see that they are well-formed.

        Raises:
            SourceError: they are not.
        """
        self._expat.StartElementHandler = self._expat.EndElementHandler = None
        self._parse(text, last=False)
        self._go_outside()

    def _parse(self, text: bytes, *, last: bool) -> None:
        try:
            self._expat.Parse(text, last)
        except ExpatError as error:
            byte = next(iter(text[self._expat.ErrorByteIndex - self._fed :][:1]), None)
            raise malformed.told(error, within=self._open(), byte=byte, uri=self.uri) from error
        except DefusedXmlException as error:
            raise malformed.refused(error, line=self._line, uri=self.uri) from error
        except SourceError as error:
            raise self.error(f"{error.message} (line {self._line:,})", error.hint, line=self._line) from error
        except (LookupError, ValueError) as error:
            if self.names:
                raise
            raise malformed.encoding(error, self.uri) from error
        self._fed += len(text)
        self._check_size()

    def _named(self) -> list[str]:
        """Return the names that the path has."""
        if self._path in {"", TOP}:
            return []
        path = self._path.removeprefix(f"{TOP}.")
        steps = path.strip("/").split("/") if "/" in path else path.split(".")
        if not all(steps) or path.startswith("//"):
            raise self.error(
                f"path={self._path!r} lacks a name", "name each element, as in path='orders.order' or 'orders/order'"
            )
        return steps if self.names.prefixes else [step.rpartition(":")[2] for step in steps]

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """Learn the encoding, unless one was given: then it is UTF-8 by now."""
        self._is_utf8 = self._given or (encoding or "utf-8").lower() in {"utf-8", "us-ascii", "ascii"}

    def _declare_namespace(self, prefix: str | None, _uri: str | None) -> None:
        self._namespaces += prefix is None

    def _enter_cdata(self) -> None:
        self._in_cdata = True

    def _leave_cdata(self) -> None:
        self._in_cdata = False

    def _go_outside(self) -> None:
        self._expat.StartElementHandler = self._enter
        self._expat.EndElementHandler = self._leave
        self._expat.CharacterDataHandler = None

    def _go_inside(self, attributes: dict[str, str]) -> None:
        self._began = self._expat.CurrentByteIndex
        self._builder.begin(self.shape, attributes)
        self._expat.StartElementHandler = self._builder.open
        self._expat.EndElementHandler = self._builder.close
        self._expat.CharacterDataHandler = self._builder.add

    def _enter(self, tag: str, attributes: dict[str, str]) -> None:
        """Meet the start of an element outside the records."""
        name, depth = self.names[tag], len(self._trail)
        if not depth:
            self._meet_root(name)
        if self._off or name != self._steps[depth]:
            if not self._off:
                self._miss(name)
            self._off += 1
            return
        self._trail.append(name)
        if depth == self._reached:
            self._reached += 1
        if depth + 1 == len(self._steps):
            self.shape.name = self.shape.name or name
            self._go_inside(attributes)

    def _leave(self, _tag: str) -> None:
        if self._off:
            self._off -= 1
        else:
            self._trail.pop()

    def _meet_root(self, name: str) -> None:
        """Begin the path with the root, where it does not yet."""
        if self._steps[:1] != [name]:
            self._steps.insert(0, name)

    def _miss(self, name: str) -> None:
        """Note an element that the path passes by."""
        self._missed[len(self._trail), name] = None

    def _done(self, value: Any) -> None:
        """Come to the end of a record."""
        self.records.append(value)
        self._close()

    def _close(self) -> None:
        self._trail.pop()
        self._began = -1
        self._go_outside()

    def _end(self) -> None:
        """Come to the end of the file: a path without records may end in an empty element, but not beside others."""
        there = [name for depth, name in self._missed if depth == self._reached]
        if self._reached < len(self._steps) and there:
            walked, name = ".".join(self._steps[: self._reached]), self._steps[self._reached]
            raise self.error(
                f"path={self._path!r} leads nowhere in {self.uri}",
                f"{walked} has no {name!r}; there are {', '.join(there[:SHOWN_NAMES])}",
            )

    def _check_size(self) -> None:
        """Refuse a record, or one sign outside of them, that is held for too long."""
        began = self._began if self._began >= 0 else self._expat.CurrentByteIndex
        if self._fed - began > MAX_RECORD_BYTES:
            raise self.error(
                f"line {self._line:,} of {self.uri} is in a record of more than {MAX_RECORD_BYTES:,} bytes",
                "give path= to smaller elements in it",
                line=self._line,
            )

    def _open(self) -> str:
        """Return how to call the innermost open element."""
        if self._off:
            return "an element"
        if not self._trail:
            return ""
        name = self._builder.shape.name if self._began >= 0 else ""
        return f"<{name or self._trail[-1]}>"

    @property
    def _line(self) -> int:
        return int(self._expat.CurrentLineNumber)

    def error(self, message: str, hint: str, *, line: int | None = None) -> SourceError:
        """Return what to tell of the file."""
        return SourceError(message, hint=hint, uri=self.uri, format="xml", line=line)
