"""Jobs and inventory batches."""

from collections.abc import Callable
from typing import Any

import httpx
import polars as pl
import pytest

from fcwork.clock import ManualClock
from fcwork.simulator import Fault, Faults, Simulator

Enter = Callable[[Simulator], httpx.Client]
Make = Callable[..., Simulator]


def _record(number: int = 1, **fields: Any) -> dict[str, Any]:
    usual = {"locationRef": "LOC-1", "skuRef": f"SKU-{number}", "qty": number}
    return {**usual, "type": "LAST_ON_HAND", "status": "ACTIVE", **fields}


def _new_job(client: httpx.Client, **fields: Any) -> str:
    answer = client.post("/api/v4.1/job", json={"name": "test", "retailerId": "2", **fields})
    return str(answer.json()["id"])


def _send(client: httpx.Client, job_id: str, entities: Any, **fields: Any) -> httpx.Response:
    body = {"action": "UPSERT", "entityType": "INVENTORY", "entities": entities, **fields}
    return client.post(f"/api/v4.1/job/{job_id}/batch", json=body)


def _look(client: httpx.Client, job_id: str, batch_id: str, **query: int) -> dict[str, Any]:
    answer = client.get(f"/api/v4.1/job/{job_id}/batch/{batch_id}", params=query)
    assert answer.status_code == 200
    return dict(answer.json())


def _settled(client: httpx.Client, job_id: str, batch_id: str, **query: int) -> dict[str, Any]:
    for _ in range(10):
        batch = _look(client, job_id, batch_id, **query)
        if batch["status"] == "COMPLETE":
            return batch
    raise AssertionError(batch)


def _message(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def _codes(batch: dict[str, Any]) -> dict[str, int]:
    return {result["entityRef"]: result["responseCode"] for result in batch["entities"]}


def test_job_is_open_until_midnight_utc(
    client: httpx.Client,
    sim: Simulator,
    clock: ManualClock,
) -> None:
    """A job takes batches until midnight UTC, is CLOSED from then on and refuses more with 400."""
    job_id = _new_job(client)
    clock.advance(12 * 3600 - 1)
    sent_before = _send(client, job_id, [_record()])
    before = client.get(f"/api/v4.1/job/{job_id}").json()
    clock.advance(1)
    after = client.get(f"/api/v4.1/job/{job_id}").json()
    sent_after = _send(client, job_id, [_record()])
    assert (before["status"], after["status"]) == ("OPEN", "CLOSED")
    assert (sent_before.status_code, sent_after.status_code) == (200, 400)
    assert "CLOSED" in _message(sent_after)
    assert sim.ledger.jobs["status"].to_list() == ["CLOSED"]
    assert sim.ledger.batches["rows"].to_list() == [1]


def test_job_lists_its_batches(
    client: httpx.Client,
) -> None:
    """A job tells its name, retailer, meta and the id and status of each batch."""
    job_id = _new_job(client, meta={"preprocessing": "skip"})
    batch_ids = [_send(client, job_id, [_record(n)]).json()["id"] for n in (1, 2)]
    job = client.get(f"/api/v4.1/job/{job_id}").json()
    assert (job["id"], job["name"], job["retailerId"]) == (job_id, "test", "2")
    assert job["meta"] == {"preprocessing": "skip"}
    assert [batch["id"] for batch in job["batch"]] == batch_ids


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"retailerId": "2"}, "name"),
        ({"name": "x"}, "retailerId"),
        ({"name": "x", "retailerId": "99"}, "99"),
        ({"name": "x", "retailerId": "2", "metadata": {}}, "metadata"),
        ({"name": "x", "retailerId": "2", "meta": "skip"}, "meta"),
    ],
)
def test_wrong_job_is_refused_by_field(client: httpx.Client, body: dict[str, Any], told: str) -> None:
    """A job body that lacks a field, or has one that nobody knows, is a 400 that names it."""
    answer = client.post("/api/v4.1/job", json=body)
    assert answer.status_code == 400
    assert told in _message(answer)


