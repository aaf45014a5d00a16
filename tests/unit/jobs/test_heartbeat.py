import pickle
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import JobError, StoreError
from fcwork.jobs import Job, JobRecord, JobTracker
from fcwork.jobs.heartbeat import PREFIX
from fcwork.store import SQLiteStore

Moves = dict[str, Callable[[JobTracker, str], JobRecord]]
ENDS: Moves = {
    "completed": lambda tracker, job_id: tracker.complete(job_id),
    "completed_with_errors": lambda tracker, job_id: tracker.complete(job_id, with_errors=True),
    "failed": lambda tracker, job_id: tracker.fail(job_id, "its process died"),
    "cancelled": lambda tracker, job_id: tracker.cancel(job_id),
}


class WatchedStore(SQLiteStore):
    """A store that tells of each heartbeat, and may take none of them for a while."""

    broken = False

    def __init__(self, *where: Any, **how: Any) -> None:
        super().__init__(*where, **how)
        self.heartbeats = threading.Semaphore(0)

    def set(self, key: str, value: Any, **how: Any) -> None:
        """Keep a value, or fail, and tell that it was tried."""
        try:
            if self.broken:
                raise StoreError("the disk is full")
            super().set(key, value, **how)
        finally:
            self.heartbeats.release()

    def wait(self, count: int = 1) -> None:
        """Wait for so many heartbeats from now on."""
        while self.heartbeats.acquire(blocking=False):
            pass
        for _ in range(count):
            assert self.heartbeats.acquire(timeout=30)


@pytest.fixture
def watched(tmp_path: Path, clock: ManualClock) -> Iterator[WatchedStore]:
    """Yield a store that tells of each heartbeat."""
    with WatchedStore(tmp_path / "watched.sqlite", clock=clock) as opened:
        yield opened


def killed(tracker: JobTracker) -> Job:
    """Return a job that was started by a process that is no more."""
    job = tracker.job("load")
    job.start()
    job.stop_heartbeat()
    return job


def thread_of(job: Job) -> threading.Thread:
    """Return the thread of a job's heartbeat."""
    assert job._heartbeat is not None
    return job._heartbeat._thread


def test_a_job_whose_heart_stopped_is_lost(tracker: JobTracker, store: SQLiteStore, clock: ManualClock) -> None:
    """A job is seen as lost when three heartbeats are missed, while its record stays as it was written."""
    job = killed(tracker)
    clock.advance(29.9)
    assert tracker.get(job.id).status == "processing"
    clock.advance(0.1)
    seen = tracker.get(job.id)
    assert (seen.status, seen.heartbeat_at, seen.ended) == ("lost", seen.started_at, False)
    assert str(seen) == f"load {job.id}: lost"
    assert tracker.history(status="lost")["id"].to_list() == [job.id]
    assert store.get(f"job:{job.id}")["status"] == "processing"


def test_a_lost_job_that_comes_alive_is_under_way_again(tracker: JobTracker, clock: ManualClock) -> None:
    """A process that was only stopped for a while goes on, and its job is processing again."""
    job = killed(tracker)
    clock.advance(3600)
    assert tracker.get(job.id).status == "lost"
    assert tracker.beat(job.id)
    assert (tracker.get(job.id).status, tracker.get(job.id).heartbeat_at) == ("processing", clock.now())


def test_a_note_on_a_lost_job_is_no_sign_of_life(tracker: JobTracker, clock: ManualClock) -> None:
    """Who looks after lost jobs may write on one, and it stays lost."""
    job = killed(tracker)
    clock.advance(60)
    tracker.update(job.id, details={"alerted": True})
    assert (tracker.get(job.id).status, tracker.get(job.id).details) == ("lost", {"alerted": True})


@pytest.mark.parametrize("end", ENDS)
def test_a_lost_job_may_be_ended_by_another(
    tracker: JobTracker, store: SQLiteStore, clock: ManualClock, end: str
) -> None:
    """Whoever picks up a lost job may say how it ended, and its heartbeat goes with it."""
    job = killed(tracker)
    clock.advance(60)
    assert ENDS[end](JobTracker(store, clock=clock), job.id).status == end
    assert tracker.get(job.id).status == end
    assert store.items(PREFIX) == []


