"""Run notebooks, and say truly how they ended.

In a terminal or a program ``run`` executes a notebook in a folder of its own, with typed parameters and without a
secret in what it writes, and ``sweep`` once for each row of parameters. ``history`` lists the runs, ``past`` reads one
back, ``compare`` tells two apart, ``rerun`` makes one again, and ``share`` makes a page of it for people who have
nothing but a browser; ``swept`` tells how a sweep stands. In a notebook ``job`` shows the stages, ``record`` leaves the
result and ``publish`` a frame, which ``load`` reads back.

Each name is imported when it is first used: a kernel imports this package at its start, for one of its modules.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fcwork.runner.again import rerun
    from fcwork.runner.clearing import clean
    from fcwork.runner.difference import Difference, compare
    from fcwork.runner.execution import run
    from fcwork.runner.folder import runs
    from fcwork.runner.history import history
    from fcwork.runner.journal import STATES, State
    from fcwork.runner.manifest import Published
    from fcwork.runner.monitoring import exposition, write_metrics
    from fcwork.runner.monitoring.figures import figures
    from fcwork.runner.notebook import Notebook, find, names, shipped
    from fcwork.runner.parameters import Parameter, declared, from_environment, inspect, read_file
    from fcwork.runner.past import PastRun, past
    from fcwork.runner.presets import Preset, preset, presets
    from fcwork.runner.publishing import load, publish
    from fcwork.runner.recording import record
    from fcwork.runner.result import RunResult
    from fcwork.runner.serving import write_app
    from fcwork.runner.sharing import Shared, share
    from fcwork.runner.stages import NotebookJob, job
    from fcwork.runner.sweeping import sweep, swept

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
    "exposition",
    "figures",
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
    "sweep",
    "swept",
    "write_app",
    "write_metrics",
]

_HOMES = {
    "Difference": "difference",
    "Notebook": "notebook",
    "NotebookJob": "stages",
    "Parameter": "parameters",
    "PastRun": "past",
    "Preset": "presets",
    "Published": "manifest",
    "RunResult": "result",
    "STATES": "journal",
    "Shared": "sharing",
    "State": "journal",
    "clean": "clearing",
    "compare": "difference",
    "declared": "parameters",
    "exposition": "monitoring",
    "figures": "monitoring",
    "find": "notebook",
    "from_environment": "parameters",
    "history": "history",
    "inspect": "parameters",
    "job": "stages",
    "load": "publishing",
    "names": "notebook",
    "past": "past",
    "preset": "presets",
    "presets": "presets",
    "publish": "publishing",
    "read_file": "parameters",
    "record": "recording",
    "rerun": "again",
    "run": "execution",
    "runs": "folder",
    "share": "sharing",
    "shipped": "notebook",
    "sweep": "sweeping",
    "swept": "sweeping",
    "write_app": "serving",
    "write_metrics": "monitoring",
}


class _Package(ModuleType):
    """In which a function goes before the module of the same name: ``runner.past`` is to be called."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):  # so the import system puts in what it imported
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"fcwork.runner.{_HOMES[name]}"), name)
    message = f"module 'fcwork.runner' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
