"""Sending rows to a platform that fails in every way it can."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import errors, frames, recovery
from fcwork.clock import ManualClock
from fcwork.recovery import plan
from fcwork.retry import RetryPolicy
from fcwork.routes import Limits, Receipt

Positions = Callable[[int], pl.DataFrame]


def codes(result: recovery.SendResult) -> dict[str, int]:
    """Count the issues by code."""
    return dict(frames.enter(result.issues).group_by("code").len().sort("code").iter_rows())


def left_behind(home: Path) -> list[str]:
    """Name the checkpoints on disk."""
    return sorted(folder.name for folder in (home / "checkpoints").glob("*"))


def test_all_rows_arrive_in_batches_and_leave_nothing_behind(
    platform: Any, positions: Positions, clock: ManualClock, home: Path
) -> None:
    """A send without faults delivers each row once, in the input's order, and removes its checkpoint."""
    there = platform()
    result = recovery.send(positions(12), there, batch_size=5, clock=clock)
    assert result.ok
    assert [len(request) for request in there.requests] == [5, 5, 2]
    assert set(there.effects.values()) == {1}
    assert result.delivered["ref"].to_list() == [f"r{i}" for i in range(12)]
    assert result.counts == {"rows": 12, "delivered": 12, "rejected": 0, "unknown": 0, "retryable": 0, "requests": 3}
    assert result.checkpoint is None
    assert left_behind(home) == []
    assert clock.sleeps == []