def test_unknown_job_and_batch_are_not_found(
    client: httpx.Client,
) -> None:
    """A job or batch that is not there is a 404, for reading and for sending; so is a batch of another job."""
    one, other = _new_job(client), _new_job(client)
    batch_id = _send(client, one, [_record()]).json()["id"]
    answers = [
        client.get("/api/v4.1/job/77"),
        client.get(f"/api/v4.1/job/{one}/batch/77"),
        client.get(f"/api/v4.1/job/{other}/batch/{batch_id}"),
        _send(client, "77", [_record()]),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4


@pytest.mark.parametrize(
    ("settle_polls", "seen"),
    [
        (0, ["COMPLETE"]),
        (1, ["RUNNING", "COMPLETE"]),
        (3, ["PENDING", "PENDING", "RUNNING", "COMPLETE"]),
    ],
)
def test_batch_settles_after_so_many_looks(make: Make, enter: Enter, settle_polls: int, seen: list[str]) -> None:
    """A batch is PENDING, then RUNNING, then COMPLETE, and tells of no record before that."""
    client = enter(make(settle_polls=settle_polls))
    job_id = _new_job(client)
    batch_id = _send(client, job_id, [_record()]).json()["id"]
    looks = [_look(client, job_id, batch_id) for _ in seen]
    assert [one["status"] for one in looks] == seen
    assert [one["total"] for one in looks] == [0] * (len(seen) - 1) + [1]


def test_results_are_paged(
    client: httpx.Client,
) -> None:
    """Results come by start and count, 100 unless asked otherwise, with the total beside them."""
    job_id = _new_job(client)
    batch_id = _send(client, job_id, [_record(n) for n in range(1, 251)]).json()["id"]
    usual = _settled(client, job_id, batch_id)
    last = _look(client, job_id, batch_id, start=200, count=100)
    beyond = _look(client, job_id, batch_id, start=250)
    assert (usual["start"], usual["count"], usual["total"], len(usual["entities"])) == (0, 100, 250, 100)
    assert (last["start"], last["count"], len(last["entities"])) == (200, 50, 50)
    assert last["entities"][0] | {"entityRef": "SKU-201:LOC-1:LAST_ON_HAND", "responseCode": 200} == last["entities"][0]
    assert beyond["entities"] == []


@pytest.mark.parametrize("query", [{"start": "-1"}, {"count": "0"}, {"count": "5001"}, {"count": "ten"}, {"page": "2"}])
def test_wrong_page_is_refused(client: httpx.Client, query: dict[str, str]) -> None:
    """A start or count out of bounds, or a parameter that nobody knows, is a 400 that names it."""
    job_id = _new_job(client)
    batch_id = _send(client, job_id, [_record()]).json()["id"]
    answer = client.get(f"/api/v4.1/job/{job_id}/batch/{batch_id}", params=query)
    assert answer.status_code == 400
    assert next(iter(query)) in _message(answer)


def test_batch_holds_1_to_5000_records(
    client: httpx.Client,
) -> None:
    """5,000 records are taken; none, 5,001 or something that is no list is refused with 400."""
    job_id = _new_job(client)
    sizes = [_send(client, job_id, [_record(n) for n in range(size)]).status_code for size in (0, 5_000, 5_001)]
    assert sizes == [400, 200, 400]
    assert _send(client, job_id, {"record": _record()}).status_code == 400


def test_body_above_two_megabytes_is_refused(
    client: httpx.Client,
    sim: Simulator,
) -> None:
    """A body of more than 2 MB is a 413, and nothing of it is done."""
    job_id = _new_job(client)
    wide = [_record(n, attributes=[{"name": "n", "type": "STRING", "value": "x" * 500}]) for n in range(4_000)]
    assert _send(client, job_id, wide).status_code == 413
    assert sim.ledger.quantities.is_empty()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"action": "DELETE"}, "action"),
        ({"action": None}, "action"),
        ({"entityType": "PRODUCT"}, "entityType"),
        ({"entity": []}, "entity"),
    ],
)
def test_wrong_batch_is_refused_by_field(client: httpx.Client, changes: dict[str, Any], told: str) -> None:
    """A batch that is no inventory upsert, or has a field that nobody knows, is a 400 that names the field."""
    answer = _send(client, _new_job(client), [_record()], **changes)
    assert answer.status_code == 400
    assert told in _message(answer)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"sku": "X"}, "sku"),
        ({"qty": "5"}, "qty"),
        ({"qty": 5.0}, "qty"),
        ({"qty": True}, "qty"),
        ({"qty": -1}, "qty"),
        ({"qty": 2**31}, "qty"),
        ({"qty": None}, "qty"),
        ({"locationRef": ""}, "locationRef"),
        ({"skuRef": 7}, "skuRef"),
        ({"skuRef": "x" * 256}, "skuRef"),
        ({"expiry": "tomorrow"}, "expiry"),
        ({"attributes": "red"}, "attributes"),
        ({"productRef": "SKU-1"}, "productRef"),
    ],
)
def test_wrong_record_is_refused_by_number_and_field(
    client: httpx.Client,
    sim: Simulator,
    fields: dict[str, Any],
    told: str,
) -> None:
    """A record with a field that nobody knows or a value of the wrong kind refuses the batch and is named."""
    answer = _send(client, _new_job(client), [_record(1), _record(2, **fields), _record(3)])
    assert answer.status_code == 400
    assert _message(answer).startswith("entity no. 2 ")
    assert told in _message(answer)
    assert sim.ledger.quantities.is_empty()


