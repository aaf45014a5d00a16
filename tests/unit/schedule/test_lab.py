import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("jupyter_scheduler", reason="pip install -e '.[lab-schedule]'")
from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.exceptions import SchedulerError
from jupyter_scheduler.models import (
    CreateJob,
    CreateJobDefinition,
    JobFeature,
    ListJobsQuery,
    RuntimeEnvironment,
    Status,
    UpdateJobDefinition,
)
from jupyter_scheduler.orm import Job, create_tables

from fcwork import redact
from fcwork.runner import STATES
from fcwork.schedule.lab import Scheduler
from fcwork.schedule.lab_job import MESSAGE_LIMIT, RunExecutionManager, ending_of, told

GONE = 2**22 + 1  # above every process's number


class Environments(EnvironmentManager):  # type: ignore[misc]
    """One environment that is this one, and one that is another."""

    def list_environments(self) -> list[RuntimeEnvironment]:
        """Name both."""
        usual = {"description": "", "file_extensions": ["ipynb"], "output_formats": ["ipynb"]}
        paths = {"here": sys.executable, "there": "/opt/another", "somewhere": None}
        return [
            RuntimeEnvironment(name=name, label=name, metadata={"path": path} if path else None, **usual)
            for name, path in paths.items()
        ]

    def manage_environments_command(self) -> str:
        """There is none."""
        return ""

    def output_formats_mapping(self) -> dict[str, str]:
        """Name the one."""
        return {"ipynb": "Notebook"}


@pytest.fixture
def scheduler(notebooks: Path) -> Iterator[Scheduler]:
    """A scheduler of a server on a folder of notebooks."""
    url = f"sqlite:///{notebooks / 'lab.sqlite'}"
    create_tables(url)
    one = Scheduler(root_dir=str(notebooks), environments_manager=Environments(), db_url=url)
    yield one
    one.db_session().get_bind().dispose()
    one.task_runner.cache.session().get_bind().dispose()


def kept(scheduler: Scheduler, status: Status, **told: Any) -> str:
    """Keep a job, as if its process had come so far, and return its id."""
    with scheduler.db_session() as session:
        job = Job(
            name="it",
            input_filename="greet.ipynb",
            runtime_environment_name="here",
            output_formats=[],
            status=status,
            **{"pid": GONE, **told},
        )
        session.add(job)
        session.commit()
        return str(job.job_id)


def ran(scheduler: Scheduler, job_id: str, **result: Any) -> None:
    """Leave the folder of a job's run: with a result, or without."""
    folder = Path(scheduler.root_dir) / ".fcwork" / "runs" / f"greet-lab-{job_id}"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"name": "greet", "runner": "elsewhere:1-1:0:0"}), "utf-8")
    if result:
        (folder / "result.json").write_text(json.dumps(result), "utf-8")


@pytest.mark.parametrize("state", STATES)
def test_only_what_went_well_is_completed(state: str) -> None:
    """Of a run's states SUCCEEDED and SKIPPED are completed, CANCELLED is stopped, and each other one has failed."""
    status, message = ending_of(SimpleNamespace(run_id="r-1", state=state, reason="why"))

    wanted = {"SUCCEEDED": Status.COMPLETED, "SKIPPED": Status.COMPLETED, "CANCELLED": Status.STOPPED}
    assert status == wanted.get(state, Status.FAILED)
    assert message == (None if status == Status.COMPLETED else f"r-1 {state}: why")


def test_a_message_fits_its_column_and_holds_no_secret() -> None:
    """P9: what a job's row says is masked, then cut."""
    redact.register("blue-lamp-77")

    message = told("blue-lamp-77 " + "x" * 5000)

    assert "blue-lamp" not in message
    assert len(message) == MESSAGE_LIMIT + 1


def test_it_says_what_it_can() -> None:
    """The features that JupyterLab's interface shows are those that there are."""
    found = RunExecutionManager.supported_features(RunExecutionManager)

    assert set(found) == set(JobFeature)
    assert {each.value for each, there in found.items() if not there} == {
        "email_notifications",
        "timeout_seconds",
        "retry_on_timeout",
        "max_retries",
        "min_retry_interval_millis",
        "output_filename_template",
    }


def test_a_file_that_is_no_notebook_is_none(notebooks: Path) -> None:
    """What jupyter-scheduler asks of a file is whether it can be run."""
    (notebooks / "half.ipynb").write_bytes((notebooks / "greet.ipynb").read_bytes()[:50])

    valid = {
        name: RunExecutionManager.validate(Scheduler, str(notebooks / name)) for name in ("greet.ipynb", "half.ipynb")
    }

    assert valid == {"greet.ipynb": True, "half.ipynb": False}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("there", "not in /opt/another: choose that environment"),
        ("her", "There is no environment 'her': did you mean 'here'?"),
    ],
)
def test_an_environment_that_it_would_not_run_in_is_refused(scheduler: Scheduler, name: str, words: str) -> None:
    """A job runs in the server's own environment; another one is refused, as is one that there is not."""
    with pytest.raises(Exception, match=words.replace("?", r"\?")):
        scheduler.create_job(CreateJob(input_uri="greet.ipynb", name="it", runtime_environment_name=name))


