"""Rows that were not delivered, to be mended and sent again."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import frames, recovery, sources
from fcwork.clock import ManualClock

ROWS = pl.DataFrame({"ref": [f"r{i}" for i in range(5)], "qty": range(5)})


def sent(platform: Any, clock: ManualClock, rows: Any = ROWS) -> recovery.SendResult:
    """Send rows of which one is refused, one runs out of retries and one stays unknown."""
    there = platform(told={"r1": ["rejected"], "r2": ["retryable"] * 9}, silent=["r3"])
    return recovery.send(rows, there, max_retries=1, clock=clock)


def test_dead_letters_say_where_what_and_why(platform: Any, clock: ManualClock) -> None:
    """P15: each row not delivered stands there once, behind source row, key, code, message and attempts."""
    letters = sent(platform, clock).dead_letters
    assert letters.columns == ["_row", "_source", "_key", "_code", "_message", "_attempts", "ref", "qty"]
    assert letters.select("_row", "_key", "_code", "_attempts", "qty").rows() == [
        (2, "r1", "send.rejected", 1, 1),
        (3, "r2", "send.retries_exhausted", 2, 2),
        (4, "r3", "send.unknown", 1, 3),
    ]
    assert letters["_message"][0] == "rej: about rejected"


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "records", "lazy"])
def test_dead_letters_are_of_the_kind_that_was_sent(platform: Any, clock: ManualClock, kind: frames.Kind) -> None:
    """P26: who sends pandas gets dead letters in pandas, and so on."""
    assert frames.kind_of(sent(platform, clock, frames.leave(ROWS, kind)).dead_letters) == kind


def test_mended_dead_letters_are_sent_as_they_are(platform: Any, clock: ManualClock) -> None:
    """What results say of rows is not sent, and keeps their place in the source."""
    there = platform()
    result = recovery.send(sent(platform, clock).dead_letters, there, clock=clock)
    assert result.ok
    assert there.held["r1"] == {"ref": "r1", "qty": 1}
    assert result.delivered["_row"].to_list() == [2, 3, 4]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_dead_letters_as_a_file_can_be_read_again(
    platform: Any, clock: ManualClock, tmp_path: Path, ending: str
) -> None:
    """A file of dead letters holds the rows and says why; reading it gives the rows with their code."""
    path = sent(platform, clock).write_dead_letters(tmp_path / f"dead.{ending}")
    rows = sources.read(path)
    assert rows["ref"].to_list() == ["r1", "r2", "r3"]
    assert rows["_code"].to_list() == ["send.rejected", "send.retries_exhausted", "send.unknown"]


def test_a_send_without_loss_has_no_dead_letters(platform: Any, clock: ManualClock) -> None:
    """All delivered, there is none, and the columns are the same."""
    letters = recovery.send(ROWS, platform(), clock=clock).dead_letters
    assert letters.height == 0
    assert "_code" in letters.columns
