"""HTML of others made harmless: written anew from a short list of tags that only lay out text.

What is not on the list is left out, its text stays; scripts, styles and frames go with what is in them. As each tag
and each text is written by us, nothing depends on how a browser takes what was sloppy.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from fcwork.redact import MASK

TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre q s "
        "samp small span strong sub sup table tbody td tfoot th thead tr u ul",
    )
)
ALONE = frozenset({"br", "hr", "img"})
SWALLOWED = frozenset(
    {"script", "style", "iframe", "object", "noscript", "template", "svg", "math", "textarea", "title"}
)
LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20\"'<>]+|#[\w-]+", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
ALIGNED = re.compile(r"\s*text-align\s*:\s*(left|right|center)\s*;?\s*", re.IGNORECASE)
CUT = '<p class="cut">Cut here: this output is too long for the page.</p>'
_MOST_DEEP = 60  # tags inside each other; deeper ones are left out
_LARGEST_SPAN = 999
_READ_AT_ONCE = 20_000  # characters


def harmless(text: str, *, most: int, masked: frozenset[str] = frozenset()) -> str:
    """Return HTML that only shows, every tag of it closed.

    Args:
        text: the HTML of others.
        most: how many characters it may have; it is cut where there are more, and says so.
        masked: names of columns, in lower case, whose values in tables are hidden.
    """
    writer = _Writer(most, masked)
    try:
        for start in range(0, len(text), _READ_AT_ONCE):
            if not writer.is_full:
                writer.feed(text[start : start + _READ_AT_ONCE])
        writer.close()
    except AssertionError:  # how Python's parser says that a declaration is none
        return harmless(html.escape(text), most=most, masked=masked)
    return writer.written()


def shows_something(text: str) -> bool:
    """Say whether HTML made harmless has anything to see."""
    return "<img" in text or bool(re.sub(r"<[^>]*>|\s", "", text))


class _Writer(HTMLParser):
    """Writes what it parses anew."""

    def __init__(self, most: int, masked: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._left, self._columns = most, _Columns(masked)
        self._parts: list[str] = []
        self._open: list[str] = []
        self._swallowing = ""
        self.is_full = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._swallowing or self.is_full:
            return
        if tag in SWALLOWED:
            self._swallowing = tag
        elif tag in TAGS and (tag in ALONE or len(self._open) < _MOST_DEEP):
            kept = "".join(f' {name}="{html.escape(value)}"' for name, value in _kept(tag, attrs))
            if tag == "img" and "src=" not in kept:
                self._text(dict(attrs).get("alt") or "")
                return
            self._columns.begin(tag, attrs)
            end = "" if tag in ALONE else f"</{tag}>"
            self._put(f"<{tag}{kept}>", later=len(end))
            if end and not self.is_full:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in SWALLOWED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._swallowing:
            self._swallowing = "" if tag == self._swallowing else self._swallowing
        elif tag in self._open and not self.is_full:
            while self._close() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._swallowing and not self.is_full:
            self._text(data)

    def written(self) -> str:
        """Return all of it, what is open closed."""
        while self._open:
            self._close()
        return "".join(self._parts) + (CUT if self.is_full else "")

    def _text(self, data: str) -> None:
        self._put(html.escape(self._columns.seen(data)))

    def _put(self, text: str, *, later: int = 0) -> None:
        """Write, if there is room for it and for what it will need later."""
        size = len(text) + later
        self.is_full = size > self._left
        if not self.is_full:
            self._left -= size
            self._parts.append(text)

    def _close(self) -> str:
        tag = self._open.pop()
        self._columns.end(tag)
        self._parts.append(f"</{tag}>")
        return tag


@dataclass
class _Table:
    """Where in a table the text stands that comes next."""

    hidden: set[int] = field(default_factory=set)
    at: int = -1
    reach: int = 1
    cell: str = ""
    heading: str = ""
    is_told: bool = False
    is_row_hidden: bool = False


class _Columns:
    """Knows in which column of a table a text stands, and hides the values under or beside a masked name."""

    def __init__(self, masked: frozenset[str]) -> None:
        self._masked = masked
        self._tables: list[_Table] = []

    def begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._tables.append(_Table())
        elif self._tables and tag == "tr":
            self._tables[-1].at, self._tables[-1].is_row_hidden = -1, False
        elif self._tables and tag in {"td", "th"}:
            table = self._tables[-1]
            table.at += table.reach if table.at >= 0 else 1
            table.reach = _span(dict(attrs).get("colspan"))
            table.cell, table.heading, table.is_told = tag, "", False

    def end(self, tag: str) -> None:
        if not self._tables:
            return
        table = self._tables[-1]
        if tag == "table":
            self._tables.pop()
        elif tag == table.cell:
            if table.heading.strip().lower() in self._masked and tag == "th":
                table.hidden.update(range(table.at, table.at + table.reach))
            elif table.heading.strip().lower() in self._masked and table.at == 0:
                table.is_row_hidden = True
            table.cell = ""

    def seen(self, text: str) -> str:
        """Return a text as it may be seen where it stands."""
        if not self._tables or not self._tables[-1].cell:
            return text
        table = self._tables[-1]
        is_hidden = table.cell == "td" and (table.at in table.hidden or (table.is_row_hidden and table.at > 0))
        if not is_hidden or not text.strip():
            table.heading += text
            return text
        told, table.is_told = table.is_told, True
        return "" if told else MASK


def _kept(tag: str, attrs: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """Return the attributes that a tag keeps."""
    given = {name: value or "" for name, value in attrs}
    kept = []
    if tag == "a" and LINK.fullmatch(given.get("href", "")):
        kept += [("href", given["href"]), ("rel", "noopener noreferrer")]
    if tag == "img" and PICTURE.fullmatch(given.get("src", "")):
        kept += [("src", given["src"]), ("alt", given.get("alt", ""))]
    aligned = ALIGNED.fullmatch(given.get("style", ""))
    if aligned:
        kept.append(("class", aligned[1].lower()))
    if tag in {"td", "th"}:
        spans = {name: _span(given.get(name)) for name in ("colspan", "rowspan")}
        kept += [(name, str(span)) for name, span in spans.items() if span > 1]
    return kept


def _span(text: str | None) -> int:
    return min(int(text), _LARGEST_SPAN) if text and re.fullmatch(r"[1-9]\d{0,3}", text) else 1
