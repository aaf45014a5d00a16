"""Requests and answers of mutations on generated rows: each row in one request, and read back as it was answered."""

from typing import Any

import orjson
from graphql import OperationDefinitionNode, VariableNode
from graphql import parse as parse_text
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork.mutations import Argument, MutationRequest, Operation, join, parse, requests

names = st.from_regex(r"[_a-z][_0-9a-zA-Z]{0,8}", fullmatch=True)
types = st.sampled_from(["Int", "ID!", "[X!]!", "XInput"])
values = st.recursive(
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False, width=32),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OUTCOMES = ("delivered", "partial", "rejected", "below", "failed", "null", "missing")
BECAME = {"partial": "delivered", "below": "unknown", "failed": "unknown", "null": "unknown", "missing": "unknown"}


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Draw an operation of any arguments."""
    arguments = draw(st.lists(st.builds(Argument, names, types), max_size=3, unique_by=lambda item: item.name))
    returns = draw(st.none() | st.lists(names, max_size=3).map(tuple))
    return Operation(draw(names), tuple(arguments), returns, draw(st.just("") | names))


@st.composite
def given_rows(draw: st.DrawFn) -> tuple[Operation, list[dict[str, Any]]]:
    """Draw an operation and the values of some rows, optional ones missing here and there."""
    operation = draw(operations())
    required = {item.name: values for item in operation.arguments if item.type.endswith("!")}
    optional = {item.name: values for item in operation.arguments if item.name not in required}
    row = st.fixed_dictionaries(required, optional=optional)
    return operation, draw(st.lists(row, max_size=30))


def check_text(request: MutationRequest) -> None:
    """Make sure that a text parses, and that its variables are those declared, used and given, each once."""
    (operation,) = parse_text(request.document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    declared = [item.variable.name.value for item in operation.variable_definitions or ()]
    calls: Any = operation.selection_set.selections
    uses = [argument.value for call in calls for argument in call.arguments or ()]
    assert all(isinstance(use, VariableNode) for use in uses)
    assert [use.name.value for use in uses] == declared == [name for used in request.used for name in used]
    assert len(set(declared)) == len(declared)
    assert set(request.variables) <= set(declared)
    assert [(call.alias or call.name).value for call in calls] == list(request.aliases)


@settings(max_examples=100, deadline=None)
@given(given_rows(), st.integers(1, 12), st.integers(0, 2_000))
def test_each_row_is_in_one_request_and_each_request_within_bounds(
    drawn: tuple[Operation, list[dict[str, Any]]], per_request: int, max_bytes: int
) -> None:
    """The requests hold the rows in their order, none twice, none dropped, and none is larger than it may be."""
    operation, rows = drawn
    sent = requests(operation, rows, per_request=per_request, max_bytes=max_bytes)
    assert [row for request in sent for row in request.rows] == list(range(1, len(rows) + 1))
    for request in sent:
        check_text(request)
        assert 1 <= len(request) <= per_request
        assert request.size == len(request.body)
        assert orjson.loads(request.body) == request.payload
        assert request.too_large == (request.size > max_bytes)
        assert len(request) == 1 or not request.too_large


@settings(max_examples=100, deadline=None)
@given(given_rows(), st.integers(1, 12))
def test_values_reach_the_argument_they_were_given_for(
    drawn: tuple[Operation, list[dict[str, Any]]], per_request: int
) -> None:
    """Read back through the variables of its alias, each row is what it was."""
    operation, rows = drawn
    back = []
    for request in requests(operation, rows, per_request=per_request):
        for used in request.used:
            pairs = zip(operation.arguments, used, strict=True)
            back.append({item.name: request.variables[name] for item, name in pairs if name in request.variables})
    assert back == rows


def answer_of(request: MutationRequest, outcomes: list[str]) -> dict[str, Any]:
    """Return the answer that tells of some outcomes."""
    data: dict[str, Any] = {}
    errors = []
    for alias, outcome in zip(request.aliases, outcomes, strict=True):
        if outcome != "missing":
            data[alias] = {"id": alias} if outcome in {"delivered", "partial"} else None
        path = [alias] if outcome in {"rejected", "failed"} else [alias, "x"]
        extensions = {"code": "S0002E" if outcome == "failed" else "C0120E"}
        if outcome in {"partial", "rejected", "below", "failed"}:
            errors.append({"message": alias, "path": path, "extensions": extensions})
    return {"data": data, "errors": errors}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(OUTCOMES), max_size=20), st.integers(1, 6))
def test_an_answer_is_read_back_as_it_was(outcomes: list[str], per_request: int) -> None:
    """Whatever became of each mutation, its row tells just that, once, and each row that is not ok has an issue."""
    sent = requests(Operation("c"), [{"input": {}}] * len(outcomes), per_request=per_request)
    answers = [answer_of(request, [outcomes[row - 1] for row in request.rows]) for request in sent]
    whole = join(parse(answer, request) for answer, request in zip(answers, sent, strict=True))
    assert whole.frame["_row"].to_list() == list(range(1, len(outcomes) + 1))
    assert whole.frame["outcome"].to_list() == [BECAME.get(outcome, outcome) for outcome in outcomes]
    assert whole.ok == (set(outcomes) <= {"delivered", "partial"})
    assert sum(whole.counts.values()) == 2 * len(outcomes)
    told = whole.issues.filter(severity="error")["row"]
    assert set(told) == set(whole.frame.remove("ok")["_row"])


anything = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.sampled_from(["c1", "c2", 0]))


@settings(max_examples=100, deadline=None)
@given(
    st.none() | st.dictionaries(st.sampled_from(["c1", "c2", "d1"]), values | st.none()),
    anything
    | st.lists(
        anything | st.fixed_dictionaries({}, optional=dict.fromkeys(["message", "path", "extensions"], anything))
    ),
)
def test_any_answer_tells_of_each_row_once(data: Any, errors: Any) -> None:
    """Whatever comes back, each row has one outcome, and where a value came it is ok."""
    (request,) = requests(Operation("c"), [{"input": {}}] * 2, per_request=2)
    outcome = parse({"data": data, "errors": errors}, request)
    assert outcome.frame["_row"].to_list() == [1, 2]
    answered = [(data or {}).get(alias) is not None for alias in request.aliases]
    assert outcome.frame["ok"].to_list() == answered
    assert set(outcome.issues.filter(severity="error")["row"]) == set(outcome.frame.remove("ok")["_row"])
