"""A result as a person sees it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fcwork import redact
from fcwork.errors import SourceError
from fcwork.validator import CheckResult, Validator

RULES = {"required": ["ref"], "pattern": {"ref": "^[A-Z]+$"}, "range": {"qty": {"min": 0}}}
EVIL = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x1b[31m"


class Tags(HTMLParser):
    """Collect the tags of a page and what they hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in {"meta", "br", "!doctype"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that a tag ends, which must be the one that began last."""
        assert self.open.pop() == tag


def result(rows: int = 30) -> CheckResult:
    """Return a result with several rules broken."""
    return Validator(RULES).check(
        [{"ref": "a" if at % 3 else "", "qty": -at if at % 5 == 0 else at} for at in range(1, rows + 1)]
    )


def test_a_result_shows_the_verdict_a_bar_a_rule_and_examples() -> None:
    """A result shows its summary, how the rows part, a bar for each broken rule and the first examples."""
    page = result()._repr_html_()
    assert "30 rows: 0 valid, 30 rejected" in page
    assert re.search(r"0 valid</span> · .*● *</span> 30 rejected</span>", page)
    assert [page.count(f">{code}<") > 1 for code in ("check.pattern", "check.required", "check.range")] == [True] * 3
    widths = [float(width) for width in re.findall(r"border-radius:\.35em;width:([\d.]+)%", page)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 100
    assert "and 26 more" in page
    parsed = Tags(page)
    assert parsed.open == []


def test_each_rule_is_among_the_first_examples() -> None:
    """A rule that was broken once is shown beside one that was broken a thousand times."""
    rows = [{"ref": "a", "qty": 1}] * 1000 + [{"ref": "A", "qty": -1}]
    page = Validator(RULES).check(rows)._repr_html_()
    assert "qty is -1, below the minimum 0" in page.partition("First examples")[2]


@pytest.mark.parametrize("whole", [False, True])
def test_no_tag_of_the_datas_lives(whole: bool) -> None:  # noqa: FBT001 - a parameter
    """P25: names, values and messages are escaped, what is not seen is shown, and there is no script."""
    found = Validator({"pattern": {EVIL: "^<b>$"}, "unique": [EVIL]}).check([{EVIL: EVIL}, {EVIL: EVIL}])
    page = found.to_html(title=EVIL) if whole else found._repr_html_()
    parsed = Tags(page)
    known = {"div", "p", "span", "b", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert parsed.tags <= known | {"html", "head", "meta", "title", "style", "body", "main", "h1"}
    assert parsed.attributes <= {"style", "class", "colspan", "lang", "charset", "http-equiv", "content", "name", "dir"}
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "\\u202e" in page


def test_a_page_stands_alone() -> None:
    """A page is whole, forbids everything from outside, and names no address."""
    page = result().to_html(title="Stock & more")
    assert page.startswith("<!doctype html>")
    assert "<title>Stock &amp; more: rejected rows</title>" in page
    assert "default-src 'none'" in page
    assert not re.search(r"https?:|<script|<link|src=|url\(", page)
    assert Tags(page).open == []


def test_a_page_is_written_whole(tmp_path: Path) -> None:
    """P29: given a path the page is written there, over what was there, and nothing else is left."""
    path = tmp_path / "check.html"
    path.write_text("old", encoding="utf-8")
    found = result()
    assert found.to_html(path) == path
    assert path.read_text("utf-8") == found.to_html()
    assert found.to_html(str(path)) == path
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """P32: a folder that is not there, or a folder for a file, is a SourceError with the path."""
    for path in (tmp_path / "nope" / "check.html", tmp_path, Path("x\0.html")):
        with pytest.raises(SourceError, match="cannot be written"):
            result().to_html(path)
    assert list(tmp_path.iterdir()) == []


def test_known_secrets_are_masked() -> None:
    """A known secret in a row is not shown."""
    redact.register("hunter2hunter2")
    found = Validator(RULES).check([{"ref": "hunter2hunter2", "qty": 1}])
    assert "hunter2hunter2" not in found._repr_html_() + found.to_html()


@pytest.mark.parametrize(
    ("rows", "rules", "word"),
    [
        ([{"ref": "A", "qty": 1}], RULES, ">valid<"),
        ([{"ref": "a", "qty": 1}], {**RULES, "severity": {"pattern": "warning"}}, ">valid, with warnings<"),
        ([{"ref": "a", "qty": 1}], RULES, ">rejected rows<"),
        ([{"ref": "A", "qty": 1}] * 2, {"max_rows": 1}, ">refused<"),
        ([], RULES, ">nothing to check<"),
    ],
)
def test_the_verdict_is_a_word(rows: list[object], rules: dict[str, object], word: str) -> None:
    """The verdict tells valid, warned of, rejected, refused as a whole, and nothing to check apart."""
    assert word in Validator(rules).check(rows)._repr_html_()  # type: ignore[arg-type]


def test_a_single_rejected_row_is_seen() -> None:
    """One rejected row among many takes its part of the bar."""
    found = Validator(RULES).check([{"ref": "A", "qty": 1}] * 9999 + [{"ref": "a", "qty": 1}])
    assert "flex:1 0 0;min-width:4px" in found._repr_html_()
