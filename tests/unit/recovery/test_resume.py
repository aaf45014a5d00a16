"""What a send leaves behind when it is cut off, and how it goes on."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import errors, recovery
from fcwork.clock import ManualClock
from fcwork.recovery.checkpoint import Checkpoint

Positions = Callable[[int], pl.DataFrame]


def cut_off(rows: Any, there: Any, clock: ManualClock, **arguments: Any) -> None:
    """Send until the platform kills the sender."""
    with pytest.raises(KeyboardInterrupt):
        recovery.send(rows, there, batch_size=10, checkpoint="mine", clock=clock, **arguments)


@pytest.mark.parametrize("moment", ["kill_before", "kill_after"])
@pytest.mark.parametrize("request_number", range(1, 21))
def test_an_upsert_cut_off_anywhere_goes_on_without_loss(
    platform: Any, positions: Positions, clock: ManualClock, request_number: int, moment: str
) -> None:
    """P17: cut off at any request of twenty, a resume sends only what has no durable evidence, and all arrives."""
    there = platform(faults={request_number: moment})
    cut_off(positions(200), there, clock)
    result = recovery.resume("mine", there, clock=clock)
    assert result.ok
    assert sorted(there.held) == sorted(f"r{i}" for i in range(200))
    assert len(there.requests) == 21
    assert there.requests[request_number] == there.requests[request_number - 1]
    assert recovery.checkpoints().height == 0


@pytest.mark.parametrize("moment", ["kill_before", "kill_after"])
@pytest.mark.parametrize("request_number", [1, 7, 20])
def test_a_creation_cut_off_is_unknown_and_never_doubled(
    platform: Any, positions: Positions, clock: ManualClock, request_number: int, moment: str
) -> None:
    """P17: where a repeat could double an effect, the batch under way is unknown and all others arrive once."""
    there = platform(repeat_safe=False, faults={request_number: moment})
    cut_off(positions(200), there, clock)
    result = recovery.resume("mine", there, clock=clock)
    first = 10 * (request_number - 1)
    assert result.unknown["ref"].to_list() == [f"r{i}" for i in range(first, first + 10)]
    assert result.counts["delivered"] == 190
    assert set(there.effects.values()) == {1}
    assert "the sender ended before the answer came" in result.unknown["_errors"][0]


def test_a_batch_under_way_when_the_sender_died_is_never_told_as_not_sent(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P17: what a resume could not send again, and may have been done before, is unknown."""
    there = platform(faults={2: "kill_after", 3: errors.AuthError("401", status=401)})
    cut_off(positions(30), there, clock)
    result = recovery.resume("mine", there, clock=clock)
    assert result.unknown["ref"].to_list() == [f"r{i}" for i in range(10, 20)]
    assert result.rejected["ref"].to_list() == [f"r{i}" for i in range(20, 30)]
    assert recovery.resume("mine", there, clock=clock).ok


