"""The jobs that batches go into: of one run, of a day that workers share, and how many batches each takes."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import (
    BadRequestError,
    ConfigError,
    ConnectionFailedError,
    NotFoundError,
    OutcomeUnknownError,
    ServerError,
    StoreError,
)
from fcwork.store import Lease, SQLiteStore

JOB = "/api/v4.1/job"
KEY = "daily-jobs:acme.api.example.com (retailer 5):skip:5:fcwork:2026-01-15"
OPENING = f"{KEY}:opening"
Make = Callable[..., FluentClient]


@pytest.fixture(autouse=True)
def _platform(platform: Any) -> None:
    """Let the platform number its jobs, and take batches for any of them."""
    numbers = iter(range(1, 1_000))
    platform.on(JOB, lambda _: (200, {"id": str(next(numbers))}))
    for number in range(1, 30):
        platform.on(f"{JOB}/{number}/batch", (200, {"id": "8"}))


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> SQLiteStore:
    """Give a store that lives as long as the test."""
    return SQLiteStore(tmp_path / "state.sqlite", clock=clock)


def post(route: Any, times: int = 1) -> list[str]:
    """Post batches and return the jobs they went into."""
    return [route.post(b"{}", 1).details["job_id"] for _ in range(times)]


@pytest.mark.parametrize("job", ["per-run", "daily"])
def test_a_job_takes_so_many_batches(client: FluentClient, store: SQLiteStore, job: Any) -> None:
    """With batches_per_job the batch after the last that fits goes into another job, and the route names all."""
    route = client.batches(job=job, batches_per_job=2, store=store)
    assert route.job_ids == ()
    assert post(route, 5) == ["1", "1", "2", "2", "3"]
    assert route.job_ids == ("1", "2", "3")


@pytest.mark.parametrize("job", ["per-run", "daily"])
def test_workers_fill_each_job_exactly(client: FluentClient, store: SQLiteStore, job: Any) -> None:
    """Eight threads at once put exactly so many batches into each job."""
    route = client.batches(job=job, batches_per_job=3, store=store)
    with ThreadPoolExecutor(8) as pool:
        jobs = Counter(job for jobs in pool.map(lambda _: post(route), range(30)) for job in jobs)
    assert jobs == {str(number): 3 for number in range(1, 11)}


def test_workers_of_several_routes_fill_a_days_jobs_exactly(make_client: Make, store: SQLiteStore) -> None:
    """Routes that share a store share the count too: each takes the places that the others left."""
    routes = [make_client().batches(job="daily", batches_per_job=3, store=store) for _ in range(4)]
    assert sorted(job for _ in range(3) for route in routes for job in post(route)) == sorted("123" * 3 + "4" * 3)


@pytest.mark.parametrize("job", ["per-run", "daily"])
@pytest.mark.parametrize(
    ("answer", "kind", "jobs"),
    [
        ((400, {"message": "entity no. 3"}), BadRequestError, ["1", "1", "2"]),
        ((503, b""), ServerError, ["1", "1", "2"]),
        (httpx.ConnectError("refused"), ConnectionFailedError, ["1", "1", "2"]),
        (httpx.ReadTimeout("slow"), OutcomeUnknownError, ["1", "2", "2"]),
    ],
)
def test_only_batches_that_may_be_in_a_job_count(
    platform: Any, client: FluentClient, store: SQLiteStore, *, job: Any, answer: Any, kind: Any, jobs: list[str]
) -> None:
    """A batch that was refused takes no place however often it is tried; one that may have arrived does."""
    platform.on(f"{JOB}/1/batch", answer, (200, {"id": "8"}))
    route = client.batches(job=job, batches_per_job=2, store=store)
    with pytest.raises(kind):
        post(route)
    assert post(route, 3) == jobs


def test_too_large_a_batch_takes_no_place(client: FluentClient) -> None:
    """A batch over the limits is refused before it is given a job, so none is opened for it."""
    route = client.batches(batches_per_job=1)
    with pytest.raises(BadRequestError):
        route.post(b"x" * 2_000_001, 1)
    assert (post(route), route.job_ids) == (["1"], ("1",))


@pytest.mark.parametrize("job", ["per-run", "daily"])
def test_a_full_job_that_closes_is_replaced(platform: Any, client: FluentClient, store: SQLiteStore, job: Any) -> None:
    """P22: a job that closes before it is full is replaced, and the new one takes as many as any other."""
    platform.on(f"{JOB}/1/batch", (200, {"id": "8"}), (404, b""))
    route = client.batches(job=job, batches_per_job=3, store=store)
    assert post(route, 5) == ["1", "2", "2", "2", "3"]


@pytest.mark.parametrize("wrong", [0, -1, 2.0, "2", True])
def test_batches_per_job_is_a_count(client: FluentClient, wrong: Any) -> None:
    """P32: what is no count of batches is told at once, also beside a job of one's own."""
    with pytest.raises(ConfigError, match="batches_per_job"):
        client.batches(batches_per_job=wrong)
    with pytest.raises(ConfigError, match="batches_per_job"):
        client.batches("77", batches_per_job=1)


