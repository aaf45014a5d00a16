"""A real JupyterLab for tests, as ``fcwork lab`` starts it, and a notebook in it driven by Chromium.

It reaches no network but this machine's loopback. With ``SCREENSHOTS_OF_TESTS`` set, pictures are left in that folder.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import chromium

ROOT = Path(__file__).parents[1]
TOKEN = "of-a-test"
_SETTINGS = {"notification": {"fetchNews": "false", "checkForUpdates": False}}  # it would ask people, and the network
_THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_WAIT_MS = 60_000


@dataclass
class Notebook:
    """A notebook that is open in JupyterLab.

    Attributes:
        page: Playwright's.
        said: errors in the page's console, and exceptions in the page.
    """

    page: Any
    said: list[str] = field(default_factory=list)

    def write(self, text: str, *, cell: int = 0) -> None:
        """Type a text into a cell, as a person would."""
        self.editor(cell).click()
        self.page.keyboard.type(text)

    def paste(self, text: str, *, cell: int = 0) -> None:
        """Put a text into a cell in one go, in the place of what is there."""
        self.editor(cell).click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def run(self, *, cell: int = 0, wait: bool = True) -> None:
        """Run a cell."""
        from playwright.sync_api import expect

        prompt = self.page.locator(".jp-Notebook .jp-Cell .jp-InputPrompt").nth(cell)
        before = re.escape(prompt.inner_text().strip() or "[ ]:")
        for patience_ms in (5_000, 5_000, 20_000):  # a page that is still being drawn does not hear of the keys
            self.editor(cell).click()
            self.page.keyboard.press("Control+Enter")
            try:
                expect(prompt).to_have_text(re.compile(rf"^(?!{before})\s*\[[\d*]+\]"), timeout=patience_ms)
                break
            except AssertionError:
                if patience_ms > 5_000:
                    raise
        if wait:
            expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=_WAIT_MS)

    def editor(self, cell: int) -> Any:
        """Return the editor of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell .cm-content").nth(cell)

    def output(self, cell: int = 0) -> Any:
        """Return the outputs of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea-output")

    def outputs(self, count: int, *, cell: int = 0) -> list[Any]:
        """Return so many outputs of a cell: a kernel's word that it is done may come before them."""
        shown = self.output(cell)
        shown.nth(count - 1).wait_for(timeout=_WAIT_MS)
        return list(shown.all())

    def offered(self) -> list[str]:
        """Press Tab, and return what is offered."""
        self.page.keyboard.press("Tab")
        self.page.locator(".jp-Completer:visible .jp-Completer-item").first.wait_for(timeout=10_000)
        return list(self.page.locator(".jp-Completer .jp-Completer-match").all_inner_texts())

    def chosen(self) -> None:
        """Take what is marked among what is offered."""
        self.page.keyboard.press("Enter")
        self.page.locator(".jp-Completer:visible").first.wait_for(state="detached", timeout=10_000)

    def picture(self, name: str) -> None:
        """Leave a picture, where pictures are wanted."""
        if folder := os.environ.get("SCREENSHOTS_OF_TESTS"):
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


@dataclass(frozen=True)
class Lab:
    """A JupyterLab server.

    Attributes:
        address: of it.
        folder: that it serves.
    """

    address: str
    folder: Path

    @contextmanager
    def notebook(self, *cells: str, look: str = "light", **context: Any) -> Iterator[Notebook]:
        """Open a new notebook with some cells in Chromium."""
        program, playwright = chromium()
        name = f"{time.monotonic_ns()}.ipynb"
        (self.folder / name).write_text(json.dumps(_notebook(cells)), "utf-8")
        self._set("themes", {"theme": _THEMES[look]})
        with playwright() as driver:
            browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
            own = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **context})
            own.route(lambda url: not url.startswith((self.address, "data:", "blob:")), lambda route: route.abort())
            opened = Notebook(own.new_page())
            opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
            opened.page.on("dialog", lambda dialog: opened.said.append(f"a dialog: {dialog.message}"))
            opened.page.goto(f"{self.address}/doc/tree/{name}?token={TOKEN}")
            opened.editor(0).wait_for(timeout=_WAIT_MS)
            idle = opened.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first
            idle.wait_for(state="attached", timeout=_WAIT_MS)  # a narrow window does not show it
            opened.page.wait_for_timeout(1_000)  # cells are drawn once more when the kernel has said who it is
            yield opened
            browser.close()

    def _set(self, plugin: str, values: dict[str, Any]) -> None:
        httpx.put(
            f"{self.address}/lab/api/settings/@jupyterlab/apputils-extension:{plugin}",
            json={"raw": json.dumps(values)},
            headers={"Authorization": f"token {TOKEN}"},
        ).raise_for_status()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab on an empty folder; where there is no browser the test is skipped, and in CI it fails."""
    chromium()
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    (folder / ".fcwork").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
    command = [sys.executable, "-m", "fcwork", "lab", str(folder), "--", *options, "--allow-root"]
    places = ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR")
    own = {"HOME": str(home), "PYTHONPATH": str(ROOT), **{name: str(home / name.lower()) for name in places}}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLUENT_", "FCWORK_"))}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, env={**kept, **own}, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, home / "log")
        made = Lab(address, folder)
        for plugin, values in _SETTINGS.items():
            made._set(plugin, values)
        yield made
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        try:
            httpx.get(f"{address}/api?token={TOKEN}").raise_for_status()
        except httpx.HTTPError:
            assert server.poll() is None, log.read_text("utf-8", "replace")
            time.sleep(0.2)
        else:
            return
    raise AssertionError(log.read_text("utf-8", "replace"))


def _notebook(cells: tuple[str, ...]) -> dict[str, Any]:
    made = [
        {"id": f"c{at}", "cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for at, text in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
