import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.runner.parameters import is_secret_name

NOTEBOOKS = sorted(runner.shipped().glob("*.ipynb"))
HEADINGS = [
    "What this does",
    "Before you start",
    "Parameters",
    "Steps",
    "What good looks like",
    "If it fails",
    "Undo",
]
TYPES = re.compile(r"(str|int|float|bool|date|dict|list\[str\]|Literal\[.+\])( \| None)?")
CHANGES = re.compile(r"\.(apply|send_event|send_batch|create_job|send)\(")
pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    """Return the notebook's JSON."""
    return json.loads(path.read_text("utf-8"))


def code(path: Path) -> list[str]:
    """Return the sources of the code cells."""
    return ["".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def test_it_holds_no_outputs(path: Path) -> None:
    """A notebook in the repository has never been run."""
    cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]

    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)


def test_its_metadata_is_the_kernel_and_the_language(path: Path) -> None:
    """Nothing of the machine that wrote it is in its metadata."""
    metadata = read(path)["metadata"]

    assert set(metadata) == {"kernelspec", "language_info"}
    assert metadata["language_info"] == {"name": "python"}
    assert metadata["kernelspec"]["name"] == "python3"


def test_the_first_code_cell_is_the_one_of_parameters(path: Path) -> None:
    """There is exactly one cell of parameters, the first code cell."""
    cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]

    assert [at for at, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", [])] == [0]


def test_each_parameter_has_a_type_and_help_on_one_line(path: Path) -> None:
    """P10: each line of the parameters cell is NAME: type = default  # help, with a type that is judged."""
    parameters = runner.declared(runner.find(path))
    lines = [line for line in code(path)[0].splitlines() if line and not line.startswith(("from ", "import "))]

    assert len(lines) == len(parameters)
    for line, parameter in zip(lines, parameters, strict=True):
        assert re.fullmatch(r"[A-Z][A-Z_]*: .+?  # .+", line), line
        assert TYPES.fullmatch(parameter.type), parameter
        assert parameter.help
        assert not is_secret_name(parameter.name), parameter


def test_logic_lives_in_the_package(path: Path) -> None:
    """No def, no class, no try, and no loop longer than three lines."""
    for source in code(path):
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Try), source
            if isinstance(node, ast.For | ast.While):
                assert (node.end_lineno or 0) - node.lineno < 3, source


def test_what_changes_the_platform_stands_behind_dry_run(path: Path) -> None:
    """P33: a notebook that sends declares DRY_RUN, true unless set otherwise, and uses it."""
    told = {parameter.name: parameter for parameter in runner.declared(runner.find(path))}
    steps = "\n".join(code(path)[1:])

    if CHANGES.search(steps):
        assert (told["DRY_RUN"].type, told["DRY_RUN"].default) == ("bool", "True")
        assert "DRY_RUN" in steps


def test_the_last_code_cell_records_the_result(path: Path) -> None:
    """The last cell leaves the result for tests, command line and history."""
    assert code(path)[-1].startswith("runner.record(")


def test_the_headings_of_a_runbook_stand_in_order(path: Path) -> None:
    """A notebook reads as a runbook: one title and the seven headings, in order."""
    text = "\n".join("".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert len(re.findall(r"^# .+$", text, re.MULTILINE)) == 1
