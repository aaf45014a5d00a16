"""``run``: a notebook executed by Papermill in a folder of its own, and the truth about how it ended."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import log, personal, settings, vault
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError, NotebookError
from fcwork.redact import holds_secret
from fcwork.runner import archive, document
from fcwork.runner.folder import NOTEBOOK, PARAMETERS, RunFolder, check_id, new_id
from fcwork.runner.journal import Journal, Listener
from fcwork.runner.limits import Limits, Overtime
from fcwork.runner.monitoring.telling import tell
from fcwork.runner.monitoring.tracing import learn_headers
from fcwork.runner.notebook import Notebook, find
from fcwork.runner.parameters import as_code, as_json, beside, effective, masked, resolve
from fcwork.runner.result import RunResult
from fcwork.runner.signals import held, stoppable
from fcwork.runner.starting import inherited, pause, started
from fcwork.runner.stopping import Reach, Stoppable
from fcwork.runner.tracking import Tracking

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from fcwork.runner.engine import Client

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
    timeout_seconds: float | None = None,
    cell_timeout_seconds: float | None = None,
    memory_mb: float | None = None,
    retries: int = 0,
    safe_to_repeat: bool = False,
    strict: bool = False,
    schedule: str = "",
    on_event: Listener | None = None,
    clock: Clock = SYSTEM,
) -> RunResult:
    """Run a notebook and say how it ended; a failed notebook is a result, not an exception.

    Args:
        name: a name among the workspace's and the shipped notebooks, a path, or a notebook that was read.
        parameters: values by name, each of its declared type. Relative paths among them are taken from the working
            folder; a default that names a file beside the notebook, and none there, leads to that.
        texts: pairs of a name and a value as typed in a shell, read as the declared type; they go first.
        environment: variables for the kernel, beside those of this process.
        run_id: names the run and its folder; made up unless given.
        timeout_seconds: how long the run may take. Then its kernel is interrupted, its ``finally`` has ten seconds,
            what there is is saved, and the state is TIMEOUT.
        cell_timeout_seconds: how long each cell may take, likewise.
        memory_mb: how much memory the kernel's data may take, on Linux; a cell that asks for more fails, or the kernel
            dies, and the reason names the limit.
        retries: how often a run whose kernel died is run again from its beginning, each time as a run of its own that
            names the one before as ``retry_of``; the result is the last one's.
        safe_to_repeat: that twice is the same as once, without which there is no retry. A notebook may say it of itself
            by ``{"fcwork": {"safe_to_repeat": true}}`` in its metadata.
        strict: a run that showed a known secret has failed and is not to be published. Secrets are masked in all
            that it leaves, strict or not, and ``masked`` says where.
        schedule: that it is run for, noted with the run.
        on_event: told of each event (run, cell, stage) as it happens, as a dict with ``event`` and ``at``; of a time
            limit in another thread.
        clock: the time.

    Raises:
        NotebookError: there is no such notebook, the run id was used before, a limit is none, it is not safe to repeat,
            or (its subclasses) the parameters are wrong; no kernel was started.
        ConfigError: the run's folder cannot be written.
    """
    settings.hide_personal_data()
    limits = Limits(timeout_seconds, cell_timeout_seconds, memory_mb)
    notebook = name if isinstance(name, Notebook) else find(name)
    check_retries(notebook, retries, safe_to_repeat=safe_to_repeat)
    typed, values = list(texts), dict(parameters or {})
    learn_headers()
    target_of({**values, **dict(typed)})  # a secret must be known before it can be refused
    given = resolve(notebook, values, typed)
    given = {**beside(notebook, given), **given}
    call = _Call(notebook, given, environment or {}, limits, clock, on_event, strict, schedule)
    first_id = run_id or new_id(notebook.name, clock.now())
    check_id(f"{first_id}-retry{retries}" if retries else first_id)
    result = call.run(first_id)
    for number in range(1, retries + 1):
        if result.state == "KERNEL_DIED":
            clock.sleep(pause(number))
            result = call.run(f"{first_id}-retry{number}", retry_of=result.run_id)
    return result


@dataclass(frozen=True)
class _Call:
    """What was asked for; it may take more than one run."""

    notebook: Notebook
    given: dict[str, Any]
    environment: Mapping[str, str]
    limits: Limits
    clock: Clock
    on_event: Listener | None
    strict: bool
    schedule: str = ""

    def run(self, run_id: str, *, retry_of: str = "") -> RunResult:
        """Run it once, in a folder of this run's own."""
        reach = Reach()
        with ExitStack() as around:
            with stoppable(reach.stop, reach.kill):
                running = self._begun(run_id, retry_of, around)
                running.execute(reach)
            with held():
                result = running.close()
        tell(result)
        return result

    def _begun(self, run_id: str, retry_of: str, around: ExitStack) -> _Run:
        """Write down what is known before it runs; what is to be left after it goes into ``around``."""
        started_at = self.clock.now()
        folder = RunFolder(run_id)
        values = effective(self.notebook, self.given)
        archive.begin(folder, self.notebook, started_at, target=target_of(values), schedule=self.schedule)
        folder.write_json(PARAMETERS, values)
        details = {"folder": str(folder.path), "parameters": as_json(values)}
        around.enter_context(log.correlated(run_id))
        around.enter_context(log.context(run=run_id))
        tracking = around.enter_context(Tracking(run_id, self.notebook.name, details, self.clock))
        return _Run(self, folder, values, started_at, tracking, retry_of)


