"""The monitor of a send, used in JupyterLab."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

CELL = """
import threading, time, secrets
import polars as pl
import fcwork as fw
from fcwork.errors import BadRequestError
rows = pl.DataFrame({"ref": [f"SKU-{n:05}" for n in range(4_000)], "run": secrets.token_hex(4)})
odd = ["<script>document.title = 'gone'</script>", "x" * 10_000, "😀🏳️‍🌈", "שלום עולם", "\\u202eabc"]
taken = []
def deliver(records):
    time.sleep(0.05)
    if records[0]["ref"] == "SKU-00100" and len(records) == 1:
        raise BadRequestError(" ".join(odd))
    if any(record["ref"] == "SKU-00100" for record in records):
        raise BadRequestError("one of them")
    taken.extend(record["ref"] for record in records)
"""
MONITOR = 'monitor = fw.widgets.BatchMonitor(rows, deliver, dry_run=False, batch_size=20, key="ref"); monitor'


def test_a_send_is_paused_and_goes_on(lab: Lab) -> None:
    """Pause and Go on by clicks and keys: the figures stand still meanwhile, and every row goes once."""
    with lab.open(CELL, MONITOR, "7 * 6") as book:
        book.button("Send").click()
        book.sees("not settled yet")
        book.button("Pause").focus()
        book.keys("Enter")
        book.sees("paused;")
        before = book.tells("len(taken)")
        book.run_cell(2)
        assert "42" in book.output(2).inner_text()
        assert book.tells("len(taken)") == before
        book.shots_of_all_looks("monitor-paused")
        book.button("Go on").focus()
        book.keys("Space")
        book.sees("Done", seconds=60)
        assert book.tells("len(taken), len(set(taken)), monitor.value.counts['delivered']") == "(3999, 3999, 3999)"
        book.sees("<script>document.title")
        assert "gone" not in book.page.title()
        book.shots_of_all_looks("monitor-done")


def test_what_is_stopped_is_resumed_after_a_restart(lab: Lab) -> None:
    """P17: stopped, and its kernel restarted, the send is found and resumed; what went before is not sent again."""
    with lab.open(CELL, MONITOR) as book:
        book.button("Send").click()
        book.sees("rows a second")
        book.button("Stop").click()
        book.sees("Stopped")
        book.sees("Kept to be resumed: 1 row")
        book.shots_of_all_looks("monitor-stopped")
        went = int(book.tells("len(taken)"))
        kept = book.tells("monitor.resumable['name'][0]").strip("'")
        book.restart()
        book.run()
        book.sees("Kept to be resumed")
        book.choose("Kept", book.field("Kept").locator("option", has_text=kept).inner_text())
        book.button("Resume").click()
        book.sees("Done Resume", seconds=60)
        assert int(book.tells("len(taken)")) == 3_999 - went
        assert book.tells("monitor.value.counts['delivered']") == "3999"
