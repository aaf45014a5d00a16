"""A card: how a result looks in a notebook. It needs no style sheet, reads on light and dark, and says all in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fcwork.cards.words import line, text
from fcwork.redact import mask

Tone = Literal["good", "doubt", "bad", "calm"]
# White can be read on them, and they can be seen on white and on black: a notebook's theme is not known.
COLOURS: Mapping[Tone, str] = {"good": "#16804a", "doubt": "#9a6700", "bad": "#c93a2b", "calm": "#5c6b7a"}
_OF_STATES: Mapping[str, Tone] = {
    "SUCCEEDED": "good",
    "COMPLETED_WITH_ERRORS": "doubt",
    "SKIPPED": "calm",
    "RUNNING": "calm",
}  # any other is bad
_LONGEST_HEAD = _LONGEST_FACT = 400  # characters
_LINES, _LONGEST_LINE = 200, 400  # of code and the like, and the characters of one


@dataclass(frozen=True)
class Part:
    """Rows of one fate, as a part of all."""

    name: str
    count: int
    tone: Tone


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is to be seen of a result.

    Attributes:
        line: the result in one honest line.
        state: how it ended, in a word or two.
        tone: what that means.
        parts: how the rows part; drawn as a bar, and told.
        figures: other numbers by what they count; those that are 0 or None are left out.
        facts: what else is to be known, by name; empty ones are left out.
        below: tables and the like, as HTML in which nothing of the data's is live.
    """

    line: str
    state: str = ""
    tone: Tone = "calm"
    parts: Sequence[Part] = ()
    figures: Mapping[str, int | None] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    below: Sequence[str] = ()

    def html(self) -> str:
        """Return it as HTML without script or a live tag of the data's."""
        told = line(self.line)
        told = told if len(told) <= _LONGEST_HEAD else f"{told[:_LONGEST_HEAD]}…"
        head = f"<p>{badge(self.state, self.tone)}<b>{text(told)}</b></p>"
        below = "".join(f'<div style="overflow-x:auto">{each}</div>' for each in self.below if each)
        inside = f"{head}{bar(self.parts)}{_figures(self.figures)}{_facts(self.facts)}{below}"
        return mask(f'<div class="fcwork-card" style="line-height:1.5;overflow-wrap:anywhere">{inside}</div>')


def tone_of(state: str) -> Tone:
    """Return what a state means."""
    return _OF_STATES.get(state, "bad")


def piles(counts: Mapping[str, int]) -> list[Part]:
    """Return what became of the rows of a load as parts of all, those of a dry run too."""
    tones: dict[str, Tone] = {"delivered": "good", "ready": "calm", "rejected": "bad", "unknown": "doubt"}
    return [Part(name, counts[name], tone) for name, tone in tones.items() if counts.get(name)]


def badge(word: str, tone: Tone) -> str:
    """Return a word that is seen at once; nothing for no word."""
    looks = f"background:{COLOURS[tone]};color:#fff;border-radius:1em;padding:.15em .7em;font-weight:600"
    shown = text(word.replace("_", " "))
    return f'<span style="{looks};margin-right:.6em;white-space:nowrap">{shown}</span> ' if word else ""


def bar(parts: Sequence[Part]) -> str:
    """Return how rows part as a bar, in which a single row is seen, with a line that tells it; nothing for no rows."""
    if not any(part.count for part in parts):
        return ""
    looks = "display:flex;height:.7em;border-radius:.35em;overflow:hidden;max-width:40em;margin:.3em 0"
    drawn = "".join(
        f'<div style="flex:{part.count} 0 0;min-width:4px;background:{COLOURS[part.tone]}"></div>'
        for part in parts
        if part.count
    )
    told = " · ".join(
        f'<span style="white-space:nowrap"><span style="color:{COLOURS[part.tone]}">●</span> '
        f"{part.count:,} {text(part.name)}</span>"
        for part in parts
    )
    return f'<div style="{looks}">{drawn}</div><p style="margin:.3em 0">{told}</p>'


def pre(told: str) -> str:
    """Return a text of several lines as they are, such as code; of very many the first, and nothing of none."""
    lines = mask(told).split("\n")
    shown = [text(line[:_LONGEST_LINE], keep="\t") for line in lines[:_LINES]]
    more = [f"… {len(lines) - _LINES:,} more lines"] if len(lines) > _LINES else []
    inside = "\n".join([*shown, *more])
    return f'<pre style="max-height:22em;overflow:auto">{inside}</pre>' if told else ""


def _figures(figures: Mapping[str, int | None]) -> str:
    told = " · ".join(
        f"{count:,} {text(name.removesuffix('s') if count == 1 else name)}" for name, count in figures.items() if count
    )
    return f'<p style="margin:.3em 0">{told}</p>' if told else ""


def _facts(facts: Mapping[str, Any]) -> str:
    looks = "text-align:left;vertical-align:baseline;unicode-bidi:isolate"
    rows = "".join(
        f'<tr><th scope="row" style="{looks};white-space:nowrap">{text(name)}</th>'
        f'<td style="{looks};overflow-wrap:anywhere;max-width:60em">{_fact(value)}</td></tr>'
        for name, value in facts.items()
        if value not in (None, "", [], {}, ())
    )
    return f"<table><tbody>{rows}</tbody></table>" if rows else ""


def _fact(value: Any) -> str:
    whole = mask(str(value))
    size = f"… ({len(whole):,} characters)"
    return text(whole if len(whole) <= _LONGEST_FACT else f"{whole[:_LONGEST_FACT]}{size}")
