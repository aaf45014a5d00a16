import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fcwork import runner
from fcwork.errors import NotebookError, ParameterTypeError, SecretParameterError, UnknownParameterError
from fcwork.redact import Secret
from fcwork.runner import Notebook
from fcwork.runner.annotations import from_text, from_value
from fcwork.runner.parameters import as_code, beside, effective, resolve

Make = Callable[..., Notebook]
CELL = """\
from datetime import UTC, date, datetime
from typing import Literal

SOURCE: str  # the file to load
URL: str = "https://x.example/?a=b"  # has = in it
LIMIT: int | None = None  # none for all
SHARE: float = 0.5
MODE: Literal["fast", "slow"] = "fast"  # how
SINCE: date | None = None  # first day
REFS: list[str] = []  # which
OPTIONS: dict[str, int] = {}
DRY_RUN: bool = True  # look, send nothing
"""


@pytest.fixture
def notebook(make: Make) -> Notebook:
    """A notebook with a parameter of each kind."""
    return make("print(SOURCE)", parameters=CELL)


def test_each_declared_line_is_a_parameter_with_type_default_and_help(notebook: Notebook) -> None:
    """P10: defaults with =, unions, literals, dates and lists are all declared; no default means required."""
    told = {row["name"]: row for row in runner.inspect(notebook).to_dicts()}

    assert list(told) == ["SOURCE", "URL", "LIMIT", "SHARE", "MODE", "SINCE", "REFS", "OPTIONS", "DRY_RUN"]
    assert told["SOURCE"] == {
        "name": "SOURCE",
        "type": "str",
        "default": None,
        "help": "the file to load",
        "required": True,
    }
    assert told["URL"]["default"] == "'https://x.example/?a=b'"
    assert told["LIMIT"]["type"] == "int | None"
    assert told["LIMIT"]["required"] is False


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("SOURCE", "007", "007"),
        ("LIMIT", "5", 5),
        ("LIMIT", "-5", -5),
        ("LIMIT", "null", None),
        ("LIMIT", "None", None),
        ("SHARE", "1", 1.0),
        ("MODE", "slow", "slow"),
        ("SINCE", "2026-01-15", date(2026, 1, 15)),
        ("REFS", '["a", "b"]', ["a", "b"]),
        ("OPTIONS", '{"a": 1}', {"a": 1}),
        ("DRY_RUN", "false", False),
        ("DRY_RUN", "no", False),
    ],
)
def test_a_text_is_read_as_the_declared_type(notebook: Notebook, name: str, text: str, value: object) -> None:
    """P10: what is typed in a shell becomes a value of the declared type."""
    found = resolve(notebook, {"SOURCE": "s"}, [(name, text)])

    assert found[name] == value
    assert type(found[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LIMIT", "abc"),
        ("LIMIT", "5.5"),
        ("SHARE", "nan"),
        ("SHARE", "half"),
        ("MODE", "medium"),
        ("SINCE", "15.01.2026"),
        ("SINCE", "2026-02-30"),
        ("REFS", "a,b"),
        ("REFS", "[1]"),
        ("DRY_RUN", "maybe"),
        ("DRY_RUN", ""),
    ],
)
def test_a_text_of_another_type_is_refused(notebook: Notebook, name: str, text: str) -> None:
    """P10: a text that is not of the declared type is refused, and named with its type."""
    with pytest.raises(ParameterTypeError, match=rf"{name}: .* is not of type"):
        resolve(notebook, {"SOURCE": "s"}, [(name, text)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIMIT", "5"),
        ("LIMIT", True),
        ("SOURCE", 5),
        ("DRY_RUN", 0),
        ("REFS", "a"),
        ("SHARE", float("nan")),
        ("URL", object()),
    ],
)
def test_a_value_is_judged_strictly(notebook: Notebook, name: str, value: object) -> None:
    """P10: a Python or YAML value passes for nothing but its own type."""
    with pytest.raises(ParameterTypeError, match=name):
        resolve(notebook, {"SOURCE": "s", name: value})


@pytest.mark.parametrize("value", [date(2026, 1, 15), "2026-01-15"])
def test_a_date_may_be_iso_text(notebook: Notebook, value: object) -> None:
    """A file of parameters may write a date as YAML's date or as ISO text."""
    assert resolve(notebook, {"SOURCE": Path("a.csv"), "SINCE": value}) == {
        "SOURCE": "a.csv",
        "SINCE": date(2026, 1, 15),
    }


