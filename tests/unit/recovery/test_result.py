"""What a send tells."""

import dataclasses
from typing import Any

import polars as pl
import pytest

from fcwork import errors, recovery
from fcwork.clock import ManualClock
from fcwork.frames import ISSUES

ROWS = pl.DataFrame({"ref": [f"r{i}" for i in range(6)]})


def test_the_summary_is_one_honest_line(platform: Any, clock: ManualClock) -> None:
    """The line names target, counts, requests and the checkpoint, and is what printing shows."""
    result = recovery.send(ROWS, platform(silent=["r1"], told={"r2": ["rejected"]}), checkpoint="mine", clock=clock)
    assert str(result) == repr(result) == result.summary
    assert (
        result.summary
        == "6 rows to TEST: 4 delivered, 1 rejected, 1 unknown in 1 requests; checkpoint mine can be resumed"
    )


def test_html_holds_no_live_tag(platform: Any, clock: ManualClock) -> None:
    """P25: what the platform or the data say is shown, not run."""
    rows = pl.DataFrame({"ref": ["<script>alert(1)</script>", "b"]})
    there = platform(told={"<script>alert(1)</script>": ["rejected"]}, target="<b>host</b>")
    shown = recovery.send(rows, there, clock=clock)._repr_html_()
    assert "<script>" not in shown
    assert "<b>host" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    ("arrange", "kind"),
    [
        ({"silent": ["r1"], "told": {"r2": ["rejected"]}}, errors.OutcomeUnknownError),
        ({"told": {"r2": ["rejected"]}}, errors.RejectedError),
        ({"told": {"r2": ["retryable"] * 9}}, errors.RetryableError),
    ],
)
def test_raise_if_incomplete_says_by_its_type_what_to_do(
    platform: Any, clock: ManualClock, arrange: dict[str, Any], kind: type[Exception]
) -> None:
    """P32: unknown rows, refused rows and rows to retry each raise their own kind, with the summary and a hint."""
    result = recovery.send(ROWS, platform(**arrange), clock=clock)
    with pytest.raises(kind) as caught:
        result.raise_if_incomplete()
    assert result.summary in str(caught.value)
    assert "→ " in str(caught.value)
    recovery.send(ROWS, platform(), clock=clock).raise_if_incomplete()


def test_a_result_does_not_change(platform: Any, clock: ManualClock) -> None:
    """A result is what was, and its issues have the declared columns, also when there are none."""
    result = recovery.send(ROWS, platform(), clock=clock)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.checkpoint = "other"
    assert result.issues.schema == ISSUES
    assert result.issues.height == 0


def test_batches_tell_each_request(platform: Any, clock: ManualClock) -> None:
    """Each request is one row: its rows, its try, how it ended and the platform's receipt."""
    there = platform(poison=["r5"], faults={1: errors.ServerError("503", status=503)})
    told = recovery.send(ROWS, there, batch_size=4, clock=clock).batches
    assert told["outcome"].to_list() == ["ServerError", "accepted", "BadRequestError", "accepted", "rejected"]
    assert told["attempt"].to_list() == [1, 2, 1, 1, 1]
    assert told["rows"].to_list() == [4, 4, 2, 1, 1]
    assert told["receipt"].to_list() == [None, "b2", None, "b4", None]
