import json
import re

import pytest

from fcwork import runner
from fcwork.runner import document, page
from fcwork.runner.display import RESULT_TYPE


def test_a_page_asks_no_network_for_anything() -> None:
    """A notebook's page holds no script, and nothing that a browser would fetch."""
    notebook = document.parse(runner.find("ingestion").text)
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2}}

    shown = page.render(document.dump(notebook), "ingestion")

    assert "Loads a file into Fluent Commerce" in shown
    assert "<script" not in shown
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", shown)
    assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", shown)


@pytest.mark.parametrize(("early_exit", "shown"), [(True, False), (False, True)])
def test_a_notebook_that_ended_on_purpose_shows_no_failure(early_exit: bool, shown: bool) -> None:  # noqa: FBT001
    """The cell that recorded an early exit shows its result and no traceback; any other SystemExit is shown."""
    notebook = json.loads(runner.find("ingestion").text)
    data = {RESULT_TYPE: {"state": "REFUSED", "early_exit": early_exit}, "text/plain": "refused: why"}
    error = {"output_type": "error", "ename": "SystemExit", "evalue": "0", "traceback": ["SystemExit: 0"]}
    notebook["cells"][-1]["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}, error]

    html = page.render(json.dumps(notebook), "ingestion")

    assert "refused: why" in html
    assert ("SystemExit" in html) is shown
