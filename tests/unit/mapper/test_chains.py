"""Chains: several sources, several resolvers, and the params that they take."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork.errors import MappingError
from fcwork.mapper import Mapper, MapResult, custom

Mistakes = Callable[..., list[str]]
ROWS = pl.DataFrame({"v": ["1", " x ", None, "3"], "w": ["a", "", "c", None]})


def upper(values: pl.Series) -> pl.Series:
    """Run on a whole column."""
    return values.str.to_uppercase()


def ended(value: str | None, *, end: str, times: int = 1) -> str | None:
    """Take a param that is needed and one that is not."""
    return None if value is None else value + end * times


def named(value: Any, **params: Any) -> str:
    """Take params of any name."""
    return f"{value} {sorted(params.items())}"


def size(value: str) -> int:
    """Say what it gives, and fail on null."""
    return len(value)


OWN: dict[str, Any] = {"upper": upper, "ended": ended, "named": named, "size": size}


def mapped(resolver: Any, rows: Any = ROWS, own: dict[str, Any] | None = None, **field: Any) -> MapResult:
    """Map ``v`` to ``x`` by a chain."""
    return Mapper({"fields": {"x": {"source": "v", "resolver": resolver, **field}}}, resolvers=own or OWN).apply(rows)


def told(result: MapResult) -> list[tuple[Any, ...]]:
    """Return row, code and the beginning of the message of each issue."""
    issues = result.issues.with_columns(pl.col("message").str.split(":").list.first())
    return list(issues.select("row", "code", "message").rows())


@pytest.fixture
def registry() -> Iterator[dict[str, Any]]:
    """Return the registry of resolvers, and leave it as it was."""
    before = dict(custom.REGISTERED)
    yield custom.REGISTERED
    custom.REGISTERED.clear()
    custom.REGISTERED.update(before)


def test_resolvers_follow_one_another() -> None:
    """Each resolver of a list is given what the one before it gave."""
    rows = pl.DataFrame({"v": [" 7 ", "", None]})
    assert mapped(["sdk.trim", "sdk.parseInt"], rows).frame["x"].to_list() == [7, None, None]
    assert mapped(["sdk.parseInt", "sdk.toString"], rows).frame["x"].to_list() == ["7", None, None]


@pytest.mark.parametrize("nothing", [[], ""])
def test_a_chain_without_a_resolver_changes_nothing(nothing: Any) -> None:
    """An empty list of resolvers, or an empty name, is none."""
    assert mapped(nothing).frame["x"].to_list() == ROWS["v"].to_list()


def test_the_first_source_with_a_value_counts() -> None:
    """Of a list of sources each row takes the first that is neither null nor an empty text."""
    mapper = Mapper({"fields": {"x": {"source": ["w", "v"], "required": True}}})
    assert mapper.apply(ROWS).frame["x"].to_list() == ["a", " x ", "c", "3"]
    assert mapper.map({"v": 1}) == {"x": 1}


def test_sources_of_several_types_are_text_together() -> None:
    """A row's value keeps all its digits where the sources have no type in common."""
    rows = pl.DataFrame({"a": [None, 5], "b": ["x", "y"], "c": [1.5, 2.0]})
    assert Mapper({"fields": {"x": {"source": ["a", "b"]}}}).apply(rows).frame["x"].to_list() == ["x", "5"]
    assert Mapper({"fields": {"x": {"source": ["a", "c"]}}}).apply(rows).frame["x"].to_list() == [1.5, 5.0]


def test_one_source_of_a_list_need_not_be_there() -> None:
    """A required field does with any one of its sources; where none is there, all are named."""
    mapper = Mapper({"fields": {"x": {"source": ["nope", "v"], "required": True}}})
    assert mapper.apply(ROWS).counts["rejected"] == 1
    with pytest.raises(MappingError, match="no column 'nope or no more'"):
        Mapper({"fields": {"x": {"source": ["nope", "no more"], "required": True}}}).apply(ROWS)


