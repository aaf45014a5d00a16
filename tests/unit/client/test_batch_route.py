"""The batch route: its job, its references, and what it says of each record."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import (
    AuthError,
    BadRequestError,
    ConfigError,
    ConnectionFailedError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
    StoreError,
)
from fcwork.routes import OUTCOME_SCHEMA, Receipt, Route

JOB = "/api/v4.1/job"
ROWS = pl.DataFrame(
    {
        "_row": [1, 2],
        "_source": ["", ""],
        "locationRef": ["L", "L"],
        "skuRef": ["A", "B"],
        "type": ["T", "T"],
        "qty": [1, None],
    }
)


def jobs(platform: Any) -> None:
    """Let the platform number its jobs."""
    numbers = iter(range(1, 1_000))
    platform.on(JOB, lambda _: (200, {"id": str(next(numbers))}))


def test_is_a_route(client: FluentClient) -> None:
    """The route is what recovery drives, and says whether a repeat is safe."""
    route = client.batches()
    assert isinstance(route, Route)
    assert (route.name, route.target, route.repeat_safe, route.verifiable) == ("batch", client.target, True, True)
    assert (route.limits.max_rows, route.limits.max_bytes) == (5_000, 2_000_000)
    assert client.batches(entity_type="RETAILER", action="CREATE").repeat_safe is False


def test_job_is_opened_once_and_reused(platform: Any, client: FluentClient) -> None:
    """The job is opened with the first post and used for all, also by 20 threads at once."""
    jobs(platform)
    platform.on(f"{JOB}/1/batch", (200, {"id": "8"}))
    route = client.batches(name="load")
    assert platform.requests == []
    body = route.pack(ROWS)
    with ThreadPoolExecutor(20) as pool:
        receipts = list(pool.map(lambda _: route.post(body, 2), range(20)))
    assert platform.sent(JOB) == [{"name": "load", "retailerId": "5", "meta": {"preprocessing": "skip"}}]
    assert set(map(repr, receipts)) == {repr(Receipt("1/8", 2, {"job_id": "1", "batch_id": "8"}))}


def test_body_is_the_batch(client: FluentClient) -> None:
    """The packed body is the whole batch, without identity and nulls; the same rows give the same bytes."""
    route = client.batches(source="s", event="InventoryChanged", catalogue_ref="DEFAULT:1")
    assert route.pack(ROWS) == route.pack(ROWS.clone())
    assert json.loads(route.pack(ROWS)) == {
        "action": "UPSERT",
        "entityType": "INVENTORY",
        "source": "s",
        "event": "InventoryChanged",
        "catalogueRef": "DEFAULT:1",
        "entities": [
            {"locationRef": "L", "skuRef": "A", "type": "T", "qty": 1},
            {"locationRef": "L", "skuRef": "B", "type": "T"},
        ],
    }


@pytest.mark.parametrize(
    ("status", "message"),
    [(404, "there is no job 1"), (400, "job 1 is CLOSED: batches go into an open job"), (409, "The job has expired")],
)
def test_closed_job_is_replaced(platform: Any, client: FluentClient, status: int, message: str) -> None:
    """P22: a job that the platform has closed is replaced once, and the batch goes into the new one."""
    jobs(platform)
    platform.on(f"{JOB}/1/batch", (200, {"id": "8"}), (status, {"errors": [{"message": message}]}))
    platform.on(f"{JOB}/2/batch", (200, {"id": "9"}))
    route = client.batches()
    body = route.pack(ROWS)
    receipts = [route.post(body, 2) for _ in range(3)]
    assert [receipt.id for receipt in receipts] == ["1/8", "2/9", "2/9"]
    assert len(platform.sent(JOB)) == 2


def test_threads_replace_a_closed_job_once(platform: Any, client: FluentClient) -> None:
    """P22: threads that find the same job closed open one new job together."""
    jobs(platform)
    platform.on(f"{JOB}/1/batch", (404, {"message": "no job"}))
    platform.on(f"{JOB}/2/batch", (200, {"id": "9"}))
    route = client.batches()
    body = route.pack(ROWS)
    with ThreadPoolExecutor(20) as pool:
        ids = {receipt.id for receipt in pool.map(lambda _: route.post(body, 2), range(40))}
    assert (ids, len(platform.sent(JOB))) == ({"2/9"}, 2)


def test_refusals_of_rows_do_not_replace_the_job(platform: Any, client: FluentClient) -> None:
    """P18: a batch refused for its records keeps the job, also where the message speaks of closed things."""
    jobs(platform)
    platform.on(f"{JOB}/1/batch", (400, {"message": "entity no. 3: status CLOSED is not allowed"}))
    route = client.batches()
    for _ in range(3):
        with pytest.raises(BadRequestError, match="entity no"):
            route.post(route.pack(ROWS), 2)
    assert len(platform.sent(JOB)) == 1


def test_new_day_new_job(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """P22: after midnight UTC the route opens another job, without asking the closed one."""
    jobs(platform)
    platform.on(f"{JOB}/1/batch", (200, {"id": "8"}))
    platform.on(f"{JOB}/2/batch", (200, {"id": "9"}))
    route = client.batches()
    route.post(b"{}", 1)
    clock.advance((datetime(2026, 1, 16, tzinfo=UTC) - clock.now()).total_seconds())
    assert route.post(b"{}", 1).id == "2/9"
    assert len([request for request in platform.requests if request.url.path.endswith("/1/batch")]) == 1


def job_of(route: Route) -> str:
    """Post a row and return the job it went into."""
    job: str = route.post(b"{}", 1).details["job_id"]
    return job


@pytest.fixture
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the state of a test in its own folder."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path))


@pytest.mark.usefixtures("_home")
def test_daily_job_is_shared(platform: Any, make_client: Callable[..., FluentClient], clock: ManualClock) -> None:
    """Daily routes share a job of the day, also with other processes; per-run routes have one each."""
    jobs(platform)
    for number in range(1, 8):
        platform.on(f"{JOB}/{number}/batch", (200, {"id": "8"}))
    daily = [job_of(make_client().batches(job="daily", name="d")) for _ in range(2)]
    single = [job_of(make_client().batches(name="d")) for _ in range(2)]
    others = [job_of(make_client().batches(job="daily", name="d", retailer_id="9"))]
    clock.advance(86_400)
    tomorrow = [job_of(make_client().batches(job="daily", name="d")) for _ in range(2)]
    assert (daily, single, others, tomorrow) == (["1", "1"], ["2", "3"], ["4"], ["5", "5"])


@pytest.mark.usefixtures("_home")
def test_closed_daily_job_is_replaced_for_all(platform: Any, make_client: Callable[..., FluentClient]) -> None:
    """P22: who finds the day's job closed opens another, and the others go over to it."""
    jobs(platform)
    platform.on(f"{JOB}/1/batch", (200, {"id": "8"}), (404, b""))
    platform.on(f"{JOB}/2/batch", (200, {"id": "9"}))
    routes = [make_client().batches(job="daily") for _ in range(3)]
    assert [job_of(route) for route in routes] == ["1", "2", "2"]
    assert job_of(routes[0]) == "2"
    assert len(platform.sent(JOB)) == 2


