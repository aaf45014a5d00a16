import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork import settings
from fcwork.clock import SYSTEM, ManualClock
from fcwork.jobs import JobTracker
from fcwork.redact import Secret
from fcwork.store import SQLiteStore

Fcwork = Callable[..., Any]


def tracker_at(at: datetime) -> JobTracker:
    """Return a tracker of the workspace's jobs, at another time than now."""
    clock = ManualClock(at)
    return JobTracker(SQLiteStore(settings.home() / "state.sqlite", clock=clock), None, clock=clock)


@pytest.fixture
def jobs(home: Path) -> list[str]:
    """Make three jobs: one completed an hour ago, one is lost since two days ago, one failed long ago."""
    del home
    now = SYSTEM.now()
    with tracker_at(now - timedelta(hours=1)).job("load stock", job_id="stock-1", details={"file": "a.csv"}) as job:
        job.stage("read", "Reading a.csv", counts={"rows": 1_000})
    lost = tracker_at(now - timedelta(days=2)).job("load orders", job_id="orders-1")
    lost.start()
    lost.stop_heartbeat()
    long_ago = tracker_at(datetime(2020, 1, 15, 12, tzinfo=UTC)).job("check", job_id="check-1")
    with pytest.raises(ValueError, match="no such column"), long_ago:
        raise ValueError("no such column")
    return ["stock-1", "orders-1", "check-1"]


def shown(ended: Any) -> list[str]:
    """Return the ids of the jobs in a list."""
    return [line.split()[-1] for line in ended.out.splitlines()[1:]]


def test_the_jobs_are_listed_the_newest_first(fcwork: Fcwork, jobs: list[str]) -> None:
    """`fcwork jobs` lists each job with its status, what it did or why it failed, and its whole id."""
    ended = fcwork("jobs")

    assert (ended.code, shown(ended)) == (0, jobs)
    head, stock, orders, check = ended.out.splitlines()
    assert head.split() == ["created", "status", "name", "took", "doing", "id"]
    assert "completed" in stock
    assert "read: Reading a.csv" in stock
    assert "  lost  " in orders
    assert check.startswith("  2020-01-15 12:00  failed ")
    assert "ValueError: no such column" in check


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--name", "load*"], ["stock-1", "orders-1"]),
        (["--name", "check"], ["check-1"]),
        (["--status", "lost"], ["orders-1"]),
        (["--status", "lost", "--status", "failed"], ["orders-1", "check-1"]),
        (["--since", "90m"], ["stock-1"]),
        (["--since", "24h"], ["stock-1"]),
        (["--since", "3d"], ["stock-1", "orders-1"]),
        (["--since", "1w"], ["stock-1", "orders-1"]),
        (["--since", "2020-01-15"], ["stock-1", "orders-1", "check-1"]),
        (["--since", "2020-01-16"], ["stock-1", "orders-1"]),
        (["--since", "2020-01-15T12:00:00Z"], ["stock-1", "orders-1", "check-1"]),
        (["--since", "2020-01-15T13:30+01:00"], ["stock-1", "orders-1"]),
        (["--limit", "1"], ["stock-1"]),
    ],
)
def test_jobs_are_chosen(fcwork: Fcwork, jobs: list[str], options: list[str], found: list[str]) -> None:
    """The options choose by name, status and time of creation; a day begins at midnight in UTC."""
    del jobs
    assert shown(fcwork("jobs", *options)) == found
    told = json.loads(fcwork("jobs", *options, "--json").out)
    assert [job["id"] for job in told] == found


def test_the_list_for_programs(fcwork: Fcwork, jobs: list[str]) -> None:
    """With --json the list is JSON, counts and details as objects, and an empty one is an empty list."""
    del jobs
    first = json.loads(fcwork("jobs", "--json").out)[0]

    assert (first["status"], first["counts"], first["details"]) == (
        "completed",
        {"read": {"rows": 1000}},
        {"file": "a.csv"},
    )
    assert datetime.fromisoformat(first["created_at"]).tzinfo is not None
    assert json.loads(fcwork("jobs", "--name", "nobody", "--json").out) == []


def test_twenty_jobs_unless_more_are_asked_for(fcwork: Fcwork, home: Path) -> None:
    """Without --limit the newest twenty are shown."""
    del home
    for _ in range(21):
        JobTracker().create("load")
    assert len(shown(fcwork("jobs"))) == 20
    assert len(shown(fcwork("jobs", "--limit", "30"))) == 21


