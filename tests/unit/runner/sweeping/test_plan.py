import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from fcwork.errors import NotebookError, ParameterTypeError, SecretParameterError, UnknownParameterError
from fcwork.redact import Secret
from fcwork.runner import Notebook
from fcwork.runner.sweeping.given import Given, given
from fcwork.runner.sweeping.plan import Plan, differences, planned

Make = Callable[..., Notebook]
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
CELL = "STORE: str  # which\nCOUNT: int = 1\nSINCE: date | None = None\nTAGS: list[str] = []\n"


def plan_of(notebook: Notebook, rows: Any, **given_for_all: Any) -> Plan:
    """Return the plan of a sweep."""
    usual: dict[str, Any] = {"values": {}, "at": AT}
    return planned("s1", notebook, given(rows), **{**usual, **given_for_all})


def typed(*rows: dict[str, str]) -> list[Given]:
    """Return rows as a csv has them."""
    return [Given(f"line {number}", texts=row) for number, row in enumerate(rows, 2)]


def test_each_row_is_typed_by_the_notebook(make: Make) -> None:
    """P10: a cell of a csv is read as the declared type, a value of JSON is judged as one; defaults are left out."""
    notebook = make(parameters=CELL)
    rows = typed({"STORE": "007", "COUNT": "3", "SINCE": "2026-01-15", "TAGS": '["a"]'}, {"STORE": "x"})

    plan = plan_of(notebook, rows)

    assert [row.values for row in plan.rows] == [
        {"STORE": "007", "COUNT": 3, "SINCE": "2026-01-15", "TAGS": ["a"]},
        {"STORE": "x"},
    ]
    assert plan.columns == ("STORE", "COUNT", "SINCE", "TAGS")
    assert plan_of(notebook, [{"STORE": "a", "SINCE": date(2026, 1, 15)}]).rows[0].values["SINCE"] == "2026-01-15"


def test_every_problem_of_every_row_is_told_at_once(make: Make) -> None:
    """P10: unknown columns, wrong types and missing values of all rows are named by line, the same fault once."""
    rows = typed({"STORE": "a", "KOUNT": "1"}, {"KOUNT": "x", "COUNT": "y"}, {"KOUNT": "2", "STORE": "b"})

    with pytest.raises(UnknownParameterError) as told:
        plan_of(make(parameters=CELL), rows)

    assert told.value.problems == [
        "every row: KOUNT: no such parameter; did you mean COUNT?",
        "line 3: COUNT: 'y' is not of type int: input should be a valid integer, unable to parse string as an integer",
        "line 3: STORE: missing, a value must be given (which)",
    ]
    assert "no row of the sweep of sample was run" in told.value.message


def test_lines_of_one_fault_are_told_together(make: Make) -> None:
    """P10: of a long file lines that share a fault stand in one line."""
    rows = typed({"STORE": "ok"}, *[{"COUNT": str(number)} for number in range(3)], {"STORE": "b"}, {"COUNT": "9"})

    with pytest.raises(ParameterTypeError) as told:
        plan_of(make(parameters=CELL), rows)
    assert told.value.problems == ["lines 3-5, 7: STORE: missing, a value must be given (which)"]


def test_a_row_goes_before_what_is_given_for_all(make: Make) -> None:
    """What a row says goes before a file of parameters; what it does not say is as without it."""
    notebook = make(parameters=CELL)
    rows = typed({"STORE": "a"}, {"STORE": "b", "COUNT": "5"})

    plan = plan_of(notebook, rows, values={"COUNT": 2, "STORE": "z"}, texts=[("TAGS", '["t"]')])

    assert [row.values for row in plan.rows] == [
        {"STORE": "a", "COUNT": 2, "TAGS": ["t"]},
        {"STORE": "b", "COUNT": 5, "TAGS": ["t"]},
    ]


def test_what_is_typed_for_all_and_by_a_row_is_a_contradiction(make: Make) -> None:
    """A parameter given by -p and by a column is refused, as nobody can tell which is meant."""
    with pytest.raises(NotebookError, match="line 3: COUNT: given for all rows and by this row too"):
        plan_of(make(parameters=CELL), typed({"STORE": "a"}, {"STORE": "b", "COUNT": "5"}), texts=[("COUNT", "1")])


