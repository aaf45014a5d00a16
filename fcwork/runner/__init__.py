"""Run notebooks, and say truly how they ended.

In a terminal or a program ``run`` executes a notebook in a folder of its own, with typed parameters and without a
secret in what it writes. In a notebook ``job`` shows the stages and ``record`` leaves the result.
"""

from fcwork.runner.archive import history
from fcwork.runner.execution import run
from fcwork.runner.folder import runs
from fcwork.runner.journal import STATES, State
from fcwork.runner.notebook import Notebook, find, names, shipped
from fcwork.runner.parameters import Parameter, declared, inspect, read_file
from fcwork.runner.presets import Preset, preset, presets
from fcwork.runner.recording import record
from fcwork.runner.result import RunResult
from fcwork.runner.stages import NotebookJob, job

__all__ = [
    "STATES",
    "Notebook",
    "NotebookJob",
    "Parameter",
    "Preset",
    "RunResult",
    "State",
    "declared",
    "find",
    "history",
    "inspect",
    "job",
    "names",
    "preset",
    "presets",
    "read_file",
    "record",
    "run",
    "runs",
    "shipped",
]
