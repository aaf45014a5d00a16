"""The shipped notebooks, opened in JupyterLab in a new workspace and run from the top."""

import json
import secrets
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lab import NARROW, SHOTS, WIDE, Book, Lab

from fcwork import runner
from fcwork.cli import run_verb

pytestmark = pytest.mark.kernel

NOTEBOOKS = sorted(path.stem for path in runner.shipped().glob("*.ipynb"))
HEIGHT, MOST = 1_500, 20  # of a picture, in pixels; pictures of a notebook
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells
  .flatMap(cell => cell.outputs ?? [])"""
SCROLL = """by => { const all = document.querySelector('.jp-WindowedPanel-outer');
  const last = [...document.querySelectorAll('.jp-Notebook .jp-Cell')].pop();
  if (by > 0 && last.getBoundingClientRect().bottom <= window.innerHeight) return false;
  const before = all.scrollTop;
  all.scrollTop = by < 0 ? 0 : before + by;
  return all.scrollTop > before }"""


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_the_top(lab: Lab, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Each shipped notebook is run whole on the simulator: no error in it or in the page, nothing wider than it."""
    file = at_work(lab, name, capsys)
    with lab.show(file) as book:
        outputs = book.page.evaluate(OUTPUTS)
        assert [output for output in outputs if is_noise(output)] == []
        assert outputs
        for width, size in ((WIDE, "wide"), (NARROW, "narrow")):
            book.width(width)
            assert book.fits(), size
            book.shots_in_both_lights(f"notebook-{name}-{size}", partial(pictures, book))


def test_a_notebook_that_ends_early_says_so(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    """P13: a webhook that is refused ends its notebook with one plain line, and no cell below is run."""
    file = at_work(lab, "webhook_verify", capsys)
    text = file.read_text("utf-8")
    file.write_text(text.replace(r"[\"SIMULATOR\"]", r"[\"ANOTHER\"]"), "utf-8")
    with lab.show(file) as book:
        outputs = book.page.evaluate(OUTPUTS)
        (end,) = [output for output in outputs if is_noise(output)]
        assert end["traceback"] == ["The notebook ends here: the cells below are left out on purpose."]
        assert "%tb" not in json.dumps(outputs)
        assert outputs[-1] == end
        if SHOTS:
            pictures(book, "notebook-webhook_verify-refused")


def at_work(lab: Lab, name: str, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a notebook of a workspace, whose platform is the simulator."""
    shop = lab.folder / f"shop-{secrets.token_hex(4)}"
    assert run_verb(["init", str(shop)]) == 0
    capsys.readouterr()
    file = shop / "notebooks" / f"{name}.ipynb"
    held = json.loads(file.read_text("utf-8"))
    (cell,) = [cell for cell in held["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    cell["source"] = "".join(cell["source"]).replace("PROFILE: str | None = None", 'PROFILE: str | None = "simulator"')
    assert '"simulator"  #' in cell["source"]
    file.write_text(json.dumps(held), "utf-8")
    return file


def is_noise(output: dict[str, Any]) -> bool:
    """Say whether an output is an error, or something that nobody asked to read."""
    return output["output_type"] == "error" or output.get("name") == "stderr"


def pictures(book: Book, name: str) -> None:
    """Keep pictures of the whole notebook, one below the other."""
    size = book.page.viewport_size
    book.page.set_viewport_size({**size, "height": HEIGHT})
    book.shots.mkdir(parents=True, exist_ok=True)
    book.page.evaluate(SCROLL, -1)
    for number in range(1, MOST):
        book.page.wait_for_timeout(300)  # what comes into view is drawn
        book.page.screenshot(path=str(book.shots / f"{name}-{number}.png"))
        if not book.page.evaluate(SCROLL, HEIGHT - 200):
            break
    book.page.set_viewport_size(size)
