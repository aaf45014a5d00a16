import re

from fcwork import runner
from fcwork.runner import document, page


def test_a_page_asks_no_network_for_anything() -> None:
    """A notebook's page holds no script, and nothing that a browser would fetch."""
    notebook = document.parse(runner.find("ingestion").text)
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2}}

    shown = page.render(document.dump(notebook), "ingestion")

    assert "Loads a file into Fluent Commerce" in shown
    assert "<script" not in shown
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", shown)
    assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", shown)
