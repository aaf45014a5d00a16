import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import JobError
from fcwork.jobs import JOBS, STAGES, JobTracker
from fcwork.store import SQLiteStore


def test_history_is_a_frame(tracker: JobTracker, clock: ManualClock) -> None:
    """The history has one row a job, the newest first, and the shape that it declares."""
    assert tracker.history().schema == JOBS
    with tracker.job("first") as job, job.stage("mapping", "Mapping"):
        clock.advance(2)
    clock.advance(60)
    tracker.fail(tracker.create("second").id, "no such file")
    history = tracker.history()
    assert history.schema == JOBS
    shown = history.select("name", "status", "stage", "message", "duration_seconds", "error").rows()
    assert shown == [
        ("second", "failed", "", "", None, "no such file"),
        ("first", "completed", "mapping", "Mapping", 2.0, ""),
    ]


@pytest.fixture
def jobs(tracker: JobTracker, clock: ManualClock) -> dict[str, str]:
    """Make a job an hour, and return the time of each by its name."""
    made = {}
    for name in ("load stock", "load orders", "check [EU]", "load stock"):
        made[name] = clock.now().isoformat()
        tracker.create(name, job_id=f"{name} {len(tracker.history())}")
        clock.advance(3600)
    tracker.update("load orders 1", status="processing")
    tracker.cancel("check [EU] 2")
    return made


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [3, 2, 1, 0]),
        ({"name": "load stock"}, [3, 0]),
        ({"name": "load*"}, [3, 1, 0]),
        ({"name": "*[os]"}, [1]),
        ({"name": "check [EU]"}, [2]),
        ({"name": "LOAD*"}, []),
        ({"status": "queued"}, [3, 0]),
        ({"status": ["processing", "cancelled"]}, [2, 1]),
        ({"status": []}, []),
        ({"status": "lost"}, []),
        ({"since": 13}, [3, 2, 1]),
        ({"until": 13}, [0]),
        ({"since": 13, "until": 15}, [2, 1]),
        ({"limit": 2}, [3, 2]),
        ({"limit": 0}, []),
        ({"name": "load*", "status": {"queued"}, "since": 12, "limit": 1}, [3]),
    ],
)
@pytest.mark.usefixtures("jobs")
def test_filters(tracker: JobTracker, wanted: dict[str, Any], found: list[int]) -> None:
    """Jobs are chosen by name or pattern, by one status or several, and by the time they were created at."""
    hours = {name: datetime(2026, 1, 15, wanted[name], tzinfo=UTC) for name in ("since", "until") if name in wanted}
    assert [int(job_id[-1]) for job_id in tracker.history(**{**wanted, **hours})["id"]] == found


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"status": "complete"}, "'complete' is no status of a job: did you mean 'completed'"),
        ({"status": ["queued", 5]}, "5 is no status of a job"),
        ({"status": 5}, "5 is no status of a job"),
        ({"status": [["queued"]]}, r"\['queued'\] is no status of a job"),
        ({"name": 5}, "name=5 is no name of jobs"),
        ({"name": ["load"]}, "is no name of jobs"),
        ({"since": datetime(2026, 1, 15)}, "since=.* is no instant"),  # noqa: DTZ001 - that is what is refused
        ({"until": "2026-01-15"}, "until='2026-01-15' is no instant"),
        ({"limit": -1}, "limit=-1 is no number of jobs"),
        ({"limit": True}, "limit=True is no number of jobs"),
        ({"limit": 1.5}, r"limit=1\.5 is no number of jobs"),
    ],
)
def test_senseless_filters(tracker: JobTracker, wanted: dict[str, Any], told: str) -> None:
    """P32: a filter that cannot mean anything is refused in words, before the store is asked."""
    with pytest.raises(JobError, match=told):
        tracker.history(**wanted)


def test_instants_of_any_zone(tracker: JobTracker, clock: ManualClock) -> None:
    """A filter's instant may be of any time zone."""
    tracker.create("load")
    here = clock.now().astimezone(timezone(timedelta(hours=10)))
    assert tracker.history(since=here).height == 1
    assert tracker.history(until=here).is_empty()