def test_all_problems_are_told_together(notebook: Notebook) -> None:
    """P10: unknown, wrong and missing parameters are all listed in one error, the nearest name with the unknown."""
    with pytest.raises(UnknownParameterError) as caught:
        resolve(notebook, {"LIMITS": 1, "SHARE": "x"}, [("DRY_RUN", "perhaps"), ("MODE", "fast"), ("MODE", "slow")])

    text = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 5
    assert "LIMITS: no such parameter; did you mean LIMIT?" in text
    assert "SHARE: 'x' is not of type float" in text
    assert "DRY_RUN: 'perhaps' is not of type bool" in text
    assert "SOURCE: missing, a value must be given (the file to load)" in text
    assert "MODE: given more than once" in text
    assert f"`fcwork run {notebook.path} --help`" in caught.value.hint  # its name alone does not lead there


@pytest.mark.parametrize("name", ["API_TOKEN", "password", "clientSecret", "API_KEY"])
def test_a_parameter_named_like_a_secret_is_refused(make: Make, name: str) -> None:
    """P8: a value for a parameter named like a secret is refused, and not repeated."""
    notebook = make(parameters=f'{name}: str = ""')

    with pytest.raises(SecretParameterError) as caught:
        resolve(notebook, {}, [(name, "hunter2hunter2")])

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("wrap", ["{}", "Bearer {}", "https://x.example/?t={}"])
def test_a_known_secret_as_value_is_refused(make: Make, wrap: str) -> None:
    """P8: a value that holds a known secret is refused whatever its parameter is called."""
    Secret("s3kr1t-value-of-parameters")
    notebook = make(parameters='NOTE: str = ""')

    with pytest.raises(SecretParameterError, match="NOTE"):
        resolve(notebook, {"NOTE": wrap.format("s3kr1t-value-of-parameters")})


def test_a_notebook_without_parameters_takes_none(make: Make) -> None:
    """P10: any parameter is unknown to a notebook that declares none."""
    with pytest.raises(UnknownParameterError, match="X: no such parameter; known: none"):
        resolve(make("x = 1"), {"X": 1})


def test_plain_assignments_of_others_are_parameters_too(make: Make) -> None:
    """P10: a line without annotation has the type of its default, or of papermill's type comment."""
    cell = 'n = 1\nname = "a"  # whose\nm = None  # type: int how many\nlater = open\nprint("x")'
    notebook = make(parameters=cell)

    told = [(p.name, p.type, p.help) for p in runner.declared(notebook)]
    assert told == [("n", "int", ""), ("name", "str", "whose"), ("m", "int", "how many"), ("later", "Any", "")]
    with pytest.raises(ParameterTypeError, match="n: 'notanint' is not of type int"):
        resolve(notebook, {}, [("n", "notanint")])


def test_quoted_annotations_are_read(make: Make) -> None:
    """An annotation may be a text, as it must be where its name is not imported."""
    assert resolve(make(parameters='SINCE: "date | None" = None'), {}, [("SINCE", "2026-01-15")]) == {
        "SINCE": date(2026, 1, 15)
    }


def test_a_broken_parameters_cell_is_named_with_its_line(make: Make) -> None:
    """P32: a parameters cell that is no Python is refused with the line."""
    with pytest.raises(NotebookError, match="line 2 of the parameters cell is not Python"):
        runner.declared(make(parameters="A: int = 1\nB: int = = 2"))


def test_two_parameters_cells_are_refused(make: Make) -> None:
    """P10: with two parameters cells nobody can say which one holds."""
    once = make(parameters="A: int = 1")
    content = json.loads(once.text)
    content["cells"] *= 2
    twice = Notebook(once.name, once.path, json.dumps(content))

    with pytest.raises(NotebookError, match="2 cells tagged"):
        runner.declared(twice)


def test_the_values_of_a_run_are_the_given_and_the_plain_defaults(notebook: Notebook) -> None:
    """The record of a run names each value that is known before it starts."""
    values = effective(notebook, {"SOURCE": "s", "LIMIT": 5})

    assert values["SOURCE"] == "s"
    assert values["LIMIT"] == 5
    assert values["DRY_RUN"] is True


