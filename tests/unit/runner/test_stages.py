from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fcwork import runner
from fcwork.clock import ManualClock
from fcwork.extraction import Fetched
from fcwork.runner import stages
from fcwork.runner.display import STAGE_TYPE
from fcwork.runner.stages import NotebookJob


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Collect what a kernel would be sent."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(stages, "show", lambda bundle, **how: found.append({**bundle, **how}))
    return found


def sent(rows: int, total: int) -> Any:
    """Return progress as recovery tells it."""
    return SimpleNamespace(rows=rows, total=total, rate_per_second=10.0)


def test_a_stage_ends_the_one_before(shown: list[dict[str, Any]]) -> None:
    """A stage is a statement: it ends the stage before it and shows both in one table."""
    clock = ManualClock()
    job = NotebookJob("j", Path(), clock=clock)
    job.stage("read", "Reading <a.csv>")
    clock.advance(2)
    job.stage("map")
    clock.advance(1)
    job.end()

    assert str(job) == "✓ read Reading <a.csv> 2.0 s\n✓ map  1.0 s"
    assert "&lt;a.csv&gt;" in job._repr_html_()
    assert [bundle.get(STAGE_TYPE, {}).get("stage") for bundle in shown] == ["read", "map", None]
    assert [bundle["update"] for bundle in shown] == [False, True, True]
    assert len({bundle["display_id"] for bundle in shown}) == 1


def test_progress_is_shown_now_and_then_and_at_the_end(shown: list[dict[str, Any]]) -> None:
    """Progress that comes a thousand times a second is shown four times, and always when it is done."""
    clock = ManualClock()
    job = NotebookJob("j", Path(), clock=clock)
    job.stage("send")
    for row in range(1, 1001):
        clock.advance(0.001)
        job.progress(sent(row, 1000))

    told = [bundle[STAGE_TYPE] for bundle in shown if bundle[STAGE_TYPE]["what"] == "progress"]
    assert 3 <= len(told) <= 5
    assert told[-1] == {"what": "progress", "stage": "send", "done": 1000, "total": 1000}
    assert "1,000 of 1,000 rows, 10 a second" in str(job)


def test_progress_of_nobody_knows_how_many_tells_rows_pages_and_rate(shown: list[dict[str, Any]]) -> None:
    """Where the total is not known the stage tells rows, pages and rate, and ends with its last word."""
    clock = ManualClock()
    job = NotebookJob("j", Path(), clock=clock)
    job.stage("fetch")
    for page in range(1, 1001):
        clock.advance(0.001)
        job.progress(Fetched(rows=200 * page, pages=page, rate_per_second=2_000.0))
    job.end()

    told = [bundle[STAGE_TYPE] for bundle in shown if bundle.get(STAGE_TYPE, {}).get("what") == "progress"]
    assert 3 <= len(told) <= 5
    last = {"done": 200_000, "total": None, "pages": 1000, "rate": 2_000.0}
    assert told[-1] == {"what": "progress", "stage": "fetch", **last}
    assert "200,000 rows, 1,000 pages, 2,000 a second" in str(job)


def test_progress_before_any_stage_is_nothing(shown: list[dict[str, Any]]) -> None:
    """Progress belongs to a stage; without one there is nothing to show."""
    NotebookJob("j", Path()).progress(sent(1, 2))

    assert not shown


def test_a_headless_notebook_gets_the_run_s_job(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a headless run the job has the run's id and folder; elsewhere each call makes its own, and no folder yet."""
    own = runner.job()
    assert own.id != runner.job().id
    assert own.folder == home / ".fcwork" / "interactive" / own.id
    assert not own.folder.exists()

    monkeypatch.setenv("FCWORK_RUN_ID", "20260115-x")
    monkeypatch.setenv("FCWORK_RUN_FOLDER", str(home))
    assert (runner.job().id, runner.job().folder) == ("20260115-x", home)


def test_recording_the_result_ends_the_last_stage() -> None:
    """The last cell of a notebook ends its job."""
    job = runner.job()
    job.stage("report")
    runner.record({"rows": 1})

    assert str(job).startswith("✓ report")


def test_outside_a_kernel_a_job_only_keeps_its_stages() -> None:
    """In a plain program nothing is shown and nothing fails."""
    job = runner.job()
    job.stage("read")
    job.progress(sent(1, 1))
    job.end()

    assert "read" in str(job)