def test_kinds_of_resolvers_may_be_mixed() -> None:
    """A chain goes from the SDK's to a column's, to a value's and back."""
    result = mapped(["sdk.trim", "upper", "size", "sdk.toString"])
    assert result.frame["x"].to_list() == ["1", "1", "1"]
    assert told(result) == [(3, "map.resolver", "size failed")]


def test_a_row_is_told_at_the_step_that_failed() -> None:
    """A row that fails in the middle is told once, there, and the steps after it are not asked."""
    seen: list[Any] = []

    def last(value: Any) -> Any:
        seen.append(value)
        raise ValueError(value)

    result = mapped(["sdk.trim", "sdk.parseInt", "last"], own={"last": last})
    assert seen == [1, None, 3]
    assert told(result) == [
        (1, "map.resolver", "last failed"),
        (2, "map.type", "sdk.parseInt cannot read it"),
        (3, "map.resolver", "last failed"),
        (4, "map.resolver", "last failed"),
    ]


def test_a_column_that_fails_fails_for_the_rows_that_had_not() -> None:
    """A column resolver that raises is told for each row that came as far."""

    def boom(_values: pl.Series) -> pl.Series:
        raise ValueError("gone")

    result = mapped(["size", "boom"], own={"size": size, "boom": boom})
    assert sorted(told(result)) == [
        (1, "map.resolver", "boom failed"),
        (2, "map.resolver", "boom failed"),
        (3, "map.resolver", "size failed"),
        (4, "map.resolver", "boom failed"),
    ]


def test_params_stand_on_the_field_or_on_a_step() -> None:
    """Params of the field go to each resolver that takes them; those of a step to it alone, and first."""
    rows = pl.DataFrame({"v": ["1"]})
    assert mapped("ended", rows, params={"end": "!"}).frame["x"][0] == "1!"
    assert (
        mapped(["ended", {"name": "ended", "params": {"end": "?"}}], rows, params={"end": "!"}).frame["x"][0] == "1!?"
    )
    twice = {"name": "ended", "params": {"end": "!", "times": 2}}
    assert mapped(["sdk.trim", twice], rows).frame["x"][0] == "1!!"
    assert mapped("named", rows, params={"a": 1}).frame["x"][0] == "1 [('a', 1)]"
    both = {"end": "00", "numberFormat": "1.234,56"}
    assert mapped(["ended", "sdk.parseInt"], rows, params=both).frame["x"][0] == 100
    step = {"name": "sdk.number", "params": {"numberFormat": "1,234.56"}}
    assert mapped([step], pl.DataFrame({"v": ["1,234.5"]})).frame["x"][0] == 1234.5