def test_counts_and_details_are_json(tracker: JobTracker) -> None:
    """What a job counted, by stage, and its details can be read out of the history."""
    with tracker.job("load", details={"file": "ä.csv"}) as job:
        job.stage("read", counts={"rows": 100})
        job.stage("send", counts={"batches": 2})
        job.stage("read", counts={"rows": 5, "files": 1})
        job.stage("done")
    row = tracker.history().row(0, named=True)
    assert json.loads(row["counts"]) == {"read": {"rows": 5, "files": 1}, "send": {"batches": 2}}
    assert json.loads(row["details"]) == {"file": "ä.csv"}
    assert row["updated_at"] == row["ended_at"]


def test_stages_are_a_frame(tracker: JobTracker, clock: ManualClock) -> None:
    """The stages of a job are a frame of their own, in their order, an open one without an end."""
    job = tracker.job("load")
    assert tracker.stages(job.id).schema == STAGES
    job.stage("read", "Reading", counts={"rows": 3})
    clock.advance(2)
    job.stage("map")
    stages = tracker.stages(job.id)
    assert stages.schema == STAGES
    assert stages.select("stage", "message", "duration_seconds", "counts").rows() == [
        ("read", "Reading", 2.0, '{"rows": 3}'),
        ("map", "", None, "{}"),
    ]
    with pytest.raises(JobError, match="there is no job"):
        tracker.stages("nobody")


DAMAGES: list[Any] = [
    None,
    5,
    [],
    {},
    {"name": None},
    {"status": "lost"},
    {"status": "gone"},
    {"status": ["queued"]},
    {"created_at": "yesterday"},
    {"created_at": "2026-01-15T12:00:00"},
    {"updated_at": 0},
    {"stages": "read"},
    {"stages": [{"name": "read"}]},
    {"stages": [{"name": "read", "message": "", "started_at": "2026-01-15T12:00:00Z", "counts": {"rows": "many"}}]},
    {"details": "none"},
    {"lost_after_seconds": "30"},
    {"lost_after_seconds": True},
]


@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_a_damaged_record_hides_no_other(
    tracker: JobTracker, store: SQLiteStore, capsys: pytest.CaptureFixture[str], damage: Any
) -> None:
    """A record that cannot be read is left out of the history and told in the log; asked for, it is told as such."""
    whole = tracker.create("load").id
    record = store.get(f"job:{whole}")
    damaged = {**record, **damage} if isinstance(damage, dict) and damage else damage
    store.set("job:damaged", damaged)
    assert tracker.history()["id"].to_list() == [whole]
    assert "job.unreadable" in capsys.readouterr().err
    if damage is None:
        return
    for call in (tracker.get, tracker.complete, tracker.stages):
        with pytest.raises(JobError, match="the record of job 'damaged' cannot be read") as caught:
            call("damaged")
        assert "Traceback" not in str(caught.value)
    assert store.get("job:damaged") == damaged


def test_an_old_record_is_read_and_changed(tracker: JobTracker, store: SQLiteStore, clock: ManualClock) -> None:
    """A record that knows neither counts nor heartbeats is read, changed and ended like others."""
    now = clock.now().isoformat()
    stage = {"name": "read", "message": "Reading", "started_at": now, "ended_at": None}
    old = {
        "id": "old",
        "name": "load",
        "created_at": now,
        "updated_at": now,
        "status": "processing",
        "stage": "read",
        "message": "Reading",
        "stages": [stage],
        "started_at": now,
        "ended_at": None,
        "triggered_by": "manual",
        "details": {},
        "error": "",
        "traceback": "",
    }
    store.set("job:old", old)
    clock.advance(86_400)
    assert tracker.history()["status"].to_list() == ["processing"]
    tracker.update("old", counts={"rows": 3})
    assert tracker.complete("old").stages[0].counts == {"rows": 3}


def test_what_a_newer_fcwork_wrote_stays(tracker: JobTracker, store: SQLiteStore) -> None:
    """Fields that are not known are neither a hindrance nor lost by a change."""
    job_id = tracker.create("load").id
    store.set(f"job:{job_id}", {**store.get(f"job:{job_id}"), "priority": 5})
    assert tracker.get(job_id).status == "queued"
    tracker.update(job_id, status="processing")
    assert store.get(f"job:{job_id}")["priority"] == 5
