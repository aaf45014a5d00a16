"""What a cell put out, as HTML that only shows."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fcwork.reports.page import text as shown
from fcwork.runner.page import ends_here
from fcwork.runner.sharing import markdown
from fcwork.runner.sharing.harmless import PICTURE, harmless, shows_something

MOST_OUTPUT = 200_000  # characters of one output's HTML
MOST_LINES, KEPT_AT_END = 400, 40  # of a text
MOST_LINE = 2_000  # characters
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_SHORT = re.compile(r'<td(?: class="(\w+)")?>([^<]{1,28})</td>')
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
LEFT_OUT = '<p class="cut">Left out here, as the page would be too large: it is in the notebook of the run.</p>'


@dataclass
class Room:
    """How much a page may still take.

    Attributes:
        left: bytes.
        masked: columns whose values are hidden, in lower case.
    """

    left: int
    masked: frozenset[str] = frozenset()

    def take(self, part: str) -> str:
        """Return a part of the page if there is room for it, else a note that it is left out."""
        size = len(part.encode("utf-8", "replace"))
        if size > self.left:
            return LEFT_OUT
        self.left -= size
        return part


def render(cell: Any, room: Room) -> str:
    """Return the outputs of a cell; those of one kind that follow each other stand together."""
    left_early = ends_here(cell.outputs)
    outputs = [one for one in cell.outputs if not left_early or one.output_type not in {"error", "stream"}]
    return "".join(room.take(part) for one in _joined(outputs) for part in _part(one, room))


def _joined(outputs: list[Any]) -> Iterator[Any]:
    """Yield the outputs, the pieces of a stream as one."""
    held: Any = None
    for one in outputs:
        if held is not None and one.output_type == "stream" and one.get("name") == held["name"]:
            held["text"] += one.text
            continue
        if held is not None:
            yield held
        held = dict(one) if one.output_type == "stream" else None
        if held is None:
            yield one
    if held is not None:
        yield held


def _part(output: Any, room: Room) -> Iterator[str]:
    kind = output["output_type"]
    if kind == "stream":
        if output["text"].strip():
            yield f'<pre class="out {"err" if output["name"] == "stderr" else "std"}">{plain(output["text"])}</pre>'
    elif kind == "error":
        yield _error(output)
    else:
        found = next(filter(None, (_shown(output.data, kind, room.masked) for kind in _KINDS)), "")
        if found:
            yield f'<div class="out">{found}</div>'


def _error(output: Any) -> str:
    head = f'<p class="what"><b>{shown(output["ename"])}</b> {shown(_bare(output["evalue"])[:MOST_LINE])}</p>'
    trace = plain("\n".join(map(str, output.get("traceback") or [])))
    return f'<div class="out error">{head}<details><summary>Traceback</summary><pre>{trace}</pre></details></div>'


def plain(text: str) -> str:
    """Return a text of a terminal as HTML: without colours, what was overwritten gone, the middle of a long one cut."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in _bare(text).rstrip("\n").split("\n")]
    lines = [line if len(line) <= MOST_LINE else f"{line[:MOST_LINE]} …" for line in lines]
    if len(lines) > MOST_LINES:
        cut = len(lines) - MOST_LINES
        lines[MOST_LINES - KEPT_AT_END : -KEPT_AT_END] = [f"… {cut:,} lines are cut here …"]
    return "\n".join(map(shown, lines))


def _bare(text: str) -> str:
    return _ESCAPES.sub("", text)


def _shown(data: Mapping[str, Any], kind: str, masked: frozenset[str]) -> str:
    """Return one form of an output; nothing where it has none, or that form shows nothing."""
    return _KINDS[kind](data[kind], kind, masked) if isinstance(data.get(kind), str) else ""


def _html(value: str, _kind: str, masked: frozenset[str]) -> str:
    written = harmless(value, most=MOST_OUTPUT, masked=masked)
    kept = _SHORT.sub(r'<td class="short \1">\2</td>', written)  # a key or a number is not broken over lines
    return f'<div class="wide">{kept}</div>' if shows_something(written) else ""


def _picture(value: str, kind: str, _masked: frozenset[str]) -> str:
    source = f"data:{kind};base64,{''.join(value.split())}"
    return f'<img src="{html.escape(source)}" alt="Picture">' if PICTURE.fullmatch(source) else ""


def _markdown(value: str, _kind: str, masked: frozenset[str]) -> str:
    return markdown.render(value[:MOST_OUTPUT], masked=masked)


def _plain(value: str, _kind: str, _masked: frozenset[str]) -> str:
    return f"<pre>{plain(value)}</pre>" if value.strip() else ""


_KINDS: dict[str, Callable[[str, str, frozenset[str]], str]] = {
    "text/html": _html,
    **dict.fromkeys(_PICTURES, _picture),
    "text/markdown": _markdown,
    "text/plain": _plain,
}
