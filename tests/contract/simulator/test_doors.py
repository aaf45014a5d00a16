"""Both doors answer alike, and each fault truly happens at both."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from fcwork.clock import ManualClock
from fcwork.errors import ConfigError
from fcwork.simulator import Fault, Faults, Simulator

Door = Callable[..., httpx.Client]
JOB = {"name": "test", "retailerId": "2"}


def _simulator(*faults: Fault, **options: Any) -> Simulator:
    return Simulator(positions=5, faults=Faults(faults), **options)


def _batch(*skus: str) -> dict[str, Any]:
    usual = {"locationRef": "LOC-1", "qty": 1, "type": "LAST_ON_HAND", "status": "ACTIVE"}
    return {"action": "UPSERT", "entityType": "INVENTORY", "entities": [{**usual, "skuRef": sku} for sku in skus]}


def test_doors_answer_alike(door: Door) -> None:
    """P32: refusals and answers are the same at both doors: status, body, content type and request id."""
    client = door(_simulator())
    calls = [
        client.post("/api/v4.1/job", json=JOB),
        client.get("/api/v4.1/job/9"),
        client.delete("/api/v4.1/job/1"),
        client.get("/nothing"),
        client.post("/api/v4.1/job", json={**JOB, "colour": "red"}),
        client.get("/api/v4.1/event", params={"name": "a b&c=ü"}),
    ]
    assert [answer.status_code for answer in calls] == [200, 404, 405, 404, 400, 200]
    assert {answer.headers["content-type"] for answer in calls} == {"application/json"}
    assert [answer.headers["x-request-id"] for answer in calls] == [f"sim-{n}" for n in range(2, 8)]
    assert calls[0].json() == {"id": "1"}


def test_dropped_before_the_effect(door: Door) -> None:
    """P16: a connection dropped before the effect gives no answer, and nothing is done."""
    sim = _simulator(Fault("drop_before", path="/job", times=1))
    client = door(sim)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        client.post("/api/v4.1/job", json=JOB)
    assert sim.ledger.jobs.is_empty()
    assert (sim.ledger.requests[-1].fault, sim.ledger.requests[-1].status) == ("drop_before", None)
    assert client.post("/api/v4.1/job", json=JOB).status_code == 200


def test_dropped_after_the_effect(door: Door) -> None:
    """P16: a connection dropped after the effect gives no answer, and all of it is done."""
    sim = _simulator(Fault("drop_after", path="/job", times=1))
    client = door(sim)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        client.post("/api/v4.1/job", json=JOB)
    assert sim.ledger.jobs.height == 1
    assert (sim.ledger.requests[-1].fault, sim.ledger.requests[-1].status) == ("drop_after", 200)


def test_half_a_body(door: Door) -> None:
    """Half a body is half a body: the length is declared, half of it comes, then the connection is closed."""
    client = door(_simulator(Fault("half_body", path="/job", times=1)))
    with client.stream("POST", "/api/v4.1/job", json=JOB) as answer:
        assert (answer.status_code, answer.headers["content-length"]) == (200, "10")
        with pytest.raises(httpx.RemoteProtocolError, match="received 5 bytes, expected 10"):
            answer.read()
    assert client.post("/api/v4.1/job", json=JOB).status_code == 200


def test_malformed_json(door: Door) -> None:
    """A malformed body has its declared length and is no JSON; the effect happened."""
    sim = _simulator(Fault("malformed_json", path="/job"))
    answer = door(sim).post("/api/v4.1/job", json=JOB)
    with pytest.raises(ValueError, match="Expecting"):
        answer.json()
    assert (answer.status_code, len(answer.content), sim.ledger.jobs.height) == (200, 10, 1)


def test_slow_answer_is_late(door: Door) -> None:
    """A slow answer comes after its seconds, where the client waits so long."""
    client = door(_simulator(Fault("slow", seconds=0.2, path="/job")))
    started = time.monotonic()
    assert client.post("/api/v4.1/job", json=JOB).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_slow_answer_outlasts_the_clients_patience(door: Door) -> None:
    """P16: a client that does not wait gets a read timeout after its own time, and the effect happens all the same."""
    sim = _simulator(Fault("slow", seconds=3, path="/job"))
    client = door(sim, timeout=0.2)
    started = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        client.post("/api/v4.1/job", json=JOB)
    assert 0.2 <= time.monotonic() - started < 2.5
    assert sim.ledger.jobs.height == 1


def test_slow_in_process_waits_on_the_clock_it_was_given() -> None:
    """In process a delay passes on the given clock, so a test of patience takes no time."""
    clock = ManualClock()
    sim = _simulator(Fault("slow", seconds=3_600, path="/nothing"), clock=clock)
    with httpx.Client(transport=sim.transport(), base_url=sim.url, timeout=None) as client:  # noqa: S113 - none is the case
        assert client.get("/nothing").status_code == 404
    with (
        httpx.Client(transport=sim.transport(), base_url=sim.url, timeout=30) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.get("/nothing")
    assert clock.sleeps == [3_600, 30]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault("status", path="/batch", status=503, retry_after=1), 503),
        (Fault("status", path="/batch", status=403), 403),
        (Fault("expire_token", path="/batch"), 401),
        (Fault("poison", ref="A"), 400),
        (Fault("poison_413", ref="A"), 413),
        (Fault("job_closed"), 400),
        (Fault("record", ref="A", code=404), 200),
        (Fault("stuck_pending"), 200),
        (Fault("shuffle_results"), 200),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else str(value),
)
def test_faults_of_batches_happen_at_both_doors(door: Door, fault: Fault, status: int) -> None:
    """Each fault about a batch gives the same status at both doors, and only what was accepted has effects."""
    sim = _simulator(fault)
    client = door(sim)
    job_id = client.post("/api/v4.1/job", json=JOB).json()["id"]
    assert client.post(f"/api/v4.1/job/{job_id}/batch", json=_batch("A", "B")).status_code == status
    assert sim.ledger.requests[-1].fault == fault.kind
    applied = {"record": {"B"}, "stuck_pending": set(), "shuffle_results": {"A", "B"}}.get(fault.kind, set())
    assert set(sim.ledger.quantities["skuRef"]) == applied


QUERY = """query ($after: String) {
  inventoryPositions(catalogue: {ref: "DEFAULT:1"}, first: 2, after: $after) {
    edges { cursor node { ref } } pageInfo { hasNextPage }
  }
}"""


def _ask(client: httpx.Client, **variables: Any) -> dict[str, Any]:
    answer = client.post("/graphql", json={"query": QUERY, "variables": variables})
    assert answer.status_code == 200
    return dict(answer.json())


def _positions(answer: dict[str, Any]) -> dict[str, Any]:
    return dict(answer["data"]["inventoryPositions"])


def test_graphql_errors_without_data(door: Door) -> None:
    """P21: GraphQL errors come with HTTP 200; without data nothing was done."""
    client = door(_simulator(Fault("graphql_errors", errors=[{"message": "no", "extensions": {"code": "C0011"}}])))
    assert _ask(client) == {"data": None, "errors": [{"message": "no", "extensions": {"code": "C0011"}}]}


def test_graphql_errors_with_partial_data(door: Door) -> None:
    """P21: partial data stands beside errors, and what is missing is null."""
    answer = _ask(door(_simulator(Fault("graphql_errors", data="partial"))))
    assert answer["errors"][0]["extensions"]["code"] == "S0002"
    assert [edge["node"] is None for edge in _positions(answer)["edges"]] == [False, True]


def test_pages_that_mislead(door: Door) -> None:
    """P21: an empty page, a short page and a repeated cursor each say that there is more."""
    faults = [Fault("empty_page", nth=1), Fault("short_page", nth=2), Fault("repeat_cursor", nth=4)]
    client = door(_simulator(*faults))
    empty, short = _positions(_ask(client)), _positions(_ask(client))
    whole = _positions(_ask(client))
    after = whole["edges"][-1]["cursor"]
    repeated = _positions(_ask(client, after=after))
    assert [len(page["edges"]) for page in (empty, short, whole, repeated)] == [0, 1, 2, 2]
    assert all(page["pageInfo"]["hasNextPage"] for page in (empty, short, whole, repeated))
    assert repeated["edges"][-1]["cursor"] == after
    assert repeated["edges"][-1]["node"] != whole["edges"][-1]["node"]


def test_mutation_is_counted(door: Door) -> None:
    """P16: a mutation that was sent twice shows two effects; a query and a refused mutation show none."""
    sim = _simulator()
    client = door(sim)
    made = "mutation ($c: CreateCustomerInput!) { made: createCustomer(input: $c) { id } }"
    changed = 'mutation { updateCustomer(input: {username: "ada", firstName: "Ada"}) { id } }'
    customer = {"username": "ada", "primaryEmail": "ada@example.com", "promotionOptIn": False, "timezone": "UTC"}
    for _ in range(2):
        variables = {"c": {**customer, "retailer": {"id": 2}}}
        client.post("/graphql", json={"query": made, "variables": variables})
        client.post("/graphql", json={"query": changed})
    _ask(client)
    client.post("/graphql", json={"query": "mutation { nothing }"})
    effects = dict(sim.ledger.mutations.select("field", "effects").rows())
    assert effects == {"createCustomer": 1, "updateCustomer": 2}  # the second customer of that name was refused


def test_many_threads_at_once(door: Door) -> None:
    """Batches from eight threads all arrive, each with an id of its own and each effect once."""
    sim = _simulator()
    client = door(sim)
    job_id = client.post("/api/v4.1/job", json=JOB).json()["id"]

    def send(number: int) -> str:
        body = _batch(*(f"SKU-{number}-{row}" for row in range(50)))
        return str(client.post(f"/api/v4.1/job/{job_id}/batch", json=body).json()["id"])

    with ThreadPoolExecutor(8) as threads:
        batch_ids = list(threads.map(send, range(40)))
    assert sorted(map(int, batch_ids)) == list(range(1, 41))
    assert sim.ledger.quantities["effects"].to_list() == [1] * 2_000
    assert len({seen.n for seen in sim.ledger.requests}) == 42


def test_nth_request_is_one_request_among_threads(door: Door) -> None:
    """Of many requests at once exactly the named number meet the fault."""
    sim = _simulator(Fault("status", status=503, path="/job", nth=range(5, 15)))
    client = door(sim)
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: client.post("/api/v4.1/job", json=JOB).status_code, range(40)))
    assert (statuses.count(503), statuses.count(200)) == (10, 30)


@pytest.mark.socket
def test_peer_that_goes_in_the_middle_of_its_request(caplog: pytest.LogCaptureFixture) -> None:
    """P32: a sender that dies while it sends leaves no effect and no traceback, and others are answered."""
    with _simulator() as sim:
        port = int(sim.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as peer:
            head = (
                "POST /api/v4.1/job HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
            )
            peer.sendall(head.encode() + b'{"name":')
        assert httpx.get(f"{sim.url}/nothing").status_code == 404
        time.sleep(0.2)
    assert (sim.ledger.jobs.height, caplog.text) == (0, "")


@pytest.mark.socket
def test_socket_opens_and_closes() -> None:
    """Before the start and after the stop the address is the in-process one; in between it listens, on loopback."""
    sim = _simulator()
    assert sim.url == "http://simulator.localhost"
    with sim:
        address = sim.url
        assert address.startswith("http://127.0.0.1:")
        assert sim.start().url == address
        assert httpx.get(f"{address}/nothing").status_code == 404
    assert sim.url == "http://simulator.localhost"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/nothing")


@pytest.mark.socket
def test_taken_port_is_a_config_error() -> None:
    """P32: a port that is taken or does not exist is a ConfigError that names it and says what to do."""
    with _simulator() as sim:
        port = int(sim.url.rpartition(":")[2])
        for wrong in (port, 70_000):
            with pytest.raises(ConfigError, match=str(wrong)) as raised:
                _simulator(port=wrong).start()
            assert "port" in raised.value.hint


@pytest.mark.socket
def test_body_in_chunks_is_read_whole() -> None:
    """A body that is sent in chunks, without a length, is taken like any other."""
    with _simulator() as sim, httpx.Client(base_url=sim.url) as client:
        answer = client.post("/api/v4.1/job", content=iter([b'{"na', b'me": "x"}']))
        assert answer.status_code == 401
        assert sim.ledger.requests[-1].body_bytes == 13


@pytest.mark.socket
def test_serving_ends_cleanly_when_interrupted() -> None:
    """serve() tells where it is, serves until Ctrl-C, and then ends without a traceback."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a parent may have it ignored
        "from fcwork.simulator import Simulator\n"
        "Simulator(positions=5).serve(on_ready=lambda sim: print(sim.url, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serving:
        try:
            address = serving.stdout.readline().strip() if serving.stdout else ""
            assert httpx.get(f"{address}/nothing").status_code == 404
            serving.send_signal(signal.SIGINT)
            _, errors = serving.communicate(timeout=10)
        finally:
            serving.kill()
    assert (serving.returncode, errors) == (0, "")
