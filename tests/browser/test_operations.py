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
with tracker.job('load stock', job_id='stock-1'):
    pass
tracker.job('load orders', job_id='orders-1').fail('<script>alert(1)</script> 🎁 \\u202eabc ' + 'long ' * 2_000)
store = SQLiteStore(settings.home() / 'state.sqlite')
lease = store.acquire('schedule:nightly', 'elsewhere:7-1:there:beef', ttl=600)
"""
DESK = "desk = fw.widgets.OperationsDesk(fw.connect('simulator'))\ndesk"


def test_what_is_open_is_looked_at(lab: Lab) -> None:
    """An action is chosen and looked at by clicks; hostile values show harmless and tidy, in every look of the page."""
    with lab.open(SETUP, DESK) as book:
        book.button("Look").click()
        book.sees("1 thing wants a look", seconds=30)
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


def test_mended_dead_letters_are_loaded(lab: Lab) -> None:
    """P33: mended dead letters are looked at, rehearsed, and with the tick loaded, by clicks."""
    terms = (
        "from fcwork import runner\nshipped = runner.shipped()\nclient = fw.connect('simulator')\n"
        "terms = {'source': str(shipped / 'samples' / 'dead_letters.csv'), "
        "'mapping': str(shipped / 'mappings' / 'inventory.json')}"
    )
    with lab.open(SETUP, terms, "desk = fw.widgets.OperationsDesk(client, terms=terms)\ndesk") as book:
        book.choose("Action", "replay")
        book.button("Look").click()
        book.sees("send 4 rows to SIMULATOR", seconds=30)
        book.shot("operations-replay")
        book.button("Do it").click()
        book.sees("DRY RUN")
        held = "len(fw.session.embedded_simulator().ledger.quantities)"
        assert book.tells(held) == "0"
        book.field("Really change it").check()
        book.button("Do it").click()
        book.sees("4 delivered", seconds=60)
        assert book.tells(held) == "4"
        assert not book.field("Really change it").is_visible()


def test_events_are_searched(lab: Lab) -> None:
    """Events are searched by name, status and what they are about, and one of them is shown whole."""
    send = """
client = fw.connect('simulator')
for n in range(3):
    about = {'name': 'OrderCancel', 'entityType': 'ORDER', 'entityRef': f'ORDER-{n}'}
    client.send_event({**about, 'attributes': {'note': '<b>hostile</b>'}})
"""
    with lab.open(SETUP, send, "desk = fw.widgets.OperationsDesk(client)\ndesk") as book:
        assert not book.field("Filters").is_visible()
        book.choose("Action", "events")
        book.fill("Filters", "entity_ref=ORDER-1")
        book.button("Look").click()
        book.sees("1 event", seconds=30)
        assert book.tells("desk.value.rows['entity_ref'].to_list()") == "['ORDER-1']"
        book.shot("operations-events")
        book.fill("Filters", "")
        book.fill("Name", "Order*")
        book.sees("3 events")
        book.fill("Name", book.tells("desk.value.rows['id'][0]").strip("'"))
        book.sees("<b>hostile</b>")
        assert book.sticks_out() == []


def test_a_server_that_is_gone_is_told(lab: Lab) -> None:
    """P32: a platform that nobody answers for is told in a line; meanwhile the kernel is free, and Stop stops."""
    dead = (
        "client = fw.FluentClient(base_url='http://127.0.0.1:9', client_id='x', client_secret='y-y-y-y', "
        "username='u', password='p-p-p-p', retailer_id='1')"
    )
    with lab.open(SETUP, dead, "desk = fw.widgets.OperationsDesk(client)\ndesk") as book:
        book.choose("Action", "events")
        book.button("Look").click()
        assert book.tells("1 + 1") == "2"
        book.sees("Failed", seconds=90)
        book.shot("operations-dead-server")
        book.choose("Action", "connection")
        book.button("Look").click()
        book.sees("0 of 4 answered", seconds=90)
        assert book.sticks_out() == []


def test_a_name_is_chosen_from_a_list(lab: Lab) -> None:
    """What a list found is offered as a name; Tab alone goes through the desk in the order that it is read."""
    with lab.open(SETUP, DESK) as book:
        book.choose("Action", "jobs")
        book.field("Name").click()
        book.page.keyboard.type("*stock")
        book.keys("Enter")  # a page tells of Enter before it tells what was typed
        book.sees("1 tracked job: 1 completed")
        book.fill("Name", "")
        book.choose("Action", "leases")
        book.button("Look").click()
        book.sees("1 lease")
        book.choose("Action", "release")
        options = book.panel.locator("datalist option")
        assert [one.get_attribute("value") for one in options.all()] == ["schedule:nightly"]
        book.field("Action").focus()
        went = []
        for _ in range(4):
            book.keys("Tab")
            went.append(book.focused())
        assert went == ["Name", "States", "Days", "Look"]


def test_the_cell_is_run_again_and_the_kernel_restarted(lab: Lab) -> None:
    """The desk keeps what was chosen when its cell is run again; after a restart of the kernel it begins anew."""
    with lab.open(SETUP, DESK) as book:
        book.choose("Action", "jobs")
        book.button("Look").click()
        book.sees("2 tracked jobs")
        book.run_cell(1)
        assert book.field("Action").input_value() == "jobs"
        book.sees("2 tracked jobs")
        book.restart()
        book.run_cell(0)
        book.run_cell(1)
        assert book.field("Action").input_value() == "overview"
