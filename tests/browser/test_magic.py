"""The magic in JupyterLab, in a real browser: written, completed by Tab, chosen from, run and looked at."""

import pytest
from jupyterlab_server import Lab, Notebook, lab

__all__ = ["lab"]  # a fixture

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
NARROW = {"width": 640, "height": 900}
LONG = '%%fluent --engine ENGINE\n{ order(ref: "ORD-00001") { ref attributes { name value } } }'
NAMES = "%%fluent --engine ENGINE\n{ locations(first: 3) { edges { node { ref name } } } }"


def fits(notebook: Notebook) -> bool:
    """Say whether the notebook is no wider than its window."""
    return bool(
        notebook.page.evaluate(
            "(() => { const n = document.querySelector('.jp-WindowedPanel-outer');"
            " return n.scrollWidth <= n.clientWidth + 1 })()"
        )
    )


@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_query_is_written_completed_and_run(lab: Lab, look: str) -> None:
    """A person writes a query, takes field and argument from what Tab offers, runs it, and sees the frame."""
    with lab.notebook(LOAD, "", look=look) as notebook:
        notebook.run(cell=0)
        assert "connected to SIMULATOR" in notebook.outputs(1)[0].inner_text()
        notebook.write("%%fluent -o stock\n{ inventoryP", cell=1)
        assert notebook.offered() == ["inventoryPosition", "inventoryPositions"]
        notebook.picture(f"magic-roots-{look}")
        notebook.page.keyboard.press("ArrowDown")
        notebook.chosen()
        notebook.page.keyboard.type("(fir")
        assert notebook.offered() == ["first:"]
        notebook.chosen()
        notebook.page.keyboard.type("5) { edges { node { ref onH")
        assert notebook.offered() == ["onHand"]
        notebook.picture(f"magic-fields-{look}")
        notebook.chosen()
        notebook.page.keyboard.type(" } } } }")
        assert "inventoryPositions(first: 5) { edges { node { ref onHand" in notebook.editor(1).inner_text()
        notebook.run(cell=1)
        note, table = notebook.outputs(2, cell=1)
        assert "SIMULATOR: 5 rows · 1 page · incomplete: there is more, which --all fetches" in note.inner_text()
        assert table.locator("tbody tr").count() == 5
        notebook.picture(f"magic-frame-{look}")
        assert fits(notebook)
        assert notebook.said == []


def test_a_mistake_and_all_pages(lab: Lab) -> None:
    """P32: a mistake is shown with a caret below it and no traceback; all pages end with one line and the frame."""
    with lab.notebook(LOAD, ALL.replace("onHand", "onHandd"), ALL, look="light", viewport=NARROW) as notebook:
        notebook.run(cell=0)
        notebook.run(cell=1)
        told = notebook.outputs(1, cell=1)[0].inner_text()
        assert "did you mean 'onHand'?" in told
        assert "^^^^^^^" in told
        assert "Traceback" not in told
        notebook.run(cell=2)
        note, _ = notebook.outputs(2, cell=2)
        assert "2,500 rows · 5 pages · complete" in note.inner_text()
        notebook.picture("magic-mistake-narrow")
        assert fits(notebook)
        assert notebook.said == []


@pytest.mark.parametrize(("engine", "look"), [("polars", "light"), ("pandas", "dark")])
def test_hostile_values_are_harmless_and_tidy(lab: Lab, engine: str, look: str) -> None:
    """P25: tags, 10,000 characters, emoji and marks of direction in cells neither act nor break the page."""
    queries = [text.replace("ENGINE", engine) for text in (NAMES, LONG)]
    with lab.notebook(LOAD, HOSTILE, RENAME, *queries, look=look) as notebook:
        for cell in range(5):
            notebook.run(cell=cell)
        assert "errors" not in notebook.outputs(2, cell=2)[0].inner_text()
        assert len(notebook.outputs(2, cell=4)[1].inner_text()) < 500
        _, table = notebook.outputs(2, cell=3)
        assert "<script>" in table.inner_text()
        assert "🎉" in table.inner_text()
        assert table.locator("script, img").count() == 0
        assert table.locator("tbody tr").count() == 3
        assert "owned" not in notebook.page.title()
        notebook.picture(f"magic-hostile-{engine}-{look}")
        assert fits(notebook)
        assert notebook.said == []