def test_a_default_names_files_beside_its_notebook(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A default path leads to the notebook's own folder from anywhere, unless the working folder has such a file."""
    lines = ('SOURCE: str = "in/a.csv"', 'KEYS: list[str] = ["in/a.csv", "in/b.csv"]', 'URL: str = "s3://in/a.csv"')
    notebook = make("1", parameters="\n".join(lines))
    (there := notebook.path.parent / "in").mkdir()
    (there / "a.csv").touch()
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    beside_it = str(notebook.path.parent / "in" / "a.csv")

    assert beside(notebook, {}) == {"SOURCE": beside_it, "KEYS": [beside_it, "in/b.csv"]}
    assert beside(notebook, {"SOURCE": "in/a.csv", "KEYS": []}) == {}

    (here / "in").mkdir()
    (here / "in" / "a.csv").touch()
    assert beside(notebook, {}) == {}


@pytest.mark.parametrize(
    "value",
    [
        "quote \" ' \\ \n {x} ⓤ",
        5,
        -0.5,
        True,
        None,
        ["a", {"b": [date(2026, 1, 15)]}],
        date(2026, 1, 15),
        datetime(2026, 1, 15, 8, 30),  # noqa: DTZ001 - a person may mean the wall clock
        datetime(2026, 1, 15, 8, 30, 0, 5, tzinfo=UTC),
        from_text("datetime", "2026-01-15T08:30:00+10:00"),
        [from_value("datetime | None", "2026-01-15T08:30:00Z")],
    ],
)
def test_code_of_a_value_gives_the_value_back(value: object) -> None:
    """A value arrives in the notebook exactly as it was given."""
    assert eval(as_code(value), {}) == value  # noqa: S307 - that it is Python is what is tested


@pytest.mark.parametrize(
    ("name", "content"),
    [("p.yml", "A: 1\nB: yes\nC: 2026-01-15\n"), ("p.json", '{\n\t"A": 1, "B": true, "C": "2026-01-15"}')],
)
def test_a_file_of_parameters_may_be_yaml_or_json(home: Path, name: str, content: str) -> None:
    """Parameters are read from YAML and from JSON."""
    (home / name).write_text(content, "utf-8")

    found = runner.read_file(home / name)

    assert found["A"] == 1
    assert found["B"] is True
    assert str(found["C"]) == "2026-01-15"


@pytest.mark.parametrize("content", ["- a\n- b\n", "A: [", "1: 2\n", "", b"\xff\xfe"])
def test_a_file_that_holds_no_parameters_is_refused(home: Path, content: str | bytes) -> None:
    """P32: a file that is not one object of names and values is refused with its path."""
    (home / "p.yml").write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(NotebookError, match=r"p\.yml"):
        runner.read_file(home / "p.yml")


def test_a_missing_file_of_parameters_is_named(home: Path) -> None:
    """P32: a file that is not there is named, with where it was looked for."""
    with pytest.raises(NotebookError, match=r"cannot read the parameters in none\.yml") as caught:
        runner.read_file("none.yml")
    assert str(home) in caught.value.hint


def test_the_environment_holds_parameters() -> None:
    """P10: FCWORK_PARAM_NAME is the parameter NAME, as a text like one from a shell; other variables are none."""
    variables = {"FCWORK_PARAM_SOURCE": "a.csv", "FCWORK_PARAM_LIMIT": "5", "FCWORK_PARAM_": "x", "FCWORK_HOME": "h"}

    assert runner.from_environment(variables) == [("LIMIT", "5"), ("SOURCE", "a.csv")]


def test_a_wrong_call_starts_nothing(notebook: Notebook, home: Path) -> None:
    """P10: with a wrong parameter no kernel is started and no run folder is made."""
    events: list[object] = []

    with pytest.raises(UnknownParameterError):
        runner.run(notebook.path, {"SOURCE": "s", "TYPO": 5}, on_event=events.append)

    assert not events
    assert not (home / ".fcwork").exists()


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("p.yml", "A: 1\nB: 2\nA: 3\n", "gives A more than once"),
        ("p.json", '{"A": 1, "A": {"B": 1, "B": 2}}', "gives A more than once"),
        ("p.json", "[" * 100_000, "neither YAML nor JSON"),
        ("p.yml", "[" * 10_000, "neither YAML nor JSON"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(home: Path, name: str, text: str, why: str) -> None:
    """P10, P32: a parameter that a file gives twice is told of, and so is what is nested too deeply."""
    (home / name).write_text(text, "utf-8")
    with pytest.raises(NotebookError, match=why):
        runner.read_file(home / name)
