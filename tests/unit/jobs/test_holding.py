"""A job that changes hands: from its worker's silence on, another may have it, and the first is told so."""

import threading
from collections.abc import Callable

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import JobError, JobTakenError
from fcwork.jobs import Job, JobTracker
from fcwork.jobs.heartbeat import PREFIX
from fcwork.store import SQLiteStore

CALLS: dict[str, Callable[[Job], object]] = {
    "update": lambda job: job.update(details={"late": True}),
    "status": lambda job: job.update(status="processing"),
    "counts": lambda job: job.update(counts={"rows": 1}),
    "stage": lambda job: job.stage("late"),
    "end_stage": lambda job: job.end_stage(0),
    "complete": lambda job: job.complete(),
    "fail": lambda job: job.fail("late"),
    "cancel": lambda job: job.cancel(),
    "start": lambda job: job.start(),
}


def started(tracker: JobTracker, job_id: str) -> Job:
    """Return a handle that has started a job, and whose process then gives no sign of life."""
    job = tracker.open(job_id)
    job.start()
    job.stop_heartbeat()
    return job


@pytest.fixture
def first(tracker: JobTracker) -> Job:
    """Return the handle of the worker that had the job first."""
    job = started(tracker, tracker.create("load", job_id="j").id)
    job.stage("read")
    return job


@pytest.fixture
def second(first: Job, tracker: JobTracker, clock: ManualClock) -> Job:
    """Return the handle of the worker that took the lost job over."""
    clock.advance(60)
    return started(tracker, first.id)


@pytest.mark.parametrize("call", CALLS)
def test_a_worker_whose_job_was_taken_over_is_refused(
    first: Job, second: Job, tracker: JobTracker, store: SQLiteStore, call: str
) -> None:
    """P30: whatever a worker says of a job that another took over is refused, and the other's own end stands."""
    before = store.items()
    with pytest.raises(JobTakenError, match="another worker") as caught:
        CALLS[call](first)
    assert (caught.value.job_id, store.items()) == ("j", before)
    assert caught.value.hint
    second.complete(message="by the second")
    assert (tracker.get("j").status, tracker.get("j").message) == ("completed", "by the second")


def test_a_heart_whose_job_was_taken_over_stops(
    first: Job, second: Job, tracker: JobTracker, clock: ManualClock
) -> None:
    """P30: the first worker's sign of life is refused, so that a second one that died is seen as lost."""
    clock.advance(20)
    with pytest.raises(JobTakenError, match=r"took it over at 2026-01-15 12:01:00 UTC"):
        tracker.beat("j", by=first._holding)
    clock.advance(10)
    assert tracker.get("j").status == "lost"
    assert tracker.beat("j", by=second._holding)
    assert tracker.get("j").status == "processing"