def test_a_job_that_only_says_it_is_of_a_definition_is_refused(scheduler: Scheduler) -> None:
    """P10: what was not judged with a definition is not kept as a job of one, and the list of jobs can be shown."""
    for form, words in (("pdf", "no output format 'pdf'"), ("ipynb", "run the definition")):
        asked = CreateJob(
            name="it",
            input_uri="greet.ipynb",
            job_definition_id="of-nobody",
            runtime_environment_name="here",
            output_formats=[form],
            parameters={"NOPE": "1"},
        )
        with pytest.raises(SchedulerError, match=words):
            scheduler.create_job(asked)
    assert scheduler.list_jobs(ListJobsQuery()).jobs == []


def test_a_definition_is_changed_to_what_can_be_run(scheduler: Scheduler) -> None:
    """A change is judged as the definition was, and with another notebook its jobs work in that one's folder."""
    usual = {"name": "it", "runtime_environment_name": "here", "output_formats": ["ipynb"]}
    made = scheduler.create_job_definition(CreateJobDefinition(input_uri="greet.ipynb", **usual))
    for change, words in (
        ({"output_formats": ["pdf"]}, "no output format"),
        ({"runtime_environment_name": "there"}, "not in /opt/another"),
    ):
        with pytest.raises(SchedulerError, match=words):
            scheduler.update_job_definition(made, UpdateJobDefinition(**change))
    below = Path(scheduler.root_dir) / "below"
    below.mkdir()
    (below / "other.ipynb").write_bytes((Path(scheduler.root_dir) / "greet.ipynb").read_bytes())
    scheduler.update_job_definition(made, UpdateJobDefinition(input_uri="below/other.ipynb"))
    own = {"own": "x"}
    scheduler.update_job_definition(made, UpdateJobDefinition(active=False, runtime_environment_parameters=own))
    kept = scheduler.get_job_definition(made)
    assert kept.runtime_environment_parameters == {"own": "x", "working_folder": "below"}


def test_of_two_servers_one_makes_the_job(scheduler: Scheduler) -> None:
    """What is due is asked for once by all servers of a workspace."""
    assert [scheduler.is_first("a"), scheduler.is_first("a"), scheduler.is_first("b")] == [True, False, True]


@pytest.mark.parametrize(
    ("status", "result", "wanted"),
    [
        (Status.IN_PROGRESS, {"state": "SUCCEEDED"}, (Status.COMPLETED, None)),
        (Status.IN_PROGRESS, {"state": "TIMEOUT", "evalue": "too long"}, (Status.FAILED, "TIMEOUT: too long")),
        (Status.STOPPING, {"state": "CANCELLED", "evalue": "by a signal"}, (Status.STOPPED, "CANCELLED: by a signal")),
    ],
)
def test_a_job_whose_process_could_not_say_how_it_ended(
    scheduler: Scheduler, status: Status, result: dict[str, str], wanted: tuple[Status, str | None]
) -> None:
    """Where a process ended before it wrote its job's row, the run's own result tells, as soon as anybody looks."""
    job_id = kept(scheduler, status)
    ran(scheduler, job_id, **result)

    job = scheduler.get_job(job_id, job_files=False)

    message = wanted[1] and f"greet-lab-{job_id} {wanted[1]}"
    assert (job.status, job.status_message, job.end_time is not None) == (wanted[0], message, True)


@pytest.mark.parametrize(
    ("status", "ended", "words"),
    [
        (Status.CREATED, Status.FAILED, " LOST: its process went away before the notebook ran"),
        (Status.IN_PROGRESS, Status.FAILED, " LOST: its process went away before the notebook ran"),
        (Status.STOPPING, Status.STOPPED, ": stopped before the notebook ran"),
    ],
)
def test_a_job_whose_process_is_gone_is_not_in_progress(
    scheduler: Scheduler, status: Status, ended: Status, words: str
) -> None:
    """P11: a job without a process is over, in a list and in a count too."""
    from jupyter_scheduler.models import CountJobsQuery, ListJobsQuery

    job_id = kept(scheduler, status)

    assert scheduler.count_jobs(CountJobsQuery(status=status)) == 0
    (job,) = scheduler.list_jobs(ListJobsQuery()).jobs
    assert (job.status, job.status_message) == (ended, f"greet-lab-{job_id}{words}")


def test_a_job_elsewhere_is_left_to_itself(scheduler: Scheduler) -> None:
    """A run whose process cannot be seen from here is not said to be lost, and no process of its number is stopped."""
    job_id = kept(scheduler, Status.IN_PROGRESS, pid=os.getpid())
    ran(scheduler, job_id)

    scheduler.stop_job(job_id)

    assert scheduler.get_job(job_id, job_files=False).status == Status.STOPPING
