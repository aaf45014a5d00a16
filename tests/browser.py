"""Chromium for tests that look at pages: the system's own, driven by Playwright, cut off from every network.

A server of the test's own on this machine may be looked at too, and nothing beside it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CI = bool(os.environ.get("FCWORK_CI"))  # read now: each test begins without
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Opened:
    """A page in the browser.

    Attributes:
        page: Playwright's.
        asked: the addresses that it asked for, its own among them.
        said: what it wrote to the console, errors too.
    """

    page: Any
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


Browse = Callable[..., AbstractContextManager[Opened]]


def chromium() -> tuple[str, Any]:
    """Return the browser and what drives it; where there is none the test is skipped, and in CI it fails."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if not program or sync_playwright is None:
        lacking = "no Chromium: apt-get install chromium" if not program else "no Playwright: pip install -e '.[test]'"
        (pytest.fail if CI else pytest.skip)(lacking)
    return str(program), sync_playwright


@pytest.fixture
def browse() -> Browse:
    """Open a file from disk, or an address here; where there is no browser the test is skipped, and in CI it fails."""
    program, sync_playwright = chromium()

    @contextmanager
    def opened(place: Path | str, **context: Any) -> Iterator[Opened]:
        address = place if isinstance(place, str) else place.absolute().as_uri()
        near = "file:" if isinstance(place, Path) else "/".join(address.split("/")[:3])
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            own = browser.new_context(offline=isinstance(place, Path), **context)
            own.route(lambda address: not address.startswith(near), lambda route: route.abort())
            one = Opened(own.new_page())
            one.page.on("request", lambda request: one.asked.append(request.url))
            one.page.on("console", lambda message: one.said.append(message.text))
            one.page.on("pageerror", lambda error: one.said.append(str(error)))
            one.page.goto(address)
            yield one
            browser.close()

    return opened
