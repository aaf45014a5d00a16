"""The board of the tracked jobs, used in JupyterLab."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

CELL = """
import fcwork as fw
from fcwork.store import SQLiteStore
import secrets
tracker = fw.JobTracker(SQLiteStore(f'{secrets.token_hex(4)}.sqlite'))
tracker.create('load stock', job_id='waits')
with tracker.job('load stock', job_id='done') as job, job.stage('read', 'Reading CSV'):
    pass
tracker.create('extract orders', job_id='broke')
tracker.start('broke')
tracker.fail('broke', '<script>alert(1)</script> ' + 'long ' * 2_000)
board = fw.widgets.JobBoard(tracker)
board
"""


def test_jobs_are_seen_and_chosen(lab: Lab) -> None:
    """The board looks by itself where somebody sits, parts by status, shows one job whole, and looks again."""
    with lab.open(CELL) as book:
        book.sees("By state and stage: 3 rows")
        book.choose("Status", "failed (1)")
        book.sees("Jobs: 1 row")
        book.choose("Job", "extract orders · failed · broke")
        book.sees("UTC by")
        assert book.tells("board.value.id") == "'broke'"
        book.shots_of_all_looks("jobs")
        book.choose("Status", "all (3)")
        book.tells("tracker.create('load orders', job_id='new')")
        book.button("Look").click()
        book.sees("4 jobs")


def test_jobs_are_watched_until_stop(lab: Lab) -> None:
    """Watch shows what changes while the kernel is free for other cells, until Stop is pressed."""
    with lab.open(CELL, "tracker.create('of another cell', job_id='later').id") as book:
        book.sees("By state and stage")
        book.button("Watch").click()
        book.sees("Running")
        book.tells("tracker.start('waits')")
        book.panel.get_by_role("cell", name="processing").first.wait_for()
        book.button("Stop").click()
        book.sees("Stopped")
