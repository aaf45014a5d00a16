"""The gate before sending."""

from datetime import UTC, datetime

import pytest

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.ingestion.gate import Limit, judge

AT = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "read", "allowed"),
    [("0%", 100, 0), ("5%", 100, 5), ("5%", 99, 4), ("0.5%", 1000, 5), ("12", 10, 12), (12, 10, 12), (" 3 % ", 100, 3)],
)
def test_a_limit_is_a_share_or_a_number(given: str | int, read: int, allowed: int) -> None:
    """P33: 5% is a share of the rows read, rounded down; 12 is a number of rows."""
    assert Limit.read(given).rows(read) == allowed


@pytest.mark.parametrize("given", ["", "-1", "five", "5 percent", "101%", True, None, "nan", "1e3", 0.05, "2.5"])
def test_a_limit_that_cannot_be_read_is_refused(given: object) -> None:
    """P32: what is no limit is an error that shows how to write one."""
    with pytest.raises(ConfigError, match="MAX_REJECTED"):
        Limit.read(given)  # type: ignore[arg-type] # what a person may give


@pytest.mark.parametrize(("rejected", "is_open"), [(0, True), (5, True), (6, False)])
def test_the_gate_closes_above_the_limit(rejected: int, *, is_open: bool) -> None:
    """P33: the limit itself is still allowed; one row more closes the gate."""
    gate = judge(Limit.read("5%"), {"read": 100, "rejected": rejected}, frames.no_issues())
    assert gate.is_open is is_open


def test_an_error_of_the_whole_frame_closes_the_gate() -> None:
    """P33: where a rule for the whole frame is broken, no share of rejected rows makes it right."""
    issue = frames.frame_issue(stage="check", code="check.max_rows", message="6 rows, at most 5 are allowed", at=AT)
    gate = judge(Limit.read("100%"), {"read": 6, "rejected": 0}, issue)
    assert str(gate) == "closed: 6 rows, at most 5 are allowed"


def test_a_warning_of_the_whole_frame_does_not() -> None:
    """A warning is told and stops nothing."""
    issue = frames.frame_issue(stage="map", code="map.missing_column", message="…", at=AT, severity="warning")
    assert judge(Limit.read("0%"), {"read": 6, "rejected": 0}, issue).is_open


def test_no_rows_pass_the_gate() -> None:
    """An empty source is not refused for having no good rows."""
    assert judge(Limit.read("0%"), {"read": 0, "rejected": 0}, frames.no_issues()).is_open