def test_a_lost_job_may_be_gone_on_with(tracker: JobTracker, store: SQLiteStore, clock: ManualClock) -> None:
    """Another process opens a lost job by its id and does the rest of it, under its own heartbeat."""
    lost = killed(tracker)
    lost.stage("read")
    clock.advance(60)
    with JobTracker(store, clock=clock).open(lost.id) as job:
        assert tracker.get(lost.id).status == "processing"
        job.stage("send")
    record = tracker.get(lost.id)
    assert (record.status, [stage.name for stage in record.stages]) == ("completed", ["read", "send"])


def test_jobs_without_a_heart_are_never_lost(tracker: JobTracker, clock: ManualClock) -> None:
    """A job that is queued, or was moved by single calls only, is not lost however long nothing is heard of it."""
    tracker.create("queued")
    tracker.update(tracker.create("stateless").id, stage="read")
    tracker.job("unstarted").stage("read")
    ended = killed(tracker)
    tracker.complete(ended.id)
    clock.advance(86_400)
    assert sorted(tracker.history()["status"]) == ["completed", "processing", "processing", "queued"]


def test_the_writer_says_when_it_is_lost(store: SQLiteStore, clock: ManualClock) -> None:
    """How long is too long is the word of who keeps the heartbeat, not of who looks."""
    slow = killed(JobTracker(store, heartbeat_seconds=60, clock=clock))
    patient = killed(JobTracker(store, heartbeat_seconds=5, lost_after_seconds=100, clock=clock))
    clock.advance(100)
    looking = JobTracker(store, heartbeat_seconds=1, clock=clock)
    assert (looking.get(slow.id).status, looking.get(patient.id).status) == ("processing", "lost")
    clock.advance(80)
    assert looking.get(slow.id).status == "lost"


def test_a_tracker_without_a_heartbeat(store: SQLiteStore, clock: ManualClock) -> None:
    """Where no heartbeat is wanted there is no thread and nothing is lost, also of a job that had one before."""
    still = JobTracker(store, heartbeat_seconds=None, clock=clock)
    before = killed(JobTracker(store, clock=clock))
    clock.advance(30)
    with still.job("load") as job, still.open(before.id) as again:
        assert job._heartbeat is again._heartbeat is None
        clock.advance(86_400)
        assert still.history()["status"].to_list() == ["processing", "processing"]


def test_the_thread_beats_until_the_job_ends(watched: WatchedStore, clock: ManualClock) -> None:
    """Inside the block a thread gives signs of life; with the block it ends, and its key is taken away."""
    tracker = JobTracker(watched, heartbeat_seconds=0.001, clock=clock)
    with tracker.job("load") as job:
        clock.advance(5)
        watched.wait(2)
        assert tracker.get(job.id).heartbeat_at == clock.now()
        assert thread_of(job).daemon
    assert not thread_of(job).is_alive()
    assert watched.items(PREFIX) == []


@pytest.mark.parametrize("end", ENDS)
def test_a_job_ended_inside_has_no_heart(watched: WatchedStore, clock: ManualClock, end: str) -> None:
    """The heartbeat ends with the job, not only with the block around it."""
    with JobTracker(watched, clock=clock).job("load") as job:
        {
            "completed": job.complete,
            "completed_with_errors": lambda: job.complete(with_errors=True),
            "failed": lambda: job.fail("no"),
            "cancelled": job.cancel,
        }[end]()
        assert not thread_of(job).is_alive()


def test_a_job_ended_by_another_stops_the_thread(watched: WatchedStore, clock: ManualClock) -> None:
    """A heartbeat that finds its job ended, or gone, ends by itself and leaves no key behind."""
    tracker = JobTracker(watched, heartbeat_seconds=0.001, clock=clock)
    cancelled, forgotten = tracker.job("load"), tracker.job("load")
    for job in (cancelled, forgotten):
        job.start()
    tracker.cancel(cancelled.id)
    watched.delete(f"job:{forgotten.id}")
    for job in (cancelled, forgotten):
        thread_of(job).join(30)
        assert not thread_of(job).is_alive()
    assert watched.items(PREFIX) == []
    assert not tracker.beat(cancelled.id)


def test_a_job_started_twice_has_one_heart(watched: WatchedStore, clock: ManualClock) -> None:
    """Starting what is under way starts no second thread; after a stop it starts one again."""
    job = JobTracker(watched, clock=clock).job("load")
    job.start()
    first = thread_of(job)
    job.start()
    assert thread_of(job) is first
    job.stop_heartbeat()
    job.start()
    assert thread_of(job) is not first
    job.complete()


