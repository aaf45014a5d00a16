"""Looks at many batches: together where the job lists them, and one that fails hides none of the others."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fcwork.client import FluentClient
from fcwork.client.jobs import RESULTS
from fcwork.clock import ManualClock
from fcwork.errors import (
    AuthError,
    ConnectionFailedError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    ServerError,
)
from fcwork.retry import RetryPolicy
from fcwork.routes import Receipt

JOB = "/api/v4.1/job"
Make = Callable[..., FluentClient]
FORBIDDEN = (403, {"message": "JOB_VIEW"})


def receipts(*batches: str, job: str = "1") -> list[Receipt]:
    """Return the receipts of batches."""
    return [Receipt(f"{job}/{batch}", 1, {"job_id": job, "batch_id": batch}) for batch in batches]


def listing(**statuses: str) -> Any:
    """Return the answer to a question for a job: its batches by their ids, written b8 and so on."""
    return 200, {"status": "OPEN", "batch": [{"id": name[1:], "status": one} for name, one in statuses.items()]}


def complete(ref: str, code: int = 200) -> Any:
    """Return the answer to a question for a complete batch of one record."""
    return 200, {"status": "COMPLETE", "total": 1, "entities": [{"entityRef": ref, "responseCode": code}]}


def asked(platform: Any) -> Counter[str]:
    """Count the questions by what they are about."""
    return Counter(request.url.path.removeprefix(f"{JOB}/") for request in platform.requests)


def refs(findings: Any) -> list[str]:
    """Return the references that are told of, sorted."""
    return sorted(findings.records["ref"])


def test_open_batches_are_one_question(platform: Any, client: FluentClient) -> None:
    """P22: 200 open batches of a job are looked at by one request, and 200 of two jobs by two."""
    ids = [str(number) for number in range(200)]
    platform.on(f"{JOB}/1", listing(**{f"b{one}": "RUNNING" for one in ids}))
    platform.on(f"{JOB}/2", listing(**{f"b{one}": "PENDING" for one in ids}))
    findings = client.batches().outcomes(receipts(*ids))
    assert findings.open == tuple(f"1/{one}" for one in ids)
    assert len(platform.requests) == 1
    client.batches().outcomes([*receipts(*ids[:100]), *receipts(*ids[100:], job="2")])
    assert asked(platform) == {"1": 2, "2": 1}


def test_only_complete_batches_are_asked_for_results(platform: Any, client: FluentClient) -> None:
    """P15: of the batches that a job lists only the complete ones are asked for, all pages of each."""
    platform.on(f"{JOB}/1", listing(b7="COMPLETE", b8="COMPLETE", b9="RUNNING"))

    def page(request: httpx.Request) -> Any:
        start = int(request.url.params["start"])
        told = [{"entityRef": f"R{at}", "responseCode": 200} for at in range(start, min(start + 2, 5))]
        return 200, {"status": "COMPLETE", "total": 5, "entities": told}

    platform.on(f"{JOB}/1/batch/7", page)
    platform.on(f"{JOB}/1/batch/8", complete("X", 404))
    findings = client.batches().outcomes(receipts("7", "8", "9"))
    assert (refs(findings), findings.open) == (["R0", "R1", "R2", "R3", "R4", "X"], ("1/9",))
    assert asked(platform) == {"1": 1, "1/batch/7": 3, "1/batch/8": 1}


def test_one_batch_is_asked_for_itself(platform: Any, client: FluentClient) -> None:
    """A single batch costs one question, with its results in the answer."""
    platform.on(f"{JOB}/1/batch/8", complete("X"))
    assert refs(client.batches().outcomes(receipts("8"))) == ["X"]
    assert asked(platform) == {"1/batch/8": 1}


@pytest.mark.parametrize("answer", [FORBIDDEN, (404, b""), (400, {"message": "no"}), (200, {"batch": 5}), (200, {})])
def test_batches_of_an_unlisted_job_are_asked_for_singly(platform: Any, client: FluentClient, answer: Any) -> None:
    """P22: where the job may not be looked at, or lists nothing, each batch is asked for by itself."""
    platform.on(f"{JOB}/1", answer)
    platform.on(f"{JOB}/1/batch/8", complete("X"))
    platform.on(f"{JOB}/1/batch/9", (200, {"status": "RUNNING"}))
    findings = client.batches().outcomes(receipts("8", "9"))
    assert (refs(findings), findings.open) == (["X"], ("1/9",))


@pytest.mark.parametrize("listed", [{"b9": "RUNNING"}, {"b9": "RUNNING", "b8": ""}])
def test_a_batch_that_is_not_named_is_asked_for_singly(platform: Any, client: FluentClient, listed: Any) -> None:
    """P22: a batch that its job does not name, or names without a status, is asked for by itself."""
    platform.on(f"{JOB}/1", listing(**listed))
    platform.on(f"{JOB}/1/batch/8", complete("X"))
    findings = client.batches().outcomes(receipts("8", "9"))
    assert (refs(findings), findings.open) == (["X"], ("1/9",))


def test_ids_may_be_numbers_and_listings_odd(platform: Any, client: FluentClient) -> None:
    """A job that lists its batches by numbers, with other things among them, is understood."""
    odd = [None, "x", {"id": 8, "status": "RUNNING"}, {"status": "COMPLETE"}, {"id": 9, "status": "COMPLETE"}]
    platform.on(f"{JOB}/1", (200, {"batches": odd}))
    platform.on(f"{JOB}/1/batch/9", complete("X"))
    findings = client.batches().outcomes(receipts("8", "9"))
    assert (refs(findings), findings.open) == (["X"], ("1/8",))


def test_listed_as_complete_and_not_yet_is_open(platform: Any, client: FluentClient) -> None:
    """P22: a batch that says of itself that it runs is open, whatever its job says."""
    platform.on(f"{JOB}/1", listing(b8="COMPLETE", b9="COMPLETE"))
    platform.on(f"{JOB}/1/batch/8", (200, {"status": "RUNNING"}))
    platform.on(f"{JOB}/1/batch/9", complete("X"))
    findings = client.batches().outcomes(receipts("8", "9"))
    assert (refs(findings), findings.open) == (["X"], ("1/8",))


@pytest.mark.parametrize("bad", [(404, b""), (500, b""), (200, b"{"), httpx.ReadTimeout("slow"), FORBIDDEN])
def test_one_bad_batch_hides_no_other(platform: Any, make_client: Make, bad: Any) -> None:
    """P22: a batch that cannot be looked at stays open, and what the others told is told."""
    client = make_client(policy=RetryPolicy(max_retries=0))
    platform.on(f"{JOB}/1", listing(b7="COMPLETE", b8="COMPLETE", b9="COMPLETE"))
    platform.on(f"{JOB}/1/batch/7", complete("X"))
    platform.on(f"{JOB}/1/batch/8", bad)
    platform.on(f"{JOB}/1/batch/9", complete("Y"))
    route = client.batches()
    first = route.outcomes(receipts("7", "8", "9"))
    again = route.outcomes(receipts("8", "9"))
    assert set(first.open) >= {"1/8"}
    assert sorted({*refs(first), *refs(again)}) == ["X", "Y"]
    with pytest.raises((RejectedError, ServerError, ConnectionFailedError)):
        route.outcomes(receipts("8"))


def test_bad_batches_come_last_in_the_next_look(platform: Any, make_client: Make) -> None:
    """P22: batches to which no answer comes end a look after three, and are asked for after the others in the next."""
    client = make_client(policy=RetryPolicy(max_retries=0))
    ids = [str(number) for number in range(10, 20)]
    platform.on(f"{JOB}/1", listing(**{f"b{one}": "COMPLETE" for one in ids}))
    for one in ids:
        dead = one in {"10", "11", "12", "13"}
        platform.on(f"{JOB}/1/batch/{one}", httpx.ReadTimeout("slow") if dead else complete(one))
    route = client.batches()
    with pytest.raises(ConnectionFailedError):
        route.outcomes(receipts(*ids))
    assert len(platform.requests) == 1 + 3
    platform.on(f"{JOB}/1/batch/11", complete("11"))
    assert refs(route.outcomes(receipts(*ids))) == ["11", *ids[4:]]


def test_missing_rights_end_the_look(platform: Any, client: FluentClient) -> None:
    """P26: a user who may look at no batch is told so after two questions, not after hundreds."""
    platform.on(f"{JOB}/1", FORBIDDEN)
    for number in range(300):
        platform.on(f"{JOB}/1/batch/{number}", FORBIDDEN)
    with pytest.raises(AuthError):
        client.batches().outcomes(receipts(*map(str, range(300))))
    assert len(platform.requests) == 2


def test_a_refusal_is_told_before_a_failure(platform: Any, make_client: Make) -> None:
    """P22: where nothing could be looked at, a refusal is raised: it makes recovery ask for each batch by itself."""
    client = make_client(policy=RetryPolicy(max_retries=0))
    platform.on(f"{JOB}/1", (404, b""))
    platform.on(f"{JOB}/1/batch/8", (500, b""))
    platform.on(f"{JOB}/1/batch/9", (404, b""))
    with pytest.raises(NotFoundError):
        client.batches().outcomes(receipts("8", "9"))


def test_a_job_that_does_not_answer_is_asked_again_later(platform: Any, make_client: Make) -> None:
    """P22: while a job cannot be listed for a failure, its batches stay open, and those of others are told."""
    client = make_client(policy=RetryPolicy(max_retries=0))
    platform.on(f"{JOB}/1", (503, b""))
    platform.on(f"{JOB}/2", listing(b8="COMPLETE", b9="RUNNING"))
    platform.on(f"{JOB}/2/batch/8", complete("X"))
    findings = client.batches().outcomes([*receipts("6", "7"), *receipts("8", "9", job="2")])
    assert (refs(findings), findings.open) == (["X"], ("1/6", "1/7", "2/9"))
    assert asked(platform) == {"1": 1, "2": 1, "2/batch/8": 1}


def test_waiting_asks_for_many_together(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """P22: waiting for 200 batches takes one question a look, and one more for each that is complete."""
    ids = [str(number) for number in range(200)]
    open_, done = ({f"b{one}": status for one in ids} for status in ("RUNNING", "COMPLETE"))
    platform.on(f"{JOB}/1", listing(**open_), listing(**open_), listing(**done))
    for one in ids:
        platform.on(f"{JOB}/1/batch/{one}", complete(one))
    results = client.wait_for_batches("1", ids, timeout=60)
    assert results.schema == RESULTS
    assert results["entity_ref"].to_list() == ids
    assert (asked(platform)["1"], len(platform.requests), clock.sleeps) == (3, 203, [2.0, 3.0])


def test_stuck_batches_are_named_with_advice(platform: Any, client: FluentClient) -> None:
    """P22: batches that are not complete in time are named with their status, and the error says what to do."""
    statuses = {f"b{number}": "PENDING" for number in range(30)} | {"b99": "COMPLETE"}
    platform.on(f"{JOB}/1", listing(**statuses))
    platform.on(f"{JOB}/1/batch/99", complete("X"))
    with pytest.raises(OutcomeUnknownError, match=r"30 batches of job 1 .* 0 \(PENDING\), 1 \(PENDING\)") as raised:
        client.wait_for_batches("1", [name[1:] for name in statuses], timeout=60)
    assert "and 10 more" in raised.value.message
    assert "support" in raised.value.hint
    assert asked(platform)["1/batch/99"] == 1


def test_waiting_outlasts_a_failure(platform: Any, make_client: Make) -> None:
    """P22: a platform that fails for a while does not end the wait; an id that is none does."""
    client = make_client(policy=RetryPolicy(max_retries=0))
    platform.on(f"{JOB}/1/batch/8", (503, b""), httpx.ReadTimeout("slow"), complete("X"))
    assert client.wait_for_batches("1", ["8"], timeout=60).height == 1
    platform.on(f"{JOB}/1/batch/8", (503, b""))
    with pytest.raises(OutcomeUnknownError, match="503"):
        client.wait_for_batches("1", ["8"], timeout=60)
    with pytest.raises(NotFoundError):
        client.wait_for_batches("1", ["9"], timeout=60)
