"""Papermill with honest ends: an engine whose cells say completed only when they ran to their end.

Papermill 2.7 calls cells completed that never ran when a kernel dies or is interrupted, and takes ``sys.exit(0)`` for
success. Here a journal of our own decides, and the kernel listens on sockets that nobody else can reach.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient.exceptions import CellExecutionError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

from fcwork.redact import learn
from fcwork.runner.display import RESULT_TYPE, STAGE_TYPE
from fcwork.runner.document import runnable, step
from fcwork.runner.journal import Journal
from fcwork.runner.kernel import EXTENSION, MASKED, PACKER
from fcwork.runner.limits import Limits
from fcwork.runner.starting import KERNEL_LOG

if TYPE_CHECKING:
    from nbformat import NotebookNode

ENGINE = "fcwork.run"  # of a run of ours; papermill itself knows `standalone` as fcwork
ANSWERS = 5
OUTPUT_SECONDS = 60  # for what a cell printed to arrive after it ended; the usual 4 fail under load
NOT_RUN, INTERRUPTED = "not run", "interrupted"

_logger = logging.getLogger("fcwork.kernel")  # nbclient's own words; the journal says the same better
_logger.addHandler(logging.NullHandler())
_logger.propagate = False


class OwnInterpreter(KernelSpecManager):
    """Knows one kernel: the Python that runs fcwork, so that the notebook imports the very same package."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel of this interpreter, whatever it is called."""
        del kernel_name
        return KernelSpec(**get_kernel_dict(python_arguments=["-Xfrozen_modules=off"]))


class Execution(NotebookExecutionManager):  # type: ignore[misc]  # papermill is untyped
    """Papermill's keeper of a notebook's state, saving through us (masked and whole) and promoting nothing."""

    def __init__(
        self, nb: NotebookNode, journal: Journal, save: Callable[[NotebookNode], None], **options: Any
    ) -> None:
        super().__init__(nb, **{"progress_bar": False, **options})
        self.journal, self._save = journal, save

    def save(self, **_: Any) -> None:
        """Save the notebook as it stands."""
        self._save(self.nb)
        self.last_save_time = self.now()

    def cell_closed(self, cell: NotebookNode, status: str) -> None:
        """Close a cell with what really became of it."""
        told, ended = cell.metadata.papermill, self.now()
        seconds = (ended - datetime.fromisoformat(told["start_time"])).total_seconds()
        told.update(end_time=ended.isoformat(), duration=seconds, status=status, exception=status == self.FAILED)
        self.save()
        if self.pbar:
            self.pbar.update(1)

    def notebook_complete(self, **_: Any) -> None:
        """Close the notebook: what is pending did not run, what is running was interrupted."""
        ends = {self.PENDING: NOT_RUN, self.RUNNING: INTERRUPTED}
        for cell in self.nb.cells:
            if cell.cell_type == "code":
                status = cell.metadata.papermill["status"]
                cell.metadata.papermill["status"] = ends.get(status, status)
        super().notebook_complete()


class Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill is untyped
    """Runs the cells one by one in a kernel of its own, noting each in the journal.

    Args:
        execution: keeps the notebook.
        private: a folder that nobody else can enter, for the kernel's sockets and its log.
        environment: the kernel's variables.
        limits: of the run; the limit of memory is kept here.
        options: of papermill's client.
    """

    def __init__(
        self, execution: Execution, *, private: Path, environment: dict[str, str], limits: Limits, **options: Any
    ) -> None:
        options = {"iopub_timeout": OUTPUT_SECONDS, "log": _logger, **options}
        super().__init__(
            execution,
            extra_arguments=[f"--Session.packer={PACKER}", f"--IPKernelApp.extra_extensions={EXTENSION}"],
            **options,
        )
        self.journal, self._private, self._environment = execution.journal, private, environment
        self._limits = limits

    def execute(self) -> None:
        """Start the kernel, run the cells, end the kernel."""
        with (self._private / KERNEL_LOG).open("wb") as output:
            super().execute(env=self._environment, stdout=output, stderr=output)

    def create_kernel_manager(self) -> Any:
        """Return a manager whose kernel listens in the private folder only."""
        manager = super().create_kernel_manager()
        manager.kernel_spec_manager = OwnInterpreter()
        manager.connection_file = str(self._private / "kernel.json")
        if os.name != "nt":  # Windows has no such sockets
            manager.transport, manager.ip = "ipc", str(self._private / "k")
        return manager

    def papermill_execute_cells(self) -> None:
        """Run the cells in order until one fails, the run is stopped or the kernel is gone."""
        self._limits.keep_memory(self.km.provisioner.pid)
        self.journal.kernel_started()
        numbers = {index: number for number, index in enumerate(runnable(self.nb), 1)}
        for index, number in numbers.items():
            if self.journal.stop or not self._run(self.nb.cells[index], index, number):
                break
        self._learn_from_kernel()

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Take notice of stages and results among the kernel's messages; then handle them as usual."""
        data = msg["content"].get("data") or {}
        if STAGE_TYPE in data:
            stage = dict(data[STAGE_TYPE])
            self.journal.note(f"stage.{stage.pop('what')}", **stage)
        if RESULT_TYPE in data:
            self.journal.recorded(data[RESULT_TYPE])
        if msg["content"].get(MASKED) and msg["msg_type"] == "execute_input":
            learn(cell.source, msg["content"]["code"])
        elif msg["content"].get(MASKED):
            self.journal.masked_output()
        return super().process_message(msg, cell, cell_index)

    def _learn_from_kernel(self) -> None:
        """Have the kernel say the sources back, masked: it may know secrets in them that nobody else does."""
        sources = {str(index): cell.source for index, cell in enumerate(self.nb.cells)}
        asked = {index: repr(source) for index, source in sources.items()}
        for _ in range(ANSWERS):
            reply = self.wait_for_reply(self.kc.execute("", silent=True, user_expressions=asked))
            if reply["content"]["status"] != "aborted":  # as what comes right after a failed cell may be
                break
        for index, told in reply["content"].get("user_expressions", {}).items():
            if told["status"] == "ok":
                learn(asked[index], told["data"]["text/plain"])

    def interrupt(self) -> None:
        """Interrupt what the kernel is running."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End the kernel at once."""
        process = getattr(getattr(self.km, "provisioner", None), "process", None)
        if os.name != "nt":
            self._signal(signal.SIGKILL)
        elif process:  # Windows knows no groups
            process.kill()

    def _signal(self, number: signal.Signals) -> None:
        group = getattr(getattr(self.km, "provisioner", None), "pgid", None)
        if group:
            with suppress(ProcessLookupError):
                os.killpg(group, number)

    def _failed(self, number: int, error: CellExecutionError) -> None:
        told = self._limits.memory_told if error.ename.endswith("MemoryError") else ""
        self.journal.cell_failed(number, error.ename, "; ".join(filter(None, [error.evalue, told])))

    def _run(self, cell: NotebookNode, index: int, number: int) -> bool:
        self.journal.cell_started(number, step(self.nb, index), cell.source)
        self.nb_man.cell_start(cell, index)
        try:
            self.execute_cell(cell, index)
        except CellExecutionError as error:
            self._failed(number, error)
            failed = INTERRUPTED if self.journal.stop else Execution.FAILED
            self.nb_man.cell_closed(cell, Execution.COMPLETED if self.journal.left_early else failed)
            return False
        except DeadKernelError:
            told = "; ".join(filter(None, ["the kernel went away", self._limits.memory_told]))
            self.journal.kernel_died(told, cell=number)
            self.nb_man.cell_closed(cell, INTERRUPTED)
            raise
        self.journal.cell_ended(number)
        self.nb_man.cell_closed(cell, Execution.COMPLETED)
        return True


class Engine(NBClientEngine):  # type: ignore[misc]  # papermill is untyped
    """The engine that papermill is given."""

    @classmethod
    def execute_notebook(
        cls, nb: NotebookNode, _kernel_name: str, *, prepare: Callable[[NotebookNode], Client], **_: Any
    ) -> NotebookNode:
        """Run ``nb`` with the client that ``prepare`` makes for it."""
        client = prepare(nb)
        client.nb_man.notebook_start()
        try:
            client.execute()
        finally:
            client.nb_man.notebook_complete()
        return nb


papermill_engines.register(ENGINE, Engine)