@pytest.mark.usefixtures("_home")
def test_unusable_store_is_told_before_anything_is_sent(client: FluentClient, tmp_path: Path) -> None:
    """A store that cannot be used is told when the route is made, not when rows are under way."""
    (tmp_path / "state.sqlite").mkdir()
    with pytest.raises(StoreError):
        client.batches(job="daily")


def test_unknown_kind_of_job(client: FluentClient) -> None:
    """The kind of job is per-run or daily."""
    with pytest.raises(BadRequestError, match="per-run"):
        client.batches(job="weekly")  # type: ignore[arg-type] # the wrong value is the case


def test_given_job_is_not_replaced(platform: Any, client: FluentClient) -> None:
    """A job that the caller named is used as it is; where it is closed, the error says so and no row is at fault."""
    platform.on(f"{JOB}/77/batch", (400, {"message": "job 77 is CLOSED"}))
    with pytest.raises(NotFoundError, match="77") as raised:
        client.batches("77").post(b"{}", 1)
    assert "midnight" in raised.value.hint
    assert platform.sent(JOB) == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((400, {"message": "no retailer 5"}), ConfigError),
        ((404, b""), ConfigError),
        ((403, {"message": "JOB_CREATE"}), AuthError),
        ((503, b""), ServerError),
        ((429, b""), RateLimitError),
        (httpx.ConnectError("refused"), ConnectionFailedError),
        (httpx.ReadTimeout("slow"), ConnectionFailedError),
        ((200, b"{}"), ConnectionFailedError),
    ],
)
def test_job_that_cannot_be_opened_is_no_rows_fault(
    platform: Any, client: FluentClient, answer: Any, kind: type[Exception]
) -> None:
    """P16: where no job can be opened, nothing was sent: never an unknown end, never a refusal of the rows."""
    platform.on(JOB, answer)
    with pytest.raises(kind) as raised:
        client.batches().post(b"{}", 1)
    assert raised.value.__context__ is None


