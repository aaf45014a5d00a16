"""A send through the client to the simulator, against what the simulator really holds."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from fcwork import recovery
from fcwork.clock import ManualClock
from fcwork.simulator import Fault, Simulator

Stock = Callable[[int], pl.DataFrame]
Arrange = Callable[..., Any]

POSTS = "/job/*/batch"


def held(there: Simulator) -> set[tuple[str, int]]:
    """Return SKU and quantity of all that the simulator holds."""
    return set(there.ledger.quantities.select("skuRef", "qty").rows())


def codes(result: recovery.SendResult) -> dict[str, int]:
    """Count the issues by code."""
    return dict(result.issues.group_by("code").len().sort("code").iter_rows())


def test_a_load_is_held_as_it_was_sent(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P15: a load over several batches is verified record by record and equals the input."""
    there, client = arrange()
    rows = stock(12_000)
    result = recovery.send(rows, client.batches(), clock=clock)
    assert result.ok
    assert result.verified
    assert held(there) == set(rows.select("skuRef", "qty").rows())
    assert there.ledger.quantities["effects"].max() == 1
    assert there.ledger.batches["rows"].to_list() == [5_000, 5_000, 2_000]
    assert there.ledger.jobs.height == 1


def test_mixed_results_in_any_order(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P15: of 5,000 records with 404, 500 and 301 among shuffled results only those with 500 are sent again."""
    failing, missing, moved = [f"S{i}" for i in range(0, 5_000, 100)], ["S7", "S4999"], ["S8"]
    there, client = arrange(
        Fault("shuffle_results"),
        Fault("record", refs=failing, code=500, times=1),
        Fault("record", refs=missing, code=404),
        Fault("record", refs=moved, code=301),
    )
    rows = stock(5_000)
    result = recovery.send(rows, client.batches(), clock=clock)
    assert there.ledger.batches["rows"].to_list() == [5_000, 50]
    assert sorted(result.rejected["skuRef"]) == ["S4999", "S7", "S8"]
    assert codes(result) == {"send.rejected": 3}
    assert sorted(text[:22] for text in result.rejected["_errors"]) == [
        "send.rejected: 301: Un",
        *["send.rejected: 404: De"] * 2,
    ]
    assert result.counts["delivered"] == 4_997
    assert held(there) == set(result.delivered.select("skuRef", "qty").rows())


@pytest.mark.parametrize("kind", ["poison", "poison_413"])
def test_one_poison_record(arrange: Arrange, stock: Stock, clock: ManualClock, kind: str) -> None:
    """P18: a batch refused for one record's sake is bisected within its bound, and all others arrive once."""
    there, client = arrange(Fault(kind, ref="S777"))
    result = recovery.send(stock(1_000), client.batches(), clock=clock)
    assert result.rejected["skuRef"].to_list() == ["S777"]
    assert there.ledger.count("POST", POSTS) - 1 <= 2 * math.ceil(math.log2(1_000)) + 1
    assert there.ledger.quantities.height == 999
    assert there.ledger.quantities["effects"].max() == 1


def test_a_hundred_poison_records(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P18: of 10,000 records with 100 poisons 9,900 arrive and 100 are named, in at most 1,600 batches, few looks."""
    bad = [f"S{at}" for at in range(0, 10_000, 100)]
    there, client = arrange(Fault("poison", refs=bad))
    result = recovery.send(stock(10_000), client.batches(), batch_size=500, clock=clock)
    assert (result.counts["delivered"], result.counts["rejected"], result.counts["unknown"]) == (9_900, 100, 0)
    assert codes(result) == {"send.rejected": 100}
    assert result.issues["key"].to_list() == [f"{sku}:LOC_1:LAST_ON_HAND" for sku in bad]
    assert result.issues["row"].to_list() == [at + 1 for at in range(0, 10_000, 100)]
    assert there.ledger.count("POST", POSTS) <= 1_600
    taken = there.ledger.batches.height
    assert there.ledger.count("GET") <= taken + 5  # one look at each that was taken, and a few at the job
    assert held(there) == set(result.delivered.select("skuRef", "qty").rows())
    assert there.ledger.quantities["effects"].max() == 1


def test_a_payload_over_two_megabytes_is_cut_before_it_leaves(
    arrange: Arrange, stock: Stock, clock: ManualClock
) -> None:
    """P18: no request over 2 MB leaves, and nothing is refused for its size."""
    there, client = arrange()
    rows = stock(5_000).with_columns(attributes=pl.struct(note=pl.lit("n" * 900)))
    assert recovery.send(rows, client.batches(), clock=clock).ok
    posts = [seen for seen in there.ledger.requests if seen.path.endswith("/batch")]
    assert len(posts) > 1
    assert max(seen.body_bytes for seen in posts) <= 2_000_000
    assert {seen.status for seen in posts} <= {200, 201, 202}


@pytest.mark.parametrize("kind", ["drop_after", "half_body", "malformed_json"])
def test_an_upsert_whose_answer_was_lost(arrange: Arrange, stock: Stock, clock: ManualClock, kind: str) -> None:
    """P16: an upsert that may have arrived is sent again, and the simulator holds the input."""
    there, client = arrange(Fault(kind, method="POST", path=POSTS, nth=2))
    rows = stock(300)
    result = recovery.send(rows, client.batches(), batch_size=100, clock=clock)
    assert result.ok
    assert held(there) == set(rows.select("skuRef", "qty").rows())
    assert there.ledger.count("POST", POSTS) == 4


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "half_body", "503"])
def test_a_create_whose_answer_was_lost_is_never_sent_again(
    arrange: Arrange, stock: Stock, clock: ManualClock, kind: str
) -> None:
    """P16: batches of another action than UPSERT are posted once: a lost answer is unknown, and a resume sends none."""
    lost = {"kind": "status", "status": 503} if kind == "503" else {"kind": kind}
    there, client = arrange(Fault(**lost, method="POST", path=POSTS))
    route = client.batches(action="CREATE")
    result = recovery.send(stock(30), route, batch_size=10, clock=clock)
    assert codes(result) == {"send.unknown": 30}
    assert there.ledger.count("POST", POSTS) == 3
    again = recovery.resume(result.checkpoint, route, clock=clock)
    assert again.counts["unknown"] == 30
    assert there.ledger.count("POST", POSTS) == 3


@pytest.mark.parametrize(("fault", "unknown"), [("drop_after", 0), ("drop_before", 1)])
def test_an_event_whose_answer_was_lost_is_never_sent_again(
    arrange: Arrange, clock: ManualClock, fault: str, unknown: int
) -> None:
    """P16: an event that may have arrived is looked for in the log and never sent again, by send or by resume."""
    there, client = arrange(Fault(fault, method="POST", path="/event/async", nth=3))
    route = client.event_sender(
        {"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE", "entitySubtype": "MASTER"}
    )
    rows = [{"entityRef": f"P{i}", "rootEntityType": "PRODUCT_CATALOGUE"} for i in range(6)]
    result = recovery.send(rows, route, clock=clock)
    assert (result.counts["unknown"], result.read_back) == (unknown, 1 - unknown)
    assert [row["entityRef"] for row in result.unknown] == ["P2"] * unknown
    if unknown:
        assert recovery.resume(result.checkpoint, route, clock=clock).counts["unknown"] == 1
    assert there.ledger.count("POST", "/event/async") == 6
    assert there.ledger.events["effects"].max() == 1


def test_a_busy_platform_is_waited_for(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P19: a batch refused with 429 goes again no sooner than was asked for; 503 after at least half a second."""
    there, client = arrange(
        Fault("status", method="POST", path=POSTS, nth=1, status=429, retry_after=40),
        Fault("status", method="POST", path=POSTS, nth=2, status=503),
    )
    assert recovery.send(stock(10), client.batches(), clock=clock).ok
    first, second, third = [seen.at for seen in there.ledger.requests if seen.path.endswith("/batch")]
    assert (second - first).total_seconds() >= 40
    assert (third - second).total_seconds() >= 0.5


def test_a_stuck_batch_is_named(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P22: a batch that stays PENDING leaves its rows unknown with id and advice, the others are settled."""
    there, client = arrange(Fault("stuck_pending", nth=2))
    result = recovery.send(stock(30), client.batches(), batch_size=10, clock=clock)
    assert codes(result) == {"send.stuck": 10}
    stuck = there.ledger.batches.filter(pl.col("status") != "COMPLETE")["batch_id"][0]
    assert f"/{stuck} was still open after 1,800 s" in result.issues["message"][0]
    assert result.counts["delivered"] == 20


def test_a_job_that_closes_at_midnight_is_replaced(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P22: when the day ends between two batches another job is opened, and no row is lost."""
    there, client = arrange()
    route = client.batches(job="daily")
    assert recovery.send(stock(10), route, clock=clock).ok
    midnight = datetime.combine(clock.now().date(), datetime.max.time(), UTC)
    clock.advance((midnight - clock.now()).total_seconds() + 60)
    assert recovery.send(stock(20), route, clock=clock).ok
    assert there.ledger.jobs.height == 2
    assert there.ledger.quantities.height == 20


def test_a_job_closed_early_is_replaced(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P22: a batch that a closed job refuses goes to another job."""
    there, client = arrange(Fault("job_closed", nth=2))
    assert recovery.send(stock(30), client.batches(), batch_size=10, clock=clock).ok
    assert there.ledger.jobs.height == 2
    assert there.ledger.quantities.height == 30


def test_a_healthy_snapshot_under_preprocessing_ends_green(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P22: rows that the platform drops as unchanged, or tells of under another batch, are proved by what it holds."""
    _, client = arrange(preprocessing=True)
    assert recovery.send(stock(10), client.batches(), clock=clock).ok
    again = recovery.send(stock(30), client.batches(preprocessing="enabled"), batch_size=10, workers=3, clock=clock)
    assert again.ok
    assert 0 < again.read_back <= 30


def test_what_is_told_under_another_batch_is_taken_from_there(
    arrange: Arrange, stock: Stock, clock: ManualClock
) -> None:
    """P22: of merged batches the platform tells under the first: refusals told there reach their rows, unread-back."""
    refused = Fault("record", refs=["S5", "S25"], code=404)
    _, client = arrange(refused, preprocessing=True, settle_polls=3)
    result = recovery.send(stock(30), client.batches(preprocessing="enabled"), batch_size=10, clock=clock)
    assert result.rejected["skuRef"].to_list() == ["S5", "S25"]
    assert (result.counts["delivered"], result.read_back) == (28, 0)


def test_what_neither_answer_nor_look_shows_is_unknown(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P22: where the platform merges batches and does not show the rows, its silence is unknown, not delivered."""
    barred = Fault("status", method="POST", path="/graphql", status=403)
    _, client = arrange(barred, preprocessing=True)
    assert recovery.send(stock(10), client.batches(), clock=clock).ok
    again = recovery.send(stock(10), client.batches(preprocessing="enabled"), clock=clock)
    assert codes(again) == {"send.unknown": 10}
    assert not again.ok


def test_missing_rights_stop_the_send(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P26: a 403 stops the send, what was taken before is verified, and the rest is not sent."""
    there, client = arrange(Fault("status", method="POST", path=POSTS, nth=3, status=403))
    result = recovery.send(stock(50), client.batches(), batch_size=10, clock=clock)
    assert result.counts["delivered"] == 20
    assert codes(result) == {"send.not_sent": 30}
    assert there.ledger.quantities.height == 20


def test_what_the_platform_does_not_know_is_refused_as_a_whole_and_soon(
    arrange: Arrange, stock: Stock, clock: ManualClock
) -> None:
    """P32: rows of a wrong shape are refused with the platform's words, without a request for each of them."""
    there, client = arrange()
    wrong = stock(5_000).rename({"skuRef": "productRef"}).with_columns(ref=pl.int_range(pl.len()).cast(pl.String))
    result = recovery.send(wrong, client.batches(), clock=clock)
    assert result.counts["delivered"] == 0
    assert there.ledger.count("POST", POSTS) < 1_000
    assert "lacks skuRef" in result.issues["message"][0]
    assert there.ledger.quantities.height == 0


def test_workers_share_client_and_job(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P20: eight workers open one job with one token and deliver each row once."""
    there, client = arrange(Fault("status", method="POST", path=POSTS, nth=[3, 4], status=503))
    result = recovery.send(stock(2_000), client.batches(), batch_size=50, workers=8, clock=clock)
    assert result.ok
    assert there.ledger.jobs.height == 1
    assert there.ledger.tokens.issued == 1
    assert there.ledger.quantities["effects"].to_list() == [1] * 2_000


@pytest.mark.parametrize("workers", [1, 6])
def test_many_batches_are_looked_at_together(arrange: Arrange, stock: Stock, clock: ManualClock, workers: int) -> None:
    """P22: a load of 200 batches is verified with one question a look, and one for each complete batch's results."""
    there, client = arrange(settle_polls=4)
    route = client.batches()
    assert recovery.send(stock(2_000), route, batch_size=10, workers=workers, clock=clock).ok
    assert there.ledger.count("GET", "/job/*/batch/*") == 200
    assert there.ledger.count("GET", f"/job/{route.job_ids[0]}") == 5


def test_batches_that_cannot_be_listed_are_looked_at_singly(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P22: a user without JOB_VIEW has the same load verified, batch by batch."""
    there, client = arrange(Fault("status", method="GET", path="/job/1", status=403))
    assert recovery.send(stock(50), client.batches(), batch_size=10, clock=clock).ok
    assert there.ledger.count("GET", "/job/*/batch/*") == 10


def test_one_bad_batch_leaves_the_others_verified(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P22: a batch that the platform does not know any more leaves its own rows unknown, and no others."""
    _, client = arrange(Fault("status", method="GET", path="/job/1/batch/2", status=404))
    result = recovery.send(stock(50), client.batches(), batch_size=10, clock=clock)
    assert (result.counts["delivered"], result.counts["unknown"]) == (40, 10)
    assert sorted(result.unknown["skuRef"]) == [f"S{at}" for at in range(10, 20)]


@pytest.mark.parametrize(("job", "workers"), [("per-run", 1), ("per-run", 5), ("daily", 1), ("daily", 5)])
def test_a_load_is_spread_over_jobs(arrange: Arrange, stock: Stock, clock: ManualClock, job: Any, workers: int) -> None:
    """With batches_per_job each job of a load holds so many batches, refused ones not counted, and all are verified."""
    there, client = arrange(Fault("poison", ref="S33"), Fault("status", method="POST", path=POSTS, nth=4, status=503))
    route = client.batches(job=job, batches_per_job=3)
    result = recovery.send(stock(100), route, batch_size=10, workers=workers, clock=clock)
    assert result.rejected["skuRef"].to_list() == ["S33"]
    assert result.counts["delivered"] == 99
    held = there.ledger.jobs["batches"].to_list()
    assert held[:-1] == [3] * (len(held) - 1)
    assert 1 <= held[-1] <= 3
    assert sorted(route.job_ids, key=int) == there.ledger.jobs["job_id"].to_list()


def test_a_snapshot_under_preprocessing_is_read_back(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P22: what the platform drops or merges without a word can be found on it: every row of a healthy snapshot."""
    there, client = arrange(preprocessing=True)
    rows, since = stock(2_000), clock.now()
    assert recovery.send(rows.head(500), client.batches(), clock=clock).ok
    route = client.batches(preprocessing="enabled")
    for part in rows.iter_slices(200):
        route.post(route.pack(part), part.height)
    told = route.read_back(rows, route.entity_ref(rows), since)
    assert told["outcome"].to_list() == ["delivered"] * 2_000
    assert held(there) == set(rows.select("skuRef", "qty").rows())


def test_what_preprocessing_ignored_is_not_taken_for_delivered(
    arrange: Arrange, stock: Stock, clock: ManualClock
) -> None:
    """P22: a record that was dropped although it says something new is found out by reading back."""
    _, client = arrange(preprocessing=True)
    recovery.send(stock(3).with_columns(condition=pl.lit("NEW")), client.batches(), clock=clock)
    route = client.batches(preprocessing="enabled")
    rows = stock(3).with_columns(condition=pl.Series(["NEW", "USED", None]))
    route.post(route.pack(rows), 3)
    told = route.read_back(rows, route.entity_ref(rows), clock.now())
    assert told["outcome"].to_list() == ["delivered", "unknown", "delivered"]
    assert "condition NEW (not USED)" in told["message"][1]


@pytest.mark.parametrize("key", ["skuRef", ["skuRef", "locationRef"]])
def test_a_key_of_the_caller_s_own_loses_no_word_of_the_platform(
    arrange: Arrange, stock: Stock, clock: ManualClock, key: str | list[str]
) -> None:
    """P15: with a key of one's own what the platform tells still reaches its row, and the key names it."""
    there, client = arrange(Fault("record", ref="S1", code=404), Fault("record", ref="S2", code=500, times=1))
    result = recovery.send(stock(5), client.batches(), key=key, clock=clock)
    assert result.rejected["skuRef"].to_list() == ["S1"]
    assert result.issues["key"].to_list() == ["S1" if key == "skuRef" else "S1:LOC_1"]
    assert result.counts["delivered"] == 4
    assert there.ledger.quantities.height == 4


def test_rows_of_one_key_go_in_their_order(arrange: Arrange, clock: ManualClock) -> None:
    """P15: rows that share the caller's key go one after the other, although the platform knows them apart."""
    _, client = arrange()
    rows = [
        {"locationRef": f"L{i}", "skuRef": "A", "qty": i, "type": "LAST_ON_HAND", "status": "ACTIVE"} for i in range(3)
    ]
    result = recovery.send(rows, client.batches(), key="skuRef", clock=clock)
    assert result.ok
    assert result.attempts == 3


def test_words_of_a_record_do_not_close_a_job(arrange: Arrange, stock: Stock, clock: ManualClock) -> None:
    """P18: a refusal that quotes a record about a closed box is that of a record: the job stays, the row is found."""
    quoting = {"errors": [{"message": "entity 1: skuRef 'Job lot, closed box' is not valid", "code": "400"}]}
    rows = stock(8).with_columns(skuRef=pl.when(pl.col("qty") == 5).then(pl.lit("BAD")).otherwise("skuRef"))
    there, client = arrange(Fault("status", method="POST", path=POSTS, status=400, body=quoting, match='"BAD"'))
    result = recovery.send(rows, client.batches(), clock=clock)
    assert result.rejected["skuRef"].to_list() == ["BAD"]
    assert there.ledger.jobs.height == 1
