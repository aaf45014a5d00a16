"""The panel that edits mappings, used in JupyterLab."""

import json
import shutil
import time
from pathlib import Path

import pytest
from lab import Lab

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
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
ORDERS = """
import fcwork as fw
rows = fw.sources.read("orders.xml", path="orders.order")
editor = fw.widgets.MappingEditor(rows, path="orders.json", context={"retailerId": "1"})
editor
"""
WIDE_ROWS = """
import polars as pl
import fcwork as fw
odd = {"<img src=x onerror=\\"document.title='gone'\\">": ["evil"], "$.y": ["7"], "": ["no name"], "שלום 😀": ["x"]}
rows = pl.DataFrame({**odd, "n" * 10_000: ["long"], **{f"column {at}": [str(at)] for at in range(195)}})
editor = fw.widgets.MappingEditor(rows, target="inventory")
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


def test_a_mapping_of_the_samples_is_opened_changed_and_saved(lab: Lab) -> None:
    """A mutation with objects and lists is changed and saved for Mapper.load; what another wrote meanwhile stays."""
    path = lab.folder / "orders.json"
    shutil.copy(NOTEBOOKS / "mappings" / "orders.json", path)
    shutil.copy(NOTEBOOKS / "samples" / "orders.xml", lab.folder / "orders.xml")
    (lab.folder / "wrong.json").write_text('{"fields": {"a": ')
    with lab.open(ORDERS) as book:
        book.sees("fills createOrderAndCustomer")
        book.sees("26 of the first 30 rows mapped, 4 rejected")
        book.fill("Find", "items[].")
        book.fill("Source of input.items[].ref", "product-id")
        book.fill("Default of input.items[].quantity", "1")
        book.fill("Find", "customer.")
        book.fill("Source of input.customer.title", "=Dr")
        book.sees("● not saved")
        book.button("Save").click()
        book.goes("● not saved")
        mapped = "fw.Mapper.load('orders.json', context={'retailerId': '1'}).apply(rows).counts['mapped']"
        assert book.tells(mapped) == "26"
        saved = json.loads(path.read_text("utf-8"))["arguments"]["input"]
        assert saved["items"]["quantity"]["defaultValue"] == 1
        assert saved["customer"]["title"] == {"value": "Dr"}
        path.write_text(path.read_text("utf-8").replace('"Dr"', '"Prof"'))
        book.fill("Source of input.customer.title", "=Sir")
        book.button("Save").click()
        book.sees("has changed since it was opened")
        book.shots_of_all_looks("editor-changed-by-another")
        assert '"Prof"' in path.read_text("utf-8")
        book.fill("File", "wrong.json")
        book.button("Open").click()
        book.sees("what was changed is not saved")
        book.button("Open").click()
        book.sees("wrong.json is no JSON: line 1, column 18")
        book.shot("editor-wrong-json")
        assert book.field("Source of input.customer.title").input_value() == "=Sir"
        book.fill("File", "orders.json")
        book.button("Open").focus()
        book.keys("Enter")
        book.sees("press Open again")
        book.keys("Enter")
        book.goes("● not saved")
        book.holds("Source of input.customer.title", "=Prof")


def test_a_wide_frame_of_hostile_names_is_mapped_by_keys(lab: Lab) -> None:
    """P25: 200 columns with any names are offered and read, by keys alone, and nothing of them runs."""
    with lab.open(WIDE_ROWS) as book:
        book.field("Source of skuRef").focus()
        book.page.keyboard.type("<img src=x onerror=\"document.title='gone'\">")
        book.keys("Enter")
        book.tab_to("Source of qty")
        book.page.keyboard.type("['$.y']")
        book.tab_to("Resolver of qty")
        book.sees("3 needed targets not mapped")
        book.sees("first row: 7")
        book.sees("first row: evil")
        book.tab_to("Default of qty")
        book.keys("x", "Tab")  # to the notebook x would be: cut the cell
        book.sees("the mapping has 1 mistake")
        assert book.field("Default of qty").input_value() == "x"
        assert "gone" not in book.page.title()
        assert book.panel.locator("img, script").count() == 0
        book.shots_of_all_looks("editor-hostile-names")


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
