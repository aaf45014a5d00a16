"""The story of a webhook as HTML: the verdict first, then what happened and what to do, each step, and the bytes."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from fcwork.redact import mask
from fcwork.webhooks.algorithms import HEADERS
from fcwork.webhooks.event import printable

if TYPE_CHECKING:
    from fcwork.webhooks.judging import Judgement

SECRET = ("authorization", "cookie", "api-key", "apikey", "token", "secret")  # in the names of headers
SHOWN = 24  # first characters of a long value
MOST_HEADERS = 40
_MARKS = {True: ("good", "✓"), False: ("bad", "✗"), None: ("open", "·")}


def page(story: Judgement) -> str:
    """Return the story as one piece of HTML, all that came from outside escaped and known secrets masked."""
    told = f'<div class="told">{_banner(story)}{_next(story)}{_steps(story)}</div>'
    parts = (_difference(story), _received(story), _forms(story))
    return mask(f'<style>{_css()}</style><div class="fcw-story">{told}{"".join(parts)}</div>')


@cache
def _css() -> str:
    return files("fcwork.webhooks").joinpath("story.css").read_text("utf-8")


def _banner(story: Judgement) -> str:
    kind, word = ("genuine", "✓ Genuine") if story.ok else ("refused", "✗ Refused")
    reason = f"<code>{_text(story.reason)}</code>" if story.reason else ""
    summary = story.summary.partition(": ")[2] or story.summary
    return f'<div class="banner {kind}"><b>{word}</b>{reason}<div>{_text(summary)}</div></div>'


def _next(story: Judgement) -> str:
    lines = [("What happened", story.finding), ("What to do next", story.hint)]
    rows = "".join(f"<div><b>{label}</b><span>{_text(text)}</span></div>" for label, text in lines if text)
    return f'<div class="next">{rows}</div>' if rows else ""


def _steps(story: Judgement) -> str:
    rows = []
    for step, ok, found, hint in story.steps.iter_rows():
        kind, mark = _MARKS[ok]
        advice = f"<small>{_text(hint)}</small>" if hint and hint != story.hint else ""
        cells = f'<span class="mark">{mark}</span><span class="name">{_text(step)}</span>'
        rows.append(f'<li class="{kind}">{cells}<span>{_text(found)}{advice}</span></li>')
    return f'<ol class="steps">{"".join(rows)}</ol>'


def _difference(story: Judgement) -> str:
    """Return the bytes around the first difference; in an accepted request they are there for whoever opens them."""
    if story.difference is None:
        return ""
    rows = "".join(_hex_rows(story))
    title = f"The first difference, at byte {story.difference:,}: received, and {_text(story.compared)}"
    table = f'<div class="hex"><table>{rows}</table></div>'
    if story.ok:
        return f"<section><details><summary>{title}</summary>{table}</details></section>"
    return f"<section><h4>{title}</h4>{table}</section>"


def _hex_rows(story: Judgement) -> Iterator[str]:
    lines = list(story.hex_view.iter_rows(named=True))
    for line in lines:
        other = next(
            (each for each in lines if each["offset"] == line["offset"] and each["body"] != line["body"]), None
        )
        mine = line["body"] == "received"
        kind = ("mine" if mine else "theirs") if line["differs"] else "mine same"
        pairs = zip(line["hex"].split(), _padded(other["hex"].split() if other else line["hex"].split()), strict=False)
        marked = " ".join(f"<mark>{one}</mark>" if one != that else one for one, that in pairs)
        offset = f"{line['offset']:,}" if mine else ""
        cells = (f"<th>{offset}</th><td>{_text(line['body'])}</td><td>{marked}</td><td>{_text(line['text'])}</td>",)
        yield f'<tr class="{kind}">{"".join(cells)}</tr>'


def _padded(line: list[str]) -> Iterable[str]:
    return [*line, *[""] * 16]


def _received(story: Judgement) -> str:
    facts = [
        ("Body", story.where),
        ("Bytes", f"{len(story.raw):,}"),
        ("SHA-256", story.sha256),
        ("Scheme", story.scheme),
    ]
    rows = "".join(f"<tr><th>{name}</th><td><code>{_text(value)}</code></td></tr>" for name, value in facts)
    headers = "".join(_header(name, value) for name, value in story.headers[:MOST_HEADERS])
    more = len(story.headers) - MOST_HEADERS
    none = "" if story.headers else "<tr><td>no headers came</td></tr>"
    rest = f"<tr><td>and {more:,} more</td></tr>" if more > 0 else ""
    told = f"<h4>Headers</h4><table>{headers}{none}{rest}</table>"
    return f"<section><h4>What was received</h4><table>{rows}</table>{told}</section>"


def _header(name: str, value: str) -> str:
    signature = name.lower() in HEADERS
    label = f'<code class="key">{_text(name)}</code>' if signature else f"<code>{_text(name)}</code>"
    return f"<tr><th>{label}</th><td><code>{_text(_shown(name, value))}</code></td></tr>"


def _shown(name: str, value: str) -> str:
    """Return a header's value as far as it is good to show: no credentials, and of what is long both ends."""
    if any(word in name.lower() for word in SECRET):
        return "not shown"
    if len(value) <= 4 * SHOWN:
        return value
    return f"{value[:SHOWN]}…{value[-8:]} ({len(value):,} characters)"


def _forms(story: Judgement) -> str:
    """Return which forms of the body were tried."""
    if not story.variants.height:
        return ""
    rows = "".join(
        f"<tr><th>{'✓' if verifies else '✗'}</th><td>{_text(variant)}</td><td>{_text(hint)}</td></tr>"
        for variant, verifies, hint in story.variants.select("variant", "verifies", "hint").iter_rows()
    )
    title = f"{story.variants.height:,} forms of the body were tried; one that fits is advice, and never a pass"
    return f"<section><details><summary>{title}</summary><table>{rows}</table></details></section>"


def _text(value: object) -> str:
    return html.escape("" if value is None else printable(str(value)))
