"""The magic in JupyterLab, in a real browser: written, completed by Tab, chosen from, run and looked at."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

LOAD = "%load_ext fcwork\n%fluent connect --simulator"
ALL = "%%fluent -o stock --all\n{ inventoryPositions(first: 500) { edges { node { ref onHand catalogue { ref } } } } }"
HOSTILE = """names = {
    1: "<script>document.title = 'owned'</script><img src=x onerror=\\"document.title='owned'\\">",
    2: "x" * 10_000,
    3: "🎉👩‍👩‍👧 \\u05e9\\u05dc\\u05d5\\u05dd \\u202e right to left",
}"""
RENAME = """%%fluent --write -v one=names[1] -v two=names[2] -v three=names[3]
mutation ($one: String, $two: Json!, $three: String) {
  a: updateLocation(input: {id: 40000000, name: $one}) { name }
  b: updateOrder(input: {id: 210000000, attributes: [{name: "note", type: "STRING", value: $two}]}) { ref }
  c: updateLocation(input: {id: 40000002, name: $three}) { name }
}"""
NARROW = 640  # of the window, in pixels
LONG = '%%fluent --engine ENGINE\n{ order(ref: "ORD-00001") { ref attributes { name value } } }'
NAMES = "%%fluent --engine ENGINE\n{ locations(first: 3) { edges { node { ref name } } } }"


@pytest.mark.parametrize("dark", [False, True])
def test_a_query_is_written_completed_and_run(lab: Lab, dark: bool) -> None:  # noqa: FBT001 - a parameter
    """A person writes a query, takes field and argument from what Tab offers, runs it, and sees the frame."""
    look = "dark" if dark else "light"
    with lab.open(LOAD, "", dark=dark, run=False) as book:
        book.run_cell(0)
        assert "connected to SIMULATOR" in book.results(1)[0].inner_text()
        book.write("%%fluent -o stock\n{ inventoryP", cell=1)
        assert book.offered() == ["inventoryPosition", "inventoryPositions"]
        book.shot(f"magic-roots-{look}")
        book.page.keyboard.press("ArrowDown")
        book.chosen()
        book.page.keyboard.type("(fir")
        assert book.offered() == ["first:"]
        book.chosen()
        book.page.keyboard.type("5) { edges { node { ref onH")
        assert book.offered() == ["onHand"]
        book.shot(f"magic-fields-{look}")
        book.chosen()
        book.page.keyboard.type(" } } } }")
        assert "inventoryPositions(first: 5) { edges { node { ref onHand" in book.editor(1).inner_text()
        book.run_cell(1)
        note, table = book.results(2, cell=1)
        assert "SIMULATOR: 5 rows · 1 page · incomplete: there is more, which --all fetches" in note.inner_text()
        assert table.locator("tbody tr").count() == 5
        book.shot(f"magic-frame-{look}")
        assert book.fits()


def test_the_schema_is_read_in_the_notebook(lab: Lab) -> None:
    """``%fluent describe`` shows each line of a type, in a box that is scrolled; ``--explain`` fits a narrow page."""
    with lab.open(LOAD, "%fluent describe Order", ALL.replace("--all", "--explain"), width=NARROW) as book:
        (shown,) = book.results(1, cell=1)
        assert shown.locator("tbody tr").count() == 20
        assert "nothing was sent" in book.results(1, cell=2)[0].inner_text()
        book.shot("magic-describe-narrow")
        assert book.fits()


def test_a_mistake_and_all_pages(lab: Lab) -> None:
    """P32: a mistake is shown with a caret below it and no traceback; all pages end with one line and the frame."""
    with lab.open(LOAD, ALL.replace("onHand", "onHandd"), ALL, width=NARROW, run=False) as book:
        book.run_cell(0)
        book.run_cell(1)
        told = book.results(1, cell=1)[0].inner_text()
        assert "did you mean 'onHand'?" in told
        assert "^^^^^^^" in told
        assert "Traceback" not in told
        book.run_cell(2)
        note, _ = book.results(2, cell=2)
        assert "2,500 rows · 5 pages · complete" in note.inner_text()
        book.shot("magic-mistake-narrow")
        assert book.fits()


@pytest.mark.parametrize(("engine", "dark"), [("polars", False), ("pandas", True)])
def test_hostile_values_are_harmless_and_tidy(lab: Lab, engine: str, dark: bool) -> None:  # noqa: FBT001 - a parameter
    """P25: tags, 10,000 characters, emoji and marks of direction in cells neither act nor break the page."""
    queries = [text.replace("ENGINE", engine) for text in (NAMES, LONG)]
    with lab.open(LOAD, HOSTILE, RENAME, *queries, dark=dark) as book:
        assert "errors" not in book.results(2, cell=2)[0].inner_text()
        assert len(book.results(2, cell=4)[1].inner_text()) < 500
        _, table = book.results(2, cell=3)
        assert "<script>" in table.inner_text()
        assert "🎉" in table.inner_text()
        assert table.locator("script, img").count() == 0
        assert table.locator("tbody tr").count() == 3
        assert "owned" not in book.page.title()
        book.shot(f"magic-hostile-{engine}")
        assert book.fits()