@pytest.mark.parametrize("wrong", ["weekly", ["daily"], {}, None])
def test_which_jobs_is_one_of_two(client: FluentClient, wrong: Any) -> None:
    """P32: whatever names no kind of jobs is told at once."""
    with pytest.raises(BadRequestError, match=r"job=.* is not known") as raised:
        client.batches(job=wrong)
    assert raised.value.hint


@pytest.mark.parametrize("job", ["per-run", "daily"])
@pytest.mark.parametrize("wrong", [None, "", 5, ["fcwork"]])
def test_the_jobs_to_open_have_a_name(client: FluentClient, store: SQLiteStore, job: Any, wrong: Any) -> None:
    """P32: what is no name for the jobs to open is told at once."""
    with pytest.raises(ConfigError, match="name is ") as raised:
        client.batches(job=job, name=wrong, store=store)
    assert raised.value.hint


@pytest.mark.parametrize("wrong", [None, "maybe", "", ["skip"]])
def test_preprocessing_is_said(platform: Any, client: FluentClient, wrong: Any) -> None:
    """P22: whether the platform may drop and merge is said for each job that is opened: never left to the account."""
    with pytest.raises(ConfigError, match="preprocessing=") as raised:
        client.batches(preprocessing=wrong)
    assert "'skip'" in raised.value.hint
    assert [client.batches(preprocessing=said).merges for said in ("skip", "enabled")] == [False, True]  # type: ignore[arg-type]
    given = [client.batches("77", preprocessing=said).merges for said in ("skip", "enabled", None)]  # type: ignore[arg-type]
    assert given == [False, True, True]
    assert platform.requests == []


def test_the_days_job_is_opened_by_one_while_others_wait(
    platform: Any, make_client: Make, clock: ManualClock, store: SQLiteStore
) -> None:
    """P22: while another worker opens the day's job, one waits for it and then uses it, and opens none."""
    held = store.acquire(OPENING, "another", ttl=60)

    class Waiting(ManualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.sleeps) == 3:
                store.set(KEY, [["29", 1]], fence=held)

    waiting = Waiting(clock.now())
    assert post(make_client(clock=waiting).batches(job="daily", store=store)) == ["29"]
    assert (len(waiting.sleeps), platform.sent(JOB)) == (3, [])


def test_the_lease_of_a_dead_worker_is_taken_over(
    platform: Any, client: FluentClient, clock: ManualClock, store: SQLiteStore
) -> None:
    """P22: a worker that died while it opened the day's job holds the others up for a minute and no longer."""
    dead = store.acquire(OPENING, "dead", ttl=60)
    route = client.batches(job="daily", store=store)
    assert post(route) == ["1"]
    assert 59 < sum(clock.sleeps) < 62
    assert len(platform.sent(JOB)) == 1
    assert dead is not None
    with pytest.raises(StoreError, match="no longer held"):
        store.set(KEY, [["99", 1]], fence=dead)
    assert store.acquire(OPENING, "next", ttl=1) is not None