def test_an_ended_job_is_not_started(tracker: JobTracker, store: SQLiteStore) -> None:
    """P32: the start of an ended job is refused, and leaves neither a thread nor a heartbeat."""
    job = tracker.job("load")
    job.cancel()
    with pytest.raises(JobError, match="has ended: cancelled"):
        job.start()
    assert job._heartbeat is None
    assert store.items(PREFIX) == []


def test_a_store_in_trouble_does_not_disturb_the_work(
    watched: WatchedStore, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """A heartbeat that cannot be written is told once in the log, and goes on when the store is back."""
    tracker = JobTracker(watched, heartbeat_seconds=0.001, clock=clock)
    with tracker.job("load") as job:
        watched.broken = True
        watched.wait(5)
        clock.advance(60)
        assert tracker.get(job.id).status == "lost"
        watched.broken = False
        watched.wait(2)
        assert tracker.get(job.id).status == "processing"
    assert tracker.get(job.id).status == "completed"
    assert capsys.readouterr().err.count("job.heartbeat_failed") == 1


def test_a_damaged_heartbeat_is_none(tracker: JobTracker, store: SQLiteStore, clock: ManualClock) -> None:
    """What is no instant counts as no heartbeat, and the job is lost by its last change."""
    job = killed(tracker)
    for damaged in (5, "soon", "2026-01-15T12:00:00", None):
        store.set(f"{PREFIX}{job.id}", damaged)
        assert (tracker.get(job.id).status, tracker.get(job.id).heartbeat_at) == ("processing", None)
    clock.advance(30)
    assert tracker.get(job.id).status == "lost"


def test_the_heart_and_the_work_do_not_fight(watched: WatchedStore, clock: ManualClock) -> None:
    """A change is never refused or lost by a heartbeat that comes at the same time."""
    tracker = JobTracker(watched, heartbeat_seconds=0.0001, clock=clock)
    with tracker.job("load") as job:
        for at in range(200):
            job.update(details={str(at): at})
        watched.wait()
    assert len(tracker.get(job.id).details) == 200


def test_a_heartbeat_keeps_the_record(store: SQLiteStore, clock: ManualClock) -> None:
    """A job that works longer than records live is kept by its heartbeat, without a change of it."""
    tracker = JobTracker(store, 100, clock=clock)
    job = killed(tracker)
    before = store.get(f"job:{job.id}")
    for _ in range(3):
        clock.advance(90)
        tracker.beat(job.id)
    assert store.get(f"job:{job.id}") == before
    clock.advance(100)
    assert tracker.history().is_empty()
    assert store.items() == []


def test_short_lived_records_have_quicker_hearts(store: SQLiteStore) -> None:
    """There are three heartbeats at least in the life of a record."""
    assert JobTracker(store, 6, heartbeat_seconds=10).heartbeat_seconds == 2
    assert JobTracker(store, None, heartbeat_seconds=10).heartbeat_seconds == 10
    assert JobTracker(store).heartbeat_seconds == 10


@pytest.mark.parametrize(
    "times",
    [
        {"heartbeat_seconds": 0},
        {"heartbeat_seconds": "10"},
        {"heartbeat_seconds": True},
        {"lost_after_seconds": "30"},
        {"lost_after_seconds": [30]},
        {"heartbeat_seconds": -1},
        {"heartbeat_seconds": float("nan")},
        {"heartbeat_seconds": float("inf")},
        {"lost_after_seconds": 10},
        {"lost_after_seconds": float("nan")},
        {"lost_after_seconds": float("inf")},
    ],
)
def test_senseless_times(store: SQLiteStore, times: dict[str, Any]) -> None:
    """P32: a heartbeat of no time, and a loss between two heartbeats, are refused."""
    with pytest.raises(JobError, match="is no time"):
        JobTracker(store, **times)


def test_lost_is_no_status_to_give(tracker: JobTracker) -> None:
    """P32: nobody writes that a job is lost: it is what others see."""
    job = killed(tracker)
    with pytest.raises(JobError, match="is processing and cannot become lost"):
        tracker.update(job.id, status="lost")  # type: ignore[arg-type]


def test_a_handle_is_not_pickled(tracker: JobTracker) -> None:
    """P32: a handle stays in its process, and says how another process gets one."""
    job = tracker.job("load", job_id="j1")
    with pytest.raises(TypeError, match=r"'j1' cannot be pickled: give its id, and call tracker\.open\(id\)"):
        pickle.dumps(job)
    assert pickle.loads(pickle.dumps(job.record)) == job.record  # noqa: S301 - our own bytes
