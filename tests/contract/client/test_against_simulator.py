"""The client against the simulator: what the server really holds decides."""

import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import (
    ApiError,
    AuthError,
    BadRequestError,
    GraphQLError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    RetryableError,
    ServerError,
)
from fcwork.retry import RetryPolicy
from fcwork.simulator import Fault, Simulator

POSITIONS = """
query Positions($first: Int!, $after: String) {
  inventoryPositions(first: $first, after: $after) { edges { cursor node { ref } } pageInfo { hasNextPage } }
}
"""
ROWS = pl.DataFrame(
    {
        "_row": range(1, 6),
        "_source": ["f"] * 5,
        "locationRef": ["LOC001"] * 5,
        "skuRef": [f"S-{at}" for at in range(5)],
        "type": ["LAST_ON_HAND"] * 5,
        "status": ["ACTIVE"] * 5,
        "qty": range(5),
        "condition": [None, "NEW", None, None, "NEW"],
    }
)
EVENT = {"name": "OrderCancel", "entityType": "ORDER", "entityRef": "O-1"}
ONE = RetryPolicy(max_retries=0)


def refs(pages: Any) -> list[str]:
    """Return the refs of all nodes."""
    return [node["ref"] for page in pages for node in page.nodes]


def effects(sim: Any) -> list[int]:
    """Return how often each row's effect happened."""
    return sim.ledger.quantities["effects"].to_list()


def test_every_kind_of_access(pair: Any) -> None:
    """Token, GraphQL, jobs and events answer, and nothing is changed."""
    p = pair()
    assert [(name, bool(ask())) for name, ask in p.client.access_checks()] == [
        ("token", True),
        ("graphql", True),
        ("jobs", True),
        ("events", True),
    ]
    assert p.sim.ledger.jobs.height == 0
    assert p.sim.ledger.tokens.issued == 1


@pytest.mark.parametrize("setting", ["client_id", "client_secret", "username", "password"])
def test_wrong_credentials(pair: Any, setting: str) -> None:
    """P20: a wrong id, secret, user or password is one refused sign-in and a clear AuthError."""
    p = pair(client={setting: "wrong-wrong"})
    with pytest.raises(AuthError, match="refuses the credentials") as raised:
        p.client.graphql("{ me { ref } }")
    assert "password" in raised.value.hint
    assert (p.sim.ledger.tokens.refused, p.sim.ledger.count(path="/graphql")) == (1, 0)


def test_expiry_mid_pagination(pair: Any) -> None:
    """P20: a token that ends between pages is refreshed once, and no page is lost."""
    p = pair(Fault("expire_token", path="/graphql", nth=3))
    pages = p.client.pages(POSITIONS, page_size=50)
    assert len(set(refs(pages))) == 300
    assert pages.complete
    assert (p.sim.ledger.tokens.issued, p.sim.ledger.tokens.refreshed) == (1, 1)


def test_fifty_threads_one_refresh(pair: Any) -> None:
    """P20: fifty threads whose token ends refresh it once, with a refresh token that works once; no 401 surfaces."""
    p = pair(Fault("expire_token", path="/graphql", nth=2))
    p.client.graphql("{ me { ref } }")
    together = threading.Barrier(50)

    def ask(_: int) -> Any:
        together.wait(30)
        return p.client.graphql("{ me { ref } }").data

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(ask, range(50)))
    tokens = p.sim.ledger.tokens
    assert (tokens.issued, tokens.refreshed, tokens.refused) == (1, 1, 0)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "half_body", "malformed_json"])
def test_upsert_with_a_lost_answer(pair: Any, kind: str) -> None:
    """P16: an UPSERT whose answer is lost is sent again; the server holds every row, as it was sent."""
    p = pair(Fault(kind, path="/job/*/batch", nth=1), settle_polls=0)
    job = p.client.create_job("j")
    batch = p.client.send_batch(job.id, ROWS)
    results = p.client.wait_for_batches(job.id, [batch.id], timeout=30)
    assert results["response_code"].to_list() == [200] * 5
    assert p.sim.ledger.quantities.sort("skuRef")["qty"].to_list() == [0, 1, 2, 3, 4]
    assert p.sim.ledger.count("POST", "/job/*/batch") == 2