def test_params_reach_column_resolvers_too() -> None:
    """A resolver of columns takes params by name as any other."""

    def joined(values: pl.Series, *, end: str) -> pl.Series:
        return values + end

    assert mapped("joined", own={"joined": joined}, params={"end": "."}).frame["x"][0] == "1."


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ({"resolver": "ended"}, "fields.x.resolver: ended needs params: end"),
        (
            {"resolver": "ended", "params": {"end": "", "tims": 2}},
            "fields.x.params.tims: none of its resolvers takes it: did you mean 'times'?",
        ),
        (
            {"resolver": [{"name": "ended", "params": {"end": "", "q": 2}}]},
            "fields.x.resolver.params.q: ended takes no such param: there are end, times",
        ),
        (
            {"resolver": "sdk.parseInt", "params": {"numberFormt": "1,234"}},
            "fields.x.params.numberFormt: none of its resolvers takes it: did you mean 'numberFormat'?",
        ),
        (
            {"resolver": [{"name": "sdk.trim", "params": {"zone": "UTC"}}]},
            "fields.x.resolver.params.zone: sdk.trim takes no such param: there is none",
        ),
        (
            {"resolver": [{"name": "sdk.parseJson", "params": {"zone": "UTC"}}]},
            "fields.x.resolver.params.zone: sdk.parseJson takes no such param: there is none",
        ),
        ({"params": {"zone": "UTC"}}, "fields.x.params.zone: there is no resolver to take it"),
        (
            {"resolver": "sdk.number", "params": {"scale": 99}},
            "fields.x.params.scale: a number of decimal places from 0 to 18, not 99",
        ),
        (
            {"resolver": [{"name": "sdk.number", "params": {"exact": 1}}]},
            "fields.x.resolver.params.exact: true or false, not a number",
        ),
        (
            {"resolver": [{"name": "sdk.trim", "parms": {}}]},
            "fields.x.resolver.parms: unknown key: did you mean 'params'?",
        ),
        (
            {"resolver": [{"name": "ended", "params": [1]}]},
            "fields.x.resolver.params: an object of params by name, not a list",
        ),
        (
            {"resolver": [{"params": {}}]},
            'fields.x.resolver: a name, or {"name": …, "params": {…}}, not an object without a name',
        ),
        ({"resolver": [["sdk.trim"]]}, 'fields.x.resolver: a name, or {"name": …, "params": {…}}, not a list'),
        ({"resolver": "named", "params": [1]}, "fields.x.params: an object of params by name, not a list"),
        ({"resolver": ["sdk.trim", "sze"]}, "fields.x.resolver: unknown resolver 'sze': did you mean 'size'?"),
        ({"resolver": "constructor"}, "fields.x.resolver: unknown resolver 'constructor'"),
    ],
)
def test_a_mistake_in_a_chain_says_where_and_what(mistakes: Mistakes, field: dict[str, Any], problem: str) -> None:
    """P32: a resolver or param that is not known is told at its place, with the nearest that is."""
    assert mistakes({"fields": {"x": {"source": "v", **field}}}, resolvers=OWN) == [problem]


def test_a_resolver_is_made_known_by_its_name(registry: dict[str, Any]) -> None:
    """What ``@fw.resolver`` names is known to every mapping made after it, and the latest of a name counts."""

    @fw.resolver("custom.mark")
    def mark(value: str) -> str:
        return f"<{value}>"

    config = {"fields": {"x": {"source": "v", "resolver": "custom.mark"}}}
    first = Mapper(config)
    assert registry["custom.mark"] is mark
    fw.resolver("custom.mark")(lambda value: f"[{value}]")
    assert first.map({"v": 1}) == {"x": "<1>"}
    assert Mapper(config).map({"v": 1}) == {"x": "[1]"}
    assert Mapper(config, resolvers={"custom.mark": str}).map({"v": 1}) == {"x": "1"}


@pytest.mark.parametrize("name", ["sdk.trim", "sdk.mine", "", None, 5])
def test_a_name_of_the_sdks_cannot_be_taken(registry: dict[str, Any], name: Any) -> None:
    """P32: ``sdk.`` names are the SDK's, and a name is text."""
    before = dict(registry)
    with pytest.raises(ValueError, match=r"text that does not begin with 'sdk\.'"):
        fw.resolver(name)
    assert registry == before


class Later:
    """What is async though it is no function."""

    async def __call__(self, value: Any) -> Any:
        """Stand for a resolver that is not one."""
        return value


async def later(value: Any) -> Any:
    """Stand for a resolver that is not one."""
    return value


async def one_by_one(value: Any) -> Any:
    """Stand for a resolver that is not one."""
    yield value


@pytest.mark.parametrize("function", [later, Later(), functools.partial(later), Later().__call__, one_by_one])
def test_async_functions_are_refused(registry: dict[str, Any], mistakes: Mistakes, function: Any) -> None:
    """P32: an async function of any make is refused where it is named: nothing would wait for it."""
    with pytest.raises(TypeError, match="an async function cannot be a resolver"):
        fw.resolver("custom.later")(function)
    assert "custom.later" not in registry
    (problem,) = mistakes({"fields": {"x": {"resolver": "own"}}}, resolvers={"own": function})
    assert problem == "resolvers['own']: an async function cannot be a resolver: give a plain one"