@pytest.mark.parametrize("name", ["locationRef", "skuRef", "qty", "type", "status"])
def test_record_without_a_required_field_is_refused(client: httpx.Client, name: str) -> None:
    """Each of the platform's five required fields is asked for by name."""
    incomplete = _record()
    del incomplete[name]
    assert _message(_send(client, _new_job(client), [incomplete])) == f"entity no. 1 lacks {name}"


def test_every_field_of_the_platform_is_taken(
    client: httpx.Client,
) -> None:
    """A record with all fields that the platform and its SDK name is accepted, and null stands for an absent one."""
    full = _record(
        ref="Q-1",
        correctedQty=1,
        reservedQty=0,
        retailerId="2",
        inventoryId="9",
        attributes=[{"name": "zone", "type": "STRING", "value": "A"}],
        uom="EA",
        lot="L1",
        expiry="2026-12-31",
        effectiveFrom="2026-01-01T00:00:00Z",
        expectedOn="2026-02-01T00:00:00.000Z",
        parentRef="P",
        storageAreaRef="S",
        condition="NEW",
    )
    answer = _send(client, _new_job(client), [full, _record(2, lot=None), _record(3, type="DELTA", qty=-4)])
    assert answer.status_code == 200


def test_module6_dialect_is_taken_only_where_asked_for(
    make: Make,
    enter: Enter,
) -> None:
    """The sample module's records go only to a simulator of that dialect, which in turn refuses the platform's."""
    module6 = {"ref": "Q-1", "productRef": "SKU-1", "locationRef": "LOC-1", "qty": 5, "condition": "NEW"}
    platform, other = make(), make(dialect="module6")
    statuses = []
    for sim in (platform, other):
        client = enter(sim)
        job_id = _new_job(client)
        statuses += [_send(client, job_id, [entity]).status_code for entity in (module6, _record())]
    assert statuses == [400, 200, 200, 400]
    assert other.ledger.quantities.rows() == [("LOC-1", "SKU-1", "LAST_ON_HAND", 5, "ACTIVE", "Q-1", 1)]


def test_ledger_counts_each_effect(
    client: httpx.Client,
    sim: Simulator,
) -> None:
    """A quantity that was sent twice has two effects and holds what came last."""
    job_id = _new_job(client)
    _send(client, job_id, [_record(1), _record(2)])
    _send(client, job_id, [_record(2, qty=7)])
    held = sim.ledger.quantities.sort("skuRef").select("skuRef", "qty", "effects")
    assert held.rows() == [("SKU-1", 1, 1), ("SKU-2", 7, 2)]


def test_reference_is_the_records_own_or_made_of_sku_location_and_type(
    client: httpx.Client,
) -> None:
    """A result goes by the record's own reference, else by its SKU, location and type."""
    job_id = _new_job(client)
    batch_id = _send(client, job_id, [_record(1, ref="MINE"), _record(2)]).json()["id"]
    assert _codes(_settled(client, job_id, batch_id)) == {"MINE": 200, "SKU-2:LOC-1:LAST_ON_HAND": 200}


