"""The panel that builds queries, used in JupyterLab."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

CELL = """
import fcwork as fw
explorer = fw.widgets.QueryExplorer(fw.connect("simulator"), root="locations", page_size=10)
explorer
"""
HOSTILE = """
import fcwork as fw
odd = ["<script>document.title = 'gone'</script>", "x" * 255, "😀🏳️‍🌈", "שלום עולם", "</td>", "\\u202eabc", "=1+1"]
client = fw.connect("simulator")
made = '''mutation ($n: String!, $v: String) {
  createSetting(input: {name: $n, valueType: "STRING", value: $v, context: "AGENT", contextId: 1}) { id }
}'''
for number, text in enumerate(odd):
    client.graphql(made, {"n": f"odd{number}", "v": text})
explorer = fw.widgets.QueryExplorer(client, root="settings", fields=["name", "value"], filters={"context": "AGENT"})
explorer
"""


def test_from_a_question_to_a_frame(lab: Lab) -> None:
    """A root, fields and a filter are chosen by clicks and keys; Run, Next and All pages bring the rows."""
    with lab.open(CELL) as book:
        book.sees("Not asked yet")
        book.choose("Ask for", "inventoryPositions")
        book.panel.get_by_label("onHand", exact=True).check()
        book.choose("Fields of", "inventoryPositions / product")
        book.panel.get_by_label("name", exact=True).focus()
        book.keys("Space")
        book.sees("product {")
        book.choose("Fields of", "inventoryPositions")
        book.choose("Filter", "locationRef ([String])")
        book.button("Add filter").click()
        book.fill("where locationRef", "LOC001, LOC002")
        book.sees("query ($locationRef: [String]) {")
        book.button("Run").focus()
        book.keys("Enter")
        book.sees("10 rows · 1 page · there is more")
        assert book.tells("explorer.value.columns") == "['ref', 'type', 'status', 'onHand', 'product.name']"
        book.button("Next").click()
        book.sees("20 rows · 2 pages · there is more")
        book.shots_of_all_looks("explorer")
        book.button("All pages").click()
        book.sees("· complete", seconds=60)
        book.sees("1 to 25 of")
        assert book.tells("explorer.complete, explorer.value['ref'].str.contains('LOC00[12]').all()") == "(True, True)"


def test_a_filter_of_another_type_is_told_as_one_writes(lab: Lab) -> None:
    """P32: what is not of its type is told in place, Run says it too, and a filter can be taken away by keys."""
    with lab.open(CELL) as book:
        book.button("Add filter").click()
        book.sees("no filter is chosen")
        book.choose("Filter", "createdOn.from (DateTime)")
        book.button("Add filter").click()
        book.goes("no filter is chosen")
        book.fill("where createdOn.from", "soon")
        book.sees("✗ createdOn.from: 'soon' is no DateTime")
        book.button("Run").click()
        book.sees("Failed")
        book.shot("explorer-failed")
        book.panel.get_by_role("button", name="✕").focus()
        book.keys("Enter")
        book.goes("✗ createdOn.from: 'soon' is no DateTime")
        book.button("Run").click()
        book.sees("Done")


def test_a_query_is_handed_on_as_code(lab: Lab) -> None:
    """Copy puts the cell of the magic, or the Python, on the clipboard as it is."""
    with lab.open(CELL) as book:
        book.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        book.choose("Show as", "a cell of the magic")
        book.sees("%%fluent -o locations")
        book.button("Copy").click()
        book.sees("Copied")
        copied = book.page.evaluate("navigator.clipboard.readText()")
        assert repr(copied) == book.tells("explorer.built.cell")
        assert copied.startswith("%%fluent -o locations --all --page-size 10\nquery {")
        book.choose("Show as", "Python")
        book.sees("locations = client.frame(")


def test_keys_alone_lead_from_a_question_to_code(lab: Lab) -> None:
    """Tab, letters, arrows, Space and Enter choose, narrow, copy and run; no key of a list is one of the notebook."""
    with lab.open(CELL, "1 + 1") as book:
        book.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        book.field("Ask for").focus()
        book.page.keyboard.type("ddxa")  # in a notebook: delete the cell, cut the next, put one above
        book.page.wait_for_timeout(1_200)  # a list takes letters that come soon for one word
        book.page.keyboard.type("settings")
        book.sees("settings {")
        book.page.wait_for_timeout(1_200)
        book.page.keyboard.type("locations")
        book.sees("locations {")
        book.tab_to("name")
        book.keys("Space", "x", "ArrowDown")
        book.tab_to("Filter")
        book.keys("ArrowDown", "ArrowDown", "s")
        assert book.panel.get_by_label("where ").count() == 0
        book.tab_to("Add filter")
        book.keys("Enter")
        book.sees("where status")
        assert book.page.locator(".jp-Notebook .jp-Cell").count() == 2
        book.tab_to("where status")
        book.page.keyboard.type("ACTIVE")
        book.keys("Enter")
        book.sees("query ($status: [String]) {")
        book.tab_to("Show as")
        book.keys("ArrowDown")
        book.sees("%%fluent -o locations")
        book.tab_to("Copy")
        book.keys("Enter")
        book.sees("Copied")
        copied = book.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("%%fluent -o locations --all --page-size 10 -v status=['ACTIVE']")
        book.tab_to("Run")
        book.keys("Enter")
        book.sees("5 rows · 1 page · complete")
        book.shot("explorer-by-keys")


def test_hostile_values_are_shown_harmless_and_tidy(lab: Lab) -> None:
    """P25: what the platform holds is text that fits, and nothing of it runs."""
    with lab.open(HOSTILE) as book:
        book.button("Run").click()
        book.sees("<script>document.title")
        book.panel.get_by_text("שלום עולם").first.wait_for()
        book.panel.get_by_text("\\u202eabc").first.wait_for()
        assert "gone" not in book.page.title()
        assert book.panel.locator("script").count() == 0
        book.shots_of_all_looks("explorer-hostile")
