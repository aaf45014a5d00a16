"""Shared runs, opened from disk in a real browser that has no network."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import Browse, Opened
from executed import code, html, leave_run, printed

from fcwork import runner
from fcwork.redact import holds_secret

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NOTEBOOKS = {
    "00_start_here": ({}, "Start here"),
    "ingestion": ({"PROFILE": "simulator", "MAX_REJECTED": "5%"}, "Ingestion"),
    "extraction": ({"PROFILE": "simulator"}, "Extraction"),
    "webhook_verify": ({}, "Webhook"),
}
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
ATTACKS = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg onload=\"document.title='owned'\">",
    "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>",
    "<img src='https://x.test/a.png'><link rel=stylesheet href='https://x.test/a.css'>",
    "<style>@import url('https://x.test/b.css');</style><p style=\"background:url('https://x.test/c.png')\">x</p>",
    "</div></article></main><h1>owned</h1>",
)


def shared(result: Any) -> Path:
    """Share a run, and return its page."""
    return Path(runner.share(result, "out").page)


def is_calm(opened: Opened, file: Path) -> bool:
    """Say whether a page asked for nothing but itself, and said nothing."""
    return opened.asked == [file.absolute().as_uri()] and opened.said == []


@pytest.fixture
def workspace(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where the notebooks, mappings and samples lie."""
    there = home / "notebooks"
    shutil.copytree(runner.shipped(), there, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(there)
    monkeypatch.setenv("FCWORK_HOME", str(home / ".fcwork"))
    return there


@pytest.mark.kernel
@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.usefixtures("workspace")
def test_each_notebook_s_page_opens_without_a_network(name: str, browse: Browse) -> None:
    """P8: the page of each shipped notebook opens from disk, asks for nothing, shows no secret, is under 2 MB."""
    parameters, title = NOTEBOOKS[name]
    result = runner.run(name, parameters)
    file = shared(result)

    text = file.read_text("utf-8")
    assert result.ok or result.state == "COMPLETED_WITH_ERRORS", result.reason
    assert len(text.encode()) < 2_000_000
    assert not holds_secret(text)
    with browse(file, viewport=WIDE) as opened:
        page = opened.page
        assert page.inner_text("h1") == title
        assert page.inner_text(".state") == result.state.replace("_", " ")
        assert page.locator(".contents a").count() >= 7
        assert page.locator("details.code").count() == page.locator("details.code:not([open])").count() > 0
        assert is_calm(opened, file)


@pytest.mark.kernel
def test_a_run_that_leaked_is_shared_without_its_secrets(
    situation: Callable[..., runner.RunResult], monkeypatch: pytest.MonkeyPatch, browse: Browse
) -> None:
    """P8: the page of a run that printed, returned and raised secrets shows none of them, and what failed."""
    monkeypatch.setenv("FLUENT_CLIENT_SECRET", "s3cr3t of/the+runner\"'&")
    file = shared(situation("leaks"))
    assert not holds_secret(file.read_text("utf-8"))
    with browse(file) as opened:
        shown = opened.page.inner_text("body")
        assert "RuntimeError" in shown
        assert "s3cr3t" not in shown
        assert "the-kernel" not in shown
        assert is_calm(opened, file)


def test_a_page_has_two_looks_and_folds_its_code(home: Path, browse: Browse) -> None:
    """The look follows the system, and the switch; code opens and closes at once; the contents lead to their places."""
    del home
    file = shared(
        leave_run("# Load\n\n## One", code("a = 1", printed("x")), "## Two", code("b = 2", printed("y\n" * 200)))
    )
    with browse(file, viewport=WIDE, color_scheme="dark") as opened:
        page = opened.page
        dark = page.evaluate(BACKGROUND)
        page.click("text=Light")
        light = page.evaluate(BACKGROUND)
        assert (dark, light) == ("rgb(16, 21, 19)", "rgb(246, 247, 246)")
        page.reload()
        assert page.evaluate(BACKGROUND) == light
        page.click("text=Show code")
        assert page.locator("details.code[open]").count() == 2
        page.click("text=Hide code")
        assert page.locator("details.code[open]").count() == 0
        page.click(".contents a >> nth=1")
        assert page.url.endswith("#at-two")
        page.wait_for_selector(".contents a[aria-current]")
        assert opened.said == []


def test_a_page_fits_a_phone_and_paper(home: Path, browse: Browse) -> None:
    """On a narrow screen nothing but a table's own box scrolls sideways; on paper there is no code and no switch."""
    del home
    table = "<table><tr>" + "<td>a value that is long</td>" * 30 + "</tr></table>"
    file = shared(leave_run(f"# {'Load' * 40}", code("x = 1" * 200, html(table), printed("y" * 1_000)), "## End"))
    with browse(file, viewport=NARROW) as opened:
        page = opened.page
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        page.emulate_media(media="print")
        assert not page.is_visible("details.code")
        assert not page.is_visible(".tools")
        assert page.is_visible("article table")
        assert is_calm(opened, file)


def test_a_page_is_whole_without_its_script(home: Path, browse: Browse) -> None:
    """Where scripts are off the page reads as well: the switches are not there, and code unfolds by itself."""
    del home
    file = shared(leave_run("# Load", code("a = 1", printed("shown"))))
    with browse(file, java_script_enabled=False) as opened:
        assert not opened.page.is_visible(".tools")
        assert "shown" in opened.page.inner_text("article")
        opened.page.click("summary >> text=Code")
        assert "a = 1" in opened.page.inner_text("article")


def test_nothing_in_an_output_runs(home: Path, browse: Browse) -> None:
    """P25: scripts, handlers, frames, styles and pictures in outputs, names and texts neither run nor fetch."""
    del home
    bad = "".join(ATTACKS)
    cells = [f"# {bad}\n\n## {bad}\n\n{bad}", *(code(one, html(one), printed(one)) for one in ATTACKS)]
    told = {"name": bad, "target": bad, "evalue": bad, "ename": "E", "parameters": {bad: bad}}
    file = shared(leave_run(*cells, state="FAILED", **told))
    for one in (file, file.with_name("index.html")):
        with browse(one) as opened:
            opened.page.wait_for_timeout(200)
            assert opened.page.title() != "owned"
            assert opened.page.locator("h1:not(article h1)").count() == 1
            assert is_calm(opened, one)


def test_the_index_sorts_finds_and_leads(home: Path, browse: Browse) -> None:
    """The index sorts by any column, finds by words, leads to the pages, and asks no network for anything."""
    del home
    for number, name in enumerate(("bay", "coast", "alps")):
        leave_run(f"# Load {name}", code(), run_id=name, read=10**number, started_at=f"2026-01-0{number + 1}T00:00:00Z")
        shared(name)
    file = Path("out/index.html")
    with browse(file, viewport=WIDE) as opened:
        page = opened.page

        def names() -> list[str]:
            return [one for one in page.locator(".runs td:first-child a").all_inner_texts() if one]

        assert names() == ["Load alps", "Load coast", "Load bay"]
        page.click("th >> text=Run")
        assert names() == ["Load alps", "Load bay", "Load coast"]
        page.click("th >> text=Read")
        assert names() == ["Load alps", "Load coast", "Load bay"]
        page.click("th >> text=Read")
        assert names() == ["Load bay", "Load coast", "Load alps"]
        page.fill("input", "coast load")
        assert [row.is_visible() for row in page.locator(".runs tbody tr").all()] == [False, True, False]
        assert is_calm(opened, file)
        page.click("text=Load coast")
        assert page.url.endswith("/out/coast.html")
        assert page.inner_text("h1") == "Load coast"
