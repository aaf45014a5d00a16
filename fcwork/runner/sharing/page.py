"""The page of a run to hand on: one file of HTML that asks no network for anything and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from importlib.resources import files as resources

from fcwork.reports import page as reports
from fcwork.reports.page import About, Pile, text
from fcwork.runner.sharing import cells
from fcwork.runner.sharing.ended import EndedRun
from fcwork.runner.sharing.facts import Facts
from fcwork.runner.sharing.outputs import Room

MOST_BYTES = 1_800_000  # of what the cells show
_LOAD = {
    "delivered": "the platform confirmed them",
    "ready": "would be sent",
    "unknown": "whether they arrived is not known",
    "rejected": "kept back, with the reason",
}
_EXTRACTION = {"written": "in the file", "ready": "would be written", "rejected": "kept back, with the reason"}
_UNCHANGED = "Nothing was changed: this run shows what it would do."
_MOST_VALUE = 300  # characters


def render(run: EndedRun, written_at: datetime, *, code: bool, masked: frozenset[str]) -> str:
    """Return the page of a run.

    Args:
        run: what is shown.
        written_at: when the page was made.
        code: whether the notebook's code is in it.
        masked: columns whose values are hidden, in lower case.
    """
    facts = run.facts
    about = About(facts.title, facts.target, facts.run_id, written_at)
    shown, headings = cells.article(run, Room(MOST_BYTES, masked), code=code)
    parts = (
        *reports.bands(about, _UNCHANGED if facts.dry_run else ""),
        tools(code=code),
        '<main class="shared">',
        _header(run),
        _figures(facts),
        _parameters(run),
        f'<div class="reading">{cells.contents(headings)}<article>{shown}</article></div>',
        f"<footer>Run {text(facts.run_id)} · shared {reports.instant(written_at)} by fcwork</footer>",
        "</main>",
    )
    return document(f"{facts.title}: {facts.state}", parts, script="shared.js", head=facts.tag())


def document(title: str, parts: Iterable[str], *, script: str, head: str = "") -> str:
    """Return a whole document that may run one script of ours and load nothing."""
    program = _own("theme.js") + _own(script)
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
    body = "\n".join(filter(None, parts))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n{head}\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"{allowed}; base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>\n{reports.style()}{_own('shared.css')}</style></head>\n"
        f"<body>\n{body}\n<script>{program}</script></body></html>\n"
    )


def tools(*, code: bool) -> str:
    """Return the switches of a page; without its script they are not there."""
    switch = '<button type="button" class="switch" data-tool="code" aria-pressed="false">Show code</button>'
    theme = '<button type="button" class="switch" data-tool="theme">Dark</button>'
    return f'<div class="tools" hidden><p>{switch if code else ""}{theme}</p></div>'


def pill(state: str) -> str:
    """Return how a run ended, in its colour."""
    return f'<span class="state {reports.tone(state)}">{text(state.replace("_", " "))}</span>'


def took(seconds: float) -> str:
    """Return a time for people."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:,.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _own(name: str) -> str:
    return resources("fcwork.runner.sharing").joinpath(name).read_text(encoding="utf-8")


def _header(run: EndedRun) -> str:
    facts = run.facts
    started = f'<time datetime="{facts.started_at.isoformat()}">{reports.instant(facts.started_at)}</time>'
    whose = f"<strong>{text(facts.target)}</strong>" if facts.target else ""
    told = [whose, started, f"took {took(facts.seconds)}", f"notebook {text(facts.name)}"]
    line = "<span>·</span>".join(f"<span>{one}</span>" for one in told if one)
    at = run.failed_cell
    where = f' <a href="#cell-{at}">Go to step [{at}]</a>' if at else ""
    lead = f'<p class="lead">{text(facts.reason)}{where}</p>' if facts.reason or where else ""
    return f'<header><h1>{text(facts.title)}</h1><p class="about">{pill(facts.state)}{line}</p>{lead}</header>'


def _figures(facts: Facts) -> str:
    """Return the rows read and the piles that they went to."""
    if "read" not in facts.figures:
        return ""
    meanings = _EXTRACTION if "written" in facts.figures else _LOAD
    counts = {name: facts.figures.get(name, 0) for name in meanings}
    piles = [Pile(name, counts[name], meaning) for name, meaning in meanings.items()]
    total = sum(counts.values())
    told = ""
    if meanings is _LOAD and total == facts.figures["read"]:
        told = "Every row that was read is accounted for."
    elif meanings is _LOAD:
        told = f'<span class="bad">These are {total:,} rows together, and not all that were read.</span>'
    return reports.flow(Pile("read", facts.figures["read"], "rows came in"), piles, told)


def _parameters(run: EndedRun) -> str:
    if not run.parameters:
        return ""
    items = "".join(
        f"<dt><code>{text(name)}</code></dt><dd><code>{text(_value(value))}</code></dd>"
        for name, value in run.parameters.items()
    )
    return (
        f'<details class="parameters"><summary>Parameters <span>{len(run.parameters)}</span></summary>'
        f"<dl>{items}</dl></details>"
    )


def _value(value: object) -> str:
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return told if len(told) <= _MOST_VALUE else f"{told[:_MOST_VALUE]} …"
