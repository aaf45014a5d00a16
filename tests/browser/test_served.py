"""``fcwork serve operations``, opened in a browser: an app of panels, with no code to see or to run."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import SHOTS, a_browser, need_a_browser
from served import serving

pytest.importorskip("voila", reason="pip install -e '.[voila]'")
pytestmark = pytest.mark.kernel
App = tuple[subprocess.Popen[str], str]
PATIENCE = 90_000
# Voila's page asks for icons and formulas elsewhere, and goes without them where it gets none; extensions of JupyterLab
# that others installed do not find what they want in it.
_OF_VOILA = ("favicon", "cdn.jsdelivr.net", "ERR_", "Shared module")


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    """Serve the operations notebook of the simulator, in a workspace with a lease that nobody holds any more."""
    need_a_browser()
    with serving(home, "-p", "PROFILE", "simulator") as there:
        yield there


@pytest.fixture
def page(app: App) -> Iterator[Any]:
    """Open it, and fail where its page has troubles or asks another machine."""
    troubles: list[str] = []
    with a_browser() as opened:
        page = opened.new_page(viewport={"width": 1280, "height": 1400})
        page.on("console", lambda told: troubles.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        own = re.compile(r"(http|ws)://127\.0\.0\.1:|data:|blob:")
        page.on("request", lambda asked: None if own.match(asked.url) else troubles.append(asked.url))
        page.set_default_timeout(PATIENCE)
        page.goto(app[1])
        page.get_by_role("button", name="Look", exact=True).first.wait_for()
        yield page
    assert [one for one in troubles if not any(word in one for word in _OF_VOILA)] == []


def kept(page: Any, name: str) -> None:
    """Keep a picture, where pictures are wanted."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_the_desk_is_used_in_the_app(page: Any) -> None:
    """P33: texts and panels are there, no code is; an action is chosen and looked at by clicks, narrow or wide."""
    assert page.get_by_role("heading", name="Operations", exact=True).count()
    assert "import fcwork" not in page.inner_text("body")
    desk = page.locator(".fcw-panel").filter(has=page.get_by_role("heading", name="Operations")).last
    desk.get_by_label("Action", exact=True).select_option(label="connection")
    desk.get_by_role("button", name="Look", exact=True).click()
    desk.get_by_text("4 of 4 answered").first.wait_for()
    kept(page, "served-wide")
    page.set_viewport_size({"width": 420, "height": 1400})
    kept(page, "served-narrow")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1")


def test_without_its_token_a_login_is_asked(app: App) -> None:
    """The address alone leads to a page that asks for the token; the token lets one in, another does not."""
    address, _, token = app[1].partition("?token=")
    with a_browser() as opened:
        page = opened.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        field = page.locator("#password_input")
        field.fill("not-the-token")
        field.press("Enter")
        page.get_by_text("Invalid credentials").wait_for()
        kept(page, "served-login")
        assert page.locator(".fcw-panel").count() == 0
        page.locator("#password_input").fill(token)
        page.locator("#password_input").press("Enter")
        page.get_by_role("button", name="Look", exact=True).first.wait_for()
