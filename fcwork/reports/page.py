"""The page: one HTML file without a script or an outside address, that reads well on paper, phones and in the dark."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from fcwork import cards
from fcwork.redact import mask
from fcwork.unseen import spelt_out

if TYPE_CHECKING:
    from fcwork.reports.figures import Reason
    from fcwork.stages import Stage

SHOWN_ISSUES = 25
SHOWN_REASONS = 20
_COLUMNS = {"row": "Row", "code": "Code", "field": "Field", "value": "Value", "message": "Message", "key": "Key"}


@dataclass(frozen=True)
class Written:
    """A file of the run folder: how many rows and bytes, and what it is for."""

    name: str
    rows: int | None
    bytes: int
    purpose: str


@dataclass(frozen=True)
class About:
    """What heads a report."""

    title: str
    target: str
    run_id: str
    written_at: datetime


@dataclass(frozen=True)
class Pile:
    """Rows of one fate.

    Attributes:
        name: its name, which is its colour too.
        count: how many.
        meaning: what became of them.
        shown: whether it is shown where it is empty.
    """

    name: str
    count: int
    meaning: str
    shown: bool = False


def page(state: str, bands: Sequence[str], parts: Iterable[str], about: About) -> str:
    """Return a page as HTML, known secrets masked.

    Args:
        state: how it ended.
        bands: what is to be seen before anything else.
        parts: the header and the sections; empty ones are left out.
        about: what it is about.
    """
    body = "\n".join(part for part in ("".join(bands), "<main>", *parts, _footer(about), "</main>") if part)
    return mask(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(about.title)}: {text(state)}</title>\n<style>\n{style()}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def style() -> str:
    """Return the looks of a page, as CSS."""
    return resources("fcwork.reports").joinpath("report.css").read_text(encoding="utf-8")


def tone(state: str) -> str:
    """Return the colour of how something ended, as a class of the looks."""
    return cards.tone_of(state)


def text(value: Any) -> str:
    """Return a value as text that is safe in HTML and shows what is not seen."""
    return html.escape(spelt_out("" if value is None else str(value), keep="\t\n"))


def bands(about: About, dry_run: str) -> list[str]:
    """Return the bands of a run that changed nothing: ``dry_run`` says what it did, if it was one."""
    found = [("dry", "DRY RUN", dry_run)] if dry_run else []
    if about.target == "SIMULATOR":
        found.append(("simulator", "SIMULATOR", "No real platform was touched: everything below is play."))
    return [f'<div class="loud {kind}"><p><b>{word}</b>{told}</p></div>' for kind, word, told in found]


def header(state: str, about: About, whose: str, verdict: str) -> str:
    """Return the head of a page.

    Args:
        state: how it ended.
        about: what heads it.
        whose: the word before the target, such as ``to``.
        verdict: in words what became of it, as HTML.
    """
    when = f'<time datetime="{about.written_at.isoformat()}">{instant(about.written_at)}</time>'
    return (
        f"<header><h1>{text(about.title)}</h1>"
        f'<p class="about"><span class="state {tone(state)}">{text(state.replace("_", " "))}</span>'
        f"<span>{whose} <strong>{text(about.target)}</strong></span><span>·</span><span>{when}</span></p>"
        f'<p class="lead">{verdict}</p></header>'
    )


def flow(read: Pile, piles: Sequence[Pile], told: str) -> str:
    """Return the rows as a bar and as numbers: those read, the piles that they went to, and what is told of the sum."""
    bar = "".join(f'<i class="{pile.name}" style="flex:{pile.count}"></i>' for pile in piles if pile.count)
    shown = "".join(_pile(pile) for pile in piles if pile.count or pile.shown)
    return (
        f'<section aria-label="What became of the rows"><div class="flow" aria-hidden="true">{bar}</div>'
        f'<ul class="piles">{_pile(read)}{shown}</ul><p class="sum">{told}</p></section>'
    )


def _pile(pile: Pile) -> str:
    return (
        f'<li class="{"" if pile.count else "nought"}"><b>{pile.count:,}</b>'
        f'<span><i class="{pile.name}"></i>{pile.name}<br>{pile.meaning}</span></li>'
    )


def pair(*sections: str) -> str:
    """Return sections that stand beside each other where there is room."""
    return f'<div class="pair">{"".join(sections)}</div>'


def next_steps(steps: Sequence[str]) -> str:
    """Return what there is to do, each step as HTML."""
    items = "".join(f"<li>{step}</li>" for step in steps) or "<li>Nothing: every row is where it should be.</li>"
    return f'<section><h2>What to do next</h2><ul class="next">{items}</ul></section>'


def reasons(found: Sequence[Reason]) -> str:
    """Return why rows were found fault with, by code."""
    if not found:
        return ""
    most = max(reason.rows for reason in found) or 1
    head = '<tr><th>Code</th><th class="n">Rows</th><th></th><th>For example</th></tr>'
    lines = [
        f'<tr><td class="code">{text(reason.code)}</td><td class="n">{reason.rows:,}</td>'
        f'<td class="bar"><i class="{"rejected" if reason.severity == "error" else "unknown"}" '
        f'style="width:{100 * reason.rows / most:.1f}%"></i></td><td class="told">{text(reason.example)}</td></tr>'
        for reason in found[:SHOWN_REASONS]
    ]
    note = "A row with several faults is counted under each code."
    rest = f" {len(found) - SHOWN_REASONS} more codes are in issues.csv." if len(found) > SHOWN_REASONS else ""
    return f'<section><h2>Why</h2>{table(head, lines, "stack why")}<p class="more">{note}{rest}</p></section>'


def issues(found: pl.DataFrame, file: str = "issues.csv") -> str:
    """Return the first issues as a table; all of them are in the file."""
    if not found.height:
        return ""
    shown = found.head(SHOWN_ISSUES)
    head = "".join(f"<th{_class(name)}>{title}</th>" for name, title in _COLUMNS.items())
    lines = [
        "<tr>"
        + "".join(f"<td{_class(name)} data-of='{title}'>{text(issue[name])}</td>" for name, title in _COLUMNS.items())
        + "</tr>"
        for issue in shown.iter_rows(named=True)
    ]
    rest = found.height - shown.height
    more = f'<p class="more">{rest:,} more in <a href="{file}">{file}</a>.</p>' if rest else ""
    title = "First issues" if rest else "Issues"
    return f"<section><h2>{title}</h2>{table(f'<tr>{head}</tr>', lines, 'stack')}{more}</section>"


def stages(ended: Sequence[Stage]) -> str:
    """Return the stages with their times."""
    longest = max((stage.seconds for stage in ended), default=0) or 1
    head = '<tr><th>Stage</th><th class="n">Rows</th><th class="n">Time</th><th></th></tr>'
    lines = [
        f'<tr><td>{text(stage.name)}</td><td class="n">{stage.rows:,}</td><td class="n">{stage.seconds:,.2f} s</td>'
        f'<td class="bar"><i class="read" style="width:{100 * stage.seconds / longest:.1f}%"></i></td></tr>'
        for stage in ended
    ]
    return f"<section><h2>Stages</h2>{table(head, lines)}</section>"


def facts(told: Mapping[str, str], title: str = "Where from, where to") -> str:
    """Return facts by their names, each as HTML; empty ones are left out."""
    items = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in told.items() if value)
    return f"<section><h2>{title}</h2><dl>{items}</dl></section>"


def files(written: Sequence[Written]) -> str:
    """Return the files of the folder, with addresses that lead to them."""
    head = '<tr><th>File</th><th class="n">Rows</th><th class="n">Size</th><th>Form</th></tr>'
    lines = [
        f'<tr><td class="code"><a href="{quote(file.name)}">{text(file.name)}</a></td>'
        f'<td class="n">{"" if file.rows is None else f"{file.rows:,}"}</td><td class="n">{size(file.bytes)}</td>'
        f"<td>{text(file.purpose)}</td></tr>"
        for file in written
    ]
    return f"<section><h2>Files beside this page</h2>{table(head, lines)}</section>"


def table(head: str, lines: Iterable[str], kind: str = "") -> str:
    """Return a table of lines that are HTML already."""
    return f'<div class="wide"><table class="{kind}"><thead>{head}</thead><tbody>{"".join(lines)}</tbody></table></div>'


def code(value: Any) -> str:
    """Return a value that is read letter by letter, or nothing for nothing."""
    return f"<code>{text(value)}</code>" if value else ""


def rows(count: int) -> str:
    """Return a number of rows in words."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def instant(at: datetime) -> str:
    """Return an instant for people."""
    return f"{at:%-d %B %Y, %H:%M:%S} UTC"


def size(count: int) -> str:
    """Return a number of bytes for people."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004 - units go by thousands
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"


def _footer(about: About) -> str:
    run = f" · run {text(about.run_id)}" if about.run_id else ""
    return f"<footer>Written by fcwork, {instant(about.written_at)}{run}</footer>"


def _class(column: str) -> str:
    name = {"row": "n", "code": "code", "message": "told"}.get(column, "code value")
    return f' class="{name}"'
