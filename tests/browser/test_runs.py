"""The browser of runs, used in JupyterLab."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

CELL = """
import json, secrets
from pathlib import Path
import fcwork as fw
from fcwork import runner, settings
import os
os.environ["FCWORK_HOME"] = f"home-{secrets.token_hex(4)}"
book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "code", "id": "a", "metadata": {"tags": ["parameters"]}, "execution_count": None, "outputs": [],
     "source": "COUNT: int = 3  # how many\\nNOTE: str = ''  # a text\\nDRY_RUN: bool = True  # change nothing"},
    {"cell_type": "code", "id": "b", "metadata": {}, "execution_count": None, "outputs": [],
     "source": "from fcwork.runner import record\\nrecord({'read': COUNT, 'delivered': COUNT}); print(NOTE)"}]}
Path("counts.ipynb").write_text(json.dumps(book))
TAG = "<script>document.title = 'gone'</script> " + "long " * 2_000
one = runner.run("counts.ipynb", {"COUNT": 3})
two = runner.run("counts.ipynb", {"COUNT": 5, "NOTE": TAG})
lost = settings.home() / "runs" / "20260115T120000Z-counts-aaaaaaaa"
lost.mkdir()
told = {"name": "counts", "started_at": "2026-01-15T12:00:00+00:00",
        "runner": json.loads((one.folder / "run.json").read_text())["runner"].replace(str(os.getpid()), "1")}
(lost / "run.json").write_text(json.dumps(told))
"""
BROWSER = "browser = fw.widgets.RunBrowser(); browser"


def pick(book: object, label: str, run: str) -> None:
    """Choose the run of an id in a list."""
    field = book.field(label)  # type: ignore[attr-defined]
    field.select_option(label=field.locator("option", has_text=run[-8:]).inner_text())


def test_runs_are_looked_at_compared_and_opened(lab: Lab) -> None:
    """Filters, one run whole, what is different between two, and its page, which runs no script and asks nobody."""
    with lab.open(CELL, BROWSER) as book:
        book.sees("Runs: 3 rows")
        book.choose("Day", book.field("Day").locator("option", has_text="2026-01-15").inner_text())
        book.sees("Runs: 1 row")
        book.choose("Day", "all (3)")
        one, two = (book.tells(f"{run}.run_id").strip("'") for run in ("one", "two"))
        pick(book, "Run", two)
        book.sees("<script>document.title")
        pick(book, "Compare with", one)
        book.button("Compare").focus()
        book.keys("Enter")
        book.sees("differ in 2 parameters, 2 figures")
        book.shots_of_all_looks("runs")
        book.button("Open").click()
        frame = book.panel.frame_locator("iframe.fcw-page")
        frame.get_by_text("COUNT").first.wait_for()
        book.shot("runs-page")
        assert "gone" not in book.page.title()
        book.button("Close").click()
        assert book.tells("browser.value.run_id") == f"'{two}'"


def test_a_run_is_made_again_shared_and_scheduled(lab: Lab) -> None:
    """Rerun makes a run while the kernel is free; Share leaves a page; Schedule says when it is due next."""
    with lab.open(CELL, BROWSER, "7 * 6") as book:
        book.sees("Runs: 3 rows")
        one = book.tells("one.run_id").strip("'")
        pick(book, "Run", one)
        book.field("Run again with").fill("COUNT 8")
        book.button("Rerun").click()
        book.sees("Running")
        book.run_cell(2)
        book.sees("ended as SUCCEEDED", seconds=90)
        assert book.tells("browser.value.parameters['COUNT'], browser.value.facts['rerun_of']") == f"(8, '{one}')"
        book.fill("Share to", "shared-runs")
        book.button("Share").click()
        book.sees("all runs:")
        assert (lab.folder / "shared-runs" / "index.html").is_file()
        book.fill("Schedule as", "nightly")
        book.button("Schedule").click()
        book.sees("next (UTC)")
