"""Mutations sent to the simulator: what it holds afterwards is what the outcome says."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema

import fcwork
from fcwork import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import ApiError
from fcwork.mutations import MutationOutcome, Operation, join, parse, requests, typed
from fcwork.simulator import Fault, Faults, Simulator

SCHEMA = build_schema((Path(fcwork.__file__).parent / "fluent.graphql").read_text("utf-8"))
HELD = "query ($refs: [String!]) { locations(ref: $refs, first: 100) { edges { node { ref } } } }"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def location(ref: str, **changed: Any) -> dict[str, Any]:
    """Return what createLocation is given for a store."""
    hours = {f"{day}{end}": at for day in DAYS for end, at in (("Start", 900), ("End", 1700))}
    address = {"ref": f"A-{ref}", "latitude": 1.5, "longitude": 2.5}
    given = {"ref": ref, "type": "STORE", "name": f"Store “{ref}”", "retailer": {"id": "2"}, "primaryAddress": address}
    return {"input": {**given, "openingSchedule": {"allHours": False, **hours}, **changed}}


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[FluentClient]:
    """Give a client of a simulator whose faults are the parameter."""
    with ExitStack() as opened:
        clock = ManualClock()
        sim = Simulator(positions=0, clock=clock, faults=Faults(getattr(request, "param", [])))
        client = FluentClient(**sim.connect(), transport=sim.transport(), clock=clock)
        opened.callback(client.close)
        yield client


def send(client: FluentClient, rows: list[dict[str, Any]], per_request: int, **how: Any) -> MutationOutcome:
    """Send rows as locations, and return what became of them."""
    operation = typed(Operation("createLocation", **how), SCHEMA)
    told = []
    for request in requests(operation, rows, per_request=per_request):
        try:
            answer: Any = client.graphql(request.document, request.variables, errors="partial")
        except ApiError as error:
            answer = error
        told.append(parse(answer, request))
    return join(told)


def held(client: FluentClient, rows: list[dict[str, Any]]) -> set[str]:
    """Return which of the rows' refs the platform holds."""
    refs = [row["input"]["ref"] for row in rows]
    edges = client.graphql(HELD, {"refs": refs}).data["locations"]["edges"]
    return {edge["node"]["ref"] for edge in edges}


@pytest.mark.parametrize("per_request", [1, 5])
def test_every_row_arrives(client: FluentClient, per_request: int) -> None:
    """Alone or five a request, all rows are created and told with the ids that the platform gave."""
    rows = [location(f"NEW-{number}") for number in range(7)]
    outcome = send(client, rows, per_request)
    assert outcome.ok, outcome.issues
    assert outcome.frame["ref"].to_list() == outcome.frame["key"].to_list() == [row["input"]["ref"] for row in rows]
    assert outcome.frame["id"].n_unique() == 7
    assert held(client, rows) == set(outcome.frame["ref"])


def test_a_twin_is_rejected_and_its_neighbours_are_not(client: FluentClient) -> None:
    """A reference that exists is refused with the platform's code; the rows beside it in the request are created."""
    rows = [
        location("ONE"),
        location("ONE", primaryAddress={"ref": "A2", "latitude": 1, "longitude": 2}),
        location("TWO"),
    ]
    outcome = send(client, rows, 3)
    assert outcome.frame["outcome"].to_list() == ["delivered", "rejected", "delivered"]
    assert outcome.frame["code"].to_list() == [None, "C0123E", None]
    assert outcome.issues.select("row", "key", "code").rows() == [(2, "ONE", "send.rejected")]
    assert held(client, rows) == {"ONE", "TWO"}


def test_a_value_of_the_wrong_type_names_its_row(client: FluentClient) -> None:
    """One row's wrong value makes the platform refuse the whole request: it is rejected, the others can go again."""
    rows = [location("ONE"), location("TWO", name=7), location("THREE")]
    outcome = send(client, rows, 3)
    assert outcome.frame["outcome"].to_list() == ["retryable", "rejected", "retryable"]
    assert held(client, rows) == set()
    again = send(client, [rows[0], rows[2]], 3)
    assert again.ok
    assert held(client, rows) == {"ONE", "THREE"}


def test_a_selection_of_the_mappings_own_comes_back(client: FluentClient) -> None:
    """Nested fields to return stand in the row's data."""
    outcome = send(client, [location("ONE")], 2, returns=("id", "primaryAddress { ref latitude }"))
    assert '"primaryAddress":{"ref":"A-ONE","latitude":1.5}' in outcome.frame["data"].item()
    assert outcome.frame["ref"].item() is None


@pytest.mark.parametrize("client", [[Fault("drop_after", path="/graphql", nth=1)]], indirect=True)
def test_a_lost_answer_is_unknown_and_what_follows_is_not(client: FluentClient) -> None:
    """Rows whose answer was lost are unknown, as the platform may hold them: here it does."""
    rows = [location(f"NEW-{number}") for number in range(4)]
    outcome = send(client, rows, 2)
    assert outcome.frame["outcome"].to_list() == ["unknown", "unknown", "delivered", "delivered"]
    assert len(held(client, rows)) == 4
