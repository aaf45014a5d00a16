"""Jobs of processes that are really killed, stopped, forked, and many at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fcwork.clock import SYSTEM, ManualClock
from fcwork.jobs import JobTracker
from fcwork.store import SQLiteStore

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

RUNNER = """
from fcwork.clock import SYSTEM
from fcwork.runner.tracking import Tracking

with Tracking("r", "load", {"folder": "f"}, SYSTEM) as tracking:
    tracking({"event": "stage.started", "stage": "read", "message": "Reading"})
    print("under way", flush=True)
    input()
"""
WORKER = """
from fcwork.jobs import JobTracker

with JobTracker(heartbeat_seconds=0.05, lost_after_seconds=1).job("load", job_id="j"):
    print("under way", flush=True)
    input()
"""
FORKER = """
import os, sys
from fcwork.jobs import JobTracker

tracker = JobTracker(heartbeat_seconds=0.001, lost_after_seconds=300)
with tracker.job("load", job_id="j") as job:
    for _ in range(20):
        if not (child := os.fork()):
            job.update(details={str(os.getpid()): 1})
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert tracker.get("j").status == "processing", tracker.get("j")
    if not (child := os.fork()):
        job.complete(message="by the child")
        os._exit(0)
    os.waitpid(child, 0)
"""
WRITER = """
import sys
from fcwork.jobs import JobTracker

tracker = JobTracker()
job = tracker.open("j")
for at in range(30):
    tracker.beat("j")
    job.update(details={f"{sys.argv[1]}-{at}": at}, counts={f"{sys.argv[1]}-{at}": at})
"""
STARTER = """
import os
from fcwork.errors import JobTakenError
from fcwork.jobs import JobTracker

try:
    JobTracker().open("j").start()
except JobTakenError:
    os._exit(3)
os._exit(0)
"""


@pytest.fixture(autouse=True)
def shared_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give all processes one home."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FCWORK_LOG", "quiet")
    return tmp_path / "home"


@contextmanager
def under_way(script: str, **more: int) -> Iterator[subprocess.Popen[str]]:
    """Run a script in a process of its own that says when it is under way, and end it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], text=True, **pipes, **more) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "under way\n"
            yield process
        finally:
            process.kill()


def until(state: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 30
    while not state():
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.02)


def test_a_runner_that_is_killed_leaves_a_lost_job(shared_home: Path) -> None:
    """A runner killed with -9 leaves a job that is seen as lost half a minute later, and that another may fail."""
    with under_way(RUNNER) as runner:
        assert JobTracker().get("r").status == "processing"
        runner.send_signal(signal.SIGKILL)
        assert runner.wait() == -signal.SIGKILL
    clock = ManualClock(SYSTEM.now())
    with SQLiteStore(shared_home / "state.sqlite", clock=clock) as store:
        tracker = JobTracker(store, clock=clock)
        assert tracker.get("r").status == "processing"
        clock.advance(30)
        lost = tracker.get("r")
        assert (lost.status, lost.stage, lost.message) == ("lost", "read", "Reading")
        assert tracker.history(status="lost")["id"].to_list() == ["r"]
        assert tracker.fail("r", "its runner was killed").status == "failed"


def test_a_process_that_is_stopped_is_lost_until_it_goes_on() -> None:
    """A stopped process gives no sign of life; when it goes on its job is under way again, and ends as it should."""
    tracker = JobTracker()
    with under_way(WORKER) as worker:
        worker.send_signal(signal.SIGSTOP)
        until(lambda: tracker.get("j").status == "lost")
        worker.send_signal(signal.SIGCONT)
        until(lambda: tracker.get("j").status == "processing")
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
        assert worker.wait(30) == 0
    assert tracker.get("j").status == "completed"


def test_a_process_that_wakes_up_finds_its_job_taken_over() -> None:
    """A stopped process whose job another took over gives no sign of life when it goes on, and is refused its end."""
    tracker = JobTracker(heartbeat_seconds=None)
    with under_way(WORKER, stderr=subprocess.PIPE) as worker:
        worker.send_signal(signal.SIGSTOP)
        until(lambda: tracker.get("j").status == "lost")
        second = JobTracker(heartbeat_seconds=0.05, lost_after_seconds=1).open("j")
        second.start()
        second.stop_heartbeat()  # it dies at once
        worker.send_signal(signal.SIGCONT)
        until(lambda: tracker.get("j").status == "lost")
        assert "JobTakenError: job 'j' is no longer this worker's" in worker.communicate("\n", timeout=30)[1]
        assert worker.returncode == 1
    assert (tracker.get("j").status, tracker.get("j").holder) == ("lost", second.record.holder)


def test_of_many_processes_one_starts_a_job() -> None:
    """Of four processes that start one queued job at once, one works and the others are told."""
    JobTracker().create("load", job_id="j")
    starters = [subprocess.Popen([sys.executable, "-c", STARTER]) for _ in range(4)]
    assert sorted(starter.wait(120) for starter in starters) == [0, 3, 3, 3]
    assert JobTracker().get("j").status == "processing"


def test_a_killed_process_is_lost_in_real_time() -> None:
    """A process killed with -9 is seen as lost as soon as its tracker said."""
    tracker = JobTracker()
    with under_way(WORKER) as worker:
        started_at = tracker.get("j").started_at
        assert started_at is not None
        until(lambda: (tracker.get("j").heartbeat_at or started_at) > started_at)
        worker.kill()
    until(lambda: tracker.get("j").status == "lost")


def test_a_forked_child_does_not_end_the_job() -> None:
    """Forked children write of the job without a standstill, and leave its end to the process that began it."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKER], check=True, timeout=120)
    record = JobTracker().get("j")
    assert (record.status, record.message, len(record.details)) == ("completed", "by the child", 20)


def test_many_processes_write_of_one_job() -> None:
    """Four processes that write of one job at once, with signs of life between, lose not a word of it."""
    tracker = JobTracker()
    tracker.job("load", job_id="j").stage("read")
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(at)]) for at in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    record = tracker.get("j")
    assert (len(record.details), len(record.stages[0].counts)) == (120, 120)
