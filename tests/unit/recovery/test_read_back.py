"""Rows of which the platform tells nothing are looked for there."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from fcwork import errors, recovery
from fcwork.clock import ManualClock
from fcwork.recovery import plan
from fcwork.routes import OUTCOME_SCHEMA

Positions = Callable[[int], pl.DataFrame]
FOUND = pl.Schema({name: kind for name, kind in OUTCOME_SCHEMA.items() if name != "receipt"})


@pytest.fixture
def windowed(platform: Any) -> Callable[..., Any]:
    """Make a platform that can be looked at; ``sees`` gives what a look finds, by its number."""

    class Windowed(platform):  # type: ignore[misc, valid-type]
        def __init__(self, *, sees: Callable[[int, list[str]], Any], **options: Any) -> None:
            super().__init__(**options)
            self.sees = sees
            self.read: list[tuple[list[str], datetime]] = []

        def read_back(self, rows: pl.DataFrame, refs: pl.Series, since: datetime) -> pl.DataFrame:
            assert rows["ref"].to_list() == refs.to_list()
            self.read.append((refs.to_list(), since))
            lines = self.sees(len(self.read), refs.to_list())
            if isinstance(lines, Exception):
                raise lines
            return pl.DataFrame(lines, schema=FOUND, orient="row")

    return Windowed


def delivered(refs: list[str]) -> list[tuple[str, str, str, str]]:
    """Say that all of these are there."""
    return [(ref, "delivered", "200", "read back") for ref in refs]


def test_silent_rows_that_are_there_are_delivered(
    windowed: Callable[..., Any], positions: Positions, clock: ManualClock
) -> None:
    """P22: rows that a merged batch told nothing of, but the platform holds, are delivered: all is well."""
    there = windowed(silent=["r1", "r3"], sees=lambda _, refs: delivered(refs))
    began = clock.now()
    result = recovery.send(positions(4), there, clock=clock)
    assert result.ok
    assert result.read_back == 2
    assert there.read == [(["r1", "r3"], began)]
    assert "2 of those delivered were read back" in result.summary
    assert result.checkpoint is None


def test_what_neither_shows_is_unknown(windowed: Callable[..., Any], positions: Positions, clock: ManualClock) -> None:
    """P22: a row that is not found, or holds something else, stays unknown, with what is there instead."""
    there = windowed(silent=["r1", "r3"], sees=lambda *_: [("r3", "unknown", "", "the platform holds qty 9")])
    result = recovery.send(positions(4), there, clock=clock)
    assert result.unknown["ref"].to_list() == ["r1", "r3"]
    assert result.issues["message"][1] == "the platform holds qty 9"
    assert len(there.read) == plan.READ_BACK_LOOKS


def test_it_looks_again_for_what_is_done_a_little_later(
    windowed: Callable[..., Any], positions: Positions, clock: ManualClock
) -> None:
    """What is not there at the first look may be at the third; only what is left is looked for again."""
    there = windowed(silent=["r0", "r1"], sees=lambda look, refs: delivered(refs[:1] if look < 3 else refs))
    assert recovery.send(positions(2), there, clock=clock).ok
    assert [refs for refs, _ in there.read] == [["r0", "r1"], ["r1"]]


def test_a_lost_answer_is_looked_up_and_never_sent_again(
    windowed: Callable[..., Any], positions: Positions, clock: ManualClock
) -> None:
    """P16: on a route where a repeat doubles, a dropped connection is read back; nothing is sent twice."""
    there = windowed(repeat_safe=False, faults={1: "drop_after"}, sees=lambda _, refs: delivered(refs))
    result = recovery.send(positions(3), there, clock=clock)
    assert result.ok
    assert result.read_back == 3
    assert set(there.effects.values()) == {1}


def test_what_was_refused_there_is_rejected(
    windowed: Callable[..., Any], positions: Positions, clock: ManualClock
) -> None:
    """A look that finds a row refused makes it a rejected one."""
    failed = [("r0", "rejected", "FAILED", "it ended as FAILED")]
    there = windowed(repeat_safe=False, faults={1: "drop_after"}, sees=lambda *_: failed)
    result = recovery.send(positions(1), there, clock=clock)
    assert result.rejected["_errors"].to_list() == ["send.rejected: FAILED: it ended as FAILED"]


def test_a_look_that_fails_is_repeated_and_one_that_is_refused_is_not(
    windowed: Callable[..., Any], positions: Positions, clock: ManualClock
) -> None:
    """A platform that is busy is looked at again; missing rights leave the rows unknown at once."""
    busy = windowed(silent=["r0"], sees=lambda look, refs: errors.ServerError("503") if look == 1 else delivered(refs))
    assert recovery.send(positions(1), busy, clock=clock).ok
    barred = windowed(silent=["r0"], sees=lambda *_: errors.AuthError("403"))
    assert recovery.send(positions(1), barred, clock=clock).counts["unknown"] == 1
    assert len(barred.read) == 1


def test_without_verification_nothing_is_looked_up(
    windowed: Callable[..., Any], positions: Positions, clock: ManualClock
) -> None:
    """Who does not want outcomes asked for has none read back."""
    there = windowed(repeat_safe=False, faults={1: "drop_after"}, sees=lambda _, refs: delivered(refs))
    assert recovery.send(positions(1), there, verify=False, clock=clock).counts["unknown"] == 1
    assert not there.read


def test_stuck_batches_are_left_to_the_platform(
    windowed: Callable[..., Any], positions: Positions, clock: ManualClock
) -> None:
    """P22: of a batch that may still tell, nothing is read back: it is named with advice."""
    there = windowed(open_looks=float("inf"), sees=lambda _, refs: delivered(refs))
    result = recovery.send(positions(2), there, clock=clock)
    assert result.issues["code"].to_list() == ["send.stuck"] * 2
    assert not there.read


def test_what_was_read_back_survives_in_the_ledger(
    windowed: Callable[..., Any], positions: Positions, clock: ManualClock
) -> None:
    """P17: rows found by a look stay delivered when the send is resumed for what is left."""
    there = windowed(repeat_safe=False, silent=["r1"], told={"r2": ["retryable"]}, sees=lambda _, refs: delivered(refs))
    first = recovery.send(positions(3), there, max_retries=0, checkpoint="mine", clock=clock)
    assert first.counts | {"requests": 0} == {
        "rows": 3, "delivered": 2, "rejected": 1, "unknown": 0, "retryable": 1, "requests": 0,
    }  # fmt: skip
    again = recovery.resume("mine", there, clock=clock)
    assert again.ok
    assert again.read_back == 1
    assert there.effects == {"r0": 1, "r1": 1, "r2": 1}
