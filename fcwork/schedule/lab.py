"""JupyterLab's own scheduler on our runner: what jupyter-scheduler is told by ``SchedulerApp.scheduler_class``.

Its interface, its calls and its database stay as they are. What is asked for is judged before it is kept: a parameter
is a text that is read as its declared type, and never code. A job is stopped by a signal that its notebook can answer,
and one whose process is gone is never shown as in progress.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from jupyter_scheduler import scheduler, task_runner
from jupyter_scheduler.exceptions import SchedulerError
from jupyter_scheduler.models import (
    CountJobsQuery,
    CreateJob,
    CreateJobDefinition,
    CreateJobFromDefinition,
    DescribeJob,
    ListJobsQuery,
    ListJobsResponse,
    Status,
    UpdateJobDefinition,
)
from jupyter_scheduler.orm import Job
from jupyter_scheduler.utils import compute_next_run_time, get_utc_timestamp
from traitlets import default

from fcwork import runner, settings
from fcwork.errors import FcworkError
from fcwork.names import did_you_mean
from fcwork.runner.execution import target_of
from fcwork.runner.folder import BEGINNING, read_json
from fcwork.runner.history import UNFINISHED, told
from fcwork.runner.journal import STATES
from fcwork.runner.parameters import resolve
from fcwork.schedule.lab_job import FOLDER, OPEN, RunExecutionManager, ending_of, run_id_of
from fcwork.store import open_store
from fcwork.store.workers import life_of

CLAIM_SECONDS = 7 * 24 * 3600.0


class Clockwork(task_runner.TaskRunner):  # type: ignore[misc]  # jupyter-scheduler is untyped
    """Makes the jobs of definitions when they are due; of several servers on one workspace, one makes each."""

    def create_job(self, job_definition_id: str) -> None:
        """Make the job that is due, unless another server has made it."""
        definition = self.scheduler.get_job_definition(job_definition_id)
        until = self.compute_next_run_time(definition.schedule, definition.timezone)
        if self.scheduler.is_first(f"lab:{job_definition_id}:{until}"):
            super().create_job(job_definition_id)


class Scheduler(scheduler.Scheduler):  # type: ignore[misc]
    """jupyter-scheduler's scheduler, with honest jobs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        Finalize(None, self._stop_all, exitpriority=1)  # atexit's come after it has waited for the processes

    @default("execution_manager_class")
    def _own_manager(self) -> type:
        return RunExecutionManager

    @default("task_runner_class")
    def _own_clockwork(self) -> type:
        return Clockwork

    def create_job(self, model: CreateJob) -> str:
        """Make a job and start its process.

        Raises:
            SchedulerError: it cannot be run as it was asked for; nothing of it is kept.
        """
        if not self._is_of_definition(model):  # what a definition says was judged when it was made
            self._judge(model)
            model.runtime_environment_parameters = _with_folder(model)
        job_id = str(super().create_job(model))
        new = (Job.job_id == job_id, Job.status == Status.STOPPED, Job.start_time.is_(None))
        self._update(new, status=Status.CREATED)  # jupyter-scheduler calls it stopped until it begins
        return job_id

    def create_job_definition(self, model: CreateJobDefinition) -> str:
        """Keep a job that is to be run by the clock; raises what ``create_job`` does."""
        self._judge(model)
        _judge_times(model.schedule, model.timezone)
        model.runtime_environment_parameters = _with_folder(model)
        return str(super().create_job_definition(model))

    def update_job_definition(self, job_definition_id: str, model: UpdateJobDefinition) -> None:
        """Change such a job; raises what ``create_job`` does."""
        kept = self.get_job_definition(job_definition_id)
        _judge_times(model.schedule or kept.schedule, model.timezone or kept.timezone)
        self._check_formats(model.output_formats)
        if model.runtime_environment_name:
            self._check_environment(model.runtime_environment_name)
        path = self._path(model.input_uri) if model.input_uri else self.get_staging_paths(kept)["input"]
        with _as_theirs():
            _check_parameters(path, kept.parameters if model.parameters is None else model.parameters)
        model.runtime_environment_parameters = _with_folder(model, kept.runtime_environment_parameters)
        super().update_job_definition(job_definition_id, model)

    def create_job_from_definition(self, job_definition_id: str, model: CreateJobFromDefinition) -> str:
        """Run such a job now, with its own parameters or others; raises what ``create_job`` does."""
        kept = self.get_job_definition(job_definition_id)
        with _as_theirs():
            _check_parameters(self.get_staging_paths(kept)["input"], model.parameters or kept.parameters)
        return str(super().create_job_from_definition(job_definition_id, model))

    def get_job(self, job_id: str, job_files: bool | None = True) -> DescribeJob:  # noqa: FBT001, FBT002 - jupyter-scheduler's signature
        """Return a job as it stands."""
        self._settle()
        return super().get_job(job_id, job_files)

    def list_jobs(self, query: ListJobsQuery) -> ListJobsResponse:
        """Return jobs as they stand."""
        self._settle()
        return super().list_jobs(query)

    def count_jobs(self, query: CountJobsQuery) -> int:
        """Count jobs as they stand."""
        self._settle()
        return int(super().count_jobs(query))

    def stop_job(self, job_id: str) -> None:
        """Ask a job to stop: its notebook's ``finally`` has ten seconds; asked again, its kernel is ended."""
        with self.db_session() as session:
            job = session.query(Job).filter(Job.job_id == job_id).one()
        self._update((Job.job_id == job_id, Job.status.in_(OPEN)), status=Status.STOPPING)
        if job.status in OPEN and self._is_ours(job):
            os.kill(job.pid, signal.SIGTERM)

    def is_first(self, key: str) -> bool:
        """Say whether nobody who shares the workspace's store has asked this of ``key`` before."""
        with closing(open_store(settings.store_place(Path(self.root_dir)))) as store:
            return store.compare_and_set(key, None, os.getpid(), expires=CLAIM_SECONDS)

    def _judge(self, model: CreateJob | CreateJobDefinition) -> None:
        """Refuse what would end as a failed job, or as a list of jobs that can no longer be shown."""
        self._check_formats(model.output_formats)
        self._check_environment(model.runtime_environment_name)
        if self.file_exists(model.input_uri):  # else jupyter-scheduler says so
            with _as_theirs():
                _check_parameters(self._path(model.input_uri), model.parameters)

    def _is_of_definition(self, model: CreateJob) -> bool:
        """Say whether a job is of a definition: it runs the copy that was put aside for that.

        Raises:
            SchedulerError: it only says so.
        """
        if not model.job_definition_id:
            return False
        self._check_formats(model.output_formats)
        if Path(model.input_uri).parent != Path(self.staging_path) / model.job_definition_id:
            raise SchedulerError("A job of a definition is made from that: run the definition.")
        return True

    def _check_formats(self, formats: list[str] | None) -> None:
        """Refuse an output format that there is not: a job with one could not even be listed."""
        known = self.environments_manager.output_formats_mapping()
        strange = [form for form in formats or [] if form not in known]
        if strange:
            raise SchedulerError(f"There is no output format {strange[0]!r}; known: {', '.join(known)}.")

    def _check_environment(self, name: str) -> None:
        """Refuse an environment that the job would not run in: that is the server's own, whatever was chosen."""
        known = {each.name: (each.metadata or {}).get("path") for each in self.environments_manager.list_environments()}
        if name not in known:
            raise SchedulerError(f"There is no environment {name!r}{did_you_mean(name, known)}")
        if known[name] and known[name] not in {sys.prefix, sys.executable}:
            raise SchedulerError(f"Jobs run in {sys.prefix}, not in {known[name]}: choose that environment.")

    def _path(self, uri: str) -> str:
        return str(Path(self.root_dir) / uri)

    def _folder(self, job: Job) -> Path:
        """Return the folder of a job's run, whether or not there is one."""
        return settings.home(Path(self.root_dir)) / "runs" / run_id_of(job)

    def _settle(self) -> None:
        """Write down the end of each job that is said to go on, and whose process is gone."""
        with self.db_session() as session:
            jobs = session.query(Job).filter(Job.status.in_(OPEN)).all()
        for job in jobs:
            if not self._lives(job):
                status, message = self._end_of(job)
                which = (Job.job_id == job.job_id, Job.status.in_(OPEN))
                self._update(which, status=status, status_message=message, end_time=get_utc_timestamp())

    def _end_of(self, job: Job) -> tuple[Status, str | None]:
        """Return how a job ended whose process could not say so."""
        folder = self._folder(job)
        facts = told(folder)
        if facts["state"] in STATES:
            return ending_of(runner.PastRun(folder.name, folder, facts))
        when = "in the middle of the run" if folder.is_dir() else "before the notebook ran"
        if job.status == Status.STOPPING:
            return Status.STOPPED, f"{folder.name}: stopped {when}"
        return Status.FAILED, f"{folder.name} LOST: its process went away {when}"

    def _is_ours(self, job: Job) -> bool:
        """Say whether the process of that number is surely the job's: this server's child, or the one that began it."""
        return job.pid in _children() or life_of(self._runner(job)) == "alive"

    def _lives(self, job: Job) -> bool:
        """Say whether a job's process may be there: where nothing else tells, whether any of its number is."""
        if job.pid is None or job.pid in _children():
            return True
        if not (begun := self._runner(job)):
            return _exists(job.pid)
        return life_of(begun) == "alive" or told(self._folder(job))["state"] == UNFINISHED

    def _runner(self, job: Job) -> str:
        return str(read_json(self._folder(job) / BEGINNING).get("runner") or "")

    def _stop_all(self) -> None:
        """Stop this server's jobs, as it goes; Python waits for their processes."""
        with self.db_session() as session:
            jobs = session.query(Job).filter(Job.status.in_(OPEN), Job.pid.in_(_children())).all()
        for job in jobs:
            self.stop_job(job.job_id)

    def _update(self, which: tuple[Any, ...], **values: Any) -> None:
        with self.db_session() as session:
            session.query(Job).filter(*which).update(values)
            session.commit()


