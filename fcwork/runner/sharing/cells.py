"""The cells of an executed notebook as an article: prose, code that folds away, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from fcwork.reports.page import text
from fcwork.runner import document
from fcwork.runner.archive import STATE_TAG
from fcwork.runner.sharing import markdown, outputs
from fcwork.runner.sharing.ended import EndedRun
from fcwork.runner.sharing.markdown import Heading
from fcwork.runner.sharing.outputs import Room

CONTENTS = (2, 3)  # the levels of headings that the contents list
MOST_SOURCE = 100_000  # characters of one cell
_NOTES = {"not run": "This step was not run.", "interrupted": "This step was interrupted here."}


def article(run: EndedRun, room: Room, *, code: bool) -> tuple[str, list[Heading]]:
    """Return the cells as HTML, and the headings among them.

    Args:
        run: whose notebook it is.
        room: what the page may take.
        code: whether code is in it, folded away.
    """
    numbers = {index: number for number, index in enumerate(document.runnable(run.notebook), 1)}
    parts: list[str] = []
    headings: list[Heading] = []
    anchors: set[str] = set()
    for index, cell in enumerate(_prose_once(run.notebook.cells)):
        if cell.cell_type == "markdown":
            source = markdown.with_attachments(cell.source, cell.get("attachments") or {})
            written, found = markdown.anchored(markdown.render(source, masked=room.masked), anchors)
            headings += found
            parts.append(room.take(f'<div class="prose">{written}</div>' if written.strip() else ""))
        elif index in numbers:
            parts.append("".join(_code(cell, numbers[index], run, room, code=code)))
    return "\n".join(filter(None, parts)), [found for found in headings if found.level in CONTENTS]


def contents(headings: list[Heading]) -> str:
    """Return the contents; nothing where there is only one thing to go to."""
    if len(headings) <= 1:
        return ""
    items = "".join(
        f'<li class="level-{found.level}"><a href="#{found.anchor}">{found.text}</a></li>' for found in headings
    )
    return f'<nav class="contents" aria-label="Contents"><p>Contents</p><ul>{items}</ul></nav>'


def _prose_once(cells: list[Any]) -> Iterator[Any]:
    """Yield the cells; the banner of the run and the first heading are not said again, as they head the page."""
    is_headed = False
    for cell in cells:
        if cell.cell_type == "markdown" and STATE_TAG in cell.metadata.get("tags", []):
            yield _with(cell, "")
        elif cell.cell_type == "markdown" and not is_headed and re.search(r"^# ", cell.source, re.MULTILINE):
            is_headed = True
            yield _with(cell, re.sub(r"^# .*$", "", cell.source, count=1, flags=re.MULTILINE))
        else:
            yield cell


def _with(cell: Any, source: str) -> Any:
    changed = cell.copy()
    changed["source"] = source
    return changed


def _code(cell: Any, number: int, run: EndedRun, room: Room, *, code: bool) -> Iterator[str]:
    status = (cell.metadata.get("papermill") or {}).get("status", "")
    shown = outputs.render(cell, room)
    note = f'<p class="note">{_NOTES[status]}</p>' if status in _NOTES else ""
    folded = room.take(_folded(cell, number)) if code else ""
    if folded or shown or note:
        kind = " failed" if number == run.failed_cell else " silent" if not shown and not note else ""
        yield f'<div class="cell{kind}" id="cell-{number}">{folded}{shown}{note}</div>'


def _folded(cell: Any, number: int) -> str:
    seconds = (cell.metadata.get("papermill") or {}).get("duration")
    took = f"<span>{seconds:,.1f} s</span>" if isinstance(seconds, int | float) else ""
    return (
        f'<details class="code"><summary>Code <span>[{number}]</span>{took}</summary>'
        f"<pre>{_coloured(cell.source)}</pre></details>"
    )


def _coloured(source: str) -> str:
    if len(source) > MOST_SOURCE:
        return f"{text(source[:MOST_SOURCE])}\n… cut here …"
    from pygments import highlight

    return str(highlight(source, *_colours())).rstrip("\n")


@cache
def _colours() -> tuple[Any, Any]:
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return PythonLexer(), HtmlFormatter(nowrap=True, classprefix="y-")
