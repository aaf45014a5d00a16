import json
import re
import threading
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from executed import code, html, printed

from fcwork import runner, sources
from fcwork.clock import ManualClock
from fcwork.errors import NotebookError, SecretFoundError, SourceError
from fcwork.redact import MASK, register
from fcwork.runner.sharing.page import took

SECRET = "s3cr3t-Tok/en+9"
Leave = Callable[..., Path]


def page_of(shared: runner.Shared) -> str:
    """Return the page that was written."""
    return Path(shared.page).read_text("utf-8")


def article(page: str) -> str:
    """Return what the cells show."""
    return page.partition("<article>")[2].partition("</article>")[0]


class Asking(HTMLParser):
    """Notes what a page would fetch or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts, self.asked = 0, list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a script, an address, and an attribute that runs."""
        self.scripts += tag == "script"
        fetching = {"src", "srcset", "data", "poster", "background", "action", "formaction"}
        self.asked += [str(value) for name, value in attrs if name in fetching and not str(value).startswith("data:")]
        self.asked += [name for name, _ in attrs if name.startswith("on")]
        self.asked += [str(value) for name, value in attrs if tag == "link" and name == "href"]


def test_a_page_is_one_file_with_everything_in_it(leave: Leave) -> None:
    """P25: a page has one script, its own, which its policy names by its hash, and asks for nothing."""
    leave(
        "# Load\n\n![x](https://x.test/a.png) <script>alert(1)</script>", code("x", html("<script>1</script><b>y</b>"))
    )

    page = page_of(runner.share("latest", "out"))

    asking = Asking(page)
    assert (asking.scripts, asking.asked) == (1, [])
    assert not re.search(r"@import|url\(", page)
    assert "default-src 'none'" in page
    assert re.search(r"script-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'", page)
    assert "unsafe-inline'; script" not in page.replace("style-src 'unsafe-inline'; img-src", "")


def test_a_page_tells_how_the_run_ended(leave: Leave) -> None:
    """The head says state, platform, time and reason; the figures add up; parameters and contents are there."""
    figures = {"read": 10, "delivered": 8, "rejected": 2, "unknown": 0, "ready": 0}
    leave("# Stock\n\n## What <b>\n\n### Step & one", "## Steps", code(), state="COMPLETED_WITH_ERRORS", **figures)

    page = page_of(runner.share("latest", "out"))

    assert "<title>Stock: COMPLETED_WITH_ERRORS</title>" in page
    assert '<h1>Stock</h1><p class="about"><span class="state doubt">COMPLETED WITH ERRORS</span>' in page
    assert "15 January 2026, 12:00:00 UTC" in page
    assert "Every row that was read is accounted for." in page
    assert '<div class="loud simulator">' in page
    assert "<dt><code>SOURCE</code></dt><dd><code>stock.csv</code></dd>" in page
    assert '<a href="#at-what-b">What &lt;b&gt;</a>' in page
    assert '<li class="level-3"><a href="#at-step-one">Step &amp; one</a>' in page
    assert "<h1" not in article(page)


def test_figures_that_do_not_add_up_say_so(leave: Leave) -> None:
    """Where the piles are not the rows that were read, the page does not say that they are."""
    leave(code(), read=10, delivered=8, rejected=1)
    assert "These are 9 rows together, and not all that were read." in page_of(runner.share("latest", "out"))


def test_headings_of_one_name_are_led_to_apart(leave: Leave) -> None:
    """Two headings of the same text have anchors of their own."""
    leave("## Same\n\n## Same\n\n## ***")
    page = page_of(runner.share("latest", "out"))
    assert re.findall(r'href="#(at-[^"]+)"', page) == ["at-same", "at-same-2", "at-heading"]


def test_code_is_folded_away_or_left_out(leave: Leave) -> None:
    """Code is in the page, folded; with ``code=False`` it is not in the page at all."""
    leave(code("ORDERS = 'x < 1'", printed("shown")))

    page = page_of(runner.share("latest", "out"))
    assert '<details class="code"><summary>' in page
    assert "ORDERS" in page
    assert "<details open" not in page

    bare = page_of(runner.share("latest", "out", code=False))
    assert "ORDERS" not in bare
    assert "Show code</button>" not in bare
    assert "shown" in bare