@pytest.mark.parametrize(
    ("account", "meta", "told"),
    [
        (True, None, ["SKU-2:LOC-1:LAST_ON_HAND"]),
        (True, {"preprocessing": "enabled"}, ["SKU-2:LOC-1:LAST_ON_HAND"]),
        (True, {"preprocessing": "skip"}, ["SKU-1:LOC-1:LAST_ON_HAND", "SKU-2:LOC-1:LAST_ON_HAND"]),
        (False, {"preprocessing": "enabled"}, ["SKU-1:LOC-1:LAST_ON_HAND", "SKU-2:LOC-1:LAST_ON_HAND"]),
    ],
)
def test_preprocessing_drops_what_has_not_changed(
    make: Make,
    enter: Enter,
    account: bool,  # noqa: FBT001 - a parameter of the case
    meta: dict[str, str] | None,
    told: list[str],
) -> None:
    """Where the account and the job say so, an unchanged record is dropped: no effect and no result."""
    sim = make(preprocessing=account)
    client = enter(sim)
    first = _new_job(client, meta={"preprocessing": "skip"})
    _send(client, first, [_record(1)])
    job_id = _new_job(client, meta=meta)
    batch_id = _send(client, job_id, [_record(1), _record(2)]).json()["id"]
    assert list(_codes(_settled(client, job_id, batch_id))) == told
    assert sim.ledger.quantities.filter(pl.col("skuRef") == "SKU-1")["effects"].item() == len(told)


def test_preprocessing_merges_batches(
    make: Make,
    enter: Enter,
) -> None:
    """Under preprocessing a batch that comes while another of its job waits completes without results of its own."""
    sim = make(preprocessing=True)
    client = enter(sim)
    job_id = _new_job(client)
    first, second = (_send(client, job_id, [_record(n)]).json()["id"] for n in (1, 2))
    assert _settled(client, job_id, first)["total"] == 2
    assert _settled(client, job_id, second)["total"] == 0
    third = _send(client, job_id, [_record(3)]).json()["id"]
    assert _settled(client, job_id, third)["total"] == 1
    assert sim.ledger.quantities["effects"].to_list() == [1, 1, 1]


def test_preprocessing_compares_amount_and_status_only(
    make: Make,
    enter: Enter,
) -> None:
    """Under preprocessing a record with something new beside the same amount and status is dropped all the same."""
    sim = make(preprocessing=True)
    client = enter(sim)
    _send(client, _new_job(client, meta={"preprocessing": "skip"}), [_record(1, condition="NEW")])
    job_id = _new_job(client)
    entities = [_record(1, condition="USED"), _record(1, condition="USED", status="INACTIVE")]
    batch_id = _send(client, job_id, entities).json()["id"]
    assert _settled(client, job_id, batch_id)["total"] == 1
    assert sim.ledger.quantities["effects"].to_list() == [2]


def test_merged_batches_lose_what_was_theirs(
    make: Make,
    enter: Enter,
) -> None:
    """P22: a merged batch is not among its job's, and of records of one quantity only the last is told of."""
    sim = make(preprocessing=True)
    client = enter(sim)
    job_id = _new_job(client)
    ids = [_send(client, job_id, entities).json()["id"] for entities in ([_record(1), _record(2)], [_record(1, qty=9)])]
    assert [batch["id"] for batch in client.get(f"/api/v4.1/job/{job_id}").json()["batch"]] == ids[:1]
    assert list(_codes(_settled(client, job_id, ids[0]))) == ["SKU-1:LOC-1:LAST_ON_HAND", "SKU-2:LOC-1:LAST_ON_HAND"]
    assert _settled(client, job_id, ids[0])["total"] == 2
    assert _settled(client, job_id, ids[1])["total"] == 0


