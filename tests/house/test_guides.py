"""The README and the guides hang together: links, pictures, and where a reader gets to."""

import re
from pathlib import Path

import pytest
from papers import GUIDE, PAGES, README, ROOT, anchors, links

PAPERS = [*PAGES, *sorted((ROOT / ".github").glob("*.md"))]
PICTURES = ROOT / ".github" / "pictures"
HEAVIEST = 150_000  # bytes: a page on a slow line


def pages_of(start: Path) -> set[Path]:
    """Return the pages that a page links to."""
    near = (one.partition("#")[0] for one in links(start.read_text("utf-8")) if "://" not in one)
    return {(start.parent / one).resolve() for one in near if one.endswith(".md")}


def lost(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead to no file of the house or to no heading of it."""
    return [link for link in links(text) if "://" not in link and not leads(page, link)]


def leads(page: Path, link: str) -> bool:
    """Say whether a relative link leads to a file of the house, and an anchor to a heading of it."""
    place, _, anchor = link.partition("#")
    target = (page.parent / place).resolve() if place else page
    if not (target.is_file() and target.is_relative_to(ROOT)):
        return False
    return not anchor or anchor in anchors(target.read_text("utf-8"))


@pytest.mark.parametrize("page", PAPERS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A relative link names a file that is there, and an anchor a heading of it."""
    assert lost(page, page.read_text("utf-8")) == []


@pytest.mark.parametrize("link", ["nowhere.md", "#nowhere", ".github/guide/runs.md#nowhere", "../elsewhere.md"])
def test_a_link_that_leads_nowhere_is_noticed(link: str) -> None:
    """These tests fail for a file, or a heading, that is not there."""
    assert lost(README, f"[here]({link})") == [link]


def test_anchors_are_those_of_github() -> None:
    """Signs go, spaces become hyphens, a second heading of a name gets a number, and code has no headings."""
    text = "# A page\n## S3, SFTP & `more`\n## A page\n```\n# no heading\n```\n"
    assert anchors(text) == {"a-page", "s3-sftp--more", "a-page-1"}


def test_every_guide_is_reached_from_the_readme() -> None:
    """From the README links lead to each guide, within two steps."""
    near = pages_of(README)
    assert set(PAGES) - {README} <= near.union(*(pages_of(page) for page in near))


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_a_guide_begins_with_what_it_is_for(page: Path) -> None:
    """Below its one title a guide says in a sentence what it is for, and leads back to the README."""
    text = page.read_text("utf-8")
    assert re.match(r"# .+\n\n[A-Z].+", text), page
    assert len(re.findall(r"^# ", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)) == 1
    assert README in pages_of(page)


def test_the_readme_is_short() -> None:
    """A newcomer reads the README to its end; what is more stands in a guide."""
    assert len(README.read_text("utf-8").splitlines()) <= 300


def test_pictures_are_shown_and_small() -> None:
    """Each picture is shown on some page, with words for who does not see it, and is quickly there."""
    text = "".join(page.read_text("utf-8") for page in PAGES)
    files = sorted(PICTURES.iterdir())
    assert {file.name for file in files} == set(re.findall(r"!\[[^\]]{10,}\]\([^)]*pictures/([^)]+)\)", text))
    assert [file.name for file in files if file.stat().st_size > HEAVIEST] == []


def test_the_guides_are_all_pages() -> None:
    """Beside the pages nothing lies in the folder of guides."""
    assert set(GUIDE.iterdir()) == set(PAGES) - {README}