def test_rows_alike_are_refused_unless_named(make: Make) -> None:
    """Two rows that would do the same are refused, defaults counted; names say that it is meant."""
    notebook = make(parameters=CELL)
    rows = [{"STORE": "a"}, {"STORE": "b"}, {"STORE": "a", "COUNT": 1}]

    with pytest.raises(NotebookError, match="item 3: a run with the same parameters as item 1; name both"):
        plan_of(notebook, rows)
    with pytest.raises(NotebookError, match="item 3: a run with the same parameters as item 1"):
        plan_of(notebook, [*rows[:2], {**rows[2], "run": "again"}])
    plan = plan_of(notebook, [{**rows[0], "run": "first"}, rows[1], {**rows[2], "run": "again"}])
    assert [plan.run_id(row, 1) for row in plan.rows] == ["s1-1-first", "s1-2", "s1-3-again"]


@pytest.mark.parametrize("name", ["a b", "../x", "", "x" * 41, 1.5, ["a"], True])
def test_a_name_that_is_none_is_told(make: Make, name: Any) -> None:
    """P32: a row's name ends up in a path, so it is plain or refused."""
    with pytest.raises(NotebookError, match=r"item 1: run: .* is no name"):
        plan_of(make(parameters=CELL), [{"STORE": "a", "run": name}])


def test_a_name_is_given_once(make: Make) -> None:
    """P32: two rows of one name are told."""
    with pytest.raises(NotebookError, match="item 2: run: 'x' is the name of item 1 too"):
        plan_of(make(parameters=CELL), [{"STORE": "a", "run": "x"}, {"STORE": "b", "run": "x"}])


def test_a_parameter_called_run_is_a_parameter(make: Make) -> None:
    """A column names rows only where the notebook declares no parameter of that name."""
    plan = plan_of(make(parameters="run: str = ''"), [{"run": "a b"}])
    assert (plan.rows[0].name, plan.rows[0].values, plan.columns) == ("", {"run": "a b"}, ("run",))


def test_a_secret_in_a_row_is_refused(make: Make) -> None:
    """P8: a known secret in any row is refused as it is as a parameter, and not shown."""
    hidden = Secret("s3cret-of-the-sweep")
    with pytest.raises(SecretParameterError) as told:
        plan_of(make(parameters=CELL), [{"STORE": "a"}, {"STORE": "s3cret-of-the-sweep"}])
    assert told.value.problems == ["item 2: STORE: a secret is never given as a parameter"]
    assert hidden


@pytest.mark.parametrize("wrong", ["", "a/b", "..", "-a", "x" * 81])
def test_an_id_that_is_none_is_told(make: Make, wrong: str) -> None:
    """P32: a sweep's id begins the names of folders, so it is plain or refused."""
    with pytest.raises(NotebookError, match="is no id of a sweep"):
        planned(wrong, make(parameters=CELL), given([{"STORE": "a"}]), values={}, at=AT)


def test_runs_have_ids_that_sort_and_never_meet(make: Make) -> None:
    """P14: run ids have the row's number in one width, and each attempt has its own."""
    plan = plan_of(make(parameters="N: int"), [{"N": number} for number in range(10)])

    ids = [plan.run_id(row, attempt) for row in plan.rows for attempt in (1, 2)]
    assert ids[:3] == ["s1-01", "s1-01-again1", "s1-02"]
    assert len(set(ids)) == 20


def test_a_plan_is_read_back_as_it_was(make: Make) -> None:
    """What is written of a plan is the same plan."""
    plan = plan_of(make(parameters=CELL), [{"STORE": "a", "SINCE": "2026-01-15"}, {"STORE": "b", "run": "x"}])
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_two_plans_are_told_apart_in_words(make: Make) -> None:
    """What differs between two plans is named: rows, values, names, the notebook."""
    notebook = make(parameters=CELL)
    before = plan_of(notebook, [{"STORE": "a"}, {"STORE": "b", "COUNT": 2}])

    now = plan_of(notebook, [{"STORE": "a", "run": "x"}, {"STORE": "c"}, {"STORE": "d"}])
    assert list(differences(before, now)) == [
        "there were 2 rows, and are 3",
        "row 1 was called nothing, and is x",
        'row 2: STORE was "b", and is "c"',
        "row 2: COUNT was 2, and is not given",
    ]
    assert list(differences(before, before)) == []
    changed = plan_of(make("1", parameters=CELL), [{"STORE": "a"}, {"STORE": "b", "COUNT": 2}])
    assert list(differences(before, changed)) == [f"the notebook {notebook.path} was changed since"]
    other = plan_of(make(parameters=CELL, name="other"), [{"STORE": "a"}, {"STORE": "b", "COUNT": 2}])
    assert list(differences(before, other)) == ["the notebook was sample, and is other"]


def test_many_rows_are_judged_in_little_time(make: Make) -> None:
    """The notebook is parsed once for a sweep, however many rows it has."""
    plan = plan_of(make(parameters=CELL), [{"STORE": str(number)} for number in range(3_000)])
    assert len({plan.run_id(row, 1) for row in plan.rows}) == 3_000