@pytest.mark.parametrize(
    ("kind", "done"), [("drop_before", 0), ("drop_after", 1), ("half_body", 1), ("malformed_json", 1)]
)
@pytest.mark.parametrize("what", ["job", "event"])
def test_effects_with_a_lost_answer(pair: Any, what: str, kind: str, done: int) -> None:
    """P16: a job or an event whose answer is lost is never sent again: its end is unknown, its effect at most once."""
    p = pair(Fault(kind, path="/api/v4.1/job" if what == "job" else "/event/async"))
    with pytest.raises(OutcomeUnknownError):
        p.client.create_job("j") if what == "job" else p.client.send_event(EVENT)
    held = p.sim.ledger.jobs if what == "job" else p.sim.ledger.events
    assert held.height == done
    assert p.sim.ledger.count("POST", "/api/v4.1/job" if what == "job" else "/event/async") == 1


def test_mutation_with_a_lost_answer(pair: Any) -> None:
    """P16: a mutation whose answer is lost happens once, and its end is unknown."""
    p = pair(Fault("drop_after", path="/graphql"))
    mutation = 'mutation { createLocation(input: {ref: "L-NEW", type: "STORE", name: "N", retailer: {id: 2}}) { id } }'
    with pytest.raises(OutcomeUnknownError):
        p.client.graphql(mutation)
    assert p.sim.ledger.count("POST", "/graphql") == 1


@pytest.mark.parametrize("kind", ["drop_before", "half_body", "malformed_json"])
def test_queries_are_asked_again(pair: Any, kind: str) -> None:
    """A query whose answer is lost or spoiled is asked again."""
    p = pair(Fault(kind, path="/graphql", nth=[1, 2]))
    assert p.client.graphql("{ me { username } }").data["me"]["username"]


def test_route_once_and_its_outcomes(pair: Any) -> None:
    """P15: a route's post is one request; outcomes tell each record by its reference, in whatever order they come."""
    p = pair(Fault("record", refs={"S-1": 404, "S-3": 500}), Fault("shuffle_results"))
    route = p.client.batches()
    receipt = route.post(route.pack(ROWS), 5)
    assert route.outcomes([receipt]).open == (receipt.id,)
    records = route.outcomes([receipt]).records
    ends = dict(records.select("ref", "outcome").rows())
    expected = ["delivered", "rejected", "delivered", "retryable", "delivered"]
    assert [ends[ref] for ref in route.entity_ref(ROWS)] == expected
    assert effects(p.sim) == [1, 1, 1]


def test_route_raises_what_befell_it(pair: Any) -> None:
    """P16: a route tells a lost answer as unknown, a busy platform as retryable, poison as a refusal."""
    p = pair(
        Fault("drop_after", path="/job/*/batch", nth=1),
        Fault("status", status=503, retry_after=7, path="/job/*/batch", nth=2),
        Fault("poison", ref="S-2"),
    )
    route = p.client.batches()
    body = route.pack(ROWS.filter(pl.col("skuRef") != "S-2"))
    with pytest.raises(OutcomeUnknownError):
        route.post(body, 4)
    with pytest.raises(ServerError) as raised:
        route.post(body, 4)
    assert raised.value.retry_after == 7
    with pytest.raises(BadRequestError):
        route.post(route.pack(ROWS), 5)


def test_closed_job_is_replaced(pair: Any) -> None:
    """P22: a job that closes in the middle is replaced, and no batch is lost."""
    p = pair(Fault("job_closed", nth=2))
    route = p.client.batches()
    ids = [route.post(route.pack(ROWS.slice(at, 1)), 1).details["job_id"] for at in range(3)]
    assert ids == ["1", "2", "2"]
    assert p.sim.ledger.quantities.height == 3


def test_given_job_that_closed(pair: Any) -> None:
    """P22: a job that the caller named and that closed is told as such."""
    p = pair(Fault("job_closed"))
    job = p.client.create_job("j")
    route = p.client.batches(job.id)
    with pytest.raises(NotFoundError, match="closed"):
        route.post(route.pack(ROWS), 5)


def test_stuck_batch_is_named(pair: Any) -> None:
    """P22: a batch that never runs ends the wait in an error that names it."""
    p = pair(Fault("stuck_pending"))
    job = p.client.create_job("j")
    batch = p.client.send_batch(job.id, ROWS)
    with pytest.raises(OutcomeUnknownError, match=f": {batch.id}"):
        p.client.wait_for_batches(job.id, [batch.id], timeout=0.05)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 422])
