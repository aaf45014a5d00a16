"""The index of the runs that were shared into a folder, made of the pages that lie there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from fcwork import sources
from fcwork.clock import Clock
from fcwork.errors import SourceError
from fcwork.redact import mask
from fcwork.reports import page as reports
from fcwork.reports.page import text
from fcwork.runner.sharing import known as known_pages
from fcwork.runner.sharing import page as pages
from fcwork.runner.sharing.facts import HEAD_BYTES, Facts
from fcwork.runner.sharing.known import ENDING, Known
from fcwork.sources.place import locate, opened

NAME = "index.html"
_ROUNDS = 20  # others that share at the same time are waited for no longer
_COLUMNS = ("Run", "State", "Platform", "Started", "Took")
_FIGURES = {
    "Read": ("read",),
    "Done": ("delivered", "written"),
    "Ready": ("ready",),
    "Unknown": ("unknown",),
    "Rejected": ("rejected",),
}


def inside(to: str | os.PathLike[str], name: str) -> str:
    """Return the URI of a file in a folder."""
    folder = os.fspath(to)
    if "://" not in folder:
        return str(Path(folder).expanduser() / name)
    return folder + name if folder.endswith("/") else f"{folder}/{name}"


def rebuild(to: str | os.PathLike[str], clock: Clock) -> str:
    """Write the index anew, and return where it is.

    Others may share at the same time. So what lies there is looked at again after the index was written: of all who
    write it, the last one has seen every page.

    Raises:
        SourceError: the folder cannot be listed or written.
    """
    place, listed = inside(to, NAME), _pages(to)
    known = known_pages.found_in(_text(place))
    for _ in range(_ROUNDS):
        known = _known(listed, known, clock)
        with sources.whole(place) as stream:
            stream.write(render(known, clock).encode("utf-8", "backslashreplace"))
        before, listed = listed, _pages(to)
        if listed.equals(before):
            break
    return place


def render(known: Known, clock: Clock) -> str:
    """Return the index of these pages, the latest run first; known secrets are masked, as a page may be another's."""
    shared = [facts for _, facts in known.values()]
    latest_first = sorted(shared, key=lambda facts: (facts.started_at, facts.run_id), reverse=True)
    columns = [name for name in _FIGURES if any(_count(facts, name) for facts in shared)]
    head = "".join(
        f'<th{_class(at)} aria-sort="{"descending" if name == "Started" else "none"}">'
        f'<button type="button">{name}</button></th>'
        for at, name in enumerate([*_COLUMNS, *columns])
    )
    lines = [_line(facts, columns) for facts in latest_first]
    many = f"{len(shared):,} run" + ("" if len(shared) == 1 else "s")
    parts = (
        pages.tools(code=False),
        f'<main class="shared"><header><h1>Shared runs</h1><p class="about">{many}, times in UTC</p></header>',
        '<p class="find" hidden><input type="search" placeholder="Find a run" aria-label="Find a run"></p>',
        f'<section class="runs">{reports.table(f"<tr>{head}</tr>", lines, "stack")}</section>',
        f"<footer>Made by fcwork, {reports.instant(clock.now())}</footer></main>",
    )
    head = known_pages.tag({name: page for name, page in known.items() if page[0]})
    return mask(pages.document("Shared runs", parts, script="index.js", head=head))


def _line(facts: Facts, columns: list[str]) -> str:
    link = f'<a href="./{quote(facts.run_id)}{ENDING}">{text(facts.title)}</a><small>{text(facts.run_id)}</small>'
    state = pages.pill(facts.state) + ('<span class="dry-run">dry run</span>' if facts.dry_run else "")
    cells = [
        ("Run", facts.title.lower(), link),
        ("State", facts.state, state),
        ("Platform", facts.target.lower(), text(facts.target)),
        ("Started", facts.started_at.isoformat(), f"{facts.started_at:%Y-%m-%d %H:%M}"),
        ("Took", facts.seconds, pages.took(facts.seconds)),
    ]
    for name in columns:
        count = _count(facts, name)
        cells.append((name, -1 if count is None else count, "" if count is None else f"{count:,}"))
    return "<tr>" + "".join(_cell(at, *cell) for at, cell in enumerate(cells)) + "</tr>"


def _count(facts: Facts, column: str) -> int | None:
    """Return what a column of figures shows of a run; a load delivers, an extraction writes."""
    return next((facts.figures[name] for name in _FIGURES[column] if name in facts.figures), None)


def _cell(at: int, name: str, order: object, shown: str) -> str:
    return f'<td{_class(at)} data-of="{name}" data-order="{text(order)}">{shown}</td>'


def _class(at: int) -> str:
    return ' class="n"' if at >= _COLUMNS.index("Took") else ""


def _pages(to: str | os.PathLike[str]) -> pl.DataFrame:
    """Return the pages that lie in a folder, as they are listed."""
    name = pl.col("name")
    is_page = name.str.ends_with(ENDING) & (name != NAME) & ~name.str.starts_with(".")
    return sources.list(to).filter(is_page).sort("name")


def _known(listed: pl.DataFrame, before: Known, clock: Clock) -> Known:
    """Return the pages that are of runs, reading those that are new; one that went away meanwhile is left out."""
    known, now = {}, clock.now()
    for file in listed.iter_rows(named=True):
        name, stamp = file["name"], known_pages.stamp(file, now)
        found = before[name][1] if stamp and before.get(name, ("",))[0] == stamp else _head(file)
        if found:
            known[name] = (stamp, found)
    return known


def _text(place: str) -> str:
    """Return the index that is there; nothing where there is none."""
    try:
        with opened(locate(place)) as intake:
            return intake.read().decode("utf-8", "replace")
    except SourceError:
        return ""


def _head(file: dict[str, Any]) -> Facts | None:
    try:
        with opened(locate(file["uri"])) as intake:
            head = intake.peek(HEAD_BYTES).decode("utf-8", "replace")
    except SourceError:
        return None
    return Facts.found_in(head, run_id=file["name"].removesuffix(ENDING))
