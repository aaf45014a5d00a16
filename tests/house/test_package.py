"""The package as a whole: layers, names at the door, and how much an import costs."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import fcwork

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "fcwork").rglob("*.py"))
HEAVY = {"pandas", "polars", "papermill", "ipywidgets", "lxml", "jupyter_client", "httpx", "graphql", "nbformat"}


def test_imports_go_downward_only() -> None:
    """The layers of the house hold, and every module has its place in them."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    if not Path(command[0]).exists():
        pytest.skip("import-linter is not installed: pip install -e '.[dev]'")
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_the_names_at_the_door_are_those_in_all() -> None:
    """Each name in __all__ can be had, and the list is sorted."""
    assert fcwork.__all__ == sorted(fcwork.__all__)
    assert [name for name in fcwork.__all__ if getattr(fcwork, name, None) is None] == []


def test_importing_fcwork_loads_nothing_heavy() -> None:
    """``import fcwork`` loads no frame library, no Jupyter and no HTTP client."""
    program = "import sys, json, fcwork; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY & set(json.loads(answer.stdout)) == set()


def test_the_runner_s_names_are_to_be_called_whatever_was_imported() -> None:
    """Each name of ``fcwork.runner`` can be had, and is no module, also where a module is named alike."""
    program = (
        "import json, pkgutil, types\n"
        "from fcwork import runner\n"
        "for one in pkgutil.iter_modules(runner.__path__): __import__(f'fcwork.runner.{one.name}')\n"
        "print(json.dumps([n for n in runner.__all__ if isinstance(getattr(runner, n), types.ModuleType)]))\n"
        "print(json.dumps([runner.__all__, sorted(runner._HOMES)]))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules, (named, homes) = map(json.loads, answer.stdout.splitlines())
    assert modules == []
    assert sorted(named) == homes


def test_a_kernel_imports_nothing_heavy_of_ours_at_its_start() -> None:
    """What a run puts into its kernel loads no frame library and nothing that runs notebooks."""
    program = "import sys, json, jupyter_client.session as _; before = set(sys.modules); import fcwork.runner.kernel"
    program += "; print(json.dumps(sorted(set(sys.modules) - before)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (HEAVY | {"structlog", "nbclient", "fcwork.runner.execution"}) & set(json.loads(answer.stdout)) == set()


def test_the_mapping_editor_imports_only_what_it_shows() -> None:
    """The controls of the mapping editor load no client, no reader of files and no checks: they are seen at once."""
    program = "import sys, json, fcwork.widgets.editor_view; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    unasked = {
        "fcwork.client",
        "fcwork.sources",
        "fcwork.simulator",
        "fcwork.validator.validator",
        "httpx",
        "structlog",
    }
    assert (unasked | {"pandas", "lxml"}) & set(json.loads(answer.stdout)) == set()


def test_importing_fcwork_is_quick() -> None:
    """``import fcwork`` takes under 0.3 seconds, the best of five."""
    program = "import time; t = time.perf_counter(); import fcwork; print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(5)
    ]
    assert min(float(run.stdout) for run in runs) < 0.3


def test_nothing_is_logged_on_import() -> None:
    """Importing every public name writes not a byte."""
    program = "import fcwork\nfor name in fcwork.__all__: getattr(fcwork, name)"
    answer = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.stderr, answer.returncode) == ("", "", 0)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_small(module: Path) -> None:
    """No module has over 450 lines and no function over 60, docstrings aside."""
    text = module.read_text("utf-8")
    assert len(text.splitlines()) <= 450
    long = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and _length(node) > 60]
    assert long == []


def test_no_grab_bag_modules() -> None:
    """Modules are named for what is in them."""
    bags = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service", "misc"}
    assert [path.stem for path in MODULES if path.stem in bags] == []


def test_every_test_states_its_rule() -> None:
    """Each test function has a docstring."""
    mute = [
        f"{path.name}:{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert mute == []


def _length(node: ast.FunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    first, last = (body or node.body)[0], node.body[-1]
    return (last.end_lineno or 0) - first.lineno + 1