def test_refusals_are_one_request(pair: Any, status: int) -> None:
    """P19: a refusal is not tried again."""
    p = pair(Fault("status", status=status, path="/graphql"))
    with pytest.raises(ApiError) as raised:
        p.client.graphql("{ me { ref } }")
    assert not isinstance(raised.value, RetryableError)
    assert raised.value.request_id == p.sim.ledger.requests[-1].request_id
    assert p.sim.ledger.count(path="/graphql") == 1


def test_401_is_answered_with_one_refresh(pair: Any) -> None:
    """P20: a call that is always refused leads to one refresh, one repeat and a clear error."""
    p = pair(Fault("status", status=401, path="/graphql"))
    with pytest.raises(AuthError):
        p.client.graphql("{ me { ref } }")
    assert p.sim.ledger.count(path="/graphql") == 2
    assert (p.sim.ledger.tokens.issued, p.sim.ledger.tokens.refreshed) == (1, 1)


@pytest.mark.parametrize("retry_after", [-1, "soon", "nan", 0.01])
def test_busy_platform(pair: Any, retry_after: Any) -> None:
    """P19: 429 and 503, with any Retry-After, are waited out."""
    p = pair(
        Fault("status", status=429, retry_after=retry_after, path="/graphql", nth=1),
        Fault("status", status=503, retry_after=retry_after, path="/graphql", nth=2),
    )
    assert p.client.graphql("{ me { username } }").data["me"]


def test_too_long_a_pause_is_told(pair: Any) -> None:
    """P19: a pause beyond the cap is told rather than cut short."""
    p = pair(Fault("status", status=429, retry_after=86_400, path="/graphql"))
    with pytest.raises(RateLimitError) as raised:
        p.client.graphql("{ me { ref } }")
    assert (raised.value.retry_after, p.sim.ledger.count(path="/graphql")) == (86_400, 1)


def test_retries_of_many_threads_keep_to_the_budget(pair: Any) -> None:
    """P19: the server sees no more retries of 32 threads than the budget holds."""
    policy = RetryPolicy(budget=10, base_seconds=0.02, floor_seconds=0.01, cap_seconds=0.05)
    p = pair(Fault("status", status=503, path="/graphql"), client={"policy": policy})
    p.client.authenticate()

    def ask(_: int) -> type[BaseException]:
        with pytest.raises(ServerError) as raised:
            p.client.graphql("{ me { ref } }")
        return raised.type

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(ask, range(32))) == {ServerError}
    assert p.sim.ledger.count(path="/graphql") == 32 + 10


def test_pages_against_real_data(pair: Any) -> None:
    """P21: pages forward and backward give the same nodes, each once, complete, with limits exact."""
    p = pair()
    forward = p.client.pages(POSITIONS, page_size=70)
    every = refs(forward)
    assert (len(every), len(set(every)), forward.complete) == (300, 300, True)
    back = p.client.pages("{ inventoryPositions(last: 70) { edges { node { ref } } } }")
    assert [ref for page in reversed([refs([page]) for page in back]) for ref in page] == every
    assert back.complete
    some = p.client.pages(POSITIONS, page_size=70, max_records=75)
    assert (refs(some), some.reason) == (every[:75], "max_records")
    rest = p.client.pages(POSITIONS, {"first": 100, "after": _last_cursor(p.client)})
    assert refs(rest) == every[75:]


def _last_cursor(client: FluentClient) -> str | None:
    return [page.cursor for page in client.pages(POSITIONS, page_size=70, max_records=75)][-1]


@pytest.mark.parametrize(
    ("kind", "reason"), [("empty_page", "empty_pages"), ("repeat_cursor", "repeated_cursor"), ("short_page", "")]
)
def test_faults_of_pages(pair: Any, kind: str, reason: str) -> None:
    """P21: an empty page, a repeated cursor or a short page never loops and never loses nodes in silence."""
    p = pair(Fault(kind, path="/graphql", nth=2))
    pages = p.client.pages(POSITIONS, page_size=50)
    found = refs(pages)
    assert pages.reason == reason
    assert pages.complete == (len(set(found)) == 300)
    assert p.sim.ledger.count(path="/graphql") <= 8


