r"""JupyterLab for tests that use what a notebook shows: started as ``fcwork lab`` does, driven by clicks and keys.

``lab`` opens notebooks::

    def test_it_is_tested_by_a_click(lab: Lab) -> None:
        with lab.open("import fcwork as fw", "fw.widgets.ConnectionPanel(profile='simulator')") as book:
            book.button("Test").click()
            book.sees("4 of 4")
            book.shot("connection")

    def test_a_field_is_completed(lab: Lab) -> None:
        with lab.open("%load_ext fcwork", "", run=False) as book:
            book.run_cell(0)
            book.write("%%fluent\n{ inventoryP", cell=1)
            assert "inventoryPositions" in book.offered()

An error in the page or its console, and whatever it asks of another machine, fails the test at the end. A page without
troubles stays open: the next test opens its notebook there, as loading JupyterLab takes longer than most tests.
Screenshots go to the folder that ``SCREENSHOTS_OF_TESTS`` names; where it names none, only what fails leaves one.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from browser import CI, NAMES

SHOTS = os.environ.get("SCREENSHOTS_OF_TESTS", "")  # read now: each test begins without
ROOT = Path(__file__).parents[1]
WIDE, NARROW = 1280, 510  # a panel of 1,100 and of 400
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding"),
]
_OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"recordTiming": False},
}
_HARMLESS = ("favicon", "ResizeObserver loop", "net::ERR_ABORTED")
_IDLE = "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel?.status === 'idle'"
_OPEN = """async (path) => {
  const app = window.jupyterapp;
  await app.restored;
  const notebook = await app.commands.execute('docmanager:open', {path});
  await notebook.context.sessionContext.ready;
}"""
_CLOSE = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget;
  await notebook.context.sessionContext.shutdown();
  notebook.dispose();
}"""
_RUN_ALL = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  await app.shell.currentWidget.context.sessionContext.ready;
  await app.commands.execute('notebook:run-all-cells');
}"""


@dataclass
class Book:
    """A notebook that is open in the browser.

    Attributes:
        page: Playwright's.
        file: where it lies.
        shots: where its pictures go.
        troubles: errors of the page, and what it asked of other machines.
        subject: what is looked at, as a CSS selector: a panel, else what a test names.
        is_spoilt: whether no other test can use the page.
    """

    page: Any
    file: Path
    shots: Path
    troubles: list[str] = field(default_factory=list)
    subject: str = ".fcw-panel"
    is_spoilt: bool = False

    def forgive(self) -> None:
        """Forget the troubles so far, which a test made; its page is not used again."""
        self.troubles.clear()
        self.is_spoilt = True

    def run(self) -> None:
        """Run all cells, and wait until the kernel has done them."""
        self.page.evaluate(_RUN_ALL)
        self.page.wait_for_function(_IDLE, timeout=60_000)

    def run_cell(self, number: int) -> None:
        """Run one cell again (from 0), and wait until it is through."""
        self.page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-InputPrompt").click()
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
        self.page.wait_for_function(_IDLE, timeout=60_000)

    def restart(self) -> None:
        """Restart the kernel; what it held is gone."""
        self.page.evaluate(
            "async () => await window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
        )
        self.page.wait_for_function(_IDLE, timeout=60_000)

    def tells(self, code: str) -> str:
        """Return what an expression comes to in the notebook's kernel, as text; the notebook does not show it."""
        asked = """async (code) => {
          const kernel = window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
          const asked = kernel.requestExecute(
            {code: '', silent: true, store_history: false, user_expressions: {it: code}});
          const it = (await asked.done).content.user_expressions.it;
          return it.status === 'ok' ? it.data['text/plain'] : `${it.ename}: ${it.evalue}`;
        }"""
        return str(self.page.evaluate(asked, code))

    def cell(self, number: int) -> Any:
        """Return a cell, from 0."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def output(self, number: int) -> Any:
        """Return the outputs of a cell."""
        return self.cell(number).locator(".jp-Cell-outputArea")

    def results(self, count: int, *, cell: int = 0) -> list[Any]:
        """Return so many outputs of a cell, one by one: a kernel's word that it is done may come before them."""
        shown = self.cell(cell).locator(".jp-OutputArea-output")
        shown.nth(count - 1).wait_for(timeout=60_000)
        return list(shown.all())

    def editor(self, number: int) -> Any:
        """Return the editor of a cell."""
        return self.cell(number).locator(".cm-content")

    def write(self, text: str, *, cell: int = 0) -> None:
        """Type a text into a cell, as a person would."""
        self.editor(cell).click()
        self.page.keyboard.type(text)

    def offered(self) -> list[str]:
        """Press Tab, and return what is offered to go on with."""
        self.page.keyboard.press("Tab")
        self.page.locator(".jp-Completer:visible .jp-Completer-item").first.wait_for(timeout=10_000)
        return list(self.page.locator(".jp-Completer .jp-Completer-match").all_inner_texts())

    def chosen(self) -> None:
        """Take what is marked among what is offered."""
        self.page.keyboard.press("Enter")
        self.page.locator(".jp-Completer:visible").first.wait_for(state="detached", timeout=10_000)

    def fits(self) -> bool:
        """Say whether the notebook is no wider than its window."""
        script = """() => { const all = document.querySelector('.jp-WindowedPanel-outer');
          return all.scrollWidth <= all.clientWidth + 1 }"""
        return bool(self.page.evaluate(script))

    @property
    def panel(self) -> Any:
        """The panel that is shown, the first of several."""
        return self.page.locator(self.subject).first

    def button(self, label: str) -> Any:
        """Return a panel's button by its words."""
        return self.panel.get_by_role("button", name=label, exact=True)

    def field(self, label: str) -> Any:
        """Return a panel's control by its label."""
        return self.panel.get_by_label(label, exact=True)

    def choose(self, label: str, option: str) -> None:
        """Choose an option of a list, and wait until the panel has followed."""
        self.field(label).select_option(label=option)
        self.tells("0")

    def fill(self, label: str, text: str) -> None:
        """Write over what stands in a field, press Enter, and wait until the panel has followed."""
        self.field(label).select_text()
        if text:
            self.page.keyboard.insert_text(text)
        else:
            self.page.keyboard.press("Delete")
        self.page.keyboard.press("Enter")
        self.tells("0")

    def holds(self, label: str, text: str) -> None:
        """Wait until a field holds a text."""
        from playwright.sync_api import expect

        expect(self.field(label)).to_have_value(text, timeout=15_000)

    def keys(self, *keys: str) -> None:
        """Press keys, one after another, where the focus is."""
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> str:
        """Return the words of what has the focus: its label, or its text."""
        label = "e => e.labels?.[0]?.innerText || e.getAttribute('aria-label') || e.innerText || e.tagName"
        return str(self.page.evaluate(f"() => ({label})(document.activeElement)")).strip()

    def tab_to(self, label: str) -> None:
        """Press Tab until what has these words has the focus."""
        for _ in range(100):
            if self.focused() == label:
                return
            self.keys("Tab")
        raise AssertionError(f"Tab does not lead to {label!r}")

    def sees(self, text: str, *, seconds: float = 15) -> None:
        """Wait until a panel shows a text."""
        self.panel.get_by_text(text).filter(visible=True).first.wait_for(timeout=seconds * 1000)

    def goes(self, text: str, *, seconds: float = 15) -> None:
        """Wait until a panel does not show a text any more."""
        shown = self.panel.get_by_text(text).filter(visible=True)
        shown.first.wait_for(state="hidden", timeout=seconds * 1000)

    def dark(self, *, yes: bool = True) -> None:
        """Change the theme."""
        name = f"JupyterLab {'Dark' if yes else 'Light'}"
        self.page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        self.page.wait_for_selector(f'body[data-jp-theme-light="{"false" if yes else "true"}"]', state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def width(self, pixels: int) -> None:
        """Change the width of the window."""
        self.page.set_viewport_size({"width": pixels, "height": 1000})
        self.page.wait_for_timeout(300)  # the layout follows

    def shot(self, name: str) -> None:
        """Keep a picture of the panel as it looks now, where pictures are wanted."""
        if not SHOTS:
            return
        self.shots.mkdir(parents=True, exist_ok=True)
        place, panel = self.shots / f"{name}.png", self.panel.count()
        size = self.page.viewport_size
        if panel:  # in a window that is high enough for it
            height = int(self.panel.bounding_box()["height"]) + 300
            self.page.set_viewport_size({**size, "height": max(height, size["height"])})
            self.panel.scroll_into_view_if_needed()
        (self.panel if panel else self.page).screenshot(path=str(place))
        self.page.set_viewport_size(size)

    def shots_of_all_looks(self, name: str) -> None:
        """Keep four pictures: light and dark, wide and narrow; nothing may stick out of the panel in either width."""
        for pixels, size in ((WIDE, "wide"), (NARROW, "narrow")):
            self.width(pixels)
            self.shots_in_both_lights(f"{name}-{size}", self.shot)
            assert self.sticks_out() == [], size
        self.width(WIDE)

    def shots_in_both_lights(self, name: str, shot: Callable[[str], object]) -> None:
        """Have pictures taken in light and dark, where pictures are wanted."""
        for dark in (True, False) if SHOTS else ():
            self.dark(yes=dark)
            shot(f"{name}-{'dark' if dark else 'light'}")

    def sticks_out(self) -> list[str]:
        """Return what of a panel is wider than it; what scrolls by itself is not."""
        script = """panel => [...panel.querySelectorAll('*')].filter(one => {
            for (let around = one.parentElement; around !== panel; around = around.parentElement)
              if (['auto', 'scroll'].includes(getComputedStyle(around).overflowX)) return false;
            const box = one.getBoundingClientRect();
            return box.width > 0 && box.right > panel.getBoundingClientRect().right + 1;
          }).map(one => `${one.tagName}.${one.className}: ${one.innerText.slice(0, 40)}`)"""
        return list(self.panel.evaluate(script))


class Lab:
    """A server of JupyterLab, and the browser beside it, which a test connects to."""

    def __init__(self, address: str, token: str, browser: str, folder: Path, shots: Path) -> None:
        self._address, self._token, self._browser = address, token, browser
        self._folder, self._shots = folder, shots

    @contextmanager
    def open(
        self, *cells: str, dark: bool = False, width: int = WIDE, run: bool = True, file: Path | None = None
    ) -> Iterator[Book]:
        """Open a notebook of these cells, run it, and look at the end whether the page had troubles.

        Args:
            *cells: code; a cell that begins with ``#%`` and a space is text.
            dark: the theme.
            width: of the window, in pixels.
            run: whether all cells are run.
            file: what it is to be, in the server's folder; one of some name unless given.
        """
        file = file or self._folder / f"book-{secrets.token_hex(4)}.ipynb"
        file.write_text(json.dumps(_notebook(cells)), "utf-8")
        with self.show(file, dark=dark, width=width, run=run) as book:
            yield book

    @contextmanager
    def show(
        self, file: Path, *, dark: bool = False, width: int = WIDE, run: bool = True, whole: bool = False
    ) -> Iterator[Book]:
        """Open a notebook of the server's folder, as ``open`` does; where it is to be whole, with all of JupyterLab."""
        path = file.relative_to(self._folder).as_posix()
        with self._page() as page:
            page.set_viewport_size({"width": width, "height": 1000})
            book = Book(page, file, self._shots)
            self._listen(book)
            with _told(book):
                if page.url == "about:blank":
                    page.goto(f"{self._address}/{'lab' if whole else 'doc'}/tree/{path}?token={self._token}&reset")
                else:
                    page.evaluate(_OPEN, path)
                page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=90_000)
                page.wait_for_function(_IDLE, timeout=90_000)
                page.wait_for_timeout(500)  # cells are drawn once more when the kernel has said who it is
                book.dark(yes=dark)  # the server keeps what the notebook before had
                if run:
                    book.run()
                yield book
            assert book.troubles == []
            _replace(page) if whole or book.is_spoilt else page.evaluate(_CLOSE)

    @contextmanager
    def _page(self) -> Iterator[Any]:
        """Give the one page of the browser; where a test fails, the next gets another."""
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            (context,) = playwright.chromium.connect_over_cdp(self._browser).contexts
            page = context.pages[0]
            try:
                yield page
            except BaseException:
                _replace(page)
                raise

    @property
    def folder(self) -> Path:
        """Where its notebooks lie, and its kernels work."""
        return self._folder

    def _listen(self, book: Book) -> None:
        def told(message: Any) -> None:
            if message.type == "error" and not any(word in message.text for word in _HARMLESS):
                book.troubles.append(f"console: {message.text} {message.location.get('url', '')}")

        def asked(request: Any) -> None:
            if not request.url.startswith((self._address, self._address.replace("http", "ws"), "data:", "blob:")):
                book.troubles.append(f"asked of another machine: {request.url}")

        book.page.on("console", told)
        book.page.on("dialog", lambda dialog: book.troubles.append(f"a dialog: {dialog.message}"))
        book.page.on("pageerror", lambda error: book.troubles.append(f"page: {error}"))
        book.page.on("request", asked)


