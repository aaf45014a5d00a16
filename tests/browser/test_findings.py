"""The panel of what a check found, used in JupyterLab."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

CELL = """
import polars as pl
import fcwork as fw
odd = ["<script>document.title = 'gone'</script>", "x" * 10_000, "😀🏳️‍🌈", "שלום עולם", "</td>", "\\u202eabc", "=1+1"]
refs = [f"SKU-{n:05}" for n in range(2_000)] + ["SKU-00001"]
rows = pl.DataFrame({"ref": refs, "qty": [odd[n % 7] for n in range(2_001)]})
checked = fw.Validator({"types": {"qty": "integer"}, "unique": ["ref"], "required": ["ref"]}).check(rows)
report = fw.widgets.CheckReport(checked)
report
"""


def test_issues_are_parted_and_paged(lab: Lab) -> None:
    """Codes, a search and pages lead to the issues; the value is what is chosen."""
    with lab.open(CELL) as book:
        book.sees("1 to 25 of 2,002 rows")
        book.button("Next").click()
        book.sees("26 to 50 of 2,002 rows")
        book.choose("Code", "check.duplicate (1)")
        book.sees("Issues: 1 row")
        assert book.tells("report.value['code'].to_list()") == "['check.duplicate']"
        book.choose("Show", "the rows themselves")
        book.sees("Rows: 1 row")
        book.choose("Code", "all (2,002)")
        book.fill("Contains", "SKU-0007")
        book.choose("Show", "issues")
        book.shots_of_all_looks("findings-parted")


def test_hostile_cells_are_shown_harmless_and_tidy(lab: Lab) -> None:
    """P25: tags, ten thousand characters, emoji and right-to-left text are text that fits, and nothing of it runs."""
    with lab.open(CELL) as book:
        book.sees("1 to 25 of 2,002 rows")
        book.panel.get_by_text("<script>document.title").first.wait_for()
        book.panel.get_by_text("שלום עולם").first.wait_for()
        book.panel.get_by_text("\\u202eabc").first.wait_for()
        assert "gone" not in book.page.title()
        assert book.panel.locator("script").count() == 0
        book.shots_of_all_looks("findings")


def test_an_export_says_where_it_went(lab: Lab) -> None:
    """Export writes what is shown and says how many rows are where; a second time it says that the file is there."""
    with lab.open(CELL) as book:
        book.fill("File", "out/found.csv")
        book.button("Export").focus()
        book.keys("Space")
        book.sees("2,002 rows in")
        assert (lab.folder / "out" / "found.csv").is_file()
        book.keys("Enter")
        book.sees("is there already")
