"""Jobs and batches: what is sent, its limits, and waiting for results."""

import json
from typing import Any

import pandas as pd
import polars as pl
import pytest

from fcwork.client import Batch, FluentClient, Job
from fcwork.client.jobs import RESULTS
from fcwork.clock import ManualClock
from fcwork.errors import BadRequestError, ConfigError, OutcomeUnknownError

BATCH = "/api/v4.1/job/1/batch"


def result(ref: str, code: Any = 200, message: str | None = None) -> dict[str, Any]:
    """Return the result of one record."""
    return {"entityId": "9", "entityRef": ref, "responseCode": code, "message": message}


def status(state: str, entities: list[Any] | None = None, **more: Any) -> Any:
    """Return the answer to a question for a batch."""
    return 200, {"id": "8", "jobId": "1", "status": state, "entities": entities or [], **more}


def test_create_job(platform: Any, client: FluentClient) -> None:
    """A job is opened with its name, its retailer and what is said of preprocessing; nothing else is sent."""
    platform.on("/api/v4.1/job", (200, {"id": 7}))
    assert client.create_job("plain") == Job("7", "plain")
    client.create_job("full", retailer_id="9", preprocessing="skip", meta={"by": "me"})
    assert platform.sent("/api/v4.1/job") == [
        {"name": "plain", "retailerId": "5"},
        {"name": "full", "retailerId": "9", "meta": {"by": "me", "preprocessing": "skip"}},
    ]


def test_job_takes_only_known_preprocessing(platform: Any, make_client: Any) -> None:
    """P32: a word that is neither skip nor enabled, or a meta that is no JSON, is refused before anything is sent."""
    client = make_client()
    with pytest.raises(BadRequestError, match="preprocessing='maybe' is not known"):
        client.create_job("full", retailer_id="9", preprocessing="maybe")
    with pytest.raises(BadRequestError, match="a job"):
        client.create_job("full", retailer_id="9", meta={"by": object()})
    assert platform.requests == []


def test_job_needs_a_retailer(platform: Any, make_client: Any) -> None:
    """Without a retailer a job is refused before anything is sent, and so is a route that would open one."""
    client = make_client(retailer_id=None)
    with pytest.raises(ConfigError, match="retailer"):
        client.create_job("j")
    with pytest.raises(ConfigError, match="retailer"):
        client.batches()
    client.batches("1")
    client.batches(retailer_id="9")
    assert platform.requests == []


def test_job_status(platform: Any, client: FluentClient) -> None:
    """A job tells its status and its batches."""
    batches = [{"id": "8", "status": "COMPLETE"}]
    platform.on("/api/v4.1/job/7", (200, {"id": "7", "name": "j", "status": "OPEN", "batch": batches}))
    job = client.job_status("7")
    assert (job, job.batches) == (Job("7", "j", "OPEN", tuple(batches)), tuple(batches))


@pytest.mark.parametrize("kind", ["records", "polars", "lazy", "pandas", "pyarrow"])
def test_send_batch_takes_any_frame(platform: Any, client: FluentClient, kind: str) -> None:
    """Records and every kind of frame are sent alike: no identity, no nulls."""
    rows = pl.DataFrame({"_row": [1, 2], "_source": ["f", "f"], "ref": ["A", "B"], "qty": [None, 2]})
    given = {
        "records": rows.to_dicts(),
        "polars": rows,
        "lazy": rows.lazy(),
        "pandas": pd.DataFrame(rows.to_dicts()),
        "pyarrow": rows.to_arrow(),
    }[kind]
    platform.on(BATCH, (200, {"id": "8"}))
    batch = client.send_batch("1", given, source="s", event="E", catalogue_ref="DEFAULT:1")
    assert (batch.id, batch.job_id, batch.rows) == ("8", "1", 2)
    assert platform.sent(BATCH) == [
        {
            "action": "UPSERT",
            "entityType": "INVENTORY",
            "source": "s",
            "event": "E",
            "catalogueRef": "DEFAULT:1",
            "entities": [{"ref": "A"}, {"ref": "B", "qty": 2}],
        }
    ]


@pytest.mark.parametrize(
    ("rows", "match"),
    [([], "0"), ([{"ref": "A"}] * 5_001, "5,001"), ([{"ref": "x" * 2_000}] * 1_000, "2,000,000 bytes")],
)
def test_batches_keep_the_limits(platform: Any, client: FluentClient, rows: list[Any], match: str) -> None:
    """P18: no records, more than 5,000 or more than 2 MB are refused before anything is sent."""
    with pytest.raises(BadRequestError, match=match):
        client.send_batch("1", rows)
    assert platform.requests == []


def test_what_is_no_frame_is_told(client: FluentClient) -> None:
    """What is neither records nor a frame is a TypeError."""
    with pytest.raises(TypeError, match="no frame"):
        client.send_batch("1", 5)  # type: ignore[arg-type] # the wrong value is the case


def test_batch_status(platform: Any, client: FluentClient) -> None:
    """A batch tells its status, the total and a page of results as a frame."""
    platform.on(f"{BATCH}/8", status("COMPLETE", [result("A"), result("B", "404", "no such SKU")], total=7))
    batch = client.batch_status("1", "8", start=2, count=2)
    assert dict(platform.requests[0].url.params) == {"start": "2", "count": "2"}
    assert (batch.status, batch.total) == ("COMPLETE", 7)
    assert batch.results.schema == RESULTS
    assert batch.results.rows() == [("1", "8", "9", "A", 200, None), ("1", "8", "9", "B", 404, "no such SKU")]
    assert isinstance(batch, Batch)


