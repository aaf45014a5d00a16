"""What a docstring says to be assumed of the platform."""

import inspect
from collections.abc import Callable
from typing import Any


def assumed_by(answer: Callable[..., Any]) -> list[str]:
    """Return the statements under ``Assumed:`` in a docstring, a line each."""
    _, _, section = (inspect.getdoc(answer) or "").partition("Assumed:\n")
    statements: list[str] = []
    for line in section.splitlines():
        text = line.strip()
        if text.startswith("- "):
            statements.append(text[2:])
        elif text and statements:
            statements[-1] += f" {text}"
    return statements
