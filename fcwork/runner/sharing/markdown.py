"""Markdown of a notebook as HTML that only shows; HTML in it stays text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fcwork.runner.sharing.harmless import harmless

_MOST = 400_000  # characters
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
_ATTACHED = re.compile(r"\]\(attachment:([^)\s]+)\)")


@dataclass(frozen=True)
class Heading:
    """A heading of the contents.

    Attributes:
        level: 2 is a section, 3 a step of it.
        anchor: what leads to it.
        text: as it is shown, in HTML.
    """

    level: int
    anchor: str
    text: str


def render(source: str, *, masked: frozenset[str] = frozenset()) -> str:
    """Return a text of Markdown as HTML."""
    return harmless(str(_parser()(source)), most=_MOST, masked=masked)


def with_attachments(source: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
    """Return Markdown with the pictures that its cell holds in it."""

    def held(found: re.Match[str]) -> str:
        kinds = attachments.get(found[1]) or {}
        return next((f"](data:{kind};base64,{''.join(data.split())})" for kind, data in kinds.items()), found[0])

    return _ATTACHED.sub(held, source) if attachments else source


def anchored(written: str, taken: set[str]) -> tuple[str, list[Heading]]:
    """Return HTML whose headings can be led to, and those headings; ``taken`` keeps the anchors of a page apart."""
    found: list[Heading] = []

    def named(match: re.Match[str]) -> str:
        bare = re.sub(r"<[^>]*>", "", match[2])
        found.append(Heading(int(match[1]), _anchor(bare, taken), bare))
        return f'<h{match[1]} id="{found[-1].anchor}">{match[2]}</h{match[1]}>'

    return _HEADING.sub(named, written), found


def _anchor(text: str, taken: set[str]) -> str:
    stem = "at-" + (re.sub(r"[^a-z0-9]+", "-", re.sub(r"&#?\w+;", "", text).lower()).strip("-") or "heading")
    names = (stem if count == 1 else f"{stem}-{count}" for count in range(1, len(taken) + 2))
    anchor = next(name for name in names if name not in taken)
    taken.add(anchor)
    return anchor


@cache
def _parser() -> Any:
    import mistune

    return mistune.create_markdown(escape=True, plugins=["table", "strikethrough", "url"])
