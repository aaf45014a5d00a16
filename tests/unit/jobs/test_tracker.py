from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import JobError, StoreError
from fcwork.jobs import JobRecord, JobTracker
from fcwork.redact import MASK, Secret
from fcwork.store import SQLiteStore


def test_a_job_from_start_to_end(tracker: JobTracker, clock: ManualClock) -> None:
    """A job that goes well is queued, processing and completed, each with its time."""
    job = tracker.job("ingestion", triggered_by="schedule", details={"file": "a.csv"})
    assert tracker.get(job.id).status == "queued"
    clock.advance(5)
    with job:
        assert tracker.get(job.id).status == "processing"
        clock.advance(30)
    record = tracker.get(job.id)
    assert (record.status, record.triggered_by, record.details) == ("completed", "schedule", {"file": "a.csv"})
    assert record.created_at + timedelta(seconds=5) == record.started_at
    assert record.ended
    assert record.duration_seconds == 30


def test_stages_as_blocks(tracker: JobTracker, clock: ManualClock) -> None:
    """A stage used as a block ends with it."""
    with tracker.job("ingestion") as job:
        with job.stage("extraction", "Reading CSV"):
            clock.advance(2)
        clock.advance(1)
        with job.stage("mapping"):
            clock.advance(3)
    stages = tracker.get(job.id).stages
    assert [(stage.name, stage.message) for stage in stages] == [("extraction", "Reading CSV"), ("mapping", "")]
    assert [(stage.ended_at - stage.started_at).seconds for stage in stages if stage.ended_at] == [2, 3]


def test_stages_as_statements(tracker: JobTracker, clock: ManualClock) -> None:
    """A stage used as a statement ends the one before it, and the last ends with the job."""
    with tracker.job("ingestion") as job:
        first = job.stage("extraction", "Reading CSV")
        clock.advance(2)
        job.stage("mapping", "Mapping 10 rows")
        clock.advance(3)
        record = tracker.get(job.id)
        assert (record.stage, record.message) == ("mapping", "Mapping 10 rows")
        assert record.stages[1].ended_at is None
    stages = tracker.get(job.id).stages
    assert [(stage.ended_at - stage.started_at).seconds for stage in stages if stage.ended_at] == [2, 3]
    assert repr(first) == "<Stage extraction: Reading CSV>"


def test_a_stage_begins_a_queued_job(tracker: JobTracker) -> None:
    """A first stage is a start, also without a block around the job."""
    job = tracker.job("ingestion")
    job.stage("extraction")
    assert tracker.get(job.id).status == "processing"


def test_a_stage_begun_within_another_ends_it_once(tracker: JobTracker, clock: ManualClock) -> None:
    """A stage that ended when another began is not ended again by its block."""
    with tracker.job("ingestion") as job, job.stage("outer"):
        job.stage("inner")
        clock.advance(4)
    outer, inner = tracker.get(job.id).stages
    assert outer.ended_at == outer.started_at == inner.started_at
    assert inner.ended_at == clock.now()


def test_an_error_fails_the_job_and_goes_on_up(tracker: JobTracker) -> None:
    """A job left by an error is failed, with the error and its traceback, known secrets masked."""
    secret = Secret("hunter2-and-more")
    job = tracker.job("ingestion")
    with pytest.raises(ValueError, match="wrong"), job, job.stage("extraction"):
        raise ValueError(f"wrong: {secret.reveal()}")
    record = tracker.get(job.id)
    assert (record.status, record.error) == ("failed", f"ValueError: wrong: {MASK}")
    assert "Traceback" in record.traceback
    assert "hunter2-and-more" not in str(tracker.history().to_dicts()) + repr(record)
    assert record.stages[0].ended_at == record.ended_at


