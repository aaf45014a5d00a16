import json
from typing import Any

import numpy as np
import pytest

from fcwork.clock import ManualClock
from fcwork.errors import JobError
from fcwork.jobs import JobTracker
from fcwork.redact import MASK, Secret


def test_counts_belong_to_the_stage(tracker: JobTracker) -> None:
    """Counts are of the last stage that was begun, are added to it by name, and stay when another begins."""
    with tracker.job("load") as job:
        job.stage("read", "Reading", counts={"rows": 100})
        job.update(counts={"rows": np.int64(120), "files": 1})
        with job.stage("map"):
            job.update(counts={"mapped": 119})
        job.update(counts={"rejected": 1}, message="mapped")
    record = tracker.get(job.id)
    assert [stage.counts for stage in record.stages] == [{"rows": 120, "files": 1}, {"mapped": 119, "rejected": 1}]
    assert record.counts == {"read": {"rows": 120, "files": 1}, "map": {"mapped": 119, "rejected": 1}}


@pytest.mark.parametrize(
    "counts",
    [{"rows": 1.0}, {"rows": "1"}, {"rows": True}, {"rows": -1}, {"rows": None}, {"rows": {"read": 1}}, 5, ["rows"]],
)
def test_counts_are_whole_numbers(tracker: JobTracker, counts: Any) -> None:
    """P32: what is no whole number from zero is no count, and changes nothing."""
    job = tracker.job("load")
    with pytest.raises(JobError, match="cannot be kept") as caught:
        job.stage("read", counts=counts)
    assert "{'rows': 100}" in caught.value.hint
    assert tracker.get(job.id).status == "queued"


def test_counts_need_a_stage(tracker: JobTracker) -> None:
    """P32: counts without a stage are refused, and the message says what to do."""
    job = tracker.job("load")
    with pytest.raises(JobError, match="has no stage that these counts could be of: rows") as caught:
        job.update(counts={"rows": 1})
    assert caught.value.job_id == job.id
    assert job.update(counts={}).status == "queued"


def test_texts_of_any_kind_are_kept_as_texts(tracker: JobTracker) -> None:
    """What is said of a job is kept as text, known secrets masked, whatever it was."""
    Secret("hunter2-and-more")
    job = tracker.job("load", triggered_by="hunter2-and-more")
    job.stage("read", ValueError("no row"))  # type: ignore[arg-type]
    job.update(message=5)  # type: ignore[arg-type]
    record = tracker.get(job.id)
    assert (record.triggered_by, record.stages[0].message, record.message) == (MASK, "no row", "5")


def test_the_record_as_data(tracker: JobTracker, clock: ManualClock) -> None:
    """A job can be had as JSON-like data, as it is shown, with its stages, counts and durations."""
    job = tracker.job("load", job_id="j1", details={"file": "a.csv"})
    job.start()
    job.stage("read", counts={"rows": 3})
    clock.advance(2)
    job.stage("map")
    job.stop_heartbeat()
    clock.advance(60)
    told = tracker.get("j1").to_dict()
    assert json.loads(json.dumps(told)) == told
    assert (told["status"], told["duration_seconds"], told["details"]) == ("lost", None, {"file": "a.csv"})
    assert told["heartbeat_at"] == told["started_at"] == "2026-01-15T12:00:00+00:00"
    first = {"name": "read", "message": "", "counts": {"rows": 3}, "duration_seconds": 2.0}
    assert {name: told["stages"][0][name] for name in first} == first


def test_a_job_in_a_notebook(tracker: JobTracker, clock: ManualClock) -> None:
    """P25: a job shows its stages, details and traceback as tables, and nothing of the data's is live."""
    bad = "<script>alert(1)</script>"
    job = tracker.job(bad, details={bad: bad, "n": [1, bad]}, triggered_by=bad)
    with job.stage(bad, bad, counts={bad: 1}):
        clock.advance(2)
    with pytest.raises(ValueError, match="alert"), job:
        raise ValueError(bad)
    page = job._repr_html_()
    assert page == tracker.get(job.id)._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8
    for part in (">stages</caption>", ">2.0</td>", ">details</caption>", "<summary>traceback"):
        assert part in page


def test_a_lost_job_in_a_notebook(tracker: JobTracker, clock: ManualClock) -> None:
    """A lost job says since when nothing was heard of it; a queued one has no tables."""
    queued = tracker.job("load")
    assert "<caption" not in queued._repr_html_()
    queued.start()
    queued.stop_heartbeat()
    clock.advance(60)
    assert "no sign of life since 2026-01-15 12:00:00 UTC" in tracker.get(queued.id)._repr_html_()
