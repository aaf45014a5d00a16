"""The board of the tracked jobs."""

import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import personal
from fcwork.clock import ManualClock
from fcwork.jobs import JobRecord, JobTracker
from fcwork.jobs.page import fragment
from fcwork.store import SQLiteStore
from fcwork.widgets import JobBoard
from fcwork.widgets.jobs_view import whole


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
    assert board.work.wait(10)
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


def test_details_of_a_job_show_nothing_that_is_hidden(tracker: JobTracker) -> None:
    """P8: what stands under a hidden name in the details of a job is hidden on the board and on its card."""
    personal.hide("email")
    told = {"email": "q@tok", "size": "L", "buyer": {"email": "q@tok", "no": None}}
    tracker.create("load stock", job_id="told", details=told)
    tracker.start("told")
    tracker.fail("told", "refused: {'email': 'q@tok'}")
    record = tracker.get("told")
    for shown in (whole(record), fragment(record)):
        assert "q@tok" not in shown
        assert "L" in shown


class Slow(JobTracker):
    """Jobs in a store that answers when it is let go; before it notes what it was asked."""

    def __init__(self, store: SQLiteStore) -> None:
        """Begin with a store that answers at once."""
        super().__init__(store, heartbeat_seconds=None, clock=ManualClock())
        self.goes_on, self.asked = threading.Event(), list[str | None]()
        self.goes_on.set()

    def history(self, name: str | None = None, **more: Any) -> pl.DataFrame:
        """Answer late."""
        self.asked.append(name)
        assert self.goes_on.wait(10)
        return super().history(name, **more)

    def get(self, job_id: str) -> JobRecord:
        """Answer late."""
        self.asked.append(job_id)
        assert self.goes_on.wait(10)
        return super().get(job_id)


@pytest.fixture
def slow(tracker: JobTracker, tmp_path: Path) -> Slow:
    """The same jobs in a store that may be slow."""
    del tracker
    return Slow(SQLiteStore(tmp_path / "state.sqlite"))


def test_a_name_that_is_chosen_during_a_look_is_looked_for(slow: Slow) -> None:
    """A look that is under way for other jobs is left, and what comes of it later is not shown."""
    slow.goes_on.clear()
    board = JobBoard(slow)
    board.refresh()
    board.choose("jobs", "load*")
    slow.goes_on.set()
    assert board.work.wait(10)
    assert set(board.found["id"]) == {"waits", "done"}
    assert slow.asked == [None, "load*"]


def test_a_slow_store_holds_up_nobody_who_chooses_a_job(slow: Slow) -> None:
    """A job that is chosen is asked for beside the kernel; until it is there no other stands in its place."""
    board = looked(JobBoard(slow))
    board.choose("job", "done")
    assert board.work.wait(10)
    slow.goes_on.clear()
    board.choose("job", "waits")
    assert (board["job"], board.value, board.work.standing.at_work) == ("waits", None, True)
    slow.goes_on.set()
    assert board.work.wait(10)
    assert (board["job"], board.value and board.value.id) == ("waits", "waits")


def test_a_watch_goes_on_with_what_is_chosen_meanwhile(slow: Slow) -> None:
    """A job and a name that are chosen beside a watch are looked at at once, and the watch goes on with them."""
    board = looked(JobBoard(slow))
    board.watch_jobs()
    slow.goes_on.clear()
    board.choose("job", "waits")
    board.choose("jobs", "load*")
    seen = threading.Event()
    board.watch(lambda changed: seen.set() if "record" in changed else None)
    slow.goes_on.set()
    assert seen.wait(10)
    assert (board.value and board.value.id, set(board.found["id"])) == ("waits", {"waits", "done"})
    assert (board.work.standing.what, board.work.standing.phase) == ("Watch", "running")
    board.stop()
