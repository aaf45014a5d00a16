import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import fcwork as package
from fcwork.cli import VERBS

HEAVY = ("polars", "pandas", "papermill", "nbformat", "structlog", "httpx", "pydantic", "ipywidgets", "jupyter_client")


def test_help_names_each_verb_and_what_to_begin_with(fcwork: Callable[..., Any]) -> None:
    """`fcwork --help` lists each verb with a whole sentence, and what to begin with."""
    said = fcwork("--help")

    assert said.code == 0
    for verb in VERBS:
        assert f"  {verb.name}" in said.out
    assert "..." not in said.out.split("Commands:")[1]
    assert "fcwork demo" in said.out.split("Examples:")[1]


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_each_verb_helps_with_an_example(fcwork: Callable[..., Any], verb: str) -> None:
    """The help of each verb ends with an example of it."""
    said = fcwork(verb, "--help")

    assert said.code == 0
    assert f"fcwork {verb}" in said.out.split("Examples:")[1]


def test_help_of_a_notebook_lists_its_parameters(fcwork: Callable[..., Any]) -> None:
    """P10: `fcwork run NAME --help` lists every declared parameter with type, default and help."""
    from fcwork import runner

    said = fcwork("run", "ingestion", "--help")
    told = " ".join(said.out.split())

    assert said.code == 0
    for parameter in runner.declared(runner.find("ingestion")):
        assert f"-p {parameter.name} {parameter.type}, default {parameter.default}. {parameter.help}" in told
    assert fcwork("run", "--help", "ingestion").out == said.out


def test_help_of_an_unknown_notebook_is_a_mistake(fcwork: Callable[..., Any]) -> None:
    """P32: help for a notebook that does not exist names those that do."""
    said = fcwork("run", "nope", "--help")

    assert said.code == 2
    assert "known: " in said.err


def test_the_version_is_the_package_s(fcwork: Callable[..., Any]) -> None:
    """`fcwork --version` prints the version."""
    assert fcwork("--version").out == f"fcwork {package.__version__}\n"


def test_help_loads_nothing_heavy() -> None:
    """`fcwork --help` answers at once: none of the heavy libraries is imported for it."""
    script = (
        "import sys; from fcwork.cli import run_verb; code = run_verb(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[] 0"


def test_a_run_reads_no_grammar_that_it_has_no_use_for() -> None:
    """What reads notebooks is imported without the grammar of IRIs, which takes longer than all the rest."""
    script = (
        "import sys; from fcwork import cli; sys.argv[1:] = ['--version']\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "import nbformat.v4; print([name for name in sys.modules if name.startswith(f'{cli.IRI_GRAMMAR}.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_the_package_runs_as_a_module() -> None:
    """`python -m fcwork` is `fcwork`."""
    done = subprocess.run([sys.executable, "-m", "fcwork", "--version"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, f"fcwork {package.__version__}\n")