def test_a_failed_run_leads_to_what_failed(leave: Leave) -> None:
    """A failed run's page shows the error, leads to its cell, and says which steps were not run."""
    error = {"output_type": "error", "ename": "ValueError", "evalue": "<b>boo", "traceback": []}
    cells = ["# Load", code("a"), code("b", error, status="failed"), code("c", status="not run")]
    leave(*cells, state="FAILED", ename="ValueError", evalue="<b>boo", failed_cell=2)

    page = page_of(runner.share("latest", "out"))

    assert '<p class="lead">ValueError: &lt;b&gt;boo <a href="#cell-2">Go to step [2]</a></p>' in page
    assert '<div class="cell failed" id="cell-2">' in page
    assert article(page).count("This step was not run.") == 1


def test_names_and_values_of_others_stay_text(leave: Leave) -> None:
    """P25: no title, target, parameter, notebook's name or error brings a tag into page or index."""
    bad = "</title></script><script>alert(1)</script>"
    told = {"target": bad, "name": bad, "evalue": bad, "ename": bad, "parameters": {bad: bad}}
    leave(f"# {bad}\n\n## {bad}", code(bad, printed(bad)), state="FAILED", **told)

    shared = runner.share("latest", "out")

    for written in (page_of(shared), Path(shared.index).read_text("utf-8")):
        assert "<script>alert" not in written
        assert Asking(written).scripts == 1
    runner.share("latest", "out", title=bad)
    assert "<script>alert" not in page_of(shared)


def test_masked_columns_are_hidden(leave: Leave) -> None:
    """Columns that are named as masked show no value in the page's tables, whatever case they are written in."""
    leave(code("x", html("<table><tr><th>Email</th></tr><tr><td>jane@example.com</td></tr></table>")))
    page = page_of(runner.share("latest", "out", mask=["EMAIL"]))
    assert "jane" not in page
    assert MASK in page


def test_columns_that_the_mapping_masks_are_hidden(leave: Leave) -> None:
    """What the run's mapping masks is hidden without being asked for."""
    cell = code("x", html("<table><tr><th>phone</th></tr><tr><td>555-0100</td></tr></table>"))
    leave(cell, result={"masked": ["Phone", "customer"]})
    assert "555" not in page_of(runner.share("latest", "out"))


@pytest.mark.parametrize(
    ("cells", "told", "where"),
    [
        ([code(f"token = '{SECRET}'")], {}, r"the source of cell \[1\]"),
        ([code("1"), code("x", printed(f"got {SECRET}"))], {}, r"the output of cell \[2\]"),
        ([code("x", html("<b>czNjcjN0LVRvay9lbis5</b>"))], {}, r"the output of cell \[1\]"),
        ([f"# {SECRET}"], {}, "the title, the source of the markdown at place 1"),
        ([], {"parameters": {"KEY": SECRET}}, "the parameter KEY"),
        ([], {"result": {"a": [{"b": SECRET}]}}, "the recorded result"),
        ([], {"evalue": f"401 for {SECRET}"}, "evalue of result.json"),
    ],
)
def test_a_run_that_shows_a_secret_is_not_shared(
    leave: Leave, cells: list[Any], told: dict[str, Any], where: str
) -> None:
    """P8: where a known secret stands in a run, in any spelling, nothing is written and each place is named."""
    leave(*cells, **told)
    register(SECRET)

    with pytest.raises(SecretFoundError, match=f"it is not shared: {where}\n→ change that secret") as caught:
        runner.share("latest", "out")

    assert SECRET not in str(caught.value)
    assert caught.value.places
    assert not Path("out").exists()


def test_a_secret_that_only_the_page_shows_is_found(leave: Leave) -> None:
    """P8: a secret that comes about as the page is made, as by spelled-out characters, is found as well."""
    leave(code("x", html("".join(f"&#{ord(one)};" for one in SECRET))))
    register(SECRET)
    with pytest.raises(SecretFoundError, match="it is not shared: the page"):
        runner.share("latest", "out")
    assert not Path("out").exists()


