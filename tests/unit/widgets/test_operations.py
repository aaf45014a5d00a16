"""The desk of operations."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import fcwork as fw
from fcwork import settings
from fcwork.operations import Operation, plan
from fcwork.operations.operation import Outcome
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


def leased(*names: str) -> SQLiteStore:
    """Have somebody else hold leases."""
    store = SQLiteStore(settings.home() / "state.sqlite")
    for name in names:
        store.acquire(name, "elsewhere:7-1:there:beef", ttl=600)
    return store


def test_a_cell_that_says_something_else_takes_the_proposal_away() -> None:
    """P33: run again with another name or other terms, the desk proposes nothing, and nothing is ticked."""
    store = leased("one", "two")
    desk = looked(OperationsDesk(action="release", item="one", terms={"limit": 50}))
    desk.choose("really", value=True)
    OperationsDesk(action="release", item="one", terms={"limit": 50})
    assert desk.value is not None
    assert desk["really"]
    for item, terms in (("two", {"limit": 50}), ("one", {"limit": 60})):
        looked(desk).choose("really", value=True)
        OperationsDesk(action="release", item=item, terms=terms)
        assert (desk.value, desk["really"], desk.view._change.layout.display) == (None, False, "none")
        desk.work.attempt(desk.do)
        assert "there is nothing to do" in desk.work.standing.told
    assert len(store.leases()) == 2


def test_another_platform_takes_the_proposal_away() -> None:
    """P33: what was found on one platform is not done, or shown, once the cell or the connection names another."""
    connection = ConnectionPanel("simulator")
    desk = looked(OperationsDesk(connection, action="connection"))
    assert desk.value is not None
    desk.choose("really", value=True)
    connection.choose("profile", "elsewhere")
    assert (desk.value, desk["really"], desk.view._found.value) == (None, False, "")
    connection.choose("profile", "simulator")
    assert looked(desk).value is not None
    OperationsDesk(fw.connect("simulator"), action="connection")
    assert desk.value is not None  # the same platform, and the same user
    OperationsDesk(fw.FluentClient(base_url="https://x.example", client_id="x", client_secret="y"), action="connection")
    assert desk.value is None


def test_a_late_look_is_of_what_was_chosen_when_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """P33: what a look finds is not proposed for another name that was chosen while it looked."""
    store, begun, goes_on = leased("one", "two"), threading.Event(), threading.Event()

    def slow(*asked: Any, **terms: Any) -> Operation:
        begun.set()
        assert goes_on.wait(10)
        return plan(*asked, **terms)

    monkeypatch.setattr("fcwork.widgets.operations.plan", slow)
    desk = OperationsDesk(action="release", item="one")
    desk.look()
    assert begun.wait(10)
    desk.choose("item", "two")
    goes_on.set()
    assert desk.work.wait(10)
    assert desk.value is None
    desk.work.attempt(desk.do)
    assert "there is nothing to do" in desk.work.standing.told
    assert len(store.leases()) == 2


def test_a_stop_that_comes_too_late_does_not_hide_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """P33: what was changed is told as done though Stop was pressed, never twice; a press beside it is refused."""
    begun, goes_on, changes = threading.Event(), threading.Event(), []

    def change(dry_run: bool, _: object) -> Outcome:  # noqa: FBT001 - as an operation calls it
        begun.set()
        assert goes_on.wait(10)
        changes.append(dry_run)
        return Outcome(told="it is changed", state="SUCCEEDED")

    leased("one")
    found = replace(plan("release", name="one"), change=change)
    monkeypatch.setattr("fcwork.widgets.operations.plan", lambda *_, **__: found)
    desk = looked(OperationsDesk(action="release", item="one", really=True))
    desk.do()
    assert begun.wait(10)
    for press in (desk.do, desk.look):
        desk.work.attempt(press)
        assert desk.work.standing.refused == ("Do it is under way", "press Stop, or wait for its end")
    desk.stop()
    goes_on.set()
    assert desk.work.wait(10)
    assert (desk.work.standing.phase, desk.work.standing.told) == ("done", "it is changed")
    assert desk.value is not None
    assert (desk.value.proposed, desk["really"]) == ("", False)
    desk.work.attempt(desk.do)
    assert changes == [False]


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
