"""Requests for many rows: none dropped, each within the limits, values only as variables."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import polars as pl
import pytest

from fcwork.errors import MappingError
from fcwork.mutations import MAX_BYTES, Argument, MutationRequest, Operation, requests

CREATE = Operation("createLocation")
UPDATE = Operation("updateX", (Argument("id", "ID!"), Argument("input", "XInput"), Argument("note", "String")))


def inputs(count: int, **more: Any) -> list[dict[str, Any]]:
    """Return the variables of so many rows."""
    return [{"input": {"ref": f"L{number}", **more}} for number in range(count)]


def rows_of(sent: list[MutationRequest]) -> list[int]:
    """Return the numbers of all rows in their order."""
    return [row for request in sent for row in request.rows]


def test_no_row_is_dropped() -> None:
    """Seven rows at five a request are two requests, where the SDK's batch forgets the last two."""
    sent = requests(CREATE, inputs(7), per_request=5)
    assert [request.rows for request in sent] == [(1, 2, 3, 4, 5), (6, 7)]
    assert sent[1].aliases == ("createLocation1", "createLocation2")
    assert sent[1].variables == {"input1": {"ref": "L5"}, "input2": {"ref": "L6"}}


def test_one_a_request_has_no_alias() -> None:
    """With one mutation a request the text is that of a single one."""
    sent = requests(CREATE, inputs(2))
    assert {request.document for request in sent} == {CREATE.document()}
    assert [request.aliases for request in sent] == [("createLocation",)] * 2
    assert [request.variables for request in sent] == inputs(2)


def test_a_payload_is_ready_to_be_posted() -> None:
    """The payload has query and variables, and its JSON has as many bytes as the request says."""
    (request,) = requests(CREATE, inputs(3, name="Zürich “1”"), per_request=3)
    assert request.payload == {"query": CREATE.aliased(3), "variables": request.variables}
    assert orjson.loads(request.body) == request.payload
    assert request.size == len(request.body)
    assert len(request) == 3


def test_the_text_for_a_count_is_made_once() -> None:
    """Requests of the same count share one text."""
    first, second, _ = requests(CREATE, inputs(5), per_request=2)
    assert first.document is second.document


def test_a_request_ends_before_it_is_too_large() -> None:
    """Rows go to the next request once the bytes, counted with all texts and names, are used up."""
    (whole,) = requests(CREATE, inputs(3), per_request=3)
    assert len(requests(CREATE, inputs(3), per_request=3, max_bytes=whole.size)) == 1
    apart = requests(CREATE, inputs(3), per_request=3, max_bytes=whole.size - 1)
    assert [request.rows for request in apart] == [(1, 2), (3,)]
    assert not any(request.too_large for request in apart)


def test_a_row_that_is_too_large_stands_alone_and_is_told() -> None:
    """A row over the limit is kept, in a request of its own that says so."""
    variables = [*inputs(1), *inputs(1, note="x" * MAX_BYTES), *inputs(1)]
    sent = requests(CREATE, variables, per_request=3)
    assert [(request.rows, request.too_large) for request in sent] == [((1,), False), ((2,), True), ((3,), False)]
    assert "larger than a request may be" in repr(sent[1])


def test_rows_keep_their_numbers_and_sources() -> None:
    """The identity comes from a frame, or from numbers; it is never sent."""
    frame = pl.DataFrame({"_row": [7, 9], "_source": ["a.csv", "b.csv"], "name": ["x", "y"]})
    (request,) = requests(CREATE, inputs(2), rows=frame, per_request=2)
    assert (request.rows, request.sources) == ((7, 9), ("a.csv", "b.csv"))
    assert b"_row" not in request.body
    assert rows_of(requests(CREATE, inputs(2), rows=[4, 5])) == [4, 5]


def test_rows_and_values_are_as_many() -> None:
    """A number of rows that is not that of the values, or less than one a request, is a wrong call."""
    with pytest.raises(ValueError, match="2 rows have values and 1 have numbers"):
        requests(CREATE, inputs(2), rows=[1])
    with pytest.raises(ValueError, match="per_request cannot be 0"):
        requests(CREATE, inputs(2), per_request=0)