def test_secrets_of_this_machine_are_known(leave: Leave, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: the passwords of all profiles, and those of the environment, are looked for, whichever the run used."""
    profile = tmp_path / "profiles" / "acme"
    profile.mkdir(parents=True)
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(profile.parent))
    kept = {"id": "i", "baseUrl": "https://acme.test", "clientSecret": "of-the-client", "user": "u"}
    (profile / "profile.json").write_text(json.dumps(kept), "utf-8")
    (profile / "user.u.json").write_text(json.dumps({"username": "u", "password": "of-the-user"}), "utf-8")
    (profile / "retailer.R.json").write_text(json.dumps({"id": "1", "user": "v"}), "utf-8")
    (profile / "user.v.json").write_text(json.dumps({"username": "v", "password": "of-the-retailer"}), "utf-8")
    leave(*(code("x", printed(word)) for word in ("of-the-client", "of-the-user", "of-the-retailer")))

    with pytest.raises(SecretFoundError, match=r"cell \[1\], the output of cell \[2\], the output of cell \[3\]"):
        runner.share("latest", "out")


def test_the_index_tells_of_each_page(leave: Leave) -> None:
    """The index lists the shared runs, the latest first, with what can be sorted, and is made of the pages alone."""
    leave("# Old", run_id="a", read=1_000, delivered=5, rejected=995, started_at="2026-01-14T12:00:00+00:00")
    leave("# New", run_id="b", read=2, written=2, duration_seconds=75, result={"dry_run": True})
    runner.share("a", "out")
    shared = runner.share("b", "out")
    (Path("out") / "other.html").write_text("<html>not ours", "utf-8")
    (Path("out") / "notes.txt").write_text("x", "utf-8")
    runner.share("b", "out")

    index = Path(shared.index).read_text("utf-8")

    assert re.findall(r'<a href="./(\w+)\.html">(\w+)</a>', index) == [("b", "New"), ("a", "Old")]
    assert "2 runs, times in UTC" in index
    assert 'data-of="Read" data-order="1000">1,000</td>' in index
    assert 'data-of="Took" data-order="75.0">1 min 15 s</td>' in index
    assert '<span class="dry-run">dry run</span>' in index

    (Path("out") / "b.html").unlink()
    index = Path(runner.share("a", "out").index).read_text("utf-8")
    assert re.findall(r'<a href="./(\w+)', index) == ["a"]


def test_two_that_share_at_once_are_both_in_the_index(leave: Leave) -> None:
    """Pages that are shared at the same time are all in the index that is there in the end."""
    names = [f"r{number}" for number in range(8)]
    for name in names:
        leave("# Load", run_id=name)
    threads = [threading.Thread(target=runner.share, args=(name, "out")) for name in names]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(re.findall(r'<a href="./(\w+)', Path("out/index.html").read_text("utf-8"))) == names


def test_a_page_is_small_whatever_the_run_put_out(leave: Leave) -> None:
    """However much a notebook put out, its page stays under 2 MB and says what it leaves out."""
    table = "<table>" + "<tr><td>some value</td></tr>" * 7_000 + "</table>"
    cells = [code("x" * 50, html(table)) for _ in range(10)]
    leave("# Big", *cells, code("x", html(f'<img src="data:image/png;base64,{"A" * 3_000_000}">')))

    shared = runner.share("latest", "out")

    assert shared.bytes < 2_000_000
    assert "Cut here: this output is too long for the page." in page_of(shared)
    assert "Left out here, as the page would be too large" in page_of(shared)


def test_pages_go_elsewhere(leave: Leave, tmp_path: Path) -> None:
    """Pages are written to a named place as to a folder, and the page is told by its URI."""
    (tmp_path / "lake").mkdir()
    sources.connect("lake", "local", root=str(tmp_path / "lake"))
    leave("# Load", run_id="a")

    shared = runner.share("a", "lake://reports/", clock=ManualClock())

    assert (shared.page, shared.index) == ("lake://reports/a.html", "lake://reports/index.html")
    assert {file.name for file in (tmp_path / "lake" / "reports").iterdir()} == {"a.html", "index.html"}
    assert str(shared) == f"a → lake://reports/a.html ({shared.bytes:,} bytes; all runs: lake://reports/index.html)"


def test_what_cannot_be_written_is_told(leave: Leave) -> None:
    """P32: a file where the folder should be, and a run whose page would be the index, are told; nothing is left."""
    leave("# Load", run_id="a")
    leave("# Load", run_id="index")
    Path("file").write_text("x", "utf-8")
    with pytest.raises(SourceError, match="file"):
        runner.share("a", "file")
    with pytest.raises(NotebookError, match="a run named index cannot be shared"):
        runner.share("index", "out")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61, "1 min 1 s"), (7_320, "2 h 2 min")]
)
def test_times_are_told_for_people(seconds: float, text: str) -> None:
    """A time is told in seconds, in minutes, or in hours."""
    assert took(seconds) == text
