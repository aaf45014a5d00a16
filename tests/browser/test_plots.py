"""Pictures, seen in JupyterLab without a network."""

from importlib.util import find_spec

import pytest
from browser import CI
from lab import Lab

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def plotly() -> None:
    """Without plotly no picture is drawn; in CI it has to be there."""
    if find_spec("plotly") is None:
        (pytest.fail if CI else pytest.skip)("no plotly: pip install -e '.[test]'")


CELL = """
import polars as pl
import fcwork as fw
from datetime import UTC, datetime, timedelta
odd = ["<script>document.title = 'gone'</script>", "<b>bold</b>", "x" * 10_000, "😀🏳️‍🌈", "שלום עולם", "\\u202eabc"]
stock = pl.DataFrame({"locationRef": [*odd, *[f"LOC-{n:02}" for n in range(40)]], "onHand": range(46, 0, -1)})
start = datetime(2026, 1, 15, tzinfo=UTC)
at = [start + timedelta(seconds=n * n % 3_000) for n in range(3_000)]
"""
PILES = 'fw.plots.piles({"read": 1000, "mapped": 940, "delivered": 900, "rejected": 90, "unknown": 10})'
PLOTS = [PILES, "fw.plots.stock(stock)", 'fw.plots.rate(pl.DataFrame({"at": at}))']


def test_pictures_are_drawn_without_a_network(lab: Lab) -> None:
    """P25: each picture is drawn from what is here; hostile labels are texts, and nothing of them runs or links."""
    with lab.open(CELL, *PLOTS) as book:
        for number, words in ((1, "What became of rows"), (2, "Stock by location"), (3, "Rate over time")):
            book.output(number).locator(".js-plotly-plot").get_by_text(words).first.wait_for()
        book.output(1).get_by_text("900", exact=True).first.wait_for()
        book.output(2).get_by_text("<b>bold</b>").first.wait_for()
        assert "gone" not in book.page.title()
        assert book.page.locator(".js-plotly-plot a[href^=http]").count() == 0
        for dark in (False, True):
            book.dark(yes=dark)
            for number in (1, 2, 3):
                book.output(number).scroll_into_view_if_needed()
                book.shots.mkdir(parents=True, exist_ok=True)
                place = book.shots / f"plot-{number}-{'dark' if dark else 'light'}.png"
                book.output(number).screenshot(path=str(place))
