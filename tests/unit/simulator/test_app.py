"""What the app refuses before any route, what it notes of each request, and what it says it assumes."""

from collections.abc import Callable

import httpx
import pytest

from fcwork.clock import ManualClock
from fcwork.simulator import Fault, Faults, Simulator

Enter = Callable[[Simulator], httpx.Client]
Make = Callable[..., Simulator]


@pytest.mark.parametrize("path", ["/", "/api/v4.1/jobs", "/api/v4.1/job/", "/api/v4.1/job/1/results", "/oauth/token/"])
def test_unknown_path_is_not_found(client: httpx.Client, path: str) -> None:
    """A path that the platform does not have is a 404 that names it, not a redirect."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert path in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/graphql", "POST"),
        ("DELETE", "/api/v4.1/job/1", "GET, HEAD"),
        ("PUT", "/api/v4.1/job/1/batch", "POST"),
        ("GET", "/oauth/token", "POST"),
    ],
)
def test_wrong_method_is_refused(client: httpx.Client, method: str, path: str, allowed: str) -> None:
    """A method that a path does not take is a 405 that names those it takes."""
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b'{"name": "x", "retailerId": "2"}', "text/plain", 415),
        (b'{"name": "x", "retailerId": "2"}', "", 415),
        (b'{"name": "x", "retailerId": "2"}', "application/json; charset=utf-8", 200),
        (b'{"name": "x"', "application/json", 400),
        (b'["x"]', "application/json", 400),
        (b"", "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
    ],
)
def test_body_must_be_a_json_object(client: httpx.Client, content: bytes, content_type: str, status: int) -> None:
    """A body of another content type is a 415, one that is no JSON object a 400."""
    answer = client.post("/api/v4.1/job", content=content, headers={"Content-Type": content_type})
    assert answer.status_code == status


def test_unknown_parameter_is_refused(client: httpx.Client) -> None:
    """A query parameter that a route does not know is a 400 that names it."""
    answer = client.post("/api/v4.1/job", params={"dry": "1"}, json={"name": "x", "retailerId": "2"})
    assert answer.status_code == 400
    assert "dry" in answer.text


def test_encoded_slash_in_an_id_stays_in_the_path(client: httpx.Client) -> None:
    """An id with an encoded slash names nothing here; it never reaches another route."""
    assert client.get("/api/v4.1/job/1%2F..%2F..%2Fevent").status_code == 404


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "query"),
        ({"query": " "}, "query"),
        ({"query": "{ a }", "variables": []}, "variables"),
        ({"q": "{ a }"}, "q"),
    ],
)
def test_wrong_graphql_body_is_refused(client: httpx.Client, body: dict[str, object], told: str) -> None:
    """A GraphQL body without a query, or with a field that nobody knows, is a 400 that names it."""
    answer = client.post("/graphql", json=body)
    assert answer.status_code == 400
    assert told in answer.json()["errors"][0]["message"]


def test_graphql_body_above_two_megabytes_is_refused(client: httpx.Client) -> None:
    """A query of more than 2 MB is a 413."""
    assert client.post("/graphql", json={"query": "#" * 2_000_001}).status_code == 413


def test_every_request_is_noted_without_its_secrets(make: Make, enter: Enter, clock: ManualClock) -> None:
    """The ledger holds each request with its fault, status, size and ids, and nothing of its headers and body."""
    sim = make(faults=Faults([Fault("status", status=503, path="/job", nth=1), Fault("slow", seconds=2, path="/job")]))
    client = enter(sim)
    body = {"name": "x", "retailerId": "2"}
    answer = client.post("/api/v4.1/job", json=body, headers={"x-correlation-id": "run-7"})
    token, job = sim.ledger.requests
    assert (token.path, token.fault, token.n) == ("/oauth/token", None, 1)
    assert (job.method, job.path, job.status, job.fault) == ("POST", "/api/v4.1/job", 503, "status, slow")
    assert (job.n, job.correlation_id, job.request_id) == (2, "run-7", answer.headers["x-request-id"])
    assert job.body_bytes == len(answer.request.content)
    assert clock.sleeps == [2]


def test_requests_are_counted_by_method_and_path(client: httpx.Client, sim: Simulator) -> None:
    """The ledger counts by method and by the end of the path."""
    client.post("/api/v4.1/job", json={"name": "x", "retailerId": "2"})
    client.get("/api/v4.1/job/1")
    counts = [
        sim.ledger.count(),
        sim.ledger.count("GET"),
        sim.ledger.count(path="/job"),
        sim.ledger.count(path="/job/*"),
    ]
    assert counts == [3, 1, 1, 1]


@pytest.mark.parametrize("retry_after", [7, "Thu, 15 Jan 2026 12:00:30 GMT", "soon"])
def test_status_fault_carries_its_retry_after(make: Make, enter: Enter, retry_after: int | str) -> None:
    """P19: a status fault answers instead of the route, with Retry-After as it was written."""
    sim = make(faults=Faults([Fault("status", status=429, path="/job", retry_after=retry_after, body={"a": 1})]))
    answer = enter(sim).post("/api/v4.1/job", json={"name": "x", "retailerId": "2"})
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (429, str(retry_after), {"a": 1})
    assert sim.ledger.jobs.is_empty()


def test_status_fault_after_the_effect(make: Make, enter: Enter) -> None:
    """P16: with after_effect the request is done, and answered as if it were not."""
    sim = make(faults=Faults([Fault("status", status=500, path="/job", after_effect=True)]))
    assert enter(sim).post("/api/v4.1/job", json={"name": "x", "retailerId": "2"}).status_code == 500
    assert sim.ledger.jobs.height == 1


def test_expired_tokens_are_refused_until_renewed(make: Make, enter: Enter) -> None:
    """P20: at the request that the script names every access token ends; a refresh token still gives a new one."""
    sim = make(faults=Faults([Fault("expire_token", path="/job", nth=2)]))
    client = enter(sim)
    body = {"name": "x", "retailerId": "2"}
    statuses = [client.post("/api/v4.1/job", json=body).status_code for _ in range(3)]
    assert statuses == [200, 401, 401]
    client.headers = enter(sim).headers
    assert client.post("/api/v4.1/job", json=body).status_code == 200


def test_every_route_names_its_source(sim: Simulator) -> None:
    """Each route's docstring says where its behaviour is known from, and what is assumed is listed with its route."""
    for route in sim._app.routes:
        assert "Source: " in (route.answer.__doc__ or ""), route.path
    assumed = sim.assumed()
    assert len(assumed) > 10
    assert all(statement.startswith(("GET /", "POST /", "every route: ", "webhooks: ")) for statement in assumed)
    assert any(statement.startswith("GET /api/v4.1/job/{job_id}: ") for statement in assumed)
