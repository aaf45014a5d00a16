"""Run notebooks, and say truly how they ended.

In a terminal or a program ``run`` executes a notebook in a folder of its own, with typed parameters and without a
secret in what it writes. ``history`` lists the runs, ``past`` reads one back, ``compare`` tells two apart, ``rerun``
makes one again, and ``share`` makes a page of it for people who have nothing but a browser. In a notebook ``job`` shows
the stages, ``record`` leaves the result and ``publish`` a frame, which ``load`` reads back.
"""

from fcwork.runner.again import rerun
from fcwork.runner.clearing import clean
from fcwork.runner.difference import Difference, compare
from fcwork.runner.execution import run
from fcwork.runner.folder import runs
from fcwork.runner.history import history
from fcwork.runner.journal import STATES, State
from fcwork.runner.manifest import Published
from fcwork.runner.notebook import Notebook, find, names, shipped
from fcwork.runner.parameters import Parameter, declared, from_environment, inspect, read_file
from fcwork.runner.past import PastRun, past
from fcwork.runner.presets import Preset, preset, presets
from fcwork.runner.publishing import load, publish
from fcwork.runner.recording import record
from fcwork.runner.result import RunResult
from fcwork.runner.sharing import Shared, share
from fcwork.runner.stages import NotebookJob, job

__all__ = [
    "STATES",
    "Difference",
    "Notebook",
    "NotebookJob",
    "Parameter",
    "PastRun",
    "Preset",
    "Published",
    "RunResult",
    "Shared",
    "State",
    "clean",
    "compare",
    "declared",
    "find",
    "from_environment",
    "history",
    "inspect",
    "job",
    "load",
    "names",
    "past",
    "preset",
    "presets",
    "publish",
    "read_file",
    "record",
    "rerun",
    "run",
    "runs",
    "share",
    "shipped",
]