@contextmanager
def _as_theirs() -> Iterator[None]:
    """Raise our errors as the one that jupyter-scheduler shows to people."""
    try:
        yield
    except FcworkError as error:
        raise SchedulerError(str(error)) from None


def _check_parameters(path: str, given: Mapping[str, str] | None) -> None:
    notebook, texts = runner.find(path), dict(given or {})
    target_of(texts)  # a secret must be known before it can be refused
    resolve(notebook, {}, texts.items())


def _judge_times(schedule: str | None, zone: str | None) -> None:
    if schedule:
        try:
            compute_next_run_time(schedule, zone)
        except (ValueError, LookupError) as error:
            raise SchedulerError(f"{schedule!r} in the time zone {zone!r} is no schedule: {error}") from None


def _with_folder(
    model: CreateJob | CreateJobDefinition | UpdateJobDefinition, kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a job's environment parameters with the folder of its notebook: what it asks for, else what was kept."""
    before = kept or {}
    folder = str(Path(model.input_uri).parent) if model.input_uri else before.get(FOLDER, "")
    return {**(model.runtime_environment_parameters or before), FOLDER: folder}


def _children() -> set[int | None]:
    """Return the processes that this one started and that are there; one that is over is gone from then on."""
    return {process.pid for process in multiprocessing.active_children()}


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
