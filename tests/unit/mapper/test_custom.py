"""Resolvers of the user's own: how they are called, and what their failures become."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from fcwork import redact
from fcwork.mapper import Mapper, MapResult

ROWS = pl.DataFrame({"v": ["1", "x", None, "3"], "w": ["a", "b", "c", "d"]})


def mapped(function: Callable[..., Any], rows: Any = ROWS, **field: Any) -> MapResult:
    """Map ``v`` to ``x`` by a resolver of our own."""
    config = {"fields": {"x": {"source": "v", "resolver": "own", **field}}}
    return Mapper(config, resolvers={"own": function}).apply(rows)


def runs(function: Callable[..., Any]) -> str:
    """Return how explain says that a resolver runs."""
    config = {"fields": {"x": {"resolver": "own"}}}
    return str(Mapper(config, resolvers={"own": function}).explain()["runs"][0])


def test_a_value_function_is_called_row_by_row() -> None:
    """A function of one value gets each value, null too."""
    assert mapped(lambda value: f"<{value}>").frame["x"].to_list() == ["<1>", "<x>", "<None>", "<3>"]
    assert runs(lambda value: value) == "row by row"


def test_a_function_of_two_gets_the_record_too() -> None:
    """The record is the source row, without what fcwork adds to it."""
    seen: list[dict[str, Any]] = []
    result = mapped(lambda value, record: (seen.append(record), f"{value}{record['w']}")[1])
    assert result.frame["x"].to_list() == ["1a", "xb", "Nonec", "3d"]
    assert seen[0] == {"v": "1", "w": "a"}


def test_a_column_function_is_called_once() -> None:
    """A parameter annotated pl.Series gets the whole column."""
    calls: list[int] = []

    def shout(values: pl.Series) -> pl.Series:
        calls.append(len(values))
        return values.str.to_uppercase()

    assert mapped(shout).frame["x"].to_list() == ["1", "X", None, "3"]
    assert calls == [4]
    assert runs(shout) == "columnar"


def test_annotations_may_be_texts() -> None:
    """An annotation that is a text, or cannot be looked up, is read as it is written."""

    def column(values: "pl.Series") -> "pl.Series":
        return values

    def odd(values: "pl.Series[int]") -> "pl.Series":  # type: ignore[type-arg]
        return values

    def unknown(value: "Nowhere") -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821 - the case in question
        return value

    assert runs(column) == "columnar"
    assert runs(odd) == "columnar"
    assert runs(unknown) == "row by row"
    assert runs(int) == "row by row"
    assert runs(str.upper) == "row by row"


def test_an_exception_is_an_issue_of_its_row() -> None:
    """P27: a resolver that raises rejects its row with its message, and never stops the frame."""
    result = mapped(int)
    assert result.frame["x"].to_list() == [1, 3]
    assert result.issues.select("row", "code", "value").rows() == [(2, "map.resolver", "x"), (3, "map.resolver", None)]
    invalid, no_number = result.issues["message"]
    assert invalid == "own failed: ValueError: invalid literal for int() with base 10: 'x'"
    assert no_number.startswith("own failed: TypeError: ")


def test_a_known_secret_in_an_exception_is_masked() -> None:
    """P9: what a resolver raises is told without the secrets that fcwork knows."""
    redact.register("hunter2-hunter2")

    def leak(_value: Any) -> None:
        raise ValueError("token hunter2-hunter2 is stale")

    assert "hunter2" not in str(mapped(leak).issues.to_dicts())


def test_a_required_value_is_not_asked_for_where_it_is_missing() -> None:
    """As in the SDK a resolver is not called on a required value that is empty; its own empty result is missing too."""
    seen: list[Any] = []
    result = mapped(lambda value: (seen.append(value), "" if value == "x" else value)[1], required=True)
    assert seen == ["1", "x", "3"]
    assert result.issues.select("row", "code").rows() == [(2, "map.required"), (3, "map.required")]
    assert result.frame["x"].to_list() == ["1", "3"]


def test_a_row_fails_once_for_one_field() -> None:
    """A required field whose resolver raises is a failure of the resolver, not a missing value as well."""
    result = mapped(int, required=True)
    assert result.issues.select("row", "code").rows() == [(2, "map.resolver"), (3, "map.required")]


def test_every_kind_of_exception_is_of_one_row_only() -> None:
    """P26: whatever a resolver raises, also what ends a loop in Python, the rows after it are answered."""

    def fussy(value: str) -> str:
        if value in {"1", "4"}:
            raise {"1": StopIteration, "4": KeyError}[value](value)
        return value

    result = mapped(fussy, pl.DataFrame({"v": ["0", "1", "2", "", "4", "5", "1"]}), required=True)
    assert result.frame["x"].to_list() == ["0", "2", "5"]
    assert result.issues.select("row", "code", "message").rows() == [
        (2, "map.resolver", "own failed: StopIteration"),
        (4, "map.required", "required, but 'v' through own gives no value"),
        (5, "map.resolver", "own failed: KeyError: '4'"),
        (7, "map.resolver", "own failed: StopIteration"),
    ]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda _: [1, 2, 3, 4], "it gave list instead of a polars Series"),
        (lambda _: pl.Series([1]), "it gave 1 values for 4 rows"),
        (lambda _: 1 / 0, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_column_function_that_fails_fails_for_every_row(answer: Callable[[Any], Any], message: str) -> None:
    """P26: what goes wrong with a whole column is told for each of its rows."""

    def column(values: pl.Series) -> pl.Series:
        return answer(values)  # type: ignore[no-any-return]

    result = mapped(column)
    assert result.counts["rejected"] == 4
    assert set(result.issues["message"]) == {f"own failed: {message}"}


@pytest.mark.parametrize(
    ("answers", "column"),
    [
        ([1, 2, None, 3], [1, 2, None, 3]),
        ([1, 2.5, None, 3], [1.0, 2.5, None, 3.0]),
        ([1, "a", None, True], ["1", "a", None, "true"]),
        ([None] * 4, [None] * 4),
        ([float("nan"), 1.0, 2.0, 3.0], [None, 1.0, 2.0, 3.0]),
        ([{"a": 1}, {"b": 2}, None, {}], [{"a": 1, "b": None}, {"a": None, "b": 2}, None, {"a": None, "b": None}]),
        ([[1], [], None, [2, 3]], [[1], [], None, [2, 3]]),
        ([2**70, 1, 1, 1], [2**70, 1, 1, 1]),
    ],
)
def test_answers_of_any_types_become_one_column(answers: list[Any], column: list[Any]) -> None:
    """Nothing of an answer is lost: without a common type the column is text, and objects have the fields of all."""
    given = iter(answers)
    assert mapped(lambda _value: next(given)).frame["x"].to_list() == column


def test_a_resolver_of_ones_own_needs_no_source() -> None:
    """A field may come from its record alone, rows without any other column included."""
    config = {"fields": {"x": {"resolver": "own", "required": True}}}
    mapper = Mapper(config, resolvers={"own": lambda _value, record: len(record) or None})
    assert mapper.map({"a": 1, "b": 2}) == {"x": 2}
    assert mapper.apply(pl.DataFrame({"_row": [4, 5]})).issues["row"].to_list() == [4, 5]
    config["fields"]["x"]["source"] = "_source"
    mapper = Mapper(config, resolvers={"own": lambda _value, _record: None})
    assert mapper.apply(pl.DataFrame({"_row": [4, 5]})).counts["rejected"] == 2


async def later(_value: Any) -> None:
    """Stand for a resolver that is not one."""


@pytest.mark.parametrize(
    ("name", "function", "problem"),
    [
        ("sdk.trim", str, "does not begin with 'sdk.'"),
        ("own", "str.upper", "a resolver is a function, not str"),
        ("own", later, "an async function cannot be a resolver"),
        ("own", lambda: 1, "a resolver takes (value), (value, record) or (column: pl.Series)"),
        ("own", lambda _a, _b, _c: 1, "own needs params: _c"),
        ("own", lambda _value, *, zone: zone, "own needs params: zone"),
    ],
)
def test_what_cannot_be_a_resolver_is_refused(
    mistakes: Callable[..., list[str]], name: str, function: Any, problem: str
) -> None:
    """P32: a resolver that could not be called is told when the mapper is made."""
    used = "own" if name == "own" else "sdk.trim"
    (found,) = mistakes({"fields": {"x": {"source": "v", "resolver": used}}}, resolvers={name: function})
    assert problem in found
    assert found.startswith((f"resolvers['{name}']: ", "fields.x.resolver: "))


def test_resolvers_come_by_name(mistakes: Callable[..., list[str]]) -> None:
    """P32: resolvers that are no dict are told as a mistake, not as a fault of Python's."""
    found = mistakes({"fields": {"x": {"source": "v"}}}, resolvers=[str.upper])
    assert found == ["resolvers: functions by name, as a dict, not a list"]


def test_optional_parameters_do_not_count() -> None:
    """A second parameter with a default is the function's own affair."""
    assert mapped(lambda value, suffix="!": f"{value}{suffix}").frame["x"][0] == "1!"
    assert mapped(lambda *values: len(values)).frame["x"][0] == 1