def test_of_no_rows_there_are_no_requests() -> None:
    """Nothing to send is no request."""
    assert requests(CREATE, [], per_request=5) == []


def test_a_key_is_the_ref_or_the_id() -> None:
    """A row goes by its input's ref, else its id, or by the field that is named; without an input by its arguments."""
    given = [{"input": {"ref": "A", "id": 1}}, {"input": {"id": 2}}, {"input": {"username": "u"}}]
    assert requests(CREATE, given, per_request=3)[0].keys == ("A", "2", None)
    assert requests(CREATE, given, per_request=3, key="username")[0].keys == (None, None, "u")
    assert requests(Operation("drop", (Argument("id", "ID!"),)), [{"id": "9"}])[0].keys == ("9",)


def test_an_argument_may_be_left_out_where_it_is_not_required() -> None:
    """What a row does not give is not sent, not even as null; a null that is given is."""
    (request,) = requests(UPDATE, [{"id": 1}, {"id": 2, "note": None, "input": {}}], per_request=2)
    assert request.variables == {"id1": 1, "id2": 2, "note2": None, "input2": {}}
    assert request.size == len(request.body)


def test_what_would_sink_a_whole_request_is_told_before_it_leaves() -> None:
    """A value that no argument carries and a required one that is missing name their rows."""
    with pytest.raises(MappingError) as caught:
        requests(UPDATE, [{"id": 1}, {"id": 2, "inputs": {}}, {"id": None}], per_request=5)
    assert caught.value.problems == [
        "row 2: updateX is given no argument 'inputs': did you mean 'input'?",
        "row 3: the argument 'id' has no value and is required",
    ]


def test_of_many_wrong_rows_the_first_are_told() -> None:
    """An error names no more than a screenful of rows."""
    with pytest.raises(MappingError) as caught:
        requests(UPDATE, [{}] * 1_000)
    assert len(caught.value.problems) == 20


def test_values_are_written_as_the_client_writes_them() -> None:
    """Decimals are numbers and instants are UTC; what JSON has no form for is told with its row."""
    at = datetime(2026, 1, 15, 12, tzinfo=UTC)
    (request,) = requests(CREATE, [{"input": {"a": Decimal("1.50"), "b": Decimal("2.0"), "at": at}}])
    assert orjson.loads(request.body)["variables"] == {"input": {"a": 1.5, "b": 2, "at": "2026-01-15T12:00:00Z"}}
    with pytest.raises(MappingError, match=r"row 12 cannot be written as JSON: .*set"):
        requests(CREATE, [*inputs(1), {"input": {1, 2}}], rows=[11, 12])


@pytest.mark.parametrize("number", [math.nan, math.inf, Decimal("NaN")])
def test_no_number_silently_becomes_null(number: Any) -> None:
    """JSON has no NaN and nothing infinite, and null would empty the field: the row is told instead."""
    with pytest.raises(MappingError, match="row 1 cannot be written as JSON: it holds a number that is infinite"):
        requests(CREATE, inputs(1, list=[None, {"price": number}]))
    assert requests(CREATE, inputs(1, list=[None, {"price": 1.5}], text="null"))


def test_a_representation_shows_no_data() -> None:
    """A request in a log or notebook tells its size, not its values."""
    (request,) = requests(CREATE, inputs(2, name="Secret Street 1"), per_request=2)
    assert repr(request) == f"MutationRequest(2 x createLocation, {request.size:,} bytes)"


def test_a_count_without_limit_is_no_burden() -> None:
    """As many mutations in one request as there are rows is the size's business alone."""
    sent = requests(CREATE, inputs(3_000), per_request=10**9, max_bytes=100_000)
    assert rows_of(sent) == list(range(1, 3_001))
    assert max(request.size for request in sent) <= 100_000
    assert len(sent) <= math.ceil(sum(request.size for request in sent) / 100_000) + 1
