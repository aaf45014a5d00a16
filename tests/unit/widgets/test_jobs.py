"""The board of the tracked jobs."""

from pathlib import Path

import pytest

from fcwork.clock import ManualClock
from fcwork.jobs import JobTracker
from fcwork.store import SQLiteStore
from fcwork.widgets import JobBoard


@pytest.fixture
def tracker(tmp_path: Path) -> JobTracker:
    """Jobs of several states."""
    tracker = JobTracker(SQLiteStore(tmp_path / "state.sqlite"), heartbeat_seconds=None, clock=ManualClock())
    tracker.create("load stock", job_id="waits")
    with tracker.job("load stock", job_id="done") as job, job.stage("read", "Reading CSV"):
        pass
    tracker.create("extract orders", job_id="broke")
    tracker.start("broke")
    tracker.fail("broke", "<script>alert(1)</script> " + "long " * 2_000)
    return tracker


def looked(board: JobBoard) -> JobBoard:
    """Look, and wait for it."""
    board.refresh()
    assert board.work.wait(10)
    assert board.work.standing.phase == "done", board.work.standing
    return board


def test_nothing_is_looked_at_by_itself(tracker: JobTracker) -> None:
    """Where nobody sits, a board opens no store and shows that it did not look."""
    board = JobBoard(tracker)
    assert "not looked at" in str(board)
    assert JobBoard(name="of the settings")._tracker is None


def test_jobs_are_counted_by_state_and_stage(tracker: JobTracker) -> None:
    """The board has a line for each state and stage, in the order of a job's life."""
    board = looked(JobBoard(tracker)).board()
    assert board.select("status", "stage", "jobs").rows() == [
        ("queued", "", 1),
        ("completed", "read", 1),
        ("failed", "", 1),
    ]


def test_a_status_and_a_name_part_the_jobs(tracker: JobTracker) -> None:
    """Jobs are parted by status among those found, and by name where they are looked for."""
    board = looked(JobBoard(tracker, status="failed"))
    assert board.shown["id"].to_list() == ["broke"]
    board.choose("jobs", "load*")
    assert board.work.wait(10)
    assert set(board.found["id"]) == {"waits", "done"}


def test_a_job_that_is_chosen_is_the_value(tracker: JobTracker) -> None:
    """The job chosen is looked at whole, and again with each look; one that is gone is not chosen any more."""
    board = looked(JobBoard(tracker))
    board.choose("job", "waits")
    assert board.value is not None
    tracker.start("waits")
    assert looked(board).value.status == "processing"
    board.choose("jobs", "extract*")
    assert board.work.wait(10)
    assert (board.value, board["job"]) == (None, "")


def test_jobs_are_watched_until_it_is_stopped(tracker: JobTracker) -> None:
    """A watch looks again and again; it is left at once when it is to stop."""
    board = JobBoard(tracker)
    board.watch_jobs()
    assert board.work.standing.phase == "running"
    board.stop()
    assert board.work.standing.phase == "stopped"


def test_a_picture_is_short_and_harmless(tracker: JobTracker) -> None:
    """P25: an error of ten thousand characters with a tag is cut and shown as text."""
    html = looked(JobBoard(tracker))._repr_mimebundle_()["text/html"]
    assert "<script" not in html
    assert "characters)" in html
    assert len(html) < 4_000