class UnspeakableError(Exception):
    """An exception that cannot say its own text."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("error", [UnspeakableError(), ValueError("half a character \ud800")])
def test_odd_errors_fail_the_job_too(tracker: JobTracker, error: Exception) -> None:
    """P32: whatever text an error has, the job has failed, and the error itself goes on up."""
    job = tracker.job("ingestion")
    with pytest.raises(type(error)), job:
        raise error
    assert tracker.get(job.id).status == "failed"
    assert type(error).__name__ in tracker.history()["error"][0]


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e10, "10", True, [10]])
def test_a_senseless_life_is_told(store: SQLiteStore, seconds: Any) -> None:
    """P32: records that would live no time, or nobody knows how long, are refused."""
    with pytest.raises(JobError, match=r"ttl_seconds=.* is no time") as caught:
        JobTracker(store, seconds)
    assert caught.value.hint


def test_an_interruption_cancels_the_job(tracker: JobTracker) -> None:
    """A job that was stopped from outside is cancelled, not failed."""
    job = tracker.job("ingestion")
    with pytest.raises(KeyboardInterrupt), job:
        raise KeyboardInterrupt
    assert (job.record.status, job.record.message) == ("cancelled", "stopped by KeyboardInterrupt")


def test_a_job_ended_inside_stays_so(tracker: JobTracker) -> None:
    """What the work says of its end is not overwritten by leaving the block."""
    with tracker.job("ingestion") as job:
        job.complete(with_errors=True, message="2 rows rejected", details={"rejected": 2})
    record = tracker.get(job.id)
    assert (record.status, record.message, record.details) == (
        "completed_with_errors",
        "2 rows rejected",
        {"rejected": 2},
    )


def test_a_store_that_fails_does_not_hide_the_error(tracker: JobTracker, store: SQLiteStore) -> None:
    """P32: the error that ended the work is the one that is seen, even if it could not be recorded."""
    job = tracker.job("ingestion")
    with pytest.raises(ZeroDivisionError), job:
        _ = store.delete(f"job:{job.id}") // 0
    lost = tracker.job("ingestion")
    with pytest.raises(JobError, match="there is no job"), lost:
        store.delete(f"job:{lost.id}")


def test_details_are_merged_and_plain(tracker: JobTracker, clock: ManualClock) -> None:
    """Details are added to, never replaced as a whole, and become JSON with secrets masked."""
    Secret("a-known-secret")
    job_id = tracker.create("ingestion", details={"a": 1, "b": 1}).id
    tracker.update(job_id, details={"b": 2, "at": clock.now(), "token": "a-known-secret"})
    tracker.update(job_id, status="processing", message="on it")
    tracker.complete(job_id, details={"c": [Path("x")]})
    details = tracker.get(job_id).details
    assert details == {"a": 1, "b": 2, "at": str(clock.now()), "token": MASK, "c": ["x"]}
    with pytest.raises(JobError, match="cannot be kept"):
        tracker.create("x", details={"n": float("nan")})


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        (["complete"], "is queued and cannot become completed"),
        (["processing", "queued"], "is processing and cannot become queued"),
        (["processing", "complete", "processing"], "has ended: completed"),
        (["processing", "complete", "fail"], "has ended: completed"),
        (["fail", "complete"], "has ended: failed"),
        (["cancel", "message"], "has ended: cancelled"),
    ],
)
def test_illegal_moves(tracker: JobTracker, moves: list[str], told: str) -> None:
    """P32: a job goes forward only, and an end is an end."""
    job_id = tracker.create("ingestion").id
    steps = {
        "complete": lambda: tracker.complete(job_id),
        "fail": lambda: tracker.fail(job_id, "no"),
        "cancel": lambda: tracker.cancel(job_id),
        "processing": lambda: tracker.update(job_id, status="processing"),
        "queued": lambda: tracker.update(job_id, status="queued"),
        "message": lambda: tracker.update(job_id, message="more"),
    }
    for move in moves[:-1]:
        steps[move]()
    before = tracker.get(job_id)
    with pytest.raises(JobError, match=told) as caught:
        steps[moves[-1]]()
    assert caught.value.job_id == job_id
    assert tracker.get(job_id) == before


def test_an_id_is_given_once(tracker: JobTracker) -> None:
    """A given id is kept as it is, dots and colons included, and taken once; made ids differ."""
    with tracker.job("ingestion", job_id="run:2026-01-15.1") as job:
        assert job.id == "run:2026-01-15.1"
    with pytest.raises(JobError, match=r"there is a job 'run:2026-01-15\.1' already"):
        tracker.create("ingestion", job_id="run:2026-01-15.1")
    made = {tracker.create("Daily load / EU").id for _ in range(20)}
    assert len(made) == 20
    assert all(name.startswith("20260115T120000Z-daily-load-eu-") for name in made)


@pytest.mark.parametrize("job_id", [5, "", "a\nb", "\x1b[31m", "x" * 201])
def test_ids_that_cannot_be_told(tracker: JobTracker, job_id: str) -> None:
    """P32: an id that is empty, too long or not printable is refused."""
    with pytest.raises(JobError, match="is no id for a job"):
        tracker.create("ingestion", job_id=job_id)


def test_an_unknown_job(tracker: JobTracker) -> None:
    """P32: a job that is not there is told as such by every call."""
    for call in (tracker.get, tracker.complete, tracker.cancel):
        with pytest.raises(JobError, match="there is no job 'nobody'"):
            call("nobody")


@pytest.mark.parametrize("job_id", [5, None, b"j", ["j"]])
def test_what_is_no_text_is_no_id(tracker: JobTracker, job_id: Any) -> None:
    """P32: what can be no job's id is told as such by every call."""
    calls = (tracker.get, tracker.open, tracker.stages, tracker.start, tracker.beat, tracker.complete, tracker.cancel)
    for call in (*calls, lambda found: tracker.fail(found, "no"), lambda found: tracker.end_stage(found, 0)):
        with pytest.raises(JobError, match="is no id of a job") as caught:
            call(job_id)
        assert caught.value.hint


