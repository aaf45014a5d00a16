"""What those see and do who look after loads, each action by its name."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import recovery, settings
from fcwork.client import FluentClient
from fcwork.errors import ConfigError, FcworkError, ServerError
from fcwork.operations import ACTIONS, Operation, plan
from fcwork.operations.planning import _DOERS
from fcwork.personal import hide
from fcwork.receiver import Inbox
from fcwork.receiver.message import Arrival
from fcwork.store import SQLiteStore
from fcwork.store.workers import someone

HOSTILE = '<script>alert("1")</script>'
STOCK = pl.DataFrame(
    {
        "locationRef": ["LOC001", "LOC002", "LOC003"],
        "skuRef": ["SKU-00001"] * 3,
        "qty": [1, 2, 3],
        "type": ["LAST_ON_HAND"] * 3,
        "status": ["ACTIVE"] * 3,
    }
)


@pytest.fixture
def client(home: Path) -> FluentClient:
    """Return a client of a fresh simulator in this process."""
    del home
    fw.session.forget_simulator()
    return fw.connect(profile="simulator")


class CutOffError(Exception):
    """The process is as if it were killed."""


def leave(client: FluentClient, name: str = "stock") -> None:
    """Leave a send of three rows that was cut off after the first."""
    calls = iter([None])

    def once() -> None:
        if next(calls, "over") == "over":
            raise CutOffError

    with pytest.raises(CutOffError):
        recovery.send(STOCK, client.batches(), batch_size=1, checkpoint=name, before_request=once)


def store() -> SQLiteStore:
    """Return the store of the workspace."""
    return SQLiteStore(settings.home() / "state.sqlite")


def put(*, key: str, dead: bool) -> None:
    """Put a message into the inbox."""
    with Inbox() as inbox:
        facts = {"scheme": "fluent", "name": HOSTILE}
        usual: dict[str, Any] = {"door": "orders", "body": b"{}", "headers": {}, "received_at": datetime.now(UTC)}
        inbox.put(Arrival(replay_key=key, request_id=key, facts=facts, **usual)).result()
        claimed = inbox.claim(["orders"]) if dead else None
        if claimed:
            inbox.settle(claimed, "dead", error=HOSTILE)


def test_each_action_is_told_and_done() -> None:
    """Every action has a sentence that says what it does, and somebody who does it."""
    assert set(ACTIONS) == set(_DOERS)
    assert all(ACTIONS.values())


@pytest.mark.parametrize(
    ("action", "given", "told"),
    [
        ("jbos", {}, "did you mean 'jobs'"),
        ("batches", {}, "batches needs a name"),
        ("connection", {}, "connection needs a client"),
        ("jobs", {"states": ["fialed"]}, "did you mean 'failed'"),
        ("leases", {"states": ["dead"]}, "has no states"),
        ("jobs", {"days": 0}, "days is 0"),
        ("jobs", {"limit": 2.5}, "limit is 2.5"),
        ("release", {"name": "nothing"}, "nobody holds a lease 'nothing'"),
        ("redeliver", {"name": "nobody"}, "no message 'nobody'"),
        ("jobs", {"name": "none"}, "none"),
    ],
)
def test_what_cannot_be_asked_is_told(home: Path, action: Any, given: dict[str, Any], told: str) -> None:
    """P32: an action that is not known, or lacks what it needs, is told in words before anything happens."""
    with pytest.raises(FcworkError) as caught:
        plan(action, **given)
    assert told in str(caught.value)
    assert not list(home.rglob("inbox.sqlite"))


def test_an_overview_counts_what_wants_a_look(client: FluentClient) -> None:
    """The overview counts jobs, checkpoints, leases and messages, and names the action that tells more of trouble."""
    assert "nothing wants a look" in plan("overview").told
    leave(client)
    put(key="dead-one", dead=True)
    with pytest.raises(ServerError), fw.JobTracker().job("load", job_id="load-1"):
        raise ServerError("503")
    found = {(row["what"], row["state"]): row["look"] for row in plan("overview").rows.to_dicts()}
    assert found["jobs", "failed"] == 'ACTION = "jobs"'
    assert found["checkpoints", "interrupted"] == 'ACTION = "checkpoints"'
    assert found["inbox", "dead"] == 'ACTION = "inbox"'


def test_a_connection_is_tried(client: FluentClient) -> None:
    """Each kind of access is tried, with the time that its answer took."""
    operation = plan("connection", client=client)
    assert (operation.state, operation.told) == ("SUCCEEDED", "SIMULATOR: 4 of 4 answered")
    assert operation.rows["seconds"].min() >= 0


def test_jobs_are_listed_and_one_is_shown(home: Path) -> None:
    """Jobs are chosen by state and name; the one of an id is shown with its stages, and its trouble is the state."""
    del home
    tracker = fw.JobTracker()
    with tracker.job("load stock", job_id="stock-1") as job:
        job.stage("read", HOSTILE)
    tracker.job("load orders", job_id="orders-1").fail(HOSTILE)
    assert plan("jobs", states=["FAILED"]).rows["id"].to_list() == ["orders-1"]
    assert plan("jobs", name="*stock").rows["id"].to_list() == ["stock-1"]
    one = plan("jobs", name="stock-1")
    assert (one.state, one.rows["stage"].to_list()) == ("SUCCEEDED", ["read"])
    assert plan("jobs", name="orders-1").state == "COMPLETED_WITH_ERRORS"
    assert "<script>" not in one._repr_html_() + plan("jobs")._repr_html_()


def test_batches_of_a_job_name_what_was_refused(client: FluentClient) -> None:
    """Each batch of a job is told with its status, and each record that the platform refused with its reason."""
    job = client.create_job("by hand")
    client.send_batch(job.id, [{**row, "skuRef": "SKU-66666"} for row in STOCK.to_dicts()[:1]] + STOCK.to_dicts()[1:])
    open_ = plan("batches", client=client, name=job.id)
    client.wait_for_batches(job.id, [str(client.job_status(job.id).batches[0]["id"])], timeout=60)
    found = plan("batches", client=client, name=job.id)
    assert "1 batch of 1 not complete" in open_.told
    assert found.rows.rows()[0][1:3] == ("COMPLETE", 3)
    assert found.tables["Refused records"].rows.height == found.rows["refused"].sum()


def test_events_are_searched(client: FluentClient) -> None:
    """Events are chosen by name, state and what they are about; the one of an id is shown with its attributes."""
    event = {"name": "OrderCancel", "entityType": "ORDER", "entityRef": "O-1", "attributes": {"email": "kim@home.test"}}
    sent = client.send_event(event)
    found = plan("events", client=client, name="OrderC*", filters={"entity_ref": "O-1"})
    assert found.rows["id"].to_list() == [sent.id]
    assert plan("events", client=client, states=["no_such"]).rows.height == 0
    hide(["email"])
    one = plan("events", client=client, name=sent.id)
    assert "kim@home.test" in str(one.tables["Attributes"].rows.to_dicts())
    assert "kim@home.test" not in one._repr_html_()


def test_personal_data_are_hidden_in_files(client: FluentClient, tmp_path: Path) -> None:
    """P25: what is written of others' data hides what is personal."""
    event = {"name": "OrderCancel", "entityType": "ORDER", "entityRef": "O-1", "attributes": {"email": "kim@home.test"}}
    hide(["email"])
    written = plan("events", client=client, name=client.send_event(event).id).write(tmp_path)
    assert [path.name for path in written] == ["event.csv", "attributes.csv"]
    assert "kim@home.test" not in (tmp_path / "attributes.csv").read_text("utf-8")


