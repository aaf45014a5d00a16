"""What README and guides name is there: verbs and options, parameters, public names and their arguments."""

import ast
import inspect
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any, get_args

import click
import polars as pl
import pytest
from papers import GUIDE, ROOT, TEXT, fences, spans

import fcwork as fw
from fcwork import ingestion, recovery, runner, store, webhooks
from fcwork.cli import cli
from fcwork.client import FluentClient
from fcwork.errors import ConfigError
from fcwork.ingestion import FileLedger, IngestResult
from fcwork.ingestion.result import State
from fcwork.jobs import JobRecord, JobTracker
from fcwork.jobs.job import Job
from fcwork.jobs.record import MOVES
from fcwork.retry import RetryPolicy
from fcwork.sources.connection_file import KINDS, mistakes
from fcwork.stages import WATCHED

OURS = (GUIDE / "migrating.md").read_text("utf-8")
CODE = "\n".join(path.read_text("utf-8") for path in (ROOT / "fcwork").rglob("*.py"))
NOTEBOOK = runner.find(str(ROOT / "notebooks" / "ingestion.ipynb"))
WEBHOOKS = runner.find(str(ROOT / "notebooks" / "webhook_verify.ipynb"))
RECONCILE = runner.find(str(ROOT / "notebooks" / "reconcile.ipynb"))
OPERATIONS = runner.find(str(ROOT / "notebooks" / "operations.ipynb"))
NOTEBOOKS = (NOTEBOOK, WEBHOOKS, RECONCILE, OPERATIONS)
PARAMETERS = {parameter.name for notebook in NOTEBOOKS for parameter in runner.declared(notebook)}
STAGES = re.compile(r'job\.stage\(\\?"([a-z-]+)')

# What a name stands for, wherever the papers write it.
ROOTS: dict[str, Any] = {
    "fw": fw,
    "recovery": recovery,
    "store": store,
    "webhooks": webhooks,
    "errors": fw.errors,
    "client": FluentClient,
    "tracker": JobTracker,
    "job": Job,
    "plan": ingestion.IngestPlan,
    "operation": fw.operations.Operation,
    "mapper": fw.Mapper,
    "JobTracker": JobTracker,
    "Validator": fw.Validator,
    "FileLedger": FileLedger,
    "RetryPolicy": RetryPolicy,
}
SENT = recovery.send(pl.DataFrame({"ref": []}, schema={"ref": pl.String}), print)
# What else a service's table may name without saying whose: arguments, attributes, columns and words.
OWNERS: dict[str, tuple[Any, ...]] = {
    "WebhookValidationService": (webhooks.verify,),
    "PartialBatchRecovery": (recovery.send, SENT, SENT.dead_letters, IngestResult),
    "JobTracker": (JobTracker, JobTracker.create, JobTracker.complete, JobRecord, fw.errors, set(MOVES)),
    "PreflightValidator": (
        set(fw.Validator.json_schema()["properties"]),
        fw.Validator,
        fw.Validator.peek,
        fw.Validator({}).check(pl.DataFrame({"ref": ["A"]})),
        fw.frames.ISSUES,
        {"ref", "qty"},  # fields of records
    ),
    "StateService and IngestionService": (store.Lease, store.Held, store.SQLiteStore.set),
}


