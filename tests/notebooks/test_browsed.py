"""Runs made again by the panel of runs."""

import json
from pathlib import Path

import pytest

from fcwork import runner
from fcwork.widgets import RunBrowser, forget

pytestmark = pytest.mark.kernel
SITUATIONS = Path(__file__).parents[1] / "data" / "notebooks"


@pytest.fixture
def browser(home: Path) -> RunBrowser:
    """A browser of no runs."""
    del home
    forget()
    return RunBrowser()


def choose(browser: RunBrowser, run_id: str, changes: str = "") -> None:
    """Look, and choose a run."""
    browser.refresh()
    assert browser.work.wait(10)
    browser.choose("run", run_id)
    browser.choose("changes", changes)


def test_a_run_is_made_again_with_what_differs(browser: RunBrowser) -> None:
    """A rerun is a run of its own, in a process of its own; it is chosen then, beside the one it was made of."""
    first = runner.run(SITUATIONS / "records.ipynb", {"COUNT": 3})
    choose(browser, first.run_id, "COUNT 5\nNOTE a note")
    browser.rerun()
    assert browser.work.wait(120)
    assert browser.work.standing.phase == "done", browser.work.standing
    assert browser.value is not None
    assert browser.value.facts["rerun_of"] == first.run_id
    assert (browser.value.parameters["COUNT"], browser.value.parameters["NOTE"]) == (5, "a note")
    browser.compare()
    assert browser["difference"].parameters == {"COUNT": (3, 5), "NOTE": (None, "a note")}


def test_a_rerun_that_cannot_be_says_why(browser: RunBrowser) -> None:
    """P32: what the command says of a run that cannot be made again is told, and no run is left."""
    first = runner.run(SITUATIONS / "records.ipynb", {"COUNT": 3})
    choose(browser, first.run_id)
    (first.folder / "source.ipynb").unlink()
    browser.rerun()
    assert browser.work.wait(60)
    assert browser.work.standing.phase == "failed"
    assert "cannot be made again" in browser.work.standing.told
    assert runner.history().height == 1


def test_a_rerun_is_stopped_as_a_run_is(browser: RunBrowser) -> None:
    """P12: Stop ends the run that was begun, which says CANCELLED, and leaves no process."""
    first = runner.run(SITUATIONS / "records.ipynb", {"COUNT": 0})
    source = first.folder / "source.ipynb"
    book = json.loads(source.read_text("utf-8"))
    book["cells"][-1]["source"] = "import time; time.sleep(60)"
    slow = first.folder.parent.parent / "slow.ipynb"
    slow.write_text(json.dumps(book), "utf-8")
    earlier = runner.run(slow, {"COUNT": 0}, timeout_seconds=2)
    choose(browser, earlier.run_id)
    browser.rerun()
    for _ in range(600):
        browser.work.wait(0.1)
        if "is RUNNING" in browser.work.standing.told:
            break
    browser.stop()
    assert browser.work.wait(60)
    assert browser.work.standing.phase == "stopped", browser.work.standing
    assert runner.history()["state"].to_list()[0] == "CANCELLED"
