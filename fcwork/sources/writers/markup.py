"""XML: a row is an element, its columns are elements, attributes and texts in it; all text is made by columns."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import quoteattr

import polars as pl

from fcwork.errors import SourceError
from fcwork.sources.options import TOP
from fcwork.sources.writers import MANY_ROWS, flag, texts

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
TEXT = "#text"
_SIGNS = re.compile(r"(?:([^\W\d][\w.-]*):)?[^\W\d][\w.-]*")  # what a name may be made of, by and large
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_IN_ATTRIBUTES = {**_ESCAPED, '"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
# What no XML can hold (XML 1.0, 2.2): as bytes of UTF-8, and as a pattern of polars.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_UNHELD = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"


@dataclass(frozen=True, kw_only=True)
class Xml:
    """How to write an XML file.

    Attributes:
        path: the names that lead to the records, the root's first, as in ``Orders/Order`` or ``Orders.Order``.
        pretty: indent it.
        namespaces: what the prefixes in names stand for; an empty prefix is that of names without one.
    """

    path: str = "rows/row"
    pretty: bool = False
    namespaces: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        flag("pretty", self.pretty)
        path: Any = self.path
        if not isinstance(path, str) or len(self.steps) < 2:  # noqa: PLR2004 - the root and the record
            message = f"path={self.path!r} is to name the root and the record, as in Orders/Order"
            raise ValueError(message)
        for prefix in self.namespaces or {}:
            if prefix and (":" in prefix or not _is_name(prefix)):
                message = f"namespaces: {prefix!r} is no prefix"
                raise ValueError(message)
        for step in self.steps:
            told = self.mistaken(step)
            if told:
                message = f"path={self.path!r}: {told}"
                raise ValueError(message)

    @property
    def steps(self) -> list[str]:
        """The names of the path."""
        path = self.path.removeprefix(f"{TOP}.").strip("/")
        return path.split("/") if "/" in path else path.split(".")

    def mistaken(self, name: str) -> str:
        """Say what is wrong with the name of an element or attribute; nothing if it is right."""
        if not _is_name(name):
            return f"{name!r} is no name in XML"
        prefix, colon, _ = name.partition(":")
        if colon and prefix not in {"xml", *(self.namespaces or {})}:
            return f"namespaces= does not say what the prefix of {name!r} stands for"
        return ""

    def writer(self, schema: pl.Schema, uri: str) -> _Writer:
        """Return what makes the content of one file.

        Raises:
            SourceError: a column has no form in XML.
        """
        for name, kind in schema.items():
            _check(self, name, name, kind, uri)
        return _Writer(self, schema, uri)


class _Writer:
    room = MANY_ROWS // 5  # names make them long
    held = 0

    def __init__(self, form: Xml, schema: pl.Schema, uri: str) -> None:
        *self._around, self._record = form.steps
        self._form = form
        self._uri = uri
        self._count = 0
        self._fields = {name: (pl.col(name), kind) for name, kind in schema.items()}

    def begin(self) -> bytes:
        given = (self._form.namespaces or {}).items()
        declared = "".join(f" {f'xmlns:{name}' if name else 'xmlns'}={quoteattr(value)}" for name, value in given)
        root, *others = self._around
        opened = [f"<{root}{declared}>", *(f"{self._pad(depth)}<{name}>" for depth, name in enumerate(others, 1))]
        return (DECLARATION + "".join(opened)).encode()

    def rows(self, rows: pl.DataFrame) -> bytes:
        depth = len(self._around)
        first = self._pad(depth) or "\n"
        records = _object(self._record, self._fields, "\n" + "  " * depth if self._form.pretty else "")
        with io.BytesIO() as stream:
            rows.select(records.alias("record")).write_csv(
                stream, include_header=False, quote_style="never", line_terminator=first
            )
            text = first.encode() + stream.getvalue()[: -len(first)] if rows.height else b""
        if len(text.translate(None, _CONTROLS)) < len(text) or any(sign in text for sign in _NO_CHARACTERS):
            raise self._unheld(rows)
        self._count += rows.height
        return text

    def end(self) -> Iterable[bytes]:
        closed = [f"{self._pad(depth) or (depth == 0) * chr(10)}</{name}>" for depth, name in enumerate(self._around)]
        yield ("".join(reversed(closed)) + "\n").encode()

    def _pad(self, depth: int) -> str:
        return "\n" + "  " * depth if self._form.pretty else ""

    def _unheld(self, rows: pl.DataFrame) -> SourceError:
        """Return what to tell of a text that XML cannot hold: where the first one is."""
        for name, (value, kind) in self._fields.items():
            found = rows.select(_element("c", value, kind, "").str.contains(_UNHELD).fill_null(value=False).arg_true())
            if found.height:
                row = self._count + int(found.item(0, 0)) + 1
                message = f"{self._uri}: row {row:,} holds a control character in {name}, which XML cannot hold"
                return SourceError(message, hint="take it out, or write jsonl", uri=self._uri, format="xml")
        return SourceError(f"{self._uri}: a text holds a control character", uri=self._uri, format="xml")


def _check(form: Xml, name: str, path: str, kind: texts.Kind, uri: str) -> None:
    """Refuse names and types that have no form in XML."""
    told = "" if name == TEXT else form.mistaken(name.removeprefix("@"))
    if kind.is_nested() and (name == TEXT or name[:1] == "@"):
        told = told or f"{path} holds a list or an object, where XML has a text alone"
    if isinstance(kind, pl.List | pl.Array) and isinstance(kind.inner, pl.List | pl.Array):
        told = told or f"{path} holds a list of lists, for which XML has no form"
    if told:
        where = f" (in {path})" if path != name else ""
        raise SourceError(f"{uri}: {told}{where}", hint="rename or change the column", uri=uri, format="xml")
    for inner, of in _inside(kind):
        _check(form, inner, f"{path}.{inner}", of, uri)


def _inside(kind: texts.Kind) -> list[tuple[str, texts.Kind]]:
    item = kind.inner if isinstance(kind, pl.List | pl.Array) else kind
    return [(field.name, field.dtype) for field in item.fields] if isinstance(item, pl.Struct) else []


def _element(name: str, value: pl.Expr, kind: texts.Kind, pad: str) -> pl.Expr:
    """Return an expression for an element, or for one of each item of a list; null where the value is."""
    if isinstance(kind, pl.List | pl.Array):
        lists = value.arr.to_list() if isinstance(kind, pl.Array) else value
        item = _element(name, pl.element(), kind.inner, pad).fill_null(f"{pad}<{name}></{name}>")
        return lists.list.eval(item).list.join("")
    if isinstance(kind, pl.Struct):
        fields = zip(kind.fields, texts.parts(value, len(kind.fields)), strict=True)
        inside = {field.name: (part, field.dtype) for field, part in fields}
        return pl.when(value.is_not_null()).then(_object(name, inside, pad, pad))
    return pl.format(f"{pad}<{name}>{{}}</{name}>", _text(value, kind, _ESCAPED))


def _object(name: str, fields: Mapping[str, tuple[pl.Expr, texts.Kind]], pad: str, before: str = "") -> pl.Expr:
    """Return an expression for an element with attributes, a text and elements in it.

    Args:
        name: of the element.
        fields: their values and types.
        pad: the line end and the space before its own end, where it is indented.
        before: what stands before it.
    """
    given = [
        pl.format(f' {key[1:]}="{{}}"', _text(value, kind, _IN_ATTRIBUTES))
        for key, (value, kind) in fields.items()
        if key[0] == "@"
    ]
    inner = pad + "  " if pad and TEXT not in fields else ""
    told = [_text(*fields[TEXT], _ESCAPED)] if TEXT in fields else []
    elements = [_element(key, *field, inner) for key, field in fields.items() if key[0] not in "@#"]
    body = [*told, *elements]
    if inner and elements:  # the end stands on a line of its own, unless there is nothing before it
        whole = pl.concat_str([pl.lit(""), *elements], ignore_nulls=True)
        body = [whole, pl.when(whole != "").then(pl.lit(pad))]
    opened = [pl.lit(f"{before}<{name}"), *given, pl.lit(">")]
    return pl.concat_str([*opened, *body, pl.lit(f"</{name}>")], ignore_nulls=True)


def _text(value: pl.Expr, kind: texts.Kind, escaped: Mapping[str, str]) -> pl.Expr:
    if kind.is_temporal():
        return texts.instant_text(value, kind)
    if kind.is_numeric() or kind == pl.Boolean:
        return value.cast(pl.String)
    value = value.cast(pl.String)  # of a category
    rare = value.str.contains(f"[{''.join(escaped)}]")  # most texts are told quickly to hold none
    return pl.when(rare).then(value.str.replace_many(list(escaped), list(escaped.values()))).otherwise(value)


def _is_name(name: str) -> bool:
    """Say whether a parser takes a name; the standard's editions differ."""
    if not _SIGNS.fullmatch(name):
        return False
    try:
        ParserCreate().Parse(f"<{name}/>", True)  # noqa: FBT003 - it takes no names
    except ExpatError:
        return False
    return True
