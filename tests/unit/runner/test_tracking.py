from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.jobs import JobTracker
from fcwork.runner import RunResult
from fcwork.runner.tracking import Tracking


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


def test_without_a_store_a_run_goes_on(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A state store that cannot be used is told, and stops no run."""
    (home / ".fcwork" / "state.sqlite").mkdir(parents=True)
    with Tracking("r", "load", {}, ManualClock()) as tracking:
        tracking({"event": "stage.started", "stage": "read"})
        tracking.close(ended("SUCCEEDED"))

    assert "run.not_tracked" in capsys.readouterr().err