def test_job_is_opened_again_after_a_lost_answer(platform: Any, client: FluentClient) -> None:
    """An empty job has no effect, so a lost answer to its opening is simply asked for again."""
    platform.on(JOB, httpx.ReadError("reset"), (503, b""), (200, {"id": "1"}))
    platform.on(f"{JOB}/1/batch", (200, {"id": "8"}))
    assert client.batches().post(b"{}", 1).id == "1/8"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ReadTimeout("slow"), OutcomeUnknownError),
        ((200, b'{"id"'), OutcomeUnknownError),
        ((200, {}), OutcomeUnknownError),
        ((503, b"", {"retry-after": "9"}), ServerError),
        ((429, b"", {"retry-after": "9"}), RateLimitError),
        ((413, b""), BadRequestError),
        (httpx.ConnectError("refused"), ConnectionFailedError),
    ],
)
def test_post_sends_once(
    platform: Any, client: FluentClient, clock: ManualClock, *, answer: Any, kind: type[Exception]
) -> None:
    """A post is one request, whatever its end: trying again is for recovery, which keeps the books."""
    platform.on(f"{JOB}/1/batch", answer)
    with pytest.raises(kind) as raised:
        client.batches("1").post(b"{}", 1)
    assert (len(platform.requests), clock.sleeps) == (1, [])
    if kind in {ServerError, RateLimitError}:
        assert raised.value.retry_after == 9


@pytest.mark.parametrize(
    ("columns", "refs"),
    [
        ({"skuRef": ["A"], "locationRef": ["L"], "type": ["T"]}, ["A:L:T"]),
        ({"skuRef": ["A"], "locationRef": ["L"]}, ["A:L"]),
        ({"ref": ["R", None], "skuRef": ["A", "B"], "locationRef": ["L", "L"], "type": ["T", "T"]}, ["R", "B:L:T"]),
        ({"ref": ["R", None], "locationRef": ["L", "L"], "type": ["T", "T"]}, ["R", None]),
        ({"ref": [7]}, ["7"]),
    ],
)
def test_references(client: FluentClient, columns: dict[str, Any], refs: list[str]) -> None:
    """A row's reference is its ref, else the one that the platform builds of SKU, location and type."""
    assert client.batches().entity_ref(pl.DataFrame(columns)).to_list() == refs


def test_rows_without_a_reference_are_told(client: FluentClient) -> None:
    """Rows without anything to tell them by are refused with what to give them."""
    with pytest.raises(BadRequestError) as raised:
        client.batches().entity_ref(pl.DataFrame({"qty": [1]}))
    assert "skuRef" in raised.value.hint


def test_outcomes(platform: Any, client: FluentClient) -> None:
    """P15: a complete batch tells of each record by its reference and code; others are open."""
    codes = [200, 404, 301, 400, 500, 403, None]
    entities = [{"entityRef": f"R{at}", "responseCode": code, "message": "m"} for at, code in enumerate(codes)]
    platform.on(f"{JOB}/1/batch/8", (200, {"status": "COMPLETE", "total": len(codes), "entities": entities}))
    platform.on(f"{JOB}/1/batch/9", (200, {"status": "RUNNING"}))
    receipts = [Receipt(f"1/{batch}", 1, {"job_id": "1", "batch_id": batch}) for batch in ("8", "9")]
    findings = client.batches().outcomes(receipts)
    assert findings.open == ("1/9",)
    assert findings.records.schema == OUTCOME_SCHEMA
    outcomes = ["delivered", "rejected", "rejected", "rejected", "retryable", "unknown", "unknown"]
    assert findings.records["outcome"].to_list() == outcomes
    assert findings.records.row(1) == ("1/8", "R1", "rejected", "404", "m")


def test_outcomes_of_nothing(client: FluentClient) -> None:
    """No receipts have no outcomes."""
    findings = client.batches().outcomes([])
    assert (findings.records.schema, findings.records.height, findings.open) == (OUTCOME_SCHEMA, 0, ())
