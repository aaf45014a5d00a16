"""``fcwork checkpoints``: what is left of sends, looked into, dropped and cleared away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import recovery
from fcwork.clock import ManualClock
from fcwork.errors import ServerError

Fcwork = Callable[..., Any]


@pytest.fixture
def left(home: Path) -> str:
    """Leave a send of three rows that never got through."""
    del home

    def down(records: list[dict[str, Any]]) -> None:
        raise ServerError(f"503 for {len(records)} \x1b[31mrecords")

    rows = pl.DataFrame({"ref": ["a", "b", "c"]})
    recovery.send(rows, down, checkpoint="stock", max_retries=0, clock=ManualClock())
    return "stock"


def test_what_is_left_is_listed(fcwork: Fcwork, left: str) -> None:
    """The list tells of each checkpoint its state and how its rows stand."""
    said = fcwork("checkpoints")
    assert said.code == 0
    assert left in said.out
    assert "incomplete" in said.out
    assert "3 rejected" in said.out


def test_nothing_left_is_said(fcwork: Fcwork) -> None:
    """Without a checkpoint the list says so."""
    assert fcwork("checkpoints").out == "no checkpoints: every send is settled\n"


def test_one_can_be_looked_into(fcwork: Fcwork, left: str) -> None:
    """P25: the rows not delivered are shown with their reason, control characters spelled out."""
    said = fcwork("checkpoints", left)
    assert "checkpoint stock" in said.out
    assert "row 1  rejected  send.retries_exhausted: 503 for 3" in said.out
    assert "\x1b[31m" not in said.out


def test_one_can_be_dropped(fcwork: Fcwork, left: str) -> None:
    """A dropped one is gone from the list."""
    assert fcwork("checkpoints", left, "--drop").out == "stock removed\n"
    assert "no checkpoints" in fcwork("checkpoints").out


def test_old_ones_are_cleared(fcwork: Fcwork, left: str) -> None:
    """--clean removes what nobody touched for so many days."""
    assert fcwork("checkpoints", "--clean", "1d").out.startswith("0 removed")
    assert fcwork("checkpoints", "--clean", "0s").out == f"1 removed\n  {left}\n"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (["none"], "there is no checkpoint 'none'"),
        (["none", "--drop"], "there is no checkpoint 'none'"),
        (["--drop"], "--drop goes with a NAME"),
        (["stock", "--clean", "3d"], "--clean without one"),
        (["--clean", "30"], "is no span of time"),
        (["../x"], "no name for a checkpoint"),
    ],
)
def test_a_wrong_call_is_told(fcwork: Fcwork, left: str, call: list[str], told: str) -> None:
    """P32: a name that is not there, or a call that makes no sense, ends with code 2 and one message."""
    said = fcwork("checkpoints", *call)
    assert (said.code, told in said.err) == (2, True)
    assert recovery.checkpoints()["name"].to_list() == [left]
