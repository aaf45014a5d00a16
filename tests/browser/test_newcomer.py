"""The README's first ten minutes, walked as they are written: what is pasted there is pasted here.

The pictures that it takes on the way are those of the README (``.ci/pictures.py``).
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browse
from lab import Book, Lab, need_a_browser, serving
from papers import README, fences

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(600)]  # eight steps, each a kernel, a run or a page

WIDE, HIGH = 1000, 700  # of pictures, in pixels
MAPPED = "mapper.apply("  # in the tour's cell with the card of a mapping
_SHOW = """text => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const at = notebook.widgets.findIndex(cell => cell.model.sharedModel.source.includes(text));
  notebook.scrollToItem(at, 'start');
}"""


def steps() -> dict[int, str]:
    """Return the steps of the README's walk."""
    walk = README.read_text("utf-8").split("\n## The first ten minutes\n")[1].split("\n## ")[0]
    parts = re.split(r"^### (\d+)\. .*\n", walk, flags=re.MULTILINE)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {int(number): part for number, part in pairs}


def fcwork(line: str, folder: Path) -> str:
    """Carry out a line of a terminal, and return what it says."""
    _, *words = shlex.split(line, comments=True)
    command = [sys.executable, "-m", "fcwork", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in {0, 3}, done.stdout + done.stderr
    return done.stdout + done.stderr


STEPS = steps()
PASTED = {at: [text.strip() for text in fences("", part) + fences("python", part)] for at, part in STEPS.items()}


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """What ``fcwork lab shop`` opens: JupyterLab on a new workspace."""
    need_a_browser()
    folder = tmp_path_factory.mktemp("clone")
    fcwork("fcwork init shop", folder)
    with serving(folder / "shop") as served:
        yield served


def test_the_first_ten_minutes_go_as_the_readme_says(lab: Lab, browse: Browse) -> None:
    """A newcomer who pastes what the README gives gets to a load that runs every night, and to a page of it."""
    clone, notebooks = lab.folder.parent, lab.folder / "notebooks"
    demonstrated(clone)
    with lab.show(notebooks / "00_start_here.ipynb", whole=True) as book:
        toured(book)
    with lab.open(*PASTED[3], run=False, width=WIDE, file=notebooks / "mine.ipynb") as book:
        explored(book)
    with lab.open(*PASTED[4], *PASTED[5], *PASTED[6], run=False, width=WIDE, file=notebooks / "stock.ipynb") as book:
        built(book, notebooks / "mappings" / "stock.json")
        loaded(book)
        scheduled_and_shared(book)
    opened(browse, next((notebooks / "shared").glob("2*.html")), book.shots / "share.png")
    opened(browse, next((clone / ".fcwork" / "runs").glob("*/report.html")), book.shots / "report.png")
    told = [fcwork(line, notebooks) for line in PASTED[7][0].splitlines() if line.startswith("fcwork schedule ")]
    assert "nightly" in told[0]
    assert "9,790 delivered" in told[1]


def picture(book: Book, name: str, *, high: int) -> None:
    """Take the picture of a panel, down to some height."""
    book.page.set_viewport_size({"width": WIDE, "height": high + 200})
    book.panel.evaluate("panel => panel.scrollIntoView({block: 'start'})")
    book.page.wait_for_timeout(500)  # what is drawn only when it is seen
    box = book.panel.bounding_box()
    clip = {**box, "height": min(box["height"], high)}
    book.page.screenshot(path=str(_place(book, name)), clip=clip)


def _place(book: Book, name: str) -> Path:
    book.shots.mkdir(parents=True, exist_ok=True)
    return book.shots / f"{name}.png"


def demonstrated(folder: Path) -> None:
    """Step 1: the demo says what the README says that it says, but for the seconds."""
    said = fcwork("fcwork demo", folder)
    _, *told = fences("text", STEPS[1])[0].splitlines()
    assert [line for line in told if line not in said.splitlines()] == []


def toured(book: Book) -> None:
    """Step 2: the tour is through, and its results are cards."""
    book.page.set_viewport_size({"width": 1200, "height": 800})
    book.page.evaluate(_SHOW, MAPPED)
    book.page.get_by_text("160 rejected").first.wait_for()
    book.page.screenshot(path=str(_place(book, "lab")))


def explored(book: Book) -> None:
    """Step 3: connect, ask, and see what Tab offers."""
    book.run_cell(0)
    book.run_cell(1)
    note, table = book.results(2, cell=1)
    assert "SIMULATOR: 500 rows" in note.inner_text()
    assert table.locator("tbody tr").count() >= 5
    book.editor(1).click()
    book.keys("Control+End", *["ArrowLeft"] * len(" } } } }"))
    book.page.keyboard.type(" ")
    assert "status" in book.offered()
    book.page.set_viewport_size({"width": WIDE, "height": HIGH + 50})
    book.page.screenshot(path=str(_place(book, "explore")))
    book.keys("Escape")


def built(book: Book, file: Path) -> None:
    """Step 4: Suggest maps what is needed, the rows are tried, and Save writes the file."""
    book.run_cell(0)
    book.button("Suggest").click()
    book.goes("not mapped: ")
    book.button("Try all rows").click()
    book.sees("9,850 of 10,000 rows mapped, 150 rejected")
    picture(book, "editor", high=1000)
    book.button("Save").click()
    book.goes("● not saved")
    assert len(json.loads(file.read_text("utf-8"))["fields"]) == 5


def loaded(book: Book) -> None:
    """Step 5: the load ends with a sum that adds up."""
    book.run_cell(1)
    assert "adds up" in book.output(1).inner_text()


def scheduled_and_shared(book: Book) -> None:
    """Steps 6 to 8: the run is there, with its figures; it gets a schedule, and a page."""
    book.subject = ".fcw-panel:has-text('Schedule as')"
    book.run_cell(2)
    book.field("Run").select_option(index=1)
    book.sees("MAX_REJECTED")
    picture(book, "runs", high=1000)
    book.fill("Schedule as", "nightly")
    book.button("Schedule").click()
    book.sees("next (UTC)")
    book.button("Share").click()
    book.sees("all runs:")


def opened(browse: Browse, page: Path, picture: Path) -> None:
    """Take the picture of a page from disk."""
    with browse(page, viewport={"width": WIDE, "height": HIGH}) as one:
        one.page.screenshot(path=str(picture))
