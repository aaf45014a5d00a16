import re

import pytest

from fcwork.redact import MASK
from fcwork.runner.sharing.harmless import CUT, harmless, shows_something

ATTACKS = (
    "<script>alert(1)</script>",
    "<SCRIPT src=//x.test/a.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://x.test/pixel.png'>",
    "<svg onload=alert(1)><a href='javascript:alert(1)'>x</a></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\nscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>@import url(https://x.test/a.css)</style>",
    "<p style='background:url(https://x.test/a.png)'>x</p>",
    "<link rel=stylesheet href=https://x.test/a.css>",
    "<meta http-equiv=refresh content='0;url=https://x.test'>",
    "<base href=https://x.test/>",
    "<form action=https://x.test><input name=a></form>",
    "<object data=https://x.test></object><embed src=https://x.test>",
    "<math><mtext></table><style><img src=x onerror=alert(1)></style></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<table><td></td></table></div></article><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<![foo[<script>alert(1)</script>",
    "<b onclick=alert(1) onmouseover='alert(1)'>x</b>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<video src=https://x.test/a.mp4 autoplay></video>",
    "<p/onclick=alert(1)>x",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_others_runs_or_is_fetched(attack: str) -> None:
    """P25: whatever stands in an output, its HTML is tags that lay out text, with no address but a link's."""
    written = harmless(attack, most=10_000)

    allowed = r"</?(?:a|b|p|table|td|tr|div|span|br)(?: (?:class|href|rel|colspan|rowspan)=\"[^\"<>]*\")*>"
    assert "<" not in re.sub(allowed, "", written)
    assert not re.search(r"<[^>]*(?:\son\w+=|javascript:|x\.test)", written)


@pytest.mark.parametrize("text", ["<table><tr><td>a", "</div></td></table><b>a", "<b><i>a</b>b</i>", "<td><p>a</td>b"])
def test_each_tag_is_closed(text: str) -> None:
    """What was left open is closed and what was never open is not closed, so nothing reaches beyond its place."""
    written = harmless(text, most=1_000)
    opened: list[str] = []
    for slash, tag in re.findall(r"<(/?)(\w+)", written):
        if slash:
            assert opened.pop() == tag
        else:
            opened.append(tag)
    assert opened == []


def test_tables_links_and_pictures_stay() -> None:
    """What lays out text is kept: tables with their spans and sides, links, and pictures that are held in the text."""
    table = '<table border="1" class="dataframe"><tr><th colspan="2" style="text-align: right;">n</th></tr></table>'
    assert harmless(table, most=999) == '<table><tr><th class="right" colspan="2">n</th></tr></table>'
    link = '<a href="https://docs.test/a?b=1&amp;c=2" target="_blank">docs</a>'
    assert 'href="https://docs.test/a?b=1&amp;c=2" rel="noopener noreferrer"' in harmless(link, most=999)
    picture = '<img src="data:image/png;base64,iVBORw0KGgo=" alt="a chart">'
    assert harmless(picture, most=999) == picture
    assert harmless('<img src="chart.png" alt="a chart">', most=999) == "a chart"


def test_what_is_too_long_is_cut_where_a_tag_ends() -> None:
    """A long output is cut, its tags are closed, and it says so."""
    rows = "".join(f"<tr><td>{number}</td></tr>" for number in range(1_000))
    written = harmless(f"<table>{rows}</table>", most=500)
    assert len(written) < 700
    assert written.endswith(f"</table>{CUT}")
    assert harmless("<p>" * 5_000 + "deep", most=10_000).count("<p>") < 100


def test_a_masked_column_hides_its_values() -> None:
    """Values under a masked heading are hidden, with what stands in tags in them; other columns are not."""
    table = (
        "<table><tr><th></th><th>Email</th><th>ref</th></tr>"
        "<tr><th>0</th><td><b>jane</b>@example.com</td><td>A</td></tr></table>"
    )
    written = harmless(table, most=999, masked=frozenset({"email"}))
    assert "jane" not in written
    assert "example.com" not in written
    assert f"<td><b>{MASK}</b></td><td>A</td>" in written


def test_a_masked_name_hides_what_stands_beside_it() -> None:
    """In a table of names and values the value beside a masked name is hidden."""
    table = "<table><tr><td>email</td><td>jane@example.com</td></tr><tr><td>ref</td><td>A</td></tr></table>"
    written = harmless(table, most=999, masked=frozenset({"email"}))
    assert written.count(MASK) == 1
    assert "jane" not in written
    assert "<td>A</td>" in written


def test_a_table_inside_another_does_not_unmask_it() -> None:
    """A masked column stays so after a table inside a cell, and below a heading of several columns."""
    inner = "<table><tr><td>x</td></tr></table>"
    table = (
        f"<table><tr><th>a</th><th colspan=2>email</th></tr><tr><td>{inner}</td><td>one</td><td>two</td></tr></table>"
    )
    written = harmless(table, most=999, masked=frozenset({"email"}))
    assert "one" not in written
    assert "two" not in written


@pytest.mark.parametrize(("text", "shows"), [("<div> \n</div>", False), ("<p>x</p>", True), ('<img src="a">', True)])
def test_what_shows_nothing_is_known(text: str, shows: bool) -> None:  # noqa: FBT001
    """HTML without a text or a picture shows nothing."""
    assert shows_something(text) is shows