def test_nothing_to_list(fcwork: Fcwork, jobs: list[str]) -> None:
    """Where no job is chosen that is said, and is no failure."""
    del jobs
    assert fcwork("jobs", "--name", "nobody") == (0, "no such jobs\n", "")


def test_no_jobs_yet(fcwork: Fcwork, home: Path) -> None:
    """Where there are no jobs at all, the place is said where they would be."""
    assert fcwork("jobs") == (0, f"no jobs yet in {home / '.fcwork'}\n", "")


def test_one_job(fcwork: Fcwork, jobs: list[str]) -> None:
    """With an ID the job is shown with its times, stages, counts and details."""
    ended = fcwork("jobs", jobs[0])
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]

    assert ended.code == 0
    assert lines[0] == "load stock stock-1: completed"
    assert "did read: Reading a.csv" in lines
    assert "started stage took counts message" in lines
    assert any(line.endswith("read 0.0 s rows 1,000 Reading a.csv") for line in lines)
    assert "file a.csv" in lines


def test_one_job_that_failed(fcwork: Fcwork, jobs: list[str]) -> None:
    """A failed job is shown with its error and the traceback."""
    ended = fcwork("jobs", jobs[2])

    assert ended.code == 0
    assert "error      ValueError: no such column" in ended.out
    assert "\n  Traceback (most recent call last):\n" in ended.out


def test_one_job_that_is_lost(fcwork: Fcwork, jobs: list[str]) -> None:
    """A lost job is shown with its last heartbeat and what may be done."""
    ended = fcwork("jobs", jobs[1])

    assert ended.code == 0
    assert ended.out.startswith("load orders orders-1: lost\n")
    assert "heartbeat  " in ended.out
    assert "another may go on with the job, or fail it" in ended.out


def test_one_job_for_programs(fcwork: Fcwork, jobs: list[str]) -> None:
    """With an ID and --json the whole record is JSON."""
    told = json.loads(fcwork("jobs", jobs[0], "--json").out)

    assert (told["id"], told["stages"][0]["counts"], told["traceback"]) == ("stock-1", {"rows": 1000}, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "there is no job 'nobody'\n→ history(), or `fcwork jobs`, lists those there are"),
        (["a\x1b[31m"], r"there is no job 'a\x1b[31m'"),
        (["--status", "lots"], "'lots' is no status of a job: did you mean 'lost'?\n→ one of queued, processing"),
        (["--since", "yesterday"], "'yesterday' is no time: give a day as 2026-01-15"),
        (["--since", "2026-02-30"], "'2026-02-30' is no time"),
        (["--since", "2026-01-15T12:00"], "'2026-01-15T12:00' has no time zone: add Z"),
        (["--since", "999999999w"], "'999999999w' is no time"),
        (["--since", ""], "'' is no time"),
        (["--limit", "0"], "is not in the range"),
        (["stock-1", "--limit", "1"], "--limit chooses among jobs, ID names one"),
    ],
)
def test_mistakes(fcwork: Fcwork, home: Path, arguments: list[str], said: str) -> None:
    """P32: an unknown job and an option that means nothing end with code 2 and a hint."""
    del home
    ended = fcwork("jobs", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_store_that_cannot_be_read_is_a_failure(fcwork: Fcwork, home: Path) -> None:
    """P32: where the jobs cannot be read, that is no mistake of the call."""
    (home / ".fcwork" / "state.sqlite").mkdir(parents=True)
    ended = fcwork("jobs")

    assert ended.code == 1
    assert "cannot be used" in ended.err


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_nothing_in_a_job_acts_on_the_terminal(fcwork: Fcwork, home: Path, more: list[str]) -> None:
    """P25: controls and marks of direction in whatever a job says are spelt out; known secrets are masked."""
    del home
    bad = "a\x1b[31m\x9b\u202e\nb s3cr3t-of-a-job"
    job = JobTracker().job(bad, job_id="bad", triggered_by=bad, details={bad: [bad], "t": bad})
    job.stage(bad, bad, counts={bad: 1})
    with pytest.raises(ValueError, match="a"), job:
        raise ValueError(bad)
    Secret("s3cr3t-of-a-job")  # known only after it was written
    for arguments in (["jobs"], ["jobs", "bad"]):
        ended = fcwork(*arguments, *more)
        assert ended.code == 0
        assert not set("\x1b\x9b\u202e") & set(ended.out)
        assert "s3cr3t" not in ended.out
        assert ("\\u001b[31m" if more else "\\x1b[31m") in ended.out
        assert not more or json.loads(ended.out)
