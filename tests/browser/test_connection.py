"""The connection's panel, used in JupyterLab."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

CELLS = ("import fcwork as fw", "connection = fw.widgets.ConnectionPanel('simulator')\nconnection")


def test_a_connection_is_tested_by_a_click(lab: Lab) -> None:
    """Test shows each kind of access with a sign, a word and its seconds; the value is a client of that platform."""
    with lab.open(*CELLS) as book:
        book.sees("Not tested yet.")
        book.button("Test").click()
        book.sees("5 of 5 answered")
        assert book.panel.get_by_text("✓ answered").count() == 5
        assert book.tells("connection.value.target") == "'SIMULATOR'"
        assert book.sticks_out() == []
        book.shots_of_all_looks("connection")


def test_a_connection_is_tested_by_keys(lab: Lab) -> None:
    """Tab goes through profile, retailer and Test; Enter tests, and the choice stays when the cell is run again."""
    with lab.open(CELLS[0], "connection = fw.widgets.ConnectionPanel()\nconnection", dark=True) as book:
        book.field("Profile").focus()
        book.keys("End")
        book.sees("SIMULATOR")
        book.keys("Tab", "Tab")
        assert book.focused() == "Test"
        book.keys("Enter")
        book.sees("5 of 5 answered")
        book.run_cell(1)
        book.sees("5 of 5 answered")
        assert book.tells("connection['profile']") == "'simulator'"


def test_a_platform_that_is_not_there_is_told(lab: Lab) -> None:
    """P32: a platform that does not answer is told in words with what to do, and no traceback is seen."""
    setup = (
        "import os\nos.environ.update(FLUENT_BASE_URL='http://127.0.0.1:9', FLUENT_CLIENT_ID='i', "
        "FLUENT_CLIENT_SECRET='sesame-sesame', FLUENT_USERNAME='u', FLUENT_PASSWORD='word-of-u')\nimport fcwork as fw"
    )
    with lab.open(setup, "fw.widgets.ConnectionPanel()") as book:
        book.button("Test").click()
        book.sees("0 of 4 answered", seconds=60)
        book.sees("not tried without a token")
        book.shots_of_all_looks("connection-failed")
        assert book.page.get_by_text("Traceback").count() == 0
        assert book.page.get_by_text("sesame-sesame").count() == 1  # in the cell that set it, and nowhere else