@contextmanager
def serving(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab over a folder, with nothing of this user's settings; give what opens notebooks of it."""
    own = folder / ".own"
    overrides = own / "settings" / "overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(_OVERRIDES), "utf-8")
    token, port = secrets.token_hex(8), _free_port()
    log = (own / "server.log").open("wb")
    server = subprocess.Popen(
        _command(folder, own, port, token), env=_environment(own), cwd=folder, stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api/status?token={token}", server, own / "server.log")
        with _browsing(own / "chromium") as browser:
            yield Lab(address, token, browser, folder, Path(SHOTS) if SHOTS else own / "shots")
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        log.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab, with folders of its own and nothing of this user's settings."""
    with serving(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Lab:
    """JupyterLab in Chromium; where there is none the test is skipped, and in CI it fails."""
    need_a_browser()
    found: Lab = request.getfixturevalue("lab_server")
    return found


def need_a_browser() -> None:
    """Skip the test where there is no browser; in CI it fails."""
    lacking = _lacking()
    if lacking:
        (pytest.fail if CI else pytest.skip)(lacking)


def _lacking() -> str:
    if not _chromium():
        return "no Chromium: apt-get install chromium"
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "no Playwright: pip install -e '.[test]'"
    return ""


def _chromium() -> str:
    return next(filter(None, map(shutil.which, NAMES)), "")


@contextmanager
def _browsing(own: Path) -> Iterator[str]:
    """Start Chromium with a folder of its own; give the address that tests connect to, one after the other."""
    options = ["--headless=new", "--hide-scrollbars", "--remote-debugging-port=0", f"--user-data-dir={own}"]
    browser = subprocess.Popen(
        [_chromium(), *_FLAGS, *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        told = own / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not (told.exists() and told.read_text("utf-8").strip()):
            if browser.poll() is not None or time.monotonic() > end:
                pytest.fail("Chromium did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{told.read_text('utf-8').split()[0]}"
    finally:
        browser.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            browser.wait(20)
        browser.kill()


@contextmanager
def a_browser() -> Iterator[Any]:
    """Start Chromium for one test."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def _replace(page: Any) -> None:
    """Have another page in the place of this one: never two, as only the one in front is painted, and never none."""
    page.context.new_page()
    page.close()


@contextmanager
def _told(book: Book) -> Iterator[None]:
    """Tell, where something fails, what was to be seen then."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):
            book.shots.mkdir(parents=True, exist_ok=True)
            place = book.shots / f"failed-{book.file.stem}.png"
            book.page.screenshot(path=str(place))
            outputs = "\n---\n".join(book.page.locator(".jp-Cell-outputArea").all_inner_texts())
            print(f"seen when it failed ({place}):\n{outputs[-6000:]}\ntroubles: {book.troubles}")
        raise


def _command(folder: Path, own: Path, port: int, token: str) -> list[str]:
    return [
        *(sys.executable, "-m", "fcwork", "lab", str(folder), "--", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
        *("--LabApp.expose_app_in_browser=True", f"--LabApp.app_settings_dir={own / 'settings'}"),
        "--LabServerApp.extra_labextensions_path=[]",
    ]


def _environment(own: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("FLUENT_", "FCWORK_", "JUPYTER_"))}
    places = {
        name: str(own / name.lower())
        for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    for place in places.values():
        Path(place).mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {
        **kept,
        **places,
        "PYTHONPATH": path,
        "FLUENT_PROFILE_DIR": str(own / "profiles"),
        "PYTHONWARNINGS": "ignore",
    }


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own server
            return
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def _notebook(cells: tuple[str, ...]) -> dict[str, Any]:
    made = []
    for number, source in enumerate(cells):
        text = source.startswith("#% ")
        cell = {"id": f"cell-{number}", "cell_type": "markdown" if text else "code", "metadata": {}}
        code = {} if text else {"outputs": [], "execution_count": None}
        made.append({**cell, **code, "source": source.removeprefix("#% ")})
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
