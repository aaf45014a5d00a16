"""One GraphQL request: what is sent, and what its answer is."""

import datetime as dt
from array import array
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import personal
from fcwork.client import FluentClient
from fcwork.client.graphql import GraphQLResult
from fcwork.errors import (
    AuthError,
    BadRequestError,
    GraphQLError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
)

QUERY = "query Q($x: Json) { me(x: $x) { ref } }"
MUTATION = "mutation M { updateOrder(input: {id: 1}) { id } }"


def answer(code: str = "", *, message: str = "boom", data: Any = None) -> Any:
    """Return an answer with one error."""
    error = {"message": message, **({"extensions": {"code": code}} if code else {})}
    return 200, {"data": data, "errors": [error]}


def test_only_what_is_given_is_sent(platform: Any, client: FluentClient) -> None:
    """The body holds the query as it is, and variables and operationName only where there are some."""
    platform.on("/graphql", (200, {"data": {"me": None}, "extensions": {"cost": 3}}))
    result = client.graphql("{ me { ref } }")
    client.graphql("query A { a } query B { b }", {"x": 1}, operation_name="B")
    assert platform.sent("/graphql") == [
        {"query": "{ me { ref } }"},
        {"query": "query A { a } query B { b }", "variables": {"x": 1}, "operationName": "B"},
    ]
    assert (result.data, result.errors, result.extensions) == ({"me": None}, (), {"cost": 3})


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2026-01-02T03:04:05Z"),
        (dt.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05Z"),  # noqa: DTZ001 - a naive instant is the case
        (dt.date(2026, 1, 2), "2026-01-02"),
        (Decimal("1.50"), 1.5),
        (Decimal("3.00"), 3),
        (np.int64(7), 7),
        (np.float32(0.1), 0.1),
        (np.array(5), 5),
        (np.array([[1, 2], [3, 4]], dtype=">i4").T, [[1, 3], [2, 4]]),
        (np.datetime64("2026-01-02T03:04:05.123456789"), "2026-01-02T03:04:05.123456Z"),
        (np.array(["2026-01-02"], dtype="M8[D]"), ["2026-01-02T00:00:00Z"]),
        (np.array(["A", Decimal("1.5"), None], dtype=object), ["A", 1.5, None]),
        (np.ma.array([1, 2], mask=[False, True]), [1, None]),
        (pd.Series([1, 2, 2], dtype="Int64").unique(), [1, 2]),
        (pd.Series(["A", "B"]).unique(), ["A", "B"]),
        (pd.Series(pd.to_datetime(["2026-01-02"])).unique(), ["2026-01-02T00:00:00Z"]),
        (pd.Series(pd.to_datetime(["2026-01-02"], utc=True)).unique(), ["2026-01-02T00:00:00Z"]),
        (pd.Index([1, 2]), [1, 2]),
        (pa.array([1, None]), [1, None]),
        (array("i", [1, 2]), [1, 2]),
        (pl.Series(["A", "B"]), ["A", "B"]),
    ],
)
def test_variables_of_many_kinds(platform: Any, client: FluentClient, value: Any, wire: Any) -> None:
    """Dates, decimals, numbers and arrays of numpy, pandas and pyarrow, and columns of frames may be variables."""
    platform.on("/graphql", (200, {"data": {}}))
    client.graphql(QUERY, {"x": value})
    assert platform.sent("/graphql")[0]["variables"] == {"x": wire}


def test_variable_without_a_form_is_told(platform: Any, client: FluentClient) -> None:
    """A variable that JSON has no form for is refused before anything is sent."""
    with pytest.raises(BadRequestError, match="object"):
        client.graphql(QUERY, {"x": object()})
    assert platform.requests == []


@pytest.mark.parametrize(
    "value",
    [
        *(np.datetime64("NaT", unit) for unit in ("generic", "D", "m", "us", "ns")),
        np.array(["2026-01-01", "NaT"], dtype="M8[D]"),
        np.array([np.datetime64("NaT", "D")], dtype=object),
        np.array(["NaT"], dtype="m8[s]"),
        pd.NaT,
        pd.Series(pd.to_datetime(["2026-01-01", None])),
    ],
)
def test_no_instant_is_none_on_the_wire(platform: Any, client: FluentClient, value: Any) -> None:
    """A NaT is refused before anything is sent, wherever it stands; it is neither null nor a day long ago."""
    event = {"name": "E", "entityType": "ORDER", "entityRef": "1", "retailerId": "1", "attributes": {"at": value}}
    for ask in (partial(client.graphql, QUERY, {"x": {"from": [value]}}), partial(client.send_event, event)):
        with pytest.raises(BadRequestError, match=r"cannot be written as JSON: .*(NaT|a span of time)"):
            ask()
    assert platform.requests == []


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (float("nan"), "x"),
        ({"from": [1.5, float("-inf")]}, r"x\.from\[1\]"),
        (np.array([[1.0, np.nan]], dtype="float32"), r"x\[0\]\[1\]"),
        (pd.Series([1.5, None]), r"x\[1\]"),
        (pl.Series([None, float("nan")]), r"x\[1\]"),
    ],
)
@pytest.mark.parametrize("ask", [FluentClient.graphql, FluentClient.frame])
def test_what_is_no_number_is_not_sent_as_null(
    platform: Any, client: FluentClient, ask: Callable[..., Any], value: Any, where: str
) -> None:
    """P28: NaN would be null on its way, and a filter by null is none: it is refused before anything is sent."""
    query = "query Q($x: Json) { locations(ref: $x) { edges { node { ref } } } }"
    with pytest.raises(BadRequestError, match=f"the variable {where} would be sent as null"):
        ask(client, query, {"x": value})
    assert platform.requests == []


