"""A text of GraphQL in tokens, also where it is not whole yet."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r'(?P<skip>[\s,\ufeff]+|#[^\r\n]*)|(?P<text>"""(?:[^"\\]|\\.|"(?!""))*"""|"(?!"")(?:[^"\\\r\n]|\\.)*")'
    r"|(?P<name>[_A-Za-z][_0-9A-Za-z]*)|(?P<number>-?\d[\d.eE+-]*)|(?P<mark>\.\.\.|.)",
    re.DOTALL,
)
_ALIKE = {"text": '""', "number": "0"}  # what stands for any of them


def split(text: str) -> list[str] | None:
    """Return the tokens of a text; None where it ends within a string or a comment."""
    tokens = []
    for found in _TOKEN.finditer(text):
        if found.lastgroup == "skip":
            if found[0][0] == "#" and found.end() == len(text):
                return None
        elif found[0] == '"':  # of a string without an end
            return None
        else:
            tokens.append(_ALIKE.get(found.lastgroup or "", found[0]))
    return tokens