def test_wait_polls_at_once_and_then_slower(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """Waiting asks at once, after 2 s, then half as long again each time, never more than 30 s apart."""
    platform.on(
        f"{BATCH}/8", *[status("PENDING")] * 5, *[status("RUNNING")] * 5, status("COMPLETE", [result("A")], total=1)
    )
    results = client.wait_for_batches("1", ["8"], timeout=600)
    assert results["entity_ref"].to_list() == ["A"]
    assert clock.sleeps[:3] == [2.0, 3.0, 4.5]
    assert (len(clock.sleeps), max(clock.sleeps)) == (10, 30.0)


def test_wait_reads_every_page_of_results(platform: Any, client: FluentClient) -> None:
    """All results are read, however few the platform gives at a time."""

    def page(request: Any) -> Any:
        start = int(request.url.params["start"])
        return status("COMPLETE", [result(f"R{at}") for at in range(start, min(start + 100, 250))], total=250)

    platform.on(f"{BATCH}/8", page)
    results = client.wait_for_batches("1", ["8"], timeout=10)
    assert results["entity_ref"].to_list() == [f"R{at}" for at in range(250)]


def test_results_that_stop_short_end(platform: Any, client: FluentClient) -> None:
    """A total that is never reached ends with what there is: the records that are missing are unknown."""
    platform.on(f"{BATCH}/8", status("COMPLETE", [result("A")], total=5), status("COMPLETE", [], total=5))
    assert client.wait_for_batches("1", ["8"], timeout=10).height == 1


@pytest.mark.parametrize("total", [None, "many"])
def test_results_without_a_total(platform: Any, client: FluentClient, total: Any) -> None:
    """Without a total, results are read until there are no more."""
    more = {} if total is None else {"total": total}
    platform.on(f"{BATCH}/8", status("COMPLETE", [result("A")], **more), status("COMPLETE", [], **more))
    assert client.wait_for_batches("1", ["8"], timeout=10).height == 1


def test_wait_names_what_is_still_open(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """P22: when the time is up, the error names the batches that are open and says what to do."""
    platform.on(f"{BATCH}/8", status("COMPLETE", [result("A")], total=1))
    platform.on(f"{BATCH}/9", status("PENDING"))
    with pytest.raises(OutcomeUnknownError, match=r"1 batches of job 1 .* after 60 s: 9") as raised:
        client.wait_for_batches("1", ["8", "9", "9"], timeout=60)
    assert clock.monotonic() == 60
    assert "before sending" in raised.value.hint
    asked = [request.url.path for request in platform.requests]
    assert asked.count(f"{BATCH}/8") == 1


def test_wait_for_nothing(client: FluentClient) -> None:
    """No batches have no results."""
    results = client.wait_for_batches("1", [], timeout=0)
    assert (results.schema, results.height) == (RESULTS, 0)


def test_odd_results_are_kept(platform: Any, client: FluentClient) -> None:
    """Results with numbers for texts, no code or no reference are kept as they can be."""
    odd = [{"entityId": 5, "entityRef": 7, "responseCode": None}, {"responseCode": "soon"}, {}]
    platform.on(f"{BATCH}/8", status("COMPLETE", odd, total=3))
    rows = client.batch_status("1", "8").results.select("entity_id", "entity_ref", "response_code").rows()
    assert rows == [("5", "7", None), (None, None, None), (None, None, None)]


def test_body_is_json_as_sent(platform: Any, client: FluentClient) -> None:
    """The body says that it is JSON and is."""
    platform.on(BATCH, (200, {"id": "8"}))
    client.send_batch("1", pl.DataFrame({"ref": ['a"b\\', "é"]}))
    request = platform.requests[0]
    assert request.headers["content-type"] == "application/json"
    assert [entity["ref"] for entity in json.loads(request.content)["entities"]] == ['a"b\\', "é"]


@pytest.mark.parametrize("total", [{}, {"total": 5000}])
def test_results_that_come_again_end(platform: Any, client: FluentClient, total: Any) -> None:
    """P21: a platform that answers each page with the same results is asked once more and no further."""
    platform.on(f"{BATCH}/8", status("COMPLETE", [result("A")], **total))
    assert client.wait_for_batches("1", ["8"], timeout=5)["entity_ref"].to_list() == ["A"]
    assert len(platform.requests) == 2


@pytest.mark.parametrize("told", [[None, "x"], {"a": result("A")}, 5])
def test_results_of_another_form_are_none(platform: Any, client: FluentClient, told: Any) -> None:
    """P22: what is no result is left out, so that its record ends as unknown."""
    platform.on(f"{BATCH}/8", (200, {"status": "COMPLETE", "entities": told}))
    assert client.wait_for_batches("1", ["8"], timeout=5).height == 0


def test_one_batch_may_be_named_alone(platform: Any, client: FluentClient) -> None:
    """An id of several digits is one batch, not one a digit."""
    platform.on(f"{BATCH}/18", status("COMPLETE", [result("A")], total=1))
    assert client.wait_for_batches("1", "18", timeout=5).height == 1


def test_no_id_is_no_path(platform: Any, client: FluentClient) -> None:
    """P32: None in the place of an id is told before anything is sent."""
    with pytest.raises(BadRequestError, match="job_id None is no id"):
        client.job_status(None)  # type: ignore[arg-type]  # the mistake in question
    assert platform.requests == []


def test_a_job_with_odd_batches(platform: Any, client: FluentClient) -> None:
    """A job whose batches are no list has none."""
    platform.on("/api/v4.1/job/1", (200, {"status": "OPEN", "batch": 5}))
    assert client.job_status("1").batches == ()