def test_a_send_cut_off_while_asking_asks_again(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P17: batches that were accepted are asked for by a resume, not sent again."""

    class Cut(platform):
        cut = True

        def outcomes(self, receipts: Any) -> Any:
            if self.cut:
                raise KeyboardInterrupt
            return super().outcomes(receipts)

    there = Cut(told={"r3": ["rejected"]})
    cut_off(positions(30), there, clock)
    there.cut = False
    result = recovery.resume("mine", there, clock=clock)
    assert len(there.requests) == 3
    assert result.counts["delivered"] == 29


def test_a_ledger_cut_at_any_line_ends_in_the_whole_input(
    platform: Any, positions: Positions, clock: ManualClock, home: Path
) -> None:
    """P17: from any prefix of a ledger an upsert load is finished; the rows delivered equal the input."""
    never = platform(told={"r7": ["retryable"] * 99}, poison=["r25"])
    recovery.send(positions(40), never, batch_size=10, checkpoint="mine", clock=clock, max_retries=1)
    ledger = home / "checkpoints" / "mine" / "ledger.jsonl"
    spooled = (ledger.parent / "input.arrow").read_bytes()
    lines = ledger.read_bytes().splitlines(keepends=True)
    assert len(lines) > 20
    for length in range(1, len(lines)):
        ledger.parent.mkdir(exist_ok=True)
        (ledger.parent / "input.arrow").write_bytes(spooled)
        ledger.write_bytes(b"".join(lines[:length]) + b'{"sum":"0')
        there = platform(poison=["r25"])
        there._batches, there.requests = dict(never._batches), [[]] * 1_000  # so that its own batches get other ids
        result = recovery.resume("mine", there, clock=clock)
        assert result.counts["delivered"] == 39
        assert result.rejected["ref"].to_list() == ["r25"]


def test_resume_turns_what_was_not_sent(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """What ran out of retries or was not sent is sent by a resume; what was refused stays refused."""
    there = platform(poison=["r1"], faults={9: errors.AuthError("401", status=401)})
    first = recovery.send(positions(40), there, batch_size=10, clock=clock)
    assert first.counts["retryable"] > 0
    sent = len(there.requests)
    second = recovery.resume(first.checkpoint, there, clock=clock)
    assert second.rejected["ref"].to_list() == ["r1"]
    assert second.counts["delivered"] == 39
    assert second.checkpoint is None
    assert all("r1" not in request for request in there.requests[sent:])
    assert set(there.effects.values()) == {1}


def test_stuck_batches_are_asked_for_again_and_not_sent(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P22: a resume asks for a stuck batch by its receipt."""
    there = platform(open_looks=10)
    first = recovery.send(positions(5), there, clock=clock, verify_seconds=10)
    assert first.counts["unknown"] == 5
    second = recovery.resume(first.checkpoint, there, clock=clock)
    assert second.ok
    assert len(there.requests) == 1


def test_unknown_rows_of_an_upsert_are_sent_again_by_a_resume(
    platform: Any, positions: Positions, clock: ManualClock
) -> None:
    """P16: where a repeat has no further effect, a resume turns unknown into known."""
    there = platform(faults=dict.fromkeys(range(1, 3), "drop_after"))
    first = recovery.send(positions(5), there, clock=clock, max_retries=1)
    assert first.counts["unknown"] == 5
    assert recovery.resume(first.checkpoint, there, clock=clock).ok


def test_the_same_send_under_the_same_name_goes_on(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P17: a rerun of the same rows under the same name does what is left, and nothing twice."""
    there = platform(repeat_safe=False, faults={3: "kill_before"})
    cut_off(positions(50), there, clock)
    result = recovery.send(positions(50), there, checkpoint="mine", batch_size=10, clock=clock)
    assert result.counts == {"rows": 50, "delivered": 40, "rejected": 0, "unknown": 10, "retryable": 0, "requests": 5}
    assert set(there.effects.values()) == {1}


def test_a_settled_name_is_free_again(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """A name whose send is settled can be used for another."""
    there = platform()
    for _ in range(2):
        assert recovery.send(positions(3), there, checkpoint="daily", clock=clock).ok
    assert len(there.requests) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.head(49), "it holds 50 rows, these are 49"),
        (
            lambda rows: rows.with_columns(qty=pl.col("qty") + (pl.col("ref") == "r16")),
            "other values in qty, first in row 17",
        ),
        (lambda rows: rows.with_columns(pl.col("qty").cast(pl.String)), "column qty was Int64 and is String"),
        (lambda rows: rows.drop("qty").with_columns(amount=1), "column qty is missing; column amount is new"),
    ],
)
def test_another_input_under_the_same_name_is_refused(
    platform: Any,
    positions: Positions,
    clock: ManualClock,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    message: str,
) -> None:
    """P32: a checkpoint holds one input; another is refused with what differs and how to go on."""
    there = platform(faults={3: "kill_before"})
    cut_off(positions(50), there, clock)
    with pytest.raises(errors.CheckpointError) as caught:
        recovery.send(change(positions(50)), there, checkpoint="mine", clock=clock)
    assert message in str(caught.value)
    assert "recovery.resume('mine', deliver)" in caught.value.hint
    assert len(there.requests) == 3


def test_another_key_route_or_target_is_refused(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P32: a send goes on only over the route it began with, to the same platform, by the same key."""
    cut_off(positions(50), platform(faults={3: "kill_before"}), clock)
    with pytest.raises(errors.CheckpointError, match="begun over batch to TEST, and this is batch to PRODUCTION"):
        recovery.resume("mine", platform(target="PRODUCTION"), clock=clock)
    with pytest.raises(errors.CheckpointError, match="this is callable"):
        recovery.send(positions(50), print, checkpoint="mine", clock=clock)
    with pytest.raises(errors.CheckpointError, match=r"its key is None, not \['ref'\]"):
        recovery.send(positions(50), platform(), checkpoint="mine", key="ref", clock=clock)


def test_a_checkpoint_is_its_owners_alone(platform: Any, positions: Positions, clock: ManualClock, home: Path) -> None:
    """Folder and files are readable for their owner only."""
    cut_off(positions(50), platform(faults={1: "kill_before"}), clock)
    folder = home / "checkpoints" / "mine"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {
        "input.arrow": 0o600,
        "ledger.jsonl": 0o600,
    }


def test_a_checkpoint_in_use_is_refused(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """Two sends never hold one checkpoint."""
    there = platform(faults={1: "kill_before"})
    cut_off(positions(50), there, clock)
    with Checkpoint("mine"):
        with pytest.raises(errors.CheckpointError, match="'mine' is in use"):
            recovery.resume("mine", there, clock=clock)
        assert recovery.checkpoints()["state"].to_list() == ["running"]


def test_a_changed_spool_is_refused(platform: Any, positions: Positions, clock: ManualClock, home: Path) -> None:
    """P17: an input that is no longer what was spooled is not sent."""
    there = platform(faults={1: "kill_before"})
    cut_off(positions(50), there, clock)
    spool = home / "checkpoints" / "mine" / "input.arrow"
    spool.write_bytes(spool.read_bytes()[:-1])
    with pytest.raises(errors.CheckpointError, match="no longer the input that was spooled"):
        recovery.resume("mine", there, clock=clock)
    spool.unlink()
    with pytest.raises(errors.CheckpointError, match=r"input\.arrow cannot be used"):
        recovery.resume("mine", there, clock=clock)


def test_a_send_cut_off_before_its_first_line_can_only_begin_again(
    platform: Any, positions: Positions, clock: ManualClock, home: Path
) -> None:
    """P17: a spool without a ledger's first line was never sent: resume says so, and a send begins anew."""
    folder = home / "checkpoints" / "mine"
    folder.mkdir(parents=True)
    (folder / "ledger.jsonl").write_bytes(b'{"sum":"12')
    (folder / "input.arrow").write_bytes(b"half a file")
    assert recovery.checkpoints()["state"].to_list() == ["unsent"]
    with pytest.raises(errors.CheckpointError, match="before anything was sent\n→ send the rows again"):
        recovery.resume("mine", platform(), clock=clock)
    assert recovery.send(positions(3), platform(), checkpoint="mine", clock=clock).ok


def test_an_unknown_name_is_told_with_the_known_ones(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P32: a name that is not there comes with those that are, and a resume makes no folder."""
    with pytest.raises(errors.CheckpointError, match=r"no checkpoint 'mine' .*\n→ none is open"):
        recovery.resume("mine", platform(), clock=clock)
    cut_off(positions(5), platform(faults={1: "kill_before"}), clock)
    with pytest.raises(errors.CheckpointError, match=r"no checkpoint 'mien' .*\n→ there are: mine"):
        recovery.resume("mien", platform(), clock=clock)
    assert recovery.checkpoints().height == 1


def test_no_checkpoint_is_nothing_to_resume(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P32: the checkpoint of a settled send is None, and a resume of it says what that means."""
    settled = recovery.send(positions(3), platform(), clock=clock)
    with pytest.raises(errors.CheckpointError, match="nothing to resume: all rows of that send are settled"):
        recovery.resume(settled.checkpoint, platform(), clock=clock)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_home_that_cannot_be_written_is_told(
    platform: Any, positions: Positions, clock: ManualClock, home: Path
) -> None:
    """P32: a folder without the right to write is a CheckpointError with advice, and nothing is sent."""
    home.mkdir(mode=0o500)
    there = platform()
    with pytest.raises(errors.CheckpointError, match="FCWORK_HOME"):
        recovery.send(positions(3), there, clock=clock)
    assert there.requests == []


def test_a_home_that_is_a_file_is_told(platform: Any, positions: Positions, clock: ManualClock, home: Path) -> None:
    """P32: a home that is no folder is a CheckpointError with advice, and nothing is sent."""
    home.write_text("not a folder")
    there = platform()
    with pytest.raises(errors.CheckpointError, match=r"cannot be used: .*\n→ .*FCWORK_HOME"):
        recovery.send(positions(3), there, clock=clock)
    assert there.requests == []


def test_the_list_of_checkpoints_says_how_far_each_came(
    platform: Any, positions: Positions, clock: ManualClock, home: Path
) -> None:
    """Each open send is one row with its state and counts; a damaged one is listed as such."""
    assert recovery.checkpoints().height == 0
    cut_off(positions(50), platform(faults={3: "kill_before"}), clock, verify=False)
    there = platform(faults={2: errors.AuthError("401", status=401)})
    recovery.send(positions(30), there, batch_size=10, checkpoint="later", clock=clock)
    broken = home / "checkpoints" / "broken"
    broken.mkdir()
    (broken / "ledger.jsonl").write_bytes(b"no\nledger\n")
    listed = {line["name"]: line for line in recovery.checkpoints().to_dicts()}
    told = ("state", "rows", "delivered", "rejected", "unknown", "open")
    assert [listed["mine"][name] for name in told] == ["interrupted", 50, 20, 0, 0, 30]
    assert [listed["later"][name] for name in told] == ["incomplete", 30, 10, 20, 0, 0]
    assert listed["broken"]["state"] == "damaged"
    assert listed["mine"]["route"] == "batch"
    assert listed["mine"]["target"] == "TEST"
    assert listed["mine"]["created_at"] == clock.now()
    assert listed["mine"]["bytes"] > 500
