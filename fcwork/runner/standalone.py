"""``papermill --engine fcwork``: papermill's own call, with our honesty and without a run folder.

Papermill imports this module while it is being imported itself, so nothing of papermill is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from fcwork import personal, settings
from fcwork.clock import SYSTEM
from fcwork.errors import NotebookError, NotebookFailedError
from fcwork.runner import document
from fcwork.runner.execution import target_of
from fcwork.runner.journal import Ending, Journal
from fcwork.runner.limits import Limits, Overtime
from fcwork.runner.notebook import Notebook, fault_of
from fcwork.runner.parameters import masked, resolve
from fcwork.runner.signals import stoppable
from fcwork.runner.starting import inherited, started
from fcwork.runner.stopping import Stoppable

if TYPE_CHECKING:
    from nbformat import NotebookNode

GOOD = frozenset({"SUCCEEDED", "SKIPPED"})
PASSED_ON = ("log_output", "stdout_file", "stderr_file")


class PapermillEngine:
    """An engine of papermill under the name ``fcwork``: what is no success of ours raises, so that papermill fails."""

    @classmethod
    def execute_notebook(cls, nb: NotebookNode, kernel_name: str, **options: Any) -> NotebookNode:
        """Run a notebook that papermill has put its parameters into, in this interpreter, and return it masked.

        Args:
            nb: the notebook.
            kernel_name: of no consequence, as long as the notebook is written in Python.
            options: of papermill; ``execution_timeout`` is the limit of each cell.

        Raises:
            NotebookError: the notebook or its parameters are none that can be run; no kernel was started.
            NotebookFailedError: it did not succeed, and no cell with an error tells papermill so.
        """
        del kernel_name
        run = _Run(nb, options)
        run.execute()
        return run.close()

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """Return the kernel's name: the given one, else the notebook's, else ``python3``."""
        return str(name or nb.metadata.get("kernelspec", {}).get("name") or "python3")

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """Return the language: the given one, else the notebook's, else Python."""
        return str(language or nb.metadata.get("language_info", {}).get("name") or "python")


class _Run(Stoppable):
    """One call of papermill under way."""

    def __init__(self, node: NotebookNode, options: Mapping[str, Any]) -> None:
        self.node, self.options = node, options
        self.output = options.get("output_path")
        self.name, self.masked = _judged(node, options.get("input_path"))
        self.limits = Limits(cell_timeout_seconds=options.get("execution_timeout") or None)
        self.overtime = Overtime(self.limits, self.time_out, self.kill)
        self.journal = Journal(None, len(document.runnable(node)), SYSTEM, [self.overtime])

    def execute(self) -> None:
        with stoppable(self.stop, self.kill), self.overtime:
            if broke := started(self._attempt, self.journal, SYSTEM):
                self._broke(broke[0])

    def close(self) -> NotebookNode:
        """Save the notebook with how it ended, and raise where papermill would take it for a success."""
        ending = self.journal.ending()
        if ending.state not in GOOD:
            self.node.metadata.papermill["exception"] = True
        self.node.metadata["fcwork"] = {**self.node.metadata.get("fcwork", {}), "state": ending.state}
        self._save(self.node)
        if ending.state not in GOOD and not self._papermill_raises(ending):
            raise self._failed(ending)
        return document.masked(self.node)

    def _attempt(self, private: Path) -> None:
        from nbclient.exceptions import DeadKernelError
        from papermill.log import logger

        from fcwork.runner.engine import Client, Execution

        execution = Execution(
            self.node,
            self.journal,
            self._save,
            progress_bar=self.options.get("progress_bar", True),
            autosave_cell_every=self.options.get("autosave_cell_every", 30),
        )
        self.client = Client(
            execution,
            private=private,
            environment={**inherited(), personal.VARIABLE: personal.written(*self.masked)},
            limits=self.limits,
            startup_timeout=self.options.get("start_timeout", 60),
            log=logger,
            **{name: self.options[name] for name in PASSED_ON if name in self.options},
        )
        execution.notebook_start()
        try:
            self.client.execute()
        except DeadKernelError:  # the journal has it
            pass
        finally:
            execution.notebook_complete()

    def _save(self, node: NotebookNode) -> None:
        from papermill.iorw import papermill_io

        if self.output:
            papermill_io.write(document.dump(node), self.output)

    def _broke(self, error: Exception) -> None:
        if self.journal.has_kernel:
            self.journal.broke(error)
        else:
            self.journal.kernel_died(f"the kernel did not start: {error}")

    def _papermill_raises(self, ending: Ending) -> bool:
        """Whether a cell holds the error that papermill looks for; then it puts its own marks into the notebook."""
        return ending.state == "FAILED" and ending.cell is not None

    def _failed(self, ending: Ending) -> NotebookFailedError:
        where = f" in cell [{ending.cell}]" if ending.cell else ""
        words = ": ".join(filter(None, [ending.ename, ending.evalue or str(self.journal.record.get("summary", ""))]))
        return NotebookFailedError(
            f"{self.name} ended as {ending.state}{where}{words and f': {words}'}",
            notebook=self.name,
            cell=ending.cell,
            ename=ending.ename,
            evalue=ending.evalue,
            output=str(self.output or ""),
        )


def _judged(node: NotebookNode, path: object) -> tuple[str, list[str]]:
    """Return the notebook's name and what it hides; what it is and was given is judged as for any run of ours."""
    name = PurePosixPath(str(path)).stem if path else "notebook"
    given = dict(node.metadata.get("papermill", {}).get("parameters", {}))
    notebook = Notebook(name, Path(str(path or name)), document.written(node))
    if fault := fault_of(notebook.text):
        raise NotebookError(f"{name} {fault}", notebook=name)
    settings.hide_personal_data()
    target_of(given)  # a secret must be known before it can be refused
    return name, masked(notebook, resolve(notebook, given))