@pytest.mark.parametrize("data", ["partial", None])
def test_graphql_errors_of_a_page(pair: Any, data: str | None) -> None:
    """P21: errors with HTTP 200 raise, with what data there is; with errors="partial" pages are kept and marked."""
    errors = [{"message": "boom", "extensions": {"code": "C0120E"}}]
    p = pair(Fault("graphql_errors", errors=errors, data=data, nth=2))
    pages = p.client.pages(POSITIONS, page_size=50)
    assert len(next(pages)) == 50
    with pytest.raises(GraphQLError, match="boom"):
        next(pages)
    assert not pages.complete
    q = pair(Fault("graphql_errors", errors=errors, data=data, nth=2))
    kept = q.client.pages(POSITIONS, page_size=50, errors="partial")
    assert len(refs(kept)) == (299 if data else 50)
    assert not kept.complete
    assert "errors" in kept.reason


def test_nested_connections_are_watched(pair: Any) -> None:
    """P21: orders whose items are cut make the answer incomplete; asked for all of them, it is complete."""
    p = pair()
    cut = p.client.pages("{ orders { edges { node { ref items(first: 1) { edges { node { ref } } } } } } }")
    list(cut)
    assert cut.reason == "nested_truncated: orders.edges.node.items"
    whole = p.client.pages("{ orders { edges { node { ref items(first: 500) { edges { node { ref } } } } } } }")
    list(whole)
    assert whole.complete


WHOLE = {
    "order items": "orders(ref: $refs) { edges { node { ref items(first: $n) { edges { node { ref price } } } } } }",
    "items backward": "orders(ref: $refs) { edges { node { ref items(last: $n) { edges { node { ref } } } } } }",
    "parcels of fulfilments": """fulfilments { edges { node { ref articles(first: $n) { edges { node { ref
        consignmentArticles(first: $n) { edges { node { consignment { trackingLabel } } } } } } } } } }""",
    "items of returns": "returnOrders { edges { node { returnOrderItems(first: $n) { edges { node { ref } } } } } }",
    "items of choices": """orders(ref: $refs) { edges { node {
        fulfilmentChoice { items(first: $n) { edges { node { ref } } } }
        fulfilmentChoices(first: $n) { edges { node { items(first: $n) { edges { node { ref } } } } } } } } }""",
    "by ref": "categories { edges { node { childCategories(first: $n) { edges { node { ref } } } } } }",
    "of a type": """standardProducts { edges { node { variants(first: $n) { edges { node { ... on Product { ref }
        ... on VariantProduct { categories(first: $n) { edges { node { ref } } } } } } } } } }""",
    "through each other": """networks { edges { node { ref locations(first: $n) { edges { node { ref
        networks(first: $n) { edges { node { ref } } } } } } } } }""",
    "below one object": """inventoryCatalogue(ref: "DEFAULT:1") { inventoryPositions { edges { node { ref
        quantities(first: $n) { edges { node { ref quantity } } } } } } }""",
}


@pytest.mark.parametrize("what", WHOLE)
def test_nested_connections_are_followed(what: str) -> None:
    """P21: followed, nodes are whole at any depth: as if all inside them had been asked for at once."""
    sim = Simulator(positions=30)
    client = FluentClient(**sim.connect(), transport=sim.transport(), clock=ManualClock())
    takes = "$n: Int!, $refs: [String]" if "$refs" in WHOLE[what] else "$n: Int!"
    query, refs = f"query Q({takes}) {{ {WHOLE[what]} }}", ["ORD-00003", "ORD-00004"]
    whole = client.pages(query, {"n": 300, "refs": refs})
    followed = client.pages(query, {"n": 2, "refs": refs}, nested="follow")
    expected = pl.concat(whole.frames())
    assert whole.complete
    assert pl.concat(followed.frames()).equals(expected)
    assert (followed.complete, followed.reason) == (True, "")


def test_an_order_with_300_items_is_whole(pair: Any) -> None:
    """P21: a frame holds every item of an order, though a page of them ends before, in few requests."""
    p = pair()
    orders = p.client.frame("{ orders { edges { node { ref items { edges { node { ref price } } } } } } }")
    assert sorted(orders["items"].list.len())[-4:] == [100, 101, 150, 300]
    assert orders["items"].list.eval(pl.element().struct.field("ref").n_unique()).list.first().max() == 300
    assert p.sim.ledger.count(path="/graphql") <= 4


