"""The desk of operations, used in JupyterLab."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

SETUP = """
import os, secrets
os.environ['FCWORK_HOME'] = os.path.abspath('home-' + secrets.token_hex(4))
import fcwork as fw
from fcwork import settings
from fcwork.store import SQLiteStore
tracker = fw.JobTracker()
tracker.job('load stock', job_id='stock-1').complete()
tracker.job('load orders', job_id='orders-1').fail('<script>alert(1)</script> 🎁 \\u202eabc ' + 'long ' * 2_000)
store = SQLiteStore(settings.home() / 'state.sqlite')
lease = store.acquire('schedule:nightly', 'elsewhere:7-1:there:beef', ttl=600)
"""
DESK = "desk = fw.widgets.OperationsDesk(fw.connect('simulator'))\ndesk"


def test_what_is_open_is_looked_at(lab: Lab) -> None:
    """An action is chosen and looked at by clicks; hostile values show harmless and tidy, in every look of the page."""
    with lab.open(SETUP, DESK) as book:
        book.button("Look").click()
        book.sees("want a look", seconds=30)
        book.choose("Action", "connection")
        book.button("Look").click()
        book.sees("4 of 4 answered")
        book.choose("Action", "jobs")
        book.fill("States", "failed")
        book.button("Look").click()
        book.sees("1 tracked job: 1 failed")
        assert book.tells("desk.value.rows['id'].to_list()") == "['orders-1']"
        assert book.sticks_out() == []
        book.shots_of_all_looks("operations")


def test_what_is_proposed_is_done_by_keys(lab: Lab) -> None:
    """P33: a lease is released by keys alone: first it is said what would be, and only with the tick it is done."""
    with lab.open(SETUP, DESK, dark=True) as book:
        book.choose("Action", "release")
        book.fill("Name", "schedule:nightly")
        book.sees("Proposed")
        book.button("Do it").focus()
        book.keys("Enter")
        book.sees("DRY RUN, nothing was changed")
        assert book.tells("len(store.leases())") == "1"
        book.field("Really change it").focus()
        book.keys("Space")
        book.shot("operations-proposed-dark")
        book.button("Do it").focus()
        book.keys("Enter")
        book.sees("schedule:nightly is released")
        assert book.tells("len(store.leases())") == "0"


def test_what_cannot_be_done_is_told(lab: Lab) -> None:
    """P32: a look that fails is told in a line with what to do, and no traceback is seen."""
    with lab.open(SETUP, DESK) as book:
        book.choose("Action", "release")
        book.fill("Name", "nothing")
        book.sees("nobody holds a lease")
        book.sees("the action leases lists those held")
        assert not book.button("Do it").is_visible()
