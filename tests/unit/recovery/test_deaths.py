"""A sender that dies at every line of its ledger: before it is written, in the middle of it, and just after."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import recovery
from fcwork.clock import ManualClock
from fcwork.recovery.ledger import Ledger, encode

Positions = Callable[[int], pl.DataFrame]

ROWS, BATCH = 100, 5  # twenty batches


class Dying:
    """``Ledger.append`` that lets the sender die at one line.

    Args:
        number: of the line, from 1.
        moment: ``torn`` in the middle of it, or ``after`` it.
    """

    def __init__(self, number: int, moment: str) -> None:
        self._left, self._moment, self._append = number, moment, Ledger.append

    def __call__(self, ledger: Ledger, entry: Any, *, sync: bool = False) -> None:
        """Write a line, or die."""
        self._left -= 1
        if self._left == 0 and self._moment == "torn":
            line, _ = encode(entry, previous=ledger._sum)
            os.write(ledger._file, line[: len(line) // 2])
            raise KeyboardInterrupt
        self._append(ledger, entry, sync=sync)
        if self._left == 0:
            raise KeyboardInterrupt


def lines_of(there: Any, rows: pl.DataFrame, clock: ManualClock, home: Path) -> int:
    """Return how many lines the ledger of a whole send has."""
    seen: list[int] = []
    ledger = home / "checkpoints" / "load" / "ledger.jsonl"

    def watch(_: recovery.Progress) -> None:
        seen.append(ledger.read_bytes().count(b"\n"))

    recovery.send(rows, there, batch_size=BATCH, checkpoint="load", on_progress=watch, clock=clock)
    return max(seen)


@pytest.mark.parametrize("moment", ["torn", "after"])
@pytest.mark.parametrize("repeat_safe", [True, False])
def test_a_load_that_dies_at_any_line_ends_as_the_input(
    platform: Any, positions: Positions, clock: ManualClock, home: Path, *, repeat_safe: bool, moment: str
) -> None:
    """P17: dead at any line of the ledger of twenty batches and begun again, all arrives or is named, none doubled."""
    rows = positions(ROWS)
    lines = lines_of(platform(), rows, clock, home)
    assert lines > 60
    for number in range(1, lines + 1):
        there = platform(repeat_safe=repeat_safe)
        with pytest.MonkeyPatch.context() as patch:
            dying = Dying(number, moment)
            patch.setattr(Ledger, "append", lambda ledger, entry, dying=dying, **how: dying(ledger, entry, **how))
            with pytest.raises(KeyboardInterrupt):
                recovery.send(rows, there, batch_size=BATCH, checkpoint="load", clock=clock)
        died_after = len(there.requests)
        result = recovery.send(rows, there, batch_size=BATCH, checkpoint="load", clock=clock)
        sent_again = len(there.requests) - ROWS // BATCH
        assert sent_again in {0, 1} if repeat_safe else sent_again in {-1, 0}, (number, died_after)
        assert result.counts["delivered"] + result.counts["unknown"] == ROWS
        assert result.counts["unknown"] in ({0} if repeat_safe else {0, BATCH}), number
        assert set(result.delivered["ref"]) <= set(there.held)
        assert set(there.effects.values()) <= ({1, 2} if repeat_safe else {1})
        if result.checkpoint:
            recovery.drop(result.checkpoint)
        assert recovery.checkpoints().height == 0
