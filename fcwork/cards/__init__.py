"""How results show themselves: one honest line as text, and a small card of HTML; all alike, as they are drawn here."""

from fcwork.cards.card import Card, Part, Tone, badge, bar, piles, pre, tone_of
from fcwork.cards.table import cell, first, issues, table
from fcwork.cards.words import line, text

__all__ = [
    "Card",
    "Part",
    "Tone",
    "badge",
    "bar",
    "cell",
    "first",
    "issues",
    "line",
    "piles",
    "pre",
    "table",
    "text",
    "tone_of",
]