def test_waiting_for_the_days_job_ends(platform: Any, make_client: Make, store: SQLiteStore) -> None:
    """P22: a worker that holds the lease for ever ends the wait in an error that can be retried; nothing is sent."""

    class Renewing(ManualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            store._clock.advance(seconds)  # type: ignore[attr-defined]
            leases[0] = store.renew(leases[0], ttl=60)

    leases: list[Lease] = [store.acquire(OPENING, "another", ttl=60)]  # type: ignore[list-item]
    route = make_client(clock=Renewing()).batches(job="daily", store=store)
    with pytest.raises(ConnectionFailedError, match="another worker"):
        post(route)
    assert platform.requests == []


def test_a_lost_lease_leaves_the_others_job(
    platform: Any, client: FluentClient, clock: ManualClock, store: SQLiteStore
) -> None:
    """P22: a worker that was too slow uses the job that another noted meanwhile: its own is never noted."""

    def slow(_: Any) -> Any:
        clock.advance(61)
        lease = store.acquire(OPENING, "another", ttl=60)
        assert lease is not None
        store.set(KEY, [["29", 1]], fence=lease)
        store.release(lease)
        return 200, {"id": "1"}

    platform.on(JOB, slow)
    route = client.batches(job="daily", store=store)
    assert post(route) == ["29"]
    assert store.get(KEY) == [["29", 1]]


def test_a_job_that_cannot_be_opened_gives_the_lease_back(
    platform: Any, client: FluentClient, clock: ManualClock, store: SQLiteStore
) -> None:
    """A refusal to open the day's job leaves no lease behind: the next worker need not wait."""
    platform.on(JOB, (400, {"message": "no retailer"}), (200, {"id": "1"}))
    route = client.batches(job="daily", store=store)
    with pytest.raises(ConfigError):
        post(route)
    assert (post(route), clock.sleeps) == (["1"], [])


def test_a_store_that_fails_on_the_way_can_be_tried_again(
    platform: Any, client: FluentClient, tmp_path: Path, clock: ManualClock
) -> None:
    """A store that cannot be used while rows are under way is no row's fault, and nothing was sent."""
    store = SQLiteStore(tmp_path / "broken" / "state.sqlite", clock=clock)
    route = client.batches(job="daily", store=store)
    store.close()
    store.path.unlink()
    store.path.mkdir()
    with pytest.raises(ConnectionFailedError, match="day's job could not be looked up"):
        post(route)
    assert platform.requests == []
    store.path.rmdir()
    assert post(route) == ["1"]


def test_a_place_that_cannot_be_freed_stays_taken(
    platform: Any, client: FluentClient, tmp_path: Path, clock: ManualClock
) -> None:
    """A store that fails after a refused post does not hide the refusal."""
    store = SQLiteStore(tmp_path / "broken" / "state.sqlite", clock=clock)

    def broken(_: Any) -> Any:
        store.close()
        for part in store.path.parent.iterdir():
            part.unlink()
        store.path.mkdir()
        return 400, {"message": "entity no. 3"}

    platform.on(f"{JOB}/1/batch", broken)
    with pytest.raises(BadRequestError, match="entity no"):
        post(client.batches(job="daily", batches_per_job=2, store=store))


def test_a_new_day_begins_new_jobs(client: FluentClient, clock: ManualClock, store: SQLiteStore) -> None:
    """P22: after midnight UTC jobs of the day before are used no more, whether or not they are full."""
    routes = [client.batches(job=job, batches_per_job=5, store=store) for job in ("per-run", "daily")]  # type: ignore[arg-type]
    assert [post(route) for route in routes] == [["1"], ["2"]]
    clock.advance(12 * 3_600)
    assert [post(route) for route in routes] == [["3"], ["4"]]


def test_a_platform_that_closes_every_job_ends(platform: Any, client: FluentClient) -> None:
    """P22: where new jobs are closed as well, the error says so of the job and not of the rows, after a few jobs."""
    for number in range(1, 30):
        platform.on(f"{JOB}/{number}/batch", (400, {"message": f"job {number} is CLOSED"}))
    route = client.batches()
    with pytest.raises(NotFoundError, match="takes no batches") as raised:
        post(route)
    assert "clock" in raised.value.hint
    assert len(platform.sent(JOB)) == 3
    assert route.job_ids == ()


def test_jobs_of_a_route(platform: Any, client: FluentClient) -> None:
    """A route names the jobs that hold its batches, each once, also those that it only asks for."""
    platform.on(f"{JOB}/1/batch", (200, {"id": "8"}), (404, b""))
    platform.on(f"{JOB}/28/batch/5", (200, {"status": "RUNNING"}))
    route = client.batches()
    receipts = [route.post(b"{}", 1) for _ in range(3)]
    assert route.job_ids == ("1", "2")
    given = client.batches("28")
    assert given.job_ids == ()
    given.outcomes([type(receipts[0])("28/5", 1, {"job_id": "28", "batch_id": "5"})])
    assert given.job_ids == ("28",)