def test_a_send_goes_on(client: FluentClient) -> None:
    """P33: resume shows what is left, sends nothing in a dry run, and then the rows that were not sent."""
    leave(client)
    operation = plan("resume", client=client, name="stock")
    assert "go on with 3 rows" in operation.proposed or "go on with 2 rows" in operation.proposed
    rehearsed = operation.apply()
    assert "DRY RUN, nothing was changed" in rehearsed.summary
    assert plan("checkpoints").rows["name"].to_list() == ["stock"]
    done = operation.apply(dry_run=False)
    assert (done.state, done.to_record()["delivered"]) == ("SUCCEEDED", 3)
    assert plan("checkpoints").rows.height == 0
    with pytest.raises(FcworkError, match="there is no checkpoint"):
        operation.apply(dry_run=False)


def test_a_send_goes_on_only_where_it_began(client: FluentClient) -> None:
    """A checkpoint of another platform, or a route that takes no such option, is refused before anything is sent."""
    leave(client)
    elsewhere = FluentClient(
        **{**client._given, "target": "other.test (retailer 2)"}, transport=client._http._client._transport
    )
    with pytest.raises(ConfigError, match="is of SIMULATOR, and this is other"):
        plan("resume", client=elsewhere, name="stock")
    with pytest.raises(ConfigError, match="has no option sorce"):
        plan("resume", client=client, name="stock", route_options={"sorce": "x"})


def test_checkpoints_are_listed_and_one_is_shown(client: FluentClient) -> None:
    """Checkpoints are chosen by state and name; one is shown with the rows that it has left."""
    leave(client, "stock-1")
    assert plan("checkpoints", states=["interrupted"]).rows["name"].to_list() == ["stock-1"]
    assert plan("checkpoints", name="other*").rows.height == 0
    assert plan("checkpoints", name="stock-1").rows.height in {2, 3}


