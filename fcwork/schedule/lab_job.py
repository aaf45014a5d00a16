"""A job of JupyterLab's own scheduler, run by our runner: typed parameters, masked outputs, and an honest end."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from jupyter_scheduler.executors import ExecutionManager
from jupyter_scheduler.models import DescribeJob, JobFeature, Status
from jupyter_scheduler.orm import Job
from jupyter_scheduler.utils import get_utc_timestamp

from fcwork import runner, settings
from fcwork.errors import ConfigError, FcworkError
from fcwork.redact import mask
from fcwork.runner import document
from fcwork.runner.folder import NOTEBOOK, PAGE, plain, write_whole
from fcwork.runner.history import told as read_facts
from fcwork.runner.notebook import fault_of
from fcwork.schedule.working import stopped_by_sigterm

FOLDER = "working_folder"  # among a job's environment parameters: the notebook's, below the server's folder
OPEN = (Status.CREATED, Status.QUEUED, Status.IN_PROGRESS, Status.STOPPING)
MESSAGE_LIMIT = 1000  # its column has 1,024
_OURS = {"ipynb": NOTEBOOK, "html": PAGE}
_STATUS = {"SUCCEEDED": Status.COMPLETED, "SKIPPED": Status.COMPLETED, "CANCELLED": Status.STOPPED}
_FEATURES = (
    "job_name",
    "parameters",
    "output_formats",
    "job_definition",
    "idempotency_token",
    "tags",
    "stop_job",
    "delete_job",
)


class Ended(Protocol):
    """What both a run and a past run tell of their end."""

    @property
    def run_id(self) -> str:
        """Which run."""
        ...

    @property
    def state(self) -> str:
        """How it ended."""
        ...

    @property
    def reason(self) -> str:
        """Why."""
        ...


class RunExecutionManager(ExecutionManager):  # type: ignore[misc]  # jupyter-scheduler is untyped
    """Runs one job as the run ``NOTEBOOK-lab-JOB``, in a process that jupyter-scheduler started for it alone.

    The notebook works in its own folder, as in JupyterLab; with its input folder packaged, in the copy of that.
    """

    _ending: tuple[Status, str | None]

    def execute(self) -> None:
        """Run the notebook, put what came of it where the job's outputs go, and keep how it ended for the job's row."""
        if os.name != "nt":
            os.setsid()  # Ctrl-C in the terminal is the server's; it tells its jobs
        try:
            with stopped_by_sigterm():
                self._enter()
                texts = (self.model.parameters or {}).items()
                result = runner.run(self.staging_paths["input"], texts=texts, run_id=run_id_of(self.model))
        except KeyboardInterrupt:
            self._ending = self._stopped()
            return
        self._ending = ending_of(result)
        try:
            self._hand_over(result.folder)
        except ConfigError as error:
            ended = f"{result.run_id} {result.state}, but the job's files could not be written: {error}"
            self._ending = Status.FAILED, told(ended)

    def on_complete(self) -> None:
        """Write down how the run ended, which may be that it failed."""
        self._end(*self._ending)

    def on_failure(self, e: Exception) -> None:
        """Write down why there is no run, such as a parameter that the notebook does not have."""
        if not isinstance(e, FcworkError):
            print(mask("".join(traceback.format_exception(e))))  # noqa: T201 - the server's log is its standard output
        self._end(Status.FAILED, told(str(e)))

    @staticmethod
    def supported_features(_class: type) -> dict[JobFeature, bool]:
        """Return what of jupyter-scheduler's features there is; it calls this on the class, and hands it over too."""
        return {feature: feature.value in _FEATURES for feature in JobFeature}

    @staticmethod
    def validate(_class: type, input_path: str) -> bool:
        """Say whether a file is a notebook that can be run."""
        return not fault_of(Path(input_path).read_text("utf-8", "replace"))

    def _stopped(self) -> tuple[Status, str | None]:
        """Return how a job ended that was stopped before its notebook ran, or when that was through."""
        run_id = run_id_of(self.model)
        facts = read_facts(folder := runner.runs() / run_id)
        if facts["state"] in runner.STATES:
            return ending_of(runner.PastRun(run_id, folder, facts))
        return Status.STOPPED, f"{run_id}: stopped before the notebook ran"

    def _enter(self) -> None:
        """Work in the notebook's folder, with the run-time files of the server's."""
        root, job = Path(self.root_dir), self.model
        os.environ["FCWORK_HOME"] = str(settings.home(root))
        own = root / (job.runtime_environment_parameters or {}).get(FOLDER, "")
        folder = Path(self.staging_paths["input"]).parent if job.package_input_folder else own
        os.chdir(folder if folder.is_dir() else root)

    def _hand_over(self, folder: Path) -> None:
        """Put the executed notebook and what is made of it where jupyter-scheduler looks for the job's outputs."""
        staged = Path(self.staging_paths["input"]).parent
        if not staged.is_dir():  # the job was deleted while it ran
            return
        for form in self.model.output_formats or []:
            write_whole(Path(self.staging_paths[form]), _output(folder, form))
        if self.model.package_input_folder:
            outputs = {Path(path) for path in self.staging_paths.values()}
            found = [path for path in sorted(staged.rglob("*")) if path.is_file() and path not in outputs]
            self._write(packaged_files=[str(path.relative_to(staged)) for path in found])

    def _end(self, status: Status, message: str | None) -> None:
        self._write(status=status, status_message=message, end_time=get_utc_timestamp())

    def _write(self, **values: Any) -> None:
        with self.db_session() as session:
            session.query(Job).filter(Job.job_id == self.job_id).update(values)
            session.commit()


def run_id_of(job: Job | DescribeJob) -> str:
    """Return the id of a job's run."""
    return f"{plain(Path(job.input_filename).stem)}-lab-{job.job_id}"


def ending_of(run: Ended) -> tuple[Status, str | None]:
    """Return a job's status, and its message; JupyterLab shows a message as an error, so a success has none."""
    status = _STATUS.get(run.state, Status.FAILED)
    return status, None if status == Status.COMPLETED else told(f"{run.run_id} {run.state}: {run.reason}")


def told(message: str) -> str:
    """Return a message as a job's row holds it: masked and not too long."""
    message = mask(message)
    return message if len(message) <= MESSAGE_LIMIT else f"{message[:MESSAGE_LIMIT]}…"


def _output(folder: Path, form: str) -> bytes:
    """Return one output of a run: a file that it left, or what nbconvert makes of its notebook."""
    if form in _OURS:
        return (folder / _OURS[form]).read_bytes()
    exporter: Callable[[], Any] = import_module("nbconvert").get_exporter(form)
    made, _ = exporter().from_notebook_node(document.parse((folder / NOTEBOOK).read_text("utf-8")))
    return mask(made).encode() if isinstance(made, str) else bytes(made)