def nested(depth: int) -> dict[str, Any]:
    """Return details of so many levels."""
    return {"in": nested(depth - 1)} if depth > 1 else {}


def test_details_without_an_end_are_told(tracker: JobTracker) -> None:
    """P32: details that hold themselves, or are nested beyond what can be read again, are refused with a way out."""
    circular: dict[str, Any] = {"list": []}
    circular["list"].append(circular)
    job = tracker.job("load", details=nested(100))
    for details in (circular, nested(101), nested(600), [1], "a"):
        for call in (
            job.update,
            job.complete,
            lambda **said: job.fail("no", **said),
            lambda **said: tracker.job("x", **said),
        ):
            with pytest.raises(JobError, match="cannot be kept") as caught:
                call(details=details)
            assert caught.value.hint
    assert tracker.get(job.id).details == nested(100)
    assert tracker.history().height == 1


def test_records_expire_after_their_last_change(store: SQLiteStore, clock: ManualClock) -> None:
    """A record outlives its last change by its time, and for good where None is given."""
    tracker = JobTracker(store, ttl_seconds=100, clock=clock)
    job_id = tracker.create("ingestion").id
    kept = JobTracker(store, ttl_seconds=None, clock=clock).create("ingestion").id
    clock.advance(90)
    tracker.update(job_id, status="processing")
    clock.advance(90)
    assert tracker.get(job_id).status == "processing"
    clock.advance(10)
    with pytest.raises(JobError):
        tracker.get(job_id)
    assert tracker.history()["id"].to_list() == [kept]
    with pytest.raises(JobError, match="is no time"):
        JobTracker(store, ttl_seconds=0)


def test_a_listener_hears_every_change(store: SQLiteStore, clock: ManualClock) -> None:
    """Whoever shows a job live is told of each change as it was stored."""
    heard: list[JobRecord] = []
    with JobTracker(store, clock=clock, on_change=heard.append).job("ingestion") as job:
        job.stage("extraction", "Reading CSV")
    assert [(record.status, record.stage) for record in heard] == [
        ("queued", ""),
        ("processing", ""),
        ("processing", "extraction"),
        ("completed", "extraction"),
    ]
    assert str(heard[2]).endswith(": processing, extraction: Reading CSV")


def test_several_writers_of_one_job(store: SQLiteStore, tracker: JobTracker, clock: ManualClock) -> None:
    """Details added by four writers at once, each with a connection of its own, are all there."""
    job_id = tracker.create("ingestion").id

    def add(worker: int) -> None:
        with SQLiteStore(store.path, clock=clock) as own:
            for at in range(20):
                JobTracker(own, clock=clock).update(job_id, details={f"{worker}-{at}": at})

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(add, range(4)))
    assert len(tracker.get(job_id).details) == 80


def test_the_usual_store_is_the_workspaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a store, jobs are kept in fcwork's run-time folder, where another tracker finds them."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    job_id = JobTracker().create("ingestion").id
    assert JobTracker().get(job_id).name == "ingestion"
    assert (tmp_path / "home" / "state.sqlite").is_file()
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home" / "state.sqlite"))
    with pytest.raises(StoreError):
        JobTracker().history()