def test_dead_letters_are_loaded_again(client: FluentClient, home: Path) -> None:
    """Dead letters are taken from a mended file; one that is still faulty holds all back unless that is allowed."""
    letters = STOCK.with_columns(_code=pl.lit("check.range"), _row=pl.Series([1, 2, 3]), qty=pl.Series([-1, 2, 3]))
    letters.write_csv(home / "dead.csv")
    refused = plan("replay", client=client, source="dead.csv")
    assert "3 dead letters, 1 still faulty; the gate is closed" in refused.told
    assert refused.apply(dry_run=False).state == "REFUSED"
    done = plan("replay", client=client, source="dead.csv", max_rejected=1).apply(dry_run=False)
    assert (done.state, done.to_record()["delivered"]) == ("COMPLETED_WITH_ERRORS", 2)
    assert "report.html" in {path.name for path in done.write(home / "out")}


def test_what_are_no_dead_letters_is_told(client: FluentClient, home: Path) -> None:
    """A file without their columns, and a run that left none, are refused."""
    STOCK.write_csv(home / "stock.csv")
    with pytest.raises(ConfigError, match="no file of dead letters"):
        plan("replay", client=client, source="stock.csv")
    with pytest.raises(ConfigError, match="needs dead letters"):
        plan("replay", client=client)
    (home / ".fcwork" / "runs" / "20260101T000000Z-x-1").mkdir(parents=True)
    with pytest.raises(ConfigError, match="left no dead letters"):
        plan("replay", client=client, name="20260101T000000Z-x-1")


def test_a_lease_of_a_worker_that_is_gone_is_released(home: Path) -> None:
    """A lease is taken from a process that is gone, never from one that is alive; a dry run takes none."""
    del home
    mine = store().acquire("mine", someone(), ttl=60)
    gone = f"{someone().split(':')[0]}:{os.getpid()}-1:{someone().split(':')[2]}:beef"
    store().acquire("theirs", gone, ttl=600)
    assert dict(plan("leases").rows.select("name", "holder").iter_rows()) == {"mine": "alive", "theirs": "dead"}
    with pytest.raises(ConfigError, match="is alive"):
        plan("release", name="mine")
    operation = plan("release", name="theirs")
    operation.apply()
    assert plan("leases", name="th*").rows.height == 1
    assert operation.apply(dry_run=False).state == "SUCCEEDED"
    assert operation.apply(dry_run=False).state == "SKIPPED"
    assert mine
    assert store().check(mine)


def test_a_file_is_forgotten(client: FluentClient, home: Path) -> None:
    """Files of all workflows are listed; one that is forgotten is not known any more, in a dry run it is."""
    from fcwork.ingestion import FileLedger, FileVersion

    for workflow in ("a:b", "nightly"):
        ledger = FileLedger(store(), workflow=workflow, target=client.target)
        ledger.note(FileVersion("in/stock.csv", size=3, sha256="abc"), "verified", counts={"rows": 3})
        ledger.note(FileVersion("x" * 1_200, size=3, sha256="abc"), "error", reason=HOSTILE)
    del home
    listed = plan("files", client=client, states=["verified"])
    assert sorted(listed.rows["workflow"]) == ["a:b", "nightly"]
    assert "<script>" not in plan("files", client=client)._repr_html_()
    with pytest.raises(ConfigError, match="did you mean 'in/stock"):
        plan("forget", client=client, name="in/stok.csv")
    operation = plan("forget", client=client, name="in/stock.csv")
    operation.apply()
    assert plan("files", client=client, name="in/*").rows.height == 2
    assert "by 2 workflows" in operation.apply(dry_run=False).told
    assert plan("files", client=client, name="in/*").rows.height == 0


def test_dead_messages_are_handled_again(home: Path) -> None:
    """All dead messages, or the one that is named, wait to be handled again; nothing of theirs acts on a page."""
    del home
    put(key="dead-one", dead=True)
    put(key="new-one", dead=False)
    assert plan("inbox", states=["dead"]).rows["id"].to_list() == ["dead-one"]
    assert "<script>" not in plan("inbox")._repr_html_() + plan("inbox", name="dead-one")._repr_html_()
    operation = plan("redeliver")
    assert "1 message handled again" in operation.proposed
    operation.apply()
    assert plan("inbox", states=["dead"]).rows.height == 1
    assert operation.apply(dry_run=False).state == "SUCCEEDED"
    assert plan("inbox", states=["waiting"]).rows.height == 2
    assert plan("redeliver").proposed == ""


@pytest.mark.parametrize("make", [lambda: plan("jobs"), lambda: plan("inbox"), lambda: plan("checkpoints")])
@pytest.mark.usefixtures("home")
def test_where_there_is_nothing_nothing_is_made(make: Callable[[], Operation], tmp_path: Path) -> None:
    """A look finds nothing where nothing is, writes no file of nothing, and applying it changes nothing."""
    operation = make()
    assert operation.rows.height == 0
    assert operation.apply(dry_run=False) is operation
    assert operation.write(tmp_path / "out") == ()
    assert operation.to_record()["state"] == "SUCCEEDED"
