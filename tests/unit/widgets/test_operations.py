"""The desk of operations."""

from pathlib import Path

import pytest

import fcwork as fw
from fcwork import settings
from fcwork.store import SQLiteStore
from fcwork.widgets import ConnectionPanel, OperationsDesk

HOSTILE = "<script>alert(1)</script> 🎁 \u202eabc " + "long " * 2_000


@pytest.fixture(autouse=True)
def workspace(home: Path) -> None:
    """Work in an empty folder with two jobs, one of them hostile."""
    del home
    tracker = fw.JobTracker()
    with tracker.job("load stock", job_id="stock-1") as job:
        job.stage("read", "Reading")
    tracker.job("load orders", job_id="orders-1").fail(HOSTILE)


def looked(desk: OperationsDesk) -> OperationsDesk:
    """Look, and wait for it."""
    desk.look()
    assert desk.work.wait(30)
    return desk


def test_nothing_is_looked_at_by_itself() -> None:
    """Where nobody sits, the desk looks at nothing, connects to nothing, and shows its defaults."""
    desk = OperationsDesk(ConnectionPanel(), action="connection")
    assert desk.value is None
    assert "Operations: not looked at" in str(desk)
    assert set(desk._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_look_is_the_value() -> None:
    """What was looked at is the value, of the action, name and states that were chosen."""
    desk = OperationsDesk(action="jobs")
    desk.choose("states", "failed, lost")
    operation = looked(desk).value
    assert operation is not None
    assert operation.rows["id"].to_list() == ["orders-1"]
    desk.choose("item", "stock-1")
    desk.choose("states", "")
    assert looked(desk).work.standing.told.startswith("load stock stock-1: completed")


def test_names_of_a_list_are_offered() -> None:
    """What a look at a list found is offered as a name, to the actions that are about one of its things alone."""
    desk = looked(OperationsDesk(action="jobs"))
    assert set(desk.offered) == {"stock-1", "orders-1"}
    SQLiteStore(settings.home() / "state.sqlite").acquire("theirs", "elsewhere:7-1:there:beef", ttl=600)
    desk.choose("action", "leases")
    assert desk.offered == ()
    looked(desk).choose("action", "release")
    assert desk.offered == ("theirs",)
    assert desk.view._item.options == ("theirs",)
    desk.choose("action", "replay")
    assert desk.offered == ()


def test_events_are_searched_by_what_they_are_about() -> None:
    """Filters of events are typed as names and values; the field is there for events alone."""
    desk = OperationsDesk(ConnectionPanel("simulator"), action="events", filters="entity_ref = nothing")
    operation = looked(desk).value
    assert operation is not None
    assert operation.rows.height == 0
    assert desk.view._filters.layout.display is None
    for filters, told in (("ORDER-1", "is no filter"), ("=x", "is no filter"), ("entity_reff=x", "entity_reff")):
        desk.choose("filters", filters)
        assert looked(desk).work.standing.phase == "failed"
        assert told in desk.work.standing.told
    desk.choose("action", "jobs")
    assert desk.view._filters.layout.display == "none"


def test_the_platform_is_that_of_the_connection() -> None:
    """An action that asks the platform asks the one that is chosen at that moment."""
    operation = looked(OperationsDesk(ConnectionPanel("simulator"), action="connection")).value
    assert operation is not None
    assert operation.target == "SIMULATOR"


def test_what_cannot_be_looked_at_is_told_in_a_line() -> None:
    """P32: a look that fails says why and what to do, and leaves nothing to be done."""
    desk = looked(OperationsDesk(action="release", item="nothing"))
    assert desk.work.standing.phase == "failed"
    assert "nobody holds a lease" in desk.work.standing.told
    assert desk.work.standing.hint
    desk.work.attempt(desk.do)
    assert "there is nothing to do" in desk.work.standing.told


def test_only_what_is_really_wanted_is_changed() -> None:
    """P33: without the tick it is only said what would be; another choice takes proposal and tick away."""
    store = SQLiteStore(settings.home() / "state.sqlite")
    store.acquire("theirs", "elsewhere:7-1:there:beef", ttl=600)
    desk = looked(OperationsDesk(action="release", item="theirs"))
    desk.do()
    assert desk.work.wait(30)
    assert "DRY RUN" in desk.work.standing.told
    desk.choose("really", value=True)
    desk.choose("item", "others")
    assert (desk.value, desk["really"]) == (None, False)
    desk.choose("item", "theirs")
    looked(desk).choose("really", value=True)
    desk.do()
    assert desk.work.wait(30)
    assert desk.work.standing.told == "theirs is released"
    assert (store.leases(), desk["really"]) == ([], False)


def test_hostile_values_are_harmless() -> None:
    """P25: nothing of the data's is a live tag, in the view or in the picture, and long texts are short."""
    desk = looked(OperationsDesk(action="jobs"))
    view = desk.view
    shown = view._found.value + desk._repr_mimebundle_()["text/html"]
    assert "<script>" not in shown
    assert len(shown) < 20_000


def test_the_button_is_there_where_something_is_proposed() -> None:
    """Do it is seen only where there is something to do."""
    desk = looked(OperationsDesk(action="jobs"))
    assert desk.view._change.layout.display == "none"
    SQLiteStore(settings.home() / "state.sqlite").acquire("theirs", "elsewhere:7-1:there:beef", ttl=600)
    desk.choose("action", "release")
    desk.choose("item", "theirs")
    looked(desk)
    assert desk.view._change.layout.display is None
    assert "Proposed" in desk.view._found.value