@dataclass
class _Run(Stoppable):
    """One run under way."""

    call: _Call
    folder: RunFolder
    values: dict[str, Any]
    started_at: datetime
    tracking: Tracking
    retry_of: str

    def __post_init__(self) -> None:
        self.notebook, self.clock = self.call.notebook, self.call.clock
        self.node = _document(self.notebook, self.call.given)
        self.overtime = Overtime(self.call.limits, self.time_out, self.kill)
        listeners: list[Listener | None] = [self.overtime, self.tracking, self.call.on_event]
        told = list(filter(None, listeners))
        self.journal = Journal(self.folder, len(document.runnable(self.node)), self.clock, told)
        self.journal.strict = self.call.strict

    def execute(self, reach: Reach) -> None:
        """Run the cells; whatever happens is in the journal afterwards."""
        with self._admitting(), self.overtime:
            self.journal.note("run.started", run=self.folder.run_id, notebook=str(self.notebook.path), **self._origin())
            reach.found(self)
            if broke := started(self._papermill, self.journal, self.clock):
                self._broke(*broke)

    def close(self) -> RunResult:
        """Say how it ended, and write it down."""
        if holds_secret(self.notebook.text):
            self.journal.masked_in("the notebook itself")
        result = self._result()
        with self._admitting():
            archive.keep(result, self.notebook, self.node, self.folder)
            self.journal.note("run.ended", state=result.state)
        _logger.info("run.ended", notebook=result.name, state=result.state, duration_seconds=result.duration_seconds)
        self.tracking.close(result)
        return result

    @contextmanager
    def _admitting(self) -> Iterator[None]:
        """Leave a result that says what could not be written, if there is room for that."""
        try:
            yield
        except ConfigError as error:
            with suppress(ConfigError):
                self.journal.broke(error)
            with suppress(ConfigError):
                archive.tell(self._result(), self.notebook, self.folder)
            raise

    def _result(self) -> RunResult:
        ending = self.journal.ending()
        return RunResult(
            state=ending.state,
            name=self.notebook.name,
            run_id=self.folder.run_id,
            folder=self.folder.path,
            target=str(self.journal.record.get("target") or target_of(self.values)),
            parameters=self.values,
            result=self.journal.record,
            failed_cell=ending.cell,
            ename=ending.ename,
            evalue=ending.evalue,
            started_at=self.started_at,
            ended_at=self.clock.now(),
            retry_of=self.retry_of,
            rerun_of=self.notebook.kept_by,
            masked=tuple(self.journal.masked),
            schedule=self.call.schedule,
        )

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
        node.metadata.papermill.update(input_path=str(self.notebook.path), parameters=as_json(self.call.given))
        environment = {
            **inherited(),
            **vault.handed_on(),
            **self.call.environment,
            "FCWORK_HOME": str(settings.home()),
            personal.VARIABLE: personal.written(*masked(self.notebook, self.call.given), *self._own_masks()),
            "FCWORK_RUN_ID": self.folder.run_id,
            "FCWORK_RUN_FOLDER": str(self.folder.path),
        }
        execution = Execution(node, self.journal, self._save)
        self.client = Client(
            execution,
            private=private,
            environment=environment,
            limits=self.call.limits,
            startup_timeout=START_SECONDS,
        )
        return self.client

    def _own_masks(self) -> list[str]:
        return personal.named(self.call.environment.get(personal.VARIABLE))

    def _save(self, node: NotebookNode) -> None:
        self.folder.write(NOTEBOOK, document.dump(node))

    def _origin(self) -> dict[str, str]:
        known = {"retry_of": self.retry_of, "rerun_of": self.notebook.kept_by}
        return {name: run for name, run in known.items() if run}

    def _broke(self, error: Exception, words: str) -> None:
        """Note an end that no cell brought about, with what there is to find out why."""
        self.folder.write(TRACEBACK, "".join(traceback.format_exception(error)) + words)
        if self.journal.has_kernel:
            self.journal.broke(error)
        else:
            self.journal.kernel_died(f"the kernel did not start: {error} (see {TRACEBACK})")


def check_retries(notebook: Notebook, retries: Any, *, safe_to_repeat: bool) -> None:
    """Refuse retries of what is not known to be safe to repeat.

    Raises:
        NotebookError: it is not known, or ``retries`` is no number of them.
    """
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise NotebookError(f"retries is {retries!r}: nothing was run", hint="give a whole number, 0 for none")
    if retries and not (safe_to_repeat or notebook.safe_to_repeat):
        raise NotebookError(
            f"{notebook.name} is not known to be safe to repeat: nothing was run",
            notebook=str(notebook.path),
            hint="where twice is the same as once, say safe_to_repeat=True or --safe-to-repeat; else give no retries",
        )


def _document(notebook: Notebook, given: Mapping[str, Any]) -> NotebookNode:
    node = document.parse(notebook.text)
    if given:
        lines = [f"{name} = {as_code(value)}" for name, value in given.items()]
        document.inject(node, ["# Parameters of this run", *lines])
    return node


def target_of(values: Mapping[str, Any]) -> str:
    """Name the platform that settings and values point to, as far as they do; its secrets are known from then on."""
    profile, retailer = (str(values[name]) if values.get(name) else None for name in ("PROFILE", "RETAILER"))
    simulated = profile == settings.SIMULATOR
    found = None
    vault.known()
    with suppress(ConfigError):
        found = settings.find() if simulated else settings.find(profile=profile, retailer=retailer)
    if simulated:
        return settings.SIMULATOR.upper()
    return found.target if found else ""