def test_none_is_sent_as_null(platform: Any, client: FluentClient) -> None:
    """Who writes None means null, also in a list and beside numbers."""
    platform.on("/graphql", (200, {"data": {}}))
    client.graphql(QUERY, {"x": None, "y": {"a": [1.5, None]}, "z": pl.Series([1.5, None])})
    assert platform.sent("/graphql")[0]["variables"] == {"x": None, "y": {"a": [1.5, None]}, "z": [1.5, None]}


@pytest.mark.parametrize("ask", [FluentClient.graphql, FluentClient.pages])
def test_variables_that_are_no_dict_are_told(
    platform: Any, client: FluentClient, ask: Callable[[FluentClient, str, Any], Any]
) -> None:
    """P32: variables that are not given by name are refused before anything is sent."""
    with pytest.raises(BadRequestError, match="the variables are list, not a dict"):
        ask(client, "{ a { edges { node { id } } } }", ["x"])
    assert platform.requests == []


@pytest.mark.parametrize("query", [None, 5, "{ a {", "", "query A { a } query B { b }", "subscription S { a }"])
def test_senseless_queries_are_not_sent(platform: Any, client: FluentClient, query: Any) -> None:
    """A query that cannot be carried out is refused before anything is sent, the token included."""
    with pytest.raises(BadRequestError):
        client.graphql(query)
    assert (platform.requests, platform.grants) == ([], [])


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("C0121E", "boom", GraphQLError),
        ("", "Something odd", GraphQLError),
        ("SYNTAX_ERROR", "boom", GraphQLError),
        ("C0020E", "boom", AuthError),
        ("UNAUTHENTICATED", "boom", AuthError),
    ],
)
def test_lasting_errors(platform: Any, client: FluentClient, code: str, message: str, kind: type[Exception]) -> None:
    """Errors with HTTP 200 raise after one request, with code, status, hint and the data beside them."""
    platform.on("/graphql", answer(code, message=message, data={"me": {"ref": "x"}}))
    with pytest.raises(kind, match=message) as raised:
        client.graphql(QUERY)
    error = raised.value
    assert (error.code, error.status, error.attempts, len(platform.requests)) == (code, 200, 1, 1)
    assert error.hint
    if kind is GraphQLError:
        assert error.data == {"me": {"ref": "x"}}
        assert error.errors[0]["message"] == message


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("C0011E", "boom", RateLimitError),
        ("C0003E", "boom", ServerError),
        ("S0002E", "boom", ServerError),
        ("S0040E", "boom", ServerError),
        ("T0500E", "boom", ServerError),
        ("INTERNAL_SERVER_ERROR", "boom", ServerError),
        ("", "Rate limit exceeded", RateLimitError),
        ("", "Read timed out", ServerError),
    ],
)
def test_passing_errors(platform: Any, client: FluentClient, code: str, message: str, kind: type[Exception]) -> None:
    """Errors that pass by themselves are tried again, and are the retryable type where they stay."""
    platform.on("/graphql", answer(code, message=message), (200, {"data": {"me": None}}))
    assert client.graphql(QUERY).data == {"me": None}
    platform.on("/graphql", answer(code, message=message))
    with pytest.raises(kind) as raised:
        client.graphql(QUERY)
    assert raised.value.attempts == 4


def test_first_lasting_error_decides(platform: Any, client: FluentClient) -> None:
    """Of several errors a lasting one decides, wherever it stands, and all are told."""
    errors = [
        {"message": "slow", "extensions": {"code": "C0011E"}},
        {"message": "no such order", "extensions": {"code": "C0120E"}},
    ]
    platform.on("/graphql", (200, {"errors": errors}))
    with pytest.raises(GraphQLError, match="slow; no such order") as raised:
        client.graphql(QUERY)
    assert raised.value.code == "C0120E"


