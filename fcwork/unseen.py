"""Characters that a terminal would obey or not show: spelt out, and counted."""

from __future__ import annotations

import re
import unicodedata

# Controls (ANSI escapes begin with one), marks of writing direction, and what has no width. The two joiners are seen by
# what they join, in the scripts that are written with them and between emoji; anywhere else they hide.
_JOINED = "[\u0600-\u0dff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]"
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    f"|(?<!{_JOINED})[\u200c\u200d]|[\u200c\u200d](?!{_JOINED})"
)


def spelt_out(text: str, *, keep: str = "") -> str:
    r"""Return a text in which nothing acts and nothing hides: such characters are written as ``\x1b``.

    Args:
        text: of anybody's.
        keep: characters that stay as they are.
    """
    return _UNSEEN.sub(lambda found: found[0] if found[0] in keep else _spelt(found[0]), text)


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes up."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _spelt(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
