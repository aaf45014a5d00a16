"""Looking into checkpoints, dropping one, clearing away old ones."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import errors, recovery
from fcwork.clock import SYSTEM, ManualClock

Positions = Callable[[int], pl.DataFrame]


@pytest.fixture
def left(platform: Any, positions: Positions, clock: ManualClock) -> recovery.SendResult:
    """Leave a checkpoint ``mine`` with a delivered, a rejected, an unknown and a retryable row."""
    there = platform(told={"r1": ["rejected"], "r3": ["retryable"] * 9}, silent=["r2"])
    return recovery.send(positions(4), there, checkpoint="mine", max_retries=0, clock=clock)


def test_a_checkpoint_can_be_looked_into(left: recovery.SendResult) -> None:
    """Each row of the spooled input stands with its state, code and message; the requests are listed."""
    view = recovery.show(str(left.checkpoint))
    assert view.rows.select("ref", "_state", "_code").rows() == [
        ("r0", "delivered", None),
        ("r1", "rejected", "send.rejected"),
        ("r2", "unknown", "send.unknown"),
        ("r3", "rejected", "send.retries_exhausted"),
    ]
    assert view.batches.height == 1
    assert str(view) == "checkpoint mine to TEST is incomplete: 1 delivered, 2 rejected, 1 unknown, 0 open"
    assert "<table>" in view._repr_html_()


def test_a_send_under_way_shows_its_open_rows(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """While it is being sent a checkpoint can be looked into, and rows not settled are open."""
    seen: list[tuple[str, int]] = []

    def look(progress: recovery.Progress) -> None:
        del progress
        view = recovery.show("mine")
        seen.append((view.facts["state"], view.rows.filter(_state="open").height))

    recovery.send(positions(4), platform(), batch_size=2, checkpoint="mine", on_progress=look, clock=clock)
    assert seen[0] == ("running", 4)
    assert seen[-1] == ("running", 0)


def test_a_dropped_checkpoint_is_gone(left: recovery.SendResult, home: Path) -> None:
    """Dropping removes the spooled input and the ledger, so nothing of it is sent any more."""
    recovery.drop(str(left.checkpoint))
    assert not list((home / "checkpoints").iterdir())
    with pytest.raises(errors.CheckpointError, match="there is no checkpoint 'mine'"):
        recovery.drop("mine")


def test_a_damaged_checkpoint_can_be_dropped(left: recovery.SendResult, home: Path) -> None:
    """P17: a ledger that is refused as damaged can be removed by name."""
    ledger = home / "checkpoints" / str(left.checkpoint) / "ledger.jsonl"
    ledger.write_bytes(b"x" * 50 + b"\n" + ledger.read_bytes())
    with pytest.raises(errors.CheckpointError, match="damaged"):
        recovery.show("mine")
    recovery.drop("mine")
    assert recovery.checkpoints().height == 0


def test_a_checkpoint_in_use_is_not_dropped(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """What is being sent cannot be pulled away from under the sender."""

    def pull(progress: recovery.Progress) -> None:
        del progress
        with pytest.raises(errors.CheckpointError, match="in use"):
            recovery.drop("mine")
        assert recovery.clean(older_than_days=0, clock=SYSTEM).height == 0

    assert recovery.send(positions(1), platform(), checkpoint="mine", on_progress=pull, clock=clock).ok


def test_old_checkpoints_are_cleared_away(left: recovery.SendResult, home: Path) -> None:
    """Only what nobody touched for that long goes, damaged or not, and what went is told."""
    del left
    folder = home / "checkpoints"
    for name in ("old", "broken"):
        (folder / name).mkdir()
        (folder / name / "ledger.jsonl").write_bytes((folder / "mine" / "ledger.jsonl").read_bytes())
        (folder / name / "input.arrow").write_bytes((folder / "mine" / "input.arrow").read_bytes())
    (folder / "broken" / "ledger.jsonl").write_bytes(b"no line\nof ours\n")
    month_ago = SYSTEM.now().timestamp() - 31 * 86_400
    for name in ("old", "broken"):
        for file in (folder / name).iterdir():
            os.utime(file, (month_ago, month_ago))
    assert sorted(recovery.clean(older_than_days=30, dry_run=True)["name"]) == ["broken", "old"]
    assert recovery.clean(older_than_days=30, settled=True).is_empty()
    assert sorted(recovery.clean(older_than_days=30)["name"]) == ["broken", "old"]
    assert recovery.checkpoints()["name"].to_list() == ["mine"]


@pytest.mark.parametrize("wrong", [-1, True, float("nan")])
def test_an_age_that_is_none_is_refused(wrong: float) -> None:
    """P32: an age below zero, or none at all, is the caller's mistake."""
    with pytest.raises(errors.ConfigError, match="older_than_days"):
        recovery.clean(older_than_days=wrong)