def test_warnings_are_no_errors(platform: Any, client: FluentClient) -> None:
    """Entries whose code ends in W are handed out as warnings."""
    platform.on("/graphql", answer("C0011W", data={"me": None}))
    result = client.graphql(QUERY)
    assert (result.errors, len(result.warnings)) == ((), 1)


@pytest.mark.parametrize(
    "errors", [[{"message": None}], [{"message": "x", "extensions": None}], ["odd"], "odd", {"message": "x"}]
)
def test_odd_errors_are_errors(platform: Any, client: FluentClient, errors: Any) -> None:
    """Errors of any shape are errors, never a crash."""
    platform.on("/graphql", (200, {"data": None, "errors": errors}))
    with pytest.raises(GraphQLError):
        client.graphql(QUERY)


def test_partial_gives_data_with_errors(platform: Any, client: FluentClient) -> None:
    """With errors="partial" data and errors come together, also where the error would pass, or there is no data."""
    platform.on("/graphql", answer("S0002E", data={"me": None}))
    result = client.graphql(QUERY, errors="partial")
    assert (result.data, len(result.errors), len(platform.requests)) == ({"me": None}, 1, 1)
    platform.on("/graphql", answer("C0121E"))
    assert client.graphql(QUERY, errors="partial").data is None
    platform.on("/graphql", answer("S0002E"))
    with pytest.raises(ServerError):
        client.graphql(QUERY, errors="partial")


def test_unknown_choice_is_told(client: FluentClient) -> None:
    """An unknown value of errors is refused."""
    with pytest.raises(BadRequestError, match="partial"):
        client.graphql(QUERY, errors="ignore")  # type: ignore[arg-type] # the wrong value is the case


@pytest.mark.parametrize("spelling", [MUTATION, "mutation{a}", "# a comment\nmutation ($x: Int){ a(x: $x) }"])
def test_failing_mutation_has_an_unknown_end(platform: Any, client: FluentClient, spelling: str) -> None:
    """P16: a mutation, however it is spelled, that fails at the platform is not sent again: its end is unknown."""
    platform.on("/graphql", answer("S0002E"))
    with pytest.raises(OutcomeUnknownError):
        client.graphql(spelling)
    assert len(platform.requests) == 1


def test_refused_mutation(platform: Any, client: FluentClient) -> None:
    """A mutation that is refused is a GraphQLError; one that the platform turned away untouched is sent again."""
    platform.on("/graphql", answer("C0123E"))
    with pytest.raises(GraphQLError):
        client.graphql(MUTATION)
    platform.on("/graphql", answer("C0011E"), (200, {"data": {"updateOrder": {"id": 1}}}))
    assert client.graphql(MUTATION).data == {"updateOrder": {"id": 1}}
    assert len(platform.requests) == 3


def test_query_beside_a_mutation_is_a_query(platform: Any, client: FluentClient) -> None:
    """The operation that is carried out decides, not another one in the document."""
    platform.on("/graphql", (503, b""), (200, {"data": {"me": None}}))
    client.graphql(f"{MUTATION} query Q {{ me {{ ref }} }}", operation_name="Q")
    assert len(platform.requests) == 2


def test_result_shows_itself(platform: Any, client: FluentClient) -> None:
    """P25: a result's HTML holds the data without a live tag, its repr is short."""
    platform.on("/graphql", answer(message="<b>", data={"me": "<script>" + "x" * 5_000}))
    result = client.graphql(QUERY, errors="partial")
    assert "<script>" not in result._repr_html_()
    assert result._repr_html_().count("<b>") == 1  # ours
    assert len(repr(result)) < 300


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("errors", lambda client: client.graphql("{ me { id } }", errors=["raise"])),
        ("direction", lambda client: client.pages("{ orders { edges { node { id } } } }", direction=["forward"])),
        ("engine", lambda client: client.frame("{ orders { edges { node { id } } } }", engine=["polars"])),
        ("preprocessing", lambda client: client.create_job("load", preprocessing=["skip"])),
        ("mode", lambda client: client.send_event({"name": "N", "entityType": "T", "entityRef": "R"}, mode=["sync"])),
    ],
)
def test_a_list_is_no_choice(client: FluentClient, name: str, call: Any) -> None:
    """P32: a choice given as a list is told like any other that is not known."""
    with pytest.raises(BadRequestError, match=rf"{name}=\[.*\] is not known") as raised:
        call(client)
    assert raised.value.hint


def test_an_answer_is_shown_without_personal_data() -> None:
    """P9: the display of an answer hides it; the answer itself has it."""
    personal.hide("primaryEmail")
    answer = GraphQLResult({"customer": {"primaryEmail": "q@tok", "ref": "R"}})
    assert "q@tok" not in repr(answer) + answer._repr_html_()
    assert answer.data["customer"]["primaryEmail"] == "q@tok"