def test_pages_that_are_too_complex_shrink(pair: Any) -> None:
    """P21: a query over the platform's complexity limit is paged in smaller pages, and whole."""
    p = pair()
    pages = p.client.pages(
        "{ orders(first: 500) { edges { node { ref items(first: 500) { edges { node { ref product { ref ... on "
        "VariantProduct { categories { edges { node { ref } } } } } } } } } } } }",
        nested="follow",
    )
    assert (sum(len(page) for page in pages), pages.complete) == (150, True)
    assert pages.query.size < 100


def test_frame_of_real_data(pair: Any) -> None:
    """A frame has one row a node and the query's columns, nested ones flattened."""
    p = pair()
    orders = p.client.frame(
        "{ orders { edges { node { ref totalPrice customer { ref } items(first: 500) { edges { node { ref } } } } } } }"
    )
    assert orders.columns == ["ref", "totalPrice", "customer.ref", "items"]
    assert orders.schema["items"] == pl.List(pl.Struct({"ref": pl.String}))
    assert orders.schema["totalPrice"] == pl.String
    assert orders.height > 0


def test_events(pair: Any) -> None:
    """Events are sent, told apart by their status, found by id and by search."""
    p = pair()
    receipt = p.client.send_event(EVENT, mode="sync")
    assert (receipt.ok, receipt.status) == (True, "COMPLETE")
    assert p.client.event(receipt.id)["name"] == "OrderCancel"
    with pytest.raises(NotFoundError, match="NO_MATCH"):
        p.client.send_event({**EVENT, "name": "Nobody"}, mode="sync")
    for _ in range(4):
        p.client.send_event(EVENT)
    found = list(p.client.events(entity_ref="O-1", event_status="COMPLETE", count=2))
    assert len(found) == 5


def test_event_route(pair: Any) -> None:
    """An event route sends each row once and learns its end from the log."""
    p = pair()
    route = p.client.event_sender({"name": "OrderCancel", "entityType": "ORDER"})
    rows = pl.DataFrame({"entityRef": ["O-1", "O-2"]})
    receipts = [route.post(route.pack(rows.slice(at, 1)), 1) for at in range(2)]
    findings = route.outcomes(receipts)
    assert findings.records.select("ref", "outcome").rows() == [("O-1", "delivered"), ("O-2", "delivered")]
    assert p.sim.ledger.events["effects"].to_list() == [1, 1]


def test_nothing_secret_is_logged_or_raised(pair: Any, caplog: pytest.LogCaptureFixture) -> None:
    """P9: over a real socket too, httpx and httpcore at DEBUG and tracebacks with locals show no secret."""
    p = pair(Fault("status", status=500, path="/graphql"), Fault("half_body", path="/job"))
    hidden = [p.sim.connect()[name] for name in ("client_secret", "password")]
    with caplog.at_level(logging.DEBUG):
        for call in (lambda: p.client.graphql("{ me { ref } }"), lambda: p.client.create_job("j")):
            with pytest.raises(ApiError) as raised:
                call()
            error = raised.value
            assert (error.__cause__, error.__context__) == (None, None)
            below = error.__traceback__.tb_next.tb_next
            shown = "".join(traceback.TracebackException(type(error), error, below, capture_locals=True).format())
            assert not any(secret in shown for secret in [*hidden, p.client._http._auth._token.access.reveal()])
    token = p.client._http._auth._token
    for secret in (*hidden, token.access.reveal(), token.refresh.reveal()):
        assert secret not in caplog.text
    assert "HTTP Request" in caplog.text


@pytest.mark.socket
def test_dead_server_is_told() -> None:
    """A server that is not there is told by its address, with what to check."""
    client = FluentClient(base_url="http://127.0.0.1:1", client_id="i", client_secret="secret-secret", policy=ONE)
    with client, pytest.raises(RetryableError, match=r"127\.0\.0\.1:1 cannot be reached"):
        client.authenticate()


@pytest.mark.socket
def test_slow_server_runs_into_the_timeout(pair: Any) -> None:
    """A server that does not answer in time ends the call; it never hangs."""
    p = pair(Fault("slow", seconds=5, path="/graphql"), client={"timeout_seconds": 0.2, "policy": ONE})
    p.client.authenticate()
    if p.sim.url.startswith("http://127"):
        with pytest.raises(RetryableError, match="did not arrive"):
            p.client.graphql("{ me { ref } }")