def test_poison_refuses_the_whole_batch_without_a_name(
    make: Make,
    enter: Enter,
) -> None:
    """P18: a batch that holds the poison is a 400 that names no record; without it the rest goes through."""
    sim = make(faults=Faults([Fault("poison", ref="SKU-2:LOC-1"), Fault("poison_413", refs=["SKU-9"])]))
    client = enter(sim)
    job_id = _new_job(client)
    whole = _send(client, job_id, [_record(n) for n in (1, 2, 3)])
    rest = _send(client, job_id, [_record(n) for n in (1, 3)])
    large = _send(client, job_id, [_record(9)])
    assert (whole.status_code, rest.status_code, large.status_code) == (400, 200, 413)
    assert "SKU-2" not in whole.text
    assert set(sim.ledger.quantities["skuRef"]) == {"SKU-1", "SKU-3"}


def test_record_fault_fails_named_records_so_many_times(
    make: Make,
    enter: Enter,
) -> None:
    """P15: named records are answered with their codes and not applied; after ``times`` a resend goes through."""
    faults = Faults(
        [Fault("record", refs={"SKU-1": 404, "SKU-2": 500}, times=1), Fault("record", ref="SKU-3", code=301)]
    )
    sim = make(faults=faults)
    client = enter(sim)
    job_id = _new_job(client)
    seen = []
    for _ in range(2):
        batch_id = _send(client, job_id, [_record(n) for n in (1, 2, 3, 4)]).json()["id"]
        seen.append(list(_codes(_settled(client, job_id, batch_id)).values()))
    assert seen == [[404, 500, 301, 200], [200, 200, 301, 200]]
    assert dict(sim.ledger.quantities.select("skuRef", "effects").rows()) == {"SKU-1": 1, "SKU-2": 1, "SKU-4": 2}


def test_shuffled_results_are_the_same_results(
    make: Make,
    enter: Enter,
) -> None:
    """Shuffled results hold each record once, in another order, which is the same from run to run."""
    orders = []
    for _ in range(2):
        client = enter(make(faults=Faults([Fault("shuffle_results")])))
        job_id = _new_job(client)
        batch_id = _send(client, job_id, [_record(n) for n in range(30)]).json()["id"]
        orders.append(list(_codes(_settled(client, job_id, batch_id))))
    sent = [f"SKU-{n}:LOC-1:LAST_ON_HAND" for n in range(30)]
    assert orders[0] == orders[1] != sent
    assert sorted(orders[0]) == sorted(sent)


def test_stuck_batch_stays_pending_and_does_nothing(
    make: Make,
    enter: Enter,
) -> None:
    """P22: a stuck batch is accepted, stays PENDING for ever and is never applied; the next one runs."""
    sim = make(faults=Faults([Fault("stuck_pending", nth=1)]))
    client = enter(sim)
    job_id = _new_job(client)
    stuck, well = (_send(client, job_id, [_record(n)]).json()["id"] for n in (1, 2))
    assert {_look(client, job_id, stuck)["status"] for _ in range(20)} == {"PENDING"}
    assert _settled(client, job_id, well)["total"] == 1
    assert sim.ledger.quantities["skuRef"].to_list() == ["SKU-2"]


def test_job_closes_on_the_way(
    make: Make,
    enter: Enter,
) -> None:
    """P22: the job is closed at the batch that the script names, and stays so; a new job is open."""
    sim = make(faults=Faults([Fault("job_closed", nth=2)]))
    client = enter(sim)
    job_id = _new_job(client)
    statuses = [_send(client, job_id, [_record(n)]).status_code for n in (1, 2, 3)]
    statuses.append(_send(client, _new_job(client), [_record(4)]).status_code)
    assert statuses == [200, 400, 400, 200]
    assert sim.ledger.jobs["status"].to_list() == ["CLOSED", "OPEN"]


def test_settled_batch_is_told_as_an_event(
    client: httpx.Client,
) -> None:
    """Whoever only searches the events learns of a finished batch too, once."""
    job_id = _new_job(client)
    batch_id = _send(client, job_id, [_record()]).json()["id"]
    query = {"name": "BATCH_COMPLETE", "context.rootEntityType": "JOB", "context.rootEntityId": job_id}
    found = [client.get("/api/v4.1/event", params=query).json()["results"] for _ in range(3)]
    assert [len(events) for events in found] == [0, 1, 1]
    event = found[1][0]
    assert (event["type"], event["context"]["entityType"]) == ("ORCHESTRATION_AUDIT", "BATCH")
    assert event["context"]["entityId"] == batch_id
