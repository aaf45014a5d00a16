"""``run``: a notebook executed by Papermill in a folder of its own, and the truth about how it ended."""

from __future__ import annotations

import os
import shutil
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import log, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.runner import archive, document
from fcwork.runner.folder import NOTEBOOK, PARAMETERS, RunFolder, new_id
from fcwork.runner.journal import Journal, Listener
from fcwork.runner.notebook import Notebook, find
from fcwork.runner.parameters import as_code, as_json, effective, resolve
from fcwork.runner.result import RunResult
from fcwork.runner.signals import stoppable
from fcwork.runner.tracking import Tracking

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from fcwork.runner.engine import Client

SOCKET_PATH_LIMIT = 80  # of 108 bytes that the system allows, the rest is the socket's own name
START_SECONDS = 60
TRACEBACK = "error.txt"

_logger = log.get("runner")


def run(
    name: str | Path | Notebook,
    parameters: Mapping[str, Any] | None = None,
    *,
    texts: Iterable[tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
    run_id: str | None = None,
    on_event: Listener | None = None,
    clock: Clock = SYSTEM,
) -> RunResult:
    """Run a notebook and say how it ended; a failed notebook is a result, not an exception.

    Args:
        name: a name among the workspace's and the shipped notebooks, a path, or a notebook that was read.
        parameters: values by name, each of its declared type.
        texts: pairs of a name and a value as typed in a shell, read as the declared type; they go first.
        environment: variables for the kernel, beside those of this process.
        run_id: names the run and its folder; made up unless given.
        on_event: told of each event (run, cell, stage) as it happens, as a dict with ``event`` and ``at``.
        clock: the time.

    Raises:
        NotebookError: there is no such notebook, the run id was used before, or (its subclasses) the parameters are
            wrong; no kernel was started.
        ConfigError: the run's folder cannot be written.
    """
    notebook = name if isinstance(name, Notebook) else find(name)
    typed, values = list(texts), dict(parameters or {})
    _target({**values, **dict(typed)})  # a secret must be known before it can be refused
    given = resolve(notebook, values, typed)
    started_at = clock.now()
    folder = RunFolder(run_id or new_id(notebook.name, started_at))
    values = effective(notebook, given)
    archive.begin(folder, notebook, started_at)
    folder.write_json(PARAMETERS, values)
    details = {"folder": str(folder.path), "parameters": as_json(values)}
    with (
        log.correlated(folder.run_id),
        log.context(run=folder.run_id),
        Tracking(folder.run_id, notebook.name, details, clock) as tracking,
    ):
        listeners: list[Listener] = [tracking, on_event] if on_event else [tracking]
        running = _Run(notebook, given, folder, environment or {}, clock, listeners)
        running.execute()
        result = running.close(values, started_at)
        tracking.close(result)
        return result


@dataclass
class _Run:
    """One run under way."""

    notebook: Notebook
    given: dict[str, Any]
    folder: RunFolder
    environment: Mapping[str, str]
    clock: Clock
    listeners: Sequence[Listener]

    def __post_init__(self) -> None:
        self.node = _document(self.notebook, self.given)
        self.journal = Journal(self.folder, len(document.runnable(self.node)), self.clock, self.listeners)
        self.client: Client | None = None

    def execute(self) -> None:
        """Run the cells; whatever happens is in the journal afterwards."""
        self.journal.note("run.started", run=self.folder.run_id, notebook=str(self.notebook.path))
        with _private_folder() as private, stoppable(self._stop, self._kill):
            try:
                self._papermill(private)
            except ConfigError:  # the folder cannot be written: nothing can be told there
                raise
            except Exception as error:  # noqa: BLE001 - the runner's edge: whatever breaks, the run has an end
                self._broke(error, private)

    def close(self, values: dict[str, Any], started_at: datetime) -> RunResult:
        """Say how it ended, and write it down."""
        ending = self.journal.ending()
        result = RunResult(
            state=ending.state,
            name=self.notebook.name,
            run_id=self.folder.run_id,
            folder=self.folder.path,
            target=str(self.journal.record.get("target") or _target(values)),
            parameters=values,
            result=self.journal.record,
            failed_cell=ending.cell,
            ename=ending.ename,
            evalue=ending.evalue,
            started_at=started_at,
            ended_at=self.clock.now(),
        )
        archive.keep(result, self.notebook, self.node, self.folder)
        self.journal.note("run.ended", state=result.state)
        _logger.info("run.ended", notebook=result.name, state=result.state, duration_seconds=result.duration_seconds)
        return result

    def _papermill(self, private: Path) -> None:
        import papermill
        from nbclient.exceptions import DeadKernelError

        from fcwork.runner.engine import ENGINE

        with suppress(papermill.PapermillExecutionError, DeadKernelError):  # the journal has them
            papermill.execute_notebook(
                self.node,
                None,
                engine_name=ENGINE,
                kernel_name="python3",
                prepare=lambda node: self._prepare(node, private),
            )

    def _prepare(self, node: NotebookNode, private: Path) -> Client:
        from fcwork.runner.engine import Client, Execution

        self.node = node
        node.metadata.papermill.update(input_path=str(self.notebook.path), parameters=as_json(self.given))
        environment = {
            **os.environ,
            **self.environment,
            "FCWORK_HEADLESS": "1",
            "FCWORK_HOME": str(settings.home()),
            "FCWORK_RUN_ID": self.folder.run_id,
            "FCWORK_RUN_FOLDER": str(self.folder.path),
        }
        execution = Execution(node, self.journal, self._save)
        self.client = Client(execution, private=private, environment=environment, startup_timeout=START_SECONDS)
        return self.client

    def _save(self, node: NotebookNode) -> None:
        self.folder.write(NOTEBOOK, document.dump(node))

    def _stop(self) -> None:
        self.journal.cancel()
        if self.client:
            self.client.interrupt()

    def _kill(self) -> None:
        if self.client:
            self.client.kill()

    def _broke(self, error: Exception, private: Path) -> None:
        """Note an end that no cell brought about, with what there is to find out why."""
        kernel_log = private / "kernel.log"
        words = kernel_log.read_text("utf-8", "replace") if kernel_log.is_file() else ""
        self.folder.write(TRACEBACK, "".join(traceback.format_exception(error)) + words)
        if self.journal.has_kernel:
            self.journal.broke(error)
        else:
            self.journal.kernel_died(f"the kernel did not start: {error} (see {TRACEBACK})")


def _document(notebook: Notebook, given: Mapping[str, Any]) -> NotebookNode:
    node = document.parse(notebook.text)
    if given:
        lines = [f"{name} = {as_code(value)}" for name, value in given.items()]
        document.inject(node, ["# Parameters of this run", *lines])
    return node


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Give a folder for the kernel's sockets that only this user can enter, with a path short enough for them."""
    usual = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="fcw-", dir=usual if len(usual) < SOCKET_PATH_LIMIT else "/tmp"))  # noqa: S108 - made exclusively, mode 0700
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _target(values: Mapping[str, Any]) -> str:
    """Name the platform that settings and values point to, as far as they do; its secrets are known from then on."""
    profile, retailer = (str(values[name]) if values.get(name) else None for name in ("PROFILE", "RETAILER"))
    simulated = profile == settings.SIMULATOR
    found = None
    with suppress(ConfigError):
        found = settings.find() if simulated else settings.find(profile=profile, retailer=retailer)
    if simulated:
        return settings.SIMULATOR.upper()
    return found.target if found else ""
