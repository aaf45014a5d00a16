from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fcwork import settings
from fcwork.clock import ManualClock
from fcwork.jobs import JobTracker
from fcwork.runner import RunResult
from fcwork.runner.tracking import Tracking
from fcwork.store import SQLiteStore


def ended(state: Any) -> RunResult:
    """Return a run that ended in that state."""
    at = datetime(2026, 1, 15, tzinfo=UTC)
    return RunResult(state, "load", "r", Path("r"), "T", {}, {"read": 3, "summary": "told"}, None, "", "", at, at)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("SUCCEEDED", "completed"),
        ("SKIPPED", "completed"),
        ("COMPLETED_WITH_ERRORS", "completed_with_errors"),
        ("REFUSED", "failed"),
        ("KERNEL_DIED", "failed"),
        ("TIMEOUT", "failed"),
        ("CANCELLED", "cancelled"),
    ],
)
def test_the_job_ends_as_its_run(home: Path, state: str, status: str) -> None:
    """A run is a job of the same id, with its stages, and ends as the run ends."""
    del home
    with Tracking("r", "load", {"folder": "f"}, ManualClock()) as tracking:
        tracking({"event": "stage.started", "stage": "read", "message": "Reading"})
        tracking({"event": "cell.started"})
        assert JobTracker(clock=ManualClock()).get("r").status == "processing"
        tracking.close(ended(state))

    job = JobTracker(clock=ManualClock()).get("r")
    assert (job.status, [stage.name for stage in job.stages]) == (status, ["read"])
    assert job.details == {"folder": "f", "state": state, "target": "T", "read": 3} or status == "cancelled"


def test_a_runner_that_breaks_leaves_no_job_under_way(home: Path) -> None:
    """What breaks the runner itself is the job's failure."""
    del home
    with pytest.raises(ZeroDivisionError), Tracking("r", "load", {}, ManualClock()):
        raise ZeroDivisionError

    assert JobTracker(clock=ManualClock()).get("r").status == "failed"


def test_the_runner_keeps_the_heartbeat(home: Path) -> None:
    """While a run lasts its job has a heartbeat, and none after it, also where nobody could say how it ended."""
    del home
    clock = ManualClock()
    with Tracking("r", "load", {}, clock) as tracking:
        assert JobTracker(clock=clock).get("r").heartbeat_at == clock.now()
        assert tracking._job is not None
        heart = tracking._job._heartbeat
        assert heart is not None
        assert heart.alive
    assert not heart.alive
    clock.advance(30)
    assert JobTracker(clock=clock).get("r").status == "lost"


def test_a_stage_that_cannot_be_told_costs_no_end(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A store that fails in the middle of a run is told once, is not asked for other stages, and gets the end."""
    del home
    with Tracking("r", "load", {}, ManualClock()) as tracking:
        tracking({"event": "stage.started", "stage": "read"})
        kept = SQLiteStore(settings.home() / "state.sqlite", clock=ManualClock())
        record = kept.get("job:r")
        kept.set("job:r", "damaged")
        for stage in ("map", "check"):
            tracking({"event": "stage.started", "stage": stage})
        kept.set("job:r", record)
        tracking.close(ended("SUCCEEDED"))
        kept.close()

    assert capsys.readouterr().err.count("run.not_tracked") == 1
    job = JobTracker(clock=ManualClock()).get("r")
    assert (job.status, [stage.name for stage in job.stages]) == ("completed", ["read"])


def test_without_a_store_a_run_goes_on(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A state store that cannot be used is told, and stops no run."""
    (home / ".fcwork" / "state.sqlite").mkdir(parents=True)
    with Tracking("r", "load", {}, ManualClock()) as tracking:
        tracking({"event": "stage.started", "stage": "read"})
        tracking.close(ended("SUCCEEDED"))

    assert "run.not_tracked" in capsys.readouterr().err
