"""The panel that edits mappings, used in JupyterLab."""

import json
import time

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

CELL = """
import polars as pl
import fcwork as fw
rows = pl.DataFrame({
    "location_ref": ["L1", "L1", "L2"],
    "sku": ["A", "B", "C"],
    "Qty": ["1", "x", "3"],
    "note": ["<script>document.title = 'gone'</script>", "x" * 10_000, "שלום \\u202eabc 😀"],
})
editor = fw.widgets.MappingEditor(rows, path=PATH, target="inventory")
editor
"""
MANY = """
import polars as pl
import fcwork as fw
n = 1_000_000
rows = pl.DataFrame({"location_ref": ["L1"] * n, "sku": [f"SKU-{i}" for i in range(n)], "qty": ["5"] * (n - 1) + ["x"]})
"""


def test_a_mapping_is_built_and_saved(lab: Lab) -> None:
    """Suggest, choices and keys make a mapping; issues are told by row; Save writes the file that Mapper.load reads."""
    path = lab.folder / "built.json"
    with lab.open(CELL.replace("PATH", "'built.json'")) as book:
        book.sees("5 needed targets not mapped")
        book.button("Suggest").click()
        book.sees("3 needed targets not mapped")
        book.fill("Source of skuRef", "sku")
        book.fill("Source of type", "=LAST_ON_HAND")
        book.fill("Source of status", "note")
        book.fill("Source of status", "=ACTIVE")
        book.goes("not mapped: ")
        book.sees("2 of the first 3 rows mapped, 1 rejected")
        book.sees("1 row failing")
        book.fill("Default of locationRef", "L9")
        book.fill("Resolver of skuRef", "sdk.trim")
        book.sees("● not saved")
        book.shots_of_all_looks("editor")
        book.button("Save").focus()
        book.keys("Enter")
        book.goes("● not saved")
        assert book.tells("fw.Mapper.load('built.json').apply(rows).counts['mapped']") == "2"
    fields = json.loads(path.read_text("utf-8"))["fields"]
    assert fields["locationRef"] == {"source": "location_ref", "required": True, "defaultValue": "L9"}
    assert fields["skuRef"] == {"source": "sku", "required": True, "resolver": "sdk.trim"}


def test_a_file_of_a_mutation_is_edited_by_its_targets(lab: Lab) -> None:
    """A nested mapping is opened, its open targets found and mapped; a mistake is told with its place."""
    mapping = {
        "mutation": "createLocation",
        "fields": {"ref": {"source": "sku"}, "retailer": {"fields": {"id": {"value": 1}}}},
    }
    (lab.folder / "location.json").write_text(json.dumps(mapping))
    with lab.open(CELL.replace("PATH", "'location.json'").replace(', target="inventory"', "")) as book:
        book.sees("fills createLocation")
        book.choose("Show", "needed, not mapped")
        book.fill("Find", "address")
        book.fill("Source of primaryAddress.ref", "sku")
        book.goes("Source of primaryAddress.ref")
        book.fill("Source of primaryAddress.latitude", "=1.5")
        book.choose("Show", "mapped")
        book.fill("Resolver of primaryAddress.ref", "sdk.trimm")
        book.sees("did you mean 'sdk.trim'")
        book.shots_of_all_looks("editor-mistake")
        book.fill("Resolver of primaryAddress.ref", "sdk.trim")
        book.sees("3 of the first 3 rows mapped")


def test_what_stands_in_the_rows_is_shown_harmless(lab: Lab) -> None:
    """P25: names and values of the data are text that fits, and nothing of it runs."""
    with lab.open(CELL.replace("PATH", "'odd.json'")) as book:
        book.fill("Source of qty", "note")
        book.sees("3 rows failing")
        book.panel.get_by_text("<script>document.title").first.wait_for()
        assert "gone" not in book.page.title()
        assert book.panel.locator("script").count() == 0
        book.shots_of_all_looks("editor-hostile")


def test_a_million_rows_are_there_at_once(lab: Lab) -> None:
    """The panel of a million rows is drawn from its first ones, and All rows goes on beside the kernel."""
    with lab.open(
        "import ipywidgets, fcwork as fw; fw.widgets.MappingEditor",
        MANY,
        "editor = fw.widgets.MappingEditor(rows, target='inventory'); editor",
        run=False,
    ) as book:
        for number in (0, 1):
            book.run_cell(number)
        started = time.monotonic()
        book.run_cell(2)
        book.sees("5 needed targets not mapped")
        print(f"first paint {time.monotonic() - started:.2f} s")
        book.button("Suggest").click()
        book.sees("Source of qty")
        book.fill("Source of skuRef", "sku")
        for target, text in (("type", "=LAST_ON_HAND"), ("status", "=ACTIVE")):
            book.fill(f"Source of {target}", text)
        book.sees("200 of the first 200 rows mapped")
        book.button("Try all rows").click()
        book.sees("999,999 of 1,000,000 rows mapped, 1 rejected", seconds=60)
