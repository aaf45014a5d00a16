"""The papers that users read: README.md and the guides in .github/guide, as one text and page by page."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDE = ROOT / ".github" / "guide"
PAGES = [README, *sorted(GUIDE.glob("*.md"))]
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def fences(language: str, text: str = TEXT) -> list[str]:
    """Return the fenced blocks of a language."""
    return [block for name, block in FENCE.findall(text) if name == language]


def unfenced(text: str) -> str:
    """Return a text without its fenced blocks."""
    return FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """Return the code spans of a text without its fences."""
    return re.findall(r"`([^`\n]+)`", unfenced(text))


def links(text: str) -> list[str]:
    """Return where the links and pictures of a text lead; code leads nowhere."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", unfenced(text)))


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings have, as GitHub makes them of their words."""
    headings = re.findall(r"^#+ (.+)$", unfenced(text), re.MULTILINE)
    made: set[str] = set()
    for heading in headings:
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        number = 1
        while (again := name if number == 1 else f"{name}-{number - 1}") in made:
            number += 1
        made.add(again)
    return made
