"""Patterns, by what every Python that fcwork runs on makes of them."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fcwork"
_QUANTIFIED = re.compile(r"\)(?:\*\+|\+\+|\?\+)")


def opening(text: str, closing: int) -> int:
    """Return where the group begins that ends at ``closing``; what is escaped or in a class of characters is none."""
    blank = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", lambda found: "_" * len(found[0]), text)
    depth = 0
    for at in range(closing, -1, -1):
        depth += {")": 1, "(": -1}.get(blank[at], 0)
        if not depth:
            return at
    return -1


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_group_that_gives_nothing_back_is_an_atomic_one(file: Path) -> None:
    """Python before 3.11.5 lets a possessive group that fails keep what it took, unless the group itself is atomic."""
    for line in file.read_text("utf-8").splitlines():
        for found in _QUANTIFIED.finditer(line):
            assert line[opening(line, found.start()) :].startswith("(?>"), line.strip()