def test_the_thread_of_a_job_that_was_taken_over_ends(
    store: SQLiteStore, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """P30: the heartbeat's thread ends by itself as soon as another worker has the job, and says so once."""
    late = JobTracker(store, heartbeat_seconds=0.001, lost_after_seconds=30, clock=clock).job("load", job_id="j")
    late.start()
    record = store.get("job:j")
    store.set("job:j", {**record, "holder": "another", "held_at": record["updated_at"]})
    heart = late._heartbeat
    assert heart is not None
    heart._thread.join(30)
    assert not heart.alive
    assert capsys.readouterr().err.count("job.taken_over") == 1


def lose(job: Job, tracker: JobTracker, clock: ManualClock) -> Job:
    """Fall silent until another worker has the job, and return its handle."""
    job.stop_heartbeat()
    clock.advance(60)
    return started(tracker, job.id)


@pytest.mark.parametrize("end", [None, "complete", "fail"])
def test_a_block_whose_job_was_taken_over_says_so(tracker: JobTracker, clock: ManualClock, end: str | None) -> None:
    """P30: a worker that reaches the end of its block is told, whether the other has ended the job or not."""

    def work() -> None:
        with tracker.job("load", job_id="j") as job:
            second = lose(job, tracker, clock)
            if end:
                CALLS[end](second)

    with pytest.raises(JobTakenError, match="took it over"):
        work()
    assert tracker.get("j").status == {None: "processing", "complete": "completed", "fail": "failed"}[end]


def test_the_error_of_a_block_is_not_hidden_by_the_takeover(tracker: JobTracker, clock: ManualClock) -> None:
    """P32: the error that ended the work of a worker that lost its job, also in a stage, is the one that is seen."""
    job = tracker.job("load", job_id="j")
    with pytest.raises(ZeroDivisionError), job, job.stage("read"):
        _ = lose(job, tracker, clock).record.stages.count(None) // 0
    assert tracker.get("j").status == "processing"


def test_a_job_under_way_is_not_started_by_another(first: Job, tracker: JobTracker, clock: ManualClock) -> None:
    """P30: of two workers that start one job the second is refused, until the job is seen as lost."""
    rival = tracker.open("j")
    clock.advance(29)
    for start in (rival.start, lambda: tracker.start("j")):
        with pytest.raises(JobTakenError, match="is under way: another worker has started it") as caught:
            start()
    assert "once it is seen as lost" in caught.value.hint
    assert rival._heartbeat is None
    with pytest.raises(JobTakenError):
        rival.complete()
    first.update(message="still here")
    clock.advance(1)
    rival.start()
    rival.complete()


def test_a_job_without_a_heartbeat_is_not_taken_over(tracker: JobTracker, clock: ManualClock) -> None:
    """P32: where nobody can see that a worker is gone, the message says what to do instead."""
    job_id = tracker.create("load").id
    tracker.update(job_id, stage="read")
    clock.advance(86_400)
    with pytest.raises(JobTakenError) as caught:
        tracker.open(job_id).start()
    assert "fail it and begin another" in caught.value.hint


def test_of_many_that_take_over_one_does(first: Job, store: SQLiteStore, clock: ManualClock) -> None:
    """P30: of eight workers that take over a lost job at once one has it."""
    clock.advance(60)
    gate, had = threading.Barrier(8), []

    def take_over() -> None:
        with SQLiteStore(store.path, clock=clock) as own:
            job = JobTracker(own, heartbeat_seconds=None, clock=clock).open(first.id)
            gate.wait(30)
            try:
                had.append(job.start().holder)
            except JobTakenError:
                had.append("")

    workers = [threading.Thread(target=take_over) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(had)[:7] == [""] * 7
    assert store.get("job:j")["holder"] == max(had) != ""


def test_a_worker_that_was_silent_goes_on_where_nobody_took_over(
    first: Job, tracker: JobTracker, clock: ManualClock
) -> None:
    """A lost job that nobody took over is still its worker's, who may start it again too."""
    clock.advance(3600)
    first.update(message="back")
    assert first.start().held_at == clock.now()
    first.stop_heartbeat()
    assert tracker.get("j").status == "processing"
    first.complete()


def test_a_first_stage_makes_a_job_the_handles_own(tracker: JobTracker, clock: ManualClock) -> None:
    """A handle that began with a stage may start its job after that, and no other may."""
    job = tracker.job("load", job_id="j")
    job.stage("read")
    with pytest.raises(JobTakenError):
        tracker.open("j").start()
    with job:
        clock.advance(1)
    assert tracker.get("j").status == "completed"


def test_whoever_has_not_started_a_job_may_write_of_it(second: Job, tracker: JobTracker) -> None:
    """Single calls, and handles that never started the job, change a job that others work on, as they always did."""
    tracker.open("j").update(details={"by": "handle"})
    tracker.update("j", details={"and": "call"})
    assert tracker.beat("j")
    assert second.update(message="mine still").details == {"by": "handle", "and": "call"}
    tracker.open("j").cancel("by a person")
    with pytest.raises(JobError, match="has ended: cancelled"):
        second.complete()


def test_a_record_without_a_holder_is_anybodys(tracker: JobTracker, store: SQLiteStore, clock: ManualClock) -> None:
    """A job that an older fcwork started is read, written, kept alive and, once lost, taken over."""
    job = started(tracker, tracker.create("load", job_id="j").id)
    old = {name: value for name, value in store.get("job:j").items() if name not in {"holder", "held_at"}}
    store.set("job:j", old)
    job.update(message="goes on")
    assert tracker.beat("j", by=job._holding)
    with pytest.raises(JobTakenError, match="is under way"):
        tracker.open("j").start()
    clock.advance(30)
    assert tracker.get("j").status == "lost"
    other = started(tracker, "j")
    assert other.complete().holder == other._holding.token
    assert store.items(PREFIX) == []