def test_mixed_results_are_joined_by_key_and_only_failures_go_again(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P15: of 5,000 records only those that the platform failed on go again; the refused carry code and message."""
    told = {f"r{i}": ["retryable"] for i in range(0, 5_000, 50)} | {f"r{i}": ["rejected"] for i in range(7, 5_000, 100)}
    there = platform(told=told)
    result = recovery.send(positions(5_000), there, clock=clock)
    assert [len(request) for request in there.requests] == [5_000, 100]
    assert set(there.requests[1]) == {f"r{i}" for i in range(0, 5_000, 50)}
    assert result.counts["delivered"] == 4_950
    assert result.counts["rejected"] == 50
    assert result.rejected["_row"].to_list() == list(range(8, 5_001, 100))
    assert set(result.rejected["_errors"]) == {"send.rejected: rej: about rejected"}
    assert set(there.effects.values()) == {1}


def test_a_record_that_fails_for_ever_is_given_up(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P15: a record that fails in each round is rejected as worth another try, after the rounds that were asked for."""
    there = platform(told={"r1": ["retryable"] * 9})
    result = recovery.send(positions(3), there, max_retries=2, clock=clock)
    assert [len(request) for request in there.requests] == [3, 1, 1]
    assert codes(result) == {"send.retries_exhausted": 1}
    assert result.retryable["ref"].to_list() == ["r1"]
    assert result.issues["attempts"].to_list() == [3]
    assert min(clock.sleeps) >= 0.5


def test_a_record_without_a_result_is_unknown(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P22: a complete batch that tells nothing of a record leaves it unknown, not delivered."""
    result = recovery.send(positions(4), platform(silent=["r2"]), clock=clock)
    assert result.unknown["ref"].to_list() == ["r2"]
    assert not result.ok
    assert result.checkpoint
    assert "told nothing" in result.unknown["_errors"][0]


def test_a_record_told_of_twice_counts_as_the_worse(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P15: where results of one record disagree, the row is not counted as delivered."""

    class Doubting(platform):
        def outcomes(self, receipts: Any) -> Any:
            found = super().outcomes(receipts)
            again = found.records.filter(pl.col("ref") == "r1").with_columns(outcome=pl.lit("rejected"))
            return type(found)(pl.concat([again, found.records]), found.open)

    result = recovery.send(positions(3), Doubting(), clock=clock)
    assert result.rejected["ref"].to_list() == ["r1"]
    assert result.counts["delivered"] == 2


def test_a_stuck_batch_is_named_with_advice(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P22: a batch that stays open past the deadline leaves its rows unknown, with its id and what to do."""
    there = platform(open_looks=math.inf)
    result = recovery.send(positions(2), there, clock=clock, verify_seconds=60)
    assert codes(result) == {"send.stuck": 2}
    assert "b1 was still open after 60 s" in result.issues["message"][0]
    assert "Fluent's support" in result.issues["message"][0]
    assert clock.sleeps[:3] == [2.0, 3.0, 4.5]
    assert max(clock.sleeps) <= 30.0


def test_open_batches_are_asked_for_together(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """All open batches are asked for at once, at once after sending, and no more often than the pauses say."""
    there = platform(open_looks=2)
    assert recovery.send(positions(40), there, batch_size=10, clock=clock).ok
    assert there.looks == 3
    assert clock.sleeps == [2.0, 3.0]


def test_a_look_that_fails_is_made_again(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """A platform that cannot answer for the moment is asked again; nothing is sent twice."""

    class Shaky(platform):
        def outcomes(self, receipts: Any) -> Any:
            if not self.looks:
                self.looks = 1
                raise errors.ServerError("503", status=503)
            return super().outcomes(receipts)

    there = Shaky()
    assert recovery.send(positions(3), there, clock=clock).ok
    assert len(there.requests) == 1


def test_one_batch_that_cannot_be_asked_for_does_not_hide_the_others(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """A batch that the platform has lost leaves its own rows unknown, the others are settled."""

    class Forgetful(platform):
        def post(self, body: bytes, rows: int) -> Receipt:
            receipt = super().post(body, rows)
            return receipt if receipt.id != "b2" else Receipt("lost", rows)

    result = recovery.send(positions(30), Forgetful(), batch_size=10, clock=clock)
    assert result.unknown["ref"].to_list() == [f"r{i}" for i in range(10, 20)]
    assert result.counts["delivered"] == 20
    assert "there is no batch lost" in result.unknown["_errors"][0]


@pytest.mark.parametrize("count", [2, 3, 7, 64, 500, 1_000])
@pytest.mark.parametrize("status", [400, 413])
def test_one_poison_record_is_singled_out_in_few_requests(
    platform: Any, positions: Positions, clock: ManualClock, count: int, status: int
) -> None:
    """P18: one record that has its whole request refused costs at most 2·⌈log2 n⌉+1 more, and the others arrive."""
    for at in {0, count // 3, count - 1}:

        class Strict(platform):
            def post(self, body: bytes, rows: int) -> Receipt:
                try:
                    return super().post(body, rows)
                except errors.BadRequestError as error:
                    raise error.amended(status=status) from None

        there = Strict(poison=[f"r{at}"])
        result = recovery.send(positions(count), there, clock=clock)
        assert result.rejected["ref"].to_list() == [f"r{at}"]
        assert result.counts["delivered"] == count - 1
        assert len(there.requests) - 1 <= 2 * math.ceil(math.log2(count)) + 1
        assert set(there.effects.values()) == {1}


def test_many_poison_records_are_bounded(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P18: of 10,000 rows with 100 poisons spread evenly 9,900 arrive, in at most 1,600 requests of at most 500."""
    bad = [f"r{i}" for i in range(50, 10_000, 100)]
    there = platform(poison=bad)
    result = recovery.send(positions(10_000), there, batch_size=500, clock=clock)
    assert result.rejected["ref"].to_list() == bad
    assert result.counts["delivered"] == 9_900
    assert len(there.requests) <= 1_600


def test_what_is_wrong_as_a_whole_is_not_tried_row_by_row(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """A send of which every row is refused stops early; what was not tried is not sent, with the reason."""
    there = platform(poison=[f"r{i}" for i in range(5_000)])
    result = recovery.send(positions(5_000), there, clock=clock)
    assert len(there.requests) < 1_000
    assert codes(result) == {"send.not_sent": 5_000 - plan.REFUSED_IN_A_ROW, "send.rejected": plan.REFUSED_IN_A_ROW}
    assert "looks wrong as a whole" in result.retryable["_errors"][0]


def test_a_cluster_of_bad_rows_at_the_start_does_not_stop_the_send(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P18: more bad rows in a row than the stop rule counts, and still every good one arrives."""
    there = platform(poison=[f"r{i}" for i in range(200)])
    result = recovery.send(positions(1_000), there, clock=clock)
    assert result.counts["delivered"] == 800
    assert codes(result) == {"send.rejected": 200}


def test_requests_stay_below_the_limit_in_bytes(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P18: what would be too large is cut before it leaves, and a single row too large is refused by its size."""
    rows = positions(50).with_columns(
        note=pl.when(pl.col("qty") == 20).then(pl.lit("x" * 3_000)).otherwise(pl.lit("y" * 90))
    )
    there = platform(limits=Limits(max_rows=5_000, max_bytes=2_000))
    result = recovery.send(rows, there, clock=clock)
    assert result.counts["delivered"] == 49
    assert all(len(request) * 90 < 2_000 for request in there.requests)
    assert "bytes, and a request holds 2,000" in result.rejected["_errors"][0]
    assert result.rejected["_row"].to_list() == [21]


def test_a_route_may_take_fewer_rows_than_asked_for(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """The smaller of batch_size and the route's own limit holds."""
    there = platform(limits=Limits(max_rows=3))
    recovery.send(positions(7), there, clock=clock)
    assert [len(request) for request in there.requests] == [3, 3, 1]


def test_an_upsert_that_may_have_arrived_is_sent_again(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P16: over a route on which a repeat has no further effect, a dropped connection ends in delivery."""
    there = platform(faults={1: "drop_after"})
    result = recovery.send(positions(3), there, clock=clock)
    assert result.ok
    assert len(there.requests) == 2


def test_a_try_that_may_have_arrived_is_never_told_as_not_sent(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P16: rows of which one try may have been done are unknown, whatever stops the tries after it."""
    for after in (errors.ServerError("503", status=503), errors.AuthError("401", status=401)):
        there = platform(faults={1: "drop_after", 2: after, 3: after, 4: after})
        result = recovery.send(positions(3), there, clock=clock)
        assert codes(result) == {"send.unknown": 3}
        assert "an earlier try may have been done; then: " in result.issues["message"][0]
        there.faults = {}
        assert recovery.resume(result.checkpoint, there, clock=clock).ok


def test_a_creation_that_may_have_arrived_is_never_sent_again(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P16: over a route on which a repeat could double an effect, the rows are unknown, now and after a resume."""
    there = platform(repeat_safe=False, faults={2: "drop_after"})
    result = recovery.send(positions(30), there, batch_size=10, clock=clock)
    assert len(there.requests) == 3
    assert result.unknown["ref"].to_list() == [f"r{i}" for i in range(10, 20)]
    assert codes(result) == {"send.unknown": 10}
    again = recovery.resume(result.checkpoint, there, clock=clock)
    assert len(there.requests) == 3
    assert again.counts["unknown"] == 10
    assert set(there.effects.values()) == {1}


def test_a_platform_in_trouble_is_tried_again_no_sooner_than_it_asks(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P19: a request is tried again after at least the pause that was asked for, and never at once."""
    busy = {1: errors.RateLimitError("429", status=429, retry_after=17.0), 2: errors.ServerError("503", status=503)}
    there = platform(faults=busy)
    assert recovery.send(positions(3), there, clock=clock).ok
    assert clock.sleeps[0] >= 17.0
    assert clock.sleeps[1] >= 0.5


def test_why_a_request_goes_again_is_told(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P19, P32: whoever watches a send is told why a request has to go again, before the pause, and then no more."""
    told: list[str] = []
    there = platform(faults={1: errors.ServerError("503", status=503, code="C0006E")})
    recovery.send(positions(3), there, clock=clock, on_progress=lambda progress: told.append(progress.trouble))
    assert told[0] == "C0006E: 503"
    assert set(told[1:]) == {""}


def test_a_platform_that_stays_in_trouble_leaves_rows_to_retry(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P19: after as many retries as were asked for the rows are rejected as worth another try."""
    there = platform(faults=dict.fromkeys(range(1, 99), errors.ServerError("503", status=503, code="C0006E")))
    result = recovery.send(positions(3), there, max_retries=2, clock=clock)
    assert len(there.requests) == 3
    assert codes(result) == {"send.retries_exhausted": 3}
    assert result.retryable.height == 3
    assert result.issues["message"][0] == "C0006E: 503"
    assert result.checkpoint


def test_all_workers_share_one_budget_of_retries(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P19: a platform that is down gets no more retries than the budget, however many batches and workers there are."""
    there = platform(faults=dict.fromkeys(range(1, 9_999), errors.ServerError("503", status=503)))
    result = recovery.send(positions(100), there, batch_size=1, workers=32, clock=clock, policy=RetryPolicy(budget=20))
    assert (result.batches["outcome"] == "ServerError").sum() <= 20
    assert set(codes(result)) == {"send.retries_exhausted", "send.not_sent"}
    assert result.checkpoint


def test_too_long_a_pause_is_not_waited_for(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P19: who asks for more than the policy's longest pause is left alone."""
    there = platform(faults={1: errors.RateLimitError("429", status=429, retry_after=86_400.0)})
    result = recovery.send(positions(3), there, clock=clock)
    assert codes(result) == {"send.retries_exhausted": 3}
    assert clock.sleeps == []


def test_should_retry_is_asked_before_every_retry(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """The caller's word is heard for requests and for single records, before anything is sent again."""
    heard: list[tuple[str, int]] = []

    def never(error: Exception, attempt: int) -> bool:
        heard.append((type(error).__name__, attempt))
        return False

    there = platform(told={"r0": ["retryable"]}, faults={2: errors.RateLimitError("429", status=429)})
    result = recovery.send(positions(20), there, batch_size=10, clock=clock, should_retry=never)
    assert heard == [("RateLimitError", 1), ("ServerError", 1)]
    assert len(there.requests) == 2
    assert result.counts["delivered"] == 9
    assert codes(result) == {"send.retries_exhausted": 11}


@pytest.mark.parametrize("error", [errors.AuthError("401", status=401), errors.ConfigError("no retailer is set")])
def test_missing_rights_stop_the_send_and_what_was_sent_is_verified(
    platform: Any, positions: Positions, clock: ManualClock, error: errors.FcworkError
) -> None:
    """P26: an error that no row can help stops the send; the rest is not sent, with the reason, and rows add up."""
    there = platform(faults={2: error})
    result = recovery.send(positions(40), there, batch_size=10, clock=clock)
    assert len(there.requests) == 2
    assert result.counts["delivered"] == 10
    assert codes(result) == {"send.not_sent": 30}
    assert all(error.message in message for message in result.issues["message"])
    assert result.retryable.height == 30


def test_missing_rights_to_ask_leave_what_was_sent_unknown(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P26: where the outcome may not be asked for, accepted rows are unknown, and a resume asks for them again."""

    class Closed(platform):
        shut = True

        def outcomes(self, receipts: Any) -> Any:
            if self.shut:
                raise errors.AuthError("403", status=403)
            return super().outcomes(receipts)

    there = Closed()
    result = recovery.send(positions(4), there, clock=clock)
    assert codes(result) == {"send.unknown": 4}
    there.shut = False
    assert recovery.resume(result.checkpoint, there, clock=clock).ok
    assert len(there.requests) == 1


def test_repeats_of_a_key_arrive_in_their_order(platform: Any, clock: ManualClock) -> None:
    """Rows of one key go in requests of their own, one after the other, each settled before the next."""
    rows = [{"ref": ref, "qty": qty} for qty, ref in enumerate(["a", "b", "a", "c", "a", "b"])]
    there = platform(told={"a": ["retryable"]})
    result = recovery.send(rows, there, clock=clock, workers=4)
    assert result.ok
    assert [sorted(request) for request in there.requests] == [["a", "b", "c"], ["a"], ["a", "b"], ["a"]]
    assert {ref: record["qty"] for ref, record in there.held.items()} == {"a": 4, "b": 5, "c": 3}


def test_a_later_row_of_a_key_does_not_overtake_an_unsettled_one(platform: Any, clock: ManualClock) -> None:
    """While an earlier row of a key may still be sent, the later ones are held back; a resume sends them in order."""
    rows = [{"ref": "a", "qty": 1}, {"ref": "b", "qty": 1}, {"ref": "a", "qty": 2}, {"ref": "b", "qty": 2}]
    there = platform(told={"a": ["retryable"] * 2})
    result = recovery.send(rows, there, clock=clock, max_retries=1)
    assert codes(result) == {"send.not_sent": 1, "send.retries_exhausted": 1}
    assert "must not overtake" in frames.enter(result.rejected)["_errors"][1]
    assert recovery.resume(result.checkpoint, there, clock=clock).ok
    assert {ref: record["qty"] for ref, record in there.held.items()} == {"a": 2, "b": 2}


def test_a_key_of_ones_own_joins_results_and_issues(platform: Any, clock: ManualClock) -> None:
    """Several key columns are joined by a colon; what is told by the key reaches the row, and issues tell the key."""

    class Located(platform):
        def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
            return rows["sku"].str.to_uppercase()

    rows = pl.DataFrame({"ref": ["L1:s1", "L1:s2"], "location": ["L1", "L1"], "sku": ["s1", "s2"]})
    result = recovery.send(rows, Located(told={"L1:s2": ["rejected"]}), key=["location", "sku"], clock=clock)
    assert result.issues["key"].to_list() == ["L1:s2"]
    assert result.counts["delivered"] == 1


@pytest.mark.parametrize("workers", [2, 8])
def test_workers_share_the_work_without_loss(
    platform: Any, positions: Positions, clock: ManualClock, workers: int
) -> None:
    """P26: any number of workers delivers each row once, around poison and failures."""
    there = platform(
        poison=["r5", "r77"], told={"r9": ["retryable"]}, faults={3: errors.ServerError("503", status=503)}
    )
    result = recovery.send(positions(200), there, batch_size=10, workers=workers, clock=clock)
    assert result.rejected["ref"].to_list() == ["r5", "r77"]
    assert result.delivered["_row"].to_list() == [i + 1 for i in range(200) if i not in {5, 77}]
    assert set(there.effects.values()) == {1}


def test_a_worker_that_breaks_ends_the_send_and_keeps_the_checkpoint(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P17: an error that is nobody's answer comes out, says how to resume, and a resume delivers the rest."""
    there = platform(faults={3: RuntimeError("a route's own mistake")})
    with pytest.raises(RuntimeError, match="own mistake") as caught:
        recovery.send(positions(100), there, batch_size=10, workers=3, clock=clock, checkpoint="mine")
    assert "recovery.resume('mine', deliver)" in caught.value.__notes__[0]
    assert recovery.resume("mine", there, clock=clock).ok


def test_rows_that_go_again_count_for_the_rate(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """The rate of a send that goes on is of the rows that went since, those included that came to nothing before."""

    class Slow(platform):
        def post(self, body: bytes, rows: int) -> Receipt:
            clock.advance(2.0)
            return super().post(body, rows)

    how: dict[str, Any] = {"batch_size": 10, "clock": clock, "checkpoint": "mine", "max_retries": 0}
    down = {number: errors.ServerError("down", status=503) for number in range(1, 20)}
    assert recovery.send(positions(40), Slow(faults=down), **how).counts["delivered"] == 0
    seen: list[recovery.Progress] = []
    recovery.send(positions(40), Slow(), on_progress=seen.append, **how)
    assert [progress.rate_per_second for progress in seen if progress.phase == "sending"][:3] == [5.0, 5.0, 5.0]


def test_progress_ends_with_the_result(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """Progress grows to the counts of the result, with rate and time left."""

    class Slow(platform):
        def post(self, body: bytes, rows: int) -> Receipt:
            clock.advance(2.0)
            return super().post(body, rows)

    seen: list[recovery.Progress] = []
    result = recovery.send(positions(40), Slow(poison=["r39"]), batch_size=10, clock=clock, on_progress=seen.append)
    assert [progress.rows for progress in seen][:3] == [10, 20, 30]
    assert seen[0].rate_per_second == 5.0
    assert seen[0].eta_seconds == 6.0
    last = seen[-1]
    assert (last.rows, last.delivered, last.rejected, last.unknown) == (40, 39, 1, 0)
    assert last.requests == result.attempts
    assert last.batches < last.requests


def test_without_verification_accepted_counts_and_is_said(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """What was only accepted is told as such."""
    there = platform(told={"r1": ["rejected"]})
    result = recovery.send(positions(3), there, verify=False, clock=clock)
    assert there.looks == 0
    assert result.counts["delivered"] == 3
    assert not result.verified
    assert (
        result.summary
        == "3 rows to TEST: 3 delivered, 0 rejected, 0 unknown in 1 requests; delivered means accepted, not verified"
    )


def test_identity_travels_and_is_not_sent(platform: Any, clock: ManualClock) -> None:
    """P26: rows are told of by their line in the source, and nothing of fcwork's own is sent."""
    rows = pl.DataFrame({"ref": ["a", "b"], "_row": [17, 42], "_source": ["in.csv", "in.csv"], "_errors": ["x", "y"]})
    there = platform(told={"b": ["rejected"]})
    result = recovery.send(rows, there, clock=clock)
    assert there.held["a"] == {"ref": "a"}
    assert result.issues.select("source", "row", "key", "stage").rows() == [("in.csv", 42, "b", "send")]
    assert result.rejected.columns == ["ref", "_row", "_source", "_errors"]
    assert result.delivered.columns == ["ref", "_row", "_source"]


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "records"])
def test_every_kind_of_frame_comes_back_as_it_came(
    platform: Any, positions: Positions, clock: ManualClock, kind: str
) -> None:
    """P26: rows in = delivered + rejected + unknown for each kind of frame, and each row not delivered has an issue."""
    rows = frames.leave(positions(20), kind)
    there = platform(poison=["r3"], silent=["r4"], told={"r5": ["rejected"], "r6": ["retryable"] * 9})
    result = recovery.send(rows, there, clock=clock)
    kinds = {"polars": pl.DataFrame, "lazy": pl.LazyFrame, "pandas": pd.DataFrame, "pyarrow": pa.Table, "records": list}
    piles = [result.delivered, result.rejected, result.unknown, result.retryable, result.issues, result.batches]
    assert all(isinstance(pile, kinds[kind]) for pile in piles)
    heights = [frames.enter(pile).height for pile in piles[:5]]
    assert heights == [16, 3, 1, 1, 4]
    assert frames.enter(result.issues)["row"].to_list() == [4, 5, 6, 7]
    resumed = recovery.resume(result.checkpoint, there, clock=clock)
    assert isinstance(resumed.delivered, kinds[kind])


def test_no_rows_are_a_result_too(platform: Any, positions: Positions, clock: ManualClock, home: Path) -> None:
    """An empty frame sends nothing, keeps nothing, and is ok."""
    there = platform()
    result = recovery.send(positions(0), there, clock=clock)
    assert result.ok
    assert there.requests == []
    assert left_behind(home) == []
    assert result.summary.startswith("0 rows to TEST")
    assert recovery.send([], there, key="ref", clock=clock).ok


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"key": "sku"}, "no key column sku\n→ they have: ref, qty"),
        ({"key": ["ref", "sku", "loc"]}, "no key column sku, loc"),
        ({"key": []}, "no key column"),
        ({"key": 5}, "key is 5\n→ give a column's name"),
        ({"batch_size": 0}, "batch_size is 0\n→ give a whole number of 1 or more"),
        ({"batch_size": "500"}, "batch_size is '500'"),
        ({"max_retries": -1}, "max_retries is -1"),
        ({"workers": 1.5}, "workers is 1.5"),
        ({"verify_seconds": float("nan")}, "verify_seconds is nan"),
        ({"verify_seconds": "60"}, "verify_seconds is '60'"),
        ({"checkpoint": "../../etc"}, "no name for a checkpoint\n→ up to 100 letters"),
        ({"checkpoint": "a/b"}, "no name for a checkpoint"),
        ({"checkpoint": ".."}, "no name for a checkpoint"),
        ({"checkpoint": "x" * 101}, "no name for a checkpoint"),
    ],
)
def test_a_wrong_argument_is_told_before_anything_is_sent(
    platform: Any, positions: Positions, home: Path, arguments: dict[str, Any], message: str
) -> None:
    """P32: each wrong argument is a ConfigError that names it and what to do, and nothing is sent or left behind."""
    there = platform()
    with pytest.raises(errors.ConfigError) as caught:
        recovery.send(positions(3), there, **arguments)
    assert message in str(caught.value)
    assert there.requests == []
    assert left_behind(home) == []


def test_what_is_no_frame_is_told(platform: Any) -> None:
    """P32: rows that are no frame are refused by name."""
    with pytest.raises(TypeError, match="is no frame"):
        recovery.send("rows.csv", platform())


def test_a_route_that_cannot_pack_leaves_nothing_behind(
    platform: Any, positions: Positions, clock: ManualClock, home: Path
) -> None:
    """P32: a mistake found before the first request comes out as it is, and no checkpoint stays."""

    class Broken(platform):
        def pack(self, _: pl.DataFrame) -> bytes:
            raise errors.ConfigError("the rows lack locationRef")

    with pytest.raises(errors.ConfigError, match="lack locationRef"):
        recovery.send(positions(3), Broken(), clock=clock)
    assert left_behind(home) == []


@pytest.mark.parametrize("value", [["a"], b"\xff"])
@pytest.mark.parametrize("key", [None, "ref"])
def test_references_that_are_no_text_are_told(platform: Any, clock: ManualClock, value: Any, key: str | None) -> None:
    """P32: a key or ref column that cannot be read as text is a ConfigError, and nothing is sent."""
    there = platform()
    with pytest.raises(errors.ConfigError, match=r"cannot be read as text.*\n→ a key or ref column holds texts"):
        recovery.send([{"ref": value}], there, key=key, clock=clock)
    assert there.requests == []