def tables(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the cells of each row of a table, below its head, with the heading that it stands under."""
    heading, inside = "", False
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not line.startswith("|"):
            inside = False
        elif set(line) <= set("|- "):
            inside = True
        elif inside:
            yield heading, [cell.strip() for cell in line.strip("|").split("|")]


def commands() -> list[str]:
    """Return all calls of fcwork in fences and spans; a verb alone in a span is a name and no call."""
    lines = [part for block in fences("") for line in block.splitlines() for part in line.split("&&")]
    calls = [*lines, *(span for span in spans(TEXT) if span.count(" ") > 1)]
    return [text.strip().removeprefix("!") for text in calls if re.match(r"\s*!?fcwork [a-z]", text)]


def names_of(owner: Any) -> set[str]:
    """Return what may be named of an owner: arguments, attributes, or the names that it is."""
    if isinstance(owner, set | frozenset | pl.Schema):
        return set(owner)
    if isinstance(owner, pl.DataFrame):
        return set(owner.columns)
    own = {name for name in dir(owner) if not name.startswith("_")}
    if is_dataclass(owner):
        own |= {field.name for field in fields(owner)}
    return own | (set(inspect.signature(owner).parameters) if callable(owner) else set())


def resolved(node: ast.expr) -> Any:
    """Return what an expression such as ``fw.recovery.send`` names; None where its root is no name of ours.

    Raises:
        AttributeError: its root is, and has nothing of that name.
    """
    if isinstance(node, ast.Name):
        return ROOTS.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = resolved(node.value)
    return None if owner is None else getattr(owner, node.attr)


def check_expression(text: str, owners: Iterable[Any] = (), *, free: bool = False) -> None:
    """Look up every name, attribute and argument of an expression or of some lines of Python.

    Args:
        text: Python, or an argument such as ``policy=RetryPolicy()``.
        owners: of names that stand alone.
        free: whether names may stand for anything, as variables do.
    """
    known = set(ROOTS).union(*(names_of(owner) for owner in owners))
    is_argument = re.match(r"\w+=[^=]", text) and not free
    for node in ast.walk(ast.parse(f"_({text})" if is_argument else text)):
        if isinstance(node, ast.Attribute):
            resolved(node)
        elif isinstance(node, ast.Name) and not free:
            assert node.id in known | {"_", "None", "True"}, f"{node.id} of `{text}` is nowhere"
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and not free:
            holder = next(getattr(owner, ast.unparse(node.value)) for owner in owners if isinstance(owner, type(SENT)))
            assert node.slice.value in holder, f"{text} holds no such thing"
        elif isinstance(node, ast.Call):
            check_arguments(node, known if is_argument else set())


def check_arguments(call: ast.Call, known: set[str]) -> None:
    """Look up the keyword arguments of a call: of what it calls, or among known names where that is a stand-in."""
    called = resolved(call.func)
    if called is None:
        taken, any_goes = known, not known
    else:
        parameters = inspect.signature(called).parameters
        taken = set(parameters)
        any_goes = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    wrong = {keyword.arg for keyword in call.keywords if keyword.arg} - taken
    assert any_goes or not wrong, f"{ast.unparse(call)}: no argument {wrong}"


def check_span(text: str, owners: Iterable[Any]) -> None:
    """Look up what a code span names: a call of the command line, a parameter, a module, or Python."""
    if text.startswith("fcwork "):
        return  # checked with all commands
    if text.startswith("fcwork."):
        import_module(text)
    elif re.match(r"[A-Z][A-Z_]*(: |$)", text):
        check_capitals(text.partition(":")[0])
    elif not text.endswith(".json"):
        check_expression(text, owners)


def check_capitals(name: str) -> None:
    """Look up a parameter of the notebook, a state, or a variable of the environment."""
    known = PARAMETERS | set(get_args(State)) | {"OPEN", "CLOSED", "INVENTORY"}
    is_variable = name.startswith(("FLUENT_", "FCWORK_", "OTEL_")) and name in CODE
    assert name in known or is_variable, f"{name} is no parameter, state or variable"


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_of_the_papers_can_be_called(command: str) -> None:
    """P10: verbs, options and parameters of the papers' commands are those of the command line and the notebooks."""
    _, name, *arguments = shlex.split(command, comments=True)
    verb = cli.commands[name]
    try:
        context = verb.make_context(name, arguments)
    except click.exceptions.Exit:  # --help
        return
    routes = (FluentClient.batches, FluentClient.event_sender, FluentClient.mutations)
    for key, _ in context.params.get("options") or ():
        assert any(key in inspect.signature(route).parameters for route in routes), f"no route takes {key}"
    if name == "run":
        assert context.params["name"] in runner.names() or context.params["resume"]
        assert {key for key, _ in context.params["texts"]} <= PARAMETERS
        assert [file for file in context.params["files"] if not (ROOT / "notebooks" / file).is_file()] == []


def test_every_verb_of_the_papers_is_there() -> None:
    """P10: where the papers name a verb without saying more, there is such a verb."""
    verbs = {span.removeprefix("fcwork ") for span in spans(TEXT) if re.fullmatch(r"fcwork [a-z]+", span)}
    assert verbs - set(cli.commands) == set()


@pytest.mark.parametrize("block", fences("python"))
def test_the_papers_python_calls_what_is_there(block: str) -> None:
    """What the papers' Python takes from the package is there, with the arguments that it gives."""
    check_expression(block, free=True)


def test_every_parameter_that_the_papers_name_is_one_of_a_notebook() -> None:
    """Names in capitals are parameters of a notebook, states of a load or variables of the environment."""
    theirs = {span for _, row in tables(OURS) for span in spans(row[0])}
    for name in set(spans(TEXT)) - theirs:
        if re.fullmatch(r"[A-Z][A-Z_]+", name):
            check_capitals(name)


@pytest.mark.parametrize(
    ("heading", "row"), list(tables(OURS)), ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_what_the_sdk_s_names_are_called_here_is_there(heading: str, row: list[str]) -> None:
    """Beside each name of the SDK stands a name that fcwork has."""
    assert len(row) in {2, 3}, "a | in a cell ends it"
    for span in [span for cell in row[1:] for span in spans(cell)]:
        if heading in OWNERS:
            check_span(span, OWNERS[heading])


@pytest.mark.parametrize("option", ["maxRetries", "retryDelayMs", "retryBatchSize", "checkpointKey", "shouldRetry"])
def test_every_option_of_a_send_names_an_argument_of_send(option: str) -> None:
    """The options of the SDK's recovery are arguments of ``recovery.send``."""
    (ours,) = [row[1] for _, row in tables(OURS) if row[0] == f"`{option}`"]
    assert ours.strip("`").partition("=")[0] in inspect.signature(recovery.send).parameters


def test_the_preset_s_stages_are_those_of_the_guide() -> None:
    """The guide lists the eight stages of the production workflow, as the load and its notebook tell them."""
    told = re.search(r"eight stages\s+\(([^)]*)\)", OURS)
    assert told is not None
    notebook = STAGES.findall(NOTEBOOK.path.read_text("utf-8"))
    assert set(re.split(r",\s+", told[1])) == {*WATCHED.values(), *notebook}


def test_the_final_details_are_those_of_the_guide() -> None:
    """The guide lists the details of a load, no more and no less."""
    rows = [{"locationRef": "LOC001", "skuRef": "A", "qty": 1, "type": "LAST_ON_HAND", "status": "ACTIVE"}]
    details = fw.ingest(fw.connect(profile="simulator"), pl.DataFrame(rows)).apply().details
    listed = {span: spans(row[1]) for heading, row in tables(OURS) if "workflow" in heading for span in spans(row[0])}
    assert listed.keys() == details.keys()
    for name, inner in details.items():
        if isinstance(inner, dict):
            assert set(listed[name]) == set(inner)


@pytest.mark.parametrize(
    "wrong",
    ["recovery.sent", "recovery.send(rows, retries=3)", "nowhere", 'counts["none"]', "policies=1", "JOBS: daily"],
)
def test_a_name_that_is_nowhere_is_noticed(wrong: str) -> None:
    """These tests fail for a name, an argument, a key or a parameter that is not there."""
    with pytest.raises((AssertionError, AttributeError, ConfigError)):
        check_span(wrong, OWNERS["PartialBatchRecovery"])


def test_the_connections_of_the_guide_are_right() -> None:
    """The tables of connections.toml that the guide shows have no mistake."""
    [block] = fences("toml")
    tables = tomllib.loads(block)
    assert {name: mistakes(name, table) for name, table in tables.items()} == {name: [] for name in tables}
    assert {table["type"] for table in tables.values()} == set(KINDS)