class Thing:
    """What no column holds."""


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda: iter([1]), "list_iterator"),
        (lambda: (item for item in [1]), "generator"),
        (lambda: {1, 2}, "set"),
        (Thing, "Thing"),
        (lambda: [1, {"a": Thing()}], "Thing"),
        (lambda: len, "builtin_function_or_method"),
    ],
)
def test_an_answer_that_no_column_holds_is_an_issue(answer: Callable[[], Any], kind: str) -> None:
    """P27: what is no value is an issue of its row, never the text ``<object at 0x…>``."""
    result = mapped("own", own={"own": lambda value: answer() if value == "1" else "kept"})
    assert result.frame["x"].to_list() == ["kept"] * 3
    (issue,) = result.issues.to_dicts()
    assert (issue["row"], issue["code"]) == (1, "map.resolver")
    assert f"own failed: it gave {kind}, which no column holds: give a text, number" in issue["message"]


def test_a_coroutine_is_an_issue() -> None:
    """P27: a plain function that returns a coroutine is told, row by row."""
    made: list[Any] = []

    def own(value: Any) -> Any:
        made.append(later(value))
        return made[-1]

    assert set(mapped("own", own={"own": own}).issues["message"].str.contains("it gave coroutine")) == {True}
    for item in made:
        item.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("\ud800", "half a character"),
        ({"a": ["\ud800"]}, "half a character"),
        (functools.reduce(lambda inner, _: [inner], range(60), 1), "nested deeper than 50 levels"),
        (functools.reduce(lambda inner, _: [inner], range(50), 1), "nested deeper than 50 levels"),
    ],
    ids=["text", "in a list", "60 levels", "50 levels"],
)
def test_an_answer_that_would_break_a_frame_is_an_issue(answer: Any, reason: str) -> None:
    """P26: an answer that no frame can take rejects its own row, and never stops the others."""
    result = mapped("own", own={"own": lambda value: answer if value == "1" else None})
    assert result.counts == {"read": 4, "mapped": 3, "rejected": 1, "warnings": 0}
    assert reason in result.issues["message"][0]


def test_objects_of_a_column_are_looked_at_too() -> None:
    """P27: a column resolver that gives Python objects is told for each row that has none of a column's values."""

    def column(values: pl.Series) -> pl.Series:
        return pl.Series([Thing() if value == "1" else 5 for value in values], dtype=pl.Object)

    result = mapped("own", own={"own": column})
    assert result.frame["x"].to_list() == [5, 5, 5]
    assert result.issues["row"].to_list() == [1]


@pytest.mark.parametrize(
    ("kind", "answers", "mapped_to", "refused"),
    [
        (int, [1, None, "x", 2.5, True, 2**63], [1, None], [3, 4, 5, 6]),
        (float, [1, None, 2.5, "x", False], [1.0, None, 2.5], [4, 5]),
        (str, ["a", None, 1, b"x"], ["a", None], [3, 4]),
        (bool, [True, None, 1, "true"], [True, None], [3, 4]),
    ],
)
def test_a_declared_type_is_kept(kind: Any, answers: list[Any], mapped_to: list[Any], refused: list[int]) -> None:
    """P27: what a function says that it gives is the column's type; another answer is an issue of its row."""
    given = iter(answers)

    def own(_value: Any) -> Any:
        return next(given)

    own.__annotations__["return"] = kind
    result = mapped("own", pl.DataFrame({"v": range(len(answers))}), own={"own": own})
    assert result.frame["x"].to_list() == mapped_to
    assert result.frame.schema["x"] == custom.SCALARS[kind]
    assert result.issues["row"].to_list() == refused


def test_a_wrong_type_names_both() -> None:
    """P32: an answer that is not of the declared type is told with both."""

    def own(_value: Any) -> int:
        return "x"  # type: ignore[return-value]  # the case in question

    assert (
        mapped("own", own={"own": own}).issues["message"][0] == "own failed: it gave str, where its annotation says int"
    )


def test_params_are_in_no_representation() -> None:
    """P9: a param may be a secret: no representation of a plan shows it."""
    mapper = Mapper({"fields": {"x": {"source": "v", "resolver": "ended", "params": {"end": "geheim"}}}}, resolvers=OWN)
    assert "geheim" not in repr(mapper.plan) + repr(mapper) + str(mapper.explain().to_dicts())
