"""A newer version of an input takes the place of an unsettled older one."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from fcwork import errors, recovery
from fcwork.clock import ManualClock

Positions = Callable[[int], pl.DataFrame]
DOWN = dict.fromkeys(range(1, 99), errors.ServerError("503", status=503))


def unsettled(there: Any, rows: pl.DataFrame, name: str, clock: ManualClock) -> recovery.SendResult:
    """Send rows to a platform that is down."""
    return recovery.send(rows, there, checkpoint=name, series="stock", max_retries=0, clock=clock)


def test_a_newer_version_supersedes_an_unsettled_one(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """What is left of yesterday's load is refused once today's has begun, as it would overwrite it."""
    unsettled(platform(faults=DOWN), positions(3), "monday", clock)
    there = platform()
    today = positions(3).with_columns(qty=pl.lit(9, pl.Int64))
    assert recovery.send(today, there, checkpoint="tuesday", series="stock", clock=clock).ok
    with pytest.raises(errors.CheckpointError, match=r"'monday' is superseded: .*'tuesday'.*\n→ .*drop\('monday'\)"):
        recovery.resume("monday", there, clock=clock)
    assert {record["qty"] for record in there.held.values()} == {9}
    assert recovery.checkpoints().select("name", "state", "series").rows() == [("monday", "superseded", "stock")]


def test_what_is_sent_anew_is_the_newest(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P31: rows that were superseded and come again are sent from their beginning, as the newest of their series."""
    unsettled(platform(faults=DOWN), positions(3), "monday", clock)
    unsettled(platform(faults=DOWN), positions(2), "tuesday", clock)
    there = platform()
    assert recovery.send(positions(3), there, checkpoint="monday", series="stock", clock=clock).ok
    assert set(there.effects.values()) == {1}
    assert recovery.checkpoints().select("name", "state").rows() == [("tuesday", "superseded")]


def test_of_two_versions_that_begin_at_once_one_sees_the_other(platform: Any, positions: Positions) -> None:
    """P30: two sends of one series never both stay to be resumed, however close they begin."""
    together = threading.Barrier(2)

    def begin(name: str) -> None:
        together.wait()
        with contextlib.suppress(errors.CheckpointError):
            recovery.send(
                positions(3), platform(faults=DOWN), checkpoint=name, series="stock", max_retries=0, clock=ManualClock()
            )

    threads = [threading.Thread(target=begin, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recovery.checkpoints().filter(state="incomplete").height == 1
    assert "unsent" not in recovery.checkpoints()["state"].to_list()


def test_the_same_version_goes_on(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """A rerun of the same version supersedes nothing and resumes."""
    unsettled(platform(faults=DOWN), positions(3), "monday", clock)
    there = platform()
    assert recovery.send(positions(3), there, checkpoint="monday", series="stock", clock=clock).ok
    assert recovery.checkpoints().height == 0


def test_other_series_are_left_alone(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """A send without a series, or of another, supersedes nothing."""
    unsettled(platform(faults=DOWN), positions(3), "monday", clock)
    recovery.send(positions(2), platform(), checkpoint="prices", series="prices", clock=clock)
    recovery.send(positions(2), platform(), clock=clock)
    assert recovery.resume("monday", platform(), clock=clock).ok


def test_an_older_version_under_way_is_not_overtaken(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """While an older version is being sent a newer one is refused: both would write at once."""
    there = platform()

    def meanwhile(progress: recovery.Progress) -> None:
        del progress
        with pytest.raises(errors.CheckpointError, match="'monday' is in use"):
            recovery.send(positions(1), platform(), checkpoint="tuesday", series="stock", clock=clock)

    assert recovery.send(
        positions(3), there, checkpoint="monday", series="stock", on_progress=meanwhile, clock=clock
    ).ok


def test_unknown_rows_do_not_block_the_next_version(platform: Any, positions: Positions, clock: ManualClock) -> None:
    """P22: stuck and unknown rows of yesterday never keep today's load from being sent."""
    stuck = platform(open_looks=float("inf"))
    assert unsettled(stuck, positions(3), "monday", clock).counts["unknown"] == 3
    assert recovery.send(positions(4), platform(), checkpoint="tuesday", series="stock", clock=clock).ok
